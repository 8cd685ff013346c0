/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vf_rtnl and rtnl_request with the real kernel, about devices without VFs in a namespace of this
 * process. Devices with VFs need hardware: see tests/lab.
 */
#include "host_bench.h"
#include "reason.h"
#include "rtnl.h"
#include "vf_message.h"
#include "vf_rtnl.h"
#include "vf_rtnl_encode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void
the_kernel_about_a_device_without_vfs(void **state)
{
	struct vf_state want = vf_message_state(0), *list = NULL, one;
	struct vf_rtnl *r = NULL;
	struct reason why;
	unsigned n = 9;

	need_namespace(*state);
	assert_int_equal(vf_rtnl_new(&r, &why), 0);
	ip("link add va type veth peer name vb");
	assert_int_equal(vf_rtnl_list(r, "va", &list, &n, &why), 0);
	assert_int_equal(n, 0);
	free(list);
	assert_int_equal(vf_rtnl_get(r, "va", 0, &one, &why), -ENOENT);
	assert_string_equal(why.text, "va: it has no VF 0, but 0 VFs");
	for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++) {
		assert_int_equal(vf_rtnl_set(r, "va", attr, &want, &why), -EOPNOTSUPP);
		if (strstr(why.text, vf_attr_names[attr]) == NULL)
			fail_msg("%s", why.text);
	}
	ip("link del va");
	assert_int_equal(vf_rtnl_list(r, "va", &list, &n, &why), -ENODEV);
	assert_int_equal(vf_rtnl_set(r, "va", VF_ATTR_MAC, &want, &why), -ENODEV);
	vf_rtnl_free(r);
}

static bool
ignore(void *ctx, const struct nlmsghdr *nlh)
{
	(void)ctx;
	(void)nlh;
	return true;
}

static void
the_kernel_explains_itself(void **state)
{
	_Alignas(struct nlmsghdr) char buf[VF_RTNL_REQUEST_BYTES];
	struct rtnl_buffer answer = {0};
	struct mnl_socket *nl = NULL;
	char text[RTNL_TEXT_BYTES] = "old";
	struct nlmsghdr *nlh;
	uint32_t seq = UINT32_MAX;

	need_namespace(*state);
	ip("link add va type veth peer name vb");
	assert_int_equal(rtnl_open(&nl, 0), 0);
	/* An IFLA_MTU beyond what veth takes: __dev_set_mtu says why. */
	nlh = vf_rtnl_encode_get(buf, "va");
	nlh->nlmsg_type = RTM_SETLINK;
	mnl_attr_put_u32(nlh, IFLA_MTU, 1);
	assert_int_equal(rtnl_request(nl, &seq, nlh, &answer, ignore, NULL, text), -EINVAL);
	assert_string_equal(text, "mtu less than device minimum");
	assert_int_equal(seq, 1);
	/* What one request left is not the next one's. */
	nlh = vf_rtnl_encode_get(buf, "vz");
	assert_int_equal(rtnl_request(nl, &seq, nlh, &answer, ignore, NULL, text), -ENODEV);
	assert_string_not_equal(text, "mtu less than device minimum");
	mnl_socket_close(nl);
	free(answer.bytes);
	ip("link del va");
}

static bool
note_size(void *ctx, const struct nlmsghdr *nlh)
{
	*(uint32_t *)ctx = nlh->nlmsg_len;
	return true;
}

/* A device without VFs has a big answer too, when it has many long alternative names. */
static void
an_answer_of_any_size_is_read(void **state)
{
	_Alignas(struct nlmsghdr) char buf[VF_RTNL_REQUEST_BYTES];
	struct rtnl_buffer answer = {0};
	char text[RTNL_TEXT_BYTES];
	struct mnl_socket *nl = NULL;
	uint32_t seq = 0, size = 0;

	need_namespace(*state);
	ip("link add va type veth peer name vb");
	assert_int_equal(
		system("for i in $(seq 300); do"
	               " printf 'link property add dev va altname a%0110d\\n' $i;"
	               " done | ip -batch -"),
		0
	);
	assert_int_equal(rtnl_open(&nl, 0), 0);
	for (int i = 0; i < 2; i++) {
		size = 0;
		assert_int_equal(
			rtnl_request(
				nl,
				&seq,
				vf_rtnl_encode_get(buf, "va"),
				&answer,
				note_size,
				&size,
				text
			),
			0
		);
		assert_true(size > RTNL_BUF_BYTES);
		assert_true(answer.size >= size);
	}
	mnl_socket_close(nl);
	free(answer.bytes);
	ip("link del va");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_about_a_device_without_vfs),
		cmocka_unit_test(the_kernel_explains_itself),
		cmocka_unit_test(an_answer_of_any_size_is_read),
	};

	return cmocka_run_group_tests_name("vf_rtnl_kernel", tests, private_namespace, NULL);
}
