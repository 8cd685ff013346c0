/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mode 5 (balance-tlb): flows in buckets that control deals to members by their load, or with
 * tlb_dynamic_lb=0 by hash (bond_tlb_xmit).
 */
#include "xmit.h"

uint16_t
xmit_tlb(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	struct bond_txq *q = &d->txq[queue];
	uint8_t choice[XMIT_MAX_BURST];

	if (unlikely(plan->active == PLAN_NO_PORT))
		return xmit_nobody(d, plan, queue, n);
	for (uint16_t i = 0; i < n; i++) {
		uint16_t bucket;

		xmit_prefetch(pkts, i, n);
		bucket = tlb_bucket(pkts[i], plan->hash, false);
		if (unlikely(bucket >= TLB_BUCKETS)) {
			choice[i] = plan->active_index;
			continue;
		}
		plan_count(&q->bucket_bytes[bucket], rte_pktmbuf_pkt_len(pkts[i]));
		choice[i] = plan->bucket[bucket];
	}
	xmit_own_source(plan, pkts, n, choice);
	return xmit_scatter(d, plan, queue, pkts, n, choice, true);
}

uint16_t
xmit_tlb_hash(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	uint8_t choice[XMIT_MAX_BURST];

	if (unlikely(plan->active == PLAN_NO_PORT))
		return xmit_nobody(d, plan, queue, n);
	for (uint16_t i = 0; i < n; i++) {
		xmit_prefetch(pkts, i, n);
		choice[i] = plan->active_index;
		if (tlb_is_balanced(pkts[i]))
			choice[i] = (uint8_t
			)xmit_hash_mod(plan->hash(pkts[i]), plan->usable_magic, plan->nb_usable);
	}
	xmit_own_source(plan, pkts, n, choice);
	return xmit_scatter(d, plan, queue, pkts, n, choice, true);
}
