/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mode 5 with buckets, which control deals to members by their load: what the function for any CPU
 * and the one for AVX2 share. To be inlined into loops over a burst.
 */
#pragma once

#include "split.h"
#include "xmit_hash_common.h"

/* The member of a bucket, in which a frame is counted. */
static __rte_always_inline uint8_t
tlb_count(struct bond_txq *q, const struct bond_plan *plan, const struct rte_mbuf *m, size_t bucket)
{
	plan_count(&q->bucket_bytes[bucket], rte_pktmbuf_pkt_len(m));
	return plan->bucket[bucket];
}

/* The member of a frame, which is counted. @odd: set when it may go to a group. */
static __rte_always_inline uint8_t
tlb_member(
	enum bond_policy policy,
	struct bond_txq *q,
	const struct bond_plan *plan,
	const struct rte_mbuf *m,
	bool *odd
)
{
	size_t bucket;
	uint32_t key;

	/* What is common is IPv4; for the NIC's hash alone that is to be seen. */
	if (likely(common_key(policy, m, &key) && common_is_single(m) &&
	           (policy != BOND_POLICY_RSS || common_is_ip4(m)))) {
		bucket = common_hash(policy, key) % TLB_BUCKETS;
	} else {
		*odd = true;
		bucket = tlb_bucket(m, plan->hash, false);
		if (bucket >= TLB_BUCKETS)
			return plan->active_index;
	}
	return tlb_count(q, plan, m, bucket);
}

/* Two members: the burst is divided, @nb_other frames stand in @other. @odd as above. */
static __rte_always_inline uint16_t
tlb_send_two(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n,
	struct rte_mbuf **other,
	uint16_t nb_other,
	bool odd
)
{
	if (unlikely(odd)) {
		xmit_look(d, plan, queue, pkts, (uint16_t)(n - nb_other));
		xmit_look(d, plan, queue, other, nb_other);
	}
	return xmit_send_two(d, plan, queue, pkts, n, other, nb_other, true);
}
