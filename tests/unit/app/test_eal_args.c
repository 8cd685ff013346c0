/* SPDX-License-Identifier: BSD-3-Clause */
/* What EAL is told of PCI devices: the claimed VFs, what the user allows, and nothing else. */
#include "eal_args.h"
#include "reason.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static const struct pci_addr vfs[] = {
	{.bus = 1, .device = 0x10, .function = 0},
	{.domain = 0x10000, .bus = 2, .device = 0x10, .function = 1},
};

/* EAL's words for the user's (separated by blanks) and the first @nb_vfs of vfs, joined again. */
static int
make(const char *words, size_t nb_vfs, char *ret, size_t size, struct reason *why)
{
	char buf[512], *argv[32], *save = NULL;
	struct eal_args a;
	int argc = 0, rc;

	snprintf(buf, sizeof(buf), "%s", words);
	for (char *w = strtok_r(buf, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	rc = eal_args_make(&a, argc, argv, vfs, nb_vfs, why);
	if (rc != 0)
		return rc;
	assert_null(a.argv[a.argc]);
	ret[0] = '\0';
	for (int i = 0; i < a.argc; i++) {
		size_t len = strlen(ret);

		snprintf(ret + len, size - len, "%s%s", i != 0 ? " " : "", a.argv[i]);
	}
	eal_args_fini(&a);
	return 0;
}

static void
expect(const char *words, size_t nb_vfs, const char *added)
{
	char text[1024], want[1024];
	struct reason why;

	assert_int_equal(make(words, nb_vfs, text, sizeof(text), &why), 0);
	snprintf(want, sizeof(want), "%s%s", words, added);
	assert_string_equal(text, want);
}

static void
nothing_is_picked_by_itself(void **state)
{
	(void)state;
	expect("vfbond", 0, " -a ffff:ff:1f.7");
	expect("vfbond -l 0-1 --vdev net_null0 --no-huge", 0, " -a ffff:ff:1f.7");
	/* The value of another option that looks like one of ours only from afar. */
	expect("vfbond --base-virtaddr=0x100000000", 0, " -a ffff:ff:1f.7");
}

static void
who_picks_is_left_alone(void **state)
{
	(void)state;
	expect("vfbond -a 0000:03:00.0", 0, "");
	expect("vfbond -a0000:03:00.0", 0, "");
	expect("vfbond --allow=0000:03:00.0", 0, "");
	expect("vfbond --al 0000:03:00.0", 0, "");
	expect("vfbond -b 0000:03:00.0", 0, "");
	expect("vfbond --block 0000:03:00.0", 0, "");
	expect("vfbond --no-pci", 0, "");
	expect("vfbond --no-p", 0, "");
}

static void
claimed_vfs_are_allowed(void **state)
{
	(void)state;
	expect("vfbond -l 0-1", 1, " -a 0000:01:10.0");
	expect("vfbond", 2, " -a 0000:01:10.0 -a 10000:02:10.1");
	/* Beside another device of the user's, and once when he names it with arguments. */
	expect("vfbond -a 0000:03:00.0", 1, " -a 0000:01:10.0");
	expect("vfbond -a 0000:01:10.0,key=1", 1, "");
	expect("vfbond -a 01:10.0", 2, " -a 10000:02:10.1");
	expect("vfbond --allow=pci:0000:01:10.0", 1, "");
}

static void
contradictions_are_refused(void **state)
{
	static const char *const words[] = {
		"vfbond -b 0000:03:00.0",
		"vfbond --block=0000:01:10.0",
		"vfbond --no-pci",
		"vfbond -b",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char text[1024];
		struct reason why = {""};

		assert_int_equal(make(words[i], 1, text, sizeof(text), &why), -EINVAL);
		assert_non_null(strstr(why.text, "contradict"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_picked_by_itself),
		cmocka_unit_test(who_picks_is_left_alone),
		cmocka_unit_test(claimed_vfs_are_allowed),
		cmocka_unit_test(contradictions_are_refused),
	};

	return cmocka_run_group_tests_name("app/eal_args", tests, NULL, NULL);
}
