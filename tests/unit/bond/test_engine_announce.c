/* SPDX-License-Identifier: BSD-3-Clause */
/* What the engine asks to be told to others after a failover: how often, and when. */
#include "engine_bench.h"

static void
assert_times(const struct record *r, long first_ms, long period_ms, int n)
{
	assert_int_equal(r->n, n);
	for (int i = 0; i < n; i++)
		assert_int_equal(r->ms[i], first_ms + i * period_ms);
}

/* Two members that have been up for a while, nothing left to say, nothing on record. */
static void
start_settled(struct bench *b, const struct bond_settings *s)
{
	start(b, s);
	add(b, 2);
	run_to(b, 200000);
	assert_int_equal(b->e.notify_left, 0);
	assert_int_equal(b->e.igmp_left, 0);
	memset(&b->notified, 0, sizeof(b->notified));
	memset(&b->igmp, 0, sizeof(b->igmp));
}

static void
peers_are_notified(void **state)
{
	static const struct {
		uint8_t num;
		uint32_t delay_ticks;
	} row[] = {{0, 0}, {0, 3}, {1, 0}, {1, 5}, {2, 0}, {2, 1}, {3, 2}, {5, 4}, {255, 3}};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct bond_settings s = settings(BOND_MODE_AB);
		long period_ms = row[i].delay_ticks > 1 ? row[i].delay_ticks * 100 : 100;
		struct bench b;

		s.num_peer_notif = row[i].num;
		s.peer_notif_delay_ticks = row[i].delay_ticks;
		start_settled(&b, &s);
		/* In time for a tick, as when a tick finds it: at once, then at the ticks. */
		set_carrier(&b, 0, false);
		assert_int_equal(b.e.active, 1);
		assert_int_equal(b.notified.n, row[i].num != 0);
		run_to(&b, 300000);
		assert_times(&b.notified, 200000, period_ms, row[i].num);
		for (int n = 0; n < b.notified.n; n++)
			assert_int_equal(b.notified.index[n], 1);
	}
}

static void
failover_between_ticks(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	s.num_peer_notif = 3;
	start_settled(&b, &s);
	run_to(&b, 200070);
	set_carrier(&b, 0, false);
	assert_times(&b.notified, 200070, 0, 1);
	run_to(&b, 201000);
	assert_int_equal(b.notified.n, 3);
	assert_int_equal(b.notified.ms[1], 200100);
	assert_int_equal(b.notified.ms[2], 200200);
}

static void
another_failover_begins_anew(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	s.num_peer_notif = 4;
	start_settled(&b, &s);
	set_carrier(&b, 0, false);
	set_carrier(&b, 0, true);
	run_to(&b, 200150);
	assert_int_equal(b.notified.n, 2);
	set_carrier(&b, 1, false);
	run_to(&b, 210000);
	assert_int_equal(b.notified.n, 2 + 4);
	assert_int_equal(b.notified.index[5], 0);
}

static void
notifications_wait_for_carrier(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	s.num_peer_notif = 3;
	start_settled(&b, &s);
	set_carrier(&b, 0, false);
	assert_int_equal(b.notified.n, 1);
	set_carrier(&b, 1, false);
	run_to(&b, 201050);
	assert_int_equal(b.notified.n, 1);
	/* The bond has no carrier yet when it gets an active member: the next tick is the first. */
	set_carrier(&b, 1, true);
	assert_int_equal(b.e.active, 1);
	assert_true(b.e.carrier);
	assert_int_equal(b.notified.n, 1);
	run_to(&b, 202000);
	assert_int_equal(b.notified.n, 4);
	assert_int_equal(b.notified.ms[1], 201100);
	assert_int_equal(b.notified.ms[3], 201300);
}

/* No failover, but no carrier for a while either: what is left is sent afterwards. */
static void
notifications_wait_for_the_downdelay(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	s.num_peer_notif = 3;
	s.downdelay_ticks = 20;
	start_settled(&b, &s);
	set_carrier(&b, 0, false);
	run_to(&b, 205000);
	assert_int_equal(b.e.active, 1);
	assert_int_equal(b.notified.n, 3);
	set_carrier(&b, 0, true);
	assert_int_equal(set_active(&b, 0), 0);
	assert_int_equal(b.notified.n, 4);
	set_carrier(&b, 0, false);
	set_carrier(&b, 1, false);
	assert_links(&b, "FF");
	run_to(&b, 206000);
	assert_int_equal(b.notified.n, 4);
	set_carrier(&b, 0, true);
	run_to(&b, 207000);
	assert_int_equal(b.notified.n, 6);
	assert_int_equal(b.e.active, 0);
}

