/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What always holds of the engine, whatever happens in whatever order: random events, settings,
 * frames and ticks from fixed seeds. A failure names seed, step and deed.
 */
#include "engine_bench.h"

#include <inttypes.h>

enum { STEPS = 20000, MAX_DELAY_TICKS = 6, NB_IPS = 4 };

struct world {
	struct bench b;
	uint64_t random, seed;
	int step;
	const char *deed;
	uint16_t next_port;

	/* Before the step. */
	int nb_members, active_port;
	bool carrier;
	struct engine_member members[BOND_MAX_MEMBERS];

	/* Since the active member changed last. */
	uint32_t notified, igmp;
};

#define HOLDS(w, what)                                                       \
	do {                                                                 \
		if (!(what))                                                 \
			fail_msg(                                            \
				"seed %" PRIu64 ", step %d, %s: not so: %s", \
				(w)->seed,                                   \
				(w)->step,                                   \
				(w)->deed,                                   \
				#what                                        \
			);                                                   \
	} while (0)

static uint32_t
draw(struct world *w, uint32_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (uint32_t)((w->random >> 32) % below);
}

static bool
is_our_ip(void *ctx, rte_be32_t ip)
{
	(void)ctx;
	return ip == 0;
}

static bool
is_our_ip6(void *ctx, const struct bond_ip6 *ip)
{
	(void)ctx;
	return ip->bytes[15] == 0;
}

static int
port_of(const struct engine *e, int index)
{
	return index == ENGINE_NO_MEMBER ? -1 : e->members[index].port_id;
}

static void
remember(struct world *w)
{
	const struct engine *e = &w->b.e;

	w->nb_members = e->nb_members;
	w->active_port = port_of(e, e->active);
	w->carrier = e->carrier;
	memcpy(w->members, e->members, sizeof(w->members));
	w->b.changed = 0;
}

static bool
is_index(const struct engine *e, int index)
{
	return index >= ENGINE_NO_MEMBER && index < e->nb_members;
}

static void
check_indexes(struct world *w)
{
	const struct engine *e = &w->b.e;

	HOLDS(w, e->nb_members >= 0 && e->nb_members <= BOND_MAX_MEMBERS);
	HOLDS(w, is_index(e, e->current));
	HOLDS(w, is_index(e, e->active));
	HOLDS(w, is_index(e, e->primary));
	HOLDS(w, is_index(e, e->arp_current));
	HOLDS(w, e->active == (bond_mode_has_active(e->s->mode) ? e->current : -1));
	HOLDS(w, e->primary == ENGINE_NO_MEMBER || bond_mode_has_active(e->s->mode));
	HOLDS(w, e->arp_current == ENGINE_NO_MEMBER || e->s->arp_interval_ms != 0);
}

static void
check_member(struct world *w, int index)
{
	const struct engine *e = &w->b.e;
	const struct engine_member *m = &e->members[index];

	HOLDS(w, m->link < BOND_LINK_COUNT);
	HOLDS(w, m->phy.present || m->link == BOND_LINK_DOWN);
	HOLDS(w, m->delay_ticks >= 0 && m->delay_ticks <= MAX_DELAY_TICKS);
	if (index == e->current) {
		HOLDS(w, m->link == BOND_LINK_UP || m->link == BOND_LINK_FAIL);
		HOLDS(w, m->phy.present);
	}
	HOLDS(w, engine_usable(e, index) == (engine_why_unusable(e, index)[0] == '\0'));
	if (index == e->active)
		HOLDS(w, engine_usable(e, index));
	else if (engine_usable(e, index))
		HOLDS(w, m->link == BOND_LINK_UP && m->phy.present && m->phy.carrier);
	HOLDS(w, engine_find(e, m->port_id) == index);
}

/* That no member is UP while none is current; and the bond has carrier exactly if one is. */
static void
check_members(struct world *w)
{
	const struct engine *e = &w->b.e;
	bool any_up = false;

	for (int i = 0; i < e->nb_members; i++) {
		check_member(w, i);
		any_up = any_up || e->members[i].link == BOND_LINK_UP;
	}
	HOLDS(w, e->carrier == any_up);
	HOLDS(w, e->current != ENGINE_NO_MEMBER || !any_up);
}

