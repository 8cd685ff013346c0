/* SPDX-License-Identifier: BSD-3-Clause */
/* Modes 5 and 6: the bucket of frames, and how buckets are dealt to members. */
#include "tlb.h"
#include "wire.h"

#include <rte_mbuf.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

enum { MAX_BYTES = 256, MAX_SEGMENTS = 8, HASH = 0x1234abcd, HASH_BUCKET = 0xcd };

/* A frame in segments, each in memory of exactly its length. */
struct chain {
	struct rte_mbuf mbufs[MAX_SEGMENTS];
	void *memory[MAX_SEGMENTS];
	uint16_t n;
};

static void
add_segment(struct chain *c, const uint8_t *bytes, uint16_t len)
{
	struct rte_mbuf *m = &c->mbufs[c->n];

	c->memory[c->n] = malloc(len != 0 ? len : 1);
	assert_non_null(c->memory[c->n]);
	if (len != 0)
		memcpy(c->memory[c->n], bytes, len);
	memset(m, 0, sizeof(*m));
	m->buf_addr = c->memory[c->n];
	m->buf_len = m->data_len = len;
	m->nb_segs = 1;
	if (c->n != 0)
		c->mbufs[c->n - 1].next = m;
	c->n++;
	c->mbufs[0].nb_segs = c->n;
	c->mbufs[0].pkt_len += len;
}

static void
free_chain(struct chain *c)
{
	for (uint16_t i = 0; i < c->n; i++)
		free(c->memory[i]);
	c->n = 0;
}

static uint32_t
fixed_hash(const struct rte_mbuf *m)
{
	(void)m;
	return HASH;
}

static uint16_t
bucket_of_bytes(const uint8_t *bytes, size_t len, bool is_alb)
{
	struct chain c = {.n = 0};
	uint16_t bucket;

	add_segment(&c, bytes, (uint16_t)len);
	bucket = tlb_bucket(&c.mbufs[0], fixed_hash, is_alb);
	if (!is_alb)
		assert_int_equal(tlb_is_balanced(&c.mbufs[0]), bucket != TLB_ACTIVE);
	free_chain(&c);
	return bucket;
}

#define MACS "0200000000aa 020000000011 "
#define SRC6 "20010db8000000000000000000000011 "
#define DST6 "20010db80000000000000000000000f0 "
/* Proto, source, destination; then eight bytes of what follows. */
#define IP6(next, src, dst, body) "86dd 60000000 0008" next "40" src dst body
#define IP4(proto, dst) "0800 45000014 00000000 40" proto "0000 c0000201" dst
#define UDP_BODY "0001000200080000"
#define NONE6 "00000000000000000000000000000000 "

/* 0x20^0x01^0x0d^0xb8^0xf0 and 0xc0^0x00^0x02^0x09. */
enum { DST6_BUCKET = 0x64, DST4_BUCKET = 0xcb };

struct bucket_case {
	const char *hex;
	uint16_t tlb, alb;
};

