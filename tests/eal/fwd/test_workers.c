/* SPDX-License-Identifier: BSD-3-Clause */
/* The workers: parking under traffic, time-outs, housekeeping, what they show, life and end. */
#include "reason.h"
#include "ring_bench.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

enum { CIRCLING = 300 };

/* A port that feeds what it is given back to itself. */
struct circle {
	struct rte_ring *ring;
	atomic_bool blocked; /* test writes, worker reads: stay in rx */
	atomic_bool inside;  /* worker writes, test reads: is in rx and blocked */
};

static uint16_t
circle_rx(const struct fwd_io *io, uint16_t queue, struct rte_mbuf **pkts, uint16_t n)
{
	struct circle *c = (struct circle *)(uintptr_t)io->ctx;

	(void)queue;
	while (atomic_load(&c->blocked))
		atomic_store(&c->inside, true);
	atomic_store(&c->inside, false);
	return (uint16_t)rte_ring_dequeue_burst(c->ring, (void **)pkts, n, NULL);
}

static uint16_t
circle_tx(const struct fwd_io *io, uint16_t queue, struct rte_mbuf **pkts, uint16_t n)
{
	const struct circle *c = io->ctx;

	(void)queue;
	return (uint16_t)rte_ring_enqueue_burst(c->ring, (void **)pkts, n, NULL);
}

/* Not on a test's stack: the worker polls them until the teardown has stopped it. */
static struct circle circles[BENCH_PORTS];

/* Both ports of the bench become one circle each; the worker keeps CIRCLING frames going. */
static void
make_circles(struct ring_bench *b)
{
	b->settings.topology = FWD_LOOP;
	for (unsigned i = 0; i < BENCH_PORTS; i++) {
		circles[i].ring = b->in[i];
		atomic_init(&circles[i].blocked, false);
		atomic_init(&circles[i].inside, false);
		b->io[i].io.rx = circle_rx;
		b->io[i].io.tx = circle_tx;
		b->io[i].io.ctx = &circles[i];
	}
}

static uint64_t
rx_total(const struct ring_bench *b)
{
	return bench_counters(b, 0).rx_packets;
}

/* Wait until the worker has received something more; parked workers never do. */
static void
wait_progress(const struct ring_bench *b)
{
	uint64_t before = rx_total(b), start = 0;

	while (rx_total(b) == before)
		assert_true(bench_waiting(&start));
}

/* All frames are in the ring: none under way, none lost, none dropped. */
static void
check_circle(struct ring_bench *b)
{
	struct fwd_counters c = bench_counters(b, 0);

	assert_int_equal(rte_ring_count(b->in[0]), CIRCLING);
	assert_int_equal(c.rx_packets, c.tx_packets);
	for (unsigned i = 0; i < FWD_DROP_COUNT; i++)
		assert_int_equal(c.drops[i], 0);
}

static void
fill_circle(struct ring_bench *b)
{
	static const uint8_t frame[60] = {2};

	for (unsigned i = 0; i < CIRCLING; i++)
		bench_send(b, 0, frame, sizeof(frame));
}

static void
park_under_traffic(void **state)
{
	struct ring_bench *b = *state;
	struct fwd_park_stats stats;
	uint64_t count;

	fwd_park_stats(b->fwd, &stats);
	count = stats.count;
	make_circles(b);
	bench_publish(b, "io");
	fill_circle(b);
	for (unsigned i = 0; i < 10000; i++) {
		uint64_t seen;

		bench_park(b);
		seen = rx_total(b);
		check_circle(b);
		assert_int_equal(rx_total(b), seen);
		fwd_release(b->fwd);
		if (i % 100 == 0)
			wait_progress(b);
	}
	wait_progress(b);
	fwd_park_stats(b->fwd, &stats);
	assert_int_equal(stats.count, count + 10001);
	assert_true(stats.last_ns > 0);
	assert_true(stats.max_ns >= stats.last_ns);
	assert_true(stats.total_ns >= stats.max_ns);
	assert_in_range(stats.median_ns, 1, stats.max_ns);
}

static void
parking_nests(void **state)
{
	struct ring_bench *b = *state;
	struct fwd_park_stats before, after;
	struct fwd_worker_view view;

	make_circles(b);
	bench_publish(b, "io");
	fill_circle(b);
	wait_progress(b);
	fwd_park_stats(b->fwd, &before);
	bench_park(b);
	bench_park(b);
	bench_park(b);
	fwd_release(b->fwd);
	fwd_release(b->fwd);
	fwd_worker_view(b->fwd, 0, &view);
	assert_true(view.parked);
	check_circle(b);
	fwd_release(b->fwd);
	fwd_worker_view(b->fwd, 0, &view);
	assert_false(view.parked);
	wait_progress(b);
	fwd_park_stats(b->fwd, &after);
	assert_int_equal(after.count, before.count + 1);
}

