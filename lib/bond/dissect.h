/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a frame carries, as Linux's flow dissection sees it: the layer 3 type behind VLAN tags, and
 * the addresses and ports that identify a flow. Pure, for workers; used by the transmit hashes and
 * by whoever must know the layer 3 type of a frame.
 */
#pragma once

#include <rte_branch_prediction.h>
#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_mbuf.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { DISSECT_MAX_TAGS = 8 }; /* VLAN_MAX_DEPTH of include/linux/if_vlan.h */

/* What is behind the Ethernet header. */
struct dissect_l3 {
	rte_be16_t ether_type; /* behind the tags that were taken off; at most 1500: a length */
	uint16_t offset_bytes; /* where that begins in the frame */
	uint8_t nb_tags;       /* taken off, one in the mbuf included */
	uint16_t tci;          /* of the outermost tag; 0: untagged */
};

static inline bool
dissect_is_vlan(rte_be16_t ether_type)
{
	return ether_type == RTE_BE16(RTE_ETHER_TYPE_VLAN) ||
	       ether_type == RTE_BE16(RTE_ETHER_TYPE_QINQ);
}

/* Whether the outermost tag stands in the mbuf: taken off by the NIC, or to be put in by it. */
static inline bool
dissect_tag_in_mbuf(const struct rte_mbuf *m)
{
	return (m->ol_flags & (RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_TX_VLAN)) != 0;
}

/*
 * Take off at most @max_tags VLAN tags (802.1Q or 802.1ad), outermost first; one in the mbuf is the
 * outermost. With @max_tags 1 the result is what Linux's stack has in skb->protocol when it
 * forwards the frame (skb_vlan_untag takes one tag off); DISSECT_MAX_TAGS finds the type behind all
 * of them. A tag that the frame has only a part of stays. False, and @ret untouched, for a frame
 * without a whole Ethernet header. Any length, any segments.
 */
static inline bool
dissect_l3(const struct rte_mbuf *m, unsigned max_tags, struct dissect_l3 *ret)
{
	struct rte_ether_hdr eth_copy;
	const struct rte_ether_hdr *eth;
	struct dissect_l3 l3 = {.offset_bytes = RTE_ETHER_HDR_LEN};

	eth = rte_pktmbuf_read(m, 0, sizeof(*eth), &eth_copy);
	if (unlikely(eth == NULL))
		return false;
	l3.ether_type = eth->ether_type;
	if (dissect_tag_in_mbuf(m)) {
		l3.nb_tags = 1;
		l3.tci = m->vlan_tci;
	}
	while (unlikely(dissect_is_vlan(l3.ether_type)) && l3.nb_tags < max_tags) {
		struct rte_vlan_hdr tag_copy;
		const struct rte_vlan_hdr *tag;

		tag = rte_pktmbuf_read(m, l3.offset_bytes, sizeof(*tag), &tag_copy);
		if (tag == NULL)
			break;
		if (l3.nb_tags == 0)
			l3.tci = rte_be_to_cpu_16(tag->vlan_tci);
		l3.ether_type = tag->eth_proto;
		l3.offset_bytes += (uint16_t)sizeof(*tag);
		l3.nb_tags++;
	}
	*ret = l3;
	return true;
}

/*
 * MPLS behind tags: Linux's bond puts the tag back into the frame before it computes the hash, as
 * it offers no tag insertion for MPLS (mpls_features, net_mpls_features of net/core/dev.c). @l3 is
 * changed to what there is then: no tag taken off, the outermost one's type as the type, and the
 * offset where it was.
 */
void dissect_tag_before_mpls(const struct rte_mbuf *m, struct dissect_l3 *l3);

/*
 * What Linux's bond sees of a frame when it computes a hash: one tag taken off, but not before
 * MPLS. False, and @ret untouched, for a frame without a whole Ethernet header.
 */
static inline bool
dissect_skb(const struct rte_mbuf *m, struct dissect_l3 *ret)
{
	if (unlikely(!dissect_l3(m, 1, ret)))
		return false;
	if (unlikely(ret->nb_tags > 0))
		dissect_tag_before_mpls(m, ret);
	return true;
}

/*
 * What identifies a flow. Values are the wire's bytes as the CPU reads them, as in Linux: they
 * differ between little and big endian.
 */
struct dissect_flow {
	uint32_t addresses; /* all 32-bit words of both IP addresses, XORed */
	uint32_t ports;     /* the four bytes of both ports, or of an SPI; 0: none */
	uint32_t icmp;      /* type, code and identifier of a query, 0 when there is none */
};

/* The XOR of 32-bit words as they lie in memory, at any alignment. */
static inline uint32_t
dissect_xor(const void *words, unsigned count)
{
	uint32_t word, all = 0;

	for (unsigned i = 0; i < count; i++) {
		memcpy(&word, (const uint8_t *)words + sizeof(word) * i, sizeof(word));
		all ^= word;
	}
	return all;
}

/*
 * The outermost IP header behind one VLAN tag and, of an ICMP error, the header that it quotes:
 * what policies layer2+3 and layer3+4 use (bond_flow_ip, bond_flow_dissect). IPv6 extension headers
 * are not walked. False, and @ret undefined, when there is no IP header.
 */
bool dissect_flow_plain(const struct rte_mbuf *m, struct dissect_flow *ret);

/*
 * The innermost IP header that Linux's __skb_flow_dissect gets at with the keys of the bonding
 * driver (flow_keys_bonding): behind VLAN tags, PPPoE, HSR, batman-adv, IPIP, 6in4, IPv6 in IPv6,
 * GRE (with an Ethernet frame in it, or PPTP) and IPv6 extension headers; not behind MPLS or UDP
 * tunnels. ICMP errors are not looked into. What policies encap2+3 and encap3+4 use. False, and
 * @ret undefined, where Linux gives up.
 */
bool dissect_flow_encap(const struct rte_mbuf *m, struct dissect_flow *ret);