static const struct bucket_case bucket_cases[] = {
	{MACS IP4("11", "c0000209"), HASH_BUCKET, DST4_BUCKET},
	{MACS IP4("06", "c0000209"), HASH_BUCKET, DST4_BUCKET},
	{MACS "8100 0005" IP4("11", "c0000209"), HASH_BUCKET, DST4_BUCKET},
	{MACS "88a8 0005" IP4("11", "c0000209"), HASH_BUCKET, DST4_BUCKET},
	/* To Linux the second tag is what the frame carries. */
	{MACS "88a8 0005 8100 0006" IP4("11", "c0000209"), TLB_ACTIVE, TLB_ACTIVE},
	{MACS IP6("11", SRC6, DST6, UDP_BODY), HASH_BUCKET, DST6_BUCKET},
	{MACS "8100 0005" IP6("11", SRC6, DST6, UDP_BODY), HASH_BUCKET, DST6_BUCKET},
	/* IPv4 in mode 6: the address, IGMP; multicast is balanced there. */
	{MACS IP4("11", "ffffffff"), HASH_BUCKET, TLB_ACTIVE},
	{MACS IP4("02", "e0000016"), HASH_BUCKET, TLB_ACTIVE},
	{"01005e000001 020000000011" IP4("11", "e0000001"), TLB_ACTIVE, 0xe1},
	{"ffffffffffff 020000000011" IP4("11", "c0000209"), TLB_ACTIVE, TLB_ACTIVE},
	/* IPv6: broadcast, all nodes, another group. */
	{"ffffffffffff 020000000011" IP6("11", SRC6, DST6, UDP_BODY), TLB_ACTIVE, TLB_ACTIVE},
	{"333300000001 020000000011" IP6("11", SRC6, DST6, UDP_BODY), TLB_ACTIVE, TLB_ACTIVE},
	{"333300000002 020000000011" IP6("11", SRC6, DST6, UDP_BODY), TLB_ACTIVE, DST6_BUCKET},
	/* From nobody yet: duplicate address detection. */
	{MACS IP6("11", NONE6, DST6, UDP_BODY), HASH_BUCKET, TLB_ACTIVE},
	/* ICMPv6: an echo request, neighbour discovery, one cut off. */
	{MACS IP6("3a", SRC6, DST6, "8000000000000000"), HASH_BUCKET, DST6_BUCKET},
	{MACS IP6("3a", SRC6, DST6, "8700000000000000"), TLB_ACTIVE, TLB_ACTIVE},
	{MACS IP6("3a", SRC6, DST6, "8800000000000000"), TLB_ACTIVE, TLB_ACTIVE},
	{MACS "8100 0005" IP6("3a", SRC6, DST6, "8800000000000000"), TLB_ACTIVE, TLB_ACTIVE},
	{MACS IP6("3a", SRC6, DST6, "80000000000000"), TLB_ACTIVE, TLB_ACTIVE},
	/* Others: ARP, LLDP, a length. */
	{"ffffffffffff 020000000011 0806 0001080006040001", TLB_ACTIVE, TLB_ARP},
	{MACS "0806 0001080006040002", TLB_ACTIVE, TLB_ARP},
	{MACS "8100 0005 0806 0001080006040002", TLB_ACTIVE, TLB_ARP},
	{MACS "88cc 0000", TLB_ACTIVE, TLB_ACTIVE},
	{MACS "0003 424203", TLB_ACTIVE, TLB_ACTIVE},
	/* Short ones. Mode 5 does not look into IPv4. */
	{"", TLB_ACTIVE, TLB_ACTIVE},
	{"0200000000aa 020000000011 08", TLB_ACTIVE, TLB_ACTIVE},
	{MACS "0800", HASH_BUCKET, TLB_ACTIVE},
	{MACS "0800 45000014 00000000 40110000 c0000201 c00002", HASH_BUCKET, TLB_ACTIVE},
	{MACS "86dd", TLB_ACTIVE, TLB_ACTIVE},
	{MACS "86dd 60000000 0008 11 40" SRC6 "20010db8000000000000000000", TLB_ACTIVE, TLB_ACTIVE},
	{MACS "8100 00", TLB_ACTIVE, TLB_ACTIVE},
	{MACS "8100", TLB_ACTIVE, TLB_ACTIVE},
};

static void
buckets_of_frames(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(bucket_cases); i++) {
		const struct bucket_case *b = &bucket_cases[i];
		uint8_t bytes[MAX_BYTES];
		size_t len = wire_bytes(bytes, sizeof(bytes), b->hex);
		uint16_t tlb = bucket_of_bytes(bytes, len, false);
		uint16_t alb = bucket_of_bytes(bytes, len, true);

		if (tlb != b->tlb || alb != b->alb)
			fail_msg("%s: %#x %#x, expected %#x %#x", b->hex, tlb, alb, b->tlb, b->alb);
	}
}

