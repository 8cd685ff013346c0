/* SPDX-License-Identifier: BSD-3-Clause */
/* vf_count_set: the kernel's rules, what it leaves behind, and what a failure of each step does. */
#include "bind_bench.h"
#include "claim_lock.h"
#include "journal.h"
#include "vf_count.h"

#define AUTOPROBE PF_DIR "/sriov_drivers_autoprobe"
#define NUMVFS PF_DIR "/sriov_numvfs"

enum { LIMIT_MS = 2000 };

static int
setup(void **state)
{
	struct bench *b = bench_new(&FAKE_PF_IGB(PF, "ens1f0", 0));

	bench_remember(b);
	*state = b;
	return 0;
}

static int
teardown(void **state)
{
	bench_free(*state);
	return 0;
}

static int
set_count(struct bench *b, uint16_t count, bool recreate)
{
	struct vf_count_settings s = {
		.count = count,
		.recreate = recreate,
		.limit_ms = LIMIT_MS,
	};

	text_clear(&b->notes);
	memset(&b->why, 0, sizeof(b->why));
	return vf_count_set(&b->h, &b->pf, &s, &b->notes, &b->why);
}

/* That many VFs, each with @driver, and no link more. */
static void
expect_vfs(struct bench *b, unsigned count, const char *driver)
{
	char addr[32], driver_now[32];

	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(
			hostfs_link(&b->h.fs, addr, sizeof(addr), PF_DIR "/virtfn%u", i), 0
		);
		if (hostfs_link(
			    &b->h.fs,
			    driver_now,
			    sizeof(driver_now),
			    "/sys/bus/pci/devices/%s/driver",
			    addr
		    ) != 0)
			driver_now[0] = '\0';
		assert_string_equal(driver_now, driver);
	}
	assert_false(hostfs_exists(&b->h.fs, PF_DIR "/virtfn%u", count));
}

static void
expect_autoprobe(struct bench *b, int64_t want)
{
	int64_t now = -1;

	assert_int_equal(hostfs_read_i64(&b->h.fs, &now, AUTOPROBE), 0);
	assert_int_equal(now, want);
}

/* New VFs have no driver, and the switch is what it was. */
static void
test_create_and_destroy(void **state)
{
	struct bench *b = *state;

	assert_int_equal(set_count(b, 3, false), 0);
	expect_vfs(b, 3, "");
	assert_string_equal(text_str(&b->written), AUTOPROBE "=0|" NUMVFS "=3|" AUTOPROBE "=1|");
	assert_string_equal(text_str(&b->notes), "");
	assert_int_equal(set_count(b, 0, false), 0);
	expect_as_before(b);

	fake_host_put(b->fake, AUTOPROBE, "0\n");
	text_clear(&b->written);
	assert_int_equal(set_count(b, 7, false), 0);
	expect_vfs(b, 7, "");
	assert_string_equal(text_str(&b->written), NUMVFS "=7|");
}

static void
test_same_number_changes_nothing(void **state)
{
	struct bench *b = *state;

	assert_int_equal(set_count(b, 0, false), 0);
	assert_int_equal(set_count(b, 2, false), 0);
	bench_remember(b);
	fake_host_process(b->fake, 4711, 1000, "testpmd", "/dev/vfio/1");
	bench_remember(b);
	assert_int_equal(set_count(b, 2, false), 0);
	expect_note(b, "nothing to do");
	assert_int_equal(set_count(b, 2, true), 0);
	expect_untouched(b, "");
}

static void
test_autoprobe_leaves_them_to_the_kernel(void **state)
{
	struct vf_count_settings s = {.count = 2, .autoprobe = true};
	struct bench *b = *state;

	fake_host_put(b->fake, AUTOPROBE, "0\n");
	assert_int_equal(vf_count_set(&b->h, &b->pf, &s, NULL, NULL), 0);
	expect_vfs(b, 2, "igbvf");
	expect_autoprobe(b, 0);
}

static void
test_kernel_without_autoprobe_switch(void **state)
{
	struct bench *b = *state;

	fake_host_remove(b->fake, AUTOPROBE);
	assert_int_equal(set_count(b, 2, false), 0);
	expect_note(b, "sriov_drivers_autoprobe");
	assert_string_equal(text_str(&b->written), NUMVFS "=2|");
}

static void
test_another_number_needs_recreate(void **state)
{
	struct bench *b = *state;

	assert_int_equal(set_count(b, 2, false), 0);
	bench_remember(b);
	assert_int_equal(set_count(b, 4, false), -EBUSY);
	expect_untouched(b, "--recreate");
	assert_int_equal(set_count(b, 4, true), 0);
	assert_string_equal(
		text_str(&b->written), NUMVFS "=0|" AUTOPROBE "=0|" NUMVFS "=4|" AUTOPROBE "=1|"
	);
	expect_vfs(b, 4, "");
}

