/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See bond.h: the list of bonds, what each is, starting and stopping one, and its members' coming
 * and going by the user's word. Used by the program's commands.
 */
#include "bond_priv.h"
#include "run.h"
#include "units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_LOOK_MS = 1 };

/* What the PMD does not know it is not asked for with io_path=pmd: see bond_settings_check_path. */
static const enum bond_pmd_policy to_pmd_policy[BOND_POLICY_COUNT] = {
	[BOND_POLICY_L2] = BOND_PMD_L2,
	[BOND_POLICY_L34] = BOND_PMD_L34,
	[BOND_POLICY_L23] = BOND_PMD_L23,
	[BOND_POLICY_ENCAP23] = BOND_PMD_L23,
	[BOND_POLICY_ENCAP34] = BOND_PMD_L34,
	[BOND_POLICY_VLAN_SRCMAC] = BOND_PMD_L2,
	[BOND_POLICY_RSS] = BOND_PMD_L34,
};

static const enum bond_pmd_agg to_pmd_agg[BOND_AD_SELECT_COUNT] = {
	[BOND_AD_STABLE] = BOND_PMD_AGG_STABLE,
	[BOND_AD_BANDWIDTH] = BOND_PMD_AGG_BANDWIDTH,
	[BOND_AD_COUNT] = BOND_PMD_AGG_COUNT,
};

enum bond_pmd_policy
bond_policy_to_pmd(enum bond_policy policy)
{
	return to_pmd_policy[policy];
}

enum bond_pmd_agg
bond_ad_select_to_pmd(enum bond_ad_select select)
{
	return to_pmd_agg[select];
}

void
bond_event(const struct bonds *bonds, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	bonds->host.event(bonds->host.ctx, text);
}

uint64_t
bonds_parked_ns(const struct bonds *bonds)
{
	return bonds->host.parked_ns != NULL ? bonds->host.parked_ns(bonds->host.ctx) : 0;
}

void
bond_changed(
	const struct bonds *bonds,
	const struct bond *bond,
	uint64_t parked_before_ns,
	const char *fmt,
	...
)
{
	uint64_t parked_us = (bonds_parked_ns(bonds) - parked_before_ns) / NSEC_PER_USEC;
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	bond_event(
		bonds,
		"%s: %s (workers parked for %" PRIu64 " us)",
		bond_name(bond),
		text,
		parked_us
	);
}

int
bonds_new(struct bonds **ret, struct ports *ports, const struct bond_host *host)
{
	struct bonds *bonds = calloc(1, sizeof(*bonds));

	if (bonds == NULL)
		return -ENOMEM;
	bonds->ports = ports;
	bonds->host = *host;
	TAILQ_INIT(&bonds->list);
	*ret = bonds;
	return 0;
}

struct bonds *
bonds_free(struct bonds *bonds)
{
	struct bond *bond;
	struct reason why;

	if (bonds == NULL)
		return NULL;
	while ((bond = TAILQ_FIRST(&bonds->list)) != NULL) {
		if (bond_delete(bonds, bond, &why) != 0) {
			bond_event(bonds, "%s", why.text);
			TAILQ_REMOVE(&bonds->list, bond, entry);
		}
	}
	free(bonds);
	return NULL;
}

struct bond *
bonds_find(const struct bonds *bonds, const char *name)
{
	struct bond *bond;

	TAILQ_FOREACH (bond, &bonds->list, entry)
		if (strcmp(bond->settings.name, name) == 0)
			return bond;
	return NULL;
}

struct bond *
bonds_find_port(const struct bonds *bonds, uint16_t port_id)
{
	struct bond *bond;

	TAILQ_FOREACH (bond, &bonds->list, entry)
		if (bond->port_id == port_id)
			return bond;
	return NULL;
}

struct bond *
bonds_find_member(const struct bonds *bonds, uint16_t port_id)
{
	struct bond *bond;

	TAILQ_FOREACH (bond, &bonds->list, entry)
		if (bond_find_member(bond, port_id) != NULL)
			return bond;
	return NULL;
}

