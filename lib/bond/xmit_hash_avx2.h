/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hashes of eight frames at a time, or their lowest bits, with AVX2: what xmit_hash_common.h
 * has for one. To be inlined where the CPU was asked for AVX2 before; x86 only.
 */
#pragma once

#include "xmit_hash_common.h"

#include <rte_common.h>

#ifdef RTE_ARCH_X86_64

#include <immintrin.h>

#define XMIT_AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt,tune=haswell")))
#define XMIT_AVX2_INLINE static inline XMIT_AVX2 __attribute__((always_inline))

enum {
	XMIT_AVX2_FRAMES = 8,
	/* A load of 16 bytes from the source address on ends here. */
	XMIT_AVX2_FLOW_BYTES = COMMON_SRC_IP + 16,
	XMIT_AVX2_L2_BYTES = 16,
};

/* Eight frames. No arrays here and below: they would not stay in registers. */
struct xmit_eight {
	const uint8_t *f0, *f1, *f2, *f3, *f4, *f5, *f6, *f7;
};

/* 16 bytes of each of eight frames, those of frame i and i + 4 in one register. */
struct xmit_rows {
	__m256i r0, r1, r2, r3;
};

XMIT_AVX2_INLINE __m256i
xmit_row(const uint8_t *low, const uint8_t *high)
{
	return _mm256_inserti128_si256(
		_mm256_castsi128_si256(_mm_loadu_si128((const void *)low)),
		_mm_loadu_si128((const void *)high),
		1
	);
}

XMIT_AVX2_INLINE struct xmit_rows
xmit_rows(const struct xmit_eight *e, unsigned at)
{
	return (struct xmit_rows){
		xmit_row(e->f0 + at, e->f4 + at),
		xmit_row(e->f1 + at, e->f5 + at),
		xmit_row(e->f2 + at, e->f6 + at),
		xmit_row(e->f3 + at, e->f7 + at),
	};
}

/* Two words of four frames each: @choice as for _MM_SHUFFLE of a and b. */
#define XMIT_WORDS(a, b, choice)                                                          \
	_mm256_castps_si256(                                                              \
		_mm256_shuffle_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), choice) \
	)

/* The sign bits of eight words, that of frame i as bit i. */
XMIT_AVX2_INLINE uint32_t
xmit_signs(__m256i words)
{
	return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(words));
}

XMIT_AVX2_INLINE bool
xmit_all_set(__m256i x)
{
	return _mm256_movemask_epi8(x) == -1;
}

/* common_is_flow4() of all, but for the length. */
XMIT_AVX2_INLINE bool
xmit_are_flows4(const struct xmit_eight *e)
{
	const struct xmit_rows rows = xmit_rows(e, COMMON_TYPE);
	const int head = (int)RTE_BE32(0x08000500);
	const __m256i mask = _mm256_set1_epi64x((long long
	)((uint64_t)RTE_BE32(0x3fff00ff) << 32 | RTE_BE32(0xffff0f00)));
	const __m256i udp = _mm256_set1_epi64x((long long
	)((uint64_t)RTE_BE32(IPPROTO_UDP) << 32 | (uint32_t)head));
	const __m256i tcp = _mm256_set1_epi64x((long long
	)((uint64_t)RTE_BE32(IPPROTO_TCP) << 32 | (uint32_t)head));
	/* Words 0 and 2: type and length of the header; fragment and protocol. */
	__m256i a = XMIT_WORDS(rows.r0, rows.r1, _MM_SHUFFLE(2, 0, 2, 0));
	__m256i b = XMIT_WORDS(rows.r2, rows.r3, _MM_SHUFFLE(2, 0, 2, 0));

	a = _mm256_and_si256(a, mask);
	b = _mm256_and_si256(b, mask);
	a = _mm256_or_si256(_mm256_cmpeq_epi32(a, udp), _mm256_cmpeq_epi32(a, tcp));
	b = _mm256_or_si256(_mm256_cmpeq_epi32(b, udp), _mm256_cmpeq_epi32(b, tcp));
	return xmit_all_set(_mm256_and_si256(a, b));
}

/* The addresses of each frame XORed, and with @ports its ports too. */
XMIT_AVX2_INLINE __m256i
xmit_flows4(const struct xmit_eight *e, bool ports)
{
	const struct xmit_rows rows = xmit_rows(e, COMMON_SRC_IP);
	__m256i low_a = _mm256_unpacklo_epi32(rows.r0, rows.r1);
	__m256i low_b = _mm256_unpacklo_epi32(rows.r2, rows.r3);
	__m256i flows = _mm256_xor_si256(
		_mm256_unpacklo_epi64(low_a, low_b), _mm256_unpackhi_epi64(low_a, low_b)
	);

	if (ports)
		flows = _mm256_xor_si256(
			flows,
			_mm256_unpacklo_epi64(
				_mm256_unpackhi_epi32(rows.r0, rows.r1),
				_mm256_unpackhi_epi32(rows.r2, rows.r3)
			)
		);
	return flows;
}

/*
 * Bytes 4 to 7 of each frame, the end of the destination and begin of the source, and 8 to 11, the
 * source's rest.
 */
