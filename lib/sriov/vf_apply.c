/* SPDX-License-Identifier: BSD-3-Clause */
/* See vf_apply.h. */
#include "vf_apply.h"
