/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A growable text buffer: replies, tables and JSON are rendered here first, so that a slow reader
 * never holds up the one who renders.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *s;     /* NUL-terminated; NULL while nothing was added */
	size_t len;  /* bytes before the NUL */
	size_t cap;  /* bytes allocated */
	bool no_mem; /* an addition was lost to lack of memory */
};

#define TEXT_EMPTY ((struct text){NULL, 0, 0, false})

/* Free what @t holds and make it empty again. */
void text_fini(struct text *t);

/* Forget the contents, keep the memory. */
void text_clear(struct text *t);

/* Append; a failed allocation sets no_mem and leaves the text as it was. */
void text_add(struct text *t, const char *s, size_t len);
void text_puts(struct text *t, const char *s);
void text_printf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Drop the first @n bytes (all when @n > len). */
void text_drop(struct text *t, size_t n);

/* The contents as a string, "" when empty. Valid until the next change. */
const char *text_str(const struct text *t);
