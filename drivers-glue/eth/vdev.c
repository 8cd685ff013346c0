/* SPDX-License-Identifier: BSD-3-Clause */
/* See vdev.h. Used by lib/port. */
#include "vdev.h"

#include "reason.h"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>

static int
list_ports(uint16_t *ret, uint16_t max)
{
	uint16_t port;
	int n = 0;

	RTE_ETH_FOREACH_DEV (port) {
		if (n < max)
			ret[n++] = port;
	}
	return n;
}

static bool
contains(const uint16_t *ports, int n, uint16_t port)
{
	for (int i = 0; i < n; i++)
		if (ports[i] == port)
			return true;
	return false;
}

int
device_attach(const char *devargs, uint16_t ret_ports[static DEVICE_MAX_PORTS], struct reason *why)
{
	uint16_t before[RTE_MAX_ETHPORTS], after[RTE_MAX_ETHPORTS];
	int nb_before, nb_after, n = 0, rc;

	nb_before = list_ports(before, RTE_MAX_ETHPORTS);
	rc = rte_dev_probe(devargs);
	if (rc != 0)
		return reason_set(why, rc, "cannot attach %s: %s", devargs, rte_strerror(-rc));
	nb_after = list_ports(after, RTE_MAX_ETHPORTS);
	for (int i = 0; i < nb_after && n < DEVICE_MAX_PORTS; i++)
		if (!contains(before, nb_before, after[i]))
			ret_ports[n++] = after[i];
	if (n == 0)
		return reason_set(
			why, -EEXIST, "cannot attach %s: it brought no new port", devargs
		);
	return n;
}

int
device_remove(struct rte_device *device, struct reason *why)
{
	int rc = rte_dev_remove(device);

	if (rc < 0)
		return reason_set(why, rc, "cannot detach the device: %s", rte_strerror(-rc));
	return 0;
}

/* Experimental up to 24.11, without a change since 18.05. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

int
device_events_begin(rte_dev_event_cb_fn fn, void *ctx)
{
	return rte_dev_event_callback_register(NULL, fn, ctx);
}

void
device_events_end(rte_dev_event_cb_fn fn, void *ctx)
{
	while (rte_dev_event_callback_unregister(NULL, fn, ctx) == -EAGAIN)
		sched_yield();
}

#pragma GCC diagnostic pop
