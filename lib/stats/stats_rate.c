/* SPDX-License-Identifier: BSD-3-Clause */
/* See stats_rate.h. */
#include "stats_rate.h"

#include "units.h"

enum {
	FCS_BYTES = 4,
	/* An upper bound for one "packet" of a counter: a coalesced one (LRO) of 64 KiB. */
	MAX_PACKET_BYTES = 1 << 16,
};

/* 800GBASE-R with frames of 64 bytes carries 1.19e9; no port of today is faster. */
#define MAX_PPS 1200000000.0

static struct stats_flow_rate
flow_rate(const struct stats_flow *before, const struct stats_flow *now, uint64_t elapsed_ns)
{
	const double seconds = (double)elapsed_ns / NSEC_PER_SEC;
	double packets, bytes;

	if (now->packets < before->packets || now->bytes < before->bytes)
		return (struct stats_flow_rate){.restarted = true};
	packets = (double)(now->packets - before->packets);
	bytes = (double)(now->bytes - before->bytes);
	if (packets > MAX_PPS * seconds || bytes > packets * MAX_PACKET_BYTES)
		return (struct stats_flow_rate){.restarted = true};
	bytes += packets * (FCS_BYTES + ETHER_WIRE_OVERHEAD_BYTES);
	return (struct stats_flow_rate){
		.pps = (uint64_t)(packets / seconds + 0.5),
		.wire_bps = (uint64_t)(bytes * 8 / seconds + 0.5),
	};
}

void
stats_rate_between(
	const struct stats_snapshot *before,
	const struct stats_snapshot *now,
	struct stats_rate *ret
)
{
	*ret = (struct stats_rate){.rx = {.pps = 0}};
	if (now->time_ns <= before->time_ns)
		return;
	ret->rx = flow_rate(&before->rx, &now->rx, now->time_ns - before->time_ns);
	ret->tx = flow_rate(&before->tx, &now->tx, now->time_ns - before->time_ns);
}
