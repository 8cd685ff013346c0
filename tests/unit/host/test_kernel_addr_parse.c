/* SPDX-License-Identifier: BSD-3-Clause */
/* rtnetlink messages of addresses and devices, sound and broken, through kernel_addr_parse(). */
#include "kernel_addr_parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
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

#define NB(array) (sizeof(array) / sizeof((array)[0]))

/* A datagram under construction, and what came out of it. */
struct bench {
	_Alignas(struct nlmsghdr) unsigned char bytes[4096];
	size_t len;
	size_t msg; /* where the message under construction begins */
	struct kernel_addr_address addresses[8];
	struct kernel_addr_device devices[8];
	size_t nb_addresses, nb_devices;
	struct rtnl_batch batch;
};

static void
add(struct bench *b, const void *data, size_t len)
{
	uint32_t message_len;

	b->len = NLMSG_ALIGN(b->len);
	memcpy(b->bytes + b->len, data, len);
	b->len += len;
	message_len = (uint32_t)(b->len - b->msg);
	memcpy(b->bytes + b->msg, &message_len, sizeof(message_len));
}

static void
message(struct bench *b, uint16_t type, const void *header, size_t len)
{
	struct nlmsghdr h = {sizeof(h), type, 0, 7, 0};

	b->msg = b->len = NLMSG_ALIGN(b->len);
	add(b, &h, sizeof(h));
	add(b, header, len);
}

static void
attr(struct bench *b, uint16_t type, const void *data, size_t len)
{
	unsigned char raw[256];
	struct nlattr a = {(uint16_t)(sizeof(a) + len), type};

	memcpy(raw, &a, sizeof(a));
	memcpy(raw + sizeof(a), data, len);
	add(b, raw, a.nla_len);
}

/* Begin and end a nested attribute. */
static size_t
nest(struct bench *b, uint16_t type)
{
	size_t at = b->len = NLMSG_ALIGN(b->len);

	attr(b, type | NLA_F_NESTED, "", 0);
	return at;
}

static void
end(struct bench *b, size_t at)
{
	uint16_t len = (uint16_t)(b->len - at);

	memcpy(b->bytes + at, &len, sizeof(len));
}

static void
address_message(struct bench *b, uint16_t type, uint8_t family, uint8_t bits, uint8_t flags)
{
	const struct ifaddrmsg ifa = {
		.ifa_family = family, .ifa_prefixlen = bits, .ifa_flags = flags, .ifa_index = 42};

	message(b, type, &ifa, sizeof(ifa));
}

static void
device_message(struct bench *b, uint16_t type, uint8_t family, int if_index)
{
	const struct ifinfomsg ifi = {.ifi_family = family, .ifi_index = if_index};

	message(b, type, &ifi, sizeof(ifi));
}

/* What a VLAN device's message differs in. */
struct vlan {
	const char *kind;
	uint32_t link;
	uint16_t id, protocol; /* 0: not given */
	bool elsewhere;
};

/* Where IFLA_INFO_DATA is, the last attribute. */
static size_t
vlan_message(struct bench *b, uint16_t type, const struct vlan *v)
{
	uint16_t protocol = htons(v->protocol);
	size_t info, data;
	int nsid = 3;

	device_message(b, type, AF_UNSPEC, 9);
	attr(b, IFLA_IFNAME, "veth0.100", 10);
	attr(b, IFLA_LINK, &v->link, sizeof(v->link));
	if (v->elsewhere)
		attr(b, IFLA_LINK_NETNSID, &nsid, sizeof(nsid));
	info = nest(b, IFLA_LINKINFO);
	attr(b, IFLA_INFO_KIND, v->kind, strlen(v->kind) + 1);
	data = nest(b, IFLA_INFO_DATA);
	if (v->protocol != 0)
		attr(b, IFLA_VLAN_PROTOCOL, &protocol, sizeof(protocol));
	attr(b, IFLA_VLAN_ID, &v->id, sizeof(v->id));
	end(b, data);
	end(b, info);
	return data;
}

static void
on_address(void *ctx, const struct kernel_addr_address *a)
{
	struct bench *b = ctx;

	assert_true(b->nb_addresses < NB(b->addresses));
	b->addresses[b->nb_addresses++] = *a;
}