static void
only_mode_1_notifies(void **state)
{
	(void)state;
	for (int mode = 0; mode < BOND_MODE_COUNT; mode++) {
		struct bond_settings s = settings((enum bond_mode)mode);
		struct bench b;

		s.num_peer_notif = 2;
		start_settled(&b, &s);
		set_carrier(&b, 0, false);
		run_to(&b, 202000);
		assert_int_equal(b.notified.n, mode == BOND_MODE_AB ? 2 : 0);
	}
}

static void
first_member(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	s.num_peer_notif = 2;
	start(&b, &s);
	/* It has carrier before it is chosen. */
	add(&b, 1);
	assert_int_equal(b.notified.n, 1);
	run_to(&b, 1000);
	assert_int_equal(b.notified.n, 2);
	assert_times(&b.igmp, 0, 200, 1);
}

static void
nothing_is_said_while_the_bond_is_down(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	s.num_peer_notif = 5;
	s.resend_igmp = 5;
	start_settled(&b, &s);
	assert_int_equal(set_active(&b, 1), 0);
	assert_int_equal(b.notified.n, 1);
	assert_int_equal(b.igmp.n, 1);
	engine_down(&b.e);
	assert_int_equal(b.e.notify_left, 0);
	assert_int_equal(b.e.igmp_left, 0);
	run_to(&b, 210000);
	assert_int_equal(set_active(&b, 0), 0);
	engine_up(&b.e, b.now_ns);
	run_to(&b, 220000);
	assert_int_equal(b.notified.n, 1);
	assert_int_equal(b.igmp.n, 1);
}

static void
arp_monitor_counts_in_its_intervals(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	s.miimon_ms = 0;
	s.arp_interval_ms = 500;
	s.peer_notif_delay_ticks = 7; /* left from miimon */
	s.num_peer_notif = 3;
	start(&b, &s);
	add(&b, 2);
	/* In time before the tick at 0. */
	assert_int_equal(b.notified.n, 1);
	run_to(&b, 1200);
	assert_int_equal(b.notified.n, 3);
	assert_int_equal(b.notified.ms[1], 0);
	assert_int_equal(b.notified.ms[2], 500);
}

static void
igmp_is_sent_again(void **state)
{
	static const uint8_t resend[] = {0, 1, 2, 5, 255};

	(void)state;
	for (size_t i = 0; i < sizeof(resend); i++) {
		for (int mode = 0; mode < BOND_MODE_COUNT; mode++) {
			bool has_igmp =
				mode == BOND_MODE_RR || bond_mode_has_active((enum bond_mode)mode);
			struct bond_settings s = settings((enum bond_mode)mode);
			struct bench b;

			s.resend_igmp = resend[i];
			start_settled(&b, &s);
			run_to(&b, 200033);
			set_carrier(&b, 0, false);
			run_to(&b, 300000);
			assert_times(&b.igmp, 200033, 200, has_igmp ? resend[i] : 0);
			assert_true(b.e.next_igmp_ns == UINT64_MAX);
		}
	}
}

static void
igmp_without_an_active_member(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	s.resend_igmp = 3;
	start_settled(&b, &s);
	set_carrier(&b, 1, false);
	set_carrier(&b, 0, false);
	run_to(&b, 200500);
	assert_int_equal(b.igmp.n, 0);
	set_carrier(&b, 0, true);
	run_to(&b, 201300);
	assert_times(&b.igmp, 200500, 200, 3);
	/* Another failover in between: all of them again. */
	set_carrier(&b, 1, true);
	set_carrier(&b, 0, false);
	run_to(&b, 201400);
	assert_int_equal(b.igmp.n, 4);
	set_carrier(&b, 0, true);
	set_carrier(&b, 1, false);
	run_to(&b, 210000);
	assert_int_equal(b.igmp.n, 7);
	assert_int_equal(b.igmp.ms[6], 201800);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peers_are_notified),
		cmocka_unit_test(failover_between_ticks),
		cmocka_unit_test(another_failover_begins_anew),
		cmocka_unit_test(notifications_wait_for_carrier),
		cmocka_unit_test(notifications_wait_for_the_downdelay),
		cmocka_unit_test(only_mode_1_notifies),
		cmocka_unit_test(first_member),
		cmocka_unit_test(nothing_is_said_while_the_bond_is_down),
		cmocka_unit_test(arp_monitor_counts_in_its_intervals),
		cmocka_unit_test(igmp_is_sent_again),
		cmocka_unit_test(igmp_without_an_active_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
