/* SPDX-License-Identifier: BSD-3-Clause */
/* The icmpecho engine: answers byte for byte, and frames that are none of its business. */
#include "ring_bench.h"

#include <rte_byteorder.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

#define SENDER 0x0a, 0x50, 5, 6, 7, 8
#define OWN 0x02, 0xaa, 0, 0, 0, 0 /* bench_mac[0] */
#define ALL 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
#define IP_A 192, 0, 2, 1
#define IP_B 192, 0, 2, 77
#define PADDING 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0

enum { ETH_BYTES = 14, IP_AT = ETH_BYTES, ICMP_AT = IP_AT + 20 };

static const uint8_t arp_request[60] = {
	ALL, SENDER, 0x08, 0x06, 0, 1, 8, 0, 6, 4,    0,
	1,   SENDER, IP_A, 0,    0, 0, 0, 0, 0, IP_B, PADDING,
};
static const uint8_t arp_reply[60] = {
	SENDER,
	OWN,
	0x08,
	0x06,
	0,
	1,
	8,
	0,
	6,
	4,
	0,
	2,
	OWN,
	IP_B,
	SENDER,
	IP_A,
	PADDING,
};

/* Both checksums are written out, so that the engine's arithmetic isn't checked with its own. */
static const uint8_t echo_request[60] = {
	OWN,  SENDER, 0x08, 0x00, 0x45, 0,    0,    46,   0x12, 0x34, 0x40, 0,   64,  1,   0xa4,
	0x4c, IP_A,   IP_B, 8,    0,    0x30, 0x6c, 0xab, 0xcd, 0,    1,    'v', 'f', 'b', 'o',
	'n',  'd',    '-',  'e',  'c',  'h',  'o',  '-',  'o',  'n',  'e',  '!', 0,   0,
};
static const uint8_t echo_reply[60] = {
	SENDER, OWN,  0x08, 0x00, 0x45, 0,    0,    46,   0x12, 0x34, 0x40, 0,   64,  1,   0xa4,
	0x4c,   IP_B, IP_A, 0,    0,    0x38, 0x6c, 0xab, 0xcd, 0,    1,    'v', 'f', 'b', 'o',
	'n',    'd',  '-',  'e',  'c',  'h',  'o',  '-',  'o',  'n',  'e',  '!', 0,   0,
};

/* @frame with the given tags after the addresses; returns its length. */
static uint16_t
tag(uint8_t *ret, const uint8_t *frame, uint16_t bytes, const uint8_t *tags, uint16_t tags_bytes)
{
	memcpy(ret, frame, 12);
	memcpy(ret + 12, tags, tags_bytes);
	memcpy(ret + 12 + tags_bytes, frame + 12, bytes - 12);
	return bytes + tags_bytes;
}

static void
answers_with_tags(struct ring_bench *b, const uint8_t *request, const uint8_t *reply)
{
	static const uint8_t tags[] = {0x88, 0xa8, 0x60, 100, 0x81, 0x00, 0xe0, 7};
	uint8_t tagged[68], expected[68];

	for (uint16_t tag_bytes = 0; tag_bytes <= sizeof(tags); tag_bytes += 4) {
		const uint8_t *first = tags + sizeof(tags) - tag_bytes;
		uint16_t bytes = tag(tagged, request, 60, first, tag_bytes);

		tag(expected, reply, 60, first, tag_bytes);
		for (unsigned i = 0; i < 40; i++) {
			bench_send(b, 0, tagged, bytes);
			bench_expect(b, 0, expected, bytes);
		}
	}
	assert_int_equal(rte_ring_count(b->out[1]), 0);
}

static void
answers_arp(void **state)
{
	bench_publish(*state, "icmpecho");
	answers_with_tags(*state, arp_request, arp_reply);
}

static void
answers_echo(void **state)
{
	/* The vectors are sound. */
	assert_int_equal(rte_raw_cksum(echo_request + IP_AT, 20), 0xffff);
	assert_int_equal(rte_raw_cksum(echo_request + ICMP_AT, 26), 0xffff);
	assert_int_equal(rte_raw_cksum(echo_reply + ICMP_AT, 26), 0xffff);
	bench_publish(*state, "icmpecho");
	answers_with_tags(*state, echo_request, echo_reply);
}

/* An echo request whose checksum depends on @word, which is in its data. */
static void
make_echo(uint8_t *frame, uint16_t word)
{
	uint16_t sum;

	memcpy(frame, echo_request, sizeof(echo_request));
	memset(frame + ICMP_AT + 2, 0, 2);
	memcpy(frame + ICMP_AT + 8, &word, 2);
	sum = (uint16_t)~rte_raw_cksum(frame + ICMP_AT, 26);
	memcpy(frame + ICMP_AT + 2, &sum, 2);
}

