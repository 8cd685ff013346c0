/* SPDX-License-Identifier: BSD-3-Clause */
/* The control side's own state, shared by fwd.c, fwd_park.c, fwd_publish.c and fwd_show.c. */
#pragma once

#include "fwd.h"
#include "fwd_worker.h"

#include <rte_config.h>

/* Of one receive queue; its owner writes, control reads. */
struct fwd_rxq_counters {
	_Alignas(RTE_CACHE_LINE_SIZE) struct fwd_counters c;
	uint64_t freed; /* by housekeeping */
};

/* Of one transmit queue, which may have another owner than the receive queue. */
struct fwd_txq_counters {
	_Alignas(RTE_CACHE_LINE_SIZE) uint64_t freed;
};

/* The counters of a port; made when a layout names it first, freed by fwd_port_gone. */
struct fwd_port {
	struct fwd_rxq_counters rxq[FWD_MAX_QUEUES];
	struct fwd_txq_counters txq[FWD_MAX_QUEUES];
	/* Control only: what was there at the last clear. */
	struct fwd_counters rxq_base[FWD_MAX_QUEUES];
	uint64_t freed_base;
};

/* What a worker showed at the last clear; control only. */
struct fwd_worker_base {
	uint64_t loops, busy_loops, cycles, busy_cycles;
};

struct fwd {
	uint16_t nb_workers;
	uint16_t nb_streams;
	struct rte_rcu_qsbr *qsbr; /* its threads are the workers, by index */
	struct fwd_worker *workers[FWD_MAX_WORKERS];
	struct fwd_assignment *assignments[FWD_MAX_WORKERS]; /* in force; NULL: nothing */
	struct fwd_worker_base bases[FWD_MAX_WORKERS];
	struct fwd_layout_stream *streams; /* of the layout in force */
	struct fwd_port *ports[RTE_MAX_ETHPORTS];
	unsigned request;    /* what all workers were told last */
	unsigned park_depth; /* 0: they run */
	uint64_t parked_since_cycles;
	struct fwd_park_stats park_stats;   /* without the median */
	uint64_t park_ns[FWD_PARK_SAMPLES]; /* the last ones, by number of the park */
};

/* Tell all workers the next request; odd: park, even: run. */
void fwd_request(struct fwd *f);

/* Free the counters of all ports. */
void fwd_ports_free(struct fwd *f);
