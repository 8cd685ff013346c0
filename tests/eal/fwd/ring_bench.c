/* SPDX-License-Identifier: BSD-3-Clause */
/* See ring_bench.h. */
#include "ring_bench.h"

#include "reason.h"

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

const struct rte_ether_addr bench_mac[BENCH_PORTS] = {
	{{0x02, 0xaa, 0, 0, 0, 0}},
	{{0x02, 0xaa, 0, 0, 0, 1}},
};
const struct rte_ether_addr bench_peer_mac[BENCH_PORTS] = {
	{{0x02, 0xbb, 0, 0, 0, 0}},
	{{0x02, 0xbb, 0, 0, 0, 1}},
};

void
bench_eal(const char *program)
{
	const char *args[] = {
		program,
		"--no-huge",
		"--no-shconf",
		"--no-pci",
		"--no-telemetry",
		"--log-level=error",
		"-m",
		"128",
		"--lcores",
		"0@(0-1),1@(0-1)",
	};

	if (rte_eal_init((int)RTE_DIM(args), (char **)args) < 0) {
		printf("Bail out! EAL: %s\n", rte_strerror(rte_errno));
		exit(EXIT_FAILURE);
	}
}

static void
make_port(struct ring_bench *b, unsigned i)
{
	const struct rte_eth_conf conf = {.rxmode = {.mtu = RTE_ETHER_MTU}};
	char name[32];

	snprintf(name, sizeof(name), "bench_in%u", i);
	b->in[i] = rte_ring_create(name, BENCH_RING_SIZE, SOCKET_ID_ANY, 0);
	snprintf(name, sizeof(name), "bench_out%u", i);
	b->out[i] = rte_ring_create(name, BENCH_RING_SIZE, SOCKET_ID_ANY, 0);
	assert_non_null(b->in[i]);
	assert_non_null(b->out[i]);
	snprintf(name, sizeof(name), "bench%u", i);
	int port = rte_eth_from_rings(name, &b->in[i], 1, &b->out[i], 1, 0);

	assert_true(port >= 0);
	b->port[i] = (uint16_t)port;
	assert_int_equal(rte_eth_dev_configure(b->port[i], 1, 1, &conf), 0);
	assert_int_equal(rte_eth_rx_queue_setup(b->port[i], 0, 64, 0, NULL, b->pool), 0);
	assert_int_equal(rte_eth_tx_queue_setup(b->port[i], 0, 64, 0, NULL), 0);
	assert_int_equal(rte_eth_dev_start(b->port[i]), 0);
}

int
bench_setup(void **state)
{
	struct ring_bench *b = calloc(1, sizeof(*b));
	struct reason why = {""};

	assert_non_null(b);
	b->pool = rte_pktmbuf_pool_create(
		"bench", BENCH_POOL_SIZE, 64, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY
	);
	assert_non_null(b->pool);
	for (unsigned i = 0; i < BENCH_PORTS; i++)
		make_port(b, i);
	if (fwd_new(&b->fwd, &why) < 0)
		fail_msg("%s", why.text);
	*state = b;
	return 0;
}

int
bench_teardown(void **state)
{
	struct ring_bench *b = *state;

	assert_null(fwd_free(b->fwd));
	for (unsigned i = 0; i < BENCH_PORTS; i++) {
		assert_int_equal(rte_eth_dev_stop(b->port[i]), 0);
		assert_int_equal(rte_eth_dev_close(b->port[i]), 0);
		rte_ring_free(b->in[i]);
		rte_ring_free(b->out[i]);
	}
	rte_mempool_free(b->pool);
	free(b);
	return 0;
}

int
bench_reset(void **state)
{
	struct ring_bench *b = *state;

	for (unsigned i = 0; i < BENCH_PORTS; i++)
		b->io[i] = (struct fwd_port_io){
			.io = fwd_io_plain(b->port[i]),
			.mac = bench_mac[i],
			.peer_mac = bench_peer_mac[i],
			.txonly = {.pool = b->pool, .frame_bytes = 60, .flows = 1},
		};
	b->settings = (struct fwd_layout_settings){
		.topology = FWD_PAIRED,
		.nb_workers = 1,
		.needs_tx_peer = true,
		.portlist = {b->port[0], b->port[1]},
		.nb_portlist = BENCH_PORTS,
	};
	b->burst = BENCH_BURST;
	bench_publish(b, NULL);
	fwd_counters_clear(b->fwd);
	return 0;
}

