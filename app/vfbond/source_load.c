/* SPDX-License-Identifier: BSD-3-Clause */
/* Command files: --cmdline-file and `load`, nested. Part of the command sources' state machine. */
#include "source_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
pop(struct source *s)
{
	struct source_file *f = s->files[--s->nb_files];

	/* It may be this file that is waited for. */
	s->input = loop_watch_del(s->input);
	close(f->fd);
	free(f);
}

void
source_files_drop(struct source *s)
{
	while (s->nb_files > 0)
		pop(s);
}

static int
check_file(const struct source *s, const struct stat *st, const char *path, struct reason *why)
{
	if (S_ISDIR(st->st_mode))
		return reason_set(why, -EISDIR, "%s: is a directory", path);
	if (!S_ISREG(st->st_mode) && !S_ISFIFO(st->st_mode))
		return reason_set(why, -EINVAL, "%s: neither a regular file nor a pipe", path);
	for (int i = 0; i < s->nb_files; i++)
		if (s->files[i]->dev == st->st_dev && s->files[i]->ino == st->st_ino)
			return reason_set(why, -ELOOP, "%s: is being loaded already", path);
	return 0;
}

int
source_load(void *source, const char *path, struct reason *why)
{
	struct source *s = source;
	struct source_file *f;
	struct stat st;
	int fd, ret;

	if (s->nb_files == SOURCE_LOAD_DEPTH)
		return reason_set(
			why,
			-ELOOP,
			"%s: more than %d command files in one another",
			path,
			SOURCE_LOAD_DEPTH
		);
	/* A pipe without a writer must not hold up the loop. */
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return reason_set(why, -errno, "%s: %s", path, strerror(errno));
	ret = fstat(fd, &st) < 0 ? -errno : check_file(s, &st, path, why);
	if (ret != 0)
		goto fail;
	f = calloc(1, sizeof(*f) + strlen(path) + 1);
	if (f == NULL) {
		ret = reason_set(why, -ENOMEM, "%s: out of memory", path);
		goto fail;
	}
	f->fd = fd;
	f->is_pipe = S_ISFIFO(st.st_mode);
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	strcpy(f->path, path);
	s->files[s->nb_files++] = f;
	return 0;

fail:
	close(fd);
	return ret;
}

/* "a:3: b:2: reason", the outermost file first. */
static void
prefix_places(const struct source *s, struct reason *why)
{
	for (int i = s->nb_files - 1; i >= 0; i--) {
		const struct source_file *f = s->files[i];
		char place[sizeof(why->text)];

		if (snprintf(place, sizeof(place), "%s:%u", f->path, f->lines.number) > 0)
			reason_prefix(why, place);
	}
}

void
source_files_fail(struct source *s, int err, struct reason *why)
{
	prefix_places(s, why);
	if (s == s->owner->startup)
		s->owner->startup_failed = true;
	if (s->files_err == 0) {
		s->files_err = err;
		s->files_why = *why;
	}
	if (s->owner->keep_going) {
		sink_puts(s->out, why->text);
		sink_puts(s->out, "\n");
	} else {
		source_files_drop(s);
	}
}

/* Read more of the innermost file. False when its writer must be waited for. */
static bool
read_more(struct source *s, struct source_file *f)
{
	struct reason why;
	int err;

	/* A pipe that never had a writer reads as ended, but polls as not yet readable. */
	if (f->is_pipe) {
		struct pollfd p = {.fd = f->fd, .events = POLLIN};

		if (poll(&p, 1, 0) == 0) {
			source_wait(s, f->fd);
			return false;
		}
	}
	err = lines_read(&f->lines, f->fd);
	if (err == -EAGAIN) {
		source_wait(s, f->fd);
		return false;
	}
	if (err != 0) {
		f->lines.ended = true;
		f->lines.start = f->lines.end;
		f->lines.number++;
		reason_set(&why, err, "%s", strerror(-err));
		source_files_fail(s, err, &why);
	}
	return true;
}

void
source_files_step(struct source *s)
{
	struct source_file *f = s->files[s->nb_files - 1];
	struct reason why = {""};
	const char *line;
	size_t len;
	int err = 0;

	switch (lines_next(&f->lines, &line, &len)) {
	case LINES_LINE:
		err = source_run(s, line, len, &why);
		break;
	case LINES_TOO_LONG:
		err = reason_set(
			&why,
			-E2BIG,
			"the line is longer than %d bytes; nothing of it was run",
			COMMAND_LINE_MAX
		);
		break;
	case LINES_MORE:
		if (!read_more(s, f))
			return;
		break;
	case LINES_END:
		pop(s);
		break;
	}
	if (err != 0)
		source_files_fail(s, err, &why);
	sink_flush(s->out);
	if (s->kind->replied != NULL)
		s->kind->replied(s);
	source_again(s);
}
