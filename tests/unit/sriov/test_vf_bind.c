/* SPDX-License-Identifier: BSD-3-Clause */
/* vf_bind, vf_bind_restore, vf_unbind: what they leave behind, also when any step fails. */
#include "bind_bench.h"
#include "vf_bind.h"
#include "vfio.h"

static int
setup(void **state)
{
	*state = bench_new(&FAKE_PF_IGB(PF, "ens1f0", 2));
	return 0;
}

static int
teardown(void **state)
{
	bench_free(*state);
	return 0;
}

static void
expect_binding(struct bench *b, const char *driver, const char *override)
{
	struct driver_binding now;

	assert_int_equal(driver_binding_read(&b->h.fs, &b->vf, &now), 0);
	assert_string_equal(now.driver, driver);
	assert_string_equal(now.override, override);
}

/* Before any test step: the VF is on @driver by the user's @override. */
static void
begin_with(struct bench *b, const char *driver, const char *override)
{
	struct driver_binding was = {.driver = ""};

	strcpy(was.driver, driver);
	strcpy(was.override, override);
	assert_int_equal(vf_bind_restore(&b->h, &b->vf, &was, &b->why), 0);
	expect_binding(b, driver, override);
	bench_remember(b);
}

static const char *
node_path(struct bench *b)
{
	static char path[64];
	struct vfio_node node;

	assert_int_equal(vfio_node_find(&b->h.fs, &b->vf, &node), 0);
	strcpy(path, node.path);
	return path;
}

static void
test_bind_and_restore(void **state)
{
	static const struct driver_binding cases[] = {
		{"", ""},
		{"", "other"},
		{"igbvf", ""},
		{"igbvf", "igbvf"},
		{"vfio-pci", ""},
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int autoprobe = 0; autoprobe < 2; autoprobe++) {
			fake_host_put(
				b->fake, PF_DIR "/sriov_drivers_autoprobe", "%d\n", autoprobe
			);
			begin_with(b, cases[i].driver, cases[i].override);
			assert_int_equal(vf_bind(&b->h, &b->vf, "vfio-pci", &b->why), 0);
			expect_binding(b, "vfio-pci", "vfio-pci");
			assert_int_equal(vf_bind_restore(&b->h, &b->vf, &cases[i], &b->why), 0);
			expect_binding(b, cases[i].driver, cases[i].override);
			expect_as_before(b);
		}
	}
}

static void
test_only_vfs_are_moved(void **state)
{
	struct bench *b = *state;
	struct driver_binding was = {.driver = ""}, now;
	struct pci_addr none = b->vf;

	none.function = 7;
	bench_remember(b);
	assert_int_equal(vf_bind(&b->h, &b->pf, "vfio-pci", &b->why), -EPERM);
	expect_untouched(b, PF);
	assert_int_equal(vf_bind_restore(&b->h, &b->pf, &was, &b->why), -EPERM);
	assert_int_equal(vf_unbind(&b->h, &b->pf, &now, NULL, &b->why), -EPERM);
	assert_int_equal(vf_bind(&b->h, &none, "vfio-pci", &b->why), -ENODEV);
	assert_int_equal(vf_bind(&b->h, &b->vf, "a/b", &b->why), -EINVAL);
	assert_int_equal(vf_bind(&b->h, &b->vf, "igb_uio", &b->why), -ENOENT);
	expect_untouched(b, "igb_uio");
}

/* For each step of binding a VF that is on @driver: it fails, and all is as before. */
static void
fail_each_step(const char *driver, bool to_kernel)
{
	unsigned failed = 0;

	for (unsigned n = 1;; n++) {
		struct bench *b = bench_new(&FAKE_PF_IGB(PF, "ens1f0", 2));
		struct driver_binding now;
		unsigned steps;
		int rc;

		begin_with(b, driver, "");
		steps = fake_host_steps(b->fake);
		fake_host_fault(b->fake, steps + n, FAKE_FAIL, -EIO);
		rc = to_kernel ? vf_unbind(&b->h, &b->vf, &now, NULL, &b->why)
		               : vf_bind(&b->h, &b->vf, "vfio-pci", &b->why);
		if (rc != 0) {
			failed++;
			assert_int_equal(rc, -EIO);
			expect_reason(b, VF);
			expect_as_before(b);
		} else if (!to_kernel) {
			expect_binding(b, "vfio-pci", "vfio-pci");
		}
		steps = fake_host_steps(b->fake) - steps;
		bench_free(b);
		if (rc == 0 && steps < n)
			break;
	}
	/* The override and the unbinding at the least; the first offer has a second behind it. */
	assert_true(failed >= (driver[0] != '\0' ? 2 : 1));
}

