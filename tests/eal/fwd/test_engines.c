/* SPDX-License-Identifier: BSD-3-Clause */
/* io, mac, macswap and rxonly, and what all engines share: frames through net_ring ports. */
#include "engines.h"
#include "fwd_stream.h"
#include "pmd_traits.h"
#include "reason.h"
#include "ring_bench.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

/* Destination 06:d0:…, source 0a:50:…, an experimental EtherType, then counting bytes. */
static void
make_frame(uint8_t *frame, uint16_t bytes)
{
	static const uint8_t head[] = {
		0x06,
		0xd0,
		1,
		2,
		3,
		4,
		0x0a,
		0x50,
		5,
		6,
		7,
		8,
		0x88,
		0xb5,
	};

	for (uint16_t i = 0; i < bytes; i++)
		frame[i] = i < sizeof(head) ? head[i] : (uint8_t)i;
}

static void
table(void **state)
{
	static const char *const names[] = {
		"io",
		"mac",
		"macswap",
		"rxonly",
		"txonly",
		"icmpecho",
	};

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(names); i++) {
		assert_non_null(fwd_engines[i]);
		assert_string_equal(fwd_engines[i]->name, names[i]);
		assert_ptr_equal(fwd_engine_find(names[i]), fwd_engines[i]);
	}
	assert_null(fwd_engines[RTE_DIM(names)]);
	assert_null(fwd_engine_find("noisy"));
	for (unsigned i = 0; i < FWD_DROP_COUNT; i++)
		assert_non_null(fwd_drop_names[i]);
}

static void
io_leaves_frames_alone(void **state)
{
	static const uint16_t sizes[] = {1, 13, 14, 60, 64, 512, 1518};
	struct ring_bench *b = *state;
	uint8_t frame[1518];

	bench_publish(b, "io");
	for (unsigned i = 0; i < RTE_DIM(sizes); i++) {
		make_frame(frame, sizes[i]);
		bench_send(b, 0, frame, sizes[i]);
		bench_expect(b, 1, frame, sizes[i]);
		bench_send(b, 1, frame, sizes[i]);
		bench_expect(b, 0, frame, sizes[i]);
	}
	for (unsigned i = 0; i < BENCH_PORTS; i++) {
		struct fwd_counters c = bench_counters(b, i);

		assert_int_equal(c.rx_packets, RTE_DIM(sizes));
		assert_int_equal(c.tx_packets, RTE_DIM(sizes));
	}
}

/* More than a burst at once, and a burst that is no power of two: the order stays. */
static void
io_keeps_order(void **state)
{
	struct ring_bench *b = *state;
	uint8_t frame[60];

	b->burst = 7;
	make_frame(frame, sizeof(frame));
	bench_park(b);
	for (unsigned i = 0; i < 500; i++) {
		memcpy(&frame[20], &i, sizeof(i));
		bench_send(b, 0, frame, sizeof(frame));
	}
	fwd_release(b->fwd);
	/* The stopped worker may have taken some; those that it left come in order. */
	bench_publish(b, "io");
	for (unsigned i = 0; i < 500; i++) {
		memcpy(&frame[20], &i, sizeof(i));
		bench_send(b, 0, frame, sizeof(frame));
	}
	for (unsigned last = 0, seen = 0; last != 499 || seen < 500; seen++) {
		struct rte_mbuf *m = bench_receive(b, 1);
		unsigned number;

		memcpy(&number, rte_pktmbuf_mtod_offset(m, void *, 20), sizeof(number));
		assert_true(seen == 0 || number == (last + 1) % 500);
		last = number;
		rte_pktmbuf_free(m);
	}
}

static void
mac_writes_addresses(void **state)
{
	struct ring_bench *b = *state;
	uint8_t frame[64], expected[64];

	make_frame(frame, sizeof(frame));
	bench_publish(b, "mac");
	for (unsigned from = 0; from < BENCH_PORTS; from++) {
		unsigned to = 1 - from;

		memcpy(expected, frame, sizeof(frame));
		memcpy(expected, &bench_peer_mac[to], 6);
		memcpy(expected + 6, &bench_mac[to], 6);
		for (unsigned i = 0; i < 40; i++) {
			bench_send(b, from, frame, sizeof(frame));
			bench_expect(b, to, expected, sizeof(expected));
		}
	}
}

