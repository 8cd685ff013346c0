/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The smaller machines against IEEE 802.1AX-2014: periodic transmission (figure 6-19), churn
 * detection (figures 6-23 and 6-24), the transmit machine (6.4.16) and the marker responder
 * (6.5.4.2). Receive, mux and selection have files of their own.
 */
#include "lacp_bench.h"

#include <rte_common.h>

#include <stdio.h>

enum { ANY = -1 };

struct transition {
	int from;
	unsigned is, is_not;
	int to;
	unsigned seen;
};

static struct transition *
find_transition(struct transition *table, size_t n, int from, unsigned inputs)
{
	for (size_t i = 0; i < n; i++) {
		struct transition *t = &table[i];

		if ((t->from == ANY || t->from == from) && (inputs & t->is) == t->is &&
		    (inputs & t->is_not) == 0)
			return t;
	}
	return NULL;
}

static void
assert_all_seen(const struct transition *table, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (table[i].seen == 0)
			fail_msg("transition %zu of the table was never taken", i);
}

static uint8_t
with(uint8_t state, uint8_t bit, bool on)
{
	return on ? state | bit : state & (uint8_t)~bit;
}

/* Inputs of the periodic machine. */
enum {
	P_BEGIN = 0x01,
	P_LACP_ENABLED = 0x02,
	P_ENABLED = 0x04,
	P_ACTOR_ACTIVE = 0x08,
	P_PARTNER_ACTIVE = 0x10,
	P_SHORT = 0x20, /* Partner_Oper_Port_State.LACP_Timeout */
	P_EXPIRED = 0x40,
	P_COUNT = 0x80,
};

/* Figure 6-19; NO_PERIODIC that is entered from itself is not seen. */
static struct transition periodic[] = {
	{LACP_FAST_PERIODIC, P_BEGIN, 0, LACP_NO_PERIODIC, 0},
	{LACP_SLOW_PERIODIC, P_BEGIN, 0, LACP_NO_PERIODIC, 0},
	{LACP_PERIODIC_TX, P_BEGIN, 0, LACP_NO_PERIODIC, 0},
	{LACP_FAST_PERIODIC, 0, P_LACP_ENABLED, LACP_NO_PERIODIC, 0},
	{LACP_SLOW_PERIODIC, 0, P_LACP_ENABLED, LACP_NO_PERIODIC, 0},
	{LACP_PERIODIC_TX, 0, P_LACP_ENABLED, LACP_NO_PERIODIC, 0},
	{LACP_FAST_PERIODIC, 0, P_ENABLED, LACP_NO_PERIODIC, 0},
	{LACP_SLOW_PERIODIC, 0, P_ENABLED, LACP_NO_PERIODIC, 0},
	{LACP_PERIODIC_TX, 0, P_ENABLED, LACP_NO_PERIODIC, 0},
	{LACP_FAST_PERIODIC, 0, P_ACTOR_ACTIVE | P_PARTNER_ACTIVE, LACP_NO_PERIODIC, 0},
	{LACP_SLOW_PERIODIC, 0, P_ACTOR_ACTIVE | P_PARTNER_ACTIVE, LACP_NO_PERIODIC, 0},
	{LACP_PERIODIC_TX, 0, P_ACTOR_ACTIVE | P_PARTNER_ACTIVE, LACP_NO_PERIODIC, 0},
	{LACP_NO_PERIODIC,
         P_LACP_ENABLED | P_ENABLED | P_ACTOR_ACTIVE,
         P_BEGIN,
         LACP_FAST_PERIODIC,
         0},
	{LACP_NO_PERIODIC,
         P_LACP_ENABLED | P_ENABLED | P_PARTNER_ACTIVE,
         P_BEGIN,
         LACP_FAST_PERIODIC,
         0},
	{LACP_FAST_PERIODIC, P_EXPIRED, 0, LACP_PERIODIC_TX, 0},
	{LACP_FAST_PERIODIC, 0, P_SHORT, LACP_SLOW_PERIODIC, 0},
	{LACP_SLOW_PERIODIC, P_EXPIRED, 0, LACP_PERIODIC_TX, 0},
	{LACP_SLOW_PERIODIC, P_SHORT, 0, LACP_PERIODIC_TX, 0},
	{LACP_PERIODIC_TX, P_SHORT, 0, LACP_FAST_PERIODIC, 0},
	{LACP_PERIODIC_TX, 0, P_SHORT, LACP_SLOW_PERIODIC, 0},
};

