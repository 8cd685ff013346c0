/* SPDX-License-Identifier: BSD-3-Clause */
/* The control loop: order and pace of timers, and callbacks that delete what is being served. */
#include "loop.h"
#include "units.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

enum { GUARD = 99 }; /* the status when a test takes too long */

struct world {
	struct loop *loop;
	struct loop_timer *guard;
	struct loop_watch *watch[2];
	struct loop_timer *timer[3];
	int pair[2][2];
	int calls, calls_of[3];
	char order[16];
	uint64_t at_ns;
};

static void
on_guard(void *ctx)
{
	loop_stop(((struct world *)ctx)->loop, GUARD);
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	assert_int_equal(loop_new(&w->loop), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, w->pair[i]), 0);
	assert_int_equal(loop_timer_add(w->loop, on_guard, w, &w->guard), 0);
	loop_timer_set(w->guard, 10 * NSEC_PER_SEC, 0);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	loop_free(w->loop);
	for (int i = 0; i < 4; i++)
		close(w->pair[i / 2][i % 2]);
	free(w);
	return 0;
}

static void
stop_0(void *ctx)
{
	loop_stop(((struct world *)ctx)->loop, 0);
}

static void
note(struct world *w, char c)
{
	w->order[w->calls++] = c;
}

static void
note_a(void *ctx)
{
	note(ctx, 'a');
}

static void
note_b(void *ctx)
{
	note(ctx, 'b');
}

static void
note_c_and_stop(void *ctx)
{
	note(ctx, 'c');
	stop_0(ctx);
}

static void
test_timers_run_in_order(void **state)
{
	struct world *w = *state;
	uint64_t begin_ns = loop_now_ns();

	assert_int_equal(loop_timer_add(w->loop, note_c_and_stop, w, &w->timer[2]), 0);
	assert_int_equal(loop_timer_add(w->loop, note_b, w, &w->timer[1]), 0);
	assert_int_equal(loop_timer_add(w->loop, note_a, w, &w->timer[0]), 0);
	loop_timer_set(w->timer[2], 30 * NSEC_PER_MSEC, 0);
	loop_timer_set(w->timer[0], 10 * NSEC_PER_MSEC, 0);
	loop_timer_set(w->timer[1], 20 * NSEC_PER_MSEC, 0);
	loop_timer_set(w->guard, UINT64_MAX, 0); /* never; but arming anew moves it */
	loop_timer_set(w->guard, 10 * NSEC_PER_SEC, 0);
	assert_int_equal(loop_run(w->loop), 0);
	assert_string_equal(w->order, "abc");
	assert_true(loop_now_ns() - begin_ns >= 30 * NSEC_PER_MSEC);
}

static void
tick(void *ctx)
{
	struct world *w = ctx;

	if (++w->calls == 5)
		loop_stop(w->loop, 7);
}

static void
test_periodic(void **state)
{
	struct world *w = *state;
	struct loop_lateness late;
	uint64_t begin_ns = loop_now_ns();

	assert_int_equal(loop_timer_add(w->loop, tick, w, &w->timer[0]), 0);
	loop_timer_set(w->timer[0], 5 * NSEC_PER_MSEC, 5 * NSEC_PER_MSEC);
	assert_int_equal(loop_run(w->loop), 7);
	assert_int_equal(w->calls, 5);
	assert_true(loop_now_ns() - begin_ns >= 25 * NSEC_PER_MSEC);
	loop_lateness(w->loop, &late, true);
	assert_int_equal(late.ticks, 5);
	assert_true(late.max_ns <= late.total_ns);
	assert_true(late.total_ns > 0);
	loop_lateness(w->loop, &late, false);
	assert_int_equal(late.ticks, 0);
	assert_int_equal(late.max_ns, 0);
}

