/* SPDX-License-Identifier: BSD-3-Clause */
/* Fills the buffers of a pool with frames, for the microbenchmark. */
#pragma once

#include <rte_ether.h>

#include <stdbool.h>

struct rte_mempool;

/*
 * Every buffer of @pool, all of which are free, becomes a UDP frame of 60 bytes from and to @mac,
 * of one of @flows flows, with a hash as a NIC's. Flows differ in addresses and ports, and with
 * @many_hosts in the last byte of the destination's MAC.
 */
void frames_of_flows(
	struct rte_mempool *pool, const struct rte_ether_addr *mac, unsigned flows, bool many_hosts
);