static void
act_periodic(struct lacp_port *p, enum lacp_periodic_state to, uint64_t now_ns)
{
	p->periodic = to;
	p->periodic_timer_ns = LACP_NEVER;
	if (to == LACP_FAST_PERIODIC)
		p->periodic_timer_ns = now_ns + 1 * NSEC_PER_SEC;
	if (to == LACP_SLOW_PERIODIC)
		p->periodic_timer_ns = now_ns + 30 * NSEC_PER_SEC;
	if (to == LACP_PERIODIC_TX)
		p->ntt = true;
}

static void
check_periodic(struct lacp_bench *b, enum lacp_periodic_state from, unsigned inputs)
{
	struct transition *t = find_transition(periodic, RTE_DIM(periodic), (int)from, inputs);
	struct lacp_port *p = &b->l->ports[0], wanted;
	char what[64];

	snprintf(what, sizeof(what), "%s with inputs %#x", lacp_periodic_names[from], inputs);
	p->periodic = from;
	p->begin = (inputs & P_BEGIN) != 0;
	p->lacp_enabled = (inputs & P_LACP_ENABLED) != 0;
	p->enabled = (inputs & P_ENABLED) != 0;
	p->actor.state = with(0, LACP_STATE_ACTIVITY, (inputs & P_ACTOR_ACTIVE) != 0);
	p->partner.state = with(0, LACP_STATE_ACTIVITY, (inputs & P_PARTNER_ACTIVE) != 0);
	p->partner.state = with(p->partner.state, LACP_STATE_TIMEOUT, (inputs & P_SHORT) != 0);
	/* What the partner hears of us as to timeouts has nothing to do with it. */
	p->actor.state = with(p->actor.state, LACP_STATE_TIMEOUT, (inputs & P_SHORT) == 0);
	p->periodic_timer_ns = LACP_NEVER;
	if (from == LACP_FAST_PERIODIC || from == LACP_SLOW_PERIODIC)
		p->periodic_timer_ns = b->now_ns + ((inputs & P_EXPIRED) != 0 ? 0 : 1);
	p->ntt = false;
	wanted = *p;
	if (lacp_periodic_step(p, b->now_ns) != (t != NULL))
		fail_msg("%s: %s", what, t != NULL ? "did not move" : "says that it moved");
	if (t != NULL) {
		t->seen++;
		act_periodic(&wanted, (enum lacp_periodic_state)t->to, b->now_ns);
	}
	assert_same_port(what, p, &wanted);
}

static void
periodic_every_state_with_every_input(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	for (unsigned i = 0; i < LACP_PERIODIC_COUNT * P_COUNT; i++) {
		bench_begin(&b, &s);
		bench_add(&b, 1);
		check_periodic(&b, (enum lacp_periodic_state)(i / P_COUNT), i % P_COUNT);
		bench_end(&b);
	}
	assert_all_seen(periodic, RTE_DIM(periodic));
}

/* Inputs of a churn machine. */
enum {
	C_BEGIN = 0x01,
	C_ENABLED = 0x02,
	C_SYNC = 0x04,
	C_EXPIRED = 0x08,
	C_COUNT = 0x10,
};

/* Figure 6-23, and 6-24 for the partner. */
static struct transition churn[] = {
	{ANY, C_BEGIN, 0, LACP_CHURN_MONITOR, 0},
	{ANY, 0, C_ENABLED, LACP_CHURN_MONITOR, 0},
	{LACP_CHURN_MONITOR, C_SYNC, 0, LACP_NO_CHURN, 0},
	{LACP_CHURN_MONITOR, C_EXPIRED, 0, LACP_CHURN, 0},
	{LACP_CHURN, C_SYNC, 0, LACP_NO_CHURN, 0},
	{LACP_NO_CHURN, 0, C_SYNC, LACP_CHURN_MONITOR, 0},
};