/* However a frame is cut into segments, and whether its tag is in it or in the mbuf. */
static void
segments_and_tags_in_mbufs(void **state)
{
	(void)state;
	srandom(99);
	for (size_t i = 0; i < RTE_DIM(bucket_cases); i++) {
		const struct bucket_case *b = &bucket_cases[i];
		uint8_t bytes[MAX_BYTES];
		size_t len = wire_bytes(bytes, sizeof(bytes), b->hex);

		for (int round = 0; round < 200; round++) {
			struct chain c = {.n = 0};
			size_t at = 0;
			bool takes_tag = round % 2 == 1 && len >= 18 && bytes[12] == 0x81;

			if (takes_tag) {
				add_segment(&c, bytes, 12);
				at = 16;
				c.mbufs[0].ol_flags = RTE_MBUF_F_RX_VLAN_STRIPPED;
				c.mbufs[0].vlan_tci = 5;
			}
			while (c.n < MAX_SEGMENTS - 1 && at < len) {
				size_t step = (size_t)random() % (len - at + 1);

				add_segment(&c, bytes + at, (uint16_t)step);
				at += step;
			}
			add_segment(&c, bytes + at, (uint16_t)(len - at));
			assert_int_equal(tlb_bucket(&c.mbufs[0], fixed_hash, false), b->tlb);
			assert_int_equal(tlb_bucket(&c.mbufs[0], fixed_hash, true), b->alb);
			free_chain(&c);
		}
	}
}

/* _simple_hash, byte by byte. */
static void
alb_hash_of_addresses(void **state)
{
	uint8_t v4[MAX_BYTES], v6[MAX_BYTES];
	size_t len4 = wire_bytes(v4, sizeof(v4), bucket_cases[0].hex);
	size_t len6 = wire_bytes(v6, sizeof(v6), bucket_cases[5].hex);

	(void)state;
	srandom(3);
	for (int round = 0; round < 1000; round++) {
		uint8_t expected = 0;

		for (int i = 0; i < 4; i++)
			expected ^= v4[30 + i] = (uint8_t)(random() % 255);
		assert_int_equal(bucket_of_bytes(v4, len4, true), expected);
		expected = 0;
		for (int i = 0; i < 16; i++)
			expected ^= v6[38 + i] = (uint8_t)random();
		assert_int_equal(bucket_of_bytes(v6, len6, true), expected);
	}
}

static void
count(const struct tlb *t, unsigned ret[BOND_MAX_MEMBERS])
{
	memset(ret, 0, BOND_MAX_MEMBERS * sizeof(ret[0]));
	for (unsigned b = 0; b < TLB_BUCKETS; b++) {
		assert_true(t->member[b] < BOND_MAX_MEMBERS);
		ret[t->member[b]]++;
	}
}

static void
idle_buckets_follow_speed(void **state)
{
	const struct tlb_member alike[] = {{1000, 0}, {1000, 0}, {1000, 0}, {1000, 0}};
	const struct tlb_member mixed[] = {{1000, 0}, {1000, 0}, {10000, 0}};
	const struct tlb_member unknown[] = {{0, 0}, {10000, 0}, {40000, 0}};
	const struct tlb_member all_unknown[] = {{0, 0}, {0, 0}};
	unsigned n[BOND_MAX_MEMBERS];
	struct tlb t = {0};

	(void)state;
	tlb_deal(&t, alike, 4);
	count(&t, n);
	for (int i = 0; i < 4; i++)
		assert_int_equal(n[i], 64);
	/* Neighbours in the table are on different members. */
	assert_int_not_equal(t.member[0], t.member[1]);
	tlb_deal(&t, mixed, 3);
	count(&t, n);
	assert_in_range(n[0], 21, 22);
	assert_in_range(n[1], 21, 22);
	assert_in_range(n[2], 213, 214);
	/* Unknown is as the slowest that is known. */
	tlb_deal(&t, unknown, 3);
	count(&t, n);
	assert_in_range(n[0], 42, 43);
	assert_in_range(n[1], 42, 43);
	tlb_deal(&t, all_unknown, 2);
	count(&t, n);
	assert_int_equal(n[0], 128);
	tlb_deal(&t, alike, 1);
	count(&t, n);
	assert_int_equal(n[0], 256);
}

