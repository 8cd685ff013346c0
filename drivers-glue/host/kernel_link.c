/* SPDX-License-Identifier: BSD-3-Clause */
/* See kernel_link.h. Two sockets: one for events, one for requests, so that neither waits. */
#include "kernel_link.h"

#include "kernel_link_parse.h"
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

struct state_list {
	struct kernel_link_state *items; /* sorted by if_index */
	size_t count, cap;
	bool no_mem;
};

struct kernel_link {
	kernel_link_fn fn;
	void *ctx;
	struct mnl_socket *events;
	struct mnl_socket *requests;
	uint32_t seq;
	bool lost;               /* events were lost: a dump is due */
	struct state_list known; /* last report of each device, to tell which of them are gone */
	/* An event callback may make a request, so each socket has a buffer of its own. */
	_Alignas(struct nlmsghdr) char event_buf[RTNL_BUF_BYTES];
	_Alignas(struct nlmsghdr) char request_buf[RTNL_BUF_BYTES];
};

/* Where @if_index is, or would be inserted. */
static size_t
list_find(const struct state_list *list, uint32_t if_index)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (list->items[mid].if_index < if_index)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool
list_has(const struct state_list *list, uint32_t if_index)
{
	size_t at = list_find(list, if_index);

	return at < list->count && list->items[at].if_index == if_index;
}

/* Insert or replace @state; one that is not present is taken out. */
static void
list_put(struct state_list *list, const struct kernel_link_state *state)
{
	size_t at = list_find(list, state->if_index);
	bool has = at < list->count && list->items[at].if_index == state->if_index;
	struct kernel_link_state *items = list->items;

	if (!state->present) {
		if (has)
			memmove(items + at, items + at + 1, (--list->count - at) * sizeof(*items));
		return;
	}
	if (!has) {
		if (list->count == list->cap) {
			size_t cap = list->cap ? list->cap * 2 : 16;

			items = realloc(items, cap * sizeof(*items));
			if (items == NULL) {
				list->no_mem = true;
				return;
			}
			list->items = items;
			list->cap = cap;
		}
		memmove(items + at + 1, items + at, (list->count++ - at) * sizeof(*items));
	}
	items[at] = *state;
}

static void
collect(void *ctx, const struct kernel_link_state *state)
{
	list_put(ctx, state);
}

/* List all devices, sorted by if_index. */
static int
read_all(struct kernel_link *kl, struct state_list *list, bool *ret_interrupted)
{
	struct kernel_link_sink sink = {collect, list};
	int rc = rtnl_dump(
		kl->requests,
		&kl->seq,
		kl->request_buf,
		RTM_GETLINK,
		RTEXT_FILTER_SKIP_STATS,
		kernel_link_parse,
		&sink,
		ret_interrupted
	);

	return rc == 0 && list->no_mem ? -ENOMEM : rc;
}

static void
report(struct kernel_link *kl, const struct kernel_link_state *state)
{
	/* Without memory for the note the report itself still goes out. */
	list_put(&kl->known, state);
	kl->fn(kl->ctx, state);
}

static void
on_event(void *ctx, const struct kernel_link_state *state)
{
	report(ctx, state);
}

/* Report all links, then what was known and is no more. */
static int
dump(struct kernel_link *kl)
{
	struct state_list now = {0}, gone = {0};
	bool interrupted = true;
	int ret;

	for (int i = 0; i < DUMP_TRIES && interrupted; i++) {
		now.count = 0;
		ret = read_all(kl, &now, &interrupted);
		if (ret < 0)
			goto out;
	}
	/*
	 * An interrupted list may lack devices that exist, so nobody is declared gone by it. The
	 * change that interrupted it is an event: poll() brings us back here.
	 */
	for (size_t i = 0; i < kl->known.count && !interrupted; i++)
		if (!list_has(&now, kl->known.items[i].if_index))
			list_put(&gone, &kl->known.items[i]);
	for (size_t i = 0; i < now.count; i++)
		report(kl, &now.items[i]);
	for (size_t i = 0; i < gone.count; i++) {
		gone.items[i].present = false;
		gone.items[i].admin_up = false;
		gone.items[i].carrier = false;
		report(kl, &gone.items[i]);
	}
	ret = gone.no_mem ? -ENOMEM : 0;
	kl->lost = interrupted || ret < 0;
out:
	free(now.items);
	free(gone.items);
	return ret;
}

int
kernel_link_process(struct kernel_link *kl)
{
	struct kernel_link_sink sink = {on_event, kl};
	struct rtnl_batch batch;
	size_t len;

	for (int i = 0; i < MAX_DATAGRAMS; i++) {
		int ret = rtnl_receive(kl->events, kl->event_buf, &len);

		if (ret == -EAGAIN)
			break;
		if (ret == -ENOBUFS) {
			kl->lost = true;
			continue;
		}
		if (ret < 0)
			return ret;
		rtnl_walk(kl->event_buf, len, 0, kernel_link_parse, &sink, &batch);
		if (batch.error == -ENOBUFS)
			kl->lost = true;
	}
	return kl->lost ? dump(kl) : 0;
}

int
kernel_link_get(struct kernel_link *kl, uint32_t if_index, struct kernel_link_state *ret)
{
	struct state_list list = {0};
	struct kernel_link_sink sink = {collect, &list};
	int rc;

	/* The kernel's indexes are positive ints; 0 asks for something else. */
	if (if_index == 0 || if_index > INT32_MAX)
		return -ENODEV;
	rc = rtnl_get_link(
		kl->requests, &kl->seq, kl->request_buf, if_index, kernel_link_parse, &sink
	);
	if (rc == 0 && list.no_mem)
		rc = -ENOMEM;
	if (rc == 0 && !list_has(&list, if_index))
		rc = -ENODEV;
	if (rc == 0) {
		*ret = list.items[list_find(&list, if_index)];
		list_put(&kl->known, ret);
	}
	free(list.items);
	return rc;
}

int
kernel_link_new(struct kernel_link **ret, kernel_link_fn fn, void *ctx, struct reason *why)
{
	struct kernel_link *kl = calloc(1, sizeof(*kl));
	int err;

	if (kl == NULL)
		return reason_set(why, -ENOMEM, "kernel links: out of memory");
	kl->fn = fn;
	kl->ctx = ctx;
	err = rtnl_open(&kl->requests, 0);
	if (err == 0)
		err = rtnl_open(&kl->events, RTMGRP_LINK);
	if (err < 0) {
		kernel_link_free(kl);
		return reason_set(
			why,
			err,
			"kernel links: cannot open a netlink socket: %s (%d)",
			strerror(-err),
			err
		);
	}
	*ret = kl;
	return 0;
}

struct kernel_link *
kernel_link_free(struct kernel_link *kl)
{
	if (kl == NULL)
		return NULL;
	if (kl->events != NULL)
		mnl_socket_close(kl->events);
	if (kl->requests != NULL)
		mnl_socket_close(kl->requests);
	free(kl->known.items);
	free(kl);
	return NULL;
}

int
kernel_link_fd(const struct kernel_link *kl)
{
	return mnl_socket_get_fd(kl->events);
}
