/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Systems that run LACP, wired port to port, on a frozen clock: frames take their time on a cable,
 * and may be lost, doubled or delayed there. After each turn of a system all is checked that always
 * holds. For the tests of lib/bond/lacp with partners of its own kind.
 */
#pragma once

#include "lacp_bench.h"

#include <stdio.h>

enum { NET_SYSTEMS = 5, NET_PORTS = 8, NET_FLYING = 1024, NET_MAX_COPIES = 3 };

#define NET_LATENCY_NS NSEC_PER_MSEC

struct net;

struct net_port {
	bool up;
	int peer_system; /* -1: not wired */
	uint16_t peer_port;
	bool mute; /* what it sends is lost */

	/* What those who send and receive were told. */
	bool collects, distributes;

	/* The last LACPDU that was delivered. */
	bool said_sync; /* in sync, and it knew the port as it was, and somebody speaks */
	uint64_t heard_ns, timeout_ns;

	/* LACPDUs that it sent. */
	unsigned nb_tx;
	uint64_t tx_ns[4];               /* the last ones, newest first */
	uint64_t gap_min_ns, gap_max_ns; /* since net_forget_gaps */

	enum lacp_trouble trouble;
	uint64_t trouble_ns;
};

struct net_system {
	struct net *net;
	int index;
	struct lacp *l;
	struct lacp_settings s;
	struct net_port ports[NET_PORTS]; /* by port id */
	unsigned nb_changes;              /* that its log was told */
};

struct net {
	uint64_t now_ns;
	char label[160]; /* of the case, for failures */
	int nb_systems;
	struct net_system systems[NET_SYSTEMS];

	int nb_flying;
	struct net_flying {
		uint64_t at_ns;
		int system;
		uint16_t port_id;
		uint8_t frame[LACP_FRAME_BYTES];
	} flying[NET_FLYING];

	/* How many copies of a frame arrive, and how late; NULL: one, in time. */
	int (*fate)(void *ctx, uint64_t delays_ns[NET_MAX_COPIES]);
	void *ctx;

	unsigned nb_stops; /* LACPDUs that told that a port stopped to distribute */
};

#define NET_HOLDS(n, what)                                                           \
	do {                                                                         \
		if (!(what))                                                         \
			fail_msg(                                                    \
				"%s, at %llu ms: not so: %s",                        \
				(n)->label,                                          \
				((n)->now_ns - LACP_BENCH_START_NS) / NSEC_PER_MSEC, \
				#what                                                \
			);                                                           \
	} while (0)

static inline struct lacp_port *
net_lacp_port(struct net_system *sys, uint16_t port_id)
{
	for (int i = 0; i < sys->l->nb_ports; i++)
		if (sys->l->ports[i].port_id == port_id)
			return &sys->l->ports[i];
	return NULL;
}

static inline void
net_fly(struct net *n, int system, uint16_t port_id, const uint8_t *frame, uint64_t delay_ns)
{
	struct net_flying *f = &n->flying[n->nb_flying];

	NET_HOLDS(n, n->nb_flying < NET_FLYING);
	n->nb_flying++;
	f->at_ns = n->now_ns + NET_LATENCY_NS + delay_ns;
	f->system = system;
	f->port_id = port_id;
	memcpy(f->frame, frame, LACP_FRAME_BYTES);
}

/* A frame leaves port @port_id of @sys. */
static inline void
net_emit(struct net_system *sys, uint16_t port_id, const uint8_t *frame)
{
	const struct net_port *np = &sys->ports[port_id];
	uint64_t delays_ns[NET_MAX_COPIES] = {0};
	int copies = 1;

	if (np->peer_system < 0 || np->mute || !np->up)
		return;
	if (sys->net->fate != NULL)
		copies = sys->net->fate(sys->net->ctx, delays_ns);
	for (int i = 0; i < copies; i++)
		net_fly(sys->net, np->peer_system, np->peer_port, frame, delays_ns[i]);
}

/* At most three in any second (6.4.16). */
static inline void
net_note_tx(struct net *n, struct net_port *np)
{
	uint64_t gap_ns = n->now_ns - np->tx_ns[0];

	memmove(np->tx_ns + 1, np->tx_ns, 3 * sizeof(np->tx_ns[0]));
	np->tx_ns[0] = n->now_ns;
	if (++np->nb_tx > 3)
		NET_HOLDS(n, np->tx_ns[0] - np->tx_ns[3] >= NSEC_PER_SEC);
	if (np->nb_tx > 1) {
		np->gap_min_ns = gap_ns < np->gap_min_ns ? gap_ns : np->gap_min_ns;
		np->gap_max_ns = gap_ns > np->gap_max_ns ? gap_ns : np->gap_max_ns;
	}
}

