/* SPDX-License-Identifier: BSD-3-Clause */
/* See selector.h. */
#include "selector.h"
