/* SPDX-License-Identifier: BSD-3-Clause */
/* What a bond over VFs suffers from besides addresses. See bond_advice.h. */
#include "bond_advice_priv.h"

#include <stdio.h>
#include <string.h>

/*
 * What is known of the PMDs of VFs by the kernel driver of their PF. DPDK's eth_igbvf_dev_init and
 * ixgbevf have no RTE_PCI_DRV_INTR_LSC; i40e and ice answer an untrusted VF's promiscuous request
 * with success on purpose (i40e_vc_config_promiscuous_mode_msg, ice_vc_cfg_promiscuous_mode_msg);
 * guides: bnxt.rst, "VF Representors and trusted VFs", mlx5.rst, hns3.rst; NVIDIA's VF-LAG guide
 * for BACKUP_ONLY.
 */
static const struct {
	const char *driver;
	unsigned flags;
} families[] = {
	{"igb", FAMILY_NO_LINK_INTERRUPT},
	{"ixgbe", FAMILY_NO_LINK_INTERRUPT | FAMILY_ONE_QUEUE},
	{"i40e", FAMILY_ALLMULTI_PRETENDED},
	{"ice", FAMILY_ALLMULTI_PRETENDED},
	{"mlx5_core", FAMILY_ALLMULTI_NEEDS_TRUST | FAMILY_KERNEL_DRIVER | FAMILY_BACKUP_ONLY},
	{"mlx4_core", FAMILY_KERNEL_DRIVER | FAMILY_BACKUP_ONLY},
	{"bnxt_en", FAMILY_ALLMULTI_NEEDS_TRUST | FAMILY_MAC_NEEDS_TRUST},
	{"hns3", FAMILY_ALLMULTI_NEEDS_TRUST},
	{"ena", FAMILY_NO_MAC_CHANGE},
	{"mana", FAMILY_NO_MAC_CHANGE | FAMILY_KERNEL_DRIVER},
};

unsigned
advice_family(const struct bond_advice_member *m)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (strcmp(families[i].driver, m->pmd_family) == 0)
			return families[i].flags;
	return 0;
}

bool
advice_knows(const struct bond_advice_member *m, enum vf_attr attr)
{
	return m->vf->has_state && (m->vf->state.known & 1u << attr) != 0;
}

bool
advice_is_trusted(const struct bond_advice_member *m)
{
	return advice_knows(m, VF_ATTR_TRUST) && m->vf->state.trust;
}

bool
advice_same_pf(const struct bond_advice_member *a, const struct bond_advice_member *b)
{
	return a->vf->pf_known && b->vf->pf_known && pci_addr_cmp(&a->vf->pf, &b->vf->pf) == 0;
}

void
advice_about(
	const struct advice *a,
	bool (*is)(const struct advice *a, const struct bond_advice_member *m),
	const char *text
)
{
	char addr[PCI_ADDR_BYTES];
	bool any = false;

	for (size_t i = 0; i < a->n; i++) {
		if (!is(a, &a->members[i]))
			continue;
		text_printf(a->notes, "%s%s", any ? ", " : a->bond, any ? "" : ": ");
		text_puts(a->notes, pci_addr_text(&a->members[i].vf->addr, addr));
		any = true;
	}
	if (any)
		text_printf(a->notes, ": %s\n", text);
}

/* What two members on one PF mean for the mode, beside that both fail with it. */
static const char *
harm_of_one_pf(const struct advice *a)
{
	if (a->mode == LINUX_BOND_8023AD)
		return ", and its one cable cannot carry two partners of LACP";
	if (a->mode == LINUX_BOND_BROADCAST)
		return ", and every frame leaves it twice";
	if (advice_one_address(a))
		return ", and its switch can give the bond's address to one of them only";
	return "";
}

/* Each member that is on the PF of an earlier one, once. */
static void
warn_of_one_pf(const struct advice *a)
{
	char x[PCI_ADDR_BYTES], y[PCI_ADDR_BYTES], pf[PCI_ADDR_BYTES];

	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < i; k++) {
			if (!advice_same_pf(&a->members[k], &a->members[i]))
				continue;
			text_printf(
				a->notes,
				"%s: %s and %s are VFs of one PF, %s: both fail with it%s; take "
				"VFs "
				"of different PFs (--distinct-pf)\n",
				a->bond,
				pci_addr_text(&a->members[k].vf->addr, x),
				pci_addr_text(&a->members[i].vf->addr, y),
				pci_addr_text(&a->members[i].vf->pf, pf),
				harm_of_one_pf(a)
			);
			break;
		}
}

