/* SPDX-License-Identifier: BSD-3-Clause */
/* The rxonly engine: a sink that counts. */
#include "engines.h"
#include "fwd_stream.h"

static uint16_t
run_rxonly(struct fwd_stream *s)
{
	return fwd_drain(s, FWD_DROP_CONSUMED);
}

const struct fwd_engine fwd_engine_rxonly = {.name = "rxonly", .run = run_rxonly};
