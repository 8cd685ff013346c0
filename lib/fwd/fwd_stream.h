/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the engines share on the hot path: receive, transmit, free, and count. For the engines and
 * the worker only; all functions run on the worker that owns the stream.
 */
#pragma once

#include "fwd_engine.h"
#include "fwd_vlan.h"

#include <rte_branch_prediction.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include <stdint.h>

/* How many frames ahead an engine that reads headers asks for them. */
enum { FWD_PREFETCH_AHEAD = 3 };

/* A plain load and store of a counter that has one writer: control may read it at any time. */
static inline void
fwd_count(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

/* Free and count @n frames; @n may be 0. */
static inline void
fwd_drop(struct fwd_stream *s, struct rte_mbuf **pkts, uint16_t n, enum fwd_drop reason)
{
	rte_pktmbuf_free_bulk(pkts, n);
	fwd_count(&s->counters->drops[reason], n);
}

/* One burst into @pkts (room for FWD_MAX_BURST); returns how many frames the engine gets. */
static inline uint16_t
fwd_receive(struct fwd_stream *s, struct rte_mbuf **pkts)
{
	uint16_t n = s->rx->rx(s->rx, s->rx_queue, pkts, s->burst);

	if (n == 0)
		return 0;
	fwd_count(&s->counters->rx_packets, n);
	if (unlikely(s->untag)) {
		uint16_t whole = fwd_vlan_put_back(pkts, n);

		if (unlikely(whole != n))
			fwd_drop(s, &pkts[whole], n - whole, FWD_DROP_VLAN);
		n = whole;
	}
	return n;
}

/* Receive, free and count one burst; returns how many frames it was. */
static inline uint16_t
fwd_drain(struct fwd_stream *s, enum fwd_drop reason)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t n = s->rx->rx(s->rx, s->rx_queue, pkts, s->burst);

	if (n == 0)
		return 0;
	fwd_count(&s->counters->rx_packets, n);
	fwd_drop(s, pkts, n, reason);
	return n;
}

/* Send @n frames, drop what the queue refuses; returns how many it took. */
static inline uint16_t
fwd_transmit(struct fwd_stream *s, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t sent = s->tx->tx(s->tx, s->tx_queue, pkts, n);

	fwd_count(&s->counters->tx_packets, sent);
	if (unlikely(sent < n))
		fwd_drop(s, &pkts[sent], n - sent, FWD_DROP_TX_FULL);
	return sent;
}

/* Ask for the headers of a burst at once, for somebody who waits for each of them. */
static inline void
fwd_prefetch(struct rte_mbuf *const *pkts, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(pkts[i], void *));
}

/* Ask for the header of a frame that comes up soon; the last one again at the end. */
static inline void
fwd_prefetch_ahead(struct rte_mbuf *const *pkts, uint16_t i, uint16_t n)
{
	uint16_t ahead = i + FWD_PREFETCH_AHEAD;

	rte_prefetch0(rte_pktmbuf_mtod(pkts[ahead < n ? ahead : n - 1], void *));
}
