/* SPDX-License-Identifier: BSD-3-Clause */
/* See frames.h: the frames that are built. Control thread only. */
#include "frames.h"
#include "frames_priv.h"

#include <rte_arp.h>
#include <rte_ether.h>

#include <netinet/in.h>

/* A frame under construction; what is added always fits. */
struct out {
	uint8_t *bytes;
	size_t len;
	size_t tag_bytes;
};

static void
add(struct out *o, const void *bytes, size_t len)
{
	memcpy(o->bytes + o->len, bytes, len);
	o->len += len;
}

static void
add_u8(struct out *o, uint8_t value)
{
	o->bytes[o->len++] = value;
}

static void
add_u16(struct out *o, uint16_t value)
{
	frame_put_be16(o->bytes + o->len, value);
	o->len += sizeof(value);
}

static void
add_mac(struct out *o, const struct rte_ether_addr *mac)
{
	add(o, mac->addr_bytes, RTE_ETHER_ADDR_LEN);
}

static struct out
begin(uint8_t *ret, const struct frame_eth *eth, uint16_t ether_type)
{
	struct out o = {.bytes = ret};

	memset(ret, 0, FRAME_MAX_BYTES);
	add_mac(&o, &eth->dst);
	add_mac(&o, &eth->src);
	for (uint8_t i = 0; i < eth->nb_tags && i < FRAME_MAX_TAGS; i++) {
		add_u16(&o, eth->tags[i].tpid);
		add_u16(&o, eth->tags[i].tci);
		o.tag_bytes += ETH_TAG_BYTES;
	}
	add_u16(&o, ether_type);
	return o;
}

/* A tag comes on top of the minimum, as in Linux's learning packets: it may be taken off. */
static size_t
finish(const struct out *o)
{
	return RTE_MAX(o->len, FRAME_MIN_BYTES + o->tag_bytes);
}

static struct frame_eth
eth_header(const struct rte_ether_addr *dst, const struct rte_ether_addr *src, uint16_t vlan_id)
{
	struct frame_eth eth = {.dst = *dst, .src = *src};

	if (vlan_id != 0) {
		eth.nb_tags = 1;
		eth.tags[0].tpid = RTE_ETHER_TYPE_VLAN;
		eth.tags[0].tci = vlan_id;
	}
	return eth;
}

/* RFC 826, and RFC 903 for RARP: they differ in the Ethernet type and the operations. */
static size_t
arp_of_type(
	uint8_t *ret, const struct frame_eth *eth, uint16_t ether_type, const struct frame_arp *arp
)
{
	struct out o = begin(ret, eth, ether_type);

	add_u16(&o, RTE_ARP_HRD_ETHER);
	add_u16(&o, RTE_ETHER_TYPE_IPV4);
	add_u8(&o, RTE_ETHER_ADDR_LEN);
	add_u8(&o, sizeof(rte_be32_t));
	add_u16(&o, arp->op);
	add_mac(&o, &arp->sender_mac);
	add(&o, &arp->sender_ip, sizeof(arp->sender_ip));
	add_mac(&o, &arp->target_mac);
	add(&o, &arp->target_ip, sizeof(arp->target_ip));
	return finish(&o);
}

size_t
frame_arp(
	uint8_t ret[static FRAME_MAX_BYTES],
	const struct frame_eth *eth,
	const struct frame_arp *arp
)
{
	return arp_of_type(ret, eth, RTE_ETHER_TYPE_ARP, arp);
}

size_t
frame_rarp(
	uint8_t ret[static FRAME_MAX_BYTES],
	const struct frame_eth *eth,
	const struct frame_arp *arp
)
{
	return arp_of_type(ret, eth, RTE_ETHER_TYPE_RARP, arp);
}

static const struct rte_ether_addr broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

size_t
frame_garp(
	uint8_t ret[static FRAME_MAX_BYTES],
	const struct rte_ether_addr *mac,
	uint16_t vlan_id,
	rte_be32_t ip
)
{
	struct frame_eth eth = eth_header(&broadcast, mac, vlan_id);
	struct frame_arp arp = {
		.op = RTE_ARP_OP_REQUEST,
		.sender_mac = *mac,
		.sender_ip = ip,
		.target_ip = ip,
	};

	return frame_arp(ret, &eth, &arp);
}

/* compose_rarp of Open vSwitch, lib/packets.c: both hardware addresses are the host's. */
size_t
frame_rarp_learn(
	uint8_t ret[static FRAME_MAX_BYTES], const struct rte_ether_addr *mac, uint16_t vlan_id
)
{
	struct frame_eth eth = eth_header(&broadcast, mac, vlan_id);
	struct frame_arp arp = {
		.op = RTE_ARP_OP_REVREQUEST,
		.sender_mac = *mac,
		.target_mac = *mac,
	};

	return frame_rarp(ret, &eth, &arp);
}

size_t
frame_learning(
	uint8_t ret[static FRAME_MAX_BYTES], const struct rte_ether_addr *mac, uint16_t vlan_id
)
{
	enum { ETHER_TYPE_LOOPBACK = 0x9000 }; /* ETH_P_LOOPBACK of Linux's if_ether.h */
	struct frame_eth eth = eth_header(mac, mac, vlan_id);
	struct out o = begin(ret, &eth, ETHER_TYPE_LOOPBACK);

	return finish(&o);
}

struct discovery {
	uint8_t type, flags;
	const struct bond_ip6 *src, *dst, *target;
	uint8_t option; /* type of the link-layer address option; 0: none */
};

