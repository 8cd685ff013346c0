/* SPDX-License-Identifier: BSD-3-Clause */
/* The way back of claim.h: everything as the record says it was, and the record away. */
#include "claim_lock.h"
#include "claim_priv.h"
#include "reason.h"
#include "sriov_host.h"
#include "text.h"
#include "vf_apply.h"
#include "vf_bind.h"
#include "vf_use.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A driver that answers "later" keeps its PF's lock for ten seconds and more. */
enum { LOCK_LIMIT_MS = 60000 };

int
claim_locks_take(
	const struct sriov_host *h,
	const struct pci_addr *pf,
	const struct pci_addr *vf,
	struct claim_locks *ret,
	struct reason *why
)
{
	struct claim_locks l = {.pf = -1, .vf = -1};
	int rc = 0;

	if (pf != NULL)
		rc = claim_lock(h, CLAIM_LOCK_PF, pf, LOCK_LIMIT_MS, &l.pf, why);
	if (rc == 0)
		rc = claim_lock(h, CLAIM_LOCK_VF, vf, LOCK_LIMIT_MS, &l.vf, why);
	if (rc != 0)
		claim_locks_drop(&l);
	else
		*ret = l;
	return rc;
}

void
claim_locks_drop(struct claim_locks *l)
{
	claim_unlock(l->vf);
	claim_unlock(l->pf);
	*l = (struct claim_locks){.pf = -1, .vf = -1};
}

int
claim_pf_netdev(
	const struct sriov_host *h,
	const struct pci_addr *pf,
	char buf[static 16],
	struct reason *why
)
{
	char name[PCI_ADDR_BYTES];
	struct pci_device dev;

	if (pci_device_read(&h->fs, pf, &dev) != 0 || dev.netdev[0] == '\0')
		return reason_set(
			why,
			-ENODEV,
			"its PF %s has no network device in this namespace",
			pci_addr_text(pf, name)
		);
	memcpy(buf, dev.netdev, sizeof(dev.netdev));
	return 0;
}

/*
 * Before the VF goes back: drivers of VFs read their address when they get it, and some of PFs
 * refuse changes of one that is in use.
 */
static int
restore_settings(
	const struct sriov_host *h,
	const struct claim_record *r,
	struct text *notes,
	struct reason *why
)
{
	static const uint8_t zero[6];
	char name[PCI_ADDR_BYTES], netdev[16];
	struct reason cause;
	int rc;

	if (r->attrs == 0)
		return 0;
	pci_addr_text(&r->addr, name);
	rc = claim_pf_netdev(h, &r->pf, netdev, &cause);
	if (rc != 0)
		return reason_set(
			why,
			rc,
			"%s: %.300s: its settings are restored where it has (vfctl release %s)",
			name,
			cause.text,
			name
		);
	rc = vf_restore(h, netdev, r->attrs, &r->was_state, notes, why);
	if (rc == 0 && notes != NULL && (r->attrs & 1u << VF_ATTR_MAC) != 0 &&
	    memcmp(r->was_state.mac, zero, sizeof(zero)) != 0)
		text_printf(
			notes,
			"%s: it has its address back, but the PF's driver may now take that for "
			"set by the administrator, so that a VF without trust cannot change it "
			"until that driver is loaded again\n",
			name
		);
	return rc;
}

int
claim_restore(
	const struct sriov_host *h,
	const struct claim_record *r,
	struct text *notes,
	struct reason *why
)
{
	int rc = vf_use_open(h, &r->addr, why);

	if (rc == 0)
		rc = restore_settings(h, r, notes, why);
	/* Not after a failure: the kernel's driver would take over the claim's settings. */
	if (rc == 0 && r->binds)
		rc = vf_bind_restore(h, &r->addr, &r->was, why);
	if (rc == 0)
		return journal_remove(h, &r->addr, why);
	/* -ENOENT tells callers that there is no record. */
	return rc == -ENOENT ? -ENODEV : rc;
}

/* A full disk must not keep a VF from going back. */
static bool
is_full(int rc)
{
	return rc == -ENOSPC || rc == -EDQUOT;
}

static int
release_locked(
	const struct sriov_host *h,
	const struct pci_addr *addr,
	bool force,
	struct text *notes,
	struct reason *why
)
{
	char name[PCI_ADDR_BYTES];
	struct claim_record r;
	int rc = journal_read(h, addr, &r, why);

	if (rc != 0)
		return rc;
	if (claim_judge(h, &r) == CLAIM_VANISHED) {
		if (notes != NULL)
			text_printf(
				notes,
				"%s: nothing of its claim is left to restore: the VF is no more, "
				"or the machine was booted since\n",
				pci_addr_text(addr, name)
			);
		return journal_remove(h, addr, why);
	}
	if (!force && r.owner.pid != 0 && r.owner.pid != getpid() && claim_owner_alive(h, &r.owner))
		return vf_use_claimed(h, addr, why);
	rc = vf_use_open(h, addr, why);
	if (rc != 0)
		return rc;
	/* After a crash half-way reconcile goes on, also when the claim has no owner. */
	if (r.complete) {
		r.complete = false;
		rc = journal_write(h, &r, why);
		if (rc != 0 && !is_full(rc))
			return rc;
	}
	return claim_restore(h, &r, notes, why);
}

int
claim_release(
	const struct sriov_host *h,
	const struct pci_addr *addr,
	bool force,
	struct text *notes,
	struct reason *why
)
{
	struct claim_locks locks;
	char name[PCI_ADDR_BYTES];
	struct claim_record r;
	int rc;

	/* Without locks, for whose PF it is; it is read again under them. */
	rc = journal_read(h, addr, &r, why);
	if (rc == -ENOENT)
		return reason_set(why, rc, "%s is not claimed", pci_addr_text(addr, name));
	if (rc == 0)
		rc = claim_locks_take(h, r.pf_known ? &r.pf : NULL, addr, &locks, why);
	if (rc != 0)
		return rc;
	rc = release_locked(h, addr, force, notes, why);
	claim_locks_drop(&locks);
	return rc;
}
