/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changes to a bond that exists: options, the port that it is joined to, promiscuous mode. Each
 * leaves the bond as it was when it fails.
 */
#include "bond_priv.h"
#include "run.h"

#include <errno.h>
#include <string.h>

/* The pair's port carries the bond's address, or the bond the port's; else the bond hears all. */
static int
pair_macs(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	struct rte_ether_addr port_mac;
	int rc;

	if (bond->settings.mac_kind == BOND_MAC_PAIR) {
		if (rte_eth_macaddr_get(bond->pair_port, &port_mac) != 0)
			return reason_set(why, -EIO, "its MAC address cannot be read");
		if (rte_is_same_ether_addr(&port_mac, &bond->mac))
			return 0;
		return bond_mac_apply(bond, why);
	}
	if (rte_eth_macaddr_get(bond->pair_port, &port_mac) == 0 &&
	    rte_is_same_ether_addr(&port_mac, &bond->mac))
		return 0;
	rc = port_mac_set(bond->pair_port, &bond->mac, why);
	if (rc != -ENOTSUP)
		return rc;
	bond->settings.mac_kind = BOND_MAC_PAIR;
	rc = bond_mac_apply(bond, why);
	if (rc == 0)
		return 0;
	bond->settings.mac_kind = BOND_MAC_FIRST;
	bond_event(
		bonds,
		"%s: neither it nor %s can take the other's MAC address: promiscuous mode",
		bond_name(bond),
		port_name(bonds->ports, bond->pair_port)
	);
	bond->promisc_forced = true;
	return bond->up ? port_promisc_set(bond->port_id, true, why) : 0;
}

int
bond_mac_follow(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	int rc = port_mac_set(bond->port_id, &bond->mac, why);

	if (rc == 0 && bond->paired)
		rc = pair_macs(bonds, bond, why);
	/* The streams' source address; a bond that is being set up is laid out by and by. */
	if (rc == 0 && bond->up)
		rc = bonds_relayout(bonds, why);
	return rc;
}

/* The bond's address by the settings, where the bond PMD does not see to the members. */
static int
mac_changed_direct(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	struct rte_ether_addr was = bond->mac;
	struct bond_run *run = bond->run;
	int rc;

	if (bond->settings.mac_kind == BOND_MAC_GIVEN)
		bond->mac = bond->settings.mac;
	else if (bond->settings.mac_kind == BOND_MAC_PAIR && bond->paired)
		(void)rte_eth_macaddr_get(bond->pair_port, &bond->mac);
	rc = bond_mac_follow(bonds, bond, why);
	if (rc != 0) {
		bond->mac = was;
		return rc;
	}
	for (uint16_t i = 0; i < bond->nb_members; i++)
		bond->members[i].mac_wait = 0;
	run_macs_bond_changed(run, &was);
	run_macs_active_changed(run);
	run_lacp_settings_changed(run);
	run_publish(run);
	run_macs_apply(run);
	return 0;
}

/* The PMD gives the members another address as far as it gets; a refusal is undone. */
static int
write_mac(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	struct rte_ether_addr was = bond->mac;
	struct reason what;
	int rc = bond_mac_apply(bond, why);

	/* One that has vanished refuses everything. */
	if (rc != 0 && bond_members_drop_vanished(bonds, bond))
		rc = bond_mac_apply(bond, why);
	if (rc != 0) {
		bond->mac = was;
		(void)bond_pmd_mac_set(bond->port_id, &was, &what);
	}
	return rc;
}

/* A changed address reaches the workers, the members and the pair's port. */
static int
mac_changed(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	int rc;

	if (bond->run != NULL)
		return mac_changed_direct(bonds, bond, why);
	rc = bonds->host.park(bonds->host.ctx, why);
	if (rc != 0)
		return rc;
	rc = write_mac(bonds, bond, why);
	for (uint16_t i = 0; i < bond->nb_members; i++)
		bond->members[i].mac_wait = 0;
	bond_io_update(bond);
	bonds->host.release(bonds->host.ctx, true);
	if (rc == 0)
		bond_keep(bonds, bond);
	if (rc == 0 && bond->paired)
		rc = pair_macs(bonds, bond, why);
	return rc;
}

static int
primary_changed(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	const struct bond_settings *s = &bond->settings;
	uint16_t id;
	int rc;

	if (s->primary[0] == '\0') {
		/* The PMD cannot forget its primary: the member in use takes its place. */
		if (bond_pmd_current(bond->port_id, &id) == 0)
			return bond_pmd_prefer(bond->port_id, id, why);
		return 0;
	}
	rc = bond_primary_apply(bonds, bond, why);
	bond_keep(bonds, bond);
	return rc;
}