static inline bool
net_is_partnerless(struct net_system *sys, const struct lacp_port *p)
{
	const struct lacp_aggregator *a = lacp_aggregator_of(sys->l, p);

	return a == NULL || !lacp_has_partner(a);
}

/*
 * When an LACPDU says that a port does not collect or distribute, it does not any more, and those
 * who send and receive were told before. (A port without a partner carries traffic, and says so to
 * nobody.)
 */
static inline void
net_send(void *ctx, uint16_t port_id, const uint8_t frame[static LACP_FRAME_BYTES])
{
	struct net_system *sys = ctx;
	struct net *n = sys->net;
	struct net_port *np = &sys->ports[port_id];
	const struct lacp_port *p = net_lacp_port(sys, port_id);
	struct lacp_pdu pdu;

	NET_HOLDS(n, np->up);
	if (lacp_kind(frame, LACP_FRAME_BYTES) == LACP_KIND_LACPDU) {
		NET_HOLDS(n, lacp_pdu_read(&pdu, frame, LACP_FRAME_BYTES) == 0);
		NET_HOLDS(n, np->distributes == lacp_distributes(sys->l, port_id));
		NET_HOLDS(n, np->collects == lacp_collects(sys->l, port_id));
		if (!net_is_partnerless(sys, p)) {
			NET_HOLDS(
				n,
				lacp_state_has(&pdu.actor, LACP_STATE_DISTRIBUTING) ||
					!np->distributes
			);
			NET_HOLDS(
				n,
				lacp_state_has(&pdu.actor, LACP_STATE_COLLECTING) || !np->collects
			);
		}
		net_note_tx(n, np);
	}
	net_emit(sys, port_id, frame);
}

static inline void
net_changed(void *ctx, const struct lacp_change *c)
{
	struct net_system *sys = ctx;

	NET_HOLDS(sys->net, c->cause != NULL && c->cause[0] != '\0');
	NET_HOLDS(sys->net, strcmp(c->from, c->to) != 0);
	sys->nb_changes++;
	if (strcmp(c->machine, "mux") == 0 && (strcmp(c->from, "DISTRIBUTING") == 0 ||
	                                       strcmp(c->from, "COLLECTING_DISTRIBUTING") == 0))
		sys->net->nb_stops++;
}

static inline void
net_trouble(void *ctx, uint16_t port_id, enum lacp_trouble trouble)
{
	struct net_system *sys = ctx;

	NET_HOLDS(sys->net, trouble != sys->ports[port_id].trouble);
	sys->ports[port_id].trouble = trouble;
	sys->ports[port_id].trouble_ns = sys->net->now_ns;
}

static inline void
net_check_port(struct net_system *sys, const struct lacp_port *p)
{
	struct net *n = sys->net;
	struct net_port *np = &sys->ports[p->port_id];
	const struct lacp_aggregator *a = lacp_aggregator_of(sys->l, p);
	bool works = p->mux == LACP_MUX_DISTRIBUTING || p->mux == LACP_MUX_COLLECTING_DISTRIBUTING;

	NET_HOLDS(n, a != NULL);
	NET_HOLDS(n, !p->begin);
	NET_HOLDS(n, p->rx != LACP_RX_INITIALIZE);
	NET_HOLDS(n, p->periodic != LACP_PERIODIC_TX);
	NET_HOLDS(n, p->selected == (a->is_active ? LACP_SELECTED : LACP_STANDBY));
	NET_HOLDS(n, works == lacp_state_has(&p->actor, LACP_STATE_DISTRIBUTING));
	NET_HOLDS(n, np->distributes == lacp_distributes(sys->l, p->port_id));
	NET_HOLDS(n, np->collects == lacp_collects(sys->l, p->port_id));
	NET_HOLDS(n, np->collects || !np->distributes);
	NET_HOLDS(n, np->distributes == (lacp_why_idle(sys->l, p->port_id)[0] == '\0'));
	if (!np->collects)
		return;
	NET_HOLDS(n, np->up && a->is_active);
	if (!lacp_has_partner(a))
		return;
	/* Never to a partner that is not in sync. */
	NET_HOLDS(n, !np->distributes || works);
	NET_HOLDS(n, np->said_sync);
	NET_HOLDS(n, n->now_ns - np->heard_ns < np->timeout_ns);
}

