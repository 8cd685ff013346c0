/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See bond.h: making and removing bonds, step by step with an undo for each, and the list of them.
 * Used by the program's commands.
 */
#include "bond_priv.h"

#include <rte_malloc.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const enum bond_pmd_policy to_pmd_policy[BOND_POLICY_COUNT] = {
	[BOND_POLICY_L2] = BOND_PMD_L2,
	[BOND_POLICY_L34] = BOND_PMD_L34,
	[BOND_POLICY_L23] = BOND_PMD_L23,
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

	TAILQ_FOREACH(bond, &bonds->list, entry)
		if (strcmp(bond->settings.name, name) == 0)
			return bond;
	return NULL;
}

struct bond *
bonds_find_port(const struct bonds *bonds, uint16_t port_id)
{
	struct bond *bond;

	TAILQ_FOREACH(bond, &bonds->list, entry)
		if (bond->port_id == port_id)
			return bond;
	return NULL;
}

struct bond *
bonds_find_member(const struct bonds *bonds, uint16_t port_id)
{
	struct bond *bond;

	TAILQ_FOREACH(bond, &bonds->list, entry)
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
static int
relayout(struct bonds *bonds, struct reason *why)
{
	int rc = bonds->host.park(bonds->host.ctx, why);

	if (rc == 0)
		bonds->host.release(bonds->host.ctx, true);
	return rc;
}

/* The PMD ends the program when it lacks memory in modes 4 and 6: look before. */
static int
check_memory(const struct bond_settings *s, struct reason *why)
{
	uint64_t need = bond_pmd_memory_bytes((uint8_t)s->mode), have = 0;
	struct rte_malloc_socket_stats stats;

	for (unsigned node = 0; node < RTE_MAX_NUMA_NODES; node++)
		if (rte_malloc_get_socket_stats((int)node, &stats) == 0)
			have = RTE_MAX(have, (uint64_t)stats.heap_freesz_bytes);
	/* With hugepages on demand the heap grows; a fixed one cannot. */
	if (need > have && !rte_eal_has_hugepages())
		return reason_set(
			why, -ENOMEM,
			"%s: mode %s needs about %u MB of EAL's memory, %u MB are free: give more with -m",
			s->name, bond_mode_names[s->mode], (unsigned)(need >> 20) + 1,
			(unsigned)(have >> 20)
		);
	return 0;
}

/* Step 1 and 2: every member is a port of its own that works. */
static int
ready_members(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	struct reason what;
	int rc;

	for (uint16_t i = 0; i < bond->nb_members; i++) {
		uint16_t id = bond->members[i].port_id;

		rc = port_stop(bonds->ports, id, &what);
		if (rc == 0)
			rc = port_configure(bonds->ports, id, NULL, &what);
		if (rc == 0)
			rc = port_start(bonds->ports, id, &what);
		if (rc != 0)
			return reason_set(
				why, rc, "%s: cannot use member %s: %s", bond_name(bond),
				port_name(bonds->ports, id), what.text
			);
	}
	return 0;
}

static int
apply_mode4(struct bond *bond, struct reason *why)
{
	const struct bond_settings *s = &bond->settings;
	int rc;

	if (s->mode != BOND_MODE_8023AD)
		return 0;
	rc = bond_pmd_agg_set(bond->port_id, to_pmd_agg[s->ad_select], why);
	if (rc == 0)
		rc = bond_pmd_dedicated_queues(bond->port_id, s->dedicated_queues, why);
	return rc;
}

/* Step 3: the bond device, with those settings that need no member. */
static int
make_device(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	const struct bond_settings *s = &bond->settings;
	struct reason what;
	int socket = bond->nb_members != 0 ? rte_eth_dev_socket_id(bond->members[0].port_id)
					   : (int)rte_socket_id();
	int rc = bond_pmd_create(bond->dev_name, (uint8_t)s->mode, socket, &bond->port_id, &what);

	if (rc != 0)
		return reason_set(why, rc, "%s: %s", s->name, what.text);
	ports_scan(bonds->ports);
	rc = bond_pmd_policy_set(bond->port_id, bond_policy_to_pmd(s->policy), &what);
	if (rc == 0)
		rc = bond_pmd_monitor_set(bond->port_id, s->miimon_ms, &what);
	if (rc != 0)
		reason_set(why, rc, "%s: %s", s->name, what.text);
	return rc;
}

static void
remove_device(struct bonds *bonds, struct bond *bond)
{
	struct reason why;

	(void)port_close(bonds->ports, bond->port_id, NULL);
	if (bond_pmd_free(bond->dev_name, &why) != 0)
		bond_event(bonds, "%s: %s", bond_name(bond), why.text);
	port_note_state(bonds->ports, bond->port_id, PORT_ABSENT);
}

int
bond_mac_apply(struct bonds *bonds, struct bond *bond, struct reason *why)
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
	(void)bonds;
	return 0;
}

