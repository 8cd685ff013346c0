/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds the addresses and ports of a frame's flow as Linux 6.12 does: bond_flow_dissect of
 * drivers/net/bonding/bond_main.c and, for tunnels, __skb_flow_dissect of
 * net/core/flow_dissector.c. Used by the transmit hashes for all frames that are not plain TCP or
 * UDP.
 */
#include "dissect.h"

#include <rte_ip.h>

#include <string.h>

/* Numbers of protocols, where DPDK has no name; from include/uapi/linux of Linux. */
enum {
	ETHER_TYPE_BATMAN = 0x4305,
	ETHER_TYPE_PPP_GRE = 0x880b,
	ETHER_TYPE_MPLS_UC = 0x8847,
	ETHER_TYPE_MPLS_MC = 0x8848,
	ETHER_TYPE_PPPOE = 0x8864,
	ETHER_TYPE_TIPC = 0x88ca,
	ETHER_TYPE_PTP = 0x88f7,
	ETHER_TYPE_PRP = 0x88fb,
	ETHER_TYPE_CFM = 0x8902,
	ETHER_TYPE_FCOE = 0x8906,
	ETHER_TYPE_HSR = 0x892f,

	IP_HOPOPTS = 0,
	IP_ICMP = 1,
	IP_IPIP = 4,
	IP_TCP = 6,
	IP_UDP = 17,
	IP_DCCP = 33,
	IP_IPV6 = 41,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_GRE = 47,
	IP_ESP = 50,
	IP_AH = 51,
	IP_ICMPV6 = 58,
	IP_DSTOPTS = 60,
	IP_SCTP = 132,
	IP_UDPLITE = 136,
	IP_MPLS = 137,

	PPP_IP = 0x0021,
	PPP_IPV6 = 0x0057,
	PPP_MPLS_UC = 0x0281,
	PPP_MPLS_MC = 0x0283,
};

enum {
	ICMP_BYTES = 8,
	IPV6_BYTES = 40,
	MAX_HEADER_BYTES = 64, /* no header below is read further than this */
	MAX_REPEATS = 15,      /* MAX_FLOW_DISSECT_HDRS */
	MAX_TAGS_OF_MPLS =
		7, /* that vlan_get_protocol gets behind when one of them is in the skb */
};

/* Part of a frame: contiguous in it, or a copy on the stack. */
struct piece {
	uint8_t copy[MAX_HEADER_BYTES];
};

/* @len bytes of the frame from @offset on, or NULL when it ends before. */
static const uint8_t *
bytes_at(const struct rte_mbuf *m, uint32_t offset, uint32_t len, struct piece *p)
{
	return rte_pktmbuf_read(m, offset, len, p->copy);
}

