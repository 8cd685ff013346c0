/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of vfbond as --help shows them; gen-options makes the table from options.list. */
#pragma once

#include <stddef.h>

struct option_help {
	const char *name;     /* "-i, --interactive" */
	const char *argument; /* "" for none */
	const char *help;
};

extern const struct option_help options_help[];
extern const size_t options_help_count;
