/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether the members' addresses can be what a bond needs, and spoof checking. See bond_advice.h.
 */
#include "bond_advice.h"

#include "bond_advice_priv.h"
#include "reason.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MAC_TEXT_BYTES = 18 };

static const uint8_t no_mac[6];

static const char *
mac_text(const uint8_t mac[6], char buf[static MAC_TEXT_BYTES])
{
	snprintf(
		buf,
		MAC_TEXT_BYTES,
		"%02x:%02x:%02x:%02x:%02x:%02x",
		mac[0],
		mac[1],
		mac[2],
		mac[3],
		mac[4],
		mac[5]
	);
	return buf;
}

/* The address that the PF holds for the VF; zero: none, or not known. */
static const uint8_t *
set_mac(const struct bond_advice_member *m)
{
	return advice_knows(m, VF_ATTR_MAC) ? m->vf->state.mac : no_mac;
}

static bool
has_set_mac(const struct bond_advice_member *m)
{
	return memcmp(set_mac(m), no_mac, sizeof(no_mac)) != 0;
}

static bool
same_mac(const struct bond_advice_member *m, const uint8_t mac[6])
{
	return memcmp(set_mac(m), mac, sizeof(no_mac)) == 0;
}

/*
 * Whether the PF refuses any address but the one that it has set: "attempted to override
 * administratively set MAC address" (igb_vf, i40e_vc_add_mac_addr_msg, ice_vc_add_mac_addr_msg).
 */
static bool
is_held(const struct bond_advice_member *m)
{
	return !advice_is_trusted(m) && advice_knows(m, VF_ATTR_MAC) &&
	       (has_set_mac(m) || (advice_family(m) & FAMILY_MAC_NEEDS_TRUST));
}

bool
advice_one_address(const struct advice *a)
{
	switch (a->mode) {
	case LINUX_BOND_AB:
		return a->fail_over_mac == LINUX_BOND_FOM_NONE;
	case LINUX_BOND_TLB:
	case LINUX_BOND_ALB:
		return false;
	default:
		return true;
	}
}

bool
advice_address_stays(const struct advice *a)
{
	return a->mode == LINUX_BOND_AB && a->fail_over_mac == LINUX_BOND_FOM_ACTIVE;
}

const uint8_t *
bond_advice_shared_mac(const struct bond_advice_member *members, size_t n)
{
	for (int asked = 1; asked >= 0; asked--)
		for (size_t i = 0; i < n; i++)
			if (has_set_mac(&members[i]) && (members[i].mac_asked || !asked))
				return set_mac(&members[i]);
	return NULL;
}

/* The first member that is held to another address than the bond's, which is the first member's. */
static const struct bond_advice_member *
find_held(const struct advice *a)
{
	if (advice_address_stays(a) || a->n < 2)
		return NULL;
	for (size_t i = 0; i < a->n; i++)
		if (is_held(&a->members[i]) && !(has_set_mac(&a->members[i]) &&
		                                 same_mac(&a->members[i], set_mac(&a->members[0]))))
			return &a->members[i];
	return NULL;
}

/* Two members that no one address can be given to. */
static bool
find_same_pf(
	const struct advice *a,
	const struct bond_advice_member **ret_one,
	const struct bond_advice_member **ret_other
)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = i + 1; k < a->n; k++)
			if (advice_same_pf(&a->members[i], &a->members[k])) {
				*ret_one = &a->members[i];
				*ret_other = &a->members[k];
				return true;
			}
	return false;
}

static const char *
remedy(const struct advice *a)
{
	return a->mode == LINUX_BOND_AB ? "set trust=on for all, or take fail_over_mac=active"
	                                : "set trust=on for all";
}

static bool
refuse_shared_pf(const struct advice *a, struct reason *why)
{
	const struct bond_advice_member *one, *other;
	char x[PCI_ADDR_BYTES], y[PCI_ADDR_BYTES], pf[PCI_ADDR_BYTES];

	if (!find_same_pf(a, &one, &other))
		return false;
	reason_set(
		why,
		-EINVAL,
		"%s: without trust the PFs hold the members to different addresses, and %s and %s "
		"are VFs of one PF, %s, which can give one address to one of them only: take VFs "
		"of "
		"different PFs, or %s",
		a->bond,
		pci_addr_text(&one->vf->addr, x),
		pci_addr_text(&other->vf->addr, y),
		pci_addr_text(&one->vf->pf, pf),
		remedy(a)
	);
	return true;
}

static bool
refuse_asked(const struct advice *a, const uint8_t shared[6], struct reason *why)
{
	char x[PCI_ADDR_BYTES], mac[MAC_TEXT_BYTES], other[MAC_TEXT_BYTES];

	for (size_t i = 0; i < a->n; i++) {
		const struct bond_advice_member *m = &a->members[i];

		if (!m->mac_asked || same_mac(m, shared))
			continue;
		reason_set(
			why,
			-EINVAL,
			"%s: mac=%s was asked for %s, and %s for another member: without trust the "
			"PFs refuse the bond's address beside them: give all members one mac, or "
			"%s",
			a->bond,
			mac_text(set_mac(m), mac),
			pci_addr_text(&m->vf->addr, x),
			mac_text(shared, other),
			remedy(a)
		);
		return true;
	}
	return false;
}