static uint16_t
be16_at(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t
ipv4_addresses(const uint8_t *ip)
{
	return dissect_xor(ip + offsetof(struct rte_ipv4_hdr, src_addr), 2);
}

static uint32_t
ipv6_addresses(const uint8_t *ip)
{
	return dissect_xor(ip + offsetof(struct rte_ipv6_hdr, src_addr), 8);
}

static unsigned
ipv4_header_bytes(const uint8_t *ip)
{
	return (ip[0] & RTE_IPV4_HDR_IHL_MASK) * RTE_IPV4_IHL_MULTIPLIER;
}

static bool
ipv4_is_fragment(const uint8_t *ip)
{
	return (be16_at(ip + offsetof(struct rte_ipv4_hdr, fragment_offset)) &
	        (RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK)) != 0;
}

static bool
is_mpls(rte_be16_t ether_type)
{
	return ether_type == RTE_BE16(ETHER_TYPE_MPLS_UC) ||
	       ether_type == RTE_BE16(ETHER_TYPE_MPLS_MC);
}

void
dissect_tag_before_mpls(const struct rte_mbuf *m, struct dissect_l3 *l3)
{
	struct dissect_l3 innermost;
	struct piece copy;

	if (!dissect_l3(m, MAX_TAGS_OF_MPLS, &innermost) || !is_mpls(innermost.ether_type))
		return;
	if (dissect_tag_in_mbuf(m))
		l3->ether_type = RTE_BE16(RTE_ETHER_TYPE_VLAN);
	else
		memcpy(&l3->ether_type, bytes_at(m, 2 * RTE_ETHER_ADDR_LEN, 2, &copy), 2);
	l3->nb_tags = 0;
	l3->tci = 0;
}

/* The ports, or the SPI of IPsec (proto_ports_offset, __skb_flow_get_ports); 0: there are none. */
static uint32_t
ports_at(const struct rte_mbuf *m, uint32_t offset, uint8_t ip_proto)
{
	struct piece copy;
	const uint8_t *p;

	switch (ip_proto) {
	case IP_TCP:
	case IP_UDP:
	case IP_DCCP:
	case IP_ESP:
	case IP_SCTP:
	case IP_UDPLITE:
		break;
	case IP_AH:
		offset += 4;
		break;
	default:
		return 0;
	}
	p = bytes_at(m, offset, 4, &copy);
	return p == NULL ? 0 : dissect_xor(p, 1);
}

/* Types with an identifier, of ICMP and ICMPv6 alike: Linux does not tell them apart here. */
static bool
icmp_has_id(uint8_t type)
{
	return type == 0 || type == 8 || type == 13 || type == 14 || type == 128 || type == 129;
}

/*
 * skb_flow_get_icmp_tci: fills ret->icmp of a message that has an identifier, and says its type; 0
 * when the frame ends before.
 */
static uint8_t
icmp_at(const struct rte_mbuf *m, uint32_t offset, struct dissect_flow *ret)
{
	struct {
		uint8_t type, code;
		uint16_t id; /* host order, as Linux has it in its key; never 0 */
	} key;
	struct piece copy;
	const uint8_t *p = bytes_at(m, offset, ICMP_BYTES, &copy);

	_Static_assert(sizeof(key) == sizeof(ret->icmp), "one word of the hash");
	if (p == NULL)
		return 0;
	if (icmp_has_id(p[0])) {
		key.type = p[0];
		key.code = p[1];
		key.id = be16_at(p + 4);
		if (key.id == 0)
			key.id = 1;
		memcpy(&ret->icmp, &key, sizeof(key));
	}
	return p[0];
}

/* icmp_is_err, icmpv6_is_err: messages that quote the frame they are about. */
static bool
icmp_is_error(uint8_t ip_proto, uint8_t type)
{
	if (ip_proto == IP_ICMPV6)
		return type >= 1 && type <= 4;
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

/* An IP header of bond_flow_ip's, and what is behind it. */
struct plain {
	uint32_t offset_bytes;
	int ip_proto; /* -1: not known, as of a fragment */
};

/*
 * bond_flow_ip. The header's length is believed as it stands, even below 20, and ip_proto stays as
 * it was for a fragment.
 */
static bool
plain_ip(
	const struct rte_mbuf *m, rte_be16_t ether_type, struct plain *at, struct dissect_flow *ret
)
{
	struct piece copy;
	const uint8_t *ip;

	if (ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4)) {
		ip = bytes_at(m, at->offset_bytes, sizeof(struct rte_ipv4_hdr), &copy);
		if (ip == NULL)
			return false;
		ret->addresses = ipv4_addresses(ip);
		at->offset_bytes += ipv4_header_bytes(ip);
		if (!ipv4_is_fragment(ip))
			at->ip_proto = ip[offsetof(struct rte_ipv4_hdr, next_proto_id)];
	} else if (ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV6)) {
		ip = bytes_at(m, at->offset_bytes, IPV6_BYTES, &copy);
		if (ip == NULL)
			return false;
		ret->addresses = ipv6_addresses(ip);
		at->offset_bytes += IPV6_BYTES;
		at->ip_proto = ip[offsetof(struct rte_ipv6_hdr, proto)];
	} else {
		return false;
	}
	if (at->ip_proto >= 0)
		ret->ports = ports_at(m, at->offset_bytes, (uint8_t)at->ip_proto);
	return true;
}

bool
dissect_flow_plain(const struct rte_mbuf *m, struct dissect_flow *ret)
{
	struct plain at = {.ip_proto = -1};
	struct dissect_l3 l3;

	*ret = (struct dissect_flow){0};
	if (!dissect_skb(m, &l3))
		return false;
	at.offset_bytes = l3.offset_bytes;
	if (!plain_ip(m, l3.ether_type, &at, ret))
		return false;
	if (at.ip_proto != IP_ICMP && at.ip_proto != IP_ICMPV6)
		return true;
	if (!icmp_is_error((uint8_t)at.ip_proto, icmp_at(m, at.offset_bytes, ret)))
		return true;
	at.offset_bytes += ICMP_BYTES;
	return plain_ip(m, l3.ether_type, &at, ret);
}

