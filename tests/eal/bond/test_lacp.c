/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bond in mode 802.3ad from its ports to its LACPDUs: members are net_ring ports, the test is the
 * worker and the partner. What is said to a partner comes after what is done, never before.
 */
#include "bench.h"
#include "bond_view.h"
#include "fwd_io.h"
#include "lacp_pdu.h"
#include "units.h"

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

enum { MEMBERS = 2, RING = 256, TURNS = 600 };
enum {
	GOOD = LACP_STATE_ACTIVITY | LACP_STATE_TIMEOUT | LACP_STATE_AGGREGATION | LACP_STATE_SYNC |
	       LACP_STATE_COLLECTING | LACP_STATE_DISTRIBUTING,
	C_AND_D = LACP_STATE_COLLECTING | LACP_STATE_DISTRIBUTING,
};

static struct rte_ring *in[MEMBERS], *out[MEMBERS];
static struct rte_mempool *pool;
static struct bench b;
static struct bond *bond;
static struct bond_view view;
static struct fwd_io io;
static struct {
	bool answers;
	uint8_t state; /* that the partner answers with */
	unsigned heard;
	struct lacp_pdu last;
} partner[MEMBERS];

/* The partner's LACPDU, which knows of us what it last heard. */
static void
partner_says(unsigned i)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	const struct rte_ether_addr source = {{0x02, 0, 0, 0, 0, 0x99}};
	const struct lacp_pdu pdu = {
		.actor =
			{
				.system_priority = 100,
				.system = source,
				.key = 9,
				.port_priority = 1,
				.port_number = (uint16_t)(i + 1),
				.state = partner[i].state,
			},
		.partner = partner[i].last.actor,
	};

	assert_non_null(m);
	assert_non_null(rte_pktmbuf_append(m, LACP_FRAME_BYTES));
	lacp_pdu_write(rte_pktmbuf_mtod(m, uint8_t *), &source, &pdu);
	assert_int_equal(rte_ring_enqueue(in[i], m), 0);
}

/* What the bond sent: the partner hears LACPDUs, and answers at once. */
static void
partner_hears(unsigned i)
{
	void *p;

	while (rte_ring_dequeue(out[i], &p) == 0) {
		struct rte_mbuf *m = p;

		if (lacp_pdu_read(
			    &partner[i].last, rte_pktmbuf_mtod(m, uint8_t *), rte_pktmbuf_pkt_len(m)
		    ) == 0) {
			partner[i].heard++;
			if (partner[i].answers)
				partner_says(i);
		}
		rte_pktmbuf_free(m);
	}
}

/* The worker's turn, then the control loop's. */
static void
turn(void)
{
	struct rte_mbuf *pkts[32];

	/* Members that do not collect are looked at once in 16 calls. */
	for (int i = 0; i < 16; i++)
		rte_pktmbuf_free_bulk(pkts, io.rx(&io, 0, pkts, RTE_DIM(pkts)));
	(void)bonds_tick(b.bonds);
	(void)io.tx_housekeep(&io, 0);
	for (unsigned i = 0; i < MEMBERS; i++)
		partner_hears(i);
	b.ahead_ns += 10 * NSEC_PER_MSEC;
}

static unsigned
usable(void)
{
	bond_view(b.bonds, bond, &view);
	return view.direct.nb_usable;
}

static void
turns_until_usable(unsigned n)
{
	for (int i = 0; usable() != n; i++) {
		if (i == TURNS)
			fail_msg("%u members usable, not %u: %s", usable(), n, text_str(&b.events));
		turn();
	}
}

static int
setup(void **state)
{
	struct reason why;

	(void)state;
	bench_new(&b);
	memset(partner, 0, sizeof(partner));
	for (unsigned i = 0; i < MEMBERS; i++) {
		partner[i].answers = true;
		partner[i].state = GOOD;
	}
	if (bench_bond(
		    &b,
		    "b mode=802.3ad lacp_rate=fast mac=02:00:00:00:00:b0 "
		    "members=net_ring_l0,net_ring_l1",
		    &why
	    ) != 0)
		fail_msg("%s", why.text);
	bond = bonds_find(b.bonds, "b");
	bond_io(bond, &io);
	turns_until_usable(MEMBERS);
	return 0;
}

static int
teardown(void **state)
{
	void *m;

	(void)state;
	b.plans_read = false;
	assert_int_equal(bench_free(&b), 0);
	for (unsigned i = 0; i < MEMBERS; i++)
		for (struct rte_ring *r = in[i]; r != NULL; r = r == in[i] ? out[i] : NULL)
			while (rte_ring_dequeue(r, &m) == 0)
				rte_pktmbuf_free(m);
	assert_int_equal(rte_mempool_in_use_count(pool), 0);
	return 0;
}

static void
both_sides_agree(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MEMBERS; i++) {
		assert_int_equal(partner[i].last.actor.state & C_AND_D, C_AND_D);
		assert_int_equal(partner[i].last.partner.key, 9);
		assert_string_equal(view.members[i].why_idle, "");
		assert_string_equal(view.members[i].lacp.mux, "COLLECTING_DISTRIBUTING");
		assert_int_equal(view.members[i].aggregator, 1);
	}
	assert_int_equal(view.direct.lacp.nb_ports, 2);
	assert_true(view.link_up);
}

/*
 * The partner says that member 0 is out of sync. As long as some worker may still go by the old
 * plan nothing is said of it; then it is.
 */
