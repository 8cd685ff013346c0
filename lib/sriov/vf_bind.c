/* SPDX-License-Identifier: BSD-3-Clause */
/* See vf_bind.h. */
#include "vf_bind.h"
