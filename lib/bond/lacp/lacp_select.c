/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The selection logic (IEEE 802.1AX-2014, 6.4.14): which aggregator a port stands in, and, as in
 * Linux (bond_3ad.c, ad_port_selection_logic and ad_agg_selection_logic), which one of them all is
 * the active one. The ports of the others are STANDBY.
 */
#include "lacp_priv.h"

#include <string.h>

const char *const lacp_selected_names[LACP_SELECTED_COUNT] = {
	[LACP_UNSELECTED] = "UNSELECTED",
	[LACP_STANDBY] = "STANDBY",
	[LACP_SELECTED] = "SELECTED",
};

bool
lacp_has_partner(const struct lacp_aggregator *a)
{
	return !rte_is_zero_ether_addr(&a->partner_system);
}

static bool
is_free(const struct lacp *l, const struct lacp_aggregator *a)
{
	for (int i = 0; i < l->nb_ports; i++)
		if (l->ports[i].aggregator_id == a->id)
			return false;
	return true;
}

struct lacp_aggregator *
lacp_aggregator_of(struct lacp *l, const struct lacp_port *p)
{
	for (int i = 0; i < l->nb_ports; i++)
		if (p->aggregator_id != 0 && l->ports[i].own.id == p->aggregator_id)
			return &l->ports[i].own;
	return NULL;
}

struct lacp_aggregator *
lacp_active_aggregator(struct lacp *l)
{
	for (int i = 0; i < l->nb_ports; i++)
		if (l->ports[i].own.is_active)
			return &l->ports[i].own;
	return NULL;
}

unsigned
lacp_usable_ports(const struct lacp *l, const struct lacp_aggregator *a)
{
	unsigned n = 0;

	for (int i = 0; i < l->nb_ports; i++)
		n += l->ports[i].aggregator_id == a->id && l->ports[i].enabled;
	return n;
}

static uint64_t
bandwidth_mbps(const struct lacp *l, const struct lacp_aggregator *a)
{
	uint64_t sum = 0;

	for (int i = 0; i < l->nb_ports; i++)
		if (l->ports[i].aggregator_id == a->id && l->ports[i].enabled)
			sum += l->ports[i].speed_mbps;
	return sum;
}

/* Who takes one port only: 6.4.14.1, item g. */
static bool
is_individual(const struct lacp_port *p)
{
	return !lacp_state_has(&p->actor, LACP_STATE_AGGREGATION) || !p->lacp_enabled ||
	       (!rte_is_zero_ether_addr(&p->partner.system) &&
	        !lacp_state_has(&p->partner, LACP_STATE_AGGREGATION));
}

/* The link aggregation groups of @p and of the ports in @a are the same (6.4.6). */
static bool
suits(const struct lacp_port *p, const struct lacp_aggregator *a)
{
	return !a->individual && !is_individual(p) && lacp_has_partner(a) &&
	       a->actor_key == p->actor.key && a->partner_key == p->partner.key &&
	       a->partner_priority == p->partner.system_priority &&
	       rte_is_same_ether_addr(&a->partner_system, &p->partner.system);
}

static void
clear(struct lacp_aggregator *a)
{
	*a = (struct lacp_aggregator){.id = a->id};
}

static struct lacp_aggregator *
find_for(struct lacp *l, const struct lacp_port *p)
{
	struct lacp_aggregator *unused;
	int i = 0;

	for (int j = 0; j < l->nb_ports; j++)
		if (!is_free(l, &l->ports[j].own) && suits(p, &l->ports[j].own))
			return &l->ports[j].own;
	/* There are as many aggregators as ports, and this port stands in none: one is free. */
	while (!is_free(l, &l->ports[i].own))
		i++;
	unused = &l->ports[i].own;
	clear(unused);
	unused->individual = is_individual(p);
	unused->actor_key = p->actor.key;
	unused->partner_key = p->partner.key;
	unused->partner_priority = p->partner.system_priority;
	unused->partner_system = p->partner.system;
	return unused;
}

/*
 * A port that is UNSELECTED leaves its aggregator once the mux has let it go, and finds another.
 */