static void
macswap_swaps(void **state)
{
	struct ring_bench *b = *state;
	uint8_t frame[64], expected[64];

	make_frame(frame, sizeof(frame));
	memcpy(expected, frame, sizeof(frame));
	memcpy(expected, frame + 6, 6);
	memcpy(expected + 6, frame, 6);
	bench_publish(b, "macswap");
	for (unsigned i = 0; i < 40; i++) {
		bench_send(b, 0, frame, sizeof(frame));
		bench_expect(b, 1, expected, sizeof(expected));
	}
}

/* Frames without a whole Ethernet header among good ones, in one burst. */
static void
runts_are_counted(void **state)
{
	static const char *const engines[] = {"mac", "macswap"};
	struct ring_bench *b = *state;
	uint8_t frame[64];

	make_frame(frame, sizeof(frame));
	for (unsigned e = 0; e < RTE_DIM(engines); e++) {
		bench_publish(b, engines[e]);
		fwd_counters_clear(b->fwd);
		bench_park(b);
		bench_send(b, 0, frame, 13);
		bench_send(b, 0, frame, 14);
		bench_send(b, 0, frame, 0);
		bench_send(b, 0, frame, 60);
		bench_send(b, 0, frame, 1);
		fwd_release(b->fwd);
		bench_expect_drops(b, 0, FWD_DROP_BAD, 3);
		for (unsigned i = 0; i < 2; i++) {
			struct rte_mbuf *m = bench_receive(b, 1);

			assert_int_equal(rte_pktmbuf_pkt_len(m), i == 0 ? 14 : 60);
			rte_pktmbuf_free(m);
		}
		assert_int_equal(bench_counters(b, 0).rx_packets, 5);
		assert_int_equal(bench_counters(b, 0).tx_packets, 2);
	}
}

static void
rxonly_consumes(void **state)
{
	struct ring_bench *b = *state;
	uint8_t frame[60];

	make_frame(frame, sizeof(frame));
	bench_publish(b, "rxonly");
	for (unsigned i = 0; i < 100; i++)
		bench_send(b, i % 2, frame, sizeof(frame));
	bench_expect_drops(b, 0, FWD_DROP_CONSUMED, 50);
	bench_expect_drops(b, 1, FWD_DROP_CONSUMED, 50);
	assert_int_equal(bench_counters(b, 0).rx_packets, 50);
	assert_int_equal(rte_ring_count(b->out[0]) + rte_ring_count(b->out[1]), 0);
}

/*
 * The queue fills up within a burst. Frames of two segments: one that was freed though it was sent
 * would show a single one.
 */
static void
full_queue_is_counted(void **state)
{
	const unsigned room = BENCH_RING_SIZE - 1, before = 10;
	struct ring_bench *b = *state;
	uint64_t start = 0;
	uint8_t frame[60];

	make_frame(frame, sizeof(frame));
	bench_publish(b, "io");
	for (unsigned i = 0; i < before + room; i++) {
		struct rte_mbuf *m = bench_mbuf(b, frame, sizeof(frame));

		assert_int_equal(rte_pktmbuf_chain(m, bench_mbuf(b, frame, sizeof(frame))), 0);
		if (i == before) {
			while (rte_ring_count(b->out[1]) < before)
				assert_true(bench_waiting(&start));
			bench_park(b);
		}
		bench_send_mbuf(b, 0, m);
	}
	fwd_release(b->fwd);
	bench_expect_drops(b, 0, FWD_DROP_TX_FULL, before);
	assert_int_equal(bench_counters(b, 0).tx_packets, room);
	assert_int_equal(rte_ring_count(b->out[1]), room);
	assert_int_equal(rte_mempool_avail_count(b->pool), BENCH_POOL_SIZE - 2 * room);
	for (unsigned i = 0; i < room; i++) {
		struct rte_mbuf *m = bench_receive(b, 1);

		assert_int_equal(m->nb_segs, 2);
		rte_pktmbuf_free(m);
	}
}

