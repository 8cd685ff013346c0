/* SPDX-License-Identifier: BSD-3-Clause */
/* See netdev.h. */
#include "netdev.h"
