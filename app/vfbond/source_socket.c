/* SPDX-License-Identifier: BSD-3-Clause */
/* Command clients on a local stream socket, and the socket itself. */
#include "source_impl.h"
#include "units.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct client {
	struct line_source in;
	struct sink out;
	struct loop_timer *reaper; /* frees the client when none of its callbacks is running */
	bool finished;             /* its last line is answered: close when that has been read */
	LIST_ENTRY(client) all;
};

static struct client *
client_of(struct source *s)
{
	return (struct client *)((char *)s - offsetof(struct client, in.source));
}

static void
client_free(struct client *c)
{
	struct listener *ln = &c->in.source.owner->listener;

	LIST_REMOVE(c, all);
	ln->nb_clients--;
	source_fini(&c->in.source);
	sink_fini(&c->out);
	loop_timer_del(c->reaper);
	close(c->in.source.fd);
	free(c);
}

static void
reap(void *ctx)
{
	client_free(ctx);
}

static void
client_close(struct client *c)
{
	source_end(&c->in.source);
	loop_timer_set(c->reaper, 0, 0);
}

static void
client_answer(struct source *s, int err, const struct reason *why)
{
	if (err == 0)
		sink_puts(s->out, "ok\n");
	else
		source_put_error(s->out, err, why);
}

static void
client_replied(struct source *s)
{
	if (sink_pending(s->out) > SOURCE_PENDING_MAX || s->out->text.no_mem)
		client_close(client_of(s));
}

static void
client_at_end(struct source *s)
{
	struct client *c = client_of(s);

	c->finished = true;
	if (sink_pending(&c->out) == 0)
		client_close(c);
}

static void
client_drained(void *ctx)
{
	struct client *c = ctx;

	if (c->finished)
		client_close(c);
}

static int
client_new(struct sources *owner, int fd)
{
	static const struct source_kind kind = {
		.input = line_source_input,
		.readable = line_source_readable,
		.answer = client_answer,
		.replied = client_replied,
	};
	struct client *c = calloc(1, sizeof(*c));
	int err;

	if (c == NULL)
		return -ENOMEM;
	c->in.at_end = client_at_end;
	err = loop_timer_add(owner->loop, reap, c, &c->reaper);
	if (err != 0)
		goto fail;
	err = source_init(&c->in.source, owner, &kind, &c->out, fd);
	if (err != 0)
		goto fail;
	sink_init(&c->out, owner->loop, fd, client_drained, c);
	LIST_INSERT_HEAD(&owner->listener.clients, c, all);
	owner->listener.nb_clients++;
	source_again(&c->in.source);
	return 0;

fail:
	loop_timer_del(c->reaper);
	free(c);
	return err;
}

static void
turn_away(int fd, const char *why)
{
	(void)!send(fd, why, strlen(why), MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

static void
on_connect(void *ctx, int listen_fd, short revents)
{
	struct sources *owner = ctx;
	struct listener *ln = &owner->listener;
	/* cppcheck-suppress nullPointer ; an address need not be asked for, accept(2) */
	int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)revents;
	if (fd < 0) {
		/* The connection stays in the queue, so that poll would report it at once. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			loop_watch_set(ln->watch, 0);
			loop_timer_set(ln->retry, NSEC_PER_SEC, 0);
		}
		return;
	}
	if (ln->nb_clients == SOURCE_CLIENTS_MAX)
		turn_away(fd, "error: too many clients (-11)\n");
	else if (client_new(owner, fd) != 0)
		turn_away(fd, "error: out of memory (-12)\n");
}

static void
on_retry(void *ctx)
{
	struct sources *owner = ctx;

	loop_watch_set(owner->listener.watch, POLLIN);
}

/* Remove the socket of a program that is gone. 0, or -errno when there is something else. */
static int
remove_stale(const struct sockaddr_un *addr, struct reason *why)
{
	struct stat st;
	int fd, err = 0;

	if (lstat(addr->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : reason_set(why, -errno, "%s", strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return reason_set(why, -EEXIST, "there is a file of this name, no socket");
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return reason_set(why, -errno, "%s", strerror(errno));
	/* A full queue (EAGAIN) has an owner too. */
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 || errno == EAGAIN)
		err = reason_set(why, -EADDRINUSE, "in use by a running program");
	else if (errno != ECONNREFUSED && errno != ENOENT)
		err = reason_set(why, -errno, "%s", strerror(errno));
	close(fd);
	if (err == 0 && unlink(addr->sun_path) < 0 && errno != ENOENT)
		err = reason_set(why, -errno, "%s", strerror(errno));
	return err;
}

static int
bind_private(int fd, const struct sockaddr_un *addr, struct reason *why)
{
	/* On Linux the file gets the mode of the unbound socket; no moment with a wider one. */
	if (fchmod(fd, 0600) < 0 || bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0 ||
	    listen(fd, SOURCE_CLIENTS_MAX) < 0)
		return reason_set(why, -errno, "%s", strerror(errno));
	return 0;
}

int
listener_open(struct sources *owner, const char *path, struct reason *why)
{
	struct listener *ln = &owner->listener;
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct stat st;
	char place[sizeof(why->text)];
	int err;

	if (path[0] == '\0' || strlen(path) >= sizeof(addr.sun_path)) {
		return reason_set(
			why,
			-ENAMETOOLONG,
			"socket %s: the path must have 1 to %zu bytes",
			path,
			sizeof(addr.sun_path) - 1
		);
	}
	strcpy(addr.sun_path, path);
	err = remove_stale(&addr, why);
	if (err != 0)
		goto fail;
	ln->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (ln->fd < 0) {
		err = reason_set(why, -errno, "%s", strerror(errno));
		goto fail;
	}
	err = bind_private(ln->fd, &addr, why);
	if (err != 0)
		goto fail;
	if (lstat(path, &st) == 0) {
		ln->dev = st.st_dev;
		ln->ino = st.st_ino;
	}
	ln->path = strdup(path);
	err = ln->path == NULL ? -ENOMEM : loop_timer_add(owner->loop, on_retry, owner, &ln->retry);
	if (err == 0)
		err = loop_watch_add(owner->loop, ln->fd, POLLIN, on_connect, owner, &ln->watch);
	if (err == 0)
		return 0;
	unlink(path);
	reason_set(why, err, "%s", strerror(-err));

fail:
	snprintf(place, sizeof(place), "socket %s", path);
	reason_prefix(why, place);
	return err;
}

void
listener_close(struct sources *owner)
{
	struct listener *ln = &owner->listener;
	struct client *c, *next;
	struct stat st;

	for (c = LIST_FIRST(&ln->clients); c != NULL; c = next) {
		next = LIST_NEXT(c, all);
		client_free(c);
	}
	ln->watch = loop_watch_del(ln->watch);
	ln->retry = loop_timer_del(ln->retry);
	if (ln->fd < 0)
		return;
	close(ln->fd);
	ln->fd = -1;
	/* Another program may have put its own there since. */
	if (ln->path != NULL && lstat(ln->path, &st) == 0 && st.st_dev == ln->dev &&
	    st.st_ino == ln->ino)
		unlink(ln->path);
	free(ln->path);
	ln->path = NULL;
}

struct source *
listener_find(struct sources *owner, uint64_t ticket)
{
	struct client *c;

	LIST_FOREACH(c, &owner->listener.clients, all)
	if (c->in.source.ticket == ticket)
		return &c->in.source;
	return NULL;
}
