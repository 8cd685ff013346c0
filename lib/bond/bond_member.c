/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One port on its way into a bond and out of it: what is checked before, what the bond PMD wants
 * done first, and members that leave and return with the carrier of their kernel device.
 */
#include "bond_priv.h"
#include "pmd_traits.h"
#include "run.h"

#include <errno.h>
#include <string.h>

int
bond_member_refused(
	const struct bonds *bonds,
	const struct bond *bond,
	uint16_t port_id,
	int rc,
	const struct reason *what,
	struct reason *why
)
{
	return reason_set(
		why,
		rc,
		"%s: cannot add member %s: %s",
		bond_name(bond),
		port_name(bonds->ports, port_id),
		what->text
	);
}

static int
check_mtu(struct bonds *bonds, const struct bond *bond, uint16_t port_id, struct reason *why)
{
	const struct port_conf *conf = port_conf(bonds->ports, bond->port_id);
	uint32_t max, other;

	if (port_mtu_max(bonds->ports, port_id, &max) != 0)
		return reason_set(why, -EIO, "it does not answer");
	if (bond->up && conf != NULL && max < conf->mtu_bytes)
		return reason_set(
			why,
			-EINVAL,
			"its largest MTU is %u, the bond's MTU is %u",
			max,
			conf->mtu_bytes
		);
	/* Below the default the bond would have to shrink for one member: the user decides that. */
	for (uint16_t i = 0; i < bond->nb_members; i++) {
		uint16_t id = bond->members[i].port_id;

		if (id == port_id || port_mtu_max(bonds->ports, id, &other) != 0 ||
		    RTE_MIN(max, (uint32_t)RTE_ETHER_MTU) ==
		            RTE_MIN(other, (uint32_t)RTE_ETHER_MTU))
			continue;
		return reason_set(
			why,
			-EINVAL,
			"its largest MTU is %u, that of member %s is %u: they must agree "
			"up to %u",
			max,
			port_name(bonds->ports, id),
			other,
			RTE_ETHER_MTU
		);
	}
	return 0;
}

/* The kernel device whose carrier counts for a port; 0: its PMD reports the link itself. */
static uint32_t
watched_device(const struct bonds *bonds, uint16_t port_id)
{
	const struct pmd_traits *traits = pmd_traits_get(port_driver(bonds->ports, port_id));

	return traits->link_unreported ? port_if_index(bonds->ports, port_id) : 0;
}

int
bond_member_failure(const struct bonds *bonds, uint16_t port_id, int rc, struct reason *what)
{
	uint32_t if_index = watched_device(bonds, port_id);
	struct rte_ether_addr mac;
	bool carrier;

	if (if_index == 0 ||
	    bonds->host.carrier(bonds->host.ctx, if_index, &carrier, &mac) != -ENODEV)
		return rc;
	return reason_set(what, -ENODEV, "its network device is gone");
}

int
bond_member_check(
	struct bonds *bonds, const struct bond *bond, uint16_t port_id, struct reason *why
)
{
	enum port_state state = port_state(bonds->ports, port_id);
	const struct bond *other;
	struct reason what;
	int rc = 0;

	if (state == PORT_ABSENT || state == PORT_CLOSED)
		rc = reason_set(&what, -ENODEV, "no such port");
	else if (bond_pmd_is_bond(port_id))
		rc = reason_set(&what, -EINVAL, "it is a bond itself");
	else if ((other = bonds_find_member(bonds, port_id)) != NULL)
		rc = reason_set(&what, -EBUSY, "it is a member of %s already", bond_name(other));
	else if (bond->nb_members == BOND_MAX_MEMBERS)
		rc = reason_set(
			&what, -ENOSPC, "the bond has %d members already", BOND_MAX_MEMBERS
		);
	else if (bonds->host.port_forwards(bonds->host.ctx, port_id))
		rc = reason_set(&what, -EBUSY, "frames are forwarded over it; stop first");
	else
		rc = bond_member_failure(bonds, port_id, 0, &what);
	if (rc == 0)
		rc = check_mtu(bonds, bond, port_id, &what);
	if (rc != 0)
		return bond_member_refused(bonds, bond, port_id, rc, &what, why);
	return 0;
}