/* What is different must have been announced. */
static void
check_changes(struct world *w)
{
	const struct engine *e = &w->b.e;
	uint32_t changed = w->b.changed;

	if (w->nb_members != e->nb_members)
		HOLDS(w, (changed & ENGINE_CHANGED_LINK) != 0);
	if (w->active_port != port_of(e, e->active))
		HOLDS(w, (changed & ENGINE_CHANGED_ACTIVE) != 0);
	if (w->carrier != e->carrier)
		HOLDS(w, (changed & ENGINE_CHANGED_CARRIER) != 0);
	for (int i = 0; i < w->nb_members; i++) {
		const struct engine_member *was = &w->members[i];
		int now = engine_find(e, was->port_id);

		if (now == ENGINE_NO_MEMBER)
			continue;
		HOLDS(w, e->members[now].link_failures >= was->link_failures);
		if (e->members[now].link != was->link)
			HOLDS(w, (changed & ENGINE_CHANGED_LINK) != 0);
	}
	if (!bond_mode_has_active(e->s->mode) && w->active_port < 0)
		HOLDS(w, (changed & ENGINE_CHANGED_ACTIVE) == 0);
}

/* Before the bits are cleared: they are of one call of the engine. */
static void
check_announcements(struct world *w)
{
	const struct engine *e = &w->b.e;
	bool notifies = (e->changed & ENGINE_NOTIFY_PEERS) != 0;
	bool resends = (e->changed & ENGINE_RESEND_IGMP) != 0;

	if ((e->changed & ENGINE_CHANGED_ACTIVE) != 0) {
		w->notified = 0;
		w->igmp = 0;
	}
	if (e->s->mode == BOND_MODE_RR)
		w->igmp = 0;
	w->notified += notifies;
	w->igmp += resends;
	if (notifies || resends)
		HOLDS(w, e->up_since_ns != 0);
	HOLDS(w, w->notified <= UINT8_MAX * MAX_DELAY_TICKS);
	HOLDS(w, w->igmp <= UINT8_MAX);
}

static void
acted(struct world *w)
{
	check_announcements(w);
	w->b.changed |= w->b.e.changed;
	w->b.e.changed = 0;
	check_indexes(w);
	check_members(w);
}

/* With a monitor of carrier that has had its tick, states and carrier go together. */
static void
check_monitored(struct world *w)
{
	const struct engine *e = &w->b.e;

	for (int i = 0; i < e->nb_members; i++) {
		const struct engine_member *m = &e->members[i];
		bool up = m->phy.present && m->phy.carrier;
		bool waits = e->s->mode >= BOND_MODE_8023AD && m->phy.speed_mbps == 0;

		if (!up)
			HOLDS(w, m->link == BOND_LINK_DOWN || m->link == BOND_LINK_FAIL);
		else if (!waits)
			HOLDS(w, m->link == BOND_LINK_UP || m->link == BOND_LINK_BACK);
		/* updelay does not keep a bond without any member that works. */
		if (up && !waits && e->s->mode == BOND_MODE_AB)
			HOLDS(w, e->current != ENGINE_NO_MEMBER);
	}
}

static void
pass_time(struct world *w)
{
	struct bench *b = &w->b;
	uint64_t until_ns = b->now_ns + draw(w, draw(w, 4) == 0 ? 5000 : 250) * NSEC_PER_MSEC;
	uint64_t had_ns = until_ns - b->now_ns;

	w->deed = "time";
	for (;;) {
		uint64_t due_ns = engine_tick(&b->e, b->now_ns);

		acted(w);
		HOLDS(w, due_ns > b->now_ns);
		if (b->e.up_since_ns == 0)
			HOLDS(w, due_ns == UINT64_MAX);
		if (due_ns > until_ns)
			break;
		b->now_ns = due_ns;
	}
	b->now_ns = until_ns;
	if (b->e.up_since_ns != 0 && b->s.miimon_ms != 0 &&
	    had_ns >= b->s.miimon_ms * NSEC_PER_MSEC)
		check_monitored(w);
}

