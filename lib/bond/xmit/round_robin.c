/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mode 0 (balance-rr): packets_per_member frames to each member in turn, counted by each transmit
 * queue for itself, as Linux counts them by processor (bond_main.c).
 */
#include "split.h"

#include <rte_ip.h>

/*
 * IGMP stays with one member, so that a switch that listens to it delivers multicast on one port
 * (bond_xmit_roundrobin). Linux looks at untagged IPv4 only, and so do we.
 */
static inline bool
is_igmp(const struct rte_mbuf *m)
{
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(eth + 1);

	return unlikely(rte_is_multicast_ether_addr(&eth->dst_addr)) &&
	       eth->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4) &&
	       rte_pktmbuf_data_len(m) >= sizeof(*eth) + sizeof(*ip) &&
	       ip->next_proto_id == IPPROTO_IGMP;
}

static inline uint8_t
index_of(const struct bond_plan *plan, uint16_t port_id)
{
	for (uint16_t i = 0; i < plan->nb_usable; i++)
		if (plan->usable[i] == port_id)
			return (uint8_t)i;
	return 0;
}

/* What members refused, in front of @pkts: each other may take it, once round. */
static uint16_t
offer_round(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	uint16_t sent = 0;

	for (uint16_t i = 0; sent < n && i < plan->nb_usable; i++)
		sent = (uint16_t
		)(sent +
		  xmit_offer(d, plan, plan->usable[i], queue, pkts + sent, (uint16_t)(n - sent)));
	if (sent < n)
		xmit_refused(
			d, plan, plan->usable[plan->nb_usable - 1], queue, (uint16_t)(n - sent)
		);
	return sent;
}

/*
 * Offer each member its slice. What is refused is kept in front of @pkts, behind @nb_refused
 * others, and not counted yet: this is the one mode whose frames may go to any member.
 */
static inline uint16_t
offer_slices(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct xmit_slice *slices,
	struct rte_mbuf **pkts,
	uint16_t nb_refused
)
{
	for (uint16_t k = 0; k < plan->nb_usable; k++) {
		struct xmit_slice *s = &slices[k];

		if (s->n == 0)
			continue;
		s->sent = xmit_offer(d, plan, plan->usable[k], queue, s->pkts, s->n);
		if (unlikely(s->sent < s->n))
			nb_refused = xmit_keep(pkts, nb_refused, s);
	}
	return nb_refused;
}

static uint16_t
offer_lists(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct xmit_lists *l,
	struct rte_mbuf **pkts,
	uint16_t nb_refused
)
{
	struct xmit_slice slices[BOND_MAX_MEMBERS];

	for (uint16_t k = 0; k < plan->nb_usable; k++)
		slices[k] =
			(struct xmit_slice){l->frames[k], (uint16_t)(l->end[k] - l->frames[k]), 0};
	return offer_slices(d, plan, queue, slices, pkts, nb_refused);
}

/* All have been offered once, and @nb_refused stand in front of @pkts. */
static inline uint16_t
finish(struct bond_direct *d,
       const struct bond_plan *plan,
       uint16_t queue,
       struct rte_mbuf **pkts,
       uint16_t n,
       uint16_t nb_refused)
{
	uint16_t sent = xmit_end(pkts, n, nb_refused);

	if (likely(nb_refused == 0))
		return n;
	return (uint16_t)(sent + offer_round(d, plan, queue, pkts + sent, nb_refused));
}

uint16_t
xmit_round_robin(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	struct bond_txq *q = &d->txq[queue];
	uint16_t index = q->rr_index, members = plan->nb_usable;
	uint32_t left = q->rr_left;
	uint16_t nb_refused = 0;
	struct xmit_lists l;

	if (unlikely(members == 0))
		return xmit_nobody(d, plan, queue, pkts, n);
	if (unlikely(index >= members))
		index = 0;
	if (unlikely(!inspect_are_single(pkts, n)))
		xmit_look(d, plan, queue, pkts, n);
	for (size_t i = 0, end; i < n;) {
		xmit_lists_begin(&l, plan);
		for (end = RTE_MIN(i + XMIT_PART, n); i < end; i++) {
			if (unlikely(is_igmp(pkts[i]))) {
				xmit_list(&l, index_of(plan, plan->active), pkts[i]);
				continue;
			}
			if (left == 0) {
				index = index + 1 == members ? 0 : (uint16_t)(index + 1);
				left = plan->packets_per_member;
			}
			left--;
			xmit_list(&l, index, pkts[i]);
		}
		nb_refused = offer_lists(d, plan, queue, &l, pkts, nb_refused);
	}
	q->rr_index = index;
	q->rr_left = left;
	return finish(d, plan, queue, pkts, n, nb_refused);
}

