/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Selection of aggregators (IEEE 802.1AX-2014, 6.4.14) and of the active one (Linux's bond_3ad.c,
 * ad_agg_selection_logic): which ports stand together, ad_select, keys, min_links, and the port
 * that carries traffic where nobody answers.
 */
#include "lacp_bench.h"

#include <rte_common.h>

enum { NOBODY = 0 };

static void
keys_of_all_speeds(void **state)
{
	/* AD_LINK_SPEED_... of Linux 6.12. */
	static const struct {
		uint32_t speed_mbps;
		uint16_t code;
	} speeds[] = {
		{0, 0},       {1, 1},       {10, 2},      {100, 3},    {1000, 4},
		{2500, 5},    {5000, 6},    {10000, 7},   {14000, 8},  {20000, 9},
		{25000, 10},  {40000, 11},  {50000, 12},  {56000, 13}, {100000, 14},
		{200000, 15}, {400000, 16}, {800000, 17}, {12345, 0},  {UINT32_MAX, 0},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(speeds); i++)
		for (uint16_t user = 0; user < 1024; user = (uint16_t)(user == 0 ? 1 : user * 31)) {
			uint16_t key = lacp_key(user, speeds[i].speed_mbps, true);

			assert_int_equal(key, user << 6 | speeds[i].code << 1 | 1);
			assert_int_equal(lacp_key(user, speeds[i].speed_mbps, false), key & ~1);
		}
	assert_int_equal(lacp_key(1023, 800000, true), 0xffe3);
}

static void
ports_of_one_partner_stand_together(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	bench_begin_ports(&b, &s, 4);
	for (uint16_t id = 0; id < 4; id++)
		bench_up(&b, id, SPEED_MBPS);
	/* Nobody answers yet: each for itself. */
	assert_groups(&b, "Abcd");
	for (uint16_t id = 0; id < 4; id++)
		bench_answer_of(&b, id, 1, 7);
	assert_groups(&b, "AAAA");
	assert_distributing(&b, "----");
	b.now_ns += 2 * NSEC_PER_SEC;
	bench_turn(&b);
	assert_distributing(&b, "++++");
	bench_end(&b);
}

/* Each thing that makes another link aggregation group (6.4.6) keeps ports apart. */
static void
ports_of_different_groups_never_merge(void **state)
{
	enum { SYSTEM, PRIORITY, PARTNER_KEY, OUR_KEY, PARTNER_INDIVIDUAL, NB_CASES };

	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	for (int c = 0; c <= NB_CASES; c++) {
		struct lacp_pdu pdu;

		bench_begin_ports(&b, &s, 2);
		bench_up(&b, 0, SPEED_MBPS);
		bench_up(&b, 1, c == OUR_KEY ? 1000 : SPEED_MBPS);
		bench_answer_of(&b, 0, 1, 7);
		pdu = bench_pdu(bench_port(&b, 1));
		pdu.actor.system.addr_bytes[5] = c == SYSTEM ? 2 : 1;
		pdu.actor.key = c == PARTNER_KEY ? 8 : 7;
		if (c == PRIORITY)
			pdu.actor.system_priority++;
		if (c == PARTNER_INDIVIDUAL)
			pdu.actor.state &= (uint8_t)~LACP_STATE_AGGREGATION;
		bench_receive(&b, 1, &pdu);
		bench_pass(&b, 2 * NSEC_PER_SEC + NSEC_PER_MSEC);
		assert_groups(&b, c == NB_CASES ? "AA" : "Ab");
		assert_distributing(&b, c == NB_CASES ? "++" : "+-");
		bench_end(&b);
	}
}

/* A partner who does not aggregate has each of its links for itself; one of them works. */
static void
individual_partner(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	bench_begin_ports(&b, &s, 2);
	for (uint16_t id = 0; id < 2; id++) {
		struct lacp_pdu pdu;

		bench_up(&b, id, SPEED_MBPS);
		pdu = bench_pdu(bench_port(&b, id));
		pdu.actor.state &= (uint8_t)~LACP_STATE_AGGREGATION;
		bench_receive(&b, id, &pdu);
	}
	bench_pass(&b, 2 * NSEC_PER_SEC);
	assert_groups(&b, "Ab");
	assert_distributing(&b, "+-");
	bench_end(&b);
}

/* Somebody who answers, be it for a single link, is better than nobody (Linux: 3a and 3b). */
static void
individual_partner_is_better_than_nobody(void **state)
{
	struct lacp_settings s = bench_settings();
	struct lacp_bench b;
	struct lacp_pdu pdu;

	(void)state;
	for (int select = LACP_AD_STABLE; select <= LACP_AD_COUNT; select++) {
		s.ad_select = (enum lacp_ad_select)select;
		bench_begin_ports(&b, &s, 2);
		bench_up(&b, 0, SPEED_MBPS);
		bench_up(&b, 1, SPEED_MBPS);
		pdu = bench_pdu(bench_port(&b, 1));
		pdu.actor.state &= (uint8_t)~LACP_STATE_AGGREGATION;
		bench_receive(&b, 1, &pdu);
		bench_pass(&b, 2 * NSEC_PER_SEC);
		assert_groups(&b, "aB");
		assert_distributing(&b, "-+");
		bench_end(&b);
	}
}