/* The first call holds the loop up for several periods. */
static void
slow_tick(void *ctx)
{
	struct world *w = ctx;

	if (++w->calls == 1) {
		w->at_ns = loop_now_ns();
		while (loop_now_ns() - w->at_ns < 50 * NSEC_PER_MSEC)
			;
	} else if (w->calls == 2) {
		w->at_ns = loop_now_ns();
	} else {
		loop_stop(w->loop, 0);
	}
}

static void
test_missed_periods_are_skipped(void **state)
{
	struct world *w = *state;
	struct loop_lateness late;

	assert_int_equal(loop_timer_add(w->loop, slow_tick, w, &w->timer[0]), 0);
	loop_timer_set(w->timer[0], 0, 20 * NSEC_PER_MSEC);
	assert_int_equal(loop_run(w->loop), 0);
	/* The second call was late by what the first took; the third keeps to the old raster. */
	loop_lateness(w->loop, &late, false);
	assert_int_equal(late.ticks, 3);
	assert_true(late.max_ns >= 29 * NSEC_PER_MSEC);
}

static void
rearm_at_once(void *ctx)
{
	struct world *w = ctx;

	w->calls++;
	loop_timer_set(w->timer[0], 0, 0);
}

static void
on_byte_stop(void *ctx, int fd, short revents)
{
	char c;

	assert_true(revents & POLLIN);
	assert_int_equal(read(fd, &c, 1), 1);
	loop_stop(((struct world *)ctx)->loop, 3);
}

/* A timer that is always due must leave descriptors their turn. */
static void
test_due_timer_does_not_starve(void **state)
{
	struct world *w = *state;

	assert_int_equal(loop_timer_add(w->loop, rearm_at_once, w, &w->timer[0]), 0);
	loop_timer_set(w->timer[0], 0, 0);
	assert_int_equal(
		loop_watch_add(w->loop, w->pair[0][0], POLLIN, on_byte_stop, w, &w->watch[0]), 0
	);
	assert_int_equal(write(w->pair[0][1], "x", 1), 1);
	assert_int_equal(loop_run(w->loop), 3);
	assert_int_equal(w->calls, 1);
}

static void
delete_all(void *ctx, int fd, short revents)
{
	struct world *w = ctx;

	(void)fd;
	(void)revents;
	w->calls++;
	/* Both watches are ready in this turn, whichever comes first; this one among them. */
	w->watch[0] = loop_watch_del(w->watch[0]);
	w->watch[1] = loop_watch_del(w->watch[1]);
	loop_timer_set(w->timer[0], 5 * NSEC_PER_MSEC, 0);
}

static void
test_watch_deletes_all(void **state)
{
	struct world *w = *state;

	assert_int_equal(loop_timer_add(w->loop, stop_0, w, &w->timer[0]), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(write(w->pair[i][1], "x", 1), 1);
		assert_int_equal(
			loop_watch_add(w->loop, w->pair[i][0], POLLIN, delete_all, w, &w->watch[i]),
			0
		);
	}
	assert_int_equal(loop_run(w->loop), 0);
	assert_int_equal(w->calls, 1);
}

static void
delete_timers(void *ctx)
{
	struct world *w = ctx;

	w->calls++;
	for (int i = 0; i < 3; i++)
		w->timer[i] = loop_timer_del(w->timer[i]);
	assert_int_equal(loop_timer_add(w->loop, stop_0, w, &w->timer[0]), 0);
	loop_timer_set(w->timer[0], NSEC_PER_MSEC, 0);
}

static void
test_timer_deletes_all(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(loop_timer_add(w->loop, delete_timers, w, &w->timer[i]), 0);
		loop_timer_set(w->timer[i], 0, i == 1 ? NSEC_PER_MSEC : 0);
	}
	assert_int_equal(loop_run(w->loop), 0);
	assert_int_equal(w->calls, 1);
}

