/* SPDX-License-Identifier: BSD-3-Clause */
/* Tokens to rows: which row wins, what it gets, what the message says when there is none. */
#include "command.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

#define ROW(grammar)                                    \
	{                                               \
		grammar, grammar, "help", "Group", NULL \
	}

static const struct command table[] = {
	ROW("quit"),
	ROW("help [<TOPIC...>]"),
	ROW("port config <PORT> mtu <N>"),
	ROW("port config mtu <PORT> <N>"),
	ROW("set promisc <PORT|all> <on|off>"),
	ROW("set bond <NAME> <up|down>"),
	ROW("set bond <NAME> <OPTION> <VALUE>"),
	ROW("show bonding|bonded config <BOND>"),
	ROW("show bond <NAME> [<json>]"),
	ROW("add <NAME> [<A>] [<B>]"),
	ROW("run <FILE> <ARG...>"),
	ROW("get <on|off>"),
	ROW("get <NAME>"),
};

static char buf[COMMAND_LINE_MAX + 1];
static char *tokens[COMMAND_MAX_TOKENS];
static struct command_match m;
static struct reason why;

static int
find(const char *line)
{
	int n = command_split(line, strlen(line), buf, tokens, COMMAND_MAX_TOKENS, &why);

	assert_true(n > 0);
	return command_find(table, sizeof(table) / sizeof(table[0]), tokens, n, &m, &why);
}

static void
expect(const char *line, const char *grammar)
{
	assert_int_equal(find(line), 0);
	assert_string_equal(m.command->grammar, grammar);
}

static void
expect_fault(const char *line, const char *text)
{
	memset(&m, 0x5a, sizeof(m));
	assert_int_equal(find(line), -EINVAL);
	assert_string_equal(why.text, text);
	assert_int_equal(m.argc, 0x5a5a5a5a); /* untouched */
}

static void
test_arguments(void **state)
{
	(void)state;
	expect("quit", "quit");
	assert_int_equal(m.argc, 0);
	expect("set promisc 3 off", "set promisc <PORT|all> <on|off>");
	assert_int_equal(m.argc, 2);
	assert_string_equal(m.argv[0], "3");
	assert_string_equal(m.argv[1], "off");
	expect("show bonded config b0", "show bonding|bonded config <BOND>");
	assert_int_equal(m.argc, 1);
	assert_string_equal(m.argv[0], "b0");
	expect("set bond '' mode 4", "set bond <NAME> <OPTION> <VALUE>");
	assert_string_equal(m.argv[0], "");
}

static void
test_optional(void **state)
{
	(void)state;
	expect("show bond b0", "show bond <NAME> [<json>]");
	assert_int_equal(m.argc, 2);
	assert_null(m.argv[1]);
	expect("show bond b0 json", "show bond <NAME> [<json>]");
	assert_string_equal(m.argv[1], "json");
	expect("add x 1", "add <NAME> [<A>] [<B>]");
	assert_int_equal(m.argc, 3);
	assert_string_equal(m.argv[1], "1");
	assert_null(m.argv[2]);
}

static void
test_rest(void **state)
{
	(void)state;
	expect("help", "help [<TOPIC...>]");
	assert_int_equal(m.argc, 0);
	assert_int_equal(m.nb_rest, 0);
	expect("help set bond", "help [<TOPIC...>]");
	assert_int_equal(m.nb_rest, 2);
	assert_string_equal(m.rest[0], "set");
	assert_string_equal(m.rest[1], "bond");
	expect("run f 1 2 3", "run <FILE> <ARG...>");
	assert_int_equal(m.argc, 1);
	assert_int_equal(m.nb_rest, 3);
	assert_string_equal(m.rest[2], "3");
	expect_fault(
		"run f",
		"a word is missing after \"run f\": expected <ARG...> (usage: run <FILE> <ARG...>)"
	);
}

static void
test_which_row(void **state)
{
	(void)state;
	expect("port config 0 mtu 1500", "port config <PORT> mtu <N>");
	expect("port config mtu 0 1500", "port config mtu <PORT> <N>");
	/* Both fit; the literal further left decides. */
	expect("port config mtu mtu 1500", "port config mtu <PORT> <N>");
	/* A choice beats a word of any kind, wherever it stands in the table. */
	expect("get on", "get <on|off>");
	expect("get one", "get <NAME>");
	expect("set bond b0 up", "set bond <NAME> <up|down>");
	expect("set bond b0 up 1", "set bond <NAME> <OPTION> <VALUE>");
}

static void
test_faults(void **state)
{
	(void)state;
	expect_fault(
		"qui", "unknown word \"qui\": expected quit, help, port, set, show, add, run, get"
	);
	expect_fault(
		"QUIT",
		"unknown word \"QUIT\": expected quit, help, port, set, show, add, "
		"run, get"
	);
	expect_fault("quit now", "superfluous word \"now\" after \"quit\" (usage: quit)");
	expect_fault(
		"port config 0 mut 9",
		"unknown word \"mut\" after \"port config 0\": expected mtu"
		" (usage: port config <PORT> mtu <N>)"
	);
	expect_fault(
		"set bond b0",
		"a word is missing after \"set bond b0\": expected up, down, <OPTION>"
		" (usage: set bond <NAME> <up|down>; set bond <NAME> <OPTION> <VALUE>)"
	);
	expect_fault(
		"set promisc 0 yes",
		"unknown word \"yes\" after \"set promisc 0\": expected on, off"
		" (usage: set promisc <PORT|all> <on|off>)"
	);
	expect_fault(
		"show bond b0 xml",
		"unknown word \"xml\" after \"show bond b0\": expected json, or the end of the line"
		" (usage: show bond <NAME> [<json>])"
	);
	expect_fault(
		"show",
		"a word is missing after \"show\": expected bonding, bonded, bond"
		" (usage: show bonding|bonded config <BOND>; show bond <NAME> [<json>])"
	);
	expect_fault(
		"set bond b0 up 1 2",
		"superfluous word \"2\" after \"set bond b0 up 1\""
		" (usage: set bond <NAME> <OPTION> <VALUE>)"
	);
}

static void
test_long_words(void **state)
{
	char line[COMMAND_LINE_MAX + 1];

	(void)state;
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(find(line), -EINVAL);
	assert_non_null(
		strstr(why.text,
	               "unknown word \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	               "...\": expected quit")
	);
	/* 39 bytes and a character of two: it is left out whole. */
	memcpy(line + 39, "\xc3\xa4", 2);
	assert_int_equal(find(line), -EINVAL);
	assert_non_null(strstr(why.text, "xxx...\": expected"));
}

static void
test_many_words(void **state)
{
	char line[1024] = "run f";

	(void)state;
	for (int i = 0; i < 254; i++)
		strcat(line, " x");
	expect(line, "run <FILE> <ARG...>");
	assert_int_equal(m.nb_rest, 254);
	memcpy(line, "quit ", 5);
	assert_int_equal(find(line), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_optional),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_which_row),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_long_words),
		cmocka_unit_test(test_many_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
