/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mux machine (IEEE 802.1AX-2014, 6.4.15): attaches a port to its aggregator and turns
 * collecting and distributing on and off; by independent control (figure 6-21) or coupled
 * (figure 6-22).
 */
#include "lacp_priv.h"

const char *const lacp_mux_names[LACP_MUX_COUNT] = {
	[LACP_MUX_DETACHED] = "DETACHED",
	[LACP_MUX_WAITING] = "WAITING",
	[LACP_MUX_ATTACHED] = "ATTACHED",
	[LACP_MUX_COLLECTING_DISTRIBUTING] = "COLLECTING_DISTRIBUTING",
	[LACP_MUX_COLLECTING] = "COLLECTING",
	[LACP_MUX_DISTRIBUTING] = "DISTRIBUTING",
};

enum { C_AND_D = LACP_STATE_COLLECTING | LACP_STATE_DISTRIBUTING };

/* Actor_Oper_Port_State in each state, of the three bits that are the mux machine's. */
static const uint8_t state_bits[LACP_MUX_COUNT] = {
	[LACP_MUX_DETACHED] = 0,
	[LACP_MUX_WAITING] = 0,
	[LACP_MUX_ATTACHED] = LACP_STATE_SYNC,
	[LACP_MUX_COLLECTING_DISTRIBUTING] = LACP_STATE_SYNC | C_AND_D,
	[LACP_MUX_COLLECTING] = LACP_STATE_SYNC | LACP_STATE_COLLECTING,
	[LACP_MUX_DISTRIBUTING] = LACP_STATE_SYNC | C_AND_D,
};

static bool
enter(struct lacp *l,
      struct lacp_port *p,
      enum lacp_mux_state to,
      const char *cause,
      uint64_t now_ns)
{
	enum lacp_mux_state from = p->mux;

	p->mux = to;
	p->actor.state &= (uint8_t) ~(LACP_STATE_SYNC | C_AND_D);
	p->actor.state |= state_bits[to];
	p->wait_while_ns = to == LACP_MUX_WAITING ? now_ns + LACP_AGGREGATE_WAIT_NS : LACP_NEVER;
	/* That a port distributes now is told by the next LACPDU, whenever it leaves. */
	if (to != LACP_MUX_WAITING && to != LACP_MUX_DISTRIBUTING)
		p->ntt = true;
	if (from != to)
		lacp_changed(l, p, "mux", lacp_mux_names[from], lacp_mux_names[to], cause);
	return true;
}

/* Ready (6.4.8): all ports that wait for this aggregator have waited long enough. */
static bool
is_ready(const struct lacp *l, const struct lacp_port *p, uint64_t now_ns)
{
	for (int i = 0; i < l->nb_ports; i++) {
		const struct lacp_port *other = &l->ports[i];

		if (other->aggregator_id == p->aggregator_id && other->mux == LACP_MUX_WAITING &&
		    other->selected == LACP_SELECTED &&
		    !lacp_runs_out(other->wait_while_ns, now_ns))
			return false;
	}
	return true;
}

static const char *
why_not_selected(const struct lacp_port *p)
{
	return p->selected == LACP_STANDBY ? "another aggregator is the active one"
	                                   : "its partner or its key is another";
}

/* From a state that distributes or collects: why it must end; NULL: it need not. */
static const char *
why_out_of_sync(const struct lacp_port *p)
{
	if (p->selected != LACP_SELECTED)
		return why_not_selected(p);
	if (lacp_state_has(&p->partner, LACP_STATE_SYNC))
		return NULL;
	if (!p->enabled)
		return "link down";
	return lacp_state_has(&p->actor, LACP_STATE_EXPIRED) ? "no LACPDU within the timeout"
	                                                     : "the partner is out of sync";
}

static bool
step_collecting(struct lacp *l, struct lacp_port *p, uint64_t now_ns)
{
	const char *why = why_out_of_sync(p);

	if (why != NULL)
		return enter(l, p, LACP_MUX_ATTACHED, why, now_ns);
	return lacp_state_has(&p->partner, LACP_STATE_COLLECTING) &&
	       enter(l, p, LACP_MUX_DISTRIBUTING, "the partner collects", now_ns);
}

static bool
step_distributing(struct lacp *l, struct lacp_port *p, uint64_t now_ns)
{
	const char *why = why_out_of_sync(p);

	if (why == NULL && !lacp_state_has(&p->partner, LACP_STATE_COLLECTING))
		why = "the partner stopped collecting";
	return why != NULL && enter(l, p, LACP_MUX_COLLECTING, why, now_ns);
}

static bool
step_attached(struct lacp *l, struct lacp_port *p, uint64_t now_ns)
{
	if (p->selected != LACP_SELECTED)
		return enter(l, p, LACP_MUX_DETACHED, why_not_selected(p), now_ns);
	return lacp_state_has(&p->partner, LACP_STATE_SYNC) &&
	       enter(l,
	             p,
	             l->s.coupled_control ? LACP_MUX_COLLECTING_DISTRIBUTING : LACP_MUX_COLLECTING,
	             "the partner is in sync",
	             now_ns);
}

bool
lacp_mux_step(struct lacp *l, struct lacp_port *p, uint64_t now_ns)
{
	const char *why;

	if (p->begin)
		return enter(l, p, LACP_MUX_DETACHED, "begin", now_ns);
	switch (p->mux) {
	case LACP_MUX_DETACHED:
		return p->selected != LACP_UNSELECTED &&
		       enter(l, p, LACP_MUX_WAITING, "an aggregator is found", now_ns);
	case LACP_MUX_WAITING:
		if (p->selected == LACP_UNSELECTED)
			return enter(l, p, LACP_MUX_DETACHED, why_not_selected(p), now_ns);
		return p->selected == LACP_SELECTED && is_ready(l, p, now_ns) &&
		       enter(l, p, LACP_MUX_ATTACHED, "all ports have waited", now_ns);
	case LACP_MUX_ATTACHED:
		return step_attached(l, p, now_ns);
	case LACP_MUX_COLLECTING_DISTRIBUTING:
		why = why_out_of_sync(p);
		return why != NULL && enter(l, p, LACP_MUX_ATTACHED, why, now_ns);
	case LACP_MUX_COLLECTING:
		return step_collecting(l, p, now_ns);
	default:
		return step_distributing(l, p, now_ns);
	}
}