static void
parking_times_out(void **state)
{
	struct ring_bench *b = *state;
	struct fwd_park_stats before, after;
	struct reason why = {""};
	uint64_t start = 0, began;

	make_circles(b);
	bench_publish(b, "io");
	fill_circle(b);
	wait_progress(b);
	fwd_park_stats(b->fwd, &before);
	atomic_store(&circles[0].blocked, true);
	while (!atomic_load(&circles[0].inside))
		assert_true(bench_waiting(&start));
	for (unsigned i = 0; i < 3; i++) {
		began = rte_rdtsc();
		assert_int_equal(fwd_park(b->fwd, 2000, &why), -ETIMEDOUT);
		assert_true(rte_rdtsc() - began >= rte_get_tsc_hz() / 1000 * 2);
		assert_string_equal(why.text, "the worker on lcore 1 did not park within 2000 us");
	}
	fwd_park_stats(b->fwd, &after);
	assert_int_equal(after.count, before.count);
	/* Nobody is parked: the worker goes on as soon as it can, and obeys the next request. */
	atomic_store(&circles[0].blocked, false);
	wait_progress(b);
	bench_park(b);
	check_circle(b);
	fwd_release(b->fwd);
}

static void
publish_under_traffic(void **state)
{
	static const char *const engines[] = {"io", "macswap", "mac"};
	struct ring_bench *b = *state;

	make_circles(b);
	bench_publish(b, "io");
	fill_circle(b);
	for (unsigned i = 0; i < 2000; i++) {
		b->settings.topology = FWD_LOOP;
		b->burst = (uint16_t)(1 + i % 64);
		bench_publish(b, engines[i % RTE_DIM(engines)]);
		if (i % 100 == 0)
			wait_progress(b);
	}
	bench_park(b);
	check_circle(b);
	fwd_release(b->fwd);
}

static void
stop_and_start(void **state)
{
	static const uint8_t frame[60] = {2};
	struct ring_bench *b = *state;

	for (uint64_t i = 1; i <= 200; i++) {
		bench_publish(b, NULL);
		bench_send(b, 0, frame, sizeof(frame));
		bench_expect_drops(b, 0, FWD_DROP_STOPPED, i);
		bench_publish(b, "io");
		bench_send(b, 0, frame, sizeof(frame));
		bench_expect(b, 1, frame, sizeof(frame));
	}
	assert_int_equal(bench_counters(b, 0).rx_packets, 400);
	assert_int_equal(bench_counters(b, 0).tx_packets, 200);
}

/* What the test's housekeeping functions noted; the worker writes, the test reads when parked. */
struct diary {
	uint64_t last_ns;
	/*
	 * late: more than FWD_HOUSEKEEP_US after the one before, by the time that the worker ran:
	 * what a processor that others hold makes late is not its fault.
	 */
	unsigned calls, late;
	uint16_t frees; /* what the function says it freed */
};

/* Of the receive and the transmit queue; static for the same reason as the circles. */
static struct diary diary[2];

static uint64_t
thread_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static uint16_t
note(const struct fwd_io *io, unsigned index)
{
	struct diary *d = (struct diary *)(uintptr_t)io->ctx + index;
	uint64_t now_ns = thread_ns();

	if (d->calls++ != 0 && now_ns - d->last_ns > FWD_HOUSEKEEP_US * (NS_PER_S / US_PER_S))
		d->late++;
	d->last_ns = now_ns;
	return d->frees;
}

static uint16_t
note_rx(const struct fwd_io *io, uint16_t queue)
{
	return note(io, queue);
}

static uint16_t
note_tx(const struct fwd_io *io, uint16_t queue)
{
	return note(io, queue + 1);
}

/* Let the worker run until both functions were called often enough. */
static void
run_chores(struct ring_bench *b, unsigned calls)
{
	uint64_t start = 0;
	bool enough = false;

	while (!enough) {
		struct fwd_worker_view view;
		uint64_t until;

		/* Parking disturbs the pace: do it every tenth of a second of the worker only. */
		fwd_worker_view(b->fwd, 0, &view);
		until = view.cycles + rte_get_tsc_hz() / 10;
		while (view.cycles < until) {
			assert_true(bench_waiting(&start));
			fwd_worker_view(b->fwd, 0, &view);
		}
		bench_park(b);
		enough = diary[0].calls >= calls && diary[1].calls >= calls;
		fwd_release(b->fwd);
	}
}

