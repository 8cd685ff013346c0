/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From EAL's event thread to the control loop. The callback runs with the PMD's locks held, so it
 * calls no ethdev function and takes no lock: it puts the event into a ring and wakes the loop.
 */
#include "app.h"
#include "loop.h"
#include "reason.h"

#include <rte_ethdev.h>
#include <rte_ring.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENT_RING = 256 };

static const enum rte_eth_event_type types[] = {
	RTE_ETH_EVENT_INTR_LSC,
	RTE_ETH_EVENT_INTR_RESET,
	RTE_ETH_EVENT_INTR_RMV,
};

struct app_events {
	struct app *app;
	int fd;
	struct rte_ring *ring; /* EAL's threads: write, control: read */
	struct loop_watch *watch;
};

/* An event in the size of a pointer, which is what a ring holds; 0 stays unused. */
static void *
pack(uint16_t port_id, enum rte_eth_event_type type)
{
	return (void *)((uintptr_t)port_id << 16 | (uintptr_t)type | (uintptr_t)1 << 63);
}

static int
on_eal_event(uint16_t port_id, enum rte_eth_event_type type, void *ctx, void *ret)
{
	struct app_events *e = ctx;
	uint64_t one = 1;

	(void)ret;
	/* A full ring loses nothing: the tick looks at every bond anyway. */
	(void)rte_ring_enqueue(e->ring, pack(port_id, type));
	if (write(e->fd, &one, sizeof(one)) < 0)
		return 0;
	return 0;
}

static void
report_port(struct app *app, uint16_t port_id, enum rte_eth_event_type type)
{
	struct rte_eth_link link;

	switch (type) {
	case RTE_ETH_EVENT_INTR_LSC:
		/* Bonds tell about their members themselves. */
		if (bonds_find_member(app->bonds, port_id) != NULL || app->verbose == 0 ||
		    rte_eth_link_get_nowait(port_id, &link) != 0)
			return;
		app_print(
			app,
			"%s: link is %s",
			app_port_name(app, port_id),
			link.link_status == RTE_ETH_LINK_UP ? "up" : "down"
		);
		return;
	case RTE_ETH_EVENT_INTR_RESET:
		app_print(
			app, "%s: its PF asks for a reset (port reset)", app_port_name(app, port_id)
		);
		return;
	default:
		app_print(app, "%s: its device is being removed", app_port_name(app, port_id));
		return;
	}
}

static void
on_wake(void *ctx, int fd, short revents)
{
	struct app_events *e = ctx;
	uint64_t count;
	void *item;

	(void)revents;
	if (read(fd, &count, sizeof(count)) < 0)
		return;
	while (rte_ring_dequeue(e->ring, &item) == 0) {
		uint16_t port_id = (uint16_t)((uintptr_t)item >> 16);

		bonds_link_event(e->app->bonds, port_id);
		report_port(e->app, port_id, (enum rte_eth_event_type)((uintptr_t)item & 0xffff));
	}
}

int
app_events_new(struct app_events **ret, struct app *app, struct reason *why)
{
	struct app_events *e = calloc(1, sizeof(*e));
	int rc = -ENOMEM;

	if (e == NULL)
		return reason_set(why, -ENOMEM, "events: out of memory");
	e->app = app;
	e->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	e->ring = rte_ring_create("events", EVENT_RING, SOCKET_ID_ANY, RING_F_SC_DEQ);
	if (e->fd < 0 || e->ring == NULL)
		goto fail;
	rc = loop_watch_add(app->loop, e->fd, POLLIN, on_wake, e, &e->watch);
	for (unsigned i = 0; rc == 0 && i < RTE_DIM(types); i++)
		rc = rte_eth_dev_callback_register(RTE_ETH_ALL, types[i], on_eal_event, e);
	if (rc != 0)
		goto fail;
	*ret = e;
	return 0;

fail:
	app_events_free(e);
	return reason_set(why, rc, "events: cannot listen to EAL's events");
}

struct app_events *
app_events_free(struct app_events *e)
{
	if (e == NULL)
		return NULL;
	for (unsigned i = 0; i < RTE_DIM(types); i++)
		(void)rte_eth_dev_callback_unregister(RTE_ETH_ALL, types[i], on_eal_event, e);
	loop_watch_del(e->watch);
	rte_ring_free(e->ring);
	if (e->fd >= 0)
		close(e->fd);
	free(e);
	return NULL;
}
