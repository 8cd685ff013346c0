/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * LACPDUs and Marker PDUs against bytes written down by hand from the layouts of IEEE 802.1AX-2014
 * (6.4.2.3 and 6.5.3.3), and what of a frame is looked at and what is not.
 */
#include "lacp_bench.h"

#include <rte_common.h>

/* clang-format off */
static const uint8_t golden_lacpdu[] = {
	0x01, 0x80, 0xc2, 0x00, 0x00, 0x02, /* Slow_Protocols_Multicast */
	0x02, 0x11, 0x22, 0x33, 0x44, 0x55, /* source */
	0x88, 0x09,
	0x01, 0x01,                         /* LACP, version */
	0x01, 0x14,                         /* Actor_Information, 20 */
	0x80, 0x01,                         /* Actor_System_Priority */
	0x02, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, /* Actor_System */
	0x12, 0x34,                         /* Actor_Key */
	0x00, 0xff,                         /* Actor_Port_Priority */
	0x00, 0x07,                         /* Actor_Port */
	0x3d,                               /* Actor_State */
	0x00, 0x00, 0x00,
	0x02, 0x14,                         /* Partner_Information, 20 */
	0x7f, 0xfe,                         /* Partner_System_Priority */
	0x02, 0xb1, 0xb2, 0xb3, 0xb4, 0xb5, /* Partner_System */
	0xab, 0xcd,                         /* Partner_Key */
	0x80, 0x00,                         /* Partner_Port_Priority */
	0x01, 0x02,                         /* Partner_Port */
	0xc2,                               /* Partner_State */
	0x00, 0x00, 0x00,
	0x03, 0x10,                         /* Collector_Information, 16 */
	0x00, 0x64,                         /* CollectorMaxDelay */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0x00, 0x00,                         /* Terminator, 0 */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
};

static const uint8_t golden_marker[] = {
	0x01, 0x80, 0xc2, 0x00, 0x00, 0x02,
	0x02, 0x11, 0x22, 0x33, 0x44, 0x55,
	0x88, 0x09,
	0x02, 0x01,                         /* Marker, version */
	0x01, 0x10,                         /* Marker Information, 16 */
	0x01, 0x02,                         /* Requester_Port */
	0x02, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, /* Requester_System */
	0xde, 0xad, 0xbe, 0xef,             /* Requester_Transaction_ID */
	0x00, 0x00,                         /* pad */
	0x00, 0x00,                         /* Terminator, 0 */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
};
/* clang-format on */
_Static_assert(sizeof(golden_lacpdu) == 124 && sizeof(golden_marker) == 124, "110 and a header");

static const struct rte_ether_addr source = {{0x02, 0x11, 0x22, 0x33, 0x44, 0x55}};

static const struct lacp_pdu lacpdu = {
	.actor =
		{
			.system_priority = 0x8001,
			.system = {{0x02, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5}},
			.key = 0x1234,
			.port_priority = 0x00ff,
			.port_number = 7,
			.state = LACP_STATE_ACTIVITY | LACP_STATE_AGGREGATION | LACP_STATE_SYNC |
                                 LACP_STATE_COLLECTING | LACP_STATE_DISTRIBUTING,
		},
	.partner =
		{
			.system_priority = 0x7ffe,
			.system = {{0x02, 0xb1, 0xb2, 0xb3, 0xb4, 0xb5}},
			.key = 0xabcd,
			.port_priority = 0x8000,
			.port_number = 0x0102,
			.state = LACP_STATE_TIMEOUT | LACP_STATE_DEFAULTED | LACP_STATE_EXPIRED,
		},
	.collector_max_delay = 100,
};

static const struct marker_pdu marker = {
	.requester_port = 0x0102,
	.requester_system = {{0x02, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5}},
	.transaction_id = 0xdeadbeef,
};

static bool
same_pdu(const struct lacp_pdu *a, const struct lacp_pdu *b)
{
	return same_side(&a->actor, &b->actor) && same_side(&a->partner, &b->partner) &&
	       a->collector_max_delay == b->collector_max_delay;
}

