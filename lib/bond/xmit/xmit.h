/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the frames of a burst reach members: what the files of this folder share, one for each way of
 * choosing a member. Workers call the functions through the plan.
 */
#pragma once

#include "plan.h"

#include <rte_branch_prediction.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

enum {
	XMIT_MAX_BURST = 512, /* FWD_MAX_BURST */
	XMIT_PREFETCH_AHEAD = 4,
};

uint16_t xmit_round_robin(
	struct bond_direct *, const struct bond_plan *, uint16_t queue, struct rte_mbuf **, uint16_t
);
uint16_t xmit_round_robin_random(
	struct bond_direct *, const struct bond_plan *, uint16_t queue, struct rte_mbuf **, uint16_t
);
uint16_t xmit_active(
	struct bond_direct *, const struct bond_plan *, uint16_t queue, struct rte_mbuf **, uint16_t
);
uint16_t xmit_hash(
	struct bond_direct *, const struct bond_plan *, uint16_t queue, struct rte_mbuf **, uint16_t
);
uint16_t xmit_hash_neighbor(
	struct bond_direct *, const struct bond_plan *, uint16_t queue, struct rte_mbuf **, uint16_t
);
uint16_t xmit_broadcast(
	struct bond_direct *, const struct bond_plan *, uint16_t queue, struct rte_mbuf **, uint16_t
);
uint16_t xmit_tlb(
	struct bond_direct *, const struct bond_plan *, uint16_t queue, struct rte_mbuf **, uint16_t
);
uint16_t xmit_tlb_hash(
	struct bond_direct *, const struct bond_plan *, uint16_t queue, struct rte_mbuf **, uint16_t
);
uint16_t xmit_alb_hash(
	struct bond_direct *, const struct bond_plan *, uint16_t queue, struct rte_mbuf **, uint16_t
);
uint16_t xmit_alb(
	struct bond_direct *, const struct bond_plan *, uint16_t queue, struct rte_mbuf **, uint16_t
);

/* Whether control has published another plan since @plan was loaded. */
static inline bool
xmit_plan_changed(struct bond_direct *d, const struct bond_plan *plan)
{
	return atomic_load_explicit(&d->plan, memory_order_acquire) != plan;
}

/* Offer frames to one member, those that it refuses again as often as the plan says. */
static inline uint16_t
xmit_offer(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t port_id,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	uint16_t sent = rte_eth_tx_burst(port_id, queue, pkts, n);

	for (uint8_t i = 0; unlikely(sent < n) && i < plan->tx_retries; i++)
		sent = (uint16_t)(sent + rte_eth_tx_burst(port_id, queue, pkts + sent, n - sent));
	plan_count(&d->txq[queue].member[port_id].packets, sent);
	return sent;
}

/*
 * A member refused @n frames: they are counted as dropped, unless there is another plan by now. The
 * caller of the plan's function offers them again then.
 */
static inline void
xmit_refused(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t port_id,
	uint16_t queue,
	uint16_t n
)
{
	struct bond_txq *q = &d->txq[queue];

	if (xmit_plan_changed(d, plan))
		q->plan_changed = true;
	else
		plan_count(&q->member[port_id].full, n);
}

static inline uint16_t
xmit_member(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t port_id,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	uint16_t sent = xmit_offer(d, plan, port_id, queue, pkts, n);

	if (unlikely(sent < n))
		xmit_refused(d, plan, port_id, queue, (uint16_t)(n - sent));
	return sent;
}

/* Nobody to send to: all frames go back. */
static inline uint16_t
xmit_nobody(struct bond_direct *d, const struct bond_plan *plan, uint16_t queue, uint16_t n)
{
	struct bond_txq *q = &d->txq[queue];

	if (xmit_plan_changed(d, plan))
		q->plan_changed = true;
	else
		plan_count(&q->no_member, n);
	return 0;
}

/*
 * Send each frame by the member that @choice names, an index into plan->usable; the order
 * within a member stays. What is refused ends up at the end of @pkts, with @final counted as
 * dropped. Returns how many were taken.
 */
uint16_t xmit_scatter(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n,
	const uint8_t *choice,
	bool final
);

/*
 * Frames that leave by another than the active member get that one's address as their source, so
 * that no switch sees one address at two ports (bond_do_alb_xmit).
 */
static inline void
xmit_own_source(
	const struct bond_plan *plan,
	struct rte_mbuf *const *pkts,
	uint16_t n,
	const uint8_t *choice
)
{
	for (uint16_t i = 0; i < n; i++)
		if (choice[i] != plan->active_index)
			rte_pktmbuf_mtod(pkts[i], struct rte_ether_hdr *)->src_addr =
				plan->member_mac[plan->usable[choice[i]]];
}

/* Ask for the header of a frame that comes up soon; the last one again at the end. */
static inline void
xmit_prefetch(struct rte_mbuf *const *pkts, uint16_t i, uint16_t n)
{
	uint16_t ahead = i + XMIT_PREFETCH_AHEAD;

	rte_prefetch0(rte_pktmbuf_mtod(pkts[ahead < n ? ahead : n - 1], void *));
}
