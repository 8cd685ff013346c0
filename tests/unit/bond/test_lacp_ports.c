/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports that leave a bond, each in each place, and whose aggregator others stand in; their numbers;
 * settings that change under them, and what of them wakes the caller up.
 */
#include "lacp_bench.h"

#include <rte_common.h>

/*
 * Port @leaves goes away, of ports whose partners are @partners ('-': none). The others go on as if
 * nothing had been, whosever aggregator they stood in.
 */
static void
check_removal(const char *partners, int leaves, bool reversed)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;
	struct lacp_view v;
	int nb = (int)strlen(partners);
	char wanted[BENCH_MAX_PORTS + 1] = "";
	unsigned nb_groups = 0, of_active = 0;
	bool active_left;

	bench_begin_ports(&b, &s, nb);
	for (uint16_t i = 0; i < nb; i++)
		bench_up(&b, i, SPEED_MBPS);
	/* In which order they answer decides in whose aggregator they stand. */
	for (int i = 0; i < nb; i++) {
		uint16_t id = (uint16_t)(reversed ? nb - 1 - i : i);

		if (partners[id] != '-')
			bench_answer_of(&b, id, (uint8_t)partners[id], 7);
	}
	b.now_ns += 2 * NSEC_PER_SEC;
	bench_turn(&b);
	for (int i = 0; i < nb; i++)
		if (lacp_distributes(b.l, (uint16_t)i) && i != leaves)
			of_active++;
	for (int i = 0, n = 0; i < nb; i++)
		if (i != leaves)
			wanted[n++] = lacp_distributes(b.l, (uint16_t)i) ? '+' : '-';
	active_left = of_active == 0;
	(void)lacp_port_remove(b.l, (uint16_t)leaves, NULL);
	bench_turn(&b);
	assert_int_equal(b.l->nb_ports, nb - 1);
	for (int i = 0; i < nb - 1; i++) {
		struct lacp_port *p = &b.l->ports[i];

		/* Its aggregator is that of a port that is there. */
		assert_non_null(lacp_aggregator_of(b.l, p));
		nb_groups += p->own.is_active;
		for (int j = 0; j < i; j++) {
			struct lacp_port *o = &b.l->ports[j];
			bool together = p->aggregator_id == o->aggregator_id;

			assert_int_equal(
				together,
				partners[p->port_id] != '-' &&
					partners[p->port_id] == partners[o->port_id]
			);
		}
	}
	assert_int_equal(nb_groups, nb > 1);
	lacp_view(b.l, &v);
	if (!active_left) {
		assert_distributing(&b, wanted);
		assert_int_equal(v.nb_ports, of_active);
		bench_pass(&b, NSEC_PER_SEC / 2); /* the partners are heard until then */
		assert_distributing(&b, wanted);
	}
	/* Who comes then finds its place. */
	lacp_port_add(b.l, 100, &bench_source, LACP_PORT_PRIORITY, b.now_ns);
	lacp_port_link(b.l, 100, true, SPEED_MBPS, true, b.now_ns);
	bench_turn(&b);
	bench_answer_of(&b, 100, (uint8_t)partners[leaves == 0 ? nb - 1 : 0], 7);
	if (nb > 1 && partners[leaves == 0 ? nb - 1 : 0] != '-')
		assert_int_equal(
			bench_aggregator(&b, 100),
			bench_aggregator(&b, leaves == 0 ? (uint16_t)(nb - 1) : 0)
		);
	bench_end(&b);
}

static void
each_port_may_leave(void **state)
{
	static const char *const cases[] = {
		"1",    "-",    "11",     "12",     "1-",     "-1",    "111",    "121",
		"112",  "122",  "---",    "-11",    "1-1",    "1212",  "1221",   "1111",
		"-1-1", "1122", "112233", "123123", "111222", "1-1-2", "111111", "321123",
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++)
		for (int leaves = 0; leaves < (int)strlen(cases[i]); leaves++) {
			check_removal(cases[i], leaves, false);
			check_removal(cases[i], leaves, true);
		}
}

/* The numbers of ports and aggregators: the last one plus 1; from 1 when all had left. */
static void
numbers(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	bench_begin_ports(&b, &s, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(b.l->ports[i].actor.port_number, i + 1);
		assert_int_equal(b.l->ports[i].own.id, i + 1);
	}
	(void)lacp_port_remove(b.l, 1, NULL);
	lacp_port_add(b.l, 9, &bench_source, 3, b.now_ns);
	assert_int_equal(bench_port(&b, 9)->actor.port_number, 4);
	assert_int_equal(bench_port(&b, 9)->actor.port_priority, 3);
	assert_int_equal(bench_port(&b, 9)->own.id, 4);
	(void)lacp_port_remove(b.l, 0, NULL);
	(void)lacp_port_remove(b.l, 2, NULL);
	(void)lacp_port_remove(b.l, 9, NULL);
	bench_turn(&b);
	assert_false(lacp_carrier(b.l));
	lacp_port_add(b.l, 5, &bench_source, 3, b.now_ns);
	assert_int_equal(bench_port(&b, 5)->actor.port_number, 1);
	assert_int_equal(bench_port(&b, 5)->own.id, 1);
	bench_end(&b);
}

