/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mux machine against figures 6-21 (independent control) and 6-22 (coupled control) of IEEE
 * 802.1AX-2014: every state with every input, and when Ready is true.
 */
#include "lacp_bench.h"

#include <rte_common.h>

#include <stdio.h>

/* Inputs, besides Selected. */
enum {
	BEGIN = 0x01,
	READY = 0x02,
	PARTNER_SYNC = 0x04,
	PARTNER_COLLECTING = 0x08,
	NB_INPUTS = 0x10,
};

/* Sets of values of Selected. */
enum {
	U = 1 << LACP_UNSELECTED,
	T = 1 << LACP_STANDBY,
	S = 1 << LACP_SELECTED,
	ANY_SELECTED = U | T | S,
};

enum { ANY = -1 };

struct transition {
	int from;
	unsigned selected, is, is_not;
	enum lacp_mux_state to;
	unsigned seen;
};

/* Figure 6-21; of several rows that hold the first one counts. */
static struct transition independent[] = {
	{ANY, ANY_SELECTED, BEGIN, 0, LACP_MUX_DETACHED, 0},
	{LACP_MUX_DETACHED, S | T, 0, 0, LACP_MUX_WAITING, 0},
	{LACP_MUX_WAITING, U, 0, 0, LACP_MUX_DETACHED, 0},
	{LACP_MUX_WAITING, S, READY, 0, LACP_MUX_ATTACHED, 0},
	{LACP_MUX_ATTACHED, U | T, 0, 0, LACP_MUX_DETACHED, 0},
	{LACP_MUX_ATTACHED, S, PARTNER_SYNC, 0, LACP_MUX_COLLECTING, 0},
	{LACP_MUX_COLLECTING, U | T, 0, 0, LACP_MUX_ATTACHED, 0},
	{LACP_MUX_COLLECTING, S, 0, PARTNER_SYNC, LACP_MUX_ATTACHED, 0},
	{LACP_MUX_COLLECTING, S, PARTNER_SYNC | PARTNER_COLLECTING, 0, LACP_MUX_DISTRIBUTING, 0},
	{LACP_MUX_DISTRIBUTING, U | T, 0, 0, LACP_MUX_COLLECTING, 0},
	{LACP_MUX_DISTRIBUTING, S, 0, PARTNER_SYNC, LACP_MUX_COLLECTING, 0},
	{LACP_MUX_DISTRIBUTING, S, 0, PARTNER_COLLECTING, LACP_MUX_COLLECTING, 0},
};

/* Figure 6-22. */
static struct transition coupled[] = {
	{ANY, ANY_SELECTED, BEGIN, 0, LACP_MUX_DETACHED, 0},
	{LACP_MUX_DETACHED, S | T, 0, 0, LACP_MUX_WAITING, 0},
	{LACP_MUX_WAITING, U, 0, 0, LACP_MUX_DETACHED, 0},
	{LACP_MUX_WAITING, S, READY, 0, LACP_MUX_ATTACHED, 0},
	{LACP_MUX_ATTACHED, U | T, 0, 0, LACP_MUX_DETACHED, 0},
	{LACP_MUX_ATTACHED, S, PARTNER_SYNC, 0, LACP_MUX_COLLECTING_DISTRIBUTING, 0},
	{LACP_MUX_COLLECTING_DISTRIBUTING, U | T, 0, 0, LACP_MUX_ATTACHED, 0},
	{LACP_MUX_COLLECTING_DISTRIBUTING, S, 0, PARTNER_SYNC, LACP_MUX_ATTACHED, 0},
};

static const enum lacp_mux_state independent_states[] = {
	LACP_MUX_DETACHED,
	LACP_MUX_WAITING,
	LACP_MUX_ATTACHED,
	LACP_MUX_COLLECTING,
	LACP_MUX_DISTRIBUTING,
};

static const enum lacp_mux_state coupled_states[] = {
	LACP_MUX_DETACHED,
	LACP_MUX_WAITING,
	LACP_MUX_ATTACHED,
	LACP_MUX_COLLECTING_DISTRIBUTING,
};

