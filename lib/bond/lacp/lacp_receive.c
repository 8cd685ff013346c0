/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The receive machine (IEEE 802.1AX-2014, 6.4.12, figure 6-18): what is known of the partner, and
 * for how long.
 */
#include "lacp_priv.h"

const char *const lacp_rx_names[LACP_RX_COUNT] = {
	[LACP_RX_INITIALIZE] = "INITIALIZE",
	[LACP_RX_PORT_DISABLED] = "PORT_DISABLED",
	[LACP_RX_LACP_DISABLED] = "LACP_DISABLED",
	[LACP_RX_EXPIRED] = "EXPIRED",
	[LACP_RX_DEFAULTED] = "DEFAULTED",
	[LACP_RX_CURRENT] = "CURRENT",
};

const struct lacp_side lacp_partner_default = {
	.system_priority = 0xffff,
	.key = 1,
	.port_priority = LACP_PORT_PRIORITY,
	.port_number = 1,
};

static bool
same_port(const struct lacp_side *a, const struct lacp_side *b)
{
	return a->port_number == b->port_number && a->port_priority == b->port_priority &&
	       a->system_priority == b->system_priority && a->key == b->key &&
	       rte_is_same_ether_addr(&a->system, &b->system);
}

static bool
same_bits(const struct lacp_side *a, const struct lacp_side *b, uint8_t bits)
{
	return ((a->state ^ b->state) & bits) == 0;
}

/* update_Selected and update_Default_Selected (6.4.9). */
static void
update_selected(struct lacp *l, struct lacp_port *p, const struct lacp_side *partner)
{
	if (same_port(partner, &p->partner) &&
	    same_bits(partner, &p->partner, LACP_STATE_AGGREGATION))
		return;
	p->selected = LACP_UNSELECTED;
	l->reselect = true;
}

/* update_NTT (6.4.9): the partner has another view of us than is true. */
static void
update_ntt(struct lacp_port *p, const struct lacp_pdu *pdu)
{
	const uint8_t bits =
		LACP_STATE_ACTIVITY | LACP_STATE_TIMEOUT | LACP_STATE_SYNC | LACP_STATE_AGGREGATION;

	if (!same_port(&pdu->partner, &p->actor) || !same_bits(&pdu->partner, &p->actor, bits))
		p->ntt = true;
}

/*
 * recordPDU (6.4.9). The partner is in sync when it says so, knows us as we are (or is an
 * individual link), and somebody keeps the LACPDUs coming.
 */
static void
record_pdu(struct lacp_port *p, const struct lacp_pdu *pdu)
{
	bool matched = (same_port(&pdu->partner, &p->actor) &&
	                same_bits(&pdu->partner, &p->actor, LACP_STATE_AGGREGATION)) ||
	               !lacp_state_has(&pdu->actor, LACP_STATE_AGGREGATION);
	bool kept = lacp_state_has(&pdu->actor, LACP_STATE_ACTIVITY) ||
	            (lacp_state_has(&p->actor, LACP_STATE_ACTIVITY) &&
	             lacp_state_has(&pdu->partner, LACP_STATE_ACTIVITY));

	p->partner = pdu->actor;
	if (!matched || !kept)
		p->partner.state &= (uint8_t)~LACP_STATE_SYNC;
	p->actor.state &= (uint8_t)~LACP_STATE_DEFAULTED;
}

/*
 * recordDefault (6.4.9). Partner_Oper_Port_State.Synchronization is that of the defaults, out of
 * sync, as in Linux; the 2014 edition makes it TRUE, so that a partner without LACP is attached to.
 * Here such a link works by carries() in lacp.c.
 */
static void
record_default(struct lacp_port *p)
{
	p->partner = lacp_partner_default;
	p->actor.state |= LACP_STATE_DEFAULTED;
}

