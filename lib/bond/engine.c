/* SPDX-License-Identifier: BSD-3-Clause */
/* See engine.h: members that come and go, settings, and the clock of the monitors. */
#include "engine.h"

#include "engine_priv.h"
#include "units.h"

#include <rte_common.h>

#include <string.h>

const char *const bond_link_names[BOND_LINK_COUNT] = {
	[BOND_LINK_UP] = "up",
	[BOND_LINK_FAIL] = "going down",
	[BOND_LINK_DOWN] = "down",
	[BOND_LINK_BACK] = "going back",
};

static void
stop_clock(struct engine *e)
{
	e->next_mii_ns = UINT64_MAX;
	e->next_arp_ns = UINT64_MAX;
	e->next_igmp_ns = UINT64_MAX;
}

void
engine_init(struct engine *e, const struct bond_settings *s, const struct engine_ops *ops)
{
	*e = (struct engine){
		.s = s,
		.ops = *ops,
		.current = ENGINE_NO_MEMBER,
		.active = ENGINE_NO_MEMBER,
		.primary = ENGINE_NO_MEMBER,
		.arp_current = ENGINE_NO_MEMBER,
	};
	stop_clock(e);
	engine_arp_targets_changed(e, 0);
}

/* The end of bond_enslave's "check for initial state"; dev_open has worked before that. */
static enum bond_link
first_link(const struct engine *e, const struct engine_member *m)
{
	if (!m->phy.present)
		return BOND_LINK_DOWN;
	if (e->s->miimon_ms == 0 && e->s->arp_interval_ms == 0)
		return BOND_LINK_UP;
	if (!m->phy.carrier)
		return BOND_LINK_DOWN;
	return e->s->miimon_ms != 0 && e->s->updelay_ticks != 0 ? BOND_LINK_BACK : BOND_LINK_UP;
}

int
engine_member_add(
	struct engine *e,
	uint16_t port_id,
	int32_t prio,
	bool is_primary,
	const struct engine_phy *phy,
	uint64_t now_ns
)
{
	int index = e->nb_members;
	struct engine_member *m = &e->members[index];

	if (index == BOND_MAX_MEMBERS)
		return ENGINE_NO_MEMBER;
	e->nb_members++;
	*m = (struct engine_member){.port_id = port_id, .prio = prio, .phy = *phy};
	m->link = first_link(e, m);
	if (m->link == BOND_LINK_BACK)
		m->delay_ticks = e->s->updelay_ticks;
	if (m->link != BOND_LINK_DOWN)
		m->last_link_up_ns = now_ns;
	engine_arp_join(e, m, now_ns);
	e->changed |= ENGINE_CHANGED_LINK;
	if (is_primary && bond_mode_has_active(e->s->mode)) {
		e->primary = index;
		e->force_primary = true;
	}
	engine_set_carrier(e);
	if (bond_mode_has_active(e->s->mode))
		engine_select_active(e, now_ns);
	else if (e->current == ENGINE_NO_MEMBER && m->link == BOND_LINK_UP)
		engine_set_current(e, index);
	return index;
}

static int
index_without(int index, int removed)
{
	if (index == removed)
		return ENGINE_NO_MEMBER;
	return index > removed ? index - 1 : index;
}

void
engine_member_remove(struct engine *e, int index, uint64_t now_ns)
{
	bool was_current = index == e->current;
	size_t behind = (size_t)(e->nb_members - index - 1);

	if (was_current)
		engine_change_active(e, ENGINE_NO_MEMBER, now_ns);
	memmove(&e->members[index], &e->members[index + 1], behind * sizeof(e->members[0]));
	e->nb_members--;
	e->current = index_without(e->current, index);
	e->active = index_without(e->active, index);
	e->primary = index_without(e->primary, index);
	e->arp_current = ENGINE_NO_MEMBER;
	e->changed |= ENGINE_CHANGED_LINK;
	if (was_current)
		engine_select_active(e, now_ns);
	engine_set_carrier(e);
}

int
engine_find(const struct engine *e, uint16_t port_id)
{
	for (int i = 0; i < e->nb_members; i++)
		if (e->members[i].port_id == port_id)
			return i;
	return ENGINE_NO_MEMBER;
}

/* When a monitor with this period is due, which was due at @due_ns. */
static uint64_t
follow_period(uint64_t due_ns, uint32_t period_ms, uint64_t now_ns)
{
	if (period_ms == 0)
		return UINT64_MAX;
	if (due_ns == UINT64_MAX)
		return now_ns;
	return RTE_MIN(due_ns, now_ns + period_ms * NSEC_PER_MSEC);
}

/* The monitors that the settings want run; a new one at once. */
static void
set_clock(struct engine *e, uint64_t now_ns)
{
	bool had_arp = e->next_arp_ns != UINT64_MAX;

	if (e->s->arp_interval_ms == 0)
		e->arp_current = ENGINE_NO_MEMBER;
	if (e->up_since_ns == 0)
		return;
	e->next_mii_ns = follow_period(e->next_mii_ns, e->s->miimon_ms, now_ns);
	e->next_arp_ns = follow_period(e->next_arp_ns, e->s->arp_interval_ms, now_ns);
	if (e->next_arp_ns != UINT64_MAX && !had_arp)
		engine_arp_start(e, now_ns);
}

