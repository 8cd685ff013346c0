/* SPDX-License-Identifier: BSD-3-Clause */
/* Settings into a PF's driver that does, refuses, waits, lies or half does. */
#include "vf_bench.h"

static int
apply(struct vf_bench *b, uint32_t attrs, const struct vf_state *want, uint32_t *ret_changed)
{
	b->nb_sets = 0;
	return vf_apply(&b->h, VF_PF, VF_UNDER_TEST, attrs, want, ret_changed, &b->notes, &b->why);
}

/* Fails with @err, and nothing is as it should not be. */
static void
assert_fails(struct vf_bench *b, uint32_t attrs, int err)
{
	struct vf_state want = state_wanted();
	uint32_t changed = 77;
	int rc = apply(b, attrs, &want, &changed);

	if (rc != err)
		fail_msg("%d, not %d: %s", rc, err, b->why.text);
	assert_int_equal(changed, 0);
	bench_assert_as_before(b);
	assert_null(strstr(b->why.text, "NOT as before"));
}

static void
all_attributes_in_the_fixed_order(void **state)
{
	struct vf_state want = state_wanted(), is;
	struct vf_bench *b = *state;
	uint32_t changed = 0;

	assert_int_equal(apply(b, ALL_ATTRS, &want, &changed), 0);
	assert_int_equal(changed, ALL_ATTRS);
	assert_int_equal(b->nb_sets, VF_ATTR_COUNT);
	assert_memory_equal(b->sets, vf_apply_order, sizeof(vf_apply_order));
	is = bench_state(b, VF_UNDER_TEST);
	for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++)
		assert_true(vf_state_same(attr, &is, &want));
	assert_string_equal(text_str(&b->notes), "");
	/* Trust before MAC, and what does not reset the VF last. */
	assert_int_equal(vf_apply_order[0], VF_ATTR_TRUST);
	assert_int_equal(vf_apply_order[1], VF_ATTR_MAC);
	assert_int_equal(vf_apply_order[VF_ATTR_COUNT - 1], VF_ATTR_RATE);
}

static void
only_what_is_asked_for_and_is_not_so(void **state)
{
	struct vf_state want = state_wanted(), is;
	struct vf_bench *b = *state;
	uint32_t changed = 77;

	assert_int_equal(apply(b, 0, &want, &changed), 0);
	assert_int_equal(changed, 0);
	assert_int_equal(b->nb_sets, 0);
	assert_int_equal(apply(b, ATTR(VLAN), &want, &changed), 0);
	assert_int_equal(changed, ATTR(VLAN));
	assert_int_equal(b->nb_sets, 1);
	is = bench_state(b, VF_UNDER_TEST);
	assert_int_equal(is.vlan, 200);
	assert_false(is.trust);
	/* Again: nothing is written. */
	assert_int_equal(apply(b, ATTR(VLAN), &want, &changed), 0);
	assert_int_equal(changed, 0);
	assert_int_equal(b->nb_sets, 0);
}

/* Another VF is not touched, whatever the number in the wanted state. */
static void
the_vf_named_is_the_one_changed(void **state)
{
	struct vf_state want = state_wanted(), other;
	struct vf_bench *b = *state;
	uint32_t changed;

	want.vf = 2;
	assert_int_equal(apply(b, ATTR(TRUST), &want, &changed), 0);
	other = bench_state(b, 2);
	assert_false(other.trust);
	assert_true(bench_state(b, VF_UNDER_TEST).trust);
}

/* Each step fails once, whichever it is; then all is as before. */
static void
every_step_that_fails_is_undone(void **state)
{
	static const int errors[] = {EIO, EINVAL, EPERM, EOPNOTSUPP, ENODEV};
	struct vf_bench *b = *state;

	for (unsigned step = 1; step <= VF_ATTR_COUNT; step++) {
		for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
			fake_host_fault(b->f, fake_host_steps(b->f) + step, FAKE_FAIL, errors[i]);
			assert_fails(b, ALL_ATTRS, -errors[i]);
			/* The steps that were done, the failed one, and the way back. */
			assert_int_equal(b->nb_sets, 2 * step - 1);
			for (unsigned j = 0; j < step - 1; j++)
				assert_int_equal(b->sets[step + j], vf_apply_order[step - 2 - j]);
		}
	}
}