/*
 * The PMD remembers a member's address from when it was added, and what that was depends on the
 * mode and on who moves the frames: members leave and enter again at the next start.
 */
static int
mode_changed(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	int rc = 0;

	for (uint16_t i = 0; rc == 0 && i < bond->nb_members; i++) {
		rc = bond_member_detach(bonds, bond, &bond->members[i], why);
		bond_member_restore(bonds, &bond->members[i]);
		bond->members[i].entered = false;
	}
	if (rc == 0)
		rc = bond_pmd_mode_set(bond->port_id, (uint8_t)bond->settings.mode, why);
	return rc;
}

/* active_slave: a deed, not a setting. */
static int
active_changed(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	struct bond_settings *s = &bond->settings;
	struct bond_member *m = NULL;
	uint16_t id = 0;

	if (bond->run == NULL && !bond->up)
		return 0;
	if (s->active[0] != '\0' && ports_find(bonds->ports, s->active, &id, NULL) == 0)
		m = bond_find_member(bond, id);
	s->active[0] = '\0';
	if (bond->run != NULL)
		return run_set_active(bond, m, why);
	if (m == NULL)
		return 0;
	if (!m->attached || !m->link_up)
		return reason_set(why, -EINVAL, "its link is down");
	return bond_pmd_prefer(bond->port_id, id, why);
}

static int
apply_to_pmd(
	struct bonds *bonds, struct bond *bond, const struct bond_option *o, struct reason *why
)
{
	const struct bond_settings *s = &bond->settings;

	if ((o->effects & BOND_EFFECT_PLAN) != 0)
		return bond_pmd_policy_set(bond->port_id, bond_policy_to_pmd(s->policy), why);
	if ((o->effects & BOND_EFFECT_MONITOR) != 0)
		return bond_pmd_monitor_set(bond->port_id, bond_pmd_poll_ms(s), why);
	if (strcmp(o->name, "primary") == 0)
		return primary_changed(bonds, bond, why);
	/* The others are read when the bond is started. */
	return 0;
}

static int
apply_option(
	struct bonds *bonds, struct bond *bond, const struct bond_option *o, struct reason *why
)
{
	if ((o->effects & BOND_EFFECT_MODE) != 0)
		return mode_changed(bonds, bond, why);
	if ((o->effects & BOND_EFFECT_ACTIVE) != 0)
		return active_changed(bonds, bond, why);
	if (strcmp(o->name, "mac") == 0)
		return mac_changed(bonds, bond, why);
	if (bond->run == NULL)
		return apply_to_pmd(bonds, bond, o, why);
	run_settings_changed(bond, o->effects);
	return 0;
}

struct membership {
	struct bonds *bonds;
	struct bond *bond;
};

static bool
is_member(void *ctx, const char *word)
{
	const struct membership *in = ctx;
	uint16_t id;

	return ports_find(in->bonds->ports, word, &id, NULL) == 0 &&
	       bond_find_member(in->bond, id) != NULL;
}

int
bond_set_option(
	struct bonds *bonds,
	struct bond *bond,
	const char *option,
	const char *value,
	bool force,
	struct reason *why
)
{
	struct membership in = {.bonds = bonds, .bond = bond};
	const struct bond_option_state state = {
		.up = bond->up,
		.nb_members = force ? 0 : bond->nb_members,
		.is_member = is_member,
		.ctx = &in,
	};
	const struct bond_option *o = bond_option_find(option);
	struct bond_settings was = bond->settings;
	struct rte_ether_addr mac_was = bond->mac;
	uint64_t parked_ns = bonds_parked_ns(bonds);
	struct reason what;
	int rc = bond_option_set(&bond->settings, &state, option, value, why);

	if (rc == 0)
		rc = bond_settings_check_path(&bond->settings, why);
	if (rc == 0) {
		rc = apply_option(bonds, bond, o, &what);
		if (rc != 0)
			reason_set(why, rc, "%s: option %s: %s", was.name, o->name, what.text);
	}
	if (rc != 0) {
		bond->settings = was;
		bond->mac = mac_was;
		return rc;
	}
	if (bond->up)
		bond_changed(bonds, bond, parked_ns, "option %s is %s", o->name, value);
	return 0;
}