static bool
same_marker(const struct marker_pdu *a, const struct marker_pdu *b)
{
	return a->is_response == b->is_response && a->requester_port == b->requester_port &&
	       rte_is_same_ether_addr(&a->requester_system, &b->requester_system) &&
	       a->transaction_id == b->transaction_id;
}

/* In memory of just that size, where a read outside is seen. */
static uint8_t *
cut(const uint8_t *frame, size_t bytes)
{
	uint8_t *copy = malloc(bytes != 0 ? bytes : 1);

	assert_non_null(copy);
	memcpy(copy, frame, RTE_MIN(bytes, (size_t)LACP_FRAME_BYTES));
	return copy;
}

static void
golden_bytes(void **state)
{
	uint8_t frame[LACP_FRAME_BYTES];
	struct marker_pdu response = marker;

	(void)state;
	memset(frame, 0x5a, sizeof(frame));
	lacp_pdu_write(frame, &source, &lacpdu);
	assert_memory_equal(frame, golden_lacpdu, sizeof(frame));
	memset(frame, 0x5a, sizeof(frame));
	marker_pdu_write(frame, &source, &marker);
	assert_memory_equal(frame, golden_marker, sizeof(frame));
	/* A response differs in its type. */
	response.is_response = true;
	marker_pdu_write(frame, &source, &response);
	assert_int_equal(frame[16], 2);
	frame[16] = 1;
	assert_memory_equal(frame, golden_marker, sizeof(frame));
	assert_memory_equal(&lacp_multicast, golden_lacpdu, 6);
}

static void
golden_numbers(void **state)
{
	struct lacp_pdu pdu;
	struct marker_pdu m;

	(void)state;
	memset(&pdu, 0x5a, sizeof(pdu));
	assert_int_equal(lacp_pdu_read(&pdu, golden_lacpdu, sizeof(golden_lacpdu)), 0);
	assert_true(same_pdu(&pdu, &lacpdu));
	memset(&m, 0, sizeof(m));
	m.is_response = true;
	assert_int_equal(marker_pdu_read(&m, golden_marker, sizeof(golden_marker)), 0);
	assert_true(same_marker(&m, &marker));
	assert_int_equal(lacp_kind(golden_lacpdu, sizeof(golden_lacpdu)), LACP_KIND_LACPDU);
	assert_int_equal(lacp_kind(golden_marker, sizeof(golden_marker)), LACP_KIND_MARKER);
}

/* Every bit of every field comes back. */
static void
round_trip(void **state)
{
	uint8_t frame[LACP_FRAME_BYTES];

	(void)state;
	for (unsigned bit = 0; bit < 16; bit++)
		for (int side = 0; side < 2; side++)
			for (int field = 0; field < NB_SIDE_FIELDS; field++) {
				struct lacp_pdu pdu = lacpdu, back;
				struct lacp_side *s = side != 0 ? &pdu.partner : &pdu.actor;
				uint16_t mask = (uint16_t)(1u << bit);

				s->system_priority ^= field == 0 ? mask : 0;
				s->key ^= field == 1 ? mask : 0;
				s->port_priority ^= field == 2 ? mask : 0;
				s->port_number ^= field == 3 ? mask : 0;
				s->state ^= field == 4 ? (uint8_t)mask : 0;
				s->system.addr_bytes[bit % 6] ^= field == 5 ? (uint8_t)mask : 0;
				pdu.collector_max_delay ^= mask;
				lacp_pdu_write(frame, &source, &pdu);
				assert_int_equal(lacp_pdu_read(&back, frame, sizeof(frame)), 0);
				assert_true(same_pdu(&pdu, &back));
			}
	for (unsigned bit = 0; bit < 32; bit++) {
		struct marker_pdu m = marker, back;

		m.is_response = (bit & 1) != 0;
		m.requester_port ^= (uint16_t)(1u << bit % 16);
		m.transaction_id ^= 1u << bit;
		marker_pdu_write(frame, &source, &m);
		assert_int_equal(marker_pdu_read(&back, frame, sizeof(frame)), 0);
		assert_true(same_marker(&m, &back));
	}
}

