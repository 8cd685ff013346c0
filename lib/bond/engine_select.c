/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which member is the active one, and what a change of it sets off. Linux's bond_main.c, 6.12:
 * bond_choose_primary_or_current to bond_select_active_slave, and its options.
 */
#include "engine_priv.h"
#include "reason.h"
#include "units.h"

#include <rte_common.h>

#include <errno.h>

enum { IGMP_PERIOD_MS = 200 }; /* HZ/5 in bond_resend_igmp_join_requests_delayed */

void
engine_set_link(struct engine *e, int index, enum bond_link link)
{
	if (e->members[index].link == link)
		return;
	e->members[index].link = link;
	e->changed |= ENGINE_CHANGED_LINK;
}

void
engine_get_links(const struct engine *e, enum bond_link ret[static BOND_MAX_MEMBERS])
{
	for (int i = 0; i < e->nb_members; i++)
		ret[i] = e->members[i].link;
}

void
engine_set_carrier(struct engine *e)
{
	bool carrier = false;

	for (int i = 0; i < e->nb_members; i++)
		carrier = carrier || e->members[i].link == BOND_LINK_UP;
	if (e->carrier == carrier)
		return;
	e->carrier = carrier;
	e->changed |= ENGINE_CHANGED_CARRIER;
}

static bool
is_better(const struct engine *e, int index)
{
	return e->current == ENGINE_NO_MEMBER || index == e->primary ||
	       e->members[index].prio > e->members[e->current].prio;
}

void
engine_commit(struct engine *e, const enum bond_link links[], uint64_t now_ns)
{
	bool failover = false;

	for (int i = 0; i < e->nb_members; i++) {
		if (e->members[i].link == links[i])
			continue;
		engine_set_link(e, i, links[i]);
		if (links[i] == BOND_LINK_UP) {
			failover = failover || is_better(e, i);
		} else if (links[i] == BOND_LINK_DOWN) {
			e->members[i].link_failures++;
			failover = failover || i == e->current;
		}
	}
	if (failover)
		engine_select_active(e, now_ns);
	engine_set_carrier(e);
}

/* To Linux unknown is -1 of an unsigned field: more than any that is known. */
static uint32_t
speed_of(const struct engine_phy *phy)
{
	return phy->speed_mbps != 0 ? phy->speed_mbps : UINT32_MAX;
}

static unsigned
duplex_of(const struct engine_phy *phy)
{
	return phy->speed_mbps != 0 ? phy->full_duplex : UINT8_MAX;
}

static bool
is_faster(const struct engine_phy *a, const struct engine_phy *b)
{
	if (speed_of(a) != speed_of(b))
		return speed_of(a) > speed_of(b);
	return duplex_of(a) > duplex_of(b);
}

static bool
is_up(const struct engine *e, int index)
{
	return index != ENGINE_NO_MEMBER && e->members[index].link == BOND_LINK_UP;
}

/* The first one of those that are UP with the highest prio. */
static int
highest_prio(const struct engine *e)
{
	int best = ENGINE_NO_MEMBER;

	for (int i = 0; i < e->nb_members; i++)
		if (is_up(e, i) &&
		    (best == ENGINE_NO_MEMBER || e->members[i].prio > e->members[best].prio))
			best = i;
	return best;
}

/*
 * The primary if it is UP, else the member with the highest prio, stands against the current one
 * (bond_choose_primary_or_current).
 */
static int
choose_primary_or_current(struct engine *e)
{
	int wanted = e->primary, current = e->current;

	if (!is_up(e, wanted)) {
		wanted = highest_prio(e);
	} else if (e->force_primary) {
		e->force_primary = false;
		return wanted;
	}
	if (!is_up(e, current) || wanted == current)
		return wanted;
	switch (e->s->primary_reselect) {
	case BOND_RESELECT_ALWAYS:
		return wanted;
	case BOND_RESELECT_BETTER:
		return is_faster(&e->members[wanted].phy, &e->members[current].phy) ? wanted
		                                                                    : current;
	default:
		return current;
	}
}

