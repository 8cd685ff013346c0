/* SPDX-License-Identifier: BSD-3-Clause */
/* The ARP monitor: its windows at their edges, who is probed, and how it begins. */
#include "engine_arp_bench.h"

static void
active_member_goes_down(void **state)
{
	(void)state;
	for (uint8_t missed_max = 1; missed_max < 5; missed_max++) {
		for (int i = 0; i < 3; i++) {
			struct bond_settings s = arp_settings(BOND_MODE_AB);
			uint64_t rx_ms = 10000 - missed_max * 1000 - 500;
			struct bench b;

			s.arp_missed_max = missed_max;
			start(&b, &s);
			add(&b, 2);
			for (uint64_t ms = 500; ms < rx_ms; ms += 1000)
				rx_from_all(&b, ms);
			rx_at(&b, 1, rx_ms - 1, 0);
			rx_at(&b, 0, rx_ms, edge[i]);
			rx_at(&b, 1, 9900, 0);
			run_to(&b, 9999);
			assert_links(&b, "UU");
			run_to(&b, 10000);
			assert_links(&b, edge[i] < 0 ? "DU" : "UU");
			assert_int_equal(b.e.active, edge[i] < 0 ? 1 : 0);
			assert_int_equal(b.e.members[0].link_failures, edge[i] < 0);
		}
	}
}

/* Nobody is probed without a target: what leaves is what the user sends. */
static void
active_member_that_sends_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct bond_settings s = arp_settings(BOND_MODE_AB);
		struct bench b;

		s.nb_arp_targets = 0;
		start(&b, &s);
		add(&b, 2);
		rx_from_all(&b, 2400);
		run_to_ns(&b, 2500 * NSEC_PER_MSEC + (uint64_t)edge[i]);
		engine_note_tx(&b.e, 0, b.now_ns);
		rx_from_all(&b, 4900);
		assert_links(&b, "UU");
		run_to(&b, 5000);
		assert_links(&b, edge[i] < 0 ? "DU" : "UU");
		assert_int_equal(b.probed.n, 0);
	}
}

static void
backup_has_an_interval_more(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct bond_settings s = arp_settings(BOND_MODE_AB);
		struct bench b;

		start(&b, &s);
		add(&b, 2);
		rx_at(&b, 0, 6000, 0);
		rx_at(&b, 1, 6500, edge[i]);
		rx_at(&b, 0, 8000, 0);
		rx_at(&b, 0, 9900, 0);
		assert_links(&b, "UU");
		run_to(&b, 10000);
		assert_links(&b, edge[i] < 0 ? "UD" : "UU");
		assert_int_equal(b.e.active, 0);
	}
}

static void
new_active_member_has_two_intervals(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct bond_settings s = arp_settings(BOND_MODE_AB);
		struct bench b;

		start(&b, &s);
		add(&b, 2);
		rx_from_all(&b, 900);
		rx_from_all(&b, 3400);
		run_to_ns(&b, 4500 * NSEC_PER_MSEC + (uint64_t)edge[i]);
		assert_int_equal(set_active(&b, 1), 0);
		rx_at(&b, 0, 6900, 0);
		/* Its last frame is older than missed_max intervals at 6000 already. */
		run_to(&b, 6999);
		assert_links(&b, "UU");
		run_to(&b, 7000);
		assert_links(&b, edge[i] < 0 ? "UD" : "UU");
		run_to(&b, 8000);
		assert_links(&b, "UD");
	}
}

/* The monitor looks 1.5 intervals after the last frame in, or out, for the first time. */
static void
member_comes_up(void **state)
{
	(void)state;
	for (int n = 0; n < 4 * 2 * 3; n++) {
		enum bond_mode mode = (enum bond_mode)(n / 6);
		bool is_rx = n / 3 % 2 == 0;
		struct bond_settings s = arp_settings(mode);
		struct engine_phy phy = good_phy();
		struct bench b;

		start(&b, &s);
		engine_down(&b.e);
		phy.carrier = false;
		add(&b, 1);
		(void)add_phy(&b, &phy);
		run_to(&b, 10000);
		(is_rx ? engine_note_tx : engine_note_rx)(&b.e, 1, b.now_ns);
		b.now_ns += (uint64_t)edge[n % 3];
		(is_rx ? engine_note_rx : engine_note_tx)(&b.e, 1, b.now_ns);
		b.now_ns = BENCH_START_NS + 11500 * NSEC_PER_MSEC;
		engine_up(&b.e, b.now_ns);
		assert_links(&b, "UD");
		run_to(&b, 11500);
		/* Mode 1 does not ask whether it sent. */
		assert_links(&b, edge[n % 3] < 0 && (is_rx || mode != BOND_MODE_AB) ? "UD" : "UU");
	}
}

