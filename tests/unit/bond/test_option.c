/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes of an existing bond: what one option changes of others, and what a change needs. */
#include "option_bench.h"

#include <rte_common.h>

#include <errno.h>
#include <string.h>

static void
one_monitor_at_a_time(void **state)
{
	(void)state;
	assert_int_equal(parse("b mode=1"), 0);
	assert_int_equal(set(&in_use, "arp_interval", "250"), 0);
	assert_int_equal(s.miimon_ms, 0);
	assert_int_equal(set(&in_use, "arp_validate", "all"), 0);
	assert_int_equal(set(&in_use, "miimon", "50"), 0);
	assert_int_equal(s.arp_interval_ms, 0);
	assert_int_equal(s.arp_validate, BOND_ARP_VALIDATE_NONE);
	/* Nothing to switch off: nothing is. */
	assert_int_equal(set(&in_use, "arp_validate", "all"), 0);
	assert_int_equal(set(&in_use, "miimon", "60"), 0);
	assert_int_equal(s.arp_validate, BOND_ARP_VALIDATE_ALL);
	assert_int_equal(set(&in_use, "arp_interval", "0"), 0);
	assert_int_equal(s.miimon_ms, 60);
	assert_int_equal(set(&in_use, "miimon", "0"), 0);
	assert_int_equal(set(&in_use, "arp_interval", "10"), 0);
	assert_int_equal(set(&in_use, "miimon", "0"), 0);
	assert_int_equal(s.arp_interval_ms, 10);
}

static void
delays_are_periods_of_miimon(void **state)
{
	(void)state;
	assert_int_equal(parse("b updelay=250 downdelay=399 miimon=100 peer_notif_delay=1000"), 0);
	assert_int_equal(s.updelay_ticks, 2);
	assert_int_equal(s.downdelay_ticks, 3);
	assert_int_equal(s.peer_notif_delay_ticks, 10);
	assert_int_equal(set(&in_use, "miimon", "10"), 0);
	assert_string_equal(shown("updelay"), "20");
	assert_string_equal(shown("downdelay"), "30");
	assert_string_equal(shown("peer_notif_delay"), "100");
	/* Without miimon they are kept, but cannot be set. */
	assert_int_equal(set(&in_use, "miimon", "0"), 0);
	assert_string_equal(shown("updelay"), "0");
	assert_int_equal(set(&in_use, "updelay", "100"), -EPERM);
	assert_string_equal(
		why.text,
		"b: option updelay: it is counted in periods of miimon, which must be set first"
	);
	assert_int_equal(set(&in_use, "downdelay", "0"), -EPERM);
	assert_int_equal(set(&in_use, "peer_notif_delay", "1"), -EPERM);
	assert_int_equal(set(&in_use, "peer_notif_delay", "300001"), -EINVAL);
	assert_int_equal(set(&in_use, "miimon", "100"), 0);
	assert_string_equal(shown("updelay"), "200");
}

static void
delays_stay_in_range_when_miimon_grows(void **state)
{
	(void)state;
	assert_int_equal(parse("b miimon=1 updelay=maxval downdelay=5 peer_notif_delay=maxval"), 0);
	assert_int_equal(set(&in_use, "miimon", "1000"), 0);
	assert_string_equal(shown("updelay"), "2147483000");
	assert_string_equal(shown("downdelay"), "5000");
	assert_string_equal(shown("peer_notif_delay"), "300000");
	assert_int_equal(set(&in_use, "miimon", "2147483647"), 0);
	assert_string_equal(shown("updelay"), "2147483647");
	assert_string_equal(shown("peer_notif_delay"), "0");
	/* Also when a mode switches it on. */
	assert_int_equal(parse("b miimon=1 updelay=maxval"), 0);
	assert_int_equal(set(&empty_and_down, "miimon", "0"), 0);
	assert_int_equal(set(&empty_and_down, "mode", "4"), 0);
	assert_string_equal(shown("updelay"), "2147483600");
}

