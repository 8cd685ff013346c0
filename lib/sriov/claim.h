/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VF becomes ours and goes back: lock, record, configure, bind, verify; release restores exactly
 * what was changed; reconcile does so for owners that are gone. A VF that is as wanted already, as
 * in a pod, is adopted without any write. Used by app/vfctl and app/vfbond.
 */
#pragma once

#include "journal.h"
#include "pci_bus.h"
#include "vfio.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reason;
struct sriov_host;
struct text;

struct claim_request {
	const char *driver;          /* NULL: vfio-pci */
	struct vf_settings settings; /* same for each VF */
	bool pf_up;                  /* raise a PF that is down */
	pid_t owner_pid;             /* 0: nobody; see struct claim_owner */
	bool may_adopt;              /* use a VF that somebody else prepared */
};

/* What came of it. */
struct claim_result {
	struct pci_addr addr, pf;
	bool pf_known;
	uint16_t vf_index;
	/* Nothing was written; it has no record of its own, so do not release it. */
	bool adopted;
	char driver[32];
	bool has_node;
	struct vfio_node node;
	bool has_state; /* the PF's table could be read */
	struct vf_state state;
	int numa_node;
};

/*
 * Claim one VF. 0, or -errno with the reason and everything as before: -EBUSY names who has it;
 * -ENODEV: it, or for settings the netdev of its PF, is not here. What a claim whose owner is gone
 * left is undone first.
 */
int claim_vf(
	const struct sriov_host *h,
	const struct pci_device *vf,
	const struct claim_request *req,
	struct claim_result *ret,
	struct text *notes,
	struct reason *why
);

/*
 * Claim @count of the @n candidates (all: @count = 0), of different PFs when @distinct_pf; those in
 * use are passed over unless all are meant. All or none.
 */
int claim_vfs(
	const struct sriov_host *h,
	const struct pci_device *const *vfs,
	size_t n,
	size_t count,
	bool distinct_pf,
	const struct claim_request *req,
	struct claim_result *ret, /* room for @count, or @n */
	size_t *ret_n,
	struct text *notes,
	struct reason *why
);

/*
 * Change the MAC of a claim of this process (record first, then the driver), as a bond over it
 * needs. -ENOENT: it was adopted; -EPERM: it is somebody else's.
 */
int claim_set_mac(
	const struct sriov_host *h,
	const struct pci_addr *addr,
	const uint8_t mac[6],
	struct text *notes,
	struct reason *why
);

/*
 * Restore what the claim changed, verify, forget the claim. -ENOENT: there is none; -EBUSY: its
 * owner lives and is not this process (@force overrides), or the device is open. What could not be
 * restored is in the reason, and the record stays.
 */
int claim_release(
	const struct sriov_host *h,
	const struct pci_addr *addr,
	bool force,
	struct text *notes,
	struct reason *why
);

enum claim_fate {
	CLAIM_LIVES,      /* its owner is there */
	CLAIM_RESTORED,   /* owner gone, or not finished: restored; with dry_run: would be */
	CLAIM_VANISHED,   /* the VF is no more, or of another boot: record removed */
	CLAIM_FAILED,     /* could not be restored; the record stays */
	CLAIM_UNREADABLE, /* not a record of ours; left alone */
	CLAIM_FATE_COUNT,
};
extern const char *const claim_fate_names[];

/*
 * Look at every record. @fn is called for each with what came of it. 0 when none failed, else the
 * first error.
 */
int claim_reconcile(
	const struct sriov_host *h,
	bool dry_run,
	void (*fn)(void *ctx, const struct pci_addr *addr, enum claim_fate fate, const char *text),
	void *ctx,
	struct reason *why
);