static void
member_joins_without_carrier(void **state)
{
	(void)state;
	for (int mode = BOND_MODE_RR; mode <= BOND_MODE_BROADCAST; mode++) {
		struct bond_settings s = arp_settings((enum bond_mode)mode);
		struct engine_phy phy = {.present = true};
		struct bench b;

		start(&b, &s);
		add(&b, 1);
		(void)add_phy(&b, &phy);
		rx_at(&b, 0, 900, 0);
		(void)add_phy(&b, &phy);
		rx_at(&b, 0, 2900, 0);
		assert_links(&b, "UDD");
	}
}

static void
balanced_member_goes_down(void **state)
{
	static const enum bond_mode modes[] = {BOND_MODE_RR, BOND_MODE_XOR, BOND_MODE_BROADCAST};

	(void)state;
	for (int m = 0; m < 3; m++) {
		for (uint8_t missed_max = 1; missed_max < 4; missed_max++) {
			for (int i = 0; i < 3; i++) {
				struct bond_settings s = arp_settings(modes[m]);
				uint64_t rx_ms = 10000 - missed_max * 1000 - 500;
				struct bench b;

				s.arp_missed_max = missed_max;
				start(&b, &s);
				add(&b, 2);
				for (uint64_t ms = 0; ms < rx_ms; ms += 500)
					rx_from_all(&b, ms);
				rx_at(&b, 0, rx_ms, edge[i]);
				rx_at(&b, 1, 9900, 0);
				assert_links(&b, "UU");
				run_to(&b, 10000);
				assert_links(&b, edge[i] < 0 ? "DU" : "UU");
				assert_int_equal(b.e.members[0].link_failures, edge[i] < 0);
				assert_int_equal(b.e.active, ENGINE_NO_MEMBER);
				assert_int_equal(b.e.current, edge[i] < 0 ? 1 : 0);
				assert_true(b.e.carrier);
			}
		}
	}
}

static void
balanced_members_are_all_probed(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_XOR);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 3);
	run_to(&b, 0);
	set_carrier(&b, 1, false);
	rx_from_all(&b, 1999);
	/* Without carrier there is nothing to send by; to Linux that is what takes it down. */
	assert_int_equal(b.probed.n, 3 + 2);
	for (int i = 0; i < 5; i++)
		assert_int_equal(b.probed.index[i], i < 3 ? i : (i - 3) * 2);
	rx_from_all(&b, 2900);
	assert_links(&b, "UUU");
	run_to(&b, 3000);
	assert_links(&b, "UDU");
	set_carrier(&b, 1, true);
	b.probed.n = 0;
	rx_from_all(&b, 4100);
	assert_int_equal(b.probed.n, 3);
	run_to(&b, 5000);
	assert_links(&b, "UUU");
}

static void
all_balanced_members_go_down(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_RR);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 2);
	run_to(&b, 3000);
	assert_links(&b, "DD");
	assert_int_equal(b.e.current, ENGINE_NO_MEMBER);
	assert_false(b.e.carrier);
	rx_at(&b, 1, 3100, 0);
	run_to(&b, 4000);
	assert_links(&b, "DU");
	assert_int_equal(b.e.current, 1);
	assert_true(b.e.carrier);
}

static void
only_the_active_member_is_probed(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 3);
	for (uint64_t ms = 900; ms < 5000; ms += 1000)
		rx_from_all(&b, ms);
	assert_int_equal(b.probed.n, 5);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(b.probed.index[i], 0);
		assert_int_equal(b.probed.ms[i], i * 1000);
	}
	assert_int_equal(set_active(&b, 2), 0);
	run_to(&b, 5000);
	assert_int_equal(b.probed.index[5], 2);
}

