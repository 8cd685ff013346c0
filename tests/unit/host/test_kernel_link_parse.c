/* SPDX-License-Identifier: BSD-3-Clause */
/* Netlink datagrams, sound and broken, through kernel_link_parse(). */
#include "kernel_link_parse.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

/* A datagram under construction, and what came out of it. */
struct bench {
	_Alignas(struct nlmsghdr) unsigned char bytes[4096];
	size_t len;
	size_t msg; /* where the message under construction begins */
	struct kernel_link_state seen[8];
	size_t nb_seen;
	struct rtnl_batch batch;
};

static void
message(struct bench *b, uint16_t type, uint32_t seq, uint16_t flags)
{
	struct nlmsghdr h = {sizeof(h), type, flags, seq, 0};

	b->msg = b->len = NLMSG_ALIGN(b->len);
	memcpy(b->bytes + b->msg, &h, sizeof(h));
	b->len += sizeof(h);
}

static void
set_message_len(struct bench *b, uint32_t len)
{
	memcpy(b->bytes + b->msg, &len, sizeof(len));
}

static void
add(struct bench *b, const void *data, size_t len)
{
	b->len = NLMSG_ALIGN(b->len);
	memcpy(b->bytes + b->len, data, len);
	b->len += len;
	set_message_len(b, (uint32_t)(b->len - b->msg));
}

static void
link_message(struct bench *b, uint16_t type, uint8_t family, int if_index, unsigned flags)
{
	struct ifinfomsg ifi = {.ifi_family = family, .ifi_index = if_index, .ifi_flags = flags};

	message(b, type, 7, 0);
	add(b, &ifi, sizeof(ifi));
}

static void
attr(struct bench *b, uint16_t type, const void *data, uint16_t len)
{
	unsigned char raw[256];
	struct nlattr a = {(uint16_t)(sizeof(a) + len), type};

	memcpy(raw, &a, sizeof(a));
	memcpy(raw + sizeof(a), data, len);
	add(b, raw, a.nla_len);
}

static void
attr_u8(struct bench *b, uint16_t type, uint8_t value)
{
	attr(b, type, &value, sizeof(value));
}

static void
collect(void *ctx, const struct kernel_link_state *state)
{
	struct bench *b = ctx;

	assert_true(b->nb_seen < sizeof(b->seen) / sizeof(b->seen[0]));
	b->seen[b->nb_seen++] = *state;
}

/* Parse a heap copy of exactly the bytes, so that ASan sees a read past them. */
static void
parse(struct bench *b, uint32_t seq)
{
	struct kernel_link_sink sink = {collect, b};
	void *copy = malloc(b->len ? b->len : 1);

	assert_non_null(copy);
	memcpy(copy, b->bytes, b->len);
	b->nb_seen = 0;
	rtnl_walk(copy, b->len, seq, kernel_link_parse, &sink, &b->batch);
	free(copy);
}

static void
full_link(struct bench *b, uint16_t type)
{
	uint32_t mtu = 1500;

	link_message(b, type, AF_UNSPEC, 42, IFF_UP | IFF_LOWER_UP);
	attr(b, IFLA_IFNAME, "veth0", 6);
	attr(b, IFLA_ADDRESS, "\x02\x00\x00\x00\x00\x01", 6);
	attr(b, IFLA_MTU, &mtu, sizeof(mtu));
	attr_u8(b, IFLA_CARRIER, 1);
	attr_u8(b, IFLA_OPERSTATE, IF_OPER_UP);
}

static void
reads_a_link(void **unused)
{
	struct bench b = {0};

	(void)unused;
	full_link(&b, RTM_NEWLINK);
	parse(&b, 0);
	assert_int_equal(b.nb_seen, 1);
	assert_int_equal(b.seen[0].if_index, 42);
	assert_string_equal(b.seen[0].name, "veth0");
	assert_true(b.seen[0].present);
	assert_true(b.seen[0].admin_up);
	assert_true(b.seen[0].carrier);
	assert_memory_equal(b.seen[0].mac, "\x02\x00\x00\x00\x00\x01", 6);
	assert_int_equal(b.seen[0].mtu, 1500);
	assert_false(b.batch.malformed);
	assert_false(b.batch.done);
}

static void
deleted_link_is_not_present(void **unused)
{
	struct bench b = {0};

	(void)unused;
	full_link(&b, RTM_DELLINK);
	parse(&b, 0);
	assert_int_equal(b.nb_seen, 1);
	assert_false(b.seen[0].present);
	assert_false(b.seen[0].carrier);
	assert_string_equal(b.seen[0].name, "veth0");
}

