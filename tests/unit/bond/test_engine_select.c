/* SPDX-License-Identifier: BSD-3-Clause */
/* Which member is the active one: primary, prio, active_slave, members that come and go. */
#include "engine_bench.h"
#include "reason.h"

static const struct engine_phy *
phy_of(uint32_t speed_mbps, bool full_duplex)
{
	static struct engine_phy phy;

	phy = good_phy();
	phy.speed_mbps = speed_mbps;
	phy.full_duplex = full_duplex;
	return &phy;
}

/* Three members, number 2 the primary and 0 active, for @why: the primary has just come back. */
static void
start_without_primary(struct bench *b, enum bond_reselect reselect)
{
	struct bond_settings s = settings(BOND_MODE_AB);

	s.primary_reselect = reselect;
	start(b, &s);
	add(b, 3);
	settings_changed(b, BOND_EFFECT_RESELECT, 2);
	assert_int_equal(b->e.active, 2);
	set_carrier(b, 2, false);
	assert_int_equal(b->e.active, 0);
	b->changed = 0;
}

static void
primary_comes_back(void **state)
{
	static const struct {
		enum bond_reselect reselect;
		uint32_t speed_mbps, current_speed_mbps;
		bool full_duplex, current_full_duplex;
		int active;
	} row[] = {
		{BOND_RESELECT_ALWAYS, 1000, 10000, true, true, 2},
		{BOND_RESELECT_BETTER, 1000, 10000, true, true, 0},
		{BOND_RESELECT_BETTER, 10000, 10000, true, true, 0},
		{BOND_RESELECT_BETTER, 10000, 10000, false, true, 0},
		{BOND_RESELECT_BETTER, 10000, 10000, true, false, 2},
		{BOND_RESELECT_BETTER, 25000, 10000, true, true, 2},
		{BOND_RESELECT_BETTER, 25000, 10000, false, true, 2},
		{BOND_RESELECT_BETTER, 10000, 25000, true, false, 0},
		/* Linux's unknown speed is the largest number there is, and so is its duplex. */
		{BOND_RESELECT_BETTER, 0, 400000, true, true, 2},
		{BOND_RESELECT_BETTER, 400000, 0, true, true, 0},
		{BOND_RESELECT_BETTER, 0, 0, true, false, 0},
		{BOND_RESELECT_FAILURE, 25000, 10000, true, true, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct bench b;

		start_without_primary(&b, row[i].reselect);
		report(&b, 0, phy_of(row[i].current_speed_mbps, row[i].current_full_duplex));
		report(&b, 2, phy_of(row[i].speed_mbps, row[i].full_duplex));
		assert_links(&b, "UUU");
		assert_int_equal(b.e.active, row[i].active);
		assert_int_equal((b.changed & ENGINE_CHANGED_ACTIVE) != 0, row[i].active == 2);
		/* The one that carries the traffic fails: the primary takes over in any case. */
		if (row[i].active == 0)
			set_carrier(&b, 0, false);
		assert_int_equal(b.e.active, 2);
	}
}

static void
other_events_leave_the_active_member(void **state)
{
	(void)state;
	for (int reselect = 0; reselect < BOND_RESELECT_COUNT; reselect++) {
		struct bench b;

		start_without_primary(&b, (enum bond_reselect)reselect);
		/* Others come and go. */
		set_carrier(&b, 1, false);
		set_carrier(&b, 1, true);
		assert_int_equal(b.e.active, 0);
		set_carrier(&b, 0, false);
		assert_int_equal(b.e.active, 1);
		set_carrier(&b, 0, true);
		assert_int_equal(b.e.active, 1);
		assert_links(&b, "UUD");
	}
}

static void
speed_counts_from_the_next_selection_on(void **state)
{
	struct bench b;

	(void)state;
	start_without_primary(&b, BOND_RESELECT_BETTER);
	set_carrier(&b, 2, true);
	assert_int_equal(b.e.active, 0);
	b.changed = 0;
	set_speed(&b, 2, 25000, true);
	assert_int_equal(b.changed, ENGINE_CHANGED_LINK);
	run_to(&b, 1000);
	assert_int_equal(b.e.active, 0);
	set_carrier(&b, 2, false);
	set_carrier(&b, 2, true);
	assert_int_equal(b.e.active, 2);
}

static void
policy_changes(void **state)
{
	struct bench b;

	(void)state;
	start_without_primary(&b, BOND_RESELECT_FAILURE);
	set_carrier(&b, 2, true);
	assert_int_equal(b.e.active, 0);
	b.s.primary_reselect = BOND_RESELECT_BETTER;
	settings_changed(&b, BOND_EFFECT_RESELECT, 2);
	assert_int_equal(b.e.active, 0);
	b.s.primary_reselect = BOND_RESELECT_ALWAYS;
	/* Not by an option of another kind. */
	settings_changed(&b, BOND_EFFECT_MONITOR | BOND_EFFECT_PLAN, 2);
	assert_int_equal(b.e.active, 0);
	settings_changed(&b, BOND_EFFECT_RESELECT, 2);
	assert_int_equal(b.e.active, 2);
}

static void
primary_is_set(void **state)
{
	(void)state;
	for (int reselect = 0; reselect < BOND_RESELECT_COUNT; reselect++) {
		struct bond_settings s = settings(BOND_MODE_AB);
		struct bench b;

		/* At once, and once: the policy is for later. */
		s.primary_reselect = (enum bond_reselect)reselect;
		start(&b, &s);
		add(&b, 3);
		settings_changed(&b, BOND_EFFECT_RESELECT, 1);
		assert_int_equal(b.e.active, 1);
		assert_false(b.e.force_primary);
		/* One that is down when it is named takes over when it comes up. */
		set_carrier(&b, 2, false);
		settings_changed(&b, BOND_EFFECT_RESELECT, 2);
		/* Without a primary that is up all the same: the first one, if policy lets. */
		assert_int_equal(b.e.active, reselect == BOND_RESELECT_ALWAYS ? 0 : 1);
		assert_true(b.e.force_primary);
		set_carrier(&b, 2, true);
		assert_int_equal(b.e.active, 2);
		assert_false(b.e.force_primary);
		/* Cleared. */
		settings_changed(&b, BOND_EFFECT_RESELECT, ENGINE_NO_MEMBER);
		assert_int_equal(b.e.primary, ENGINE_NO_MEMBER);
		assert_int_equal(b.e.active, reselect == BOND_RESELECT_ALWAYS ? 0 : 2);
	}
}

static void
primary_joins_later(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct engine_phy phy = good_phy();
	struct bench b;

	(void)state;
	s.primary_reselect = BOND_RESELECT_FAILURE;
	start(&b, &s);
	add(&b, 2);
	assert_int_equal(engine_member_add(&b.e, 77, 0, true, &phy, b.now_ns), 2);
	assert_int_equal(b.e.primary, 2);
	assert_int_equal(b.e.active, 2);
	remove_member(&b, 2);
	assert_int_equal(b.e.primary, ENGINE_NO_MEMBER);
	assert_int_equal(b.e.active, 0);
	/* Modes without an active member have no primary either. */
	s.mode = BOND_MODE_XOR;
	start(&b, &s);
	(void)engine_member_add(&b.e, 77, 0, true, &phy, b.now_ns);
	assert_int_equal(b.e.primary, ENGINE_NO_MEMBER);
	settings_changed(&b, BOND_EFFECT_RESELECT, 0);
	assert_int_equal(b.e.primary, ENGINE_NO_MEMBER);
}

static void
prio(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 4);
	set_prio(&b, 2, 5);
	assert_int_equal(b.e.active, 2);
	set_prio(&b, 3, 5);
	assert_int_equal(b.e.active, 2);
	set_prio(&b, 3, 6);
	assert_int_equal(b.e.active, 3);
	set_prio(&b, 3, INT32_MIN);
	assert_int_equal(b.e.active, 2);
	/* Who has more takes over when it comes up, who has less waits for a failure. */
	set_carrier(&b, 2, false);
	assert_int_equal(b.e.active, 0);
	set_carrier(&b, 3, false);
	set_carrier(&b, 3, true);
	assert_int_equal(b.e.active, 0);
	set_carrier(&b, 2, true);
	assert_int_equal(b.e.active, 2);
	/* The policy holds for it as for a primary. */
	b.s.primary_reselect = BOND_RESELECT_FAILURE;
	set_prio(&b, 1, INT32_MAX);
	assert_int_equal(b.e.active, 2);
	set_carrier(&b, 2, false);
	assert_int_equal(b.e.active, 1);
}

