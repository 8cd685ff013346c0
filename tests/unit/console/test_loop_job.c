/* SPDX-License-Identifier: BSD-3-Clause */
/* Work in a thread: the loop hears of its end, and can wait for it. */
#include "loop.h"
#include "loop_job.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

struct work {
	struct loop *loop;
	struct loop_job *job;
	pthread_t control;
	sem_t go;
	bool elsewhere, worked, told;
};

static void
do_work(void *ctx)
{
	struct work *w = ctx;

	(void)sem_wait(&w->go);
	w->elsewhere = !pthread_equal(pthread_self(), w->control);
	w->worked = true;
}

static void
on_done(void *ctx)
{
	struct work *w = ctx;

	w->told = w->worked;
	loop_stop(w->loop, 0);
}

static void
let_go(void *ctx)
{
	struct work *w = ctx;

	/* The loop runs while the work is held up. */
	(void)sem_post(&w->go);
}

static void
start(struct work *w)
{
	w->control = pthread_self();
	assert_int_equal(sem_init(&w->go, 0, 0), 0);
	assert_int_equal(loop_new(&w->loop), 0);
	assert_int_equal(loop_job_start(&w->job, w->loop, do_work, on_done, w), 0);
}

static void
the_loop_goes_on_and_is_told(void **state)
{
	struct work w = {0};
	struct loop_timer *timer;

	(void)state;
	start(&w);
	assert_int_equal(loop_timer_add(w.loop, let_go, &w, &timer), 0);
	loop_timer_set(timer, 1000 * 1000, 0);
	assert_int_equal(loop_run(w.loop), 0);
	assert_true(w.told);
	assert_true(w.elsewhere);
	loop_free(w.loop);
	(void)sem_destroy(&w.go);
}

static void
finish_waits_and_tells_nobody(void **state)
{
	struct work w = {0};

	(void)state;
	start(&w);
	(void)sem_post(&w.go);
	assert_null(loop_job_finish(w.job));
	assert_true(w.worked);
	assert_false(w.told);
	assert_null(loop_job_finish(NULL));
	loop_free(w.loop);
	(void)sem_destroy(&w.go);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_loop_goes_on_and_is_told),
		cmocka_unit_test(finish_waits_and_tells_nobody),
	};

	return cmocka_run_group_tests_name("console/loop_job", tests, NULL, NULL);
}
