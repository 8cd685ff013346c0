/* SPDX-License-Identifier: BSD-3-Clause */
/* See inspect.h. Shown frames are copied up to INSPECT_BYTES: headers and what reports list. */
#include "inspect.h"

#include <rte_branch_prediction.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

enum { INSPECT_BYTES = 512 };

bool
inspect_divert(struct rte_ring *ring, struct rte_mbuf *m)
{
	return rte_ring_sp_enqueue(ring, m) == 0;
}

static bool
show(struct bond_direct *d, struct rte_ring *ring, const struct rte_mbuf *m, uint16_t port_id)
{
	struct rte_mbuf *copy;

	/* Tags that the device took off stay in the mbuf's fields, which are copied too. */
	copy = rte_pktmbuf_copy(m, d->pool, 0, INSPECT_BYTES);
	if (copy == NULL)
		return false;
	copy->port = port_id;
	if (inspect_divert(ring, copy))
		return true;
	rte_pktmbuf_free(copy);
	return false;
}

/* What control wants to see. */
enum {
	WANT_NEIGHBORS = 1 << 0, /* ARP, neighbour discovery */
	WANT_REPORTS = 1 << 1,   /* IGMP, MLD */
};

/* Whether the type behind up to two tags, and where it is IP the next header, is of @wanted. */
static bool
is_wanted(const struct rte_mbuf *m, unsigned wanted)
{
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	uint32_t at = sizeof(*eth), len = rte_pktmbuf_data_len(m);
	rte_be16_t type = eth->ether_type;
	const uint8_t *bytes = (const uint8_t *)eth;

	if (len < sizeof(*eth))
		return false;
	for (int tags = 0; tags < 2; tags++) {
		const struct rte_vlan_hdr *vlan = (const struct rte_vlan_hdr *)(bytes + at);

		if (likely(type != RTE_BE16(RTE_ETHER_TYPE_VLAN) &&
		           type != RTE_BE16(RTE_ETHER_TYPE_QINQ)))
			break;
		if (len < at + sizeof(*vlan))
			return false;
		type = vlan->eth_proto;
		at += sizeof(*vlan);
	}
	if (type == RTE_BE16(RTE_ETHER_TYPE_ARP))
		return (wanted & WANT_NEIGHBORS) != 0;
	/* Neighbour discovery stands behind no extension header, MLD behind a hop-by-hop one. */
	if (type == RTE_BE16(RTE_ETHER_TYPE_IPV6) && len >= at + sizeof(struct rte_ipv6_hdr)) {
		uint8_t proto = ((const struct rte_ipv6_hdr *)(bytes + at))->proto;

		return (proto == IPPROTO_ICMPV6 && (wanted & WANT_NEIGHBORS) != 0) ||
		       (proto == IPPROTO_HOPOPTS && (wanted & WANT_REPORTS) != 0);
	}
	return (wanted & WANT_REPORTS) != 0 && type == RTE_BE16(RTE_ETHER_TYPE_IPV4) &&
	       len >= at + sizeof(struct rte_ipv4_hdr) &&
	       ((const struct rte_ipv4_hdr *)(bytes + at))->next_proto_id == IPPROTO_IGMP;
}

/* ICMPv6 of hosts to each other is nobody's business here: unicast echo is not shown. */
static inline bool
is_plain_unicast_v4(const struct rte_ether_hdr *eth)
{
	return eth->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4) &&
	       !rte_is_multicast_ether_addr(&eth->dst_addr);
}

void
inspect_received(struct bond_direct *d, uint16_t queue, struct rte_mbuf *const *pkts, uint16_t n)
{
	if (likely(inspect_are_plain(pkts, n)))
		return;
	for (uint16_t i = 0; i < n; i++) {
		const struct rte_mbuf *m = pkts[i];

		if (likely(is_plain_unicast_v4(rte_pktmbuf_mtod(m, const struct rte_ether_hdr *))))
			continue;
		if (is_wanted(m, WANT_NEIGHBORS) && !show(d, d->rx_to_control[queue], m, m->port))
			plan_count(&d->rxq[queue].not_shown, 1);
	}
}

/* Once in a while, that of one frame. */
static void
inspect_source(struct bond_direct *d, uint16_t queue, const struct rte_mbuf *m)
{
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	uint32_t epoch = atomic_load_explicit(&d->learn_epoch, memory_order_relaxed);
	const struct rte_vlan_hdr *vlan = (const struct rte_vlan_hdr *)(eth + 1);
	uint64_t key = plan_second_mac_word(eth), hash;
	struct bond_txq *q = &d->txq[queue];

	if (eth->ether_type == RTE_BE16(RTE_ETHER_TYPE_VLAN) &&
	    rte_pktmbuf_data_len(m) >= sizeof(*eth) + sizeof(*vlan))
		key |= rte_be_to_cpu_16(vlan->vlan_tci) & 0xfff;
	if (unlikely(epoch != q->learn_epoch)) {
		memset(q->learnt, 0, sizeof(q->learnt));
		q->learn_epoch = epoch;
	}
	/* Fibonacci hashing: the upper bits of a product with 2^64 / phi. */
	hash = (key * UINT64_C(0x9e3779b97f4a7c15)) >> 58;
	if (likely(q->learnt[hash % PLAN_LEARN_SLOTS] == key))
		return;
	q->learnt[hash % PLAN_LEARN_SLOTS] = key;
	if (!show(d, d->tx_to_control[queue], m, d->port_id))
		plan_count(&q->not_shown, 1);
}

static void
show_sent(struct bond_direct *d, uint16_t queue, const struct rte_mbuf *m, unsigned wanted)
{
	if (is_wanted(m, wanted) && !show(d, d->tx_to_control[queue], m, d->port_id))
		plan_count(&d->txq[queue].not_shown, 1);
}

void
inspect_sent(struct bond_direct *d, uint16_t queue, struct rte_mbuf *const *pkts, uint16_t n)
{
	if (n != 0)
		inspect_source(d, queue, pkts[0]);
	if (likely(inspect_are_plain(pkts, n)))
		return;
	for (uint16_t i = 0; i < n; i++)
		/* What concerns us is sent to groups, but for answers to ARP. */
		if (unlikely(!is_plain_unicast_v4(
			    rte_pktmbuf_mtod(pkts[i], const struct rte_ether_hdr *)
		    )))
			show_sent(d, queue, pkts[i], WANT_NEIGHBORS | WANT_REPORTS);
}

void
inspect_reports(struct bond_direct *d, uint16_t queue, struct rte_mbuf *const *pkts, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		if (unlikely((inspect_group(pkts[i]) & 1) != 0))
			show_sent(d, queue, pkts[i], WANT_REPORTS);
}
