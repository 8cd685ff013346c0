/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See frames.h: the frames that are read. They come from the wire and from guests: nothing in them
 * is believed before it is checked.
 */
#include "frames.h"
#include "frames_priv.h"

#include <rte_arp.h>
#include <rte_ether.h>

#include <errno.h>
#include <netinet/in.h>

/* What is left to read of a frame. */
struct in {
	const uint8_t *bytes; /* of the whole frame */
	size_t at, end;
};

static size_t
left(const struct in *in)
{
	return in->end - in->at;
}

static const uint8_t *
here(const struct in *in)
{
	return in->bytes + in->at;
}

static bool
is_multicast4(const uint8_t *ip)
{
	return (ip[0] & 0xf0) == 0xe0;
}

static bool
is_multicast6(const uint8_t *ip)
{
	return ip[0] == 0xff;
}

static bool
is_unspecified6(const uint8_t *ip)
{
	static const uint8_t unspecified[16];

	return memcmp(ip, unspecified, sizeof(unspecified)) == 0;
}

static bool
is_link_local6(const uint8_t *ip)
{
	return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

static int
parse_arp(struct frame_view *v, const struct in *in)
{
	const uint8_t *p = here(in);

	if (left(in) < ARP_BYTES || frame_be16(p) != RTE_ARP_HRD_ETHER ||
	    frame_be16(p + 2) != RTE_ETHER_TYPE_IPV4 || p[4] != RTE_ETHER_ADDR_LEN ||
	    p[5] != sizeof(rte_be32_t))
		return -EBADMSG;
	v->kind = FRAME_ARP;
	v->arp.op = frame_be16(p + 6);
	memcpy(&v->arp.sender_mac, p + 8, sizeof(v->arp.sender_mac));
	memcpy(&v->arp.sender_ip, p + 14, sizeof(v->arp.sender_ip));
	memcpy(&v->arp.target_mac, p + 18, sizeof(v->arp.target_mac));
	memcpy(&v->arp.target_ip, p + 24, sizeof(v->arp.target_ip));
	return 0;
}

/* How a message with groups is laid out: IGMP and MLD differ in the sizes alone. */
struct mcast_layout {
	uint16_t group_bytes;   /* an address */
	uint16_t message_bytes; /* of a message without records */
	uint16_t group_at;      /* in a message without records */
	uint16_t record_bytes;  /* of a record without sources; its group stands at 4 */
};

static const struct mcast_layout igmp_layout = {4, IGMP_BYTES, 4, 8};
static const struct mcast_layout mld_layout = {16, MLD_BYTES, 8, 20};

enum { RECORD_AT_GROUP = 4 };

static const struct mcast_layout *
layout_of(enum frame_kind kind)
{
	return kind == FRAME_MLD ? &mld_layout : &igmp_layout;
}

static bool
has_records(uint8_t type)
{
	return type == FRAME_IGMP_V3_REPORT || type == FRAME_MLD_V2_REPORT;
}

static bool
is_group(enum frame_kind kind, const uint8_t *ip)
{
	return kind == FRAME_MLD ? is_multicast6(ip) : is_multicast4(ip);
}

/* The record at @in, which is left behind it; lengths in it are checked. */
static int
read_record(enum frame_kind kind, struct in *in, struct frame_mcast_record *ret)
{
	const struct mcast_layout *layout = layout_of(kind);
	const uint8_t *p = here(in);
	size_t len;

	if (left(in) < layout->record_bytes)
		return -EBADMSG;
	*ret = (struct frame_mcast_record){
		.type = p[0],
		.nb_sources = frame_be16(p + 2),
		.offset_bytes = (uint16_t)in->at,
	};
	/* Auxiliary data is counted in words of 32 bits. */
	len = layout->record_bytes + (size_t)ret->nb_sources * layout->group_bytes + p[1] * 4u;
	if (left(in) < len || !is_group(kind, p + RECORD_AT_GROUP))
		return -EBADMSG;
	ret->len_bytes = (uint16_t)len;
	memcpy(&ret->group, p + RECORD_AT_GROUP, layout->group_bytes);
	in->at += len;
	return 0;
}

/* A message whose checksum is right; a query may be for all groups. */
static int
parse_mcast(struct frame_view *v, enum frame_kind kind, const struct in *in, bool is_query)
{
	const struct mcast_layout *layout = layout_of(kind);
	const uint8_t *p = here(in);

	v->mcast.type = p[0];
	v->mcast.offset_bytes = (uint16_t)in->at;
	v->mcast.end_bytes = (uint16_t)in->end;
	if (has_records(p[0])) {
		struct frame_mcast_record record;
		struct in records = *in;

		if (left(in) < MCAST_REPORT_BYTES)
			return -EBADMSG;
		v->mcast.nb_records = frame_be16(p + MCAST_AT_NB_RECORDS);
		records.at += MCAST_REPORT_BYTES;
		for (uint16_t i = 0; i < v->mcast.nb_records; i++)
			if (read_record(kind, &records, &record) != 0)
				return -EBADMSG;
		v->mcast.end_bytes = (uint16_t)records.at;
	} else {
		if (left(in) < layout->message_bytes ||
		    (!is_query && !is_group(kind, p + layout->group_at)))
			return -EBADMSG;
		v->mcast.nb_records = 1;
	}
	v->kind = kind;
	return 0;
}

bool
frame_mcast_record(
	const struct frame_view *v,
	const uint8_t *bytes,
	uint16_t *offset_bytes,
	struct frame_mcast_record *ret
)
{
	const struct mcast_layout *layout = layout_of(v->kind);
	struct in in = {.bytes = bytes, .at = *offset_bytes, .end = v->mcast.end_bytes};

	if (!has_records(v->mcast.type)) {
		if (*offset_bytes != 0)
			return false;
		*ret = (struct frame_mcast_record){.type = FRAME_RECORD_NONE};
		memcpy(&ret->group,
		       bytes + v->mcast.offset_bytes + layout->group_at,
		       layout->group_bytes);
		*offset_bytes = v->mcast.end_bytes;
		return true;
	}
	if (in.at == 0)
		in.at = v->mcast.offset_bytes + MCAST_REPORT_BYTES;
	if (in.at >= in.end)
		return false;
	if (read_record(v->kind, &in, ret) != 0)
		return false;
	*offset_bytes = (uint16_t)in.at;
	return true;
}

static int
parse_igmp(struct frame_view *v, const struct in *in)
{
	if (left(in) < IGMP_BYTES)
		return -EBADMSG;
	switch (here(in)[0]) {
	case FRAME_IGMP_QUERY:
	case FRAME_IGMP_V1_REPORT:
	case FRAME_IGMP_V2_REPORT:
	case FRAME_IGMP_LEAVE:
	case FRAME_IGMP_V3_REPORT:
		if (frame_checksum(here(in), left(in), 0) != 0)
			return -EBADMSG;
		return parse_mcast(v, FRAME_IGMP, in, here(in)[0] == FRAME_IGMP_QUERY);
	default: /* of multicast routers */
		return 0;
	}
}

static int
parse_ipv4(struct frame_view *v, struct in in)
{
	const uint8_t *ip = here(&in);
	size_t header_bytes, total_bytes;

	if (left(&in) < IPV4_MIN_BYTES || ip[9] != IPPROTO_IGMP)
		return 0;
	header_bytes = (ip[0] & 0xf) * 4u;
	total_bytes = frame_be16(ip + IPV4_AT_TOTAL_LENGTH);
	if (ip[0] >> 4 != 4 || header_bytes < IPV4_MIN_BYTES || total_bytes < header_bytes ||
	    total_bytes > left(&in) || frame_checksum(ip, header_bytes, 0) != 0)
		return -EBADMSG;
	/* No host has reason to send a report in fragments: more to come, or an offset. */
	if ((frame_be16(ip + 6) & 0x3fff) != 0)
		return -EBADMSG;
	in.end = in.at + total_bytes;
	in.at += header_bytes;
	return parse_igmp(v, &in);
}

/*
 * The options of NS and NA: each has a length of its own, in units of 8 bytes and never 0, and
 * those that are not understood are skipped (RFC 4861, 4.6).
 */
static int
parse_nd_options(struct frame_view *v, struct in in, uint8_t lladdr_type)
{
	while (left(&in) > 0) {
		const uint8_t *p = here(&in);
		size_t len;

		if (left(&in) < 2)
			return -EBADMSG;
		len = p[1] * 8u;
		if (len == 0 || len > left(&in))
			return -EBADMSG;
		if (p[0] == lladdr_type) {
			if (len != ND_LLADDR_BYTES)
				return -EBADMSG;
			v->has_lladdr = true;
			memcpy(&v->lladdr, p + 2, sizeof(v->lladdr));
		}
		in.at += len;
	}
	return 0;
}

/* What RFC 4861 says of a solicitation alone (7.1.1). */
static bool
is_valid_ns(const struct frame_view *v)
{
	static const uint8_t solicited_node[13] = {0xff, 0x02, [11] = 1, [12] = 0xff};

	if (!is_unspecified6(v->saddr.bytes))
		return true;
	return !v->has_lladdr && memcmp(&v->daddr, solicited_node, sizeof(solicited_node)) == 0;
}

/* RFC 4861, 7.1.1 and 7.1.2. */
static int
parse_nd(struct frame_view *v, const struct in *in, const uint8_t *ip)
{
	const uint8_t *p = here(in);
	bool is_advert = p[0] == ND_ADVERT;
	struct in options = *in;

	if (left(in) < ND_BYTES || ip[IPV6_AT_HOP_LIMIT] != ND_HOP_LIMIT || p[1] != 0 ||
	    is_multicast6(p + ND_AT_TARGET))
		return -EBADMSG;
	memcpy(&v->target, p + ND_AT_TARGET, sizeof(v->target));
	options.at += ND_BYTES;
	if (parse_nd_options(v, options, is_advert ? ND_TARGET_LLADDR : ND_SOURCE_LLADDR) != 0)
		return -EBADMSG;
	if (is_advert) {
		v->is_router = (p[ND_AT_FLAGS] & ND_FLAG_ROUTER) != 0;
		if (is_multicast6(v->daddr.bytes) && (p[ND_AT_FLAGS] & ND_FLAG_SOLICITED) != 0)
			return -EBADMSG;
	} else if (!is_valid_ns(v)) {
		return -EBADMSG;
	}
	v->kind = is_advert ? FRAME_NA : FRAME_NS;
	return 0;
}

/* Hop limit 1; from a link-local address, or none while there is none yet (RFC 3590, RFC 3810). */
static int
parse_mld(struct frame_view *v, const struct in *in, const uint8_t *ip)
{
	if (ip[IPV6_AT_HOP_LIMIT] != 1 ||
	    (!is_link_local6(v->saddr.bytes) && !is_unspecified6(v->saddr.bytes)))
		return -EBADMSG;
	return parse_mcast(v, FRAME_MLD, in, here(in)[0] == FRAME_MLD_QUERY);
}

static int
parse_icmp6(struct frame_view *v, const struct in *in, const uint8_t *ip)
{
	memcpy(&v->saddr, ip + IPV6_AT_SADDR, sizeof(v->saddr));
	memcpy(&v->daddr, ip + IPV6_AT_DADDR, sizeof(v->daddr));
	switch (here(in)[0]) {
	case ND_SOLICIT:
	case ND_ADVERT:
		if (frame_icmp6_checksum(ip, here(in), left(in)) != 0)
			return -EBADMSG;
		return parse_nd(v, in, ip);
	case FRAME_MLD_QUERY:
	case FRAME_MLD_V1_REPORT:
	case FRAME_MLD_DONE:
	case FRAME_MLD_V2_REPORT:
		if (frame_icmp6_checksum(ip, here(in), left(in)) != 0)
			return -EBADMSG;
		return parse_mld(v, in, ip);
	default:
		return 0;
	}
}

static int
parse_ipv6(struct frame_view *v, struct in in)
{
	const uint8_t *ip = here(&in);
	size_t payload_bytes;
	uint8_t next;

	if (left(&in) < IPV6_BYTES)
		return 0;
	next = ip[IPV6_AT_NEXT_HEADER];
	if (next != IPPROTO_ICMPV6 && next != IPPROTO_HOPOPTS)
		return 0;
	payload_bytes = frame_be16(ip + IPV6_AT_PAYLOAD_LENGTH);
	in.at += IPV6_BYTES;
	if (payload_bytes > left(&in) || ip[0] >> 4 != 6)
		return next == IPPROTO_ICMPV6 ? -EBADMSG : 0;
	in.end = in.at + payload_bytes;
	if (next == IPPROTO_HOPOPTS) {
		size_t len;

		/* The first byte is the next header; the length leaves out the first 8 bytes. */
		if (left(&in) < 8)
			return 0;
		len = (here(&in)[1] + 1u) * 8;
		if (here(&in)[0] != IPPROTO_ICMPV6)
			return 0;
		if (left(&in) < len)
			return -EBADMSG;
		in.at += len;
	}
	if (left(&in) < 4) /* type, code and checksum */
		return -EBADMSG;
	return parse_icmp6(v, &in, ip);
}

static int
parse_l3(struct frame_view *v, uint16_t ether_type, const struct in *in)
{
	switch (ether_type) {
	case RTE_ETHER_TYPE_ARP:
		return parse_arp(v, in);
	case RTE_ETHER_TYPE_IPV4:
		return parse_ipv4(v, *in);
	case RTE_ETHER_TYPE_IPV6:
		return parse_ipv6(v, *in);
	default:
		return 0;
	}
}

int
frame_parse(struct frame_view *ret, const uint8_t *bytes, size_t len)
{
	struct frame_view v = {.kind = FRAME_OTHER};
	struct in in = {.bytes = bytes, .at = ETH_BYTES, .end = RTE_MIN(len, (size_t)UINT16_MAX)};
	uint16_t ether_type;
	int err;

	if (len < ETH_BYTES)
		return -EBADMSG;
	memcpy(&v.dst, bytes, sizeof(v.dst));
	memcpy(&v.src, bytes + RTE_ETHER_ADDR_LEN, sizeof(v.src));
	ether_type = frame_be16(bytes + 2 * RTE_ETHER_ADDR_LEN);
	while (ether_type == RTE_ETHER_TYPE_VLAN || ether_type == RTE_ETHER_TYPE_QINQ) {
		if (v.nb_tags == FRAME_MAX_TAGS || left(&in) < ETH_TAG_BYTES)
			break;
		if (v.nb_tags++ == 0) {
			v.tpid = ether_type;
			v.vlan_id = frame_be16(here(&in)) & 0xfff;
		}
		ether_type = frame_be16(here(&in) + 2);
		in.at += ETH_TAG_BYTES;
	}
	v.l3_offset_bytes = (uint16_t)in.at;
	err = parse_l3(&v, ether_type, &in);
	if (err != 0)
		return err;
	*ret = v;
	return 0;
}
