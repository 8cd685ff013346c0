/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What Linux's bonding driver decides about one bond: which members' links are up, which member is
 * active, when to probe and when to announce. Pure: time and observations come from the caller, who
 * acts upon what changed. Control thread only; used by lib/bond and by tests on a frozen clock.
 */
#pragma once

#include "option.h"

#include <stdbool.h>
#include <stdint.h>

/* Numbered as in Linux (BOND_LINK_*). */
enum bond_link { BOND_LINK_UP, BOND_LINK_FAIL, BOND_LINK_DOWN, BOND_LINK_BACK, BOND_LINK_COUNT };
extern const char *const bond_link_names[BOND_LINK_COUNT]; /* "up", "going down", ... of /proc */

enum { ENGINE_NO_MEMBER = -1 };

/* What a device shows of its link. */
struct engine_phy {
	bool present; /* the device exists and is started (Linux: IFF_UP, netif_running) */
	bool carrier;
	uint32_t speed_mbps; /* 0: unknown */
	bool full_duplex;
};

struct engine_member {
	uint16_t port_id;
	int32_t prio;
	struct engine_phy phy; /* as last reported */

	enum bond_link link;
	int64_t delay_ticks;    /* left of updelay (BACK) or downdelay (FAIL) */
	uint32_t link_failures; /* times that the link went DOWN */
	/* When it became UP by carrier, the active member or the one being probed; 0: never. */
	uint64_t last_link_up_ns;

	/* ARP monitor: its last frame out, its last frame in that arp_validate lets count. */
	uint64_t last_tx_ns, last_rx_ns;
	uint64_t target_rx_ns[BOND_MAX_TARGETS];    /* last reply of each ARP target */
	uint64_t ns_target_rx_ns[BOND_MAX_TARGETS]; /* last reply of each NS target */
};

/* What the caller must do after a call; bits are set by the engine, cleared by the caller. */
enum {
	ENGINE_CHANGED_LINK = 1 << 0,    /* a member's link state: plan and reports */
	ENGINE_CHANGED_ACTIVE = 1 << 1,  /* the active member: addresses, plan, filters */
	ENGINE_CHANGED_CARRIER = 1 << 2, /* whether the bond itself has a link */
	ENGINE_NOTIFY_PEERS = 1 << 3,    /* send one round of gratuitous ARPs and unsolicited NAs */
	ENGINE_RESEND_IGMP = 1 << 4,     /* send one round of IGMP reports */
};

/* What the engine wants sent at once, one call for each member; from within engine functions. */
struct engine_ops {
	/* Probe every ARP and NS target through member @index; there is one. Not NULL. */
	void (*probe)(void *ctx, int index);
	void *ctx;
};

/* The targets of the ARP monitor, as when the settings last changed. */
struct engine_targets {
	uint8_t nb_arp, nb_ns;
	rte_be32_t arp[BOND_MAX_TARGETS];
	struct bond_ip6 ns[BOND_MAX_TARGETS];
};

struct engine {
	const struct bond_settings
		*s; /* the bond's; they may change, then engine_settings_changed */
	struct engine_ops ops;
	uint32_t changed; /* ENGINE_* bits */

	int nb_members; /* in the order in which they came */
	struct engine_member members[BOND_MAX_MEMBERS];

	/*
	 * curr_active_slave, which Linux keeps in all modes: in 0 for IGMP, in 0, 2 and 3 for the
	 * ARP monitor. @active is the same in modes that have one, else ENGINE_NO_MEMBER.
	 */
	int current, active;
	int primary; /* primary_slave: the member that settings name, else ENGINE_NO_MEMBER */
	bool force_primary; /* the next selection takes the primary whatever primary_reselect says
	                     */
	int arp_current;    /* current_arp_slave: tried while there is no active member */
	bool carrier;       /* of the bond */

	uint32_t notify_left; /* send_peer_notif: counted down by the monitor's ticks */
	uint32_t igmp_left;   /* reports still to be sent */
	uint64_t next_mii_ns, next_arp_ns, next_igmp_ns; /* UINT64_MAX: never */
	uint64_t up_since_ns;                            /* the bond was set up; 0: it is down */

	struct engine_targets targets; /* that the members' times of replies stand for */
};

/*
 * A bond that is down and has no members. @s stays the caller's and must live as long as @e. The
 * clock of all functions never runs backwards and is never 0.
 */
void engine_init(struct engine *e, const struct bond_settings *s, const struct engine_ops *ops);

/*
 * A member joins at the end of the list, with what its device shows now. Its first link state is
 * Linux's (bond_enslave): UP or DOWN by carrier, with updelay BACK (which the next tick ends when
 * nobody else is usable); UP when nothing monitors. One that is UP becomes active at once where the
 * mode has an active member and none is. Returns its index, or ENGINE_NO_MEMBER when there are
 * BOND_MAX_MEMBERS. @is_primary: the settings' primary names it.
 */
