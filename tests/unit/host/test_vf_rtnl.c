/* SPDX-License-Identifier: BSD-3-Clause */
/* vf_rtnl with a double of the kernel, which the linker puts where rtnl_request was. */
#include "reason.h"
#include "rtnl.h"
#include "vf_message.h"
#include "vf_rtnl.h"
#include "vf_rtnl_encode.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

enum { MAX_REQUESTS = 4 };

struct fixture {
	struct vf_rtnl *r;
	struct reason why;
};

/* What the double answers, and what it was asked. It has no context of ours, hence the static. */
static struct double_ {
	int answers[MAX_REQUESTS];
	const char *text;
	char *message; /* passed on when the answer is 0 */
	unsigned count;
	_Alignas(struct nlmsghdr) char requests[MAX_REQUESTS][VF_RTNL_REQUEST_BYTES];
} kernel;

int __wrap_rtnl_request(
	const struct mnl_socket *nl,
	uint32_t *seq,
	struct nlmsghdr *request,
	struct rtnl_buffer *buf,
	rtnl_message_fn *fn,
	void *ctx,
	char ret_text[static RTNL_TEXT_BYTES]
);

int
__wrap_rtnl_request(
	const struct mnl_socket *nl,
	uint32_t *seq,
	struct nlmsghdr *request,
	struct rtnl_buffer *buf,
	rtnl_message_fn *fn,
	void *ctx,
	char ret_text[static RTNL_TEXT_BYTES]
)
{
	unsigned i = kernel.count;

	(void)nl;
	(void)seq;
	(void)buf;
	assert_true(i < MAX_REQUESTS);
	assert_true(request->nlmsg_len <= VF_RTNL_REQUEST_BYTES);
	memcpy(kernel.requests[i], request, request->nlmsg_len);
	kernel.count++;
	snprintf(ret_text, RTNL_TEXT_BYTES, "%s", kernel.text != NULL ? kernel.text : "");
	if (kernel.answers[i] == 0 && kernel.message != NULL)
		fn(ctx, (const struct nlmsghdr *)kernel.message);
	return kernel.answers[i];
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(vf_rtnl_new(&f->r, &f->why), 0);
	kernel = (struct double_){0};
	kernel.message = calloc(1, VF_MESSAGE_BYTES);
	assert_non_null(kernel.message);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	assert_null(vf_rtnl_free(f->r));
	assert_null(vf_rtnl_free(NULL));
	free(kernel.message);
	free(f);
	return 0;
}

static void
assert_reason(const struct fixture *f, const char *part)
{
	if (strstr(f->why.text, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part, f->why.text);
}

/* The @i-th request behind its header of the device: RTM_SETLINK, and the bytes of the list. */
static void
assert_set_request(unsigned i, const void *list, size_t bytes)
{
	const struct nlmsghdr *nlh = (const void *)kernel.requests[i];
	/* The device by its name, never by a number. */
	static const unsigned char front[] = {
		0,  0, 0, 0, 0,   0,   0,   0,   0,   0,   0, 0, 0, 0, 0, 0, /* struct ifinfomsg */
		11, 0, 3, 0, 'e', 'n', 's', '1', 'f', '0', 0, 0,
	};

	assert_int_equal(nlh->nlmsg_type, RTM_SETLINK);
	assert_true(nlh->nlmsg_flags & NLM_F_ACK);
	assert_int_equal(nlh->nlmsg_len, sizeof(*nlh) + sizeof(front) + bytes);
	assert_memory_equal(nlh + 1, front, sizeof(front));
	assert_memory_equal((const char *)(nlh + 1) + sizeof(front), list, bytes);
}

/* Little-endian bytes of a u32; the tests that compare them run on such machines only. */
#define LE32(v) (v) & 0xff, (v) >> 8 & 0xff, (v) >> 16 & 0xff, (v) >> 24 & 0xff
/* IFLA_VFINFO_LIST (22) and IFLA_VF_INFO (1), nested, around @n bytes. */
#define NESTS(n) (n) + 8, 0, 22, 0x80, (n) + 4, 0, 1, 0x80

static void
every_attribute_byte_for_byte(void **state)
{
	static const unsigned char mac[] = {
		NESTS(40), 40, 0, IFLA_VF_MAC, 0, LE32(258), 2, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0,
		0,         0,  0, 0,           0, 0,         0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	};
	static const unsigned char vlan[] = {
		NESTS(24),
		24,
		0,
		IFLA_VF_VLAN_LIST,
		0x80,
		20,
		0,
		1,
		0,
		LE32(258),
		LE32(259),
		LE32(2),
		0x88,
		0xa8,
		0,
		0,
	};
	static const unsigned char rate[] = {
		NESTS(16),
		16,
		0,
		IFLA_VF_RATE,
		0,
		LE32(258),
		LE32(258),
		LE32(516),
	};
	static const unsigned char spoofchk[] = {
		NESTS(12),
		12,
		0,
		IFLA_VF_SPOOFCHK,
		0,
		LE32(258),
		LE32(0),
	};
	static const unsigned char trust[] = {
		NESTS(12),
		12,
		0,
		IFLA_VF_TRUST,
		0,
		LE32(258),
		LE32(1),
	};
	static const unsigned char link_state[] = {
		NESTS(12),
		12,
		0,
		IFLA_VF_LINK_STATE,
		0,
		LE32(258),
		LE32(2),
	};
	static const struct {
		const unsigned char *bytes;
		size_t len;
	} expected[] = {
		[VF_ATTR_MAC] = {mac, sizeof(mac)},
		[VF_ATTR_VLAN] = {vlan, sizeof(vlan)},
		[VF_ATTR_RATE] = {rate, sizeof(rate)},
		[VF_ATTR_SPOOFCHK] = {spoofchk, sizeof(spoofchk)},
		[VF_ATTR_TRUST] = {trust, sizeof(trust)},
		[VF_ATTR_LINK_STATE] = {link_state, sizeof(link_state)},
	};
	struct vf_state want = vf_message_state(258);
	struct fixture *f = *state;

	want.link_state = VF_LINK_DISABLE;
	for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++) {
		kernel.count = 0;
		assert_int_equal(vf_rtnl_set(f->r, "ens1f0", attr, &want, &f->why), 0);
		assert_int_equal(kernel.count, 1);
		assert_set_request(0, expected[attr].bytes, expected[attr].len);
	}
}

