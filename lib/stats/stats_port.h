/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The counters of one ethdev as a user sees them: since the last clear, never going backwards, and
 * without the jumps of drivers that take a reset for a wrap. Clearing keeps a base here and leaves
 * the device alone, because not every PMD can reset its counters. Control thread only.
 */
#pragma once

#include "stats_rate.h"

#include <stdint.h>

struct stats_port;
struct reason;

struct stats_port_counters {
	struct stats_flow rx, tx;
	uint64_t rx_missed; /* the device had no room in its queues */
	uint64_t rx_errors, tx_errors;
	uint64_t rx_no_mbuf;
	uint64_t resets; /* times that the device (of a bond: a member) began again at 0 */
};

struct stats_xstat {
	const char *name; /* belongs to the stats_port, until its next reading */
	uint64_t value;
};

/* For an existing port; the base is zero, so that counters from before are shown. */
int stats_port_new(struct stats_port **ret, uint16_t port_id);

/* NULL is fine; returns NULL. */
struct stats_port *stats_port_free(struct stats_port *s);

/*
 * Read the device once. What a counter had before the device began again at 0 stays in the count
 * (stats_count.h). A bond has what its members count while they are its members. Returns 0 or
 * -errno of rte_eth_stats_get.
 */
int stats_port_read(struct stats_port *s, struct stats_port_counters *ret, struct reason *why);

/*
 * Read the extended counters once. @ret_xstats belongs to @s and is valid until the next reading;
 * its length is @ret_count. Returns 0 or -errno.
 */
int stats_port_read_xstats(
	struct stats_port *s,
	const struct stats_xstat **ret_xstats,
	unsigned *ret_count,
	struct reason *why
);

/* From now on all counters are shown from zero. On failure the old bases stay. */
int stats_port_clear(struct stats_port *s, struct reason *why);
int stats_port_clear_xstats(struct stats_port *s, struct reason *why);

/*
 * To be called now and then (STATS_WATCH_MS): where a driver adds up narrow registers, what one
 * does between two readings is known only while it passes less than half its range. Does nothing
 * for other ports. Returns 0 or -errno.
 */
enum { STATS_WATCH_MS = 2000 };
int stats_port_watch(struct stats_port *s);