/* What the boxes of the figures do: Actor_Oper_Port_State, and whether NTT is set. */
static const struct box {
	uint8_t bits;
	bool ntt;
} boxes[LACP_MUX_COUNT] = {
	[LACP_MUX_DETACHED] = {0, true},
	[LACP_MUX_WAITING] = {0, false},
	[LACP_MUX_ATTACHED] = {LACP_STATE_SYNC, true},
	[LACP_MUX_COLLECTING_DISTRIBUTING] =
		{LACP_STATE_SYNC | LACP_STATE_COLLECTING | LACP_STATE_DISTRIBUTING, true},
	[LACP_MUX_COLLECTING] = {LACP_STATE_SYNC | LACP_STATE_COLLECTING, true},
	[LACP_MUX_DISTRIBUTING] =
		{LACP_STATE_SYNC | LACP_STATE_COLLECTING | LACP_STATE_DISTRIBUTING, false},
};

enum { MUX_BITS = LACP_STATE_SYNC | LACP_STATE_COLLECTING | LACP_STATE_DISTRIBUTING };

static struct transition *
find_transition(
	struct transition *table, size_t n, int from, enum lacp_selected selected, unsigned inputs
)
{
	for (size_t i = 0; i < n; i++) {
		struct transition *t = &table[i];

		if ((t->from == ANY || t->from == from) && (t->selected & 1u << selected) != 0 &&
		    (inputs & t->is) == t->is && (inputs & t->is_not) == 0)
			return t;
	}
	return NULL;
}

/* Port 0 in a state, its partner CURRENT. */
static struct lacp_port *
port_in(struct lacp_bench *b,
        enum lacp_mux_state state,
        enum lacp_selected selected,
        unsigned inputs)
{
	struct lacp_port *p = &b->l->ports[0];

	p->mux = state;
	p->begin = (inputs & BEGIN) != 0;
	p->enabled = true;
	p->rx = LACP_RX_CURRENT;
	p->selected = selected;
	p->aggregator_id = p->own.id;
	p->own.is_active = selected == LACP_SELECTED;
	p->partner = bench_pdu(p).actor;
	p->partner.state = LACP_STATE_AGGREGATION | LACP_STATE_ACTIVITY;
	if ((inputs & PARTNER_SYNC) != 0)
		p->partner.state |= LACP_STATE_SYNC;
	if ((inputs & PARTNER_COLLECTING) != 0)
		p->partner.state |= LACP_STATE_COLLECTING;
	p->actor.state = LACP_STATE_ACTIVITY | LACP_STATE_AGGREGATION | boxes[state].bits;
	p->ntt = false;
	p->wait_while_ns = LACP_NEVER;
	if (state == LACP_MUX_WAITING)
		p->wait_while_ns = b->now_ns + ((inputs & READY) != 0 ? 0 : 1);
	return p;
}

static void
act(struct lacp_port *p, enum lacp_mux_state to, uint64_t now_ns)
{
	p->mux = to;
	p->actor.state = (uint8_t)((p->actor.state & ~MUX_BITS) | boxes[to].bits);
	p->ntt = p->ntt || boxes[to].ntt;
	p->wait_while_ns = to == LACP_MUX_WAITING ? now_ns + 2 * NSEC_PER_SEC : LACP_NEVER;
}

static void
check_inputs(
	struct lacp_bench *b,
	struct transition *table,
	size_t n,
	enum lacp_mux_state state,
	enum lacp_selected selected,
	unsigned inputs
)
{
	struct lacp_port *p = port_in(b, state, selected, inputs), wanted = *p;
	struct transition *t = find_transition(table, n, (int)state, selected, inputs);
	char what[128];

	snprintf(
		what,
		sizeof(what),
		"%s when %s with%s%s%s%s",
		lacp_mux_names[state],
		lacp_selected_names[selected],
		(inputs & BEGIN) != 0 ? " BEGIN" : "",
		(inputs & READY) != 0 ? " Ready" : "",
		(inputs & PARTNER_SYNC) != 0 ? " Partner.Sync" : "",
		(inputs & PARTNER_COLLECTING) != 0 ? " Partner.Collecting" : ""
	);
	if (lacp_mux_step(b->l, p, b->now_ns) != (t != NULL))
		fail_msg("%s: %s", what, t != NULL ? "did not move" : "says that it moved");
	if (t != NULL) {
		t->seen++;
		act(&wanted, t->to, b->now_ns);
	}
	assert_same_port(what, p, &wanted);
	assert_int_equal(b->nb_changes, t != NULL && t->to != state);
}

