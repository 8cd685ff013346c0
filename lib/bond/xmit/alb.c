/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mode 6 (balance-alb): as mode 5 with a hash of its own, but ARP goes to control, which knows by
 * which member each client is to answer (bond_alb_xmit).
 */
#include "inspect.h"
#include "split.h"

#include <string.h>

/* How a burst is split: @n frames in front with a choice for each, the ARP frames are gone. */
struct split {
	uint16_t n, diverted;
};

static inline uint8_t
choose(struct bond_txq *q, const struct bond_plan *plan, const struct rte_mbuf *m, uint16_t bucket)
{
	if (unlikely(bucket >= TLB_BUCKETS))
		return plan->active_index;
	plan_count(&q->bucket_bytes[bucket], rte_pktmbuf_pkt_len(m));
	return plan->bucket[bucket];
}

static inline uint8_t
choose_by_hash(const struct bond_plan *plan, const struct rte_mbuf *m, uint16_t bucket)
{
	if (unlikely(bucket >= TLB_BUCKETS))
		return plan->active_index;
	return (uint8_t)xmit_hash_mod(plan->hash(m), plan->usable_magic, plan->nb_usable);
}

static inline struct split
split(struct bond_direct *d,
      const struct bond_plan *plan,
      uint16_t queue,
      struct rte_mbuf **pkts,
      uint16_t n,
      struct xmit_choice *c,
      bool by_hash)
{
	struct bond_txq *q = &d->txq[queue];
	struct split s = {0, 0};

	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];
		uint16_t bucket;

		bucket = tlb_bucket(m, plan->hash, true);
		/* No room: as any other frame, on the active member. */
		if (unlikely(bucket == TLB_ARP) && inspect_divert(d->tx_to_control[queue], m)) {
			s.diverted++;
			continue;
		}
		xmit_choose(
			c,
			s.n,
			by_hash ? choose_by_hash(plan, m, bucket) : choose(q, plan, m, bucket)
		);
		pkts[s.n++] = m;
	}
	return s;
}

static inline uint16_t
send_split(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n,
	bool by_hash
)
{
	struct xmit_choice c;
	struct split s;
	uint16_t sent;

	if (unlikely(plan->active == PLAN_NO_PORT))
		return xmit_nobody(d, plan, queue, n);
	xmit_choice_begin(&c, plan);
	s = split(d, plan, queue, pkts, n, &c, by_hash);
	sent = xmit_send_chosen(d, plan, queue, pkts, s.n, &c, true);
	/* What is left stands at the end of the whole burst. */
	if (unlikely(sent < s.n && s.diverted != 0))
		memmove(pkts + sent + s.diverted, pkts + sent, (s.n - sent) * sizeof(pkts[0]));
	return (uint16_t)(sent + s.diverted);
}

uint16_t
xmit_alb(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	return send_split(d, plan, queue, pkts, n, false);
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
	return send_split(d, plan, queue, pkts, n, true);
}
