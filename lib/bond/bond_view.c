/* SPDX-License-Identifier: BSD-3-Clause */
/* See bond_view.h: the snapshot, and where a flow goes. Used by the commands that show bonds. */
#include "bond_view.h"

#include "bond_priv.h"
#include "lacp_pdu.h"
#include "run.h"

#include <errno.h>
#include <string.h>

static void
lacp_side(struct lacp_side *ret, const struct bond_pmd_lacp_side *side)
{
	ret->system_priority = side->system_priority;
	ret->key = side->key;
	ret->port_priority = side->port_priority;
	ret->port_number = side->port_number;
	ret->system = side->system;
	ret->state = side->state;
}

/* Why a usable member sends nothing in this mode; "" when it does. */
static const char *
why_not_chosen(const struct bond_run *run, int index)
{
	enum bond_mode mode = run->bond->settings.mode;

	if (!bond_mode_has_active(mode) || run->engine.active == index)
		return "";
	/* Modes 5 and 6 send nothing at all without an active member. */
	if (run->engine.active == ENGINE_NO_MEMBER)
		return "the bond has no active member";
	return mode == BOND_MODE_AB ? "backup" : "";
}

static const char *
why_not_healed(const struct bond_member *m)
{
	return m->heal.kind == PORT_HEAL_RESET ? "to be reset, as its PF asks"
	                                       : "to be restarted, once it has its link";
}

static const char *
why_idle_direct(const struct bond_run *run, int index)
{
	if (run->bond->members[index].heal.kind != PORT_HEAL_NONE)
		return why_not_healed(&run->bond->members[index]);
	if (!engine_usable(&run->engine, index))
		return engine_why_unusable(&run->engine, index);
	return run->lacp != NULL ? lacp_why_idle(run->lacp, run->engine.members[index].port_id)
	                         : why_not_chosen(run, index);
}

/* In the order in which a frame would be stopped. */
static const char *
why_idle_pmd(
	const struct bond *bond,
	const struct bond_member *m,
	const struct bond_pmd_lacp *lacp,
	const struct bond_member_view *v
)
{
	if (!m->present)
		return "detached: its network device is gone";
	if (!bond->up)
		return "the bond is down";
	if (m->heal.kind != PORT_HEAL_NONE)
		return why_not_healed(m);
	if (!m->attached)
		return m->carrier ? "detached" : "detached: no carrier";
	if (!v->link_up)
		return "link down";
	if (bond->settings.mode == BOND_MODE_AB && !v->active)
		return "backup";
	if (bond->settings.mode == BOND_MODE_8023AD && lacp == NULL)
		return "LACP does not run";
	if (lacp != NULL && (lacp->partner.state & LACP_STATE_SYNC) == 0)
		return (lacp->actor.state & LACP_STATE_DEFAULTED) != 0
		               ? "no LACPDU from a partner"
		               : "the partner is not in sync";
	if (lacp != NULL && (lacp->actor.state & LACP_STATE_DISTRIBUTING) == 0)
		return "not distributing";
	return "";
}

static bool
deals_buckets(const struct bond_settings *s)
{
	return bond_mode_is_lb(s->mode) && s->tlb_dynamic_lb;
}

static uint16_t
count_buckets(const struct bond_plan *plan, uint16_t port_id)
{
	uint16_t n = 0;

	for (unsigned b = 0; b < TLB_BUCKETS; b++)
		if (plan->bucket[b] < plan->nb_usable && plan->usable[plan->bucket[b]] == port_id)
			n++;
	return n;
}

static void
fill_direct_member(
	const struct bond_run *run, const struct bond_member *m, struct bond_member_view *ret
)
{
	int index = (int)(m - run->bond->members);
	const struct engine_member *em = &run->engine.members[index];

	ret->link = em->link;
	if (em->link == BOND_LINK_BACK || em->link == BOND_LINK_FAIL)
		ret->delay_left_ms =
			(uint64_t)RTE_MAX(em->delay_ticks, 0) * run->bond->settings.miimon_ms;
	ret->usable = engine_usable(&run->engine, index);
	ret->active = run->engine.active == index;
	ret->link_failures = em->link_failures;
	ret->speed_mbps = em->phy.speed_mbps;
	ret->full_duplex = em->phy.full_duplex;
	direct_member_counters(run->direct, m->port_id, &ret->counters);
	if (deals_buckets(&run->bond->settings))
		ret->nb_buckets = count_buckets(direct_plan(run->direct), m->port_id);
	ret->has_lacp = run->lacp != NULL && lacp_port_view(run->lacp, m->port_id, &ret->lacp);
	if (ret->has_lacp) {
		ret->aggregator = (uint16_t)ret->lacp.aggregator_id;
		ret->actor = ret->lacp.actor;
		ret->partner = ret->lacp.partner;
	}
	rte_strscpy(ret->why_idle, why_idle_direct(run, index), sizeof(ret->why_idle));
}