/* While BEGIN or a link that is down hold the machine, the timer begins again and again. */
static void
act_churn(struct lacp_churn *c, enum lacp_churn_state to, unsigned inputs, uint64_t now_ns)
{
	c->state = to;
	c->timer_ns = LACP_NEVER;
	if (to == LACP_CHURN_MONITOR && (inputs & C_ENABLED) != 0)
		c->timer_ns = now_ns + 60 * NSEC_PER_SEC;
	if (to == LACP_CHURN)
		c->churned++;
}

static void
check_churn(struct lacp_bench *b, enum lacp_churn_state from, unsigned inputs, bool of_partner)
{
	struct transition *t = find_transition(churn, RTE_DIM(churn), (int)from, inputs);
	struct lacp_port *p = &b->l->ports[0], wanted;
	struct lacp_churn *c = of_partner ? &p->partner_churn : &p->actor_churn;
	struct lacp_churn *other = of_partner ? &p->actor_churn : &p->partner_churn;
	struct lacp_side *side = of_partner ? &p->partner : &p->actor;
	struct lacp_side *other_side = of_partner ? &p->actor : &p->partner;
	bool moved;
	char what[64];

	snprintf(
		what,
		sizeof(what),
		"%s churn, %s with inputs %#x",
		of_partner ? "partner" : "actor",
		lacp_churn_names[from],
		inputs
	);
	p->begin = (inputs & C_BEGIN) != 0;
	p->enabled = (inputs & C_ENABLED) != 0;
	/* The other side is in sync and knows it, and does not move but by BEGIN and link. */
	*other = (struct lacp_churn){.state = LACP_NO_CHURN, .timer_ns = LACP_NEVER};
	other_side->state = LACP_STATE_SYNC;
	side->state = with(ALL_BITS, LACP_STATE_SYNC, (inputs & C_SYNC) != 0);
	*c = (struct lacp_churn){.state = from, .timer_ns = LACP_NEVER};
	if (from == LACP_CHURN_MONITOR)
		c->timer_ns = b->now_ns + ((inputs & C_EXPIRED) != 0 ? 0 : 1);
	wanted = *p;
	if (t != NULL) {
		t->seen++;
		act_churn(
			of_partner ? &wanted.partner_churn : &wanted.actor_churn,
			(enum lacp_churn_state)t->to,
			inputs,
			b->now_ns
		);
		if ((inputs & C_BEGIN) != 0 || (inputs & C_ENABLED) == 0)
			act_churn(
				of_partner ? &wanted.actor_churn : &wanted.partner_churn,
				LACP_CHURN_MONITOR,
				inputs,
				b->now_ns
			);
	}
	moved = lacp_churn_step(b->l, p, b->now_ns);
	assert_same_port(what, p, &wanted);
	if (c->state != from)
		assert_true(moved);
	assert_int_equal(
		b->nb_changes, c->state != from && (c->state == LACP_CHURN || from == LACP_CHURN)
	);
}

static void
churn_every_state_with_every_input(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	for (unsigned i = 0; i < LACP_CHURN_COUNT * C_COUNT * 2; i++) {
		bench_begin(&b, &s);
		bench_add(&b, 1);
		check_churn(
			&b,
			(enum lacp_churn_state)(i / C_COUNT % LACP_CHURN_COUNT),
			i % C_COUNT,
			i >= LACP_CHURN_COUNT * C_COUNT
		);
		bench_end(&b);
	}
	assert_all_seen(churn, RTE_DIM(churn));
}

/* The minute counts from the link's coming up, not from the port's being added. */
static void
churn_counts_from_link_up(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;
	struct lacp_port *p;

	(void)state;
	bench_begin(&b, &s);
	bench_add(&b, 1);
	bench_pass(&b, 100 * NSEC_PER_SEC);
	p = &b.l->ports[0];
	assert_int_equal(p->partner_churn.state, LACP_CHURN_MONITOR);
	bench_link(&b, 0, true);
	bench_pass(&b, 60 * NSEC_PER_SEC - 1);
	assert_int_equal(p->partner_churn.state, LACP_CHURN_MONITOR);
	bench_pass(&b, 1);
	assert_int_equal(p->partner_churn.state, LACP_CHURN);
	assert_int_equal(p->partner_churn.churned, 1);
	assert_string_equal(b.change.machine, "partner churn");
	/* We ourselves are attached to the aggregator of the port alone. */
	assert_int_equal(p->actor_churn.state, LACP_NO_CHURN);
	bench_end(&b);
}

