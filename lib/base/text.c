/* SPDX-License-Identifier: BSD-3-Clause */
/* See text.h. Used by everything that renders. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MIN_CAP = 256 };

static bool
reserve(struct text *t, size_t more)
{
	size_t need = t->len + more + 1;
	size_t cap = t->cap > TEXT_MIN_CAP ? t->cap : TEXT_MIN_CAP;
	char *s;

	if (need <= t->cap)
		return true;
	while (cap < need)
		cap *= 2;
	s = realloc(t->s, cap);
	if (s == NULL) {
		t->no_mem = true;
		return false;
	}
	t->s = s;
	t->cap = cap;
	return true;
}

void
text_fini(struct text *t)
{
	free(t->s);
	*t = TEXT_EMPTY;
}

void
text_clear(struct text *t)
{
	t->len = 0;
	t->no_mem = false;
	if (t->s != NULL)
		t->s[0] = '\0';
}

void
text_add(struct text *t, const char *s, size_t len)
{
	if (!reserve(t, len))
		return;
	memcpy(t->s + t->len, s, len);
	t->len += len;
	t->s[t->len] = '\0';
}

void
text_puts(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void
text_printf(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !reserve(t, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(t->s + t->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	t->len += (size_t)n;
}

void
text_drop(struct text *t, size_t n)
{
	if (n >= t->len) {
		text_clear(t);
		return;
	}
	memmove(t->s, t->s + n, t->len - n + 1);
	t->len -= n;
}

const char *
text_str(const struct text *t)
{
	return t->s != NULL ? t->s : "";
}
