/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a worker receives from and transmits to one port. Plain ports use the two functions of
 * fwd_io_plain(); lib/bond supplies others for its bonds. The worker knows nothing else of a port.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rte_mbuf;
struct fwd_io;

/*
 * Receive up to @n frames from queue @queue of the port into @pkts; returns how many.
 * Called by the one worker that owns the receive queue.
 */
typedef uint16_t (*fwd_rx_fn
)(const struct fwd_io *io, uint16_t queue, struct rte_mbuf **pkts, uint16_t n);

/*
 * Transmit the @n frames of @pkts on queue @queue; returns how many were taken. The rest, still
 * the caller's, stands at the end of @pkts. Called by the one worker that owns the transmit queue.
 */
typedef uint16_t (*fwd_tx_fn
)(const struct fwd_io *io, uint16_t queue, struct rte_mbuf **pkts, uint16_t n);

/*
 * Paced work on a queue, called by its owner every FWD_HOUSEKEEP_US with or without traffic,
 * started or stopped: draining what nobody asked for, bursts that a PMD needs to stay alive.
 * Returns the number of frames it freed.
 */
typedef uint16_t (*fwd_housekeep_fn)(const struct fwd_io *io, uint16_t queue);

struct fwd_io {
	uint16_t port_id;
	fwd_rx_fn rx;
	fwd_tx_fn tx;
	fwd_housekeep_fn rx_housekeep; /* NULL: nothing to do */
	fwd_housekeep_fn tx_housekeep; /* NULL: nothing to do */
	/*
	 * For the functions. Replaced only while workers are parked; whether and how what it points
	 * to is shared with control is its owner's business.
	 */
	void *ctx;
	/* rx: a device wrote the frames, and nobody has looked at their headers yet. */
	bool from_device;
	bool by_headers;  /* tx chooses by what the headers say */
	bool strips_tags; /* rx may hand over frames whose VLAN tag is in the mbuf only */
};

/* A port whose queues are used as they are: rte_eth_rx_burst and rte_eth_tx_burst. */
struct fwd_io fwd_io_plain(uint16_t port_id);

/* The same for a port that takes VLAN tags off: they are put back before an engine sees a frame. */
struct fwd_io fwd_io_plain_untag(uint16_t port_id);
