/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many VFs a PF has: sriov_numvfs with the kernel's rules (a count changes only by way of 0),
 * without ever taking VFs away that somebody uses. Used by `vfctl create` and `destroy`.
 */
#pragma once

#include "pci_bus.h"

#include <stdbool.h>
#include <stdint.h>

struct reason;
struct sriov_host;
struct text;

struct vf_count_settings {
	uint16_t count;    /* 0: none */
	bool recreate;     /* destroy VFs that are in use, and others to reach another count */
	bool autoprobe;    /* leave the VFs to their kernel driver; else they come up without one */
	uint32_t limit_ms; /* for the kernel's part; 0: 120 s */
};

/*
 * Make the PF have that many VFs and wait until all are there. The same number is no change. Takes
 * the PF's lock. -ERANGE, -EBUSY, -ENOENT, -ENOMEM, -ETIMEDOUT, ... each with advice; when the
 * driver made fewer than asked and said nothing: -ENOSPC with the number. @notes gains what a user
 * wants to know.
 */
int vf_count_set(
	const struct sriov_host *h,
	const struct pci_addr *pf,
	const struct vf_count_settings *s,
	struct text *notes,
	struct reason *why
);

/* Who uses a VF, as words for a message: a claim, a process by pid, another namespace. */
enum vf_use { VF_FREE, VF_CLAIMED, VF_OPEN, VF_NETDEV_ELSEWHERE, VF_USE_COUNT };
enum vf_use
vf_in_use(const struct sriov_host *h, const struct pci_device *vf, struct reason *ret_who);