static void
check_figure(
	bool coupled_control,
	struct transition *table,
	size_t nb_transitions,
	const enum lacp_mux_state *states,
	size_t nb_states
)
{
	struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	s.coupled_control = coupled_control;
	for (size_t i = 0; i < nb_states * LACP_SELECTED_COUNT * NB_INPUTS; i++) {
		bench_begin(&b, &s);
		bench_add(&b, 1);
		check_inputs(
			&b,
			table,
			nb_transitions,
			states[i / NB_INPUTS / LACP_SELECTED_COUNT],
			(enum lacp_selected)(i / NB_INPUTS % LACP_SELECTED_COUNT),
			(unsigned)(i % NB_INPUTS)
		);
		bench_end(&b);
	}
	for (size_t i = 0; i < nb_transitions; i++)
		if (table[i].seen == 0)
			fail_msg("transition %zu of the table was never taken", i);
}

static void
independent_control(void **state)
{
	(void)state;
	check_figure(
		false,
		independent,
		RTE_DIM(independent),
		independent_states,
		RTE_DIM(independent_states)
	);
}

static void
coupled_control(void **state)
{
	(void)state;
	check_figure(true, coupled, RTE_DIM(coupled), coupled_states, RTE_DIM(coupled_states));
}

/* A box that sets no NTT does not clear it either. */
static void
ntt_is_kept(void **state)
{
	struct lacp_settings s = bench_settings();
	struct lacp_bench b;
	struct lacp_port *p;

	(void)state;
	s.coupled_control = false;
	bench_begin(&b, &s);
	bench_add(&b, 1);
	p = port_in(&b, LACP_MUX_DETACHED, LACP_SELECTED, 0);
	p->ntt = true;
	assert_true(lacp_mux_step(b.l, p, b.now_ns));
	assert_int_equal(p->mux, LACP_MUX_WAITING);
	assert_true(p->ntt);
	p = port_in(&b, LACP_MUX_COLLECTING, LACP_SELECTED, PARTNER_SYNC | PARTNER_COLLECTING);
	p->ntt = true;
	assert_true(lacp_mux_step(b.l, p, b.now_ns));
	assert_int_equal(p->mux, LACP_MUX_DISTRIBUTING);
	assert_true(p->ntt);
	bench_end(&b);
}

/* Ready (6.4.8): all who wait for the same aggregator have waited. Others are of no interest. */
static void
ready_is_of_all_who_wait_for_the_aggregator(void **state)
{
	enum { SAME_AGGREGATOR = 1, HAS_WAITED = 2, NB = 4 };

	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	for (unsigned c = 0; c < NB * LACP_MUX_COUNT * LACP_SELECTED_COUNT; c++) {
		enum lacp_mux_state mux = (enum lacp_mux_state)(c / NB % LACP_MUX_COUNT);
		enum lacp_selected selected = (enum lacp_selected)(c / NB / LACP_MUX_COUNT);
		struct lacp_port *p, *other;
		bool holds_up = mux == LACP_MUX_WAITING && selected == LACP_SELECTED &&
		                (c & SAME_AGGREGATOR) != 0 && (c & HAS_WAITED) == 0;

		bench_begin(&b, &s);
		bench_add(&b, 2);
		p = port_in(&b, LACP_MUX_WAITING, LACP_SELECTED, READY);
		other = &b.l->ports[1];
		other->mux = mux;
		other->selected = selected;
		other->aggregator_id = (c & SAME_AGGREGATOR) != 0 ? p->own.id : other->own.id;
		other->wait_while_ns = LACP_NEVER;
		if (mux == LACP_MUX_WAITING)
			other->wait_while_ns = b.now_ns + ((c & HAS_WAITED) != 0 ? 0 : 1);
		if (lacp_mux_step(b.l, p, b.now_ns) == holds_up)
			fail_msg(
				"other port %s, %s, case %u: %s",
				lacp_mux_names[mux],
				lacp_selected_names[selected],
				c % NB,
				holds_up ? "not waited for" : "waited for"
			);
		assert_int_equal(p->mux, holds_up ? LACP_MUX_WAITING : LACP_MUX_ATTACHED);
		bench_end(&b);
	}
}