static void
test_what_has_no_vfs_is_refused(void **state)
{
	struct vf_count_settings s = {.count = 1};
	struct bench *b = *state;
	struct pci_addr other = {.bus = 1};

	assert_int_equal(set_count(b, 8, false), -ERANGE);
	expect_untouched(b, "more than the 7");
	fake_host_add_device(b->fake, "0000:01:00.0", 0x8086, 0x1533, 0x020000, "igb", NULL);
	assert_int_equal(set_count(b, 1, false), 0);
	bench_remember(b);
	assert_int_equal(vf_count_set(&b->h, &other, &s, NULL, &b->why), -ENOENT);
	expect_untouched(b, "has no SR-IOV");
	other.bus = 2;
	assert_int_equal(vf_count_set(&b->h, &other, &s, NULL, &b->why), -ENODEV);
	assert_int_equal(vf_count_set(&b->h, &b->vf, &s, NULL, &b->why), -EPERM);
	expect_untouched(b, VF " is a VF itself");
}

/* @why of refusing to destroy, and that --recreate does and tells. */
static void
expect_protected(struct bench *b, const char *why)
{
	bench_remember(b);
	assert_int_equal(set_count(b, 0, false), -EBUSY);
	expect_untouched(b, why);
	assert_int_equal(set_count(b, 4, false), -EBUSY);
	expect_untouched(b, why);
	assert_int_equal(set_count(b, 4, true), 0);
	expect_note(b, why);
	expect_vfs(b, 4, "");
}

static void
test_claimed_vf_is_protected(void **state)
{
	struct bench *b = *state;
	struct claim_record r = {
		.since_s = 1750000000, .owner = {.pid = 4711}, .driver = "vfio-pci"};

	assert_int_equal(set_count(b, 2, false), 0);
	fake_host_process(b->fake, 4711, 1000, "vfbond", NULL);
	r.addr = b->vf;
	assert_int_equal(claim_owner_read(&b->h, 4711, &r.owner), 0);
	assert_int_equal(journal_write(&b->h, &r, &b->why), 0);
	expect_protected(
		b, VF " is claimed since 2025-06-15 15:06:40 UTC by process 4711 (vfbond)"
	);
}

static void
test_claims_of_nobody_and_of_the_dead(void **state)
{
	struct bench *b = *state;
	struct claim_record r = {.since_s = 1750000000, .driver = "vfio-pci"};

	assert_int_equal(set_count(b, 2, false), 0);
	r.addr = b->vf;
	fake_host_process(b->fake, 4711, 1000, "vfbond", NULL);
	assert_int_equal(claim_owner_read(&b->h, 4711, &r.owner), 0);
	fake_host_remove(b->fake, "/proc/4711");
	assert_int_equal(journal_write(&b->h, &r, &b->why), 0);
	assert_int_equal(set_count(b, 0, false), -EBUSY);
	expect_reason(b, "vfctl reconcile");
	r.owner.pid = 0;
	assert_int_equal(journal_write(&b->h, &r, &b->why), 0);
	assert_int_equal(set_count(b, 0, false), -EBUSY);
	expect_reason(b, "vfctl release " VF);
}

static void
test_vf_of_another_namespace_is_protected(void **state)
{
	struct bench *b = *state;
	struct vf_count_settings s = {.count = 2, .autoprobe = true};

	assert_int_equal(vf_count_set(&b->h, &b->pf, &s, NULL, &b->why), 0);
	expect_vfs(b, 2, "igbvf");
	fake_host_remove(b->fake, "/sys/bus/pci/devices/0000:3b:10.2/net");
	expect_protected(b, "another network namespace");
}

static void
test_vf_with_addresses_is_protected(void **state)
{
	struct bench *b = *state;
	struct vf_count_settings s = {.count = 2, .autoprobe = true};

	assert_int_equal(vf_count_set(&b->h, &b->pf, &s, NULL, &b->why), 0);
	b->netdev.admin_up = b->netdev.has_address = true;
	expect_protected(b, "IP addresses");
}

/* VF 0 is on vfio-pci, and process 4711 has it open. */
static void
hold_vf(struct bench *b)
{
	int64_t group;
	char text[16], path[64];

	fake_host_put(b->fake, VF_DIR "/driver_override", "vfio-pci\n");
	assert_int_equal(hostfs_write(&b->h.fs, VF, strlen(VF), "/sys/bus/pci/drivers_probe"), 0);
	assert_int_equal(hostfs_link(&b->h.fs, text, sizeof(text), VF_DIR "/iommu_group"), 0);
	group = atoi(text);
	snprintf(path, sizeof(path), "/dev/vfio/%d", (int)group);
	fake_host_process(b->fake, 4711, 1000, "testpmd", path);
}

