/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands that show LACP: the machines of each member, and as testpmd writes it. */
#include "app.h"
#include "app_priv.h"
#include "bond_view.h"
#include "command.h"
#include "command_table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* The view of a bond in mode 802.3ad, to be freed. */
static int
take_lacp_view(struct app *app, const char *word, struct bond_view **ret, struct reason *why)
{
	struct bond_view *v;
	int rc = app_bond_view(app, word, &v, why);

	if (rc != 0)
		return rc;
	if (v->settings.mode == BOND_MODE_8023AD) {
		*ret = v;
		return 0;
	}
	rc = reason_set(
		why,
		-EACCES,
		"%s: LACP is for mode 802.3ad, it is in mode %s",
		v->settings.name,
		bond_mode_names[v->settings.mode]
	);
	free(v);
	return rc;
}

static void
put_side(struct text *t, const char *who, const struct lacp_side *s)
{
	static const char *const bits[] = {
		"ACTIVE",
		"TIMEOUT",
		"AGGREGATION",
		"SYNCHRONIZATION",
		"COLLECTING",
		"DISTRIBUTING",
		"DEFAULTED",
		"EXPIRED",
	};

	text_printf(
		t,
		"\t%s: system priority %u, system " RTE_ETHER_ADDR_PRT_FMT
		", key %u, port priority %u, port number %u, state",
		who,
		s->system_priority,
		RTE_ETHER_ADDR_BYTES(&s->system),
		s->key,
		s->port_priority,
		s->port_number
	);
	for (unsigned i = 0; i < RTE_DIM(bits); i++)
		if ((s->state >> i & 1) != 0)
			text_printf(t, " %s", bits[i]);
	text_puts(t, "\n");
}

static void
put_member(struct text *t, const struct bond_member_view *m)
{
	text_printf(
		t,
		"Member %s (port %u): %s\n",
		m->name,
		m->port_id,
		m->why_idle[0] != '\0' ? m->why_idle : "carries traffic"
	);
	if (!m->has_lacp)
		return;
	text_printf(t, "\tAggregator: %u\n", m->aggregator);
	put_side(t, "Actor", &m->actor);
	put_side(t, "Partner", &m->partner);
}

int
cmd_bonding_lacp(struct app *app, const struct command_call *call)
{
	struct bond_view *v;
	int rc = take_lacp_view(app, call->argv[0], &v, call->why);

	if (rc != 0)
		return rc;
	for (uint16_t i = 0; i < v->nb_members; i++)
		put_member(call->reply, &v->members[i]);
	free(v);
	return 0;
}

static void
put_aggregator(struct text *t, const struct bond_view *v)
{
	const struct lacp_view *a = &v->direct.lacp;

	if (!v->has_direct) {
		text_printf(
			t,
			"%s: %s\n",
			v->settings.name,
			v->up ? "the bond PMD runs LACP" : "it is down"
		);
		return;
	}
	if (a->aggregator_id == 0)
		text_printf(t, "%s: no active aggregator\n", v->settings.name);
	else
		text_printf(
			t,
			"%s: aggregator %u is active: %u ports up, actor key %u, partner key %u, "
			"partner " RTE_ETHER_ADDR_PRT_FMT "\n",
			v->settings.name,
			a->aggregator_id,
			a->nb_ports,
			a->actor_key,
			a->partner_key,
			RTE_ETHER_ADDR_BYTES(&a->partner_system)
		);
	text_printf(
		t,
		"\tcarrier: %s (min_links %u); LACP frames go ahead of data in the same queue\n",
		v->link_up ? "up" : "down",
		v->settings.min_links
	);
}

/* The machines, and the counters of OVS's lacp/show-stats and some more. */
static void
put_machines(struct text *t, const struct bond_member_view *m)
{
	const struct lacp_port_view *p = &m->lacp;
	const struct lacp_counters *c = &p->counters;

	text_printf(
		t,
		"\tMachines: receive %s, periodic %s, mux %s, %s; churn: actor %s, partner %s\n",
		p->receive,
		p->periodic,
		p->mux,
		p->selected,
		p->actor_churn,
		p->partner_churn
	);
	text_printf(
		t,
		"\tLACPDUs: rx %" PRIu64 ", bad %" PRIu64 ", own %" PRIu64 ", tx %" PRIu64
		", not read %" PRIu64 "\n",
		c->rx,
		c->rx_bad,
		c->rx_loop,
		c->tx,
		m->counters.rx_slow_lost
	);
	text_printf(
		t,
		"\tTimes: expired %" PRIu64 ", defaulted %" PRIu64 ", carrier changes %" PRIu64
		", actor churned %u, partner churned %u\n",
		c->expired,
		c->defaulted,
		c->carrier_changes,
		c->actor_churned,
		c->partner_churned
	);
	text_printf(
		t,
		"\tMarkers: rx %" PRIu64 ", answered %" PRIu64 ", too many %" PRIu64 "\n",
		c->marker_rx,
		c->marker_tx,
		c->marker_limited
	);
	if (p->trouble != LACP_TROUBLE_NONE)
		text_printf(t, "\tWarning: %s\n", lacp_trouble_texts[p->trouble]);
}

int
cmd_show_lacp(struct app *app, const struct command_call *call)
{
	struct bond_view *v;
	int rc = take_lacp_view(app, call->argv[0], &v, call->why);

	if (rc != 0)
		return rc;
	put_aggregator(call->reply, v);
	for (uint16_t i = 0; i < v->nb_members; i++) {
		put_member(call->reply, &v->members[i]);
		if (v->has_direct && v->members[i].has_lacp)
			put_machines(call->reply, &v->members[i]);
	}
	free(v);
	return 0;
}