bool
bond_member_read_carrier(struct bonds *bonds, struct bond_member *m)
{
	bool was = m->carrier, was_present = m->present, now;
	struct rte_ether_addr mac;
	int rc;

	if (m->if_index == 0)
		return false;
	rc = bonds->host.carrier(bonds->host.ctx, m->if_index, &now, &mac);
	if (rc == 0) {
		m->present = true;
		m->carrier = now;
	} else if (rc == -ENODEV) {
		m->present = false;
		m->carrier = false;
	}
	return was != m->carrier || was_present != m->present;
}

/* What the settings say of a member; 0 when they say nothing. */
static int32_t
member_value(
	const struct bonds *bonds,
	const struct bond_member_value *values,
	uint16_t n,
	uint16_t port_id,
	int32_t initial
)
{
	uint16_t id;

	for (uint16_t i = 0; i < n; i++)
		if (ports_find(bonds->ports, values[i].port, &id, NULL) == 0 && id == port_id)
			return values[i].value;
	return initial;
}

struct bond_member *
bond_member_record(struct bonds *bonds, struct bond *bond, uint16_t port_id)
{
	const struct pmd_traits *traits = pmd_traits_get(port_driver(bonds->ports, port_id));
	struct bond_member *m = &bond->members[bond->nb_members++];
	const struct bond_settings *s = &bond->settings;

	memset(m, 0, sizeof(*m));
	m->port_id = port_id;
	m->was_started = port_state(bonds->ports, port_id) == PORT_STARTED;
	m->present = true;
	m->carrier = true;
	(void)rte_eth_macaddr_get(port_id, &m->own_mac);
	m->idle_mac = m->own_mac;
	m->want_mac = m->own_mac;
	m->prio = member_value(bonds, s->prios, s->nb_prios, port_id, 0);
	m->queue_id = (uint16_t)member_value(bonds, s->queue_ids, s->nb_queue_ids, port_id, 0);
	m->port_prio = (uint16_t
	)member_value(bonds, s->port_prios, s->nb_port_prios, port_id, BOND_DEFAULT_PORT_PRIO);
	m->strips_tags = traits->strips_vlan;
	m->from_device = pmd_is_of_a_bus(port_id);
	m->loses_pf = traits->restart_after_link_loss;
	m->mac_unverified = traits->mac_set_unverified;
	m->if_index = watched_device(bonds, port_id);
	(void)bond_member_read_carrier(bonds, m);
	return m;
}

void
bond_member_forget(struct bond *bond, uint16_t port_id)
{
	for (uint16_t i = 0; i < bond->nb_members; i++) {
		if (bond->members[i].port_id != port_id)
			continue;
		bond->nb_members--;
		memmove(&bond->members[i],
		        &bond->members[i + 1],
		        (size_t)(bond->nb_members - i) * sizeof(bond->members[0]));
		return;
	}
}

void
bond_member_to_end(struct bond *bond, struct bond_member *m)
{
	struct bond_member moved = *m;
	size_t behind = (size_t)(&bond->members[bond->nb_members - 1] - m);

	memmove(m, m + 1, behind * sizeof(*m));
	bond->members[bond->nb_members - 1] = moved;
}

struct bond_member *
bond_find_member(struct bond *bond, uint16_t port_id)
{
	for (uint16_t i = 0; i < bond->nb_members; i++)
		if (bond->members[i].port_id == port_id)
			return &bond->members[i];
	return NULL;
}

/*
 * Usually the bond's address is its first member's. In modes 5 and 6 that member, when another one
 * is active, would still send and be found under the bond's address, and a switch would deliver to
 * the wrong port. It takes the active member's own address then, as Linux swaps the two
 * (alb_swap_mac_addr).
 */
bool
bond_member_choose_idle_mac(
	const struct bond *bond, struct bond_member *m, const struct bond_member *current
)
{
	struct rte_ether_addr was = m->idle_mac;

	m->idle_mac = m->own_mac;
	if (bond_mode_is_lb(bond->settings.mode) && current != NULL && current != m &&
	    rte_is_same_ether_addr(&m->own_mac, &bond->mac))
		m->idle_mac = current->own_mac;
	return !rte_is_same_ether_addr(&was, &m->idle_mac);
}

/* The member that is active by the PMD's word, with its link up; NULL when there is none. */
static struct bond_member *
current_member(struct bond *bond, const struct bond_member *except)
{
	uint16_t active[BOND_PMD_MAX_MEMBERS], current;
	int n = bond_pmd_active_members(bond->port_id, active);

	if (n <= 0 || bond_pmd_current(bond->port_id, &current) != 0)
		return NULL;
	for (int i = 0; i < n; i++)
		if (active[i] == current && (except == NULL || except->port_id != current))
			return bond_find_member(bond, current);
	return NULL;
}

