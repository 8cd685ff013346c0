/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mode 802.3ad of a direct bond: joins the machines (lacp.h) with links, settings, frames and the
 * plan, and keeps the bond PMD's own machine out of the way.
 */
#include "bond_pmd.h"
#include "lacp.h"
#include "reason.h"
#include "run.h"
#include "units.h"

#include <rte_mbuf.h>

#include <inttypes.h>

enum {
	/* Control must not be kept by a flood of slow frames; workers pass no more on either. */
	SLOW_PER_TICK = 1024,
};

/* A plan that is not yet in force everywhere is looked at again after this time. */
#define UNSETTLED_NS (200 * NSEC_PER_USEC)

static void
settings_of(const struct bond *bond, struct lacp_settings *ret)
{
	const struct bond_settings *s = &bond->settings;

	*ret = (struct lacp_settings){
		.active = s->lacp_active,
		.fast = s->lacp_rate == BOND_LACP_FAST,
		.coupled_control = s->coupled_control,
		.ad_select = (enum lacp_ad_select)s->ad_select,
		.system_priority = s->ad_actor_sys_prio,
		.system = rte_is_zero_ether_addr(&s->ad_actor_system) ? bond->mac
	                                                              : s->ad_actor_system,
		.user_key = s->ad_user_port_key,
		.min_links = s->min_links,
	};
}

static void
send_frame(void *ctx, uint16_t port_id, const uint8_t frame[static LACP_FRAME_BYTES])
{
	struct bond_run *run = ctx;

	(void)direct_send(run->direct, port_id, frame, LACP_FRAME_BYTES);
}

static void
report_change(void *ctx, const struct lacp_change *c)
{
	const struct bond_run *run = ctx;

	bond_event(
		run->bonds,
		"%s: LACP of member %s: %s machine %s -> %s: %s",
		bond_name(run->bond),
		port_name(run->bonds->ports, c->port_id),
		c->machine,
		c->from,
		c->to,
		c->cause
	);
}

static void
report_trouble(void *ctx, uint16_t port_id, enum lacp_trouble trouble)
{
	const struct bond_run *run = ctx;

	if (trouble != LACP_TROUBLE_NONE)
		bond_event(
			run->bonds,
			"%s: warning: LACP of member %s: %s",
			bond_name(run->bond),
			port_name(run->bonds->ports, port_id),
			lacp_trouble_texts[trouble]
		);
}

int
run_lacp_new(struct bond_run *run)
{
	const struct lacp_ops ops = {
		.send = send_frame,
		.changed = report_change,
		.trouble = report_trouble,
		.ctx = run,
	};
	struct lacp_settings s;

	settings_of(run->bond, &s);
	return lacp_new(&run->lacp, &s, &ops);
}

void
run_lacp_member_added(struct bond_run *run, const struct bond_member *m, uint64_t now_ns)
{
	if (run->lacp != NULL)
		lacp_port_add(run->lacp, m->port_id, &m->want_mac, m->port_prio, now_ns);
}

void
run_lacp_member_leaves(struct bond_run *run, const struct bond_member *m)
{
	uint8_t farewell[LACP_FRAME_BYTES];

	if (run->lacp == NULL || !lacp_port_remove(run->lacp, m->port_id, farewell))
		return;
	/* It leaves the plan before its partner hears of it. */
	run_publish(run);
	(void)direct_send(run->direct, m->port_id, farewell, sizeof(farewell));
}

void
run_lacp_farewell(struct bond_run *run)
{
	if (run->lacp == NULL)
		return;
	for (uint16_t i = 0; i < run->bond->nb_members; i++)
		run_lacp_member_leaves(run, &run->bond->members[i]);
}

void
run_lacp_rejoin(struct bond_run *run)
{
	struct lacp_port_view v;

	if (run->lacp == NULL)
		return;
	for (uint16_t i = 0; i < run->bond->nb_members; i++)
		if (!lacp_port_view(run->lacp, run->bond->members[i].port_id, &v))
			run_lacp_member_added(run, &run->bond->members[i], run_now_ns(run));
}

void
run_lacp_settings_changed(struct bond_run *run)
{
	struct lacp_settings s;

	if (run->lacp == NULL)
		return;
	settings_of(run->bond, &s);
	lacp_set(run->lacp, &s);
	for (uint16_t i = 0; i < run->bond->nb_members; i++) {
		const struct bond_member *m = &run->bond->members[i];

		lacp_port_source(run->lacp, m->port_id, &m->want_mac);
		lacp_port_priority(run->lacp, m->port_id, m->port_prio);
	}
}

void
run_lacp_read(struct bond_run *run, uint64_t now_ns)
{
	if (run->lacp == NULL)
		return;
	for (unsigned i = 0; i < SLOW_PER_TICK; i++) {
		struct rte_mbuf *m = direct_next_slow(run->direct);
		uint8_t buf[LACP_FRAME_BYTES];
		uint32_t len;
		const uint8_t *bytes;

		if (m == NULL)
			return;
		len = RTE_MIN(rte_pktmbuf_pkt_len(m), (uint32_t)sizeof(buf));
		bytes = rte_pktmbuf_read(m, 0, len, buf);
		if (bytes != NULL)
			lacp_receive(run->lacp, m->port, bytes, len, now_ns);
		rte_pktmbuf_free(m);
	}
}

/*
 * The bond PMD's gates of its own path stand as ours do, in case that somebody sends or receives by
 * its port. It refuses while it has not yet seen the link of the member.
 */
static void
reconcile_pmd(const struct bond_run *run)
{
	for (uint16_t i = 0; i < run->bond->nb_members; i++) {
		uint16_t port_id = run->bond->members[i].port_id;

		bond_pmd_gate(
			run->bond->port_id,
			port_id,
			lacp_collects(run->lacp, port_id),
			lacp_distributes(run->lacp, port_id)
		);
	}
}

void
run_lacp_turn(struct bond_run *run, uint64_t now_ns)
{
	if (run->lacp == NULL)
		return;
	for (int i = 0; i < run->engine.nb_members; i++) {
		const struct engine_member *em = &run->engine.members[i];
		struct bond_member *m = run_member(run, i);

		/* A device may forget with its link what it listens to. */
		if (!em->phy.carrier) {
			m->hears_slow = false;
			m->hears_slow_asked = false;
		} else if (!m->hears_slow_asked) {
			/* Before the first LACPDU leaves: its answer comes within a millisecond. */
			m->hears_slow_asked = true;
			run->keep_due_ns = 0;
		}
		lacp_port_link(
			run->lacp,
			em->port_id,
			engine_usable(&run->engine, i),
			em->phy.speed_mbps,
			em->phy.full_duplex,
			now_ns
		);
	}
	lacp_run(run->lacp, now_ns);
	if (!lacp_take_changed(run->lacp))
		return;
	run->plan_wanted = true;
	reconcile_pmd(run);
	if (lacp_carrier(run->lacp) != run->lacp_carrier) {
		run->lacp_carrier = !run->lacp_carrier;
		bond_event(
			run->bonds,
			"%s: %s",
			bond_name(run->bond),
			run->lacp_carrier ? "carrier"
					  : "no carrier: no aggregator with enough links"
		);
	}
}

uint64_t
run_lacp_send(struct bond_run *run, uint64_t now_ns)
{
	if (run->lacp == NULL)
		return UINT64_MAX;
	/* What an LACPDU says must be true for every worker. */
	if (run->plan_wanted || !direct_settled(run->direct))
		return now_ns + UNSETTLED_NS;
	lacp_send(run->lacp, now_ns);
	return lacp_next_ns(run->lacp, now_ns);
}