/* With io_path=pmd, or while the bond is down. */
static void
fill_pmd_member(const struct bond *bond, const struct bond_member *m, struct bond_member_view *ret)
{
	struct bond_pmd_lacp lacp;
	struct rte_eth_link link;

	ret->link = bond->up && m->link_up ? BOND_LINK_UP : BOND_LINK_DOWN;
	ret->active = bond->active_known && bond->active == m->port_id &&
	              bond_mode_has_active(bond->settings.mode);
	ret->link_failures = m->link_failures;
	if (rte_eth_link_get_nowait(m->port_id, &link) == 0) {
		ret->speed_mbps =
			link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed;
		ret->full_duplex = link.link_duplex == RTE_ETH_LINK_FULL_DUPLEX;
	}
	ret->link_up = ret->link == BOND_LINK_UP;
	ret->usable = ret->link_up;
	ret->has_lacp = bond->settings.mode == BOND_MODE_8023AD && m->attached &&
	                bond_pmd_lacp(bond->port_id, m->port_id, &lacp) == 0;
	if (ret->has_lacp) {
		ret->aggregator = (uint16_t)(lacp.aggregator + 1);
		lacp_side(&ret->actor, &lacp.actor);
		lacp_side(&ret->partner, &lacp.partner);
	}
	rte_strscpy(
		ret->why_idle,
		why_idle_pmd(bond, m, ret->has_lacp ? &lacp : NULL, ret),
		sizeof(ret->why_idle)
	);
}

static void
fill_member(
	const struct bonds *bonds,
	const struct bond *bond,
	const struct bond_member *m,
	struct bond_member_view *ret
)
{
	rte_strscpy(ret->name, port_name(bonds->ports, m->port_id), sizeof(ret->name));
	ret->port_id = m->port_id;
	ret->present = m->present;
	ret->attached = m->attached;
	ret->heal = m->heal.kind;
	ret->pf_differs = m->pf_differs;
	ret->pf_mac = m->pf_mac;
	ret->prio = m->prio;
	ret->queue_id = m->queue_id;
	ret->port_prio = m->port_prio;
	ret->own_mac = m->own_mac;
	ret->want_mac = m->want_mac;
	(void)rte_eth_macaddr_get(m->port_id, &ret->mac);
	if (bond->run != NULL)
		fill_direct_member(bond->run, m, ret);
	else
		fill_pmd_member(bond, m, ret);
	ret->link_up = ret->link == BOND_LINK_UP || ret->link == BOND_LINK_FAIL;
}

static void
count_entry(void *ctx, const struct learn_entry *e)
{
	uint16_t *count = ctx;

	(void)e;
	(*count)++;
}

static void
fill_direct(const struct bond_run *run, struct bond_direct_view *ret)
{
	const struct bond_settings *s = &run->bond->settings;
	const struct bond_plan *plan = direct_plan(run->direct);

	ret->notify_left = run->engine.notify_left;
	ret->igmp_left = run->engine.igmp_left;
	ret->failovers = run->events;
	learn_walk(run->learn, count_entry, &ret->nb_learnt);
	ret->nb_usable = plan->nb_usable;
	memcpy(ret->usable, plan->usable, sizeof(ret->usable));
	ret->nb_polled = plan->nb_polled;
	for (uint16_t i = 0; i < plan->nb_polled; i++)
		ret->polled[i] = plan->polled[i].port_id;
	ret->nb_idle = plan->nb_idle;
	for (uint16_t i = 0; i < plan->nb_idle; i++)
		ret->idle[i] = plan->idle[i].port_id;
	ret->deals_buckets = deals_buckets(s);
	direct_totals(run->direct, &ret->totals);
	ret->has_lacp = run->lacp != NULL;
	if (ret->has_lacp)
		lacp_view(run->lacp, &ret->lacp);
	if (s->mode == BOND_MODE_ALB)
		ret->nb_clients = (uint16_t)rlb_clients(run->rlb, ret->clients, RLB_CLIENTS);
}

