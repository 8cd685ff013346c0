/* SPDX-License-Identifier: BSD-3-Clause */
/* See kernel_addr.h. Two sockets: one for events, one for requests, so that neither waits. */
#include "kernel_addr.h"

#include "kernel_addr_parse.h"
#include "reason.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAX_DATAGRAMS = 1024, /* per call; poll() tells of the rest */
	DUMP_TRIES = 4,
};

struct device_note {
	uint32_t if_index;
	uint32_t base; /* VLAN devices: what they stand on */
	uint16_t vlan_id;
};

/* Something about each of some devices, sorted by their indexes. */
struct device_map {
	struct device_note *items;
	size_t count, cap;
};

struct kernel_addr {
	kernel_addr_fn fn;
	void *ctx;
	struct mnl_socket *events;
	struct mnl_socket *requests;
	uint32_t seq;
	bool lost;                 /* events were lost: VLAN devices must be listed anew */
	struct device_map vlans;   /* all VLAN devices */
	struct device_map asked;   /* those that kernel_addr_list was asked about */
	struct device_map changed; /* those to call back for */
	/* The callback may make a request, so each socket has a buffer of its own. */
	_Alignas(struct nlmsghdr) char event_buf[RTNL_BUF_BYTES];
	_Alignas(struct nlmsghdr) char request_buf[RTNL_BUF_BYTES];
};

