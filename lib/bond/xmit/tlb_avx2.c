/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mode 5 over two members with AVX2: the buckets of eight frames at a time. Chosen by tlb.c where
 * the CPU has it.
 */
#include "tlb_member.h"
#include "xmit_hash_avx2.h"

#ifdef RTE_ARCH_X86_64

/* How many frames of a burst are the second member's. @odd as in tlb_member(). */
XMIT_AVX2_INLINE size_t
divide(enum bond_policy policy,
       struct bond_txq *q,
       const struct bond_plan *plan,
       struct rte_mbuf **pkts,
       size_t n,
       struct rte_mbuf **other,
       bool *odd)
{
	size_t at = 0, nb_other = 0;

	while (at < n) {
		size_t end = at + XMIT_AVX2_FRAMES;
		uint32_t hash[XMIT_AVX2_FRAMES];

		if (likely(end <= n && xmit_hash8(policy, pkts + at, hash))) {
#pragma GCC unroll 8
			for (unsigned i = 0; i < XMIT_AVX2_FRAMES; i++, at++) {
				struct rte_mbuf *m = pkts[at];
				uint8_t index = tlb_count(q, plan, m, hash[i] % TLB_BUCKETS);

				xmit_split(pkts, at, other, &nb_other, m, index);
			}
			continue;
		}
		for (end = RTE_MIN(end, n); at < end; at++) {
			struct rte_mbuf *m = pkts[at];
			uint8_t index = tlb_member(policy, q, plan, m, odd);

			xmit_split(pkts, at, other, &nb_other, m, index);
		}
	}
	return nb_other;
}

/* What is not for AVX2 stands in a function of its own: see hash_avx2.c. */
#define POLICY(name, policy)                                                                  \
	static XMIT_AVX2 __attribute__((noinline)) size_t name##_divide(                      \
		struct bond_txq *q,                                                           \
		const struct bond_plan *plan,                                                 \
		struct rte_mbuf **pkts,                                                       \
		size_t n,                                                                     \
		struct rte_mbuf **other,                                                      \
		bool *odd                                                                     \
	)                                                                                     \
	{                                                                                     \
		return divide(policy, q, plan, pkts, n, other, odd);                          \
	}                                                                                     \
	static uint16_t name(                                                                 \
		struct bond_direct *d,                                                        \
		const struct bond_plan *plan,                                                 \
		uint16_t queue,                                                               \
		struct rte_mbuf **pkts,                                                       \
		uint16_t n                                                                    \
	)                                                                                     \
	{                                                                                     \
		struct rte_mbuf *other[XMIT_MAX_BURST];                                       \
		size_t nb_other;                                                              \
		bool odd = false;                                                             \
                                                                                              \
		if (unlikely(plan->active == PLAN_NO_PORT))                                   \
			return xmit_nobody(d, plan, queue, pkts, n);                          \
		nb_other = name##_divide(&d->txq[queue], plan, pkts, n, other, &odd);         \
		return tlb_send_two(d, plan, queue, pkts, n, other, (uint16_t)nb_other, odd); \
	}

POLICY(l34, BOND_POLICY_L34)
POLICY(l23, BOND_POLICY_L23)
POLICY(encap23, BOND_POLICY_ENCAP23)
POLICY(encap34, BOND_POLICY_ENCAP34)

plan_xmit_fn
xmit_tlb_avx2_by(enum bond_policy policy)
{
	static const plan_xmit_fn two[BOND_POLICY_COUNT] = {
		[BOND_POLICY_L34] = l34,
		[BOND_POLICY_L23] = l23,
		[BOND_POLICY_ENCAP23] = encap23,
		[BOND_POLICY_ENCAP34] = encap34,
	};

	return xmit_avx2_wanted() ? two[policy] : NULL;
}

#else

plan_xmit_fn
xmit_tlb_avx2_by(enum bond_policy policy)
{
	(void)policy;
	return NULL;
}

#endif
