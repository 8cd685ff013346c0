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
	bool recreate;     /* destroy VFs that are in use, and any VFs to reach another count */
	bool autoprobe;    /* leave the VFs to their kernel driver; else they come up without one */
	uint32_t limit_ms; /* for the kernel's part; 0: 120 s */
};

/*
 * Make the PF have that many VFs and wait until all are there. The same number is no change. Takes
 * the PF's lock. -ERANGE, -EBUSY, -ENOENT, -ENOMEM, -ETIMEDOUT, ... each with advice; when the
 * driver made fewer than asked and said nothing: -ENOSPC with the number. On failure the count is
 * as it was, or the reason says not; VFs made again to that end have lost their driver and
 * settings. A process that holds a VF through vfio makes the kernel wait for it, beyond any signal:
 * -ETIMEDOUT names it, and the kernel goes on when it ends. @notes gains what a user wants to know.
 */
int vf_count_set(
	const struct sriov_host *h,
	const struct pci_addr *pf,
	const struct vf_count_settings *s,
	struct text *notes,
	struct reason *why
);