/* The kernel waits for the process, whatever we do: the limit ends our part. */
static void
test_open_vf_is_protected_and_named(void **state)
{
	struct bench *b = *state;

	assert_int_equal(set_count(b, 2, false), 0);
	hold_vf(b);
	bench_remember(b);
	assert_int_equal(set_count(b, 0, false), -EBUSY);
	expect_untouched(b, "process 4711 (testpmd)");
	assert_int_equal(set_count(b, 4, true), -ETIMEDOUT);
	expect_reason(b, "process 4711 (testpmd)");
	expect_reason(b, "when the process");
	/* One try, and nothing behind it that would wait as well. */
	assert_string_equal(text_str(&b->written), NUMVFS "=0|");
	expect_as_before(b);
}

static void
test_answers_of_the_kernel_are_explained(void **state)
{
	static const struct {
		int err;
		const char *says;
	} cases[] = {
		{-ERANGE, "sriov_totalvfs"},
		{-EBUSY, "somebody else"},
		{-ENOENT, "max_vfs"},
		{-ENOMEM, "pci=realloc"},
		{-EIO, "firmware"},
		{-EROFS, "read-only"},
		{-EACCES, "root"},
		{-EPERM, "virtual machine"},
		{-EINVAL, "dmesg"},
		{-EAGAIN, "try again"},
		{-EPROTO, "dmesg"},
		{-ETIMEDOUT, "within 2 s"},
	};
	struct bench *b = *state;

	b->refused = "/sriov_numvfs";
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		b->refusal = cases[i].err;
		assert_int_equal(set_count(b, 2, false), cases[i].err);
		expect_reason(b, PF);
		expect_reason(b, cases[i].says);
		expect_as_before(b);
	}
	fake_host_remove(b->fake, PF_DIR "/driver");
	b->refusal = -ENOENT;
	assert_int_equal(set_count(b, 2, false), -ENOENT);
	expect_reason(b, "has no driver");
}

static void
test_fewer_vfs_are_noticed(void **state)
{
	struct bench *b = *state;

	fake_host_count_answer(b->fake, PF, 3, 0, 0);
	assert_int_equal(set_count(b, 5, false), -ENOSPC);
	expect_reason(b, "made 3 of 5");
	expect_as_before(b);
	assert_int_equal(set_count(b, 3, false), 0);
	/* Also when they come late. */
	bench_remember(b);
	fake_host_count_answer(b->fake, PF, 3, 0, 500);
	assert_int_equal(set_count(b, 5, true), -ENOSPC);
	expect_reason(b, "3 VFs were made again");
	expect_as_before(b);
}

static void
test_links_may_come_late(void **state)
{
	struct bench *b = *state;

	fake_host_count_answer(b->fake, PF, 0, 0, LIMIT_MS - 500);
	assert_int_equal(set_count(b, 4, false), 0);
	expect_vfs(b, 4, "");
	expect_autoprobe(b, 1);
	assert_true(b->slept_ms >= LIMIT_MS - 500);
}

static void
test_links_that_come_too_late(void **state)
{
	struct bench *b = *state;

	fake_host_count_answer(b->fake, PF, 0, 0, LIMIT_MS + 500);
	assert_int_equal(set_count(b, 4, false), -ETIMEDOUT);
	expect_reason(b, "of 4 VFs 0 are there");
	assert_true(b->slept_ms >= LIMIT_MS);
	expect_as_before(b);
}

/* A link whose VF is not all there does not count. */
static void
test_half_made_vf_is_waited_for(void **state)
{
	struct bench *b = *state;

	fake_host_count_answer(b->fake, PF, 0, 0, 500);
	fake_host_link(b->fake, PF_DIR "/virtfn0", "../" VF);
	bench_remember(b);
	assert_int_equal(set_count(b, 1, false), 0);
	assert_true(b->slept_ms >= 500);
	assert_true(hostfs_exists(&b->h.fs, VF_DIR "/physfn"));
}

/* Each step fails in turn, also those that give back what was changed before. */
static void
fail_each_step(uint16_t was, uint16_t count, int err)
{
	unsigned failed = 0;

	for (unsigned n = 1;; n++) {
		struct bench *b = bench_new(&FAKE_PF_IGB(PF, "ens1f0", was));
		int rc;

		bench_remember(b);
		fake_host_fault(b->fake, n, FAKE_FAIL, err);
		rc = set_count(b, count, true);
		if (rc != 0) {
			failed++;
			assert_int_equal(rc, -err);
			expect_as_before(b);
		} else {
			expect_vfs(b, count, "");
			expect_autoprobe(b, 1);
		}
		bench_free(b);
		if (rc == 0)
			break;
	}
	assert_int_equal(failed, (was != 0 ? 1 : 0) + (count != 0 ? 3 : 0));
}