static bool
is_on_one_switch(const struct bond_advice_member *a, const struct bond_advice_member *b)
{
	return a->pf_switch_id[0] != '\0' && strcmp(a->pf_switch_id, b->pf_switch_id) == 0 &&
	       !advice_same_pf(a, b);
}

static void
warn_of_one_switch(const struct advice *a)
{
	char x[PCI_ADDR_BYTES], y[PCI_ADDR_BYTES];

	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < i; k++) {
			if (!is_on_one_switch(&a->members[k], &a->members[i]))
				continue;
			text_printf(
				a->notes,
				"%s: %s and %s are behind one switch inside a NIC "
				"(phys_switch_id %s): both fail with it%s; take VFs of different "
				"NICs\n",
				a->bond,
				pci_addr_text(&a->members[k].vf->addr, x),
				pci_addr_text(&a->members[i].vf->addr, y),
				a->members[i].pf_switch_id,
				advice_one_address(a)
					? ", and it sees the bond's address at two of its ports"
					: ""
			);
			break;
		}
}

/* What the host's own bond on the same port does to ours. */
static void
warn_of_host_bonds(const struct advice *a)
{
	char addr[PCI_ADDR_BYTES], pf[PCI_ADDR_BYTES];

	for (size_t i = 0; i < a->n; i++) {
		const struct bond_advice_member *m = &a->members[i];

		if (!m->pf_in_bond)
			continue;
		text_printf(
			a->notes,
			"%s: %s: its PF %s is a member of the host's bond %s: %s; take the PF out "
			"of %s, or leave the bonding to the host and give the program one VF\n",
			a->bond,
			pci_addr_text(&m->vf->addr, addr),
			m->vf->pf_known ? pci_addr_text(&m->vf->pf, pf) : "(not to be seen)",
			m->pf_master,
			a->mode == LINUX_BOND_8023AD
				? "if that is 802.3ad too, two speak LACP on one port of the switch"
				: "where the switch has a link aggregation for it, half of what is "
				  "meant for the bond comes to the other PF, and is lost",
			m->pf_master
		);
	}
}

static bool
has_no_carrier(const struct advice *a, const struct bond_advice_member *m)
{
	(void)a;
	return m->pf_carrier_known && !m->pf_carrier;
}

static bool
hides_failures(const struct advice *a, const struct bond_advice_member *m)
{
	(void)a;
	return advice_knows(m, VF_ATTR_LINK_STATE) && m->vf->state.link_state == VF_LINK_ENABLE;
}

static bool
is_held_down(const struct advice *a, const struct bond_advice_member *m)
{
	(void)a;
	return advice_knows(m, VF_ATTR_LINK_STATE) && m->vf->state.link_state == VF_LINK_DISABLE;
}

static void
warn_of_links(const struct advice *a)
{
	advice_about(
		a,
		has_no_carrier,
		"its PF has no carrier, so the member is down: raise the PF (ip link set PF up), "
		"or "
		"look at its cable"
	);
	advice_about(
		a,
		hides_failures,
		a->mode == LINUX_BOND_8023AD
			? "link-state=enable hides a lost link of its PF: LACP notices after its "
			  "timeout only; set link-state=auto"
			: "link-state=enable hides a lost link of its PF, and the bond goes on "
			  "sending there: set link-state=auto, or watch by arp_interval"
	);
	advice_about(a, is_held_down, "link-state=disable holds it down: set link-state=auto");
}

static bool
same_vlan(const struct vf_state *a, const struct vf_state *b)
{
	return a->vlan == b->vlan && (a->vlan == 0 || a->vlan_proto == b->vlan_proto);
}

/* One line: the first two that are not in the same network. */
static void
warn_of_vlans(const struct advice *a)
{
	const struct bond_advice_member *first = NULL;
	char x[PCI_ADDR_BYTES], y[PCI_ADDR_BYTES];

	for (size_t i = 0; i < a->n; i++) {
		const struct bond_advice_member *m = &a->members[i];

		if (!advice_knows(m, VF_ATTR_VLAN))
			continue;
		if (first == NULL)
			first = m;
		if (same_vlan(&first->vf->state, &m->vf->state))
			continue;
		text_printf(
			a->notes,
			"%s: %s has vlan %u from its PF and %s %u%s: they reach different "
			"networks; "
			"set the same vlan and proto for all\n",
			a->bond,
			pci_addr_text(&first->vf->addr, x),
			first->vf->state.vlan,
			pci_addr_text(&m->vf->addr, y),
			m->vf->state.vlan,
			first->vf->state.vlan == m->vf->state.vlan ? " of another proto" : ""
		);
		return;
	}
}

