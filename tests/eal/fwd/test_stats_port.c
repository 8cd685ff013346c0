/* SPDX-License-Identifier: BSD-3-Clause */
/* stats_port: counters of a net_ring port, cleared without and reset with the device's help. */
#include "reason.h"
#include "ring_bench.h"
#include "stats_port.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static void
forward(struct ring_bench *b, unsigned n)
{
	static const uint8_t frame[60] = {2};

	while (n-- > 0) {
		bench_send(b, 0, frame, sizeof(frame));
		bench_expect(b, 1, frame, sizeof(frame));
	}
	/* Both of a frame's counters are written before it counts as sent; parking makes it so. */
	bench_park(b);
	fwd_release(b->fwd);
}

static struct stats_port *
open_stats(const struct ring_bench *b)
{
	struct stats_port *s = NULL;

	assert_int_equal(stats_port_new(&s, b->port[0]), 0);
	return s;
}

static struct stats_port_counters
get(struct stats_port *s)
{
	struct stats_port_counters c;

	assert_int_equal(stats_port_read(s, &c, NULL), 0);
	return c;
}

static uint64_t
get_xstat(struct stats_port *s, const char *name)
{
	const struct stats_xstat *x;
	unsigned count;

	assert_int_equal(stats_port_read_xstats(s, &x, &count, NULL), 0);
	for (unsigned i = 0; i < count; i++)
		if (strcmp(x[i].name, name) == 0)
			return x[i].value;
	fail_msg("no counter %s", name);
	return 0;
}

static void
counts_since_clear(void **state)
{
	struct ring_bench *b = *state;
	struct stats_port *s = open_stats(b);
	uint64_t before = get(s).rx.packets;

	bench_publish(b, "io");
	forward(b, 10);
	assert_int_equal(get(s).rx.packets, before + 10);
	assert_int_equal(stats_port_clear(s, NULL), 0);
	assert_int_equal(get(s).rx.packets, 0);
	assert_int_equal(get(s).tx.packets, 0);
	forward(b, 3);
	assert_int_equal(get(s).rx.packets, 3);
	assert_null(stats_port_free(s));
	assert_null(stats_port_free(NULL));
}

/* Somebody resets the device: never a negative count, and it goes on from there. */
static void
device_starts_over(void **state)
{
	struct ring_bench *b = *state;
	struct stats_port *s = open_stats(b);

	bench_publish(b, "io");
	forward(b, 10);
	assert_int_equal(stats_port_clear(s, NULL), 0);
	assert_int_equal(stats_port_clear_xstats(s, NULL), 0);
	forward(b, 2);
	assert_int_equal(rte_eth_stats_reset(b->port[0]), 0);
	forward(b, 3);
	assert_int_equal(get(s).rx.packets, 3);
	assert_int_equal(get_xstat(s, "rx_good_packets"), 3);
	forward(b, 20);
	assert_int_equal(get(s).rx.packets, 23);
	assert_int_equal(get_xstat(s, "rx_good_packets"), 23);
	stats_port_free(s);
}

static void
xstats_since_clear(void **state)
{
	struct ring_bench *b = *state;
	struct stats_port *s = open_stats(b);

	bench_publish(b, "io");
	forward(b, 4);
	assert_true(get_xstat(s, "rx_good_packets") >= 4);
	assert_int_equal(stats_port_clear_xstats(s, NULL), 0);
	assert_int_equal(get_xstat(s, "rx_good_packets"), 0);
	forward(b, 6);
	assert_int_equal(get_xstat(s, "rx_good_packets"), 6);
	/* The two kinds of counters have bases of their own. */
	assert_true(get(s).rx.packets >= 10);
	stats_port_free(s);
}

static void
no_such_port(void **state)
{
	const struct stats_xstat *x = (const void *)&x;
	struct stats_port_counters c = {.rx_errors = 77};
	struct stats_port *s = NULL;
	struct reason why = {""};
	unsigned count = 77;

	(void)state;
	assert_int_equal(stats_port_new(&s, 31), 0);
	assert_int_equal(stats_port_read(s, &c, &why), -ENODEV);
	assert_string_equal(why.text, "port 31: cannot read statistics: No such device");
	assert_int_equal(c.rx_errors, 77);
	assert_int_equal(stats_port_read_xstats(s, &x, &count, &why), -ENODEV);
	assert_string_equal(why.text, "port 31: cannot read extended statistics: No such device");
	assert_ptr_equal(x, &x);
	assert_int_equal(count, 77);
	assert_int_equal(stats_port_clear(s, NULL), -ENODEV);
	assert_int_equal(stats_port_clear_xstats(s, NULL), -ENODEV);
	stats_port_free(s);
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, bench_reset, bench_whole)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(counts_since_clear),
		BENCH_TEST(device_starts_over),
		BENCH_TEST(xstats_since_clear),
		cmocka_unit_test(no_such_port),
	};

	(void)argc;
	bench_eal(argv[0]);
	return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
