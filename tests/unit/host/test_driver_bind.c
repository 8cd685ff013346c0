/* SPDX-License-Identifier: BSD-3-Clause */
/* driver_bind over a tree of files: what is written, in which order, and what an errno means. */
#include "driver_bind.h"
#include "fake_host.h"
#include "reason.h"
#include "text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Needs the headers above. */
#include <cmocka.h>

#define VF "0000:3b:10.0"
#define VF_DIR "/sys/bus/pci/devices/" VF

enum { LIMIT_MS = 1000 };

struct fixture {
	struct fake_host *fake;
	struct hostfs fs;     /* the fake's, with the hook below in front */
	struct hostfs behind; /* the fake's own */
	struct pci_addr vf;
	struct text written; /* "path=value|" of every write */
	const char *refused; /* end of the path whose write fails */
	int refusal;         /* -errno; 0: it succeeds and does nothing */
	struct reason why;
};

static bool
ends_with(const char *s, const char *end)
{
	size_t len = strlen(s), end_len = strlen(end);

	return len >= end_len && strcmp(s + len - end_len, end) == 0;
}

static int
hook(void *ctx, const char *path, const char *value, size_t len)
{
	struct fixture *f = ctx;

	text_printf(&f->written, "%s=%.*s|", path, (int)len, value);
	if (f->refused != NULL && ends_with(path, f->refused))
		return f->refusal;
	return f->behind.write(f->behind.ctx, path, value, len);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->fake = fake_host_new();
	fake_host_add_pf(f->fake, &FAKE_PF_IGB("0000:3b:00.0", "ens1f0", 2));
	f->behind = f->fs = fake_host_sriov(f->fake)->fs;
	f->fs.write = hook;
	f->fs.ctx = f;
	assert_int_equal(pci_addr_parse(VF, &f->vf), 0);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	text_fini(&f->written);
	fake_host_free(f->fake);
	free(f);
	return 0;
}

static void
expect_driver(struct fixture *f, const char *driver, const char *override)
{
	struct driver_binding b;

	assert_int_equal(driver_binding_read(&f->fs, &f->vf, &b), 0);
	assert_string_equal(b.driver, driver);
	assert_string_equal(b.override, override);
}

static void
expect_reason(const struct fixture *f, const char *part)
{
	if (strstr(f->why.text, part) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", f->why.text, part);
}

static void
test_binding_is_read(void **state)
{
	struct fixture *f = *state;
	struct driver_binding b = {.driver = "kept", .override = "kept"};
	struct pci_addr none = f->vf;
	char driver[32];

	fake_host_put(f->fake, VF_DIR "/driver_override", "(null)\n");
	expect_driver(f, "", "");
	fake_host_put(f->fake, VF_DIR "/driver_override", "igbvf\n");
	expect_driver(f, "", "igbvf");
	fake_host_remove(f->fake, VF_DIR "/driver_override");
	expect_driver(f, "", "");
	fake_host_put(
		f->fake, VF_DIR "/driver_override", "a-name-that-no-driver-of-this-kernel-has\n"
	);
	assert_int_equal(driver_binding_read(&f->fs, &f->vf, &b), -ENAMETOOLONG);
	none.function = 7;
	assert_int_equal(driver_binding_read(&f->fs, &none, &b), -ENODEV);
	assert_string_equal(b.driver, "kept");
	assert_string_equal(b.override, "kept");
	assert_int_equal(driver_read(&f->fs, &none, driver), -ENODEV);
}

static void
test_names_that_are_paths_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"..",
		".",
		"../devices",
		"a/b",
		"a b",
		"a\n",
		"a-name-of-thirty-two-characters-x",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(driver_name_ok(bad[i]));
		assert_false(driver_loaded(&f->fs, bad[i]));
		assert_int_equal(driver_load(&f->fs, bad[i], &f->why), -EINVAL);
		assert_int_equal(driver_bind(&f->fs, &f->vf, bad[i], LIMIT_MS, NULL), -EINVAL);
		if (bad[i][0] != '\0')
			assert_int_equal(
				driver_override_set(&f->fs, &f->vf, bad[i], NULL), -EINVAL
			);
	}
	assert_true(driver_name_ok("vfio-pci"));
	assert_string_equal(text_str(&f->written), "");
}