static void
each_refusal_is_explained(void **state)
{
	static const struct {
		enum vf_attr attr;
		int err;
		const char *meaning;
	} cases[] = {
		{VF_ATTR_LINK_STATE, EOPNOTSUPP, "no such function"},
		{VF_ATTR_VLAN, EPROTONOSUPPORT, "no other VLAN protocol than 802.1Q"},
		{VF_ATTR_MAC, EINVAL, "does not take this address"},
		{VF_ATTR_RATE, EINVAL, "cannot limit"},
		{VF_ATTR_TRUST, EINVAL, "several functions on a port"},
		{VF_ATTR_SPOOFCHK, EINVAL, "does not take this value"},
		{VF_ATTR_SPOOFCHK, EPERM, "CAP_NET_ADMIN"},
	};
	struct vf_state want = state_wanted();
	char wanted[VF_STATE_TEXT_BYTES];
	struct vf_bench *b = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_host_answer(b->f, VF_PF, cases[i].attr, FAKE_REFUSES, cases[i].err);
		assert_fails(b, ALL_ATTRS, -cases[i].err);
		assert_has(b->why.text, VF_PF);
		assert_has(b->why.text, strerror(cases[i].err));
		assert_has(b->why.text, cases[i].meaning);
		assert_has(b->why.text, "driver fake_all");
		assert_has(b->why.text, vf_state_text(cases[i].attr, &want, wanted));
		fake_host_answer(b->f, VF_PF, cases[i].attr, FAKE_DOES, 0);
	}
}

static void
later_is_tried_again(void **state)
{
	struct vf_state want = state_wanted(), before = state_before();
	struct vf_bench *b = *state;
	uint32_t changed;

	for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++) {
		fake_host_answer(b->f, VF_PF, attr, FAKE_LATER, 1);
		assert_int_equal(apply(b, ALL_ATTRS, &want, &changed), 0);
		assert_int_equal(changed, ALL_ATTRS);
		assert_int_equal(b->nb_sets, VF_ATTR_COUNT + 1);
		/* Twelve times: longer than 3 s, shorter than the limit. */
		bench_put(b, VF_UNDER_TEST, &before);
		fake_host_answer(b->f, VF_PF, attr, FAKE_LATER, 12);
		assert_int_equal(apply(b, ALL_ATTRS, &want, &changed), 0);
		assert_int_equal(b->nb_sets, VF_ATTR_COUNT + 12);
		bench_put(b, VF_UNDER_TEST, &before);
	}
	fake_host_fault(b->f, fake_host_steps(b->f) + 1, FAKE_FAIL, EBUSY);
	assert_int_equal(apply(b, ALL_ATTRS, &want, &changed), 0);
}

static void
later_for_ever_ends_after_ten_seconds(void **state)
{
	struct vf_bench *b = *state;

	for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++) {
		uint64_t start_ns = b->h.now_ns(b);
		uint64_t passed_ms;

		fake_host_answer(b->f, VF_PF, attr, FAKE_LATER, 0);
		assert_fails(b, ALL_ATTRS, -EAGAIN);
		passed_ms = bench_passed_ms(b, start_ns);
		assert_in_range(passed_ms, 8000, 10000);
		assert_true(b->nb_sets < 40);
		assert_has(b->why.text, "for 10 s");
		fake_host_answer(b->f, VF_PF, attr, FAKE_DOES, 0);
	}
}

static void
accepted_and_ignored_is_found_out(void **state)
{
	struct vf_state want = state_wanted(), before = state_before();
	char wanted[VF_STATE_TEXT_BYTES], is[VF_STATE_TEXT_BYTES];
	struct vf_bench *b = *state;

	for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++) {
		uint64_t start_ns = b->h.now_ns(b);

		fake_host_answer(b->f, VF_PF, attr, FAKE_IGNORES, 0);
		assert_fails(b, ALL_ATTRS, -EIO);
		assert_in_range(bench_passed_ms(b, start_ns), 1000, 5000);
		assert_has(b->why.text, "driver fake_all accepted");
		assert_has(b->why.text, vf_state_text(attr, &want, wanted));
		assert_has(b->why.text, vf_state_text(attr, &before, is));
		fake_host_answer(b->f, VF_PF, attr, FAKE_DOES, 0);
	}
}

static void
done_and_called_failed_is_undone_too(void **state)
{
	struct vf_bench *b = *state;

	for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++) {
		fake_host_answer(b->f, VF_PF, attr, FAKE_DOES_AND_FAILS, 0);
		assert_fails(b, ALL_ATTRS, -EIO);
		fake_host_answer(b->f, VF_PF, attr, FAKE_DOES, 0);
	}
}

/* A driver that changes its table some time after it answered is no liar. */
static void
a_late_table_is_waited_for(void **state)
{
	struct vf_state want = state_wanted();
	struct vf_bench *b = *state;
	uint32_t changed;

	b->late_reads = 10;
	assert_int_equal(apply(b, ATTR(MAC), &want, &changed), 0);
	assert_int_equal(b->late_reads, 0);
	assert_int_equal(changed, ATTR(MAC));
}