static void
on_device(void *ctx, const struct kernel_addr_device *d)
{
	struct bench *b = ctx;

	assert_true(b->nb_devices < NB(b->devices));
	b->devices[b->nb_devices++] = *d;
}

/* Parse a heap copy of exactly the bytes, so that ASan sees a read past them. */
static void
parse(struct bench *b)
{
	struct kernel_addr_sink sink = {on_address, on_device, b};
	void *copy = malloc(b->len ? b->len : 1);

	assert_non_null(copy);
	memcpy(copy, b->bytes, b->len);
	b->nb_addresses = b->nb_devices = 0;
	rtnl_walk(copy, b->len, 0, kernel_addr_parse, &sink, &b->batch);
	free(copy);
}

static const uint8_t v6_a[16] = {0xfd, [15] = 1}, v6_b[16] = {0xfd, [15] = 2};

static void
ipv4_is_the_local_one(void **unused)
{
	struct bench b = {0};

	(void)unused;
	/* Point to point: IFA_ADDRESS is the peer's. */
	address_message(&b, RTM_NEWADDR, AF_INET, 32, IFA_F_PERMANENT);
	attr(&b, IFA_ADDRESS, "\x0a\x00\x00\x02", 4);
	attr(&b, IFA_LOCAL, "\x0a\x00\x00\x01", 4);
	attr(&b, IFA_LABEL, "veth0", 6);
	address_message(&b, RTM_DELADDR, AF_INET, 24, 0);
	attr(&b, IFA_ADDRESS, "\xc0\x00\x02\x07", 4);
	parse(&b);
	assert_false(b.batch.malformed);
	assert_int_equal(b.nb_addresses, 2);
	assert_int_equal(b.addresses[0].if_index, 42);
	assert_true(b.addresses[0].present);
	assert_true(b.addresses[0].usable);
	assert_false(b.addresses[0].entry.is_v6);
	assert_int_equal(b.addresses[0].entry.prefix_bits, 32);
	assert_int_equal(b.addresses[0].entry.vlan_id, 0);
	assert_memory_equal(
		b.addresses[0].entry.bytes, "\x0a\x00\x00\x01\0\0\0\0\0\0\0\0\0\0\0", 16
	);
	assert_false(b.addresses[1].present);
	assert_memory_equal(b.addresses[1].entry.bytes, "\xc0\x00\x02\x07", 4);
}

static void
ipv6_without_and_with_a_peer(void **unused)
{
	struct bench b = {0};

	(void)unused;
	address_message(&b, RTM_NEWADDR, AF_INET6, 64, 0);
	attr(&b, IFA_ADDRESS, v6_a, 16);
	address_message(&b, RTM_NEWADDR, AF_INET6, 128, 0);
	attr(&b, IFA_LOCAL, v6_b, 16);
	attr(&b, IFA_ADDRESS, v6_a, 16);
	parse(&b);
	assert_int_equal(b.nb_addresses, 2);
	assert_true(b.addresses[0].entry.is_v6);
	assert_int_equal(b.addresses[0].entry.prefix_bits, 64);
	assert_memory_equal(b.addresses[0].entry.bytes, v6_a, 16);
	assert_memory_equal(b.addresses[1].entry.bytes, v6_b, 16);
}

static void
flags_decide_what_is_usable(void **unused)
{
	static const struct {
		uint8_t header;
		int64_t flags; /* -1: no IFA_FLAGS */
		bool usable;
	} cases[] = {
		{0, -1, true},
		{IFA_F_PERMANENT, -1, true},
		{IFA_F_DEPRECATED, -1, true},
		{IFA_F_TENTATIVE, -1, false},
		{IFA_F_DADFAILED, -1, false},
		{0, IFA_F_NODAD | IFA_F_NOPREFIXROUTE, true},
		{0, IFA_F_DEPRECATED, true},
		{0, IFA_F_TENTATIVE | IFA_F_NOPREFIXROUTE, false},
		{0, IFA_F_DADFAILED, false},
		/* The attribute has what the header has, and more. */
		{IFA_F_TENTATIVE, IFA_F_PERMANENT, true},
	};

	(void)unused;
	for (size_t i = 0; i < NB(cases); i++) {
		uint32_t flags = (uint32_t)cases[i].flags;
		struct bench b = {0};

		address_message(&b, RTM_NEWADDR, AF_INET6, 64, cases[i].header);
		attr(&b, IFA_ADDRESS, v6_a, 16);
		if (cases[i].flags >= 0)
			attr(&b, IFA_FLAGS, &flags, sizeof(flags));
		parse(&b);
		assert_int_equal(b.nb_addresses, 1);
		if (b.addresses[0].usable != cases[i].usable)
			fail_msg("case %zu: usable %d", i, b.addresses[0].usable);
	}
}

