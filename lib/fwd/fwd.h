/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The workers: they run from fwd_new to fwd_free on their lcores and poll what the current layout
 * gives them. Control changes structure only while they are parked. All functions here are for the
 * control thread (main lcore) unless said otherwise.
 */
#pragma once

#include "fwd_engine.h"
#include "fwd_io.h"
#include "fwd_layout.h"

#include <stdbool.h>
#include <stdint.h>

struct fwd;
struct reason;

/* Every owned queue sees its housekeep function at least this often while its worker runs. */
enum { FWD_HOUSEKEEP_US = 100 };

/*
 * Launch one worker on each worker lcore of EAL (all lcores but the main one).
 * -ENODEV when there is none.
 */
int fwd_new(struct fwd **ret, struct reason *why);

/* Ask all workers to end, wait for them, free. NULL is fine; returns NULL. */
struct fwd *fwd_free(struct fwd *f);

uint16_t fwd_nb_workers(const struct fwd *f);
unsigned fwd_worker_lcore(const struct fwd *f, uint16_t worker);

/*
 * Park all workers: after 0 none of them touches a port until fwd_release. Nests.
 * -ETIMEDOUT when a worker did not answer within @timeout_us; then nobody is parked.
 */
int fwd_park(struct fwd *f, uint64_t timeout_us, struct reason *why);
void fwd_release(struct fwd *f);

/*
 * What workers read without being parked may be freed once each of them has been between two loops:
 * start says from when on, over whether it is so. Control never waits for it.
 */
uint64_t fwd_grace_start(struct fwd *f);
bool fwd_grace_over(struct fwd *f, uint64_t token);

enum { FWD_PARK_SAMPLES = 64 };

struct fwd_park_stats {
	uint64_t count;                     /* times parked */
	uint64_t last_ns, max_ns, total_ns; /* from fwd_park to fwd_release, outermost pair */
	uint64_t median_ns;                 /* of the last FWD_PARK_SAMPLES times */
};
void fwd_park_stats(const struct fwd *f, struct fwd_park_stats *ret);

/* What fwd_publish needs besides the layout; looked up by port id. */
struct fwd_port_io {
	struct fwd_io io;
	struct rte_ether_addr mac;      /* the port's address */
	struct rte_ether_addr peer_mac; /* --eth-peer, else 02:00:00:00:00:PP as testpmd */
	struct fwd_txonly txonly;       /* for streams that send on this port */
};

/*
 * Give the workers a new layout; they must be parked. @engine NULL means stopped: each stream
 * receives, frees and counts as FWD_DROP_STOPPED. @layout and @ports are copied. Counters of a
 * (port, queue) live on until fwd_counters_clear or fwd_port_gone.
 */
int fwd_publish(
	struct fwd *f,
	const struct fwd_layout *layout,
	const struct fwd_port_io *ports,
	uint16_t nb_ports,
	const struct fwd_engine *engine,
	uint16_t burst,
	struct reason *why
);

/* Forget the counters of a port that is closed; its streams must be out of the layout. */
void fwd_port_gone(struct fwd *f, uint16_t port_id);

/* The streams in force, for showing: index 0..fwd_nb_streams-1. */
struct fwd_stream_view {
	uint16_t rx_port, rx_queue, tx_port, tx_queue, worker;
	struct fwd_counters counters;
};
uint16_t fwd_nb_streams(const struct fwd *f);
void fwd_stream_view(const struct fwd *f, uint16_t index, struct fwd_stream_view *ret);

/*
 * Set the counters to zero as they are shown (the worker's own are never written by control: a
 * base is kept).
 */
void fwd_counters_clear(struct fwd *f);

/* Frames that housekeeping freed on a port (drained backups, stale slow frames), all workers. */
uint64_t fwd_housekeep_drops(const struct fwd *f, uint16_t port_id);

struct fwd_worker_view {
	unsigned lcore;
	uint64_t loops, busy_loops;   /* busy: at least one frame */
	uint64_t max_gap_ns;          /* longest time between two looks at the clock, since clear */
	uint64_t cycles, busy_cycles; /* TSC */
	bool parked;
};
void fwd_worker_view(const struct fwd *f, uint16_t worker, struct fwd_worker_view *ret);
