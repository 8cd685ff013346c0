/* SPDX-License-Identifier: BSD-3-Clause */
/* Putting VLAN tags back that a port took off. Used by the receive path of the streams. */
#pragma once

#include <stdint.h>

struct rte_mbuf;

/*
 * Put the stripped tags of the @n frames back into their data: the inner one as 802.1Q (0x8100),
 * the outer one as 802.1ad (0x88a8). The order of the frames is kept. Returns how many are whole;
 * those that could not be changed (shared, no headroom, runt) stand behind them in @pkts.
 */
uint16_t fwd_vlan_put_back(struct rte_mbuf **pkts, uint16_t n);
