/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers and sums that building and reading of frames share. Used by frames_build.c and
 * frames_parse.c alone.
 */
#pragma once

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Offsets and lengths of headers: IEEE 802.3, RFC 826, 791, 8200, 4443, 4861, 3376, 3810. */
enum {
	ETH_BYTES = 14,
	ETH_TAG_BYTES = 4,
	ARP_BYTES = 28,
	IPV4_MIN_BYTES = 20,
	IPV4_AT_TOTAL_LENGTH = 2,
	IPV4_AT_CHECKSUM = 10,
	IPV6_BYTES = 40,
	IPV6_AT_PAYLOAD_LENGTH = 4,
	IPV6_AT_NEXT_HEADER = 6,
	IPV6_AT_HOP_LIMIT = 7,
	IPV6_AT_SADDR = 8,
	IPV6_AT_DADDR = 24,
	ICMP6_AT_CHECKSUM = 2, /* IGMP has it there too */
	ND_BYTES = 24,         /* NS and NA without options */
	ND_AT_FLAGS = 4,
	ND_AT_TARGET = 8,
	ND_LLADDR_BYTES = 8, /* the option with an Ethernet address (RFC 2464, 6) */
	IGMP_BYTES = 8,
	MLD_BYTES = 24,
	MCAST_AT_NB_RECORDS = 6, /* of reports with records, IGMP and MLD alike */
	MCAST_REPORT_BYTES = 8,  /* what stands before the records */
};

enum {
	ND_SOLICIT = 135,
	ND_ADVERT = 136,
	ND_SOURCE_LLADDR = 1,
	ND_TARGET_LLADDR = 2,
	ND_HOP_LIMIT = 255,
	ND_FLAG_ROUTER = 0x80,
	ND_FLAG_SOLICITED = 0x40,
	ND_FLAG_OVERRIDE = 0x20,
};

static inline uint16_t
frame_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline void
frame_put_be16(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/*
 * The Internet checksum (RFC 1071) of @len bytes, after @sum of what else goes in, as a number of
 * host order: 0 over data whose checksum is right.
 */
static inline uint16_t
frame_checksum(const uint8_t *p, size_t len, uint32_t sum)
{
	for (; len > 1; p += 2, len -= 2)
		sum += frame_be16(p);
	if (len == 1)
		sum += (uint32_t)p[0] << 8;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The checksum of an ICMPv6 message, behind the IPv6 header @ip (RFC 8200, 8.1). */
static inline uint16_t
frame_icmp6_checksum(const uint8_t *ip, const uint8_t *icmp, size_t len)
{
	uint16_t addresses = (uint16_t)~frame_checksum(ip + IPV6_AT_SADDR, 32, 0);

	return frame_checksum(icmp, len, (uint32_t)addresses + (uint32_t)len + IPPROTO_ICMPV6);
}
