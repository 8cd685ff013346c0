/* SPDX-License-Identifier: BSD-3-Clause */
/* Malformed and hostile frames of the control side: each refusal, and random damage. */
#include "frames.h"
#include "frames_bench.h"
#include "wire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

/* A byte of a sound frame is set to @value, checksums are made right again: refused. */
struct spoilt {
	size_t at;
	uint8_t value;
};

static void
assert_refused(const uint8_t *bytes, size_t len, size_t at)
{
	struct frame_view v, before;

	memset(&v, 0xa5, sizeof(v));
	memset(&before, 0xa5, sizeof(before));
	if (parse_exactly(&v, bytes, len) != -EBADMSG)
		fail_msg("not refused: byte %zu, length %zu", at, len);
	assert_memory_equal(&v, &before, sizeof(v));
}

static void
fix_sums(uint8_t *bytes, size_t l4_at, size_t len)
{
	if (bytes[12] == 0x08) {
		wire_fix_sum(bytes + ETH_BYTES + 10, bytes + ETH_BYTES, l4_at - ETH_BYTES);
		wire_fix_sum(bytes + l4_at + 2, bytes + l4_at, len - l4_at);
	} else {
		wire_fix_icmp6(bytes + ETH_BYTES, bytes + l4_at, len - l4_at);
	}
}

static void
assert_each_refused(const char *hex, size_t l4_at, const struct spoilt *spoilt, size_t n)
{
	uint8_t bytes[MAX_BYTES];
	size_t len = wire_bytes(bytes, sizeof(bytes), hex);
	struct frame_view v;

	assert_int_equal(parse_exactly(&v, bytes, len), 0);
	assert_int_not_equal(v.kind, FRAME_OTHER);
	for (size_t i = 0; i < n; i++) {
		wire_bytes(bytes, sizeof(bytes), hex);
		bytes[spoilt[i].at] = spoilt[i].value;
		fix_sums(bytes, l4_at, len);
		assert_refused(bytes, len, spoilt[i].at);
	}
}

#define NS_FRAME                                                            \
	"3333ffbbccdd 020000000011 86dd 60000000 0020 3a ff"                \
	"20010db8000000000000000000000011 ff0200000000000000000001ffbbccdd" \
	"87 00 d6d8 00000000 20010db80000000000000000aabbccdd 0101 020000000011"
#define NS_DAD_FRAME                                                        \
	"3333ffbbccdd 020000000011 86dd 60000000 0018 3a ff"                \
	"00000000000000000000000000000000 ff0200000000000000000001ffbbccdd" \
	"87 00 07bd 00000000 20010db80000000000000000aabbccdd"
#define NA_FRAME                                                            \
	"333300000001 020000000011 86dd 60000000 0020 3a ff"                \
	"fe800000000000000000000000000011 ff020000000000000000000000000001" \
	"88 00 576b 20000000 fe800000000000000000000000000011 0201 020000000011"

static void
malformed_arp(void **state)
{
	static const struct spoilt spoilt[] = {{15, 6}, {16, 0x86}, {18, 8}, {19, 16}};
	uint8_t bytes[FRAME_MAX_BYTES];
	struct rte_ether_addr mac = wire_mac("020000000011");

	(void)state;
	for (size_t i = 0; i < RTE_DIM(spoilt); i++) {
		frame_garp(bytes, &mac, 0, RTE_BE32(0xc0000201));
		bytes[spoilt[i].at] = spoilt[i].value;
		assert_refused(bytes, FRAME_MIN_BYTES, spoilt[i].at);
	}
	frame_garp(bytes, &mac, 0, RTE_BE32(0xc0000201));
	for (size_t len = 0; len < 42; len++)
		assert_refused(bytes, len, 0);
	frame_garp(bytes, &mac, 7, RTE_BE32(0xc0000201));
	for (size_t len = 18; len < 46; len++)
		assert_refused(bytes, len, 0);
}