static void
leaves_the_plan_before_it_says_so(void **state)
{
	unsigned heard;

	(void)state;
	partner[0].answers = partner[1].answers = false;
	b.plans_read = true;
	partner[0].state &= (uint8_t)~LACP_STATE_SYNC;
	partner_says(0);
	turns_until_usable(1);
	assert_int_equal(view.direct.usable[0], view.members[1].port_id);
	heard = partner[0].heard;
	for (int i = 0; i < 50; i++) {
		turn();
		assert_int_equal(partner[0].heard, heard);
		assert_int_equal(partner[0].last.actor.state & C_AND_D, C_AND_D);
	}
	b.plans_read = false;
	for (int i = 0; i < 5; i++)
		turn();
	assert_true(partner[0].heard > heard);
	assert_int_equal(partner[0].last.actor.state & C_AND_D, 0);
	assert_int_equal(usable(), 1);
}

static void
a_silent_partner_is_left_after_three_seconds(void **state)
{
	uint64_t began_ns = b.ahead_ns;

	(void)state;
	partner[1].answers = false;
	turns_until_usable(1);
	/* Its last LACPDU came up to a second before, or a tenth of one after. */
	assert_in_range(b.ahead_ns - began_ns, 1900 * NSEC_PER_MSEC, 3200 * NSEC_PER_MSEC);
	assert_string_equal(view.members[1].why_idle, "no LACPDU within the timeout");
	assert_non_null(strstr(text_str(&b.events), "CURRENT -> EXPIRED: no LACPDU within"));
}

static void
a_member_says_goodbye(void **state)
{
	struct reason why;

	(void)state;
	partner[1].answers = false;
	if (bond_member_remove(b.bonds, bond, view.members[1].port_id, &why) != 0)
		fail_msg("%s", why.text);
	partner_hears(1);
	assert_int_equal(
		partner[1].last.actor.state & (LACP_STATE_AGGREGATION | LACP_STATE_SYNC | C_AND_D),
		0
	);
	assert_int_equal(usable(), 1);
	assert_int_equal(partner[0].last.actor.state & C_AND_D, C_AND_D);
}

static void
a_bond_that_goes_down_says_goodbye(void **state)
{
	struct reason why;

	(void)state;
	for (unsigned i = 0; i < MEMBERS; i++)
		partner[i].answers = false;
	if (bond_down(b.bonds, bond, &why) != 0)
		fail_msg("%s", why.text);
	for (unsigned i = 0; i < MEMBERS; i++) {
		partner_hears(i);
		assert_int_equal(
			partner[i].last.actor.state &
				(LACP_STATE_AGGREGATION | LACP_STATE_SYNC | C_AND_D),
			0
		);
	}
	assert_int_equal(bond_up(b.bonds, bond, &why), 0);
	bond_io(bond, &io);
	for (unsigned i = 0; i < MEMBERS; i++)
		partner[i].answers = true;
	turns_until_usable(MEMBERS);
}

/* Options that the partner sees at once, also of a bond that is up. */
static void
the_partner_hears_of_changes(void **state)
{
	const struct rte_ether_addr system = {{0x02, 0, 0, 0, 0, 0x77}};
	struct reason why;

	(void)state;
	assert_int_equal(bond_set_option(b.bonds, bond, "ad_actor_sys_prio", "7", false, &why), 0);
	assert_int_equal(
		bond_set_option(b.bonds, bond, "ad_actor_system", "02:00:00:00:00:77", false, &why),
		0
	);
	assert_int_equal(
		bond_set_member_option(
			b.bonds, bond, view.members[1].port_id, "actor_port_prio", "3", &why
		),
		0
	);
	for (int i = 0; i < 150; i++)
		turn();
	for (unsigned i = 0; i < MEMBERS; i++) {
		assert_int_equal(partner[i].last.actor.system_priority, 7);
		assert_true(rte_is_same_ether_addr(&partner[i].last.actor.system, &system));
	}
	assert_int_equal(partner[0].last.actor.port_priority, 255);
	assert_int_equal(partner[1].last.actor.port_priority, 3);
	turns_until_usable(MEMBERS);
}

static void
carrier_needs_min_links(void **state)
{
	struct reason why;

	(void)state;
	assert_int_equal(bond_set_option(b.bonds, bond, "min_links", "3", false, &why), 0);
	turn();
	(void)usable();
	assert_false(view.link_up);
	assert_int_equal(bond_set_option(b.bonds, bond, "min_links", "2", false, &why), 0);
	turn();
	(void)usable();
	assert_true(view.link_up);
}

static int
make_rings(void **state)
{
	(void)state;
	pool = rte_pktmbuf_pool_create("partner", 1023, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	assert_non_null(pool);
	for (unsigned i = 0; i < MEMBERS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "in%u", i);
		in[i] = rte_ring_create(name, RING, 0, 0);
		snprintf(name, sizeof(name), "out%u", i);
		out[i] = rte_ring_create(name, RING, 0, 0);
		snprintf(name, sizeof(name), "l%u", i);
		assert_true(rte_eth_from_rings(name, &in[i], 1, &out[i], 1, 0) >= 0);
	}
	return 0;
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	static const char *const vdevs[] = {NULL};
	const struct CMUnitTest tests[] = {
		CASE(both_sides_agree),
		CASE(leaves_the_plan_before_it_says_so),
		CASE(a_silent_partner_is_left_after_three_seconds),
		CASE(a_member_says_goodbye),
		CASE(a_bond_that_goes_down_says_goodbye),
		CASE(the_partner_hears_of_changes),
		CASE(carrier_needs_min_links),
	};

	bench_start("lacp", vdevs);
	return cmocka_run_group_tests(tests, make_rings, NULL);
}