/* Where __skb_flow_dissect has got to. */
struct walk {
	const struct rte_mbuf *m;
	uint32_t offset_bytes;
	uint16_t ether_type; /* of what is at the offset, or of the IP header before it */
	uint8_t ip_proto;    /* of what is at the offset, behind an IP header */
	uint16_t first_type; /* of the whole frame: Linux's skb->protocol */
	bool tag_taken;      /* the first tag is not in the frame: it is in Linux's skb */
	bool tag_met;        /* a VLAN type was seen */
	struct dissect_flow *flow;
};

/* What to do next. */
enum step {
	STEP_ETHER, /* dissect by ether_type */
	STEP_IP,    /* dissect by ip_proto */
	STEP_DONE,  /* the flow is known */
	STEP_FAIL,  /* Linux gives up: no flow */
};

/* A header of @len bytes that has nothing for the flow behind it. */
static enum step
done_if_there(struct walk *w, uint32_t len)
{
	struct piece copy;

	return bytes_at(w->m, w->offset_bytes, len, &copy) == NULL ? STEP_FAIL : STEP_DONE;
}

static enum step
step_ipv4(struct walk *w)
{
	struct piece copy;
	const uint8_t *ip = bytes_at(w->m, w->offset_bytes, sizeof(struct rte_ipv4_hdr), &copy);

	if (ip == NULL || ipv4_header_bytes(ip) < sizeof(struct rte_ipv4_hdr))
		return STEP_FAIL;
	w->flow->addresses = ipv4_addresses(ip);
	w->offset_bytes += ipv4_header_bytes(ip);
	w->ip_proto = ip[offsetof(struct rte_ipv4_hdr, next_proto_id)];
	/* First fragments count as fragments: the driver does not ask to look into them. */
	return ipv4_is_fragment(ip) ? STEP_DONE : STEP_IP;
}

static enum step
step_ipv6(struct walk *w)
{
	struct piece copy;
	const uint8_t *ip = bytes_at(w->m, w->offset_bytes, IPV6_BYTES, &copy);

	if (ip == NULL)
		return STEP_FAIL;
	w->flow->addresses = ipv6_addresses(ip);
	w->offset_bytes += IPV6_BYTES;
	w->ip_proto = ip[offsetof(struct rte_ipv6_hdr, proto)];
	return STEP_IP;
}

static enum step
step_vlan(struct walk *w)
{
	struct piece copy;
	const uint8_t *tag;

	/*
	 * The first VLAN type that Linux meets stands for the tag in the skb and takes nothing from
	 * the frame; what follows is skb->protocol, also when this tag is one inside a tunnel.
	 */
	if (!w->tag_met && w->tag_taken) {
		w->tag_met = true;
		w->ether_type = w->first_type;
		return STEP_ETHER;
	}
	w->tag_met = true;
	tag = bytes_at(w->m, w->offset_bytes, sizeof(struct rte_vlan_hdr), &copy);
	if (tag == NULL)
		return STEP_FAIL;
	w->ether_type = be16_at(tag + offsetof(struct rte_vlan_hdr, eth_proto));
	w->offset_bytes += sizeof(struct rte_vlan_hdr);
	return STEP_ETHER;
}

/* A session frame: version 1, type 1, code 0 (is_pppoe_ses_hdr_valid), then a PPP protocol. */
static enum step
step_pppoe(struct walk *w)
{
	struct piece copy;
	const uint8_t *p = bytes_at(w->m, w->offset_bytes, 8, &copy);
	uint16_t ppp;

	if (p == NULL || p[0] != 0x11 || p[1] != 0)
		return STEP_FAIL;
	w->offset_bytes += 8;
	ppp = be16_at(p + 6);
	switch (ppp) {
	case PPP_IP:
		w->ether_type = RTE_ETHER_TYPE_IPV4;
		return STEP_ETHER;
	case PPP_IPV6:
		w->ether_type = RTE_ETHER_TYPE_IPV6;
		return STEP_ETHER;
	case PPP_MPLS_UC:
	case PPP_MPLS_MC:
		w->ether_type = ETHER_TYPE_MPLS_UC;
		return STEP_ETHER;
	default:
		/* ppp_proto_is_valid: the low bit is set in the second octet only. */
		return (ppp & 0x0101) == 0x0001 ? STEP_DONE : STEP_FAIL;
	}
}

