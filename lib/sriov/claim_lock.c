/* SPDX-License-Identifier: BSD-3-Clause */
/* See claim_lock.h. */
#include "claim_lock.h"
