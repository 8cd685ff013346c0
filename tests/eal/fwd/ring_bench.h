/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two net_ring ports whose ends the test holds, one worker, and a pool whose mbufs are counted:
 * what the tests of the workers and engines share. One process, one EAL, one worker lcore.
 */
#pragma once

#include "fwd.h"
#include "fwd_layout.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	BENCH_PORTS = 2,
	BENCH_POOL_SIZE = 4095,
	BENCH_RING_SIZE = 1024, /* holds one less */
	BENCH_BURST = 32,
	BENCH_DEADLINE_S = 10,
};

struct ring_bench {
	struct rte_mempool *pool;
	struct rte_ring *in[BENCH_PORTS], *out[BENCH_PORTS]; /* as the test sees the ports */
	uint16_t port[BENCH_PORTS];
	struct fwd *fwd;
	/* What publish gives the workers; a test may change it, bench_reset undoes that. */
	struct fwd_port_io io[BENCH_PORTS];
	struct fwd_layout_settings settings;
	uint16_t burst;
};

/* The addresses of the ports, and of their peers. */
extern const struct rte_ether_addr bench_mac[BENCH_PORTS], bench_peer_mac[BENCH_PORTS];

/* EAL without hugepages or devices, on two lcores that may run on any of the first processors. */
void bench_eal(const char *program);

/* Ports, rings, pool and workers; group setup and teardown of cmocka. */
int bench_setup(void **state);
int bench_teardown(void **state);

/* io as bench_setup left it, stopped and empty; setup of each test. */
int bench_reset(void **state);

/* Nothing is under way and no mbuf is missing; teardown of each test. */
int bench_whole(void **state);

/* Park, lay out, publish @engine (NULL: stopped), release; all of it must succeed. */
void bench_publish(struct ring_bench *b, const char *engine);

void bench_park(struct ring_bench *b);

/* Put a frame on the wire into port @index (0 or 1). */
struct rte_mbuf *bench_mbuf(struct ring_bench *b, const void *frame, uint16_t bytes);
void bench_send_mbuf(struct ring_bench *b, unsigned index, struct rte_mbuf *m);
void bench_send(struct ring_bench *b, unsigned index, const void *frame, uint16_t bytes);

/* The next frame that port @index sent, within the deadline; the caller frees it. */
struct rte_mbuf *bench_receive(struct ring_bench *b, unsigned index);

/* The next frame that port @index sent must have these bytes. */
void bench_expect(struct ring_bench *b, unsigned index, const void *frame, uint16_t bytes);

/* Wait until the stream that receives on port @index has dropped @n frames for @reason. */
void bench_expect_drops(struct ring_bench *b, unsigned index, enum fwd_drop reason, uint64_t n);

/* The counters of the stream that receives on port @index, queue 0. */
struct fwd_counters bench_counters(const struct ring_bench *b, unsigned index);

/* Deadlines: while (bench_waiting(&start)) ...; fails the test when BENCH_DEADLINE_S have gone. */
bool bench_waiting(uint64_t *start);
