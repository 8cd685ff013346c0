/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The receive machine against figure 6-18 of IEEE 802.1AX-2014 and the functions of 6.4.9 that it
 * calls: every state with every input, and each field that they compare or record.
 */
#include "lacp_bench.h"

#include <rte_common.h>

#include <stdio.h>

/* Inputs of the machine; what a row of the table wants to be true or false. */
enum {
	BEGIN = 0x01,
	ENABLED = 0x02,
	LACP_ENABLED = 0x04,
	MOVED = 0x08,
	EXPIRED = 0x10, /* current_while_timer */
	PDU = 0x20,
	NB_INPUTS = 0x40,
};

enum { ANY = -1 };

/* Figure 6-18; of several rows that hold the first one counts. */
static struct transition {
	int from;
	unsigned is, is_not;
	enum lacp_rx_state to;
	unsigned seen;
} transitions[] = {
	{ANY, BEGIN, 0, LACP_RX_INITIALIZE, 0},
	{LACP_RX_INITIALIZE, 0, 0, LACP_RX_PORT_DISABLED, 0},
	{LACP_RX_LACP_DISABLED, 0, ENABLED | MOVED, LACP_RX_PORT_DISABLED, 0},
	{LACP_RX_EXPIRED, 0, ENABLED | MOVED, LACP_RX_PORT_DISABLED, 0},
	{LACP_RX_DEFAULTED, 0, ENABLED | MOVED, LACP_RX_PORT_DISABLED, 0},
	{LACP_RX_CURRENT, 0, ENABLED | MOVED, LACP_RX_PORT_DISABLED, 0},
	{LACP_RX_PORT_DISABLED, MOVED, 0, LACP_RX_INITIALIZE, 0},
	{LACP_RX_PORT_DISABLED, ENABLED | LACP_ENABLED, 0, LACP_RX_EXPIRED, 0},
	{LACP_RX_PORT_DISABLED, ENABLED, LACP_ENABLED, LACP_RX_LACP_DISABLED, 0},
	{LACP_RX_EXPIRED, PDU, 0, LACP_RX_CURRENT, 0},
	{LACP_RX_EXPIRED, EXPIRED, 0, LACP_RX_DEFAULTED, 0},
	{LACP_RX_DEFAULTED, PDU, 0, LACP_RX_CURRENT, 0},
	{LACP_RX_CURRENT, PDU, 0, LACP_RX_CURRENT, 0},
	{LACP_RX_CURRENT, EXPIRED, 0, LACP_RX_EXPIRED, 0},
};

static struct transition *
find_transition(int from, unsigned inputs)
{
	for (size_t i = 0; i < RTE_DIM(transitions); i++) {
		struct transition *t = &transitions[i];

		if ((t->from == ANY || t->from == from) && (inputs & t->is) == t->is &&
		    (inputs & t->is_not) == 0)
			return t;
	}
	return NULL;
}

/* A port that worked with a partner until now, and is then put into a state. */
static struct lacp_port *
port_in(struct lacp_bench *b, enum lacp_rx_state state, unsigned inputs)
{
	struct lacp_port *p = &b->l->ports[0];

	p->rx = state;
	p->begin = (inputs & BEGIN) != 0;
	p->enabled = (inputs & ENABLED) != 0;
	p->lacp_enabled = (inputs & LACP_ENABLED) != 0;
	p->port_moved = (inputs & MOVED) != 0;
	p->current_while_ns = b->now_ns + ((inputs & EXPIRED) != 0 ? 0 : 1);
	p->selected = LACP_SELECTED;
	p->ntt = false;
	p->partner = bench_pdu(p).actor;
	if (state == LACP_RX_PORT_DISABLED)
		p->partner.state &= (uint8_t)~LACP_STATE_SYNC;
	p->partner.state &= (uint8_t)~LACP_STATE_TIMEOUT;
	p->actor.state |= LACP_STATE_DEFAULTED | LACP_STATE_EXPIRED | LACP_STATE_SYNC;
	b->l->reselect = false;
	return p;
}

