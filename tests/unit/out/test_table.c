/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables as text and as JSON. */
#include "table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static const struct table_column columns[] = {
	{"NAME", "name", TABLE_LEFT, false},
	{"FRAMES", "frames", TABLE_RIGHT, true},
	{"DELTA", NULL, TABLE_RIGHT, false},
	{"NOTE", "note", TABLE_LEFT, false},
};

static struct table *
make(void)
{
	struct table *t;

	assert_int_equal(table_new(&t, columns, 4), 0);
	return t;
}

static void
expect_text(struct table *t, const char *want)
{
	struct text text = TEXT_EMPTY;

	assert_int_equal(table_text(t, &text), 0);
	assert_string_equal(text_str(&text), want);
	text_fini(&text);
}

static void
expect_json(struct table *t, const char *want)
{
	json_t *j;
	char *s;

	assert_int_equal(table_json(t, &j), 0);
	s = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
	assert_non_null(s);
	assert_string_equal(s, want);
	free(s);
	json_decref(j);
}

static void
test_text(void **state)
{
	struct table *t = make();

	(void)state;
	expect_text(t, "NAME  FRAMES  DELTA  NOTE\n");
	table_row(t);
	table_set(t, 0, "bond0");
	table_set_u64(t, 1, 1234567);
	table_set_i64(t, 2, -5);
	table_set(t, 3, "fine");
	table_row(t);
	table_printf(t, 0, "%s%d", "p", 1);
	table_set_u64(t, 1, 999);
	table_set(t, 3, "");
	table_row(t);
	table_set(t, 0, "");
	table_set_u64(t, 1, 1000);
	table_set_i64(t, 2, 12345);
	expect_text(
		t,
		"NAME      FRAMES  DELTA  NOTE\n"
		"bond0  1,234,567     -5  fine\n"
		"p1           999      -\n"
		"           1,000  12345  -\n"
	);
	assert_null(table_free(t));
}

static void
test_json(void **state)
{
	struct table *t = make();

	(void)state;
	expect_json(t, "[]");
	table_row(t);
	table_set(t, 0, "bond\"0");
	table_set_u64(t, 1, 1234567);
	table_set_i64(t, 2, -5); /* has no key */
	table_row(t);
	table_set_u64(t, 1, INT64_MAX);
	table_set_i64(t, 3, INT64_MIN);
	table_row(t);
	table_set_u64(t, 1, 1ull << 63);
	expect_json(
		t,
		"[{\"frames\":1234567,\"name\":\"bond\\\"0\",\"note\":null},"
		"{\"frames\":9223372036854775807,\"name\":null,\"note\":-9223372036854775808},"
		"{\"frames\":9.2233720368547758e18,\"name\":null,\"note\":null}]"
	);
	table_free(t);
}

static void
test_bad_utf8(void **state)
{
	struct table *t = make();
	json_t *j = NULL;

	(void)state;
	table_row(t);
	table_set(t, 0, "\xff");
	assert_int_equal(table_json(t, &j), -EINVAL);
	assert_null(j);
	table_free(t);
}

static void
test_cells(void **state)
{
	struct table *t = make();

	(void)state;
	table_set(t, 0, "before the first row");
	expect_json(t, "[]");
	table_row(t);
	table_set(t, 4, "outside");
	table_set(t, 0, "one");
	table_set(t, 0, "two");
	table_set_u64(t, 0, 3);
	table_set(t, 3, "last");
	expect_json(t, "[{\"frames\":null,\"name\":3,\"note\":\"last\"}]");
	table_free(t);
	assert_null(table_free(NULL));
}

static void
test_extreme_numbers(void **state)
{
	static const struct table_column one[] = {{NULL, "n", TABLE_RIGHT, true}};
	struct table *t;

	(void)state;
	assert_int_equal(table_new(&t, one, 1), 0);
	table_row(t);
	table_set_u64(t, 0, UINT64_MAX);
	table_row(t);
	table_set_i64(t, 0, INT64_MIN);
	table_row(t);
	table_set_i64(t, 0, -100);
	table_row(t);
	table_set_i64(t, 0, -1000);
	/* No header in any column, no header line. */
	expect_text(
		t,
		"18,446,744,073,709,551,615\n"
		"-9,223,372,036,854,775,808\n"
		"                      -100\n"
		"                    -1,000\n"
	);
	table_free(t);
}

static void
test_width_in_characters(void **state)
{
	struct table *t = make();

	(void)state;
	table_row(t);
	table_set(t, 0, "M\xc3\xbcller");
	table_set_u64(t, 1, 1);
	table_row(t);
	table_set(t, 0, "Miller");
	table_set_u64(t, 1, 2);
	expect_text(
		t,
		"NAME    FRAMES  DELTA  NOTE\n"
		"M\xc3\xbcller       1      -  -\n"
		"Miller       2      -  -\n"
	);
	table_free(t);
}

static void
test_many_rows(void **state)
{
	struct table *t = make();
	json_t *j;

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		table_row(t);
		table_printf(t, 0, "row %d", (int)i);
		table_set_u64(t, 1, i);
	}
	assert_int_equal(table_json(t, &j), 0);
	assert_int_equal(json_array_size(j), 1000);
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(j, 999), "frames")), 999
	);
	json_decref(j);
	table_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_bad_utf8),
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_extreme_numbers),
		cmocka_unit_test(test_width_in_characters),
		cmocka_unit_test(test_many_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
