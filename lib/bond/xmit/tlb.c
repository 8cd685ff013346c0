/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mode 5 (balance-tlb): flows in buckets that control deals to members by their load, or with
 * tlb_dynamic_lb=0 by hash (bond_tlb_xmit).
 */
#include "tlb_member.h"

static __rte_always_inline uint16_t
by_two(enum bond_policy policy,
       struct bond_direct *d,
       const struct bond_plan *plan,
       uint16_t queue,
       struct rte_mbuf **pkts,
       uint16_t n)
{
	struct rte_mbuf *other[XMIT_MAX_BURST];
	struct bond_txq *q = &d->txq[queue];
	size_t nb_other = 0;
	bool odd = false;

	if (unlikely(plan->active == PLAN_NO_PORT))
		return xmit_nobody(d, plan, queue, pkts, n);
	for (size_t i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];

		xmit_split(pkts, i, other, &nb_other, m, tlb_member(policy, q, plan, m, &odd));
	}
	return tlb_send_two(d, plan, queue, pkts, n, other, (uint16_t)nb_other, odd);
}

static __rte_always_inline uint16_t
by_any(enum bond_policy policy,
       struct bond_direct *d,
       const struct bond_plan *plan,
       uint16_t queue,
       struct rte_mbuf **pkts,
       uint16_t n)
{
	struct bond_txq *q = &d->txq[queue];
	uint16_t nb_refused = 0;
	struct xmit_lists l;

	if (unlikely(plan->active == PLAN_NO_PORT))
		return xmit_nobody(d, plan, queue, pkts, n);
	for (size_t i = 0, end, begin; i < n;) {
		bool odd = false;

		xmit_lists_begin(&l, plan);
		for (begin = i, end = RTE_MIN(i + XMIT_PART, n); i < end; i++)
			xmit_list(&l, tlb_member(policy, q, plan, pkts[i], &odd), pkts[i]);
		if (unlikely(odd))
			xmit_look(d, plan, queue, pkts + begin, (uint16_t)(end - begin));
		nb_refused = xmit_send_lists(d, plan, queue, &l, pkts, nb_refused, true);
	}
	return xmit_end(pkts, n, nb_refused);
}

XMIT_POLICIES

plan_xmit_fn
xmit_tlb_by(enum bond_policy policy, uint16_t nb_usable)
{
	static const plan_xmit_fn two[] = XMIT_POLICY_TABLE(two), any[] = XMIT_POLICY_TABLE(any);

	plan_xmit_fn avx2 = nb_usable == 2 ? xmit_tlb_avx2_by(policy) : NULL;

	if (avx2 != NULL)
		return avx2;
	return nb_usable == 2 ? two[policy] : any[policy];
}

static inline size_t
member_by_hash(const struct bond_plan *plan, const struct rte_mbuf *m)
{
	if (!tlb_is_balanced(m))
		return plan->active_index;
	return xmit_hash_mod(plan->hash(m), plan->usable_magic, plan->nb_usable);
}

uint16_t
xmit_tlb_hash(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	uint16_t nb_refused = 0;
	struct xmit_lists l;

	if (unlikely(plan->active == PLAN_NO_PORT))
		return xmit_nobody(d, plan, queue, pkts, n);
	if (unlikely(!inspect_are_single(pkts, n)))
		xmit_look(d, plan, queue, pkts, n);
	for (size_t i = 0, end; i < n;) {
		xmit_lists_begin(&l, plan);
		for (end = RTE_MIN(i + XMIT_PART, n); i < end; i++)
			xmit_list(&l, member_by_hash(plan, pkts[i]), pkts[i]);
		nb_refused = xmit_send_lists(d, plan, queue, &l, pkts, nb_refused, true);
	}
	return xmit_end(pkts, n, nb_refused);
}
