/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mode 6 (balance-alb): as mode 5 with a hash of its own, but ARP goes to control, which knows by
 * which member each client is to answer (bond_alb_xmit).
 */
#include "split.h"
#include "xmit_hash_common.h"

#include <rte_ring.h>

/* Untagged unicast IPv4, and nothing that tlb_bucket() leaves to the active member. */
static __rte_always_inline bool
is_common(const struct rte_mbuf *m, const uint8_t *frame)
{
	return m->data_len >= COMMON_PORTS && common_is_ipv4(frame) && (frame[0] & 1) == 0 &&
	       frame[COMMON_PROTOCOL] != IPPROTO_IGMP &&
	       common_load32(frame + COMMON_DST_IP) != UINT32_MAX;
}

/* The bucket of a frame, or TLB_ACTIVE or TLB_ARP. */
static __rte_always_inline size_t
bucket_of(const struct bond_plan *plan, const struct rte_mbuf *m, bool *odd)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);

	if (likely(is_common(m, frame)))
		return common_fold(common_load32(frame + COMMON_DST_IP)) % TLB_BUCKETS;
	*odd = true;
	return tlb_bucket(m, plan->hash, true);
}

static __rte_always_inline uint8_t
member_of(
	struct bond_txq *q,
	const struct bond_plan *plan,
	const struct rte_mbuf *m,
	size_t bucket,
	bool by_hash
)
{
	if (unlikely(bucket >= TLB_BUCKETS))
		return plan->active_index;
	if (by_hash)
		return (uint8_t)xmit_hash_mod(plan->hash(m), plan->usable_magic, plan->nb_usable);
	plan_count(&q->bucket_bytes[bucket], rte_pktmbuf_pkt_len(m));
	return plan->bucket[bucket];
}

/* @avx2 is known where this is inlined. */
static __rte_always_inline uint16_t
by_two(struct bond_direct *d,
       const struct bond_plan *plan,
       uint16_t queue,
       struct rte_mbuf **pkts,
       uint16_t n,
       bool avx2)
{
	struct rte_mbuf *other[XMIT_MAX_BURST];
	struct bond_txq *q = &d->txq[queue];
	size_t nb_other = 0, kept = 0;
	uint16_t sent, diverted;
	bool odd = false;

	if (unlikely(plan->active == PLAN_NO_PORT))
		return xmit_nobody(d, plan, queue, pkts, n);
	if (avx2)
		kept = xmit_alb_front(q, plan, pkts, n, other, &nb_other);
	for (size_t i = kept; i < n; i++) {
		struct rte_mbuf *m = pkts[i];
		size_t bucket = bucket_of(plan, m, &odd);

		/* No room: as any other frame, by the active member. */
		if (unlikely(bucket == TLB_ARP) && inspect_divert(d->tx_to_control[queue], m))
			continue;
		xmit_split(pkts, kept, other, &nb_other, m, member_of(q, plan, m, bucket, false));
		kept++;
	}
	if (unlikely(odd)) {
		xmit_look(d, plan, queue, pkts, (uint16_t)(kept - nb_other));
		xmit_look(d, plan, queue, other, (uint16_t)nb_other);
	}
	sent = xmit_send_two(d, plan, queue, pkts, (uint16_t)kept, other, (uint16_t)nb_other, true);
	diverted = (uint16_t)(n - kept);
	/* What is left stands at the end of the whole burst. */
	if (unlikely(diverted != 0))
		memmove(pkts + sent + diverted, pkts + sent, (kept - sent) * sizeof(pkts[0]));
	return (uint16_t)(sent + diverted);
}

static __rte_always_inline uint16_t
by_any(struct bond_direct *d,
       const struct bond_plan *plan,
       uint16_t queue,
       struct rte_mbuf **pkts,
       uint16_t n,
       bool by_hash)
{
	struct bond_txq *q = &d->txq[queue];
	uint16_t nb_refused = 0;
	struct xmit_lists l;

	if (unlikely(plan->active == PLAN_NO_PORT))
		return xmit_nobody(d, plan, queue, pkts, n);
	for (size_t i = 0, end; i < n;) {
		bool odd = false;

		xmit_lists_begin(&l, plan);
		for (end = RTE_MIN(i + XMIT_PART, n); i < end; i++) {
			struct rte_mbuf *m = pkts[i];
			size_t bucket = bucket_of(plan, m, &odd);

			/* No room: as any other frame, by the active member. */
			if (unlikely(bucket == TLB_ARP) &&
			    inspect_divert(d->tx_to_control[queue], m))
				continue;
			xmit_list(&l, member_of(q, plan, m, bucket, by_hash), m);
		}
		for (size_t k = 0; unlikely(odd) && k < plan->nb_usable; k++)
			xmit_look(d, plan, queue, l.frames[k], (uint16_t)(l.end[k] - l.frames[k]));
		nb_refused = xmit_send_lists(d, plan, queue, &l, pkts, nb_refused, true);
	}
	return xmit_end(pkts, n, nb_refused);
}

static uint16_t
alb_any(struct bond_direct *d,
        const struct bond_plan *plan,
        uint16_t queue,
        struct rte_mbuf **pkts,
        uint16_t n)
{
	return by_any(d, plan, queue, pkts, n, false);
}

static uint16_t
alb_two(struct bond_direct *d,
        const struct bond_plan *plan,
        uint16_t queue,
        struct rte_mbuf **pkts,
        uint16_t n)
{
	return by_two(d, plan, queue, pkts, n, false);
}

static uint16_t
alb_two_avx2(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	return by_two(d, plan, queue, pkts, n, true);
}

plan_xmit_fn
xmit_alb_by(uint16_t nb_usable)
{
	if (nb_usable != 2)
		return alb_any;
	return xmit_avx2_wanted() ? alb_two_avx2 : alb_two;
}

uint16_t
xmit_alb_hash(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	return by_any(d, plan, queue, pkts, n, true);
}