static size_t
nd_frame(
	uint8_t *ret, const struct rte_ether_addr *mac, uint16_t vlan_id, const struct discovery *d
)
{
	/* The address of a multicast group ends as the group does (RFC 2464, 7). */
	struct rte_ether_addr group = {{0x33, 0x33}};
	struct frame_eth eth;
	uint8_t *ip, *icmp;
	size_t icmp_bytes = ND_BYTES + (d->option != 0 ? ND_LLADDR_BYTES : 0);
	struct out o;

	memcpy(group.addr_bytes + 2, d->dst->bytes + 12, 4);
	eth = eth_header(&group, mac, vlan_id);
	o = begin(ret, &eth, RTE_ETHER_TYPE_IPV6);
	ip = ret + o.len;
	add_u16(&o, 0x6000); /* version 6, class and flow label 0 */
	add_u16(&o, 0);
	add_u16(&o, (uint16_t)icmp_bytes);
	add_u8(&o, IPPROTO_ICMPV6);
	add_u8(&o, ND_HOP_LIMIT);
	add(&o, d->src, sizeof(*d->src));
	add(&o, d->dst, sizeof(*d->dst));
	icmp = ret + o.len;
	add_u8(&o, d->type);
	add_u8(&o, 0);
	add_u16(&o, 0); /* the checksum, below */
	add_u8(&o, d->flags);
	add(&o, (const uint8_t[3]){0}, 3);
	add(&o, d->target, sizeof(*d->target));
	if (d->option != 0) {
		add_u8(&o, d->option);
		add_u8(&o, ND_LLADDR_BYTES / 8);
		add_mac(&o, mac);
	}
	frame_put_be16(icmp + ICMP6_AT_CHECKSUM, frame_icmp6_checksum(ip, icmp, icmp_bytes));
	return finish(&o);
}

size_t
frame_unsolicited_na(
	uint8_t ret[static FRAME_MAX_BYTES],
	const struct rte_ether_addr *mac,
	uint16_t vlan_id,
	const struct bond_ip6 *ip,
	bool is_router
)
{
	static const struct bond_ip6 all_nodes = {{0xff, 0x02, [15] = 1}};
	struct discovery d = {
		.type = ND_ADVERT,
		.flags = ND_FLAG_OVERRIDE | (is_router ? ND_FLAG_ROUTER : 0),
		.src = ip,
		.dst = &all_nodes,
		.target = ip,
		.option = ND_TARGET_LLADDR,
	};

	return nd_frame(ret, mac, vlan_id, &d);
}

size_t
frame_ns(
	uint8_t ret[static FRAME_MAX_BYTES],
	const struct rte_ether_addr *mac,
	uint16_t vlan_id,
	const struct bond_ip6 *src,
	const struct bond_ip6 *target
)
{
	static const struct bond_ip6 unspecified;
	/* The solicited-node address: ff02::1:ff00:0/104 and the last 24 bits (RFC 4291, 2.7.1). */
	struct bond_ip6 group = {{0xff, 0x02, [11] = 1, [12] = 0xff}};
	struct discovery d = {.type = ND_SOLICIT, .src = src, .dst = &group, .target = target};

	memcpy(group.bytes + 13, target->bytes + 13, 3);
	if (memcmp(src, &unspecified, sizeof(*src)) != 0)
		d.option = ND_SOURCE_LLADDR;
	return nd_frame(ret, mac, vlan_id, &d);
}

/* The headers before the message say how long it is, and IPv4's has a sum over that. */
static void
set_ip_length(const struct frame_view *v, uint8_t *ip, uint16_t ip_bytes)
{
	uint16_t header_bytes = v->mcast.offset_bytes - v->l3_offset_bytes;

	if (v->kind == FRAME_MLD) {
		frame_put_be16(ip + IPV6_AT_PAYLOAD_LENGTH, ip_bytes - IPV6_BYTES);
		return;
	}
	frame_put_be16(ip + IPV4_AT_TOTAL_LENGTH, ip_bytes);
	frame_put_be16(ip + IPV4_AT_CHECKSUM, 0);
	frame_put_be16(ip + IPV4_AT_CHECKSUM, frame_checksum(ip, header_bytes, 0));
}

size_t
frame_mcast_report(
	uint8_t *ret,
	size_t size,
	const struct frame_view *v,
	const uint8_t *bytes,
	const struct frame_mcast_record *r
)
{
	uint16_t head_bytes = v->mcast.offset_bytes + MCAST_REPORT_BYTES;
	uint16_t message_bytes = MCAST_REPORT_BYTES + r->len_bytes;
	uint16_t total_bytes = v->mcast.offset_bytes + message_bytes;
	uint8_t *ip = ret + v->l3_offset_bytes, *message = ret + v->mcast.offset_bytes;
	uint16_t sum;

	if (total_bytes > size)
		return 0;
	memcpy(ret, bytes, head_bytes);
	memcpy(ret + head_bytes, bytes + r->offset_bytes, r->len_bytes);
	set_ip_length(v, ip, total_bytes - v->l3_offset_bytes);
	frame_put_be16(message + MCAST_AT_NB_RECORDS, 1);
	frame_put_be16(message + ICMP6_AT_CHECKSUM, 0);
	sum = v->kind == FRAME_MLD ? frame_icmp6_checksum(ip, message, message_bytes)
	                           : frame_checksum(message, message_bytes, 0);
	frame_put_be16(message + ICMP6_AT_CHECKSUM, sum);
	return total_bytes;
}
