/* SPDX-License-Identifier: BSD-3-Clause */
/* See run.h: a direct bond from up to down, its clock, and what follows from the engine's words. */
#include "run.h"

#include "reason.h"
#include "units.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	POLL_WITHOUT_MII_MS = 100,
	FORGET_MS = 10000,
};

uint64_t
run_now_ns(const struct bond_run *run)
{
	return run->bonds->host.now_ns(run->bonds->host.ctx);
}

struct bond_member *
run_member(const struct bond_run *run, int index)
{
	return &run->bond->members[index];
}

static int
index_of(const struct bond_run *run, const struct bond_member *m)
{
	return (int)(m - run->bond->members);
}

/*
 * What the device of a member shows now. use_carrier=0 is no other question: the ethdev call that
 * asks a device anew may wait for seconds (rte_eth_link_get), and newer kernels know 1 only.
 */
static struct engine_phy
read_phy(struct bond_run *run, struct bond_member *m)
{
	struct engine_phy phy = {.present = false};
	struct rte_eth_link link;

	(void)bond_member_read_carrier(run->bonds, m);
	if (!m->present || !m->attached || m->away)
		return phy;
	phy.present = true;
	if (rte_eth_link_get_nowait(m->port_id, &link) != 0)
		return phy;
	phy.carrier = m->if_index != 0 ? m->carrier : link.link_status == RTE_ETH_LINK_UP;
	phy.carrier = bond_heal_link(run->bonds, run->bond, m, phy.carrier);
	phy.speed_mbps = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed;
	phy.full_duplex = link.link_duplex == RTE_ETH_LINK_FULL_DUPLEX;
	return phy;
}

static bool
is_primary(const struct bond_run *run, const struct bond_member *m)
{
	const char *word = run->bond->settings.primary;
	uint16_t id;

	return word[0] != '\0' && ports_find(run->bonds->ports, word, &id, NULL) == 0 &&
	       id == m->port_id;
}

static int
primary_index(const struct bond_run *run)
{
	for (uint16_t i = 0; i < run->bond->nb_members; i++)
		if (is_primary(run, &run->bond->members[i]))
			return i;
	return ENGINE_NO_MEMBER;
}

static void
add_to_engine(struct bond_run *run, struct bond_member *m, uint64_t now_ns)
{
	struct engine_phy phy = read_phy(run, m);
	struct direct_counters c;
	int index = engine_member_add(
		&run->engine, m->port_id, m->prio, is_primary(run, m), &phy, now_ns
	);

	run->engine.members[index].link_failures = m->link_failures;
	/* What the port did in an earlier membership is no sign of life. */
	direct_member_counters(run->direct, m->port_id, &c);
	run->seen[index].rx_packets = c.rx_packets;
	run->seen[index].tx_packets = c.tx_packets;
	/* Reported when it is anything else. */
	m->link = BOND_LINK_DOWN;
	run_lacp_member_added(run, m, now_ns);
}

static void
report_links(struct bond_run *run)
{
	bool arp_monitor = run->bond->settings.arp_interval_ms != 0;

	for (int i = 0; i < run->engine.nb_members; i++) {
		struct bond_member *m = run_member(run, i);
		const struct engine_member *em = &run->engine.members[i];
		enum bond_link was = m->link;

		m->link = em->link;
		m->link_failures = em->link_failures;
		m->link_up =
			em->link == BOND_LINK_UP || (em->link == BOND_LINK_FAIL && !arp_monitor);
		/* Whom the ARP monitor tries while nobody answers is no news at every interval. */
		if (was == m->link ||
		    (arp_monitor && (m->link == BOND_LINK_BACK || m->link == BOND_LINK_FAIL)))
			continue;
		bond_event(
			run->bonds,
			"%s: link of member %s is %s",
			bond_name(run->bond),
			port_name(run->bonds->ports, m->port_id),
			m->present ? bond_link_names[m->link] : "gone with its network device"
		);
	}
}

static void
report_active(struct bond_run *run)
{
	struct bond *bond = run->bond;
	int active = run->engine.active;

	bond->active_known = active != ENGINE_NO_MEMBER;
	if (bond->active_known) {
		bond->active = run_member(run, active)->port_id;
		bond_event(
			run->bonds,
			"%s: active member is %s",
			bond_name(bond),
			port_name(run->bonds->ports, bond->active)
		);
	} else {
		bond_event(run->bonds, "%s: no active member", bond_name(bond));
	}
}

