/* SPDX-License-Identifier: BSD-3-Clause */
/* See port_meters.h. Used by the port commands and --stats-period. */
#include "port_meters.h"

#include "reason.h"

#include <rte_ethdev.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct meter {
	struct stats_port *stats;
	bool seen;
	struct stats_snapshot last;
};

struct port_meters {
	struct meter meter[RTE_MAX_ETHPORTS];
};

int
port_meters_new(struct port_meters **ret)
{
	struct port_meters *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return -ENOMEM;
	*ret = m;
	return 0;
}

struct port_meters *
port_meters_free(struct port_meters *m)
{
	if (m == NULL)
		return NULL;
	for (uint16_t id = 0; id < RTE_MAX_ETHPORTS; id++)
		port_meters_drop(m, id);
	free(m);
	return NULL;
}

struct stats_port *
port_meters_get(struct port_meters *m, uint16_t port_id)
{
	struct meter *meter = &m->meter[port_id];

	if (meter->stats == NULL && stats_port_new(&meter->stats, port_id) != 0)
		return NULL;
	return meter->stats;
}

int
port_meters_read(
	struct port_meters *m,
	uint16_t port_id,
	uint64_t now_ns,
	struct stats_port_counters *ret,
	struct stats_rate *ret_rate,
	struct reason *why
)
{
	struct meter *meter = &m->meter[port_id];
	struct stats_snapshot now;
	int rc;

	if (port_meters_get(m, port_id) == NULL)
		return reason_set(why, -ENODEV, "port %u: its counters cannot be read", port_id);
	rc = stats_port_read(meter->stats, ret, why);
	if (rc != 0)
		return rc;
	now.time_ns = now_ns;
	now.rx = ret->rx;
	now.tx = ret->tx;
	memset(ret_rate, 0, sizeof(*ret_rate));
	if (meter->seen)
		stats_rate_between(&meter->last, &now, ret_rate);
	meter->last = now;
	meter->seen = true;
	return 0;
}

void
port_meters_watch(struct port_meters *m, const uint16_t *ids, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		struct stats_port *stats = port_meters_get(m, ids[i]);

		/* Who asks for the counters is told why they cannot be read. */
		if (stats != NULL)
			(void)stats_port_watch(stats);
	}
}

void
port_meters_drop(struct port_meters *m, uint16_t port_id)
{
	struct meter *meter = &m->meter[port_id];

	stats_port_free(meter->stats);
	memset(meter, 0, sizeof(*meter));
}