/* The node that sent it (tipc_hdr_rps_key); Linux spreads keepalive messages at random instead. */
static enum step
step_tipc(struct walk *w)
{
	struct piece copy;
	const uint8_t *p = bytes_at(w->m, w->offset_bytes, 16, &copy);

	if (p == NULL)
		return STEP_FAIL;
	w->flow->addresses = dissect_xor(p + 12, 1);
	return STEP_DONE;
}

/* A unicast packet (type 0x40) of protocol version 15: 10 bytes, then an Ethernet header. */
static enum step
step_batman(struct walk *w)
{
	struct piece copy;
	const uint8_t *p = bytes_at(w->m, w->offset_bytes, 10 + RTE_ETHER_HDR_LEN, &copy);

	if (p == NULL || p[0] != 0x40 || p[1] != 15)
		return STEP_FAIL;
	w->ether_type = be16_at(p + 10 + offsetof(struct rte_ether_hdr, ether_type));
	w->offset_bytes += 10 + RTE_ETHER_HDR_LEN;
	return STEP_ETHER;
}

/* HSR and PRP: two words, then the type of what follows. */
static enum step
step_hsr(struct walk *w)
{
	struct piece copy;
	const uint8_t *p = bytes_at(w->m, w->offset_bytes, 6, &copy);

	if (p == NULL)
		return STEP_FAIL;
	w->ether_type = be16_at(p + 4);
	w->offset_bytes += 6;
	return STEP_ETHER;
}

static enum step
step_by_ether_type(struct walk *w)
{
	switch (w->ether_type) {
	case RTE_ETHER_TYPE_IPV4:
		return step_ipv4(w);
	case RTE_ETHER_TYPE_IPV6:
		return step_ipv6(w);
	case RTE_ETHER_TYPE_VLAN:
	case RTE_ETHER_TYPE_QINQ:
		return step_vlan(w);
	case ETHER_TYPE_PPPOE:
		return step_pppoe(w);
	case ETHER_TYPE_TIPC:
		return step_tipc(w);
	case ETHER_TYPE_BATMAN:
		return step_batman(w);
	case ETHER_TYPE_PRP:
	case ETHER_TYPE_HSR:
		return step_hsr(w);
	case RTE_ETHER_TYPE_ARP:
	case RTE_ETHER_TYPE_RARP:
	case ETHER_TYPE_MPLS_UC:
	case ETHER_TYPE_MPLS_MC:
	case ETHER_TYPE_CFM:
		return STEP_DONE; /* nothing of them is among the driver's keys */
	case ETHER_TYPE_FCOE:
		return done_if_there(w, 38);
	case ETHER_TYPE_PTP:
		return done_if_there(w, 34);
	default:
		return STEP_FAIL;
	}
}

enum {
	GRE_CSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQ = 0x1000,
	GRE_ACK = 0x0080,
	GRE_VERSION = 0x0007,
	GRE_BYTES = 4, /* without the optional fields, of 4 bytes each */
};

/* Behind the header of version 0: any type; of a bridged frame, that of its Ethernet header. */
static enum step
step_gre_payload(struct walk *w)
{
	struct piece copy;
	const uint8_t *p;

	if (w->ether_type != RTE_ETHER_TYPE_TEB)
		return STEP_ETHER;
	p = bytes_at(w->m, w->offset_bytes, RTE_ETHER_HDR_LEN, &copy);
	if (p == NULL)
		return STEP_FAIL;
	w->ether_type = be16_at(p + offsetof(struct rte_ether_hdr, ether_type));
	w->offset_bytes += RTE_ETHER_HDR_LEN;
	return STEP_ETHER;
}

/* Behind the header of version 1: PPP with its address and control bytes. */
static enum step
step_pptp_payload(struct walk *w)
{
	struct piece copy;
	const uint8_t *p = bytes_at(w->m, w->offset_bytes, 4, &copy);

	if (p == NULL)
		return STEP_FAIL;
	w->offset_bytes += 4;
	switch (be16_at(p + 2)) {
	case PPP_IP:
		w->ether_type = RTE_ETHER_TYPE_IPV4;
		break;
	case PPP_IPV6:
		w->ether_type = RTE_ETHER_TYPE_IPV6;
		break;
	default: /* the type stays PPP, of which nothing is known */
		break;
	}
	return STEP_ETHER;
}