static struct lacp_side
default_partner(void)
{
	/* Partner_Admin_...: bond_3ad.c, ad_initialize_port. */
	return (struct lacp_side
	){.system_priority = 0xffff, .key = 1, .port_priority = 255, .port_number = 1};
}

/* The actions of the figure's boxes on @p; without those of CURRENT that look at an LACPDU. */
static void
act(struct lacp_port *p, enum lacp_rx_state to, uint64_t now_ns)
{
	bool is_default = false;

	p->rx = to;
	switch (to) {
	case LACP_RX_INITIALIZE:
		p->selected = LACP_UNSELECTED;
		is_default = true;
		p->actor.state &= 0x7f;
		p->port_moved = false;
		p->current_while_ns = LACP_NEVER;
		break;
	case LACP_RX_PORT_DISABLED:
		p->partner.state &= (uint8_t)~LACP_STATE_SYNC;
		p->current_while_ns = LACP_NEVER;
		break;
	case LACP_RX_LACP_DISABLED:
		p->selected = LACP_UNSELECTED;
		is_default = true;
		p->actor.state &= 0x7f;
		p->current_while_ns = LACP_NEVER;
		break;
	case LACP_RX_EXPIRED:
		p->partner.state &= (uint8_t)~LACP_STATE_SYNC;
		p->partner.state |= LACP_STATE_TIMEOUT;
		p->current_while_ns = now_ns + 3 * NSEC_PER_SEC;
		p->actor.state |= LACP_STATE_EXPIRED;
		p->counters.expired++;
		break;
	case LACP_RX_DEFAULTED:
		p->selected = LACP_UNSELECTED; /* the partner was another than the default */
		is_default = true;
		p->actor.state &= 0x7f;
		p->current_while_ns = LACP_NEVER;
		p->counters.defaulted++;
		break;
	default:
		p->partner.state |= LACP_STATE_TIMEOUT; /* the LACPDU says so */
		p->actor.state &= (uint8_t) ~(LACP_STATE_DEFAULTED | LACP_STATE_EXPIRED);
		p->current_while_ns = now_ns + 3 * NSEC_PER_SEC;
		break;
	}
	if (is_default) {
		p->partner = default_partner();
		p->actor.state |= LACP_STATE_DEFAULTED;
	}
}

static void
check_inputs(struct lacp_bench *b, enum lacp_rx_state state, unsigned inputs)
{
	struct lacp_port *p = port_in(b, state, inputs), wanted = *p;
	struct transition *t = find_transition((int)state, inputs);
	struct lacp_pdu pdu = bench_pdu(p);
	bool moved;
	char what[128];

	snprintf(
		what,
		sizeof(what),
		"%s with%s%s%s%s%s%s",
		lacp_rx_names[state],
		(inputs & BEGIN) != 0 ? " BEGIN" : "",
		(inputs & ENABLED) != 0 ? " port_enabled" : "",
		(inputs & LACP_ENABLED) != 0 ? " LACP_Enabled" : "",
		(inputs & MOVED) != 0 ? " port_moved" : "",
		(inputs & EXPIRED) != 0 ? " timer expired" : "",
		(inputs & PDU) != 0 ? " LACPDU" : ""
	);
	/* The LACPDU knows the port as it is, so that there is no need to transmit. */
	moved = lacp_receive_step(b->l, p, (inputs & PDU) != 0 ? &pdu : NULL, b->now_ns);
	if (t != NULL) {
		t->seen++;
		act(&wanted, t->to, b->now_ns);
	}
	assert_same_port(what, p, &wanted);
	/* An LACPDU in CURRENT is no other state; what asks to be called again is one. */
	if (moved != (t != NULL && !(state == LACP_RX_CURRENT && t->to == LACP_RX_CURRENT)))
		fail_msg("%s: says that it %s", what, moved ? "moved" : "did not move");
}

/* port_moved is only ever set in PORT_DISABLED (6.4.7) and cleared in INITIALIZE. */
static bool
can_be(enum lacp_rx_state state, unsigned inputs)
{
	return (inputs & MOVED) == 0 || state == LACP_RX_PORT_DISABLED;
}

