/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What always holds of LACP, whatever happens in whatever order: one system with some partners of
 * its kind; LACPDUs are lost, doubled and late, links flap, cables are swapped, partners restart,
 * settings change. net_turn checks after each event; when the disturbance is over all must work
 * within a bound. A failure names seed, step and deed.
 *
 * usage: test_lacp_property [FIRST_SEED LAST_SEED]
 */
#include "lacp_net.h"

#include <rte_common.h>

#include <inttypes.h>

enum { WE, MAX_PARTNERS = 3, MAX_OUR_PORTS = 6, STEPS = 150, NB_SEEDS = 120 };

struct world {
	struct net n;
	uint64_t random, seed;
	int step;
	int nb_partners, nb_ports; /* ours */
	unsigned lost_percent, twice_percent, late_percent;
};

static uint32_t
draw(struct world *w, uint32_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (uint32_t)((w->random >> 32) % below);
}

static void
deed(struct world *w, const char *what)
{
	snprintf(
		w->n.label,
		sizeof(w->n.label),
		"seed %" PRIu64 ", step %d, %s",
		w->seed,
		w->step,
		what
	);
}

static int
fate(void *ctx, uint64_t delays_ns[NET_MAX_COPIES])
{
	struct world *w = ctx;
	int copies = 1;

	if (draw(w, 100) < w->lost_percent)
		return 0;
	if (draw(w, 100) < w->twice_percent)
		copies += (int)draw(w, NET_MAX_COPIES);
	for (int i = 0; i < copies; i++)
		if (draw(w, 100) < w->late_percent)
			delays_ns[i] = draw(w, 2500) * NSEC_PER_MSEC;
	return copies;
}

static struct lacp_settings
draw_settings(struct world *w, const struct lacp_settings *was)
{
	struct lacp_settings s = *was;

	s.fast = draw(w, 2) != 0;
	s.coupled_control = draw(w, 2) != 0;
	s.ad_select = (enum lacp_ad_select)draw(w, LACP_AD_COUNT + 1);
	s.min_links = draw(w, 4);
	if (draw(w, 3) == 0)
		s.system_priority = (uint16_t)(1 + draw(w, 3));
	if (draw(w, 3) == 0)
		s.user_key = (uint16_t)draw(w, 3);
	return s;
}

static void
begin_world(struct world *w, uint64_t seed)
{
	uint16_t nb[MAX_PARTNERS] = {0};
	struct lacp_settings s = bench_settings();

	w->seed = w->random = seed * 0x9e3779b97f4a7c15 + 1;
	w->seed = seed;
	w->step = 0;
	net_begin(&w->n);
	deed(w, "begin");
	w->nb_partners = 1 + (int)draw(w, MAX_PARTNERS);
	w->nb_ports = 2 + (int)draw(w, MAX_OUR_PORTS - 1);
	w->lost_percent = draw(w, 60);
	w->twice_percent = draw(w, 40);
	w->late_percent = draw(w, 60);
	s = draw_settings(w, &s);
	(void)net_add_system(&w->n, &s);
	for (int i = 0; i < w->nb_partners; i++) {
		s = bench_settings();
		s = draw_settings(w, &s);
		s.active = draw(w, 2) != 0;
		(void)net_add_system(&w->n, &s);
	}
	for (uint16_t id = 0; id < w->nb_ports; id++) {
		int partner = (int)draw(w, (uint32_t)w->nb_partners);

		net_add_port(&w->n.systems[WE], id);
		net_add_port(&w->n.systems[1 + partner], nb[partner]);
		net_wire(&w->n, WE, id, 1 + partner, nb[partner]++);
	}
	w->n.fate = fate;
	w->n.ctx = w;
}

static uint32_t
draw_speed(struct world *w)
{
	static const uint32_t speeds[] = {1000, 10000, 10000, 10000, 25000};

	return speeds[draw(w, RTE_DIM(speeds))];
}

