/* SPDX-License-Identifier: BSD-3-Clause */
/* See options_help.h. Used by the two programs. */
#include "options_help.h"

#include "text.h"

void
options_help_text(const struct option_help *options, size_t n, struct text *ret)
{
	for (size_t i = 0; i < n; i++) {
		const struct option_help *h = &options[i];

		text_printf(
			ret,
			"  %s%s%s\n        %s\n",
			h->name,
			h->argument[0] != '\0' ? "=" : "",
			h->argument,
			h->help
		);
	}
}
