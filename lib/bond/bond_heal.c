/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Members whose VF was left behind by its PF: out of the plan, restarted or reset, and back with
 * their settings. Called by the bonds' tick and by the program's events.
 */
#include "bond_priv.h"
#include "run.h"
#include "units.h"

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

bool
bond_heal_link(struct bonds *bonds, struct bond_member *m, bool up)
{
	if (m->loses_pf)
		port_heal_link(&m->heal, up, now(bonds));
	return up && m->heal.kind == PORT_HEAL_NONE;
}

static bool
link_is_up(const struct bond_member *m)
{
	struct rte_eth_link link;

	return rte_eth_link_get_nowait(m->port_id, &link) == 0 &&
	       link.link_status == RTE_ETH_LINK_UP;
}

static int
reset_or_restart(struct bonds *bonds, struct bond *bond, struct bond_member *m, struct reason *why)
{
	int rc = bond_member_detach(bonds, bond, m, why);

	/* Nobody is parked meanwhile: it may take its time. */
	if (rc == 0 && m->heal.kind == PORT_HEAL_RESET)
		rc = port_heal_reset_device(bonds->ports, m->port_id, why);
	return rc == 0 ? bond_member_attach(bonds, bond, m, why) : rc;
}

/* Taken from the PMD and given back it is configured and started anew, with the bond's settings. */
static void
bring_back(struct bonds *bonds, struct bond *bond, struct bond_member *m)
{
	const char *name = port_name(bonds->ports, m->port_id);
	enum port_heal_kind kind = m->heal.kind;
	uint64_t parked_ns = bonds_parked_ns(bonds);
	struct reason why;
	int rc;

	/* First out of the plan: workers see neither a stopped port nor one that is not there. */
	m->away = true;
	if (bond->run != NULL)
		run_device_event(bond, m);
	rc = reset_or_restart(bonds, bond, m, &why);
	m->away = false;
	if (rc != 0) {
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
	/* A bond that is down has not started it. */
	bond_heal_started(bonds, m);
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
 * With io_path=pmd one without link is taken from the PMD at once: it would use it again, and a
 * primary before all others, as soon as it sees the link.
 */
static void
let_go(struct bonds *bonds, struct bond *bond, struct bond_member *m)
{
	struct reason why;

	if (!m->attached || bond_member_detach(bonds, bond, m, &why) != 0)
		return;
	m->link_failures++;
	m->link_up = false;
	bond_event(
		bonds,
		"%s: member %s detached: link down",
		bond_name(bond),
		port_name(bonds->ports, m->port_id)
	);
	bond_keep(bonds, bond);
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
	if (bond->run != NULL) {
		int deaf = run_monitor_deaf(bond, m);

		if (deaf >= 0)
			port_heal_deaf(&m->heal, deaf == 1, now_ns);
		return;
	}
	(void)bond_heal_link(bonds, m, link_is_up(m));
	if (m->heal.kind != PORT_HEAL_NONE)
		let_go(bonds, bond, m);
}

void
bond_heal(struct bonds *bonds, struct bond *bond)
{
	for (uint16_t i = 0; i < bond->nb_members; i++) {
		struct bond_member *m = &bond->members[i];

		look(bonds, bond, m);
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
