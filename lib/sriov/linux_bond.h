/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Modes and fail_over_mac of Linux's bonding driver, as this folder needs them, which does not see
 * lib/bond. Used by netconf_bond.c and bond_advice.c.
 */
#pragma once

/* Numbered as in the kernel (BOND_MODE_*, if_bonding.h). */
enum linux_bond_mode {
	LINUX_BOND_RR,
	LINUX_BOND_AB,
	LINUX_BOND_XOR,
	LINUX_BOND_BROADCAST,
	LINUX_BOND_8023AD,
	LINUX_BOND_TLB,
	LINUX_BOND_ALB,
	LINUX_BOND_MODES
};
extern const char *const linux_bond_mode_names[LINUX_BOND_MODES];

/* fail_over_mac (BOND_FOM_*, bond_options.h). */
enum { LINUX_BOND_FOM_NONE, LINUX_BOND_FOM_ACTIVE, LINUX_BOND_FOM_FOLLOW };
