/* SPDX-License-Identifier: BSD-3-Clause */
/* See loop.h. Used by main and by everything in app/vfbond that waits for something. */
#include "loop.h"

#include "units.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

struct loop_watch {
	LIST_ENTRY(loop_watch) all;
	struct loop *loop;
	int fd;
	short events;
	loop_fd_fn fn; /* NULL: deleted, freed when no dispatch can hold it */
	void *ctx;
};

struct loop_timer {
	LIST_ENTRY(loop_timer) all;
	TAILQ_ENTRY(loop_timer) by_deadline;
	struct loop *loop;
	bool armed;
	uint64_t set_in_turn; /* a timer never runs in the turn that armed it */
	uint64_t deadline_ns, period_ns;
	loop_timer_fn fn; /* NULL: deleted */
	void *ctx;
};

struct loop {
	LIST_HEAD(, loop_watch) watches;
	LIST_HEAD(, loop_timer) timers;
	TAILQ_HEAD(, loop_timer) armed; /* the next deadline first */
	unsigned int nb_watches;
	bool dispatching; /* deleted objects wait for its end */
	bool some_deleted;
	bool stopping;
	int status;
	int timerfd;
	uint64_t timerfd_ns; /* what timerfd is set to; 0: disarmed */
	uint64_t turn;
	struct pollfd *fds;         /* [0] is timerfd, [i + 1] belongs to polled[i] */
	struct loop_watch **polled; /* the watches of this turn */
	unsigned int cap;           /* watches that fds and polled have room for */
	struct loop_lateness late;
};

uint64_t
loop_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

int
loop_new(struct loop **ret)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return -ENOMEM;
	LIST_INIT(&l->watches);
	LIST_INIT(&l->timers);
	TAILQ_INIT(&l->armed);
	l->timerfd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (l->timerfd < 0) {
		int err = -errno;

		free(l);
		return err;
	}
	*ret = l;
	return 0;
}

static void
free_deleted(struct loop *l, bool all)
{
	struct loop_watch *w, *next_w;
	struct loop_timer *t, *next_t;

	for (w = LIST_FIRST(&l->watches); w != NULL; w = next_w) {
		next_w = LIST_NEXT(w, all);
		if (all || w->fn == NULL) {
			LIST_REMOVE(w, all);
			free(w);
		}
	}
	for (t = LIST_FIRST(&l->timers); t != NULL; t = next_t) {
		next_t = LIST_NEXT(t, all);
		if (all || t->fn == NULL) {
			LIST_REMOVE(t, all);
			free(t);
		}
	}
	l->some_deleted = false;
}

struct loop *
loop_free(struct loop *l)
{
	if (l == NULL)
		return NULL;
	free_deleted(l, true);
	close(l->timerfd);
	free(l->fds);
	free(l->polled);
	free(l);
	return NULL;
}

int
loop_watch_add(
	struct loop *l, int fd, short events, loop_fd_fn fn, void *ctx, struct loop_watch **ret
)
{
	struct loop_watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return -ENOMEM;
	w->loop = l;
	w->fd = fd;
	w->events = events;
	w->fn = fn;
	w->ctx = ctx;
	LIST_INSERT_HEAD(&l->watches, w, all);
	l->nb_watches++;
	*ret = w;
	return 0;
}

void
loop_watch_set(struct loop_watch *w, short events)
{
	w->events = events;
}

struct loop_watch *
loop_watch_del(struct loop_watch *w)
{
	if (w == NULL)
		return NULL;
	w->fn = NULL;
	w->loop->nb_watches--;
	w->loop->some_deleted = true;
	if (!w->loop->dispatching)
		free_deleted(w->loop, false);
	return NULL;
}

int
loop_timer_add(struct loop *l, loop_timer_fn fn, void *ctx, struct loop_timer **ret)
{
	struct loop_timer *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return -ENOMEM;
	t->loop = l;
	t->fn = fn;
	t->ctx = ctx;
	LIST_INSERT_HEAD(&l->timers, t, all);
	*ret = t;
	return 0;
}

void
loop_timer_stop(struct loop_timer *t)
{
	if (t->armed)
		TAILQ_REMOVE(&t->loop->armed, t, by_deadline);
	t->armed = false;
}

static void
arm_at(struct loop_timer *t, uint64_t deadline_ns)
{
	struct loop *l = t->loop;
	struct loop_timer *before;

	loop_timer_stop(t);
	t->deadline_ns = deadline_ns;
	t->armed = true;
	/* Behind those of the same deadline: who armed first runs first. */
	TAILQ_FOREACH (before, &l->armed, by_deadline) {
		if (before->deadline_ns > deadline_ns) {
			TAILQ_INSERT_BEFORE(before, t, by_deadline);
			return;
		}
	}
	TAILQ_INSERT_TAIL(&l->armed, t, by_deadline);
}

void
loop_timer_set(struct loop_timer *t, uint64_t after_ns, uint64_t period_ns)
{
	uint64_t now_ns = loop_now_ns();

	t->period_ns = period_ns;
	t->set_in_turn = t->loop->turn;
	arm_at(t, after_ns > UINT64_MAX - now_ns ? UINT64_MAX : now_ns + after_ns);
}

