/* SPDX-License-Identifier: BSD-3-Clause */
/* See source_lines.h. */
#include "source_lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static enum lines_next
give(struct lines *ls, size_t len, bool newline, const char **ret_line, size_t *ret_len)
{
	bool too_long = ls->skipping || len > COMMAND_LINE_MAX;

	*ret_line = ls->buf + ls->start;
	*ret_len = len;
	ls->start += len + newline;
	ls->skipping = false;
	ls->number++;
	return too_long ? LINES_TOO_LONG : LINES_LINE;
}

enum lines_next
lines_next(struct lines *ls, const char **ret_line, size_t *ret_len)
{
	size_t len = ls->end - ls->start;
	const char *s = ls->buf + ls->start;
	const char *newline = memchr(s, '\n', len);

	if (newline != NULL)
		return give(ls, (size_t)(newline - s), true, ret_line, ret_len);
	if (ls->ended)
		return len > 0 || ls->skipping ? give(ls, len, false, ret_line, ret_len)
		                               : LINES_END;
	if (len > COMMAND_LINE_MAX) {
		ls->skipping = true;
		ls->start = ls->end = 0;
	}
	return LINES_MORE;
}

int
lines_read(struct lines *ls, int fd)
{
	ssize_t n;

	memmove(ls->buf, ls->buf + ls->start, ls->end - ls->start);
	ls->end -= ls->start;
	ls->start = 0;
	if (ls->end == sizeof(ls->buf))
		return 0; /* lines_next has not been asked */
	n = read(fd, ls->buf + ls->end, sizeof(ls->buf) - ls->end);
	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if (n == 0)
		ls->ended = true;
	ls->end += (size_t)n;
	return 0;
}
