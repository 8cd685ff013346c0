/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kernel says beside an error number, through rtnl_walk(). */
#include "rtnl.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static const char said[] = "VF is still in reset";

struct bench {
	_Alignas(struct nlmsghdr) char bytes[1024];
	struct nlmsghdr *nlh;
	struct rtnl_batch batch;
};

/* An error that repeats a request of @repeated bytes, or with @capped its header only. */
static void
begin(struct bench *b, bool capped, uint32_t repeated)
{
	struct nlmsgerr *e;

	memset(b, 0, sizeof(*b));
	b->nlh = mnl_nlmsg_put_header(b->bytes);
	b->nlh->nlmsg_type = NLMSG_ERROR;
	b->nlh->nlmsg_flags = (uint16_t)(NLM_F_ACK_TLVS | (capped ? NLM_F_CAPPED : 0));
	b->nlh->nlmsg_seq = 7;
	e = mnl_nlmsg_put_extra_header(
		b->nlh, sizeof(*e) + (capped ? 0 : repeated - sizeof(e->msg))
	);
	e->error = -EINVAL;
	e->msg.nlmsg_len = repeated;
}

static bool
no_message(void *ctx, const struct nlmsghdr *nlh)
{
	(void)ctx;
	(void)nlh;
	return false;
}

/* Walk a heap copy of exactly the bytes, so that ASan sees a read past them. */
static void
walk(struct bench *b, uint32_t seq)
{
	void *copy = malloc(b->nlh->nlmsg_len);

	assert_non_null(copy);
	memcpy(copy, b->bytes, b->nlh->nlmsg_len);
	rtnl_walk(copy, b->nlh->nlmsg_len, seq, no_message, NULL, &b->batch);
	free(copy);
}

static void
text_behind_a_header_and_behind_a_whole_request(void **unused)
{
	struct bench b;

	(void)unused;
	for (uint32_t repeated = 16; repeated <= 80; repeated += 4) {
		begin(&b, repeated % 8 == 0, repeated);
		mnl_attr_put_u32(b.nlh, NLMSGERR_ATTR_OFFS, 36);
		mnl_attr_put_strz(b.nlh, NLMSGERR_ATTR_MSG, said);
		walk(&b, 7);
		assert_true(b.batch.done);
		assert_int_equal(b.batch.error, -EINVAL);
		assert_string_equal(b.batch.text, said);
	}
}

static void
without_the_flag_there_is_no_text(void **unused)
{
	struct bench b;

	(void)unused;
	begin(&b, true, 40);
	mnl_attr_put_strz(b.nlh, NLMSGERR_ATTR_MSG, said);
	b.nlh->nlmsg_flags &= (uint16_t)~NLM_F_ACK_TLVS;
	walk(&b, 7);
	assert_int_equal(b.batch.error, -EINVAL);
	assert_string_equal(b.batch.text, "");
	/* Nor in the event stream, or in the answer to another request. */
	b.nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
	walk(&b, 0);
	assert_string_equal(b.batch.text, "");
	walk(&b, 8);
	assert_string_equal(b.batch.text, "");
}

static void
impossible_lengths_of_the_request(void **unused)
{
	static const uint32_t lengths[] = {0, 15, 1000, 0x80000000u, UINT32_MAX};
	struct bench b;

	(void)unused;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		begin(&b, false, 40);
		mnl_attr_put_strz(b.nlh, NLMSGERR_ATTR_MSG, said);
		((struct nlmsgerr *)mnl_nlmsg_get_payload(b.nlh))->msg.nlmsg_len = lengths[i];
		walk(&b, 7);
		assert_int_equal(b.batch.error, -EINVAL);
		assert_string_equal(b.batch.text, "");
	}
}

static void
every_cut_is_safe(void **unused)
{
	struct bench b;
	uint32_t whole;

	(void)unused;
	begin(&b, true, 40);
	mnl_attr_put_strz(b.nlh, NLMSGERR_ATTR_MSG, said);
	whole = b.nlh->nlmsg_len;
	for (uint32_t len = sizeof(*b.nlh); len < whole; len++) {
		b.nlh->nlmsg_len = len;
		walk(&b, 7);
		assert_true(strlen(b.batch.text) < sizeof(said));
	}
}

static void
long_and_unprintable_texts(void **unused)
{
	char huge[400];
	struct bench b;

	(void)unused;
	memset(huge, 'x', sizeof(huge));
	begin(&b, true, 40);
	mnl_attr_put(b.nlh, NLMSGERR_ATTR_MSG, sizeof(huge), huge);
	walk(&b, 7);
	assert_int_equal(strlen(b.batch.text), RTNL_TEXT_BYTES - 1);
	begin(&b, true, 40);
	mnl_attr_put(b.nlh, NLMSGERR_ATTR_MSG, 6, "a\nb\x1b[c");
	walk(&b, 7);
	assert_string_equal(b.batch.text, "a?b?[c");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_behind_a_header_and_behind_a_whole_request),
		cmocka_unit_test(without_the_flag_there_is_no_text),
		cmocka_unit_test(impossible_lengths_of_the_request),
		cmocka_unit_test(every_cut_is_safe),
		cmocka_unit_test(long_and_unprintable_texts),
	};

	return cmocka_run_group_tests_name("rtnl", tests, NULL, NULL);
}
