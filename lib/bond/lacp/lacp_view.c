/* SPDX-License-Identifier: BSD-3-Clause */
/* What is shown of the machines: states as words, and why a port carries no traffic. See lacp.h. */
#include "lacp_priv.h"

const char *const lacp_trouble_texts[LACP_TROUBLE_COUNT] = {
	[LACP_TROUBLE_NONE] = "",
	[LACP_TROUBLE_SILENCE] =
		"its link is up, but no LACPDU came in for 270 s: the other end does "
		"not speak LACP, or something between (a VF's PF) keeps slow "
		"protocols back",
	[LACP_TROUBLE_LOOP] = "it receives this system's own LACPDUs: a cable leads back here",
	[LACP_TROUBLE_PARTNER] = "its partner is another system than that of the active aggregator",
};

static const struct lacp_port *
find(const struct lacp *l, uint16_t port_id)
{
	for (int i = 0; i < l->nb_ports; i++)
		if (l->ports[i].port_id == port_id)
			return &l->ports[i];
	return NULL;
}

static const struct lacp_aggregator *
active_of(const struct lacp *l)
{
	for (int i = 0; i < l->nb_ports; i++)
		if (l->ports[i].own.is_active)
			return &l->ports[i].own;
	return NULL;
}

void
lacp_view(const struct lacp *l, struct lacp_view *ret)
{
	const struct lacp_aggregator *a = active_of(l);

	*ret = (struct lacp_view){
		.system = l->s.system,
		.system_priority = l->s.system_priority,
	};
	if (a == NULL)
		return;
	ret->aggregator_id = a->id;
	ret->nb_ports = lacp_usable_ports(l, a);
	ret->actor_key = a->actor_key;
	ret->partner_key = a->partner_key;
	ret->partner_system = a->partner_system;
}

bool
lacp_port_view(const struct lacp *l, uint16_t port_id, struct lacp_port_view *ret)
{
	const struct lacp_port *p = find(l, port_id);
	const struct lacp_aggregator *a = active_of(l);

	if (p == NULL)
		return false;
	*ret = (struct lacp_port_view){
		.port_id = port_id,
		.up = p->enabled,
		.receive = lacp_rx_names[p->rx],
		.periodic = lacp_periodic_names[p->periodic],
		.mux = lacp_mux_names[p->mux],
		.selected = lacp_selected_names[p->selected],
		.actor_churn = lacp_churn_names[p->actor_churn.state],
		.partner_churn = lacp_churn_names[p->partner_churn.state],
		.aggregator_id = p->aggregator_id,
		.in_active_aggregator = a != NULL && a->id == p->aggregator_id,
		.collects = p->collects,
		.distributes = p->distributes,
		.actor = p->actor,
		.partner = p->partner,
		.trouble = p->trouble,
		.counters = p->counters,
	};
	ret->counters.actor_churned = p->actor_churn.churned;
	ret->counters.partner_churned = p->partner_churn.churned;
	return true;
}

static const char *
why_by_mux(const struct lacp_port *p)
{
	switch (p->mux) {
	case LACP_MUX_ATTACHED:
		return "the partner is not in sync";
	case LACP_MUX_COLLECTING:
		return "the partner does not collect";
	default:
		return "waits 2 s before it is attached to its aggregator";
	}
}

const char *
lacp_why_idle(const struct lacp *l, uint16_t port_id)
{
	const struct lacp_port *p = find(l, port_id);

	if (p == NULL)
		return "LACP does not run";
	if (p->distributes)
		return "";
	if (!p->enabled)
		return "link down";
	if (!p->lacp_enabled)
		return "half duplex, which LACP does not aggregate";
	if (lacp_state_has(&p->actor, LACP_STATE_DEFAULTED))
		return "no LACPDU from a partner";
	if (lacp_state_has(&p->actor, LACP_STATE_EXPIRED))
		return "no LACPDU within the timeout";
	if (p->selected == LACP_STANDBY)
		return "another aggregator is the active one";
	return why_by_mux(p);
}
