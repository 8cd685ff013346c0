/* SPDX-License-Identifier: BSD-3-Clause */
/* Mode 2 (balance-xor), and whatever else chooses by Linux's hash of the frame. */
#include "xmit.h"

uint16_t
xmit_hash(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	uint16_t members = plan->nb_usable;
	uint8_t choice[XMIT_MAX_BURST];

	if (unlikely(members == 0))
		return xmit_nobody(d, plan, queue, n);
	for (uint16_t i = 0; i < n; i++) {
		xmit_prefetch(pkts, i, n);
		choice[i] =
			(uint8_t)xmit_hash_mod(plan->hash(pkts[i]), plan->usable_magic, members);
	}
	return xmit_scatter(d, plan, queue, pkts, n, choice, true);
}