void
engine_up(struct engine *e, uint64_t now_ns)
{
	e->up_since_ns = now_ns;
	set_clock(e, now_ns);
}

void
engine_down(struct engine *e)
{
	e->up_since_ns = 0;
	e->notify_left = 0;
	e->igmp_left = 0;
	stop_clock(e);
}

static void
set_primary(struct engine *e, int primary)
{
	if (!bond_mode_has_active(e->s->mode))
		primary = ENGINE_NO_MEMBER;
	if (e->primary == primary)
		return;
	e->primary = primary;
	e->force_primary = e->force_primary || primary != ENGINE_NO_MEMBER;
}

void
engine_settings_changed(struct engine *e, uint32_t effects, int primary, uint64_t now_ns)
{
	int primary_was = e->primary;

	if ((effects & BOND_EFFECT_MODE) != 0) {
		engine_set_current(e, e->current);
		e->arp_current = ENGINE_NO_MEMBER;
	}
	if ((effects & (BOND_EFFECT_MODE | BOND_EFFECT_MONITOR)) != 0) {
		engine_arp_targets_changed(e, now_ns);
		set_clock(e, now_ns);
	}
	set_primary(e, primary);
	if (e->primary != primary_was || (effects & (BOND_EFFECT_MODE | BOND_EFFECT_RESELECT)) != 0)
		engine_select_active(e, now_ns);
}

/* A device is gone, or came back. Nobody but us looks when no monitor runs. */
static void
presence_changed(struct engine *e, int index, uint64_t now_ns)
{
	enum bond_link links[BOND_MAX_MEMBERS];
	bool present = e->members[index].phy.present;

	engine_get_links(e, links);
	if (!present)
		links[index] = BOND_LINK_DOWN;
	else if (e->s->miimon_ms == 0 && e->s->arp_interval_ms == 0)
		links[index] = BOND_LINK_UP;
	engine_commit(e, links, now_ns);
}

static bool
is_same_phy(const struct engine_phy *a, const struct engine_phy *b)
{
	return a->present == b->present && a->carrier == b->carrier &&
	       a->speed_mbps == b->speed_mbps && a->full_duplex == b->full_duplex;
}

void
engine_phy_report(struct engine *e, int index, const struct engine_phy *phy, uint64_t now_ns)
{
	struct engine_member *m = &e->members[index];
	struct engine_phy was = m->phy;
	bool was_up = engine_phy_up(m);

	if (is_same_phy(&was, phy))
		return;
	m->phy = *phy;
	e->changed |= ENGINE_CHANGED_LINK;
	if (was.present != phy->present)
		presence_changed(e, index, now_ns);
	if (was_up != engine_phy_up(m) && e->next_mii_ns != UINT64_MAX)
		engine_mii_event(e, index, now_ns);
}

static uint64_t
next_tick(uint64_t due_ns, uint32_t period_ms, uint64_t now_ns)
{
	due_ns += period_ms * NSEC_PER_MSEC;
	return due_ns > now_ns ? due_ns : now_ns + period_ms * NSEC_PER_MSEC;
}

uint64_t
engine_tick(struct engine *e, uint64_t now_ns)
{
	uint64_t next_ns;

	if (now_ns >= e->next_mii_ns) {
		e->next_mii_ns = next_tick(e->next_mii_ns, e->s->miimon_ms, now_ns);
		engine_mii_tick(e, now_ns);
	}
	if (now_ns >= e->next_arp_ns) {
		e->next_arp_ns = next_tick(e->next_arp_ns, e->s->arp_interval_ms, now_ns);
		engine_arp_tick(e, now_ns);
	}
	if (now_ns >= e->next_igmp_ns)
		engine_igmp_tick(e, now_ns);
	next_ns = RTE_MIN(e->next_mii_ns, e->next_arp_ns);
	return RTE_MIN(next_ns, e->next_igmp_ns);
}

bool
engine_usable(const struct engine *e, int index)
{
	return engine_can_tx(&e->members[index]) || index == e->active;
}

const char *
engine_why_unusable(const struct engine *e, int index)
{
	const struct engine_member *m = &e->members[index];

	if (engine_usable(e, index))
		return "";
	if (!m->phy.present)
		return "its device is gone";
	if (!m->phy.carrier)
		return "no carrier";
	if (e->s->arp_interval_ms != 0)
		return m->link == BOND_LINK_BACK ? "its targets are being asked"
		                                 : "no sign of life";
	if (engine_needs_speed(e) && m->phy.speed_mbps == 0)
		return "its speed is unknown";
	if (m->link == BOND_LINK_BACK)
		return "waiting for updelay";
	return "its link was not looked at yet";
}
