/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which frames of the data path control wants to see, and the copy that it gets. Called by workers;
 * nothing here waits, and what finds no room is counted.
 */
#pragma once

#include "plan.h"

#include <rte_branch_prediction.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include <string.h>

/* ARP and neighbour discovery that came in. */
void
inspect_received(struct bond_direct *d, uint16_t queue, struct rte_mbuf *const *pkts, uint16_t n);

/*
 * What hosts behind the bond say of themselves: ARP, neighbour discovery, multicast reports, and
 * once in a while the source address of one frame of a burst. Returns what inspect_is_plain() does.
 */
bool inspect_sent(struct bond_direct *d, uint16_t queue, struct rte_mbuf *const *pkts, uint16_t n);

/* Hand a frame itself to control, by @ring; false when there is no room. */
bool inspect_divert(struct rte_ring *ring, struct rte_mbuf *m);

/*
 * Whether all frames are untagged IPv4 to single hosts, of which control wants nothing and which no
 * mode treats in a way of its own. False also for a burst with a frame too short to tell.
 */
static inline bool
inspect_is_plain(struct rte_mbuf *const *pkts, uint16_t n)
{
	const unsigned type_at = offsetof(struct rte_ether_hdr, ether_type);
	uint8_t group = 0;
	uint16_t all = UINT16_MAX, any = 0;

	for (uint16_t i = 0; i < n; i++) {
		const uint8_t *frame = rte_pktmbuf_mtod(pkts[i], const uint8_t *);
		uint16_t type;

		if (unlikely(
			    pkts[i]->data_len <
			    sizeof(struct rte_ether_hdr) + sizeof(struct rte_ipv4_hdr)
		    ))
			return false;
		memcpy(&type, frame + type_at, sizeof(type));
		group |= frame[0];
		all &= type;
		any |= type;
	}
	return (group & 1) == 0 && all == any && any == RTE_BE16(RTE_ETHER_TYPE_IPV4);
}