struct xmit_macs {
	__m256i ends, rest;
};

XMIT_AVX2_INLINE struct xmit_macs
xmit_macs(const struct xmit_rows *rows)
{
	__m256i a = XMIT_WORDS(rows->r0, rows->r1, _MM_SHUFFLE(2, 1, 2, 1));
	__m256i b = XMIT_WORDS(rows->r2, rows->r3, _MM_SHUFFLE(2, 1, 2, 1));

	return (struct xmit_macs){
		XMIT_WORDS(a, b, _MM_SHUFFLE(2, 0, 2, 0)),
		XMIT_WORDS(a, b, _MM_SHUFFLE(3, 1, 3, 1)),
	};
}

/* Whether all are IPv4, by rows of the frames' begin. */
XMIT_AVX2_INLINE bool
xmit_are_ipv4(const struct xmit_rows *rows)
{
	__m256i a = XMIT_WORDS(rows->r0, rows->r1, _MM_SHUFFLE(3, 3, 3, 3));
	__m256i b = XMIT_WORDS(rows->r2, rows->r3, _MM_SHUFFLE(3, 3, 3, 3));
	__m256i ipv4 = _mm256_set1_epi32(RTE_BE16(RTE_ETHER_TYPE_IPV4) << 16);

	/* Shifted left, the type is all that is left of a word. */
	a = _mm256_cmpeq_epi32(_mm256_slli_epi32(a, 16), ipv4);
	b = _mm256_cmpeq_epi32(_mm256_slli_epi32(b, 16), ipv4);
	return xmit_all_set(_mm256_and_si256(a, b));
}

/* common_l2() of each. */
XMIT_AVX2_INLINE __m256i
xmit_l2(const struct xmit_macs *macs)
{
	__m256i dst = _mm256_and_si256(_mm256_srli_epi32(macs->ends, 8), _mm256_set1_epi32(0xff));
	__m256i src = _mm256_srli_epi32(macs->rest, 24);

	return _mm256_xor_si256(_mm256_xor_si256(dst, src), _mm256_set1_epi32(RTE_ETHER_TYPE_IPV4));
}

/* Bit 0 of common_l2(), in the sign bit. */
XMIT_AVX2_INLINE __m256i
xmit_l2_bit(const struct xmit_macs *macs)
{
	return _mm256_xor_si256(
		_mm256_slli_epi32(macs->ends, 31 - 8), _mm256_slli_epi32(macs->rest, 31 - 24)
	);
}

/* Bit 0 of common_srcmac(): of the last bytes of both halves, XORed; in the sign bit. */
XMIT_AVX2_INLINE __m256i
xmit_srcmac_bit(const struct xmit_macs *macs)
{
	return _mm256_xor_si256(
		_mm256_slli_epi32(macs->rest, 31), _mm256_slli_epi32(macs->rest, 31 - 24)
	);
}

/* common_fold() */
XMIT_AVX2_INLINE __m256i
xmit_fold(__m256i keys)
{
	keys = _mm256_xor_si256(keys, _mm256_srli_epi32(keys, 16));
	return _mm256_xor_si256(keys, _mm256_srli_epi32(keys, 8));
}

/* Whether all eight frames are so long, and without a tag in the mbuf where @untagged asks for it.
 */
XMIT_AVX2_INLINE bool
xmit_have(struct rte_mbuf *const *m, unsigned bytes, bool untagged)
{
	const uint64_t tag = RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_TX_VLAN;

	if (unlikely(
		    m[0]->data_len < bytes || m[1]->data_len < bytes || m[2]->data_len < bytes ||
		    m[3]->data_len < bytes || m[4]->data_len < bytes || m[5]->data_len < bytes ||
		    m[6]->data_len < bytes || m[7]->data_len < bytes
	    ))
		return false;
	return !untagged || ((m[0]->ol_flags | m[1]->ol_flags | m[2]->ol_flags | m[3]->ol_flags |
	                      m[4]->ol_flags | m[5]->ol_flags | m[6]->ol_flags | m[7]->ol_flags) &
	                     tag) == 0;
}

#define XMIT_FRAME(m) rte_pktmbuf_mtod(m, const uint8_t *)

XMIT_AVX2_INLINE struct xmit_eight
xmit_frames(struct rte_mbuf *const *m)
{
	return (struct xmit_eight){
		XMIT_FRAME(m[0]),
		XMIT_FRAME(m[1]),
		XMIT_FRAME(m[2]),
		XMIT_FRAME(m[3]),
		XMIT_FRAME(m[4]),
		XMIT_FRAME(m[5]),
		XMIT_FRAME(m[6]),
		XMIT_FRAME(m[7]),
	};
}

/* Whether none goes to a group. */
XMIT_AVX2_INLINE bool
xmit_are_single(const struct xmit_eight *e)
{
	return ((*e->f0 | *e->f1 | *e->f2 | *e->f3 | *e->f4 | *e->f5 | *e->f6 | *e->f7) & 1) == 0;
}

