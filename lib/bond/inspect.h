/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which frames of the data path control wants to see, and the copy that it gets. Called by workers;
 * nothing here waits, and what finds no room is counted.
 */
#pragma once

#include "plan.h"

#include <rte_byteorder.h>
#include <rte_common.h>
#include <rte_ether.h>
#include <rte_mbuf.h>

#include <string.h>

/* ARP and neighbour discovery that came in. */
void
inspect_received(struct bond_direct *d, uint16_t queue, struct rte_mbuf *const *pkts, uint16_t n);

/*
 * What hosts behind the bond say of themselves: ARP, neighbour discovery, multicast reports, and
 * once in a while the source address of one frame of a burst.
 */
void inspect_sent(struct bond_direct *d, uint16_t queue, struct rte_mbuf *const *pkts, uint16_t n);

/*
 * The multicast reports alone, which are sent to groups: of a burst of which inspect_are_single()
 * is not true.
 */
void
inspect_reports(struct bond_direct *d, uint16_t queue, struct rte_mbuf *const *pkts, uint16_t n);

/* Hand a frame itself to control, by @ring; false when there is no room. */
bool inspect_divert(struct rte_ring *ring, struct rte_mbuf *m);

/* The first byte of the destination, whose lowest bit says group; of an empty frame anything. */
static __rte_always_inline uint8_t
inspect_group(const struct rte_mbuf *m)
{
	return *rte_pktmbuf_mtod(m, const uint8_t *);
}

/* Whether no frame goes to a group. */
static inline bool
inspect_are_single(struct rte_mbuf *const *pkts, uint16_t n)
{
	uint8_t group = 0;

	for (uint16_t i = 0; i < n; i++)
		group |= inspect_group(pkts[i]);
	return (group & 1) == 0;
}

/* The begin of a frame: its header, and two bytes more, which a buffer always has. */
typedef uint8_t inspect_begin __attribute__((vector_size(16)));

/* In which bits the headers of a burst are other than one of IPv4, gathered without a branch. */
struct inspect_heads {
	inspect_begin differ;
};
#define INSPECT_HEADS_NONE ((struct inspect_heads){{0}})

static __rte_always_inline void
inspect_head(struct inspect_heads *h, const struct rte_mbuf *m)
{
	/* Behind both addresses. */
	const inspect_begin ipv4 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, RTE_ETHER_TYPE_IPV4 >> 8};
	inspect_begin begin;

	memcpy(&begin, rte_pktmbuf_mtod(m, const void *), sizeof(begin));
	h->differ |= begin ^ ipv4;
}

/*
 * Whether all that was gathered are untagged IPv4 to single hosts, of which control wants nothing.
 * Of a frame that is shorter than a header it says nothing.
 */
static inline bool
inspect_heads_plain(const struct inspect_heads *h)
{
	struct rte_ether_hdr differ;

	memcpy(&differ, &h->differ, sizeof(differ));
	return differ.ether_type == 0 && !rte_is_multicast_ether_addr(&differ.dst_addr);
}

static inline bool
inspect_are_plain(struct rte_mbuf *const *pkts, uint16_t n)
{
	struct inspect_heads h = INSPECT_HEADS_NONE;
	struct rte_mbuf *const *end = pkts + n, *const *fours = pkts + (n & ~3u);

	for (; pkts < fours; pkts += 4) {
		inspect_head(&h, pkts[0]);
		inspect_head(&h, pkts[1]);
		inspect_head(&h, pkts[2]);
		inspect_head(&h, pkts[3]);
	}
	for (; pkts < end; pkts++)
		inspect_head(&h, *pkts);
	return inspect_heads_plain(&h);
}
