/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lines out of a descriptor, in bounded memory: pipes, command files and socket clients read
 * through it. The caller says when to read; nothing here waits.
 */
#pragma once

#include "command.h"

#include <stdbool.h>
#include <stddef.h>

enum { LINES_BUF_BYTES = 2 * (COMMAND_LINE_MAX + 1) };

struct lines {
	char buf[LINES_BUF_BYTES];
	size_t start, end;   /* what was read and not yet given out */
	bool ended;          /* nothing more will be read */
	bool skipping;       /* inside a line that is too long, up to its newline */
	unsigned int number; /* of the line that was given out last; the first is 1 */
};

enum lines_next {
	LINES_LINE,     /* a line; a last one without newline too */
	LINES_TOO_LONG, /* there was a line of more than COMMAND_LINE_MAX bytes; it is gone */
	LINES_MORE,     /* read first */
	LINES_END,      /* nothing left */
};

/* The next line, without its newline; it stays valid until lines_read. */
enum lines_next lines_next(struct lines *ls, const char **ret_line, size_t *ret_len);

/* One read() from @fd. 0 (also at the end of the file), or -errno (-EAGAIN: nothing there). */
int lines_read(struct lines *ls, int fd);