static struct engine_phy
draw_phy(struct world *w)
{
	static const uint32_t speeds[] = {0, 1000, 10000, 25000};

	return (struct engine_phy){
		.present = draw(w, 12) != 0,
		.carrier = draw(w, 3) != 0,
		.speed_mbps = speeds[draw(w, 4)],
		.full_duplex = draw(w, 2) != 0,
	};
}

static void
change_members(struct world *w)
{
	struct engine *e = &w->b.e;
	struct engine_phy phy = draw_phy(w);
	bool is_primary = e->primary == ENGINE_NO_MEMBER && draw(w, 5) == 0;
	int32_t prio = (int32_t)draw(w, 3) - 1;
	int index, had = e->nb_members;

	if (e->nb_members != 0 && draw(w, 8) >= (e->nb_members < 5 ? 4u : 7u)) {
		w->deed = "remove";
		engine_member_remove(e, (int)draw(w, (uint32_t)e->nb_members), w->b.now_ns);
		acted(w);
		return;
	}
	w->deed = "add";
	index = engine_member_add(e, w->next_port++, prio, is_primary, &phy, w->b.now_ns);
	HOLDS(w, index == (had == BOND_MAX_MEMBERS ? ENGINE_NO_MEMBER : had));
	acted(w);
}

static void
change_phy(struct world *w)
{
	struct engine *e = &w->b.e;
	struct engine_phy phy = draw_phy(w);

	w->deed = "phy";
	engine_phy_report(e, (int)draw(w, (uint32_t)e->nb_members), &phy, w->b.now_ns);
	acted(w);
}

static void
change_choice(struct world *w)
{
	struct engine *e = &w->b.e;
	int index = (int)draw(w, (uint32_t)e->nb_members);
	bool can;

	switch (draw(w, 3)) {
	case 0:
		w->deed = "prio";
		engine_set_prio(e, index, (int32_t)draw(w, 3) - 1, w->b.now_ns);
		break;
	case 1:
		w->deed = "no active_slave";
		HOLDS(w, engine_set_active(e, ENGINE_NO_MEMBER, w->b.now_ns, NULL) == 0);
		break;
	default:
		w->deed = "active_slave";
		if (!bond_mode_has_active(e->s->mode))
			return;
		can = engine_usable(e, index) && e->active != ENGINE_NO_MEMBER;
		HOLDS(w, engine_set_active(e, index, w->b.now_ns, NULL) == (can ? 0 : -EINVAL));
		HOLDS(w, !can || e->active == index);
	}
	acted(w);
}

static void
draw_monitor(struct world *w)
{
	struct bond_settings *s = &w->b.s;
	static const uint32_t periods_ms[] = {10, 100, 300};
	uint32_t kind = draw(w, 5);

	s->miimon_ms = kind < 3 ? periods_ms[draw(w, 3)] : 0;
	s->arp_interval_ms = kind == 3 ? periods_ms[draw(w, 3)] : 0;
	if (s->arp_interval_ms != 0 && s->mode > BOND_MODE_BROADCAST)
		s->mode = (enum bond_mode)draw(w, 4);
	s->updelay_ticks = draw(w, 2) * draw(w, MAX_DELAY_TICKS + 1);
	s->downdelay_ticks = draw(w, 2) * draw(w, MAX_DELAY_TICKS + 1);
	s->peer_notif_delay_ticks = draw(w, MAX_DELAY_TICKS);
	s->num_peer_notif = (uint8_t)draw(w, 5);
	s->resend_igmp = (uint8_t)draw(w, 4);
	s->arp_missed_max = (uint8_t)(1 + draw(w, 3));
	s->arp_validate = (enum bond_arp_validate)draw(w, BOND_ARP_VALIDATE_COUNT);
	s->arp_all_targets = (enum bond_arp_all_targets)draw(w, BOND_ARP_TARGETS_COUNT);
	s->nb_arp_targets = (uint8_t)draw(w, NB_IPS);
	s->nb_ns_targets = (uint8_t)draw(w, NB_IPS);
	for (uint32_t i = 0; i < NB_IPS; i++) {
		s->arp_targets[i] = 1 + (i + draw(w, 2)) % NB_IPS;
		s->ns_targets[i].bytes[15] = (uint8_t)s->arp_targets[i];
	}
}