static struct lacp_port *
speaking_port(struct lacp_bench *b)
{
	struct lacp_port *p;

	bench_add(b, 1);
	p = &b->l->ports[0];
	p->begin = false;
	p->enabled = true;
	p->lacp_enabled = true;
	p->periodic = LACP_FAST_PERIODIC;
	p->ntt = true;
	return p;
}

static void
transmit_says_what_is_so(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;
	struct lacp_port *p;
	struct lacp_pdu pdu;

	(void)state;
	bench_begin(&b, &s);
	p = speaking_port(&b);
	p->actor.key = 0x1234;
	p->partner = bench_pdu(p).actor;
	assert_true(lacp_transmit_step(b.l, p, b.now_ns));
	assert_false(p->ntt);
	assert_int_equal(b.nb_sent, 1);
	assert_int_equal(p->counters.tx, 1);
	pdu = bench_sent_pdu(&b, 0);
	assert_true(same_side(&pdu.actor, &p->actor));
	assert_true(same_side(&pdu.partner, &p->partner));
	assert_memory_equal(b.sent[0].frame + 6, &bench_source, 6);
	/* No need, no LACPDU. */
	assert_false(lacp_transmit_step(b.l, p, b.now_ns));
	assert_int_equal(b.nb_sent, 1);
	bench_end(&b);
}

static void
transmit_needs_link_and_lacp(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;
	struct lacp_port *p;

	(void)state;
	bench_begin(&b, &s);
	p = speaking_port(&b);
	p->enabled = false;
	assert_false(lacp_transmit_step(b.l, p, b.now_ns));
	assert_true(p->ntt);
	assert_true(lacp_transmit_ns(p) == LACP_NEVER);
	p->enabled = true;
	p->lacp_enabled = false;
	assert_false(lacp_transmit_step(b.l, p, b.now_ns));
	assert_false(p->ntt);
	p->lacp_enabled = true;
	assert_false(lacp_transmit_step(b.l, p, b.now_ns));
	/* Neither side is active: nobody speaks first. */
	p->ntt = true;
	p->periodic = LACP_NO_PERIODIC;
	assert_true(lacp_transmit_ns(p) == LACP_NEVER);
	assert_false(lacp_transmit_step(b.l, p, b.now_ns));
	assert_false(p->ntt);
	assert_int_equal(b.nb_sent, 0);
	bench_end(&b);
}

/* Never more than three in any second; the one that had to wait says what is so when it leaves. */
static void
transmit_at_most_three_in_a_second(void **state)
{
	static const struct {
		uint64_t at_ms;
		bool leaves;
		uint64_t next_ms; /* when the next one may, if it is not at once */
	} cases[] = {
		{0, true, 0},
		{400, true, 0},
		{800, true, 1000},
		{900, false, 1000},
		{999, false, 1000},
		{1000, true, 1400},
		{1399, false, 1400},
		{1400, true, 1800},
		{5000, true, 0},
		{5000, true, 0},
		{5000, true, 6000},
		{5000, false, 6000},
		{6000, true, 0},
	};
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;
	struct lacp_port *p;

	(void)state;
	bench_begin(&b, &s);
	p = speaking_port(&b);
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		uint64_t now_ns = b.now_ns + cases[i].at_ms * NSEC_PER_MSEC, next_ns;

		p->ntt = true;
		p->actor.key = (uint16_t)i;
		if (lacp_transmit_step(b.l, p, now_ns) != cases[i].leaves)
			fail_msg("at %llu ms", (unsigned long long)cases[i].at_ms);
		assert_int_equal(p->ntt, !cases[i].leaves);
		if (cases[i].leaves)
			assert_int_equal(bench_sent_pdu(&b, b.nb_sent - 1).actor.key, i);
		p->ntt = true;
		next_ns = lacp_transmit_ns(p);
		if (cases[i].next_ms != 0)
			assert_int_equal(next_ns, b.now_ns + cases[i].next_ms * NSEC_PER_MSEC);
		else
			assert_true(next_ns <= now_ns);
		assert_true(lacp_next_ns(b.l, now_ns) == next_ns);
	}
	bench_end(&b);
}

