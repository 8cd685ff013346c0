/* SPDX-License-Identifier: BSD-3-Clause */
/* One line from its bytes to the function of its row. Every command source calls it. */
#include "command.h"

#include <errno.h>
#include <string.h>

int
command_run(
	struct app *app,
	const char *line,
	size_t len,
	void *source,
	struct text *reply,
	struct reason *why
)
{
	char buf[COMMAND_LINE_MAX + 1];
	char *tokens[COMMAND_MAX_TOKENS];
	struct command_match m;
	struct command_call call;
	int ret;

	ret = command_split(line, len, buf, tokens, COMMAND_MAX_TOKENS, why);
	if (ret <= 0)
		return ret;
	ret = command_find(commands, commands_count, tokens, ret, &m, why);
	if (ret != 0)
		return ret;
	call = (struct command_call){
		.argc = m.argc,
		.argv = m.argv,
		.nb_rest = m.nb_rest,
		.rest = m.rest,
		.command = m.command,
		.why = why,
		.reply = reply,
		.source = source,
	};
	if (why != NULL)
		why->text[0] = '\0';
	ret = m.command->fn(app, &call);
	if (ret != 0 && why != NULL && why->text[0] == '\0')
		reason_set(why, ret, "%s: %s", m.command->grammar, strerror(-ret));
	return ret;
}