/* Step 4: the members enter the bond. */
static int
add_members(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	struct reason what;
	int rc = bond_mac_apply(bonds, bond, why);

	for (uint16_t i = 0; rc == 0 && i < bond->nb_members; i++) {
		rc = bond_member_attach(bonds, bond, &bond->members[i], &what);
		if (rc != 0)
			reason_set(
				why, rc, "%s: cannot add member %s: %s", bond_name(bond),
				port_name(bonds->ports, bond->members[i].port_id), what.text
			);
	}
	return rc;
}

/* A port that a member's word names, among @bond's members. */
static struct bond_member *
find_member_word(struct bonds *bonds, struct bond *bond, const char *word)
{
	uint16_t id;

	return ports_find(bonds->ports, word, &id, NULL) == 0 ? bond_find_member(bond, id) : NULL;
}

static int
apply_primary(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	const struct bond_settings *s = &bond->settings;
	struct bond_member *m;
	int rc;

	if (s->primary[0] == '\0' || !bond_mode_has_active(s->mode))
		return 0;
	m = find_member_word(bonds, bond, s->primary);
	if (m == NULL)
		return reason_set(why, -EINVAL, "primary %s is not one of its members", s->primary);
	if (!m->attached)
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
	if (rc == 0)
		rc = port_start(bonds->ports, bond->port_id, why);
	if (rc != 0)
		return rc;
	for (uint16_t i = 0; i < bond->nb_members; i++)
		port_note_state(bonds->ports, bond->members[i].port_id, PORT_STARTED);
	return 0;
}

static void
drop_members(struct bonds *bonds, struct bond *bond)
{
	struct reason why;

	while (bond->nb_members != 0) {
		struct bond_member m = bond->members[bond->nb_members - 1];

		if (m.attached &&
		    bond_member_detach(bonds, bond, &bond->members[bond->nb_members - 1], &why) != 0)
			bond_event(bonds, "%s: %s", bond_name(bond), why.text);
		bond_member_restore(bonds, &m);
		bond_member_forget(bond, m.port_id);
	}
}

int
bond_up(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	struct reason what;
	int rc = 0;

	if (bond->up)
		return 0;
	if (bond->nb_members == 0)
		return reason_set(
			why, -ENODEV, "%s: cannot start a bond without members", bond_name(bond)
		);
	/* All take part in the start, so that each is configured; who has no carrier leaves then. */
	for (uint16_t i = 0; rc == 0 && i < bond->nb_members; i++)
		rc = bond_member_attach(bonds, bond, &bond->members[i], &what);
	if (rc == 0)
		rc = apply_primary(bonds, bond, &what);
	if (rc == 0)
		rc = start_device(bonds, bond, &what);
	if (rc != 0)
		return reason_set(why, rc, "%s: cannot start: %s", bond_name(bond), what.text);
	bond->up = true;
	bond->settings.up = true;
	bond_io_update(bond);
	if (bond->promisc_wanted || bond->promisc_forced)
		(void)port_promisc_set(bond->port_id, true, NULL);
	if (bond->allmulti_wanted)
		(void)port_allmulti_set(bond->port_id, true, NULL);
	bond_keep(bonds, bond);
	rc = relayout(bonds, why);
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
	rc = relayout(bonds, why);
	if (rc == 0)
		rc = port_stop(bonds->ports, bond->port_id, why);
	if (rc != 0) {
		bond->up = true;
		(void)relayout(bonds, NULL);
		return rc;
	}
	bond->settings.up = false;
	bond->active_known = false;
	for (uint16_t i = 0; i < bond->nb_members; i++) {
		bond->members[i].link_up = false;
		if (bond->members[i].attached)
			port_note_state(bonds->ports, bond->members[i].port_id, PORT_CONFIGURED);
	}
	return 0;
}

