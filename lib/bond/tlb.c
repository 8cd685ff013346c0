/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See tlb.h. Differences to Linux's driver: it assigns a bucket when a frame comes, here all have a
 * member at all times, so that workers only look; and buckets without load are shared out by speed,
 * where the driver gives them to whom has most bandwidth to spare.
 */
#include "tlb.h"

#include "dissect.h"

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum {
	ICMP6_BYTES = 8,
	ND_SOLICIT = 135,
	ND_ADVERT = 136,
	BUCKET_MASK = TLB_BUCKETS - 1,
};

/*
 * Neighbour discovery, or too short to tell (alb_determine_nd): @ip is the header at
 * @offset_bytes, of a frame that has all of it.
 */
static bool
is_nd(const struct rte_mbuf *m, const struct rte_ipv6_hdr *ip, uint32_t offset_bytes)
{
	uint8_t copy[ICMP6_BYTES];
	const uint8_t *icmp;

	if (likely(ip->proto != IPPROTO_ICMPV6))
		return false;
	icmp = rte_pktmbuf_read(m, offset_bytes + sizeof(*ip), sizeof(copy), copy);
	return icmp == NULL || icmp[0] == ND_SOLICIT || icmp[0] == ND_ADVERT;
}

/* Where the destination address stands, and what is behind the header; NULL: no whole header. */
static inline const struct rte_ether_addr *
read_header(const struct rte_mbuf *m, struct rte_ether_addr *copy, struct dissect_l3 *ret)
{
	if (unlikely(!dissect_l3(m, 1, ret)))
		return NULL;
	return rte_pktmbuf_read(m, 0, sizeof(*copy), copy);
}

bool
tlb_is_balanced(const struct rte_mbuf *m)
{
	struct rte_ether_addr dst_copy;
	const struct rte_ether_addr *dst;
	struct rte_ipv6_hdr copy;
	const struct rte_ipv6_hdr *ip;
	struct dissect_l3 l3;

	dst = read_header(m, &dst_copy, &l3);
	if (unlikely(dst == NULL || rte_is_multicast_ether_addr(dst)))
		return false;
	if (likely(l3.ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4)))
		return true;
	if (l3.ether_type != RTE_BE16(RTE_ETHER_TYPE_IPV6))
		return false;
	ip = rte_pktmbuf_read(m, l3.offset_bytes, sizeof(*ip), &copy);
	return ip != NULL && !is_nd(m, ip, l3.offset_bytes);
}

/* _simple_hash over an address of @nb_words words. */
static inline uint16_t
xor_of_bytes(const void *address, unsigned nb_words)
{
	uint32_t all = 0;

	for (unsigned i = 0; i < nb_words; i++) {
		uint32_t word;

		memcpy(&word, (const uint8_t *)address + 4 * i, sizeof(word));
		all ^= word;
	}
	all ^= all >> 16;
	all ^= all >> 8;
	return all & BUCKET_MASK;
}

static uint16_t
alb_bucket4(const struct rte_mbuf *m, uint32_t offset_bytes)
{
	const rte_be32_t broadcast = UINT32_MAX; /* DPDK's RTE_IPV4_BROADCAST is 224.0.0.0 */
	struct rte_ipv4_hdr copy;
	const struct rte_ipv4_hdr *ip;

	ip = rte_pktmbuf_read(m, offset_bytes, sizeof(*ip), &copy);
	if (unlikely(ip == NULL || ip->dst_addr == broadcast || ip->next_proto_id == IPPROTO_IGMP))
		return TLB_ACTIVE;
	return xor_of_bytes(&ip->dst_addr, 1);
}

static uint16_t
alb_bucket6(const struct rte_mbuf *m, const struct rte_ether_addr *dst, uint32_t offset_bytes)
{
	static const struct rte_ether_addr all_nodes = {{0x33, 0x33, 0, 0, 0, 1}};
	static const uint8_t unspecified[16];
	struct rte_ipv6_hdr copy;
	const struct rte_ipv6_hdr *ip;

	ip = rte_pktmbuf_read(m, offset_bytes, sizeof(*ip), &copy);
	if (unlikely(
		    ip == NULL || rte_is_same_ether_addr(dst, &all_nodes) ||
		    is_nd(m, ip, offset_bytes) ||
		    memcmp(&ip->src_addr, unspecified, sizeof(unspecified)) == 0
	    ))
		return TLB_ACTIVE;
	return xor_of_bytes(&ip->dst_addr, 4);
}

static uint16_t
alb_bucket(const struct rte_mbuf *m)
{
	struct rte_ether_addr copy;
	const struct rte_ether_addr *dst;
	struct dissect_l3 l3;

	dst = read_header(m, &copy, &l3);
	if (unlikely(dst == NULL))
		return TLB_ACTIVE;
	if (unlikely(l3.ether_type == RTE_BE16(RTE_ETHER_TYPE_ARP)))
		return TLB_ARP;
	if (unlikely(rte_is_broadcast_ether_addr(dst)))
		return TLB_ACTIVE;
	if (likely(l3.ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4)))
		return alb_bucket4(m, l3.offset_bytes);
	if (l3.ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV6))
		return alb_bucket6(m, dst, l3.offset_bytes);
	return TLB_ACTIVE;
}

uint16_t
tlb_bucket(const struct rte_mbuf *m, xmit_hash_fn hash, bool is_alb)
{
	if (is_alb)
		return alb_bucket(m);
	return tlb_is_balanced(m) ? hash(m) & BUCKET_MASK : TLB_ACTIVE;
}

/* Buckets being dealt: what each member can do and has got already. */
struct deal {
	uint16_t nb_members;
	uint32_t speed_mbps[BOND_MAX_MEMBERS]; /* never 0 */
	int64_t gap_bps[BOND_MAX_MEMBERS];     /* speed - load; negative when overloaded */
	unsigned idle_buckets[BOND_MAX_MEMBERS];
};

