/* SPDX-License-Identifier: BSD-3-Clause */
/* See vfio.h. */
#include "vfio.h"