static struct marker_pdu
some_marker(uint32_t transaction_id)
{
	return (struct marker_pdu){
		.requester_port = 0x1122,
		.requester_system = bench_partner,
		.transaction_id = transaction_id,
	};
}

static void
marker_comes_back_as_a_response(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct marker_pdu marker = some_marker(0xcafe1234), back;
	struct lacp_bench b;
	struct lacp_port *p;

	(void)state;
	bench_begin(&b, &s);
	p = speaking_port(&b);
	lacp_marker_receive(p, &marker, b.now_ns);
	lacp_marker_send(b.l, p);
	assert_int_equal(b.nb_sent, 1);
	assert_int_equal(lacp_kind(b.sent[0].frame, LACP_FRAME_BYTES), LACP_KIND_MARKER);
	assert_int_equal(marker_pdu_read(&back, b.sent[0].frame, LACP_FRAME_BYTES), 0);
	assert_true(back.is_response);
	assert_int_equal(back.requester_port, marker.requester_port);
	assert_int_equal(back.transaction_id, marker.transaction_id);
	assert_true(rte_is_same_ether_addr(&back.requester_system, &marker.requester_system));
	/* Once only; and a response is none to be answered. */
	lacp_marker_send(b.l, p);
	lacp_marker_receive(p, &back, b.now_ns);
	lacp_marker_send(b.l, p);
	assert_int_equal(b.nb_sent, 1);
	assert_int_equal(p->counters.marker_rx, 2);
	assert_int_equal(p->counters.marker_tx, 1);
	assert_int_equal(p->counters.marker_limited, 0);
	/* Nor does one leave where the link is gone. */
	lacp_marker_receive(p, &marker, b.now_ns);
	p->enabled = false;
	lacp_marker_send(b.l, p);
	p->enabled = true;
	lacp_marker_send(b.l, p);
	assert_int_equal(b.nb_sent, 1);
	bench_end(&b);
}

/* A flood is answered 100 times in a second, and no more than once a turn. */
static void
marker_flood_is_limited(void **state)
{
	enum { FLOOD = 250 };

	const struct lacp_settings s = bench_settings();
	struct marker_pdu marker;
	struct lacp_bench b;
	struct lacp_port *p;

	(void)state;
	bench_begin(&b, &s);
	p = speaking_port(&b);
	for (uint32_t second = 1; second <= 3; second++) {
		for (uint32_t i = 0; i < FLOOD; i++) {
			marker = some_marker(i);
			lacp_marker_receive(p, &marker, b.now_ns + i * NSEC_PER_MSEC);
			lacp_marker_send(b.l, p);
		}
		assert_int_equal(b.nb_sent, 100 * second);
		assert_int_equal(p->counters.marker_limited, (FLOOD - 100) * second);
		b.now_ns += NSEC_PER_SEC;
	}
	marker = some_marker(1);
	lacp_marker_receive(p, &marker, b.now_ns);
	lacp_marker_receive(p, &marker, b.now_ns);
	lacp_marker_send(b.l, p);
	assert_int_equal(b.nb_sent, 301);
	assert_int_equal(p->counters.marker_limited, (FLOOD - 100) * 3 + 1);
	bench_end(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(periodic_every_state_with_every_input),
		cmocka_unit_test(churn_every_state_with_every_input),
		cmocka_unit_test(churn_counts_from_link_up),
		cmocka_unit_test(transmit_says_what_is_so),
		cmocka_unit_test(transmit_needs_link_and_lacp),
		cmocka_unit_test(transmit_at_most_three_in_a_second),
		cmocka_unit_test(marker_comes_back_as_a_response),
		cmocka_unit_test(marker_flood_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