/* bond_option_mode_set */
static void
a_mode_resets_what_it_must(void **state)
{
	char mode[2] = "0";

	(void)state;
	for (unsigned m = 0; m < BOND_MODE_COUNT; m++) {
		bool needs_miimon = m >= BOND_MODE_8023AD;

		mode[0] = (char)('0' + m);
		assert_int_equal(parse("b mode=1 arp_interval=77 arp_validate=all primary=x"), 0);
		s.broadcast_neighbor = true;
		s.tlb_dynamic_lb = false;
		assert_int_equal(set(&empty_and_down, "mode", mode), 0);
		assert_int_equal(s.mode, m);
		assert_int_equal(s.arp_validate, BOND_ARP_VALIDATE_NONE);
		assert_int_equal(s.arp_interval_ms, needs_miimon ? 0 : 77);
		assert_int_equal(s.miimon_ms, needs_miimon ? 100 : 0);
		assert_int_equal(s.tlb_dynamic_lb, m == BOND_MODE_ALB);
		assert_false(s.broadcast_neighbor);
		assert_string_equal(s.primary, "x");
	}
	assert_int_equal(parse("b mode=1 miimon=30"), 0);
	assert_int_equal(set(&empty_and_down, "mode", "4"), 0);
	assert_int_equal(s.miimon_ms, 30);
	/* Only the change of mode forces it. */
	assert_int_equal(set(&empty_and_down, "miimon", "0"), 0);
	assert_int_equal(s.miimon_ms, 0);
}

static void
active_member_must_be_one(void **state)
{
	(void)state;
	assert_int_equal(parse("b mode=1"), 0);
	assert_int_equal(set(&in_use, "active_slave", "p1"), 0);
	assert_string_equal(s.active, "p1");
	assert_int_equal(set(&in_use, "active_member", "p2"), -EINVAL);
	assert_non_null(strstr(why.text, "b: option active_slave: \"p2\" is no member"));
	assert_string_equal(s.active, "p1");
	assert_int_equal(set(&in_use, "active_slave", "none"), 0);
	assert_string_equal(s.active, "");
	assert_int_equal(set(&in_use, "active_slave", "p0"), 0);
	assert_int_equal(set(&in_use, "active_slave", ""), 0);
	assert_string_equal(s.active, "");
	assert_int_equal(set(&empty_and_down, "active_slave", "p0"), -EINVAL);
	assert_int_equal(set(&empty_and_down, "active_slave", "none"), 0);
	/* A primary may come later. */
	assert_int_equal(set(&empty_and_down, "primary", "p9"), 0);
	assert_string_equal(s.primary, "p9");
	assert_int_equal(set(&empty_and_down, "primary", ""), 0);
	assert_string_equal(s.primary, "");
}

static void
values_of_one_member(void **state)
{
	const struct bond_option *prio = bond_option_find("prio");
	const struct bond_option *queue_id = bond_option_find("queue_id");
	int32_t v = 42;

	(void)state;
	bond_settings_default(&s, "b");
	assert_int_equal(bond_option_member_parse(prio, &s, "1", &v, &why), -EACCES);
	assert_non_null(strstr(why.text, "b: option prio is not for mode balance-rr"));
	assert_int_equal(v, 42);
	s.mode = BOND_MODE_TLB;
	assert_int_equal(bond_option_member_parse(prio, &s, "-2147483648", &v, &why), 0);
	assert_int_equal(v, INT32_MIN);
	assert_int_equal(bond_option_member_parse(prio, &s, "2147483647", &v, &why), 0);
	assert_int_equal(v, INT32_MAX);
	assert_int_equal(bond_option_member_parse(prio, &s, "2147483648", &v, &why), -EINVAL);
	assert_string_equal(
		why.text, "b: option prio: \"2147483648\" is no number in -2147483648..2147483647"
	);
	assert_int_equal(bond_option_member_parse(prio, &s, "", &v, &why), -EINVAL);
	assert_int_equal(bond_option_member_parse(prio, &s, "-", &v, &why), -EINVAL);
	assert_int_equal(bond_option_member_parse(prio, &s, "1 ", &v, NULL), -EINVAL);
	assert_int_equal(v, INT32_MAX);
	assert_int_equal(bond_option_member_parse(queue_id, &s, "16", &v, &why), 0);
	assert_int_equal(v, BOND_MAX_QUEUE_ID);
	assert_int_equal(bond_option_member_parse(queue_id, &s, "0", &v, &why), 0);
	assert_int_equal(bond_option_member_parse(queue_id, &s, "17", &v, &why), -EINVAL);
	assert_int_equal(bond_option_member_parse(queue_id, &s, "-1", &v, &why), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_monitor_at_a_time),
		cmocka_unit_test(delays_are_periods_of_miimon),
		cmocka_unit_test(delays_stay_in_range_when_miimon_grows),
		cmocka_unit_test(a_mode_resets_what_it_must),
		cmocka_unit_test(active_member_must_be_one),
		cmocka_unit_test(values_of_one_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
