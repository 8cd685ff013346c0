/* SPDX-License-Identifier: BSD-3-Clause */
/* See source.h. Owns the sources and standard output; used by main. */
#include "source_impl.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
source_put_error(struct sink *out, int err, const struct reason *why)
{
	char number[16];

	snprintf(number, sizeof(number), " (%d)\n", err);
	sink_puts(out, "error: ");
	sink_puts(out, why->text);
	sink_puts(out, number);
}

void
source_print_error(struct source *s, int err, const struct reason *why)
{
	/* With keep_going every failure in a file was printed when it happened. */
	if (err == 0 || (s->files_err != 0 && s->owner->keep_going))
		return;
	source_put_error(s->out, err, why);
}

static int
begin_input(struct sources *o)
{
	int err;

	if (!o->interactive)
		return 0;
	/* Line editing needs a screen too: with output to a pipe the terminal edits by itself. */
	if (!isatty(o->in_fd) || !isatty(o->out.fd))
		return pipe_new(o, &o->input);
	err = terminal_new(o, &o->terminal);
	if (err == 0)
		o->input = terminal_source(o->terminal);
	return err;
}

static void
startup_answer(struct source *s, int err, const struct reason *why)
{
	struct sources *o = s->owner;

	source_end(s);
	if (err != 0 && !o->keep_going) {
		sink_puts(s->out, why->text);
		sink_puts(s->out, "\n");
	}
	sink_flush(s->out);
	if (o->events.file_done != NULL)
		o->events.file_done(o->app, err, why);
	if (!loop_stopping(o->loop) && begin_input(o) != 0)
		sources_print(o, "standard input is not read: out of memory");
}

bool
sources_file_failed(const struct sources *s)
{
	return s->startup_failed;
}

static int
begin_startup(struct sources *o, const char *path, struct reason *why)
{
	static const struct source_kind kind = {.answer = startup_answer};
	int err;

	o->startup = calloc(1, sizeof(*o->startup));
	if (o->startup == NULL)
		return reason_set(why, -ENOMEM, "out of memory");
	err = source_init(o->startup, o, &kind, &o->out, -1);
	if (err != 0)
		return reason_set(why, err, "%s", strerror(-err));
	err = source_load(o->startup, path, why);
	if (err != 0)
		return err;
	o->startup->answer_due = true;
	source_again(o->startup);
	return 0;
}

static void
on_drained(void *ctx)
{
	struct sources *o = ctx;

	if (o->startup != NULL && o->startup->held)
		source_again(o->startup);
	if (o->input != NULL && o->input->held)
		source_again(o->input);
}

int
sources_new_fds(
	struct sources **ret,
	struct app *app,
	struct loop *loop,
	const struct sources_settings *set,
	const struct sources_events *events,
	int in_fd,
	int out_fd,
	struct reason *why
)
{
	struct sources *o = calloc(1, sizeof(*o));
	int err = 0;

	if (o == NULL)
		return reason_set(why, -ENOMEM, "out of memory");
	o->app = app;
	o->loop = loop;
	o->interactive = set->interactive;
	o->keep_going = set->keep_going;
	o->events = *events;
	o->in_fd = in_fd;
	o->listener.fd = -1;
	LIST_INIT(&o->listener.clients);
	sink_init(&o->out, loop, out_fd, on_drained, o);
	signal(SIGPIPE, SIG_IGN);
	if (set->socket_path != NULL)
		err = listener_open(o, set->socket_path, why);
	if (err == 0 && set->cmdline_file != NULL) {
		err = begin_startup(o, set->cmdline_file, why);
	} else if (err == 0) {
		err = begin_input(o);
		if (err != 0)
			reason_set(why, err, "standard input: %s", strerror(-err));
	}
	if (err != 0) {
		sources_free(o);
		return err;
	}
	*ret = o;
	return 0;
}

int
sources_new(
	struct sources **ret,
	struct app *app,
	struct loop *loop,
	const struct sources_settings *s,
	const struct sources_events *events,
	struct reason *why
)
{
	return sources_new_fds(ret, app, loop, s, events, STDIN_FILENO, STDOUT_FILENO, why);
}

struct sources *
sources_free(struct sources *o)
{
	enum { FINISH_WAIT_MS = 1000 };

	if (o == NULL)
		return NULL;
	listener_close(o);
	if (o->startup != NULL)
		source_fini(o->startup);
	free(o->startup);
	sink_finish(&o->out, FINISH_WAIT_MS);
	if (o->terminal != NULL)
		terminal_free(o->terminal);
	else
		pipe_free(o->input);
	sink_fini(&o->out);
	free(o);
	return NULL;
}

void
sources_print(struct sources *o, const char *fmt, ...)
{
	struct text line = TEXT_EMPTY;
	va_list ap;
	char *s = NULL;
	int n;

	if (sink_pending(&o->out) > SOURCE_PENDING_MAX) {
		o->nb_lost++;
		return;
	}
	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0) {
		o->nb_lost++;
		return;
	}
	if (o->nb_lost > 0)
		text_printf(&line, "(%u lines lost: nobody read them)\n", o->nb_lost);
	o->nb_lost = 0;
	text_add(&line, s, (size_t)n);
	text_puts(&line, "\n");
	free(s);
	terminal_hide(o->terminal);
	sink_add(&o->out, text_str(&line), line.len);
	terminal_show(o->terminal);
	text_fini(&line);
	sink_flush(&o->out);
}
