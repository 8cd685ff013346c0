/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames of the control side: each builder to the byte, and reading of sound ones. */
#include "frames.h"
#include "frames_bench.h"
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static struct bond_ip6
ip6(const char *hex)
{
	struct bond_ip6 ip = {{0}};

	wire_bytes(ip.bytes, sizeof(ip.bytes), hex);
	return ip;
}

static rte_be32_t
ip4(uint32_t host_order)
{
	return rte_cpu_to_be_32(host_order);
}

/* @frame is what @hex says, then zeros up to @len. */
static void
assert_frame(const uint8_t *frame, size_t len, const char *hex, size_t expected_len)
{
	uint8_t expected[FRAME_MAX_BYTES] = {0};

	wire_bytes(expected, sizeof(expected), hex);
	assert_int_equal(len, expected_len);
	assert_memory_equal(frame, expected, len);
}

static struct frame_view
parse_hex(const char *hex)
{
	struct frame_view v;
	uint8_t bytes[MAX_BYTES];
	size_t len = wire_bytes(bytes, sizeof(bytes), hex);

	assert_int_equal(parse_exactly(&v, bytes, len), 0);
	return v;
}

static void
arp_request_and_reply(void **state)
{
	struct frame_eth eth = {.dst = wire_mac("0200000000aa"), .src = wire_mac("020000000011")};
	struct frame_arp arp = {
		.op = 2,
		.sender_mac = wire_mac("020000000012"),
		.target_mac = wire_mac("0200000000ab"),
		.sender_ip = ip4(0xc0000201),
		.target_ip = ip4(0xc0000202),
	};
	uint8_t frame[FRAME_MAX_BYTES];

	(void)state;
	assert_frame(
		frame,
		frame_arp(frame, &eth, &arp),
		"0200000000aa 020000000011 0806 0001 0800 06 04 0002"
		"020000000012 c0000201 0200000000ab c0000202",
		60
	);
	eth.nb_tags = 2;
	eth.tags[0].tpid = 0x88a8;
	eth.tags[0].tci = 0x6123;
	eth.tags[1].tpid = 0x8100;
	eth.tags[1].tci = 7;
	arp.op = 1;
	assert_frame(
		frame,
		frame_arp(frame, &eth, &arp),
		"0200000000aa 020000000011 88a8 6123 8100 0007 0806 0001 0800 06 04 0001"
		"020000000012 c0000201 0200000000ab c0000202",
		68
	);
}

static void
gratuitous_arp(void **state)
{
	struct rte_ether_addr mac = wire_mac("020000000011");
	uint8_t frame[FRAME_MAX_BYTES];

	(void)state;
	assert_frame(
		frame,
		frame_garp(frame, &mac, 0, ip4(0xc0000201)),
		"ffffffffffff 020000000011 0806 0001 0800 06 04 0001"
		"020000000011 c0000201 000000000000 c0000201",
		60
	);
	assert_frame(
		frame,
		frame_garp(frame, &mac, 4094, ip4(0xc0000201)),
		"ffffffffffff 020000000011 8100 0ffe 0806 0001 0800 06 04 0001"
		"020000000011 c0000201 000000000000 c0000201",
		64
	);
}

static void
rarp(void **state)
{
	struct rte_ether_addr mac = wire_mac("020000000011");
	struct frame_eth eth = {.dst = wire_mac("0200000000aa"), .src = mac};
	struct frame_arp arp = {.op = 4, .sender_mac = mac, .target_ip = ip4(0x01020304)};
	uint8_t frame[FRAME_MAX_BYTES];

	(void)state;
	assert_frame(
		frame,
		frame_rarp_learn(frame, &mac, 0),
		"ffffffffffff 020000000011 8035 0001 0800 06 04 0003"
		"020000000011 00000000 020000000011 00000000",
		60
	);
	assert_frame(
		frame,
		frame_rarp_learn(frame, &mac, 100),
		"ffffffffffff 020000000011 8100 0064 8035 0001 0800 06 04 0003"
		"020000000011 00000000 020000000011 00000000",
		64
	);
	assert_frame(
		frame,
		frame_rarp(frame, &eth, &arp),
		"0200000000aa 020000000011 8035 0001 0800 06 04 0004"
		"020000000011 00000000 000000000000 01020304",
		60
	);
}

