/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libFuzzer target: a life of LACP ports as a sequence of events, each an opcode and what belongs
 * to it: frames, LACPDUs of a partner that knows more or less of us, links, time, ports that come
 * and go, settings. After each turn all is checked that always holds. Run by scripts/test.
 */
#include "lacp_priv.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 4096, MAX_PORTS = 6, MAX_EVENTS = 1000 };

/* What is not so ends the run: libFuzzer keeps the input. */
#define HOLDS(what)              \
	do {                     \
		if (!(what))     \
			abort(); \
	} while (0)

enum event {
	EVENT_FRAME,
	EVENT_RAW,
	EVENT_PDU,
	EVENT_MARKER,
	EVENT_LINK,
	EVENT_TIME,
	EVENT_NEXT,
	EVENT_ADD,
	EVENT_REMOVE,
	EVENT_SETTINGS,
	EVENT_PRIORITY,
	EVENT_COUNT
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct port {
	bool present, collects, distributes;
	uint64_t tx_ns[LACP_TX_PER_PERIOD]; /* newest first */
	bool said_sync;
	uint64_t heard_ns, timeout_ns;
};

struct target {
	const uint8_t *data;
	size_t left;
	struct lacp *l;
	struct lacp_settings s;
	uint64_t now_ns;
	int nb_ports;
	struct port ports[MAX_PORTS]; /* by port id */
};

static uint8_t
take(struct target *t)
{
	if (t->left == 0)
		return 0;
	t->left--;
	return *t->data++;
}

static struct lacp_port *
find(const struct target *t, uint16_t port_id)
{
	for (int i = 0; i < t->l->nb_ports; i++)
		if (t->l->ports[i].port_id == port_id)
			return &t->l->ports[i];
	return NULL;
}

static void
send_frame(void *ctx, uint16_t port_id, const uint8_t frame[static LACP_FRAME_BYTES])
{
	struct target *t = ctx;
	struct port *port = &t->ports[port_id];
	const struct lacp_port *p = find(t, port_id);
	const struct lacp_aggregator *a;
	struct lacp_pdu pdu;

	HOLDS(port->present && p != NULL && p->enabled);
	if (lacp_kind(frame, LACP_FRAME_BYTES) == LACP_KIND_MARKER)
		return;
	HOLDS(lacp_pdu_read(&pdu, frame, LACP_FRAME_BYTES) == 0);
	HOLDS(p->lacp_enabled);
	/* At most three in any second. */
	HOLDS(port->tx_ns[2] == 0 || t->now_ns - port->tx_ns[2] >= LACP_FAST_PERIODIC_NS);
	memmove(port->tx_ns + 1, port->tx_ns, 2 * sizeof(port->tx_ns[0]));
	port->tx_ns[0] = t->now_ns;
	/* Traffic stopped before the partner hears of it. */
	a = lacp_aggregator_of(t->l, p);
	HOLDS(a != NULL);
	if (lacp_has_partner(a)) {
		HOLDS(!port->distributes || lacp_state_has(&pdu.actor, LACP_STATE_DISTRIBUTING));
		HOLDS(!port->collects || lacp_state_has(&pdu.actor, LACP_STATE_COLLECTING));
	}
}

static void
note_change(void *ctx, const struct lacp_change *c)
{
	(void)ctx;
	HOLDS(strcmp(c->from, c->to) != 0 && c->cause[0] != '\0' && c->machine[0] != '\0');
}

static void
note_trouble(void *ctx, uint16_t port_id, enum lacp_trouble trouble)
{
	const struct target *t = ctx;

	HOLDS(t->ports[port_id].present && trouble < LACP_TROUBLE_COUNT);
}

static void
check_port(const struct target *t, const struct lacp_port *p)
{
	const struct port *port = &t->ports[p->port_id];
	const struct lacp_aggregator *a = lacp_aggregator_of(t->l, p);
	struct lacp_port_view v;

	HOLDS(!p->begin && p->rx < LACP_RX_COUNT && p->mux < LACP_MUX_COUNT);
	HOLDS(a != NULL && p->selected == (a->is_active ? LACP_SELECTED : LACP_STANDBY));
	/* A partner that does not aggregate has each of its links for itself. */
	if (lacp_has_partner(a))
		HOLDS(a->individual == !lacp_state_has(&p->partner, LACP_STATE_AGGREGATION));
	else if (p->enabled)
		HOLDS(a->individual == !p->lacp_enabled);
	HOLDS(p->actor.key == a->actor_key && p->partner.key == a->partner_key);
	HOLDS(p->partner.system_priority == a->partner_priority);
	HOLDS(rte_is_same_ether_addr(&p->partner.system, &a->partner_system));
	HOLDS(lacp_port_view(t->l, p->port_id, &v));
	HOLDS(v.distributes == port->distributes && v.collects == port->collects);
	HOLDS(v.distributes == (lacp_why_idle(t->l, p->port_id)[0] == '\0'));
	if (!v.collects) {
		HOLDS(!v.distributes);
		return;
	}
	HOLDS(p->enabled && a->is_active);
	if (!lacp_has_partner(a))
		return;
	HOLDS(!v.distributes || lacp_state_has(&p->actor, LACP_STATE_DISTRIBUTING));
	HOLDS(port->said_sync && t->now_ns - port->heard_ns < port->timeout_ns);
}

static void
check_aggregators(const struct target *t)
{
	unsigned active = 0, usable = 0;

	for (int i = 0; i < t->l->nb_ports; i++) {
		const struct lacp_aggregator *a = &t->l->ports[i].own;
		unsigned nb = 0;

		for (int j = 0; j < t->l->nb_ports; j++)
			nb += t->l->ports[j].aggregator_id == a->id;
		HOLDS(nb <= 1 || (lacp_has_partner(a) && !a->individual));
		HOLDS(nb != 0 || !a->is_active);
		active += a->is_active;
		usable += a->is_active ? lacp_usable_ports(t->l, a) : 0;
	}
	HOLDS(active <= 1 && (active == 0) == (usable == 0));
	HOLDS(lacp_carrier(t->l) == (active == 1 && usable >= t->s.min_links));
}

/* A turn of the caller. */
static void
turn(struct target *t)
{
	struct lacp_view v;

	lacp_run(t->l, t->now_ns);
	HOLDS(t->l->turns < LACP_TURNS_MAX);
	if (lacp_take_changed(t->l))
		for (uint16_t id = 0; id < MAX_PORTS; id++) {
			t->ports[id].collects = lacp_collects(t->l, id);
			t->ports[id].distributes = lacp_distributes(t->l, id);
		}
	for (int i = 0; i < t->l->nb_ports; i++)
		check_port(t, &t->l->ports[i]);
	check_aggregators(t);
	lacp_view(t->l, &v);
	lacp_send(t->l, t->now_ns);
	HOLDS(lacp_next_ns(t->l, t->now_ns) > t->now_ns);
}

/* What recordPDU has to make of it, seen from outside (6.4.9). */
static bool
says_sync(const struct lacp_port *p, const struct lacp_pdu *pdu)
{
	const struct lacp_side *us = &pdu->partner, *we = &p->actor;
	bool alive = (pdu->actor.state & LACP_STATE_ACTIVITY) != 0 ||
	             (we->state & us->state & LACP_STATE_ACTIVITY) != 0;
	bool known = us->system_priority == we->system_priority && us->key == we->key &&
	             us->port_priority == we->port_priority && us->port_number == we->port_number &&
	             rte_is_same_ether_addr(&us->system, &we->system) &&
	             ((us->state ^ we->state) & LACP_STATE_AGGREGATION) == 0;

	return (pdu->actor.state & LACP_STATE_SYNC) != 0 && alive &&
	       (known || (pdu->actor.state & LACP_STATE_AGGREGATION) == 0);
}

static void
deliver(struct target *t, uint16_t port_id, const uint8_t *frame, size_t bytes)
{
	const struct lacp_port *p = find(t, port_id);
	struct lacp_pdu pdu;
	uint8_t *copy;

	if (p != NULL && p->enabled && lacp_kind(frame, bytes) == LACP_KIND_LACPDU &&
	    lacp_pdu_read(&pdu, frame, bytes) == 0 &&
	    !rte_is_same_ether_addr(&pdu.actor.system, &p->actor.system)) {
		t->ports[port_id].said_sync = says_sync(p, &pdu);
		t->ports[port_id].heard_ns = t->now_ns;
		t->ports[port_id].timeout_ns =
			t->s.fast ? LACP_SHORT_TIMEOUT_NS : LACP_LONG_TIMEOUT_NS;
	}
	/* In memory of its own, where a read outside is seen. */
	copy = malloc(bytes != 0 ? bytes : 1);
	if (copy == NULL)
		return;
	memcpy(copy, frame, bytes);
	lacp_receive(t->l, port_id, copy, bytes, t->now_ns);
	free(copy);
}

/* Bytes of the input; @is_lacpdu: behind the header that makes them one. */
static void
frame_event(struct target *t, uint16_t port_id, bool is_slow_protocol)
{
	uint8_t frame[14 + 255];
	size_t begin = is_slow_protocol ? 14 : 0, bytes = begin + take(t);

	memcpy(frame, &lacp_multicast, 6);
	memset(frame + 6, 2, 6);
	frame[12] = LACP_ETHER_TYPE >> 8;
	frame[13] = LACP_ETHER_TYPE & 0xff;
	for (size_t i = begin; i < bytes; i++)
		frame[i] = take(t);
	deliver(t, port_id, frame, bytes);
}

/* A partner that makes sense, with one byte of the LACPDU changed. */
static void
pdu_event(struct target *t, uint16_t port_id)
{
	const struct lacp_port *p = find(t, port_id);
	uint8_t who = take(t), state = take(t), known = take(t), at = take(t);
	uint8_t frame[LACP_FRAME_BYTES];
	struct lacp_pdu pdu = {
		.actor =
			{
				.system_priority = (uint16_t)(who >> 6),
				.system = {{2, 0, 0, 0, 1, who & 3}},
				.key = (uint16_t)(who >> 2 & 3),
				.port_priority = 255,
				.port_number = (uint16_t)(port_id + (who >> 4 & 3)),
				.state = state,
			},
	};

	if (p == NULL)
		return;
	pdu.partner = p->actor;
	pdu.partner.state ^= known;
	lacp_pdu_write(frame, &lacp_multicast, &pdu);
	if (at >= 14 && at < sizeof(frame))
		frame[at] ^= take(t);
	deliver(t, port_id, frame, sizeof(frame));
}

static void
marker_event(struct target *t, uint16_t port_id)
{
	struct marker_pdu marker = {.is_response = (take(t) & 1) != 0, .requester_port = port_id};
	uint8_t frame[LACP_FRAME_BYTES];

	marker_pdu_write(frame, &lacp_multicast, &marker);
	deliver(t, port_id, frame, sizeof(frame));
}

static void
link_event(struct target *t, uint16_t port_id)
{
	static const uint32_t speeds[] = {0, 1000, 10000, 10001};
	uint8_t how = take(t);

	if ((how & 1) == 0)
		t->ports[port_id].said_sync = false;
	lacp_port_link(
		t->l, port_id, (how & 1) != 0, speeds[how >> 1 & 3], (how & 8) == 0, t->now_ns
	);
}

static void
add_event(struct target *t, uint16_t port_id)
{
	const struct rte_ether_addr source = {{2, 0, 0, 0, 2, (uint8_t)port_id}};

	if (t->ports[port_id].present)
		return;
	t->ports[port_id] = (struct port){.present = true};
	lacp_port_add(t->l, port_id, &source, take(t), t->now_ns);
}

static void
remove_event(struct target *t, uint16_t port_id)
{
	uint8_t frame[LACP_FRAME_BYTES];
	struct lacp_pdu pdu;

	t->ports[port_id] = (struct port){.present = false};
	if (lacp_port_remove(t->l, port_id, frame)) {
		HOLDS(lacp_pdu_read(&pdu, frame, sizeof(frame)) == 0);
		HOLDS((pdu.actor.state & LACP_STATE_SYNC) == 0);
	}
	HOLDS(find(t, port_id) == NULL);
}

static void
settings_event(struct target *t)
{
	uint8_t how = take(t), who = take(t);

	t->s = (struct lacp_settings){
		.active = (how & 1) != 0,
		.fast = (how & 2) != 0,
		.coupled_control = (how & 4) != 0,
		.ad_select = (enum lacp_ad_select)((how >> 3) % 3),
		.system_priority = (uint16_t)(1 + (who >> 6)),
		.system = {{2, 0, 0, 0, 1, who & 7}},
		.user_key = (uint16_t)(who >> 3 & 3),
		.min_links = how >> 5 & 3,
	};
}

static void
happen(struct target *t)
{
	uint8_t op = take(t);
	uint16_t port_id = (uint16_t)(op >> 4) % MAX_PORTS;
	uint64_t next_ns;

	switch ((op & 15) % EVENT_COUNT) {
	case EVENT_FRAME:
	case EVENT_RAW:
		frame_event(t, port_id, (op & 15) % EVENT_COUNT == EVENT_FRAME);
		break;
	case EVENT_PDU:
		pdu_event(t, port_id);
		break;
	case EVENT_MARKER:
		marker_event(t, port_id);
		break;
	case EVENT_LINK:
		link_event(t, port_id);
		break;
	case EVENT_TIME:
		t->now_ns += take(t) * 100 * NSEC_PER_MSEC;
		break;
	case EVENT_NEXT:
		next_ns = lacp_next_ns(t->l, t->now_ns);
		if (next_ns != LACP_NEVER && next_ns > t->now_ns)
			t->now_ns = next_ns;
		break;
	case EVENT_ADD:
		add_event(t, port_id);
		break;
	case EVENT_REMOVE:
		remove_event(t, port_id);
		break;
	case EVENT_SETTINGS:
		settings_event(t);
		lacp_set(t->l, &t->s);
		break;
	default:
		lacp_port_priority(t->l, port_id, take(t));
	}
	/* Two things may happen in one turn. */
	if ((op & 15) < EVENT_COUNT || op % 3 != 0)
		turn(t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct target t = {.data = data, .left = size, .now_ns = 1000 * NSEC_PER_SEC};
	const struct lacp_ops ops = {send_frame, note_change, note_trouble, &t};

	if (size > MAX_BYTES)
		return 0;
	settings_event(&t);
	if (lacp_new(&t.l, &t.s, &ops) != 0)
		abort();
	for (int i = 0; i < MAX_EVENTS && t.left != 0; i++)
		happen(&t);
	turn(&t);
	lacp_free(t.l);
	return 0;
}
