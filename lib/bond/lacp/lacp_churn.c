/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Churn detection (IEEE 802.1AX-2014, 6.4.17, figures 6-23 and 6-24): a side that does not come to
 * be in sync within a minute.
 */
#include "lacp_priv.h"

const char *const lacp_churn_names[LACP_CHURN_COUNT] = {
	[LACP_CHURN_MONITOR] = "monitoring",
	[LACP_CHURN] = "churned",
	[LACP_NO_CHURN] = "none",
};

/* Where the machine of one side goes; its own state: nowhere. */
static enum lacp_churn_state
next_state(const struct lacp_port *p, const struct lacp_churn *c, bool in_sync, uint64_t now_ns)
{
	if (p->begin || !p->enabled)
		return LACP_CHURN_MONITOR;
	switch (c->state) {
	case LACP_CHURN_MONITOR:
		if (in_sync)
			return LACP_NO_CHURN;
		return lacp_runs_out(c->timer_ns, now_ns) ? LACP_CHURN : LACP_CHURN_MONITOR;
	case LACP_CHURN:
		return in_sync ? LACP_NO_CHURN : LACP_CHURN;
	default:
		return in_sync ? LACP_NO_CHURN : LACP_CHURN_MONITOR;
	}
}

static bool
step_side(
	struct lacp *l,
	struct lacp_port *p,
	struct lacp_churn *c,
	const struct lacp_side *side,
	const char *machine,
	uint64_t now_ns
)
{
	bool in_sync = lacp_state_has(side, LACP_STATE_SYNC);
	enum lacp_churn_state from = c->state, to = next_state(p, c, in_sync, now_ns);

	/* While the port is down the timer does not begin. */
	if (to == LACP_CHURN_MONITOR && (from != to || p->begin || !p->enabled))
		c->timer_ns = p->enabled ? now_ns + LACP_CHURN_DETECTION_NS : LACP_NEVER;
	else if (to == LACP_CHURN_MONITOR && c->timer_ns == LACP_NEVER)
		c->timer_ns = now_ns + LACP_CHURN_DETECTION_NS;
	else if (to != LACP_CHURN_MONITOR)
		c->timer_ns = LACP_NEVER;
	if (from == to)
		return false;
	c->state = to;
	if (to == LACP_CHURN)
		c->churned++;
	if (to == LACP_CHURN || from == LACP_CHURN)
		lacp_changed(
			l,
			p,
			machine,
			lacp_churn_names[from],
			lacp_churn_names[to],
			to == LACP_CHURN ? "not in sync for 60 s" : "in sync, or anew"
		);
	return true;
}

bool
lacp_churn_step(struct lacp *l, struct lacp_port *p, uint64_t now_ns)
{
	bool a = step_side(l, p, &p->actor_churn, &p->actor, "actor churn", now_ns);
	bool b = step_side(l, p, &p->partner_churn, &p->partner, "partner churn", now_ns);

	return a || b;
}
