/* SPDX-License-Identifier: BSD-3-Clause */
/* Reasons: formatted, cut, prefixed, or not wanted at all. */
#include "reason.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static void
test_set(void **state)
{
	struct reason why;

	(void)state;
	assert_int_equal(reason_set(&why, -ENODEV, "%s: no such port", "p0"), -ENODEV);
	assert_string_equal(why.text, "p0: no such port");
	assert_int_equal(reason_set(NULL, -EINVAL, "x"), -EINVAL);
}

static void
test_prefix(void **state)
{
	struct reason why;

	(void)state;
	reason_set(&why, 0, "no");
	reason_prefix(&why, "b0");
	reason_prefix(&why, "f:1");
	assert_string_equal(why.text, "f:1: b0: no");
	reason_prefix(NULL, "b0");
}

static void
test_cut(void **state)
{
	struct reason why;
	char big[2000];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	reason_set(&why, 0, "%s", big);
	assert_int_equal(strlen(why.text), sizeof(why.text) - 1);
	reason_prefix(&why, "p");
	assert_int_equal(strlen(why.text), sizeof(why.text) - 1);
	assert_memory_equal(why.text, "p: xxx", 6);
	reason_prefix(&why, big);
	assert_int_equal(strlen(why.text), sizeof(why.text) - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
