/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mode 3 (broadcast): every frame by every usable member. Members share a buffer as long as none of
 * them may write to it; a frame whose offloads make a PMD write is copied for each but the last.
 */
#include "xmit.h"

#include <string.h>

/*
 * Add @more references to each frame, or take them off. Whether a driver may write into one of the
 * frames, by what it is asked to do: tags, checksums.
 */
static inline bool
refer(struct rte_mbuf *const *pkts, uint16_t n, int more)
{
	uint64_t flags = 0;

	for (uint16_t i = 0; i < n; i++) {
		flags |= pkts[i]->ol_flags;
		rte_pktmbuf_refcnt_update(pkts[i], (int16_t)more);
	}
	return (flags & RTE_MBUF_F_TX_OFFLOAD_MASK) != 0;
}

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
static inline void
release(struct rte_mbuf **pkts, uint16_t n)
{
	if (unlikely(n != 0))
		rte_pktmbuf_free_bulk(pkts, n);
}

/* Send references, or copies where it must be, by one member. */
static void
send_others(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t port_id,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	struct rte_mbuf *more[XMIT_MAX_BURST];
	uint16_t got = 0, sent;

	for (uint16_t i = 0; i < n; i++) {
		more[got] = another(pkts[i]);
		got = (uint16_t)(got + (more[got] != NULL));
	}
	if (unlikely(got < n))
		plan_count(&d->txq[queue].no_mbuf, (uint64_t)n - got);
	sent = xmit_member(d, plan, port_id, queue, more, got);
	release(more + sent, (uint16_t)(got - sent));
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
	uint16_t last = plan->nb_usable, sent;

	if (unlikely(last == 0))
		return xmit_nobody(d, plan, queue, pkts, n);
	last--;
	/* All references at once: the burst itself is what each member gets. */
	if (unlikely(refer(pkts, n, last))) {
		(void)refer(pkts, n, -last);
		for (uint16_t k = 0; k < last; k++)
			send_others(d, plan, plan->usable[k], queue, pkts, n);
	} else {
		for (uint16_t k = 0; k < last; k++) {
			sent = xmit_member(d, plan, plan->usable[k], queue, pkts, n);
			release(pkts + sent, (uint16_t)(n - sent));
		}
	}
	sent = xmit_member(d, plan, plan->usable[last], queue, pkts, n);
	if (last == 0)
		return sent;
	/* The members before have had the burst: what the last one lacks is in its counters. */
	d->txq[queue].plan_changed = false;
	release(pkts + sent, (uint16_t)(n - sent));
	return n;
}
