/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A burst whose frames go to different members: divided in one pass, sent in one burst for each
 * member. For the files of this folder; two members, which most bonds have, have a way of their
 * own. Flags are known where these functions are inlined.
 */
#pragma once

#include "xmit.h"

#include <string.h>

/* What one member gets of a burst, and how many of it were taken. */
struct xmit_slice {
	struct rte_mbuf **pkts;
	uint16_t n, sent;
};

/* A choice for each frame, an index into plan->usable, and how often each was made. */
struct xmit_choice {
	uint16_t count[BOND_MAX_MEMBERS];
	uint8_t of[XMIT_MAX_BURST];
};

/*
 * Put what the @n slices of a burst of @total frames have left at the end of @pkts. Returns how
 * many are not left.
 */
uint16_t
xmit_join(struct rte_mbuf **pkts, const struct xmit_slice *slices, uint16_t n, uint16_t total);

/*
 * Frames that leave by another than the active member get that one's address as their source, so
 * that no switch sees one address at two ports (bond_do_alb_xmit).
 */
static inline void
xmit_own_source(const struct bond_plan *plan, uint16_t index, const struct xmit_slice *s)
{
	const struct rte_ether_addr mac = plan->member_mac[plan->usable[index]];

	for (uint16_t i = 0; i < s->n; i++)
		rte_pktmbuf_mtod(s->pkts[i], struct rte_ether_hdr *)->src_addr = mac;
}

/* Send a slice by the member @index of plan->usable; returns how many frames it refused. */
static __rte_always_inline uint16_t
xmit_slice(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	uint16_t index,
	struct xmit_slice *s,
	bool own_source
)
{
	if (s->n == 0)
		return 0;
	if (own_source && index != plan->active_index)
		xmit_own_source(plan, index, s);
	s->sent = xmit_member(d, plan, plan->usable[index], queue, s->pkts, s->n);
	return (uint16_t)(s->n - s->sent);
}

/*
 * Of two members: frame @m, the one after @at others, goes to the second one when @second is 1. The
 * first one's gather in front of @pkts, the second one's in @other, @nb_other so far.
 */
static __rte_always_inline void
xmit_split(
	struct rte_mbuf **pkts,
	size_t at,
	struct rte_mbuf **other,
	size_t *nb_other,
	struct rte_mbuf *m,
	uint32_t second
)
{
	/* Written to both, counted at one: a branch would be wrong for every second frame. */
	pkts[at - *nb_other] = m;
	other[*nb_other] = m;
	*nb_other += second;
}

static __rte_always_inline uint16_t
xmit_send_two(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n,
	struct rte_mbuf **other,
	uint16_t nb_other,
	bool own_source
)
{
	struct xmit_slice slices[] = {{pkts, (uint16_t)(n - nb_other), 0}, {other, nb_other, 0}};
	uint16_t refused;

	refused = xmit_slice(d, plan, queue, 0, &slices[0], own_source);
	refused |= xmit_slice(d, plan, queue, 1, &slices[1], own_source);
	return likely(refused == 0) ? n : xmit_join(pkts, slices, 2, n);
}

static __rte_always_inline void
xmit_choose(struct xmit_choice *c, uint16_t i, uint8_t index)
{
	c->of[i] = index;
	c->count[index]++;
}

/* Before the first choice. */
static inline void
xmit_choice_begin(struct xmit_choice *c, const struct bond_plan *plan)
{
	memset(c->count, 0, plan->nb_usable * sizeof(c->count[0]));
}

/* Sort a burst into @sorted, a slice for each member; the order within a member stays. */
static __rte_always_inline void
xmit_sort(
	const struct bond_plan *plan,
	struct rte_mbuf *const *pkts,
	uint16_t n,
	const struct xmit_choice *c,
	struct rte_mbuf **sorted,
	struct xmit_slice *slices
)
{
	struct rte_mbuf **next[BOND_MAX_MEMBERS], **end = sorted;

	for (uint16_t k = 0; k < plan->nb_usable; k++) {
		slices[k] = (struct xmit_slice){end, c->count[k], 0};
		next[k] = end;
		end += c->count[k];
	}
	for (uint16_t i = 0; i < n; i++)
		*next[c->of[i]]++ = pkts[i];
}

static __rte_always_inline uint16_t
xmit_send_chosen(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n,
	const struct xmit_choice *c,
	bool own_source
)
{
	struct rte_mbuf *sorted[XMIT_MAX_BURST];
	struct xmit_slice slices[BOND_MAX_MEMBERS];
	uint16_t refused = 0;

	xmit_sort(plan, pkts, n, c, sorted, slices);
	for (uint16_t k = 0; k < plan->nb_usable; k++)
		refused |= xmit_slice(d, plan, queue, k, &slices[k], own_source);
	return likely(refused == 0) ? n : xmit_join(pkts, slices, plan->nb_usable, n);
}

/*
 * A table cannot hold a function with an argument that is known: each policy gets one for two
 * members and one for any number, of the file's by_two() and by_any().
 */
#define XMIT_POLICY(name, policy)                               \
	static uint16_t name##_two(                             \
		struct bond_direct *d,                          \
		const struct bond_plan *plan,                   \
		uint16_t queue,                                 \
		struct rte_mbuf **pkts,                         \
		uint16_t n                                      \
	)                                                       \
	{                                                       \
		return by_two(policy, d, plan, queue, pkts, n); \
	}                                                       \
	static uint16_t name##_any(                             \
		struct bond_direct *d,                          \
		const struct bond_plan *plan,                   \
		uint16_t queue,                                 \
		struct rte_mbuf **pkts,                         \
		uint16_t n                                      \
	)                                                       \
	{                                                       \
		return by_any(policy, d, plan, queue, pkts, n); \
	}

#define XMIT_POLICIES                                     \
	XMIT_POLICY(l2, BOND_POLICY_L2)                   \
	XMIT_POLICY(l34, BOND_POLICY_L34)                 \
	XMIT_POLICY(l23, BOND_POLICY_L23)                 \
	XMIT_POLICY(encap23, BOND_POLICY_ENCAP23)         \
	XMIT_POLICY(encap34, BOND_POLICY_ENCAP34)         \
	XMIT_POLICY(vlan_srcmac, BOND_POLICY_VLAN_SRCMAC) \
	XMIT_POLICY(rss, BOND_POLICY_RSS)

/* The entries of a table of them, by policy; @members: two or any. */
#define XMIT_POLICY_TABLE(members)                                                            \
	{                                                                                     \
		[BOND_POLICY_L2] = l2_##members, [BOND_POLICY_L34] = l34_##members,           \
		[BOND_POLICY_L23] = l23_##members, [BOND_POLICY_ENCAP23] = encap23_##members, \
		[BOND_POLICY_ENCAP34] = encap34_##members,                                    \
		[BOND_POLICY_VLAN_SRCMAC] = vlan_srcmac_##members,                            \
		[BOND_POLICY_RSS] = rss_##members,                                            \
	}
_Static_assert(BOND_POLICY_COUNT == 7, "a function for every policy");