/* Of those whom nobody answers one at full duplex is better (Linux: 1 and 2). */
static void
half_duplex_is_the_last_resort(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	bench_begin_ports(&b, &s, 2);
	lacp_port_link(b.l, 0, true, 4 * SPEED_MBPS, false, b.now_ns);
	bench_turn(&b);
	assert_groups(&b, "Ab");
	assert_distributing(&b, "+-");
	bench_up(&b, 1, SPEED_MBPS);
	lacp_port_link(b.l, 0, false, 0, false, b.now_ns);
	bench_turn(&b);
	assert_distributing(&b, "-+");
	/* stable keeps it; and bandwidth is not what counts here. */
	b.s.ad_select = LACP_AD_BANDWIDTH;
	lacp_set(b.l, &b.s);
	lacp_port_link(b.l, 0, true, 4 * SPEED_MBPS, false, b.now_ns);
	bench_turn(&b);
	assert_distributing(&b, "-+");
	bench_end(&b);
}

/* stable does not stay with a port of which neither speed nor duplex is known (Linux). */
static void
without_a_key_is_not_stable(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	bench_begin_ports(&b, &s, 2);
	lacp_port_link(b.l, 0, true, 0, false, b.now_ns);
	bench_turn(&b);
	assert_int_equal(bench_port(&b, 0)->actor.key, 0);
	assert_distributing(&b, "+-");
	bench_up(&b, 1, SPEED_MBPS);
	assert_distributing(&b, "-+");
	bench_end(&b);
	/* With a key it stays. */
	bench_begin_ports(&b, &s, 2);
	lacp_port_link(b.l, 0, true, SPEED_MBPS, false, b.now_ns);
	bench_turn(&b);
	bench_up(&b, 1, SPEED_MBPS);
	assert_distributing(&b, "+-");
	bench_end(&b);
}

/* Three ports at 10G to partner 1, two at 40G to partner 2; both sync. */
static void
begin_two_partners(struct lacp_bench *b, enum lacp_ad_select select, bool second_first)
{
	static const uint16_t orders[2][5] = {{0, 1, 2, 3, 4}, {3, 4, 0, 1, 2}};
	struct lacp_settings s = bench_settings();

	s.ad_select = select;
	bench_begin_ports(b, &s, 5);
	for (int i = 0; i < 5; i++) {
		uint16_t id = orders[second_first][i];

		bench_up(b, id, id < 3 ? 10000 : 40000);
		bench_answer_of(b, id, id < 3 ? 1 : 2, 7);
	}
	b->now_ns += 2 * NSEC_PER_SEC;
	bench_turn(b);
}

static void
ad_select_stable_stays(void **state)
{
	struct lacp_bench b;

	(void)state;
	for (int second = 0; second < 2; second++) {
		begin_two_partners(&b, LACP_AD_STABLE, second != 0);
		assert_groups(&b, second != 0 ? "aaaBB" : "AAAbb");
		assert_distributing(&b, second != 0 ? "---++" : "+++--");
		bench_end(&b);
	}
	/* Until the last of its ports has no link any more. */
	begin_two_partners(&b, LACP_AD_STABLE, false);
	for (uint16_t id = 0; id < 3; id++) {
		assert_groups(&b, "AAAbb");
		bench_link(&b, id, false);
		bench_turn(&b);
	}
	assert_groups(&b, "aaaBB");
	/* The other one stays then. */
	for (uint16_t id = 0; id < 3; id++) {
		bench_link(&b, id, true);
		bench_answer_of(&b, id, 1, 7);
	}
	assert_groups(&b, "aaaBB");
	bench_end(&b);
}

static void
ad_select_bandwidth(void **state)
{
	struct lacp_bench b;

	(void)state;
	for (int second = 0; second < 2; second++) {
		begin_two_partners(&b, LACP_AD_BANDWIDTH, second != 0);
		assert_groups(&b, "aaaBB");
		bench_end(&b);
	}
	/* 3 x 10 against 1 x 40, then against nothing; and back with one link. */
	begin_two_partners(&b, LACP_AD_BANDWIDTH, false);
	bench_link(&b, 3, false);
	bench_turn(&b);
	assert_groups(&b, "aaaBB");
	bench_link(&b, 4, false);
	bench_turn(&b);
	assert_groups(&b, "AAAbb");
	lacp_port_link(b.l, 4, true, 40000, true, b.now_ns);
	bench_answer_of(&b, 4, 2, 7);
	assert_groups(&b, "aaaBB");
	bench_end(&b);
}

