/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop of a worker. It makes no system call, takes no lock and logs nothing; the clock and all
 * that is periodic are looked at every few loops only.
 */
#include "fwd_worker.h"

#include "fwd_stream.h"

#include <rte_cycles.h>
#include <rte_pause.h>

enum {
	LOOPS_PER_LOOK_SHIFT = 3,
	LOOPS_PER_LOOK = 1 << LOOPS_PER_LOOK_SHIFT,
};

/* What the worker knows between two looks at the clock; on its stack. */
struct pace {
	const struct fwd_assignment *todo;
	uint64_t last_look, last_housekeep; /* TSC */
	unsigned loops, busy_loops;         /* since the last look */
	unsigned look_after;                /* loops: LOOPS_PER_LOOK, or 1 when loops are long */
};

static inline void
add(atomic_uint_fast64_t *counter, uint64_t n)
{
	uint64_t now = atomic_load_explicit(counter, memory_order_relaxed) + n;

	atomic_store_explicit(counter, now, memory_order_relaxed);
}

static void
housekeep(const struct fwd_assignment *todo)
{
	for (uint16_t i = 0; i < todo->nb_streams; i++) {
		struct fwd_stream *s = &todo->streams[i];

		if (s->housekeep != NULL)
			s->housekeep(s);
	}
	for (uint16_t i = 0; i < todo->nb_chores; i++) {
		const struct fwd_chore *c = &todo->chores[i];
		uint16_t freed = c->run(c->io, c->queue);

		if (freed != 0)
			fwd_count(c->freed, freed);
	}
}

static void
note_gap(struct fwd_worker *w, uint64_t gap)
{
	unsigned clear_count = atomic_load_explicit(&w->clear_count, memory_order_relaxed);
	unsigned cleared = atomic_load_explicit(&w->cleared, memory_order_relaxed);

	/* The gap that the clear falls into belongs to neither side of it. */
	if (unlikely(clear_count != cleared)) {
		atomic_store_explicit(&w->max_gap_cycles, 0, memory_order_relaxed);
		atomic_store_explicit(&w->cleared, clear_count, memory_order_release);
	} else if (unlikely(gap > atomic_load_explicit(&w->max_gap_cycles, memory_order_relaxed))) {
		atomic_store_explicit(&w->max_gap_cycles, gap, memory_order_relaxed);
	}
}

static void
look_at_clock(struct fwd_worker *w, struct pace *p)
{
	uint64_t now = rte_rdtsc();
	uint64_t gap = now - p->last_look;
	/* look_after is one of two powers of 2, so that shifts do for divisions. */
	unsigned shift = p->look_after == 1 ? 0 : LOOPS_PER_LOOK_SHIFT;

	p->last_look = now;
	note_gap(w, gap);
	add(&w->loops, p->loops);
	add(&w->busy_loops, p->busy_loops);
	add(&w->cycles, gap);
	add(&w->busy_cycles, (gap * p->busy_loops) >> shift);
	p->loops = 0;
	p->busy_loops = 0;
	/* Between two loops nothing is held that control has published. */
	rte_rcu_qsbr_quiescent(w->qsbr, w->rcu_id);
	/* A period of half the promise, and at least two looks in each. */
	p->look_after =
		(gap >> shift) * LOOPS_PER_LOOK > w->housekeep_cycles / 2 ? 1 : LOOPS_PER_LOOK;
	if (now - p->last_housekeep >= w->housekeep_cycles) {
		p->last_housekeep = now;
		housekeep(p->todo);
	}
}

/* Obey @request and those that follow until one says run; returns that one. */
static unsigned
obey(struct fwd_worker *w, unsigned request)
{
	rte_rcu_qsbr_thread_offline(w->qsbr, w->rcu_id);
	for (;;) {
		unsigned next;

		atomic_store_explicit(&w->answer, request, memory_order_release);
		if (request % 2 == 0) {
			rte_rcu_qsbr_thread_online(w->qsbr, w->rcu_id);
			return request;
		}
		do {
			rte_pause();
			next = atomic_load_explicit(&w->request, memory_order_acquire);
		} while (next == request);
		request = next;
	}
}

static inline uint16_t
run_streams(const struct fwd_assignment *todo)
{
	struct fwd_stream *s = todo->streams;
	struct fwd_stream *end = s + todo->nb_streams;
	uint16_t seen = 0;

	for (; s < end; s++)
		seen |= s->run(s);
	return seen;
}

int
fwd_worker_run(void *arg)
{
	const struct fwd_assignment nothing = {0};
	struct fwd_worker *w = arg;
	struct pace p = {
		.todo = &nothing,
		.last_look = rte_rdtsc(),
		.last_housekeep = rte_rdtsc(),
		.look_after = LOOPS_PER_LOOK,
	};
	unsigned obeyed = 0;

	rte_rcu_qsbr_thread_online(w->qsbr, w->rcu_id);
	for (;;) {
		unsigned request = atomic_load_explicit(&w->request, memory_order_acquire);

		if (unlikely(request != obeyed)) {
			obeyed = obey(w, request);
			if (atomic_load_explicit(&w->quit, memory_order_relaxed)) {
				rte_rcu_qsbr_thread_offline(w->qsbr, w->rcu_id);
				return 0;
			}
			p.todo = w->assignment != NULL ? w->assignment : &nothing;
			p.last_look = rte_rdtsc();
			p.loops = 0;
			p.busy_loops = 0;
		}
		if (likely(p.todo->nb_streams != 0))
			p.busy_loops += run_streams(p.todo) != 0;
		else
			rte_pause();
		if (++p.loops >= p.look_after)
			look_at_clock(w, &p);
	}
}