static void
malformed_nd(void **state)
{
	static const struct spoilt ns[] = {
		{IP6_AT, 0x40},         /* version */
		{IP6_AT + 5, 0x21},     /* longer than the frame */
		{IP6_AT + 5, 0x16},     /* too short for a target */
		{IP6_AT + 5, 3},        /* not even a checksum */
		{IP6_AT + 5, 0x19},     /* half an option header */
		{IP6_AT + 5, 0x1f},     /* an option that is cut off */
		{IP6_AT + 7, 254},      /* hop limit */
		{ICMP6_AT + 1, 1},      /* code */
		{ICMP6_AT + 8, 0xff},   /* multicast target */
		{ICMP6_AT + 24 + 1, 0}, /* an option of length 0 */
		{ICMP6_AT + 24 + 1, 2}, /* and one longer than what is there */
	};
	static const struct spoilt dad[] = {
		{IP6_AT + 24, 0xfe}, /* not to a solicited-node address */
		{IP6_AT + 24 + 12, 0xfd},
	};
	static const struct spoilt na[] = {
		{ICMP6_AT + 4, 0x60}, /* solicited, but to a group */
		{IP6_AT + 7, 1},
		{ICMP6_AT + 8, 0xff},
		{ICMP6_AT + 24 + 1, 0},
	};
	uint8_t bytes[MAX_BYTES];
	size_t len;

	(void)state;
	assert_each_refused(NS_FRAME, ICMP6_AT, ns, RTE_DIM(ns));
	assert_each_refused(NS_DAD_FRAME, ICMP6_AT, dad, RTE_DIM(dad));
	assert_each_refused(NA_FRAME, ICMP6_AT, na, RTE_DIM(na));
	/* The unspecified address has no link-layer address. */
	len = wire_bytes(bytes, sizeof(bytes), NS_FRAME);
	memset(bytes + IP6_AT + 8, 0, 16);
	wire_fix_icmp6(bytes + IP6_AT, bytes + ICMP6_AT, len - ICMP6_AT);
	assert_refused(bytes, len, IP6_AT + 8);
	/* A wrong sum alone. */
	wire_bytes(bytes, sizeof(bytes), NS_FRAME);
	bytes[ICMP6_AT + 2] ^= 1;
	assert_refused(bytes, len, ICMP6_AT + 2);
	/* Every place where it could be cut off behind the IPv6 header. */
	wire_bytes(bytes, sizeof(bytes), NS_FRAME);
	for (len = ICMP6_AT; len < 86; len++)
		assert_refused(bytes, len, 0);
}

/* An option that is understood nowhere does no harm; a long link-layer address does. */
static void
nd_options(void **state)
{
	uint8_t bytes[MAX_BYTES];
	size_t len = wire_bytes(bytes, sizeof(bytes), NS_FRAME);
	struct frame_view v;

	(void)state;
	/* A nonce (type 14) before the address. */
	memmove(bytes + len, bytes + len - 8, 8);
	memcpy(bytes + len - 8, "\x0e\x01nonce!", 8);
	len += 8;
	bytes[IP6_AT + 5] += 8;
	wire_fix_icmp6(bytes + IP6_AT, bytes + ICMP6_AT, len - ICMP6_AT);
	assert_int_equal(parse_exactly(&v, bytes, len), 0);
	assert_true(v.has_lladdr);
	assert_memory_equal(v.lladdr.addr_bytes, "\x02\0\0\0\0\x11", 6);
	bytes[ICMP6_AT + 24] = 1;
	bytes[ICMP6_AT + 25] = 2;
	wire_fix_icmp6(bytes + IP6_AT, bytes + ICMP6_AT, len - ICMP6_AT);
	assert_refused(bytes, len, ICMP6_AT + 25);
	/* Of length 0, one that is skipped would be skipped for ever; and one too long. */
	bytes[ICMP6_AT + 24] = 14;
	bytes[ICMP6_AT + 25] = 0;
	wire_fix_icmp6(bytes + IP6_AT, bytes + ICMP6_AT, len - ICMP6_AT);
	assert_refused(bytes, len, ICMP6_AT + 25);
	bytes[ICMP6_AT + 25] = 3;
	wire_fix_icmp6(bytes + IP6_AT, bytes + ICMP6_AT, len - ICMP6_AT);
	assert_refused(bytes, len, ICMP6_AT + 25);
}

