/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the bond PMD forgets, put right every tick and after every event: addresses of members,
 * promiscuous mode and reception of multicast that do not follow the active member, and a mode-4
 * bond that would drop broadcast. Also finds what an operator wants to be told.
 */
#include "bond_priv.h"
#include "lacp_pdu.h"
#include "pmd_traits.h"
#include "run.h"
#include "units.h"

#include <string.h>

enum { MAC_RETRY_ROUNDS = 10000 / BOND_KEEP_MS };

static bool
in_list(const uint16_t *ports, int n, uint16_t port_id)
{
	for (int i = 0; i < n; i++)
		if (ports[i] == port_id)
			return true;
	return false;
}

static void
report_links(struct bonds *bonds, struct bond *bond, const uint16_t *active, int nb_active)
{
	for (uint16_t i = 0; i < bond->nb_members; i++) {
		struct bond_member *m = &bond->members[i];
		bool up = m->attached && in_list(active, nb_active, m->port_id);

		if (up == m->link_up)
			continue;
		m->link_up = up;
		if (!up)
			m->link_failures++;
		bond_event(
			bonds,
			"%s: link of member %s is %s",
			bond_name(bond),
			port_name(bonds->ports, m->port_id),
			up ? "up" : "down"
		);
	}
}

/* The member that carries modes 1, 5 and 6; false when there is none. */
static bool
report_active(
	struct bonds *bonds, struct bond *bond, const uint16_t *active, int nb_active, uint16_t *ret
)
{
	uint16_t current = 0;
	bool known = bond_pmd_current(bond->port_id, &current) == 0 &&
	             in_list(active, nb_active, current);

	if (known && (!bond->active_known || bond->active != current))
		bond_event(
			bonds,
			"%s: active member is %s",
			bond_name(bond),
			port_name(bonds->ports, current)
		);
	else if (!known && bond->active_known)
		bond_event(bonds, "%s: no active member", bond_name(bond));
	bond->active_known = known;
	bond->active = current;
	*ret = current;
	return known;
}

/*
 * A VF's PMD believes that its PF took the address. Where the PF's table has another one, only what
 * is sent to that arrives.
 */
static void
check_pf_mac(
	struct bonds *bonds,
	struct bond *bond,
	struct bond_member *m,
	const struct rte_ether_addr *mac
)
{
	struct rte_ether_addr kept;

	if (m->pf_wait != 0) {
		m->pf_wait--;
		return;
	}
	m->pf_wait = MAC_RETRY_ROUNDS;
	/* Without an address by its administrator a PF may have no entry, and passes what is asked.
	 */
	if (bonds->host.pf_mac(bonds->host.ctx, m->port_id, &kept) != 0 ||
	    rte_is_zero_ether_addr(&kept) || rte_is_same_ether_addr(&kept, mac)) {
		m->pf_differs = false;
		return;
	}
	if (!m->pf_differs)
		bond_event(
			bonds,
			"%s: member %s: its PF keeps MAC address " RTE_ETHER_ADDR_PRT_FMT
			": frames to " RTE_ETHER_ADDR_PRT_FMT
			" will be lost there; set trust on for the VF, or one mac for the VFs of "
			"all "
			"members",
			bond_name(bond),
			port_name(bonds->ports, m->port_id),
			RTE_ETHER_ADDR_BYTES(&kept),
			RTE_ETHER_ADDR_BYTES(mac)
		);
	m->pf_differs = true;
	m->pf_mac = kept;
}

/* What a VF carries is the PF's word, where somebody knows that. */
static void
keep_pf_mac(
	struct bonds *bonds,
	struct bond *bond,
	struct bond_member *m,
	const struct rte_ether_addr *mac
)
{
	if (bonds->host.pf_mac != NULL && m->mac_unverified)
		check_pf_mac(bonds, bond, m, mac);
}

void
bond_keep_mac(
	struct bonds *bonds,
	struct bond *bond,
	struct bond_member *m,
	const struct rte_ether_addr *mac
)
{
	struct rte_ether_addr now, kernel;
	struct reason why = {"the kernel's device kept another address"};
	bool carrier, ok = true;

	/* A refusal costs a VF's mailbox a round trip: not in every tick. */
	if (m->mac_wait != 0) {
		m->mac_wait--;
		return;
	}
	if (rte_eth_macaddr_get(m->port_id, &now) != 0 || !rte_is_same_ether_addr(&now, mac)) {
		ok = port_mac_set(m->port_id, mac, &why) == 0;
		m->pf_wait = 0;
	}
	if (ok && m->if_index != 0 &&
	    bonds->host.carrier(bonds->host.ctx, m->if_index, &carrier, &kernel) == 0 &&
	    !rte_is_same_ether_addr(&kernel, mac)) {
		(void)port_mac_set(m->port_id, mac, NULL);
		ok = bonds->host.carrier(bonds->host.ctx, m->if_index, &carrier, &kernel) == 0 &&
		     rte_is_same_ether_addr(&kernel, mac);
	}
	if (!ok && !m->mac_wrong)
		bond_event(
			bonds,
			"%s: member %s does not carry the MAC address " RTE_ETHER_ADDR_PRT_FMT
			": %s; unicast to it may be lost",
			bond_name(bond),
			port_name(bonds->ports, m->port_id),
			RTE_ETHER_ADDR_BYTES(mac),
			why.text
		);
	m->mac_wrong = !ok;
	m->mac_wait = ok ? 0 : MAC_RETRY_ROUNDS;
	if (ok)
		keep_pf_mac(bonds, bond, m, mac);
}

