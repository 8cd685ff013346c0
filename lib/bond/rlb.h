/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receive load balancing of mode 6 as in Linux (bond_alb.c, rlb_*): which client is told which
 * member's address in ARP. Pure, control thread only: it is shown ARP frames on their way out and
 * in, and says by which member and with which address, and whom to tell something else.
 */
#pragma once

#include "option.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	RLB_CLIENTS = 256,           /* RLB_HASH_TABLE_SIZE */
	RLB_ARP_BURST_SIZE = 2,      /* how often each update is sent */
	RLB_UPDATE_DELAY_MS = 2000,  /* RLB_UPDATE_DELAY, in ticks of 100 ms there */
	RLB_UPDATE_RETRY = 3,        /* rounds of updates more when a member was lost */
	RLB_LONGEST_WAIT_MS = 10000, /* ours: requests put an update off so long at most */
};

/* The fields of an Ethernet/IPv4 ARP frame that matter; a request or a reply, nothing else. */
struct rlb_arp {
	bool is_reply;
	struct rte_ether_addr src_mac, dst_mac; /* of the ARP body */
	rte_be32_t src_ip, dst_ip;
	uint16_t vlan_id; /* 0: untagged */
};

struct rlb_member {
	uint16_t port_id;
	struct rte_ether_addr mac; /* that it carries now */
	bool usable;
	uint32_t speed_mbps;
};

/* What the table works on: the present members and which one is active. */
struct rlb_view {
	const struct rlb_member *members;
	int nb_members;
	int active; /* index, -1: none */
	struct rte_ether_addr bond_mac;
};

struct rlb; /* opaque */

int rlb_new(struct rlb **ret);
struct rlb *rlb_free(struct rlb *r); /* NULL is fine; returns NULL */

/*
 * An ARP frame of ours leaves (rlb_arp_xmit). Returns the index of the member that it must leave
 * by, or -1 for the active one with nothing changed: for frames whose sender address is neither the
 * bond's nor a member's (third parties behind us), and for gratuitous ones and probes, which have
 * no client. *ret_src_mac: what the sender address in its ARP body becomes; a reply's is the
 * member's, a request keeps its own. The Ethernet source address is that of the member in any case,
 * as of all that leaves by another member than the active one (bond_do_alb_xmit).
 */
int
rlb_tx(struct rlb *r,
       const struct rlb_view *v,
       const struct rlb_arp *arp,
       uint64_t now_ns,
       struct rte_ether_addr *ret_src_mac);

/*
 * An ARP frame came in (rlb_arp_recv): a reply tells a client's address; and nobody is told any
 * more of an IP address of ours that somebody else has now (rlb_purge_src_ip). Frames with an
 * address of ours as sender are our own that came back.
 */
void rlb_rx(struct rlb *r, const struct rlb_view *v, const struct rlb_arp *arp);

/*
 * The members, their addresses or the active one changed. Clients of members that are gone or
 * unusable now are given to others and told so (bond_alb_handle_link_change), those of a member
 * with another address are told that (alb_fasten_mac_swap); with the next tick all clients are
 * dealt anew when a member has become usable (rlb_rebalance).
 */
void rlb_members_changed(struct rlb *r, const struct rlb_view *v);

/* An update for a client: an ARP reply that our address @src_ip is at @src_mac, out of @member. */
struct rlb_update {
	int member; /* index in the view */
	uint16_t vlan_id;
	struct rte_ether_addr src_mac, dst_mac;
	rte_be32_t src_ip, dst_ip;
};

/*
 * To be called once per ALB tick (Linux: 100 ms): the updates that are due now, at most @max, each
 * to be sent RLB_ARP_BURST_SIZE times; the others of the round come with the next call. Rounds are
 * RLB_UPDATE_DELAY_MS apart and from the last request of ours, which makes all who hear it turn to
 * the bond's address; RLB_UPDATE_RETRY more follow the loss of a member. Returns how many.
 */
int
rlb_tick(struct rlb *r, const struct rlb_view *v, uint64_t now_ns, struct rlb_update *ret, int max);

/* For showing: the clients in the table. Returns how many, at most @max. */
struct rlb_client_view {
	rte_be32_t client_ip, our_ip;
	struct rte_ether_addr client_mac; /* zero or broadcast: not known yet */
	uint16_t port_id;                 /* of the member; RTE_MAX_ETHPORTS: none */
	uint16_t vlan_id;
};
int rlb_clients(const struct rlb *r, struct rlb_client_view *ret, int max);
