/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The same settings for several VFs, all of them or none, without a claim. Used by `vfctl set`.
 */
#pragma once

#include "pci_addr.h"
#include "vf_settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reason;
struct sriov_host;
struct text;

/* What came of one VF. */
struct vf_set_change {
	struct pci_addr addr;
	char pf[16]; /* netdev */
	struct vf_state was, now;
	uint32_t changed; /* 1u << enum vf_attr: those that were written; the others were so */
};

/*
 * Give the @n VFs what @s asks for. Everything that can be refused beforehand is: a VF that is
 * claimed (-EBUSY, by whom and since when), a PF that is not here or is down (raised when @pf_up),
 * half a pair that does not fit the VF. When one fails, those before it go back. Locks the VFs and
 * then their PFs, each kind in the order of addresses.
 */
int
vf_set(const struct sriov_host *h,
       const struct pci_addr *vfs,
       size_t n,
       const struct vf_settings *s,
       bool pf_up,
       struct vf_set_change *ret, /* room for @n */
       struct text *notes,
       struct reason *why);
