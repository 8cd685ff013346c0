/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the engine (engine.h) share: selection and commit of link states, and the entry
 * points of the two monitors.
 */
#pragma once

#include "engine.h"

/* Linux's bond_slave_is_up: running, and with carrier. */
static inline bool
engine_phy_up(const struct engine_member *m)
{
	return m->phy.present && m->phy.carrier;
}

/* Linux's bond_slave_can_tx. */
static inline bool
engine_can_tx(const struct engine_member *m)
{
	return m->link == BOND_LINK_UP && engine_phy_up(m);
}

/* Linux's bond_needs_speed_duplex. */
static inline bool
engine_needs_speed(const struct engine *e)
{
	return e->s->mode == BOND_MODE_8023AD || bond_mode_is_lb(e->s->mode);
}

/* engine_select.c */

/* Another link state; nothing else follows. */
void engine_set_link(struct engine *e, int index, enum bond_link link);

/* The link states of all members, for engine_commit. */
void engine_get_links(const struct engine *e, enum bond_link ret[static BOND_MAX_MEMBERS]);

/*
 * All members have these link states now: failures are counted, and if it must be another member
 * becomes the active one (bond_miimon_commit, bond_ab_arp_commit).
 */
void engine_commit(struct engine *e, const enum bond_link links[], uint64_t now_ns);

/* Whether the bond has carrier: a member is UP (bond_set_carrier). */
void engine_set_carrier(struct engine *e);

/* curr_active_slave is @index, and with it the active member of modes that have one. */
void engine_set_current(struct engine *e, int index);

/* The same with all that follows for link state and announcements (bond_change_active_slave). */
void engine_change_active(struct engine *e, int index, uint64_t now_ns);

/* Choose the active member anew (bond_select_active_slave). */
void engine_select_active(struct engine *e, uint64_t now_ns);

/* A tick of the monitor has passed for the notifications of peers that are still to be sent. */
void engine_count_notification(struct engine *e);

/* Time for one more round of IGMP reports. */
void engine_igmp_tick(struct engine *e, uint64_t now_ns);

/* engine_mii.c */

void engine_mii_tick(struct engine *e, uint64_t now_ns);

/* The carrier of a member changed between ticks. */
void engine_mii_event(struct engine *e, int index, uint64_t now_ns);

/* engine_arp.c */

/* The times of a member that just joined. */
void engine_arp_join(const struct engine *e, struct engine_member *m, uint64_t now_ns);

/* The monitor begins: who is up now has until the windows end to show life. */
void engine_arp_start(struct engine *e, uint64_t now_ns);

void engine_arp_tick(struct engine *e, uint64_t now_ns);

/* The settings name other targets: times of those that stay are kept, new ones begin now. */
void engine_arp_targets_changed(struct engine *e, uint64_t now_ns);