static int
check_new(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	struct bond_settings *s = &bond->settings;
	struct reason what;
	uint16_t id;
	int rc;

	if (bonds_find(bonds, s->name) != NULL)
		return reason_set(why, -EEXIST, "%s: there is a bond of this name already", s->name);
	if (ports_find(bonds->ports, s->name, &id, NULL) == 0)
		return reason_set(why, -EEXIST, "%s: port %u has this name already", s->name, id);
	rc = check_memory(s, why);
	if (rc != 0)
		return rc;
	for (uint16_t i = 0; i < s->nb_members; i++) {
		if (bonds_find(bonds, s->members[i]) != NULL)
			return reason_set(
				why, -EINVAL, "%s: cannot add member %s: it is a bond itself", s->name,
				s->members[i]
			);
		rc = ports_find(bonds->ports, s->members[i], &id, &what);
		if (rc != 0)
			return reason_set(why, rc, "%s: cannot add member: %s", s->name, what.text);
		if (bond_find_member(bond, id) != NULL)
			return reason_set(
				why, -EINVAL, "%s: member %s is given twice", s->name,
				port_name(bonds->ports, id)
			);
		rc = bond_member_check(bonds, bond, id, why);
		if (rc != 0)
			return rc;
		bond_member_record(bonds, bond, id);
	}
	rc = apply_primary(bonds, bond, why);
	if (rc != 0)
		reason_prefix(why, s->name);
	return rc;
}

int
bond_create(struct bonds *bonds, const struct bond_settings *s, struct reason *why)
{
	struct bond *bond = calloc(1, sizeof(*bond));
	bool device = false;
	int rc;

	if (bond == NULL)
		return reason_set(why, -ENOMEM, "%s: out of memory", s->name);
	bond->settings = *s;
	bond->port_id = RTE_MAX_ETHPORTS;
	snprintf(
		bond->dev_name, sizeof(bond->dev_name), "%s_%.*s", BOND_PMD_NAME_PREFIX,
		BOND_NAME_BYTES - 1, s->name
	);
	rc = check_new(bonds, bond, why);
	if (rc != 0) {
		free(bond);
		return rc;
	}
	/* From here on the members are nobody else's: the workers let them go. */
	TAILQ_INSERT_TAIL(&bonds->list, bond, entry);
	if ((rc = relayout(bonds, why)) != 0 || (rc = ready_members(bonds, bond, why)) != 0)
		goto fail;
	device = true;
	if ((rc = make_device(bonds, bond, why)) != 0)
		goto fail;
	if ((rc = add_members(bonds, bond, why)) != 0)
		goto fail;
	if (bond->nb_members == 0) {
		bond->settings.up = false;
		return 0;
	}
	if (s->up && (rc = bond_up(bonds, bond, why)) != 0)
		goto fail;
	return 0;

fail:
	drop_members(bonds, bond);
	if (device && bond->port_id != RTE_MAX_ETHPORTS)
		remove_device(bonds, bond);
	TAILQ_REMOVE(&bonds->list, bond, entry);
	free(bond);
	(void)relayout(bonds, NULL);
	return rc;
}

