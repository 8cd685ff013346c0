/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bond as it is now, for showing: a snapshot that holds nothing of the bond itself, and its two
 * renderings. Taken on the control thread.
 */
#pragma once

#include "direct.h"
#include "engine.h"
#include "flow.h"
#include "lacp.h"
#include "option.h"
#include "port_heal.h"
#include "rlb.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct bond;
struct bonds;
struct reason;
struct text;

struct bond_member_view {
	char name[RTE_ETH_NAME_MAX_LEN];
	uint16_t port_id;
	bool present;           /* its network device exists */
	bool attached;          /* in the bond PMD's hands */
	enum bond_link link;    /* io_path=pmd: up or down */
	uint64_t delay_left_ms; /* of updelay or downdelay, while the link comes or goes */
	bool link_up;           /* up, or going down: frames still go there */
	bool active;            /* the one that carries modes 1, 5, 6 */
	bool usable;            /* may transmit now, as far as its link is concerned */
	char why_idle[96];      /* why it carries no traffic; "" when it does */
	uint32_t speed_mbps;    /* 0: unknown, and then so is duplex */
	bool full_duplex;
	uint32_t link_failures;
	int32_t prio;
	uint16_t queue_id;
	struct rte_ether_addr own_mac;  /* before it became a member */
	struct rte_ether_addr want_mac; /* io_path=direct: what it is to carry */
	struct rte_ether_addr mac;      /* what it carries */
	bool pf_differs;                /* its PF passes frames to another address, pf_mac, only */
	struct rte_ether_addr pf_mac;
	enum port_heal_kind heal;        /* what it needs before it is used again */
	struct direct_counters counters; /* io_path=direct */
	uint16_t nb_buckets;             /* modes 5 and 6: of TLB_BUCKETS that are its */
	uint16_t port_prio;
	bool has_lacp;
	uint16_t aggregator; /* 1-based, as Linux numbers them; 0: none */
	struct lacp_side actor, partner;
	struct lacp_port_view lacp; /* io_path=direct */
};

/* What only a bond has that we move the frames of, and only while it is up. */
struct bond_direct_view {
	uint32_t notify_left, igmp_left; /* announcements and reports still to be sent */
	uint64_t failovers;              /* changes of the active member since it was set up */
	uint16_t nb_learnt;              /* hosts behind it, where mode 1 or a monitor needs them */
	uint16_t nb_usable, usable[BOND_MAX_MEMBERS]; /* port ids, in the plan's order */
	uint16_t nb_polled, polled[BOND_MAX_MEMBERS]; /* whose frames are delivered */
	uint16_t nb_idle, idle[BOND_MAX_MEMBERS];     /* looked at now and then */
	bool deals_buckets;                           /* modes 5 and 6, tlb_dynamic_lb */
	struct direct_totals totals;
	uint16_t nb_clients;
	struct rlb_client_view clients[RLB_CLIENTS]; /* mode 6 */
	bool has_lacp;
	struct lacp_view lacp; /* mode 4 */
};

struct bond_view {
	/* As they are now: members, prio and queue_id are those of the members below. */
	struct bond_settings settings;
	char dev_name[RTE_ETH_NAME_MAX_LEN];
	uint16_t port_id;
	struct rte_ether_addr mac;
	bool up, link_up;
	uint32_t speed_mbps;
	uint16_t mtu_bytes;
	bool promisc, allmulti;
	char primary[RTE_ETH_NAME_MAX_LEN]; /* the member; "" when settings.primary names none */
	char active[RTE_ETH_NAME_MAX_LEN];  /* "" for none */
	char pair[RTE_ETH_NAME_MAX_LEN];    /* "" for none */
	bool has_direct;
	struct bond_direct_view direct;
	uint16_t nb_members;
	struct bond_member_view members[BOND_MAX_MEMBERS];
};

void bond_view(const struct bonds *bonds, const struct bond *bond, struct bond_view *ret);

/* The text of /proc/net/bonding/NAME. */
void bond_view_proc(const struct bond_view *v, const char *version, struct text *ret);

/* Everything, as a new object that the caller owns; NULL without memory. */
json_t *bond_view_json(const struct bond_view *v);

/*
 * By which member the frames of a flow leave now. -ENETDOWN while the bond is down, -ENOTSUP where
 * the bond PMD chooses.
 */
int bond_flow(
	const struct bond *bond, const struct flow *f, struct flow_answer *ret, struct reason *why
);