/* bond_ab_arp_probe: one after the other, beginning behind the first. */
static void
members_are_tried_in_turn(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 4);
	run_to(&b, 3500);
	/* All silent: the active one is down, and each that follows has its time of grace. */
	run_to(&b, 30000);
	assert_int_equal(b.e.active, ENGINE_NO_MEMBER);
	assert_false(b.e.carrier);
	set_carrier(&b, 3, false);
	b.e.arp_current = ENGINE_NO_MEMBER;
	b.probed.n = 0;
	for (int i = 0; i < 7; i++) {
		run_to(&b, (uint64_t)(31000 + i * 1000));
		assert_int_equal(b.e.arp_current, (i + 1) % 3);
		assert_int_equal(b.e.members[b.e.arp_current].last_link_up_ns, b.now_ns);
		assert_int_equal(b.e.members[b.e.arp_current].link, BOND_LINK_BACK);
		assert_int_equal(b.probed.n, i + 1);
		assert_int_equal(b.probed.index[i], (i + 1) % 3);
	}
	/* Who was tried in vain is left as going down. */
	assert_links(&b, "FBFF");
	assert_string_equal(engine_why_unusable(&b.e, 1), "its targets are being asked");
	assert_string_equal(engine_why_unusable(&b.e, 2), "no sign of life");
	/* A sign of life on another than the one being tried will do. */
	rx_at(&b, 2, 37400, 0);
	run_to(&b, 38000);
	assert_links(&b, "FFUF");
	assert_int_equal(b.e.active, 2);
	assert_int_equal(b.e.arp_current, ENGINE_NO_MEMBER);
	assert_true(b.e.carrier);
	/* It is the only one that is probed, at once. */
	assert_int_equal(b.probed.index[b.probed.n - 1], 2);
	assert_int_equal(b.probed.ms[b.probed.n - 1], 38000);
}

static void
nobody_can_be_tried(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 1);
	run_to(&b, 3000);
	assert_int_equal(b.e.arp_current, 0);
	set_carrier(&b, 0, false);
	b.probed.n = 0;
	run_to(&b, 9000);
	assert_links(&b, "F");
	assert_int_equal(b.probed.n, 0);
	remove_member(&b, 0);
	run_to(&b, 12000);
	add(&b, 1);
	assert_int_equal(b.e.active, 0);
}

/* While one is tried backups are left alone, and what joins UP ends the search. */
static void
member_joins_the_search(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 2);
	run_to(&b, 20200);
	assert_int_equal(b.e.active, ENGINE_NO_MEMBER);
	assert_int_not_equal(b.e.arp_current, ENGINE_NO_MEMBER);
	add(&b, 1);
	assert_int_equal(b.e.active, 2);
	run_to(&b, 21000);
	assert_int_equal(b.e.arp_current, ENGINE_NO_MEMBER);
	assert_int_equal(b.e.active, 2);
}

static void
better_member_comes_up(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_AB);
	struct engine_phy phy = good_phy();
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 1);
	phy.carrier = false;
	(void)add_phy(&b, &phy);
	(void)add_phy(&b, &phy);
	rx_at(&b, 0, 900, 0);
	rx_at(&b, 0, 2900, 0);
	assert_links(&b, "UDD");
	settings_changed(&b, BOND_EFFECT_RESELECT, 1);
	rx_from_all(&b, 3900);
	run_to(&b, 4000);
	assert_links(&b, "UUU");
	assert_int_equal(b.e.active, 1);
	settings_changed(&b, BOND_EFFECT_RESELECT, ENGINE_NO_MEMBER);
	set_prio(&b, 2, 9);
	assert_int_equal(b.e.active, 2);
}

