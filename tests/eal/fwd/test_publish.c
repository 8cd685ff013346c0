/* SPDX-License-Identifier: BSD-3-Clause */
/* fwd_publish(): what it refuses, and counters that outlive layouts, clears and ports. */
#include "reason.h"
#include "ring_bench.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static const uint8_t frame[60] = {2};

/* Ports 0 and 1 of the bench are ports 0 and 1 of DPDK: there are no others in this process. */
struct refusal {
	struct fwd_layout_stream streams[3];
	struct fwd_layout_txq txqs[3];
	uint16_t nb_streams, nb_txqs, burst;
	int err;
	const char *reason;
};

static const struct refusal refusals[] = {
	{
		{{0, 0, 1, 0, 0}},
		{{1, 0, 0}},
		1,
		1,
		0,
		-EINVAL,
		"a burst of 0 frames; 1 to 512 are possible",
	},
	{
		{{0, 0, 1, 0, 0}},
		{{1, 0, 0}},
		1,
		1,
		513,
		-EINVAL,
		"a burst of 513 frames; 1 to 512 are possible",
	},
	{
		{{0, 0, 1, 0, 1}},
		{{1, 0, 1}},
		1,
		1,
		32,
		-EINVAL,
		"queue 0 of port 1 is for worker 1, but there are 1",
	},
	{
		{{0, 0, FWD_NO_PORT, 0, 7}},
		{{1, 0, 0}},
		1,
		1,
		32,
		-EINVAL,
		"queue 0 of port 0 is for worker 7, but there are 1",
	},
	{
		{{9, 0, 1, 0, 0}},
		{{1, 0, 0}},
		1,
		1,
		32,
		-EINVAL,
		"no functions for port 9 of the layout",
	},
	{
		{{0, 0, 9, 0, 0}},
		{{1, 0, 0}},
		1,
		1,
		32,
		-EINVAL,
		"no functions for port 9 of the layout",
	},
	{
		{{0, 64, 1, 0, 0}},
		{{1, 0, 0}},
		1,
		1,
		32,
		-EINVAL,
		"port 0 has a queue 64; at most 64 can be served",
	},
	{
		{{0, 0, 1, 0, 0}, {0, 0, 0, 0, 0}},
		{{0, 0, 0}, {1, 0, 0}},
		2,
		2,
		32,
		-EINVAL,
		"receive queue 0 of port 0 would be shared",
	},
	{
		{{0, 0, 1, 0, 0}, {1, 0, 1, 0, 0}},
		{{0, 0, 0}, {1, 0, 0}},
		2,
		2,
		32,
		-EINVAL,
		"transmit queue 0 of port 1 would be shared",
	},
	{
		{{0, 0, 1, 0, 0}},
		{{1, 0, 0}, {1, 0, 0}},
		1,
		2,
		32,
		-EINVAL,
		"transmit queue 0 of port 1 would be shared",
	},
	{
		{{0, 0, 1, 0, 0}},
		{{0, 0, 0}},
		1,
		1,
		32,
		-EINVAL,
		"transmit queue 0 of port 1 is not owned by its sender",
	},
};

/* Each is refused with its reason, and what was in force before stays in force. */
static void
refused(void **state)
{
	struct ring_bench *b = *state;
	struct reason why = {""};

	bench_publish(b, "io");
	for (unsigned i = 0; i < RTE_DIM(refusals); i++) {
		const struct refusal *r = &refusals[i];
		const struct fwd_layout l = {
			.nb_streams = r->nb_streams,
			.nb_txqs = r->nb_txqs,
			.streams = (struct fwd_layout_stream *)(uintptr_t)r->streams,
			.txqs = (struct fwd_layout_txq *)(uintptr_t)r->txqs,
		};

		bench_park(b);
		assert_int_equal(
			fwd_publish(b->fwd, &l, b->io, BENCH_PORTS, fwd_engines[0], r->burst, &why),
			r->err
		);
		assert_string_equal(why.text, r->reason);
		fwd_release(b->fwd);
		assert_int_equal(fwd_nb_streams(b->fwd), 2);
		bench_send(b, 0, frame, sizeof(frame));
		bench_expect(b, 1, frame, sizeof(frame));
	}
}

