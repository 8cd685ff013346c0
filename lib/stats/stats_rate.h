/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From two readings of a port's counters to rates. Pure: the caller brings counters and time. Used
 * for --stats-period, show port stats and telemetry.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* One direction of a port; bytes as ethdevs count them, without FCS. */
struct stats_flow {
	uint64_t packets, bytes;
};

struct stats_snapshot {
	uint64_t time_ns; /* monotonic */
	struct stats_flow rx, tx;
};

struct stats_flow_rate {
	uint64_t pps;
	uint64_t wire_bps; /* with FCS, preamble and inter-packet gap: what fills a link */
	bool restarted;    /* the counters are no continuation of those before; rates are 0 */
};

struct stats_rate {
	struct stats_flow_rate rx, tx;
};

/*
 * Rates from @before to @now; @now is the base of the next call. A direction whose counters went
 * backwards, or jumped by what no link carries (VF drivers take a register that was reset for one
 * that wrapped and add 2^32), has no rate. Neither has an interval of 0 or less.
 */
void stats_rate_between(
	const struct stats_snapshot *before,
	const struct stats_snapshot *now,
	struct stats_rate *ret
);
