/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The icmpecho engine: answers ARP requests for any address and ICMP echo requests to any address,
 * on the port that they came from; takes everything else. As testpmd's (app/test-pmd/icmpecho.c),
 * but with every length checked, two tags instead of one, and no answer to an announcement.
 */
#include "engines.h"
#include "fwd_stream.h"

#include <rte_arp.h>
#include <rte_byteorder.h>
#include <rte_icmp.h>
#include <rte_ip.h>

#include <netinet/in.h>

/* RFC 792; DPDK renamed its own constants in 24.11. */
enum { TYPE_ECHO_REPLY = 0, TYPE_ECHO_REQUEST = 8 };

enum {
	MAX_TAGS = 2,
	ANSWERED = FWD_DROP_COUNT, /* what a handler returns instead of a reason to drop */
};

/* Back to the sender; from @own if the frame went to a group, which is nobody's source. */
static void
turn_ethernet(struct rte_ether_hdr *eth, const struct rte_ether_addr *own)
{
	struct rte_ether_addr dst = eth->dst_addr;

	eth->dst_addr = eth->src_addr;
	eth->src_addr = rte_is_unicast_ether_addr(&dst) ? dst : *own;
}

static int
answer_arp(struct rte_mbuf *m, uint16_t offset, const struct rte_ether_addr *own)
{
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_arp_hdr *arp = rte_pktmbuf_mtod_offset(m, struct rte_arp_hdr *, offset);
	struct rte_arp_ipv4 *data = &arp->arp_data;
	rte_be32_t asked;

	if (rte_pktmbuf_data_len(m) < offset + sizeof(*arp))
		return FWD_DROP_BAD;
	if (arp->arp_hardware != RTE_BE16(RTE_ARP_HRD_ETHER) ||
	    arp->arp_protocol != RTE_BE16(RTE_ETHER_TYPE_IPV4) ||
	    arp->arp_hlen != RTE_ETHER_ADDR_LEN || arp->arp_plen != sizeof(asked) ||
	    arp->arp_opcode != RTE_BE16(RTE_ARP_OP_REQUEST))
		return FWD_DROP_CONSUMED;
	/* An announcement asks for nothing; an answer would tell its sender of a conflict. */
	if (data->arp_sip == data->arp_tip)
		return FWD_DROP_CONSUMED;
	eth->dst_addr = eth->src_addr;
	eth->src_addr = *own;
	arp->arp_opcode = RTE_BE16(RTE_ARP_OP_REPLY);
	asked = data->arp_tip;
	data->arp_tha = data->arp_sha;
	data->arp_tip = data->arp_sip;
	data->arp_sha = *own;
	data->arp_sip = asked;
	return ANSWERED;
}

/* An address that no host sends from: multicast, reserved, broadcast. */
static bool
is_no_source(rte_be32_t ip)
{
	return rte_be_to_cpu_32(ip) >= RTE_IPV4(224, 0, 0, 0);
}

static void
turn_ip(struct rte_ipv4_hdr *ip)
{
	rte_be32_t dst = ip->dst_addr;

	ip->dst_addr = ip->src_addr;
	if (is_no_source(dst)) {
		/* Like testpmd: a neighbour of the sender answers, .1 or .2 of its four addresses.
		 */
		uint32_t src = rte_be_to_cpu_32(ip->src_addr);

		src = (src & ~3u) | ((src & 3) == 1 ? 2 : 1);
		ip->src_addr = rte_cpu_to_be_32(src);
		ip->hdr_checksum = 0;
		ip->hdr_checksum = rte_ipv4_cksum(ip);
	} else {
		/* A sum doesn't change when its terms change places. */
		ip->src_addr = dst;
	}
}