static void
malformed_igmp(void **state)
{
	enum { L4 = ETH_BYTES + 24 };
	static const struct spoilt v2[] = {
		{ETH_BYTES, 0x56},     /* version */
		{ETH_BYTES, 0x44},     /* header shorter than IPv4's */
		{ETH_BYTES + 3, 0x10}, /* shorter than its header */
		{ETH_BYTES + 3, 0x21}, /* longer than the frame */
		{ETH_BYTES + 3, 0x1f}, /* too short for a message */
		{ETH_BYTES + 6, 0x20}, /* more fragments */
		{ETH_BYTES + 7, 1},    /* not the first fragment */
		{L4 + 4, 10},          /* a group that is none */
	};
	static const struct spoilt v3[] = {
		{L4 + 7, 3},        /* more records than there are */
		{L4 + 6, 0xff},     /* very many more */
		{L4 + 8 + 1, 4},    /* auxiliary data that isn't there */
		{L4 + 8 + 3, 4},    /* sources that aren't there */
		{L4 + 8 + 2, 0xff}, /* so many that 16 bits don't hold the length */
		{L4 + 8 + 4, 0x7f}, /* a group that is none */
		{L4 + 8 + 8 + 3, 2},
	};
	uint8_t bytes[MAX_BYTES];
	size_t len;

	(void)state;
	assert_each_refused(WIRE_IGMP_V2_REPORT, L4, v2, RTE_DIM(v2));
	assert_each_refused(WIRE_IGMP_V3_REPORT, L4, v3, RTE_DIM(v3));
	len = wire_bytes(bytes, sizeof(bytes), WIRE_IGMP_V3_REPORT);
	bytes[L4 + 2] ^= 0x10;
	assert_refused(bytes, len, L4 + 2);
	wire_bytes(bytes, sizeof(bytes), WIRE_IGMP_V3_REPORT);
	bytes[ETH_BYTES + 10] ^= 0x10;
	assert_refused(bytes, len, ETH_BYTES + 10);
	wire_bytes(bytes, sizeof(bytes), WIRE_IGMP_V3_REPORT);
	for (size_t cut = ETH_BYTES + 20; cut < len; cut++)
		assert_refused(bytes, cut, 0);
}

static void
malformed_mld(void **state)
{
	enum { L4 = ETH_BYTES + 40 + 8 };
	static const struct spoilt v1[] = {
		{IP6_AT + 7, 2},       /* hop limit */
		{IP6_AT + 8, 0x20},    /* not from a link-local address */
		{IP6_AT + 5, 0x1e},    /* too short */
		{IP6_AT + 40 + 1, 40}, /* options longer than the packet */
		{L4 + 8, 0xfe},        /* a group that is none */
	};
	static const struct spoilt v2[] = {
		{L4 + 7, 3},
		{L4 + 8 + 1, 10},
		{L4 + 8 + 3, 2},
		{L4 + 8 + 4, 0},
	};
	uint8_t bytes[MAX_BYTES];
	size_t len;

	(void)state;
	assert_each_refused(WIRE_MLD_V1_REPORT, L4, v1, RTE_DIM(v1));
	assert_each_refused(WIRE_MLD_V2_REPORT, L4, v2, RTE_DIM(v2));
	len = wire_bytes(bytes, sizeof(bytes), WIRE_MLD_DONE);
	bytes[L4 + 2] ^= 0x10;
	assert_refused(bytes, len, L4 + 2);
}