static void
stopped_and_without_peer(void **state)
{
	struct ring_bench *b = *state;
	uint8_t frame[60];

	make_frame(frame, sizeof(frame));
	bench_publish(b, NULL);
	for (unsigned i = 0; i < 10; i++)
		bench_send(b, 0, frame, sizeof(frame));
	bench_expect_drops(b, 0, FWD_DROP_STOPPED, 10);
	/* Port 1 is in no list: nobody sends to it, and what comes from it goes nowhere. */
	b->settings.nb_portlist = 1;
	for (unsigned e = 0; fwd_engines[e] != NULL; e++) {
		if (strcmp(fwd_engines[e]->name, "txonly") == 0)
			continue;
		bench_publish(b, fwd_engines[e]->name);
		fwd_counters_clear(b->fwd);
		bench_send(b, 1, frame, sizeof(frame));
		bench_expect_drops(b, 1, FWD_DROP_NO_PEER, 1);
		assert_int_equal(bench_counters(b, 1).tx_packets, 0);
	}
	bench_publish(b, NULL);
	bench_send(b, 1, frame, sizeof(frame));
	bench_expect_drops(b, 1, FWD_DROP_STOPPED, 1);
	assert_int_equal(rte_ring_count(b->out[1]), 0);
}

static struct rte_mbuf *
stripped(struct ring_bench *b, const uint8_t *frame, uint16_t bytes, uint64_t flags)
{
	struct rte_mbuf *m = bench_mbuf(b, frame, bytes);

	m->ol_flags |= flags;
	m->vlan_tci = 0x6abc;       /* priority 3, VLAN 2748 */
	m->vlan_tci_outer = 0xf123; /* priority 7, drop eligible, VLAN 291 */
	return m;
}

static void
stripped_tags_come_back(void **state)
{
	static const uint8_t inner[] = {0x81, 0x00, 0x6a, 0xbc}, outer[] = {0x88, 0xa8, 0xf1, 0x23};
	const uint64_t vlan = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	const uint64_t qinq = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_QINQ | RTE_MBUF_F_RX_QINQ_STRIPPED;
	struct ring_bench *b = *state;
	uint8_t frame[60], tagged[68];
	struct rte_mbuf *m;

	make_frame(frame, sizeof(frame));
	b->io[0].io = fwd_io_plain_untag(b->port[0]);
	bench_publish(b, "io");

	bench_send(b, 0, frame, sizeof(frame));
	bench_expect(b, 1, frame, sizeof(frame));

	memcpy(tagged, frame, 12);
	memcpy(tagged + 12, inner, 4);
	memcpy(tagged + 16, frame + 12, sizeof(frame) - 12);
	bench_send_mbuf(b, 0, stripped(b, frame, sizeof(frame), vlan));
	m = bench_receive(b, 1);
	assert_int_equal(m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED, 0);
	assert_int_equal(rte_pktmbuf_pkt_len(m), 64);
	assert_memory_equal(rte_pktmbuf_mtod(m, void *), tagged, 64);
	rte_pktmbuf_free(m);

	/* The outer tag alone: the inner one is still in the frame. */
	memcpy(tagged + 12, outer, 4);
	bench_send_mbuf(b, 0, stripped(b, frame, sizeof(frame), qinq));
	bench_expect(b, 1, tagged, 64);

	memcpy(tagged + 16, inner, 4);
	memcpy(tagged + 20, frame + 12, sizeof(frame) - 12);
	bench_send_mbuf(b, 0, stripped(b, frame, sizeof(frame), vlan | qinq));
	bench_expect(b, 1, tagged, 68);
	assert_int_equal(bench_counters(b, 0).drops[FWD_DROP_VLAN], 0);
}