static void
gone_device_is_down_at_once(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 2);
	run_to(&b, 100);
	/* Carrier alone tells nothing. */
	set_carrier(&b, 0, false);
	assert_links(&b, "UU");
	set_present(&b, 0, false);
	assert_links(&b, "DU");
	assert_int_equal(b.e.active, 1);
	/* What it received before does not bring it back, in whatever mode. */
	rx_from_all(&b, 900);
	run_to(&b, 1000);
	assert_links(&b, "DU");
	set_present(&b, 0, true);
	assert_links(&b, "DU");
	rx_from_all(&b, 1900);
	run_to(&b, 2000);
	assert_links(&b, "UU");
	b.s.mode = BOND_MODE_XOR;
	settings_changed(&b, BOND_EFFECT_MODE, ENGINE_NO_MEMBER);
	rx_from_all(&b, 2100);
	set_present(&b, 0, false);
	run_to(&b, 3000);
	assert_links(&b, "DU");
}

static void
monitors_are_switched(void **state)
{
	(void)state;
	for (int mode = BOND_MODE_RR; mode <= BOND_MODE_BROADCAST; mode++) {
		struct bond_settings s = settings((enum bond_mode)mode);
		struct bench b;

		s.nb_arp_targets = 1;
		s.arp_targets[0] = rte_cpu_to_be_32(target_ip[0]);
		s.downdelay_ticks = 30;
		start(&b, &s);
		add(&b, 2);
		run_to(&b, 100000);
		set_carrier(&b, 0, false);
		set_carrier(&b, 1, false);
		assert_links(&b, "FF");
		/* Old times of reception blame nobody; a delay is no state of this monitor. */
		b.s.miimon_ms = 0;
		b.s.arp_interval_ms = INTERVAL_MS;
		settings_changed(&b, BOND_EFFECT_MONITOR, ENGINE_NO_MEMBER);
		assert_links(&b, "UD");
		assert_int_equal(b.e.current, 0);
		assert_true(b.e.carrier);
		assert_int_equal(b.probed.n, 0);
		set_carrier(&b, 0, true);
		run_to(&b, 100000);
		assert_int_equal(b.probed.n, 1);
		rx_at(&b, 0, 101000, 0);
		rx_at(&b, 0, 102000, 0);
		rx_at(&b, 0, 103000, 0);
		rx_at(&b, 0, 104000, 0);
		assert_links(&b, "UD");
		/* And back: carrier decides, at once. */
		set_carrier(&b, 1, true);
		b.s.miimon_ms = 100;
		b.s.arp_interval_ms = 0;
		settings_changed(&b, BOND_EFFECT_MONITOR, ENGINE_NO_MEMBER);
		b.probed.n = 0;
		run_to(&b, 104000);
		assert_links(&b, "UU");
		run_to(&b, 150000);
		assert_links(&b, "UU");
		assert_int_equal(b.probed.n, 0);
	}
}

/* The bond is set down while all are sought, and up: nobody is up for that. */
static void
search_goes_on_after_a_pause(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 3);
	run_to(&b, 20100);
	assert_int_equal(b.e.active, ENGINE_NO_MEMBER);
	engine_down(&b.e);
	b.now_ns += NSEC_PER_SEC;
	engine_up(&b.e, b.now_ns);
	assert_int_equal(b.e.active, ENGINE_NO_MEMBER);
	assert_false(b.e.carrier);
	run_to(&b, 22000);
	assert_int_equal(b.e.active, ENGINE_NO_MEMBER);
	assert_int_not_equal(b.e.arp_current, ENGINE_NO_MEMBER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(active_member_goes_down),
		cmocka_unit_test(active_member_that_sends_nothing),
		cmocka_unit_test(backup_has_an_interval_more),
		cmocka_unit_test(new_active_member_has_two_intervals),
		cmocka_unit_test(member_comes_up),
		cmocka_unit_test(member_joins_without_carrier),
		cmocka_unit_test(balanced_member_goes_down),
		cmocka_unit_test(balanced_members_are_all_probed),
		cmocka_unit_test(all_balanced_members_go_down),
		cmocka_unit_test(only_the_active_member_is_probed),
		cmocka_unit_test(members_are_tried_in_turn),
		cmocka_unit_test(nobody_can_be_tried),
		cmocka_unit_test(member_joins_the_search),
		cmocka_unit_test(better_member_comes_up),
		cmocka_unit_test(gone_device_is_down_at_once),
		cmocka_unit_test(monitors_are_switched),
		cmocka_unit_test(search_goes_on_after_a_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
