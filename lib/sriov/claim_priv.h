/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of claim.h share: the locks of a VF, and what becomes of a record that is there.
 */
#pragma once

#include "claim.h"

/* The PF's lock is taken before the VF's, everywhere: else two could wait for each other. */
struct claim_locks {
	int pf, vf;
};

/* @pf: NULL when it is not known. The VF's changes are then one at a time only for the VF. */
int claim_locks_take(
	const struct sriov_host *h,
	const struct pci_addr *pf,
	const struct pci_addr *vf,
	struct claim_locks *ret,
	struct reason *why
);
void claim_locks_drop(struct claim_locks *l);

/* The PF's netdev into @buf. -ENODEV: none in this namespace. */
int claim_pf_netdev(
	const struct sriov_host *h,
	const struct pci_addr *pf,
	char buf[static 16],
	struct reason *why
);

/*
 * Everything as the record says it was, each part only where it differs, then the record away.
 * With an error the record stays, and the next try goes on. Locks are held. -EBUSY: a process has
 * the VF open.
 */
int claim_restore(
	const struct sriov_host *h,
	const struct claim_record *r,
	struct text *notes,
	struct reason *why
);

/* What there is to do about a record that was read. */
enum claim_fate claim_judge(const struct sriov_host *h, const struct claim_record *r);

/*
 * Read the record of @addr and do it, under locks. 0 with its fate; -ENOENT: there is none; with
 * another error *ret_fate is CLAIM_FAILED or CLAIM_UNREADABLE. With CLAIM_LIVES the reason tells
 * whose it is.
 */
int claim_settle(
	const struct sriov_host *h,
	const struct pci_addr *addr,
	bool dry_run,
	enum claim_fate *ret_fate,
	struct text *notes,
	struct reason *why
);

/*
 * Whether the VF, which is as @now tells, may be used as it is. -EAGAIN: no, it has to be claimed;
 * -EBUSY and others with the reason: it cannot be had.
 */
int claim_adopt(
	const struct sriov_host *h,
	const struct claim_request *req,
	const char *driver,
	const struct claim_result *now,
	struct reason *why
);
