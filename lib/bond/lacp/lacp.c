/* SPDX-License-Identifier: BSD-3-Clause */
/* See lacp.h: the ports of a bond, what happens to them from outside, and the turn of the machines.
 */
#include "lacp_priv.h"

#include <rte_common.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* AD_LINK_SPEED_... of bond_3ad.c, from 1 on. */
static const uint32_t key_speeds_mbps[] = {
	1,
	10,
	100,
	1000,
	2500,
	5000,
	10000,
	14000,
	20000,
	25000,
	40000,
	50000,
	56000,
	100000,
	200000,
	400000,
	800000,
};

uint16_t
lacp_key(uint16_t user_key, uint32_t speed_mbps, bool full_duplex)
{
	uint16_t code = 0;

	for (unsigned i = 0; i < RTE_DIM(key_speeds_mbps); i++)
		if (key_speeds_mbps[i] == speed_mbps)
			code = (uint16_t)(i + 1);
	return (uint16_t)(user_key << 6 | code << 1 | full_duplex);
}

static struct lacp_port *
find(const struct lacp *l, uint16_t port_id)
{
	for (int i = 0; i < l->nb_ports; i++)
		if (l->ports[i].port_id == port_id)
			return (struct lacp_port *)&l->ports[i];
	return NULL;
}

void
lacp_changed(
	struct lacp *l,
	const struct lacp_port *p,
	const char *machine,
	const char *from,
	const char *to,
	const char *cause
)
{
	const struct lacp_change c = {
		.port_id = p->port_id,
		.machine = machine,
		.from = from,
		.to = to,
		.cause = cause,
	};

	if (l->ops.changed != NULL)
		l->ops.changed(l->ops.ctx, &c);
}

int
lacp_new(struct lacp **ret, const struct lacp_settings *s, const struct lacp_ops *ops)
{
	struct lacp *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return -ENOMEM;
	l->s = *s;
	l->ops = *ops;
	*ret = l;
	return 0;
}

struct lacp *
lacp_free(struct lacp *l)
{
	free(l);
	return NULL;
}

/* What of a port comes from the settings of all. */
static void
apply_settings(const struct lacp *l, struct lacp_port *p)
{
	const struct lacp_settings *s = &l->s;
	uint16_t key = (uint16_t)(s->user_key << 6 | (p->actor.key & 0x3f));

	p->actor.system_priority = s->system_priority;
	p->actor.system = s->system;
	p->actor.state &= (uint8_t) ~(LACP_STATE_ACTIVITY | LACP_STATE_TIMEOUT);
	p->actor.state |=
		(s->active ? LACP_STATE_ACTIVITY : 0) | (s->fast ? LACP_STATE_TIMEOUT : 0);
	if (p->actor.key != key) {
		p->actor.key = key;
		p->begin = true;
	}
	p->ntt = true;
}

void
lacp_set(struct lacp *l, const struct lacp_settings *s)
{
	l->s = *s;
	l->reselect = true;
	for (int i = 0; i < l->nb_ports; i++)
		apply_settings(l, &l->ports[i]);
}

void
lacp_port_add(
	struct lacp *l,
	uint16_t port_id,
	const struct rte_ether_addr *source,
	uint16_t port_priority,
	uint64_t now_ns
)
{
	struct lacp_port *p = &l->ports[l->nb_ports];
	uint16_t last = l->nb_ports != 0 ? l->ports[l->nb_ports - 1].actor.port_number : 0;

	if (l->nb_ports == 0)
		l->last_aggregator_id = 0;
	*p = (struct lacp_port){
		.port_id = port_id,
		.source = *source,
		.begin = true,
		.lacp_enabled = true,
		.actor =
			{
				.port_priority = port_priority,
				.port_number = (uint16_t)(last + 1),
				.state = LACP_STATE_AGGREGATION,
			},
		.rx = LACP_RX_PORT_DISABLED,
		.current_while_ns = LACP_NEVER,
		.periodic_timer_ns = LACP_NEVER,
		.wait_while_ns = LACP_NEVER,
		.actor_churn = {.timer_ns = LACP_NEVER},
		.partner_churn = {.timer_ns = LACP_NEVER},
		.marker_since_ns = now_ns,
		.heard_ns = now_ns,
		.own = {.id = ++l->last_aggregator_id},
	};
	l->nb_ports++;
	apply_settings(l, p);
}

