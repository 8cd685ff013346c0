/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mode 3 (broadcast): every frame by every usable member. Members share a buffer as long as none of
 * them may write to it; a frame whose offloads make a PMD write is copied for each but the last.
 */
#include "xmit.h"

#include <string.h>

/* One more reference to a frame, or a copy of it; NULL without memory. */
static inline struct rte_mbuf *
another(struct rte_mbuf *m)
{
	if (unlikely((m->ol_flags & RTE_MBUF_F_TX_OFFLOAD_MASK) != 0))
		return rte_pktmbuf_copy(m, m->pool, 0, UINT32_MAX);
	rte_pktmbuf_refcnt_update(m, 1);
	return m;
}

/* What a member did not get of its references or copies. */
static void
release(struct rte_mbuf **pkts, uint16_t n)
{
	if (n != 0)
		rte_pktmbuf_free_bulk(pkts, n);
}

uint16_t
xmit_broadcast(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	struct rte_mbuf *more[XMIT_MAX_BURST];
	uint16_t last = plan->nb_usable, sent;

	if (unlikely(last == 0))
		return xmit_nobody(d, plan, queue, pkts, n);
	last--;
	for (uint16_t k = 0; k < last; k++) {
		uint16_t got = 0;

		for (uint16_t i = 0; i < n; i++) {
			more[got] = another(pkts[i]);
			got = (uint16_t)(got + (more[got] != NULL));
		}
		if (unlikely(got < n))
			plan_count(&d->txq[queue].no_mbuf, (uint64_t)n - got);
		sent = xmit_member(d, plan, plan->usable[k], queue, more, got);
		release(more + sent, (uint16_t)(got - sent));
	}
	sent = xmit_member(d, plan, plan->usable[last], queue, pkts, n);
	if (last == 0)
		return sent;
	/* The members before have had the burst: what the last one lacks is in its counters. */
	d->txq[queue].plan_changed = false;
	release(pkts + sent, (uint16_t)(n - sent));
	return n;
}
