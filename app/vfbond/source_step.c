/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The state machine of a command source: one command per turn of the loop, unless it sleeps, loads
 * or waits for its reader. Every kind of source is driven by it.
 */
#include "source_impl.h"

#include <poll.h>
#include <string.h>

static void
on_timer(void *ctx)
{
	struct source *s = ctx;

	s->sleeping = false;
	source_step(s);
}

int
source_init(
	struct source *s,
	struct sources *owner,
	const struct source_kind *kind,
	struct sink *out,
	int fd
)
{
	memset(s, 0, sizeof(*s));
	s->owner = owner;
	s->kind = kind;
	s->out = out;
	s->fd = fd;
	return loop_timer_add(owner->loop, on_timer, s, &s->timer);
}

void
source_fini(struct source *s)
{
	source_files_drop(s);
	s->input = loop_watch_del(s->input);
	s->timer = loop_timer_del(s->timer);
}

void
source_again(struct source *s)
{
	if (!s->sleeping && !s->ended)
		loop_timer_set(s->timer, 0, 0);
}

void
source_end(struct source *s)
{
	s->ended = true;
	s->input = loop_watch_del(s->input);
	loop_timer_stop(s->timer);
}

static void
on_readable(void *ctx, int fd, short revents)
{
	struct source *s = ctx;

	(void)revents;
	/* Deleted, not silenced: a pipe without a writer would be reported in every turn. */
	s->input = loop_watch_del(s->input);
	if (fd == s->fd)
		s->kind->readable(s);
	else
		source_step(s);
}

void
source_wait(struct source *s, int fd)
{
	enum { RETRY_NS = 100 * 1000 * 1000 };

	if (s->input != NULL || s->ended)
		return;
	/* Without memory for a watch, look again later. */
	if (loop_watch_add(s->owner->loop, fd, POLLIN, on_readable, s, &s->input) != 0)
		loop_timer_set(s->timer, RETRY_NS, 0);
}

static bool
suspended(const struct source *s)
{
	return s->sleeping || s->nb_files > 0;
}

void
source_step(struct source *s)
{
	struct reason why;
	int err;

	if (s->ended || s->sleeping || loop_stopping(s->owner->loop))
		return;
	s->held = s->out == &s->owner->out && sink_pending(s->out) > SOURCE_HOLD_BYTES;
	if (s->held)
		return;
	if (s->nb_files > 0) {
		source_files_step(s);
		return;
	}
	if (s->answer_due) {
		err = s->files_err != 0 ? s->files_err : s->held_err;
		why = s->files_err != 0 ? s->files_why : s->held_why;
		s->answer_due = false;
		s->kind->answer(s, err, &why);
		s->files_err = 0;
		s->held_err = 0;
		sink_flush(s->out);
		if (s->kind->replied != NULL)
			s->kind->replied(s);
	}
	if (!s->ended)
		s->kind->input(s);
}

static void
put_reply(struct source *s, const struct text *reply)
{
	sink_add(s->out, text_str(reply), reply->len);
	if (reply->len > 0 && reply->s[reply->len - 1] != '\n')
		sink_puts(s->out, "\n");
	if (reply->no_mem)
		sink_puts(s->out, "(out of memory: this reply is not complete)\n");
}

int
source_run(struct source *s, const char *line, size_t len, struct reason *ret_why)
{
	struct text reply = TEXT_EMPTY;
	int ret = command_run(s->owner->app, line, len, s, &reply, ret_why);

	put_reply(s, &reply);
	text_fini(&reply);
	return ret;
}

static void
finish_line(struct source *s, int err, const struct reason *why)
{
	if (err == 0 && suspended(s))
		s->answer_due = true;
	else
		s->kind->answer(s, err, why);
	sink_flush(s->out);
	if (s->kind->replied != NULL)
		s->kind->replied(s);
	source_again(s);
}

void
source_run_line(struct source *s, const char *line, size_t len)
{
	struct reason why = {""};

	finish_line(s, source_run(s, line, len, &why), &why);
}

void
source_refuse_line(struct source *s, int err, const char *why_not)
{
	struct reason why;

	reason_set(&why, err, "%s", why_not);
	finish_line(s, err, &why);
}

int
source_sleep(void *source, uint64_t ns)
{
	struct source *s = source;

	s->sleeping = true;
	loop_timer_set(s->timer, ns, 0);
	return 0;
}

uint64_t
source_hold(void *source)
{
	struct source *s = source;

	s->sleeping = true;
	s->ticket = ++s->owner->last_ticket;
	return s->ticket;
}

static struct source *
find_held(struct sources *o, uint64_t ticket)
{
	if (o->startup != NULL && o->startup->ticket == ticket)
		return o->startup;
	if (o->input != NULL && o->input->ticket == ticket)
		return o->input;
	return listener_find(o, ticket);
}

void
source_done(
	struct sources *o,
	uint64_t ticket,
	const struct text *reply,
	int err,
	const struct reason *why
)
{
	struct source *s = find_held(o, ticket);
	struct reason copy = *why;

	if (s == NULL)
		return;
	s->ticket = 0;
	s->sleeping = false;
	put_reply(s, reply);
	if (err != 0 && s->nb_files > 0) {
		source_files_fail(s, err, &copy);
	} else if (err != 0) {
		s->held_err = err;
		s->held_why = copy;
	}
	source_again(s);
}
