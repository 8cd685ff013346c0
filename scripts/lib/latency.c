/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sends frames that bear the time of their sending by the first port, takes them back from the
 * last one, which may be a bond, and tells how long they were away. scripts/bench latency compiles
 * and runs it; its ports are the other ends of the net_memif ports of the program that is measured.
 *
 * usage: latency EAL-OPTIONS -- SECONDS PERCENT...; ports between the first and the last are
 * members First as many frames as it can send, to see the highest rate that comes back; then each
 * PERCENT of that. One line per rate, in the words "rate PERCENT sent N received N pps F p50 F p99
 * F".
 */
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BURST 32
#define FRAME_BYTES 64
#define FLOWS 256
#define DESCRIPTORS 1024
#define MBUFS 16383
#define SLOT_NS 50    /* of the histogram */
#define SLOTS 2000000 /* 100 ms, longer ones fall into the last */
#define LINK_S 20
#define DRAIN_S 0.05
#define MARK 0x76666c6174656e63ULL
#define STAMP_OFFSET 44

struct stamp {
	uint64_t mark;
	uint64_t tsc;
};

struct run {
	struct rte_ether_addr back; /* a bond takes what is for it */
	uint64_t sent;
	uint64_t received;
	uint64_t slots[SLOTS];
};

static void
die(const char *what)
{
	fprintf(stderr, "latency: %s\n", what);
	exit(EXIT_FAILURE);
}

static void
start_port(uint16_t port, struct rte_mempool *pool)
{
	static const struct rte_eth_conf conf;

	if (rte_eth_dev_configure(port, 1, 1, &conf) != 0 ||
	    rte_eth_rx_queue_setup(port, 0, DESCRIPTORS, SOCKET_ID_ANY, NULL, pool) != 0 ||
	    rte_eth_tx_queue_setup(port, 0, DESCRIPTORS, SOCKET_ID_ANY, NULL) != 0 ||
	    rte_eth_dev_start(port) != 0)
		die("a port does not start");
}

static void
await_link(uint16_t port)
{
	uint64_t end = rte_get_tsc_cycles() + LINK_S * rte_get_tsc_hz();
	struct rte_eth_link link = {0};

	while (rte_eth_link_get_nowait(port, &link) != 0 || !link.link_status) {
		if (rte_get_tsc_cycles() > end)
			die("no link");
		rte_delay_us_sleep(1000);
	}
}

/* A UDP frame of one of the flows, its time left open. */
static void
build(char *frame, const struct rte_ether_addr *dst, uint32_t nr)
{
	struct rte_ether_hdr *eth = (struct rte_ether_hdr *)frame;
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(eth + 1);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);

	memset(frame, 0, FRAME_BYTES);
	eth->dst_addr = *dst;
	eth->src_addr.addr_bytes[0] = 0x02;
	eth->src_addr.addr_bytes[5] = 1;
	eth->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	ip->version_ihl = RTE_IPV4_VHL_DEF;
	ip->total_length = rte_cpu_to_be_16(FRAME_BYTES - sizeof(*eth));
	ip->time_to_live = 64;
	ip->next_proto_id = IPPROTO_UDP;
	ip->src_addr = rte_cpu_to_be_32(RTE_IPV4(198, 18, 0, 1));
	ip->dst_addr = rte_cpu_to_be_32(RTE_IPV4(198, 19, 0, 1) + nr % FLOWS);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	udp->src_port = rte_cpu_to_be_16(1024 + nr % FLOWS);
	udp->dst_port = rte_cpu_to_be_16(9);
	udp->dgram_len = rte_cpu_to_be_16(FRAME_BYTES - sizeof(*eth) - sizeof(*ip));
}

static void
send_some(struct run *run, struct rte_mempool *pool, uint16_t n)
{
	struct rte_mbuf *pkts[BURST];
	struct stamp stamp = {.mark = MARK};
	uint16_t sent;

	if (rte_pktmbuf_alloc_bulk(pool, pkts, n) != 0)
		return;
	for (uint16_t i = 0; i < n; i++) {
		char *frame = rte_pktmbuf_append(pkts[i], FRAME_BYTES);

		build(frame, &run->back, (uint32_t)run->sent + i);
		stamp.tsc = rte_get_tsc_cycles();
		memcpy(frame + STAMP_OFFSET, &stamp, sizeof(stamp));
	}
	sent = rte_eth_tx_burst(0, 0, pkts, n);
	run->sent += sent;
	rte_pktmbuf_free_bulk(pkts + sent, n - sent);
}

