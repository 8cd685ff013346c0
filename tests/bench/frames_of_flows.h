/* SPDX-License-Identifier: BSD-3-Clause */
/* Pools of frames, for the microbenchmarks. */
#pragma once

#include <rte_ether.h>

struct rte_mempool;

/*
 * A pool of small buffers, first in, first out, so that all come up in turn; for one thread. NULL
 * without memory.
 */
struct rte_mempool *frames_pool(const char *name, unsigned frames);

/*
 * Every buffer of @pool, all of which are free, becomes a UDP frame of 60 bytes from @mac, of one
 * of @flows flows, with a hash as a NIC's. Flows differ in addresses and ports; their destination
 * is
 * @mac but for the last byte.
 */
void frames_of_flows(struct rte_mempool *pool, const struct rte_ether_addr *mac, unsigned flows);
