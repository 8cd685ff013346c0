/* SPDX-License-Identifier: BSD-3-Clause */
/* See vf_count.h. */
#include "vf_count.h"
