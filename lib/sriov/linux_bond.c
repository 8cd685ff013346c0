/* SPDX-License-Identifier: BSD-3-Clause */
/* See linux_bond.h. */
#include "linux_bond.h"

const char *const linux_bond_mode_names[] = {
	[LINUX_BOND_RR] = "balance-rr",
	[LINUX_BOND_AB] = "active-backup",
	[LINUX_BOND_XOR] = "balance-xor",
	[LINUX_BOND_BROADCAST] = "broadcast",
	[LINUX_BOND_8023AD] = "802.3ad",
	[LINUX_BOND_TLB] = "balance-tlb",
	[LINUX_BOND_ALB] = "balance-alb",
};
_Static_assert(
	sizeof(linux_bond_mode_names) / sizeof(linux_bond_mode_names[0]) == LINUX_BOND_MODES,
	"name every mode"
);
