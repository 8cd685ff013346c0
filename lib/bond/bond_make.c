/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making and removing bonds, step by step with an undo for each: from ports to a bond and back, and
 * bonds that EAL made. See bond.h.
 */
#include "bond_priv.h"

#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
			why,
			-ENOMEM,
			"%s: mode %s needs about %u MB of EAL's memory, %u MB are free: give more "
			"with -m",
			s->name,
			bond_mode_names[s->mode],
			(unsigned)(need >> 20) + 1,
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
		if (rc != 0) {
			rc = bond_member_failure(bonds, id, rc, &what);
			return reason_set(
				why,
				rc,
				"%s: cannot use member %s: %s",
				bond_name(bond),
				port_name(bonds->ports, id),
				what.text
			);
		}
	}
	return 0;
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
		rc = bond_pmd_monitor_set(bond->port_id, bond_pmd_poll_ms(s), &what);
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

/* Step 4: the members enter the bond. */
static int
add_members(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	struct reason what;
	int rc = bond_mac_apply(bond, why);

	for (uint16_t i = 0; rc == 0 && i < bond->nb_members; i++) {
		uint16_t id = bond->members[i].port_id;

		rc = bond_member_attach(bonds, bond, &bond->members[i], &what);
		if (rc != 0) {
			rc = bond_member_failure(bonds, id, rc, &what);
			bond_member_refused(bonds, bond, id, rc, &what, why);
		}
	}
	return rc;
}

/* @undo: the members are what they were before, started or not; else they end stopped. */
static void
drop_members(struct bonds *bonds, struct bond *bond, bool undo)
{
	struct reason why;

	while (bond->nb_members != 0) {
		struct bond_member m = bond->members[bond->nb_members - 1];

		if (m.attached &&
		    bond_member_detach(bonds, bond, &bond->members[bond->nb_members - 1], &why) !=
		            0)
			bond_event(bonds, "%s: %s", bond_name(bond), why.text);
		bond_member_restore(bonds, &m);
		bond_member_forget(bond, m.port_id);
		if (undo)
			bond_member_resume(bonds, &m);
	}
}

static int
check_new(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	struct bond_settings *s = &bond->settings;
	struct reason what;
	uint16_t id;
	int rc;

	if (bonds_find(bonds, s->name) != NULL)
		return reason_set(
			why, -EEXIST, "%s: there is a bond of this name already", s->name
		);
	if (ports_find(bonds->ports, s->name, &id, NULL) == 0)
		return reason_set(why, -EEXIST, "%s: port %u has this name already", s->name, id);
	rc = bond_settings_check_path(s, why);
	if (rc == 0)
		rc = check_memory(s, why);
	if (rc != 0)
		return rc;
	for (uint16_t i = 0; i < s->nb_members; i++) {
		if (bonds_find(bonds, s->members[i]) != NULL)
			return reason_set(
				why,
				-EINVAL,
				"%s: cannot add member %s: it is a bond itself",
				s->name,
				s->members[i]
			);
		rc = ports_find(bonds->ports, s->members[i], &id, &what);
		if (rc != 0)
			return reason_set(why, rc, "%s: cannot add member: %s", s->name, what.text);
		if (bond_find_member(bond, id) != NULL)
			return reason_set(
				why,
				-EINVAL,
				"%s: member %s is given twice",
				s->name,
				port_name(bonds->ports, id)
			);
		rc = bond_member_check(bonds, bond, id, why);
		if (rc != 0)
			return rc;
		bond_member_record(bonds, bond, id);
	}
	if (s->primary[0] != '\0' && (ports_find(bonds->ports, s->primary, &id, NULL) != 0 ||
	                              bond_find_member(bond, id) == NULL))
		bond_event(bonds, "%s: primary %s is not a member yet", s->name, s->primary);
	return 0;
}

int
bond_create(struct bonds *bonds, const struct bond_settings *s, struct reason *why)
{
	struct bond *bond = calloc(1, sizeof(*bond));
	int rc;

	if (bond == NULL)
		return reason_set(why, -ENOMEM, "%s: out of memory", s->name);
	bond->settings = *s;
	bond->port_id = RTE_MAX_ETHPORTS;
	snprintf(
		bond->dev_name,
		sizeof(bond->dev_name),
		"%s_%.*s",
		BOND_PMD_NAME_PREFIX,
		BOND_NAME_BYTES - 1,
		s->name
	);
	rc = check_new(bonds, bond, why);
	if (rc != 0) {
		free(bond);
		return rc;
	}
	/* From here on the members are nobody else's: the workers let them go. */
	TAILQ_INSERT_TAIL(&bonds->list, bond, entry);
	if ((rc = bonds_relayout(bonds, why)) != 0 || (rc = ready_members(bonds, bond, why)) != 0)
		goto fail;
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
	drop_members(bonds, bond, true);
	if (bond->port_id != RTE_MAX_ETHPORTS)
		remove_device(bonds, bond);
	TAILQ_REMOVE(&bonds->list, bond, entry);
	free(bond);
	(void)bonds_relayout(bonds, NULL);
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
	rte_strscpy(bond->dev_name, port_name(bonds->ports, port_id), sizeof(bond->dev_name));
	bond_settings_default(s, bond->dev_name);
	/* What EAL's arguments made runs as the PMD runs it, until the user says otherwise. */
	s->io_path = BOND_IO_PMD;
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
	/* Some policies have no counterpart of their own there: the first that fits. */
	for (unsigned i = BOND_POLICY_COUNT; i-- > 0;)
		if (bond_policy_to_pmd((enum bond_policy)i) == policy)
			s->policy = (enum bond_policy)i;
	if (s->mode == BOND_MODE_8023AD && bond_pmd_agg(port_id, &agg) == 0)
		for (unsigned i = 0; i < BOND_AD_SELECT_COUNT; i++)
			if (bond_ad_select_to_pmd((enum bond_ad_select)i) == agg)
				s->ad_select = (enum bond_ad_select)i;
	for (int i = 0; i < n; i++)
		bond_member_record(bonds, bond, members[i])->attached = true;
	(void)rte_eth_macaddr_get(port_id, &bond->mac);
	TAILQ_INSERT_TAIL(&bonds->list, bond, entry);
	if (n == 0)
		return 0;
	rc = bond_mac_apply(bond, why);
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
	drop_members(bonds, bond, false);
	remove_device(bonds, bond);
	TAILQ_REMOVE(&bonds->list, bond, entry);
	free(bond);
	return bonds_relayout(bonds, why);
}
