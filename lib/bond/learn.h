/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is behind the bond: MAC addresses by VLAN, with the IP addresses that they were seen to send
 * ARP and neighbour discovery from. Pure, control thread only; after a failover lib/bond tells the
 * network where they are now.
 */
#pragma once

#include "option.h"

#include <stdbool.h>
#include <stdint.h>

struct frame_view;

enum {
	LEARN_ENTRIES = 1024,
	LEARN_MAX_ADDRESSES = 8, /* of one entry; the one not seen for longest gives way */
	LEARN_AGE_MS = 300000,   /* the ageing time of IEEE 802.1Q bridges and of Open vSwitch */
};

struct learn; /* opaque */

int learn_new(struct learn **ret);
struct learn *learn_free(struct learn *l); /* NULL is fine; returns NULL */

/*
 * A frame on its way out: its source address is behind the bond, and so is the IP address of a
 * sender of ARP or neighbour discovery who speaks for that address (not one of a proxy, nor one
 * still being probed). The last one to speak for an IP address in a VLAN has it. When the table is
 * full, the entry not seen for longest gives way. Frames with an S-tag or two tags teach nothing:
 * what is announced has one C-tag at most. @v's vlan_id may have been set by the caller from the
 * mbuf.
 */
void learn_frame(struct learn *l, const struct frame_view *v, uint64_t now_ns);

/* @mac is elsewhere now: it was seen to send from the other side of the bond. */
void learn_forget(struct learn *l, const struct rte_ether_addr *mac, uint16_t vlan_id);

/* Forget entries and addresses not seen for LEARN_AGE_MS. */
void learn_age(struct learn *l, uint64_t now_ns);

/* Whether somebody behind the bond has the address, in any VLAN. */
bool learn_has_ip4(const struct learn *l, rte_be32_t ip);
bool learn_has_ip6(const struct learn *l, const struct bond_ip6 *ip);

struct learn_entry {
	struct rte_ether_addr mac;
	uint16_t vlan_id; /* 0: untagged */
	bool is_router;   /* the R flag of the last advertisement, for those of IPv6 addresses */
	uint16_t nb_addresses;
	struct bond_address addresses[LEARN_MAX_ADDRESSES]; /* no prefix */
};

/*
 * All entries, for announcements: gratuitous ARP and unsolicited NA for the addresses, RARP where
 * there are none. IPv6 addresses of a host that has never advertised are left out: whether it is a
 * router is not known, and a wrong R flag in an NA would take it out of hosts' routes.
 */
void
learn_walk(const struct learn *l, void (*visit)(void *ctx, const struct learn_entry *e), void *ctx);