/* Any checksum of a request, also those at the ends of the range, gives a right one. */
static void
every_checksum(void **state)
{
	enum { CROWD = 512 };
	struct ring_bench *b = *state;
	uint8_t frame[60];

	bench_publish(b, "icmpecho");
	for (unsigned word = 0; word <= UINT16_MAX; word += CROWD) {
		for (unsigned i = 0; i < CROWD; i++) {
			make_echo(frame, (uint16_t)(word + i));
			bench_send(b, 0, frame, sizeof(frame));
		}
		for (unsigned i = 0; i < CROWD; i++) {
			struct rte_mbuf *m = bench_receive(b, 0);
			const uint8_t *icmp = rte_pktmbuf_mtod_offset(m, const uint8_t *, ICMP_AT);

			assert_int_equal(icmp[0], 0);
			assert_int_equal(rte_raw_cksum(icmp, 26), 0xffff);
			rte_pktmbuf_free(m);
		}
	}
}

/* Nobody sends from a group address: another one answers, and the IP checksum follows. */
static void
answers_groups(void **state)
{
	static const uint8_t group_mac[] = {0x01, 0x00, 0x5e, 0, 0, 1};
	static const struct {
		uint8_t from[4], to[4], answers[4];
	} rows[] = {
		{{192, 0, 2, 1}, {224, 0, 0, 1}, {192, 0, 2, 2}},
		{{192, 0, 2, 6}, {239, 1, 2, 3}, {192, 0, 2, 5}},
		{{192, 0, 2, 1}, {255, 255, 255, 255}, {192, 0, 2, 2}},
	};
	struct ring_bench *b = *state;
	uint8_t frame[60];

	bench_publish(b, "icmpecho");
	for (unsigned i = 0; i < RTE_DIM(rows); i++) {
		struct rte_mbuf *m;
		const uint8_t *got;
		uint16_t sum;

		memcpy(frame, echo_request, sizeof(frame));
		memcpy(frame, group_mac, 6);
		memcpy(frame + IP_AT + 12, rows[i].from, 4);
		memcpy(frame + IP_AT + 16, rows[i].to, 4);
		memset(frame + IP_AT + 10, 0, 2);
		sum = (uint16_t)~rte_raw_cksum(frame + IP_AT, 20);
		memcpy(frame + IP_AT + 10, &sum, 2);
		bench_send(b, 0, frame, sizeof(frame));
		m = bench_receive(b, 0);
		got = rte_pktmbuf_mtod(m, const uint8_t *);
		assert_memory_equal(got, echo_reply, 12);
		assert_memory_equal(got + IP_AT + 12, rows[i].answers, 4);
		assert_memory_equal(got + IP_AT + 16, rows[i].from, 4);
		assert_int_equal(rte_raw_cksum(got + IP_AT, 20), 0xffff);
		assert_int_equal(rte_raw_cksum(got + ICMP_AT, 26), 0xffff);
		rte_pktmbuf_free(m);
	}
}

/* IP options move the ICMP header. */
static void
answers_with_options(void **state)
{
	struct ring_bench *b = *state;
	uint8_t frame[64], expected[64];

	memcpy(frame, echo_request, ICMP_AT);
	memset(frame + ICMP_AT, 1, 4); /* no operation */
	memcpy(frame + ICMP_AT + 4, echo_request + ICMP_AT, 26);
	frame[IP_AT] = 0x46;
	frame[IP_AT + 3] = 50;
	memcpy(expected, frame, sizeof(frame));
	memcpy(expected, echo_reply, 12);
	memcpy(expected + IP_AT + 12, echo_reply + IP_AT + 12, 8);
	memcpy(expected + ICMP_AT + 4, echo_reply + ICMP_AT, 26);
	bench_publish(b, "icmpecho");
	bench_send(b, 0, frame, sizeof(frame));
	bench_expect(b, 0, expected, sizeof(expected));
}

/* A change to a good request, and why the result gets no answer. */
struct bad {
	const uint8_t *frame;
	uint16_t at;
	uint8_t value;
	enum fwd_drop reason;
};

static const struct bad bads[] = {
	{arp_request, 12, 0x86, FWD_DROP_CONSUMED},       /* EtherType */
	{arp_request, 6, 0x0b, FWD_DROP_BAD},             /* from a group */
	{arp_request, 15, 6, FWD_DROP_CONSUMED},          /* hardware type */
	{arp_request, 16, 9, FWD_DROP_CONSUMED},          /* protocol */
	{arp_request, 18, 8, FWD_DROP_CONSUMED},          /* length of hardware addresses */
	{arp_request, 19, 16, FWD_DROP_CONSUMED},         /* length of protocol addresses */
	{arp_request, 21, 2, FWD_DROP_CONSUMED},          /* a reply */
	{arp_request, 41, 1, FWD_DROP_CONSUMED},          /* an announcement: who has my address */
	{echo_request, 6, 0x0b, FWD_DROP_BAD},            /* from a group */
	{echo_request, IP_AT, 0x65, FWD_DROP_BAD},        /* version 6 */
	{echo_request, IP_AT, 0x44, FWD_DROP_BAD},        /* header of 16 bytes */
	{echo_request, IP_AT, 0x4f, FWD_DROP_BAD},        /* header of 60 bytes */
	{echo_request, IP_AT + 3, 19, FWD_DROP_BAD},      /* shorter than its header */
	{echo_request, IP_AT + 3, 27, FWD_DROP_BAD},      /* no room for an ICMP header */
	{echo_request, IP_AT + 3, 47, FWD_DROP_BAD},      /* longer than the frame */
	{echo_request, IP_AT + 2, 1, FWD_DROP_BAD},       /* much longer */
	{echo_request, IP_AT + 6, 0x20, FWD_DROP_BAD},    /* the first fragment */
	{echo_request, IP_AT + 7, 1, FWD_DROP_BAD},       /* a later fragment */
	{echo_request, IP_AT + 9, 17, FWD_DROP_CONSUMED}, /* UDP */
	{echo_request, ICMP_AT, 0, FWD_DROP_CONSUMED},    /* a reply */
	{echo_request, ICMP_AT + 1, 1, FWD_DROP_CONSUMED},
};

