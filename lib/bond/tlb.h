/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transmit load balancing as in Linux (bond_alb.c): 256 buckets of flows, each on one member, dealt
 * anew every 10 s by measured load. Pure; dealing is the control thread's, workers ask for the
 * bucket of a frame and see in the plan whose it is.
 */
#pragma once

#include "option.h"
#include "xmit_hash.h"

#include <stdbool.h>
#include <stdint.h>

struct rte_mbuf;

enum {
	TLB_BUCKETS = 256,        /* TLB_HASH_TABLE_SIZE */
	TLB_REBALANCE_MS = 10000, /* BOND_TLB_REBALANCE_INTERVAL */
	TLB_ACTIVE = 0xffff,      /* no bucket: the frame leaves on the active member as it is */
	TLB_ARP = 0xfffe,         /* no bucket: ARP in mode 6, whose member rlb.h knows */
};

/*
 * The bucket of a frame in mode 5 or 6, or TLB_ACTIVE for what the driver never balances. For
 * workers: any length, any segments; reads only inside the frame. One VLAN tag is skipped, in the
 * frame or in the mbuf, as for the hashes (xmit_hash.h); a frame with a second one is neither IPv4
 * nor IPv6 to Linux and is not balanced.
 *
 * Mode 5 (bond_tlb_xmit): unicast IPv4, and IPv6 but for neighbour solicitations and
 * advertisements; the bucket is the last byte of @hash, the bond's policy. Mode 6 (@is_alb,
 * bond_alb_xmit): IPv4 but for broadcast and IGMP, and IPv6 but for broadcast, the all-nodes
 * address, NS, NA and what comes from the unspecified address, multicast included; the bucket is
 * the XOR of the destination address's bytes (_simple_hash), @hash is not called. ARP is TLB_ARP.
 */
uint16_t tlb_bucket(const struct rte_mbuf *m, xmit_hash_fn hash, bool is_alb);

/* Whether a frame has a bucket in mode 5, without its hash: for tlb_dynamic_lb=0. */
bool tlb_is_balanced(const struct rte_mbuf *m);

struct tlb_member {
	uint32_t speed_mbps; /* 0: unknown, counts as the least known speed */
	/* What it sent besides in the last period: on the active member, frames without bucket. */
	uint64_t other_bytes;
};

struct tlb {
	uint8_t member[TLB_BUCKETS];            /* index of a usable member */
	uint64_t load_bytes_per_s[TLB_BUCKETS]; /* in the last period */
	uint64_t seen_bytes[TLB_BUCKETS];       /* counters at its begin */
};

/*
 * Deal all buckets to @n members (1..BOND_MAX_MEMBERS), in proportion to their speeds; loads are
 * forgotten. Before its first use a struct tlb is all zero.
 */
void tlb_deal(struct tlb *t, const struct tlb_member *members, uint16_t n);

/*
 * The usable members changed: @map[old index] is the new one, or -1 for a member that left.
 * Buckets of those who stay stay; of the others those with load go, heaviest first, to whom has the
 * largest gap (speed - load), those without in proportion to speed. A member that came gets its
 * part in the next tlb_rebalance, which Linux orders at once then.
 */
void tlb_members_changed(
	struct tlb *t, const int *map, uint16_t nb_old, const struct tlb_member *members, uint16_t n
);

/*
 * A period of @period_ms ended; @bytes[] are running counters per bucket, summed over workers (one
 * that is less than before has begun anew). Deals every bucket anew: by its measured load, heaviest
 * first, each to the member with the largest gap; those without load in proportion to speed.
 * Returns how many buckets moved.
 */
unsigned tlb_rebalance(
	struct tlb *t,
	const uint64_t bytes[TLB_BUCKETS],
	uint64_t period_ms,
	const struct tlb_member *members,
	uint16_t n
);
