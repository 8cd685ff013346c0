/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two systems of ours, wired port to port on a frozen clock: who converges, how fast, what is sent
 * how often, and how a port leaves. net_turn checks after each event what always holds.
 */
#include "lacp_net.h"

#include <rte_common.h>

enum { A, B, NB_LINKS = 2 };

static void
begin_pair(struct net *n, const struct lacp_settings *a, const struct lacp_settings *b)
{
	net_begin(n);
	(void)net_add_system(n, a);
	(void)net_add_system(n, b);
	for (uint16_t id = 0; id < NB_LINKS; id++) {
		net_add_port(&n->systems[A], id);
		net_add_port(&n->systems[B], id);
		net_wire(n, A, id, B, id);
	}
	net_turns(n);
}

static void
links_up(struct net *n)
{
	for (uint16_t id = 0; id < NB_LINKS; id++)
		net_link(n, A, id, true);
}

static bool
all_work(struct net *n)
{
	for (int i = 0; i < n->nb_systems; i++)
		for (int j = 0; j < n->systems[i].l->nb_ports; j++) {
			const struct lacp_port *p = &n->systems[i].l->ports[j];

			if (!lacp_state_has(&p->actor, LACP_STATE_DISTRIBUTING) ||
			    !lacp_state_has(&p->partner, LACP_STATE_SYNC) ||
			    !n->systems[i].ports[p->port_id].distributes)
				return false;
		}
	return true;
}

/* The default pair, converged. */
static void
begin_converged(struct net *n, const struct lacp_settings *s)
{
	begin_pair(n, s, s);
	links_up(n);
	(void)net_wait(n, all_work, 3 * NSEC_PER_SEC);
}

/* The bits of a case; the lower half is A's. */
enum {
	FAST = 0x01,
	ACTIVE = 0x02,
	COUPLED = 0x04,
	STRONG = 0x08, /* system priority */
	SIDE_BITS = 4,
	USER_KEY = 0x100, /* B has another key than A */
	LATE = 0x200,     /* B's links come up later */
	NB_CASES = 0x400,
};

static struct lacp_settings
side_settings(unsigned bits)
{
	struct lacp_settings s = bench_settings();

	s.fast = (bits & FAST) != 0;
	s.active = (bits & ACTIVE) != 0;
	s.coupled_control = (bits & COUPLED) != 0;
	s.system_priority = (bits & STRONG) != 0 ? 100 : 65535;
	return s;
}

/* Two who only answer keep each other out of sync, whatever they hear at first. */
static void
check_never_converges(struct net *n)
{
	uint64_t until_ns = n->now_ns + 400 * NSEC_PER_SEC;

	links_up(n);
	while (net_step(n, until_ns))
		for (int i = 0; i < 2; i++)
			for (int j = 0; j < NB_LINKS; j++) {
				const struct lacp_port *p = &n->systems[i].l->ports[j];

				NET_HOLDS(n, !lacp_state_has(&p->actor, LACP_STATE_COLLECTING));
				NET_HOLDS(n, !lacp_state_has(&p->partner, LACP_STATE_SYNC));
			}
}

/* Once it works, a side sends as often as the other one asks for: every second or 30 seconds. */
static void
check_intervals(struct net *n)
{
	net_pass(n, 40 * NSEC_PER_SEC);
	net_forget_gaps(n);
	for (int i = 0; i < 2; i++)
		n->systems[i].nb_changes = 0;
	net_pass(n, 100 * NSEC_PER_SEC);
	NET_HOLDS(n, all_work(n));
	for (int i = 0; i < 2; i++) {
		uint64_t wanted_ns = (n->systems[!i].s.fast ? 1 : 30) * NSEC_PER_SEC;

		NET_HOLDS(n, n->systems[i].nb_changes == 0);
		for (int j = 0; j < NB_LINKS; j++) {
			NET_HOLDS(n, n->systems[i].ports[j].gap_min_ns == wanted_ns);
			NET_HOLDS(n, n->systems[i].ports[j].gap_max_ns == wanted_ns);
		}
	}
}