static void
only_while_parked(void **state)
{
	static const struct fwd_layout nothing;
	struct ring_bench *b = *state;
	struct reason why = {""};

	bench_publish(b, "io");
	assert_int_equal(fwd_publish(b->fwd, &nothing, NULL, 0, NULL, 32, &why), -EBUSY);
	assert_string_equal(why.text, "the workers are not parked");
	bench_send(b, 0, frame, sizeof(frame));
	bench_expect(b, 1, frame, sizeof(frame));
}

static void
views(void **state)
{
	struct ring_bench *b = *state;

	bench_publish(b, "io");
	assert_int_equal(fwd_nb_streams(b->fwd), 2);
	for (uint16_t i = 0; i < 2; i++) {
		struct fwd_stream_view view;

		fwd_stream_view(b->fwd, i, &view);
		assert_int_equal(view.rx_port, b->port[i]);
		assert_int_equal(view.tx_port, b->port[1 - i]);
		assert_int_equal(view.rx_queue, 0);
		assert_int_equal(view.tx_queue, 0);
		assert_int_equal(view.worker, 0);
	}
}

static void
forward(struct ring_bench *b, unsigned n)
{
	while (n-- > 0) {
		bench_send(b, 0, frame, sizeof(frame));
		bench_expect(b, 1, frame, sizeof(frame));
	}
}

/* A frame may be taken from the ring before it is counted. */
static void
expect_tx(struct ring_bench *b, uint64_t n)
{
	uint64_t start = 0;

	while (bench_counters(b, 0).tx_packets < n)
		assert_true(bench_waiting(&start));
	assert_int_equal(bench_counters(b, 0).tx_packets, n);
	assert_int_equal(bench_counters(b, 0).rx_packets, n);
}

static void
counters_outlive_layouts(void **state)
{
	struct ring_bench *b = *state;

	bench_publish(b, "io");
	forward(b, 10);
	expect_tx(b, 10);
	bench_publish(b, "macswap");
	expect_tx(b, 10);
	bench_publish(b, NULL);
	expect_tx(b, 10);
	bench_publish(b, "io");
	forward(b, 5);
	expect_tx(b, 15);
	fwd_counters_clear(b->fwd);
	expect_tx(b, 0);
	forward(b, 3);
	expect_tx(b, 3);
}

/* A new port under an old id starts from zero; a port in use keeps what it has. */
static void
port_gone(void **state)
{
	static const struct fwd_layout nothing;
	struct ring_bench *b = *state;
	struct reason why = {""};

	bench_publish(b, "io");
	forward(b, 10);
	expect_tx(b, 10);
	fwd_port_gone(b->fwd, b->port[0]);
	fwd_port_gone(b->fwd, 12345);
	expect_tx(b, 10);
	bench_park(b);
	assert_int_equal(fwd_publish(b->fwd, &nothing, NULL, 0, NULL, 32, &why), 0);
	fwd_release(b->fwd);
	assert_int_equal(fwd_nb_streams(b->fwd), 0);
	fwd_port_gone(b->fwd, b->port[0]);
	assert_int_equal(fwd_housekeep_drops(b->fwd, b->port[0]), 0);
	bench_publish(b, "io");
	expect_tx(b, 0);
	forward(b, 1);
	expect_tx(b, 1);
}

/* Without streams nobody touches a port. */
static void
nothing_to_do(void **state)
{
	static const struct fwd_layout nothing;
	struct ring_bench *b = *state;
	struct fwd_worker_view before, now;
	struct reason why = {""};
	uint64_t start = 0;

	bench_park(b);
	assert_int_equal(fwd_publish(b->fwd, &nothing, NULL, 0, NULL, 32, &why), 0);
	fwd_release(b->fwd);
	bench_send(b, 0, frame, sizeof(frame));
	fwd_worker_view(b->fwd, 0, &before);
	do {
		assert_true(bench_waiting(&start));
		fwd_worker_view(b->fwd, 0, &now);
	} while (now.loops < before.loops + 10000);
	assert_int_equal(rte_ring_count(b->in[0]), 1);
	bench_publish(b, "io");
	bench_expect(b, 1, frame, sizeof(frame));
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, bench_reset, bench_whole)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(refused),
		BENCH_TEST(only_while_parked),
		BENCH_TEST(views),
		BENCH_TEST(counters_outlive_layouts),
		BENCH_TEST(port_gone),
		BENCH_TEST(nothing_to_do),
	};

	(void)argc;
	bench_eal(argv[0]);
	return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