static void
change_settings(struct world *w)
{
	struct engine *e = &w->b.e;
	struct bond_settings *s = &w->b.s;
	int primary = e->primary;
	enum bond_mode mode = s->mode;
	uint32_t effects = BOND_EFFECT_RESELECT;

	w->deed = "settings";
	switch (draw(w, 6)) {
	case 0:
		s->mode = (enum bond_mode)draw(w, BOND_MODE_COUNT);
		/* fall through */
	case 1:
		draw_monitor(w);
		effects = BOND_EFFECT_MONITOR | (s->mode != mode ? BOND_EFFECT_MODE : 0);
		break;
	case 2:
		primary = (int)draw(w, (uint32_t)e->nb_members + 1) - 1;
		break;
	case 3:
		w->deed = "down or up";
		if (e->up_since_ns != 0)
			engine_down(e);
		if (draw(w, 4) != 0)
			engine_up(e, w->b.now_ns);
		acted(w);
		return;
	default:
		s->primary_reselect = (enum bond_reselect)draw(w, BOND_RESELECT_COUNT);
	}
	engine_settings_changed(e, effects, primary, w->b.now_ns);
	acted(w);
}

static void
see_frame(struct world *w)
{
	struct engine *e = &w->b.e;
	int index = (int)draw(w, (uint32_t)e->nb_members);
	const struct engine_arp arp = {
		.is_reply = draw(w, 2) != 0,
		.is_broadcast_or_ours = draw(w, 4) != 0,
		.sender_ip = draw(w, NB_IPS + 1),
		.target_ip = draw(w, NB_IPS + 1),
	};
	const struct engine_nd nd = {
		.saddr = {{[15] = (uint8_t)draw(w, NB_IPS + 1)}},
		.daddr = {{[15] = (uint8_t)draw(w, NB_IPS + 1)}},
	};

	w->deed = "frame";
	switch (draw(w, 4)) {
	case 0:
		engine_note_rx(e, index, w->b.now_ns);
		break;
	case 1:
		engine_note_tx(e, index, w->b.now_ns);
		break;
	case 2:
		engine_arp_rx(e, index, &arp, is_our_ip, NULL, w->b.now_ns);
		break;
	default:
		engine_nd_rx(e, index, &nd, is_our_ip6, NULL, w->b.now_ns);
	}
	acted(w);
}

static void
count_probe(void *ctx, int index)
{
	struct world *w = ctx;
	const struct engine *e = &w->b.e;

	HOLDS(w, index >= 0 && index < e->nb_members);
	HOLDS(w, e->targets.nb_arp != 0 || e->targets.nb_ns != 0);
	/* Mode 1 probes by the active member, or tries one while there is none. */
	if (e->s->mode == BOND_MODE_AB)
		HOLDS(w, index == (e->active != ENGINE_NO_MEMBER ? e->active : e->arp_current));
}

static void
live(uint64_t seed)
{
	struct world world = {.seed = seed, .random = seed}, *w = &world;
	const struct engine_ops ops = {.probe = count_probe, .ctx = w};
	struct bench *b = &w->b;

	b->s = settings(BOND_MODE_AB);
	b->now_ns = BENCH_START_NS;
	engine_init(&b->e, &b->s, &ops);
	engine_up(&b->e, b->now_ns);
	for (w->step = 0; w->step < STEPS; w->step++) {
		uint32_t what = draw(w, 100);

		remember(w);
		if (what < 30)
			pass_time(w);
		else if (what < 38 || b->e.nb_members == 0)
			change_members(w);
		else if (what < 65)
			change_phy(w);
		else if (what < 72)
			change_choice(w);
		else if (what < 78)
			change_settings(w);
		else
			see_frame(w);
		check_changes(w);
	}
}

static void
random_lives(void **state)
{
	static const uint64_t seeds[] = {
		1, 0x9e3779b97f4a7c15, 4711, 0xdeadbeef, 20240229, 0xfedcba9876543210, 31, 65537};

	(void)state;
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
		live(seeds[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