static void
learning_packet(void **state)
{
	struct rte_ether_addr mac = wire_mac("020000000011");
	uint8_t frame[FRAME_MAX_BYTES];

	(void)state;
	assert_frame(frame, frame_learning(frame, &mac, 0), "020000000011 020000000011 9000", 60);
	assert_frame(
		frame,
		frame_learning(frame, &mac, 5),
		"020000000011 020000000011 8100 0005 9000",
		64
	);
}

static void
assert_icmp6_sum(const uint8_t *frame, size_t ip_at, size_t icmp_len)
{
	assert_int_equal(wire_icmp6_sum(frame + ip_at, frame + ip_at + 40, icmp_len), 0xffff);
}

static void
unsolicited_advertisement(void **state)
{
	struct rte_ether_addr mac = wire_mac("020000000011");
	struct bond_ip6 ip = ip6("fe800000000000000000000000000011");
	uint8_t frame[FRAME_MAX_BYTES];

	(void)state;
	assert_frame(
		frame,
		frame_unsolicited_na(frame, &mac, 0, &ip, false),
		"333300000001 020000000011 86dd 60000000 0020 3a ff"
		"fe800000000000000000000000000011 ff020000000000000000000000000001"
		"88 00 576b 20000000 fe800000000000000000000000000011 0201 020000000011",
		86
	);
	assert_icmp6_sum(frame, IP6_AT, 32);
	assert_frame(
		frame,
		frame_unsolicited_na(frame, &mac, 3, &ip, true),
		"333300000001 020000000011 8100 0003 86dd 60000000 0020 3a ff"
		"fe800000000000000000000000000011 ff020000000000000000000000000001"
		"88 00 d76a a0000000 fe800000000000000000000000000011 0201 020000000011",
		90
	);
	assert_icmp6_sum(frame, IP6_AT + 4, 32);
}

static void
solicitation(void **state)
{
	struct rte_ether_addr mac = wire_mac("020000000011");
	struct bond_ip6 src = ip6("20010db8000000000000000000000011"), none = {{0}};
	struct bond_ip6 target = ip6("20010db80000000000000000aabbccdd");
	uint8_t frame[FRAME_MAX_BYTES];

	(void)state;
	assert_frame(
		frame,
		frame_ns(frame, &mac, 0, &src, &target),
		"3333ffbbccdd 020000000011 86dd 60000000 0020 3a ff"
		"20010db8000000000000000000000011 ff0200000000000000000001ffbbccdd"
		"87 00 d6d8 00000000 20010db80000000000000000aabbccdd 0101 020000000011",
		86
	);
	assert_icmp6_sum(frame, IP6_AT, 32);
	assert_frame(
		frame,
		frame_ns(frame, &mac, 0, &none, &target),
		"3333ffbbccdd 020000000011 86dd 60000000 0018 3a ff"
		"00000000000000000000000000000000 ff0200000000000000000001ffbbccdd"
		"87 00 07bd 00000000 20010db80000000000000000aabbccdd",
		78
	);
	assert_icmp6_sum(frame, IP6_AT, 24);
}