static void
every_state_with_every_input(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	for (unsigned i = 0; i < LACP_RX_COUNT * NB_INPUTS; i++) {
		enum lacp_rx_state from = (enum lacp_rx_state)(i / NB_INPUTS);

		if (!can_be(from, i % NB_INPUTS))
			continue;
		bench_begin(&b, &s);
		bench_add(&b, 1);
		check_inputs(&b, from, i % NB_INPUTS);
		bench_end(&b);
	}
	for (size_t i = 0; i < RTE_DIM(transitions); i++)
		if (transitions[i].seen == 0)
			fail_msg("transition %zu of the table was never taken", i);
}

static void
current(struct lacp_bench *b, const struct lacp_settings *s)
{
	bench_begin(b, s);
	bench_add(b, 1);
	(void)port_in(b, LACP_RX_CURRENT, ENABLED | LACP_ENABLED);
}

static void
update_selected_looks_at_who_the_partner_is(void **state)
{
	static const enum lacp_selected before[] = {LACP_SELECTED, LACP_STANDBY};
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	for (int i = 0; i < 2 * NB_SIDE_FIELDS; i++) {
		struct lacp_pdu pdu;

		current(&b, &s);
		pdu = bench_pdu(&b.l->ports[0]);
		b.l->ports[0].selected = before[i % 2];
		change_side(&pdu.actor, i / 2);
		(void)lacp_receive_step(b.l, &b.l->ports[0], &pdu, b.now_ns);
		if (b.l->ports[0].selected != LACP_UNSELECTED || !b.l->reselect)
			fail_msg("another %s of the partner: still selected", side_fields[i / 2]);
		bench_end(&b);
	}
	/* Every bit of its state but Aggregation is of no interest here. */
	for (unsigned bit = 1; bit < 0x100; bit <<= 1) {
		struct lacp_pdu pdu;

		if (bit == LACP_STATE_AGGREGATION)
			continue;
		current(&b, &s);
		pdu = bench_pdu(&b.l->ports[0]);
		pdu.actor.state ^= (uint8_t)bit;
		(void)lacp_receive_step(b.l, &b.l->ports[0], &pdu, b.now_ns);
		assert_int_equal(b.l->ports[0].selected, LACP_SELECTED);
		assert_false(b.l->reselect);
		bench_end(&b);
	}
}

static void
update_default_selected_looks_at_who_the_partner_was(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	for (int field = -1; field < NB_SIDE_FIELDS; field++) {
		struct lacp_port *p;

		bench_begin(&b, &s);
		bench_add(&b, 1);
		p = port_in(&b, LACP_RX_EXPIRED, ENABLED | LACP_ENABLED | EXPIRED);
		p->partner = default_partner();
		p->partner.state = (uint8_t)~LACP_STATE_AGGREGATION; /* no other bit matters */
		if (field >= 0)
			change_side(&p->partner, field);
		assert_true(lacp_receive_step(b.l, p, NULL, b.now_ns));
		assert_int_equal(p->rx, LACP_RX_DEFAULTED);
		if ((p->selected == LACP_UNSELECTED) != (field >= 0) ||
		    b.l->reselect != (field >= 0))
			fail_msg("%s", field >= 0 ? side_fields[field] : "no other partner");
		bench_end(&b);
	}
}

static void
update_ntt_looks_at_how_the_partner_knows_us(void **state)
{
	const uint8_t watched =
		LACP_STATE_ACTIVITY | LACP_STATE_TIMEOUT | LACP_STATE_SYNC | LACP_STATE_AGGREGATION;
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	for (int field = 0; field < NB_SIDE_FIELDS; field++) {
		struct lacp_pdu pdu;

		current(&b, &s);
		pdu = bench_pdu(&b.l->ports[0]);
		change_side(&pdu.partner, field);
		(void)lacp_receive_step(b.l, &b.l->ports[0], &pdu, b.now_ns);
		if (!b.l->ports[0].ntt)
			fail_msg("another %s of ours: no need to transmit", side_fields[field]);
		bench_end(&b);
	}
	for (unsigned bit = 1; bit < 0x100; bit <<= 1) {
		struct lacp_pdu pdu;

		current(&b, &s);
		pdu = bench_pdu(&b.l->ports[0]);
		pdu.partner.state ^= (uint8_t)bit;
		(void)lacp_receive_step(b.l, &b.l->ports[0], &pdu, b.now_ns);
		if (b.l->ports[0].ntt != ((bit & watched) != 0))
			fail_msg("bit %#x of our state: NTT %d", bit, b.l->ports[0].ntt);
		bench_end(&b);
	}
}

