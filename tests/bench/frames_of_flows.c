/* SPDX-License-Identifier: BSD-3-Clause */
/* See frames_of_flows.h. */
#include "frames_of_flows.h"

#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_udp.h>

#include <netinet/in.h>
#include <string.h>

enum { FRAME_BYTES = 60 };

struct flows {
	struct rte_ether_addr mac;
	unsigned count;
};

/* The mixing steps of splitmix64, so that flows follow each other in no order. */
static uint32_t
mix(uint32_t number)
{
	uint64_t x = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)(x >> 32);
}

enum { BUFFER_BYTES = RTE_PKTMBUF_HEADROOM + 192 };

/*
 * Buffers may lie across pages: EAL without hugepages would begin each page anew, so that frames
 * stood at a few places of their pages only, and no more than 84 had room in a first level cache of
 * 12 ways.
 */
struct rte_mempool *
frames_pool(const char *name, unsigned frames)
{
	struct rte_pktmbuf_pool_private room = {.mbuf_data_room_size = BUFFER_BYTES};
	struct rte_mempool *pool = rte_mempool_create_empty(
		name,
		frames,
		sizeof(struct rte_mbuf) + BUFFER_BYTES,
		0,
		sizeof(room),
		SOCKET_ID_ANY,
		RTE_MEMPOOL_F_NO_IOVA_CONTIG
	);

	if (pool == NULL)
		return NULL;
	/* Not atomic, and without a cache of its own. */
	if (rte_mempool_set_ops_byname(pool, "ring_sp_sc", NULL) != 0)
		goto failed;
	rte_pktmbuf_pool_init(pool, &room);
	if (rte_mempool_populate_default(pool) < 0)
		goto failed;
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return pool;
failed:
	rte_mempool_free(pool);
	return NULL;
}

static void
fill(struct rte_mempool *pool, void *opaque, void *obj, unsigned index)
{
	const struct flows *f = opaque;
	struct rte_mbuf *m = obj;
	uint32_t flow = mix(mix(index) % f->count);
	struct {
		struct rte_ether_hdr eth;
		struct rte_ipv4_hdr ip;
		struct rte_udp_hdr udp;
	} __attribute__((packed, aligned(2))) h = {
		.eth = {f->mac, f->mac, RTE_BE16(RTE_ETHER_TYPE_IPV4)},
		.ip =
			{
				.version_ihl = RTE_IPV4_VHL_DEF,
				.total_length = RTE_BE16(FRAME_BYTES - RTE_ETHER_HDR_LEN),
				.time_to_live = 64,
				.next_proto_id = IPPROTO_UDP,
				.src_addr = RTE_BE32(RTE_IPV4(198, 18, 0, 1)),
				.dst_addr = flow,
			},
		.udp =
			{
				.src_port = (rte_be16_t)flow,
				.dst_port = RTE_BE16(9),
			},
	};

	(void)pool;
	/* Below 224.0.0.0: a host. */
	h.ip.dst_addr &= RTE_BE32(RTE_IPV4(0x7f, 255, 255, 255));
	h.eth.dst_addr.addr_bytes[5] = (uint8_t)(flow >> 16);
	rte_pktmbuf_reset(m);
	m->data_len = FRAME_BYTES;
	m->pkt_len = FRAME_BYTES;
	m->ol_flags |= RTE_MBUF_F_RX_RSS_HASH;
	m->hash.rss = flow;
	memset(rte_pktmbuf_mtod(m, void *), 0, FRAME_BYTES);
	memcpy(rte_pktmbuf_mtod(m, void *), &h, sizeof(h));
}

void
frames_of_flows(struct rte_mempool *pool, const struct rte_ether_addr *mac, unsigned flows)
{
	struct flows f = {*mac, flows};

	rte_mempool_obj_iter(pool, fill, &f);
}
