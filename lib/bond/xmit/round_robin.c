/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mode 0 (balance-rr): packets_per_member frames to each member in turn, counted by each transmit
 * queue for itself, as Linux counts them by processor (bond_main.c).
 */
#include "xmit.h"

#include <rte_ip.h>

#include <string.h>

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

/*
 * The one mode whose frames may go to any member: what one refuses is offered to the others, once
 * round.
 */
static uint16_t
send_chosen(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n,
	const uint8_t *choice
)
{
	uint16_t sent = xmit_scatter(d, plan, queue, pkts, n, choice, false);

	for (uint16_t i = 0; unlikely(sent < n) && i < plan->nb_usable; i++)
		sent = (uint16_t
		)(sent +
		  xmit_offer(d, plan, plan->usable[i], queue, pkts + sent, (uint16_t)(n - sent)));
	if (unlikely(sent < n))
		xmit_refused(
			d, plan, plan->usable[plan->nb_usable - 1], queue, (uint16_t)(n - sent)
		);
	return sent;
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
	uint8_t choice[XMIT_MAX_BURST];

	if (unlikely(members == 0))
		return xmit_nobody(d, plan, queue, n);
	if (unlikely(index >= members))
		index = 0;
	for (uint16_t i = 0; i < n; i++) {
		xmit_prefetch(pkts, i, n);
		if (unlikely(is_igmp(pkts[i]))) {
			choice[i] = index_of(plan, plan->active);
			continue;
		}
		if (left == 0) {
			index = index + 1 == members ? 0 : (uint16_t)(index + 1);
			left = plan->packets_per_member;
		}
		left--;
		choice[i] = (uint8_t)index;
	}
	q->rr_index = index;
	q->rr_left = left;
	return send_chosen(d, plan, queue, pkts, n, choice);
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
	uint8_t choice[XMIT_MAX_BURST];

	if (unlikely(plan->nb_usable == 0))
		return xmit_nobody(d, plan, queue, n);
	for (uint16_t i = 0; i < n; i++) {
		xmit_prefetch(pkts, i, n);
		/* Marsaglia's xorshift64: 13, 7, 17. */
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		choice[i] = is_igmp(pkts[i]) ? index_of(plan, plan->active)
		                             : (uint8_t)(((x >> 32) * plan->nb_usable) >> 32);
	}
	q->random = x;
	return send_chosen(d, plan, queue, pkts, n, choice);
}
