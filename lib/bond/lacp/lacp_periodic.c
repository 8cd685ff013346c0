/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The periodic transmission machine (IEEE 802.1AX-2014, 6.4.13, figure 6-19): how often the partner
 * wants to hear from us.
 */
#include "lacp_priv.h"

const char *const lacp_periodic_names[LACP_PERIODIC_COUNT] = {
	[LACP_NO_PERIODIC] = "NO_PERIODIC",
	[LACP_FAST_PERIODIC] = "FAST_PERIODIC",
	[LACP_SLOW_PERIODIC] = "SLOW_PERIODIC",
	[LACP_PERIODIC_TX] = "PERIODIC_TX",
};

static bool
must_be_silent(const struct lacp_port *p)
{
	return p->begin || !p->lacp_enabled || !p->enabled ||
	       (!lacp_state_has(&p->actor, LACP_STATE_ACTIVITY) &&
	        !lacp_state_has(&p->partner, LACP_STATE_ACTIVITY));
}

static bool
enter(struct lacp_port *p, enum lacp_periodic_state to, uint64_t now_ns)
{
	p->periodic = to;
	p->periodic_timer_ns = LACP_NEVER;
	if (to == LACP_FAST_PERIODIC)
		p->periodic_timer_ns = now_ns + LACP_FAST_PERIODIC_NS;
	else if (to == LACP_SLOW_PERIODIC)
		p->periodic_timer_ns = now_ns + LACP_SLOW_PERIODIC_NS;
	else if (to == LACP_PERIODIC_TX)
		p->ntt = true;
	return true;
}

bool
lacp_periodic_step(struct lacp_port *p, uint64_t now_ns)
{
	bool wants_fast = lacp_state_has(&p->partner, LACP_STATE_TIMEOUT);

	if (must_be_silent(p))
		return p->periodic != LACP_NO_PERIODIC && enter(p, LACP_NO_PERIODIC, now_ns);
	switch (p->periodic) {
	case LACP_NO_PERIODIC:
		return enter(p, LACP_FAST_PERIODIC, now_ns);
	case LACP_FAST_PERIODIC:
		if (lacp_runs_out(p->periodic_timer_ns, now_ns))
			return enter(p, LACP_PERIODIC_TX, now_ns);
		return !wants_fast && enter(p, LACP_SLOW_PERIODIC, now_ns);
	case LACP_SLOW_PERIODIC:
		if (wants_fast || lacp_runs_out(p->periodic_timer_ns, now_ns))
			return enter(p, LACP_PERIODIC_TX, now_ns);
		return false;
	default:
		return enter(p, wants_fast ? LACP_FAST_PERIODIC : LACP_SLOW_PERIODIC, now_ns);
	}
}
