/* SPDX-License-Identifier: BSD-3-Clause */
/* Fills the buffers of a pool with frames, for the microbenchmark. */
#pragma once

#include <rte_ether.h>

struct rte_mempool;

/*
 * Every buffer of @pool, all of which are free, becomes a UDP frame of 60 bytes from @mac, of one
 * of
 * @flows flows, with a hash as a NIC's. Flows differ in addresses and ports; their destination is
 * @mac but for the last byte.
 */
void frames_of_flows(struct rte_mempool *pool, const struct rte_ether_addr *mac, unsigned flows);
