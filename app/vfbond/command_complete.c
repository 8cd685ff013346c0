/* SPDX-License-Identifier: BSD-3-Clause */
/* The words that can follow in a line: the terminal's tab key asks. */
#include "command.h"
#include "command_grammar.h"

#include <string.h>

/* Whether @list, one word per line, holds this one. */
static bool
lists(const struct text *list, const char *s, size_t len)
{
	const char *at = text_str(list);

	while (*at != '\0') {
		size_t n = strcspn(at, "\n");

		if (n == len && memcmp(at, s, len) == 0)
			return true;
		at += n + 1;
	}
	return false;
}

static void
add(struct text *ret, const char *s, size_t len)
{
	if (lists(ret, s, len))
		return;
	text_add(ret, s, len);
	text_puts(ret, "\n");
}

static bool
all_lower(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] >= 'A' && s[i] <= 'Z')
			return false;
	return true;
}

/* What the program knows of an argument that any word can stand for. */
static void
add_known(struct text *ret, const struct command_place *place)
{
	struct text words = TEXT_EMPTY;
	size_t begun_len = strlen(place->begun);

	command_argument_words(place, &words);
	for (const char *s = text_str(&words); *s != '\0';) {
		size_t len = strcspn(s, "\n");

		if (len >= begun_len && memcmp(s, place->begun, begun_len) == 0)
			add(ret, s, len);
		s += len + (s[len] == '\n');
	}
	ret->no_mem |= words.no_mem;
	text_fini(&words);
}

static void
add_word(struct text *ret, const struct word *w, struct command_place *place)
{
	size_t pos = 0, len, begun_len = strlen(place->begun);
	const char *alt;

	/* <PORT|all> offers "all": capitals are names for what the user has to fill in. */
	while (word_alternative(w, &pos, &alt, &len))
		if ((w->kind != WORD_ANY || all_lower(alt, len)) && len >= begun_len &&
		    memcmp(alt, place->begun, begun_len) == 0)
			add(ret, alt, len);
	if (w->kind != WORD_ANY)
		return;
	if (begun_len == 0)
		add(ret, w->shown, w->shown_len);
	if (w->alt_len < sizeof(place->argument)) {
		memcpy(place->argument, w->alt, w->alt_len);
		place->argument[w->alt_len] = '\0';
		add_known(ret, place);
	}
}

/* What @row offers after its first @nb words were @tokens. */
static void
complete_row(const struct command *row, char **tokens, int nb, const char *begun, struct text *ret)
{
	struct command_place place = {
		.command = row, .tokens = tokens, .nb_tokens = nb, .begun = begun};
	const char *at = row->grammar;
	struct word w;

	for (int i = 0; word_next(&at, &w); i++) {
		if (i == nb || w.rest) {
			add_word(ret, &w, &place);
			return;
		}
		if (!word_fits(&w, tokens[i]))
			return;
	}
}

void
command_complete(const char *line, struct text *ret)
{
	char buf[COMMAND_LINE_MAX + 1];
	char *tokens[COMMAND_MAX_TOKENS];
	size_t len = strlen(line);
	bool in_word = len > 0 && line[len - 1] != ' ' && line[len - 1] != '\t';
	const char *begun = "";
	int nb = command_split(line, len, buf, tokens, COMMAND_MAX_TOKENS, NULL);

	if (nb < 0)
		return;
	if (in_word) {
		if (nb == 0)
			return; /* a comment */
		begun = tokens[--nb];
	}
	for (size_t i = 0; i < commands_count; i++)
		complete_row(&commands[i], tokens, nb, begun, ret);
}