static void
ad_select_count(void **state)
{
	struct lacp_bench b;

	(void)state;
	for (int second = 0; second < 2; second++) {
		begin_two_partners(&b, LACP_AD_COUNT, second != 0);
		assert_groups(&b, "AAAbb");
		bench_end(&b);
	}
	/* As many ports: the bandwidth counts. */
	begin_two_partners(&b, LACP_AD_COUNT, false);
	bench_link(&b, 1, false);
	bench_turn(&b);
	assert_groups(&b, "aaaBB");
	bench_link(&b, 3, false);
	bench_turn(&b);
	assert_groups(&b, "AAAbb");
	bench_end(&b);
}

/* Another ad_select takes effect at once. */
static void
ad_select_changes(void **state)
{
	struct lacp_bench b;

	(void)state;
	begin_two_partners(&b, LACP_AD_STABLE, false);
	assert_groups(&b, "AAAbb");
	b.s = b.l->s;
	b.s.ad_select = LACP_AD_BANDWIDTH;
	lacp_set(b.l, &b.s);
	bench_turn(&b);
	assert_groups(&b, "aaaBB");
	b.s.ad_select = LACP_AD_COUNT;
	lacp_set(b.l, &b.s);
	bench_turn(&b);
	assert_groups(&b, "AAAbb");
	bench_end(&b);
}

/* An aggregator whose partner answers takes over from one whose does not, also when stable. */
static void
partner_that_answers_is_better(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	bench_begin_ports(&b, &s, 2);
	bench_up(&b, 0, 4 * SPEED_MBPS);
	bench_up(&b, 1, SPEED_MBPS);
	assert_groups(&b, "Ab");
	assert_distributing(&b, "+-");
	bench_answer_of(&b, 1, 1, 7);
	assert_groups(&b, "aB");
	bench_end(&b);
}

/* Where nobody answers one port carries traffic, from the start, as in Linux. */
static void
nobody_answers(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;
	struct lacp_view v;

	(void)state;
	bench_begin_ports(&b, &s, 3);
	assert_false(lacp_carrier(b.l));
	lacp_view(b.l, &v);
	assert_int_equal(v.aggregator_id, NOBODY);
	for (uint16_t id = 0; id < 3; id++)
		bench_up(&b, id, SPEED_MBPS);
	assert_distributing(&b, "+--");
	assert_true(lacp_collects(b.l, 0));
	assert_false(lacp_collects(b.l, 1));
	bench_pass(&b, 500 * NSEC_PER_SEC);
	assert_distributing(&b, "+--");
	assert_true(lacp_carrier(b.l));
	bench_link(&b, 0, false);
	bench_turn(&b);
	assert_distributing(&b, "-+-");
	bench_link(&b, 0, true);
	bench_turn(&b);
	assert_distributing(&b, "-+-");
	/* Once a partner answers, it must be in sync. */
	bench_answer_of(&b, 1, 1, 7);
	assert_distributing(&b, "---");
	b.now_ns += 2 * NSEC_PER_SEC;
	bench_turn(&b);
	assert_distributing(&b, "-+-");
	bench_end(&b);
}

static void
min_links_is_of_usable_ports(void **state)
{
	struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	s.min_links = 2;
	bench_begin_ports(&b, &s, 3);
	for (uint16_t id = 0; id < 3; id++) {
		bench_up(&b, id, SPEED_MBPS);
		assert_int_equal(lacp_carrier(b.l), false); /* each for itself */
	}
	bench_answer_of(&b, 0, 1, 7);
	assert_false(lacp_carrier(b.l));
	(void)lacp_take_changed(b.l);
	bench_answer_of(&b, 1, 1, 7);
	assert_true(lacp_carrier(b.l));
	assert_true(lacp_take_changed(b.l));
	bench_answer_of(&b, 2, 1, 7);
	bench_link(&b, 0, false);
	bench_turn(&b);
	assert_true(lacp_carrier(b.l));
	bench_link(&b, 1, false);
	bench_turn(&b);
	assert_false(lacp_carrier(b.l));
	b.s.min_links = 0;
	lacp_set(b.l, &b.s);
	bench_turn(&b);
	assert_true(lacp_carrier(b.l));
	bench_link(&b, 2, false);
	bench_turn(&b);
	assert_false(lacp_carrier(b.l));
	bench_end(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_all_speeds),
		cmocka_unit_test(ports_of_one_partner_stand_together),
		cmocka_unit_test(ports_of_different_groups_never_merge),
		cmocka_unit_test(individual_partner),
		cmocka_unit_test(individual_partner_is_better_than_nobody),
		cmocka_unit_test(half_duplex_is_the_last_resort),
		cmocka_unit_test(without_a_key_is_not_stable),
		cmocka_unit_test(ad_select_stable_stays),
		cmocka_unit_test(ad_select_bandwidth),
		cmocka_unit_test(ad_select_count),
		cmocka_unit_test(ad_select_changes),
		cmocka_unit_test(partner_that_answers_is_better),
		cmocka_unit_test(nobody_answers),
		cmocka_unit_test(min_links_is_of_usable_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
