/* SPDX-License-Identifier: BSD-3-Clause */
/* See vf_rtnl.h. */
#include "vf_rtnl.h"
