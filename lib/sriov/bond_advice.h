/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What breaks bonds over VFs, said before traffic is lost: members on one PF, addresses that cannot
 * move, spoof checking, a PF in a bond of the host, what a mode needs of a VF's driver. Pure; used
 * by app/vfbond.
 */
#pragma once

#include "claim.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reason;
struct text;

struct bond_advice_member {
	const struct claim_result *vf;
	bool mac_asked;  /* the user gave mac= for this VF */
	bool pf_in_bond; /* the PF is a member of the bond @pf_master of the host */
	char pf_master[16];
	bool pf_carrier_known, pf_carrier;
	char pf_switch_id[68];
	/* The kernel driver of its PF, or its own: igb, ixgbe, i40e, ice, ena...; "": not known. */
	char pmd_family[16];
};

/* What is to be done about the administratively set addresses of the members. */
enum bond_advice_mac {
	ADVICE_MAC_FINE,   /* the bond can have its members use the addresses that it needs */
	ADVICE_MAC_SHARE,  /* give all of them bond_advice_shared_mac */
	ADVICE_MAC_REFUSE, /* nobody can: the user asked for different ones, or they share a PF */
};

/*
 * Judge a bond in @mode (0..6 as Linux numbers them; @fail_over_mac 0..2, of active-backup) over
 * @n members. @notes gains a line "BOND: ..." per warning, each with the reason and the remedy;
 * none when nothing is in the way. @why: what REFUSE means.
 */
enum bond_advice_mac bond_advice(
	const char *bond,
	uint8_t mode,
	uint8_t fail_over_mac,
	const struct bond_advice_member *members,
	size_t n,
	struct text *notes,
	struct reason *why
);

/*
 * The address that all members of a bond are to share: the first that the user asked for, else the
 * first that is set. NULL: none is.
 */
const uint8_t *bond_advice_shared_mac(const struct bond_advice_member *members, size_t n);