static void
a_listing_is_asked_for_without_counters(void **state)
{
	static const unsigned char tail[] = {8, 0, IFLA_EXT_MASK, 0, LE32(1 | 8)};
	const struct nlmsghdr *nlh = (const void *)kernel.requests[0];
	struct fixture *f = *state;
	struct vf_state *list = NULL;
	unsigned n;

	vf_message(kernel.message, 0, 0, NULL);
	assert_int_equal(vf_rtnl_list(f->r, "ens1f0", &list, &n, &f->why), 0);
	assert_int_equal(n, 0);
	free(list);
	assert_int_equal(nlh->nlmsg_type, RTM_GETLINK);
	assert_memory_equal((const char *)nlh + nlh->nlmsg_len - sizeof(tail), tail, sizeof(tail));
}

static void
vlan_falls_back_to_the_form_without_protocol(void **state)
{
	static const unsigned char old[] = {
		NESTS(16),
		16,
		0,
		IFLA_VF_VLAN,
		0,
		LE32(1),
		LE32(2),
		LE32(1),
	};
	struct vf_state want = vf_message_state(1);
	struct fixture *f = *state;

	kernel.answers[0] = -EOPNOTSUPP;
	assert_int_equal(vf_rtnl_set(f->r, "ens1f0", VF_ATTR_VLAN, &want, &f->why), 0);
	assert_int_equal(kernel.count, 2);
	assert_set_request(1, old, sizeof(old));
	/* Which cannot say 802.1ad. */
	kernel.count = 0;
	want.vlan_proto = ETH_P_8021AD;
	assert_int_equal(vf_rtnl_set(f->r, "ens1f0", VF_ATTR_VLAN, &want, &f->why), -EOPNOTSUPP);
	assert_int_equal(kernel.count, 1);
	/* Another refusal is the driver's own. */
	kernel.count = 0;
	kernel.answers[0] = -EINVAL;
	want.vlan_proto = ETH_P_8021Q;
	assert_int_equal(vf_rtnl_set(f->r, "ens1f0", VF_ATTR_VLAN, &want, &f->why), -EINVAL);
	assert_int_equal(kernel.count, 1);
}

/* A VLAN is taken away under a protocol that every driver knows. */
static void
no_vlan_has_a_protocol_all_the_same(void **state)
{
	static const unsigned char none[] = {
		NESTS(24),
		24,
		0,
		IFLA_VF_VLAN_LIST,
		0x80,
		20,
		0,
		1,
		0,
		LE32(4),
		LE32(0),
		LE32(0),
		0x81,
		0x00,
		0,
		0,
	};
	const struct vf_state want = {.vf = 4};
	struct fixture *f = *state;

	assert_int_equal(vf_rtnl_set(f->r, "ens1f0", VF_ATTR_VLAN, &want, &f->why), 0);
	assert_set_request(0, none, sizeof(none));
}

