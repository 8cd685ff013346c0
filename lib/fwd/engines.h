/* SPDX-License-Identifier: BSD-3-Clause */
/* The engines by name, for their table and for the worker; see fwd_engine.h for what one is. */
#pragma once

#include "fwd_engine.h"

extern const struct fwd_engine fwd_engine_io;
extern const struct fwd_engine fwd_engine_mac;
extern const struct fwd_engine fwd_engine_macswap;
extern const struct fwd_engine fwd_engine_rxonly;
extern const struct fwd_engine fwd_engine_txonly;
extern const struct fwd_engine fwd_engine_icmpecho;

/* Not for users: what runs while forwarding is stopped, and on streams without a peer. */
uint16_t fwd_drain_stopped(struct fwd_stream *s);
uint16_t fwd_drain_no_peer(struct fwd_stream *s);
