/* SPDX-License-Identifier: BSD-3-Clause */
/* See recv.h. */
#include "recv.h"

#include "inspect.h"
#include "lacp_pdu.h"

#include <rte_branch_prediction.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

enum {
	/* Members whose frames are dropped are emptied once in so many calls; a power of 2. */
	IDLE_TURNS = 64,
};

uint16_t
recv_bond_port(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	(void)plan;
	return rte_eth_rx_burst(d->port_id, queue, pkts, n);
}

uint16_t
recv_bond_port_watched(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	uint16_t got = rte_eth_rx_burst(d->port_id, queue, pkts, n);

	for (uint16_t i = 0; i < got; i++)
		plan_count(&d->rxq[queue].packets[pkts[i]->port % RTE_MAX_ETHPORTS], 1);
	if (plan->inspect_rx && got != 0)
		inspect_received(d, queue, pkts, got);
	return got;
}

/* 01:80:c2:00:00:00 to 0f: what a bridge does not forward (IEEE 802.1Q, table 8-1). */
static inline bool
is_link_local(const struct rte_ether_addr *dst)
{
	static const uint8_t prefix[] = {0x01, 0x80, 0xc2, 0x00, 0x00};

	return memcmp(dst->addr_bytes, prefix, sizeof(prefix)) == 0 && dst->addr_bytes[5] < 0x10;
}

static inline bool
accepted(const struct rte_mbuf *m, enum plan_accept accept)
{
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);

	if (accept == PLAN_ACCEPT_UNICAST && !rte_is_multicast_ether_addr(&eth->dst_addr))
		return true;
	return unlikely(is_link_local(&eth->dst_addr));
}

/* Free what the role of the member does not let through; how many are left. */
static uint16_t
judge(struct bond_rxq *q,
      uint16_t port_id,
      enum plan_accept accept,
      struct rte_mbuf **pkts,
      uint16_t n)
{
	uint16_t left = 0;

	for (uint16_t i = 0; i < n; i++) {
		if (accepted(pkts[i], accept))
			pkts[left++] = pkts[i];
		else
			rte_pktmbuf_free(pkts[i]);
	}
	if (left < n)
		plan_count(&q->inactive[port_id], (uint64_t)n - left);
	return left;
}

/*
 * Mode 6 answers ARP with the members' own addresses, so that peers send to them; whoever stands
 * behind the bond knows only the bond's. Linux does the same below a bridge (bond_handle_frame).
 */
static void
give_bonds_address(const struct bond_plan *plan, struct rte_mbuf *const *pkts, uint16_t n)
{
	for (uint16_t k = 0; k < plan->nb_alias; k++) {
		const uint64_t alias = plan->alias[k];

		for (uint16_t i = 0; i < n; i++) {
			struct rte_ether_hdr *eth =
				rte_pktmbuf_mtod(pkts[i], struct rte_ether_hdr *);

			if (plan_first_mac_word(eth) == alias)
				eth->dst_addr = plan->bond_mac;
		}
	}
}

/* LACPDUs and markers; other slow protocols (OAM, ESMC) are none of ours. */
static inline bool
is_slow(const struct rte_mbuf *m)
{
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	const uint8_t *subtype = (const uint8_t *)(eth + 1);

	return unlikely(eth->ether_type == RTE_BE16(RTE_ETHER_TYPE_SLOW)) &&
	       rte_is_same_ether_addr(&eth->dst_addr, &lacp_multicast) &&
	       (*subtype == LACP_SUBTYPE || *subtype == MARKER_SUBTYPE);
}

/* To control, unless it has so many of this member already that others would find no room. */
static void
divert_slow(struct bond_direct *d, uint16_t port_id, uint16_t queue, struct rte_mbuf *m)
{
	struct bond_rxq *q = &d->rxq[queue];
	uint64_t taken = __atomic_load_n(&q->slow_taken[port_id], __ATOMIC_RELAXED);

	m->port = port_id;
	if (q->slow[port_id] - taken < PLAN_SLOW_PER_MEMBER &&
	    inspect_divert(d->slow_to_control[queue], m)) {
		plan_count(&q->slow[port_id], 1);
		return;
	}
	rte_pktmbuf_free(m);
	plan_count(&q->slow_lost[port_id], 1);
}

/* Take slow frames out of a burst, of which the first @left are none; how many are left. */
static __attribute__((noinline)) uint16_t
take_slow(
	struct bond_direct *d,
	uint16_t port_id,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n,
	uint16_t left
)
{
	for (uint16_t i = left; i < n; i++) {
		if (is_slow(pkts[i]))
			divert_slow(d, port_id, queue, pkts[i]);
		else
			pkts[left++] = pkts[i];
	}
	return left;
}

static __rte_always_inline bool
has_slow_type(const struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod(m, const struct rte_ether_hdr *)->ether_type ==
	       RTE_BE16(RTE_ETHER_TYPE_SLOW);
}