/* Addresses, filters and learning follow the plan: devices are slower than workers. */
static void
active_changed(struct bond_run *run)
{
	struct bond *bond = run->bond;

	run->events++;
	report_active(run);
	run_macs_apply(run);
	bond_keep_filters(run->bonds, bond, bond->active_known, bond->active);
	if (!bond->active_known || !bond_mode_is_lb(bond->settings.mode))
		return;
	/* Clients and switches learn where the addresses are now (alb_fasten_mac_swap). */
	run_balance_members_changed(run);
	for (int i = 0; i < run->engine.nb_members; i++)
		if (engine_usable(&run->engine, i))
			run_send_learning(run, run_member(run, i));
}

void
run_react(struct bond_run *run)
{
	uint32_t changed = run->engine.changed;

	run->engine.changed = 0;
	run_lacp_turn(run, run_now_ns(run));
	if ((changed & ENGINE_CHANGED_ACTIVE) != 0)
		run_macs_active_changed(run);
	if ((changed & (ENGINE_CHANGED_LINK | ENGINE_CHANGED_ACTIVE)) != 0) {
		run_balance_members_changed(run);
		run_publish(run);
		report_links(run);
	}
	if ((changed & ENGINE_CHANGED_ACTIVE) != 0)
		active_changed(run);
	if ((changed & ENGINE_NOTIFY_PEERS) != 0)
		run_notify_peers(run);
	if ((changed & ENGINE_RESEND_IGMP) != 0)
		run_resend_igmp(run);
	if (run->plan_wanted)
		run_publish(run);
}

static void
free_run(struct bond_run *run)
{
	run->direct = direct_free(run->direct);
	run->lacp = lacp_free(run->lacp);
	run->rlb = rlb_free(run->rlb);
	run->learn = learn_free(run->learn);
	run->igmp = igmp_memory_free(run->igmp);
	free(run);
}

static int
make_run(struct bond_run *run, struct reason *why)
{
	const struct bonds *bonds = run->bonds;
	const struct port_conf *conf = port_conf(bonds->ports, run->bond->port_id);
	const struct direct_grace grace = {
		.ctx = bonds->host.ctx,
		.start = bonds->host.grace_start,
		.over = bonds->host.grace_over,
	};
	int rc = direct_new(
		&run->direct,
		bond_name(run->bond),
		run->bond->port_id,
		conf->nb_rxq,
		conf->nb_txq,
		&grace,
		why
	);

	if (rc != 0)
		return rc;
	if ((run->bond->settings.mode == BOND_MODE_8023AD && run_lacp_new(run) != 0) ||
	    rlb_new(&run->rlb) != 0 || learn_new(&run->learn) != 0 ||
	    igmp_memory_new(&run->igmp) != 0)
		return reason_set(why, -ENOMEM, "out of memory");
	return 0;
}

static void
set_first_active(struct bond_run *run, uint64_t now_ns)
{
	const char *word = run->bond->settings.active;
	uint16_t id;

	if (word[0] != '\0' && ports_find(run->bonds->ports, word, &id, NULL) == 0 &&
	    engine_find(&run->engine, id) != ENGINE_NO_MEMBER)
		(void)engine_set_active(&run->engine, engine_find(&run->engine, id), now_ns, NULL);
	run->bond->settings.active[0] = '\0';
}

int
run_start(struct bonds *bonds, struct bond *bond, struct reason *why)
{
	struct bond_run *run = calloc(1, sizeof(*run));
	const struct engine_ops ops = {.probe = run_probe, .ctx = run};
	uint64_t now_ns;
	int rc;

	if (run == NULL)
		return reason_set(why, -ENOMEM, "out of memory");
	run->bonds = bonds;
	run->bond = bond;
	rc = make_run(run, why);
	if (rc != 0) {
		free_run(run);
		return rc;
	}
	bond->run = run;
	now_ns = run_now_ns(run);
	engine_init(&run->engine, &bond->settings, &ops);
	engine_up(&run->engine, now_ns);
	for (uint16_t i = 0; i < bond->nb_members; i++)
		add_to_engine(run, &bond->members[i], now_ns);
	set_first_active(run, now_ns);
	run_balance_start(run);
	run_macs_active_changed(run);
	run->engine.changed |= ENGINE_CHANGED_LINK;
	run_react(run);
	run_macs_apply(run);
	return 0;
}