static void
broken_addresses_are_left_out(void **unused)
{
	static const struct {
		uint8_t family, bits;
		uint16_t type;
		uint8_t len;
	} cases[] = {
		{AF_INET, 33, IFA_LOCAL, 4},
		{AF_INET6, 129, IFA_ADDRESS, 16},
		{AF_INET, 24, IFA_LOCAL, 16},
		{AF_INET, 24, IFA_LOCAL, 3},
		{AF_INET, 24, IFA_ADDRESS, 0},
		{AF_INET6, 64, IFA_ADDRESS, 4},
		{AF_INET6, 64, IFA_FLAGS, 2},
		{AF_INET6, 64, IFA_CACHEINFO, 16}, /* no address at all */
	};

	(void)unused;
	for (size_t i = 0; i < NB(cases); i++) {
		struct bench b = {0};

		address_message(&b, RTM_NEWADDR, cases[i].family, cases[i].bits, 0);
		attr(&b, cases[i].type, v6_a, cases[i].len);
		parse(&b);
		if (b.nb_addresses != 0 || !b.batch.malformed)
			fail_msg("case %zu was taken", i);
	}
}

static void
vlan_devices_name_their_base(void **unused)
{
	static const struct {
		struct vlan v;
		uint32_t base;
		uint16_t vlan_id;
	} cases[] = {
		{{"vlan", 4, 100, ETH_P_8021Q, false}, 4, 100},
		{{"vlan", 4, 4094, 0, false}, 4, 4094},
		{{"vlan", 4, 0, ETH_P_8021Q, false}, 4, 0},
		/* A provider's tag, which the bond does not write. */
		{{"vlan", 4, 100, ETH_P_8021AD, false}, 0, 0},
		{{"vlan", 4, 100, ETH_P_8021Q, true}, 0, 0},
		{{"vlan", 0, 100, ETH_P_8021Q, false}, 0, 0},
		{{"vlan", UINT32_MAX, 100, ETH_P_8021Q, false}, 0, 0},
		{{"vxlan", 4, 100, ETH_P_8021Q, false}, 0, 0},
		{{"vlan2", 4, 100, ETH_P_8021Q, false}, 0, 0},
		{{"vla", 4, 100, ETH_P_8021Q, false}, 0, 0},
	};

	(void)unused;
	for (size_t i = 0; i < NB(cases); i++) {
		struct bench b = {0};

		vlan_message(&b, i % 2 ? RTM_DELLINK : RTM_NEWLINK, &cases[i].v);
		parse(&b);
		assert_false(b.batch.malformed);
		assert_int_equal(b.nb_devices, 1);
		assert_int_equal(b.devices[0].if_index, 9);
		assert_int_equal(b.devices[0].present, i % 2 == 0);
		if (b.devices[0].base != cases[i].base || b.devices[0].vlan_id != cases[i].vlan_id)
			fail_msg(
				"case %zu: VLAN %u on %u",
				i,
				b.devices[0].vlan_id,
				b.devices[0].base
			);
	}
}

/*
 * What Linux 6.12 sends when `ip link add link veth0 name veth0.100 type vlan id 100` is run,
 * without its statistics.
 */
