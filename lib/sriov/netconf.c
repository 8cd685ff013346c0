/* SPDX-License-Identifier: BSD-3-Clause */
/* See netconf.h. */
#include "netconf.h"