/* What a later attribute takes away again was not achieved. */
static void
an_attribute_lost_by_a_later_one_is_noticed(void **state)
{
	struct vf_state want = state_wanted();
	struct vf_bench *b = *state;

	b->loses[VF_ATTR_SPOOFCHK] = ATTR(TRUST);
	assert_fails(b, ALL_ATTRS, -EIO);
	assert_has(b->why.text, "trust=on");
	/* One that was so from the beginning is put back as well. */
	b->loses[VF_ATTR_SPOOFCHK] = 0;
	b->loses[VF_ATTR_RATE] = ATTR(VLAN);
	want.vlan = 100;
	want.qos = 3;
	want.vlan_proto = ETH_P_8021Q;
	assert_int_equal(apply(b, ALL_ATTRS, &want, &(uint32_t){0}), -EIO);
	assert_has(b->why.text, "vlan=100");
	bench_assert_as_before(b);
}

/* It may be one that is not its turn yet. */
static void
an_attribute_lost_by_an_earlier_one_is_put_back(void **state)
{
	struct vf_bench *b = *state;

	b->loses[VF_ATTR_MAC] = ATTR(LINK_STATE);
	fake_host_answer(b->f, VF_PF, VF_ATTR_VLAN, FAKE_REFUSES, EINVAL);
	assert_fails(b, ALL_ATTRS, -EINVAL);
}

static void
what_cannot_be_undone_is_said(void **state)
{
	struct vf_state want = state_wanted();
	struct vf_bench *b = *state;
	uint32_t changed = 77;

	bench_put(b, VF_UNDER_TEST, &(struct vf_state){.mac = {0}});
	b->refuses_zero_mac = true;
	fake_host_answer(b->f, VF_PF, VF_ATTR_VLAN, FAKE_REFUSES, EINVAL);
	assert_int_equal(apply(b, ATTR(MAC) | ATTR(VLAN), &want, &changed), -EINVAL);
	assert_has(b->why.text, "wanted was vlan=200");
	assert_has(b->why.text, "NOT as before");
	assert_has(b->why.text, "02:00:00:00:00:00");
	assert_null(strchr(b->why.text, '\n'));
}

static void
the_failing_undo_is_named_beside_the_failure(void **state)
{
	struct vf_state want = state_wanted(), is;
	struct vf_bench *b = *state;
	uint32_t changed;

	/* Trust is set, the MAC fails, and then trust does not go back. */
	fake_host_answer(b->f, VF_PF, VF_ATTR_MAC, FAKE_REFUSES, EINVAL);
	fake_host_fault(b->f, fake_host_steps(b->f) + 3, FAKE_FAIL, EPERM);
	assert_int_equal(apply(b, ATTR(MAC) | ATTR(TRUST), &want, &changed), -EINVAL);
	/* A refused request is a step too: 1 trust, 2 MAC, 3 trust again. */
	assert_has(b->why.text, "wanted was mac=02:00:00:00:00:bb");
	assert_has(b->why.text, "NOT as before");
	assert_has(b->why.text, "wanted was trust=off");
	is = bench_state(b, VF_UNDER_TEST);
	assert_true(is.trust);
}

static void
no_function_and_the_default_is_a_note(void **state)
{
	struct vf_state want = {.link_state = VF_LINK_AUTO};
	struct vf_bench *b = *state;
	uint32_t changed;

	for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++)
		fake_host_answer(b->f, VF_PF, attr, FAKE_REFUSES, EOPNOTSUPP);
	/* The driver tells nothing of them, as it does without the functions. */
	b->untold = ALL_ATTRS & ~ATTR(MAC);
	assert_int_equal(apply(b, b->untold, &want, &changed), 0);
	assert_int_equal(changed, 0);
	bench_assert_as_before(b);
	assert_has(text_str(&b->notes), "ens1f0: VF 1: trust=off: the driver has no such function");
	assert_has(text_str(&b->notes), "link-state=auto: ");
	assert_has(text_str(&b->notes), "vlan=0: ");
	assert_has(text_str(&b->notes), "min-tx-rate=0 max-tx-rate=0: ");
	/* But not where it tells of something else, or where something else is wanted. */
	b->untold = 0;
	assert_int_equal(apply(b, ATTR(LINK_STATE), &want, &changed), -EOPNOTSUPP);
	b->untold = ATTR(TRUST);
	want.trust = true;
	assert_int_equal(apply(b, ATTR(TRUST), &want, &changed), -EOPNOTSUPP);
	assert_has(b->why.text, "no such function");
	/* No address is a default. */
	b->untold = ATTR(MAC);
	assert_int_equal(apply(b, ATTR(MAC), &want, &changed), -EOPNOTSUPP);
}