static void
turn_icmp(struct rte_icmp_hdr *icmp)
{
	/* RFC 1624, equation 3, for the word of type and code (code 0). */
	uint32_t sum = (uint16_t)~icmp->icmp_cksum;

	sum += (uint16_t)~RTE_BE16(TYPE_ECHO_REQUEST << 8);
	sum += RTE_BE16(TYPE_ECHO_REPLY << 8);
	/* Two words make at most one carry: the new one is 0. */
	sum = (sum & 0xffff) + (sum >> 16);
	icmp->icmp_cksum = (uint16_t)~sum;
	icmp->icmp_type = TYPE_ECHO_REPLY;
}

static int
answer_echo(struct rte_mbuf *m, uint16_t offset, const struct rte_ether_addr *own)
{
	const rte_be16_t fragment = RTE_BE16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK);
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, offset);
	struct rte_icmp_hdr *icmp;
	uint16_t ip_bytes, header_bytes;

	if (rte_pktmbuf_data_len(m) < offset + sizeof(*ip))
		return FWD_DROP_BAD;
	ip_bytes = rte_be_to_cpu_16(ip->total_length);
	header_bytes = rte_ipv4_hdr_len(ip);
	if (ip->version_ihl >> 4 != 4 || header_bytes < sizeof(*ip) || ip_bytes < header_bytes ||
	    rte_pktmbuf_pkt_len(m) < (uint32_t)offset + ip_bytes)
		return FWD_DROP_BAD;
	if (ip->next_proto_id != IPPROTO_ICMP)
		return FWD_DROP_CONSUMED;
	if ((ip->fragment_offset & fragment) != 0 || ip_bytes < header_bytes + sizeof(*icmp) ||
	    rte_pktmbuf_data_len(m) < offset + header_bytes + sizeof(*icmp))
		return FWD_DROP_BAD;
	icmp = rte_pktmbuf_mtod_offset(m, struct rte_icmp_hdr *, offset + header_bytes);
	if (icmp->icmp_type != TYPE_ECHO_REQUEST || icmp->icmp_code != 0)
		return FWD_DROP_CONSUMED;
	turn_ethernet(rte_pktmbuf_mtod(m, struct rte_ether_hdr *), own);
	turn_ip(ip);
	turn_icmp(icmp);
	return ANSWERED;
}

static inline bool
is_tag(rte_be16_t type)
{
	return type == RTE_BE16(RTE_ETHER_TYPE_VLAN) || type == RTE_BE16(RTE_ETHER_TYPE_QINQ);
}

/* Make the answer out of the request; ANSWERED or the reason to drop it. */
static int
answer(struct rte_mbuf *m, const struct rte_ether_addr *own)
{
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	uint16_t offset = sizeof(*eth);
	rte_be16_t type;

	if (rte_pktmbuf_data_len(m) < offset || rte_is_multicast_ether_addr(&eth->src_addr))
		return FWD_DROP_BAD;
	type = eth->ether_type;
	for (unsigned i = 0; i < MAX_TAGS && is_tag(type); i++) {
		const struct rte_vlan_hdr *tag;

		if (rte_pktmbuf_data_len(m) < offset + sizeof(*tag))
			return FWD_DROP_BAD;
		tag = rte_pktmbuf_mtod_offset(m, const struct rte_vlan_hdr *, offset);
		type = tag->eth_proto;
		offset += sizeof(*tag);
	}
	if (type == RTE_BE16(RTE_ETHER_TYPE_ARP))
		return answer_arp(m, offset, own);
	if (type == RTE_BE16(RTE_ETHER_TYPE_IPV4))
		return answer_echo(m, offset, own);
	return FWD_DROP_CONSUMED;
}

static uint16_t
run_icmpecho(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t n = fwd_receive(s, pkts);
	uint16_t nb_answers = 0;

	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];
		int verdict;

		fwd_prefetch_ahead(pkts, i, n);
		verdict = answer(m, &s->tx_mac);
		if (verdict == ANSWERED)
			pkts[nb_answers++] = m;
		else
			fwd_drop(s, &m, 1, verdict);
	}
	if (nb_answers != 0)
		fwd_transmit(s, pkts, nb_answers);
	return n;
}

const struct fwd_engine fwd_engine_icmpecho = {.name = "icmpecho", .run = run_icmpecho};
