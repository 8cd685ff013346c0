/* SPDX-License-Identifier: BSD-3-Clause */
/* The growable text. */
#include "text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static void
test_empty(void **state)
{
	struct text t = TEXT_EMPTY;

	(void)state;
	assert_string_equal(text_str(&t), "");
	text_drop(&t, 5);
	text_clear(&t);
	text_fini(&t);
	assert_null(t.s);
}

static void
test_add(void **state)
{
	struct text t = TEXT_EMPTY;

	(void)state;
	text_puts(&t, "ab");
	text_add(&t, "c\0d", 3);
	text_printf(&t, "-%d-%s", 42, "x");
	assert_int_equal(t.len, 10);
	assert_memory_equal(t.s, "abc\0d-42-x", 11);
	text_clear(&t);
	assert_string_equal(text_str(&t), "");
	text_puts(&t, "again");
	assert_string_equal(text_str(&t), "again");
	text_fini(&t);
}

static void
test_growth(void **state)
{
	struct text t = TEXT_EMPTY;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		text_printf(&t, "%04d", i);
		assert_true(t.len < t.cap);
	}
	assert_int_equal(t.len, 40000);
	assert_memory_equal(t.s + 4 * 1234, "1234", 4);
	assert_int_equal(strlen(t.s), 40000);
	text_drop(&t, 4 * 9999);
	assert_string_equal(t.s, "9999");
	text_drop(&t, 1);
	assert_string_equal(t.s, "999");
	text_drop(&t, 3);
	assert_int_equal(t.len, 0);
	text_fini(&t);
}

static void
test_no_memory(void **state)
{
	struct text t = TEXT_EMPTY;

	(void)state;
	text_puts(&t, "kept");
	/* More than any allocator gives; must not be read either. */
	text_add(&t, "x", (size_t)PTRDIFF_MAX - 8);
	assert_true(t.no_mem);
	assert_string_equal(text_str(&t), "kept");
	text_fini(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
