/* SPDX-License-Identifier: BSD-3-Clause */
/* The MII monitor: link states, delays and the bond's carrier, on a frozen clock. */
#include "engine_bench.h"

static void
first_link_state(void **state)
{
	static const struct {
		uint32_t miimon_ms, arp_interval_ms, updelay_ticks;
		bool present, carrier;
		const char *links;
	} row[] = {
		{100, 0, 0, true, true, "U"},
		{100, 0, 0, true, false, "D"},
		{100, 0, 3, true, true, "B"},
		{100, 0, 3, true, false, "D"},
		{100, 0, 0, false, true, "D"},
		{0, 100, 0, true, true, "U"},
		{0, 100, 3, true, true, "U"},
		{0, 100, 0, true, false, "D"},
		{0, 0, 0, true, true, "U"},
		{0, 0, 0, true, false, "U"},
		{0, 0, 0, false, false, "D"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct bond_settings s = settings(BOND_MODE_AB);
		struct engine_phy phy = good_phy();
		struct bench b;

		s.miimon_ms = row[i].miimon_ms;
		s.arp_interval_ms = row[i].arp_interval_ms;
		s.updelay_ticks = row[i].updelay_ticks;
		phy.present = row[i].present;
		phy.carrier = row[i].carrier;
		start(&b, &s);
		assert_int_equal(add_phy(&b, &phy), 0);
		assert_links(&b, row[i].links);
		assert_int_equal(b.e.active, row[i].links[0] == 'U' ? 0 : ENGINE_NO_MEMBER);
		assert_int_equal(b.e.carrier, row[i].links[0] == 'U');
		assert_int_equal(b.e.members[0].link_failures, 0);
		assert_int_equal(b.e.members[0].last_link_up_ns != 0, row[i].links[0] != 'D');
	}
}

/* The driver sees a loss between two ticks at the second one, and counts from there. */
static void
downdelay_ends_where_linux_ends_it(void **state)
{
	(void)state;
	for (uint32_t ticks = 0; ticks < 5; ticks++) {
		for (unsigned offset_ms = 10; offset_ms <= 100; offset_ms += 30) {
			struct bond_settings s = settings(BOND_MODE_AB);
			uint64_t end_ms = 200 + ticks * 100;
			struct bench b;

			s.downdelay_ticks = ticks;
			start(&b, &s);
			add(&b, 2);
			/* At 200 itself the report comes before the tick. */
			run_to_ns(&b, (100 + offset_ms) * NSEC_PER_MSEC - 1);
			b.now_ns++;
			set_carrier(&b, 0, false);
			if (ticks == 0) {
				assert_links(&b, "DU");
				continue;
			}
			assert_links(&b, "FU");
			assert_int_equal(b.e.active, 0);
			run_to_ns(&b, end_ms * NSEC_PER_MSEC - 1);
			assert_links(&b, "FU");
			run_to(&b, end_ms);
			assert_links(&b, "DU");
			assert_int_equal(b.e.active, 1);
			assert_int_equal(b.e.members[0].link_failures, 1);
		}
	}
}

static void
updelay_ends_where_linux_ends_it(void **state)
{
	(void)state;
	for (uint32_t ticks = 0; ticks < 5; ticks++) {
		for (unsigned offset_ms = 10; offset_ms <= 100; offset_ms += 30) {
			struct bond_settings s = settings(BOND_MODE_XOR);
			uint64_t end_ms = 1300 + ticks * 100;
			struct bench b;

			s.updelay_ticks = ticks;
			start(&b, &s);
			add(&b, 2);
			run_to(&b, 1000);
			assert_links(&b, "UU");
			set_carrier(&b, 1, false);
			run_to_ns(&b, (1200 + offset_ms) * NSEC_PER_MSEC - 1);
			assert_links(&b, "UD");
			b.now_ns++;
			set_carrier(&b, 1, true);
			if (ticks == 0) {
				assert_links(&b, "UU");
				continue;
			}
			assert_links(&b, "UB");
			assert_false(engine_usable(&b.e, 1));
			run_to_ns(&b, end_ms * NSEC_PER_MSEC - 1);
			assert_links(&b, "UB");
			run_to(&b, end_ms);
			assert_links(&b, "UU");
			assert_int_equal(
				b.e.members[1].last_link_up_ns,
				BENCH_START_NS + end_ms * NSEC_PER_MSEC
			);
		}
	}
}

static void
carrier_back_in_downdelay(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	s.downdelay_ticks = 3;
	start(&b, &s);
	add(&b, 2);
	run_to(&b, 120);
	set_carrier(&b, 0, false);
	run_to(&b, 450);
	assert_links(&b, "FU");
	b.changed = 0;
	set_carrier(&b, 0, true);
	assert_links(&b, "UU");
	assert_int_equal(b.changed, ENGINE_CHANGED_LINK);
	assert_int_equal(b.e.active, 0);
	assert_int_equal(b.e.members[0].link_failures, 0);
	assert_int_equal(b.e.members[0].last_link_up_ns, b.now_ns);
	/* A delay begun anew is whole. */
	run_to(&b, 460);
	set_carrier(&b, 0, false);
	run_to(&b, 799);
	assert_links(&b, "FU");
	run_to(&b, 800);
	assert_links(&b, "DU");
	assert_int_equal(b.e.members[0].link_failures, 1);
}

static void
carrier_lost_in_updelay(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct engine_phy phy = good_phy();
	struct bench b;

	(void)state;
	s.updelay_ticks = 3;
	start(&b, &s);
	phy.carrier = false;
	add(&b, 1);
	(void)add_phy(&b, &phy);
	run_to(&b, 120);
	assert_links(&b, "UD");
	set_carrier(&b, 1, true);
	run_to(&b, 350);
	assert_links(&b, "UB");
	assert_int_equal(b.e.members[1].delay_ticks, 1);
	set_carrier(&b, 1, false);
	assert_links(&b, "UD");
	assert_int_equal(b.e.members[1].link_failures, 1);
	run_to(&b, 450);
	assert_links(&b, "UD");
	set_carrier(&b, 1, true);
	assert_links(&b, "UB");
	run_to(&b, 799);
	assert_links(&b, "UB");
	run_to(&b, 800);
	assert_links(&b, "UU");
}

static void
updelay_is_ignored_when_nobody_works(void **state)
{
	(void)state;
	for (int mode = 0; mode < BOND_MODE_COUNT; mode++) {
		struct bond_settings s = settings((enum bond_mode)mode);
		struct bench b;

		s.updelay_ticks = 10;
		start(&b, &s);
		add(&b, 3);
		assert_links(&b, "BBB");
		assert_false(b.e.carrier);
		/* One is enough; the others wait. */
		run_to(&b, 0);
		assert_links(&b, "UBB");
		assert_true(b.e.carrier);
		assert_int_equal(b.e.current, 0);
		run_to(&b, 1100);
		assert_links(&b, "UUU");
		/* All lost, one back between ticks: at once. */
		for (int i = 0; i < 3; i++)
			set_carrier(&b, i, false);
		assert_links(&b, "DDD");
		assert_false(b.e.carrier);
		run_to(&b, 1110);
		set_carrier(&b, 2, true);
		assert_links(&b, "DDU");
		set_carrier(&b, 1, true);
		assert_links(&b, "DBU");
	}
}

/* In mode 1 it is the active member that counts, although it has just lost its link. */
static void
updelay_while_the_active_member_goes_down(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	s.updelay_ticks = 4;
	s.downdelay_ticks = 2;
	start(&b, &s);
	add(&b, 3);
	run_to(&b, 500);
	assert_links(&b, "UUU");
	set_carrier(&b, 1, false);
	set_carrier(&b, 2, false);
	run_to(&b, 810);
	assert_links(&b, "UDD");
	run_to(&b, 910);
	set_carrier(&b, 1, true);
	run_to(&b, 950);
	set_carrier(&b, 0, false);
	run_to(&b, 1050);
	set_carrier(&b, 2, true);
	assert_links(&b, "FBB");
	/* Who has least of the delay left takes over, and is up with that. */
	run_to(&b, 1199);
	assert_links(&b, "FBB");
	assert_int_equal(b.e.members[1].delay_ticks, 2);
	run_to(&b, 1200);
	assert_links(&b, "DUB");
	assert_int_equal(b.e.active, 1);
	assert_int_equal(b.e.members[1].delay_ticks, 0);
	assert_true(b.e.carrier);
}

static void
nobody_with_updelay_left_is_taken_before_its_first_tick(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	s.updelay_ticks = 4;
	start(&b, &s);
	add(&b, 1);
	run_to(&b, 50);
	add(&b, 1);
	set_carrier(&b, 0, false);
	assert_links(&b, "DB");
	assert_int_equal(b.e.active, ENGINE_NO_MEMBER);
	run_to(&b, 100);
	assert_links(&b, "DU");
	assert_int_equal(b.e.active, 1);
}

static void
modes_that_need_speed_wait_for_it(void **state)
{
	static const enum bond_mode modes[] = {BOND_MODE_8023AD, BOND_MODE_TLB, BOND_MODE_ALB};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct bond_settings s = settings(modes[i]);
		struct engine_phy phy = good_phy();
		struct bench b;

		s.downdelay_ticks = 5;
		start(&b, &s);
		phy.carrier = false;
		phy.speed_mbps = 0;
		(void)add_phy(&b, &phy);
		(void)add_phy(&b, &phy);
		run_to(&b, 100);
		set_carrier(&b, 0, true);
		set_carrier(&b, 1, true);
		run_to(&b, 300);
		assert_links(&b, "DD");
		assert_string_equal(engine_why_unusable(&b.e, 0), "its speed is unknown");
		set_speed(&b, 1, SPEED_MBPS, true);
		run_to(&b, 400);
		assert_links(&b, "DU");
		/* Back in the downdelay, but with what speed? */
		set_carrier(&b, 1, false);
		set_speed(&b, 1, 0, false);
		assert_links(&b, "DF");
		set_carrier(&b, 1, true);
		assert_links(&b, "DD");
		assert_int_equal(b.e.active, ENGINE_NO_MEMBER);
		assert_int_equal(b.e.members[0].link_failures, 0);
	}
	for (int mode = BOND_MODE_RR; mode <= BOND_MODE_BROADCAST; mode++) {
		struct bond_settings s = settings((enum bond_mode)mode);
		struct engine_phy phy = {.present = true};
		struct bench b;

		start(&b, &s);
		(void)add_phy(&b, &phy);
		set_carrier(&b, 0, true);
		assert_links(&b, "U");
	}
}