/* Traffic of a period: @mbps[b] for 10 s on top of the counters. */
static void
send_for_10_s(uint64_t bytes[TLB_BUCKETS], const unsigned mbps[TLB_BUCKETS])
{
	for (unsigned b = 0; b < TLB_BUCKETS; b++)
		bytes[b] += mbps[b] * UINT64_C(125000) * 10;
}

static uint64_t
mbps_of(const struct tlb *t, const unsigned mbps[TLB_BUCKETS], uint8_t member)
{
	uint64_t sum = 0;

	for (unsigned b = 0; b < TLB_BUCKETS; b++)
		if (t->member[b] == member)
			sum += mbps[b];
	return sum;
}

/* 1 : 1 : 10, a few heavy flows and many light ones: nobody gets more than it can carry. */
static void
loads_converge(void **state)
{
	const struct tlb_member members[] = {{1000, 0}, {1000, 0}, {10000, 0}};

	(void)state;
	srandom(1);
	for (int round = 0; round < 50; round++) {
		unsigned mbps[TLB_BUCKETS], total = 0;
		uint64_t bytes[TLB_BUCKETS] = {0};
		struct tlb t = {0};
		uint64_t gap[3], least, most;

		for (unsigned b = 0; b < TLB_BUCKETS; b++) {
			mbps[b] = b % 16 == 0 ? (unsigned)random() % 800 : (unsigned)random() % 20;
			if (total + mbps[b] > 11500)
				mbps[b] = 0;
			total += mbps[b];
		}
		/* Fill up, so that all members are needed. */
		while (total < 11500) {
			unsigned b = (unsigned)random() % TLB_BUCKETS;

			mbps[b]++;
			total++;
		}
		tlb_deal(&t, members, 3);
		send_for_10_s(bytes, mbps);
		tlb_rebalance(&t, bytes, TLB_REBALANCE_MS, members, 3);
		gap[0] = 1000 - mbps_of(&t, mbps, 0);
		gap[1] = 1000 - mbps_of(&t, mbps, 1);
		gap[2] = 10000 - mbps_of(&t, mbps, 2);
		least = RTE_MIN(gap[0], RTE_MIN(gap[1], gap[2]));
		most = RTE_MAX(gap[0], RTE_MAX(gap[1], gap[2]));
		/* 500 Mbit/s are free; light flows even it out. (Below 0 it would be huge.) */
		assert_true(most < 1000);
		assert_true(most - least < 60);
		/* The same load again moves nothing. */
		send_for_10_s(bytes, mbps);
		assert_int_equal(tlb_rebalance(&t, bytes, TLB_REBALANCE_MS, members, 3), 0);
	}
}

static void
little_load_goes_where_most_is_free(void **state)
{
	const struct tlb_member members[] = {{1000, 0}, {1000, 0}, {10000, 0}};
	const struct tlb_member busy[] = {{1000, 0}, {1000, UINT64_C(1250000000)}};
	unsigned mbps[TLB_BUCKETS] = {[3] = 100, [9] = 300};
	uint64_t bytes[TLB_BUCKETS] = {0};
	struct tlb t = {0};

	(void)state;
	tlb_deal(&t, members, 3);
	send_for_10_s(bytes, mbps);
	tlb_rebalance(&t, bytes, TLB_REBALANCE_MS, members, 3);
	assert_int_equal(t.member[3], 2);
	assert_int_equal(t.member[9], 2);
	assert_int_equal(t.load_bytes_per_s[9], 37500000);
	/* What the active member sends besides counts as well: 1 Gbit/s here. */
	tlb_deal(&t, busy, 2);
	send_for_10_s(bytes, mbps);
	tlb_rebalance(&t, bytes, TLB_REBALANCE_MS, busy, 2);
	assert_int_equal(t.member[3], 0);
	assert_int_equal(t.member[9], 0);
}