static void
test_each_step_that_fails_is_undone(void **state)
{
	(void)state;
	fail_each_step("", false);
	fail_each_step("igbvf", false);
	fail_each_step("vfio-pci", true);
}

static void
test_vfio_refuses(void **state)
{
	struct bench *b = *state;

	begin_with(b, "igbvf", "");
	fake_host_vfio_answer(b->fake, -EINVAL, false);
	assert_int_equal(vf_bind(&b->h, &b->vf, "vfio-pci", &b->why), -EINVAL);
	expect_reason(b, "cannot bind it to vfio-pci");
	expect_as_before(b);
}

static void
test_driver_that_stays_away_in_silence(void **state)
{
	struct bench *b = *state;

	begin_with(b, "igbvf", "");
	fake_host_vfio_answer(b->fake, 0, true);
	assert_int_equal(vf_bind(&b->h, &b->vf, "vfio-pci", &b->why), -EIO);
	expect_reason(b, "vfio-pci did not have it");
	assert_true(b->slept_ms >= VF_BIND_LIMIT_MS);
	expect_as_before(b);
}

static void
appear(struct bench *b)
{
	fake_host_link(b->fake, VF_DIR "/driver", "../../../bus/pci/drivers/vfio-pci");
	fake_host_put(b->fake, node_path(b), "%s", "");
}

static void
test_driver_link_may_come_late(void **state)
{
	struct bench *b = *state;

	fake_host_vfio_answer(b->fake, 0, true);
	b->later = appear;
	b->later_ms = 3000;
	assert_int_equal(vf_bind(&b->h, &b->vf, "vfio-pci", &b->why), 0);
	expect_binding(b, "vfio-pci", "vfio-pci");
	assert_true(b->slept_ms >= 3000);
}

static void
make_node(struct bench *b)
{
	fake_host_put(b->fake, node_path(b), "%s", "");
}

static void
lose_node(struct bench *b)
{
	char path[64];

	strcpy(path, node_path(b));
	fake_host_remove(b->fake, path);
}

static void
test_node_may_come_late(void **state)
{
	struct bench *b = *state;

	begin_with(b, "vfio-pci", "");
	lose_node(b);
	b->later = make_node;
	b->later_ms = 3000;
	assert_int_equal(vf_bind(&b->h, &b->vf, "vfio-pci", &b->why), 0);
	assert_true(b->slept_ms >= 3000);
}

static void
test_node_that_does_not_come(void **state)
{
	struct bench *b = *state;

	begin_with(b, "vfio-pci", "mine");
	lose_node(b);
	bench_remember(b);
	assert_int_equal(vf_bind(&b->h, &b->vf, "vfio-pci", &b->why), -ENOENT);
	expect_reason(b, "does not exist");
	assert_true(b->slept_ms >= VF_BIND_LIMIT_MS);
	expect_as_before(b);
}

static void
test_what_cannot_be_put_back_is_told(void **state)
{
	struct bench *b = *state;

	begin_with(b, "igbvf", "");
	b->refused = "drivers_probe";
	b->refused_too = "/bind";
	b->refusal = -EIO;
	assert_int_equal(vf_bind(&b->h, &b->vf, "vfio-pci", &b->why), -EIO);
	expect_reason(b, "cannot bind it to vfio-pci");
	expect_reason(b, "not as it was");
	expect_reason(b, "cannot bind it to igbvf");
	expect_binding(b, "", "");
	assert_int_equal(vf_bind(&b->h, &b->vf, "vfio-pci", NULL), -EIO);
}

static void
test_device_in_use_stays_where_it_is(void **state)
{
	struct bench *b = *state;
	struct driver_binding was = {.driver = ""}, now;

	begin_with(b, "vfio-pci", "vfio-pci");
	fake_host_process(b->fake, 4711, 1000, "testpmd", node_path(b));
	bench_remember(b);
	assert_int_equal(vf_bind(&b->h, &b->vf, "igbvf", &b->why), -EBUSY);
	expect_untouched(b, "process 4711 (testpmd)");
	assert_int_equal(vf_unbind(&b->h, &b->vf, &now, NULL, &b->why), -EBUSY);
	expect_untouched(b, "process 4711 (testpmd)");
	assert_int_equal(vf_bind_restore(&b->h, &b->vf, &was, &b->why), -EBUSY);
	expect_untouched(b, "process 4711 (testpmd)");
	assert_true(b->slept_ms >= VF_BIND_LIMIT_MS);
}