int engine_member_add(
	struct engine *e,
	uint16_t port_id,
	int32_t prio,
	bool is_primary,
	const struct engine_phy *phy,
	uint64_t now_ns
);

/*
 * A member leaves (bond_release): the others keep their order, and those behind it have an index
 * less by one. If it was the active one another becomes it.
 */
void engine_member_remove(struct engine *e, int index, uint64_t now_ns);

int engine_find(const struct engine *e, uint16_t port_id); /* index or ENGINE_NO_MEMBER */

/*
 * The bond is set up or down (bond_open, bond_close). Up: monitors run with the next tick. Down
 * stops them and all announcements, and keeps states.
 */
void engine_up(struct engine *e, uint64_t now_ns);
void engine_down(struct engine *e);

/*
 * A device reports its link: at a poll, or by an event. With the MII monitor a change of carrier
 * acts at once (a loss goes to FAIL or DOWN now, not at the next tick; delays are then counted in
 * ticks of miimon). With the ARP monitor carrier only says which members can be probed. A new speed
 * or duplex counts from the next selection on (bond_slave_netdev_event), for
 * primary_reselect=better. A device that is not present is DOWN at once whatever monitors:
 * downdelay is for links that may come back, and Linux releases a member whose device is
 * unregistered.
 */
void engine_phy_report(struct engine *e, int index, const struct engine_phy *phy, uint64_t now_ns);

/*
 * The settings changed as @effects (BOND_EFFECT_*) says; @primary is the index that the primary's
 * name stands for now, or ENGINE_NO_MEMBER: another one than before becomes active at once if it is
 * up. Switching between monitors starts the new one; without any, link states stay what they are.
 */
void engine_settings_changed(struct engine *e, uint32_t effects, int primary, uint64_t now_ns);

/*
 * A member's prio changed: the active member is chosen anew unless there is a primary
 * (bond_option_prio_set).
 */
void engine_set_prio(struct engine *e, int index, int32_t prio, uint64_t now_ns);

/*
 * The user's active_slave, in modes that have one: make @index active once, or with
 * ENGINE_NO_MEMBER forget and reselect. -EINVAL when the member's link is not up, or no member is
 * active now (bond_option_active_slave_set).
 */
int engine_set_active(struct engine *e, int index, uint64_t now_ns, struct reason *why);

/*
 * Run what is due at @now_ns: MII ticks, ARP ticks, peer notifications, IGMP reports. Ticks that
 * were missed are not made up for. Returns when to call again (UINT64_MAX: never).
 */
uint64_t engine_tick(struct engine *e, uint64_t now_ns);

/*
 * Counters of a member moved since the last look: some frame came in, some frame left. Those that
 * came in count unless arp_validate wants ARP or valid ARP of this member (bond_rcv_validate).
 */
void engine_note_rx(struct engine *e, int index, uint64_t now_ns);
void engine_note_tx(struct engine *e, int index, uint64_t now_ns);

/* An ARP frame as the monitor needs it (bond_arp_rcv). */
struct engine_arp {
	bool is_reply;
	bool is_broadcast_or_ours; /* destination MAC: broadcast, or the bond's */
	rte_be32_t sender_ip, target_ip;
};

/*
 * Member @index received an ARP frame. Where arp_validate is for it, a target of ours must have
 * sent it to us, or on a backup we to a target (see engine_arp.c). @is_our_ip: whether an address
 * is one of the bond's.
 */
void engine_arp_rx(
	struct engine *e,
	int index,
	const struct engine_arp *arp,
	bool (*is_our_ip)(void *ctx, rte_be32_t ip),
	void *ctx,
	uint64_t now_ns
);

/*
 * A neighbour solicitation or advertisement, for the NS targets (bond_na_rcv). As in Linux, source
 * and destination tell who sees whom: not which of the two it is, nor its target.
 */
struct engine_nd {
	struct bond_ip6 saddr, daddr;
};
void engine_nd_rx(
	struct engine *e,
	int index,
	const struct engine_nd *nd,
	bool (*is_our_ip)(void *ctx, const struct bond_ip6 *ip),
	void *ctx,
	uint64_t now_ns
);

/*
 * Whether a member may transmit now: link UP and the device has carrier (bond_slave_can_tx), or it
 * is the active one, by which mode 1 sends as long as it is: in its downdelay, and without carrier
 * when nothing monitors. What the mode adds is the plan's business.
 */
bool engine_usable(const struct engine *e, int index);

/* Why a member is not usable, as words; "" when it is. */
const char *engine_why_unusable(const struct engine *e, int index);
