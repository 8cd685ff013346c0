/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of bond_advice.h share: the bond that is judged, and how a warning is written. */
#pragma once

#include "bond_advice.h"
#include "linux_bond.h"
#include "text.h"

struct advice {
	const char *bond;
	enum linux_bond_mode mode;
	uint8_t fail_over_mac;
	const struct bond_advice_member *members;
	size_t n;
	bool shares; /* all are to get bond_advice_shared_mac */
	struct text *notes;
};

/* What a family of drivers cannot do, or only when the VF is trusted. */
enum {
	FAMILY_NO_LINK_INTERRUPT = 1 << 0,
	FAMILY_ONE_QUEUE = 1 << 1,            /* and no promiscuous mode */
	FAMILY_ALLMULTI_PRETENDED = 1 << 2,   /* without trust: "yes", and nothing is done */
	FAMILY_ALLMULTI_NEEDS_TRUST = 1 << 3, /* without trust: refused */
	FAMILY_MAC_NEEDS_TRUST = 1 << 4,
	FAMILY_NO_MAC_CHANGE = 1 << 5,
	FAMILY_KERNEL_DRIVER = 1 << 6, /* works on top of it, not of vfio-pci */
	FAMILY_BACKUP_ONLY = 1 << 7,   /* its vendor: VFs in active-backup only */
};
unsigned advice_family(const struct bond_advice_member *m);

/* Attributes that the PF's table shows. */
bool advice_knows(const struct bond_advice_member *m, enum vf_attr attr);
bool advice_is_trusted(const struct bond_advice_member *m);
bool advice_same_pf(const struct bond_advice_member *a, const struct bond_advice_member *b);

/* All members carry the bond's address; else each has one of its own. */
bool advice_one_address(const struct advice *a);
/* Addresses stay where they are: only fail_over_mac=active. */
bool advice_address_stays(const struct advice *a);

/*
 * A line about the members for which @is says so, all in one: "BOND: MEMBER, MEMBER: " and @text.
 * No line when there is none.
 */
void advice_about(
	const struct advice *a,
	bool (*is)(const struct advice *a, const struct bond_advice_member *m),
	const char *text
);

/* Everything but addresses. */
void advice_rules(const struct advice *a);
