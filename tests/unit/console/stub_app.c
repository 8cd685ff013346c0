/* SPDX-License-Identifier: BSD-3-Clause */
/* See stub_app.h. */
#include "stub_app.h"

#include "parse.h"
#include "units.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

enum { DEADLINE_S = 10 };

static int
cmd_echo(struct app *app, const struct command_call *call)
{
	app->nb_run++;
	for (int i = 0; i < call->nb_rest; i++) {
		text_printf(call->reply, "%s%s", i > 0 ? " " : "", call->rest[i]);
		text_printf(&app->ran, "%s%s", i > 0 ? " " : "", call->rest[i]);
	}
	text_puts(call->reply, "\n");
	text_puts(&app->ran, "\n");
	return 0;
}

static int
cmd_fail(struct app *app, const struct command_call *call)
{
	app->nb_run++;
	text_puts(call->reply, "before the failure");
	return reason_set(call->why, -EINVAL, "failed: %s", call->argv[0]);
}

static int
cmd_big(struct app *app, const struct command_call *call)
{
	uint32_t bytes;

	app->nb_run++;
	if (parse_u32(call->argv[0], 0, 1 << 24, &bytes) != 0)
		return reason_set(call->why, -EINVAL, "not a number");
	for (uint32_t i = 0; i < bytes; i++)
		text_puts(call->reply, i % 64 == 63 ? "\n" : "x");
	return 0;
}

static int
cmd_sleep_ms(struct app *app, const struct command_call *call)
{
	uint32_t ms;

	app->nb_run++;
	if (parse_u32(call->argv[0], 0, 1000000, &ms) != 0)
		return reason_set(call->why, -EINVAL, "not a number");
	return source_sleep(call->source, ms * NSEC_PER_MSEC);
}

static void
on_held_timer(void *ctx)
{
	struct app *app = ctx;
	struct text reply = TEXT_EMPTY;
	struct reason why = {""};

	text_puts(&reply, "done late");
	if (app->held_err != 0)
		(void)reason_set(&why, app->held_err, "failed late");
	source_done(app->sources, app->ticket, &reply, app->held_err, &why);
	text_fini(&reply);
}

/* Goes on elsewhere: here, in a timer. */
static int
cmd_hold(struct app *app, const struct command_call *call)
{
	app->nb_run++;
	app->ticket = source_hold(call->source);
	app->held_err = call->argv[0] != NULL ? -EIO : 0;
	if (app->held == NULL)
		assert_int_equal(loop_timer_add(app->loop, on_held_timer, app, &app->held), 0);
	loop_timer_set(app->held, 20 * NSEC_PER_MSEC, 0);
	return 0;
}

static int
cmd_load(struct app *app, const struct command_call *call)
{
	app->nb_run++;
	return source_load(call->source, call->argv[0], call->why);
}

static int
cmd_quit(struct app *app, const struct command_call *call)
{
	(void)call;
	app->nb_run++;
	app->quit = true;
	loop_stop(app->loop, 0);
	return 0;
}

static int
cmd_print(struct app *app, const struct command_call *call)
{
	app->nb_run++;
	sources_print(app->sources, "event: %s", call->argv[0]);
	return 0;
}

const struct command commands[] = {
	{"echo", "echo [<WORD...>]", "say it again", "Test", cmd_echo},
	{"fail", "fail <TEXT>", "fail", "Test", cmd_fail},
	{"big", "big <BYTES>", "a long reply", "Test", cmd_big},
	{"sleep", "sleep <MS>", "wait", "Test", cmd_sleep_ms},
	{"hold", "hold [<fails>]", "go on elsewhere", "Test", cmd_hold},
	{"load", "load <FILE>", "run a file", "Test", cmd_load},
	{"print", "print <TEXT>", "an event", "Test", cmd_print},
	{"quit", "quit", "end", "Test", cmd_quit},
	{"show_port", "show port <PORT|all>", "a port", "Test", cmd_echo},
	{"show_bonds", "show bonds", "the bonds", "Test", cmd_echo},
};
const size_t commands_count = sizeof(commands) / sizeof(commands[0]);

void
command_argument_words(const struct command_place *place, struct text *ret)
{
	if (strcmp(place->argument, "BYTES") == 0)
		text_puts(ret, "64\n65536\n");
	if (strcmp(place->argument, "TEXT") == 0)
		text_puts(ret, "why=\n");
}

struct app *
app_new(void)
{
	struct app *app = calloc(1, sizeof(*app));

	assert_non_null(app);
	assert_int_equal(loop_new(&app->loop), 0);
	strcpy(app->dir, "/tmp/vfbond-test-XXXXXX");
	assert_non_null(mkdtemp(app->dir));
	return app;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
app_free(struct app *app)
{
	sources_free(app->sources);
	loop_free(app->loop);
	text_fini(&app->ran);
	assert_int_equal(nftw(app->dir, remove_one, 4, FTW_DEPTH | FTW_PHYS), 0);
	free(app);
}

static void
on_file_done(struct app *app, int err, const struct reason *why)
{
	app->nb_file_done++;
	app->file_err = err;
	app->file_why = *why;
}

static void
on_input_done(struct app *app)
{
	app->nb_input_done++;
}

int
app_open(
	struct app *app, const struct sources_settings *s, int in_fd, int out_fd, struct reason *why
)
{
	static const struct sources_events events = {
		.file_done = on_file_done,
		.input_done = on_input_done,
	};

	return sources_new_fds(&app->sources, app, app->loop, s, &events, in_fd, out_fd, why);
}

struct wait {
	struct app *app;
	bool (*done)(struct app *app, void *ctx);
	void *ctx;
	uint64_t deadline_ns;
};

static void
look(void *ctx)
{
	struct wait *w = ctx;

	w->app->late = loop_now_ns() > w->deadline_ns;
	if (w->app->late || w->done(w->app, w->ctx))
		loop_stop(w->app->loop, 0);
}

void
app_run_until(struct app *app, bool (*done)(struct app *app, void *ctx), void *ctx)
{
	struct wait w = {app, done, ctx, loop_now_ns() + DEADLINE_S * NSEC_PER_SEC};
	struct loop_timer *t;

	assert_int_equal(loop_timer_add(app->loop, look, &w, &t), 0);
	loop_timer_set(t, 0, NSEC_PER_MSEC);
	assert_int_equal(loop_run(app->loop), 0);
	loop_timer_del(t);
	if (app->late)
		fail_msg("waited in vain; echoed so far: %s", text_str(&app->ran));
}

bool
app_input_done(struct app *app, void *ctx)
{
	(void)ctx;
	return app->nb_input_done > 0;
}

bool
app_file_done(struct app *app, void *ctx)
{
	(void)ctx;
	return app->nb_file_done > 0;
}

bool
app_has_run(struct app *app, void *ctx)
{
	return strstr(text_str(&app->ran), ctx) != NULL;
}

const char *
app_file(struct app *app, const char *name, const char *text, size_t len)
{
	static char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", app->dir, name);
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	close(fd);
	return path;
}

char *
read_all(int fd, size_t *ret_len)
{
	struct text t = TEXT_EMPTY;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char buf[65536];
	ssize_t n;

	text_puts(&t, "");
	while (poll(&p, 1, 0) > 0 && (n = read(fd, buf, sizeof(buf))) > 0)
		text_add(&t, buf, (size_t)n);
	*ret_len = t.len;
	return t.s;
}