static void
check_combination(struct net *n, unsigned c)
{
	struct lacp_settings a = side_settings(c), b = side_settings(c >> SIDE_BITS);

	b.user_key = (c & USER_KEY) != 0 ? 77 : 0;
	begin_pair(n, &a, &b);
	snprintf(n->label, sizeof(n->label), "case %#x", c);
	if (!a.active && !b.active) {
		check_never_converges(n);
		return;
	}
	for (uint16_t id = 0; id < NB_LINKS; id++)
		net_port_link(&n->systems[A], id, true, SPEED_MBPS);
	if ((c & LATE) != 0)
		net_pass(n, 700 * NSEC_PER_MSEC);
	for (uint16_t id = 0; id < NB_LINKS; id++)
		net_port_link(&n->systems[B], id, true, SPEED_MBPS);
	(void)net_wait(n, all_work, 3 * NSEC_PER_SEC);
	for (int i = 0; i < 2; i++) {
		struct lacp_view v;

		lacp_view(n->systems[i].l, &v);
		NET_HOLDS(n, v.nb_ports == NB_LINKS);
		NET_HOLDS(n, rte_is_same_ether_addr(&v.partner_system, &n->systems[!i].s.system));
		NET_HOLDS(
			n, v.partner_key == lacp_key(n->systems[!i].s.user_key, SPEED_MBPS, true)
		);
	}
	check_intervals(n);
}

static void
all_combinations(void **state)
{
	static struct net n;

	(void)state;
	for (unsigned c = 0; c < NB_CASES; c++) {
		check_combination(&n, c);
		net_end(&n);
	}
}

/* Ports of one end with different keys make two aggregators, of which one works. */
static void
different_keys_at_one_end(void **state)
{
	const struct lacp_settings s = bench_settings();
	static struct net n;

	(void)state;
	begin_pair(&n, &s, &s);
	net_port_link(&n.systems[A], 0, true, SPEED_MBPS);
	net_port_link(&n.systems[A], 1, true, 4 * SPEED_MBPS);
	for (uint16_t id = 0; id < NB_LINKS; id++)
		net_port_link(&n.systems[B], id, true, SPEED_MBPS * (id == 0 ? 1u : 4u));
	net_pass(&n, 10 * NSEC_PER_SEC);
	for (int i = 0; i < 2; i++) {
		const struct lacp_port *p = n.systems[i].l->ports;

		assert_int_not_equal(p[0].aggregator_id, p[1].aggregator_id);
		assert_int_equal(net_distributing(&n.systems[i]), 1);
	}
	assert_int_equal(n.systems[A].ports[0].distributes, n.systems[B].ports[0].distributes);
	net_end(&n);
}

/* Speaks no more, link up: left within the timeout that we ask for, and not before. */
static void
check_silence(bool fast, uint64_t timeout_ns)
{
	struct lacp_settings s = bench_settings();
	static struct net n;
	uint64_t heard_ns;

	s.fast = fast;
	begin_converged(&n, &s);
	net_pass(&n, 100 * NSEC_PER_SEC);
	snprintf(n.label, sizeof(n.label), "silent, %s", fast ? "fast" : "slow");
	for (int i = 0; i < NB_LINKS; i++)
		n.systems[B].ports[i].mute = true;
	heard_ns = RTE_MAX(n.systems[A].ports[0].heard_ns, n.systems[A].ports[1].heard_ns);
	net_pass(&n, heard_ns + timeout_ns - 1 - n.now_ns);
	NET_HOLDS(&n, net_distributing(&n.systems[A]) != 0);
	net_pass(&n, 1);
	NET_HOLDS(&n, net_distributing(&n.systems[A]) == 0);
	NET_HOLDS(&n, lacp_carrier(n.systems[A].l));
	/* After 3 more seconds nobody answers, and one port carries traffic as in Linux. */
	net_pass(&n, 3 * NSEC_PER_SEC);
	NET_HOLDS(&n, net_distributing(&n.systems[A]) == 1);
	net_pass(&n, 2 * NET_LATENCY_NS);
	/* B heard that it is not known any more. */
	NET_HOLDS(&n, net_distributing(&n.systems[B]) == 0);
	for (int i = 0; i < NB_LINKS; i++)
		n.systems[B].ports[i].mute = false;
	(void)net_wait(&n, all_work, (fast ? 4 : 33) * NSEC_PER_SEC);
	net_end(&n);
}

static void
silent_partner_is_left(void **state)
{
	(void)state;
	check_silence(true, 3 * NSEC_PER_SEC);
	check_silence(false, 90 * NSEC_PER_SEC);
}

/* One member is silent, the other stays. */
static void
silent_member_is_left(void **state)
{
	const struct lacp_settings s = bench_settings();
	static struct net n;

	(void)state;
	begin_converged(&n, &s);
	n.systems[B].ports[1].mute = true;
	net_pass(&n, 3 * NSEC_PER_SEC + NET_LATENCY_NS);
	assert_true(n.systems[A].ports[0].distributes);
	assert_false(n.systems[A].ports[1].distributes);
	net_pass(&n, 100 * NSEC_PER_SEC);
	assert_true(n.systems[A].ports[0].distributes);
	assert_false(n.systems[A].ports[1].distributes);
	assert_false(n.systems[B].ports[1].distributes);
	net_end(&n);
}

