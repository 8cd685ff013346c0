/* SPDX-License-Identifier: BSD-3-Clause */
/* Listings of VFs, sound and broken, through vf_rtnl_parse(). */
#include "vf_message.h"
#include "vf_rtnl_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

struct fixture {
	_Alignas(struct nlmsghdr) char bytes[VF_MESSAGE_BYTES];
	struct vf_rtnl_listing l;
};

static int
setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	assert_non_null(*state);
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	free(f->l.items);
	free(f);
	return 0;
}

/* Parse a heap copy of exactly @len bytes, so that ASan sees a read past them. */
static struct rtnl_batch
parse_bytes(struct fixture *f, size_t len)
{
	void *copy = malloc(len != 0 ? len : 1);
	struct rtnl_batch batch;

	assert_non_null(copy);
	memcpy(copy, f->bytes, len);
	free(f->l.items);
	f->l = (struct vf_rtnl_listing){0};
	rtnl_walk(copy, len, 7, vf_rtnl_parse, &f->l, &batch);
	free(copy);
	return batch;
}

static void
parse(struct fixture *f, const struct nlmsghdr *nlh)
{
	struct rtnl_batch batch = parse_bytes(f, nlh->nlmsg_len);

	assert_int_equal(batch.malformed, f->l.malformed);
}

static void
assert_state(const struct vf_state *s, const struct vf_state *expected)
{
	assert_non_null(s);
	assert_int_equal(s->vf, expected->vf);
	assert_int_equal(s->known, expected->known);
	assert_memory_equal(s->mac, expected->mac, 6);
	assert_int_equal(s->vlan, expected->vlan);
	assert_int_equal(s->qos, expected->qos);
	assert_int_equal(s->vlan_proto, expected->vlan_proto);
	assert_int_equal(s->min_tx_rate_mbps, expected->min_tx_rate_mbps);
	assert_int_equal(s->max_tx_rate_mbps, expected->max_tx_rate_mbps);
	assert_int_equal(s->spoofchk, expected->spoofchk);
	assert_int_equal(s->trust, expected->trust);
	assert_int_equal(s->link_state, expected->link_state);
}

static void
reads_256_vfs(void **state)
{
	struct fixture *f = *state;
	struct nlmsghdr *nlh = vf_message(f->bytes, 256, 256, NULL);

	assert_true(nlh->nlmsg_len > RTNL_BUF_BYTES);
	parse(f, nlh);
	assert_false(f->l.malformed);
	assert_true(f->l.is_link);
	assert_int_equal(f->l.num_vfs, 256);
	assert_int_equal(f->l.count, 256);
	assert_true(vf_rtnl_listing_complete(&f->l));
	for (uint32_t vf = 0; vf < 256; vf++) {
		struct vf_state expected = vf_message_state(vf);

		assert_state(vf_rtnl_listing_find(&f->l, vf), &expected);
	}
	assert_null(vf_rtnl_listing_find(&f->l, 256));
}

static void
numbers_count_and_not_positions(void **state)
{
	static const uint32_t numbers[] = {3, 0, 4, 1, 2};
	struct fixture *f = *state;

	parse(f, vf_message(f->bytes, 5, 5, numbers));
	assert_int_equal(f->l.count, 5);
	assert_true(vf_rtnl_listing_complete(&f->l));
	for (uint32_t vf = 0; vf < 5; vf++) {
		struct vf_state expected = vf_message_state(vf);

		assert_int_equal(f->l.items[vf].vf, vf);
		assert_state(vf_rtnl_listing_find(&f->l, vf), &expected);
	}
}

static void
gaps_and_doubles_are_no_complete_list(void **state)
{
	static const uint32_t gap[] = {0, 1, 3}, doubled[] = {0, 1, 1};
	static const uint32_t beyond[] = {0, 1, UINT32_MAX};
	struct fixture *f = *state;

	parse(f, vf_message(f->bytes, 3, 3, gap));
	assert_false(vf_rtnl_listing_complete(&f->l));
	assert_non_null(vf_rtnl_listing_find(&f->l, 3));
	assert_null(vf_rtnl_listing_find(&f->l, 2));
	parse(f, vf_message(f->bytes, 3, 3, doubled));
	assert_int_equal(f->l.count, 2);
	assert_false(vf_rtnl_listing_complete(&f->l));
	parse(f, vf_message(f->bytes, 3, 3, beyond));
	assert_false(vf_rtnl_listing_complete(&f->l));
	parse(f, vf_message(f->bytes, UINT32_MAX, 3, beyond));
	assert_false(vf_rtnl_listing_complete(&f->l));
	parse(f, vf_message(f->bytes, 1, 0, NULL));
	assert_true(f->l.has_list);
	assert_false(vf_rtnl_listing_complete(&f->l));
}

