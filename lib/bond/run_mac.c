/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which MAC address each member carries, by mode and fail_over_mac, as in Linux: decided at once,
 * then brought to the devices and kept there.
 */
#include "reason.h"
#include "run.h"

#include <rte_ether.h>

/* Addresses stay with the members and the bond takes the active one's. */
static bool
bond_follows(const struct bond_settings *s)
{
	return s->mode == BOND_MODE_AB && s->fail_over_mac == BOND_FOM_ACTIVE;
}

/*
 * The bond's address travels with the active member, which gives its former one to the member that
 * it takes it from (bond_do_fail_over_mac for follow, alb_swap_mac_addr).
 */
static bool
address_travels(const struct bond_settings *s)
{
	return bond_mode_is_lb(s->mode) ||
	       (s->mode == BOND_MODE_AB && s->fail_over_mac == BOND_FOM_FOLLOW);
}

static bool
in_use(const struct bond *bond, const struct bond_member *except, const struct rte_ether_addr *mac)
{
	if (rte_is_same_ether_addr(mac, &bond->mac))
		return true;
	for (uint16_t i = 0; i < bond->nb_members; i++)
		if (&bond->members[i] != except &&
		    rte_is_same_ether_addr(&bond->members[i].want_mac, mac))
			return true;
	return false;
}

static struct bond_member *
holder(struct bond *bond, const struct rte_ether_addr *mac)
{
	for (uint16_t i = 0; i < bond->nb_members; i++)
		if (rte_is_same_ether_addr(&bond->members[i].want_mac, mac))
			return &bond->members[i];
	return NULL;
}

void
bond_member_choose_mac(struct bond *bond, struct bond_member *m)
{
	const struct bond_settings *s = &bond->settings;

	if (!address_travels(s) && !bond_follows(s)) {
		m->want_mac = bond->mac;
		return;
	}
	m->want_mac = m->own_mac;
	if (bond_follows(s))
		return;
	/*
	 * The first one carries the bond's address by nature. Of two with the same address a switch
	 * would confuse the ports: Linux gives the second a random one (bond_enslave).
	 */
	if (holder(bond, &bond->mac) == m)
		return;
	if (in_use(bond, m, &m->own_mac))
		rte_eth_random_addr(m->want_mac.addr_bytes);
}

static void
bond_takes(struct bond_run *run, const struct rte_ether_addr *mac)
{
	struct bond *bond = run->bond;
	struct reason why;

	if (rte_is_same_ether_addr(&bond->mac, mac))
		return;
	bond->mac = *mac;
	/* The bond's data only: members are not touched (bond_ethdev_mac_address_set). */
	if (bond_mac_follow(run->bonds, bond, &why) != 0)
		bond_event(run->bonds, "%s: %s", bond_name(bond), why.text);
}

void
run_macs_active_changed(struct bond_run *run)
{
	struct bond *bond = run->bond;
	struct bond_member *now, *before;

	if (run->engine.active == ENGINE_NO_MEMBER)
		return;
	now = run_member(run, run->engine.active);
	if (bond_follows(&bond->settings)) {
		bond_takes(run, &now->want_mac);
		return;
	}
	if (!address_travels(&bond->settings) || rte_is_same_ether_addr(&now->want_mac, &bond->mac))
		return;
	before = holder(bond, &bond->mac);
	if (before != NULL)
		before->want_mac = now->want_mac;
	now->want_mac = bond->mac;
}

void
run_macs_bond_changed(struct bond_run *run, const struct rte_ether_addr *was)
{
	struct bond *bond = run->bond;
	struct bond_member *other = holder(bond, &bond->mac);
	struct bond_member *now = holder(bond, was);

	if (!address_travels(&bond->settings)) {
		for (uint16_t i = 0; i < bond->nb_members; i++)
			bond_member_choose_mac(bond, &bond->members[i]);
		return;
	}
	/* A member may have had that address by nature: the two change theirs. */
	if (now != NULL && now != other) {
		if (other != NULL)
			other->want_mac = *was;
		now->want_mac = bond->mac;
	}
}

/*
 * It takes its own address with it: whoever carries that gets what the leaving one had, unless that
 * is the bond's (alb_change_hw_addr_on_detach).
 */
void
run_macs_member_leaves(struct bond_run *run, struct bond_member *m)
{
	struct bond *bond = run->bond;

	if (!address_travels(&bond->settings))
		return;
	for (uint16_t i = 0; i < bond->nb_members; i++) {
		struct bond_member *other = &bond->members[i];

		if (other == m || !rte_is_same_ether_addr(&other->want_mac, &m->own_mac) ||
		    rte_is_same_ether_addr(&m->own_mac, &bond->mac))
			continue;
		other->want_mac = m->want_mac;
	}
}

static void
keep(struct bond_run *run, struct bond_member *m)
{
	if (m->attached && m->present)
		bond_keep_mac(run->bonds, run->bond, m, &m->want_mac);
}

void
run_macs_apply(struct bond_run *run)
{
	int active = run->engine.active;

	/* Who carries the traffic first: the others can wait. */
	if (active != ENGINE_NO_MEMBER)
		keep(run, run_member(run, active));
	for (int i = 0; i < run->engine.nb_members; i++)
		if (i != active)
			keep(run, run_member(run, i));
}