static void
keep_macs(struct bonds *bonds, struct bond *bond, bool has_active, uint16_t current)
{
	for (uint16_t i = 0; i < bond->nb_members; i++) {
		struct bond_member *m = &bond->members[i];
		bool bonds_mac = !bond_mode_has_active(bond->settings.mode) ||
		                 (has_active && m->port_id == current);

		if (!m->attached)
			continue;
		/* While nobody is active the PMD decides who holds it next. */
		if (!bonds_mac && !has_active)
			continue;
		bond_keep_mac(bonds, bond, m, bonds_mac ? &bond->mac : &m->idle_mac);
	}
}

/* Workers know the idle addresses of mode 6: after a failover they may be others. */
static void
keep_idle_macs(struct bonds *bonds, struct bond *bond, uint16_t current)
{
	const struct bond_member *active = bond_find_member(bond, current);
	bool changed = false;

	for (uint16_t i = 0; i < bond->nb_members; i++)
		if (&bond->members[i] != active &&
		    bond_member_choose_idle_mac(bond, &bond->members[i], active))
			changed = true;
	if (changed && bonds->host.park(bonds->host.ctx, NULL) == 0) {
		bond_io_update(bond);
		bonds->host.release(bonds->host.ctx, false);
	}
}

/*
 * In modes 5 and 6 the PMD gives frames the sending member's address only while the one that it
 * holds for the primary carries the bond's (bond_ethdev_tx_burst_tlb): it is told of every new
 * active member. It then returns to that one by itself, so the user's primary is brought back here.
 */
static void
keep_preferred(
	struct bonds *bonds,
	struct bond *bond,
	const uint16_t *active,
	int nb_active,
	uint16_t current
)
{
	uint16_t want = current, primary;

	if (bond->settings.primary[0] != '\0' &&
	    ports_find(bonds->ports, bond->settings.primary, &primary, NULL) == 0 &&
	    in_list(active, nb_active, primary))
		want = primary;
	if (bond->preferred_known && bond->preferred == want)
		return;
	if (bond_pmd_prefer(bond->port_id, want, NULL) != 0 ||
	    bond_pmd_mac_set(bond->port_id, &bond->mac, NULL) != 0)
		return;
	bond->preferred_known = true;
	bond->preferred = want;
}

static void
keep_member_flag(
	uint16_t port_id,
	bool want,
	int (*get)(uint16_t),
	int (*set)(uint16_t, bool, struct reason *)
)
{
	if ((get(port_id) == 1) != want)
		(void)set(port_id, want, NULL);
}

/*
 * A device that heeds a list of groups only, and forgets it when it is told of all multicast: which
 * the PMD does whenever it sees the member's link come up.
 */
static void
keep_group_list(struct bond_member *m, bool promisc)
{
	struct rte_ether_addr group = lacp_multicast;

	keep_member_flag(m->port_id, promisc, rte_eth_promiscuous_get, port_promisc_set);
	if (m->hears_slow && rte_eth_allmulticast_get(m->port_id) != 1)
		return;
	keep_member_flag(m->port_id, false, rte_eth_allmulticast_get, port_allmulti_set);
	m->hears_slow = rte_eth_dev_set_mc_addr_list(m->port_id, &group, 1) == 0;
}

/*
 * Members of mode 4 hear the group of slow protocols: by all multicast, or where that is not to be
 * had by promiscuous mode.
 */
static void
keep_slow(struct bonds *bonds, struct bond_member *m, bool promisc)
{
	if (pmd_traits_get(port_driver(bonds->ports, m->port_id))->slow_by_group_list) {
		keep_group_list(m, promisc);
		return;
	}
	if (!m->hears_slow || (!m->deaf_to_multicast && rte_eth_allmulticast_get(m->port_id) != 1))
		m->deaf_to_multicast = port_allmulti_set(m->port_id, true, NULL) != 0;
	m->hears_slow = true;
	keep_member_flag(
		m->port_id,
		promisc || m->deaf_to_multicast,
		rte_eth_promiscuous_get,
		port_promisc_set
	);
}