/*
 * With io_path=direct each member carries from the beginning what it is to carry. When the first
 * one of an active-backup bond cannot, all keep their own addresses, as in Linux (bond_enslave).
 */
static int
prepare_direct_mac(
	struct bonds *bonds, struct bond *bond, struct bond_member *m, struct reason *why
)
{
	struct rte_ether_addr now;
	int rc;

	/* One that was away keeps its share: by now others may have the address it was born with.
	 */
	if (!m->entered)
		bond_member_choose_mac(bond, m);
	if (rte_eth_macaddr_get(m->port_id, &now) == 0 &&
	    rte_is_same_ether_addr(&now, &m->want_mac))
		return 0;
	rc = port_mac_set(m->port_id, &m->want_mac, why);
	if (rc == 0 || bond->settings.mode != BOND_MODE_AB || bond->nb_members != 1)
		return rc;
	/* A device that has vanished says nothing about what devices can. */
	(void)bond_member_read_carrier(bonds, m);
	if (!m->present)
		return rc;
	bond->settings.fail_over_mac = BOND_FOM_ACTIVE;
	bond_member_choose_mac(bond, m);
	return 0;
}

/*
 * The PMD remembers the address that a member has when it is added, and writes it back when the
 * member leaves. In modes 0, 2, 3 and 4 all members carry the bond's, so they get it before: a
 * member that refuses is noticed while nothing has happened. In modes 1, 5 and 6 the others keep
 * addresses of their own.
 */
int
bond_member_prepare_mac(
	struct bonds *bonds, struct bond *bond, struct bond_member *m, struct reason *why
)
{
	const struct rte_ether_addr *want = &bond->mac;
	struct rte_ether_addr now;

	if (!bond_settings_by_pmd(&bond->settings))
		return prepare_direct_mac(bonds, bond, m, why);
	if (bond->settings.mode == BOND_MODE_AB)
		return 0;
	if (bond_mode_is_lb(bond->settings.mode)) {
		(void)bond_member_choose_idle_mac(bond, m, current_member(bond, m));
		want = &m->idle_mac;
	}
	if (rte_eth_macaddr_get(m->port_id, &now) == 0 && rte_is_same_ether_addr(&now, want))
		return 0;
	return port_mac_set(m->port_id, want, why);
}

/*
 * The active member leaves: its successor, the first of the others, gets the bond's address before,
 * and it its own.
 * A change of address can take a kernel device milliseconds (macvlan waits for an RCU grace
 * period), which the workers then do not have to wait for. And in mode 6 the PMD, while a member
 * leaves, tells its clients where to send instead by the address that the successor has at that
 * moment, moves the bond's address there only then, and what the clients send is lost.
 */
static void
hand_over_mac(struct bond *bond, const struct bond_member *m)
{
	uint16_t active[BOND_PMD_MAX_MEMBERS];
	int n;

	if (!bond_mode_has_active(bond->settings.mode) || current_member(bond, NULL) != m)
		return;
	n = bond_pmd_active_members(bond->port_id, active);
	for (int i = 0; i < n; i++) {
		if (active[i] == m->port_id)
			continue;
		(void)port_mac_set(active[i], &bond->mac, NULL);
		(void)port_mac_set(m->port_id, &m->idle_mac, NULL);
		return;
	}
}

int
bond_member_attach(
	struct bonds *bonds, struct bond *bond, struct bond_member *m, struct reason *why
)
{
	bool was_usable = bond_usable(bond);
	int rc;

	if (m->attached)
		return 0;
	rc = bond_member_prepare_mac(bonds, bond, m, why);
	/* A mode-4 member works without, except for unicast: bond_keep() reports it. */
	if (rc != 0 && bond->settings.mode != BOND_MODE_8023AD)
		return rc;
	rc = bonds->host.park(bonds->host.ctx, why);
	if (rc != 0)
		return rc;
	rc = bond_pmd_member_add(bond->port_id, m->port_id, why);
	if (rc == 0) {
		m->attached = true;
		m->entered = true;
		m->mac_wait = 0;
		if (bond->up) {
			port_note_state(bonds->ports, m->port_id, PORT_STARTED);
			bond_heal_started(bonds, m);
		}
		bond_io_update(bond);
	}
	bonds->host.release(bonds->host.ctx, bond_usable(bond) != was_usable);
	return rc;
}

