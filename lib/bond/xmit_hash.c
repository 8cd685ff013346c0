/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The transmit hash policies of Linux's bonding driver: bond_xmit_hash and what it calls in
 * drivers/net/bonding/bond_main.c, 6.12. Called by workers for every frame; plain TCP and UDP take
 * the short way, all else goes through dissect.c.
 */
#include "xmit_hash.h"

#include "dissect.h"
#include "xmit_hash_common.h"

#include <rte_branch_prediction.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include <netinet/in.h>

static inline uint32_t
eth_hash(const struct rte_ether_hdr *eth, rte_be16_t ether_type)
{
	return (uint32_t)eth->dst_addr.addr_bytes[5] ^ eth->src_addr.addr_bytes[5] ^
	       rte_be_to_cpu_16(ether_type);
}

/* bond_eth_hash: last bytes of the addresses, and the type behind the outermost tag. */
static uint32_t
hash_l2(const struct rte_mbuf *m)
{
	struct rte_ether_hdr copy;
	const struct rte_ether_hdr *eth;
	struct dissect_l3 l3;
	uint32_t key;

	if (likely(common_key(BOND_POLICY_L2, m, &key)))
		return key;
	if (unlikely(!dissect_skb(m, &l3)))
		return 0;
	eth = rte_pktmbuf_read(m, 0, sizeof(*eth), &copy);
	return eth_hash(eth, l3.ether_type);
}

static inline uint32_t
hash_of_l23(uint32_t l2, const struct dissect_flow *flow)
{
	return common_hash(BOND_POLICY_L23, l2 ^ flow->addresses);
}

static inline uint32_t
hash_of_l34(const struct dissect_flow *flow)
{
	uint32_t ports = flow->icmp != 0 ? flow->icmp : flow->ports;

	return common_hash(BOND_POLICY_L34, ports ^ flow->addresses);
}

/* The flow of a frame as common_is_flow4() has it, but over IPv6 without extension headers. */
static inline bool
flow6(const struct rte_mbuf *m, struct dissect_flow *ret)
{
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	const struct rte_ipv6_hdr *ip = (const void *)(eth + 1);

	if (m->data_len < sizeof(*eth) + sizeof(*ip) + 4 ||
	    eth->ether_type != RTE_BE16(RTE_ETHER_TYPE_IPV6) ||
	    (ip->proto != IPPROTO_TCP && ip->proto != IPPROTO_UDP))
		return false;
	ret->addresses = dissect_xor(&ip->src_addr, 8);
	ret->ports = dissect_xor(ip + 1, 1);
	ret->icmp = 0;
	return true;
}

static uint32_t
hash_l23(const struct rte_mbuf *m)
{
	struct dissect_flow flow;
	uint32_t key;

	if (likely(common_key(BOND_POLICY_L23, m, &key)))
		return common_hash(BOND_POLICY_L23, key);
	if (likely(flow6(m, &flow)) || dissect_flow_plain(m, &flow))
		return hash_of_l23(hash_l2(m), &flow);
	return hash_l2(m);
}

static uint32_t
hash_l34(const struct rte_mbuf *m)
{
	struct dissect_flow flow;
	uint32_t key;

	if (likely(common_key(BOND_POLICY_L34, m, &key)))
		return common_hash(BOND_POLICY_L34, key);
	if (likely(flow6(m, &flow)) || dissect_flow_plain(m, &flow))
		return hash_of_l34(&flow);
	return hash_l2(m);
}

static uint32_t
hash_encap23(const struct rte_mbuf *m)
{
	struct dissect_flow flow;
	uint32_t key;

	if (likely(common_key(BOND_POLICY_ENCAP23, m, &key)))
		return common_hash(BOND_POLICY_ENCAP23, key);
	if (likely(flow6(m, &flow)) || dissect_flow_encap(m, &flow))
		return hash_of_l23(hash_l2(m), &flow);
	return hash_l2(m);
}

/* Linux takes skb->hash instead when the NIC has made one over the ports: that is policy rss. */
static uint32_t
hash_encap34(const struct rte_mbuf *m)
{
	struct dissect_flow flow;
	uint32_t key;

	if (likely(common_key(BOND_POLICY_ENCAP34, m, &key)))
		return common_hash(BOND_POLICY_ENCAP34, key);
	if (likely(flow6(m, &flow)) || dissect_flow_encap(m, &flow))
		return hash_of_l34(&flow);
	return hash_l2(m);
}

/* bond_vlan_srcmac_hash: the whole TCI, priority included, and both halves of the address. */
static uint32_t
hash_vlan_srcmac(const struct rte_mbuf *m)
{
	struct rte_ether_hdr copy;
	const struct rte_ether_hdr *eth;
	struct dissect_l3 l3;
	const uint8_t *src;
	uint32_t key;

	if (likely(common_key(BOND_POLICY_VLAN_SRCMAC, m, &key)))
		return key;
	if (unlikely(!dissect_skb(m, &l3)))
		return 0;
	eth = rte_pktmbuf_read(m, 0, sizeof(*eth), &copy);
	src = eth->src_addr.addr_bytes;
	return l3.tci ^ (uint32_t)(src[0] << 16 | src[1] << 8 | src[2]) ^
	       (uint32_t)(src[3] << 16 | src[4] << 8 | src[5]);
}

static uint32_t
hash_rss(const struct rte_mbuf *m)
{
	if (likely((m->ol_flags & RTE_MBUF_F_RX_RSS_HASH) != 0))
		return m->hash.rss;
	return hash_l34(m);
}

xmit_hash_fn
xmit_hash_get(enum bond_policy policy)
{
	static const xmit_hash_fn functions[] = {
		[BOND_POLICY_L2] = hash_l2,
		[BOND_POLICY_L34] = hash_l34,
		[BOND_POLICY_L23] = hash_l23,
		[BOND_POLICY_ENCAP23] = hash_encap23,
		[BOND_POLICY_ENCAP34] = hash_encap34,
		[BOND_POLICY_VLAN_SRCMAC] = hash_vlan_srcmac,
		[BOND_POLICY_RSS] = hash_rss,
	};
	_Static_assert(RTE_DIM(functions) == BOND_POLICY_COUNT, "a function for every policy");

	return functions[policy];
}