void
run_stop(struct bond *bond)
{
	unsigned missing;

	if (bond->run == NULL)
		return;
	engine_down(&bond->run->engine);
	missing = direct_missing(bond->run->direct);
	if (missing != 0)
		bond_event(
			bond->run->bonds,
			"%s: %u buffers of control frames are lost",
			bond_name(bond),
			missing
		);
	free_run(bond->run);
	bond->run = NULL;
}

void
run_goes_down(struct bond *bond)
{
	if (bond->run == NULL)
		return;
	run_lacp_farewell(bond->run);
	run_flush(bond);
}

void
run_stays_up(struct bond *bond)
{
	if (bond->run != NULL)
		run_lacp_rejoin(bond->run);
}

void
run_flush(struct bond *bond)
{
	if (bond->run != NULL)
		direct_flush(bond->run->direct);
}

/* Frames that moved since the last look: what the ARP monitor calls a sign of life. */
static void
note_traffic(struct bond_run *run, uint64_t now_ns)
{
	for (int i = 0; i < run->engine.nb_members; i++) {
		struct direct_counters c;

		direct_member_counters(run->direct, run_member(run, i)->port_id, &c);
		if (c.rx_packets != run->seen[i].rx_packets)
			engine_note_rx(&run->engine, i, now_ns);
		if (c.tx_packets != run->seen[i].tx_packets)
			engine_note_tx(&run->engine, i, now_ns);
		run->seen[i].rx_packets = c.rx_packets;
		run->seen[i].tx_packets = c.tx_packets;
	}
}

static void
poll_devices(struct bond_run *run, uint64_t now_ns)
{
	uint32_t period_ms = run->bond->settings.miimon_ms;

	run->poll_due_ns =
		now_ns + (period_ms != 0 ? period_ms : POLL_WITHOUT_MII_MS) * NSEC_PER_MSEC;
	for (int i = 0; i < run->engine.nb_members; i++) {
		struct engine_phy phy = read_phy(run, run_member(run, i));

		engine_phy_report(&run->engine, i, &phy, now_ns);
	}
}

/* What others may have undone: the PMD at its own failovers, a PF, an operator. */
static void
keep(struct bond_run *run, uint64_t now_ns)
{
	struct bond *bond = run->bond;

	run->keep_due_ns = now_ns + BOND_KEEP_MS * NSEC_PER_MSEC;
	if (now_ns >= run->promisc_until_ns)
		run->promisc_until_ns = 0;
	run_macs_apply(run);
	bond_keep_filters(run->bonds, bond, bond->active_known, bond->active);
}

static void
forget(struct bond_run *run, uint64_t now_ns)
{
	run->forget_due_ns = now_ns + FORGET_MS * NSEC_PER_MSEC;
	learn_age(run->learn, now_ns);
	igmp_memory_age(run->igmp, now_ns);
	/* Workers show again whom they have shown before: what still lives stays remembered. */
	atomic_fetch_add_explicit(&run->direct->learn_epoch, 1, memory_order_relaxed);
}

uint64_t
run_tick(struct bond *bond)
{
	struct bond_run *run = bond->run;
	uint64_t now_ns = run_now_ns(run), next_ns;

	direct_collect(run->direct);
	run_read_shown(run);
	run_lacp_read(run, now_ns);
	note_traffic(run, now_ns);
	if (now_ns >= run->poll_due_ns)
		poll_devices(run, now_ns);
	next_ns = engine_tick(&run->engine, now_ns);
	run_react(run);
	if (bond_mode_is_lb(bond->settings.mode))
		run_balance_tick(run, now_ns);
	if (now_ns >= run->keep_due_ns)
		keep(run, now_ns);
	if (now_ns >= run->forget_due_ns)
		forget(run, now_ns);
	if (run->plan_wanted)
		run_publish(run);
	return RTE_MIN(next_ns, run_lacp_send(run, now_ns));
}

static bool
attach_again(struct bond_run *run, struct bond_member *m)
{
	struct reason why;

	if (bond_member_attach(run->bonds, run->bond, m, &why) == 0)
		return true;
	bond_event(
		run->bonds,
		"%s: cannot attach member %s again: %s",
		bond_name(run->bond),
		port_name(run->bonds->ports, m->port_id),
		why.text
	);
	return false;
}

