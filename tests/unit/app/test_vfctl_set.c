/* SPDX-License-Identifier: BSD-3-Clause */
/* `vfctl set` on the fake machine: its words, its output, its status. */
#include "reason.h"
#include "vfctl_bench.h"

static int
setup(void **state)
{
	struct fake_pf_settings down = FAKE_PF_IGB("0000:3c:00.0", "ens2f0", 1);
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->f = fake_host_new();
	fake_host_add_pf(f->f, &FAKE_PF_IGB("0000:3b:00.0", "ens1f0", 2));
	down.netdev_up = false;
	fake_host_add_pf(f->f, &down);
	*state = f;
	return 0;
}

static void
set(struct fixture *f, const char *words)
{
	char all[512];

	snprintf(all, sizeof(all), "set %s", words);
	run_command(f, cmd_set, all);
}

static void
assert_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part, text);
}

static struct vf_state
vf_state(struct fixture *f, const char *pf, uint32_t vf)
{
	struct sriov_host *h = fake_host_sriov(f->f);
	struct vf_state s;

	assert_int_equal(h->vf_get(h->ctx, pf, vf, &s, NULL), 0);
	return s;
}

static void
a_line_for_each_vf_tells_what_changed(void **state)
{
	struct fixture *f = *state;

	set(f, "0000:3b:10.0 vlan=5 ens1f0#1 qos=3 trust=on");
	assert_int_equal(f->status, STATUS_OK);
	assert_string_equal(
		f->out,
		"0000:3b:10.0 (ens1f0 vf 0): vlan=0 -> vlan=5 qos=3 proto=802.1Q, trust=off -> "
		"trust=on\n"
		"0000:3b:10.2 (ens1f0 vf 1): vlan=0 -> vlan=5 qos=3 proto=802.1Q, trust=off -> "
		"trust=on\n"
	);
	assert_string_equal(f->err, "");
	assert_int_equal(vf_state(f, "ens1f0", 1).vlan, 5);
	set(f, "0000:3b:10.0 mac=02:00:00:00:00:09 vlan=5");
	assert_string_equal(
		f->out,
		"0000:3b:10.0 (ens1f0 vf 0): mac=00:00:00:00:00:00 -> mac=02:00:00:00:00:09\n"
	);
	set(f, "0000:3b:10.0 mac=02:00:00:00:00:09");
	assert_string_equal(f->out, "0000:3b:10.0 (ens1f0 vf 0): nothing to change\n");
	assert_int_equal(f->status, STATUS_OK);
}

static void
a_selector_names_many(void **state)
{
	struct fixture *f = *state;

	set(f, "ens1f0#0-1 trust=on");
	assert_string_equal(f->err, "");
	assert_string_equal(
		f->out,
		"0000:3b:10.0 (ens1f0 vf 0): trust=off -> trust=on\n"
		"0000:3b:10.2 (ens1f0 vf 1): trust=off -> trust=on\n"
	);
	set(f, "0000:3b:10.2,ens1f0#0 vlan=7");
	assert_int_equal(f->status, STATUS_OK);
	assert_int_equal(vf_state(f, "ens1f0", 0).vlan, 7);
	assert_int_equal(vf_state(f, "ens1f0", 1).vlan, 7);
}

static void
a_pf_that_is_down(void **state)
{
	struct fixture *f = *state;

	set(f, "ens2f0#0 trust=on");
	assert_int_equal(f->status, STATUS_FAILED);
	assert_has(f->err, "ens2f0: the PF is down");
	assert_has(f->err, "or give --pf-up\n");
	assert_false(vf_state(f, "ens2f0", 0).trust);
	set(f, "ens2f0#0 --pf-up trust=on");
	assert_int_equal(f->status, STATUS_OK);
	assert_has(f->err, "note: ens2f0 was down and is up now\n");
	assert_true(vf_state(f, "ens2f0", 0).trust);
}

static void
words_that_are_refused(void **state)
{
	static const struct {
		const char *words, *part;
		int status;
	} cases[] = {
		{"", "no KEY=VALUE is given", STATUS_USAGE},
		{"0000:3b:10.0", "no KEY=VALUE is given", STATUS_USAGE},
		{"trust=on", "no VF is given", STATUS_USAGE},
		{"0000:3b:10.0 mtu=9000",
	         "mtu: no such setting of a VF; there are mac, vlan",
	         STATUS_USAGE},
		{"0000:3b:10.0 vlan=4095", "vlan=4095: 0 (none) or 1..4094", STATUS_USAGE},
		{"0000:3b:10.0 vlan=1 vlan=1", "vlan is given twice", STATUS_USAGE},
		{"0000:3b:10.0 vlan=0 qos=1", "qos=1 needs a VLAN", STATUS_USAGE},
		{"0000:3b:10.0 min-tx-rate=2 max-tx-rate=1", "is more than", STATUS_USAGE},
		{"0000:3b:10.0 mac=01:00:00:00:00:00", "group address", STATUS_USAGE},
		{"0000:3b:10.0 --down trust=on", "", STATUS_USAGE},
		{"0000:3b:10.0 qos=1", "the VF has none", STATUS_FAILED},
		{"0000:3b:00.0 trust=on", "0000:3b:00.0 is a PF, not a VF", STATUS_FAILED},
		{"ens1f0#2 trust=on", "ens1f0#2: ", STATUS_FAILED},
		{"ens1f0#1-0 trust=on", "ens1f0#1-0: ", STATUS_FAILED},
		{"env:a.b/c trust=on", "PCIDEVICE_A_B_C", STATUS_FAILED},
		{"0000:3b:10.0 ens1f0#0 trust=on", "0000:3b:10.0 is given twice", STATUS_FAILED},
		{"0000:3b:10.0 link-state=enable",
	         "driver igb: it has no such function",
	         STATUS_FAILED},
		{"0000:3b:10.0 ens1f0#1 mac=02:00:00:00:00:01",
	         "the address wanted for VF 1 is that of VF 0",
	         STATUS_FAILED},
	};
	struct fixture *f = *state;
	char *before = fake_host_dump(f->f);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *now;

		set(f, cases[i].words);
		if (f->status != cases[i].status)
			fail_msg("%s: %d: %s", cases[i].words, f->status, f->err);
		assert_has(f->err, cases[i].part);
		assert_string_equal(f->out, "");
		now = fake_host_dump(f->f);
		if (strcmp(now, before) != 0)
			fail_msg("%s changed something", cases[i].words);
		free(now);
	}
	free(before);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_line_for_each_vf_tells_what_changed),
		TEST(a_selector_names_many),
		TEST(a_pf_that_is_down),
		TEST(words_that_are_refused),
	};

	return cmocka_run_group_tests_name("vfctl_set", tests, NULL, NULL);
}
