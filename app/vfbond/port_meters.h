/* SPDX-License-Identifier: BSD-3-Clause */
/* A meter per port: its counters since the last clear, and rates between two looks. */
#pragma once

#include "stats_port.h"
#include "stats_rate.h"

#include <stdint.h>

struct port_meters; /* opaque */
struct reason;

int port_meters_new(struct port_meters **ret);
struct port_meters *port_meters_free(struct port_meters *m);

/* Counters now, and rates since the last call for this port; the first has none. */
int port_meters_read(
	struct port_meters *m,
	uint16_t port_id,
	uint64_t now_ns,
	struct stats_port_counters *ret,
	struct stats_rate *ret_rate,
	struct reason *why
);

/* The meter of a port; made at the first call. NULL without memory or port. */
struct stats_port *port_meters_get(struct port_meters *m, uint16_t port_id);

/* See stats_port_watch; to be called every STATS_WATCH_MS. */
void port_meters_watch(struct port_meters *m, const uint16_t *ids, uint16_t n);

/* The port is gone. */
void port_meters_drop(struct port_meters *m, uint16_t port_id);
