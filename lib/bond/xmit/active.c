/* SPDX-License-Identifier: BSD-3-Clause */
/* Mode 1 (active-backup): everything by the active member. */
#include "xmit.h"

uint16_t
xmit_active(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	if (unlikely(plan->active == PLAN_NO_PORT))
		return xmit_nobody(d, plan, queue, pkts, n);
	return xmit_member(d, plan, plan->active, queue, pkts, n);
}
