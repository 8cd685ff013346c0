/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One worker: what control tells it, what it tells control, and its loop. Used by the control side
 * in this folder only.
 */
#pragma once

#include "fwd_engine.h"

#include <rte_rcu_qsbr.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Paced work on one queue of the worker. */
struct fwd_chore {
	fwd_housekeep_fn run;
	const struct fwd_io *io;
	uint64_t *freed; /* worker writes, control reads (relaxed); outlives the assignment */
	uint16_t queue;
};

/* What a worker polls: one block of memory, not changed while it is in force. */
struct fwd_assignment {
	struct fwd_stream *streams;
	struct fwd_chore *chores;
	struct fwd_io *io; /* copies that streams and chores point to */
	uint16_t nb_streams, nb_chores;
};

struct fwd_worker {
	/*
	 * Control writes, worker reads (acquire). Even: run. Odd: park. Each value is used once, so
	 * that an answer that comes after its time-out can't be taken for that to a later request.
	 */
	atomic_uint request;
	atomic_bool quit;        /* control writes, worker reads after a change of request */
	atomic_uint clear_count; /* control writes, worker reads: forget max_gap */
	/* Control writes while the worker is parked, worker reads after a change of request. */
	const struct fwd_assignment *assignment;
	struct rte_rcu_qsbr *qsbr; /* written before launch; thread id there: rcu_id */
	unsigned rcu_id;           /* written before launch */
	uint64_t housekeep_cycles; /* written before launch */
	unsigned lcore;            /* written before launch */

	/* All below: worker writes, control reads. */
	_Alignas(RTE_CACHE_LINE_SIZE) atomic_uint answer; /* release: the request obeyed */
	atomic_uint cleared; /* release, after max_gap: the clear_count obeyed */
	atomic_uint_fast64_t loops, busy_loops, cycles, busy_cycles, max_gap_cycles;
};

/* The loop, for rte_eal_remote_launch; @arg is the struct fwd_worker. Returns 0 after quit. */
int fwd_worker_run(void *arg);
