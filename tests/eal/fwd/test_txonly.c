/* SPDX-License-Identifier: BSD-3-Clause */
/* The txonly engine: every byte of its frames, its flows, and what it does when it can't send. */
#include "reason.h"
#include "ring_bench.h"

#include <rte_byteorder.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_udp.h>

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

/* What port 1 sends is looked at; port 0 has nowhere to send to. */
static void
one_sender(struct ring_bench *b, uint16_t frame_bytes, uint16_t flows)
{
	b->settings.topology = FWD_LOOP;
	b->settings.portlist[0] = b->port[1];
	b->settings.nb_portlist = 1;
	b->io[1].txonly.frame_bytes = frame_bytes;
	b->io[1].txonly.flows = flows;
}

/* Number of the flow that the frame belongs to; all its bytes must be right. */
static unsigned
check_frame(const struct rte_mbuf *m, uint16_t frame_bytes)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	const struct rte_ether_hdr *eth = (const void *)frame;
	const struct rte_ipv4_hdr *ip = (const void *)(eth + 1);
	const struct rte_udp_hdr *udp = (const void *)(ip + 1);
	unsigned flow = rte_be_to_cpu_32(ip->src_addr) - RTE_IPV4(198, 18, 0, 1);

	assert_int_equal(m->nb_segs, 1);
	assert_null(m->next);
	assert_int_equal(rte_pktmbuf_pkt_len(m), frame_bytes);
	assert_int_equal(rte_pktmbuf_data_len(m), frame_bytes);
	assert_int_equal(m->ol_flags, 0);
	assert_memory_equal(&eth->dst_addr, &bench_peer_mac[1], 6);
	assert_memory_equal(&eth->src_addr, &bench_mac[1], 6);
	assert_int_equal(eth->ether_type, RTE_BE16(RTE_ETHER_TYPE_IPV4));
	assert_int_equal(ip->version_ihl, 0x45);
	assert_int_equal(rte_be_to_cpu_16(ip->total_length), frame_bytes - 14);
	assert_int_equal(ip->fragment_offset, 0);
	assert_int_equal(ip->time_to_live, 64);
	assert_int_equal(ip->next_proto_id, IPPROTO_UDP);
	assert_int_equal(rte_raw_cksum(ip, sizeof(*ip)), 0xffff);
	assert_int_equal(ip->dst_addr, RTE_BE32(RTE_IPV4(198, 19, 0, 1)));
	assert_true(flow < UINT16_MAX);
	assert_int_equal(rte_be_to_cpu_16(udp->src_port), (uint16_t)(flow * 40503 + 1024));
	assert_int_equal(rte_be_to_cpu_16(udp->dst_port), (uint16_t)(flow * 30011 + 9));
	assert_int_equal(rte_be_to_cpu_16(udp->dgram_len), frame_bytes - 34);
	assert_int_equal(udp->dgram_cksum, 0);
	for (uint16_t i = 42; i < frame_bytes; i++)
		assert_int_equal(frame[i], 0);
	return flow;
}

/* Take @n frames from the sender; they must be consecutive in @flows flows. */
static void
check_sequence(struct ring_bench *b, uint16_t frame_bytes, unsigned flows, unsigned n)
{
	unsigned next = 0;

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = bench_receive(b, 1);
		unsigned flow = check_frame(m, frame_bytes);

		if (i != 0)
			assert_int_equal(flow, next);
		next = flow + 1 == flows ? 0 : flow + 1;
		/* The next user of this buffer must see nothing of it. */
		memset(rte_pktmbuf_mtod(m, void *), 0xee, frame_bytes);
		rte_pktmbuf_free(m);
	}
}

static void
frames(void **state)
{
	static const uint16_t sizes[] = {60, 61, 63, 64, 65, 128, 1514, 1518};
	struct ring_bench *b = *state;

	for (unsigned i = 0; i < RTE_DIM(sizes); i++) {
		one_sender(b, sizes[i], 100);
		bench_publish(b, "txonly");
		check_sequence(b, sizes[i], 100, 3000);
		assert_int_equal(bench_whole(state), 0);
	}
}

/* More flows than frames in a burst, fewer, one, and all; also bursts that end within a round. */
static void
flows(void **state)
{
	static const struct {
		uint16_t flows, burst;
		unsigned frames;
	} rows[] = {
		{1, 32, 200}, {3, 32, 1000}, {32, 32, 1000}, {1000, 7, 5000}, {65535, 512, 140000}};
	struct ring_bench *b = *state;
	uint64_t refused_frames = 0;

	for (unsigned i = 0; i < RTE_DIM(rows); i++) {
		one_sender(b, 60, rows[i].flows);
		b->burst = rows[i].burst;
		bench_publish(b, "txonly");
		/* The ring is full most of the time: what it refuses must not tear holes into
		 * flows. */
		check_sequence(b, 60, rows[i].flows, rows[i].frames);
		refused_frames += bench_counters(b, 1).drops[FWD_DROP_TX_FULL];
		assert_int_equal(bench_whole(state), 0);
	}
	assert_true(refused_frames > 0);
}

/* A switch or bond that hashes addresses and ports must get something to spread. */
static void
flows_spread(void **state)
{
	struct ring_bench *b = *state;
	unsigned l23[4] = {0}, l34[4] = {0};

	one_sender(b, 60, 256);
	bench_publish(b, "txonly");
	for (unsigned i = 0; i < 256; i++) {
		struct rte_mbuf *m = bench_receive(b, 1);
		const struct rte_ipv4_hdr *ip =
			rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, 14);
		const struct rte_udp_hdr *udp = (const void *)(ip + 1);
		uint32_t addresses = ip->src_addr ^ ip->dst_addr;
		uint32_t hash = addresses ^ (udp->src_port ^ udp->dst_port);

		/* The folding of DPDK's bond PMD. */
		addresses ^= addresses >> 16;
		addresses ^= addresses >> 8;
		hash ^= hash >> 16;
		hash ^= hash >> 8;
		l23[addresses % 4]++;
		l34[hash % 4]++;
		rte_pktmbuf_free(m);
	}
	for (unsigned i = 0; i < 4; i++) {
		assert_true(l23[i] >= 32 && l23[i] <= 96);
		assert_true(l34[i] >= 32 && l34[i] <= 96);
	}
}