static void
prio_beside_a_primary(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 3);
	settings_changed(&b, BOND_EFFECT_RESELECT, 0);
	set_prio(&b, 2, 5);
	assert_int_equal(b.e.active, 0);
	set_carrier(&b, 0, false);
	assert_int_equal(b.e.active, 2);
	/* Nothing is chosen anew as long as there is a primary, though it is down. */
	set_prio(&b, 1, 9);
	assert_int_equal(b.e.active, 2);
	set_carrier(&b, 0, true);
	assert_int_equal(b.e.active, 0);
}

static void
active_slave_is_for_once(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 3);
	assert_int_equal(set_active(&b, 2), 0);
	assert_int_equal(b.e.active, 2);
	assert_int_equal(b.e.members[2].last_link_up_ns, b.now_ns);
	b.changed = 0;
	assert_int_equal(set_active(&b, 2), 0);
	assert_int_equal(b.changed, 0);
	run_to(&b, 1000);
	assert_int_equal(b.e.active, 2);
	/* No preference: after a failure it does not come back. */
	set_carrier(&b, 2, false);
	set_carrier(&b, 2, true);
	assert_int_equal(b.e.active, 0);
	/* Forgotten: who would be taken anyway. */
	assert_int_equal(set_active(&b, 1), 0);
	b.s.primary_reselect = BOND_RESELECT_FAILURE;
	assert_int_equal(set_active(&b, ENGINE_NO_MEMBER), 0);
	assert_int_equal(b.e.active, 0);
}

