/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Settings of one VF into the PF's driver: one attribute at a time in a fixed order, each proved by
 * reading it back, retried while the driver says "later", and undone exactly when a later one
 * fails. The caller holds the PF's lock. Used by claims and `vfctl set`.
 */
#pragma once

#include "vf_settings.h"

#include <stdbool.h>
#include <stdint.h>

struct reason;
struct sriov_host;
struct text;

/*
 * Which attribute comes when: what resets the VF first, trust before anything that needs it. Undo
 * goes the other way.
 */
extern const enum vf_attr vf_apply_order[VF_ATTR_COUNT];

/*
 * Make VF @vf of the PF's netdev @pf as @want says; @attrs (1u << enum vf_attr) are asked for. What
 * is so already is not written. @notes gains a line for what the driver does not have and nobody
 * misses (the default was asked for). On failure what was changed is as before (or the reason says
 * what is not), and *ret_changed is 0; else the attributes that were written.
 * -EOPNOTSUPP, -EPROTONOSUPPORT, ...: the driver's answer; -EIO: it said yes and did not do it.
 */
int vf_apply(
	const struct sriov_host *h,
	const char *pf,
	uint32_t vf,
	uint32_t attrs,
	const struct vf_state *want,
	uint32_t *ret_changed,
	struct text *notes,
	struct reason *why
);

/*
 * Give the attributes @attrs of @was back, in the order of undoing. All are tried; the first error
 * is returned. A MAC of zero that the driver refuses becomes 02:00:00:00:00:00, with a note.
 */
int vf_restore(
	const struct sriov_host *h,
	const char *pf,
	uint32_t attrs,
	const struct vf_state *was,
	struct text *notes,
	struct reason *why
);

/*
 * Whether the PF can be configured: its netdev is here (-ENODEV) and up (-ENETDOWN; with @raise it
 * is brought up, *ret_raised).
 */
int vf_pf_ready(
	const struct sriov_host *h, const char *pf, bool raise, bool *ret_raised, struct reason *why
);
