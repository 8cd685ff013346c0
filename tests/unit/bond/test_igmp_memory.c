/* SPDX-License-Identifier: BSD-3-Clause */
/* Reports of hosts behind the bond: what is sent again and what is forgotten, on a frozen clock. */
#include "frames.h"
#include "igmp_memory.h"
#include "units.h"
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

enum { MAX_BYTES = 512, IP_AT = 14, IGMP_AT = IP_AT + 24, MLD_AT = IP_AT + 48, RECORD_AT = 8 };

static const uint64_t begin_ns = 5 * NSEC_PER_SEC;

struct walked {
	int n;
	size_t len[IGMP_MEMORY_REPORTS];
	uint8_t bytes[IGMP_MEMORY_REPORTS][IGMP_MEMORY_REPORT_BYTES];
};

static void
keep(void *ctx, const void *bytes, size_t len)
{
	struct walked *w = ctx;

	assert_true(w->n < IGMP_MEMORY_REPORTS && len <= IGMP_MEMORY_REPORT_BYTES);
	memcpy(w->bytes[w->n], bytes, len);
	w->len[w->n++] = len;
}

static const struct walked *
walk(const struct igmp_memory *m)
{
	static struct walked w;

	w.n = 0;
	igmp_memory_walk(m, keep, &w);
	return &w;
}

static int
count(const struct igmp_memory *m)
{
	return walk(m)->n;
}

static struct igmp_memory *
new_memory(void)
{
	struct igmp_memory *m = NULL;

	assert_int_equal(igmp_memory_new(&m), 0);
	return m;
}

static void
note_bytes(struct igmp_memory *m, const uint8_t *bytes, size_t len, uint64_t now_ns)
{
	struct frame_view v;

	assert_int_equal(frame_parse(&v, bytes, len), 0);
	assert_true(v.kind == FRAME_IGMP || v.kind == FRAME_MLD);
	igmp_memory_note(m, &v, bytes, len, now_ns);
}

static void
note(struct igmp_memory *m, const char *hex)
{
	uint8_t bytes[MAX_BYTES];

	note_bytes(m, bytes, wire_bytes(bytes, sizeof(bytes), hex), begin_ns);
}

static void
assert_remembers(const struct igmp_memory *m, const char *hex)
{
	const struct walked *w = walk(m);
	uint8_t bytes[MAX_BYTES];
	size_t len = wire_bytes(bytes, sizeof(bytes), hex);

	for (int i = 0; i < w->n; i++)
		if (w->len[i] == len && memcmp(w->bytes[i], bytes, len) == 0)
			return;
	fail_msg("not remembered: %s", hex);
}

/* A sound IGMP frame of which the message was changed. */
static void
fix_igmp(uint8_t *bytes, size_t len)
{
	wire_fix_sum(bytes + IGMP_AT + 2, bytes + IGMP_AT, len - IGMP_AT);
}

/* An IGMPv3 report of 239.9.9.9 with one record of @type and @nb_sources sources. */
static size_t
v3_report(uint8_t bytes[MAX_BYTES], uint8_t type, uint16_t nb_sources)
{
	size_t len = wire_bytes(bytes, MAX_BYTES, WIRE_IGMP_V3_SINGLE) - 4;

	bytes[IGMP_AT + RECORD_AT] = type;
	wire_put16(bytes + IGMP_AT + RECORD_AT + 2, nb_sources);
	for (uint16_t i = 0; i < nb_sources; i++) {
		memcpy(bytes + len, "\x0a\0\0", 3);
		bytes[len + 3] = (uint8_t)i;
		len += 4;
	}
	wire_put16(bytes + IP_AT + 2, (uint16_t)(len - IP_AT));
	wire_fix_sum(bytes + IP_AT + 10, bytes + IP_AT, IGMP_AT - IP_AT);
	fix_igmp(bytes, len);
	return len;
}

static void
note_v3(struct igmp_memory *m, enum frame_record type, uint16_t nb_sources)
{
	uint8_t bytes[MAX_BYTES];

	note_bytes(m, bytes, v3_report(bytes, (uint8_t)type, nb_sources), begin_ns);
}

static void
reports_are_kept_as_they_were(void **state)
{
	struct igmp_memory *m = new_memory();

	(void)state;
	note(m, WIRE_IGMP_V2_REPORT);
	note(m, WIRE_IGMP_V2_REPORT);
	note(m, WIRE_MLD_V1_REPORT);
	/* Padding is part of a frame as it stands. */
	note(m,
	     "01005e010203 020000000006"
	     " 0800 46c00020000040000102310ec0000205ef010203"
	     "94040000 1600f8faef010203 0000000000000000000000000000");
	assert_int_equal(count(m), 3);
	assert_remembers(m, WIRE_IGMP_V2_REPORT);
	assert_remembers(m, WIRE_MLD_V1_REPORT);
	assert_null(igmp_memory_free(m));
	assert_null(igmp_memory_free(NULL));
}