static void
lost_tags_are_counted(void **state)
{
	const uint64_t vlan = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	struct ring_bench *b = *state;
	struct rte_mbuf *shared, *full, *m;
	uint8_t frame[60];

	make_frame(frame, sizeof(frame));
	b->io[0].io = fwd_io_plain_untag(b->port[0]);
	bench_publish(b, "io");
	shared = stripped(b, frame, sizeof(frame), vlan);
	rte_mbuf_refcnt_update(shared, 1);
	full = stripped(b, frame, sizeof(frame), vlan);
	assert_non_null(rte_pktmbuf_prepend(full, rte_pktmbuf_headroom(full)));
	/* One burst: the good frames between the bad ones leave in their order. */
	bench_park(b);
	bench_send_mbuf(b, 0, shared);
	bench_send(b, 0, frame, 60);
	bench_send_mbuf(b, 0, full);
	bench_send(b, 0, frame, 59);
	bench_send_mbuf(b, 0, stripped(b, frame, 11, vlan));
	fwd_release(b->fwd);
	bench_expect(b, 1, frame, 60);
	bench_expect(b, 1, frame, 59);
	bench_expect_drops(b, 0, FWD_DROP_VLAN, 3);
	rte_pktmbuf_free(shared);

	/* A port that strips nothing isn't asked: its frames pass as they are. */
	b->io[0].io = fwd_io_plain(b->port[0]);
	bench_publish(b, "io");
	bench_send_mbuf(b, 0, stripped(b, frame, sizeof(frame), vlan));
	m = bench_receive(b, 1);
	assert_int_equal(rte_pktmbuf_pkt_len(m), sizeof(frame));
	rte_pktmbuf_free(m);
}

/* What asks for headers first, and what does not, hand over the same frames. */
static void
io_prefetches_for_hashes_of_what_a_device_wrote(void **state)
{
	struct ring_bench *b = *state;
	struct fwd_io from = b->io[0].io, to = b->io[1].io;
	struct fwd_stream s = {.run = fwd_engine_io.run, .rx = &from, .tx = &to};
	struct reason why;
	uint8_t frame[60];

	to.by_headers = true;
	assert_int_equal(fwd_engine_io.prepare(&s, &why), 0);
	assert_ptr_equal(s.run, fwd_engine_io.run);
	from.from_device = true;
	assert_int_equal(fwd_engine_io.prepare(&s, &why), 0);
	assert_ptr_not_equal(s.run, fwd_engine_io.run);
	s.run = fwd_engine_io.run;
	to.by_headers = false;
	assert_int_equal(fwd_engine_io.prepare(&s, &why), 0);
	assert_ptr_equal(s.run, fwd_engine_io.run);

	/* Of net_ring: nothing but a device of a bus sets that. */
	assert_false(pmd_is_of_a_bus(b->port[0]));
	b->io[0].io.from_device = true;
	b->io[1].io.by_headers = true;
	bench_publish(b, "io");
	make_frame(frame, sizeof(frame));
	for (unsigned i = 0; i < 100; i++) {
		frame[20] = (uint8_t)i;
		bench_send(b, 0, frame, sizeof(frame));
	}
	for (unsigned i = 0; i < 100; i++) {
		struct rte_mbuf *m = bench_receive(b, 1);

		assert_int_equal(rte_pktmbuf_mtod(m, uint8_t *)[20], i);
		rte_pktmbuf_free(m);
	}
	/* The other way nobody looks. */
	bench_send(b, 1, frame, sizeof(frame));
	rte_pktmbuf_free(bench_receive(b, 0));
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, bench_reset, bench_whole)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		BENCH_TEST(io_leaves_frames_alone),
		BENCH_TEST(io_keeps_order),
		BENCH_TEST(io_prefetches_for_hashes_of_what_a_device_wrote),
		BENCH_TEST(mac_writes_addresses),
		BENCH_TEST(macswap_swaps),
		BENCH_TEST(runts_are_counted),
		BENCH_TEST(rxonly_consumes),
		BENCH_TEST(full_queue_is_counted),
		BENCH_TEST(stopped_and_without_peer),
		BENCH_TEST(stripped_tags_come_back),
		BENCH_TEST(lost_tags_are_counted),
	};

	(void)argc;
	bench_eal(argv[0]);
	return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