static void
a_port_waits_two_seconds(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;
	struct lacp_port *p;

	(void)state;
	bench_begin(&b, &s);
	bench_add(&b, 1);
	p = port_in(&b, LACP_MUX_DETACHED, LACP_SELECTED, 0);
	assert_true(lacp_mux_step(b.l, p, b.now_ns));
	assert_false(lacp_mux_step(b.l, p, b.now_ns + 2 * NSEC_PER_SEC - 1));
	assert_true(lacp_mux_step(b.l, p, b.now_ns + 2 * NSEC_PER_SEC));
	assert_int_equal(p->mux, LACP_MUX_ATTACHED);
	bench_end(&b);
}

/* STANDBY is held in WAITING, and goes on without delay once it is SELECTED (6.4.15, item e). */
static void
standby_that_has_waited_goes_on_at_once(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;
	struct lacp_port *p;

	(void)state;
	bench_begin(&b, &s);
	bench_add(&b, 1);
	p = port_in(&b, LACP_MUX_DETACHED, LACP_STANDBY, 0);
	assert_true(lacp_mux_step(b.l, p, b.now_ns));
	b.now_ns += 1000 * NSEC_PER_SEC;
	assert_false(lacp_mux_step(b.l, p, b.now_ns));
	assert_int_equal(p->mux, LACP_MUX_WAITING);
	p->selected = LACP_SELECTED;
	assert_true(lacp_mux_step(b.l, p, b.now_ns));
	assert_int_equal(p->mux, LACP_MUX_ATTACHED);
	bench_end(&b);
}

/* Each transition is told with its cause. */
static void
the_log_says_why(void **state)
{
	static const struct {
		enum lacp_mux_state from;
		enum lacp_selected selected;
		unsigned inputs;
		bool up, expired;
		const char *cause;
	} cases[] = {
		{LACP_MUX_DETACHED, LACP_STANDBY, 0, true, false, "an aggregator is found"},
		{LACP_MUX_WAITING, LACP_SELECTED, READY, true, false, "all ports have waited"},
		{LACP_MUX_WAITING, LACP_SELECTED, BEGIN, true, false, "begin"},
		{LACP_MUX_ATTACHED,
	         LACP_SELECTED,
	         PARTNER_SYNC,
	         true,
	         false,
	         "the partner is in sync"},
		{LACP_MUX_ATTACHED,
	         LACP_STANDBY,
	         0,
	         true,
	         false,
	         "another aggregator is the active one"},
		{LACP_MUX_ATTACHED,
	         LACP_UNSELECTED,
	         0,
	         true,
	         false,
	         "its partner or its key is another"},
		{LACP_MUX_COLLECTING,
	         LACP_SELECTED,
	         PARTNER_SYNC | PARTNER_COLLECTING,
	         true,
	         false,
	         "the partner collects"},
		{LACP_MUX_COLLECTING, LACP_SELECTED, 0, true, false, "the partner is out of sync"},
		{LACP_MUX_COLLECTING, LACP_SELECTED, 0, false, false, "link down"},
		{LACP_MUX_COLLECTING, LACP_SELECTED, 0, true, true, "no LACPDU within the timeout"},
		{LACP_MUX_DISTRIBUTING,
	         LACP_SELECTED,
	         PARTNER_SYNC,
	         true,
	         false,
	         "the partner stopped collecting"},
	};
	struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	s.coupled_control = false;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct lacp_port *p;

		bench_begin(&b, &s);
		bench_add(&b, 1);
		p = port_in(&b, cases[i].from, cases[i].selected, cases[i].inputs);
		p->enabled = cases[i].up;
		if (cases[i].expired)
			p->actor.state |= LACP_STATE_EXPIRED;
		assert_true(lacp_mux_step(b.l, p, b.now_ns));
		assert_int_equal(b.nb_changes, 1);
		assert_int_equal(b.change.port_id, 0);
		assert_string_equal(b.change.machine, "mux");
		assert_string_equal(b.change.from, lacp_mux_names[cases[i].from]);
		assert_string_equal(b.change.to, lacp_mux_names[p->mux]);
		assert_string_equal(b.change.cause, cases[i].cause);
		bench_end(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(independent_control),
		cmocka_unit_test(coupled_control),
		cmocka_unit_test(ntt_is_kept),
		cmocka_unit_test(ready_is_of_all_who_wait_for_the_aggregator),
		cmocka_unit_test(a_port_waits_two_seconds),
		cmocka_unit_test(standby_that_has_waited_goes_on_at_once),
		cmocka_unit_test(the_log_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