/* General queries name no group, and an address is not needed to report (RFC 3590). */
static void
queries_and_reports_without_address(void **state)
{
	uint8_t bytes[MAX_BYTES];
	size_t len = wire_bytes(bytes, sizeof(bytes), WIRE_MLD_V1_REPORT);
	struct frame_view v;

	(void)state;
	memset(bytes + IP6_AT + 8, 0, 16);
	wire_fix_icmp6(bytes + IP6_AT, bytes + ICMP6_AT + 8, len - ICMP6_AT - 8);
	assert_int_equal(parse_exactly(&v, bytes, len), 0);
	assert_int_equal(v.kind, FRAME_MLD);
	bytes[ICMP6_AT + 8] = FRAME_MLD_QUERY;
	memset(bytes + ICMP6_AT + 16, 0, 16);
	wire_fix_icmp6(bytes + IP6_AT, bytes + ICMP6_AT + 8, len - ICMP6_AT - 8);
	assert_int_equal(parse_exactly(&v, bytes, len), 0);
	assert_int_equal(v.mcast.type, FRAME_MLD_QUERY);

	len = wire_bytes(bytes, sizeof(bytes), WIRE_IGMP_V2_REPORT);
	bytes[ETH_BYTES + 24] = FRAME_IGMP_QUERY;
	memset(bytes + ETH_BYTES + 28, 0, 4);
	fix_sums(bytes, ETH_BYTES + 24, len);
	assert_int_equal(parse_exactly(&v, bytes, len), 0);
	assert_int_equal(v.mcast.type, FRAME_IGMP_QUERY);
}

/* Sound frames with random bytes changed, and cut: whatever comes out, it comes from inside. */
static void
random_damage(void **state)
{
	static const char *const frames[] = {
		WIRE_IGMP_V2_REPORT,
		WIRE_IGMP_V3_REPORT,
		WIRE_MLD_V1_REPORT,
		WIRE_MLD_V2_REPORT,
		NS_FRAME,
		NS_DAD_FRAME,
		NA_FRAME,
	};

	(void)state;
	srandom(4711);
	for (int round = 0; round < 50000; round++) {
		uint8_t bytes[MAX_BYTES], *copy;
		size_t len = wire_bytes(
			bytes, sizeof(bytes), frames[(size_t)random() % RTE_DIM(frames)]
		);
		struct frame_mcast_record r;
		struct frame_view v;
		uint16_t at = 0;

		for (long i = random() % 3; i >= 0; i--)
			bytes[(size_t)random() % len] = (uint8_t)random();
		if (random() % 4 == 0)
			len = (size_t)random() % len;
		if (bytes[12] == 0x86 && len > ICMP6_AT + 8 && random() % 8 != 0) {
			size_t l4 = ICMP6_AT + (bytes[IP6_AT + 6] == 0 ? 8 : 0);

			fix_sums(bytes, l4, len);
		} else if (bytes[12] == 0x08 && len > ETH_BYTES + 32) {
			fix_sums(bytes, ETH_BYTES + 24, len);
		}
		copy = malloc(len != 0 ? len : 1);
		assert_non_null(copy);
		memcpy(copy, bytes, len);
		if (frame_parse(&v, copy, len) == 0 &&
		    (v.kind == FRAME_IGMP || v.kind == FRAME_MLD)) {
			uint16_t found = 0;

			while (frame_mcast_record(&v, copy, &at, &r)) {
				assert_true(r.offset_bytes + r.len_bytes <= len);
				found++;
			}
			assert_int_equal(found, v.mcast.nb_records);
		}
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_arp),
		cmocka_unit_test(malformed_nd),
		cmocka_unit_test(nd_options),
		cmocka_unit_test(malformed_igmp),
		cmocka_unit_test(malformed_mld),
		cmocka_unit_test(queries_and_reports_without_address),
		cmocka_unit_test(random_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