static void
take(struct run *run, uint16_t port, double ns_per_cycle)
{
	struct rte_mbuf *pkts[BURST];
	uint16_t n = rte_eth_rx_burst(port, 0, pkts, BURST);
	uint64_t now = rte_get_tsc_cycles();

	rte_eth_tx_burst(port, 0, NULL, 0); /* a bond's LACPDUs leave by that */
	for (uint16_t i = 0; i < n; i++) {
		struct stamp stamp;
		uint64_t slot;

		if (rte_pktmbuf_data_len(pkts[i]) < STAMP_OFFSET + sizeof(stamp))
			continue;
		memcpy(&stamp, rte_pktmbuf_mtod_offset(pkts[i], char *, STAMP_OFFSET), sizeof(stamp)
		);
		if (stamp.mark != MARK)
			continue;
		slot = (uint64_t)((double)(now - stamp.tsc) * ns_per_cycle / SLOT_NS);
		run->slots[slot < SLOTS ? slot : SLOTS - 1]++;
		run->received++;
	}
	rte_pktmbuf_free_bulk(pkts, n);
}

/* Send at a rate (0: as fast as it goes) for some time, and take back what comes. */
static double
run_at(struct run *run, struct rte_mempool *pool, double pps, double seconds)
{
	const double hz = (double)rte_get_tsc_hz();
	const uint64_t begin = rte_get_tsc_cycles();
	const uint64_t end = begin + (uint64_t)(seconds * hz);
	const uint64_t drained = end + (uint64_t)(DRAIN_S * hz);
	const uint16_t last = rte_eth_dev_count_avail() - 1;
	double offered = 0;
	uint64_t in_time = 0, now;

	memset(run, 0, sizeof(*run));
	rte_eth_macaddr_get(last, &run->back);
	while ((now = rte_get_tsc_cycles()) < drained) {
		double due = pps > 0 ? (double)(now - begin) / hz * pps - offered : BURST;

		if (now < end && due >= 1) {
			uint16_t n = due > BURST ? BURST : (uint16_t)due;

			/* What was missed while this process had no CPU is not made up for. */
			offered += due > 16 * BURST ? due : n;
			send_some(run, pool, n);
		}
		take(run, last, 1e9 / hz);
		if (now < end)
			in_time = run->received;
	}
	return (double)in_time / seconds;
}

/* Until the link is there and LACP has agreed. */
static void
await_traffic(struct run *run, struct rte_mempool *pool)
{
	for (int i = 0; i < LINK_S * 2; i++) {
		run_at(run, pool, 1000, 0.5);
		if (run->received > run->sent / 2)
			return;
	}
	die("nothing comes back");
}

static double
percentile(const struct run *run, double share)
{
	uint64_t seen = 0, wanted = (uint64_t)((double)run->received * share);

	for (uint32_t i = 0; i < SLOTS; i++) {
		seen += run->slots[i];
		if (seen > wanted)
			return (i + 0.5) * SLOT_NS;
	}
	return SLOTS * (double)SLOT_NS;
}

static void
report(const char *name, const struct run *run, double pps)
{
	printf("rate %s sent %" PRIu64 " received %" PRIu64 " pps %.0f p50 %.0f p99 %.0f\n",
	       name,
	       run->sent,
	       run->received,
	       pps,
	       percentile(run, 0.50),
	       percentile(run, 0.99));
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	static struct run run;
	struct rte_mempool *pool;
	double seconds, highest;
	uint16_t last;
	int used = rte_eal_init(argc, argv);

	if (used < 0)
		die("EAL does not start");
	argc -= used;
	argv += used;
	seconds = argc > 1 ? atof(argv[1]) : 0;
	if (argc < 3 || seconds <= 0 || rte_eth_dev_count_avail() < 2)
		die("usage: latency EAL-OPTIONS -- SECONDS PERCENT...; ports between the first and "
		    "the last are members, with two ports or more");
	pool = rte_pktmbuf_pool_create(
		"frames", MBUFS, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY
	);
	if (pool == NULL)
		die("no memory for the buffers");
	last = rte_eth_dev_count_avail() - 1;
	start_port(0, pool);
	start_port(last, pool);
	await_link(0);
	await_traffic(&run, pool);
	highest = run_at(&run, pool, 0, seconds);
	report("max", &run, highest);
	for (int i = 2; i < argc; i++) {
		double pps = run_at(&run, pool, highest * atof(argv[i]) / 100, seconds);

		report(argv[i], &run, pps);
	}
	return EXIT_SUCCESS;
}
