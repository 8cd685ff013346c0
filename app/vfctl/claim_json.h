/* SPDX-License-Identifier: BSD-3-Clause */
/* What `vfctl claim` prints: the VFs, the nodes and the environment that a program over them needs.
 */
#pragma once

#include "claim.h"

#include <jansson.h>
#include <stddef.h>

/* The resource whose variables are printed: `vfbond --vf env:vfbond/vfs` takes them. */
#define CLAIM_RESOURCE "vfbond/vfs"

/* NULL: no memory. */
json_t *claim_results_json(const struct claim_result *results, size_t n);