/*
 * Every frame to the next member, from the one after @index: one member's stand as far apart as
 * there are members. Returns the first bytes of the destinations, ORed.
 */
static inline uint8_t
deal_each(
	struct rte_mbuf *const *pkts,
	uint16_t n,
	uint16_t members,
	uint16_t index,
	struct rte_mbuf **sorted,
	struct xmit_slice *slices
)
{
	uint8_t group = 0;

	for (uint16_t first = 0; first < members; first++) {
		index = index + 1 == members ? 0 : (uint16_t)(index + 1);
		slices[index].pkts = sorted;
		for (size_t i = first; i < n; i += members) {
			group |= inspect_group(pkts[i]);
			*sorted++ = pkts[i];
		}
		slices[index].n = (uint16_t)(sorted - slices[index].pkts);
	}
	return group;
}

uint16_t
xmit_round_robin_each(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	struct bond_txq *q = &d->txq[queue];
	uint16_t members = plan->nb_usable, index = q->rr_index;
	struct xmit_slice slices[BOND_MAX_MEMBERS];
	struct rte_mbuf *sorted[XMIT_MAX_BURST];
	uint8_t group;

	if (unlikely(members == 0))
		return xmit_nobody(d, plan, queue, pkts, n);
	if (unlikely(index >= members))
		index = 0;
	group = deal_each(pkts, n, members, index, sorted, slices);
	/* A frame may be IGMP. */
	if (unlikely((group & 1) != 0))
		return xmit_round_robin(d, plan, queue, pkts, n);
	q->rr_index = (uint16_t)xmit_hash_mod((uint32_t)index + n, plan->usable_magic, members);
	q->rr_left = 0;
	return finish(d, plan, queue, pkts, n, offer_slices(d, plan, queue, slices, pkts, 0));
}

/* Two members, a frame to each in turn; @first gets the odd one. Returns as deal_each(). */
static inline uint8_t
deal_two(
	struct rte_mbuf *const *pkts, uint16_t n, struct rte_mbuf **first, struct rte_mbuf **second
)
{
	const size_t pairs = n / 2;
	uint8_t group = 0;

	for (size_t i = 0; i < pairs; i++) {
		struct rte_mbuf *a = pkts[2 * i], *b = pkts[2 * i + 1];

		group |= inspect_group(a) | inspect_group(b);
		first[i] = a;
		second[i] = b;
	}
	if ((n & 1) != 0) {
		group |= inspect_group(pkts[n - 1]);
		first[pairs] = pkts[n - 1];
	}
	return group;
}

uint16_t
xmit_round_robin_two(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	struct rte_mbuf *first[XMIT_MAX_BURST / 2], *second[XMIT_MAX_BURST / 2];
	struct xmit_slice a = {first, (uint16_t)((n + 1) / 2), 0}, b = {second, n / 2, 0};
	struct bond_txq *q = &d->txq[queue];
	unsigned index = q->rr_index & 1;
	uint16_t nb_refused;

	/* A frame may be IGMP. */
	if (unlikely((deal_two(pkts, n, first, second) & 1) != 0))
		return xmit_round_robin(d, plan, queue, pkts, n);
	q->rr_index = (uint16_t)((index + n) & 1);
	q->rr_left = 0;
	a.sent = xmit_offer(d, plan, plan->usable[index ^ 1], queue, a.pkts, a.n);
	if (likely(b.n != 0))
		b.sent = xmit_offer(d, plan, plan->usable[index], queue, b.pkts, b.n);
	if (likely(a.sent + b.sent == n))
		return n;
	nb_refused = xmit_keep(pkts, xmit_keep(pkts, 0, &a), &b);
	return finish(d, plan, queue, pkts, n, nb_refused);
}

uint16_t
xmit_round_robin_random(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	struct bond_txq *q = &d->txq[queue];
	uint64_t x = q->random;
	uint16_t nb_refused = 0;
	struct xmit_lists l;

	if (unlikely(plan->nb_usable == 0))
		return xmit_nobody(d, plan, queue, pkts, n);
	if (unlikely(!inspect_are_single(pkts, n)))
		xmit_look(d, plan, queue, pkts, n);
	for (size_t i = 0, end; i < n;) {
		xmit_lists_begin(&l, plan);
		for (end = RTE_MIN(i + XMIT_PART, n); i < end; i++) {
			/* Marsaglia's xorshift64: 13, 7, 17. */
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			xmit_list(
				&l,
				is_igmp(pkts[i]) ? index_of(plan, plan->active)
						 : ((x >> 32) * plan->nb_usable) >> 32,
				pkts[i]
			);
		}
		nb_refused = offer_lists(d, plan, queue, &l, pkts, nb_refused);
	}
	q->random = x;
	return finish(d, plan, queue, pkts, n, nb_refused);
}
