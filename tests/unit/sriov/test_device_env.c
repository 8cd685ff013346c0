/* SPDX-License-Identifier: BSD-3-Clause */
/* The device plugin's variables: their names, their lists, and what _INFO must say. */
#include "device_info.h"
#include "reason.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

#define VFS_A "PCIDEVICE_INTEL_COM_VFS_A"
#define INFO_OF(addr) "\"" addr "\":{\"generic\":{\"deviceID\":\"" addr "\"},\"vfio\":{}}"

static void
test_variable_of_a_resource(void **state)
{
	char buf[64];

	(void)state;
	assert_int_equal(resource_variable("intel.com/vfs_a", buf, sizeof(buf)), 0);
	assert_string_equal(buf, VFS_A);
	/* The plugin replaces dots only: a dash stays, which no shell can name. */
	assert_int_equal(resource_variable("my-org.io/net-1", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "PCIDEVICE_MY-ORG_IO_NET-1");
	assert_int_equal(resource_variable("a/b", buf, strlen("PCIDEVICE_A_B") + 1), 0);
}

static void
test_no_variable_of_what_is_no_resource(void **state)
{
	static const char *const wrong[] = {
		"",
		"vfs",
		"/",
		"/vfs",
		"intel.com/",
		"a/b/c",
		"a/b c",
		"a/b=c",
		"a/b,c",
		"a/\xc3\xa4",
	};
	char buf[64] = "as before";

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(resource_variable(wrong[i], buf, sizeof(buf)), -EINVAL);
	assert_int_equal(resource_variable("a/b", buf, strlen("PCIDEVICE_A_B")), -ENAMETOOLONG);
	assert_string_equal(buf, "as before");
}

static void
assert_devices(char *const *env, const char *resource, const char *const *expected, size_t n)
{
	char text[PCI_ADDR_BYTES];
	struct pci_addr *addrs = NULL;
	struct reason why = {""};
	size_t got = 0;

	if (resource_devices(env, resource, &addrs, &got, &why) != 0)
		fail_msg("%s: %s", resource, why.text);
	assert_int_equal(got, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(pci_addr_text(&addrs[i], text), expected[i]);
	free(addrs);
}

static void
test_devices_in_their_order(void **state)
{
	static const char *const expected[] = {"0000:3b:02.1", "10000:01:00.7", "0000:00:02.0"};
	char *env[] = {
		"PATH=/bin",
		"PCIDEVICE_INTEL_COM_VFS=0000:99:00.0",
		"PCIDEVICE_INTEL_COM_VFS_AB=0000:98:00.0",
		VFS_A "=0000:3b:02.1,10000:01:00.7,00:02.0",
		"PCIDEVICE_X_Y-Z=0000:3b:02.1",
		NULL,
	};

	(void)state;
	assert_devices(env, "intel.com/vfs_a", expected, 3);
	assert_devices(env, VFS_A, expected, 3);
	assert_devices(env, "x/y-z", expected, 1);
}

static void
test_info_that_agrees(void **state)
{
	static const char *const expected[] = {"0000:3b:02.1", "0000:3b:02.0"};
	char *env[] = {
		VFS_A "=0000:3b:02.1,0000:3b:02.0",
		VFS_A "_INFO={" INFO_OF("0000:3b:02.0") ",\"0000:3B:02.1\":{\"extra\":{}}}",
		NULL,
	};

	(void)state;
	assert_devices(env, "intel.com/vfs_a", expected, 2);
}

static void
assert_refused(char *const *env, const char *resource, int rc, const char *text)
{
	struct pci_addr *addrs = (struct pci_addr *)&addrs;
	struct reason why = {""};
	size_t n = 77;

	assert_int_equal(resource_devices(env, resource, &addrs, &n, &why), rc);
	assert_string_equal(why.text, text);
	assert_ptr_equal(addrs, &addrs);
	assert_int_equal(n, 77);
}

static void
test_no_such_variable(void **state)
{
	char *env[] = {
		"PCIDEVICE_A_B=0000:3b:02.1",
		"PCIDEVICE_A_B_INFO={}",
		"PCIDEVICE_NOTHING",
		"OTHER=1",
		"PCIDEVICE_A_C-D\x1b=x",
		NULL,
	};
	char *none[] = {"HOME=x", NULL};

	(void)state;
	assert_refused(
		env,
		"intel.com/vfs_a",
		-ENOENT,
		VFS_A
		" is not in the environment, which has PCIDEVICE_A_B, PCIDEVICE_A_C-D?; is the "
		"resource requested for this container?"
	);
	for (int i = 0; i < 2; i++)
		assert_refused(
			i == 0 ? none : NULL,
			"intel.com/vfs_a",
			-ENOENT,
			VFS_A
			" is not in the environment, which has no PCIDEVICE_... at all; is the "
			"resource requested for this container?"
		);
}

static void
test_no_resource(void **state)
{
	char *env[] = {NULL}, name[600];

	(void)state;
	assert_refused(
		env,
		"vfs_a\x1b",
		-EINVAL,
		"\"vfs_a?\": a resource is PREFIX/NAME, as intel.com/vfs_a, or its variable "
		"(PCIDEVICE_...)"
	);
	assert_refused(
		env,
		"PCIDEVICE_A B",
		-EINVAL,
		"\"PCIDEVICE_A B\": a resource is PREFIX/NAME, as intel.com/vfs_a, or its variable "
		"(PCIDEVICE_...)"
	);
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	name[3] = '/';
	for (int i = 0; i < 2; i++) {
		struct pci_addr *addrs;
		struct reason why;
		size_t n;

		assert_int_equal(resource_devices(env, name, &addrs, &n, &why), -ENAMETOOLONG);
		assert_non_null(strstr(why.text, ", and not that long"));
		memcpy(name, "PCIDEVICE_", strlen("PCIDEVICE_"));
	}
}

static void
test_junk_in_the_list(void **state)
{
	static const struct {
		const char *value, *why;
	} cases[] = {
		{"", VFS_A " is empty: it names no device"},
		{",", VFS_A ": \"\" is no PCI address"},
		{"0000:3b:02.1,", VFS_A ": \"\" is no PCI address"},
		{"0000:3b:02.1,,0000:3b:02.0", VFS_A ": \"\" is no PCI address"},
		{"0000:3b:02.1, 0000:3b:02.0", VFS_A ": \" 0000:3b:02.0\" is no PCI address"},
		{"mlx5_core.sf.4", VFS_A ": \"mlx5_core.sf.4\" is no PCI address"},
		{"0000:3b:20.0", VFS_A ": \"0000:3b:20.0\" is no PCI address"},
		{"0000:3b:02.1\n", VFS_A ": \"0000:3b:02.1?\" is no PCI address"},
		{"123456789012345678901234567890123456789012345678901234567890123456789",
	         VFS_A ": \"1234567890123456789012345678901234567890123456789012345678...\" is no "
	               "PCI address"},
		{"0000:3b:02.1,0000:3B:02.1", VFS_A " names 0000:3B:02.1 twice"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[256] = VFS_A "=";
		char *env[] = {line, NULL};

		strcat(line, cases[i].value);
		assert_refused(env, "intel.com/vfs_a", -EINVAL, cases[i].why);
	}
}

static void
test_info_that_does_not_agree(void **state)
{
	static const struct {
		const char *value, *why;
	} cases[] = {
		{"", ":1:0: '[' or '{' expected near end of file"},
		{"0000:3b:02.1", ":1:1: '[' or '{' expected near '0'"},
		{"[]", ": not an object ({...}) but a list"},
		{"{}", ": 0000:3b:02.0: it is missing, but in the list of devices"},
		{"{" INFO_OF("0000:3b:02.0") "}",
	         ": 0000:3b:02.1: it is missing, but in the list of devices"},
		{"{" INFO_OF("0000:3b:02.0") "," INFO_OF("0000:3b:02.1") "," INFO_OF("0000:3b:02.2"
	         ) "}",
	         ": \"0000:3b:02.2\": not in the list of devices"},
		{"{\"mlx5_core.sf.4\":{}}", ": \"mlx5_core.sf.4\": not in the list of devices"},
		{"{" INFO_OF("0000:3b:02.0") "," INFO_OF("0000:3B:02.0") "}",
	         ": \"0000:3B:02.0\": given twice"},
		{"{\"0000:3b:02.0\":[]}", ": \"0000:3b:02.0\": an object ({...}) is wanted"},
		{"{\"0000:3b:02.0\":{\"generic\":1}}", ": generic: an object ({...}) is wanted"},
		{"{\"0000:3b:02.0\":{\"generic\":{\"deviceID\":1}}}",
	         ": generic.deviceID: a string is wanted"},
		{"{\"0000:3b:02.0\":{\"generic\":{\"deviceID\":\"0000:3b:02.1\"}}}",
	         ": generic.deviceID: another device than its key"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char info[512] = VFS_A "_INFO=", why[256] = VFS_A "_INFO";
		char *env[] = {VFS_A "=0000:3b:02.0,0000:3b:02.1", info, NULL};

		strcat(info, cases[i].value);
		strcat(why, cases[i].why);
		assert_refused(env, "intel.com/vfs_a", -EINVAL, why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_variable_of_a_resource),
		cmocka_unit_test(test_no_variable_of_what_is_no_resource),
		cmocka_unit_test(test_devices_in_their_order),
		cmocka_unit_test(test_info_that_agrees),
		cmocka_unit_test(test_no_such_variable),
		cmocka_unit_test(test_no_resource),
		cmocka_unit_test(test_junk_in_the_list),
		cmocka_unit_test(test_info_that_does_not_agree),
	};

	return cmocka_run_group_tests_name("device_env", tests, NULL, NULL);
}
