/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Members whose VF was left behind by its PF: out of the plan, restarted or reset, and back with
 * their settings. Called by the bonds' tick and by the program's events.
 */
#include "bond_priv.h"
#include "run.h"
#include "units.h"

#include <rte_errno.h>

#include <errno.h>

static uint64_t
now(const struct bonds *bonds)
{
	return bonds->host.now_ns(bonds->host.ctx);
}

void
bond_heal_started(struct bonds *bonds, struct bond_member *m)
{
	port_heal_started(&m->heal, now(bonds));
	/* What a device forgets when it is reset, and a PF with it. */
	m->hears_slow = false;
	m->hears_slow_asked = false;
	m->mac_wait = 0;
	m->pf_wait = 0;
}

/*
 * It may still be deaf. A monitor that asks by the member itself, or LACP, needs its link to find
 * out; and when nobody else works there is nothing to lose.
 */
static bool
is_held_back(const struct bond *bond, const struct bond_member *m)
{
	if (!m->heal.watched || bond->settings.arp_interval_ms != 0 ||
	    bond->settings.mode == BOND_MODE_8023AD)
		return false;
	for (uint16_t i = 0; i < bond->nb_members; i++)
		if (&bond->members[i] != m && bond->members[i].link_up)
			return true;
	return false;
}

bool
bond_heal_link(struct bonds *bonds, const struct bond *bond, struct bond_member *m, bool up)
{
	if (m->loses_pf)
		port_heal_link(&m->heal, up, now(bonds));
	return up && m->heal.kind == PORT_HEAL_NONE && !is_held_back(bond, m);
}

static bool
link_is_up(const struct bond_member *m)
{
	struct rte_eth_link link;

	return rte_eth_link_get_nowait(m->port_id, &link) == 0 &&
	       link.link_status == RTE_ETH_LINK_UP;
}

/* A start says nothing of a PF that did not answer (igbvf_dev_start): only that it took its time.
 */
static int
check_pf_answered(const struct bonds *bonds, uint64_t began_ns, struct reason *why)
{
	if (now(bonds) - began_ns < PORT_HEAL_SLOW_MS * NSEC_PER_MSEC)
		return 0;
	return reason_set(why, -ETIMEDOUT, "its PF does not answer");
}

/*
 * Stop and start, and nothing before that wants an answer of the PF: until the VF has been reset
 * igb answers one request in 2 s (igb_rcv_msg_from_vf), and a PMD waits a second for each.
 */
static int
restart(struct bonds *bonds, struct bond *bond, struct bond_member *m, struct reason *why)
{
	bool parked = !run_polls_members(bond);
	uint64_t began_ns;
	int rc = bonds->host.park(bonds->host.ctx, why);

	if (rc != 0)
		return rc;
	run_flush(bond);
	/* Who has parked goes by the new plan afterwards, where that alone says who is used. */
	if (!parked)
		bonds->host.release(bonds->host.ctx, false);
	began_ns = now(bonds);
	rc = rte_eth_dev_stop(m->port_id);
	if (rc == 0)
		rc = rte_eth_dev_start(m->port_id);
	if (parked)
		bonds->host.release(bonds->host.ctx, false);
	if (rc != 0)
		return reason_set(why, rc, "it does not start: %s", rte_strerror(-rc));
	return check_pf_answered(bonds, began_ns, why);
}

/* One that the PMD does not have: nobody needs to park until it is seen to work. */
static int
try_alone(struct bonds *bonds, struct bond_member *m, struct reason *why)
{
	uint64_t began_ns = now(bonds);
	int rc = port_start(bonds->ports, m->port_id, why), stopped;

	if (rc == 0)
		rc = check_pf_answered(bonds, began_ns, why);
	stopped = port_stop(bonds->ports, m->port_id, rc == 0 ? why : NULL);
	return rc != 0 ? rc : stopped;
}

static int
reset_or_restart(struct bonds *bonds, struct bond *bond, struct bond_member *m, struct reason *why)
{
	bool is_reset = m->heal.kind == PORT_HEAL_RESET, restarts = bond->up && m->attached;
	struct reason what;
	int rc = 0, detached;

	if (restarts && (!is_reset || m->loses_pf))
		rc = restart(bonds, bond, m, why);
	/* With a PF that does not answer nothing else is worth the time. */
	if (rc == -ETIMEDOUT || (restarts && !is_reset && rc == 0))
		return rc;
	if (!m->attached && !is_reset && bond->up) {
		rc = try_alone(bonds, m, why);
		return rc == 0 ? bond_member_attach(bonds, bond, m, why) : rc;
	}
	/* Out of the PMD's hands it is used by nobody, whatever fails. */
	detached = bond_member_detach(bonds, bond, m, &what);
	if (rc != 0 && !is_reset)
		return rc;
	if (detached != 0)
		return reason_set(why, detached, "%s", what.text);
	/* Nobody is parked meanwhile: it may take its time. */
	if (is_reset) {
		rc = port_heal_reset_device(bonds->ports, m->port_id, why);
		if (rc != 0)
			return rc;
	}
	/* It is configured and started as the bond is. */
	return bond_member_attach(bonds, bond, m, why);
}

