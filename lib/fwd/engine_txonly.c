/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The txonly engine: UDP frames of many flows, as fast as the transmit queue takes them. The start
 * of the frame is a template; a flow changes one word of the source address, the checksum of the
 * IP header by as much, and both ports. The UDP checksum is 0 (none, RFC 768).
 */
#include "engines.h"
#include "fwd_stream.h"
#include "reason.h"

#include <rte_byteorder.h>
#include <rte_ip.h>
#include <rte_mempool.h>
#include <rte_udp.h>

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

/* What a frame starts with. */
struct frame_start {
	struct rte_ether_hdr eth;
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
	uint8_t payload[22];
} __attribute__((packed, aligned(2))); /* __rte_packed ended with DPDK 25.03 */
_Static_assert(sizeof(struct frame_start) == FWD_TXONLY_TEMPLATE_BYTES, "copied as a whole");

/* The two halves of the benchmark range; a flow has the source SRC_NET + 1 + its number. */
#define SRC_NET RTE_IPV4(198, 18, 0, 0)
#define DST_IP RTE_IPV4(198, 19, 0, 1)

enum {
	TTL = 64,
	UDP_PORT_DISCARD = 9, /* RFC 863 */
	/*
	 * Odd, so that each number gets its own port; large and different, so that neither a sum
	 * nor an exclusive or of address and ports cancels the flow number out.
	 */
	SRC_PORT_STRIDE = 40503,
	DST_PORT_STRIDE = 30011,
	SRC_PORT_FIRST = 1024,
};

static int
prepare_txonly(struct fwd_stream *s, struct reason *why)
{
	const struct fwd_txonly *t = &s->txonly;
	const uint16_t ip_bytes = t->frame_bytes - sizeof(struct rte_ether_hdr);
	struct frame_start start = {
		.eth = {s->peer_mac, s->tx_mac, RTE_BE16(RTE_ETHER_TYPE_IPV4)},
		.ip =
			{
				.version_ihl = RTE_IPV4_VHL_DEF,
				.total_length = rte_cpu_to_be_16(ip_bytes),
				.time_to_live = TTL,
				.next_proto_id = IPPROTO_UDP,
				.src_addr = rte_cpu_to_be_32(SRC_NET),
				.dst_addr = rte_cpu_to_be_32(DST_IP),
			},
		.udp = {.dgram_len = rte_cpu_to_be_16(ip_bytes - sizeof(struct rte_ipv4_hdr))},
	};

	if (t->frame_bytes < FWD_TXONLY_MIN_BYTES || t->frame_bytes > FWD_TXONLY_MAX_BYTES)
		return reason_set(
			why,
			-EINVAL,
			"a frame of %u bytes cannot be built; %d to %d can",
			t->frame_bytes,
			FWD_TXONLY_MIN_BYTES,
			FWD_TXONLY_MAX_BYTES
		);
	if (t->flows == 0)
		return reason_set(why, -EINVAL, "0 flows; 1 to %d can be sent", UINT16_MAX);
	if (t->pool == NULL)
		return reason_set(why, -EINVAL, "port %u has no pool for frames", s->tx->port_id);
	if (rte_pktmbuf_data_room_size(t->pool) <
	    RTE_PKTMBUF_HEADROOM + RTE_MAX(t->frame_bytes, sizeof(start)))
		return reason_set(
			why,
			-EINVAL,
			"a frame of %u bytes does not fit the %d bytes of a buffer",
			t->frame_bytes,
			rte_pktmbuf_data_room_size(t->pool) - RTE_PKTMBUF_HEADROOM
		);
	start.ip.hdr_checksum = rte_ipv4_cksum(&start.ip);
	memcpy(s->txonly_template, &start, sizeof(start));
	return 0;
}

static inline void
build_frame(
	const struct fwd_stream *s,
	struct rte_mbuf *m,
	uint16_t frame_bytes,
	uint32_t template_sum,
	uint32_t flow
)
{
	struct frame_start *start;
	rte_be16_t src_low = rte_cpu_to_be_16((uint16_t)(flow + 1));
	uint32_t sum = template_sum + src_low;

	/* A free mbuf has one segment and one reference already (rte_mbuf_raw_alloc). */
	m->data_off = RTE_PKTMBUF_HEADROOM;
	m->ol_flags &= RTE_MBUF_F_EXTERNAL;
	m->data_len = frame_bytes;
	m->pkt_len = frame_bytes;
	m->tx_offload = 0;
	start = rte_pktmbuf_mtod(m, struct frame_start *);
	memcpy(start, s->txonly_template, sizeof(*start));
	/* The low word of the source was 0: adding to the sum is all a new checksum takes. */
	sum = (sum & 0xffff) + (sum >> 16);
	start->ip.hdr_checksum = (uint16_t)~sum;
	memcpy((uint8_t *)&start->ip.src_addr + sizeof(src_low), &src_low, sizeof(src_low));
	start->udp.src_port = rte_cpu_to_be_16((uint16_t)(flow * SRC_PORT_STRIDE + SRC_PORT_FIRST));
	start->udp.dst_port =
		rte_cpu_to_be_16((uint16_t)(flow * DST_PORT_STRIDE + UDP_PORT_DISCARD));
	/* What the buffer held before is nobody's business. */
	if (frame_bytes > sizeof(*start))
		memset(start + 1, 0, frame_bytes - sizeof(*start));
}

/* As many mbufs as there are, up to a burst. */
static inline uint16_t
take_mbufs(struct rte_mempool *pool, struct rte_mbuf **pkts, uint16_t burst)
{
	uint16_t n = 0;

	if (likely(rte_mempool_get_bulk(pool, (void **)pkts, burst) == 0))
		return burst;
	while (n < burst && rte_mempool_get(pool, (void **)&pkts[n]) == 0)
		n++;
	return n;
}

static uint16_t
run_txonly(struct fwd_stream *s)
{
	const struct frame_start *start = (const void *)s->txonly_template;
	const uint32_t template_sum = (uint16_t)~start->ip.hdr_checksum;
	const uint16_t frame_bytes = s->txonly.frame_bytes;
	const uint32_t flows = s->txonly.flows;
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t n = take_mbufs(s->txonly.pool, pkts, s->burst);
	uint32_t flow = s->next_flow;
	uint16_t unsent;

	if (unlikely(n < s->burst))
		fwd_count(&s->counters->no_mbuf, s->burst - n);
	if (unlikely(n == 0))
		return 0;
	for (uint16_t i = 0; i < n; i++) {
		build_frame(s, pkts[i], frame_bytes, template_sum, flow);
		if (++flow == flows)
			flow = 0;
	}
	/* Flows whose frame was refused come first next time, or a full queue would starve them. */
	unsent = n - fwd_transmit(s, pkts, n);
	while (unlikely(unsent > flow))
		flow += flows;
	s->next_flow = flow - unsent;
	return n;
}

/* The engine doesn't receive, but a receive queue that nobody empties fills up with old frames. */
static uint16_t
housekeep_txonly(struct fwd_stream *s)
{
	return fwd_drain(s, FWD_DROP_CONSUMED);
}

const struct fwd_engine fwd_engine_txonly = {
	.name = "txonly",
	.run = run_txonly,
	.housekeep = housekeep_txonly,
	.prepare = prepare_txonly,
	.needs_tx_peer = true,
};
