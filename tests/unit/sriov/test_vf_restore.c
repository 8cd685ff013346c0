/* SPDX-License-Identifier: BSD-3-Clause */
/* The attributes of a VF given back, and whether its PF can be configured at all. */
#include "vf_bench.h"

/* A VF as state_wanted() that shall go back to state_before(), of which a dump is kept. */
static int
setup(void **state)
{
	struct vf_state wanted = state_wanted();
	struct vf_bench *b;

	bench_setup(state);
	b = *state;
	bench_put(b, VF_UNDER_TEST, &wanted);
	return 0;
}

static int
restore(struct vf_bench *b, uint32_t attrs, const struct vf_state *was)
{
	b->nb_sets = 0;
	return vf_restore(&b->h, VF_PF, attrs, was, &b->notes, &b->why);
}

static void
everything_in_the_order_of_undoing(void **state)
{
	struct vf_state was = state_before();
	struct vf_bench *b = *state;

	assert_int_equal(restore(b, ALL_ATTRS, &was), 0);
	bench_assert_as_before(b);
	assert_int_equal(b->nb_sets, VF_ATTR_COUNT);
	for (unsigned i = 0; i < VF_ATTR_COUNT; i++)
		assert_int_equal(b->sets[i], vf_apply_order[VF_ATTR_COUNT - 1 - i]);
	assert_string_equal(text_str(&b->notes), "");
	/* What is so already is not written. */
	assert_int_equal(restore(b, ALL_ATTRS, &was), 0);
	assert_int_equal(b->nb_sets, 0);
}

static void
only_what_is_asked_for(void **state)
{
	struct vf_state was = state_before(), is;
	struct vf_bench *b = *state;

	assert_int_equal(restore(b, ATTR(TRUST), &was), 0);
	assert_int_equal(b->nb_sets, 1);
	is = bench_state(b, VF_UNDER_TEST);
	assert_false(is.trust);
	assert_int_equal(is.vlan, 200);
	assert_int_equal(restore(b, 0, &was), 0);
	assert_int_equal(b->nb_sets, 0);
}

static void
one_that_fails_does_not_stop_the_others(void **state)
{
	struct vf_state was = state_before(), wanted = state_wanted(), is;
	struct vf_bench *b = *state;
	char value[VF_STATE_TEXT_BYTES];

	for (enum vf_attr failing = 0; failing < VF_ATTR_COUNT; failing++) {
		bench_put(b, VF_UNDER_TEST, &wanted);
		fake_host_answer(b->f, VF_PF, failing, FAKE_REFUSES, EPERM);
		assert_int_equal(restore(b, ALL_ATTRS, &was), -EPERM);
		assert_has(b->why.text, vf_state_text(failing, &was, value));
		is = bench_state(b, VF_UNDER_TEST);
		for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++)
			assert_true(vf_state_same(attr, &is, attr == failing ? &wanted : &was));
		fake_host_answer(b->f, VF_PF, failing, FAKE_DOES, 0);
	}
}

static void
the_first_of_two_errors_is_told(void **state)
{
	struct vf_state was = state_before();
	struct vf_bench *b = *state;

	fake_host_answer(b->f, VF_PF, VF_ATTR_TRUST, FAKE_REFUSES, EPERM);
	fake_host_answer(b->f, VF_PF, VF_ATTR_RATE, FAKE_REFUSES, EINVAL);
	assert_int_equal(restore(b, ALL_ATTRS, &was), -EINVAL);
	assert_has(b->why.text, "max-tx-rate=900");
}

static void
later_is_tried_again_and_ends(void **state)
{
	struct vf_state was = state_before();
	struct vf_bench *b = *state;
	uint64_t start_ns = b->h.now_ns(b);

	fake_host_answer(b->f, VF_PF, VF_ATTR_MAC, FAKE_LATER, 3);
	assert_int_equal(restore(b, ALL_ATTRS, &was), 0);
	bench_assert_as_before(b);
	was = state_wanted();
	fake_host_answer(b->f, VF_PF, VF_ATTR_MAC, FAKE_LATER, 0);
	assert_int_equal(restore(b, ATTR(MAC), &was), -EAGAIN);
	assert_true(bench_passed_ms(b, start_ns) < 12000);
}

/* What the VF has in the end decides, not what the driver says. */
static void
done_and_called_failed_is_done(void **state)
{
	struct vf_state was = state_before();
	struct vf_bench *b = *state;

	for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++)
		fake_host_answer(b->f, VF_PF, attr, FAKE_DOES_AND_FAILS, 0);
	assert_int_equal(restore(b, ALL_ATTRS, &was), 0);
	bench_assert_as_before(b);
}

