/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames in tests: written as hexadecimal text, and the Internet checksum computed in another way
 * than the code under test does. Used by the tests of frames and of those who read them.
 */
#pragma once

#include <rte_ether.h>

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline int
wire_nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The bytes that @text has in hexadecimal; all other characters only separate. */
static inline size_t
wire_bytes(uint8_t *ret, size_t size, const char *text)
{
	size_t len = 0;

	for (const char *p = text; *p != '\0' && len < size; p++)
		if (wire_nibble(p[0]) >= 0) {
			ret[len++] = (uint8_t)(wire_nibble(p[0]) << 4 | wire_nibble(p[1]));
			p++;
		}
	return len;
}

static inline struct rte_ether_addr
wire_mac(const char *text)
{
	struct rte_ether_addr mac = {{0}};

	wire_bytes(mac.addr_bytes, sizeof(mac.addr_bytes), text);
	return mac;
}

/* RFC 1071 byte by byte with the carry brought round at once; 0xffff over correct data. */
static inline uint16_t
wire_sum(uint16_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint32_t next = sum + (i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i]);

		sum = (uint16_t)(next > 0xffff ? next - 0xffff : next);
	}
	return sum;
}

static inline void
wire_put16(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/* Over the pseudo header too: @ip begins an IPv6 header, @icmp the message of @len bytes. */
static inline uint16_t
wire_icmp6_sum(const uint8_t *ip, const uint8_t *icmp, size_t len)
{
	uint8_t pseudo[8] = {0, 0, (uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0, 58};

	return wire_sum(wire_sum(wire_sum(0, ip + 8, 32), pseudo, 8), icmp, len);
}

static inline void
wire_fix_icmp6(uint8_t *ip, uint8_t *icmp, size_t len)
{
	wire_put16(icmp + 2, 0);
	wire_put16(icmp + 2, (uint16_t)~wire_icmp6_sum(ip, icmp, len));
}

static inline void
wire_fix_sum(uint8_t *at, uint8_t *data, size_t len)
{
	wire_put16(at, 0);
	wire_put16(at, (uint16_t)~wire_sum(0, data, len));
}

/* What hosts send, with checksums that were computed elsewhere. */
#define WIRE_ETH_IGMP "01005e010203 020000000005 0800 "
#define WIRE_ETH_MLD "333300000016 020000000005 86dd "
/* 192.0.2.5 joins 239.1.2.3, with router alert. */
#define WIRE_IGMP_V2_REPORT \
	WIRE_ETH_IGMP "46c00020000040000102310ec0000205ef01020394040000 1600f8faef010203"
/* To exclude nothing of 239.1.2.3, to include 10.0.0.1 of 239.9.9.9. */
#define WIRE_IGMP_V3_REPORT                                                               \
	WIRE_ETH_IGMP "46c0003400004000010241e8c0000205e000001694040000 2200e3e300000002" \
		      "04000000ef010203 03000001ef0909090a000001"
/* The second record alone. */
#define WIRE_IGMP_V3_SINGLE                                                               \
	WIRE_ETH_IGMP "46c0002c00004000010241f0c0000205e000001694040000 2200d8e900000001" \
		      "03000001ef0909090a000001"
#define WIRE_MLD_HBH "3a00050200000100"
#define WIRE_MLD_V2_REPORT                                                              \
	WIRE_ETH_MLD "6000000000480001 fe800000000000000000000000000005"                \
		     "ff020000000000000000000000000016" WIRE_MLD_HBH "8f003f4700000002" \
		     "04000000ff050000000000000000000000010003"                         \
		     "03000001ff3e000000000000000000000000009920010db8000000000000000000000001"
#define WIRE_MLD_V2_SINGLE                                                              \
	WIRE_ETH_MLD "6000000000340001 fe800000000000000000000000000005"                \
		     "ff020000000000000000000000000016" WIRE_MLD_HBH "8f00426600000001" \
		     "03000001ff3e000000000000000000000000009920010db8000000000000000000000001"
#define WIRE_MLD_V1_REPORT                                                              \
	WIRE_ETH_MLD "6000000000200001 fe800000000000000000000000000005"                \
		     "ff050000000000000000000000010003" WIRE_MLD_HBH "8300801300000000" \
		     "ff050000000000000000000000010003"
#define WIRE_MLD_DONE                                                                   \
	WIRE_ETH_MLD "6000000000200001 fe800000000000000000000000000005"                \
		     "ff020000000000000000000000000002" WIRE_MLD_HBH "84007f1800000000" \
		     "ff050000000000000000000000010003"
