/* SPDX-License-Identifier: BSD-3-Clause */
/* port_heal: when a VF left behind by its PF is restarted or reset, on a clock of the test's own.
 */
#include "port_heal.h"
#include "units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static struct port_heal h;
static uint64_t now;

static int
fresh(void **state)
{
	(void)state;
	memset(&h, 0, sizeof(h));
	now = 1000 * NSEC_PER_SEC;
	port_heal_started(&h, now);
	return 0;
}

static void
pass(uint64_t ms)
{
	now += ms * NSEC_PER_MSEC;
}

/* A poll of the link, as a caller does it: is it due? */
static bool
poll_link(bool up)
{
	port_heal_link(&h, up, now);
	return port_heal_due(&h, up, now);
}

/* Poll every 10 ms for so long; in how many ms it was due, or -1. */
static int
due_within(bool up, int ms)
{
	for (int i = 0; i <= ms; i += 10, pass(10))
		if (poll_link(up))
			return i;
	return -1;
}

static void
count(uint64_t received, uint64_t sent)
{
	const uint64_t counters[4] = {received, sent, received * 60, sent * 60};

	port_heal_counters(&h, counters, 32, 32, now);
}

/* Restart it, as a caller does when it is due. */
static void
lose_and_restart(void)
{
	pass(PORT_HEAL_SETTLE_MS);
	assert_false(poll_link(false));
	pass(1000);
	assert_true(due_within(true, 1000) >= 0);
	port_heal_done(&h, now);
}

static void
a_link_that_stays_needs_nothing(void **state)
{
	(void)state;
	assert_int_equal(due_within(true, 3000), -1);
	assert_int_equal(h.kind, PORT_HEAL_NONE);
}

static void
a_lost_link_wants_a_restart_when_it_is_steady(void **state)
{
	(void)state;
	pass(PORT_HEAL_SETTLE_MS);
	assert_int_equal(due_within(false, 2000), -1);
	assert_int_equal(h.kind, PORT_HEAL_RESTART);
	/* It flickers: from the beginning. */
	assert_int_equal(due_within(true, PORT_HEAL_STEADY_MS - 50), -1);
	assert_false(poll_link(false));
	assert_int_equal(due_within(true, 2000), PORT_HEAL_STEADY_MS);
	port_heal_done(&h, now);
	assert_int_equal(h.kind, PORT_HEAL_NONE);
	assert_int_equal(due_within(true, 3000), -1);
}

static void
a_link_that_comes_up_after_the_start_is_not_lost(void **state)
{
	(void)state;
	assert_int_equal(due_within(false, PORT_HEAL_SETTLE_MS - 20), -1);
	assert_int_equal(h.kind, PORT_HEAL_NONE);
	pass(20);
	(void)poll_link(false);
	assert_int_equal(h.kind, PORT_HEAL_RESTART);
}

static void
a_reset_waits_for_no_link(void **state)
{
	(void)state;
	port_heal_reset(&h, now);
	assert_true(poll_link(false));
	/* A lost link asks for less. */
	pass(PORT_HEAL_SETTLE_MS);
	(void)poll_link(false);
	assert_int_equal(h.kind, PORT_HEAL_RESET);
}

static void
failures_are_retried_less_and_less_often_and_end(void **state)
{
	uint64_t began = now, last_wait = 0;
	unsigned told = 0;

	(void)state;
	port_heal_reset(&h, now);
	for (unsigned i = 1; i <= PORT_HEAL_TRIES; i++) {
		int waited = due_within(true, PORT_HEAL_MAX_WAIT_MS + 10);

		assert_true(waited >= 0);
		assert_true((uint64_t)waited >= last_wait || waited >= PORT_HEAL_MAX_WAIT_MS - 10);
		last_wait = (uint64_t)waited;
		told += port_heal_failed(&h, now);
		assert_int_equal(told, i < PORT_HEAL_TRIES ? 1 : 2);
	}
	assert_true(port_heal_given_up(&h));
	assert_true(now - began < 180 * NSEC_PER_SEC);
	assert_int_equal(due_within(true, 3 * PORT_HEAL_MAX_WAIT_MS), -1);
	/* Something new happens. */
	port_heal_reset(&h, now);
	assert_false(port_heal_given_up(&h));
	assert_true(poll_link(true));
}

