/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines to tokens: quotes, escapes, comments, limits. */
#include "command.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static char buf[COMMAND_LINE_MAX + 1];
static char *tokens[COMMAND_MAX_TOKENS];
static struct reason why;

static int
split(const char *line)
{
	why.text[0] = '\0';
	return command_split(line, strlen(line), buf, tokens, COMMAND_MAX_TOKENS, &why);
}

static void
test_blanks(void **state)
{
	(void)state;
	assert_int_equal(split(""), 0);
	assert_int_equal(split(" \t "), 0);
	assert_int_equal(split(" set\tbond   b0 "), 3);
	assert_string_equal(tokens[0], "set");
	assert_string_equal(tokens[1], "bond");
	assert_string_equal(tokens[2], "b0");
}

static void
test_quotes(void **state)
{
	(void)state;
	assert_int_equal(split("a 'b c' \"d  e\" ''\"\" f'g h'\"i\"j"), 5);
	assert_string_equal(tokens[1], "b c");
	assert_string_equal(tokens[2], "d  e");
	assert_string_equal(tokens[3], "");
	assert_string_equal(tokens[4], "fg hij");
	assert_int_equal(split("'it\"s' \"it's\""), 2);
	assert_string_equal(tokens[0], "it\"s");
	assert_string_equal(tokens[1], "it's");
	assert_int_equal(split("\"\""), 1);
	assert_string_equal(tokens[0], "");
}

static void
test_escapes(void **state)
{
	(void)state;
	assert_int_equal(split("a\\ b \\' \\\" \\\\ \\#"), 5);
	assert_string_equal(tokens[0], "a b");
	assert_string_equal(tokens[1], "'");
	assert_string_equal(tokens[2], "\"");
	assert_string_equal(tokens[3], "\\");
	assert_string_equal(tokens[4], "#");
	assert_int_equal(split("\"a\\\"b\\\\c\\d\" 'e\\f'"), 2);
	assert_string_equal(tokens[0], "a\"b\\c\\d");
	assert_string_equal(tokens[1], "e\\f");
}

static void
test_comments(void **state)
{
	(void)state;
	assert_int_equal(split("# all of it 'and this"), 0);
	assert_int_equal(split("a b#c #d e"), 2);
	assert_string_equal(tokens[1], "b#c");
	assert_int_equal(split("'#' \"#\"x"), 2);
	assert_string_equal(tokens[0], "#");
	assert_string_equal(tokens[1], "#x");
}

static void
test_faults(void **state)
{
	(void)state;
	assert_int_equal(split("a 'b"), -EINVAL);
	assert_string_equal(why.text, "unterminated single quote");
	assert_int_equal(split("a \"b\\\""), -EINVAL);
	assert_string_equal(why.text, "unterminated double quote");
	assert_int_equal(split("a b\\"), -EINVAL);
	assert_string_equal(why.text, "nothing after the last backslash");
	assert_int_equal(split("a\rb"), -EINVAL);
	assert_string_equal(why.text, "control character 0x0d at byte 2 of the line");
	assert_int_equal(split("ab 'c\td'"), 2);
	assert_int_equal(split("\x7f"), -EINVAL);
	assert_int_equal(command_split("a\0b", 3, buf, tokens, 8, &why), -EINVAL);
	assert_string_equal(why.text, "control character 0x00 at byte 2 of the line");
	assert_int_equal(split("\xc3\xa4 b"), 2); /* UTF-8 is no control character */
}

/* The output must fit in len + 1 bytes: an exact allocation lets the sanitizer see one more. */
static int
split_exactly(char c, size_t len)
{
	char *line = malloc(len);
	char *out = malloc(len + 1);
	int ret;

	assert_non_null(line);
	assert_non_null(out);
	memset(line, c, len);
	ret = command_split(line, len, out, tokens, COMMAND_MAX_TOKENS, &why);
	if (ret == 1)
		assert_int_equal(strlen(tokens[0]), len);
	free(line);
	free(out);
	return ret;
}

static void
test_line_limit(void **state)
{
	(void)state;
	assert_int_equal(split_exactly('x', 1), 1);
	assert_int_equal(split_exactly('x', 4095), 1);
	assert_int_equal(split_exactly('x', 4096), -E2BIG);
	assert_string_equal(why.text, "the line is longer than 4095 bytes; nothing of it was run");
}

static void
test_token_limit(void **state)
{
	char line[2 * 257 + 1] = "";

	(void)state;
	for (int i = 0; i < 256; i++)
		strcat(line, "x ");
	assert_int_equal(split(line), 256);
	strcat(line, "y");
	assert_int_equal(split(line), -E2BIG);
	assert_string_equal(why.text, "more than 256 words in the line");
	line[strlen(line) - 1] = '#';
	assert_int_equal(split(line), 256);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blanks),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_line_limit),
		cmocka_unit_test(test_token_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