static inline void
net_check_aggregators(struct net_system *sys)
{
	const struct lacp *l = sys->l;
	struct net *n = sys->net;
	int active = 0, usable = 0;

	for (int i = 0; i < l->nb_ports; i++) {
		const struct lacp_aggregator *a = &l->ports[i].own;
		const struct lacp_port *first = NULL;
		int nb = 0;

		active += a->is_active;
		for (int j = 0; j < l->nb_ports; j++) {
			const struct lacp_port *p = &l->ports[j];

			if (p->aggregator_id != a->id)
				continue;
			nb++;
			usable += a->is_active && p->enabled;
			first = first == NULL ? p : first;
			/* All ports of an aggregator lead to the same partner. */
			NET_HOLDS(n, p->actor.key == a->actor_key);
			NET_HOLDS(n, p->partner.key == a->partner_key);
			NET_HOLDS(n, p->partner.system_priority == a->partner_priority);
			NET_HOLDS(
				n, rte_is_same_ether_addr(&p->partner.system, &a->partner_system)
			);
		}
		NET_HOLDS(n, nb <= 1 || (lacp_has_partner(a) && !a->individual));
		NET_HOLDS(n, nb != 0 || !a->is_active);
	}
	NET_HOLDS(n, active <= 1);
	NET_HOLDS(n, (active == 0) == (usable == 0));
	NET_HOLDS(n, lacp_carrier(l) == (active == 1 && usable >= (int)sys->s.min_links));
}

/* A turn of the caller: run, tell those who send and receive, and only then send. */
static inline void
net_turn(struct net_system *sys)
{
	struct net *n = sys->net;

	lacp_run(sys->l, n->now_ns);
	NET_HOLDS(n, sys->l->turns < LACP_TURNS_MAX);
	if (lacp_take_changed(sys->l))
		for (uint16_t id = 0; id < NET_PORTS; id++) {
			sys->ports[id].collects = lacp_collects(sys->l, id);
			sys->ports[id].distributes = lacp_distributes(sys->l, id);
		}
	for (int i = 0; i < sys->l->nb_ports; i++)
		net_check_port(sys, &sys->l->ports[i]);
	net_check_aggregators(sys);
	lacp_send(sys->l, n->now_ns);
	NET_HOLDS(n, lacp_next_ns(sys->l, n->now_ns) > n->now_ns);
}

static inline void
net_turns(struct net *n)
{
	for (int i = 0; i < n->nb_systems; i++)
		net_turn(&n->systems[i]);
}

/* What recordPDU has to make of an LACPDU (6.4.9), seen from outside. */
static inline bool
net_says_sync(const struct lacp_port *p, const struct lacp_pdu *pdu)
{
	struct lacp_side known = pdu->partner, actor = p->actor;
	bool active = (pdu->actor.state & LACP_STATE_ACTIVITY) != 0 ||
	              (p->actor.state & pdu->partner.state & LACP_STATE_ACTIVITY) != 0;

	known.state &= LACP_STATE_AGGREGATION;
	actor.state &= LACP_STATE_AGGREGATION;
	return (pdu->actor.state & LACP_STATE_SYNC) != 0 && active &&
	       (same_side(&known, &actor) || (pdu->actor.state & LACP_STATE_AGGREGATION) == 0);
}

static inline void
net_deliver(struct net *n, const struct net_flying *f)
{
	struct net_system *sys = &n->systems[f->system];
	struct net_port *np = &sys->ports[f->port_id];
	const struct lacp_port *p = net_lacp_port(sys, f->port_id);
	struct lacp_pdu pdu;

	if (p == NULL || !np->up)
		return;
	if (lacp_kind(f->frame, LACP_FRAME_BYTES) == LACP_KIND_LACPDU &&
	    lacp_pdu_read(&pdu, f->frame, LACP_FRAME_BYTES) == 0 &&
	    !rte_is_same_ether_addr(&pdu.actor.system, &p->actor.system)) {
		np->said_sync = net_says_sync(p, &pdu);
		np->heard_ns = n->now_ns;
		np->timeout_ns = (sys->s.fast ? 3 : 90) * NSEC_PER_SEC;
	}
	lacp_receive(sys->l, f->port_id, f->frame, LACP_FRAME_BYTES, n->now_ns);
}

static inline uint64_t
net_next_ns(const struct net *n)
{
	uint64_t next_ns = LACP_NEVER;

	for (int i = 0; i < n->nb_flying; i++)
		next_ns = n->flying[i].at_ns < next_ns ? n->flying[i].at_ns : next_ns;
	for (int i = 0; i < n->nb_systems; i++) {
		uint64_t ns = lacp_next_ns(n->systems[i].l, n->now_ns);

		next_ns = ns < next_ns ? ns : next_ns;
	}
	return next_ns;
}

