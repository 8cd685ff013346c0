/* SPDX-License-Identifier: BSD-3-Clause */
/* See journal.h. */
#include "journal.h"