/* No two members may have the same queue_id (bond_option_queue_id_set). */
static int
check_queue_id(
	struct bonds *bonds,
	const struct bond *bond,
	const struct bond_member *m,
	int32_t value,
	struct reason *why
)
{
	for (uint16_t i = 0; i < bond->nb_members; i++)
		if (value != 0 && &bond->members[i] != m && bond->members[i].queue_id == value)
			return reason_set(
				why,
				-EINVAL,
				"%s: queue_id %d is that of member %s",
				bond_name(bond),
				value,
				port_name(bonds->ports, bond->members[i].port_id)
			);
	return 0;
}

int
bond_set_member_option(
	struct bonds *bonds,
	struct bond *bond,
	uint16_t port_id,
	const char *option,
	const char *value,
	struct reason *why
)
{
	struct bond_member *m = bond_find_member(bond, port_id);
	const struct bond_option *o = bond_option_find(option);
	int32_t v = 0;
	int rc;

	if (o == NULL || (o->flags & BOND_OPTION_MEMBER) == 0)
		return reason_set(
			why,
			-EINVAL,
			"%s: \"%.40s\" is no option of a member (prio, queue_id, actor_port_prio)",
			bond_name(bond),
			option
		);
	if (m == NULL)
		return reason_set(
			why,
			-EINVAL,
			"%s: %s is not one of its members",
			bond_name(bond),
			port_name(bonds->ports, port_id)
		);
	rc = bond_option_member_parse(o, &bond->settings, value, &v, why);
	if (rc == 0 && bond_settings_by_pmd(&bond->settings))
		rc = reason_set(
			why,
			-ENOTSUP,
			"%s: option %s is not for a bond that the bond PMD runs",
			bond_name(bond),
			o->name
		);
	if (rc == 0 && strcmp(o->name, "queue_id") == 0)
		rc = check_queue_id(bonds, bond, m, v, why);
	if (rc != 0)
		return rc;
	if (strcmp(o->name, "prio") == 0)
		m->prio = v;
	else if (strcmp(o->name, "queue_id") == 0)
		m->queue_id = (uint16_t)v;
	else
		m->port_prio = (uint16_t)v;
	/* Another prio the engine sees for itself, and chooses anew only then. */
	if (bond->run != NULL)
		run_settings_changed(bond, o->effects & (uint32_t)~BOND_EFFECT_RESELECT);
	return 0;
}

int
bond_pair(struct bonds *bonds, struct bond *bond, uint16_t port_id, struct reason *why)
{
	struct reason what;
	int rc;

	if (bond_find_member(bond, port_id) != NULL)
		return reason_set(
			why,
			-EINVAL,
			"%s: cannot be joined to %s, which is its own member",
			bond_name(bond),
			port_name(bonds->ports, port_id)
		);
	bond->paired = true;
	bond->pair_port = port_id;
	rc = pair_macs(bonds, bond, &what);
	if (rc == 0)
		rc = bonds->host.park(bonds->host.ctx, &what);
	if (rc == 0) {
		bond_io_update(bond);
		bonds->host.release(bonds->host.ctx, false);
		/* Until the next change of them nobody tells. */
		bond->nb_followed = 0;
		bonds_addresses(bonds, port_if_index(bonds->ports, port_id));
		return 0;
	}
	bond->paired = false;
	bond->nb_followed = 0;
	return reason_set(
		why,
		rc,
		"%s: cannot be joined to %s: %s",
		bond_name(bond),
		port_name(bonds->ports, port_id),
		what.text
	);
}

void
bonds_unpair(struct bonds *bonds, uint16_t port_id)
{
	struct bond *bond;

	TAILQ_FOREACH (bond, &bonds->list, entry)
		if (bond->paired && bond->pair_port == port_id) {
			bond->paired = false;
			bond->nb_followed = 0;
		}
}

int
bond_promisc_set(struct bonds *bonds, struct bond *bond, bool on, struct reason *why)
{
	int rc = 0;

	if (bond->up)
		rc = port_promisc_set(bond->port_id, on || bond->promisc_forced, why);
	if (rc == 0)
		bond->promisc_wanted = on;
	bond_keep(bonds, bond);
	return rc;
}

int
bond_allmulti_set(struct bonds *bonds, struct bond *bond, bool on, struct reason *why)
{
	int rc = 0;

	if (bond->up)
		rc = port_allmulti_set(bond->port_id, on, why);
	if (rc == 0)
		bond->allmulti_wanted = on;
	bond_keep(bonds, bond);
	return rc;
}