/* What a receiver must not look at (6.4.12): version, TLV types, reserved fields. */
static void
ignored_bytes_of_an_lacpdu(void **state)
{
	static const struct {
		size_t first, last;
	} ignored[] = {
		{6, 11},   /* source */
		{15, 15},  /* version */
		{16, 16},  /* type Actor_Information */
		{33, 35},  /* reserved */
		{36, 36},  /* type Partner_Information */
		{53, 55},  /* reserved */
		{56, 56},  /* type Collector_Information */
		{60, 71},  /* reserved */
		{72, 123}, /* terminator and padding; of version 2 on there may be other TLVs */
	};
	uint8_t frame[LACP_FRAME_BYTES];
	struct lacp_pdu pdu;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(ignored); i++)
		for (size_t at = ignored[i].first; at <= ignored[i].last; at++)
			for (unsigned value = 0; value < 0x100; value++) {
				memcpy(frame, golden_lacpdu, sizeof(frame));
				frame[at] = (uint8_t)value;
				assert_int_equal(lacp_kind(frame, sizeof(frame)), LACP_KIND_LACPDU);
				assert_int_equal(lacp_pdu_read(&pdu, frame, sizeof(frame)), 0);
				assert_true(same_pdu(&pdu, &lacpdu));
			}
}

static void
ignored_bytes_of_a_marker(void **state)
{
	uint8_t frame[LACP_FRAME_BYTES];
	struct marker_pdu m;

	(void)state;
	for (size_t at = 15; at < sizeof(frame); at++) {
		/* Type, length and what is read. */
		if (at >= 16 && at < 30)
			continue;
		for (unsigned value = 0; value < 0x100; value++) {
			memcpy(frame, golden_marker, sizeof(frame));
			frame[at] = (uint8_t)value;
			assert_int_equal(lacp_kind(frame, sizeof(frame)), LACP_KIND_MARKER);
			assert_int_equal(marker_pdu_read(&m, frame, sizeof(frame)), 0);
			assert_true(same_marker(&m, &marker));
		}
	}
}

static void
wrong_lengths_of_tlvs(void **state)
{
	static const size_t lengths[] = {17, 37, 57};
	uint8_t frame[LACP_FRAME_BYTES];
	struct marker_pdu m;
	struct lacp_pdu pdu;

	(void)state;
	for (unsigned value = 0; value < 0x100; value++) {
		for (size_t i = 0; i < RTE_DIM(lengths); i++) {
			memcpy(frame, golden_lacpdu, sizeof(frame));
			frame[lengths[i]] = (uint8_t)value;
			assert_int_equal(
				lacp_pdu_read(&pdu, frame, sizeof(frame)),
				value == golden_lacpdu[lengths[i]] ? 0 : -EINVAL
			);
		}
		memcpy(frame, golden_marker, sizeof(frame));
		frame[17] = (uint8_t)value;
		assert_int_equal(
			marker_pdu_read(&m, frame, sizeof(frame)), value == 16 ? 0 : -EINVAL
		);
		frame[17] = 16;
		frame[16] = (uint8_t)value;
		assert_int_equal(
			marker_pdu_read(&m, frame, sizeof(frame)),
			value == 1 || value == 2 ? 0 : -EINVAL
		);
	}
}

/* On failure nothing is written. */
static void
short_and_long_frames(void **state)
{
	struct lacp_pdu pdu, untouched;
	struct marker_pdu m;

	(void)state;
	memset(&untouched, 0x5a, sizeof(untouched));
	for (size_t bytes = 0; bytes <= LACP_FRAME_BYTES + 100; bytes++) {
		uint8_t *frame = cut(golden_lacpdu, bytes);

		memset(&pdu, 0x5a, sizeof(pdu));
		assert_int_equal(
			lacp_kind(frame, bytes), bytes >= 15 ? LACP_KIND_LACPDU : LACP_KIND_OTHER
		);
		assert_int_equal(
			lacp_pdu_read(&pdu, frame, bytes), bytes >= LACP_FRAME_BYTES ? 0 : -EINVAL
		);
		if (bytes < LACP_FRAME_BYTES)
			assert_memory_equal(&pdu, &untouched, sizeof(pdu));
		else
			assert_true(same_pdu(&pdu, &lacpdu));
		free(frame);
		/* Of a marker what is read must be there. */
		frame = cut(golden_marker, bytes);
		assert_int_equal(marker_pdu_read(&m, frame, bytes), bytes >= 34 ? 0 : -EINVAL);
		free(frame);
	}
}