/* Of a cable one end or both, to any state; or away and back before anybody looks. */
static void
change_link(struct world *w)
{
	uint16_t id = (uint16_t)draw(w, (uint32_t)w->nb_ports);
	struct net_port *np = &w->n.systems[WE].ports[id];
	struct net_system *peer = &w->n.systems[np->peer_system];
	uint32_t speed_mbps = draw_speed(w);

	switch (draw(w, 5)) {
	case 0:
		deed(w, "our end of a link changes");
		net_port_link(&w->n.systems[WE], id, draw(w, 3) != 0, speed_mbps);
		break;
	case 1:
		deed(w, "their end of a link changes");
		net_port_link(peer, np->peer_port, draw(w, 3) != 0, speed_mbps);
		break;
	case 2:
		deed(w, "a link goes down and up at once");
		speed_mbps = SPEED_MBPS;
		net_port_link(&w->n.systems[WE], id, false, 0);
		net_port_link(peer, np->peer_port, false, 0);
		/* fall through */
	default:
		net_port_link(&w->n.systems[WE], id, true, speed_mbps);
		net_port_link(peer, np->peer_port, true, speed_mbps);
	}
}

/* All with their links up in the first place, which may be seen as one change or two. */
static void
swap_cables(struct world *w)
{
	uint16_t a = (uint16_t)draw(w, (uint32_t)w->nb_ports);
	uint16_t b = (uint16_t)draw(w, (uint32_t)w->nb_ports);
	struct net_port *pa = &w->n.systems[WE].ports[a], *pb = &w->n.systems[WE].ports[b];
	int systems[] = {pa->peer_system, pb->peer_system};
	uint16_t ports[] = {pa->peer_port, pb->peer_port};
	bool link_loss = draw(w, 2) != 0;

	deed(w, link_loss ? "cables are swapped" : "cables are swapped by a converter");
	if (link_loss) {
		net_link(&w->n, WE, a, false);
		net_link(&w->n, WE, b, false);
		if (draw(w, 2) != 0)
			net_turns(&w->n);
	}
	net_wire(&w->n, WE, a, systems[1], ports[1]);
	net_wire(&w->n, WE, b, systems[0], ports[0]);
	if (link_loss) {
		net_link(&w->n, WE, a, true);
		if (draw(w, 2) != 0)
			net_pass(&w->n, draw(w, 2000) * NSEC_PER_MSEC);
		net_link(&w->n, WE, b, true);
	}
}

/* A port leaves, with or without a word, and is added again: at the end of the list. */
static void
renew_port(struct world *w, int system, uint16_t port_id, bool says)
{
	struct net_system *sys = &w->n.systems[system];
	struct net_port was = sys->ports[port_id];
	uint8_t farewell[LACP_FRAME_BYTES] = {0};

	if (net_remove_port(sys, port_id, says ? farewell : NULL) && says)
		net_fly(&w->n, was.peer_system, was.peer_port, farewell, 0);
	if (draw(w, 2) != 0)
		net_turn(sys);
	net_add_port(sys, port_id);
	net_wire(&w->n, system, port_id, was.peer_system, was.peer_port);
	if (was.up)
		net_port_link(sys, port_id, true, draw_speed(w));
}

static void
restart_partner(struct world *w)
{
	int system = 1 + (int)draw(w, (uint32_t)w->nb_partners);
	bool says = draw(w, 2) != 0;

	deed(w, "a partner restarts");
	for (uint16_t id = 0; id < NET_PORTS; id++)
		if (w->n.systems[system].ports[id].peer_system >= 0)
			renew_port(w, system, id, says);
}