static void
rate_falls_back_when_there_is_no_minimum(void **state)
{
	static const unsigned char old[] = {
		NESTS(12),
		12,
		0,
		IFLA_VF_TX_RATE,
		0,
		LE32(1),
		LE32(2),
	};
	struct vf_state want = vf_message_state(1);
	struct fixture *f = *state;

	kernel.answers[0] = -EOPNOTSUPP;
	assert_int_equal(vf_rtnl_set(f->r, "ens1f0", VF_ATTR_RATE, &want, &f->why), -EOPNOTSUPP);
	assert_int_equal(kernel.count, 1);
	kernel.count = 0;
	want.min_tx_rate_mbps = 0;
	assert_int_equal(vf_rtnl_set(f->r, "ens1f0", VF_ATTR_RATE, &want, &f->why), 0);
	assert_int_equal(kernel.count, 2);
	assert_set_request(1, old, sizeof(old));
	/* Both forms refused: two requests, not more. */
	kernel.count = 0;
	kernel.answers[1] = -EOPNOTSUPP;
	assert_int_equal(vf_rtnl_set(f->r, "ens1f0", VF_ATTR_RATE, &want, &f->why), -EOPNOTSUPP);
	assert_int_equal(kernel.count, 2);
}

static void
other_attributes_have_one_form(void **state)
{
	struct vf_state want = vf_message_state(1);
	struct fixture *f = *state;

	kernel.answers[0] = -EOPNOTSUPP;
	for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++) {
		if (attr == VF_ATTR_VLAN || attr == VF_ATTR_RATE)
			continue;
		kernel.count = 0;
		assert_int_equal(vf_rtnl_set(f->r, "ens1f0", attr, &want, &f->why), -EOPNOTSUPP);
		assert_int_equal(kernel.count, 1);
	}
}

static void
a_refusal_names_everything(void **state)
{
	struct vf_state want = vf_message_state(3);
	struct fixture *f = *state;

	kernel.answers[0] = -EINVAL;
	kernel.text = "VF still in reset";
	assert_int_equal(vf_rtnl_set(f->r, "ens1f0", VF_ATTR_TRUST, &want, &f->why), -EINVAL);
	assert_string_equal(
		f->why.text,
		"ens1f0: cannot set trust of VF 3: Invalid argument (-22): VF still in reset"
	);
	kernel.count = 0;
	kernel.text = NULL;
	assert_int_equal(vf_rtnl_set(f->r, "ens1f0", VF_ATTR_TRUST, &want, &f->why), -EINVAL);
	assert_string_equal(
		f->why.text, "ens1f0: cannot set trust of VF 3: Invalid argument (-22)"
	);
}

static void
lists_in_the_order_of_numbers(void **state)
{
	static const uint32_t numbers[] = {2, 0, 1};
	struct fixture *f = *state;
	struct vf_state *list = NULL, one;
	unsigned n = 0;

	vf_message(kernel.message, 3, 3, numbers);
	assert_int_equal(vf_rtnl_list(f->r, "ens1f0", &list, &n, &f->why), 0);
	assert_int_equal(n, 3);
	for (uint32_t vf = 0; vf < 3; vf++)
		assert_int_equal(list[vf].vf, vf);
	free(list);
	assert_int_equal(vf_rtnl_get(f->r, "ens1f0", 2, &one, &f->why), 0);
	assert_int_equal(one.vf, 2);
	assert_int_equal(one.mac[5], 2);
}

/* Nothing is written to the outputs of a listing that has not all of them. */
static void
missing_vfs_are_an_error(void **state)
{
	static const uint32_t numbers[] = {0, 2};
	struct vf_state sentinel = {.vf = 77}, *list = &sentinel, one = sentinel;
	struct fixture *f = *state;
	unsigned n = 5;

	vf_message(kernel.message, 3, 2, numbers);
	assert_int_equal(vf_rtnl_list(f->r, "ens1f0", &list, &n, &f->why), -EMSGSIZE);
	assert_reason(f, "ens1f0: it has 3 VFs, and the kernel's answer has 2");
	assert_ptr_equal(list, &sentinel);
	assert_int_equal(n, 5);
	kernel.count = 0;
	assert_int_equal(vf_rtnl_get(f->r, "ens1f0", 1, &one, &f->why), -EMSGSIZE);
	assert_int_equal(one.vf, 77);
	/* One that is there can be used all the same. */
	kernel.count = 0;
	assert_int_equal(vf_rtnl_get(f->r, "ens1f0", 2, &one, &f->why), 0);
	assert_int_equal(one.vf, 2);
	kernel.count = 0;
	vf_message_begin(kernel.message, 4);
	assert_int_equal(vf_rtnl_list(f->r, "ens1f0", &list, &n, &f->why), -EMSGSIZE);
	assert_reason(f, "its driver tells nothing about its 4 VFs");
}

