/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mode 2 (balance-xor), and whatever else chooses by Linux's hash of the frame: for each policy a
 * function for two members, and one for any number of them.
 */
#include "split.h"
#include "xmit_hash_common.h"

static __rte_always_inline uint32_t
hash_of(enum bond_policy policy, const struct bond_plan *plan, const struct rte_mbuf *m)
{
	uint32_t key;

	if (likely(common_key(policy, m, &key)))
		return common_hash(policy, key);
	/* What the NIC made no hash of. */
	if (policy == BOND_POLICY_RSS && likely(common_key(BOND_POLICY_L34, m, &key)))
		return common_hash(BOND_POLICY_L34, key);
	return plan->hash(m);
}

/* hash_of() % 2 */
static __rte_always_inline uint32_t
hash_bit_of(enum bond_policy policy, const struct bond_plan *plan, const struct rte_mbuf *m)
{
	uint32_t key;

	if (likely(common_key(policy, m, &key)))
		return common_hash_bit(policy, key);
	if (policy == BOND_POLICY_RSS && likely(common_key(BOND_POLICY_L34, m, &key)))
		return common_hash_bit(BOND_POLICY_L34, key);
	return plan->hash(m) & 1;
}

static __rte_always_inline uint16_t
by_two(enum bond_policy policy,
       struct bond_direct *d,
       const struct bond_plan *plan,
       uint16_t queue,
       struct rte_mbuf **pkts,
       uint16_t n)
{
	struct rte_mbuf *other[XMIT_MAX_BURST];
	size_t nb_other = 0;

	for (size_t i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];

		xmit_split(pkts, i, other, &nb_other, m, hash_bit_of(policy, plan, m));
	}
	return xmit_send_two(d, plan, queue, pkts, n, other, (uint16_t)nb_other, false);
}

static __rte_always_inline uint16_t
by_any(enum bond_policy policy,
       struct bond_direct *d,
       const struct bond_plan *plan,
       uint16_t queue,
       struct rte_mbuf **pkts,
       uint16_t n)
{
	const uint64_t magic = plan->usable_magic;
	const uint16_t members = plan->nb_usable;
	uint16_t nb_refused = 0;
	struct xmit_lists l;

	if (unlikely(members == 0))
		return xmit_nobody(d, plan, queue, pkts, n);
	for (size_t i = 0, end; i < n;) {
		xmit_lists_begin(&l, plan);
		for (end = RTE_MIN(i + XMIT_PART, n); i < end; i++)
			xmit_list(
				&l,
				xmit_hash_mod(hash_of(policy, plan, pkts[i]), magic, members),
				pkts[i]
			);
		nb_refused = xmit_send_lists(d, plan, queue, &l, pkts, nb_refused, false);
	}
	return xmit_end(pkts, n, nb_refused);
}

XMIT_POLICIES

/* One member gets all, whatever the hash. */
static uint16_t
to_one(struct bond_direct *d,
       const struct bond_plan *plan,
       uint16_t queue,
       struct rte_mbuf **pkts,
       uint16_t n)
{
	return xmit_member(d, plan, plan->usable[0], queue, pkts, n);
}

plan_xmit_fn
xmit_hash_by(enum bond_policy policy, uint16_t nb_usable)
{
	static const plan_xmit_fn two[] = XMIT_POLICY_TABLE(two), any[] = XMIT_POLICY_TABLE(any);

	plan_xmit_fn avx2;

	if (nb_usable == 1)
		return to_one;
	if (nb_usable != 2)
		return any[policy];
	avx2 = xmit_hash_avx2_by(policy);
	return avx2 != NULL ? avx2 : two[policy];
}