static void
active_slave_and_primary(void **state)
{
	struct bond_settings s = settings(BOND_MODE_ALB);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 3);
	settings_changed(&b, BOND_EFFECT_RESELECT, 1);
	assert_int_equal(set_active(&b, 2), 0);
	assert_int_equal(b.e.active, 2);
	/* The primary has the next word: when it comes up, or at any selection. */
	set_carrier(&b, 1, false);
	set_carrier(&b, 1, true);
	assert_int_equal(b.e.active, 1);
	assert_int_equal(set_active(&b, 2), 0);
	assert_int_equal(set_active(&b, ENGINE_NO_MEMBER), 0);
	assert_int_equal(b.e.active, 1);
}

static void
active_slave_is_refused(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct reason why;
	struct bench b;

	(void)state;
	s.downdelay_ticks = 3;
	s.updelay_ticks = 30;
	start(&b, &s);
	add(&b, 2);
	run_to(&b, 0);
	assert_links(&b, "UB");
	assert_int_equal(engine_set_active(&b.e, 1, b.now_ns, &why), -EINVAL);
	assert_string_equal(why.text, "its link is down");
	run_to(&b, 3000);
	assert_links(&b, "UU");
	set_carrier(&b, 1, false);
	assert_links(&b, "UF");
	assert_int_equal(set_active(&b, 1), -EINVAL);
	run_to(&b, 4000);
	assert_links(&b, "UD");
	assert_int_equal(set_active(&b, 1), -EINVAL);
	assert_int_equal(b.e.active, 0);
}

static void
members_leave(void **state)
{
	struct bond_settings s = settings(BOND_MODE_TLB);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 5);
	settings_changed(&b, BOND_EFFECT_RESELECT, 3);
	assert_int_equal(b.e.active, 3);
	/* Others: the active one is the same, its index is not. */
	b.changed = 0;
	remove_member(&b, 0);
	assert_int_equal(b.changed, ENGINE_CHANGED_LINK);
	assert_int_equal(b.e.active, 2);
	assert_int_equal(b.e.primary, 2);
	assert_int_equal(b.e.members[b.e.active].port_id, FIRST_PORT + 3);
	remove_member(&b, 3);
	assert_int_equal(b.e.active, 2);
	assert_int_equal(engine_find(&b.e, FIRST_PORT + 1), 0);
	assert_int_equal(engine_find(&b.e, FIRST_PORT + 4), ENGINE_NO_MEMBER);
	/* The active one. */
	b.changed = 0;
	remove_member(&b, 2);
	assert_true((b.changed & ENGINE_CHANGED_ACTIVE) != 0);
	assert_int_equal(b.e.active, 0);
	assert_int_equal(b.e.members[0].port_id, FIRST_PORT + 1);
	set_carrier(&b, 1, false);
	remove_member(&b, 0);
	assert_int_equal(b.e.active, ENGINE_NO_MEMBER);
	assert_links(&b, "D");
	assert_false(b.e.carrier);
	remove_member(&b, 0);
	assert_int_equal(b.e.nb_members, 0);
	run_to(&b, 1000);
}

