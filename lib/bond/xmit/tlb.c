/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mode 5 (balance-tlb): flows in buckets that control deals to members by their load, or with
 * tlb_dynamic_lb=0 by hash (bond_tlb_xmit).
 */
#include "split.h"

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
	struct xmit_choice c;

	if (unlikely(plan->active == PLAN_NO_PORT))
		return xmit_nobody(d, plan, queue, n);
	xmit_choice_begin(&c, plan);
	for (uint16_t i = 0; i < n; i++) {
		uint16_t bucket = tlb_bucket(pkts[i], plan->hash, false);

		if (unlikely(bucket >= TLB_BUCKETS)) {
			xmit_choose(&c, i, plan->active_index);
			continue;
		}
		plan_count(&q->bucket_bytes[bucket], rte_pktmbuf_pkt_len(pkts[i]));
		xmit_choose(&c, i, plan->bucket[bucket]);
	}
	return xmit_send_chosen(d, plan, queue, pkts, n, &c, true);
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
	struct xmit_choice c;

	if (unlikely(plan->active == PLAN_NO_PORT))
		return xmit_nobody(d, plan, queue, n);
	xmit_choice_begin(&c, plan);
	for (uint16_t i = 0; i < n; i++) {
		uint32_t index = plan->active_index;

		if (tlb_is_balanced(pkts[i]))
			index = xmit_hash_mod(
				plan->hash(pkts[i]), plan->usable_magic, plan->nb_usable
			);
		xmit_choose(&c, i, (uint8_t)index);
	}
	return xmit_send_chosen(d, plan, queue, pkts, n, &c, true);
}
