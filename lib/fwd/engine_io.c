/* SPDX-License-Identifier: BSD-3-Clause */
/* The io engine: frames leave as they came; nothing of them is read. */
#include "engines.h"
#include "fwd_stream.h"

static uint16_t
run_io(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t n = fwd_receive(s, pkts);

	if (n != 0)
		fwd_transmit(s, pkts, n);
	return n;
}

/*
 * From a device to a bond that hashes: its loops wait for one header after another, unless all are
 * on their way. Where they are in the first cache anyway this would cost 2 or 3 cycles a frame.
 */
static uint16_t
run_io_prefetch(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t n = fwd_receive(s, pkts);

	fwd_prefetch(pkts, n);
	if (n != 0)
		fwd_transmit(s, pkts, n);
	return n;
}

static int
prepare_io(struct fwd_stream *s, struct reason *why)
{
	(void)why;
	if (s->rx->from_device && s->tx->by_headers)
		s->run = run_io_prefetch;
	return 0;
}

const struct fwd_engine fwd_engine_io = {
	.name = "io",
	.run = run_io,
	.prepare = prepare_io,
	.needs_tx_peer = true,
};
