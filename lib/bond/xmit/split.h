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

enum {
	/* Frames that are listed at a time: a longer burst goes in parts. */
	XMIT_PART = 64,
};

/* The frames of a part, a list for each member by its index in plan->usable. */
struct xmit_lists {
	struct rte_mbuf **end[BOND_MAX_MEMBERS];
	struct rte_mbuf *frames[BOND_MAX_MEMBERS][XMIT_PART];
};

/* Put what a slice has left behind @nb_refused others in front of @pkts; how many there are then.
 */
uint16_t xmit_keep(struct rte_mbuf **pkts, uint16_t nb_refused, const struct xmit_slice *s);

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

/* Of a burst of @n, @nb_refused in front: put them to its end. Returns how many were sent. */
static __rte_always_inline uint16_t
xmit_end(struct rte_mbuf **pkts, uint16_t n, uint16_t nb_refused)
{
	if (unlikely(nb_refused != 0))
		memmove(pkts + n - nb_refused, pkts, nb_refused * sizeof(pkts[0]));
	return (uint16_t)(n - nb_refused);
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
	struct xmit_slice first = {pkts, (uint16_t)(n - nb_other), 0},
			  second = {other, nb_other, 0};
	uint16_t nb_refused;

	nb_refused = xmit_slice(d, plan, queue, 0, &first, own_source);
	nb_refused = (uint16_t)(nb_refused + xmit_slice(d, plan, queue, 1, &second, own_source));
	if (likely(nb_refused == 0))
		return n;
	(void)xmit_keep(pkts, xmit_keep(pkts, 0, &first), &second);
	return xmit_end(pkts, n, nb_refused);
}

static __rte_always_inline void
xmit_lists_begin(struct xmit_lists *l, const struct bond_plan *plan)
{
	for (size_t k = 0; k < plan->nb_usable; k++)
		l->end[k] = l->frames[k];
}

static __rte_always_inline void
xmit_list(struct xmit_lists *l, size_t index, struct rte_mbuf *m)
{
	*l->end[index]++ = m;
}

/*
 * Send all lists. What is refused is kept in front of @pkts, behind @nb_refused others: those
 * places are free, as they have been listed. Returns how many others there are then.
 */
static __rte_always_inline uint16_t
xmit_send_lists(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct xmit_lists *l,
	struct rte_mbuf **pkts,
	uint16_t nb_refused,
	bool own_source
)
{
	for (uint16_t k = 0; k < plan->nb_usable; k++) {
		struct xmit_slice s = {l->frames[k], (uint16_t)(l->end[k] - l->frames[k]), 0};

		if (unlikely(xmit_slice(d, plan, queue, k, &s, own_source) != 0))
			nb_refused = xmit_keep(pkts, nb_refused, &s);
	}
	return nb_refused;
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