struct loop_timer *
loop_timer_del(struct loop_timer *t)
{
	if (t == NULL)
		return NULL;
	loop_timer_stop(t);
	t->fn = NULL;
	t->loop->some_deleted = true;
	if (!t->loop->dispatching)
		free_deleted(t->loop, false);
	return NULL;
}

static void
run_timer(struct loop *l, struct loop_timer *t, uint64_t now_ns)
{
	uint64_t late_ns = now_ns - t->deadline_ns;

	loop_timer_stop(t);
	l->late.ticks++;
	l->late.total_ns += late_ns;
	if (late_ns > l->late.max_ns)
		l->late.max_ns = late_ns;
	if (t->period_ns != 0)
		arm_at(t, t->deadline_ns + t->period_ns * (late_ns / t->period_ns + 1));
	t->fn(t->ctx);
}

static void
run_timers(struct loop *l)
{
	uint64_t now_ns = loop_now_ns();
	struct loop_timer *t;

	while (!l->stopping && (t = TAILQ_FIRST(&l->armed)) != NULL) {
		/* Timers are in order: whoever armed one in this turn did so after now_ns. */
		if (t->deadline_ns > now_ns || t->set_in_turn == l->turn)
			break;
		run_timer(l, t, now_ns);
	}
}

static int
collect(struct loop *l, unsigned int *ret_nb)
{
	struct loop_watch *w;
	unsigned int nb = 0;

	if (l->fds == NULL || l->nb_watches > l->cap) {
		unsigned int cap = l->nb_watches + 16;
		struct pollfd *fds = realloc(l->fds, (cap + 1) * sizeof(*fds));
		struct loop_watch **polled;

		if (fds == NULL)
			return -ENOMEM;
		l->fds = fds;
		polled = realloc(l->polled, cap * sizeof(*polled));
		if (polled == NULL)
			return -ENOMEM;
		l->polled = polled;
		l->cap = cap;
	}
	l->fds[0] = (struct pollfd){.fd = l->timerfd, .events = POLLIN};
	LIST_FOREACH(w, &l->watches, all)
	{
		l->polled[nb++] = w;
		l->fds[nb] = (struct pollfd){.fd = w->fd, .events = w->events};
	}
	*ret_nb = nb;
	return 0;
}

/* Set timerfd to the next deadline. Returns poll's timeout: 0 when one has passed, else -1. */
static int
arm_timerfd(struct loop *l)
{
	struct loop_timer *t = TAILQ_FIRST(&l->armed);
	uint64_t want_ns = t != NULL ? t->deadline_ns : 0;
	struct itimerspec its = {0};

	if (t != NULL && want_ns <= loop_now_ns())
		return 0;
	if (want_ns == l->timerfd_ns)
		return -1;
	/* A deadline beyond what time_t holds never comes. */
	if (want_ns != UINT64_MAX) {
		its.it_value.tv_sec = (time_t)(want_ns / NSEC_PER_SEC);
		its.it_value.tv_nsec = (long)(want_ns % NSEC_PER_SEC);
	}
	timerfd_settime(l->timerfd, TFD_TIMER_ABSTIME, &its, NULL);
	l->timerfd_ns = want_ns;
	return -1;
}

static void
run_watches(struct loop *l, unsigned int nb)
{
	for (unsigned int i = 0; i < nb && !l->stopping; i++) {
		struct loop_watch *w = l->polled[i];
		short revents = l->fds[i + 1].revents;

		/* One that another callback has switched off in this turn is not called. */
		revents &= (short)(w->events | POLLERR | POLLHUP | POLLNVAL);
		if (w->fn != NULL && revents != 0)
			w->fn(w->ctx, w->fd, revents);
	}
}

int
loop_run(struct loop *l)
{
	unsigned int nb;
	uint64_t expired;
	int ret;

	while (!l->stopping) {
		if (l->some_deleted)
			free_deleted(l, false);
		ret = collect(l, &nb);
		if (ret != 0)
			return ret;
		if (poll(l->fds, nb + 1, arm_timerfd(l)) < 0) {
			if (errno != EINTR)
				return -errno;
			continue;
		}
		if (l->fds[0].revents != 0 && read(l->timerfd, &expired, sizeof(expired)) > 0)
			l->timerfd_ns = 0;
		l->turn++;
		l->dispatching = true;
		run_timers(l);
		run_watches(l, nb);
		l->dispatching = false;
	}
	l->stopping = false;
	free_deleted(l, false);
	return l->status;
}

void
loop_stop(struct loop *l, int status)
{
	l->stopping = true;
	l->status = status;
}

bool
loop_stopping(const struct loop *l)
{
	return l->stopping;
}

void
loop_lateness(struct loop *l, struct loop_lateness *ret, bool clear)
{
	*ret = l->late;
	if (clear)
		l->late = (struct loop_lateness){0};
}