static void
carrier_follows_attribute_and_operstate(void **unused)
{
	static const struct {
		int carrier; /* -1: no attribute */
		uint8_t operstate;
		unsigned flags;
		bool expected;
	} cases[] = {
		{1, IF_OPER_UP, IFF_UP, true},
		{1, IF_OPER_UNKNOWN, IFF_UP, true},
		{1, IF_OPER_DORMANT, IFF_UP, true},
		{1, IF_OPER_LOWERLAYERDOWN, IFF_UP | IFF_LOWER_UP, false},
		{1, IF_OPER_DOWN, IFF_UP, false},
		{0, IF_OPER_UNKNOWN, IFF_UP | IFF_LOWER_UP, false},
		{-1, IF_OPER_UNKNOWN, IFF_UP | IFF_LOWER_UP, true},
		{-1, IF_OPER_UNKNOWN, IFF_UP, false},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench b = {0};

		link_message(&b, RTM_NEWLINK, AF_UNSPEC, 3, cases[i].flags);
		attr_u8(&b, IFLA_OPERSTATE, cases[i].operstate);
		if (cases[i].carrier >= 0)
			attr_u8(&b, IFLA_CARRIER, (uint8_t)cases[i].carrier);
		parse(&b, 0);
		assert_int_equal(b.nb_seen, 1);
		if (b.seen[0].carrier != cases[i].expected)
			fail_msg("case %zu: carrier %d", i, b.seen[0].carrier);
	}
}

static void
other_types_and_families_are_passed_over(void **unused)
{
	struct bench b = {0};

	(void)unused;
	message(&b, RTM_NEWADDR, 7, 0);
	add(&b, "\0\0\0\0\0\0\0\0", 8);
	link_message(&b, RTM_DELLINK, AF_BRIDGE, 42, IFF_UP);
	link_message(&b, RTM_NEWLINK, AF_UNSPEC, 0, IFF_UP);
	link_message(&b, RTM_NEWLINK, AF_UNSPEC, -5, IFF_UP);
	message(&b, 0xffff, 7, 0);
	full_link(&b, RTM_NEWLINK);
	parse(&b, 0);
	assert_int_equal(b.nb_seen, 1);
	assert_int_equal(b.seen[0].if_index, 42);
	assert_false(b.batch.malformed);
}

static void
every_cut_is_safe(void **unused)
{
	struct bench b = {0};
	size_t first, whole;

	(void)unused;
	full_link(&b, RTM_NEWLINK);
	first = b.len;
	full_link(&b, RTM_NEWLINK);
	whole = b.len;
	for (size_t len = 0; len < whole; len++) {
		b.len = len;
		parse(&b, 0);
		assert_int_equal(b.nb_seen, len < first ? 0 : 1);
		/* Nothing at all is a clean end, and so is the padding behind a message. */
		if (len != 0 && (len < first || len > NLMSG_ALIGN(first)))
			assert_true(b.batch.malformed);
	}
}

static void
impossible_message_lengths(void **unused)
{
	static const uint32_t lengths[] = {0, 1, 15, 4096, INT32_MAX, 0x80000010u, UINT32_MAX};

	(void)unused;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct bench b = {0};

		full_link(&b, RTM_NEWLINK);
		set_message_len(&b, lengths[i]);
		parse(&b, 0);
		assert_int_equal(b.nb_seen, 0);
		assert_true(b.batch.malformed);
	}
}

static void
short_link_header(void **unused)
{
	struct bench b = {0};

	(void)unused;
	message(&b, RTM_NEWLINK, 7, 0);
	add(&b, "\0\0\0\0", 4);
	full_link(&b, RTM_NEWLINK);
	parse(&b, 0);
	assert_int_equal(b.nb_seen, 1);
	assert_true(b.batch.malformed);
}

static void
impossible_attribute_lengths(void **unused)
{
	static const uint16_t lengths[] = {0, 3, 6, UINT16_MAX};

	(void)unused;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct bench b = {0};

		link_message(&b, RTM_NEWLINK, AF_UNSPEC, 42, IFF_UP);
		attr_u8(&b, IFLA_CARRIER, 1);
		memcpy(b.bytes + sizeof(struct nlmsghdr) + sizeof(struct ifinfomsg),
		       &lengths[i],
		       sizeof(lengths[i]));
		parse(&b, 0);
		assert_int_equal(b.nb_seen, 0);
		assert_true(b.batch.malformed);
	}
}

static void
attributes_of_wrong_size(void **unused)
{
	static const uint16_t types[] = {IFLA_MTU, IFLA_CARRIER, IFLA_OPERSTATE};

	(void)unused;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct bench b = {0};

		link_message(&b, RTM_NEWLINK, AF_UNSPEC, 42, IFF_UP);
		attr(&b, types[i], "\1\1", 2);
		parse(&b, 0);
		assert_int_equal(b.nb_seen, 0);
		assert_true(b.batch.malformed);
	}
}