static void
modes_without_an_active_member(void **state)
{
	static const enum bond_mode modes[] = {
		BOND_MODE_RR, BOND_MODE_XOR, BOND_MODE_BROADCAST, BOND_MODE_8023AD};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct bond_settings s = settings(modes[i]);
		struct bench b;

		start(&b, &s);
		add(&b, 2);
		run_to(&b, 500);
		assert_true(b.e.carrier);
		set_carrier(&b, 0, false);
		assert_int_equal(b.e.active, ENGINE_NO_MEMBER);
		assert_int_equal(b.e.current, 1);
		set_carrier(&b, 1, false);
		assert_int_equal(b.e.current, ENGINE_NO_MEMBER);
		assert_false(b.e.carrier);
		set_carrier(&b, 1, true);
		assert_int_equal(b.e.current, 1);
		remove_member(&b, 1);
		assert_int_equal(b.e.current, ENGINE_NO_MEMBER);
		assert_int_equal(b.changed & ENGINE_CHANGED_ACTIVE, 0);
	}
}

static void
mode_changes(void **state)
{
	struct bond_settings s = settings(BOND_MODE_XOR);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 2);
	b.s.mode = BOND_MODE_AB;
	settings_changed(&b, BOND_EFFECT_MODE, 1);
	assert_int_equal(b.e.active, 1);
	assert_true((b.changed & ENGINE_CHANGED_ACTIVE) != 0);
	b.s.mode = BOND_MODE_RR;
	settings_changed(&b, BOND_EFFECT_MODE, 1);
	assert_int_equal(b.e.active, ENGINE_NO_MEMBER);
	assert_int_equal(b.e.primary, ENGINE_NO_MEMBER);
}

static void
as_many_members_as_there_can_be(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct engine_phy phy = good_phy();
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, BOND_MAX_MEMBERS);
	assert_int_equal(b.e.nb_members, BOND_MAX_MEMBERS);
	assert_int_equal(engine_member_add(&b.e, 1, 0, true, &phy, 1), ENGINE_NO_MEMBER);
	assert_int_equal(b.e.nb_members, BOND_MAX_MEMBERS);
	assert_int_equal(b.e.primary, ENGINE_NO_MEMBER);
	for (int i = 0; i < BOND_MAX_MEMBERS - 1; i++) {
		assert_int_equal(b.e.active, i);
		set_carrier(&b, i, false);
	}
	assert_int_equal(b.e.active, BOND_MAX_MEMBERS - 1);
	for (int i = 0; i < BOND_MAX_MEMBERS; i++)
		remove_member(&b, 0);
	assert_int_equal(b.e.nb_members, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(primary_comes_back),
		cmocka_unit_test(other_events_leave_the_active_member),
		cmocka_unit_test(speed_counts_from_the_next_selection_on),
		cmocka_unit_test(policy_changes),
		cmocka_unit_test(primary_is_set),
		cmocka_unit_test(primary_joins_later),
		cmocka_unit_test(prio),
		cmocka_unit_test(prio_beside_a_primary),
		cmocka_unit_test(active_slave_is_for_once),
		cmocka_unit_test(active_slave_and_primary),
		cmocka_unit_test(active_slave_is_refused),
		cmocka_unit_test(members_leave),
		cmocka_unit_test(modes_without_an_active_member),
		cmocka_unit_test(mode_changes),
		cmocka_unit_test(as_many_members_as_there_can_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