/* Where @if_index is, or would be inserted. */
static size_t
map_at(const struct device_map *map, uint32_t if_index)
{
	size_t low = 0, high = map->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (map->items[mid].if_index < if_index)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* NULL when it is not there. */
static const struct device_note *
map_find(const struct device_map *map, uint32_t if_index)
{
	size_t at = map_at(map, if_index);

	return at < map->count && map->items[at].if_index == if_index ? &map->items[at] : NULL;
}

/* Insert or replace. False without memory. */
static bool
map_put(struct device_map *map, const struct device_note *note)
{
	size_t at = map_at(map, note->if_index);

	if (at == map->count || map->items[at].if_index != note->if_index) {
		if (map->count == map->cap) {
			size_t cap = map->cap != 0 ? map->cap * 2 : 16;
			struct device_note *items = realloc(map->items, cap * sizeof(*items));

			if (items == NULL)
				return false;
			map->items = items;
			map->cap = cap;
		}
		memmove(map->items + at + 1,
		        map->items + at,
		        (map->count++ - at) * sizeof(*map->items));
	}
	map->items[at] = *note;
	return true;
}

static void
map_remove(struct device_map *map, uint32_t if_index)
{
	size_t at = map_at(map, if_index);

	if (at < map->count && map->items[at].if_index == if_index)
		memmove(map->items + at,
		        map->items + at + 1,
		        (--map->count - at) * sizeof(*map->items));
}

/* What cannot be remembered for want of memory is made good like what was lost. */
static void
note_changed(struct kernel_addr *ka, uint32_t if_index)
{
	const struct device_note note = {.if_index = if_index};

	if (if_index != 0 && !map_put(&ka->changed, &note))
		ka->lost = true;
}

static uint32_t
base_of(const struct kernel_addr *ka, uint32_t if_index)
{
	const struct device_note *vlan = map_find(&ka->vlans, if_index);

	return vlan != NULL ? vlan->base : 0;
}

static void
on_address(void *ctx, const struct kernel_addr_address *a)
{
	struct kernel_addr *ka = ctx;

	note_changed(ka, a->if_index);
	note_changed(ka, base_of(ka, a->if_index));
}

static void
on_device(void *ctx, const struct kernel_addr_device *d)
{
	const struct device_note note = {d->if_index, d->base, d->vlan_id};
	struct kernel_addr *ka = ctx;
	uint32_t base_was = base_of(ka, d->if_index);
	uint32_t base = d->present ? d->base : 0;

	if (!d->present)
		note_changed(ka, d->if_index);
	if (base == base_was)
		return;
	note_changed(ka, base_was);
	note_changed(ka, base);
	if (base == 0)
		map_remove(&ka->vlans, d->if_index);
	else if (!map_put(&ka->vlans, &note))
		ka->lost = true;
}

/* A new list of VLAN devices under construction. */
struct vlan_dump {
	struct device_map vlans;
	bool no_mem;
};

static void
dump_device(void *ctx, const struct kernel_addr_device *d)
{
	const struct device_note note = {d->if_index, d->base, d->vlan_id};
	struct vlan_dump *dump = ctx;

	if (d->present && d->base != 0 && !map_put(&dump->vlans, &note))
		dump->no_mem = true;
}

static void
dump_no_address(void *ctx, const struct kernel_addr_address *a)
{
	(void)ctx;
	(void)a;
}

/* List all VLAN devices. */
static int
read_vlans(struct kernel_addr *ka)
{
	struct vlan_dump dump = {0};
	struct kernel_addr_sink sink = {dump_no_address, dump_device, &dump};
	bool interrupted = true;
	int rc = 0;

	/* A list that stays incomplete is completed by the events that interrupted it. */
	for (int i = 0; rc == 0 && i < DUMP_TRIES && interrupted; i++) {
		dump.vlans.count = 0;
		rc = rtnl_dump(
			ka->requests,
			&ka->seq,
			ka->request_buf,
			RTM_GETLINK,
			RTEXT_FILTER_SKIP_STATS,
			kernel_addr_parse,
			&sink,
			&interrupted
		);
	}
	if (rc == 0 && dump.no_mem)
		rc = -ENOMEM;
	if (rc != 0) {
		free(dump.vlans.items);
		return rc;
	}
	free(ka->vlans.items);
	ka->vlans = dump.vlans;
	return 0;
}

/* After a loss nobody knows what changed. */
static int
make_good(struct kernel_addr *ka)
{
	int rc = read_vlans(ka);

	if (rc != 0)
		return rc;
	ka->lost = false;
	for (size_t i = 0; i < ka->asked.count; i++)
		note_changed(ka, ka->asked.items[i].if_index);
	return 0;
}

/* Take all events that are waiting. */
static int
read_events(struct kernel_addr *ka)
{
	struct kernel_addr_sink sink = {on_address, on_device, ka};
	struct rtnl_batch batch;
	size_t len;

	for (int i = 0; i < MAX_DATAGRAMS; i++) {
		int rc = rtnl_receive(ka->events, ka->event_buf, &len);

		if (rc == -EAGAIN)
			break;
		if (rc == -ENOBUFS) {
			ka->lost = true;
			continue;
		}
		if (rc < 0)
			return rc;
		rtnl_walk(ka->event_buf, len, 0, kernel_addr_parse, &sink, &batch);
		if (batch.error == -ENOBUFS)
			ka->lost = true;
	}
	return 0;
}

int
kernel_addr_process(struct kernel_addr *ka)
{
	int rc = read_events(ka);

	if (rc == 0 && ka->lost)
		rc = make_good(ka);
	for (size_t i = 0; i < ka->changed.count; i++)
		ka->fn(ka->ctx, ka->changed.items[i].if_index);
	ka->changed.count = 0;
	return rc;
}

/* The addresses of one device under construction. */
struct list {
	const struct kernel_addr *ka;
	uint32_t if_index;
	struct kernel_addr_entry *items;
	int count, max;
};

static void
list_address(void *ctx, const struct kernel_addr_address *a)
{
	struct list *list = ctx;
	const struct device_note *vlan = map_find(&list->ka->vlans, a->if_index);
	bool on_it = vlan != NULL && vlan->base == list->if_index;

	if (!a->present || !a->usable || list->count == list->max ||
	    (a->if_index != list->if_index && !on_it))
		return;
	list->items[list->count] = a->entry;
	if (on_it)
		list->items[list->count].vlan_id = vlan->vlan_id;
	list->count++;
}

static void
list_no_device(void *ctx, const struct kernel_addr_device *d)
{
	(void)ctx;
	(void)d;
}

int
kernel_addr_list(struct kernel_addr *ka, uint32_t if_index, struct kernel_addr_entry *ret, int max)
{
	const struct device_note note = {.if_index = if_index};
	struct list list = {.ka = ka, .if_index = if_index, .max = max};
	struct kernel_addr_sink sink = {list_address, list_no_device, &list};
	bool interrupted = true;
	int rc = 0;

	if (if_index == 0 || if_index > INT32_MAX || max <= 0)
		return 0;
	list.items = calloc((size_t)max, sizeof(*list.items));
	if (list.items == NULL || !map_put(&ka->asked, &note))
		rc = -ENOMEM;
	/* The change that interrupts the last try is an event, by which the caller asks again. */
	for (int i = 0; rc == 0 && i < DUMP_TRIES && interrupted; i++) {
		list.count = 0;
		rc = rtnl_dump(
			ka->requests,
			&ka->seq,
			ka->request_buf,
			RTM_GETADDR,
			0,
			kernel_addr_parse,
			&sink,
			&interrupted
		);
	}
	if (rc == 0)
		memcpy(ret, list.items, (size_t)list.count * sizeof(*ret));
	free(list.items);
	return rc != 0 ? rc : list.count;
}

int
kernel_addr_new(struct kernel_addr **ret, kernel_addr_fn fn, void *ctx, struct reason *why)
{
	struct kernel_addr *ka = calloc(1, sizeof(*ka));
	int err;

	if (ka == NULL)
		return reason_set(why, -ENOMEM, "kernel addresses: out of memory");
	ka->fn = fn;
	ka->ctx = ctx;
	err = rtnl_open(&ka->requests, 0);
	if (err == 0)
		err = rtnl_open(&ka->events, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
	/* Subscribed first, so that no device comes between. */
	if (err == 0)
		err = read_vlans(ka);
	if (err < 0) {
		kernel_addr_free(ka);
		return reason_set(
			why,
			err,
			"kernel addresses: cannot listen to rtnetlink: %s (%d)",
			strerror(-err),
			err
		);
	}
	*ret = ka;
	return 0;
}

struct kernel_addr *
kernel_addr_free(struct kernel_addr *ka)
{
	if (ka == NULL)
		return NULL;
	if (ka->events != NULL)
		mnl_socket_close(ka->events);
	if (ka->requests != NULL)
		mnl_socket_close(ka->requests);
	free(ka->vlans.items);
	free(ka->asked.items);
	free(ka->changed.items);
	free(ka);
	return NULL;
}

int
kernel_addr_fd(const struct kernel_addr *ka)
{
	return mnl_socket_get_fd(ka->events);
}