static void
heaviest_first(void **state)
{
	const struct tlb_member members[] = {{1000, 0}, {1000, 0}};
	unsigned mbps[TLB_BUCKETS] = {[0] = 200, [1] = 300, [2] = 500};
	uint64_t bytes[TLB_BUCKETS] = {0};
	struct tlb t = {0};

	(void)state;
	tlb_deal(&t, members, 2);
	send_for_10_s(bytes, mbps);
	tlb_rebalance(&t, bytes, TLB_REBALANCE_MS, members, 2);
	assert_int_equal(t.member[2], 0);
	assert_int_equal(t.member[1], 1);
	assert_int_equal(t.member[0], 1);
}

static void
counters_that_begin_anew(void **state)
{
	const struct tlb_member members[] = {{1000, 0}, {1000, 0}};
	uint64_t bytes[TLB_BUCKETS] = {[5] = 1000000};
	struct tlb t = {0};

	(void)state;
	tlb_deal(&t, members, 2);
	tlb_rebalance(&t, bytes, 1000, members, 2);
	assert_int_equal(t.load_bytes_per_s[5], 1000000);
	bytes[5] = 5000;
	tlb_rebalance(&t, bytes, 500, members, 2);
	assert_int_equal(t.load_bytes_per_s[5], 10000);
	tlb_rebalance(&t, bytes, 0, members, 2);
	assert_int_equal(t.load_bytes_per_s[5], 0);
	/* Nonsense does no harm. */
	memset(bytes, 0xff, sizeof(bytes));
	tlb_rebalance(&t, bytes, 1, members, 2);
	assert_in_range(t.member[0], 0, 1);
}

static void
one_leaves(void **state)
{
	const struct tlb_member before[] = {{1000, 0}, {1000, 0}, {1000, 0}};
	const int map[] = {0, -1, 1};
	unsigned mbps[TLB_BUCKETS], n[BOND_MAX_MEMBERS];
	uint64_t bytes[TLB_BUCKETS] = {0};
	struct tlb t = {0}, old;

	(void)state;
	for (unsigned b = 0; b < TLB_BUCKETS; b++)
		mbps[b] = b < 128 ? 4 : 0;
	tlb_deal(&t, before, 3);
	send_for_10_s(bytes, mbps);
	tlb_rebalance(&t, bytes, TLB_REBALANCE_MS, before, 3);
	old = t;
	tlb_members_changed(&t, map, 3, before, 2);
	for (unsigned b = 0; b < TLB_BUCKETS; b++)
		if (old.member[b] != 1)
			assert_int_equal(t.member[b], map[old.member[b]]);
	/* Both the load and the idle buckets of the lost one are shared. */
	assert_in_range(mbps_of(&t, mbps, 0), 252, 260);
	count(&t, n);
	assert_in_range(n[0], 126, 130);
}

static void
one_joins(void **state)
{
	const struct tlb_member members[] = {{1000, 0}, {1000, 0}, {1000, 0}};
	const int map[] = {2, 0};
	uint64_t bytes[TLB_BUCKETS] = {0};
	unsigned n[BOND_MAX_MEMBERS];
	struct tlb t = {0}, old;

	(void)state;
	tlb_deal(&t, members, 2);
	old = t;
	tlb_members_changed(&t, map, 2, members, 3);
	for (unsigned b = 0; b < TLB_BUCKETS; b++)
		assert_int_equal(t.member[b], map[old.member[b]]);
	tlb_rebalance(&t, bytes, TLB_REBALANCE_MS, members, 3);
	count(&t, n);
	assert_in_range(n[1], 85, 86);
}