static void
sender_counts(void **state)
{
	struct ring_bench *b = *state;
	const unsigned room = BENCH_RING_SIZE - 1;
	struct fwd_counters c;
	uint64_t start = 0;

	one_sender(b, 60, 8);
	bench_publish(b, "txonly");
	while (bench_counters(b, 1).drops[FWD_DROP_TX_FULL] == 0)
		assert_true(bench_waiting(&start));
	bench_park(b);
	c = bench_counters(b, 1);
	assert_int_equal(c.tx_packets, room);
	assert_int_equal(c.rx_packets, 0);
	assert_int_equal(c.no_mbuf, 0);
	/* What was built and refused is back in the pool. */
	assert_int_equal(rte_mempool_avail_count(b->pool), BENCH_POOL_SIZE - room);
	fwd_release(b->fwd);
}

/* Fewer mbufs than a burst, and then none: what there is goes out, the rest is counted. */
static void
pool_runs_dry(void **state)
{
	struct ring_bench *b = *state;
	struct rte_mempool *few =
		rte_pktmbuf_pool_create("few", 10, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	uint64_t start = 0;

	assert_non_null(few);
	one_sender(b, 60, 8);
	b->io[1].txonly.pool = few;
	bench_publish(b, "txonly");
	while (bench_counters(b, 1).no_mbuf < 1000)
		assert_true(bench_waiting(&start));
	assert_int_equal(bench_counters(b, 1).tx_packets, 10);
	assert_int_equal(rte_mempool_avail_count(few), 0);
	check_sequence(b, 60, 8, 500);
	assert_int_equal(bench_whole(state), 0);
	assert_int_equal(rte_mempool_avail_count(few), 10);
	rte_mempool_free(few);
}

/* The engine doesn't look at what comes in, but it may not pile up either. */
static void
receive_queue_is_drained(void **state)
{
	static const uint8_t frame[60];
	struct ring_bench *b = *state;

	one_sender(b, 60, 1);
	bench_publish(b, "txonly");
	for (unsigned i = 0; i < 200; i++)
		bench_send(b, 1, frame, sizeof(frame));
	bench_expect_drops(b, 1, FWD_DROP_CONSUMED, 200);
	assert_int_equal(bench_counters(b, 1).rx_packets, 200);
	/* Port 0 has no peer, hence no engine either. */
	bench_send(b, 0, frame, sizeof(frame));
	bench_expect_drops(b, 0, FWD_DROP_NO_PEER, 1);
}

static void
refused(void **state)
{
	static const struct {
		uint16_t frame_bytes, flows;
		const char *reason;
	} rows[] = {
		{59, 1, "a frame of 59 bytes cannot be built; 60 to 1518 can"},
		{1519, 1, "a frame of 1519 bytes cannot be built; 60 to 1518 can"},
		{60, 0, "0 flows; 1 to 65535 can be sent"},
	};
	struct ring_bench *b = *state;
	struct fwd_layout_port port = {b->port[1], 1, 1};
	struct rte_mempool *small;
	struct fwd_layout *l = NULL;
	struct reason why = {""};

	one_sender(b, 60, 1);
	assert_int_equal(fwd_layout_new(&l, &port, 1, &b->settings, NULL), 0);
	bench_park(b);
	for (unsigned i = 0; i < RTE_DIM(rows); i++) {
		b->io[1].txonly.frame_bytes = rows[i].frame_bytes;
		b->io[1].txonly.flows = rows[i].flows;
		assert_int_equal(
			fwd_publish(
				b->fwd, l, b->io, BENCH_PORTS, fwd_engine_find("txonly"), 32, &why
			),
			-EINVAL
		);
		assert_string_equal(why.text, rows[i].reason);
	}
	b->io[1].txonly = (struct fwd_txonly){NULL, 60, 1};
	assert_int_equal(
		fwd_publish(b->fwd, l, b->io, BENCH_PORTS, fwd_engine_find("txonly"), 32, &why),
		-EINVAL
	);
	assert_non_null(strstr(why.text, "has no pool for frames"));
	small = rte_pktmbuf_pool_create(
		"small", 31, 0, 0, RTE_PKTMBUF_HEADROOM + 1000, SOCKET_ID_ANY
	);
	assert_non_null(small);
	b->io[1].txonly = (struct fwd_txonly){small, 1001, 1};
	assert_int_equal(
		fwd_publish(b->fwd, l, b->io, BENCH_PORTS, fwd_engine_find("txonly"), 32, &why),
		-EINVAL
	);
	assert_string_equal(
		why.text, "a frame of 1001 bytes does not fit the 1000 bytes of a buffer"
	);
	rte_mempool_free(small);
	fwd_release(b->fwd);
	fwd_layout_free(l);
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, bench_reset, bench_whole)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(frames),
		BENCH_TEST(flows),
		BENCH_TEST(flows_spread),
		BENCH_TEST(sender_counts),
		BENCH_TEST(pool_runs_dry),
		BENCH_TEST(receive_queue_is_drained),
		BENCH_TEST(refused),
	};

	(void)argc;
	bench_eal(argv[0]);
	return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