/* Checksums of random addresses, and back through the parser. */
static void
built_frames_are_read_back(void **state)
{
	uint8_t frame[FRAME_MAX_BYTES];
	struct frame_view v;

	(void)state;
	srandom(20240611);
	for (int round = 0; round < 2000; round++) {
		struct rte_ether_addr mac;
		struct bond_ip6 src, target;
		uint16_t vlan_id = (uint16_t)(random() % 4095);
		size_t tag_bytes = vlan_id != 0 ? 4 : 0, len;
		bool is_router = random() % 2 == 0;

		for (size_t i = 0; i < sizeof(src.bytes); i++) {
			src.bytes[i] = (uint8_t)random();
			target.bytes[i] = (uint8_t)random();
			mac.addr_bytes[i % 6] = (uint8_t)random();
		}
		src.bytes[0] &= 0x7f;
		target.bytes[0] &= 0x7f;
		len = frame_ns(frame, &mac, vlan_id, &src, &target);
		assert_icmp6_sum(frame, IP6_AT + tag_bytes, 32);
		assert_int_equal(parse_exactly(&v, frame, len), 0);
		assert_int_equal(v.kind, FRAME_NS);
		assert_int_equal(v.vlan_id, vlan_id);
		assert_int_equal(v.l3_offset_bytes, ETH_BYTES + tag_bytes);
		assert_memory_equal(&v.src, &mac, sizeof(mac));
		assert_memory_equal(&v.saddr, &src, sizeof(src));
		assert_memory_equal(&v.target, &target, sizeof(target));
		assert_true(v.has_lladdr);
		assert_memory_equal(&v.lladdr, &mac, sizeof(mac));

		len = frame_unsolicited_na(frame, &mac, vlan_id, &target, is_router);
		assert_icmp6_sum(frame, IP6_AT + tag_bytes, 32);
		assert_int_equal(parse_exactly(&v, frame, len), 0);
		assert_int_equal(v.kind, FRAME_NA);
		assert_int_equal(v.is_router, is_router);
		assert_memory_equal(&v.target, &target, sizeof(target));

		len = frame_garp(frame, &mac, vlan_id, ip4((uint32_t)round));
		assert_int_equal(parse_exactly(&v, frame, len), 0);
		assert_int_equal(v.kind, FRAME_ARP);
		assert_int_equal(v.arp.op, 1);
		assert_int_equal(v.arp.sender_ip, ip4((uint32_t)round));
		assert_int_equal(v.arp.target_ip, ip4((uint32_t)round));
		assert_memory_equal(&v.arp.sender_mac, &mac, sizeof(mac));

		len = frame_rarp_learn(frame, &mac, vlan_id);
		assert_int_equal(parse_exactly(&v, frame, len), 0);
		assert_int_equal(v.kind, FRAME_OTHER);
	}
}

static void
tags_are_taken_off(void **state)
{
#define ARP_BODY                                                            \
	"0806 0001080006040002 020000000012 c0000201 0200000000ab c0000202" \
	" 000000000000000000000000000000000000"
	struct frame_view v;

	(void)state;
	v = parse_hex("0200000000aa 020000000011" ARP_BODY);
	assert_int_equal(v.kind, FRAME_ARP);
	assert_int_equal(v.nb_tags, 0);
	assert_int_equal(v.tpid, 0);
	assert_int_equal(v.vlan_id, 0);
	v = parse_hex("0200000000aa 020000000011 8100 e123" ARP_BODY);
	assert_int_equal(v.kind, FRAME_ARP);
	assert_int_equal(v.nb_tags, 1);
	assert_int_equal(v.vlan_id, 0x123);
	assert_int_equal(v.l3_offset_bytes, 18);
	v = parse_hex("0200000000aa 020000000011 88a8 0064 8100 0123" ARP_BODY);
	assert_int_equal(v.kind, FRAME_ARP);
	assert_int_equal(v.nb_tags, 2);
	assert_int_equal(v.tpid, 0x88a8);
	assert_int_equal(v.vlan_id, 100);
	assert_int_equal(v.arp.op, 2);
	assert_int_equal(v.arp.target_ip, ip4(0xc0000202));
	v = parse_hex("0200000000aa 020000000011 8100 0001 8100 0002 8100 0003" ARP_BODY);
	assert_int_equal(v.kind, FRAME_OTHER);
	/* A tag of which only a part is there. */
	v = parse_hex("0200000000aa 020000000011 8100 00");
	assert_int_equal(v.kind, FRAME_OTHER);
	v = parse_hex("0200000000aa 020000000011 8100");
	assert_int_equal(v.kind, FRAME_OTHER);
}

