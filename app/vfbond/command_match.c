/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tokens to a row of the command table, and the message when there is none. Pure functions of the
 * table and the tokens; command_run calls them, and so do the tests and the fuzzer.
 */
#include "command.h"
#include "command_grammar.h"

#include <errno.h>
#include <string.h>

/* How far the tokens follow one row's grammar. */
struct walk {
	int nb;       /* tokens that fit */
	bool fits;    /* all of them, and the row is complete */
	bool ended;   /* the row could have ended after nb tokens */
	bool is_open; /* @next says what could follow */
	struct word next;
	int nb_literals;
	unsigned int rank; /* per token two bits, the first token in the highest */
};

enum { RANKED_TOKENS = 16 };

static struct walk
walk_row(const char *grammar, char **tokens, int nb_tokens)
{
	struct walk k = {0};
	struct word w;

	while (word_next(&grammar, &w)) {
		if (k.nb == nb_tokens || !word_fits(&w, tokens[k.nb])) {
			k.is_open = true;
			k.next = w;
			k.ended = w.optional;
			k.fits = k.nb == nb_tokens && w.optional;
			return k;
		}
		if (k.nb < RANKED_TOKENS)
			k.rank |= (unsigned int)w.kind << 2 * (RANKED_TOKENS - 1 - k.nb);
		k.nb_literals += w.kind == WORD_LITERAL;
		k.nb = w.rest ? nb_tokens : k.nb + 1;
	}
	k.ended = true;
	k.fits = k.nb == nb_tokens;
	return k;
}

static void
fill_match(const struct command *row, char **tokens, int nb_tokens, struct command_match *ret)
{
	const char *at = row->grammar;
	struct word w;
	int i = 0;

	ret->command = row;
	ret->argc = 0;
	ret->nb_rest = 0;
	ret->rest = NULL;
	for (; word_next(&at, &w); i++) {
		if (w.kind == WORD_LITERAL)
			continue;
		if (w.rest) {
			ret->nb_rest = i < nb_tokens ? nb_tokens - i : 0;
			ret->rest = i < nb_tokens ? tokens + i : NULL;
			return;
		}
		if (ret->argc < COMMAND_MAX_TOKENS)
			ret->argv[ret->argc++] = i < nb_tokens ? tokens[i] : NULL;
	}
}

/* "set bond foo", long words and long lines cut. */
static void
add_words(struct text *t, char **tokens, int nb)
{
	enum { WORD_SHOWN_MAX = 40, WORDS_SHOWN_MAX = 6 };

	for (int i = 0; i < nb; i++) {
		size_t len = strlen(tokens[i]);

		if (i == WORDS_SHOWN_MAX) {
			text_puts(t, " ...");
			return;
		}
		if (i > 0)
			text_puts(t, " ");
		if (len <= WORD_SHOWN_MAX) {
			text_puts(t, tokens[i]);
			continue;
		}
		len = WORD_SHOWN_MAX;
		while (len > 0 && ((unsigned char)tokens[i][len] & 0xc0) == 0x80)
			len--; /* not in the middle of a UTF-8 character */
		text_add(t, tokens[i], len);
		text_puts(t, "...");
	}
}

/* Whether @list, words separated by ", ", holds this one. */
static bool
lists(const struct text *list, const char *s, size_t len)
{
	const char *at = text_str(list);

	while (*at != '\0') {
		size_t n = strcspn(at, ",");

		if (n == len && memcmp(at, s, len) == 0)
			return true;
		at += n;
		at += strspn(at, ", ");
	}
	return false;
}

static void
add_expected(struct text *list, const struct word *w)
{
	size_t pos = 0, len = w->shown_len;
	const char *s = w->shown;

	do {
		if (w->kind != WORD_ANY && !word_alternative(w, &pos, &s, &len))
			return;
		if (lists(list, s, len))
			continue;
		if (list->len > 0)
			text_puts(list, ", ");
		text_add(list, s, len);
	} while (w->kind != WORD_ANY);
}

/* What the rows that came as far as @nb tokens have to say. */
struct nearest {
	int nb;
	bool ended;           /* one of them could end there */
	struct text expected; /* words that could follow */
	struct text usage;    /* their grammars */
	int nb_rows;
};

static void
find_nearest(
	const struct command *table, size_t count, char **tokens, int nb_tokens, struct nearest *n
)
{
	for (size_t i = 0; i < count; i++) {
		struct walk k = walk_row(table[i].grammar, tokens, nb_tokens);

		if (k.nb > n->nb)
			n->nb = k.nb;
	}
	for (size_t i = 0; i < count; i++) {
		struct walk k = walk_row(table[i].grammar, tokens, nb_tokens);

		if (k.nb != n->nb)
			continue;
		n->ended |= k.ended;
		if (k.is_open)
			add_expected(&n->expected, &k.next);
		text_puts(&n->usage, n->nb_rows++ > 0 ? "; " : "");
		text_puts(&n->usage, table[i].grammar);
	}
}

static int
explain(const struct command *table, size_t count, char **tokens, int nb_tokens, struct reason *why)
{
	enum { USAGE_ROWS_MAX = 3 };
	struct nearest n = {.expected = TEXT_EMPTY, .usage = TEXT_EMPTY};
	struct text t = TEXT_EMPTY;

	find_nearest(table, count, tokens, nb_tokens, &n);
	if (n.nb == nb_tokens) {
		text_puts(&t, "a word is missing");
	} else {
		text_puts(&t, n.expected.len > 0 ? "unknown word \"" : "superfluous word \"");
		add_words(&t, &tokens[n.nb], 1);
		text_puts(&t, "\"");
	}
	if (n.nb > 0) {
		text_puts(&t, " after \"");
		add_words(&t, tokens, n.nb);
		text_puts(&t, "\"");
	}
	if (n.expected.len > 0)
		text_printf(
			&t,
			": expected %s%s",
			text_str(&n.expected),
			n.ended ? ", or the end of the line" : ""
		);
	if (n.nb > 0 && n.nb_rows <= USAGE_ROWS_MAX)
		text_printf(&t, " (usage: %s)", text_str(&n.usage));
	reason_set(why, 0, "%s", text_str(&t));
	text_fini(&t);
	text_fini(&n.expected);
	text_fini(&n.usage);
	return -EINVAL;
}

int
command_find(
	const struct command *table,
	size_t count,
	char **tokens,
	int nb_tokens,
	struct command_match *ret,
	struct reason *why
)
{
	const struct command *best = NULL;
	struct walk best_walk = {0};

	for (size_t i = 0; i < count; i++) {
		struct walk k = walk_row(table[i].grammar, tokens, nb_tokens);

		if (!k.fits)
			continue;
		if (best == NULL || k.nb_literals > best_walk.nb_literals ||
		    (k.nb_literals == best_walk.nb_literals && k.rank > best_walk.rank)) {
			best = &table[i];
			best_walk = k;
		}
	}
	if (best == NULL)
		return explain(table, count, tokens, nb_tokens, why);
	fill_match(best, tokens, nb_tokens, ret);
	return 0;
}