static void
other_frames(void **state)
{
	uint8_t frame[LACP_FRAME_BYTES + 4];

	(void)state;
	/* Other slow protocols: OAM is 3, OSSP 10. */
	memcpy(frame, golden_lacpdu, sizeof(golden_lacpdu));
	for (unsigned subtype = 0; subtype < 0x100; subtype++) {
		frame[14] = (uint8_t)subtype;
		assert_int_equal(
			lacp_kind(frame, LACP_FRAME_BYTES),
			subtype == 1   ? LACP_KIND_LACPDU
			: subtype == 2 ? LACP_KIND_MARKER
				       : LACP_KIND_OTHER
		);
	}
	/* Each bit of destination and ethertype counts. */
	for (unsigned bit = 0; bit < 8 * 14; bit++) {
		if (bit / 8 >= 6 && bit / 8 < 12)
			continue;
		memcpy(frame, golden_lacpdu, sizeof(golden_lacpdu));
		frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(lacp_kind(frame, LACP_FRAME_BYTES), LACP_KIND_OTHER);
	}
	/* Tagged, also with VLAN 0. */
	memcpy(frame, golden_lacpdu, 12);
	memcpy(frame + 16, golden_lacpdu + 12, sizeof(golden_lacpdu) - 12);
	memcpy(frame + 12, (const uint8_t[]){0x81, 0x00, 0x00, 0x00}, 4);
	assert_int_equal(lacp_kind(frame, sizeof(frame)), LACP_KIND_OTHER);
	/* The broadcast address is not that of slow protocols. */
	memcpy(frame, golden_lacpdu, sizeof(golden_lacpdu));
	memset(frame, 0xff, 6);
	assert_int_equal(lacp_kind(frame, LACP_FRAME_BYTES), LACP_KIND_OTHER);
}

/* What a port does with frames: it reads its own, counts bad ones, and leaves others alone. */
static void
received_frames_are_counted(void **state)
{
	const struct lacp_settings s = bench_settings();
	uint8_t frame[LACP_FRAME_BYTES];
	struct lacp_counters *counters;
	struct lacp_bench b;

	(void)state;
	bench_begin_ports(&b, &s, 1);
	bench_up(&b, 0, SPEED_MBPS);
	counters = &bench_port(&b, 0)->counters;
	lacp_receive(b.l, 0, golden_lacpdu, sizeof(golden_lacpdu), b.now_ns);
	assert_int_equal(counters->rx, 1);
	assert_int_equal(bench_port(&b, 0)->rx, LACP_RX_CURRENT);
	lacp_receive(b.l, 0, golden_lacpdu, sizeof(golden_lacpdu) - 1, b.now_ns);
	assert_int_equal(counters->rx_bad, 1);
	lacp_receive(b.l, 0, golden_marker, sizeof(golden_marker), b.now_ns);
	assert_int_equal(counters->marker_rx, 1);
	lacp_receive(b.l, 0, golden_marker, 33, b.now_ns);
	assert_int_equal(counters->rx_bad, 2);
	memcpy(frame, golden_lacpdu, sizeof(frame));
	frame[14] = 3;
	lacp_receive(b.l, 0, frame, sizeof(frame), b.now_ns);
	/* Nor is there a port 1. */
	lacp_receive(b.l, 1, golden_lacpdu, sizeof(golden_lacpdu), b.now_ns);
	assert_int_equal(counters->rx, 1);
	assert_int_equal(counters->rx_bad, 2);
	assert_int_equal(counters->marker_rx, 1);
	bench_end(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_bytes),
		cmocka_unit_test(golden_numbers),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(ignored_bytes_of_an_lacpdu),
		cmocka_unit_test(ignored_bytes_of_a_marker),
		cmocka_unit_test(wrong_lengths_of_tlvs),
		cmocka_unit_test(short_and_long_frames),
		cmocka_unit_test(other_frames),
		cmocka_unit_test(received_frames_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
