/* SPDX-License-Identifier: BSD-3-Clause */
/* See host_check.h. */
#include "host_check.h"