static void
speed_unknown_does_not_keep_others_waiting(void **state)
{
	struct bond_settings s = settings(BOND_MODE_TLB);
	struct bench b;

	(void)state;
	s.updelay_ticks = 10;
	start(&b, &s);
	add(&b, 2);
	set_speed(&b, 0, 0, false);
	run_to(&b, 0);
	assert_links(&b, "BU");
	run_to(&b, 2000);
	assert_links(&b, "BU");
	set_speed(&b, 0, SPEED_MBPS, true);
	run_to(&b, 2100);
	assert_links(&b, "UU");
}

static void
carrier_of_the_bond_needs_a_member_that_is_up(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	s.downdelay_ticks = 5;
	start(&b, &s);
	assert_false(b.e.carrier);
	add(&b, 1);
	assert_true(b.e.carrier);
	assert_true((b.changed & ENGINE_CHANGED_CARRIER) != 0);
	b.changed = 0;
	/* As bond_set_carrier: going down is not up, though the member stays active. */
	set_carrier(&b, 0, false);
	assert_links(&b, "F");
	assert_false(b.e.carrier);
	assert_int_equal(b.changed, ENGINE_CHANGED_LINK | ENGINE_CHANGED_CARRIER);
	assert_int_equal(b.e.active, 0);
	set_carrier(&b, 0, true);
	assert_true(b.e.carrier);
	remove_member(&b, 0);
	assert_false(b.e.carrier);
}