bool
lacp_port_remove(struct lacp *l, uint16_t port_id, uint8_t farewell[LACP_FRAME_BYTES])
{
	const uint8_t aggregates = LACP_STATE_AGGREGATION | LACP_STATE_SYNC |
	                           LACP_STATE_COLLECTING | LACP_STATE_DISTRIBUTING;
	struct lacp_port *p = find(l, port_id);
	struct lacp_pdu pdu;
	bool speaks;
	size_t index;

	if (p == NULL)
		return false;
	speaks = p->enabled && p->lacp_enabled;
	if (farewell != NULL && speaks) {
		lacp_pdu_of(p, &pdu);
		pdu.actor.state &= (uint8_t)~aggregates;
		lacp_pdu_write(farewell, &p->source, &pdu);
	}
	lacp_aggregator_leaves(l, p);
	index = (size_t)(p - l->ports);
	l->nb_ports--;
	memmove(p, p + 1, ((size_t)l->nb_ports - index) * sizeof(*p));
	return speaks;
}

void
lacp_port_source(struct lacp *l, uint16_t port_id, const struct rte_ether_addr *source)
{
	struct lacp_port *p = find(l, port_id);

	if (p != NULL)
		p->source = *source;
}

void
lacp_port_priority(struct lacp *l, uint16_t port_id, uint16_t priority)
{
	struct lacp_port *p = find(l, port_id);

	if (p == NULL || p->actor.port_priority == priority)
		return;
	p->actor.port_priority = priority;
	p->ntt = true;
}

void
lacp_port_link(
	struct lacp *l,
	uint16_t port_id,
	bool up,
	uint32_t speed_mbps,
	bool full_duplex,
	uint64_t now_ns
)
{
	struct lacp_port *p = find(l, port_id);

	if (p == NULL)
		return;
	/* What a device says of a link that is down is of no interest. */
	if (up) {
		uint16_t key = lacp_key(l->s.user_key, speed_mbps, full_duplex);

		p->speed_mbps = speed_mbps;
		p->lacp_enabled = full_duplex;
		if (p->actor.key != key) {
			p->actor.key = key;
			p->begin = true;
		}
	}
	if (up == p->enabled)
		return;
	p->enabled = up;
	p->counters.carrier_changes++;
	l->reselect = true;
	/* A link that is back before lacp_run was away all the same. */
	if (!up && !p->begin)
		(void)lacp_receive_step(l, p, NULL, now_ns);
	if (up) {
		p->heard_ns = now_ns;
		/* The partner need not wait for the first period to end. */
		p->ntt = true;
	}
}

/* port_moved (6.4.7): a port whose link is down had this partner, which is here now. */
static void
note_moved(struct lacp *l, const struct lacp_port *here, const struct lacp_side *partner)
{
	for (int i = 0; i < l->nb_ports; i++) {
		struct lacp_port *p = &l->ports[i];

		if (p != here && p->rx == LACP_RX_PORT_DISABLED &&
		    p->partner.port_number == partner->port_number &&
		    rte_is_same_ether_addr(&p->partner.system, &partner->system))
			p->port_moved = true;
	}
}

