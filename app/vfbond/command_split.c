/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines to tokens, with a shell's quotes. Used by command_run and by tab completion. */
#include "command.h"

#include <errno.h>

enum quoting { BARE, SINGLE, DOUBLE };

struct splitter {
	const char *line;
	size_t len, at;
	char *out; /* where the next byte of the token goes */
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

/* Take one byte, or two with an escape, in state @q; returns the state after it. */
static enum quoting
take(struct splitter *s, enum quoting q)
{
	char c = s->line[s->at++];

	if (q == SINGLE && c == '\'')
		return BARE;
	if (q == DOUBLE && c == '"')
		return BARE;
	if (q == BARE && c == '\'')
		return SINGLE;
	if (q == BARE && c == '"')
		return DOUBLE;
	if (c == '\\' && q != SINGLE && s->at < s->len) {
		char next = s->line[s->at];

		/* Between double quotes a backslash stands for itself before other bytes. */
		if (q == BARE || next == '"' || next == '\\') {
			c = next;
			s->at++;
		}
	}
	*s->out++ = c;
	return q;
}

static int
take_token(struct splitter *s, struct reason *why)
{
	enum quoting q = BARE;

	while (s->at < s->len && (q != BARE || !is_blank(s->line[s->at]))) {
		if (q != SINGLE && s->line[s->at] == '\\' && s->at + 1 == s->len)
			return reason_set(why, -EINVAL, "nothing after the last backslash");
		q = take(s, q);
	}
	if (q != BARE)
		return reason_set(
			why, -EINVAL, "unterminated %s quote", q == SINGLE ? "single" : "double"
		);
	*s->out++ = '\0';
	return 0;
}

static int
check_bytes(const char *line, size_t len, struct reason *why)
{
	if (len > COMMAND_LINE_MAX)
		return reason_set(
			why,
			-E2BIG,
			"the line is longer than %d bytes; nothing of it was run",
			COMMAND_LINE_MAX
		);
	for (size_t i = 0; i < len; i++)
		if (is_control(line[i]))
			return reason_set(
				why,
				-EINVAL,
				"control character 0x%02x at byte %zu of the line",
				(unsigned char)line[i],
				i + 1
			);
	return 0;
}

int
command_split(
	const char *line, size_t len, char *buf, char **ret_tokens, size_t max, struct reason *why
)
{
	struct splitter s = {.line = line, .len = len, .out = buf};
	size_t nb = 0;
	int ret = check_bytes(line, len, why);

	while (ret == 0) {
		while (s.at < len && is_blank(line[s.at]))
			s.at++;
		if (s.at == len || line[s.at] == '#')
			return (int)nb;
		if (nb == max)
			return reason_set(why, -E2BIG, "more than %zu words in the line", max);
		ret_tokens[nb++] = s.out;
		ret = take_token(&s, why);
	}
	return ret;
}
