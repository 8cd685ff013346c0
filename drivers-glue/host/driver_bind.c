/* SPDX-License-Identifier: BSD-3-Clause */
/* See driver_bind.h. */
#include "driver_bind.h"