static void
names_are_bounded(void **unused)
{
	static const struct {
		const char *bytes;
		uint16_t len;
		const char *expected; /* NULL: refused */
	} cases[] = {
		{"abc", 3, "abc"}, /* no NUL */
		{"abc\0def", 8, "abc"},
		{"fifteen-chars-x", 16, "fifteen-chars-x"},
		{"sixteen-chars-xy", 17, NULL},
		{"sixteen-chars-xy", 16, NULL},
		{"", 1, NULL},
		{"", 0, NULL},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench b = {0};

		link_message(&b, RTM_NEWLINK, AF_UNSPEC, 42, IFF_UP);
		attr(&b, IFLA_IFNAME, cases[i].bytes, cases[i].len);
		parse(&b, 0);
		assert_int_equal(b.nb_seen, cases[i].expected != NULL);
		if (cases[i].expected != NULL)
			assert_string_equal(b.seen[0].name, cases[i].expected);
	}
}

static void
address_of_other_length_is_none(void **unused)
{
	struct bench b = {0};

	(void)unused;
	link_message(&b, RTM_NEWLINK, AF_UNSPEC, 42, IFF_UP);
	attr(&b, IFLA_ADDRESS, "12345678901234567890", 20);
	parse(&b, 0);
	assert_int_equal(b.nb_seen, 1);
	assert_memory_equal(b.seen[0].mac, "\0\0\0\0\0\0", 6);
}

static void
dump_ends_with_done(void **unused)
{
	struct bench b = {0};
	int zero = 0;

	(void)unused;
	full_link(&b, RTM_NEWLINK);
	full_link(&b, RTM_NEWLINK);
	message(&b, NLMSG_DONE, 7, NLM_F_MULTI | NLM_F_DUMP_INTR);
	add(&b, &zero, sizeof(zero));
	parse(&b, 7);
	assert_int_equal(b.nb_seen, 2);
	assert_true(b.batch.done);
	assert_true(b.batch.interrupted);
	assert_int_equal(b.batch.error, 0);
}

static void
answers_to_other_requests_are_passed_over(void **unused)
{
	struct bench b = {0};
	int zero = 0;

	(void)unused;
	full_link(&b, RTM_NEWLINK);
	message(&b, NLMSG_DONE, 7, NLM_F_MULTI | NLM_F_DUMP_INTR);
	add(&b, &zero, sizeof(zero));
	parse(&b, 8);
	assert_int_equal(b.nb_seen, 0);
	assert_false(b.batch.done);
	assert_false(b.batch.interrupted);
}

static void
errors_are_errno_values(void **unused)
{
	static const struct {
		int sent, expected;
	} cases[] = {
		{0, 0},
		{-ENODEV, -ENODEV},
		{-4095, -4095},
		{-4096, -EBADMSG},
		{5, -EBADMSG},
		{INT32_MIN, -EBADMSG},
	};
	struct bench b;

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		b = (struct bench){0};
		message(&b, NLMSG_ERROR, 7, 0);
		add(&b, &cases[i].sent, sizeof(int));
		parse(&b, 7);
		assert_true(b.batch.done);
		assert_int_equal(b.batch.error, cases[i].expected);
		/* In the event stream nobody asked anything. */
		parse(&b, 0);
		assert_false(b.batch.done);
		assert_int_equal(b.batch.error, 0);
	}
	b = (struct bench){0};
	message(&b, NLMSG_ERROR, 7, 0);
	add(&b, "\0\0", 2);
	parse(&b, 7);
	assert_true(b.batch.done);
	assert_int_equal(b.batch.error, -EBADMSG);
}

static void
overrun_is_loss(void **unused)
{
	struct bench b = {0};

	(void)unused;
	message(&b, NLMSG_OVERRUN, 0, 0);
	parse(&b, 0);
	assert_int_equal(b.batch.error, -ENOBUFS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_link),
		cmocka_unit_test(deleted_link_is_not_present),
		cmocka_unit_test(carrier_follows_attribute_and_operstate),
		cmocka_unit_test(other_types_and_families_are_passed_over),
		cmocka_unit_test(every_cut_is_safe),
		cmocka_unit_test(impossible_message_lengths),
		cmocka_unit_test(short_link_header),
		cmocka_unit_test(impossible_attribute_lengths),
		cmocka_unit_test(attributes_of_wrong_size),
		cmocka_unit_test(names_are_bounded),
		cmocka_unit_test(address_of_other_length_is_none),
		cmocka_unit_test(dump_ends_with_done),
		cmocka_unit_test(answers_to_other_requests_are_passed_over),
		cmocka_unit_test(errors_are_errno_values),
		cmocka_unit_test(overrun_is_loss),
	};

	return cmocka_run_group_tests_name("kernel_link_parse", tests, NULL, NULL);
}