/* Of eight frames that xmit_are_flows4() is true of: common_hash(), for XMIT_AVX2_HAS(policy). */
#define XMIT_AVX2_HAS(policy)                                              \
	((policy) == BOND_POLICY_L34 || (policy) == BOND_POLICY_ENCAP34 || \
	 (policy) == BOND_POLICY_L23 || (policy) == BOND_POLICY_ENCAP23)
XMIT_AVX2_INLINE __m256i
xmit_hashes(enum bond_policy policy, const struct xmit_eight *e)
{
	if (policy == BOND_POLICY_L34 || policy == BOND_POLICY_ENCAP34) {
		return _mm256_srli_epi32(xmit_fold(xmit_flows4(e, true)), 1);
	} else {
		const struct xmit_rows rows = xmit_rows(e, 0);
		const struct xmit_macs macs = xmit_macs(&rows);

		return xmit_fold(_mm256_xor_si256(xmit_flows4(e, false), xmit_l2(&macs)));
	}
}

/*
 * common_hash() of eight frames under a policy that is known where this is inlined and that
 * XMIT_AVX2_HAS(). False when one of them is not common, or short, or goes to a group.
 */
XMIT_AVX2_INLINE bool
xmit_hash8(enum bond_policy policy, struct rte_mbuf *const *m, uint32_t ret[XMIT_AVX2_FRAMES])
{
	struct xmit_eight e;

	if (unlikely(!xmit_have(m, XMIT_AVX2_FLOW_BYTES, false)))
		return false;
	e = xmit_frames(m);
	if (unlikely(!xmit_are_single(&e) || !xmit_are_flows4(&e)))
		return false;
	_mm256_storeu_si256((void *)ret, xmit_hashes(policy, &e));
	return true;
}

/*
 * Mode 6: the destination of eight frames, folded; false when one is not untagged unicast IPv4, or
 * is IGMP, or goes to the limited broadcast, or is short.
 */
XMIT_AVX2_INLINE bool
xmit_destinations8(struct rte_mbuf *const *m, __m256i *ret)
{
	struct xmit_rows rows;
	struct xmit_eight e;
	__m256i a, b, dst, odd;

	if (unlikely(!xmit_have(m, COMMON_PORTS, false)))
		return false;
	e = xmit_frames(m);
	/* Words 1 and 3: the protocol in the second byte, and the destination. */
	rows = xmit_rows(&e, COMMON_PORTS - 16);
	a = _mm256_unpackhi_epi32(rows.r0, rows.r1);
	b = _mm256_unpackhi_epi32(rows.r2, rows.r3);
	dst = _mm256_unpackhi_epi64(a, b);
	a = XMIT_WORDS(rows.r0, rows.r1, _MM_SHUFFLE(1, 1, 1, 1));
	b = XMIT_WORDS(rows.r2, rows.r3, _MM_SHUFFLE(1, 1, 1, 1));
	a = XMIT_WORDS(a, b, _MM_SHUFFLE(2, 0, 2, 0));
	odd = _mm256_cmpeq_epi32(
		_mm256_and_si256(a, _mm256_set1_epi32(0xff00)), _mm256_set1_epi32(IPPROTO_IGMP << 8)
	);
	odd = _mm256_or_si256(odd, _mm256_cmpeq_epi32(dst, _mm256_set1_epi32(-1)));
	*ret = xmit_fold(dst);
	rows = xmit_rows(&e, 0);
	return likely(_mm256_testz_si256(odd, odd) && xmit_are_single(&e) && xmit_are_ipv4(&rows));
}

/* common_hash_bit() of the policies that want IPv4 and look at the addresses before it. */
XMIT_AVX2_INLINE bool
xmit_mac_bits8(enum bond_policy policy, const struct xmit_eight *e, uint32_t *ret)
{
	const struct xmit_rows rows = xmit_rows(e, 0);
	const struct xmit_macs macs = xmit_macs(&rows);

	*ret = xmit_signs(policy == BOND_POLICY_L2 ? xmit_l2_bit(&macs) : xmit_srcmac_bit(&macs));
	return likely(xmit_are_ipv4(&rows));
}

/*
 * common_hash_bit() of eight frames, frame i's as bit i; not for BOND_POLICY_RSS, which has nothing
 * to compute. False when one of them is not common, or short.
 */
XMIT_AVX2_INLINE bool
xmit_hash_bits8(enum bond_policy policy, struct rte_mbuf *const *m, uint32_t *ret)
{
	const bool of_macs = !XMIT_AVX2_HAS(policy);
	struct xmit_eight e;

	if (unlikely(!xmit_have(
		    m,
		    of_macs ? XMIT_AVX2_L2_BYTES : XMIT_AVX2_FLOW_BYTES,
		    policy == BOND_POLICY_VLAN_SRCMAC
	    )))
		return false;
	e = xmit_frames(m);
	if (of_macs)
		return xmit_mac_bits8(policy, &e, ret);
	if (unlikely(!xmit_are_flows4(&e)))
		return false;
	*ret = xmit_signs(_mm256_slli_epi32(xmit_hashes(policy, &e), 31));
	return true;
}

#endif