static void
ntt_stays_when_nothing_is_different(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;
	struct lacp_pdu pdu;

	(void)state;
	current(&b, &s);
	pdu = bench_pdu(&b.l->ports[0]);
	b.l->ports[0].ntt = true;
	(void)lacp_receive_step(b.l, &b.l->ports[0], &pdu, b.now_ns);
	assert_true(b.l->ports[0].ntt);
	bench_end(&b);
}

static void
record_pdu_takes_every_field(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	for (unsigned bits = 0; bits < 0x100; bits++) {
		struct lacp_port *p;
		struct lacp_pdu pdu;

		current(&b, &s);
		p = &b.l->ports[0];
		pdu = bench_pdu(p);
		for (int field = 0; field < NB_SIDE_FIELDS; field++)
			change_side(&pdu.actor, field);
		pdu.actor.state = (uint8_t)bits;
		(void)lacp_receive_step(b.l, p, &pdu, b.now_ns);
		/* Synchronization has its own rules, see below. */
		p->partner.state |= LACP_STATE_SYNC;
		pdu.actor.state |= LACP_STATE_SYNC;
		assert_true(same_side(&p->partner, &pdu.actor));
		assert_false(lacp_state_has(&p->actor, LACP_STATE_DEFAULTED));
		bench_end(&b);
	}
}

/*
 * Partner_Oper_Port_State.Synchronization (6.4.9, recordPDU): in sync, and matched or individual,
 * and kept alive.
 */
static void
partner_is_in_sync_by_the_rules(void **state)
{
	enum { SYNC = 1, MATCHED = 2, INDIVIDUAL = 4, ACTIVE = 8, WE_ACTIVE = 16, KNOWN = 32 };

	struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	for (unsigned c = 0; c < 64 * NB_SIDE_FIELDS; c++) {
		bool alive = (c & ACTIVE) != 0 || ((c & WE_ACTIVE) != 0 && (c & KNOWN) != 0);
		bool wanted = (c & SYNC) != 0 && (c & (MATCHED | INDIVIDUAL)) != 0 && alive;
		struct lacp_port *p;
		struct lacp_pdu pdu;

		s.active = (c & WE_ACTIVE) != 0;
		current(&b, &s);
		p = &b.l->ports[0];
		pdu = bench_pdu(p);
		pdu.actor.state = LACP_STATE_AGGREGATION;
		if ((c & SYNC) != 0)
			pdu.actor.state |= LACP_STATE_SYNC;
		if ((c & INDIVIDUAL) != 0)
			pdu.actor.state &= (uint8_t)~LACP_STATE_AGGREGATION;
		if ((c & ACTIVE) != 0)
			pdu.actor.state |= LACP_STATE_ACTIVITY;
		/* Whether the partner knows that we are active: Partner_State.LACP_Activity. */
		pdu.partner.state &= (uint8_t)~LACP_STATE_ACTIVITY;
		if ((c & KNOWN) != 0)
			pdu.partner.state |= LACP_STATE_ACTIVITY;
		if ((c & MATCHED) == 0)
			change_side(&pdu.partner, (int)(c / 64));
		(void)lacp_receive_step(b.l, p, &pdu, b.now_ns);
		if (lacp_state_has(&p->partner, LACP_STATE_SYNC) != wanted)
			fail_msg(
				"case %#x, %s: in sync is not %d",
				c % 64,
				side_fields[c / 64],
				wanted
			);
		bench_end(&b);
	}
}