static void
enter(struct lacp *l, struct lacp_port *p, enum lacp_rx_state to, uint64_t now_ns)
{
	p->rx = to;
	switch (to) {
	case LACP_RX_INITIALIZE:
		p->selected = LACP_UNSELECTED;
		record_default(p);
		p->actor.state &= (uint8_t)~LACP_STATE_EXPIRED;
		p->port_moved = false;
		p->current_while_ns = LACP_NEVER;
		break;
	case LACP_RX_PORT_DISABLED:
		p->partner.state &= (uint8_t)~LACP_STATE_SYNC;
		p->current_while_ns = LACP_NEVER;
		break;
	case LACP_RX_LACP_DISABLED:
		p->selected = LACP_UNSELECTED;
		record_default(p);
		p->partner.state &= (uint8_t)~LACP_STATE_AGGREGATION;
		p->actor.state &= (uint8_t)~LACP_STATE_EXPIRED;
		p->current_while_ns = LACP_NEVER;
		break;
	case LACP_RX_EXPIRED:
		p->partner.state &= (uint8_t)~LACP_STATE_SYNC;
		p->partner.state |= LACP_STATE_TIMEOUT;
		p->current_while_ns = now_ns + LACP_SHORT_TIMEOUT_NS;
		p->actor.state |= LACP_STATE_EXPIRED;
		p->counters.expired++;
		break;
	case LACP_RX_DEFAULTED:
		update_selected(l, p, &lacp_partner_default);
		record_default(p);
		p->actor.state &= (uint8_t)~LACP_STATE_EXPIRED;
		p->current_while_ns = LACP_NEVER;
		p->counters.defaulted++;
		break;
	default:
		break;
	}
}

/* The state CURRENT, entered anew by each LACPDU. */
static void
enter_current(struct lacp *l, struct lacp_port *p, const struct lacp_pdu *pdu, uint64_t now_ns)
{
	p->rx = LACP_RX_CURRENT;
	update_selected(l, p, &pdu->actor);
	update_ntt(p, pdu);
	record_pdu(p, pdu);
	p->current_while_ns =
		now_ns + (lacp_state_has(&p->actor, LACP_STATE_TIMEOUT) ? LACP_SHORT_TIMEOUT_NS
	                                                                : LACP_LONG_TIMEOUT_NS);
	p->actor.state &= (uint8_t)~LACP_STATE_EXPIRED;
}

/* Where the machine goes from here without an LACPDU, and why; false: nowhere. */
static bool
next_state(
	const struct lacp_port *p, enum lacp_rx_state *ret, const char **ret_cause, uint64_t now_ns
)
{
	if (p->begin) {
		*ret = LACP_RX_INITIALIZE;
		*ret_cause = "begin";
	} else if (p->rx == LACP_RX_INITIALIZE) {
		*ret = LACP_RX_PORT_DISABLED;
		*ret_cause = "begin";
	} else if (!p->enabled && !p->port_moved && p->rx != LACP_RX_PORT_DISABLED) {
		*ret = LACP_RX_PORT_DISABLED;
		*ret_cause = "link down";
	} else if (p->rx == LACP_RX_PORT_DISABLED && p->port_moved) {
		*ret = LACP_RX_INITIALIZE;
		*ret_cause = "its partner was heard on another port";
	} else if (p->rx == LACP_RX_PORT_DISABLED && p->enabled) {
		*ret = p->lacp_enabled ? LACP_RX_EXPIRED : LACP_RX_LACP_DISABLED;
		*ret_cause = p->lacp_enabled ? "link up" : "link up, half duplex";
	} else if (p->rx == LACP_RX_EXPIRED && lacp_runs_out(p->current_while_ns, now_ns)) {
		*ret = LACP_RX_DEFAULTED;
		*ret_cause = "no LACPDU";
	} else if (p->rx == LACP_RX_CURRENT && lacp_runs_out(p->current_while_ns, now_ns)) {
		*ret = LACP_RX_EXPIRED;
		*ret_cause = "no LACPDU within the timeout";
	} else {
		return false;
	}
	return true;
}

static bool
takes_pdus(const struct lacp_port *p)
{
	return p->enabled && !p->begin &&
	       (p->rx == LACP_RX_EXPIRED || p->rx == LACP_RX_DEFAULTED || p->rx == LACP_RX_CURRENT);
}

bool
lacp_receive_step(struct lacp *l, struct lacp_port *p, const struct lacp_pdu *pdu, uint64_t now_ns)
{
	enum lacp_rx_state from = p->rx, to;
	const char *cause = "LACPDU received";

	if (pdu != NULL && takes_pdus(p)) {
		enter_current(l, p, pdu, now_ns);
		if (from == LACP_RX_CURRENT)
			return false;
	} else if (next_state(p, &to, &cause, now_ns)) {
		enter(l, p, to, now_ns);
	} else {
		return false;
	}
	/* A state that is left at once is no news. */
	if (from != LACP_RX_INITIALIZE && p->rx != LACP_RX_INITIALIZE)
		lacp_changed(l, p, "receive", lacp_rx_names[from], lacp_rx_names[p->rx], cause);
	return true;
}
