/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kernel's refusal of a number of VFs means, and what mends it. Used by vf_count. */
#pragma once

#include "hostfs.h"

#include <stdint.h>

struct reason;

/* The sentence for @err of writing @count into sriov_numvfs of @pf; returns @err. */
int vf_count_reason(
	const struct hostfs *fs,
	const char *pf,
	uint16_t count,
	int err,
	uint32_t limit_ms,
	struct reason *why
);