static void
change_settings(struct world *w)
{
	struct net_system *sys = &w->n.systems[draw(w, (uint32_t)w->n.nb_systems)];

	deed(w, sys->index == WE ? "our settings change" : "their settings change");
	sys->s = draw_settings(w, &sys->s);
	lacp_set(sys->l, &sys->s);
	if (sys->l->nb_ports != 0)
		lacp_port_priority(
			sys->l,
			sys->l->ports[draw(w, (uint32_t)sys->l->nb_ports)].port_id,
			(uint16_t)(1 + draw(w, 2))
		);
}

static void
disturb(struct world *w)
{
	switch (draw(w, 12)) {
	case 0:
	case 1:
	case 2:
		change_link(w);
		break;
	case 3:
		swap_cables(w);
		break;
	case 4:
		deed(w, "our port is renewed");
		renew_port(w, WE, (uint16_t)draw(w, (uint32_t)w->nb_ports), draw(w, 2) != 0);
		break;
	case 5:
		restart_partner(w);
		break;
	case 6:
		change_settings(w);
		break;
	default:
		deed(w, "time");
		net_pass(&w->n, draw(w, draw(w, 8) == 0 ? 100000 : 3000) * NSEC_PER_MSEC);
	}
	net_turns(&w->n);
}

/* All our ports to one partner work, and at the other ends the same ones. */
static bool
is_well(struct net *n)
{
	struct net_system *we = &n->systems[WE];
	struct lacp_view v;
	int works_with = 0;

	lacp_view(we->l, &v);
	for (int i = 0; i < n->nb_systems; i++)
		if (rte_is_same_ether_addr(&n->systems[i].s.system, &v.partner_system))
			works_with = i;
	if (works_with == WE)
		return false;
	for (int i = 0; i < we->l->nb_ports; i++) {
		const struct net_port *np = &we->ports[we->l->ports[i].port_id];
		const struct net_port *peer = &n->systems[np->peer_system].ports[np->peer_port];
		bool wanted = np->peer_system == works_with;

		if (np->distributes != wanted || np->collects != wanted ||
		    peer->distributes != wanted)
			return false;
	}
	return true;
}

/* Every LACPDU arrives, all links are up at one speed: nothing keeps them apart any more. */
static void
calm_down(struct world *w)
{
	struct net *n = &w->n;

	deed(w, "the disturbance is over");
	n->fate = NULL;
	for (int i = 0; i < n->nb_systems; i++)
		for (uint16_t id = 0; id < NET_PORTS; id++)
			if (n->systems[i].ports[id].peer_system >= 0)
				net_port_link(&n->systems[i], id, true, SPEED_MBPS);
	/* Whoever has an old view keeps it for a long timeout, and 3 s; then 2 s of waiting. */
	(void)net_wait(n, is_well, 100 * NSEC_PER_SEC);
	deed(w, "all is well");
	/* What was late is in. */
	net_pass(n, 40 * NSEC_PER_SEC);
	for (int i = 0; i < n->nb_systems; i++)
		n->systems[i].nb_changes = 0;
	for (int i = 0; i < 100; i++) {
		net_pass(n, NSEC_PER_SEC);
		NET_HOLDS(n, is_well(n));
	}
	/* Churn of ports that are not in the active aggregator is all that may be told. */
	for (int i = 0; i < n->nb_systems; i++)
		NET_HOLDS(n, n->systems[i].nb_changes <= 2u * NET_PORTS);
}

static void
random_lives(void **state)
{
	const uint64_t *seeds = *state;
	static struct world w;

	for (uint64_t seed = seeds[0]; seed <= seeds[1]; seed++) {
		begin_world(&w, seed);
		for (w.step = 0; w.step < STEPS; w.step++)
			disturb(&w);
		calm_down(&w);
		net_end(&w.n);
	}
}

int
main(int argc, char **argv)
{
	uint64_t seeds[] = {1, NB_SEEDS};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(random_lives, seeds),
	};

	for (int i = 1; i < argc && i <= 2; i++)
		seeds[i - 1] = strtoull(argv[i], NULL, 0);

	return cmocka_run_group_tests(tests, NULL, NULL);
}