static void
silence_other(void *ctx, int fd, short revents)
{
	struct world *w = ctx;
	int other = fd == w->pair[0][0];

	(void)revents;
	w->calls++;
	loop_watch_set(w->watch[other], 0);
	loop_watch_set(w->watch[!other], 0);
	loop_timer_set(w->timer[0], NSEC_PER_MSEC, 0);
}

static void
test_watch_silences_other(void **state)
{
	struct world *w = *state;

	assert_int_equal(loop_timer_add(w->loop, stop_0, w, &w->timer[0]), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(write(w->pair[i][1], "x", 1), 1);
		assert_int_equal(
			loop_watch_add(
				w->loop, w->pair[i][0], POLLIN, silence_other, w, &w->watch[i]
			),
			0
		);
	}
	assert_int_equal(loop_run(w->loop), 0);
	assert_int_equal(w->calls, 1);
}

static void
test_stop_and_run_again(void **state)
{
	struct world *w = *state;

	loop_stop(w->loop, 5);
	assert_true(loop_stopping(w->loop));
	assert_int_equal(loop_run(w->loop), 5);
	assert_false(loop_stopping(w->loop));
	/* No callback after the one that stops, also of those that are due. */
	assert_int_equal(loop_timer_add(w->loop, note_c_and_stop, w, &w->timer[0]), 0);
	assert_int_equal(loop_timer_add(w->loop, note_a, w, &w->timer[1]), 0);
	loop_timer_set(w->timer[0], 0, 0);
	loop_timer_set(w->timer[1], 0, 0);
	assert_int_equal(loop_run(w->loop), 0);
	assert_string_equal(w->order, "c");
}

static void
test_stopped_timer_is_silent(void **state)
{
	struct world *w = *state;

	assert_int_equal(loop_timer_add(w->loop, note_a, w, &w->timer[0]), 0);
	assert_int_equal(loop_timer_add(w->loop, note_c_and_stop, w, &w->timer[1]), 0);
	loop_timer_set(w->timer[0], NSEC_PER_MSEC, NSEC_PER_MSEC);
	loop_timer_set(w->timer[1], 10 * NSEC_PER_MSEC, 0);
	loop_timer_stop(w->timer[0]);
	loop_timer_stop(w->timer[0]);
	assert_int_equal(loop_run(w->loop), 0);
	assert_string_equal(w->order, "c");
}

static void
on_hang_up(void *ctx, int fd, short revents)
{
	(void)fd;
	assert_true(revents & POLLHUP);
	loop_stop(((struct world *)ctx)->loop, 4);
}

static void
test_hang_up_without_events(void **state)
{
	struct world *w = *state;

	assert_int_equal(loop_watch_add(w->loop, w->pair[0][0], 0, on_hang_up, w, &w->watch[0]), 0);
	shutdown(w->pair[0][1], SHUT_RDWR);
	assert_int_equal(loop_run(w->loop), 4);
}

static void
test_many_watches(void **state)
{
	struct world *w = *state;
	struct loop_watch *many[200];

	for (int i = 0; i < 200; i++)
		assert_int_equal(
			loop_watch_add(w->loop, w->pair[1][0], POLLIN, on_byte_stop, w, &many[i]), 0
		);
	assert_int_equal(write(w->pair[1][1], "x", 1), 1);
	assert_int_equal(loop_run(w->loop), 3);
	for (int i = 0; i < 200; i++)
		assert_null(loop_watch_del(many[i]));
}

#define LOOP_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(test_timers_run_in_order),
		LOOP_TEST(test_periodic),
		LOOP_TEST(test_missed_periods_are_skipped),
		LOOP_TEST(test_due_timer_does_not_starve),
		LOOP_TEST(test_watch_deletes_all),
		LOOP_TEST(test_timer_deletes_all),
		LOOP_TEST(test_watch_silences_other),
		LOOP_TEST(test_stop_and_run_again),
		LOOP_TEST(test_stopped_timer_is_silent),
		LOOP_TEST(test_hang_up_without_events),
		LOOP_TEST(test_many_watches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