static void
device_that_is_gone_is_down_at_once(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	s.downdelay_ticks = 5;
	start(&b, &s);
	add(&b, 2);
	run_to(&b, 50);
	set_present(&b, 0, false);
	assert_links(&b, "DU");
	assert_int_equal(b.e.active, 1);
	assert_int_equal(b.e.members[0].link_failures, 1);
	assert_string_equal(engine_why_unusable(&b.e, 0), "its device is gone");
	set_present(&b, 0, true);
	assert_links(&b, "UU");
	assert_int_equal(b.e.active, 1);
	/* The first report of a member without a device changes nothing more. */
	set_present(&b, 0, false);
	set_carrier(&b, 0, false);
	assert_int_equal(b.e.members[0].link_failures, 2);
}

static void
nothing_monitors(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	s.miimon_ms = 0;
	start(&b, &s);
	add(&b, 2);
	assert_true(engine_tick(&b.e, b.now_ns) == UINT64_MAX);
	set_carrier(&b, 0, false);
	set_carrier(&b, 1, false);
	run_to(&b, 10000);
	assert_links(&b, "UU");
	assert_int_equal(b.e.active, 0);
	assert_true(b.e.carrier);
	/* The active one carries on; another one is asked for its carrier (bond_slave_can_tx). */
	assert_true(engine_usable(&b.e, 0));
	assert_false(engine_usable(&b.e, 1));
	assert_int_equal(set_active(&b, 1), -EINVAL);
	/* Without a device there is nothing to send by. */
	set_present(&b, 0, false);
	assert_links(&b, "DU");
	assert_int_equal(b.e.active, 1);
	set_present(&b, 0, true);
	assert_links(&b, "UU");
}

