/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The MII monitor of a bond: link states from carrier, with updelay and downdelay. Linux's
 * bond_miimon_inspect (bond_main.c, 6.12); a part of the engine (engine.h).
 */
#include "engine_priv.h"

/*
 * updelay is for members that come back while others carry the traffic. Linux asks in mode 1 for an
 * active member, in the others for one that can transmit; mode 0 has no list of these there, but
 * bonding.rst promises it for all modes.
 */
static bool
nobody_works(const struct engine *e)
{
	if (e->s->mode == BOND_MODE_AB)
		return e->current == ENGINE_NO_MEMBER;
	for (int i = 0; i < e->nb_members; i++)
		if (engine_can_tx(&e->members[i]))
			return false;
	return true;
}

/* Carrier is lost: how the member's downdelay begins, goes on or ends. */
static enum bond_link
without_carrier(const struct engine *e, struct engine_member *m, bool is_tick)
{
	if (m->link == BOND_LINK_DOWN || m->link == BOND_LINK_BACK)
		return BOND_LINK_DOWN;
	if (m->link == BOND_LINK_UP)
		m->delay_ticks = e->s->downdelay_ticks;
	if (m->delay_ticks <= 0)
		return BOND_LINK_DOWN;
	m->delay_ticks -= is_tick ? 1 : 0;
	return BOND_LINK_FAIL;
}

/*
 * Modes that compute with speeds do not take a member whose speed is unknown: it waits where it is.
 * Linux has it DOWN, and BACK again at the next tick.
 */
static enum bond_link
now_up(const struct engine *e, struct engine_member *m, uint64_t now_ns)
{
	if (engine_needs_speed(e) && m->phy.speed_mbps == 0)
		return m->link == BOND_LINK_FAIL ? BOND_LINK_DOWN : m->link;
	m->last_link_up_ns = now_ns;
	return BOND_LINK_UP;
}

/* The same for updelay; @hurry: the first one that comes back skips it. */
static enum bond_link
with_carrier(
	const struct engine *e, struct engine_member *m, bool is_tick, bool *hurry, uint64_t now_ns
)
{
	enum bond_link link;

	if (m->link == BOND_LINK_UP)
		return BOND_LINK_UP;
	if (m->link == BOND_LINK_FAIL)
		return now_up(e, m, now_ns);
	if (m->link == BOND_LINK_DOWN)
		m->delay_ticks = e->s->updelay_ticks;
	if (*hurry)
		m->delay_ticks = 0;
	if (m->delay_ticks > 0) {
		m->delay_ticks -= is_tick ? 1 : 0;
		return BOND_LINK_BACK;
	}
	link = now_up(e, m, now_ns);
	*hurry = *hurry && link != BOND_LINK_UP;
	return link;
}

static enum bond_link
inspect(const struct engine *e, struct engine_member *m, bool is_tick, bool *hurry, uint64_t now_ns)
{
	if (engine_phy_up(m))
		return with_carrier(e, m, is_tick, hurry, now_ns);
	return without_carrier(e, m, is_tick);
}

void
engine_mii_tick(struct engine *e, uint64_t now_ns)
{
	enum bond_link links[BOND_MAX_MEMBERS];
	bool hurry = nobody_works(e);

	engine_count_notification(e);
	for (int i = 0; i < e->nb_members; i++)
		links[i] = inspect(e, &e->members[i], true, &hurry, now_ns);
	engine_commit(e, links, now_ns);
}

/* The tick that follows takes the first one off a delay that begins here: as if it had seen it. */
void
engine_mii_event(struct engine *e, int index, uint64_t now_ns)
{
	enum bond_link links[BOND_MAX_MEMBERS];
	bool hurry = nobody_works(e);

	engine_get_links(e, links);
	links[index] = inspect(e, &e->members[index], false, &hurry, now_ns);
	engine_commit(e, links, now_ns);
}
