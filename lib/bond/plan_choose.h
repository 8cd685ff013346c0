/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which functions a plan sends and receives by, of those that recv.h and xmit/xmit.h offer. For
 * control, once a plan's members are filled in; and for the benchmark of these functions.
 */
#pragma once

#include "plan.h"

/* Set all of @plan that follows from @s alone, or from @s and the members that it has. */
void plan_choose(struct bond_plan *plan, const struct bond_settings *s);