struct bond *
bonds_next(const struct bonds *bonds, const struct bond *after)
{
	return after == NULL ? TAILQ_FIRST(&bonds->list) : TAILQ_NEXT(after, entry);
}

const char *
bond_name(const struct bond *bond)
{
	return bond->settings.name;
}

uint16_t
bond_port(const struct bond *bond)
{
	return bond->port_id;
}

const struct bond_settings *
bond_settings(const struct bond *bond)
{
	return &bond->settings;
}

bool
bond_usable(const struct bond *bond)
{
	if (!bond->up)
		return false;
	for (uint16_t i = 0; i < bond->nb_members; i++)
		if (bond->members[i].attached)
			return true;
	return false;
}

/* Let the workers see who polls what now. */
int
bonds_relayout(struct bonds *bonds, struct reason *why)
{
	int rc = bonds->host.park(bonds->host.ctx, why);

	if (rc == 0)
		bonds->host.release(bonds->host.ctx, true);
	return rc;
}

static int
apply_mode4(struct bond *bond, struct reason *why)
{
	const struct bond_settings *s = &bond->settings;
	int rc;

	if (s->mode != BOND_MODE_8023AD)
		return 0;
	rc = bond_pmd_lacp_own(bond->port_id, bond_settings_by_pmd(s), why);
	if (rc == 0)
		rc = bond_pmd_agg_set(bond->port_id, bond_ad_select_to_pmd(s->ad_select), why);
	if (rc == 0)
		rc = bond_pmd_dedicated_queues(bond->port_id, s->dedicated_queues, why);
	return rc;
}

/*
 * How often the PMD looks at links. Where we receive from the members ourselves it need not, and
 * would only compete for a VF's mailbox; it must never stop, as it does not start again.
 */
uint32_t
bond_pmd_poll_ms(const struct bond_settings *s)
{
	uint32_t own = s->miimon_ms != 0 ? s->miimon_ms : BOND_DEFAULT_MIIMON_MS;

	bool by_members = bond_mode_has_active(s->mode) || s->mode == BOND_MODE_8023AD;

	return !bond_settings_by_pmd(s) && by_members ? RTE_MAX(own, 1000u) : own;
}

int
bond_mac_apply(struct bond *bond, struct reason *why)
{
	struct bond_settings *s = &bond->settings;
	struct reason what;
	int rc;

	if (s->mac_kind == BOND_MAC_GIVEN)
		bond->mac = s->mac;
	else if (s->mac_kind == BOND_MAC_PAIR && bond->paired)
		(void)rte_eth_macaddr_get(bond->pair_port, &bond->mac);
	else if (!bond->mac_set && bond->nb_members != 0)
		bond->mac = bond->members[0].own_mac;
	else if (!bond->mac_set)
		return 0;
	/* An address of its own keeps the PMD from clearing it when the last member leaves. */
	rc = bond_pmd_mac_set(bond->port_id, &bond->mac, &what);
	if (rc != 0)
		return reason_set(why, rc, "%s: %s", s->name, what.text);
	bond->mac_set = true;
	return 0;
}

/* A port that a member's word names, among @bond's members. */
static struct bond_member *
find_member_word(struct bonds *bonds, struct bond *bond, const char *word)
{
	uint16_t id;

	return ports_find(bonds->ports, word, &id, NULL) == 0 ? bond_find_member(bond, id) : NULL;
}

int
bond_primary_apply(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	const struct bond_settings *s = &bond->settings;
	struct bond_member *m;
	int rc;

	if (s->primary[0] == '\0' || !bond_mode_has_active(s->mode))
		return 0;
	/* As in Linux the name may be that of a member to come (bond_option_primary_set). */
	m = find_member_word(bonds, bond, s->primary);
	if (m == NULL || !m->attached)
		return 0;
	rc = bond_pmd_prefer(bond->port_id, m->port_id, why);
	/* The PMD moves the traffic but not the address: writing it again does. */
	if (rc == 0 && bond->mac_set)
		rc = bond_pmd_mac_set(bond->port_id, &bond->mac, why);
	return rc;
}

