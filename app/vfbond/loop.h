/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control loop: one poll() over file descriptors and one timerfd for all timers. Callbacks run
 * on the main lcore, one at a time; a callback may add and remove watches and timers, its own too.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct loop;       /* opaque */
struct loop_watch; /* one file descriptor */
struct loop_timer; /* one deadline */

typedef void (*loop_fd_fn)(void *ctx, int fd, short revents);
typedef void (*loop_timer_fn)(void *ctx);

int loop_new(struct loop **ret);
struct loop *loop_free(struct loop *l); /* watches and timers go with it; NULL is fine */

/*
 * @events as for poll(2); may be 0 for a while, but POLLERR and POLLHUP are reported even then: who
 * does not want to hear of them deletes the watch. The loop never closes @fd. One fd may have
 * several watches. A watch that is added by a callback is first asked in the next turn.
 */
int loop_watch_add(
	struct loop *l, int fd, short events, loop_fd_fn fn, void *ctx, struct loop_watch **ret
);
void loop_watch_set(struct loop_watch *w, short events);
struct loop_watch *loop_watch_del(struct loop_watch *w); /* NULL is fine; returns NULL */

/*
 * A timer is made idle; set arms it once (@after_ns from now) or every @period_ns (0: once). With
 * @after_ns 0 it runs in the next turn, after every descriptor had its turn. Periods that went by
 * while something else ran are skipped, not made up for.
 */
int loop_timer_add(struct loop *l, loop_timer_fn fn, void *ctx, struct loop_timer **ret);
void loop_timer_set(struct loop_timer *t, uint64_t after_ns, uint64_t period_ns);
void loop_timer_stop(struct loop_timer *t);
struct loop_timer *loop_timer_del(struct loop_timer *t); /* NULL is fine; returns NULL */

/* CLOCK_MONOTONIC now, in ns. */
uint64_t loop_now_ns(void);

/*
 * Run callbacks until loop_stop; no callback runs after the one that called it. Returns the status
 * that loop_stop was given, or -errno when waiting itself fails. A stop is used up by the run that
 * it ends (also one that begins after it), so that loop_run may be called again.
 */
int loop_run(struct loop *l);
void loop_stop(struct loop *l, int status);
bool loop_stopping(const struct loop *l);

/* How late timers ran: worst and mean lateness since the last call with @clear. */
struct loop_lateness {
	uint64_t ticks, max_ns, total_ns;
};
void loop_lateness(struct loop *l, struct loop_lateness *ret, bool clear);
