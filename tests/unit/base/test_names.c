/* SPDX-License-Identifier: BSD-3-Clause */
/* Name tables. */
#include "names.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static const char *const names[] = {"zero", NULL, "two", "three"};
enum { COUNT = sizeof(names) / sizeof(names[0]) };

static void
test_index(void **state)
{
	(void)state;
	assert_int_equal(name_index(names, COUNT, "zero"), 0);
	assert_int_equal(name_index(names, COUNT, "three"), 3);
	assert_int_equal(name_index(names, COUNT, "tw"), -EINVAL);
	assert_int_equal(name_index(names, COUNT, "Two"), -EINVAL);
	assert_int_equal(name_index(names, COUNT, ""), -EINVAL);
	assert_int_equal(name_index(names, 0, "zero"), -EINVAL);
}

static void
test_join(void **state)
{
	char buf[32];

	(void)state;
	assert_ptr_equal(names_join(buf, sizeof(buf), names, COUNT), buf);
	assert_string_equal(buf, "zero, two, three");
	for (size_t size = 1; size < sizeof(buf); size++) {
		memset(buf, 'x', sizeof(buf));
		names_join(buf, size, names, COUNT);
		assert_int_equal(strlen(buf), size - 1 < 16 ? size - 1 : 16);
		assert_memory_equal(buf, "zero, two, three", strlen(buf));
		assert_int_equal(buf[size], 'x');
	}
	assert_string_equal(names_join(buf, sizeof(buf), names, 0), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_join),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
