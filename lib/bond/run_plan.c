/* SPDX-License-Identifier: BSD-3-Clause */
/* From what the engine decided to what workers do: the plan of a bond. See plan.h. */
#include "plan_choose.h"
#include "run.h"

#include <string.h>

/* Whether a member may transmit now: by its link, and where LACP runs by that. */
static bool
may_send(const struct bond_run *run, int index)
{
	return engine_usable(&run->engine, index) &&
	       (run->lacp == NULL || lacp_distributes(run->lacp, run->engine.members[index].port_id)
	       );
}

static void
fill_sending(const struct bond_run *run, struct bond_plan *plan)
{
	const struct bond_settings *s = &run->bond->settings;
	const struct engine *e = &run->engine;

	for (int i = 0; i < e->nb_members; i++) {
		const struct bond_member *m = run_member(run, i);

		plan->member_mac[m->port_id] = m->want_mac;
		if (!may_send(run, i))
			continue;
		plan->usable[plan->nb_usable++] = m->port_id;
		/* bond_should_override_tx_queue: modes 0 and 1 alone. */
		if (m->queue_id != 0 && (s->mode == BOND_MODE_RR || s->mode == BOND_MODE_AB))
			plan->queue_port[m->queue_id] = m->port_id;
	}
	plan->usable_magic = plan->nb_usable != 0 ? xmit_hash_magic(plan->nb_usable) : 0;
	/* In mode 0 the one by which IGMP leaves. */
	if (e->current != ENGINE_NO_MEMBER && engine_usable(e, e->current))
		plan->active = e->members[e->current].port_id;
	for (uint16_t i = 0; i < plan->nb_usable; i++)
		if (plan->usable[i] == plan->active)
			plan->active_index = (uint8_t)i;
	/* The buckets were dealt to the usable members, in the same order. */
	if (run->nb_tlb_ports == plan->nb_usable)
		memcpy(plan->bucket, run->tlb.member, sizeof(plan->bucket));
}

/* The role of a member on reception (bond_should_deliver_exact_match). */
static enum plan_accept
accept_of(const struct bond_run *run, int index)
{
	const struct bond_settings *s = &run->bond->settings;

	if (index == run->engine.active || s->all_members_active)
		return PLAN_ACCEPT_ALL;
	if (run->lacp != NULL && lacp_collects(run->lacp, run->engine.members[index].port_id))
		return PLAN_ACCEPT_ALL;
	return s->mode == BOND_MODE_ALB ? PLAN_ACCEPT_UNICAST : PLAN_ACCEPT_NONE;
}

static void
fill_receiving(const struct bond_run *run, struct bond_plan *plan)
{
	const struct bond_settings *s = &run->bond->settings;
	const struct engine *e = &run->engine;

	for (int i = 0; i < e->nb_members; i++) {
		const struct bond_member *m = run_member(run, i);
		struct plan_polled p = {.port_id = m->port_id, .accept = accept_of(run, i)};

		if (!m->present || !m->attached || m->away)
			continue;
		if (p.accept == PLAN_ACCEPT_NONE)
			plan->idle[plan->nb_idle++] = p;
		else
			plan->polled[plan->nb_polled++] = p;
		if (s->mode == BOND_MODE_ALB &&
		    !rte_is_same_ether_addr(&m->want_mac, &run->bond->mac))
			plan->alias[plan->nb_alias++] = plan_mac_word(&m->want_mac);
	}
	plan->bond_mac = run->bond->mac;
}

void
run_publish(struct bond_run *run)
{
	struct bond_plan *plan = direct_plan_new();

	/* Tried again at the next tick. */
	if (plan == NULL)
		return;
	run->plan_wanted = false;
	fill_sending(run, plan);
	fill_receiving(run, plan);
	plan_choose(plan, &run->bond->settings);
	direct_publish(run->direct, plan);
}