static void
receive_lacpdu(
	struct lacp *l, struct lacp_port *p, const uint8_t *frame, size_t bytes, uint64_t now_ns
)
{
	struct lacp_pdu pdu;

	if (lacp_pdu_read(&pdu, frame, bytes) != 0) {
		p->counters.rx_bad++;
		return;
	}
	p->counters.rx++;
	/* As in Linux a frame of our own is none of a partner's (ad_rx_machine). */
	if (rte_is_same_ether_addr(&pdu.actor.system, &p->actor.system)) {
		p->counters.rx_loop++;
		p->loop_ns = now_ns;
		return;
	}
	p->heard_ns = now_ns;
	note_moved(l, p, &pdu.actor);
	while (!p->begin && lacp_receive_step(l, p, NULL, now_ns))
		;
	(void)lacp_receive_step(l, p, &pdu, now_ns);
}

void
lacp_receive(struct lacp *l, uint16_t port_id, const uint8_t *frame, size_t bytes, uint64_t now_ns)
{
	struct lacp_port *p = find(l, port_id);
	struct marker_pdu marker;

	if (p == NULL)
		return;
	switch (lacp_kind(frame, bytes)) {
	case LACP_KIND_LACPDU:
		receive_lacpdu(l, p, frame, bytes, now_ns);
		break;
	case LACP_KIND_MARKER:
		if (marker_pdu_read(&marker, frame, bytes) == 0)
			lacp_marker_receive(p, &marker, now_ns);
		else
			p->counters.rx_bad++;
		break;
	default:
		break;
	}
}

static void
begin_anew(struct lacp *l, struct lacp_port *p, uint64_t now_ns)
{
	(void)lacp_receive_step(l, p, NULL, now_ns);
	(void)lacp_periodic_step(p, now_ns);
	(void)lacp_mux_step(l, p, now_ns);
	(void)lacp_churn_step(l, p, now_ns);
	p->begin = false;
}

static bool
turn(struct lacp *l, uint64_t now_ns)
{
	bool any = false;

	for (int i = 0; i < l->nb_ports; i++) {
		struct lacp_port *p = &l->ports[i];

		any = lacp_receive_step(l, p, NULL, now_ns) || any;
		any = lacp_select_step(l, p) || any;
	}
	if (l->reselect) {
		lacp_choose_active(l);
		any = true;
	}
	for (int i = 0; i < l->nb_ports; i++) {
		struct lacp_port *p = &l->ports[i];

		any = lacp_mux_step(l, p, now_ns) || any;
		any = lacp_periodic_step(p, now_ns) || any;
		any = lacp_churn_step(l, p, now_ns) || any;
	}
	return any;
}

static bool
carries(struct lacp *l, const struct lacp_port *p, uint8_t bit)
{
	const struct lacp_aggregator *a = lacp_aggregator_of(l, p);

	return p->enabled && p->selected == LACP_SELECTED && a != NULL && a->is_active &&
	       (lacp_state_has(&p->actor, bit) || !lacp_has_partner(a));
}

static void
note_decisions(struct lacp *l)
{
	const struct lacp_aggregator *active = lacp_active_aggregator(l);
	bool carrier = active != NULL && lacp_usable_ports(l, active) >= l->s.min_links;

	l->changed = l->changed || carrier != l->carrier;
	l->carrier = carrier;
	for (int i = 0; i < l->nb_ports; i++) {
		struct lacp_port *p = &l->ports[i];
		bool collects = carries(l, p, LACP_STATE_COLLECTING);
		bool distributes = carries(l, p, LACP_STATE_DISTRIBUTING);

		l->changed = l->changed || collects != p->collects || distributes != p->distributes;
		p->collects = collects;
		p->distributes = distributes;
	}
}

