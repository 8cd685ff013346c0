/* SPDX-License-Identifier: BSD-3-Clause */
/* See command_grammar.h. */
#include "command_grammar.h"

#include <string.h>

static bool
has_capital(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] >= 'A' && s[i] <= 'Z')
			return true;
	return false;
}

bool
word_next(const char **at, struct word *ret)
{
	static const char dots[] = "...";
	const char *s = *at + strspn(*at, " ");
	size_t len = strcspn(s, " ");

	*at = s + len;
	if (len == 0)
		return false;
	*ret = (struct word){.kind = WORD_LITERAL, .alt = s, .alt_len = len};
	if (len > 2 && s[0] == '[' && s[len - 1] == ']') {
		ret->optional = true;
		s++;
		len -= 2;
	}
	ret->shown = s;
	ret->shown_len = len;
	if (len > 2 && s[0] == '<' && s[len - 1] == '>') {
		s++;
		len -= 2;
		if (len > strlen(dots) && memcmp(s + len - strlen(dots), dots, strlen(dots)) == 0) {
			ret->rest = true;
			len -= strlen(dots);
		}
		ret->kind = has_capital(s, len) ? WORD_ANY : WORD_CHOICE;
		if (ret->kind == WORD_CHOICE) {
			ret->shown = s;
			ret->shown_len = len;
		}
	}
	ret->alt = s;
	ret->alt_len = len;
	return true;
}

bool
word_alternative(const struct word *w, size_t *pos, const char **ret, size_t *ret_len)
{
	const char *s = w->alt + *pos;
	const char *bar;

	if (*pos >= w->alt_len)
		return false;
	bar = memchr(s, '|', w->alt_len - *pos);
	*ret = s;
	*ret_len = bar != NULL ? (size_t)(bar - s) : w->alt_len - *pos;
	*pos += *ret_len + 1;
	return true;
}

bool
word_fits(const struct word *w, const char *token)
{
	size_t pos = 0, len = strlen(token), alt_len;
	const char *alt;

	if (w->kind == WORD_ANY)
		return true;
	while (word_alternative(w, &pos, &alt, &alt_len))
		if (alt_len == len && memcmp(alt, token, len) == 0)
			return true;
	return false;
}