static void
link_loss_is_left_at_once(void **state)
{
	const struct lacp_settings s = bench_settings();
	static struct net n;

	(void)state;
	begin_converged(&n, &s);
	net_port_link(&n.systems[A], 0, false, 0);
	net_turns(&n);
	assert_false(n.systems[A].ports[0].distributes);
	assert_true(n.systems[A].ports[1].distributes);
	net_end(&n);
}

/* Also when the link is back before the machines had a turn: another partner may be there. */
static void
link_loss_between_two_turns_is_seen(void **state)
{
	const struct lacp_settings s = bench_settings();
	static struct net n;

	(void)state;
	begin_converged(&n, &s);
	net_port_link(&n.systems[A], 0, false, 0);
	net_port_link(&n.systems[A], 0, true, SPEED_MBPS);
	net_turns(&n);
	assert_false(n.systems[A].ports[0].distributes);
	assert_int_equal(n.systems[A].l->ports[0].rx, LACP_RX_EXPIRED);
	(void)net_wait(&n, all_work, NSEC_PER_SEC);
	net_end(&n);
}

/* Cables swapped: a port that is down forgets the partner that is heard on another (6.4.7). */
static void
partner_moves_to_another_port(void **state)
{
	const struct lacp_settings s = bench_settings();
	static struct net n;
	const struct lacp_port *p;

	(void)state;
	begin_converged(&n, &s);
	p = &n.systems[A].l->ports[1];
	net_link(&n, A, 0, false);
	net_link(&n, A, 1, false);
	net_pass(&n, NSEC_PER_SEC);
	assert_false(rte_is_zero_ether_addr(&p->partner.system));
	net_wire(&n, A, 0, B, 1);
	net_wire(&n, A, 1, B, 0);
	net_link(&n, A, 0, true);
	net_pass(&n, 2 * NET_LATENCY_NS);
	assert_true(rte_is_zero_ether_addr(&p->partner.system));
	assert_int_equal(p->rx, LACP_RX_PORT_DISABLED);
	assert_true(lacp_state_has(&p->actor, LACP_STATE_DEFAULTED));
	net_link(&n, A, 1, true);
	(void)net_wait(&n, all_work, 5 * NSEC_PER_SEC);
	net_end(&n);
}

/* What is said to stop has stopped: net_send looks. Here each way to stop is gone. */
static void
traffic_stops_before_the_partner_hears_of_it(void **state)
{
	struct lacp_settings s = bench_settings();
	static struct net n;
	uint8_t farewell[LACP_FRAME_BYTES];

	(void)state;
	for (int c = 0; c < 2; c++) {
		s.coupled_control = c != 0;
		s.system_priority = 65535;
		begin_converged(&n, &s);
		/* Another key of ours, and of the partner's. */
		s.system = n.systems[A].s.system;
		s.user_key = 9;
		lacp_set(n.systems[A].l, &s);
		net_turns(&n);
		/* Both ports begin anew; one carries traffic until somebody answers. */
		assert_int_equal(net_distributing(&n.systems[A]), 1);
		net_pass(&n, 5 * NSEC_PER_SEC);
		assert_true(all_work(&n));
		/* Another system of ours is another partner for B. */
		s.system_priority = 7;
		lacp_set(n.systems[A].l, &s);
		net_pass(&n, 5 * NSEC_PER_SEC);
		assert_true(all_work(&n));
		/* Another priority of a port is another port. */
		lacp_port_priority(n.systems[A].l, 0, 1);
		net_pass(&n, 5 * NSEC_PER_SEC);
		assert_true(all_work(&n));
		/* B leaves one port. */
		assert_true(net_remove_port(&n.systems[B], 1, farewell));
		net_fly(&n, A, 1, farewell, 0);
		net_pass(&n, 5 * NSEC_PER_SEC);
		assert_int_equal(net_distributing(&n.systems[A]), 1);
		assert_true(n.nb_stops >= 8);
		net_end(&n);
		s = bench_settings();
	}
}