/* What of our state does not match is no matter, but Aggregation. */
static void
partner_may_know_another_state_of_us(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	for (unsigned bit = 1; bit < 0x100; bit <<= 1) {
		struct lacp_pdu pdu;

		current(&b, &s);
		pdu = bench_pdu(&b.l->ports[0]);
		pdu.partner.state ^= (uint8_t)bit;
		(void)lacp_receive_step(b.l, &b.l->ports[0], &pdu, b.now_ns);
		assert_int_equal(
			lacp_state_has(&b.l->ports[0].partner, LACP_STATE_SYNC),
			bit != LACP_STATE_AGGREGATION
		);
		bench_end(&b);
	}
}

static void
timeout_is_the_one_that_we_ask_for(void **state)
{
	struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	for (int fast = 0; fast < 2; fast++) {
		struct lacp_pdu pdu;

		s.fast = fast != 0;
		current(&b, &s);
		pdu = bench_pdu(&b.l->ports[0]);
		(void)lacp_receive_step(b.l, &b.l->ports[0], &pdu, b.now_ns);
		assert_int_equal(
			b.l->ports[0].current_while_ns - b.now_ns,
			(fast != 0 ? 3 : 90) * NSEC_PER_SEC
		);
		bench_end(&b);
	}
}

/* From its link's coming up a port without a partner waits 3 s, whatever lacp_rate. */
static void
silence_from_the_start(void **state)
{
	struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	s.fast = false;
	bench_begin(&b, &s);
	bench_add(&b, 1);
	bench_run(&b);
	assert_int_equal(b.l->ports[0].rx, LACP_RX_PORT_DISABLED);
	bench_link(&b, 0, true);
	bench_run(&b);
	assert_int_equal(b.l->ports[0].rx, LACP_RX_EXPIRED);
	b.now_ns += 3 * NSEC_PER_SEC - 1;
	bench_run(&b);
	assert_int_equal(b.l->ports[0].rx, LACP_RX_EXPIRED);
	b.now_ns++;
	bench_run(&b);
	assert_int_equal(b.l->ports[0].rx, LACP_RX_DEFAULTED);
	assert_int_equal(b.l->ports[0].counters.expired, 1);
	assert_int_equal(b.l->ports[0].counters.defaulted, 1);
	bench_end(&b);
}

static void
half_duplex_does_not_speak(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_bench b;

	(void)state;
	bench_begin(&b, &s);
	bench_add(&b, 1);
	lacp_port_link(b.l, 0, true, SPEED_MBPS, false, b.now_ns);
	bench_pass(&b, 10 * NSEC_PER_SEC);
	assert_int_equal(b.l->ports[0].rx, LACP_RX_LACP_DISABLED);
	bench_answer(&b, 0);
	bench_pass(&b, 10 * NSEC_PER_SEC);
	assert_int_equal(b.l->ports[0].rx, LACP_RX_LACP_DISABLED);
	assert_int_equal(b.nb_sent, 0);
	/* At full duplex the port begins anew. */
	lacp_port_link(b.l, 0, true, SPEED_MBPS, true, b.now_ns);
	bench_turn(&b);
	assert_int_equal(b.l->ports[0].rx, LACP_RX_EXPIRED);
	assert_int_equal(b.nb_sent, 1);
	bench_end(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_with_every_input),
		cmocka_unit_test(update_selected_looks_at_who_the_partner_is),
		cmocka_unit_test(update_default_selected_looks_at_who_the_partner_was),
		cmocka_unit_test(update_ntt_looks_at_how_the_partner_knows_us),
		cmocka_unit_test(ntt_stays_when_nothing_is_different),
		cmocka_unit_test(record_pdu_takes_every_field),
		cmocka_unit_test(partner_is_in_sync_by_the_rules),
		cmocka_unit_test(partner_may_know_another_state_of_us),
		cmocka_unit_test(timeout_is_the_one_that_we_ask_for),
		cmocka_unit_test(silence_from_the_start),
		cmocka_unit_test(half_duplex_does_not_speak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