/* The next event no later than @until_ns; false: there is none, and it is @until_ns now. */
static inline bool
net_step(struct net *n, uint64_t until_ns)
{
	uint64_t next_ns;
	struct net_flying due;

	net_turns(n);
	next_ns = net_next_ns(n);
	n->now_ns = next_ns < until_ns ? next_ns : until_ns;
	for (int i = 0; i < n->nb_flying;) {
		if (n->flying[i].at_ns > n->now_ns) {
			i++;
			continue;
		}
		due = n->flying[i];
		memmove(&n->flying[i], &n->flying[i + 1], (size_t)(--n->nb_flying - i) * sizeof(due)
		);
		net_deliver(n, &due);
	}
	net_turns(n);
	return next_ns <= until_ns;
}

static inline void
net_pass(struct net *n, uint64_t ns)
{
	uint64_t until_ns = n->now_ns + ns;

	while (net_step(n, until_ns))
		;
}

/* How long it takes until @is_so; fails after @limit_ns. */
static inline uint64_t
net_wait(struct net *n, bool (*is_so)(struct net *n), uint64_t limit_ns)
{
	uint64_t begin_ns = n->now_ns;

	net_turns(n);
	while (!is_so(n)) {
		if (n->now_ns - begin_ns >= limit_ns)
			fail_msg("%s: not so after %llu ms", n->label, limit_ns / NSEC_PER_MSEC);
		(void)net_step(n, begin_ns + limit_ns);
	}
	return n->now_ns - begin_ns;
}

static inline void
net_begin(struct net *n)
{
	memset(n, 0, sizeof(*n));
	n->now_ns = LACP_BENCH_START_NS;
}

static inline void
net_end(struct net *n)
{
	for (int i = 0; i < n->nb_systems; i++)
		n->systems[i].l = lacp_free(n->systems[i].l);
}

static inline struct net_system *
net_add_system(struct net *n, const struct lacp_settings *s)
{
	struct net_system *sys = &n->systems[n->nb_systems];
	struct lacp_ops ops = {net_send, net_changed, net_trouble, sys};

	sys->net = n;
	sys->index = n->nb_systems++;
	sys->s = *s;
	sys->s.system.addr_bytes[5] = (uint8_t)(0xa0 + sys->index);
	for (int i = 0; i < NET_PORTS; i++)
		sys->ports[i].peer_system = -1;
	assert_int_equal(lacp_new(&sys->l, &sys->s, &ops), 0);
	return sys;
}

static inline void
net_add_port(struct net_system *sys, uint16_t port_id)
{
	sys->ports[port_id] = (struct net_port){.peer_system = -1};
	lacp_port_add(sys->l, port_id, &bench_source, LACP_PORT_PRIORITY, sys->net->now_ns);
}

static inline bool
net_remove_port(struct net_system *sys, uint16_t port_id, uint8_t farewell[LACP_FRAME_BYTES])
{
	struct net_port *np = &sys->ports[port_id];

	np->collects = np->distributes = false;
	np->up = false;
	return lacp_port_remove(sys->l, port_id, farewell);
}

static inline void
net_wire(struct net *n, int a, uint16_t a_port, int b, uint16_t b_port)
{
	n->systems[a].ports[a_port].peer_system = b;
	n->systems[a].ports[a_port].peer_port = b_port;
	n->systems[b].ports[b_port].peer_system = a;
	n->systems[b].ports[b_port].peer_port = a_port;
}

/* One end of a link. */
static inline void
net_port_link(struct net_system *sys, uint16_t port_id, bool up, uint32_t speed_mbps)
{
	struct net_port *np = &sys->ports[port_id];

	if (np->up && !up)
		np->said_sync = false;
	np->up = up;
	lacp_port_link(sys->l, port_id, up, speed_mbps, true, sys->net->now_ns);
}

/* Both ends of a cable; frames on it are lost when it goes down. */
static inline void
net_link(struct net *n, int system, uint16_t port_id, bool up)
{
	struct net_port *np = &n->systems[system].ports[port_id];
	int peer = np->peer_system;

	net_port_link(&n->systems[system], port_id, up, SPEED_MBPS);
	if (peer >= 0)
		net_port_link(&n->systems[peer], np->peer_port, up, SPEED_MBPS);
}

static inline unsigned
net_distributing(struct net_system *sys)
{
	unsigned nb = 0;

	for (int i = 0; i < NET_PORTS; i++)
		nb += sys->ports[i].distributes;
	return nb;
}

static inline void
net_forget_gaps(struct net *n)
{
	for (int i = 0; i < n->nb_systems; i++)
		for (int j = 0; j < NET_PORTS; j++) {
			n->systems[i].ports[j].gap_min_ns = LACP_NEVER;
			n->systems[i].ports[j].gap_max_ns = 0;
		}
}
