/* SPDX-License-Identifier: BSD-3-Clause */
/* Packet pools, one per NUMA node that has a port. Used by port.c only. */
#pragma once

#include <stdint.h>

struct port_pools; /* opaque */
struct reason;
struct rte_mempool;
struct text;

struct port_pool_settings {
	uint32_t mbuf_bytes;  /* data room with headroom */
	uint32_t total_mbufs; /* per pool */
};

int port_pools_new(struct port_pools **ret, const struct port_pool_settings *s);
struct port_pools *port_pools_free(struct port_pools *pools);

/* The pool of node @socket (-1: the caller's), made at the first call; NULL with the reason. */
struct rte_mempool *port_pools_get(struct port_pools *pools, int socket, struct reason *why);

/* See ports_pool_report. */
uint64_t port_pools_report(const struct port_pools *pools, struct text *ret);