static void
accepted_and_ignored_is_an_error(void **state)
{
	struct vf_state was = state_before();
	struct vf_bench *b = *state;

	fake_host_answer(b->f, VF_PF, VF_ATTR_VLAN, FAKE_IGNORES, 0);
	assert_int_equal(restore(b, ALL_ATTRS, &was), -EIO);
	assert_has(b->why.text, "accepted vlan=100");
	assert_false(bench_state(b, VF_UNDER_TEST).trust);
}

static void
what_another_one_takes_away_is_given_again(void **state)
{
	struct vf_state was = state_before();
	struct vf_bench *b = *state;

	/* Trust is the last to go back, and takes these along. */
	b->loses[VF_ATTR_TRUST] = ATTR(RATE) | ATTR(LINK_STATE);
	assert_int_equal(restore(b, ALL_ATTRS, &was), 0);
	bench_assert_as_before(b);
}

static void
a_zero_address_that_is_refused(void **state)
{
	struct vf_state was = {.vf = VF_UNDER_TEST, .known = ALL_ATTRS}, is;
	struct vf_bench *b = *state;

	/* A driver that takes it gets it. */
	assert_int_equal(restore(b, ATTR(MAC), &was), 0);
	is = bench_state(b, VF_UNDER_TEST);
	assert_memory_equal(is.mac, was.mac, 6);
	assert_string_equal(text_str(&b->notes), "");
	is.mac[0] = 2;
	is.mac[5] = 9;
	bench_put(b, VF_UNDER_TEST, &is);
	b->refuses_zero_mac = true;
	assert_int_equal(restore(b, ALL_ATTRS, &was), 0);
	is = bench_state(b, VF_UNDER_TEST);
	assert_memory_equal(is.mac, "\2\0\0\0\0\0", 6);
	assert_has(text_str(&b->notes), "ens1f0: VF 1: the driver does not take the zero address");
	/* Any other address is not exchanged. */
	was = state_before();
	fake_host_answer(b->f, VF_PF, VF_ATTR_MAC, FAKE_REFUSES, EINVAL);
	assert_int_equal(restore(b, ATTR(MAC), &was), -EINVAL);
	assert_int_equal(b->nb_sets, 1);
	/* Nor is another attribute of a VF that had no address tried twice. */
	memset(was.mac, 0, sizeof(was.mac));
	fake_host_answer(b->f, VF_PF, VF_ATTR_MAC, FAKE_DOES, 0);
	fake_host_answer(b->f, VF_PF, VF_ATTR_VLAN, FAKE_REFUSES, EINVAL);
	assert_int_equal(restore(b, ATTR(VLAN), &was), -EINVAL);
	assert_int_equal(b->nb_sets, 1);
	/* And when the other one is refused as well, nothing is said of it. */
	text_clear(&b->notes);
	is.mac[5] = 9;
	fake_host_answer(b->f, VF_PF, VF_ATTR_VLAN, FAKE_DOES, 0);
	bench_put(b, VF_UNDER_TEST, &is);
	fake_host_answer(b->f, VF_PF, VF_ATTR_MAC, FAKE_REFUSES, EINVAL);
	assert_int_equal(restore(b, ATTR(MAC), &was), -EINVAL);
	assert_string_equal(text_str(&b->notes), "");
}

static void
what_was_not_known_is_a_note(void **state)
{
	struct vf_state was = state_before(), is;
	struct vf_bench *b = *state;

	was.known &= ~ATTR(TRUST);
	assert_int_equal(restore(b, ALL_ATTRS, &was), 0);
	assert_string_equal(
		text_str(&b->notes),
		"ens1f0: VF 1: trust: what it was before, the driver did not tell\n"
	);
	is = bench_state(b, VF_UNDER_TEST);
	assert_true(is.trust);
	assert_int_equal(is.vlan, 100);
}

static void
a_vf_that_is_gone(void **state)
{
	struct vf_state was = state_before();
	struct vf_bench *b = *state;

	was.vf = 9;
	assert_int_equal(restore(b, ALL_ATTRS, &was), -ENOENT);
	assert_int_equal(b->nb_sets, 0);
	assert_int_equal(vf_restore(&b->h, VF_PF, ALL_ATTRS, &was, NULL, NULL), -ENOENT);
}