int
bond_member_detach(
	struct bonds *bonds, struct bond *bond, struct bond_member *m, struct reason *why
)
{
	bool was_usable = bond_usable(bond);
	int rc;

	if (!m->attached)
		return 0;
	if (bond_settings_by_pmd(&bond->settings))
		hand_over_mac(bond, m);
	rc = bonds->host.park(bonds->host.ctx, why);
	if (rc != 0)
		return rc;
	run_flush(bond);
	/* The PMD resets the port on its way out, which a started one refuses. */
	(void)rte_eth_dev_stop(m->port_id);
	rc = bond_pmd_member_remove(bond->port_id, m->port_id, why);
	if (rc == 0) {
		m->attached = false;
		if (bond->preferred == m->port_id)
			bond->preferred_known = false;
		port_note_state(bonds->ports, m->port_id, PORT_FOUND);
		bond_io_update(bond);
	} else if (bond->up) {
		(void)rte_eth_dev_start(m->port_id);
	}
	bonds->host.release(bonds->host.ctx, bond_usable(bond) != was_usable);
	return rc;
}

void
bond_member_restore(struct bonds *bonds, struct bond_member *m)
{
	struct reason why;

	if (!m->present)
		return;
	if (rte_eth_promiscuous_get(m->port_id) == 1)
		(void)rte_eth_promiscuous_disable(m->port_id);
	if (rte_eth_allmulticast_get(m->port_id) == 1)
		(void)rte_eth_allmulticast_disable(m->port_id);
	if (port_mac_set(m->port_id, &m->own_mac, &why) != 0)
		bond_event(
			bonds,
			"%s: its own MAC address is not back: %s",
			port_name(bonds->ports, m->port_id),
			why.text
		);
}

void
bond_member_resume(struct bonds *bonds, const struct bond_member *m)
{
	struct reason why;

	if (!m->was_started)
		(void)port_stop(bonds->ports, m->port_id, NULL);
	else if (port_start(bonds->ports, m->port_id, &why) != 0)
		bond_event(bonds, "%s", why.text);
}

bool
bond_members_drop_vanished(struct bonds *bonds, struct bond *bond)
{
	bool vanished = false;
	struct reason why;

	for (uint16_t i = 0; i < bond->nb_members; i++) {
		struct bond_member *m = &bond->members[i];
		bool was_present = m->present;

		(void)bond_member_read_carrier(bonds, m);
		vanished |= was_present && !m->present;
		if (m->present || !m->attached || bond_member_detach(bonds, bond, m, &why) != 0)
			continue;
		m->link_up = false;
		vanished = true;
		bond_event(
			bonds,
			"%s: member %s detached: its network device is gone",
			bond_name(bond),
			port_name(bonds->ports, m->port_id)
		);
	}
	return vanished;
}

static void
sync_member(struct bonds *bonds, struct bond *bond, struct bond_member *m)
{
	const char *name = port_name(bonds->ports, m->port_id);
	struct reason why;

	if (!m->carrier && m->attached) {
		if (bond_member_detach(bonds, bond, m, &why) != 0) {
			bond_event(
				bonds,
				"%s: cannot detach member %s: %s",
				bond_name(bond),
				name,
				why.text
			);
			return;
		}
		m->link_failures++;
		m->link_up = false;
		bond_event(
			bonds,
			"%s: member %s detached: %s",
			bond_name(bond),
			name,
			m->present ? "no carrier" : "its network device is gone"
		);
	} else if (m->carrier && !m->attached) {
		if (bond_member_attach(bonds, bond, m, &why) != 0) {
			bond_event(
				bonds,
				"%s: cannot attach member %s again: %s",
				bond_name(bond),
				name,
				why.text
			);
			return;
		}
		bond_event(bonds, "%s: member %s attached: carrier", bond_name(bond), name);
	}
}

void
bond_member_sync_carrier(struct bonds *bonds, struct bond *bond)
{
	bool changed = false;

	for (uint16_t i = 0; i < bond->nb_members; i++) {
		struct bond_member *m = &bond->members[i];

		(void)bond_member_read_carrier(bonds, m);
		if (bond->up && m->carrier != m->attached) {
			sync_member(bonds, bond, m);
			changed = true;
		}
	}
	if (changed)
		bond_keep(bonds, bond);
}
