/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A forwarding engine: what a worker does with the frames of one stream. One file per engine, one
 * line per engine in the table of fwd_engine.c.
 */
#pragma once

#include "fwd_io.h"

#include <rte_common.h>
#include <rte_ether.h>

#include <stdbool.h>
#include <stdint.h>

struct reason;
struct rte_mempool;

/* Why a frame that was received or made did not leave by a port. */
enum fwd_drop {
	FWD_DROP_TX_FULL,  /* the transmit queue took no more */
	FWD_DROP_STOPPED,  /* forwarding is stopped */
	FWD_DROP_NO_PEER,  /* the peer port is missing, stopped or has no member */
	FWD_DROP_CONSUMED, /* the engine takes frames and sends none (rxonly), or not this one */
	FWD_DROP_BAD,      /* too short or malformed for the engine */
	FWD_DROP_VLAN,     /* a stripped tag could not be put back */
	FWD_DROP_COUNT
};
extern const char *const fwd_drop_names[FWD_DROP_COUNT]; /* "tx_full", ... */

/*
 * Written by the worker that owns the stream, read by control (both relaxed). Bytes are counted
 * by the ports: here they would cost a look at every frame.
 */
struct fwd_counters {
	uint64_t rx_packets; /* received, also those that were dropped later */
	uint64_t tx_packets; /* taken by the transmit queue */
	uint64_t drops[FWD_DROP_COUNT];
	uint64_t no_mbuf; /* txonly: nothing to build a frame in */
};

/*
 * What txonly builds: UDP in IPv4 with addresses of the network benchmark range (RFC 2544,
 * 198.18.0.0/15). A flow has its own source address, source port and destination port.
 */
struct fwd_txonly {
	struct rte_mempool *pool;
	uint16_t frame_bytes; /* without FCS, FWD_TXONLY_MIN_BYTES..FWD_TXONLY_MAX_BYTES */
	uint16_t flows;       /* UDP flows, 1..65535 */
};

enum {
	FWD_MAX_BURST = 512,
	FWD_TXONLY_MIN_BYTES = 60,
	FWD_TXONLY_MAX_BYTES = 1518,
	FWD_TXONLY_TEMPLATE_BYTES = 64,
};

struct fwd_stream;

/* One poll of the stream; returns frames received or made (0: idle). Worker only. */
typedef uint16_t (*fwd_run_fn)(struct fwd_stream *s);

struct fwd_stream {
	fwd_run_fn run;
	const struct fwd_io *rx, *tx;  /* tx NULL: no peer */
	struct fwd_counters *counters; /* outlives the stream */
	uint16_t rx_queue, tx_queue;
	uint16_t burst;                 /* 1..FWD_MAX_BURST */
	bool untag;                     /* put stripped tags back */
	struct rte_ether_addr peer_mac; /* destination that mac and txonly write */
	struct rte_ether_addr tx_mac;   /* source that mac, txonly and icmpecho write */
	uint32_t next_flow;             /* txonly; worker only */
	fwd_run_fn housekeep;           /* the engine's; NULL: nothing to do */
	struct fwd_txonly txonly;
	/* The start of a frame of flow 0; written by txonly's prepare, then only read. */
	uint8_t txonly_template[FWD_TXONLY_TEMPLATE_BYTES] __rte_aligned(16);
} __rte_cache_aligned;

struct fwd_engine {
	const char *name;
	fwd_run_fn run;
	/* Paced as the queues' housekeeping; returns frames freed, already counted. May be NULL. */
	fwd_run_fn housekeep;
	/* Control, before the stream is published; 0 or -errno with the reason. May be NULL. */
	int (*prepare)(struct fwd_stream *s, struct reason *why);
	bool needs_tx_peer; /* false: answers on the port it received from, or sends nothing */
};

/* NULL-terminated; io first. */
extern const struct fwd_engine *const fwd_engines[];

/* By name, or NULL. */
const struct fwd_engine *fwd_engine_find(const char *name);