static void
counters_that_begin_again_show_a_reset(void **state)
{
	(void)state;
	count(5, 7);
	pass(100);
	count(6, 9);
	assert_int_equal(h.kind, PORT_HEAL_NONE);
	/* As the driver adds it up: 2^32 less what was there. */
	pass(100);
	count(6, UINT64_C(1) << 32);
	assert_int_equal(h.kind, PORT_HEAL_RESTART);
	assert_true(due_within(true, 1000) >= 0);
	/* What they do across our own restart says nothing. */
	port_heal_done(&h, now);
	count(UINT64_C(1) << 33, UINT64_C(1) << 33);
	assert_int_equal(h.kind, PORT_HEAL_NONE);
}

static void
who_hears_nothing_is_restarted_again(void **state)
{
	(void)state;
	lose_and_restart();
	for (unsigned i = 0; i < PORT_HEAL_WATCHES - 1; i++) {
		assert_true(h.watched);
		count(0, i);
		pass(((uint64_t)PORT_HEAL_WATCH_MS << i) - 10);
		count(0, i);
		assert_int_equal(h.kind, PORT_HEAL_NONE);
		pass(10);
		count(0, i);
		assert_int_equal(h.kind, PORT_HEAL_RESTART);
		assert_true(due_within(true, 1000) >= 0);
		port_heal_done(&h, now);
	}
	/* The network may be silent. */
	count(0, 0);
	pass((uint64_t)PORT_HEAL_WATCH_MS << PORT_HEAL_WATCHES);
	count(0, 0);
	assert_false(h.watched);
	assert_int_equal(h.kind, PORT_HEAL_NONE);
	/* And the next loss begins with the short watch. */
	lose_and_restart();
	count(0, 0);
	pass(PORT_HEAL_WATCH_MS);
	count(0, 0);
	assert_int_equal(h.kind, PORT_HEAL_RESTART);
}

static void
who_hears_is_watched_no_more(void **state)
{
	(void)state;
	lose_and_restart();
	count(10, 10);
	pass(100);
	count(10, 11);
	assert_true(h.watched);
	pass(100);
	count(11, 11);
	assert_false(h.watched);
	pass(60000);
	count(11, 11);
	assert_int_equal(h.kind, PORT_HEAL_NONE);
}

static void
the_deaf_are_restarted_less_and_less_often(void **state)
{
	uint64_t end = now + 1000 * NSEC_PER_SEC;
	unsigned restarts = 0;

	(void)state;
	while (now < end) {
		port_heal_deaf(&h, true, now);
		if (poll_link(true)) {
			restarts++;
			port_heal_started(&h, now);
		}
		pass(100);
	}
	/* 1, 2, 4 ... 32 s, then once a minute. */
	assert_in_range(restarts, 18, 24);
	/* It was heard: from the beginning. */
	port_heal_deaf(&h, false, now);
	port_heal_deaf(&h, true, now);
	assert_int_equal(h.kind, PORT_HEAL_RESTART);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_link_that_stays_needs_nothing),
		TEST(a_lost_link_wants_a_restart_when_it_is_steady),
		TEST(a_link_that_comes_up_after_the_start_is_not_lost),
		TEST(a_reset_waits_for_no_link),
		TEST(failures_are_retried_less_and_less_often_and_end),
		TEST(counters_that_begin_again_show_a_reset),
		TEST(who_hears_nothing_is_restarted_again),
		TEST(who_hears_is_watched_no_more),
		TEST(the_deaf_are_restarted_less_and_less_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
