/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames that the bond itself sends and reads: ARP, neighbour discovery, IGMP and MLD reports,
 * learning packets, RARP. Pure bytes in and out; used by the control side of lib/bond.
 */
#pragma once

#include "option.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FRAME_MAX_BYTES = 128, /* of what is built here, tags included */
	FRAME_MIN_BYTES = 60,  /* without tags; what is shorter is padded to it with zeros */
	FRAME_MAX_TAGS = 2,
};

/* Who sends where: the Ethernet header. Tags outermost first. */
struct frame_eth {
	struct rte_ether_addr dst, src;
	uint8_t nb_tags;
	struct {
		uint16_t tpid; /* 0x8100 or 0x88a8, host order */
		uint16_t tci;
	} tags[FRAME_MAX_TAGS];
};

struct frame_arp {
	uint16_t op; /* 1 request, 2 reply; RARP: 3 request-reverse */
	struct rte_ether_addr sender_mac, target_mac;
	rte_be32_t sender_ip, target_ip;
};

/*
 * All builders return the length, FRAME_MIN_BYTES..FRAME_MAX_BYTES. A @vlan_id of 1..4094 becomes
 * an 802.1Q tag of priority 0, 0 none.
 */
size_t frame_arp(
	uint8_t ret[static FRAME_MAX_BYTES],
	const struct frame_eth *eth,
	const struct frame_arp *arp
);
size_t frame_rarp(
	uint8_t ret[static FRAME_MAX_BYTES],
	const struct frame_eth *eth,
	const struct frame_arp *arp
);

/*
 * Gratuitous ARP for @ip as Linux's IP stack sends it on NETDEV_NOTIFY_PEERS (arp_send in
 * inetdev_event, inetdev_send_gratuitous_arp): a broadcast request, sender and target @ip, the
 * target's hardware address zero.
 */
size_t frame_garp(
	uint8_t ret[static FRAME_MAX_BYTES],
	const struct rte_ether_addr *mac,
	uint16_t vlan_id,
	rte_be32_t ip
);

/*
 * Unsolicited neighbour advertisement from @ip to all nodes, override set (RFC 4861, 7.2.6).
 * @is_router must be right: hosts drop their default route by one that stops to say so (7.2.5).
 */
size_t frame_unsolicited_na(
	uint8_t ret[static FRAME_MAX_BYTES],
	const struct rte_ether_addr *mac,
	uint16_t vlan_id,
	const struct bond_ip6 *ip,
	bool is_router
);

/* Neighbour solicitation for @target; @src all zero: the unspecified address, then no option. */
size_t frame_ns(
	uint8_t ret[static FRAME_MAX_BYTES],
	const struct rte_ether_addr *mac,
	uint16_t vlan_id,
	const struct bond_ip6 *src,
	const struct bond_ip6 *target
);

/* RARP request-reverse as Open vSwitch sends to teach switches where @mac is. */
size_t frame_rarp_learn(
	uint8_t ret[static FRAME_MAX_BYTES], const struct rte_ether_addr *mac, uint16_t vlan_id
);

/* Learning packet (bond_alb.c, alb_send_lp_vid): source and destination @mac, type 0x9000. */
size_t frame_learning(
	uint8_t ret[static FRAME_MAX_BYTES], const struct rte_ether_addr *mac, uint16_t vlan_id
);

/* What a frame is for the control side. */
enum frame_kind { FRAME_OTHER, FRAME_ARP, FRAME_NS, FRAME_NA, FRAME_IGMP, FRAME_MLD };

/* Types of IGMP and MLD messages (RFC 1112, 2236, 3376; 2710, 3810). */
enum {
	FRAME_IGMP_QUERY = 0x11,
	FRAME_IGMP_V1_REPORT = 0x12,
	FRAME_IGMP_V2_REPORT = 0x16,
	FRAME_IGMP_LEAVE = 0x17,
	FRAME_IGMP_V3_REPORT = 0x22,
	FRAME_MLD_QUERY = 130,
	FRAME_MLD_V1_REPORT = 131,
	FRAME_MLD_DONE = 132,
	FRAME_MLD_V2_REPORT = 143,
};

struct frame_view {
	enum frame_kind kind;
	struct rte_ether_addr dst, src;
	uint8_t nb_tags;
	uint16_t tpid;    /* of the outermost tag, host order; 0: none */
	uint16_t vlan_id; /* of the outermost tag; 0: none */
	uint16_t l3_offset_bytes;
	struct frame_arp arp;                 /* FRAME_ARP */
	struct bond_ip6 saddr, daddr, target; /* FRAME_NS, FRAME_NA; the first two FRAME_MLD too */
	bool is_router;                       /* FRAME_NA: the R flag */
	bool has_lladdr;                      /* a link-layer address option was there */
	struct rte_ether_addr lladdr;
	struct {
		uint8_t type;          /* FRAME_IGMP_*, FRAME_MLD_* */
		uint16_t nb_records;   /* groups that frame_mcast_record finds; 1 but for v3, v2 */
		uint16_t offset_bytes; /* of the message in the frame */
		uint16_t end_bytes;    /* where what it says ends */
	} mcast;
};

/*
 * Read a frame of @len bytes. -EBADMSG when it has no whole Ethernet header, or claims to be one of
 * the kinds and is malformed (too short, wrong lengths, an option of length 0, hop limit not
 * 255, a bad checksum, and what else the RFCs have receivers discard); 0 with FRAME_OTHER for
 * anything else, also for more than FRAME_MAX_TAGS tags. Hostile input: never reads outside.
 */
int frame_parse(struct frame_view *ret, const uint8_t *bytes, size_t len);

/* Types of group records (RFC 3376, 4.2.12; RFC 3810, 5.2.12). */
enum frame_record {
	FRAME_RECORD_IS_INCLUDE = 1,
	FRAME_RECORD_IS_EXCLUDE,
	FRAME_RECORD_TO_INCLUDE,
	FRAME_RECORD_TO_EXCLUDE,
	FRAME_RECORD_ALLOW,
	FRAME_RECORD_BLOCK,
	FRAME_RECORD_NONE = 0x100 /* of a message that has no records; none of the wire's values */
};

/* What one IGMP or MLD message says of one group. */
struct frame_mcast_record {
	uint16_t type; /* enum frame_record; others, which must be ignored, as they stand */
	uint16_t nb_sources;
	uint16_t offset_bytes, len_bytes; /* of the record in the frame; 0: there are none */
	struct bond_ip6 group;            /* IGMP: the first four bytes, the others 0 */
};

/*
 * The record at *@offset_bytes of a frame that frame_parse has found to be FRAME_IGMP or FRAME_MLD,
 * and the offset moved on to the next; begin with 0. False when there are no more.
 */
bool frame_mcast_record(
	const struct frame_view *v,
	const uint8_t *bytes,
	uint16_t *offset_bytes,
	struct frame_mcast_record *ret
);

/*
 * An IGMPv3 or MLDv2 report like the parsed one in @bytes, same headers, that has only the record
 * @r of it. Returns its length, not padded, or 0 when it is longer than @size.
 */
size_t frame_mcast_report(
	uint8_t *ret,
	size_t size,
	const struct frame_view *v,
	const uint8_t *bytes,
	const struct frame_mcast_record *r
);