static void
a_list_beyond_64_kib_is_said_to_be_cut(void **state)
{
	struct fixture *f = *state;
	struct vf_state *list = NULL, one;
	unsigned n;

	vf_message(kernel.message, 500, 500, NULL);
	assert_int_equal(vf_rtnl_list(f->r, "ens1f0", &list, &n, &f->why), -EMSGSIZE);
	assert_null(list);
	assert_reason(f, "cut at 64 KiB");
	kernel.count = 0;
	assert_int_equal(vf_rtnl_get(f->r, "ens1f0", 499, &one, &f->why), -EMSGSIZE);
	/* A newer kernel says so itself. */
	kernel.count = 0;
	kernel.answers[0] = -EMSGSIZE;
	assert_int_equal(vf_rtnl_list(f->r, "ens1f0", &list, &n, &f->why), -EMSGSIZE);
	assert_reason(f, "64 KiB");
}

static void
malformed_and_empty_answers(void **state)
{
	struct fixture *f = *state;
	struct vf_state *list = NULL, one;
	unsigned n;
	struct nlmsghdr *nlh = vf_message(kernel.message, 2, 2, NULL);

	mnl_attr_put_u32(nlh, 1, 1);
	((struct nlattr *)((char *)nlh + nlh->nlmsg_len - 8))->nla_len = 2;
	assert_int_equal(vf_rtnl_list(f->r, "ens1f0", &list, &n, &f->why), -EBADMSG);
	assert_null(list);
	kernel.count = 0;
	assert_int_equal(vf_rtnl_get(f->r, "ens1f0", 1, &one, &f->why), 0);
	kernel.count = 0;
	assert_int_equal(vf_rtnl_get(f->r, "ens1f0", 2, &one, &f->why), -EBADMSG);
	kernel.count = 0;
	nlh->nlmsg_type = RTM_NEWADDR;
	assert_int_equal(vf_rtnl_list(f->r, "ens1f0", &list, &n, &f->why), -EPROTO);
}

static void
a_number_beyond_the_vfs(void **state)
{
	struct fixture *f = *state;
	struct vf_state one = {.vf = 77};

	vf_message(kernel.message, 3, 3, NULL);
	assert_int_equal(vf_rtnl_get(f->r, "ens1f0", 3, &one, &f->why), -ENOENT);
	assert_string_equal(f->why.text, "ens1f0: it has no VF 3, but 3 VFs");
	assert_int_equal(one.vf, 77);
}

static void
names_that_no_device_has(void **state)
{
	static const char *const names[] = {
		"", "sixteen-chars-xy", "a-name-of-a-hundred-characters"};
	struct vf_state want = {0}, *list = NULL;
	struct fixture *f = *state;
	unsigned n;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(vf_rtnl_list(f->r, names[i], &list, &n, &f->why), -ENODEV);
		assert_int_equal(vf_rtnl_get(f->r, names[i], 0, &want, &f->why), -ENODEV);
		assert_int_equal(vf_rtnl_set(f->r, names[i], VF_ATTR_MAC, &want, &f->why), -ENODEV);
	}
	assert_int_equal(kernel.count, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_attribute_byte_for_byte),
		TEST(a_listing_is_asked_for_without_counters),
		TEST(vlan_falls_back_to_the_form_without_protocol),
		TEST(no_vlan_has_a_protocol_all_the_same),
		TEST(rate_falls_back_when_there_is_no_minimum),
		TEST(other_attributes_have_one_form),
		TEST(a_refusal_names_everything),
		TEST(lists_in_the_order_of_numbers),
		TEST(missing_vfs_are_an_error),
		TEST(a_list_beyond_64_kib_is_said_to_be_cut),
		TEST(malformed_and_empty_answers),
		TEST(a_number_beyond_the_vfs),
		TEST(names_that_no_device_has),
	};

	return cmocka_run_group_tests_name("vf_rtnl", tests, NULL, NULL);
}