void
run_device_event(struct bond *bond, struct bond_member *m)
{
	struct bond_run *run = bond->run;
	bool was_present = m->present;
	struct engine_phy phy = read_phy(run, m);

	/* The bond was started while the device was gone. */
	if (m->present && !m->attached && m->heal.kind == PORT_HEAL_NONE && attach_again(run, m))
		phy = read_phy(run, m);
	engine_phy_report(&run->engine, index_of(run, m), &phy, run_now_ns(run));
	run_react(run);
	if (m->present && !was_present) {
		m->mac_wait = 0;
		run_macs_apply(run);
		run_publish(run);
	}
}

int
run_monitor_deaf(const struct bond *bond, const struct bond_member *m)
{
	const struct engine_member *em = &bond->run->engine.members[index_of(bond->run, m)];

	if (bond->settings.arp_interval_ms == 0 || !em->phy.carrier)
		return -1;
	if (em->link == BOND_LINK_DOWN)
		return 1;
	return em->link == BOND_LINK_UP ? 0 : -1;
}

/* Its device as it is now, and a plan by that. */
static void
look_again(struct bond *bond, struct bond_member *m)
{
	struct bond_run *run = bond->run;
	struct engine_phy phy = read_phy(run, m);

	engine_phy_report(&run->engine, index_of(run, m), &phy, run_now_ns(run));
	run->plan_wanted = true;
	run_react(run);
}

bool
run_polls_members(const struct bond *bond)
{
	return bond->run != NULL && (bond_mode_has_active(bond->settings.mode) ||
	                             bond->settings.mode == BOND_MODE_8023AD);
}

void
run_member_away(struct bond *bond, struct bond_member *m)
{
	m->away = true;
	look_again(bond, m);
}

void
run_member_back(struct bond *bond, struct bond_member *m)
{
	m->away = false;
	look_again(bond, m);
	keep(bond->run, run_now_ns(bond->run));
}

void
run_member_added(struct bond *bond, struct bond_member *m)
{
	struct bond_run *run = bond->run;

	add_to_engine(run, m, run_now_ns(run));
	run->engine.changed |= ENGINE_CHANGED_LINK;
	run_react(run);
}

void
run_member_leaves(struct bond *bond, struct bond_member *m)
{
	struct bond_run *run = bond->run;
	int index = index_of(run, m);

	/*
	 * The engine renumbers its members at once, the bond's records follow when the caller
	 * forgets this one: in between the record goes to the end of the list.
	 */
	engine_member_remove(&run->engine, index, run_now_ns(run));
	bond_member_to_end(bond, m);
	m = &bond->members[bond->nb_members - 1];
	memmove(&run->seen[index],
	        &run->seen[index + 1],
	        (size_t)(BOND_MAX_MEMBERS - index - 1) * sizeof(run->seen[0]));
	run_macs_active_changed(run);
	run_macs_member_leaves(run, m);
	run_lacp_member_leaves(run, m);
	run->engine.changed |= ENGINE_CHANGED_LINK;
	run_react(run);
}

void
run_settings_changed(struct bond *bond, uint32_t effects)
{
	struct bond_run *run = bond->run;

	for (int i = 0; i < run->engine.nb_members; i++)
		if (run->engine.members[i].prio != run_member(run, i)->prio)
			engine_set_prio(&run->engine, i, run_member(run, i)->prio, run_now_ns(run));
	engine_settings_changed(&run->engine, effects, primary_index(run), run_now_ns(run));
	if ((effects & BOND_EFFECT_LACP) != 0)
		run_lacp_settings_changed(run);
	run->poll_due_ns = 0;
	run->learning_due_ns = 0;
	run->plan_wanted = true;
	if ((effects & BOND_EFFECT_PLAN) != 0)
		run_balance_members_changed(run);
	run_react(run);
}

int
run_set_active(struct bond *bond, const struct bond_member *m, struct reason *why)
{
	struct bond_run *run = bond->run;
	int rc = engine_set_active(
		&run->engine, m != NULL ? index_of(run, m) : ENGINE_NO_MEMBER, run_now_ns(run), why
	);

	run_react(run);
	return rc;
}
