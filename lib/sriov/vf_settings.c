/* SPDX-License-Identifier: BSD-3-Clause */
/* See vf_settings.h. */
#include "vf_settings.h"