/* The last LACPDU of a port makes its partner leave it at once. */
static void
farewell(void **state)
{
	const struct lacp_settings s = bench_settings();
	const struct lacp_port *p;
	static struct net n;
	uint8_t frame[LACP_FRAME_BYTES];
	struct lacp_side was;
	struct lacp_pdu pdu;

	(void)state;
	begin_converged(&n, &s);
	net_pass(&n, NSEC_PER_SEC);
	p = &n.systems[B].l->ports[1];
	was = p->actor;
	assert_true(net_remove_port(&n.systems[B], 1, frame));
	assert_int_equal(lacp_pdu_read(&pdu, frame, sizeof(frame)), 0);
	was.state &= LACP_STATE_ACTIVITY | LACP_STATE_TIMEOUT;
	assert_true(same_side(&pdu.actor, &was));
	assert_true(same_side(&pdu.partner, &n.systems[A].l->ports[1].actor));
	net_fly(&n, A, 1, frame, 0);
	net_pass(&n, NET_LATENCY_NS);
	assert_true(n.systems[A].ports[0].distributes);
	assert_false(n.systems[A].ports[1].distributes);
	/* The other link is not touched by it. */
	net_pass(&n, 100 * NSEC_PER_SEC);
	assert_true(n.systems[A].ports[0].distributes);
	assert_true(n.systems[B].ports[0].distributes);
	/* Without a partner it goes on to say so. */
	net_pass(&n, 100 * NSEC_PER_SEC);
	assert_true(net_remove_port(&n.systems[A], 1, frame));
	assert_int_equal(lacp_pdu_read(&pdu, frame, sizeof(frame)), 0);
	assert_int_equal(
		pdu.actor.state, LACP_STATE_ACTIVITY | LACP_STATE_TIMEOUT | LACP_STATE_DEFAULTED
	);
	net_add_port(&n.systems[A], 1);
	net_port_link(&n.systems[A], 1, true, SPEED_MBPS);
	/* Who can't speak says no farewell; nor does who is asked not to. */
	net_link(&n, A, 0, false);
	assert_false(lacp_port_remove(n.systems[B].l, 0, frame));
	assert_true(lacp_port_remove(n.systems[A].l, 1, NULL));
	assert_false(lacp_port_remove(n.systems[A].l, 1, frame));
	net_end(&n);
}

/* A partner that restarts is another one at first, then the same. */
static void
partner_restarts(void **state)
{
	const struct lacp_settings s = bench_settings();
	static struct net n;

	(void)state;
	begin_converged(&n, &s);
	for (uint16_t id = 0; id < NB_LINKS; id++) {
		net_remove_port(&n.systems[B], id, NULL);
		net_add_port(&n.systems[B], id);
		net_wire(&n, A, id, B, id);
		n.systems[B].ports[id].up = true;
		lacp_port_link(n.systems[B].l, id, true, SPEED_MBPS, true, n.now_ns);
	}
	net_turns(&n);
	assert_false(all_work(&n));
	(void)net_wait(&n, all_work, 4 * NSEC_PER_SEC);
	net_end(&n);
}

static void
cable_that_leads_back(void **state)
{
	const struct lacp_settings s = bench_settings();
	static struct net n;
	struct net_port *np;

	(void)state;
	net_begin(&n);
	(void)net_add_system(&n, &s);
	np = n.systems[A].ports;
	for (uint16_t id = 0; id < NB_LINKS; id++)
		net_add_port(&n.systems[A], id);
	net_wire(&n, A, 0, A, 1);
	net_link(&n, A, 0, true);
	net_pass(&n, 10 * NSEC_PER_SEC);
	for (int i = 0; i < NB_LINKS; i++) {
		const struct lacp_port *p = &n.systems[A].l->ports[i];

		assert_int_equal(np[i].trouble, LACP_TROUBLE_LOOP);
		assert_true(p->counters.rx_loop != 0);
		assert_true(rte_is_zero_ether_addr(&p->partner.system));
		assert_int_equal(p->rx, LACP_RX_DEFAULTED);
	}
	/* It is over a long timeout after the last such LACPDU, which nobody need be told. */
	np[0].mute = np[1].mute = true;
	net_pass(&n, NET_LATENCY_NS);
	np[0].trouble_ns = 0;
	net_pass(&n, 200 * NSEC_PER_SEC);
	assert_int_equal(np[0].trouble, LACP_TROUBLE_NONE);
	assert_int_equal(np[0].trouble_ns, n.systems[A].l->ports[0].loop_ns + 90 * NSEC_PER_SEC);
	net_end(&n);
}