/* Who is UP, or when nobody is, who has least of its updelay left (bond_find_best_slave). */
static int
find_best(struct engine *e)
{
	int best = choose_primary_or_current(e);
	int64_t least = e->s->updelay_ticks;

	if (best != ENGINE_NO_MEMBER)
		return best;
	for (int i = 0; i < e->nb_members; i++) {
		const struct engine_member *m = &e->members[i];

		if (m->link == BOND_LINK_BACK && engine_phy_up(m) && m->delay_ticks < least) {
			least = m->delay_ticks;
			best = i;
		}
	}
	return best;
}

void
engine_set_current(struct engine *e, int index)
{
	int active = bond_mode_has_active(e->s->mode) ? index : ENGINE_NO_MEMBER;

	e->current = index;
	if (e->active == active)
		return;
	e->active = active;
	e->changed |= ENGINE_CHANGED_ACTIVE;
}

/* peer_notif_delay is counted in ticks of miimon: nothing to the ARP monitor. */
static uint32_t
ticks_per_notification(const struct engine *e)
{
	return e->s->miimon_ms != 0 ? RTE_MAX(e->s->peer_notif_delay_ticks, 1u) : 1;
}

/*
 * bond_should_notify_peers. What cannot be sent for lack of carrier or of an active member waits,
 * so that there are num_peer_notif rounds after each failover. (Debian's 6.12.117 takes a tick off
 * in either case, and one more in the tick of the failover itself, which costs it a round.)
 */
void
engine_count_notification(struct engine *e)
{
	if (e->notify_left == 0 || e->active == ENGINE_NO_MEMBER || !e->carrier)
		return;
	if (e->notify_left % ticks_per_notification(e) == 0)
		e->changed |= ENGINE_NOTIFY_PEERS;
	e->notify_left--;
}

/* In mode 1 only: in modes 5 and 6 learning packets tell the switches (bond_alb.c). */
static void
start_notifications(struct engine *e)
{
	if (e->s->mode != BOND_MODE_AB || e->active == ENGINE_NO_MEMBER || e->up_since_ns == 0)
		return;
	e->notify_left = e->s->num_peer_notif * ticks_per_notification(e);
	engine_count_notification(e);
}

void
engine_igmp_tick(struct engine *e, uint64_t now_ns)
{
	e->changed |= ENGINE_RESEND_IGMP;
	e->igmp_left--;
	e->next_igmp_ns = e->igmp_left != 0 ? now_ns + IGMP_PERIOD_MS * NSEC_PER_MSEC : UINT64_MAX;
}

/* Linux sends the first one a jiffy later. */
static void
start_igmp(struct engine *e, uint64_t now_ns)
{
	if (e->up_since_ns == 0 || e->s->resend_igmp == 0 ||
	    (e->active == ENGINE_NO_MEMBER && e->s->mode != BOND_MODE_RR))
		return;
	e->igmp_left = e->s->resend_igmp;
	engine_igmp_tick(e, now_ns);
}

void
engine_change_active(struct engine *e, int index, uint64_t now_ns)
{
	if (index == e->current)
		return;
	if (index != ENGINE_NO_MEMBER) {
		e->members[index].last_link_up_ns = now_ns;
		if (e->members[index].link == BOND_LINK_BACK) {
			e->members[index].delay_ticks = 0;
			engine_set_link(e, index, BOND_LINK_UP);
		}
	}
	engine_set_current(e, index);
	start_notifications(e);
	start_igmp(e, now_ns);
}

void
engine_select_active(struct engine *e, uint64_t now_ns)
{
	int best = find_best(e);

	if (best == e->current)
		return;
	engine_change_active(e, best, now_ns);
	engine_set_carrier(e);
}

int
engine_set_active(struct engine *e, int index, uint64_t now_ns, struct reason *why)
{
	if (index == ENGINE_NO_MEMBER) {
		engine_change_active(e, ENGINE_NO_MEMBER, now_ns);
		engine_select_active(e, now_ns);
		return 0;
	}
	if (index == e->active)
		return 0;
	if (!engine_can_tx(&e->members[index]))
		return reason_set(why, -EINVAL, "its link is down");
	if (e->active == ENGINE_NO_MEMBER)
		return reason_set(why, -EINVAL, "no member is active now");
	engine_change_active(e, index, now_ns);
	return 0;
}

void
engine_set_prio(struct engine *e, int index, int32_t prio, uint64_t now_ns)
{
	e->members[index].prio = prio;
	if (e->primary == ENGINE_NO_MEMBER)
		engine_select_active(e, now_ns);
}