static void
test_each_step_that_fails_is_undone(void **state)
{
	(void)state;
	fail_each_step(0, 4, EIO);
	fail_each_step(2, 0, EIO);
	fail_each_step(2, 4, ENOMEM);
}

static void
test_what_cannot_be_put_back_is_told(void **state)
{
	struct bench *b = *state;

	assert_int_equal(set_count(b, 2, false), 0);
	fake_host_count_answer(b->fake, PF, 0, ENOMEM, 0);
	assert_int_equal(set_count(b, 4, true), -ENOMEM);
	expect_reason(b, "cannot set 4 VFs");
	expect_reason(b, "not as it was");
	expect_reason(b, "cannot set 2 VFs");
	expect_autoprobe(b, 1);
}

/* A second write would wait behind the first. */
static void
test_creation_that_does_not_return_is_left_alone(void **state)
{
	struct bench *b = *state;

	assert_int_equal(set_count(b, 2, false), 0);
	bench_remember(b);
	fake_host_count_answer(b->fake, PF, 0, ETIMEDOUT, 0);
	assert_int_equal(set_count(b, 4, true), -ETIMEDOUT);
	expect_reason(b, "within 2 s from setting 4 VFs");
	assert_string_equal(
		text_str(&b->written), NUMVFS "=0|" AUTOPROBE "=0|" NUMVFS "=4|" AUTOPROBE "=1|"
	);
}

static void
test_one_change_of_a_pf_at_a_time(void **state)
{
	struct bench *b = *state;
	int fd;

	assert_int_equal(claim_lock(&b->h, CLAIM_LOCK_PF, &b->pf, 0, &fd, &b->why), 0);
	assert_int_equal(set_count(b, 2, false), -ETIMEDOUT);
	assert_string_equal(text_str(&b->written), "");
	claim_unlock(fd);
	assert_int_equal(set_count(b, 2, false), 0);
	assert_int_equal(claim_lock(&b->h, CLAIM_LOCK_PF, &b->pf, 0, &fd, &b->why), 0);
	claim_unlock(fd);
}

static void
test_256_vfs(void **state)
{
	struct fake_pf_settings pf = FAKE_PF_IGB(PF, "ens1f0", 0);
	struct bench *b;

	(void)state;
	pf.total_vfs = 256;
	pf.vf_stride = 1;
	b = bench_new(&pf);
	bench_remember(b);
	assert_int_equal(set_count(b, 257, false), -ERANGE);
	assert_int_equal(set_count(b, 256, false), 0);
	expect_vfs(b, 256, "");
	assert_int_equal(set_count(b, 255, false), -EBUSY);
	hold_vf(b);
	assert_int_equal(set_count(b, 0, false), -EBUSY);
	expect_reason(b, "process 4711");
	fake_host_remove(b->fake, "/proc/4711");
	assert_int_equal(set_count(b, 0, false), 0);
	expect_as_before(b);
	bench_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_create_and_destroy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_same_number_changes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_autoprobe_leaves_them_to_the_kernel, setup, teardown
		),
		cmocka_unit_test_setup_teardown(
			test_kernel_without_autoprobe_switch, setup, teardown
		),
		cmocka_unit_test_setup_teardown(
			test_another_number_needs_recreate, setup, teardown
		),
		cmocka_unit_test_setup_teardown(test_what_has_no_vfs_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_claimed_vf_is_protected, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_claims_of_nobody_and_of_the_dead, setup, teardown
		),
		cmocka_unit_test_setup_teardown(
			test_vf_of_another_namespace_is_protected, setup, teardown
		),
		cmocka_unit_test_setup_teardown(
			test_vf_with_addresses_is_protected, setup, teardown
		),
		cmocka_unit_test_setup_teardown(
			test_open_vf_is_protected_and_named, setup, teardown
		),
		cmocka_unit_test_setup_teardown(
			test_answers_of_the_kernel_are_explained, setup, teardown
		),
		cmocka_unit_test_setup_teardown(test_fewer_vfs_are_noticed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_links_may_come_late, setup, teardown),
		cmocka_unit_test_setup_teardown(test_links_that_come_too_late, setup, teardown),
		cmocka_unit_test_setup_teardown(test_half_made_vf_is_waited_for, setup, teardown),
		cmocka_unit_test(test_each_step_that_fails_is_undone),
		cmocka_unit_test_setup_teardown(
			test_what_cannot_be_put_back_is_told, setup, teardown
		),
		cmocka_unit_test_setup_teardown(
			test_creation_that_does_not_return_is_left_alone, setup, teardown
		),
		cmocka_unit_test_setup_teardown(test_one_change_of_a_pf_at_a_time, setup, teardown),
		cmocka_unit_test(test_256_vfs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
