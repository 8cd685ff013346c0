/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changes to a bond that exists: options, the port that it is joined to, promiscuous mode. Each
 * leaves the bond as it was when it fails.
 */
#include "bond_priv.h"

#include <errno.h>
#include <string.h>

static int
check_option(const struct bond *bond, const struct bond_option *o, bool force, struct reason *why)
{
	if ((o->flags & BOND_OPTION_AT_CREATION) != 0)
		return reason_set(
			why,
			-EINVAL,
			"%s: option %s is set by commands of its own (see help)",
			bond_name(bond),
			o->name
		);
	if ((o->flags & BOND_OPTION_DOWN) != 0 && bond->up)
		return reason_set(
			why,
			-EBUSY,
			"%s: option %s needs the bond down (set bond %s down)",
			bond_name(bond),
			o->name,
			bond_name(bond)
		);
	if ((o->flags & BOND_OPTION_NO_MEMBERS) != 0 && bond->nb_members != 0 && !force)
		return reason_set(
			why,
			-ENOTEMPTY,
			"%s: option %s needs a bond without members, it has %u",
			bond_name(bond),
			o->name,
			bond->nb_members
		);
	return 0;
}

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

/* A changed address reaches the workers, the members and the pair's port. */
static int
mac_changed(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	int rc = bonds->host.park(bonds->host.ctx, why);

	if (rc != 0)
		return rc;
	rc = bond_mac_apply(bond, why);
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
 * mode: members leave and enter again at the next start.
 */
static int
mode_changed(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	int rc = 0;

	for (uint16_t i = 0; rc == 0 && i < bond->nb_members; i++) {
		rc = bond_member_detach(bonds, bond, &bond->members[i], why);
		bond_member_restore(bonds, &bond->members[i]);
	}
	if (rc == 0)
		rc = bond_pmd_mode_set(bond->port_id, (uint8_t)bond->settings.mode, why);
	return rc;
}

static int
apply_option(
	struct bonds *bonds, struct bond *bond, const struct bond_option *o, struct reason *why
)
{
	const struct bond_settings *s = &bond->settings;

	if (strcmp(o->name, "mode") == 0)
		return mode_changed(bonds, bond, why);
	if (strcmp(o->name, "xmit_hash_policy") == 0)
		return bond_pmd_policy_set(bond->port_id, bond_policy_to_pmd(s->policy), why);
	if (strcmp(o->name, "miimon") == 0)
		return bond_pmd_monitor_set(bond->port_id, s->miimon_ms, why);
	if (strcmp(o->name, "mac") == 0)
		return mac_changed(bonds, bond, why);
	if (strcmp(o->name, "primary") == 0)
		return primary_changed(bonds, bond, why);
	/* The others are read when the bond is started. */
	return 0;
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
	const struct bond_option *o = bond_option_find(option);
	struct bond_settings was = bond->settings;
	struct rte_ether_addr mac_was = bond->mac;
	struct reason what;
	int rc;

	if (o == NULL)
		return reason_set(
			why,
			-EINVAL,
			"%s: unknown option \"%.40s\" (see help create bond)",
			bond_name(bond),
			option
		);
	rc = o->parse(&bond->settings, value, &what);
	if (rc != 0)
		rc = reason_set(
			why,
			rc,
			"%s: option %s: %s (allowed: %s)",
			was.name,
			o->name,
			what.text,
			o->values
		);
	if (rc == 0)
		rc = bond_option_check_mode(o, &bond->settings, why);
	if (rc == 0)
		rc = check_option(bond, o, force, why);
	if (rc == 0) {
		rc = apply_option(bonds, bond, o, &what);
		if (rc != 0)
			reason_set(why, rc, "%s: option %s: %s", was.name, o->name, what.text);
	}
	if (rc != 0) {
		bond->settings = was;
		bond->mac = mac_was;
	}
	return rc;
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
		return 0;
	}
	bond->paired = false;
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
		if (bond->paired && bond->pair_port == port_id)
			bond->paired = false;
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
