/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The real command table with functions that do nothing: every row can be reached by a line, has
 * help, and is offered by completion.
 */
#include "command.h"
#include "command_grammar.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

/* A line that fits @row: its literals, the first of each choice, and "x" for the rest. */
static void
sample(const struct command *row, struct text *ret)
{
	const char *at = row->grammar, *s;
	struct word w;
	size_t pos, len;

	text_clear(ret);
	while (word_next(&at, &w)) {
		pos = 0;
		assert_true(word_alternative(&w, &pos, &s, &len));
		if (w.kind == WORD_ANY) {
			s = "x";
			len = 1;
		}
		text_add(ret, s, len);
		text_puts(ret, " ");
	}
}

static void
test_every_row_is_reached(void **state)
{
	struct text line = TEXT_EMPTY;
	char buf[COMMAND_LINE_MAX + 1];
	char *tokens[COMMAND_MAX_TOKENS];
	struct command_match m;
	struct reason why;

	(void)state;
	assert_true(commands_count > 50);
	for (size_t i = 0; i < commands_count; i++) {
		int n;

		sample(&commands[i], &line);
		n = command_split(line.s, line.len, buf, tokens, COMMAND_MAX_TOKENS, &why);
		assert_true(n > 0);
		assert_int_equal(command_find(commands, commands_count, tokens, n, &m, &why), 0);
		assert_string_equal(m.command->id, commands[i].id);
		assert_int_equal(command_run(NULL, line.s, line.len, NULL, NULL, &why), 0);
	}
	text_fini(&line);
}

static void
test_every_row_has_help(void **state)
{
	struct text all = TEXT_EMPTY, one = TEXT_EMPTY;

	(void)state;
	assert_int_equal(command_help("", &all), 0);
	for (size_t i = 0; i < commands_count; i++) {
		struct text topic = TEXT_EMPTY;

		assert_true(strlen(commands[i].help) > 10);
		assert_non_null(strstr(all.s, commands[i].grammar));
		assert_non_null(strstr(all.s, commands[i].help));
		assert_non_null(strstr(all.s, commands[i].group));
		sample(&commands[i], &topic);
		text_clear(&one);
		assert_int_equal(command_help(topic.s, &one), 0);
		assert_non_null(strstr(one.s, commands[i].help));
		text_fini(&topic);
	}
	text_fini(&all);
	text_fini(&one);
}

static void
test_help_topics(void **state)
{
	struct text t = TEXT_EMPTY;

	(void)state;
	assert_int_equal(command_help("show bonds", &t), 0);
	assert_string_equal(t.s, "Bonds:\n  show bonds                        one line per bond\n");
	text_clear(&t);
	assert_int_equal(command_help("bond", &t), -ENOENT);
	assert_int_equal(command_help("nonsense", &t), -ENOENT);
	assert_int_equal(command_help("quit 'x", &t), -ENOENT);
	assert_int_equal(t.len, 0);
	assert_int_equal(command_help("set bonded mode", &t), 0);
	assert_non_null(strstr(t.s, "set bonding|bonded mode <MODE> <BOND>"));
	text_fini(&t);
}

/* Whether completion of @line offers exactly @words, in any order. */
static void
expect_words(const char *line, const char *words)
{
	struct text t = TEXT_EMPTY;
	char *all = strdup(words), *save = NULL;
	size_t len = 0;

	command_complete(line, &t);
	for (char *w = strtok_r(all, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
		char one[64] = "\n";
		struct text with = TEXT_EMPTY;

		strcat(strcat(one, w), "\n");
		text_printf(&with, "\n%s", text_str(&t));
		if (strstr(with.s, one) == NULL)
			fail_msg("'%s' does not offer '%s' but: %s", line, w, text_str(&t));
		text_fini(&with);
		len += strlen(w) + 1;
	}
	if (t.len != len)
		fail_msg("'%s' offers more than '%s': %s", line, words, text_str(&t));
	free(all);
	text_fini(&t);
}

static void
test_completion(void **state)
{
	(void)state;
	expect_words("sta", "start");
	expect_words("st", "start stop");
	expect_words("start", "start");
	expect_words("start ", "");
	expect_words("nonsense ", "");
	expect_words("set promisc ", "<PORT|all> all");
	expect_words("set promisc a", "all");
	expect_words("set promisc 0 o", "on off");
	expect_words("set promisc 0 ", "on off");
	expect_words("show bond b0 ", "json option flow");
	expect_words("show config f", "fwd");
	expect_words("add bond b0 ", "member slave");
	expect_words("add bo", "bond bonding bonded");
	expect_words("# st", "");
	expect_words("'st", "");
	expect_words("load ", "<FILE>");
	expect_words("load x", "");
}

static void
test_completion_of_bond_options(void **state)
{
	(void)state;
	expect_words("set bond b0 mi", "miimon min_links");
	expect_words("set bond b0 m", "mode miimon min_links mac member");
	expect_words("set bond b0 members", "");
	expect_words("set bond b0 pri", "primary primary_reselect");
	expect_words("set bond b0 xmit_hash_policy la", "layer2 layer3+4 layer2+3");
	expect_words("set bond b0 fail_over_mac ", "<VALUE> none active follow");
	expect_words("set bond b0 all_members_active o", "off on");
	expect_words("set bond b0 mac ", "<VALUE> pair none");
	/* Numbers, addresses and ports are for the user to know. */
	expect_words("set bond b0 miimon ", "<VALUE>");
	expect_words("set bond b0 arp_ip_target ", "<VALUE> none");
	expect_words("set bond b0 nonsense ", "<VALUE>");
	expect_words("set bond b0 member p0 ", "<OPTION> queue_id prio actor_port_prio");
	expect_words("set bond b0 member p0 prio ", "<VALUE>");
	expect_words("show bond b0 option io", "io_path");
	expect_words("show bond b0 option que", "queue_id");
	expect_words("create bond b0 mi", "miimon= min_links=");
	expect_words("create bond b0 miimon=100 mi", "min_links=");
	expect_words("create bond b0 mode=80", "mode=802.3ad");
	expect_words("create bond b0 mode=1 active_member=n", "active_member=none");
	expect_words("create bond b0 miimon=", "");
	expect_words("create bond b0 =", "");
	expect_words(
		"create bond b0 a_key_that_is_longer_than_any_option_and_then_some_more_of_it=", ""
	);
	expect_words("show bond b0 flow s", "");
}

static void
test_every_first_word_is_offered(void **state)
{
	struct text t = TEXT_EMPTY;

	(void)state;
	command_complete("", &t);
	for (size_t i = 0; i < commands_count; i++) {
		char first[64];
		size_t len = strcspn(commands[i].grammar, " ");

		memcpy(first, commands[i].grammar, len);
		first[len] = '\0';
		assert_non_null(strstr(text_str(&t), first));
	}
	text_fini(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_is_reached),
		cmocka_unit_test(test_every_row_has_help),
		cmocka_unit_test(test_help_topics),
		cmocka_unit_test(test_completion),
		cmocka_unit_test(test_completion_of_bond_options),
		cmocka_unit_test(test_every_first_word_is_offered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