static void
empty(struct rte_ring *ring)
{
	void *m;

	while (rte_ring_dequeue(ring, &m) == 0)
		rte_pktmbuf_free(m);
}

int
bench_whole(void **state)
{
	struct ring_bench *b = *state;

	bench_reset(state);
	bench_park(b);
	for (unsigned i = 0; i < BENCH_PORTS; i++) {
		empty(b->in[i]);
		empty(b->out[i]);
	}
	fwd_release(b->fwd);
	assert_int_equal(rte_mempool_avail_count(b->pool), BENCH_POOL_SIZE);
	return 0;
}

void
bench_park(struct ring_bench *b)
{
	struct reason why = {""};

	if (fwd_park(b->fwd, BENCH_DEADLINE_S * US_PER_S, &why) < 0)
		fail_msg("%s", why.text);
}

void
bench_publish(struct ring_bench *b, const char *engine)
{
	struct fwd_layout_port ports[BENCH_PORTS];
	const struct fwd_engine *e = NULL;
	struct fwd_layout *l = NULL;
	struct reason why = {""};

	if (engine != NULL) {
		e = fwd_engine_find(engine);
		assert_non_null(e);
		b->settings.needs_tx_peer = e->needs_tx_peer;
	}
	for (unsigned i = 0; i < BENCH_PORTS; i++)
		ports[i] = (struct fwd_layout_port){b->port[i], 1, 1};
	if (fwd_layout_new(&l, ports, BENCH_PORTS, &b->settings, &why) < 0)
		fail_msg("%s", why.text);
	bench_park(b);
	if (fwd_publish(b->fwd, l, b->io, BENCH_PORTS, e, b->burst, &why) < 0)
		fail_msg("%s", why.text);
	fwd_release(b->fwd);
	fwd_layout_free(l);
}

struct rte_mbuf *
bench_mbuf(struct ring_bench *b, const void *frame, uint16_t bytes)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(b->pool);

	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, bytes), frame, bytes);
	return m;
}

void
bench_send_mbuf(struct ring_bench *b, unsigned index, struct rte_mbuf *m)
{
	assert_int_equal(rte_ring_enqueue(b->in[index], m), 0);
}

void
bench_send(struct ring_bench *b, unsigned index, const void *frame, uint16_t bytes)
{
	bench_send_mbuf(b, index, bench_mbuf(b, frame, bytes));
}

struct rte_mbuf *
bench_receive(struct ring_bench *b, unsigned index)
{
	uint64_t start = 0;
	void *m = NULL;

	while (rte_ring_dequeue(b->out[index], &m) != 0)
		assert_true(bench_waiting(&start));
	return m;
}

void
bench_expect(struct ring_bench *b, unsigned index, const void *frame, uint16_t bytes)
{
	struct rte_mbuf *m = bench_receive(b, index);

	assert_int_equal(rte_pktmbuf_pkt_len(m), bytes);
	assert_int_equal(rte_pktmbuf_data_len(m), bytes);
	assert_memory_equal(rte_pktmbuf_mtod(m, void *), frame, bytes);
	rte_pktmbuf_free(m);
}

struct fwd_counters
bench_counters(const struct ring_bench *b, unsigned index)
{
	struct fwd_stream_view view;

	for (uint16_t i = 0; i < fwd_nb_streams(b->fwd); i++) {
		fwd_stream_view(b->fwd, i, &view);
		if (view.rx_port == b->port[index])
			return view.counters;
	}
	fail_msg("no stream receives on port %u", b->port[index]);
	return view.counters;
}

void
bench_expect_drops(struct ring_bench *b, unsigned index, enum fwd_drop reason, uint64_t n)
{
	uint64_t start = 0;

	while (bench_counters(b, index).drops[reason] < n)
		if (!bench_waiting(&start))
			fail_msg("no drop for %s", fwd_drop_names[reason]);
	assert_int_equal(bench_counters(b, index).drops[reason], n);
}

bool
bench_waiting(uint64_t *start)
{
	uint64_t now = rte_rdtsc();

	if (*start == 0)
		*start = now;
	/* The worker may have only this processor to run on. */
	sched_yield();
	return now - *start < BENCH_DEADLINE_S * rte_get_tsc_hz();
}