/* Another key begins anew; another system or priority is told to the partner, who decides. */
static void
settings_of_the_actor(void **state)
{
	struct lacp_settings s = bench_settings();
	struct lacp_bench b;
	struct lacp_pdu pdu;

	(void)state;
	bench_begin_ports(&b, &s, 1);
	bench_up(&b, 0, SPEED_MBPS);
	bench_answer_of(&b, 0, 1, 7);
	bench_pass(&b, 2 * NSEC_PER_SEC + 500 * NSEC_PER_MSEC);
	assert_distributing(&b, "+");
	s.system_priority = 17;
	s.fast = false;
	lacp_set(b.l, &s);
	b.nb_sent = 0;
	bench_turn(&b);
	assert_int_equal(b.nb_sent, 1);
	pdu = bench_sent_pdu(&b, 0);
	assert_int_equal(pdu.actor.system_priority, 17);
	assert_false(lacp_state_has(&pdu.actor, LACP_STATE_TIMEOUT));
	assert_int_equal(bench_port(&b, 0)->rx, LACP_RX_CURRENT);
	assert_distributing(&b, "+");
	s.user_key = 3;
	lacp_set(b.l, &s);
	bench_run(&b);
	assert_int_equal(bench_port(&b, 0)->actor.key, lacp_key(3, SPEED_MBPS, true));
	assert_int_equal(bench_port(&b, 0)->rx, LACP_RX_EXPIRED);
	assert_int_equal(bench_port(&b, 0)->mux, LACP_MUX_WAITING);
	/* The same settings again change nothing but what is sent. */
	bench_answer_of(&b, 0, 1, 7);
	lacp_set(b.l, &s);
	bench_run(&b);
	assert_int_equal(bench_port(&b, 0)->rx, LACP_RX_CURRENT);
	/* Another speed is another key. */
	bench_up(&b, 0, 1000);
	assert_int_equal(bench_port(&b, 0)->actor.key, lacp_key(3, 1000, true));
	assert_int_equal(bench_port(&b, 0)->rx, LACP_RX_EXPIRED);
	bench_end(&b);
}

/* A link that comes up and an LACPDU may be reported in one turn, or a silence that ends late. */
static void
lacpdu_before_the_machines_ran(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	bench_begin_ports(&b, &s, 1);
	lacp_port_link(b.l, 0, false, 0, true, b.now_ns);
	bench_up(&b, 0, SPEED_MBPS);
	bench_link(&b, 0, false);
	bench_turn(&b);
	bench_link(&b, 0, true);
	bench_answer(&b, 0);
	assert_int_equal(bench_port(&b, 0)->rx, LACP_RX_CURRENT);
	bench_end(&b);
}

static void
links_are_counted(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_port_view v;
	struct lacp_bench b;

	(void)state;
	bench_begin_ports(&b, &s, 1);
	for (int i = 0; i < 6; i++) {
		/* The same again is no change. */
		bench_link(&b, 0, i % 4 < 2);
		bench_turn(&b);
	}
	assert_true(lacp_port_view(b.l, 0, &v));
	assert_int_equal(v.counters.carrier_changes, 3);
	assert_false(lacp_port_view(b.l, 1, &v));
	bench_end(&b);
}

/* Each timer is named; what is out is not, nor what is nobody's business. */
static void
next_ns_names_each_timer(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	bench_begin(&b, &s);
	bench_add(&b, 2);
	for (int i = 0; i < 5; i++) {
		struct lacp_port *p = &b.l->ports[i % 2];
		uint64_t *timers_ns[] = {
			&p->current_while_ns,
			&p->periodic_timer_ns,
			&p->wait_while_ns,
			&p->actor_churn.timer_ns,
			&p->partner_churn.timer_ns,
		};

		assert_true(lacp_next_ns(b.l, b.now_ns) == LACP_NEVER);
		*timers_ns[i] = b.now_ns + 5;
		assert_true(lacp_next_ns(b.l, b.now_ns) == b.now_ns + 5);
		assert_true(lacp_next_ns(b.l, b.now_ns + 5) == LACP_NEVER);
		*timers_ns[i] = LACP_NEVER;
	}
	bench_end(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_port_may_leave),
		cmocka_unit_test(numbers),
		cmocka_unit_test(settings_of_the_actor),
		cmocka_unit_test(lacpdu_before_the_machines_ran),
		cmocka_unit_test(links_are_counted),
		cmocka_unit_test(next_ns_names_each_timer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
