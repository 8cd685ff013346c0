/* SPDX-License-Identifier: BSD-3-Clause */
/* See claim.h. */
#include "claim.h"
