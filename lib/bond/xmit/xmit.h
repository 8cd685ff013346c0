/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the frames of a burst reach members: what the files of this folder share, one for each way of
 * choosing a member. Workers call the functions through the plan.
 */
#pragma once

#include "inspect.h"
#include "plan.h"

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

enum {
	XMIT_MAX_BURST = 512, /* FWD_MAX_BURST */
};

uint16_t xmit_round_robin(
	struct bond_direct *, const struct bond_plan *, uint16_t queue, struct rte_mbuf **, uint16_t
);
/* packets_per_member=1: any number of members, and two. */
uint16_t xmit_round_robin_each(
	struct bond_direct *, const struct bond_plan *, uint16_t queue, struct rte_mbuf **, uint16_t
);
uint16_t xmit_round_robin_two(
	struct bond_direct *, const struct bond_plan *, uint16_t queue, struct rte_mbuf **, uint16_t
);
uint16_t xmit_round_robin_random(
	struct bond_direct *, const struct bond_plan *, uint16_t queue, struct rte_mbuf **, uint16_t
);
uint16_t xmit_active(
	struct bond_direct *, const struct bond_plan *, uint16_t queue, struct rte_mbuf **, uint16_t
);
uint16_t xmit_hash_neighbor(
	struct bond_direct *, const struct bond_plan *, uint16_t queue, struct rte_mbuf **, uint16_t
);
uint16_t xmit_broadcast(
	struct bond_direct *, const struct bond_plan *, uint16_t queue, struct rte_mbuf **, uint16_t
);
uint16_t xmit_tlb_hash(
	struct bond_direct *, const struct bond_plan *, uint16_t queue, struct rte_mbuf **, uint16_t
);
uint16_t xmit_alb_hash(
	struct bond_direct *, const struct bond_plan *, uint16_t queue, struct rte_mbuf **, uint16_t
);

/* By the hash of @policy, @nb_usable members; what mode 2 does. */
plan_xmit_fn xmit_hash_by(enum bond_policy policy, uint16_t nb_usable);

/* Modes 5 and 6 with tlb_dynamic_lb=1; mode 6 has a hash of its own. */
plan_xmit_fn xmit_tlb_by(enum bond_policy policy, uint16_t nb_usable);
plan_xmit_fn xmit_alb_by(uint16_t nb_usable);

/*
 * What modes 2 and 5 do with two members by a CPU with AVX2; NULL: there is none, or it would not
 * be faster.
 */
plan_xmit_fn xmit_hash_avx2_by(enum bond_policy policy);
plan_xmit_fn xmit_tlb_avx2_by(enum bond_policy policy);

/*
 * Mode 6, two members, a CPU with AVX2: divide the frames in front of a burst, as long as they are
 * common, as xmit_split() does; how many these were. @nb_other: how many of them stand in @other.
 */
size_t xmit_alb_front(
	struct bond_txq *q,
	const struct bond_plan *plan,
	struct rte_mbuf **pkts,
	size_t n,
	struct rte_mbuf **other,
	size_t *nb_other
);

/* Whether the CPU has AVX2, and EAL was not told to do without. */
bool xmit_avx2_wanted(void);

/* A member refused frames: offer them again as often as the plan says; how many it took. */
uint16_t xmit_again(
	const struct bond_plan *plan,
	uint16_t port_id,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
);

/*
 * A member refused @n frames: they are counted as dropped, unless there is another plan by now. The
 * caller of the plan's function offers them again then.
 */
void xmit_refused(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t port_id,
	uint16_t queue,
	uint16_t n
);

/* Offer frames to one member; what it refuses is the caller's to count. */
static __rte_always_inline uint16_t
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

	if (unlikely(sent < n))
		sent = (uint16_t
		)(sent + xmit_again(plan, port_id, queue, pkts + sent, (uint16_t)(n - sent)));
	plan_count(&d->txq[queue].member[port_id].packets, sent);
	return sent;
}

static __rte_always_inline uint16_t
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

/* Nobody to send to: all frames go back, but control sees of them what it wants. */
uint16_t xmit_nobody(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf *const *pkts,
	uint16_t n
);

/* Show control multicast reports, where that is left to xmit; of a burst that has groups. */
static inline void
xmit_look(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf *const *pkts,
	uint16_t n
)
{
	if (plan->inspect_reports)
		inspect_reports(d, queue, pkts, n);
}
