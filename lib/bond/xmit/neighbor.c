/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mode 4 with broadcast_neighbor: ARP and neighbour discovery by every usable member, the rest by
 * hash (bond_3ad_xor_xmit, bond_should_broadcast_neighbor). For switches that are two and share no
 * tables.
 */
#include "xmit.h"

#include <rte_icmp.h>
#include <rte_ip.h>

enum { ND_SOLICITATION = 135, ND_ADVERTISEMENT = 136 };

static inline bool
is_neighbor(const struct rte_mbuf *m)
{
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	const struct rte_ipv6_hdr *ip6 = (const struct rte_ipv6_hdr *)(eth + 1);
	const uint8_t *type = (const uint8_t *)(ip6 + 1);

	if (eth->ether_type == RTE_BE16(RTE_ETHER_TYPE_ARP))
		return true;
	return eth->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV6) &&
	       rte_pktmbuf_data_len(m) > sizeof(*eth) + sizeof(*ip6) &&
	       ip6->proto == IPPROTO_ICMPV6 &&
	       (*type == ND_SOLICITATION || *type == ND_ADVERTISEMENT);
}

/* The burst is cut where frames of one kind end; what is refused goes to its end. */
uint16_t
xmit_hash_neighbor(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	struct rte_mbuf *refused[XMIT_MAX_BURST];
	uint16_t nb_refused = 0, begin, end;

	for (begin = 0; begin < n; begin = end) {
		bool neighbor = is_neighbor(pkts[begin]);
		uint16_t sent;

		for (end = (uint16_t)(begin + 1); end < n && is_neighbor(pkts[end]) == neighbor;)
			end++;
		sent = neighbor ? xmit_broadcast(d, plan, queue, pkts + begin, end - begin)
		                : plan->xmit_other(d, plan, queue, pkts + begin, end - begin);
		for (uint16_t i = begin + sent; i < end; i++)
			refused[nb_refused++] = pkts[i];
	}
	for (uint16_t i = 0; i < nb_refused; i++)
		pkts[n - nb_refused + i] = refused[i];
	return (uint16_t)(n - nb_refused);
}
