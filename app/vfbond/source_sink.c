/* SPDX-License-Identifier: BSD-3-Clause */
/* See source_sink.h. */
#include "source_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * What one write() may take where the descriptor itself can't be made non-blocking: poll() promises
 * room for a page on a pipe, but only for this much on a terminal (WAKEUP_CHARS, Linux n_tty.c).
 */
enum { WRITE_UNSURE_BYTES = 256, WRITE_BYTES = 64 * 1024 };

static int
reopen(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void
sink_init(struct sink *k, struct loop *loop, int fd, void (*drained)(void *ctx), void *ctx)
{
	struct stat st;
	bool known = fstat(fd, &st) == 0;
	int own;

	/* O_NONBLOCK belongs to the open file, which others share; so terminals and pipes are
	 * opened a second time. A regular file never blocks, and would lose its offset. */
	*k = (struct sink){.loop = loop, .fd = fd, .drained = drained, .ctx = ctx};
	k->is_socket = known && S_ISSOCK(st.st_mode);
	if (k->is_socket || (known && S_ISREG(st.st_mode)))
		return;
	own = reopen(fd);
	if (own >= 0) {
		k->fd = own;
		k->owns_fd = true;
	} else {
		k->unsure = true;
	}
}

void
sink_fini(struct sink *k)
{
	k->watch = loop_watch_del(k->watch);
	if (k->owns_fd)
		close(k->fd);
	k->owns_fd = false;
	text_fini(&k->text);
	k->done = 0;
}

size_t
sink_pending(const struct sink *k)
{
	return k->text.len - k->done;
}

void
sink_add(struct sink *k, const char *s, size_t len)
{
	if (!k->broken)
		text_add(&k->text, s, len);
}

void
sink_puts(struct sink *k, const char *s)
{
	sink_add(k, s, strlen(s));
}

static ssize_t
write_some(struct sink *k)
{
	struct pollfd p = {.fd = k->fd, .events = POLLOUT};
	const char *s = k->text.s + k->done;
	size_t len = sink_pending(k);

	if (k->is_socket)
		return send(k->fd, s, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (len > WRITE_BYTES)
		len = WRITE_BYTES;
	if (k->unsure) {
		if (poll(&p, 1, 0) == 0) {
			errno = EAGAIN;
			return -1;
		}
		if (len > WRITE_UNSURE_BYTES)
			len = WRITE_UNSURE_BYTES;
	}
	return write(k->fd, s, len);
}

/* Write until the reader is full. True when nothing is pending any more. */
static bool
drain(struct sink *k)
{
	while (sink_pending(k) > 0) {
		ssize_t n = write_some(k);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			k->broken = true;
			k->done = k->text.len;
			break;
		}
		k->done += (size_t)n;
	}
	if (sink_pending(k) == 0) {
		text_clear(&k->text);
		k->done = 0;
	} else if (k->done > k->text.len / 2) {
		text_drop(&k->text, k->done);
		k->done = 0;
	}
	return sink_pending(k) == 0;
}

static void
on_writable(void *ctx, int fd, short revents)
{
	struct sink *k = ctx;

	(void)fd;
	(void)revents;
	if (!drain(k))
		return;
	k->watch = loop_watch_del(k->watch);
	if (k->drained != NULL)
		k->drained(k->ctx);
}

void
sink_flush(struct sink *k)
{
	if (drain(k)) {
		k->watch = loop_watch_del(k->watch);
		return;
	}
	/* Without memory for a watch nothing would ever write the rest. */
	if (k->watch == NULL &&
	    loop_watch_add(k->loop, k->fd, POLLOUT, on_writable, k, &k->watch) != 0) {
		k->broken = true;
		k->done = 0;
		text_clear(&k->text);
	}
}

void
sink_finish(struct sink *k, int wait_ms)
{
	struct pollfd p = {.fd = k->fd, .events = POLLOUT};

	while (!drain(k) && poll(&p, 1, wait_ms) > 0)
		;
}