static enum lacp_trouble
trouble_of(struct lacp *l, const struct lacp_port *p, uint64_t now_ns)
{
	const struct lacp_aggregator *active = lacp_active_aggregator(l);

	if (!p->enabled || !p->lacp_enabled)
		return LACP_TROUBLE_NONE;
	if (p->loop_ns != 0 && now_ns - p->loop_ns < LACP_LONG_TIMEOUT_NS)
		return LACP_TROUBLE_LOOP;
	if (active != NULL && lacp_has_partner(active) && p->rx == LACP_RX_CURRENT &&
	    !rte_is_same_ether_addr(&p->partner.system, &active->partner_system))
		return LACP_TROUBLE_PARTNER;
	return now_ns - p->heard_ns >= LACP_SILENCE_NS ? LACP_TROUBLE_SILENCE : LACP_TROUBLE_NONE;
}

static void
look_for_trouble(struct lacp *l, uint64_t now_ns)
{
	for (int i = 0; i < l->nb_ports; i++) {
		struct lacp_port *p = &l->ports[i];
		enum lacp_trouble trouble = trouble_of(l, p, now_ns);

		if (trouble == p->trouble)
			continue;
		p->trouble = trouble;
		if (l->ops.trouble != NULL)
			l->ops.trouble(l->ops.ctx, p->port_id, trouble);
	}
}

void
lacp_run(struct lacp *l, uint64_t now_ns)
{
	for (int i = 0; i < l->nb_ports; i++)
		if (l->ports[i].begin)
			begin_anew(l, &l->ports[i], now_ns);
	l->turns = 0;
	while (l->turns < LACP_TURNS_MAX && turn(l, now_ns))
		l->turns++;
	note_decisions(l);
	look_for_trouble(l, now_ns);
}

void
lacp_send(struct lacp *l, uint64_t now_ns)
{
	for (int i = 0; i < l->nb_ports; i++) {
		(void)lacp_transmit_step(l, &l->ports[i], now_ns);
		lacp_marker_send(l, &l->ports[i]);
	}
}

static uint64_t
later(uint64_t timer_ns, uint64_t now_ns)
{
	return timer_ns > now_ns ? timer_ns : LACP_NEVER;
}

/* When trouble_of looks at another answer, if nothing comes in until then. */
static uint64_t
next_trouble_ns(const struct lacp_port *p, uint64_t now_ns)
{
	uint64_t loop_ns = p->loop_ns != 0 ? p->loop_ns + LACP_LONG_TIMEOUT_NS : LACP_NEVER;

	if (!p->enabled || !p->lacp_enabled)
		return LACP_NEVER;
	return RTE_MIN(later(loop_ns, now_ns), later(p->heard_ns + LACP_SILENCE_NS, now_ns));
}

uint64_t
lacp_next_ns(const struct lacp *l, uint64_t now_ns)
{
	uint64_t next_ns = LACP_NEVER;

	for (int i = 0; i < l->nb_ports; i++) {
		const struct lacp_port *p = &l->ports[i];

		next_ns = RTE_MIN(next_ns, later(p->current_while_ns, now_ns));
		next_ns = RTE_MIN(next_ns, later(p->periodic_timer_ns, now_ns));
		next_ns = RTE_MIN(next_ns, later(p->wait_while_ns, now_ns));
		next_ns = RTE_MIN(next_ns, later(p->actor_churn.timer_ns, now_ns));
		next_ns = RTE_MIN(next_ns, later(p->partner_churn.timer_ns, now_ns));
		next_ns = RTE_MIN(next_ns, next_trouble_ns(p, now_ns));
		next_ns = RTE_MIN(next_ns, lacp_transmit_ns(p));
	}
	return next_ns;
}

bool
lacp_collects(const struct lacp *l, uint16_t port_id)
{
	const struct lacp_port *p = find(l, port_id);

	return p != NULL && p->collects;
}

bool
lacp_distributes(const struct lacp *l, uint16_t port_id)
{
	const struct lacp_port *p = find(l, port_id);

	return p != NULL && p->distributes;
}

bool
lacp_take_changed(struct lacp *l)
{
	bool changed = l->changed;

	l->changed = false;
	return changed;
}

bool
lacp_carrier(const struct lacp *l)
{
	return l->carrier;
}
