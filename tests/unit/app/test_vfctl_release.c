/* SPDX-License-Identifier: BSD-3-Clause */
/* `vfctl release` and `vfctl reconcile` on the fake machine: their words, output, and status. */
#include "claim.h"
#include "reason.h"
#include "vfctl_bench.h"

#include <jansson.h>

enum { OWNER_PID = 4242 };

#define VF_0 "0000:3b:10.0"
#define VF_1 "0000:3b:10.2"

/* VF 0 is claimed by nobody, VF 1 by a process. */
static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const char *const names[] = {VF_0, VF_1};
	struct sriov_host *h;

	assert_non_null(f);
	f->f = fake_host_new();
	h = fake_host_sriov(f->f);
	fake_host_add_pf(f->f, &FAKE_PF_IGB("0000:3b:00.0", "ens1f0", 3));
	f->before = fake_host_dump(f->f);
	fake_host_process(f->f, OWNER_PID, 777, "owner", NULL);
	for (int i = 0; i < 2; i++) {
		struct claim_request req = {.owner_pid = i == 0 ? 0 : OWNER_PID};
		struct claim_result res;
		struct pci_device vf;
		struct pci_addr addr;
		struct reason why;

		req.settings.has_vlan = true;
		req.settings.vlan = 7;
		assert_int_equal(pci_addr_parse(names[i], &addr), 0);
		assert_int_equal(pci_device_read(&h->fs, &addr, &vf), 0);
		assert_int_equal(claim_vf(h, &vf, &req, &res, NULL, &why), 0);
	}
	*state = f;
	return 0;
}

static void
run(struct fixture *f, const char *words)
{
	run_command(f, strncmp(words, "release", 7) == 0 ? cmd_release : cmd_reconcile, words);
}

static void
expect_restored(struct fixture *f)
{
	char *now;

	fake_host_remove(f->f, "/proc/4242");
	now = fake_host_dump(f->f);
	assert_string_equal(now, f->before);
	free(now);
}

static void
test_release(void **state)
{
	struct fixture *f = *state;

	run(f, "release " VF_0);
	expect(f, STATUS_OK, VF_0 " released\n", "");
	run(f, "release " VF_0);
	expect(f, STATUS_FAILED, "", VF_0 " is not claimed");
	run(f, "release ens1f0#1");
	expect(f, STATUS_FAILED, "", "4242 (owner)");
	/* One that fails keeps no other from going. */
	run(f, "release " VF_0 " ens1f0#1 --force");
	expect(f, STATUS_FAILED, VF_1 " released\n", VF_0 " is not claimed");
	expect_restored(f);
}

static void
test_release_all(void **state)
{
	struct fixture *f = *state;

	run(f, "release --all");
	expect(f, STATUS_OK, VF_0 " released\n", "");
	assert_null(strstr(f->out, VF_1));
	run(f, "release --all --force");
	expect(f, STATUS_OK, VF_1 " released\n", "");
	expect_restored(f);
	run(f, "release --all");
	expect(f, STATUS_OK, "", "");
}

static void
test_release_by_a_selector(void **state)
{
	struct fixture *f = *state;

	run(f, "release --force ens1f0#0-1");
	expect(f, STATUS_OK, VF_0 " released\n" VF_1 " released\n", "");
	expect_restored(f);
	run(f, "release ens1f0#3-1");
	expect(f, STATUS_FAILED, "", "ens1f0#3-1: ");
}

/* There is no device any more that the word could be looked up by. */
static void
test_release_of_a_vf_that_is_gone(void **state)
{
	struct fixture *f = *state;
	struct sriov_host *h = fake_host_sriov(f->f);

	assert_int_equal(
		hostfs_write(&h->fs, "0", 1, "/sys/bus/pci/devices/0000:3b:00.0/sriov_numvfs"), 0
	);
	run(f, "release " VF_0);
	expect(f, STATUS_OK, VF_0 " released\n", "the VF is no more");
}

static void
test_wrong_words(void **state)
{
	struct fixture *f = *state;

	run(f, "release");
	expect(f, STATUS_USAGE, "", "no VF is given");
	run(f, "release --all " VF_0);
	expect(f, STATUS_USAGE, "", "--all");
	run(f, "release --what");
	expect(f, STATUS_USAGE, "", "what");
	run(f, "release 0000:3b:00");
	expect(f, STATUS_FAILED, "", "no such device");
	run(f, "reconcile " VF_0);
	expect(f, STATUS_USAGE, "", "unexpected");
	run(f, "reconcile --what");
	expect(f, STATUS_USAGE, "", "what");
}

static void
test_reconcile(void **state)
{
	struct fixture *f = *state;

	run(f, "reconcile");
	expect(f, STATUS_OK, VF_0 " lives: ", "");
	expect(f, STATUS_OK, VF_1 " lives: ", "");
	fake_host_remove(f->f, "/proc/4242");
	run(f, "reconcile --dry-run");
	expect(f, STATUS_OK, VF_1 " restored: its owner is gone, or did not finish: it would", "");
	run(f, "reconcile");
	expect(f, STATUS_OK, VF_1 " restored: its owner is gone, or did not finish: it was", "");
	run(f, "reconcile");
	assert_null(strstr(f->out, VF_1));
	run(f, "release " VF_0);
	expect_restored(f);
}

static void
test_reconcile_json(void **state)
{
	struct fixture *f = *state;
	json_t *array;

	fake_host_remove(f->f, "/proc/4242");
	run(f, "reconcile --json");
	expect(f, STATUS_OK, "[", "");
	array = json_loads(f->out, 0, NULL);
	assert_int_equal(json_array_size(array), 2);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(array, 1), "address")), VF_1
	);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(array, 1), "fate")), "restored"
	);
	json_decref(array);
}

static void
test_reconcile_that_fails(void **state)
{
	struct fixture *f = *state;

	fake_host_remove(f->f, "/proc/4242");
	fake_host_answer(f->f, "ens1f0", VF_ATTR_VLAN, FAKE_REFUSES, 1);
	run(f, "reconcile");
	expect(f, STATUS_FAILED, VF_1 " failed: ", "vlan");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_release, setup, teardown),
		cmocka_unit_test_setup_teardown(test_release_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_release_by_a_selector, setup, teardown),
		cmocka_unit_test_setup_teardown(test_release_of_a_vf_that_is_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_words, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reconcile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reconcile_json, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reconcile_that_fails, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