int
bond_adopt(struct bonds *bonds, uint16_t port_id, struct reason *why)
{
	struct bond *bond = calloc(1, sizeof(*bond));
	uint16_t members[BOND_PMD_MAX_MEMBERS];
	struct bond_settings *s;
	enum bond_pmd_policy policy;
	enum bond_pmd_agg agg;
	uint8_t mode;
	int n, rc;

	if (bond == NULL)
		return reason_set(why, -ENOMEM, "port %u: out of memory", port_id);
	s = &bond->settings;
	bond->port_id = port_id;
	bond->adopted = true;
	rte_strscpy(bond->dev_name, port_name(bonds->ports, port_id), sizeof(bond->dev_name));
	rte_strscpy(s->name, bond->dev_name, sizeof(s->name));
	s->miimon_ms = BOND_DEFAULT_MIIMON_MS;
	/* The PMD reads its device arguments, members among them, when it is configured first. */
	rc = port_configure(bonds->ports, port_id, NULL, why);
	if (rc != 0)
		goto fail;
	n = bond_pmd_members(port_id, members);
	if (n < 0 || bond_pmd_mode(port_id, &mode) != 0 || bond_pmd_policy(port_id, &policy) != 0) {
		rc = reason_set(why, -EIO, "%s: the bond PMD does not answer", bond->dev_name);
		goto fail;
	}
	s->mode = (enum bond_mode)mode;
	for (unsigned i = 0; i < RTE_DIM(to_pmd_policy); i++)
		if (to_pmd_policy[i] == policy)
			s->policy = (enum bond_policy)i;
	if (s->mode == BOND_MODE_8023AD && bond_pmd_agg(port_id, &agg) == 0)
		for (unsigned i = 0; i < RTE_DIM(to_pmd_agg); i++)
			if (to_pmd_agg[i] == agg)
				s->ad_select = (enum bond_ad_select)i;
	for (int i = 0; i < n; i++)
		bond_member_record(bonds, bond, members[i])->attached = true;
	(void)rte_eth_macaddr_get(port_id, &bond->mac);
	TAILQ_INSERT_TAIL(&bonds->list, bond, entry);
	if (n == 0)
		return 0;
	rc = bond_mac_apply(bonds, bond, why);
	if (rc == 0)
		rc = bond_up(bonds, bond, why);
	if (rc == 0)
		return 0;
	TAILQ_REMOVE(&bonds->list, bond, entry);
fail:
	free(bond);
	return rc;
}

int
bond_delete(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	int rc = bond_down(bonds, bond, why);

	if (rc != 0)
		return rc;
	drop_members(bonds, bond);
	remove_device(bonds, bond);
	TAILQ_REMOVE(&bonds->list, bond, entry);
	free(bond);
	return relayout(bonds, why);
}

int
bond_member_add(struct bonds *bonds, struct bond *bond, uint16_t port_id, struct reason *why)
{
	struct bond_member *m;
	struct reason what;
	int rc = bond_member_check(bonds, bond, port_id, why);

	if (rc != 0)
		return rc;
	m = bond_member_record(bonds, bond, port_id);
	if (!bond->mac_set)
		rc = bond_mac_apply(bonds, bond, &what);
	if (rc == 0)
		rc = relayout(bonds, &what);
	if (rc == 0)
		rc = port_stop(bonds->ports, port_id, &what);
	if (rc == 0)
		rc = port_configure(bonds->ports, port_id, NULL, &what);
	if (rc == 0 && (m->carrier || !bond->up))
		rc = bond_member_attach(bonds, bond, m, &what);
	if (rc != 0) {
		bond_member_restore(bonds, m);
		bond_member_forget(bond, port_id);
		(void)relayout(bonds, NULL);
		return reason_set(
			why, rc, "%s: cannot add member %s: %s", bond_name(bond),
			port_name(bonds->ports, port_id), what.text
		);
	}
	bond_keep(bonds, bond);
	return 0;
}

int
bond_member_remove(struct bonds *bonds, struct bond *bond, uint16_t port_id, struct reason *why)
{
	struct bond_member *m = bond_find_member(bond, port_id), gone;
	int rc;

	if (m == NULL)
		return reason_set(
			why, -EINVAL, "%s: %s is not one of its members", bond_name(bond),
			port_name(bonds->ports, port_id)
		);
	rc = bond_member_detach(bonds, bond, m, why);
	if (rc != 0)
		return rc;
	gone = *m;
	bond_member_restore(bonds, &gone);
	bond_member_forget(bond, port_id);
	bond_keep(bonds, bond);
	return relayout(bonds, why);
}