static void
test_override_is_set_and_taken_away(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(driver_override_set(&f->fs, &f->vf, "vfio-pci", NULL), 0);
	expect_driver(f, "", "vfio-pci");
	assert_int_equal(driver_override_set(&f->fs, &f->vf, "vfio-pci", NULL), 0);
	assert_int_equal(driver_override_set(&f->fs, &f->vf, "", NULL), 0);
	expect_driver(f, "", "");
	/* Each once, as a line. */
	assert_string_equal(
		text_str(&f->written),
		VF_DIR "/driver_override=vfio-pci\n|" VF_DIR "/driver_override=\n|"
	);
}

static void
test_override_that_is_refused_is_explained(void **state)
{
	static const struct {
		int err;
		const char *says;
	} cases[] = {
		{-EROFS, "read-only"},
		{-EACCES, "root"},
		{-EPERM, "root"},
		{-ENOENT, "no driver_override"},
		{-ETIMEDOUT, "timed out"},
	};
	struct fixture *f = *state;

	f->refused = "/driver_override";
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f->refusal = cases[i].err;
		assert_int_equal(
			driver_override_set(&f->fs, &f->vf, "vfio-pci", &f->why), cases[i].err
		);
		expect_reason(f, VF);
		expect_reason(f, cases[i].says);
	}
	expect_driver(f, "", "");
}

static void
test_unbind(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(driver_unbind(&f->fs, &f->vf, LIMIT_MS, NULL), 0);
	assert_string_equal(text_str(&f->written), "");
	assert_int_equal(driver_override_set(&f->fs, &f->vf, "vfio-pci", NULL), 0);
	assert_int_equal(driver_bind(&f->fs, &f->vf, "vfio-pci", LIMIT_MS, &f->why), 0);
	f->refused = "/unbind";
	f->refusal = -ETIMEDOUT;
	assert_int_equal(driver_unbind(&f->fs, &f->vf, LIMIT_MS, &f->why), -ETIMEDOUT);
	expect_reason(f, "vfio-pci");
	expect_reason(f, "open");
	/* Unbound by somebody else would be fine; but it is not. */
	f->refusal = -ENODEV;
	assert_int_equal(driver_unbind(&f->fs, &f->vf, LIMIT_MS, &f->why), -ENODEV);
	f->refused = NULL;
	assert_int_equal(driver_unbind(&f->fs, &f->vf, LIMIT_MS, NULL), 0);
	expect_driver(f, "", "vfio-pci");
}

/* With sriov_drivers_autoprobe=0 only drivers_probe heeds the override. */
static void
test_bind_probes_first_and_then_asks_the_driver(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(driver_override_set(&f->fs, &f->vf, "vfio-pci", NULL), 0);
	text_clear(&f->written);
	assert_int_equal(driver_bind(&f->fs, &f->vf, "vfio-pci", LIMIT_MS, &f->why), 0);
	expect_driver(f, "vfio-pci", "vfio-pci");
	assert_string_equal(text_str(&f->written), "/sys/bus/pci/drivers_probe=" VF "|");

	assert_int_equal(driver_unbind(&f->fs, &f->vf, LIMIT_MS, NULL), 0);
	text_clear(&f->written);
	f->refused = "/drivers_probe";
	f->refusal = -EINVAL;
	assert_int_equal(driver_bind(&f->fs, &f->vf, "vfio-pci", LIMIT_MS, &f->why), 0);
	expect_driver(f, "vfio-pci", "vfio-pci");
	assert_string_equal(
		text_str(&f->written),
		"/sys/bus/pci/drivers_probe=" VF "|/sys/bus/pci/drivers/vfio-pci/bind=" VF "|"
	);
}

/* Bind with every offer failing as @err; the reason must tell @says. */
static void
expect_refusal(struct fixture *f, int err, const char *says)
{
	f->refused = "bind";
	f->refusal = err;
	assert_int_equal(driver_bind(&f->fs, &f->vf, "vfio-pci", LIMIT_MS, &f->why), err);
	expect_reason(f, VF);
	expect_reason(f, says);
	expect_driver(f, "", "vfio-pci");
}