static bool
hears_no_lacp_silently(const struct advice *a, const struct bond_advice_member *m)
{
	(void)a;
	return (advice_family(m) & FAMILY_ALLMULTI_PRETENDED) && m->vf->has_state &&
	       !advice_is_trusted(m);
}

static bool
hears_no_lacp(const struct advice *a, const struct bond_advice_member *m)
{
	(void)a;
	return (advice_family(m) & FAMILY_ALLMULTI_NEEDS_TRUST) && m->vf->has_state &&
	       !advice_is_trusted(m);
}

/* What the mode wants of the switch and of the VFs. */
static void
warn_of_mode(const struct advice *a)
{
	if (a->mode == LINUX_BOND_RR || a->mode == LINUX_BOND_XOR)
		text_printf(
			a->notes,
			"%s: %s over VFs wants a static link aggregation in the switch over the "
			"ports of all members' PFs, and everybody else on these PFs to balance so "
			"too: else take active-backup\n",
			a->bond,
			linux_bond_mode_names[a->mode]
		);
	if (a->mode != LINUX_BOND_8023AD)
		return;
	text_printf(
		a->notes,
		"%s: no vendor supports 802.3ad over VFs: NICs may keep LACPDUs from a VF, and a "
		"port of the switch has one partner, so neither the host nor another VF of these "
		"PFs may speak LACP: if no partner shows (show lacp %s), take active-backup\n",
		a->bond,
		a->bond
	);
	advice_about(
		a,
		hears_no_lacp_silently,
		"without trust its PF says yes to allmulticast and does nothing, so no LACPDU "
		"comes "
		"in: set trust=on"
	);
	advice_about(
		a,
		hears_no_lacp,
		"without trust its PF refuses allmulticast, so no LACPDU comes in: set trust=on"
	);
}

static bool
is_polled(const struct advice *a, const struct bond_advice_member *m)
{
	(void)a;
	return advice_family(m) & FAMILY_NO_LINK_INTERRUPT;
}

static bool
has_one_queue(const struct advice *a, const struct bond_advice_member *m)
{
	(void)a;
	return advice_family(m) & FAMILY_ONE_QUEUE;
}

static bool
keeps_its_address(const struct advice *a, const struct bond_advice_member *m)
{
	return !advice_address_stays(a) && (advice_family(m) & FAMILY_NO_MAC_CHANGE);
}

static bool
is_for_backup_only(const struct advice *a, const struct bond_advice_member *m)
{
	return a->mode != LINUX_BOND_AB && (advice_family(m) & FAMILY_BACKUP_ONLY);
}

static bool
is_taken_from_its_driver(const struct advice *a, const struct bond_advice_member *m)
{
	(void)a;
	return (advice_family(m) & FAMILY_KERNEL_DRIVER) &&
	       strncmp(m->vf->driver, "vfio", strlen("vfio")) == 0;
}

static void
warn_of_families(const struct advice *a)
{
	advice_about(
		a,
		is_polled,
		"its driver in DPDK has no link interrupt: a lost link is noticed every miimon "
		"only; keep miimon=100 or less"
	);
	advice_about(
		a,
		has_one_queue,
		"VFs of an 82599 have one queue and cannot be promiscuous: keep --rxq and --txq at "
		"1, and pair the bond with a port that takes its address"
	);
	advice_about(
		a,
		keeps_its_address,
		"it cannot take another address: take active-backup with fail_over_mac=active"
	);
	advice_about(
		a,
		is_for_backup_only,
		"its vendor supports active-backup only over VFs: take it, or the NIC's own link "
		"aggregation (VF-LAG) with one VF"
	);
	advice_about(
		a,
		is_taken_from_its_driver,
		"its driver in DPDK works on top of the kernel's, not of vfio-pci: give it back "
		"(vfctl unbind)"
	);
}

void
advice_rules(const struct advice *a)
{
	warn_of_one_pf(a);
	warn_of_one_switch(a);
	warn_of_host_bonds(a);
	warn_of_links(a);
	warn_of_vlans(a);
	warn_of_mode(a);
	warn_of_families(a);
}