static void
no_vfs_and_no_list(void **state)
{
	struct fixture *f = *state;
	struct nlmsghdr *nlh = vf_message_begin(f->bytes, 0);

	parse(f, nlh);
	assert_true(f->l.is_link);
	assert_false(f->l.has_list);
	assert_int_equal(f->l.count, 0);
	assert_true(vf_rtnl_listing_complete(&f->l));
	parse(f, vf_message_begin(f->bytes, 4));
	assert_false(vf_rtnl_listing_complete(&f->l));
}

static void
other_messages_are_passed_over(void **state)
{
	struct fixture *f = *state;
	struct nlmsghdr *nlh = vf_message(f->bytes, 2, 2, NULL);
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	ifi->ifi_family = AF_BRIDGE;
	parse(f, nlh);
	assert_false(f->l.is_link);
	assert_int_equal(f->l.count, 0);
	ifi->ifi_family = AF_UNSPEC;
	nlh->nlmsg_type = RTM_DELLINK;
	parse(f, nlh);
	assert_false(f->l.is_link);
}

static void
what_the_driver_does_not_tell_is_not_known(void **state)
{
	struct vf_state s = vf_message_state(1), expected;
	struct fixture *f = *state;
	struct nlmsghdr *nlh = vf_message_begin(f->bytes, 1);
	struct nlattr *list = mnl_attr_nest_start(nlh, IFLA_VFINFO_LIST);

	s.known &= ~(1u << VF_ATTR_SPOOFCHK | 1u << VF_ATTR_TRUST);
	s.link_state = (enum vf_link_state)VF_LINK_COUNT;
	vf_message_add(nlh, &s);
	mnl_attr_nest_end(nlh, list);
	parse(f, nlh);
	expected = s;
	expected.known &= ~(1u << VF_ATTR_LINK_STATE);
	expected.spoofchk = expected.trust = false;
	expected.link_state = VF_LINK_AUTO;
	assert_state(vf_rtnl_listing_find(&f->l, 1), &expected);
}

static void
vlans_out_of_range_are_not_known(void **state)
{
	static const struct {
		uint32_t vlan, qos;
		bool known;
	} cases[] = {{4095, 7, true}, {4096, 0, false}, {65537, 0, false}, {5, 8, false}};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct ifla_vf_vlan_info v = {
			0, cases[i].vlan, cases[i].qos, htons(ETH_P_8021Q)};
		struct nlmsghdr *nlh = vf_message_begin(f->bytes, 1);
		struct nlattr *list = mnl_attr_nest_start(nlh, IFLA_VFINFO_LIST);
		struct nlattr *vf = mnl_attr_nest_start(nlh, IFLA_VF_INFO);
		struct nlattr *vlans = mnl_attr_nest_start(nlh, IFLA_VF_VLAN_LIST);

		mnl_attr_put(nlh, IFLA_VF_VLAN_INFO, sizeof(v), &v);
		mnl_attr_nest_end(nlh, vlans);
		mnl_attr_nest_end(nlh, vf);
		mnl_attr_nest_end(nlh, list);
		parse(f, nlh);
		assert_int_equal(f->l.count, 1);
		assert_int_equal(f->l.items[0].known, cases[i].known ? 1u << VF_ATTR_VLAN : 0);
		assert_int_equal(f->l.items[0].vlan, cases[i].known ? cases[i].vlan : 0);
		assert_int_equal(f->l.items[0].qos, cases[i].known ? cases[i].qos : 0);
	}
}

/* A kernel before 4.9 has no list of VLANs, one before 3.16 no pair of rates. */
static void
older_forms_are_read(void **state)
{
	const struct ifla_vf_vlan vlan = {6, 100, 3};
	const struct vf_state expected = {
		.vf = 6,
		.known = 1u << VF_ATTR_VLAN | 1u << VF_ATTR_RATE,
		.vlan = 100,
		.qos = 3,
		.vlan_proto = ETH_P_8021Q,
		.max_tx_rate_mbps = 500,
	};
	struct fixture *f = *state;
	struct nlmsghdr *nlh = vf_message_begin(f->bytes, 7);
	struct nlattr *list = mnl_attr_nest_start(nlh, IFLA_VFINFO_LIST);
	struct nlattr *vf = mnl_attr_nest_start(nlh, IFLA_VF_INFO);

	mnl_attr_put(nlh, IFLA_VF_VLAN, sizeof(vlan), &vlan);
	vf_message_number(nlh, IFLA_VF_TX_RATE, 6, 500);
	mnl_attr_nest_end(nlh, vf);
	mnl_attr_nest_end(nlh, list);
	parse(f, nlh);
	assert_state(vf_rtnl_listing_find(&f->l, 6), &expected);
}