static void
leaving(void **state)
{
	uint8_t bytes[MAX_BYTES];
	size_t len = wire_bytes(bytes, sizeof(bytes), WIRE_IGMP_V2_REPORT);
	struct igmp_memory *m = new_memory();

	(void)state;
	note(m, WIRE_IGMP_V2_REPORT);
	note(m, WIRE_MLD_V1_REPORT);
	bytes[IGMP_AT] = FRAME_IGMP_LEAVE;
	/* Another group, another host, then the one. */
	bytes[IGMP_AT + 7] = 4;
	fix_igmp(bytes, len);
	note_bytes(m, bytes, len, begin_ns);
	bytes[IGMP_AT + 7] = 3;
	bytes[6 + 5] = 6;
	fix_igmp(bytes, len);
	note_bytes(m, bytes, len, begin_ns);
	assert_int_equal(count(m), 2);
	bytes[6 + 5] = 5;
	note_bytes(m, bytes, len, begin_ns);
	assert_int_equal(count(m), 1);
	note(m, WIRE_MLD_DONE);
	assert_int_equal(count(m), 0);
	igmp_memory_free(m);
}

static void
queries_are_not_ours(void **state)
{
	uint8_t bytes[MAX_BYTES];
	size_t len = wire_bytes(bytes, sizeof(bytes), WIRE_IGMP_V2_REPORT);
	struct igmp_memory *m = new_memory();

	(void)state;
	bytes[IGMP_AT] = FRAME_IGMP_QUERY;
	fix_igmp(bytes, len);
	note_bytes(m, bytes, len, begin_ns);
	assert_int_equal(count(m), 0);
	igmp_memory_free(m);
}

static void
each_record_becomes_a_report(void **state)
{
	uint8_t bytes[MAX_BYTES];
	size_t len = wire_bytes(bytes, sizeof(bytes), WIRE_IGMP_V3_REPORT);
	struct igmp_memory *m = new_memory();

	(void)state;
	note(m, WIRE_IGMP_V3_REPORT);
	assert_int_equal(count(m), 2);
	assert_remembers(m, WIRE_IGMP_V3_SINGLE);
	note(m, WIRE_MLD_V2_REPORT);
	assert_int_equal(count(m), 4);
	assert_remembers(m, WIRE_MLD_V2_SINGLE);
	/* 239.1.2.3 is left, the other one stays. */
	bytes[IGMP_AT + RECORD_AT] = FRAME_RECORD_TO_INCLUDE;
	fix_igmp(bytes, len);
	note_bytes(m, bytes, len, begin_ns);
	assert_int_equal(count(m), 3);
	assert_remembers(m, WIRE_IGMP_V3_SINGLE);
	/* All that is sent again is sound. */
	for (int i = 0; i < walk(m)->n; i++) {
		struct frame_view v;

		assert_int_equal(frame_parse(&v, walk(m)->bytes[i], walk(m)->len[i]), 0);
		assert_int_equal(v.mcast.nb_records, 1);
	}
	igmp_memory_free(m);
}

/* A host that changes its version has still one state for a group. */
static void
versions_share_a_place(void **state)
{
	uint8_t bytes[MAX_BYTES];
	size_t len = wire_bytes(bytes, sizeof(bytes), WIRE_IGMP_V2_REPORT);
	struct igmp_memory *m = new_memory();

	(void)state;
	memset(bytes + IGMP_AT + 5, 9, 3); /* 239.9.9.9 */
	fix_igmp(bytes, len);
	note_bytes(m, bytes, len, begin_ns);
	note_v3(m, FRAME_RECORD_TO_EXCLUDE, 0);
	assert_int_equal(count(m), 1);
	assert_int_equal(walk(m)->bytes[0][IGMP_AT], FRAME_IGMP_V3_REPORT);
	igmp_memory_free(m);
}

static void
sources(void **state)
{
	struct igmp_memory *m = new_memory();

	(void)state;
	/* Source-specific: allow is more, block is perhaps the end. */
	note_v3(m, FRAME_RECORD_ALLOW, 2);
	assert_int_equal(count(m), 1);
	note_v3(m, FRAME_RECORD_IS_INCLUDE, 2);
	assert_int_equal(count(m), 1);
	note_v3(m, FRAME_RECORD_ALLOW, 1);
	assert_int_equal(count(m), 2);
	note_v3(m, FRAME_RECORD_BLOCK, 1);
	assert_int_equal(count(m), 0);
	/* Who excludes some is still in the group when it blocks more. */
	note_v3(m, FRAME_RECORD_IS_EXCLUDE, 1);
	note_v3(m, FRAME_RECORD_BLOCK, 1);
	assert_int_equal(count(m), 1);
	note_v3(m, FRAME_RECORD_IS_INCLUDE, 0);
	assert_int_equal(count(m), 0);
	/* Records that nobody knows must be ignored. */
	note_v3(m, (enum frame_record)0, 0);
	note_v3(m, (enum frame_record)7, 1);
	note_v3(m, (enum frame_record)0x80, 1);
	assert_int_equal(count(m), 0);
	igmp_memory_free(m);
}

