/* SPDX-License-Identifier: BSD-3-Clause */
/* See plan_choose.h. */
#include "plan_choose.h"

#include "recv.h"
#include "xmit.h"

static plan_xmit_fn
choose_round_robin(const struct bond_settings *s, const struct bond_plan *plan)
{
	if (s->packets_per_member == 0)
		return xmit_round_robin_random;
	if (s->packets_per_member != 1)
		return xmit_round_robin;
	return plan->nb_usable == 2 ? xmit_round_robin_two : xmit_round_robin_each;
}

static plan_xmit_fn
choose_xmit(const struct bond_settings *s, const struct bond_plan *plan)
{
	switch (s->mode) {
	case BOND_MODE_RR:
		return choose_round_robin(s, plan);
	case BOND_MODE_8023AD:
		if (s->broadcast_neighbor)
			return xmit_hash_neighbor;
		break;
	case BOND_MODE_BROADCAST:
		return xmit_broadcast;
	case BOND_MODE_TLB:
		return s->tlb_dynamic_lb ? xmit_tlb_by(s->policy, plan->nb_usable) : xmit_tlb_hash;
	case BOND_MODE_ALB:
		return s->tlb_dynamic_lb ? xmit_alb_by(plan->nb_usable) : xmit_alb_hash;
	case BOND_MODE_AB:
		return xmit_active;
	case BOND_MODE_XOR:
	case BOND_MODE_COUNT:
		break;
	}
	return plan->xmit_other;
}

/* Whether the frames of one member go on as they come. */
static bool
takes_all_of_one(const struct bond_plan *plan)
{
	return plan->nb_polled == 1 && plan->polled[0].accept == PLAN_ACCEPT_ALL &&
	       plan->nb_alias == 0 && !plan->inspect_rx;
}

static plan_recv_fn
choose_recv(const struct bond_settings *s, const struct bond_plan *plan)
{
	if (s->mode == BOND_MODE_8023AD)
		return recv_members_slow;
	if (bond_mode_has_active(s->mode))
		return takes_all_of_one(plan) ? recv_one : recv_members;
	return plan->inspect_rx || plan->keep_last_rx ? recv_bond_port_watched : recv_bond_port;
}

/* Whether it matters who stands behind the bond: for announcements, the monitor. */
static bool
needs_to_know_hosts(const struct bond_settings *s)
{
	return s->arp_interval_ms != 0 || (s->mode == BOND_MODE_AB && s->num_peer_notif != 0);
}

/* Whether multicast reports are sent again after a failover. */
static bool
resends_reports(const struct bond_settings *s)
{
	return (bond_mode_has_active(s->mode) || s->mode == BOND_MODE_RR) && s->resend_igmp != 0;
}

void
plan_choose(struct bond_plan *plan, const struct bond_settings *s)
{
	bool arp_monitor = s->arp_interval_ms != 0;

	plan->hash = xmit_hash_get(s->policy);
	plan->packets_per_member = s->packets_per_member;
	plan->tx_retries = s->tx_retries;
	plan->keep_last_rx = arp_monitor;
	plan->inspect_rx = arp_monitor || s->mode == BOND_MODE_ALB;
	/* Mode 1 alone sends again and does not look at headers itself. */
	plan->inspect_tx =
		needs_to_know_hosts(s) || (s->mode == BOND_MODE_AB && resends_reports(s));
	plan->inspect_reports = resends_reports(s) && !plan->inspect_tx;
	plan->xmit_other = xmit_hash_by(s->policy, plan->nb_usable);
	plan->xmit = choose_xmit(s, plan);
	plan->recv = choose_recv(s, plan);
}