static void
unknown_attributes_are_passed_over(void **state)
{
	struct vf_state s = vf_message_state(5);
	struct fixture *f = *state;
	struct nlmsghdr *nlh = vf_message_begin(f->bytes, 1);
	struct nlattr *list = mnl_attr_nest_start(nlh, IFLA_VFINFO_LIST);
	struct nlattr *vf;

	mnl_attr_put_u32(nlh, 99, 1); /* beside IFLA_VF_INFO */
	vf = mnl_attr_nest_start(nlh, IFLA_VF_INFO);
	mnl_attr_put_u8(nlh, IFLA_VF_MAX + 1, 1);
	mnl_attr_put(nlh, IFLA_VF_MAX + 2, 0, NULL);
	mnl_attr_nest_end(nlh, vf);
	vf_message_add(nlh, &s);
	mnl_attr_nest_end(nlh, list);
	parse(f, nlh);
	assert_false(f->l.malformed);
	assert_int_equal(f->l.count, 1); /* the first told of no VF */
	assert_state(vf_rtnl_listing_find(&f->l, 5), &s);
}

/* An attribute that is one byte too short for its type, for each type. */
static void
short_attributes_are_malformed(void **state)
{
	static const struct {
		uint16_t type, bytes;
	} cases[] = {
		{IFLA_VF_MAC, sizeof(struct ifla_vf_mac)},
		{IFLA_VF_VLAN, sizeof(struct ifla_vf_vlan)},
		{IFLA_VF_TX_RATE, sizeof(struct ifla_vf_tx_rate)},
		{IFLA_VF_RATE, sizeof(struct ifla_vf_rate)},
		{IFLA_VF_SPOOFCHK, sizeof(struct ifla_vf_spoofchk)},
		{IFLA_VF_TRUST, sizeof(struct ifla_vf_trust)},
		{IFLA_VF_LINK_STATE, sizeof(struct ifla_vf_link_state)},
		{IFLA_VF_VLAN_INFO, sizeof(struct ifla_vf_vlan_info)},
	};
	static const char zeros[64];
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (uint16_t bytes = 0; bytes <= cases[i].bytes + 4; bytes++) {
			struct nlmsghdr *nlh = vf_message_begin(f->bytes, 1);
			struct nlattr *list = mnl_attr_nest_start(nlh, IFLA_VFINFO_LIST);
			struct nlattr *vf = mnl_attr_nest_start(nlh, IFLA_VF_INFO), *vlans = NULL;
			bool nested = i == sizeof(cases) / sizeof(cases[0]) - 1;

			if (nested)
				vlans = mnl_attr_nest_start(nlh, IFLA_VF_VLAN_LIST);
			mnl_attr_put(nlh, cases[i].type, bytes, zeros);
			if (nested)
				mnl_attr_nest_end(nlh, vlans);
			mnl_attr_nest_end(nlh, vf);
			mnl_attr_nest_end(nlh, list);
			parse(f, nlh);
			assert_int_equal(f->l.malformed, bytes < cases[i].bytes);
			assert_int_equal(f->l.count, bytes >= cases[i].bytes);
		}
	}
}

static void
a_vf_of_two_numbers_is_malformed(void **state)
{
	struct vf_state s = vf_message_state(0);
	struct fixture *f = *state;
	struct nlmsghdr *nlh = vf_message_begin(f->bytes, 3);
	struct nlattr *list = mnl_attr_nest_start(nlh, IFLA_VFINFO_LIST);
	struct nlattr *vf;

	vf_message_add(nlh, &s);
	vf = mnl_attr_nest_start(nlh, IFLA_VF_INFO);
	vf_message_number(nlh, IFLA_VF_TRUST, 1, 1);
	vf_message_number(nlh, IFLA_VF_SPOOFCHK, 2, 1);
	mnl_attr_nest_end(nlh, vf);
	mnl_attr_nest_end(nlh, list);
	parse(f, nlh);
	assert_true(f->l.malformed);
	assert_int_equal(f->l.count, 1);
	assert_state(vf_rtnl_listing_find(&f->l, 0), &s);
}

