/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mode 6 over two members with AVX2: the buckets of eight frames at a time. Chosen by alb.c where
 * the CPU has it.
 */
#include "tlb_member.h"
#include "xmit_hash_avx2.h"

#ifdef RTE_ARCH_X86_64

XMIT_AVX2 size_t
xmit_alb_front(
	struct bond_txq *q,
	const struct bond_plan *plan,
	struct rte_mbuf **pkts,
	size_t n,
	struct rte_mbuf **other,
	size_t *nb_other
)
{
	size_t at = 0, nb = 0;

	while (at + XMIT_AVX2_FRAMES <= n) {
		uint32_t hash[XMIT_AVX2_FRAMES];
		__m256i hashes;

		if (unlikely(!xmit_destinations8(pkts + at, &hashes)))
			break;
		_mm256_storeu_si256((void *)hash, hashes);
#pragma GCC unroll 8
		for (unsigned i = 0; i < XMIT_AVX2_FRAMES; i++, at++) {
			struct rte_mbuf *m = pkts[at];
			uint8_t index = tlb_count(q, plan, m, hash[i] % TLB_BUCKETS);

			xmit_split(pkts, at, other, &nb, m, index);
		}
	}
	*nb_other = nb;
	return at;
}

#else

size_t
xmit_alb_front(
	struct bond_txq *q,
	const struct bond_plan *plan,
	struct rte_mbuf **pkts,
	size_t n,
	struct rte_mbuf **other,
	size_t *nb_other
)
{
	(void)q;
	(void)plan;
	(void)pkts;
	(void)n;
	(void)other;
	*nb_other = 0;
	return 0;
}

#endif