static void
miimon_changes(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	s.downdelay_ticks = 2;
	start(&b, &s);
	add(&b, 2);
	run_to(&b, 50);
	assert_int_equal(b.e.next_mii_ns, BENCH_START_NS + 100 * NSEC_PER_MSEC);
	/* A longer period begins behind the next tick, a shorter one now. */
	b.s.miimon_ms = 1000;
	settings_changed(&b, BOND_EFFECT_MONITOR, ENGINE_NO_MEMBER);
	assert_int_equal(b.e.next_mii_ns, BENCH_START_NS + 100 * NSEC_PER_MSEC);
	run_to(&b, 100);
	assert_int_equal(b.e.next_mii_ns, BENCH_START_NS + 1100 * NSEC_PER_MSEC);
	b.s.miimon_ms = 10;
	settings_changed(&b, BOND_EFFECT_MONITOR, ENGINE_NO_MEMBER);
	assert_int_equal(b.e.next_mii_ns, BENCH_START_NS + 110 * NSEC_PER_MSEC);
	/* Delays are ticks. */
	run_to(&b, 115);
	set_carrier(&b, 0, false);
	run_to(&b, 139);
	assert_links(&b, "FU");
	run_to(&b, 140);
	assert_links(&b, "DU");
	/* Off: states stay. On again: at once. */
	b.s.miimon_ms = 0;
	settings_changed(&b, BOND_EFFECT_MONITOR, ENGINE_NO_MEMBER);
	set_carrier(&b, 0, true);
	run_to(&b, 5000);
	assert_links(&b, "DU");
	b.s.miimon_ms = 100;
	settings_changed(&b, BOND_EFFECT_MONITOR, ENGINE_NO_MEMBER);
	assert_links(&b, "DU");
	run_to(&b, 5000);
	assert_links(&b, "UU");
}

static void
missed_ticks_are_not_made_up_for(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	s.downdelay_ticks = 3;
	start(&b, &s);
	add(&b, 2);
	run_to(&b, 10);
	set_carrier(&b, 0, false);
	b.now_ns += 5 * NSEC_PER_SEC;
	assert_int_equal(engine_tick(&b.e, b.now_ns), b.now_ns + 100 * NSEC_PER_MSEC);
	assert_int_equal(b.e.members[0].delay_ticks, 2);
	assert_links(&b, "FU");
	/* A tick that is a little late leaves the next one where it was. */
	b.now_ns += 130 * NSEC_PER_MSEC;
	assert_int_equal(engine_tick(&b.e, b.now_ns), b.now_ns + 70 * NSEC_PER_MSEC);
}

