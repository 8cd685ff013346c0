/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who polls what: from ports, topology and workers to streams and queue owners, as testpmd assigns
 * them. Pure: no DPDK call, no global; the control loop computes a layout and lib/fwd/fwd.h runs
 * it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct reason;

enum {
	FWD_MAX_PORTS = 64,
	FWD_MAX_WORKERS = 128,
	FWD_MAX_QUEUES = 64, /* per port */
	FWD_NO_PORT = UINT16_MAX,
};

enum fwd_topology { FWD_PAIRED, FWD_CHAINED, FWD_LOOP, FWD_TOPOLOGY_COUNT };
extern const char *const fwd_topology_names[FWD_TOPOLOGY_COUNT]; /* "paired", ... */

/* A started port whose queues need owners. */
struct fwd_layout_port {
	uint16_t port_id;
	uint16_t nb_rxq; /* 1..FWD_MAX_QUEUES */
	uint16_t nb_txq;
};

struct fwd_pair {
	uint16_t a, b; /* port ids */
};

struct fwd_layout_settings {
	enum fwd_topology topology;
	uint16_t nb_workers; /* workers that forward, 1..FWD_MAX_WORKERS (testpmd's nb-cores) */
	bool needs_tx_peer;  /* false: each stream sends on the port it receives from (icmpecho) */
	uint16_t portlist[FWD_MAX_PORTS]; /* the ports that forward, in the user's order */
	uint16_t nb_portlist;
	struct fwd_pair
		pairs[FWD_MAX_PORTS / 2]; /* explicit pairs; their ports leave the topology */
	uint16_t nb_pairs;
};

/* One receive queue, its owner, and where its frames go. */
struct fwd_layout_stream {
	uint16_t rx_port, rx_queue;
	uint16_t tx_port, tx_queue; /* tx_port FWD_NO_PORT: frames are freed and counted */
	uint16_t worker;            /* index of the owner, 0-based */
};

/* One transmit queue and its only owner. */
struct fwd_layout_txq {
	uint16_t port, queue;
	uint16_t worker;
};

struct fwd_layout {
	uint16_t nb_streams, nb_txqs;
	struct fwd_layout_stream *streams;
	struct fwd_layout_txq *txqs;
};

/*
 * Assign each receive queue of each of the @nb_ports started @ports to one worker, and each
 * transmit queue to one worker: the one whose stream sends on it, else the one that owns the
 * receive queue of the same number, else worker 0. Ports outside the portlist get streams without
 * a peer, on worker 0. A port of the portlist or of a pair that is not among @ports is left out,
 * and its peer's frames have no tx_port.
 * Queue q of a port sends on queue q of its peer; two receive queues never share a transmit queue.
 * Returns 0, or -EINVAL with the reason: a port twice in portlist or pairs, a pair with itself,
 * a peer with fewer transmit queues than needed.
 */
int fwd_layout_new(
	struct fwd_layout **ret,
	const struct fwd_layout_port *ports,
	uint16_t nb_ports,
	const struct fwd_layout_settings *settings,
	struct reason *why
);

/* NULL is fine; returns NULL. */
struct fwd_layout *fwd_layout_free(struct fwd_layout *layout);
