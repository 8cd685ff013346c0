/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints the table of a bond's options for scripts/gen-man. Run by the build, not installed. */
#include "bond_words.h"
#include "text.h"

#include <stdio.h>

int
main(void)
{
	struct text rows = TEXT_EMPTY;
	bool lost;

	bond_words_rows(&rows);
	lost = rows.no_mem || fputs(text_str(&rows), stdout) == EOF || fflush(stdout) != 0;
	text_fini(&rows);
	return lost ? 1 : 0;
}
