/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about the program itself: help, load, sleep, quit, show control. */
#include "app.h"
#include "bond_words.h"
#include "command.h"
#include "command_table.h"
#include "loop.h"
#include "source.h"
#include "units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The commands whose words are those of the table of options. */
static bool
is_about_bond_options(const struct command_call *call)
{
	return call->nb_rest >= 2 && strcmp(call->rest[1], "bond") == 0 &&
	       (strcmp(call->rest[0], "create") == 0 || strcmp(call->rest[0], "set") == 0);
}

int
cmd_help(struct app *app, const struct command_call *call)
{
	struct text topic = TEXT_EMPTY;
	int rc;

	(void)app;
	for (int i = 0; i < call->nb_rest; i++)
		text_printf(&topic, "%s%s", i != 0 ? " " : "", call->rest[i]);
	rc = command_help(topic.len != 0 ? text_str(&topic) : NULL, call->reply);
	if (rc != 0)
		reason_set(call->why, rc, "no command begins with \"%s\"", text_str(&topic));
	else if (is_about_bond_options(call))
		bond_words_help(call->reply);
	text_fini(&topic);
	return rc;
}

int
cmd_load(struct app *app, const struct command_call *call)
{
	(void)app;
	return source_load(call->source, call->argv[0], call->why);
}

int
cmd_quit(struct app *app, const struct command_call *call)
{
	(void)call;
	app_quit(app);
	return 0;
}

int
cmd_sleep(struct app *app, const struct command_call *call)
{
	char *end;
	double s = strtod(call->argv[0], &end);

	(void)app;
	if (end == call->argv[0] || *end != '\0' || !(s >= 0 && s <= 1e6))
		return reason_set(
			call->why,
			-EINVAL,
			"sleep: \"%s\" is no number of seconds in 0..1000000",
			call->argv[0]
		);
	return source_sleep(call->source, (uint64_t)(s * (double)NSEC_PER_SEC));
}

int
cmd_show_control(struct app *app, const struct command_call *call)
{
	struct fwd_park_stats park;
	struct loop_lateness late;

	fwd_park_stats(app->fwd, &park);
	loop_lateness(app->loop, &late, false);
	text_printf(
		call->reply,
		"control ticks: %" PRIu64 "\nlateness mean: %.3f ms\nlateness worst: %.3f ms\n",
		late.ticks,
		late.ticks != 0 ? (double)late.total_ns / (double)late.ticks / (double)NSEC_PER_MSEC
				: 0,
		(double)late.max_ns / (double)NSEC_PER_MSEC
	);
	text_printf(
		call->reply,
		"workers parked: %" PRIu64
		" times\npark time last: %.3f ms\npark time median: %.3f ms\n"
		"park time mean: %.3f ms\npark time worst: %.3f ms\n",
		park.count,
		(double)park.last_ns / (double)NSEC_PER_MSEC,
		(double)park.median_ns / (double)NSEC_PER_MSEC,
		park.count != 0 ? (double)park.total_ns / (double)park.count / (double)NSEC_PER_MSEC
				: 0,
		(double)park.max_ns / (double)NSEC_PER_MSEC
	);
	return 0;
}