/* One option of members: those that have another value than the initial one. */
static void
fill_member_values(
	const struct bond_view *v,
	int32_t (*value_of)(const struct bond_member_view *m),
	int32_t initial,
	struct bond_member_value ret[BOND_MAX_MEMBERS],
	uint16_t *ret_n
)
{
	*ret_n = 0;
	for (uint16_t i = 0; i < v->nb_members; i++) {
		const struct bond_member_view *m = &v->members[i];
		struct bond_member_value *value = &ret[*ret_n];

		value->value = value_of(m);
		rte_strscpy(value->port, m->name, sizeof(value->port));
		if (value->value != initial)
			(*ret_n)++;
	}
}

static int32_t
prio_of(const struct bond_member_view *m)
{
	return m->prio;
}

static int32_t
queue_id_of(const struct bond_member_view *m)
{
	return m->queue_id;
}

static int32_t
port_prio_of(const struct bond_member_view *m)
{
	return m->port_prio;
}

/* The settings say what was asked at creation; members have come and gone since. */
static void
fill_settings(const struct bond *bond, struct bond_view *v)
{
	struct bond_settings *s = &v->settings;

	*s = bond->settings;
	s->nb_members = v->nb_members;
	for (uint16_t i = 0; i < v->nb_members; i++)
		rte_strscpy(s->members[i], v->members[i].name, sizeof(s->members[i]));
	fill_member_values(v, prio_of, 0, s->prios, &s->nb_prios);
	fill_member_values(v, queue_id_of, 0, s->queue_ids, &s->nb_queue_ids);
	fill_member_values(
		v, port_prio_of, BOND_DEFAULT_PORT_PRIO, s->port_prios, &s->nb_port_prios
	);
	rte_strscpy(s->active, v->active, sizeof(s->active));
}

static void
fill_primary(const struct bonds *bonds, const struct bond *bond, struct bond_view *v)
{
	const char *word = bond->settings.primary;
	uint16_t id;

	if (word[0] == '\0' || ports_find(bonds->ports, word, &id, NULL) != 0)
		return;
	for (uint16_t i = 0; i < v->nb_members; i++)
		if (v->members[i].port_id == id)
			rte_strscpy(v->primary, v->members[i].name, sizeof(v->primary));
}

void
bond_view(const struct bonds *bonds, const struct bond *bond, struct bond_view *ret)
{
	const struct port_conf *conf = port_conf(bonds->ports, bond->port_id);
	struct rte_eth_link link;

	memset(ret, 0, sizeof(*ret));
	rte_strscpy(ret->dev_name, bond->dev_name, sizeof(ret->dev_name));
	if (bond->paired)
		rte_strscpy(ret->pair, port_name(bonds->ports, bond->pair_port), sizeof(ret->pair));
	ret->port_id = bond->port_id;
	ret->mac = bond->mac;
	ret->up = bond->up;
	ret->mtu_bytes = conf != NULL ? conf->mtu_bytes : 0;
	ret->promisc = rte_eth_promiscuous_get(bond->port_id) == 1;
	ret->allmulti = rte_eth_allmulticast_get(bond->port_id) == 1;
	if (bond->up && rte_eth_link_get_nowait(bond->port_id, &link) == 0)
		ret->speed_mbps =
			link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed;
	ret->nb_members = bond->nb_members;
	for (uint16_t i = 0; i < bond->nb_members; i++) {
		struct bond_member_view *m = &ret->members[i];

		fill_member(bonds, bond, &bond->members[i], m);
		ret->link_up = ret->link_up || m->link_up;
		if (m->active)
			rte_strscpy(ret->active, m->name, sizeof(ret->active));
	}
	fill_primary(bonds, bond, ret);
	fill_settings(bond, ret);
	ret->has_direct = bond->run != NULL;
	if (ret->has_direct) {
		ret->link_up = bond->run->lacp != NULL ? lacp_carrier(bond->run->lacp)
		                                       : bond->run->engine.carrier;
		fill_direct(bond->run, &ret->direct);
	}
}

int
bond_flow(
	const struct bond *bond, const struct flow *f, struct flow_answer *ret, struct reason *why
)
{
	if (!bond->up)
		return reason_set(why, -ENETDOWN, "%s: it is down", bond_name(bond));
	if (bond->run == NULL)
		return reason_set(
			why,
			-ENOTSUP,
			"%s: the bond PMD chooses the member, and does not say which",
			bond_name(bond)
		);
	flow_member(direct_plan(bond->run->direct), &bond->settings, f, ret);
	return 0;
}