/* Whatever is cut off, the VFs that are read are those that were whole. */
static void
every_cut_is_safe(void **state)
{
	struct fixture *f = *state;
	struct nlmsghdr *nlh = vf_message(f->bytes, 4, 4, NULL);
	uint32_t whole = nlh->nlmsg_len;

	for (uint32_t len = 0; len < whole; len++) {
		/* Cut by the datagram, and by the message's own length. */
		nlh->nlmsg_len = whole;
		parse_bytes(f, len);
		assert_int_equal(f->l.count, 0);
		nlh->nlmsg_len = len;
		parse_bytes(f, len >= sizeof(*nlh) ? len : sizeof(*nlh));
		assert_true(f->l.count < 4);
		assert_false(f->l.count != 0 && vf_rtnl_listing_complete(&f->l));
		for (uint32_t vf = 0; vf < f->l.count; vf++) {
			struct vf_state expected = vf_message_state(vf);

			assert_state(&f->l.items[vf], &expected);
		}
	}
}

/* An older kernel does not notice that the list is longer than its length can say. */
static void
a_list_that_wraps_round_is_incomplete(void **state)
{
	struct fixture *f = *state;
	struct nlmsghdr *nlh = vf_message(f->bytes, 500, 500, NULL);

	assert_true(nlh->nlmsg_len > 65536);
	parse(f, nlh);
	assert_true(f->l.is_link);
	assert_int_equal(f->l.num_vfs, 500);
	assert_true(f->l.count > 0);
	assert_true(f->l.count < 500);
	assert_false(vf_rtnl_listing_complete(&f->l));
	for (uint32_t vf = 0; vf < f->l.count; vf++) {
		struct vf_state expected = vf_message_state(vf);

		assert_state(vf_rtnl_listing_find(&f->l, vf), &expected);
	}
}

static void
what_follows_the_list_is_not_the_devices(void **state)
{
	struct fixture *f = *state;
	struct nlmsghdr *nlh = vf_message(f->bytes, 2, 1, NULL);

	mnl_attr_put_u32(nlh, IFLA_NUM_VF, 1);
	parse(f, nlh);
	assert_int_equal(f->l.num_vfs, 2);
	assert_false(vf_rtnl_listing_complete(&f->l));
}

static void
impossible_lengths_of_nests(void **state)
{
	static const uint16_t lengths[] = {0, 3, 7, UINT16_MAX};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct nlmsghdr *nlh = vf_message_begin(f->bytes, 1);
		struct nlattr *list = mnl_attr_nest_start(nlh, IFLA_VFINFO_LIST);
		struct vf_state s = vf_message_state(0);

		vf_message_add(nlh, &s);
		mnl_attr_nest_end(nlh, list);
		list->nla_len = lengths[i];
		parse(f, nlh);
		assert_true(f->l.malformed);
		assert_int_equal(f->l.count, 0);
	}
}

static void
an_impossible_number_of_vfs_is_malformed(void **state)
{
	struct fixture *f = *state;
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(f->bytes);

	nlh->nlmsg_type = RTM_NEWLINK;
	nlh->nlmsg_seq = 7;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_u8(nlh, IFLA_NUM_VF, 3);
	parse(f, nlh);
	assert_true(f->l.malformed);
	assert_int_equal(f->l.num_vfs, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_256_vfs),
		TEST(numbers_count_and_not_positions),
		TEST(gaps_and_doubles_are_no_complete_list),
		TEST(no_vfs_and_no_list),
		TEST(other_messages_are_passed_over),
		TEST(what_the_driver_does_not_tell_is_not_known),
		TEST(vlans_out_of_range_are_not_known),
		TEST(older_forms_are_read),
		TEST(unknown_attributes_are_passed_over),
		TEST(short_attributes_are_malformed),
		TEST(a_vf_of_two_numbers_is_malformed),
		TEST(every_cut_is_safe),
		TEST(a_list_that_wraps_round_is_incomplete),
		TEST(what_follows_the_list_is_not_the_devices),
		TEST(impossible_lengths_of_nests),
		TEST(an_impossible_number_of_vfs_is_malformed),
	};

	return cmocka_run_group_tests_name("vf_rtnl_parse", tests, NULL, NULL);
}
