/* SPDX-License-Identifier: BSD-3-Clause */
/* What the worker does with the frames of a stream that no engine serves: free and count them. */
#include "engines.h"
#include "fwd_stream.h"

uint16_t
fwd_drain_stopped(struct fwd_stream *s)
{
	return fwd_drain(s, FWD_DROP_STOPPED);
}

uint16_t
fwd_drain_no_peer(struct fwd_stream *s)
{
	return fwd_drain(s, FWD_DROP_NO_PEER);
}