static void
what_is_not_told_is_believed_with_a_note(void **state)
{
	struct vf_state want = state_wanted();
	struct vf_bench *b = *state;
	uint32_t changed;

	b->untold = ATTR(SPOOFCHK);
	assert_int_equal(apply(b, ATTR(SPOOFCHK), &want, &changed), 0);
	assert_int_equal(changed, ATTR(SPOOFCHK));
	assert_has(text_str(&b->notes), "spoofchk=off: the driver accepted it, and does not tell");
	/* Its value from before is not known when a later one fails. */
	fake_host_answer(b->f, VF_PF, VF_ATTR_RATE, FAKE_REFUSES, EINVAL);
	assert_int_equal(apply(b, ATTR(SPOOFCHK) | ATTR(RATE), &want, &changed), -EINVAL);
	assert_has(b->why.text, "NOT as before");
	assert_has(b->why.text, "spoofchk: what it was before");
}

static void
reads_are_tried_again(void **state)
{
	struct vf_state want = state_wanted();
	struct vf_bench *b = *state;
	uint32_t changed = 77;

	b->busy_reads = 5;
	assert_int_equal(apply(b, ATTR(TRUST), &want, &changed), 0);
	b->busy_reads = UINT32_MAX;
	assert_int_equal(apply(b, ATTR(VLAN), &want, &changed), -EBUSY);
	assert_int_equal(changed, 0);
	assert_int_equal(b->nb_sets, 0);
}

static void
addresses_are_not_given_twice(void **state)
{
	struct vf_state want = state_wanted(), other = {.mac = {2, 0, 0, 0, 0, 0xbb}};
	struct vf_bench *b = *state;
	struct netdev_facts pf;
	uint32_t changed;

	bench_put(b, 2, &other);
	bench_remember(b);
	assert_fails(b, ALL_ATTRS, -EADDRINUSE);
	assert_has(b->why.text, "VF 1 is that of VF 2");
	assert_int_equal(b->nb_sets, 0);
	assert_int_equal(b->h.netdev_read(b, VF_PF, &pf), 0);
	memcpy(want.mac, pf.mac, 6);
	assert_int_equal(apply(b, ATTR(MAC), &want, &changed), -EADDRINUSE);
	assert_has(b->why.text, "the PF's own");
	/* Its own address is no other's, and without a MAC asked for nobody compares. */
	want = state_before();
	bench_put(b, 2, &want);
	assert_int_equal(apply(b, ATTR(MAC), &want, &changed), 0);
	want.mac[5] = 0xcc;
	assert_int_equal(apply(b, ATTR(TRUST), &want, &changed), 0);
}

static void
no_such_vf_or_pf(void **state)
{
	struct vf_state want = state_wanted();
	struct vf_bench *b = *state;
	uint32_t changed = 77;

	assert_int_equal(
		vf_apply(&b->h, VF_PF, 3, ALL_ATTRS, &want, &changed, &b->notes, &b->why), -ENOENT
	);
	assert_int_equal(changed, 0);
	assert_int_equal(
		vf_apply(&b->h, "nix", 0, ALL_ATTRS, &want, &changed, NULL, NULL), -ENODEV
	);
	assert_int_equal(b->nb_sets, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, bench_setup, bench_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_attributes_in_the_fixed_order),
		TEST(only_what_is_asked_for_and_is_not_so),
		TEST(the_vf_named_is_the_one_changed),
		TEST(every_step_that_fails_is_undone),
		TEST(each_refusal_is_explained),
		TEST(later_is_tried_again),
		TEST(later_for_ever_ends_after_ten_seconds),
		TEST(accepted_and_ignored_is_found_out),
		TEST(done_and_called_failed_is_undone_too),
		TEST(a_late_table_is_waited_for),
		TEST(an_attribute_lost_by_a_later_one_is_noticed),
		TEST(an_attribute_lost_by_an_earlier_one_is_put_back),
		TEST(what_cannot_be_undone_is_said),
		TEST(the_failing_undo_is_named_beside_the_failure),
		TEST(no_function_and_the_default_is_a_note),
		TEST(what_is_not_told_is_believed_with_a_note),
		TEST(reads_are_tried_again),
		TEST(addresses_are_not_given_twice),
		TEST(no_such_vf_or_pf),
	};

	return cmocka_run_group_tests_name("vf_apply", tests, NULL, NULL);
}