static void
other_frames_get_no_answer(void **state)
{
	struct ring_bench *b = *state;
	uint64_t expected[FWD_DROP_COUNT] = {0};
	uint8_t frame[60];

	bench_publish(b, "icmpecho");
	for (unsigned i = 0; i < RTE_DIM(bads); i++) {
		memcpy(frame, bads[i].frame, sizeof(frame));
		frame[bads[i].at] = bads[i].value;
		bench_send(b, 0, frame, sizeof(frame));
		print_message("# change %u\n", i);
		bench_expect_drops(b, 0, bads[i].reason, ++expected[bads[i].reason]);
	}
	assert_int_equal(rte_ring_count(b->out[0]), 0);
	/* The engine still answers. */
	bench_send(b, 0, echo_request, 60);
	bench_expect(b, 0, echo_reply, 60);
}

/* Cut anywhere, and with the header in two segments: dropped, and nothing behind the end is read.
 */
static void
short_frames(void **state)
{
	static const uint8_t tags[] = {0x88, 0xa8, 0, 1, 0x81, 0, 0, 2};
	struct ring_bench *b = *state;
	uint64_t bad = 0;
	uint8_t frame[68];

	tag(frame, echo_request, 60, tags, sizeof(tags));
	bench_publish(b, "icmpecho");
	for (uint16_t bytes = 0; bytes < sizeof(frame); bytes++) {
		struct rte_mbuf *m = bench_mbuf(b, frame, bytes);

		/* What would make it whole stands behind the end. */
		memcpy(rte_pktmbuf_mtod(m, void *), frame, sizeof(frame));
		bench_send_mbuf(b, 0, m);
		bench_expect_drops(b, 0, FWD_DROP_BAD, ++bad);
	}
	for (uint16_t first = 0; first < 8 + ICMP_AT + 8; first++) {
		struct rte_mbuf *m = bench_mbuf(b, frame, first);

		assert_int_equal(rte_pktmbuf_chain(m, bench_mbuf(b, frame + first, 68 - first)), 0);
		bench_send_mbuf(b, 0, m);
		bench_expect_drops(b, 0, FWD_DROP_BAD, ++bad);
	}
	tag(frame, arp_request, 60, tags, sizeof(tags));
	for (uint16_t bytes = 0; bytes < 8 + ETH_BYTES + 28; bytes++) {
		bench_send(b, 0, frame, bytes);
		bench_expect_drops(b, 0, FWD_DROP_BAD, ++bad);
	}
	assert_int_equal(rte_ring_count(b->out[0]), 0);
}

/* The payload may well be in further segments. */
static void
long_echo(void **state)
{
	struct ring_bench *b = *state;
	struct rte_mbuf *m = bench_mbuf(b, echo_request, ICMP_AT + 8);

	assert_int_equal(
		rte_pktmbuf_chain(m, bench_mbuf(b, echo_request + ICMP_AT + 8, 60 - ICMP_AT - 8)), 0
	);
	bench_publish(b, "icmpecho");
	bench_send_mbuf(b, 0, m);
	m = bench_receive(b, 0);
	assert_int_equal(rte_pktmbuf_pkt_len(m), 60);
	assert_memory_equal(rte_pktmbuf_mtod(m, void *), echo_reply, ICMP_AT + 8);
	rte_pktmbuf_free(m);
}

static void
three_tags_are_too_many(void **state)
{
	static const uint8_t tags[] = {0x81, 0, 0, 1, 0x81, 0, 0, 2, 0x81, 0, 0, 3};
	struct ring_bench *b = *state;
	uint8_t frame[72];

	tag(frame, echo_request, 60, tags, sizeof(tags));
	bench_publish(b, "icmpecho");
	bench_send(b, 0, frame, sizeof(frame));
	bench_expect_drops(b, 0, FWD_DROP_CONSUMED, 1);
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, bench_reset, bench_whole)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(answers_arp),
		BENCH_TEST(answers_echo),
		BENCH_TEST(every_checksum),
		BENCH_TEST(answers_groups),
		BENCH_TEST(answers_with_options),
		BENCH_TEST(other_frames_get_no_answer),
		BENCH_TEST(short_frames),
		BENCH_TEST(long_echo),
		BENCH_TEST(three_tags_are_too_many),
	};

	(void)argc;
	bench_eal(argv[0]);
	return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
