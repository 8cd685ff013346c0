/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command language: lines to tokens, tokens to a row of the command table, rows to functions.
 * The table is generated from commands.list, which also gives help, completion and the man page.
 * Terminal, command files and sockets all come through command_run().
 */
#pragma once

#include "reason.h"
#include "text.h"

#include <stdbool.h>
#include <stddef.h>

struct app; /* the program's state; opaque here */

enum {
	COMMAND_LINE_MAX = 4095, /* bytes without the newline; a longer line is refused whole */
	COMMAND_MAX_TOKENS = 256,
};

/* A matched line. Words of the grammar in <> are arguments, in the order of the grammar. */
struct command_call {
	int argc;    /* as many as the grammar has, given or not; without the rest */
	char **argv; /* the arguments, unquoted; optional ones that were not given are NULL */
	int nb_rest;
	char **rest; /* what the trailing <NAME...> matched */
	const struct command *command;
	struct reason *why; /* what the user reads when the function fails */
	struct text *reply; /* what the user reads; also on failure, before the reason */
	void *source;       /* the command source, for sleep, load and quit */
};

/* 0 or -errno with call->why written. */
typedef int (*command_fn)(struct app *app, const struct command_call *call);

/*
 * One row of the table that scripts/gen-commands makes from commands.list. In @grammar a bare word
 * stands for itself and a|b for one of two words; these are not passed on. <...> is an argument:
 * with one word that has a capital letter among its alternatives (<NAME>, <PORT|all>) any word
 * will do, else (<on|off>, <json>) one of those listed. [<...>] at the end may be left out, a last
 * <NAME...> takes any number of words but at least one, [<NAME...>] also none.
 */
struct command {
	const char *id;      /* also the function: cmd_<id> */
	const char *grammar; /* as written in commands.list */
	const char *help;
	const char *group; /* the heading that it stands under in the help */
	command_fn fn;
};

/* Generated; in group order. */
extern const struct command commands[];
extern const size_t commands_count;

/* A row that fits a line's tokens, and what the line says in the places of its arguments. */
struct command_match {
	const struct command *command;
	int argc;
	char *argv[COMMAND_MAX_TOKENS];
	int nb_rest;
	char **rest; /* into the tokens */
};

/*
 * Find the row of @table that fits @tokens. Where several fit, the one with the most literal words
 * wins, then the one whose words are literal first from the left. -EINVAL: none fits; the reason
 * names the first word that fits no row, or what is missing or too much, and what could stand
 * there.
 */
int command_find(
	const struct command *table,
	size_t count,
	char **tokens,
	int nb_tokens,
	struct command_match *ret,
	struct reason *why
);

/*
 * Run one line. An empty or comment line does nothing and succeeds. 0 or -errno; the reason
 * names what is wrong with the line when no row matches, with the nearest rows' grammar.
 */
int command_run(
	struct app *app,
	const char *line,
	size_t len,
	void *source,
	struct text *reply,
	struct reason *why
);

/*
 * Split @line as a shell would: blanks separate, '...' and "..." quote, \ escapes, # at the start
 * of a token begins a comment. An empty pair of quotes is an empty token. Tokens point into @buf
 * (at least len + 1 bytes). Returns how many, or -EINVAL (unterminated quote, a NUL or control
 * character), -E2BIG (too many tokens, or more than COMMAND_LINE_MAX bytes), with the reason.
 */
int command_split(
	const char *line, size_t len, char *buf, char **ret_tokens, size_t max, struct reason *why
);

/*
 * Possible next words after @line (cursor at its end), one per line in @ret. For tab completion.
 * Where the word is begun, only those that begin so; else also <NAME> where any word will do.
 */
void command_complete(const char *line, struct text *ret);

/* A word that is to be completed. */
struct command_place {
	const struct command *command;
	char argument[32];   /* as the grammar names it, without brackets: "NAME", "KEY=VALUE" */
	char *const *tokens; /* what stands before it, from the command's first word */
	int nb_tokens;
	const char *begun; /* how it begins; "" when nothing is typed yet */
};

/*
 * Brought by who brings the table: words, one per line, that can stand in the place of an argument
 * for which the grammar lists none. Those that do not begin as the user's does are passed over.
 */
void command_argument_words(const struct command_place *place, struct text *ret);

/* Help: all commands grouped, or those whose first words are @topic. -ENOENT when none. */
int command_help(const char *topic, struct text *ret);