static void
bring_back(struct bonds *bonds, struct bond *bond, struct bond_member *m)
{
	const char *name = port_name(bonds->ports, m->port_id);
	enum port_heal_kind kind = m->heal.kind;
	uint64_t parked_ns = bonds_parked_ns(bonds);
	struct reason why;
	int rc;

	/* First out of the plan: workers see neither a stopped port nor one that is not there. */
	if (bond->run != NULL)
		run_member_away(bond, m);
	rc = reset_or_restart(bonds, bond, m, &why);
	if (rc != 0) {
		m->away = false;
		if (port_heal_failed(&m->heal, now(bonds)))
			bond_event(
				bonds,
				"%s: cannot %s member %s: %s; %s",
				bond_name(bond),
				port_heal_names[kind],
				name,
				why.text,
				port_heal_given_up(&m->heal)
					? "given up: take it out and add it again"
					: "it is tried again"
			);
		return;
	}
	bond_heal_started(bonds, m);
	if (m->loses_pf && bond->up)
		port_heal_done(&m->heal, now(bonds));
	if (bond->run != NULL)
		run_member_back(bond, m);
	else
		bond_keep(bonds, bond);
	bond_changed(
		bonds,
		bond,
		parked_ns,
		"member %s %s",
		name,
		kind == PORT_HEAL_RESET ? "reset, as its PF asked"
					: "restarted, as its PF had lost it"
	);
}

/*
 * Where the PMD decides whom workers use, one that has lost its link is taken from it: it would use
 * it again, and a primary before all others, as soon as it sees the link. The PMD writes an address
 * to it on the way out, for which one without its PF takes a second, but only the first time: that
 * passes before workers park.
 */
static void
let_go(struct bonds *bonds, struct bond *bond, struct bond_member *m)
{
	struct rte_ether_addr mac;
	struct reason why;

	if (rte_eth_macaddr_get(m->port_id, &mac) == 0)
		(void)rte_eth_dev_default_mac_addr_set(m->port_id, &mac);
	if (bond->run != NULL)
		run_member_away(bond, m);
	if (bond_member_detach(bonds, bond, m, &why) != 0) {
		m->away = false;
		return;
	}
	m->away = false;
	if (bond->run != NULL)
		return;
	m->link_failures++;
	m->link_up = false;
	bond_event(
		bonds,
		"%s: link of member %s is down",
		bond_name(bond),
		port_name(bonds->ports, m->port_id)
	);
	bond_keep(bonds, bond);
}

static bool
is_lost(const struct bond *bond, const struct bond_member *m)
{
	if (m->heal.kind != PORT_HEAL_RESTART || !m->attached || run_polls_members(bond))
		return false;
	/* Until its downdelay is over it is used. */
	return bond->run == NULL || m->link == BOND_LINK_DOWN;
}

static void
look(struct bonds *bonds, struct bond *bond, struct bond_member *m)
{
	uint64_t now_ns = now(bonds);

	if (!m->loses_pf || !bond->up || now_ns < m->heal_look_ns)
		return;
	m->heal_look_ns = now_ns + BOND_KEEP_MS * NSEC_PER_MSEC;
	if (m->attached)
		port_heal_look(&m->heal, m->port_id, now_ns);
	/* The user's monitor may look less often than a PF takes for its reset, 0.5 to 2 s. */
	(void)bond_heal_link(bonds, bond, m, link_is_up(m));
	if (bond->run != NULL) {
		int deaf = run_monitor_deaf(bond, m);

		if (m->heal.watched)
			run_provoke(bond);
		if (deaf >= 0)
			port_heal_deaf(&m->heal, deaf == 1, now_ns);
	}
}

void
bond_heal(struct bonds *bonds, struct bond *bond)
{
	for (uint16_t i = 0; i < bond->nb_members; i++) {
		struct bond_member *m = &bond->members[i];

		look(bonds, bond, m);
		if (bond->up && is_lost(bond, m) && !link_is_up(m))
			let_go(bonds, bond, m);
		if (m->heal.kind == PORT_HEAL_NONE ||
		    (m->heal.kind == PORT_HEAL_RESTART && !bond->up))
			continue;
		if (port_heal_due(&m->heal, link_is_up(m), now(bonds)))
			bring_back(bonds, bond, m);
	}
}

bool
bonds_reset_event(struct bonds *bonds, uint16_t port_id)
{
	struct bond *bond = bonds_find_member(bonds, port_id);
	struct bond_member *m;

	if (bond == NULL)
		return false;
	m = bond_find_member(bond, port_id);
	port_heal_reset(&m->heal, now(bonds));
	/* It carries nothing from now on. */
	if (bond->run != NULL)
		run_device_event(bond, m);
	return true;
}