/* Step 5: the bond's own queues, and start. */
static int
start_device(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	int rc = apply_mode4(bond, why);

	if (rc == 0)
		rc = port_configure(bonds->ports, bond->port_id, NULL, why);
	/* The first look at the links at once: until then the PMD sends and receives nothing. */
	if (rc == 0)
		rc = bond_pmd_monitor_set(bond->port_id, FIRST_LOOK_MS, why);
	if (rc == 0)
		rc = port_start(bonds->ports, bond->port_id, why);
	if (rc == 0)
		rc = bond_pmd_monitor_set(bond->port_id, bond_pmd_poll_ms(&bond->settings), why);
	if (rc != 0)
		return rc;
	for (uint16_t i = 0; i < bond->nb_members; i++)
		if (bond->members[i].attached) {
			port_note_state(bonds->ports, bond->members[i].port_id, PORT_STARTED);
			bond_heal_started(bonds, &bond->members[i]);
		}
	return 0;
}

/*
 * All take part in the start, so that each is configured; who has no carrier leaves then. But for
 * those whose network device is gone.
 */
static int
attach_members(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	uint16_t nb_attached = 0;
	int rc;

	for (uint16_t i = 0; i < bond->nb_members; i++) {
		if (!bond->members[i].present)
			continue;
		rc = bond_member_attach(bonds, bond, &bond->members[i], why);
		if (rc != 0)
			return rc;
		nb_attached++;
	}
	if (nb_attached == 0)
		return reason_set(why, -ENODEV, "the network device of every member is gone");
	return 0;
}

static int
start_members(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	int rc;

	(void)bond_members_drop_vanished(bonds, bond);
	/* One may vanish in the middle, at most all of them, one by one. */
	for (uint16_t tries = 0; tries <= bond->nb_members; tries++) {
		rc = attach_members(bonds, bond, why);
		if (rc == 0)
			rc = bond_primary_apply(bonds, bond, why);
		if (rc == 0)
			rc = start_device(bonds, bond, why);
		if (rc == 0 || !bond_members_drop_vanished(bonds, bond))
			break;
	}
	return rc;
}

int
bond_up(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	struct reason what;
	int rc;

	if (bond->up)
		return 0;
	if (bond->nb_members == 0)
		return reason_set(
			why, -ENODEV, "%s: cannot start a bond without members", bond_name(bond)
		);
	rc = start_members(bonds, bond, &what);
	if (rc != 0)
		return reason_set(why, rc, "%s: cannot start: %s", bond_name(bond), what.text);
	if (!bond_settings_by_pmd(&bond->settings))
		rc = run_start(bonds, bond, &what);
	if (rc != 0) {
		(void)port_stop(bonds->ports, bond->port_id, NULL);
		return reason_set(why, rc, "%s: cannot start: %s", bond_name(bond), what.text);
	}
	bond->up = true;
	bond->settings.up = true;
	bond_io_update(bond);
	if (bond->promisc_wanted || bond->promisc_forced)
		(void)port_promisc_set(bond->port_id, true, NULL);
	if (bond->allmulti_wanted)
		(void)port_allmulti_set(bond->port_id, true, NULL);
	bond_keep(bonds, bond);
	rc = bonds_relayout(bonds, why);
	if (bond->run == NULL)
		bond_member_sync_carrier(bonds, bond);
	return rc;
}

int
bond_down(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	int rc;

	if (!bond->up)
		return 0;
	bond->up = false;
	/* First out of the workers' hands, then stopped. */
	rc = bonds_relayout(bonds, why);
	if (rc == 0) {
		run_goes_down(bond);
		rc = port_stop(bonds->ports, bond->port_id, why);
	}
	if (rc != 0) {
		run_stays_up(bond);
		bond->up = true;
		(void)bonds_relayout(bonds, NULL);
		return rc;
	}
	run_stop(bond);
	bond->settings.up = false;
	bond->active_known = false;
	for (uint16_t i = 0; i < bond->nb_members; i++) {
		bond->members[i].link_up = false;
		if (bond->members[i].attached)
			port_note_state(bonds->ports, bond->members[i].port_id, PORT_CONFIGURED);
	}
	return 0;
}

