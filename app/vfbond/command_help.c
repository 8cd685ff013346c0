/* SPDX-License-Identifier: BSD-3-Clause */
/* The help text of the command table, for the console's help command. */
#include "command.h"
#include "command_grammar.h"

#include <errno.h>
#include <string.h>

enum { HELP_COLUMN = 36 };

static void
add_row(struct text *ret, const struct command *row)
{
	/* A grammar that reaches into the second column gets a line of its own. */
	if (strlen(row->grammar) > HELP_COLUMN - 4)
		text_printf(ret, "  %s\n%*s%s\n", row->grammar, HELP_COLUMN, "", row->help);
	else
		text_printf(ret, "  %-*s%s\n", HELP_COLUMN - 2, row->grammar, row->help);
}

/* Whether the words of @topic can begin a line of @row. */
static bool
begins_with(const struct command *row, char **topic, int nb)
{
	const char *at = row->grammar;
	struct word w;

	for (int i = 0; i < nb; i++)
		if (!word_next(&at, &w) || !word_fits(&w, topic[i]))
			return false;
	return true;
}

int
command_help(const char *topic, struct text *ret)
{
	char buf[COMMAND_LINE_MAX + 1];
	char *words[COMMAND_MAX_TOKENS];
	const char *group = NULL;
	int nb = 0;

	if (topic != NULL)
		nb = command_split(topic, strlen(topic), buf, words, COMMAND_MAX_TOKENS, NULL);
	if (nb < 0)
		return -ENOENT;
	for (size_t i = 0; i < commands_count; i++) {
		const struct command *row = &commands[i];

		if (!begins_with(row, words, nb))
			continue;
		if (group == NULL || strcmp(group, row->group) != 0)
			text_printf(ret, "%s%s:\n", group != NULL ? "\n" : "", row->group);
		group = row->group;
		add_row(ret, row);
	}
	return group != NULL ? 0 : -ENOENT;
}
