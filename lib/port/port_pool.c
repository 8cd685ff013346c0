/* SPDX-License-Identifier: BSD-3-Clause */
/* See port_pool.h. */
#include "port_pool.h"

#include "reason.h"
#include "text.h"

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Frames that each lcore keeps at hand: a few bursts, so that the shared ring is rarely touched. */
enum { CACHE_MBUFS = 250 };

struct port_pools {
	struct port_pool_settings settings;
	struct rte_mempool *by_socket[RTE_MAX_NUMA_NODES];
};

int
port_pools_new(struct port_pools **ret, const struct port_pool_settings *s)
{
	struct port_pools *pools = calloc(1, sizeof(*pools));

	if (pools == NULL)
		return -ENOMEM;
	pools->settings = *s;
	*ret = pools;
	return 0;
}

struct port_pools *
port_pools_free(struct port_pools *pools)
{
	if (pools == NULL)
		return NULL;
	for (unsigned i = 0; i < RTE_MAX_NUMA_NODES; i++)
		rte_mempool_free(pools->by_socket[i]);
	free(pools);
	return NULL;
}

struct rte_mempool *
port_pools_get(struct port_pools *pools, int socket, struct reason *why)
{
	const struct port_pool_settings *s = &pools->settings;
	unsigned node = socket < 0 ? rte_socket_id() : (unsigned)socket;
	char name[RTE_MEMPOOL_NAMESIZE];
	uint32_t cache;

	if (node >= RTE_MAX_NUMA_NODES)
		node = 0;
	if (pools->by_socket[node] != NULL)
		return pools->by_socket[node];

	/* A cache may hold 1.5 times its size and rte_mempool wants it below the pool's. */
	cache = RTE_MIN((uint32_t)CACHE_MBUFS, s->total_mbufs / 2);
	snprintf(name, sizeof(name), "mbufs-%u", node);
	pools->by_socket[node] = rte_pktmbuf_pool_create(
		name, s->total_mbufs, cache, 0, (uint16_t)s->mbuf_bytes, (int)node
	);
	if (pools->by_socket[node] == NULL)
		reason_set(
			why,
			0,
			"cannot make a pool of %" PRIu32 " mbufs of %" PRIu32
			" bytes on node %u: %s "
			"(about %" PRIu64
			" MB; EAL's -m gives more memory, --total-num-mbufs asks less)",
			s->total_mbufs,
			s->mbuf_bytes,
			node,
			rte_strerror(rte_errno),
			((uint64_t)s->total_mbufs *
		         (s->mbuf_bytes + sizeof(struct rte_mbuf) + RTE_CACHE_LINE_SIZE)) >>
				20
		);
	return pools->by_socket[node];
}

uint64_t
port_pools_report(const struct port_pools *pools, struct text *ret)
{
	uint64_t missing = 0;

	for (unsigned i = 0; i < RTE_MAX_NUMA_NODES; i++) {
		const struct rte_mempool *mp = pools->by_socket[i];
		unsigned avail;

		if (mp == NULL)
			continue;
		avail = rte_mempool_avail_count(mp);
		text_printf(ret, "pool %s: %u of %u mbufs free\n", mp->name, avail, mp->size);
		missing += mp->size - avail;
	}
	return missing;
}