static void
housekeeping_is_paced(void **state)
{
	static const char *const engines[] = {NULL, "io", "rxonly", "txonly"};
	struct ring_bench *b = *state;

	for (unsigned e = 0; e < RTE_DIM(engines); e++) {
		uint64_t drops;

		bench_reset(state);
		memset(diary, 0, sizeof(diary));
		b->io[0].io.ctx = diary;
		b->io[0].io.rx_housekeep = note_rx;
		b->io[0].io.tx_housekeep = note_tx;
		diary[0].frees = 3;
		bench_publish(b, engines[e]);
		run_chores(b, 2000);
		bench_publish(b, NULL);
		bench_park(b);
		/* Each parking makes one late. */
		assert_true(diary[0].late < diary[0].calls / 10);
		assert_true(diary[1].late < diary[1].calls / 10);
		drops = fwd_housekeep_drops(b->fwd, b->port[0]);
		assert_int_equal(drops, 3ull * diary[0].calls);
		assert_int_equal(fwd_housekeep_drops(b->fwd, b->port[1]), 0);
		fwd_release(b->fwd);
		b->io[0].io = fwd_io_plain(b->port[0]);
		bench_publish(b, NULL);
	}
}

static void
workers_show_their_time(void **state)
{
	struct ring_bench *b = *state;
	struct fwd_worker_view idle, busy;
	uint64_t start = 0;

	assert_int_equal(fwd_nb_workers(b->fwd), 1);
	assert_int_equal(fwd_worker_lcore(b->fwd, 0), 1);
	do {
		assert_true(bench_waiting(&start));
		fwd_worker_view(b->fwd, 0, &idle);
	} while (idle.loops < 10000);
	assert_int_equal(idle.lcore, 1);
	assert_int_equal(idle.busy_loops, 0);
	assert_int_equal(idle.busy_cycles, 0);
	assert_true(idle.cycles > idle.loops);
	assert_true(idle.max_gap_ns > 0);
	make_circles(b);
	bench_publish(b, "io");
	fill_circle(b);
	wait_progress(b);
	start = 0;
	do {
		assert_true(bench_waiting(&start));
		fwd_worker_view(b->fwd, 0, &busy);
	} while (busy.busy_loops < 10000);
	assert_true(busy.busy_cycles > 0);
	assert_true(busy.busy_cycles <= busy.cycles);
	assert_true(busy.busy_loops <= busy.loops);
}

/* A long call shows as the longest gap; a clear forgets it; the time parked is none. */
static void
longest_gap(void **state)
{
	struct ring_bench *b = *state;
	struct fwd_worker_view view;
	uint64_t start = 0, since;

	make_circles(b);
	bench_publish(b, "io");
	fill_circle(b);
	wait_progress(b);
	fwd_counters_clear(b->fwd);
	bench_park(b);
	since = rte_rdtsc();
	while (rte_rdtsc() - since < rte_get_tsc_hz() / 2)
		bench_waiting(&start);
	fwd_release(b->fwd);
	start = 0;
	do {
		assert_true(bench_waiting(&start));
		fwd_worker_view(b->fwd, 0, &view);
	} while (view.max_gap_ns == 0);
	assert_true(view.max_gap_ns < 500000000);

	atomic_store(&circles[0].blocked, true);
	start = 0;
	while (!atomic_load(&circles[0].inside))
		assert_true(bench_waiting(&start));
	since = rte_rdtsc();
	while (rte_rdtsc() - since < rte_get_tsc_hz() / 2)
		bench_waiting(&start);
	atomic_store(&circles[0].blocked, false);
	start = 0;
	do {
		assert_true(bench_waiting(&start));
		fwd_worker_view(b->fwd, 0, &view);
	} while (view.max_gap_ns < 500000000);
	fwd_counters_clear(b->fwd);
	start = 0;
	do {
		assert_true(bench_waiting(&start));
		fwd_worker_view(b->fwd, 0, &view);
		assert_true(view.max_gap_ns < 500000000);
	} while (view.max_gap_ns == 0);
}

static void
lives_and_ends(void **state)
{
	struct ring_bench *b = *state;
	struct fwd *other = NULL;
	struct reason why = {""};

	assert_int_equal(fwd_new(&other, &why), -EBUSY);
	assert_string_equal(why.text, "lcore 1 is busy");
	assert_null(other);
	for (unsigned i = 0; i < 100; i++) {
		/* Also while parked, and while forwarding. */
		if (i % 3 == 0)
			bench_park(b);
		if (i % 3 == 1)
			bench_publish(b, "io");
		assert_null(fwd_free(b->fwd));
		b->fwd = NULL;
		assert_int_equal(fwd_new(&b->fwd, &why), 0);
		assert_int_equal(fwd_nb_streams(b->fwd), 0);
		/* A worker without streams parks as well. */
		bench_park(b);
		fwd_release(b->fwd);
	}
	assert_null(fwd_free(NULL));
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, bench_reset, bench_whole)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(park_under_traffic),
		BENCH_TEST(parking_nests),
		BENCH_TEST(parking_times_out),
		BENCH_TEST(publish_under_traffic),
		BENCH_TEST(stop_and_start),
		BENCH_TEST(housekeeping_is_paced),
		BENCH_TEST(workers_show_their_time),
		BENCH_TEST(longest_gap),
		BENCH_TEST(lives_and_ends),
	};

	(void)argc;
	bench_eal(argv[0]);
	return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
