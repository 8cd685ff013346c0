/* SPDX-License-Identifier: BSD-3-Clause */
/* What may go to a terminal and into JSON, and what becomes a question mark. */
#include "printable.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static void
expect(const char *in, const char *out)
{
	char buf[64];

	strcpy(buf, in);
	assert_ptr_equal(printable(buf), buf);
	assert_string_equal(buf, out);
}

static void
leaves_text_alone(void **state)
{
	(void)state;
	expect("", "");
	expect("ice 1.2.3 ~", "ice 1.2.3 ~");
	expect("M\xc3\xbcller", "M\xc3\xbcller");
	expect("\xe2\x82\xac \xf0\x9f\x98\x80", "\xe2\x82\xac \xf0\x9f\x98\x80");
	expect("\xc2\xa0\xf4\x8f\xbf\xbf", "\xc2\xa0\xf4\x8f\xbf\xbf");
}

static void
replaces_controls(void **state)
{
	(void)state;
	expect("a\tb\x1b[2J\x7f", "a?b?[2J?");
	expect("\xc2\x9b"
	       "31m",
	       "??31m");
}

static void
replaces_what_is_no_utf8(void **state)
{
	(void)state;
	expect("\xff\xfe", "??");
	expect("a\x80", "a?");
	expect("\xc3", "?");
	expect("\xc3z", "?z");
	expect("\xe2\x82", "??");
	expect("\xc0\xaf", "??");           /* a longer form of "/" */
	expect("\xe0\x80\xaf", "???");      /* the same */
	expect("\xf0\x80\x80\xaf", "????"); /* the same */
	expect("\xed\xa0\x80", "???");      /* a surrogate */
	expect("\xf4\x90\x80\x80", "????"); /* beyond U+10FFFF */
	expect("\xf8\x88\x80\x80\x80", "?????");
}

/* Every two bytes: what comes out is what the JSON library takes for a string. */
static void
is_always_json(void **state)
{
	(void)state;
	for (unsigned i = 1; i < 0x10000; i++) {
		char buf[4] = {(char)(i >> 8), (char)i, 'x', '\0'};
		json_t *s;

		s = json_string(printable(buf));
		if (s == NULL)
			fail_msg("%04x is no JSON", i);
		json_decref(s);
	}
}

static void
copies_what_fits(void **state)
{
	static const char unterminated[4] = {'a', 'b', 'c', 'd'};
	char buf[4];

	(void)state;
	printable_copy(buf, sizeof(buf), "ab");
	assert_string_equal(buf, "ab");
	printable_copy(buf, sizeof(buf), unterminated);
	assert_string_equal(buf, "abc");
	printable_copy(buf, sizeof(buf), "ab\xc3\xbc");
	assert_string_equal(buf, "ab?");
	printable_copy(buf, 1, "ab");
	assert_string_equal(buf, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_text_alone),
		cmocka_unit_test(replaces_controls),
		cmocka_unit_test(replaces_what_is_no_utf8),
		cmocka_unit_test(is_always_json),
		cmocka_unit_test(copies_what_fits),
	};

	return cmocka_run_group_tests_name("printable", tests, NULL, NULL);
}