static void
recorded_vlan_device(void **unused)
{
	static const unsigned char recorded[] = {
		0x7c, 0x01, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x04, 0x00, 0x00, 0x00, 0x02, 0x10, 0x00, 0x00,
		0xff, 0xff, 0xff, 0xff, 0x0e, 0x00, 0x03, 0x00, 0x76, 0x65, 0x74, 0x68, 0x30, 0x2e,
		0x31, 0x30, 0x30, 0x00, 0x00, 0x00, 0x08, 0x00, 0x0d, 0x00, 0xe8, 0x03, 0x00, 0x00,
		0x05, 0x00, 0x10, 0x00, 0x02, 0x00, 0x00, 0x00, 0x05, 0x00, 0x11, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x08, 0x00, 0x04, 0x00, 0xdc, 0x05, 0x00, 0x00, 0x08, 0x00, 0x32, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x08, 0x00, 0x33, 0x00, 0xff, 0xff, 0x00, 0x00, 0x08, 0x00,
		0x1b, 0x00, 0x00, 0x00, 0x00, 0x00, 0x08, 0x00, 0x1e, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x08, 0x00, 0x3d, 0x00, 0x00, 0x00, 0x00, 0x00, 0x08, 0x00, 0x1f, 0x00, 0x01, 0x00,
		0x00, 0x00, 0x08, 0x00, 0x28, 0x00, 0xff, 0xff, 0x00, 0x00, 0x08, 0x00, 0x29, 0x00,
		0x00, 0x00, 0x01, 0x00, 0x08, 0x00, 0x3a, 0x00, 0x00, 0x00, 0x01, 0x00, 0x08, 0x00,
		0x3f, 0x00, 0x00, 0x00, 0x01, 0x00, 0x08, 0x00, 0x40, 0x00, 0x00, 0x00, 0x01, 0x00,
		0x08, 0x00, 0x3b, 0x00, 0xf8, 0xff, 0x07, 0x00, 0x08, 0x00, 0x3c, 0x00, 0xff, 0xff,
		0x00, 0x00, 0x08, 0x00, 0x20, 0x00, 0x01, 0x00, 0x00, 0x00, 0x05, 0x00, 0x21, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x08, 0x00, 0x23, 0x00, 0x00, 0x00, 0x00, 0x00, 0x08, 0x00,
		0x2f, 0x00, 0x00, 0x00, 0x00, 0x00, 0x08, 0x00, 0x30, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x05, 0x00, 0x27, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0a, 0x00, 0x01, 0x00, 0x12, 0x7a,
		0x01, 0xee, 0xdd, 0x09, 0x00, 0x00, 0x0a, 0x00, 0x02, 0x00, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0x00, 0x00, 0x0c, 0x00, 0x2b, 0x00, 0x05, 0x00, 0x02, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x30, 0x00, 0x12, 0x00, 0x09, 0x00, 0x01, 0x00, 0x76, 0x6c, 0x61, 0x6e,
		0x00, 0x00, 0x00, 0x00, 0x20, 0x00, 0x02, 0x00, 0x06, 0x00, 0x05, 0x00, 0x81, 0x00,
		0x00, 0x00, 0x06, 0x00, 0x01, 0x00, 0x64, 0x00, 0x00, 0x00, 0x0c, 0x00, 0x02, 0x00,
		0x01, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0x08, 0x00, 0x05, 0x00, 0x03, 0x00,
		0x00, 0x00, 0x09, 0x00, 0x06, 0x00, 0x6e, 0x6f, 0x6f, 0x70, 0x00, 0x00, 0x00, 0x00,
		0x24, 0x00, 0x0e, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x3e, 0x80, 0x04, 0x00,
		0x41, 0x80,
	};
	struct bench b = {.len = sizeof(recorded)};

	(void)unused;
	memcpy(b.bytes, recorded, sizeof(recorded));
	parse(&b);
	assert_false(b.batch.malformed);
	assert_int_equal(b.nb_devices, 1);
	assert_int_equal(b.devices[0].if_index, 4);
	assert_int_equal(b.devices[0].base, 3);
	assert_int_equal(b.devices[0].vlan_id, 100);
}

