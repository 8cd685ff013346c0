/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hashes of the frames that most traffic consists of, to be inlined into loops over a burst:
 * what xmit_hash.c falls back from, and what the transmit functions have for a known policy. The
 * value of a frame is the same in both.
 */
#pragma once

#include "option.h"

#include <rte_branch_prediction.h>
#include <rte_byteorder.h>
#include <rte_common.h>
#include <rte_ether.h>
#include <rte_mbuf.h>

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Where the fields of an untagged IPv4 frame without options stand. */
enum {
	COMMON_DST_END = 5,
	COMMON_SRC = 6,
	COMMON_SRC_END = 11,
	COMMON_TYPE = 12,
	COMMON_FRAGMENT = 20,
	COMMON_PROTOCOL = 23,
	COMMON_SRC_IP = 26,
	COMMON_DST_IP = 30,
	COMMON_PORTS = 34,
	COMMON_BYTES = 38,
};

static __rte_always_inline uint32_t
common_load32(const uint8_t *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

static __rte_always_inline bool
common_is_ipv4(const uint8_t *frame)
{
	rte_be16_t type;

	memcpy(&type, frame + COMMON_TYPE, sizeof(type));
	return type == RTE_BE16(RTE_ETHER_TYPE_IPV4);
}

/* Of a frame with a header: whether it goes to a single host, and whether it is IPv4. */
static __rte_always_inline bool
common_is_single(const struct rte_mbuf *m)
{
	return (*rte_pktmbuf_mtod(m, const uint8_t *) & 1) == 0;
}

static __rte_always_inline bool
common_is_ip4(const struct rte_mbuf *m)
{
	return m->data_len >= RTE_ETHER_HDR_LEN &&
	       common_is_ipv4(rte_pktmbuf_mtod(m, const uint8_t *));
}

/* Untagged, contiguous TCP or UDP over IPv4, without options and not a fragment. */
static __rte_always_inline bool
common_is_flow4(const struct rte_mbuf *m, const uint8_t *frame)
{
	/* Type and length of the header; fragment's offset and flag, and protocol. */
	const rte_be32_t head_mask = RTE_BE32(0xffff0f00), head = RTE_BE32(0x08000500);
	const rte_be32_t tail_mask = RTE_BE32(0x3fff00ff);
	uint32_t tail;

	if (unlikely(
		    m->data_len < COMMON_BYTES ||
		    (common_load32(frame + COMMON_TYPE) & head_mask) != head
	    ))
		return false;
	tail = common_load32(frame + COMMON_FRAGMENT) & tail_mask;
	return tail == RTE_BE32(IPPROTO_UDP) || tail == RTE_BE32(IPPROTO_TCP);
}

/* bond_eth_hash, of an IPv4 frame. */
static __rte_always_inline uint32_t
common_l2(const uint8_t *frame)
{
	return (uint32_t)(frame[COMMON_DST_END] ^ frame[COMMON_SRC_END]) ^ RTE_ETHER_TYPE_IPV4;
}

/* All but the tag of bond_vlan_srcmac_hash. */
static __rte_always_inline uint32_t
common_srcmac(const uint8_t *frame)
{
	return rte_be_to_cpu_32(common_load32(frame + COMMON_SRC)) >> 8 ^
	       (rte_be_to_cpu_32(common_load32(frame + COMMON_SRC + 2)) & 0xffffff);
}

/*
 * What common_hash() makes a hash of; false for a frame that is not common under @policy, which is
 * known where this is inlined.
 */
static __rte_always_inline bool
common_key(enum bond_policy policy, const struct rte_mbuf *m, uint32_t *ret)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);

	switch (policy) {
	case BOND_POLICY_RSS:
		*ret = m->hash.rss;
		return (m->ol_flags & RTE_MBUF_F_RX_RSS_HASH) != 0;
	case BOND_POLICY_L2:
		if (unlikely(m->data_len < RTE_ETHER_HDR_LEN || !common_is_ipv4(frame)))
			return false;
		*ret = common_l2(frame);
		return true;
	case BOND_POLICY_VLAN_SRCMAC:
		if (unlikely(
			    m->data_len < RTE_ETHER_HDR_LEN || !common_is_ipv4(frame) ||
			    (m->ol_flags & (RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_TX_VLAN)) != 0
		    ))
			return false;
		*ret = common_srcmac(frame);
		return true;
	case BOND_POLICY_L23:
	case BOND_POLICY_ENCAP23:
		if (unlikely(!common_is_flow4(m, frame)))
			return false;
		*ret = common_l2(frame) ^ common_load32(frame + COMMON_SRC_IP) ^
		       common_load32(frame + COMMON_DST_IP);
		return true;
	case BOND_POLICY_L34:
	case BOND_POLICY_ENCAP34:
		if (unlikely(!common_is_flow4(m, frame)))
			return false;
		*ret = common_load32(frame + COMMON_SRC_IP) ^ common_load32(frame + COMMON_DST_IP) ^
		       common_load32(frame + COMMON_PORTS);
		return true;
	case BOND_POLICY_COUNT:
		break;
	}
	return false;
}

/* bond_ip_hash, but for the shift of the policies with ports. */
static __rte_always_inline uint32_t
common_fold(uint32_t key)
{
	key ^= key >> 16;
	key ^= key >> 8;
	return key;
}

static __rte_always_inline uint32_t
common_hash(enum bond_policy policy, uint32_t key)
{
	switch (policy) {
	case BOND_POLICY_L23:
	case BOND_POLICY_ENCAP23:
		return common_fold(key);
	case BOND_POLICY_L34:
	case BOND_POLICY_ENCAP34:
		/* Ports tend to be even or odd alike: bond_ip_hash drops the lowest bit. */
		return common_fold(key) >> 1;
	default:
		return key;
	}
}

/* common_hash() & 1, without folding: the parity of the bits that get there. */
static __rte_always_inline uint32_t
common_hash_bit(enum bond_policy policy, uint32_t key)
{
	switch (policy) {
	case BOND_POLICY_L23:
	case BOND_POLICY_ENCAP23:
		return (uint32_t)__builtin_parity(key & 0x01010101);
	case BOND_POLICY_L34:
	case BOND_POLICY_ENCAP34:
		return (uint32_t)__builtin_parity(key & 0x02020202);
	default:
		return key & 1;
	}
}
