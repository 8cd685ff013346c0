/* SPDX-License-Identifier: BSD-3-Clause */
/* See device_info.h. */
#include "device_info.h"