int
bond_member_add(struct bonds *bonds, struct bond *bond, uint16_t port_id, struct reason *why)
{
	enum bond_fail_over_mac fail_over_mac_was = bond->settings.fail_over_mac;
	uint64_t parked_ns = bonds_parked_ns(bonds);
	struct rte_ether_addr mac_was = bond->mac;
	bool mac_was_set = bond->mac_set;
	struct bond_member *m, failed;
	struct reason what;
	int rc = bond_member_check(bonds, bond, port_id, why);

	if (rc != 0)
		return rc;
	m = bond_member_record(bonds, bond, port_id);
	if (!bond->mac_set)
		rc = bond_mac_apply(bond, &what);
	if (rc == 0)
		rc = bonds_relayout(bonds, &what);
	if (rc == 0)
		rc = port_stop(bonds->ports, port_id, &what);
	if (rc == 0)
		rc = port_configure(bonds->ports, port_id, NULL, &what);
	if (rc == 0 && (m->carrier || !bond->up || bond->run != NULL))
		rc = bond_member_attach(bonds, bond, m, &what);
	if (rc != 0) {
		rc = bond_member_failure(bonds, port_id, rc, &what);
		(void)bond_member_read_carrier(bonds, m);
		failed = *m;
		bond_member_restore(bonds, &failed);
		bond_member_forget(bond, port_id);
		/* An empty bond has no address of its own, and no member that it has yielded to. */
		bond->mac = mac_was;
		bond->mac_set = mac_was_set;
		bond->settings.fail_over_mac = fail_over_mac_was;
		bond_member_resume(bonds, &failed);
		(void)bonds_relayout(bonds, NULL);
		return bond_member_refused(bonds, bond, port_id, rc, &what, why);
	}
	if (bond->run != NULL)
		run_member_added(bond, m);
	bond_keep(bonds, bond);
	bond_changed(bonds, bond, parked_ns, "member %s added", port_name(bonds->ports, port_id));
	return 0;
}

/* Out of plan, PMD and records; *ret is what its record was. */
static int
take_out(
	struct bonds *bonds,
	struct bond *bond,
	struct bond_member *m,
	struct bond_member *ret,
	struct reason *why
)
{
	uint16_t port_id = m->port_id;
	int rc;

	if (bond->run != NULL) {
		run_member_leaves(bond, m);
		m = bond_find_member(bond, port_id);
	}
	rc = bond_member_detach(bonds, bond, m, why);
	if (rc != 0) {
		if (bond->run != NULL)
			run_member_added(bond, m);
		return rc;
	}
	*ret = *m;
	bond_member_forget(bond, port_id);
	return 0;
}

int
bond_member_remove(struct bonds *bonds, struct bond *bond, uint16_t port_id, struct reason *why)
{
	struct bond_member *m = bond_find_member(bond, port_id), gone;
	uint64_t parked_ns = bonds_parked_ns(bonds);
	int rc;

	if (m == NULL)
		return reason_set(
			why,
			-EINVAL,
			"%s: %s is not one of its members",
			bond_name(bond),
			port_name(bonds->ports, port_id)
		);
	rc = take_out(bonds, bond, m, &gone, why);
	if (rc != 0)
		return rc;
	bond_member_restore(bonds, &gone);
	bond_keep(bonds, bond);
	rc = bonds_relayout(bonds, why);
	bond_changed(bonds, bond, parked_ns, "member %s removed", port_name(bonds->ports, port_id));
	return rc;
}

int
bonds_member_gone(struct bonds *bonds, uint16_t port_id, struct reason *why)
{
	struct bond *bond = bonds_find_member(bonds, port_id);
	uint64_t parked_ns = bonds_parked_ns(bonds);
	struct bond_member gone;
	int rc;

	if (bond == NULL)
		return -ENOENT;
	rc = take_out(bonds, bond, bond_find_member(bond, port_id), &gone, why);
	if (rc != 0)
		return rc;
	bond_keep(bonds, bond);
	rc = bonds_relayout(bonds, why);
	bond_changed(
		bonds,
		bond,
		parked_ns,
		"member %s has left: its device is being removed",
		port_name(bonds->ports, port_id)
	);
	return rc;
}