/* Modes in which all members send, each with another address (Linux: bond_is_lb). */
static bool
has_own_addresses(const struct advice *a)
{
	return a->mode == LINUX_BOND_TLB || a->mode == LINUX_BOND_ALB;
}

static bool
is_checked(const struct bond_advice_member *m)
{
	return advice_knows(m, VF_ATTR_SPOOFCHK) && m->vf->state.spoofchk;
}

/*
 * Where each member has an address of its own, one of two that have the same gets a random one
 * (lib/bond/run_mac.c, as in Linux), which its PF refuses. It is the later one.
 */
static bool
sends_random(const struct advice *a, const struct bond_advice_member *m)
{
	const struct bond_advice_member *first = &a->members[0];

	return has_own_addresses(a) && m != first && is_checked(m) && !advice_is_trusted(m) &&
	       (a->shares || (has_set_mac(m) && same_mac(m, set_mac(first))));
}

/*
 * Spoof checking compares with the VF's address, and drivers may do so with the one that the
 * administrator set even where they let a trusted VF take another.
 */
static bool
sends_anothers(const struct advice *a, const struct bond_advice_member *m)
{
	if (!is_checked(m) || sends_random(a, m))
		return false;
	if (a->mode == LINUX_BOND_ALB)
		return true;
	return !a->shares && has_set_mac(m) && !same_mac(m, set_mac(&a->members[0]));
}

static void
warn_of_spoofchk(const struct advice *a)
{
	if (advice_address_stays(a) || a->n < 2)
		return;
	advice_about(
		a,
		sends_random,
		"members send with addresses of their own in this mode, and beside the same one in "
		"another member with a random one, which spoofchk=on drops: set trust=on or "
		"spoofchk=off, or take active-backup"
	);
	advice_about(
		a,
		sends_anothers,
		advice_one_address(a)
			? "spoofchk=on, and it sends with the bond's address while its PF has "
			  "another: set spoofchk=off, or one mac for all members"
			: "spoofchk=on, and members exchange their addresses at a failover: a PF "
			  "whose check does not follow drops what they send: set spoofchk=off"
	);
}

static enum bond_advice_mac
judge_held(const struct advice *a, const struct bond_advice_member *held, struct reason *why)
{
	const uint8_t *shared = bond_advice_shared_mac(a->members, a->n);
	char x[PCI_ADDR_BYTES], mac[MAC_TEXT_BYTES];

	if (refuse_shared_pf(a, why))
		return ADVICE_MAC_REFUSE;
	pci_addr_text(&held->vf->addr, x);
	if (shared == NULL) {
		reason_set(
			why,
			-EINVAL,
			"%s: %s cannot take the bond's address without trust: set trust=on, or one "
			"mac for all members",
			a->bond,
			x
		);
		return ADVICE_MAC_REFUSE;
	}
	if (refuse_asked(a, shared, why))
		return ADVICE_MAC_REFUSE;
	text_printf(
		a->notes,
		"%s: %s: without trust its PF lets it use the address set there only, and members "
		"have different ones: all get %s; to keep them, %s\n",
		a->bond,
		x,
		mac_text(shared, mac),
		remedy(a)
	);
	return ADVICE_MAC_SHARE;
}

static bool
is_not_known(const struct advice *a, const struct bond_advice_member *m)
{
	(void)a;
	return !m->vf->has_state && !(advice_family(m) & FAMILY_NO_MAC_CHANGE);
}

static enum bond_advice_mac
judge_macs(const struct advice *a, struct reason *why)
{
	const struct bond_advice_member *held = find_held(a);

	if (held != NULL)
		return judge_held(a, held, why);
	if (!advice_address_stays(a) && a->n > 1)
		advice_about(
			a,
			is_not_known,
			"its PF cannot be asked from here whether it may use the bond's address: "
			"have whoever prepared it set trust=on, or one mac for all members"
		);
	return ADVICE_MAC_FINE;
}

enum bond_advice_mac
bond_advice(
	const char *bond,
	uint8_t mode,
	uint8_t fail_over_mac,
	const struct bond_advice_member *members,
	size_t n,
	struct text *notes,
	struct reason *why
)
{
	struct advice a = {
		.bond = bond,
		.mode = (enum linux_bond_mode)mode,
		.fail_over_mac = fail_over_mac,
		.members = members,
		.n = n,
		.notes = notes,
	};
	enum bond_advice_mac mac = judge_macs(&a, why);

	a.shares = mac == ADVICE_MAC_SHARE;
	if (mac != ADVICE_MAC_REFUSE)
		warn_of_spoofchk(&a);
	advice_rules(&a);
	return mac;
}