static void
other_frames(void **state)
{
	static const char *const others[] = {
		"0200000000aa 020000000011 0800 45000014 00000000 40060000 01020304 05060708",
		"0200000000aa 020000000011 0800 4500",
		"0200000000aa 020000000011 86dd 6000",
		"0200000000aa 020000000011 88cc 0000",
		"0200000000aa 020000000011 0026 424203",
		"0200000000aa 020000000011 0800",
		/* IPv6 with TCP; an echo request; hop-by-hop options, then UDP. */
		"0200000000aa 020000000011 86dd 60000000 0004 06 40"
		"20010db8000000000000000000000011 20010db8000000000000000000000012 00000000",
		"0200000000aa 020000000011 86dd 60000000 0008 3a 40"
		"20010db8000000000000000000000011 20010db8000000000000000000000012"
		"8000 0000 00000000",
		"0200000000aa 020000000011 86dd 60000000 0008 00 40"
		"20010db8000000000000000000000011 20010db8000000000000000000000012"
		"1100 0502 00000000",
		"0200000000aa 020000000011 86dd 60000000 0004 00 40"
		"20010db8000000000000000000000011 20010db8000000000000000000000012 3a000502",
		/* PIM version 1 goes by IGMP's number. */
		"0200000000aa 020000000011 0800 4500001c 00000000 0102d5cd 01020304 e000000d"
		"1400ebff00000000",
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(others); i++) {
		struct frame_view v;
		uint8_t bytes[MAX_BYTES];
		size_t len = wire_bytes(bytes, sizeof(bytes), others[i]);

		if (parse_exactly(&v, bytes, len) != 0)
			fail_msg("refused: %s", others[i]);
		if (v.kind != FRAME_OTHER)
			fail_msg("kind %d: %s", v.kind, others[i]);
		assert_memory_equal(v.src.addr_bytes, bytes + 6, 6);
	}
}

static void
igmp_messages(void **state)
{
	struct frame_mcast_record r;
	uint8_t bytes[MAX_BYTES];
	struct frame_view v = parse_hex(WIRE_IGMP_V2_REPORT);
	uint16_t at = 0;

	(void)state;
	wire_bytes(bytes, sizeof(bytes), WIRE_IGMP_V2_REPORT);
	assert_int_equal(v.kind, FRAME_IGMP);
	assert_int_equal(v.mcast.type, FRAME_IGMP_V2_REPORT);
	assert_int_equal(v.mcast.nb_records, 1);
	assert_true(frame_mcast_record(&v, bytes, &at, &r));
	assert_int_equal(r.type, FRAME_RECORD_NONE);
	assert_memory_equal(&r.group, "\xef\x01\x02\x03\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_false(frame_mcast_record(&v, bytes, &at, &r));

	v = parse_hex(WIRE_IGMP_V3_REPORT);
	wire_bytes(bytes, sizeof(bytes), WIRE_IGMP_V3_REPORT);
	at = 0;
	assert_int_equal(v.mcast.nb_records, 2);
	assert_true(frame_mcast_record(&v, bytes, &at, &r));
	assert_int_equal(r.type, FRAME_RECORD_TO_EXCLUDE);
	assert_int_equal(r.nb_sources, 0);
	assert_memory_equal(&r.group, "\xef\x01\x02\x03", 4);
	assert_true(frame_mcast_record(&v, bytes, &at, &r));
	assert_int_equal(r.type, FRAME_RECORD_TO_INCLUDE);
	assert_int_equal(r.nb_sources, 1);
	assert_int_equal(r.len_bytes, 12);
	assert_memory_equal(&r.group, "\xef\x09\x09\x09", 4);
	assert_false(frame_mcast_record(&v, bytes, &at, &r));
}

static void
mld_messages(void **state)
{
	static const char group[] = "\xff\x05\0\0\0\0\0\0\0\0\0\0\0\x01\0\x03";
	static const char *const single[] = {WIRE_MLD_V1_REPORT, WIRE_MLD_DONE};
	struct frame_mcast_record r;
	uint8_t bytes[MAX_BYTES];
	struct frame_view v;
	uint16_t at;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(single); i++) {
		at = 0;
		v = parse_hex(single[i]);
		wire_bytes(bytes, sizeof(bytes), single[i]);
		assert_int_equal(v.kind, FRAME_MLD);
		assert_int_equal(v.mcast.type, i == 0 ? FRAME_MLD_V1_REPORT : FRAME_MLD_DONE);
		assert_true(frame_mcast_record(&v, bytes, &at, &r));
		assert_memory_equal(&r.group, group, 16);
		assert_false(frame_mcast_record(&v, bytes, &at, &r));
	}
	at = 0;
	v = parse_hex(WIRE_MLD_V2_REPORT);
	wire_bytes(bytes, sizeof(bytes), WIRE_MLD_V2_REPORT);
	assert_int_equal(v.mcast.nb_records, 2);
	assert_true(frame_mcast_record(&v, bytes, &at, &r));
	assert_int_equal(r.type, FRAME_RECORD_TO_EXCLUDE);
	assert_memory_equal(&r.group, group, 16);
	assert_true(frame_mcast_record(&v, bytes, &at, &r));
	assert_int_equal(r.nb_sources, 1);
	assert_int_equal(r.len_bytes, 36);
	assert_false(frame_mcast_record(&v, bytes, &at, &r));
}

