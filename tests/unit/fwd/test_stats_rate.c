/* SPDX-License-Identifier: BSD-3-Clause */
/* stats_rate_between(): sound intervals, and counters that are no continuation. */
#include "stats_rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static const uint64_t second_ns = 1000000000;

static void
line_rate(void **state)
{
	/* 10GBASE-R: 14,880,952 frames of 64 bytes, of which an ethdev counts 60. */
	const struct stats_snapshot before = {7, {100, 6000}, {0, 0}};
	const struct stats_snapshot now = {
		7 + second_ns, {100 + 14880952, 6000 + 14880952ull * 60}, {3, 4542}};
	struct stats_rate r;

	(void)state;
	stats_rate_between(&before, &now, &r);
	assert_int_equal(r.rx.pps, 14880952);
	assert_int_equal(r.rx.wire_bps, 14880952ull * 84 * 8);
	assert_int_equal(r.tx.pps, 3);
	assert_int_equal(r.tx.wire_bps, 3 * (1514 + 24) * 8);
	assert_false(r.rx.restarted);
	assert_false(r.tx.restarted);
}

static void
interval_counts(void **state)
{
	const struct stats_snapshot before = {0, {0, 0}, {0, 0}};
	struct stats_snapshot now = {second_ns / 4, {1000, 64000}, {0, 0}};
	struct stats_rate r;

	(void)state;
	stats_rate_between(&before, &now, &r);
	assert_int_equal(r.rx.pps, 4000);
	now.time_ns = 10 * second_ns;
	stats_rate_between(&before, &now, &r);
	assert_int_equal(r.rx.pps, 100);
}

/* The counters of the VF of a PF that was reset start over: no rate, and from there on rates. */
static void
backwards(void **state)
{
	const struct stats_snapshot a = {0, {5000, 300000}, {5000, 300000}};
	const struct stats_snapshot b = {second_ns, {10, 600}, {6000, 360000}};
	const struct stats_snapshot c = {2 * second_ns, {30, 1800}, {7000, 420000}};
	struct stats_rate r;

	(void)state;
	stats_rate_between(&a, &b, &r);
	assert_true(r.rx.restarted);
	assert_int_equal(r.rx.pps, 0);
	assert_int_equal(r.rx.wire_bps, 0);
	assert_int_equal(r.tx.pps, 1000);
	stats_rate_between(&b, &c, &r);
	assert_false(r.rx.restarted);
	assert_int_equal(r.rx.pps, 20);
}

/* One counter that goes back takes its direction along: a rate of half the truth helps nobody. */
static void
backwards_bytes_only(void **state)
{
	const struct stats_snapshot a = {0, {5000, 4294960000}, {0, 0}};
	const struct stats_snapshot b = {second_ns, {6000, 52704}, {0, 0}};
	struct stats_rate r;

	(void)state;
	stats_rate_between(&a, &b, &r);
	assert_true(r.rx.restarted);
	assert_int_equal(r.rx.pps, 0);
}

/* What a VF driver makes of a register that was reset: 3, then 2^32. */
static void
jump_of_a_register(void **state)
{
	const uint64_t wrap = 1ull << 32;
	const struct stats_snapshot a = {0, {3, 180}, {3, 180}};
	struct stats_snapshot b = {second_ns, {wrap, wrap}, {10, 180 + wrap}};
	struct stats_rate r;

	(void)state;
	stats_rate_between(&a, &b, &r);
	assert_true(r.rx.restarted);
	assert_int_equal(r.rx.pps, 0);
	assert_true(r.tx.restarted);
	assert_int_equal(r.tx.wire_bps, 0);
	/* 100 Gb/s of large frames pass 2^32 bytes a second honestly. */
	b.rx.packets = 3 + 8127438;
	b.rx.bytes = 180 + 8127438ull * 1514;
	stats_rate_between(&a, &b, &r);
	assert_false(r.rx.restarted);
	assert_int_equal(r.rx.pps, 8127438);
}

static void
no_interval(void **state)
{
	const struct stats_snapshot a = {second_ns, {0, 0}, {0, 0}};
	struct stats_snapshot b = {second_ns, {10, 600}, {10, 600}};
	struct stats_rate r = {.rx = {.pps = 1}};

	(void)state;
	stats_rate_between(&a, &b, &r);
	assert_int_equal(r.rx.pps, 0);
	b.time_ns--;
	stats_rate_between(&a, &b, &r);
	assert_int_equal(r.tx.pps, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_rate),
		cmocka_unit_test(interval_counts),
		cmocka_unit_test(backwards),
		cmocka_unit_test(backwards_bytes_only),
		cmocka_unit_test(jump_of_a_register),
		cmocka_unit_test(no_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
