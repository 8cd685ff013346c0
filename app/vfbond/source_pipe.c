/* SPDX-License-Identifier: BSD-3-Clause */
/* Sources that read plain lines; the one on standard input when that is not a terminal. */
#include "source_impl.h"

#include <errno.h>
#include <stdlib.h>

static struct line_source *
line_source(struct source *s)
{
	return (struct line_source *)((char *)s - offsetof(struct line_source, source));
}

void
line_source_input(struct source *s)
{
	struct line_source *ls = line_source(s);
	const char *line;
	size_t len;

	switch (lines_next(&ls->lines, &line, &len)) {
	case LINES_LINE:
		source_run_line(s, line, len);
		break;
	case LINES_TOO_LONG:
		source_refuse_line(
			s, -E2BIG, "the line is longer than 4095 bytes; nothing of it was run"
		);
		break;
	case LINES_MORE:
		source_wait(s, s->fd);
		break;
	case LINES_END:
		ls->at_end(s);
		break;
	}
}

void
line_source_readable(struct source *s)
{
	struct line_source *ls = line_source(s);
	int err = lines_read(&ls->lines, s->fd);

	/* A connection that broke has ended; what came before is run all the same. */
	if (err != 0 && err != -EAGAIN)
		ls->lines.ended = true;
	source_step(s);
}

static void
at_end(struct source *s)
{
	source_end(s);
	if (s->owner->events.input_done != NULL)
		s->owner->events.input_done(s->owner->app);
}

int
pipe_new(struct sources *owner, struct source **ret)
{
	static const struct source_kind kind = {
		.input = line_source_input,
		.readable = line_source_readable,
		.answer = source_print_error,
	};
	struct line_source *ls = calloc(1, sizeof(*ls));
	int err;

	if (ls == NULL)
		return -ENOMEM;
	ls->at_end = at_end;
	err = source_init(&ls->source, owner, &kind, &owner->out, owner->in_fd);
	if (err != 0) {
		free(ls);
		return err;
	}
	*ret = &ls->source;
	source_again(*ret);
	return 0;
}

struct source *
pipe_free(struct source *s)
{
	if (s == NULL)
		return NULL;
	source_fini(s);
	free(line_source(s));
	return NULL;
}
