/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From EAL's event thread to the control loop. The callbacks run with the PMD's locks held, so they
 * call no ethdev function and take no lock: they put the event into a ring and wake the loop.
 */
#include "app.h"
#include "app_heal.h"
#include "loop.h"
#include "reason.h"
#include "vdev.h"

#include <rte_ethdev.h>
#include <rte_ring.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
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

/*
 * An event in the size of a pointer, which is what a ring holds. The uppermost bit tells it from an
 * allocated string, the name of a device that is being removed.
 */
#define PACKED ((uintptr_t)1 << 63)

static void *
pack(uint16_t port_id, enum rte_eth_event_type type)
{
	return (void *)((uintptr_t)port_id << 16 | (uintptr_t)type | PACKED);
}

static void
wake(const struct app_events *e)
{
	uint64_t one = 1;

	/* Fails only when the loop has been woken more often than it can count. */
	if (write(e->fd, &one, sizeof(one)) < 0)
		return;
}

/*
 * vfio asks to let go of a device (pci_vfio_req_handler), which the kernel waits for without an
 * end. A request that gets lost here comes again 10 s later.
 */
static void
on_device_event(const char *name, enum rte_dev_event_type type, void *ctx)
{
	struct app_events *e = ctx;
	char *copy;

	if (type != RTE_DEV_EVENT_REMOVE || name == NULL)
		return;
	copy = strdup(name);
	if (copy == NULL)
		return;
	if (rte_ring_enqueue(e->ring, copy) != 0)
		free(copy);
	wake(e);
}

static int
on_eal_event(uint16_t port_id, enum rte_eth_event_type type, void *ctx, void *ret)
{
	struct app_events *e = ctx;

	(void)ret;
	/* A full ring loses no change of a link: the tick looks at every bond anyway. */
	(void)rte_ring_enqueue(e->ring, pack(port_id, type));
	wake(e);
	return 0;
}

/* Bonds tell about their members themselves. */
static void
link_changed(struct app *app, uint16_t port_id)
{
	struct rte_eth_link link;

	bonds_link_event(app->bonds, port_id);
	if (bonds_find_member(app->bonds, port_id) != NULL || app->verbose == 0 ||
	    rte_eth_link_get_nowait(port_id, &link) != 0)
		return;
	app_print(
		app,
		"%s: link is %s",
		app_port_name(app, port_id),
		link.link_status == RTE_ETH_LINK_UP ? "up" : "down"
	);
}

static void
on_port_event(struct app *app, uint16_t port_id, enum rte_eth_event_type type)
{
	switch (type) {
	case RTE_ETH_EVENT_INTR_LSC:
		link_changed(app, port_id);
		return;
	case RTE_ETH_EVENT_INTR_RESET:
		app_print(app, "%s: its PF asks for a reset", app_port_name(app, port_id));
		if (!bonds_reset_event(app->bonds, port_id))
			app_heal_reset(app->heal, port_id);
		return;
	default:
		app_port_removed(app, port_id);
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
		uintptr_t word = (uintptr_t)item;

		if ((word & PACKED) != 0) {
			on_port_event(
				e->app,
				(uint16_t)(word >> 16),
				(enum rte_eth_event_type)(word & 0xffff)
			);
			continue;
		}
		app_device_removed(e->app, item);
		free(item);
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
	if (rc == 0)
		rc = device_events_begin(on_device_event, e);
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
	void *item;

	if (e == NULL)
		return NULL;
	for (unsigned i = 0; i < RTE_DIM(types); i++)
		(void)rte_eth_dev_callback_unregister(RTE_ETH_ALL, types[i], on_eal_event, e);
	device_events_end(on_device_event, e);
	loop_watch_del(e->watch);
	while (e->ring != NULL && rte_ring_dequeue(e->ring, &item) == 0)
		if (((uintptr_t)item & PACKED) == 0)
			free(item);
	rte_ring_free(e->ring);
	if (e->fd >= 0)
		close(e->fd);
	free(e);
	return NULL;
}