static enum step
step_gre(struct walk *w)
{
	struct piece copy;
	const uint8_t *p = bytes_at(w->m, w->offset_bytes, GRE_BYTES, &copy);
	uint32_t offset = w->offset_bytes + GRE_BYTES;
	uint16_t flags;

	if (p == NULL)
		return STEP_FAIL;
	flags = be16_at(p);
	if ((flags & GRE_ROUTING) != 0 || (flags & GRE_VERSION) > 1)
		return STEP_DONE;
	w->ether_type = be16_at(p + 2);
	if ((flags & GRE_VERSION) == 1 &&
	    (w->ether_type != ETHER_TYPE_PPP_GRE || (flags & GRE_KEY) == 0))
		return STEP_DONE;
	if ((flags & GRE_CSUM) != 0)
		offset += 4;
	if ((flags & GRE_KEY) != 0) {
		if (bytes_at(w->m, offset, 4, &copy) == NULL)
			return STEP_FAIL;
		offset += 4;
	}
	if ((flags & GRE_SEQ) != 0)
		offset += 4;
	if ((flags & GRE_VERSION) == 1 && (flags & GRE_ACK) != 0)
		offset += 4;
	w->offset_bytes = offset;
	return (flags & GRE_VERSION) == 1 ? step_pptp_payload(w) : step_gre_payload(w);
}

/* Hop-by-hop, routing, destination options: next header, length in 8 bytes less the first 8. */
static enum step
step_ipv6_options(struct walk *w)
{
	struct piece copy;
	const uint8_t *p;

	if (w->ether_type != RTE_ETHER_TYPE_IPV6)
		return STEP_DONE;
	p = bytes_at(w->m, w->offset_bytes, 2, &copy);
	if (p == NULL)
		return STEP_FAIL;
	w->ip_proto = p[0];
	w->offset_bytes += (p[1] + 1u) * 8;
	return STEP_IP;
}

/* No fragment is looked into, the first one neither. */
static enum step
step_ipv6_fragment(struct walk *w)
{
	if (w->ether_type != RTE_ETHER_TYPE_IPV6)
		return STEP_DONE;
	return done_if_there(w, RTE_IPV6_FRAG_HDR_SIZE);
}

static enum step
step_by_ip_proto(struct walk *w)
{
	switch (w->ip_proto) {
	case IP_GRE:
		return step_gre(w);
	case IP_HOPOPTS:
	case IP_ROUTING:
	case IP_DSTOPTS:
		return step_ipv6_options(w);
	case IP_FRAGMENT:
		return step_ipv6_fragment(w);
	case IP_IPIP:
		w->ether_type = RTE_ETHER_TYPE_IPV4;
		return STEP_ETHER;
	case IP_IPV6:
		w->ether_type = RTE_ETHER_TYPE_IPV6;
		return STEP_ETHER;
	case IP_MPLS:
		w->ether_type = ETHER_TYPE_MPLS_UC;
		return STEP_ETHER;
	case IP_ICMP:
	case IP_ICMPV6:
		icmp_at(w->m, w->offset_bytes, w->flow);
		return STEP_DONE;
	default:
		return STEP_DONE;
	}
}

bool
dissect_flow_encap(const struct rte_mbuf *m, struct dissect_flow *ret)
{
	struct walk w = {.m = m, .flow = ret};
	enum step step = STEP_ETHER;
	struct dissect_l3 l3;

	*ret = (struct dissect_flow){0};
	if (!dissect_skb(m, &l3))
		return false;
	w.offset_bytes = l3.offset_bytes;
	w.ether_type = w.first_type = rte_be_to_cpu_16(l3.ether_type);
	w.tag_taken = l3.nb_tags > 0;

	/* When headers do not end, what was found until then is the flow. */
	for (int i = 0; i <= MAX_REPEATS; i++) {
		if (step == STEP_ETHER)
			step = step_by_ether_type(&w);
		if (step == STEP_IP) {
			step = step_by_ip_proto(&w);
			ret->ports = ports_at(m, w.offset_bytes, w.ip_proto);
		}
		if (step == STEP_DONE || step == STEP_FAIL)
			return step == STEP_DONE;
	}
	return true;
}
