/* SPDX-License-Identifier: BSD-3-Clause */
/* What the answer of a PF's driver to a change of a VF means, for messages. Used by vf_apply.c. */
#pragma once

#include "vf_rtnl.h"

struct reason;
struct sriov_host;

/*
 * Behind what @why holds, the glue's words about the error @err: what was wanted and what the
 * answer means. Returns @err.
 */
int vf_apply_explain(
	const struct sriov_host *h,
	const char *pf,
	enum vf_attr attr,
	const struct vf_state *want,
	int err,
	struct reason *why
);

/* The driver said yes to @attr of @want, and the VF still is as @now. Returns -EIO. */
int vf_apply_ignored(
	const struct sriov_host *h,
	const char *pf,
	enum vf_attr attr,
	const struct vf_state *want,
	const struct vf_state *now,
	struct reason *why
);
