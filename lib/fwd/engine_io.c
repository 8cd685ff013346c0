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

const struct fwd_engine fwd_engine_io = {.name = "io", .run = run_io, .needs_tx_peer = true};