/* Far more than any port, and 256 of them still fit into a gap. */
static const uint64_t max_bytes_per_s = UINT64_C(1) << 48;

static uint64_t
per_second(uint64_t bytes, uint64_t period_ms)
{
	uint64_t ms = RTE_MAX(period_ms, UINT64_C(1));
	uint64_t whole = RTE_MIN(bytes / ms, max_bytes_per_s);

	return RTE_MIN(whole * 1000 + bytes % ms * 1000 / ms, max_bytes_per_s);
}

static void
begin(struct deal *d, const struct tlb_member *members, uint16_t n, uint64_t period_ms)
{
	uint32_t least_mbps = UINT32_MAX; /* if none is known all are alike, which is enough */

	*d = (struct deal){.nb_members = n};
	for (uint16_t i = 0; i < n; i++)
		if (members[i].speed_mbps != 0)
			least_mbps = RTE_MIN(least_mbps, members[i].speed_mbps);
	for (uint16_t i = 0; i < n; i++) {
		uint32_t mbps = members[i].speed_mbps;

		d->speed_mbps[i] = mbps != 0 ? mbps : least_mbps;
		d->gap_bps[i] = (int64_t)d->speed_mbps[i] * 1000000 -
		                (int64_t)per_second(members[i].other_bytes, period_ms) * 8;
	}
}

/* The bucket @b of @t is a member's, who has so much less to give. */
static void
charge(struct deal *d, const struct tlb *t, unsigned b)
{
	if (t->load_bytes_per_s[b] == 0)
		d->idle_buckets[t->member[b]]++;
	else
		d->gap_bps[t->member[b]] -= (int64_t)t->load_bytes_per_s[b] * 8;
}

/* Who has the largest gap (compute_gap, tlb_get_least_loaded); the first of equals. */
static uint8_t
largest_gap(const struct deal *d)
{
	uint8_t best = 0;

	for (uint8_t i = 1; i < d->nb_members; i++)
		if (d->gap_bps[i] > d->gap_bps[best])
			best = i;
	return best;
}

/* Whose share of idle buckets is furthest behind its speed (d'Hondt's method of seats). */
static uint8_t
furthest_behind(const struct deal *d)
{
	uint8_t best = 0;

	for (uint8_t i = 1; i < d->nb_members; i++)
		if ((uint64_t)d->speed_mbps[i] * (d->idle_buckets[best] + 1) >
		    (uint64_t)d->speed_mbps[best] * (d->idle_buckets[i] + 1))
			best = i;
	return best;
}

struct weighed {
	uint64_t load;
	unsigned bucket;
};

/* The heaviest first; of equals the one with the lower number, so that the order is a total one. */
static int
compare_weighed(const void *a, const void *b)
{
	const struct weighed *x = a, *y = b;

	if (x->load != y->load)
		return x->load > y->load ? -1 : 1;
	return x->bucket < y->bucket ? -1 : 1;
}

/* Give the buckets that are marked in @free to members. */
static void
deal_out(struct deal *d, struct tlb *t, const bool free[TLB_BUCKETS])
{
	struct weighed order[TLB_BUCKETS];
	unsigned n = 0;

	for (unsigned b = 0; b < TLB_BUCKETS; b++)
		if (free[b])
			order[n++] = (struct weighed){t->load_bytes_per_s[b], b};
	qsort(order, n, sizeof(order[0]), compare_weighed);
	for (unsigned i = 0; i < n; i++) {
		t->member[order[i].bucket] =
			order[i].load != 0 ? largest_gap(d) : furthest_behind(d);
		charge(d, t, order[i].bucket);
	}
}

void
tlb_deal(struct tlb *t, const struct tlb_member *members, uint16_t n)
{
	bool free[TLB_BUCKETS];
	struct deal d;

	memset(free, true, sizeof(free));
	memset(t->load_bytes_per_s, 0, sizeof(t->load_bytes_per_s));
	begin(&d, members, n, TLB_REBALANCE_MS);
	deal_out(&d, t, free);
}

void
tlb_members_changed(
	struct tlb *t, const int *map, uint16_t nb_old, const struct tlb_member *members, uint16_t n
)
{
	bool free[TLB_BUCKETS];
	struct deal d;

	begin(&d, members, n, TLB_REBALANCE_MS);
	for (unsigned b = 0; b < TLB_BUCKETS; b++) {
		int index = t->member[b] < nb_old ? map[t->member[b]] : -1;

		free[b] = index < 0;
		if (free[b])
			continue;
		t->member[b] = (uint8_t)index;
		charge(&d, t, b);
	}
	deal_out(&d, t, free);
}

unsigned
tlb_rebalance(
	struct tlb *t,
	const uint64_t bytes[TLB_BUCKETS],
	uint64_t period_ms,
	const struct tlb_member *members,
	uint16_t n
)
{
	uint8_t before[TLB_BUCKETS];
	bool free[TLB_BUCKETS];
	unsigned moved = 0;
	struct deal d;

	memcpy(before, t->member, sizeof(before));
	memset(free, true, sizeof(free));
	for (unsigned b = 0; b < TLB_BUCKETS; b++) {
		uint64_t seen = t->seen_bytes[b];
		uint64_t sent = bytes[b] >= seen ? bytes[b] - seen : bytes[b];

		t->load_bytes_per_s[b] = per_second(sent, period_ms);
		t->seen_bytes[b] = bytes[b];
	}
	begin(&d, members, n, period_ms);
	deal_out(&d, t, free);
	for (unsigned b = 0; b < TLB_BUCKETS; b++)
		moved += t->member[b] != before[b];
	return moved;
}
