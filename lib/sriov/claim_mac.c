/* SPDX-License-Identifier: BSD-3-Clause */
/* claim_set_mac of claim.h: another address for a VF that is claimed, as a bond over it needs. */
#include "claim_priv.h"
#include "reason.h"
#include "sriov_host.h"
#include "vf_apply.h"
#include "vf_use.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Whether @mac can be a VF's: as the word mac= judges it. */
static int
want_mac(const uint8_t mac[6], struct vf_settings *ret, struct reason *why)
{
	char word[32];

	*ret = (struct vf_settings){.has_mac = false};
	snprintf(
		word,
		sizeof(word),
		"mac=%02x:%02x:%02x:%02x:%02x:%02x",
		mac[0],
		mac[1],
		mac[2],
		mac[3],
		mac[4],
		mac[5]
	);
	return vf_settings_word(ret, word, why);
}

static int
check_ours(const struct sriov_host *h, const struct claim_record *r, struct reason *why)
{
	char name[PCI_ADDR_BYTES];

	if (claim_judge(h, r) == CLAIM_LIVES && r->owner.pid == getpid())
		return 0;
	if (vf_use_claimed(h, &r->addr, why) == 0)
		reason_set(why, 0, "%s is not claimed", pci_addr_text(&r->addr, name));
	reason_prefix(why, "its address is not ours to change");
	return -EPERM;
}

static int
set_locked(
	const struct sriov_host *h,
	const struct pci_addr *addr,
	const struct vf_settings *wanted,
	struct text *notes,
	struct reason *why
)
{
	struct claim_record before, r;
	struct vf_state now, want;
	uint32_t changed;
	char netdev[16];
	int rc;

	rc = journal_read(h, addr, &before, why);
	if (rc == 0)
		rc = check_ours(h, &before, why);
	if (rc == 0 && !before.pf_known)
		rc = reason_set(why, -ENODEV, "the VF's PF is not known");
	if (rc == 0)
		rc = claim_pf_netdev(h, &before.pf, netdev, why);
	if (rc == 0)
		rc = h->vf_get(h->ctx, netdev, before.vf_index, &now, why);
	if (rc != 0)
		return rc;
	r = before;
	r.settings.has_mac = true;
	memcpy(r.settings.mac, wanted->mac, sizeof(r.settings.mac));
	/* The first change of an attribute is what has to be given back. */
	if ((r.attrs & 1u << VF_ATTR_MAC) == 0) {
		memcpy(r.was_state.mac, now.mac, sizeof(now.mac));
		r.was_state.vf = r.vf_index;
		r.was_state.known |= 1u << VF_ATTR_MAC;
		r.attrs |= 1u << VF_ATTR_MAC;
	}
	rc = journal_write(h, &r, why);
	if (rc != 0)
		return rc;
	vf_settings_apply(wanted, &now, &want);
	rc = vf_apply(h, netdev, r.vf_index, 1u << VF_ATTR_MAC, &want, &changed, notes, why);
	/* Were it to fail: what the record adds is so already, and is not written again. */
	if (rc != 0)
		(void)journal_write(h, &before, NULL);
	return rc;
}

int
claim_set_mac(
	const struct sriov_host *h,
	const struct pci_addr *addr,
	const uint8_t mac[6],
	struct text *notes,
	struct reason *why
)
{
	struct claim_locks locks;
	struct vf_settings wanted;
	char name[PCI_ADDR_BYTES];
	struct claim_record r;
	int rc = want_mac(mac, &wanted, why);

	if (rc == 0)
		rc = journal_read(h, addr, &r, why);
	if (rc == -ENOENT)
		reason_set(
			why,
			rc,
			"%s was not claimed but adopted: its address is set where it was prepared",
			pci_addr_text(addr, name)
		);
	if (rc == 0)
		rc = claim_locks_take(h, r.pf_known ? &r.pf : NULL, addr, &locks, why);
	if (rc != 0)
		return rc;
	rc = set_locked(h, addr, &wanted, notes, why);
	claim_locks_drop(&locks);
	return rc;
}