static void
test_bind_errors_are_explained(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(driver_override_set(&f->fs, &f->vf, "vfio-pci", NULL), 0);
	fake_host_vfio_answer(f->fake, 0, true);
	expect_refusal(f, -ENODEV, "0x8086:0x10ca");
	expect_refusal(f, -EBUSY, "another driver");
	expect_refusal(f, -EROFS, "read-only");
	expect_refusal(f, -EIO, "dmesg");
	expect_refusal(f, -EPERM, "root");
	fake_host_put(
		f->fake, "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n"
	);
	expect_refusal(f, -EPERM, "locked down (integrity)");
	expect_refusal(f, -EINVAL, "refused the function");
	fake_host_remove(f->fake, VF_DIR "/iommu_group");
	expect_refusal(f, -EINVAL, "in no IOMMU group");
	fake_host_remove(f->fake, "/sys/class/iommu");
	expect_refusal(f, -EINVAL, "enable_unsafe_noiommu_mode");
	assert_int_equal(driver_bind(&f->fs, &f->vf, "igb_uio", LIMIT_MS, &f->why), -ENOENT);
	expect_reason(f, "modprobe igb_uio");
}

static void
test_silent_refusal_is_no_success(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(driver_override_set(&f->fs, &f->vf, "vfio-pci", NULL), 0);
	fake_host_vfio_answer(f->fake, 0, true);
	assert_int_equal(driver_bind(&f->fs, &f->vf, "vfio-pci", LIMIT_MS, &f->why), -EINPROGRESS);
	expect_reason(f, "vfio-pci does not have it");
	expect_driver(f, "", "vfio-pci");
}

static void
test_another_driver_that_takes_it_is_named(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(driver_override_set(&f->fs, &f->vf, "igbvf", NULL), 0);
	assert_int_equal(driver_bind(&f->fs, &f->vf, "vfio-pci", LIMIT_MS, &f->why), -EBUSY);
	expect_reason(f, "igbvf took it instead of vfio-pci");
}

static void
test_probe_without_a_taker_is_no_error(void **state)
{
	struct fixture *f = *state;
	struct pci_addr none = f->vf;

	f->refused = "/drivers_probe";
	f->refusal = -ENODEV;
	assert_int_equal(driver_probe(&f->fs, &f->vf, &f->why), 0);
	expect_driver(f, "", "");
	f->refusal = -EROFS;
	assert_int_equal(driver_probe(&f->fs, &f->vf, &f->why), -EROFS);
	expect_reason(f, "read-only");
	none.function = 7;
	assert_int_equal(driver_probe(&f->fs, &none, &f->why), -ENODEV);
}

static void
test_modules_are_loaded_into_the_machine_only(void **state)
{
	static const struct hostfs machine;
	struct fixture *f = *state;

	assert_int_equal(driver_load(&f->fs, "vfio-pci", &f->why), 0);
	assert_int_equal(driver_load(&f->fs, "igb_uio", &f->why), -ENOENT);
	expect_reason(f, "tree of files");
	/* Whether there is a modprobe or not, it cannot load this. */
	assert_int_equal(driver_load(&machine, "no_such_module_0", &f->why), -ENOENT);
	expect_reason(f, "no_such_module_0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_binding_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_names_that_are_paths_are_refused, setup, teardown
		),
		cmocka_unit_test_setup_teardown(
			test_override_is_set_and_taken_away, setup, teardown
		),
		cmocka_unit_test_setup_teardown(
			test_override_that_is_refused_is_explained, setup, teardown
		),
		cmocka_unit_test_setup_teardown(test_unbind, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_bind_probes_first_and_then_asks_the_driver, setup, teardown
		),
		cmocka_unit_test_setup_teardown(test_bind_errors_are_explained, setup, teardown),
		cmocka_unit_test_setup_teardown(test_silent_refusal_is_no_success, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_another_driver_that_takes_it_is_named, setup, teardown
		),
		cmocka_unit_test_setup_teardown(
			test_probe_without_a_taker_is_no_error, setup, teardown
		),
		cmocka_unit_test_setup_teardown(
			test_modules_are_loaded_into_the_machine_only, setup, teardown
		),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
