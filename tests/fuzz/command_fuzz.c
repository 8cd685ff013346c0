/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libFuzzer target: arbitrary bytes as a command line, and as the grammar of a command. Run by
 * scripts/test.
 */
#include "command.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every kind of word that a grammar may hold, so that all paths of matching are there. */
static const char *const grammars[] = {
	"quit",
	"help [<TOPIC...>]",
	"port config <PORT> mtu <N>",
	"port config mtu <PORT> <N>",
	"set promisc <PORT|all> <on|off>",
	"set bond <NAME> <up|down>",
	"set bond <NAME> <OPTION> <VALUE>",
	"show bonding|bonded config <BOND>",
	"show bond <NAME> [<json>]",
	"create bond <NAME> [<KEY=VALUE...>]",
	"a [<B>] [<c|d>] [<e...>]",
};
enum { NB_ROWS = sizeof(grammars) / sizeof(grammars[0]) };

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* What the program relies on: pointers into the tokens, as many as there can be. */
static void
check_match(const struct command_match *m, char **tokens, int nb_tokens)
{
	require(m->command != NULL && m->argc >= 0 && m->argc <= COMMAND_MAX_TOKENS);
	require(m->nb_rest >= 0 && m->nb_rest <= nb_tokens);
	if (m->nb_rest > 0)
		require(m->rest + m->nb_rest == tokens + nb_tokens);
	for (int i = 0; i < m->argc; i++) {
		bool known = m->argv[i] == NULL;

		for (int n = 0; n < nb_tokens; n++)
			known |= m->argv[i] == tokens[n];
		require(known);
	}
}

static void
try_line(const struct command *table, size_t count, const char *line, size_t len)
{
	char *tokens[COMMAND_MAX_TOKENS];
	char *buf = malloc(len + 1); /* as little as the contract says, for the sanitizer to see */
	struct command_match m;
	struct reason why = {""};
	int n;

	if (buf == NULL)
		return;
	n = command_split(line, len, buf, tokens, COMMAND_MAX_TOKENS, &why);
	require(n <= COMMAND_MAX_TOKENS);
	require(n >= 0 || why.text[0] != '\0');
	for (int i = 0; i < n; i++)
		require(tokens[i] >= buf && tokens[i] + strlen(tokens[i]) <= buf + len);
	if (n > 0) {
		if (command_find(table, count, tokens, n, &m, &why) == 0)
			check_match(&m, tokens, n);
		else
			require(why.text[0] != '\0');
	}
	free(buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *newline = memchr(data, '\n', size);
	struct command table[NB_ROWS + 1] = {0};
	size_t first = newline != NULL ? (size_t)(newline - (const char *)data) : 0;
	char *grammar = strndup((const char *)data, first);

	if (grammar == NULL)
		return 0;
	for (size_t i = 0; i < NB_ROWS; i++)
		table[i].grammar = grammars[i];
	table[NB_ROWS].grammar = grammar;
	/* The first of two lines is a grammar of its own; without it there is only the line. */
	if (newline != NULL)
		try_line(table, NB_ROWS + 1, newline + 1, size - first - 1);
	else
		try_line(table, NB_ROWS, (const char *)data, size);
	free(grammar);
	return 0;
}