/* On igb as it is: it has no link state, and its zero address goes back. */
static void
igb_as_it_is(void **unused)
{
	struct vf_bench *b = bench_new("igb");
	struct vf_state want = bench_state(b, VF_UNDER_TEST), was = want;
	const uint32_t has = ALL_ATTRS & ~ATTR(LINK_STATE);
	uint32_t changed = 0;

	(void)unused;
	bench_remember(b);
	memcpy(want.mac, "\2\0\0\0\0\5", 6);
	want.vlan = 7;
	want.vlan_proto = ETH_P_8021Q;
	want.trust = true;
	want.spoofchk = false;
	want.max_tx_rate_mbps = 500;
	assert_int_equal(
		vf_apply(
			&b->h, VF_PF, VF_UNDER_TEST, ALL_ATTRS, &want, &changed, &b->notes, &b->why
		),
		0
	);
	assert_int_equal(changed, has);
	assert_int_equal(restore(b, changed, &was), 0);
	bench_assert_as_before(b);
	want.link_state = VF_LINK_ENABLE;
	assert_int_equal(
		vf_apply(
			&b->h, VF_PF, VF_UNDER_TEST, ALL_ATTRS, &want, &changed, &b->notes, &b->why
		),
		-EOPNOTSUPP
	);
	assert_has(b->why.text, "driver igb: it has no such function");
	bench_assert_as_before(b);
	want.link_state = VF_LINK_AUTO;
	want.vlan_proto = ETH_P_8021AD;
	assert_int_equal(
		vf_apply(
			&b->h, VF_PF, VF_UNDER_TEST, ALL_ATTRS, &want, &changed, &b->notes, &b->why
		),
		-EPROTONOSUPPORT
	);
	bench_assert_as_before(b);
	want.vlan_proto = ETH_P_8021Q;
	want.min_tx_rate_mbps = 5;
	assert_int_equal(
		vf_apply(
			&b->h, VF_PF, VF_UNDER_TEST, ALL_ATTRS, &want, &changed, &b->notes, &b->why
		),
		-EINVAL
	);
	assert_has(b->why.text, "no minimum");
	bench_assert_as_before(b);
	bench_free(b);
}

static int
up_in_words_only(void *ctx, const char *name, struct reason *why)
{
	(void)ctx;
	(void)name;
	(void)why;
	return 0;
}

static void
a_pf_that_is_up_down_or_away(void **unused)
{
	struct fake_pf_settings down = FAKE_PF_IGB("0000:3c:00.0", "ens2f0", 1);
	struct vf_bench *b = bench_new("igb");
	struct netdev_facts facts;
	bool raised = true;

	(void)unused;
	down.netdev_up = false;
	fake_host_add_pf(b->f, &down);
	bench_remember(b);
	assert_int_equal(vf_pf_ready(&b->h, VF_PF, false, &raised, &b->why), 0);
	assert_false(raised);
	raised = true;
	assert_int_equal(vf_pf_ready(&b->h, "ens2f0", false, &raised, &b->why), -ENETDOWN);
	assert_has(b->why.text, "ip link set ens2f0 up");
	assert_int_equal(vf_pf_ready(&b->h, "ens9", true, &raised, &b->why), -ENODEV);
	assert_int_equal(vf_pf_ready(&b->h, "", true, &raised, &b->why), -ENODEV);
	fake_host_fault(b->f, fake_host_steps(b->f) + 1, FAKE_FAIL, EPERM);
	assert_int_equal(vf_pf_ready(&b->h, "ens2f0", true, &raised, &b->why), -EPERM);
	assert_true(raised);
	bench_assert_as_before(b);
	b->h.netdev_up = up_in_words_only;
	assert_int_equal(vf_pf_ready(&b->h, "ens2f0", true, &raised, &b->why), -ENETDOWN);
	assert_true(raised);
	b->h.netdev_up = between_netdev_up;
	raised = false;
	assert_int_equal(vf_pf_ready(&b->h, "ens2f0", true, &raised, &b->why), 0);
	assert_true(raised);
	assert_int_equal(b->h.netdev_read(b, "ens2f0", &facts), 0);
	assert_true(facts.admin_up);
	assert_int_equal(vf_pf_ready(&b->h, "ens2f0", true, &raised, &b->why), 0);
	assert_false(raised);
	bench_free(b);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, bench_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(everything_in_the_order_of_undoing),
		TEST(only_what_is_asked_for),
		TEST(one_that_fails_does_not_stop_the_others),
		TEST(the_first_of_two_errors_is_told),
		TEST(later_is_tried_again_and_ends),
		TEST(done_and_called_failed_is_done),
		TEST(accepted_and_ignored_is_an_error),
		TEST(what_another_one_takes_away_is_given_again),
		TEST(a_zero_address_that_is_refused),
		TEST(what_was_not_known_is_a_note),
		TEST(a_vf_that_is_gone),
		cmocka_unit_test(igb_as_it_is),
		cmocka_unit_test(a_pf_that_is_up_down_or_away),
	};

	return cmocka_run_group_tests_name("vf_restore", tests, NULL, NULL);
}