/* Silence is seen at its time also by a port that sends nothing and has no other timer. */
static void
check_silence_is_told(bool active)
{
	const struct lacp_settings speaker = bench_settings();
	struct lacp_settings s = speaker;
	struct lacp_port_view v;
	static struct net n;
	uint64_t up_ns;

	s.active = active;
	begin_pair(&n, &s, &speaker);
	snprintf(n.label, sizeof(n.label), "no partner, %s", active ? "active" : "passive");
	up_ns = n.now_ns;
	net_port_link(&n.systems[A], 0, true, SPEED_MBPS);
	net_pass(&n, 1000 * NSEC_PER_SEC);
	NET_HOLDS(&n, n.systems[A].ports[0].trouble == LACP_TROUBLE_SILENCE);
	NET_HOLDS(&n, n.systems[A].ports[0].trouble_ns == up_ns + 270 * NSEC_PER_SEC);
	/* A link that is down is no trouble. */
	NET_HOLDS(&n, n.systems[A].ports[1].trouble == LACP_TROUBLE_NONE);
	assert_true(lacp_port_view(n.systems[A].l, 0, &v));
	assert_int_equal(v.trouble, LACP_TROUBLE_SILENCE);
	/* Once somebody speaks it is over. */
	net_port_link(&n.systems[B], 0, true, SPEED_MBPS);
	net_pass(&n, 2 * NET_LATENCY_NS);
	NET_HOLDS(&n, n.systems[A].ports[0].trouble == LACP_TROUBLE_NONE);
	net_end(&n);
}

static void
silence_is_told_after_270_seconds(void **state)
{
	(void)state;
	check_silence_is_told(true);
	check_silence_is_told(false);
}

/* Two partners: only one aggregator works, the other port is told of and churns. */
static void
another_partner(void **state)
{
	const struct lacp_settings s = bench_settings();
	struct lacp_port_view v;
	static struct net n;
	struct net_system *a;

	(void)state;
	net_begin(&n);
	for (int i = 0; i < 3; i++)
		(void)net_add_system(&n, &s);
	a = &n.systems[A];
	for (uint16_t id = 0; id < NB_LINKS; id++) {
		net_add_port(a, id);
		net_add_port(&n.systems[1 + id], 0);
		net_wire(&n, A, id, 1 + id, 0);
	}
	net_link(&n, A, 0, true);
	net_link(&n, A, 1, true);
	net_pass(&n, 50 * NSEC_PER_SEC);
	assert_true(a->ports[0].distributes);
	assert_false(a->ports[1].distributes);
	assert_int_equal(a->ports[0].trouble, LACP_TROUBLE_NONE);
	assert_int_equal(a->ports[1].trouble, LACP_TROUBLE_PARTNER);
	assert_string_equal(lacp_why_idle(a->l, 1), "another aggregator is the active one");
	/* A minute out of sync is churn, for us and, at the other end, for our partner. */
	assert_true(lacp_port_view(a->l, 1, &v));
	assert_string_equal(v.actor_churn, "monitoring");
	net_pass(&n, 60 * NSEC_PER_SEC);
	assert_true(lacp_port_view(a->l, 1, &v));
	assert_string_equal(v.actor_churn, "churned");
	assert_int_equal(v.counters.actor_churned, 1);
	assert_true(lacp_port_view(n.systems[2].l, 0, &v));
	assert_string_equal(v.partner_churn, "churned");
	assert_int_equal(v.counters.partner_churned, 1);
	assert_true(lacp_port_view(a->l, 0, &v));
	assert_string_equal(v.actor_churn, "none");
	assert_string_equal(v.partner_churn, "none");
	/* The partner that works goes away: the other one takes over without the 2 s of waiting. */
	net_link(&n, A, 0, false);
	net_pass(&n, 4 * NET_LATENCY_NS);
	assert_true(a->ports[1].distributes);
	assert_int_equal(a->ports[1].trouble, LACP_TROUBLE_NONE);
	assert_true(lacp_port_view(a->l, 1, &v));
	assert_string_equal(v.actor_churn, "none");
	net_end(&n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_combinations),
		cmocka_unit_test(different_keys_at_one_end),
		cmocka_unit_test(silent_partner_is_left),
		cmocka_unit_test(silent_member_is_left),
		cmocka_unit_test(link_loss_is_left_at_once),
		cmocka_unit_test(link_loss_between_two_turns_is_seen),
		cmocka_unit_test(partner_moves_to_another_port),
		cmocka_unit_test(traffic_stops_before_the_partner_hears_of_it),
		cmocka_unit_test(farewell),
		cmocka_unit_test(partner_restarts),
		cmocka_unit_test(cable_that_leads_back),
		cmocka_unit_test(silence_is_told_after_270_seconds),
		cmocka_unit_test(another_partner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
