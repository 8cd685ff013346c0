/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of a program as --help shows them. The tables are made from lists by scripts/gen-*.
 */
#pragma once

#include <stddef.h>

struct text;

struct option_help {
	const char *name;     /* "-i, --interactive" */
	const char *argument; /* "" for none */
	const char *help;
};

/* Two lines for each of @n options. */
void options_help_text(const struct option_help *options, size_t n, struct text *ret);