static void
all_are_replaced(void **state)
{
	const struct tlb_member members[] = {{1000, 0}, {1000, 0}};
	const int map[] = {-1, -1};
	unsigned n[BOND_MAX_MEMBERS];
	struct tlb t = {0};

	(void)state;
	tlb_deal(&t, members, 2);
	tlb_members_changed(&t, map, 2, members, 2);
	count(&t, n);
	assert_int_equal(n[0], 128);
	/* From nobody: every index is out of range. */
	tlb_members_changed(&t, map, 0, members, 1);
	count(&t, n);
	assert_int_equal(n[0], 256);
}

/*
 * Random members come and go, random loads: every bucket is always on a usable member, one moves
 * between rebalances only when its own member leaves, and the same history gives the same table.
 */
static void
random_history(struct tlb *t, unsigned seed)
{
	struct tlb_member members[BOND_MAX_MEMBERS];
	uint16_t ids[BOND_MAX_MEMBERS], n = 1, next_id = 1;
	uint64_t bytes[TLB_BUCKETS] = {0};

	srandom(seed);
	memset(members, 0, sizeof(members));
	*t = (struct tlb){0};
	ids[0] = 0;
	tlb_deal(t, members, n);
	for (int step = 0; step < 300; step++) {
		struct tlb old = *t;
		uint16_t old_ids[BOND_MAX_MEMBERS], nb_old = n;
		int map[BOND_MAX_MEMBERS];

		for (unsigned b = 0; b < TLB_BUCKETS; b++)
			bytes[b] += random() % 4 == 0 ? (uint64_t)random() : 0;
		if (random() % 3 == 0) {
			unsigned moved = tlb_rebalance(t, bytes, TLB_REBALANCE_MS, members, n),
				 differ = 0;

			for (unsigned b = 0; b < TLB_BUCKETS; b++)
				differ += old.member[b] != t->member[b];
			assert_int_equal(moved, differ);
			continue;
		}
		memcpy(old_ids, ids, sizeof(ids));
		if (n > 1 && random() % 2 == 0) {
			uint16_t gone = (uint16_t)(random() % n);

			n--;
			memmove(ids + gone, ids + gone + 1, (n - gone) * sizeof(ids[0]));
			memmove(members + gone, members + gone + 1, (n - gone) * sizeof(members[0])
			);
		} else if (n < BOND_MAX_MEMBERS) {
			ids[n] = next_id++;
			members[n++].speed_mbps = (uint32_t)(random() % 5) * 10000;
		}
		for (uint16_t i = 0; i < nb_old; i++) {
			map[i] = -1;
			for (uint16_t k = 0; k < n; k++)
				if (ids[k] == old_ids[i])
					map[i] = k;
		}
		tlb_members_changed(t, map, nb_old, members, n);
		for (unsigned b = 0; b < TLB_BUCKETS; b++) {
			assert_true(t->member[b] < n);
			if (map[old.member[b]] >= 0)
				assert_int_equal(t->member[b], map[old.member[b]]);
		}
	}
}

static void
flows_stay_and_dealing_is_deterministic(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct tlb first, second;

		random_history(&first, seed);
		random_history(&second, seed);
		assert_memory_equal(&first, &second, sizeof(first));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_of_frames),
		cmocka_unit_test(segments_and_tags_in_mbufs),
		cmocka_unit_test(alb_hash_of_addresses),
		cmocka_unit_test(idle_buckets_follow_speed),
		cmocka_unit_test(loads_converge),
		cmocka_unit_test(little_load_goes_where_most_is_free),
		cmocka_unit_test(heaviest_first),
		cmocka_unit_test(counters_that_begin_anew),
		cmocka_unit_test(one_leaves),
		cmocka_unit_test(one_joins),
		cmocka_unit_test(all_are_replaced),
		cmocka_unit_test(flows_stay_and_dealing_is_deterministic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