/* A report of two records, cut down to the second. */
static void
report_of_one_record(void **state)
{
	static const struct {
		const char *whole, *single;
	} cases[] = {
		{WIRE_IGMP_V3_REPORT, WIRE_IGMP_V3_SINGLE},
		{WIRE_MLD_V2_REPORT, WIRE_MLD_V2_SINGLE},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct frame_view v = parse_hex(cases[i].whole);
		uint8_t bytes[MAX_BYTES], expected[MAX_BYTES], out[MAX_BYTES];
		size_t len = wire_bytes(expected, sizeof(expected), cases[i].single);
		struct frame_mcast_record r;
		uint16_t at = 0;

		wire_bytes(bytes, sizeof(bytes), cases[i].whole);
		assert_true(frame_mcast_record(&v, bytes, &at, &r));
		assert_true(frame_mcast_record(&v, bytes, &at, &r));
		assert_int_equal(frame_mcast_report(out, len - 1, &v, bytes, &r), 0);
		assert_int_equal(frame_mcast_report(out, len, &v, bytes, &r), len);
		assert_memory_equal(out, expected, len);
		assert_int_equal(parse_exactly(&v, out, len), 0);
	}
}

/* What follows the records in a report is none, though the sum covers it. */
static void
data_behind_records_is_no_record(void **state)
{
	uint8_t bytes[MAX_BYTES];
	size_t len = wire_bytes(bytes, sizeof(bytes), WIRE_IGMP_V3_REPORT);
	struct frame_mcast_record r;
	struct frame_view v;
	uint16_t at = 0;

	(void)state;
	bytes[ETH_BYTES + 24 + 7] = 1;
	wire_fix_sum(bytes + ETH_BYTES + 26, bytes + ETH_BYTES + 24, len - ETH_BYTES - 24);
	assert_int_equal(parse_exactly(&v, bytes, len), 0);
	assert_true(frame_mcast_record(&v, bytes, &at, &r));
	assert_false(frame_mcast_record(&v, bytes, &at, &r));
	bytes[ETH_BYTES + 24 + 7] = 0;
	wire_fix_sum(bytes + ETH_BYTES + 26, bytes + ETH_BYTES + 24, len - ETH_BYTES - 24);
	at = 0;
	assert_int_equal(parse_exactly(&v, bytes, len), 0);
	assert_false(frame_mcast_record(&v, bytes, &at, &r));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arp_request_and_reply),
		cmocka_unit_test(gratuitous_arp),
		cmocka_unit_test(rarp),
		cmocka_unit_test(learning_packet),
		cmocka_unit_test(unsolicited_advertisement),
		cmocka_unit_test(solicitation),
		cmocka_unit_test(built_frames_are_read_back),
		cmocka_unit_test(tags_are_taken_off),
		cmocka_unit_test(other_frames),
		cmocka_unit_test(igmp_messages),
		cmocka_unit_test(mld_messages),
		cmocka_unit_test(report_of_one_record),
		cmocka_unit_test(data_behind_records_is_no_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