static void
bond_that_is_down_looks_at_nothing(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 2);
	engine_down(&b.e);
	assert_int_equal(b.e.up_since_ns, 0);
	set_carrier(&b, 0, false);
	run_to(&b, 1000);
	assert_links(&b, "UU");
	engine_up(&b.e, b.now_ns);
	assert_int_equal(b.e.up_since_ns, b.now_ns);
	run_to(&b, 1000);
	assert_links(&b, "DU");
	assert_int_equal(b.e.active, 1);
}

static void
reports_without_news_change_nothing(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct engine_phy phy;
	struct bench b;

	(void)state;
	s.downdelay_ticks = 2;
	start(&b, &s);
	add(&b, 2);
	run_to(&b, 110);
	set_carrier(&b, 0, false);
	phy = b.e.members[0].phy;
	b.changed = 0;
	for (int i = 0; i < 100; i++)
		report(&b, 0, &phy);
	assert_int_equal(b.changed, 0);
	assert_int_equal(b.e.members[0].delay_ticks, 2);
	set_speed(&b, 0, 1000, true);
	assert_int_equal(b.changed, ENGINE_CHANGED_LINK);
	assert_links(&b, "FU");
}

static void
usable_and_why_not(void **state)
{
	struct bond_settings s = settings(BOND_MODE_XOR);
	struct bench b;

	(void)state;
	s.updelay_ticks = 2;
	s.downdelay_ticks = 2;
	start(&b, &s);
	add(&b, 2);
	run_to(&b, 300);
	assert_true(engine_usable(&b.e, 0));
	assert_string_equal(engine_why_unusable(&b.e, 0), "");
	/* bond_slave_can_tx asks for carrier: only mode 1 sends into a downdelay. */
	set_carrier(&b, 0, false);
	assert_links(&b, "FU");
	assert_false(engine_usable(&b.e, 0));
	assert_string_equal(engine_why_unusable(&b.e, 0), "no carrier");
	run_to(&b, 600);
	set_carrier(&b, 0, true);
	set_speed(&b, 0, 0, false);
	assert_string_equal(engine_why_unusable(&b.e, 0), "waiting for updelay");
	b.s.mode = BOND_MODE_TLB;
	assert_string_equal(engine_why_unusable(&b.e, 0), "its speed is unknown");
	set_speed(&b, 0, SPEED_MBPS, true);
	assert_string_equal(engine_why_unusable(&b.e, 0), "waiting for updelay");
	s.mode = BOND_MODE_AB;
	start(&b, &s);
	add(&b, 1);
	run_to(&b, 0);
	set_carrier(&b, 0, false);
	assert_links(&b, "F");
	assert_true(engine_usable(&b.e, 0));
}

static void
names(void **state)
{
	(void)state;
	assert_string_equal(bond_link_names[BOND_LINK_UP], "up");
	assert_string_equal(bond_link_names[BOND_LINK_FAIL], "going down");
	assert_string_equal(bond_link_names[BOND_LINK_DOWN], "down");
	assert_string_equal(bond_link_names[BOND_LINK_BACK], "going back");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_link_state),
		cmocka_unit_test(downdelay_ends_where_linux_ends_it),
		cmocka_unit_test(updelay_ends_where_linux_ends_it),
		cmocka_unit_test(carrier_back_in_downdelay),
		cmocka_unit_test(carrier_lost_in_updelay),
		cmocka_unit_test(updelay_is_ignored_when_nobody_works),
		cmocka_unit_test(updelay_while_the_active_member_goes_down),
		cmocka_unit_test(nobody_with_updelay_left_is_taken_before_its_first_tick),
		cmocka_unit_test(modes_that_need_speed_wait_for_it),
		cmocka_unit_test(speed_unknown_does_not_keep_others_waiting),
		cmocka_unit_test(carrier_of_the_bond_needs_a_member_that_is_up),
		cmocka_unit_test(device_that_is_gone_is_down_at_once),
		cmocka_unit_test(nothing_monitors),
		cmocka_unit_test(miimon_changes),
		cmocka_unit_test(missed_ticks_are_not_made_up_for),
		cmocka_unit_test(bond_that_is_down_looks_at_nothing),
		cmocka_unit_test(reports_without_news_change_nothing),
		cmocka_unit_test(usable_and_why_not),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