/* How many frames in front of a burst are no slow ones, up to four less than there are. */
static inline uint16_t
before_slow(struct rte_mbuf *const *pkts, uint16_t n)
{
	uint16_t i = 0;

	for (; i + 4 <= n; i = (uint16_t)(i + 4))
		if (unlikely(
			    has_slow_type(pkts[i]) || has_slow_type(pkts[i + 1]) ||
			    has_slow_type(pkts[i + 2]) || has_slow_type(pkts[i + 3])
		    ))
			return i;
	for (; i < n; i++)
		if (unlikely(has_slow_type(pkts[i])))
			return i;
	return n;
}

/* What the headers of a burst have in common. */
enum burst_kind {
	BURST_ANY,
	/* IPv4 to single hosts: nothing for control, and PLAN_ACCEPT_UNICAST lets it through. */
	BURST_PLAIN,
	BURST_OTHERS, /* the same, and not for the first address that would be replaced */
};

static inline enum burst_kind
kind_of(const struct bond_plan *plan, struct rte_mbuf *const *pkts, uint16_t n)
{
	struct inspect_heads h = INSPECT_HEADS_NONE;
	const uint64_t alias = plan->alias[0];
	bool hit = false;

	for (uint16_t i = 0; i < n; i++) {
		inspect_head(&h, pkts[i]);
		hit |= plan_first_mac_word(rte_pktmbuf_mtod(pkts[i], const void *)) == alias;
	}
	if (!inspect_heads_plain(&h))
		return BURST_ANY;
	return hit ? BURST_PLAIN : BURST_OTHERS;
}

/* @slow is known where this is inlined. */
static __rte_always_inline uint16_t
recv_member(
	struct bond_direct *d,
	const struct bond_plan *plan,
	const struct plan_polled *member,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n,
	bool slow
)
{
	struct bond_rxq *q = &d->rxq[queue];
	enum burst_kind kind = BURST_ANY;
	uint16_t got = rte_eth_rx_burst(member->port_id, queue, pkts, n);

	if (got == 0)
		return 0;
	plan_count(&q->packets[member->port_id], got);
	if (slow) {
		uint16_t others = before_slow(pkts, got);

		if (unlikely(others != got))
			got = take_slow(d, member->port_id, queue, pkts, got, others);
	}
	if (plan->inspect_rx) {
		kind = kind_of(plan, pkts, got);
		if (unlikely(kind == BURST_ANY))
			inspect_received(d, queue, pkts, got);
	}
	if (unlikely(
		    member->accept != PLAN_ACCEPT_ALL &&
		    (kind == BURST_ANY || member->accept == PLAN_ACCEPT_NONE)
	    ))
		got = judge(q, member->port_id, member->accept, pkts, got);
	if (plan->nb_alias > (kind == BURST_OTHERS ? 1 : 0))
		give_bonds_address(plan, pkts, got);
	return got;
}

/* Members that deliver nothing but what is meant for this link alone. */
static __attribute__((noinline)) uint16_t
recv_idle(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n,
	bool slow
)
{
	uint16_t got = 0;

	for (uint16_t i = 0; i < plan->nb_idle && got < n; i++)
		got = (uint16_t
		)(got +
		  recv_member(d, plan, &plan->idle[i], queue, pkts + got, (uint16_t)(n - got), slow)
		);
	return got;
}

static __rte_always_inline uint16_t
recv_all(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n,
	bool slow
)
{
	struct bond_rxq *q = &d->rxq[queue];
	uint16_t got = 0, room, at;

	if (unlikely(q->turn++ % IDLE_TURNS == 0 && plan->nb_idle != 0))
		got = recv_idle(d, plan, queue, pkts, n, slow);
	if (unlikely(plan->nb_polled == 0))
		return got;
	/* Another one first each time, so that a busy member cannot starve the others. */
	at = q->first < plan->nb_polled ? q->first : 0;
	q->first = (uint16_t)(at + 1);
	for (uint16_t i = 0; i < plan->nb_polled && got < n; i++) {
		room = (uint16_t)(n - got);
		got = (uint16_t
		)(got + recv_member(d, plan, &plan->polled[at], queue, pkts + got, room, slow));
		at = at + 1 == plan->nb_polled ? 0 : (uint16_t)(at + 1);
	}
	return got;
}

uint16_t
recv_members(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	return recv_all(d, plan, queue, pkts, n, false);
}

uint16_t
recv_members_slow(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	return recv_all(d, plan, queue, pkts, n, true);
}

uint16_t
recv_one(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	const uint16_t port_id = plan->polled[0].port_id;
	struct bond_rxq *q = &d->rxq[queue];
	uint16_t got;

	if (unlikely(q->turn % IDLE_TURNS == 0))
		return recv_all(d, plan, queue, pkts, n, false);
	q->turn++;
	got = rte_eth_rx_burst(port_id, queue, pkts, n);
	plan_count(&q->packets[port_id], got);
	return got;
}