void
bond_keep_filters(struct bonds *bonds, struct bond *bond, bool has_active, uint16_t current)
{
	bool promisc = bond->promisc_wanted || bond->promisc_forced || run_hears_all(bond->run);
	bool one = bond_mode_has_active(bond->settings.mode);
	bool lacp = bond->settings.mode == BOND_MODE_8023AD;

	for (uint16_t i = 0; i < bond->nb_members; i++) {
		struct bond_member *m = &bond->members[i];
		bool here = !one || (has_active && m->port_id == current);

		if (!m->attached || (one && !has_active))
			continue;
		if (lacp && bond->run != NULL) {
			keep_slow(bonds, m, promisc);
			continue;
		}
		/* In mode 4 the PMD itself turns on what lets LACPDUs in. */
		if (lacp && !promisc)
			continue;
		keep_member_flag(
			m->port_id, promisc && here, rte_eth_promiscuous_get, port_promisc_set
		);
		if (!lacp)
			keep_member_flag(
				m->port_id,
				bond->allmulti_wanted && here,
				rte_eth_allmulticast_get,
				port_allmulti_set
			);
	}
}

/*
 * In mode 4 the PMD drops every multicast and broadcast frame unless the bond receives all
 * multicast or is promiscuous: no ARP, no neighbour discovery (rx_burst_8023ad).
 */
static void
keep_mode4(struct bonds *bonds, struct bond *bond)
{
	if (rte_eth_allmulticast_get(bond->port_id) == 1 ||
	    rte_eth_promiscuous_get(bond->port_id) == 1 ||
	    port_allmulti_set(bond->port_id, true, NULL) == 0)
		return;
	if (!bond->promisc_forced)
		bond_event(
			bonds,
			"%s: members cannot receive all multicast: promiscuous mode instead, which "
			"broadcast needs in mode 802.3ad",
			bond_name(bond)
		);
	bond->promisc_forced = true;
	(void)port_promisc_set(bond->port_id, true, NULL);
}

void
bond_keep(struct bonds *bonds, struct bond *bond)
{
	uint16_t active[BOND_PMD_MAX_MEMBERS], current = 0;
	bool has_active = false;
	int nb_active;

	if (!bond->up || bond->run != NULL)
		return;
	nb_active = bond_pmd_active_members(bond->port_id, active);
	if (nb_active < 0)
		return;
	report_links(bonds, bond, active, nb_active);
	if (bond_mode_has_active(bond->settings.mode))
		has_active = report_active(bonds, bond, active, nb_active, &current);
	if (has_active && bond_mode_is_lb(bond->settings.mode)) {
		keep_preferred(bonds, bond, active, nb_active, current);
		has_active = report_active(bonds, bond, active, nb_active, &current);
		keep_idle_macs(bonds, bond, current);
	}
	if (bond->settings.mode == BOND_MODE_8023AD)
		keep_mode4(bonds, bond);
	keep_macs(bonds, bond, has_active, current);
	bond_keep_filters(bonds, bond, has_active, current);
}

uint64_t
bonds_tick(struct bonds *bonds)
{
	uint64_t now_ns = bonds->host.now_ns(bonds->host.ctx);
	uint64_t next_ns = now_ns + BONDS_TICK_MS * NSEC_PER_MSEC;
	bool keep_due = now_ns >= bonds->keep_due_ns;
	struct bond *bond;

	if (keep_due)
		bonds->keep_due_ns = now_ns + BOND_KEEP_MS * NSEC_PER_MSEC;
	TAILQ_FOREACH (bond, &bonds->list, entry) {
		bond_heal(bonds, bond);
		if (bond->run != NULL)
			next_ns = RTE_MIN(next_ns, run_tick(bond));
		else if (keep_due)
			bond_keep(bonds, bond);
	}
	now_ns = bonds->host.now_ns(bonds->host.ctx);
	return next_ns > now_ns ? next_ns - now_ns : 1;
}

void
bonds_link_event(struct bonds *bonds, uint16_t port_id)
{
	struct bond *bond = bonds_find_member(bonds, port_id);

	if (bond != NULL && bond->run != NULL) {
		run_device_event(bond, bond_find_member(bond, port_id));
		return;
	}
	if (bond == NULL)
		bond = bonds_find_port(bonds, port_id);
	if (bond != NULL)
		bond_keep(bonds, bond);
}

void
bonds_carrier(struct bonds *bonds, uint32_t if_index)
{
	struct bond *bond;

	TAILQ_FOREACH (bond, &bonds->list, entry) {
		for (uint16_t i = 0; i < bond->nb_members; i++) {
			if (bond->members[i].if_index != if_index || if_index == 0)
				continue;
			if (bond->run != NULL)
				run_device_event(bond, &bond->members[i]);
			else
				bond_member_sync_carrier(bonds, bond);
			break;
		}
	}
}

void
bonds_addresses(struct bonds *bonds, uint32_t if_index)
{
	struct bond *bond;
	int n;

	TAILQ_FOREACH (bond, &bonds->list, entry) {
		if (!bond->paired || bonds->host.addresses == NULL ||
		    port_if_index(bonds->ports, bond->pair_port) != if_index)
			continue;
		n = bonds->host.addresses(
			bonds->host.ctx, if_index, bond->followed, BOND_MAX_ADDRESSES
		);
		bond->nb_followed = n > 0 ? (uint16_t)n : 0;
	}
}