bool
lacp_select_step(struct lacp *l, struct lacp_port *p)
{
	struct lacp_aggregator *old;

	if (p->selected != LACP_UNSELECTED || p->mux != LACP_MUX_DETACHED || p->begin)
		return false;
	old = lacp_aggregator_of(l, p);
	p->aggregator_id = 0;
	if (old != NULL && is_free(l, old))
		clear(old);
	p->aggregator_id = find_for(l, p)->id;
	p->selected = LACP_STANDBY;
	l->reselect = true;
	return true;
}

/*
 * Whether @a is to be active rather than @best (ad_agg_selection_test). What Linux calls individual
 * is half duplex, and has no partner; here also a partner may be that does not aggregate, and who
 * answers is better than nobody.
 */
static bool
is_better(const struct lacp *l, const struct lacp_aggregator *a, const struct lacp_aggregator *best)
{
	unsigned ports = lacp_usable_ports(l, a), best_ports;

	if (best == NULL)
		return true;
	if (lacp_has_partner(a) != lacp_has_partner(best))
		return lacp_has_partner(a);
	if (!lacp_has_partner(a) && a->individual != best->individual)
		return best->individual;
	best_ports = lacp_usable_ports(l, best);
	if (l->s.ad_select == LACP_AD_COUNT && ports != best_ports)
		return ports > best_ports;
	return bandwidth_mbps(l, a) > bandwidth_mbps(l, best);
}

/* With ad_select=stable the active one stays while it is of any use (ad_agg_selection_logic). */
static bool
stays(const struct lacp *l, const struct lacp_aggregator *active, const struct lacp_aggregator *best
)
{
	return l->s.ad_select == LACP_AD_STABLE && active != NULL && best != NULL &&
	       lacp_usable_ports(l, active) != 0 &&
	       (lacp_has_partner(active) || !lacp_has_partner(best)) &&
	       !(active->actor_key == 0 && best->actor_key != 0);
}

static struct lacp_aggregator *
choose(struct lacp *l, struct lacp_aggregator *active)
{
	struct lacp_aggregator *best = NULL;

	if (active != NULL && lacp_usable_ports(l, active) != 0)
		best = active;
	for (int i = 0; i < l->nb_ports; i++) {
		struct lacp_aggregator *a = &l->ports[i].own;

		if (a != best && lacp_usable_ports(l, a) != 0 && is_better(l, a, best))
			best = a;
	}
	return stays(l, active, best) ? active : best;
}

void
lacp_choose_active(struct lacp *l)
{
	struct lacp_aggregator *active = lacp_active_aggregator(l);
	struct lacp_aggregator *best = choose(l, active);

	l->reselect = false;
	for (int i = 0; i < l->nb_ports; i++)
		l->ports[i].own.is_active = &l->ports[i].own == best;
	for (int i = 0; i < l->nb_ports; i++) {
		struct lacp_port *p = &l->ports[i];
		enum lacp_selected was = p->selected;

		if (was == LACP_UNSELECTED)
			continue;
		p->selected =
			best != NULL && p->aggregator_id == best->id ? LACP_SELECTED : LACP_STANDBY;
		if (p->selected != was)
			lacp_changed(
				l,
				p,
				"selection",
				lacp_selected_names[was],
				lacp_selected_names[p->selected],
				p->selected == LACP_SELECTED
					? "its aggregator is the active one"
					: "another aggregator is the active one"
			);
	}
}

void
lacp_aggregator_leaves(struct lacp *l, struct lacp_port *p)
{
	struct lacp_aggregator *old = &p->own, *other = NULL;
	unsigned id = old->id;

	p->aggregator_id = 0;
	l->reselect = true;
	if (is_free(l, old))
		return;
	for (int i = 0; i < l->nb_ports && other == NULL; i++)
		if (&l->ports[i] != p && is_free(l, &l->ports[i].own))
			other = &l->ports[i].own;
	/* The port that leaves stood in one, so that one is free now. */
	id = other->id;
	*other = *old;
	other->id = id;
	for (int i = 0; i < l->nb_ports; i++)
		if (l->ports[i].aggregator_id == old->id)
			l->ports[i].aggregator_id = id;
}
