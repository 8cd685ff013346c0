/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mode 2 and 4 over two members with AVX2: eight frames at a time are hashed, and four pointers are
 * divided by one permutation each way. Chosen by hash.c where the CPU has it.
 */
#include "split.h"
#include "xmit_hash_avx2.h"

#ifdef RTE_ARCH_X86_64

/* For each set of four pointers: where the halves of those in it stand, and then of the others. */
#define HALVES(i) 2 * (i), 2 * (i) + 1
#define ORDER(a, b, c, d)                                  \
	{                                                  \
		HALVES(a), HALVES(b), HALVES(c), HALVES(d) \
	}
static const uint32_t order[16][8] __attribute__((aligned(32))) = {
	ORDER(0, 1, 2, 3),
	ORDER(0, 1, 2, 3),
	ORDER(1, 0, 2, 3),
	ORDER(0, 1, 2, 3),
	ORDER(2, 0, 1, 3),
	ORDER(0, 2, 1, 3),
	ORDER(1, 2, 0, 3),
	ORDER(0, 1, 2, 3),
	ORDER(3, 0, 1, 2),
	ORDER(0, 3, 1, 2),
	ORDER(1, 3, 0, 2),
	ORDER(0, 1, 3, 2),
	ORDER(2, 3, 0, 1),
	ORDER(0, 2, 3, 1),
	ORDER(1, 2, 3, 0),
	ORDER(0, 1, 2, 3),
};

/* xmit_split() of four frames; both ends are written four at a time. */
XMIT_AVX2_INLINE size_t
split4(struct rte_mbuf **pkts, size_t at, struct rte_mbuf **other, size_t nb_other, uint32_t second)
{
	const __m256i four = _mm256_loadu_si256((const void *)(pkts + at));
	const __m256i *orders = (const __m256i *)order;

	_mm256_storeu_si256(
		(void *)(pkts + at - nb_other),
		_mm256_permutevar8x32_epi32(four, orders[second ^ 15])
	);
	_mm256_storeu_si256(
		(void *)(other + nb_other), _mm256_permutevar8x32_epi32(four, orders[second])
	);
	return nb_other + (size_t)__builtin_popcount(second);
}

/* The same one by one, of frames that are not all common, or less than eight. */
XMIT_AVX2_INLINE size_t
split_rest(
	enum bond_policy policy,
	const struct bond_plan *plan,
	struct rte_mbuf **pkts,
	size_t at,
	size_t end,
	struct rte_mbuf **other,
	size_t nb_other
)
{
	for (; at < end; at++) {
		struct rte_mbuf *m = pkts[at];
		uint32_t key, bit;

		bit = likely(common_key(policy, m, &key)) ? common_hash_bit(policy, key)
		                                          : plan->hash(m) & 1;
		xmit_split(pkts, at, other, &nb_other, m, bit);
	}
	return nb_other;
}

/* How many of a burst are the second member's. */
XMIT_AVX2_INLINE size_t
split(enum bond_policy policy,
      const struct bond_plan *plan,
      struct rte_mbuf **pkts,
      size_t n,
      struct rte_mbuf **other)
{
	size_t nb_other = 0, at = 0;

	for (; at + XMIT_AVX2_FRAMES <= n; at += XMIT_AVX2_FRAMES) {
		uint32_t bits;

		if (likely(xmit_hash_bits8(policy, pkts + at, &bits))) {
			nb_other = split4(pkts, at, other, nb_other, bits & 15);
			nb_other = split4(pkts, at + 4, other, nb_other, bits >> 4);
		} else {
			nb_other = split_rest(
				policy, plan, pkts, at, at + XMIT_AVX2_FRAMES, other, nb_other
			);
		}
	}
	return split_rest(policy, plan, pkts, at, n, other, nb_other);
}

/* What is not for AVX2 stands in a function of its own, so that it can be inlined there. */
#define POLICY(name, policy)                                                           \
	static XMIT_AVX2 __attribute__((noinline)) size_t name##_split(                \
		const struct bond_plan *plan,                                          \
		struct rte_mbuf **pkts,                                                \
		size_t n,                                                              \
		struct rte_mbuf **other                                                \
	)                                                                              \
	{                                                                              \
		return split(policy, plan, pkts, n, other);                            \
	}                                                                              \
	static uint16_t name(                                                          \
		struct bond_direct *d,                                                 \
		const struct bond_plan *plan,                                          \
		uint16_t queue,                                                        \
		struct rte_mbuf **pkts,                                                \
		uint16_t n                                                             \
	)                                                                              \
	{                                                                              \
		struct rte_mbuf *other[XMIT_MAX_BURST + 4];                            \
		uint16_t nb_other = (uint16_t)name##_split(plan, pkts, n, other);      \
                                                                                       \
		return xmit_send_two(d, plan, queue, pkts, n, other, nb_other, false); \
	}

POLICY(l2, BOND_POLICY_L2)
POLICY(l34, BOND_POLICY_L34)
POLICY(l23, BOND_POLICY_L23)
POLICY(encap23, BOND_POLICY_ENCAP23)
POLICY(encap34, BOND_POLICY_ENCAP34)
POLICY(vlan_srcmac, BOND_POLICY_VLAN_SRCMAC)

plan_xmit_fn
xmit_hash_avx2_by(enum bond_policy policy)
{
	static const plan_xmit_fn two[BOND_POLICY_COUNT] = {
		[BOND_POLICY_L2] = l2,
		[BOND_POLICY_L34] = l34,
		[BOND_POLICY_L23] = l23,
		[BOND_POLICY_ENCAP23] = encap23,
		[BOND_POLICY_ENCAP34] = encap34,
		[BOND_POLICY_VLAN_SRCMAC] = vlan_srcmac,
		[BOND_POLICY_RSS] = NULL, /* nothing to compute */
	};

	return xmit_avx2_wanted() ? two[policy] : NULL;
}

#else

plan_xmit_fn
xmit_hash_avx2_by(enum bond_policy policy)
{
	(void)policy;
	return NULL;
}

#endif
