/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which frames of the data path control wants to see, and the copy that it gets. Called by workers;
 * nothing here waits, and what finds no room is counted.
 */
#pragma once

#include "plan.h"

/* ARP and neighbour discovery that came in. */
void
inspect_received(struct bond_direct *d, uint16_t queue, struct rte_mbuf *const *pkts, uint16_t n);

/*
 * What hosts behind the bond say of themselves: ARP, neighbour discovery, multicast reports, and
 * once in a while the source address of one frame of a burst.
 */
void inspect_sent(struct bond_direct *d, uint16_t queue, struct rte_mbuf *const *pkts, uint16_t n);

/* Hand a frame itself to control, by @ring; false when there is no room. */
bool inspect_divert(struct rte_ring *ring, struct rte_mbuf *m);
