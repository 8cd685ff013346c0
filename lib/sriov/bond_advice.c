/* SPDX-License-Identifier: BSD-3-Clause */
/* See bond_advice.h. */
#include "bond_advice.h"