/* A state too long to be kept is not kept, nor the one that it replaces. */
static void
too_many_sources(void **state)
{
	struct igmp_memory *m = new_memory();

	(void)state;
	note_v3(m, FRAME_RECORD_IS_INCLUDE, 50);
	assert_int_equal(count(m), 1);
	assert_int_equal(walk(m)->len[0], 254);
	note_v3(m, FRAME_RECORD_IS_INCLUDE, 51);
	assert_int_equal(count(m), 0);
	igmp_memory_free(m);
}

static void
tags(void **state)
{
	uint8_t bytes[MAX_BYTES];
	size_t len = wire_bytes(bytes, sizeof(bytes), WIRE_IGMP_V2_REPORT);
	struct igmp_memory *m = new_memory();
	const struct walked *w;
	struct frame_view v;

	(void)state;
	assert_int_equal(frame_parse(&v, bytes, len), 0);
	igmp_memory_note(m, &v, bytes, len, begin_ns);
	/* The tag stood in the mbuf: the caller says so. */
	v.vlan_id = 0x123;
	igmp_memory_note(m, &v, bytes, len, begin_ns);
	w = walk(m);
	assert_int_equal(w->n, 2);
	assert_int_equal(w->len[1], len + 4);
	assert_memory_equal(w->bytes[1], bytes, 12);
	assert_memory_equal(w->bytes[1] + 12, "\x81\0\x01\x23", 4);
	assert_memory_equal(w->bytes[1] + 16, bytes + 12, len - 12);
	/* The same with its tag in it takes the same place. */
	memcpy(bytes, w->bytes[1], len + 4);
	note_bytes(m, bytes, len + 4, begin_ns);
	assert_int_equal(count(m), 2);
	igmp_memory_free(m);
}

static void
ageing_and_forgetting(void **state)
{
	const uint64_t age_ns = IGMP_MEMORY_AGE_MS * NSEC_PER_MSEC;
	struct rte_ether_addr host = wire_mac("020000000005");
	struct igmp_memory *m = new_memory();
	uint8_t bytes[MAX_BYTES];

	(void)state;
	note(m, WIRE_IGMP_V2_REPORT);
	note_bytes(m, bytes, wire_bytes(bytes, sizeof(bytes), WIRE_MLD_V1_REPORT), begin_ns + 7);
	igmp_memory_age(m, 0);
	igmp_memory_age(m, begin_ns + age_ns - 1);
	assert_int_equal(count(m), 2);
	igmp_memory_age(m, begin_ns + age_ns);
	assert_int_equal(count(m), 1);
	assert_remembers(m, WIRE_MLD_V1_REPORT);
	igmp_memory_age(m, begin_ns + age_ns + 7);
	assert_int_equal(count(m), 0);

	note(m, WIRE_IGMP_V3_REPORT);
	igmp_memory_forget(m, &host, 3);
	assert_int_equal(count(m), 2);
	igmp_memory_forget(m, &host, 0);
	assert_int_equal(count(m), 0);
	igmp_memory_free(m);
}

static void
oldest_gives_way(void **state)
{
	uint8_t bytes[MAX_BYTES];
	size_t len = wire_bytes(bytes, sizeof(bytes), WIRE_IGMP_V2_REPORT);
	struct igmp_memory *m = new_memory();
	const struct walked *w;
	bool second_is_there = false;

	(void)state;
	for (unsigned i = 0; i <= IGMP_MEMORY_REPORTS; i++) {
		/* The first one is seen again before the table is full. */
		if (i == IGMP_MEMORY_REPORTS) {
			wire_put16(bytes + IGMP_AT + 6, 0);
			fix_igmp(bytes, len);
			note_bytes(m, bytes, len, begin_ns + i);
		}
		wire_put16(bytes + IGMP_AT + 6, (uint16_t)i);
		fix_igmp(bytes, len);
		note_bytes(m, bytes, len, begin_ns + i + 1);
	}
	w = walk(m);
	assert_int_equal(w->n, IGMP_MEMORY_REPORTS);
	for (int i = 0; i < w->n; i++)
		second_is_there |= w->bytes[i][IGMP_AT + 6] == 0 && w->bytes[i][IGMP_AT + 7] == 1;
	assert_false(second_is_there);
	igmp_memory_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_are_kept_as_they_were),
		cmocka_unit_test(leaving),
		cmocka_unit_test(queries_are_not_ours),
		cmocka_unit_test(each_record_becomes_a_report),
		cmocka_unit_test(versions_share_a_place),
		cmocka_unit_test(sources),
		cmocka_unit_test(too_many_sources),
		cmocka_unit_test(tags),
		cmocka_unit_test(ageing_and_forgetting),
		cmocka_unit_test(oldest_gives_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