static void
broken_vlan_devices_are_left_out(void **unused)
{
	struct bench b = {0};
	size_t info, data;

	(void)unused;
	vlan_message(&b, RTM_NEWLINK, &(struct vlan){"vlan", 4, 4095, ETH_P_8021Q, false});
	parse(&b);
	assert_int_equal(b.nb_devices, 0);
	assert_true(b.batch.malformed);

	b = (struct bench){0};
	device_message(&b, RTM_NEWLINK, AF_UNSPEC, 9);
	attr(&b, IFLA_LINK, "\4\0", 2);
	parse(&b);
	assert_int_equal(b.nb_devices, 0);

	/* The inner nest ends where the outer one does: a byte more reaches past it. */
	for (uint16_t len = 0; len < 64; len++) {
		b = (struct bench){0};
		data = vlan_message(
			&b, RTM_NEWLINK, &(struct vlan){"vlan", 4, 7, ETH_P_8021Q, false}
		);
		memcpy(b.bytes + data, &len, sizeof(len));
		parse(&b);
		if (len < sizeof(struct nlattr) || len > b.len - data)
			assert_true(b.batch.malformed);
	}

	b = (struct bench){0};
	device_message(&b, RTM_NEWLINK, AF_UNSPEC, 9);
	info = nest(&b, IFLA_LINKINFO);
	attr(&b, IFLA_INFO_KIND, "vlan", 5);
	data = nest(&b, IFLA_INFO_DATA);
	attr(&b, IFLA_VLAN_ID, "\5", 1);
	end(&b, data);
	end(&b, info);
	parse(&b);
	assert_int_equal(b.nb_devices, 0);
	assert_true(b.batch.malformed);
}

static void
other_types_and_families_are_passed_over(void **unused)
{
	struct bench b = {0};

	(void)unused;
	device_message(&b, RTM_DELLINK, AF_BRIDGE, 42);
	device_message(&b, RTM_NEWLINK, AF_UNSPEC, 0);
	device_message(&b, RTM_NEWLINK, AF_UNSPEC, -5);
	address_message(&b, RTM_NEWADDR, AF_DECnet, 0, 0);
	message(&b, RTM_NEWROUTE, "\0\0\0\0", 4);
	device_message(&b, RTM_NEWLINK, AF_UNSPEC, 42);
	parse(&b);
	assert_false(b.batch.malformed);
	assert_int_equal(b.nb_addresses, 0);
	assert_int_equal(b.nb_devices, 1);
	assert_int_equal(b.devices[0].if_index, 42);
	assert_int_equal(b.devices[0].base, 0);
}

static void
short_headers(void **unused)
{
	struct bench b = {0};

	(void)unused;
	message(&b, RTM_NEWLINK, "\0\0\0\0", 4);
	parse(&b);
	assert_true(b.batch.malformed);
	b = (struct bench){0};
	message(&b, RTM_NEWADDR, "\2\0\0\0", 4);
	parse(&b);
	assert_true(b.batch.malformed);
	assert_int_equal(b.nb_addresses + b.nb_devices, 0);
}

static void
every_cut_is_safe(void **unused)
{
	struct bench b = {0};
	size_t first, whole;

	(void)unused;
	vlan_message(&b, RTM_NEWLINK, &(struct vlan){"vlan", 4, 100, ETH_P_8021Q, false});
	first = b.len;
	address_message(&b, RTM_NEWADDR, AF_INET6, 64, 0);
	attr(&b, IFA_ADDRESS, v6_a, 16);
	whole = b.len;
	for (size_t len = 0; len < whole; len++) {
		b.len = len;
		parse(&b);
		assert_int_equal(b.nb_devices, len >= first);
		assert_int_equal(b.nb_addresses, 0);
		/* Nothing at all is a clean end, and so is the padding behind a message. */
		if (len != 0 && (len < first || len > NLMSG_ALIGN(first)))
			assert_true(b.batch.malformed);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_is_the_local_one),
		cmocka_unit_test(ipv6_without_and_with_a_peer),
		cmocka_unit_test(flags_decide_what_is_usable),
		cmocka_unit_test(broken_addresses_are_left_out),
		cmocka_unit_test(vlan_devices_name_their_base),
		cmocka_unit_test(recorded_vlan_device),
		cmocka_unit_test(broken_vlan_devices_are_left_out),
		cmocka_unit_test(other_types_and_families_are_passed_over),
		cmocka_unit_test(short_headers),
		cmocka_unit_test(every_cut_is_safe),
	};

	return cmocka_run_group_tests_name("kernel_addr_parse", tests, NULL, NULL);
}
