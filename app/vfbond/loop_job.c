/* SPDX-License-Identifier: BSD-3-Clause */
/* See loop_job.h. */
#include "loop_job.h"

#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct loop_job {
	void (*work)(void *ctx);
	void (*done)(void *ctx);
	void *ctx;
	int fd; /* thread: write, control: read */
	pthread_t thread;
	struct loop_watch *watch;
};

/* It inherits main()'s mask: signals go to the control loop. */
static void *
run(void *arg)
{
	struct loop_job *j = arg;
	uint64_t one = 1;

	j->work(j->ctx);
	/* An eventfd with one writer has room for its one event. */
	if (write(j->fd, &one, sizeof(one)) < 0)
		return NULL;
	return NULL;
}

struct loop_job *
loop_job_finish(struct loop_job *j)
{
	if (j == NULL)
		return NULL;
	(void)pthread_join(j->thread, NULL);
	loop_watch_del(j->watch);
	close(j->fd);
	free(j);
	return NULL;
}

static void
on_done(void *arg, int fd, short revents)
{
	struct loop_job *j = arg;
	void (*done)(void *ctx) = j->done;
	void *ctx = j->ctx;

	(void)fd;
	(void)revents;
	loop_job_finish(j);
	done(ctx);
}

int
loop_job_start(
	struct loop_job **ret,
	struct loop *l,
	void (*work)(void *ctx),
	void (*done)(void *ctx),
	void *ctx
)
{
	struct loop_job *j = calloc(1, sizeof(*j));
	int rc = 0;

	if (j == NULL)
		return -ENOMEM;
	j->work = work;
	j->done = done;
	j->ctx = ctx;
	j->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (j->fd < 0)
		rc = -errno;
	if (rc == 0)
		rc = loop_watch_add(l, j->fd, POLLIN, on_done, j, &j->watch);
	if (rc == 0)
		rc = -pthread_create(&j->thread, NULL, run, j);
	if (rc != 0) {
		loop_watch_del(j->watch);
		if (j->fd >= 0)
			close(j->fd);
		free(j);
		return rc;
	}
	*ret = j;
	return 0;
}