static void
end_process(struct bench *b)
{
	fake_host_remove(b->fake, "/proc/4711");
}

static void
test_restore_waits_for_a_process_that_ends(void **state)
{
	struct bench *b = *state;
	struct driver_binding was = {.driver = "igbvf"};

	begin_with(b, "vfio-pci", "vfio-pci");
	fake_host_process(b->fake, 4711, 1000, "testpmd", node_path(b));
	b->later = end_process;
	b->later_ms = 500;
	assert_int_equal(vf_bind_restore(&b->h, &b->vf, &was, &b->why), 0);
	expect_binding(b, "igbvf", "");
}

/* The override is the user's, whatever becomes of the driver. */
static void
test_override_comes_back_though_the_driver_does_not(void **state)
{
	struct bench *b = *state;
	struct driver_binding was = {.driver = "gone", .override = "mine"};

	begin_with(b, "vfio-pci", "vfio-pci");
	assert_int_equal(vf_bind_restore(&b->h, &b->vf, &was, &b->why), -ENOENT);
	expect_reason(b, "gone");
	expect_binding(b, "vfio-pci", "mine");
}

static void
test_unbind_gives_it_to_the_kernel(void **state)
{
	struct bench *b = *state;
	struct driver_binding now;

	fake_host_put(b->fake, PF_DIR "/sriov_drivers_autoprobe", "1\n");
	begin_with(b, "vfio-pci", "vfio-pci");
	assert_int_equal(vf_unbind(&b->h, &b->vf, &now, &b->notes, &b->why), 0);
	assert_string_equal(now.driver, "igbvf");
	assert_string_equal(text_str(&b->notes), "");
	expect_binding(b, "igbvf", "");
	/* It has it already. */
	begin_with(b, "igbvf", "igbvf");
	assert_int_equal(vf_unbind(&b->h, &b->vf, &now, &b->notes, &b->why), 0);
	expect_binding(b, "igbvf", "");
	assert_string_equal(text_str(&b->written), VF_DIR "/driver_override=\n|");
}

static void
test_unbind_without_a_taker(void **state)
{
	struct bench *b = *state;
	struct driver_binding now;

	fake_host_put(b->fake, PF_DIR "/sriov_drivers_autoprobe", "0\n");
	begin_with(b, "vfio-pci", "vfio-pci");
	assert_int_equal(vf_unbind(&b->h, &b->vf, &now, &b->notes, &b->why), 0);
	assert_string_equal(now.driver, "");
	expect_note(b, "sriov_drivers_autoprobe");
	expect_binding(b, "", "");
	assert_int_equal(vf_unbind(&b->h, &b->vf, &now, NULL, &b->why), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_bind_and_restore, setup, teardown),
		cmocka_unit_test_setup_teardown(test_only_vfs_are_moved, setup, teardown),
		cmocka_unit_test(test_each_step_that_fails_is_undone),
		cmocka_unit_test_setup_teardown(test_vfio_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_driver_that_stays_away_in_silence, setup, teardown
		),
		cmocka_unit_test_setup_teardown(test_driver_link_may_come_late, setup, teardown),
		cmocka_unit_test_setup_teardown(test_node_may_come_late, setup, teardown),
		cmocka_unit_test_setup_teardown(test_node_that_does_not_come, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_what_cannot_be_put_back_is_told, setup, teardown
		),
		cmocka_unit_test_setup_teardown(
			test_device_in_use_stays_where_it_is, setup, teardown
		),
		cmocka_unit_test_setup_teardown(
			test_restore_waits_for_a_process_that_ends, setup, teardown
		),
		cmocka_unit_test_setup_teardown(
			test_override_comes_back_though_the_driver_does_not, setup, teardown
		),
		cmocka_unit_test_setup_teardown(
			test_unbind_gives_it_to_the_kernel, setup, teardown
		),
		cmocka_unit_test_setup_teardown(test_unbind_without_a_taker, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
