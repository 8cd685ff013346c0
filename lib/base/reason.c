/* SPDX-License-Identifier: BSD-3-Clause */
/* See reason.h. Used by every library and program of the project. */
#include "reason.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
reason_set(struct reason *why, int err, const char *fmt, ...)
{
	va_list ap;

	if (why != NULL) {
		va_start(ap, fmt);
		vsnprintf(why->text, sizeof(why->text), fmt, ap);
		va_end(ap);
	}
	return err;
}

void
reason_prefix(struct reason *why, const char *prefix)
{
	char was[sizeof(why->text)];

	if (why == NULL)
		return;
	memcpy(was, why->text, sizeof(was));
	was[sizeof(was) - 1] = '\0';
	if (snprintf(why->text, sizeof(why->text), "%s: %s", prefix, was) < 0)
		why->text[0] = '\0';
}
