/* SPDX-License-Identifier: BSD-3-Clause */
/* See fake_host.h. */
#include "fake_host.h"
