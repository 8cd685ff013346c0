/* SPDX-License-Identifier: BSD-3-Clause */
/* See stats_port.h. */
#include "stats_port.h"

#include "reason.h"

#include <rte_ethdev.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One reading of the extended counters, as the device gave them. */
struct xstats {
	unsigned count;
	struct rte_eth_xstat_name *names;
	uint64_t *values; /* in the order of names */
};

struct stats_port {
	uint16_t port_id;
	struct stats_port_counters base;
	struct xstats raw, xbase;
	struct stats_xstat *shown; /* raw less xbase; names point into raw */
};

int
stats_port_new(struct stats_port **ret, uint16_t port_id)
{
	struct stats_port *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -ENOMEM;
	s->port_id = port_id;
	*ret = s;
	return 0;
}

static void
xstats_fini(struct xstats *x)
{
	free(x->names);
	free(x->values);
	*x = (struct xstats){0};
}

struct stats_port *
stats_port_free(struct stats_port *s)
{
	if (s == NULL)
		return NULL;
	xstats_fini(&s->raw);
	xstats_fini(&s->xbase);
	free(s->shown);
	free(s);
	return NULL;
}

static int
read_raw(const struct stats_port *s, struct stats_port_counters *ret, struct reason *why)
{
	struct rte_eth_stats e;
	int err = rte_eth_stats_get(s->port_id, &e);

	if (err < 0)
		return reason_set(
			why, err, "port %u: cannot read statistics: %s", s->port_id, strerror(-err)
		);
	*ret = (struct stats_port_counters){
		.rx = {.packets = e.ipackets, .bytes = e.ibytes},
		.tx = {.packets = e.opackets, .bytes = e.obytes},
		.rx_missed = e.imissed,
		.rx_errors = e.ierrors,
		.tx_errors = e.oerrors,
		.rx_no_mbuf = e.rx_nombuf,
	};
	return 0;
}

/* @raw less @base; a device that starts over takes its base along. */
static uint64_t
since(uint64_t raw, uint64_t *base)
{
	if (raw < *base)
		*base = 0;
	return raw - *base;
}

int
stats_port_read(struct stats_port *s, struct stats_port_counters *ret, struct reason *why)
{
	struct stats_port_counters *base = &s->base;
	struct stats_port_counters raw = {0};
	int err = read_raw(s, &raw, why);

	if (err < 0)
		return err;
	*ret = (struct stats_port_counters){
		.rx = {since(raw.rx.packets, &base->rx.packets),
	               since(raw.rx.bytes, &base->rx.bytes)},
		.tx = {since(raw.tx.packets, &base->tx.packets),
	               since(raw.tx.bytes, &base->tx.bytes)},
		.rx_missed = since(raw.rx_missed, &base->rx_missed),
		.rx_errors = since(raw.rx_errors, &base->rx_errors),
		.tx_errors = since(raw.tx_errors, &base->tx_errors),
		.rx_no_mbuf = since(raw.rx_no_mbuf, &base->rx_no_mbuf),
	};
	return 0;
}

int
stats_port_clear(struct stats_port *s, struct reason *why)
{
	return read_raw(s, &s->base, why);
}

/* Fill @x, whose arrays have room for @room entries; returns the count that the device has. */
static int
fetch_xstats(uint16_t port_id, struct xstats *x, unsigned room)
{
	struct rte_eth_xstat *by_id;
	int count, nb_names;

	by_id = calloc((size_t)room + 1, sizeof(*by_id));
	if (by_id == NULL)
		return -ENOMEM;
	nb_names = rte_eth_xstats_get_names(port_id, x->names, room);
	count = rte_eth_xstats_get(port_id, by_id, room);
	if (count >= 0 && nb_names != count)
		count = -EAGAIN;
	for (int i = 0; i < count && count <= (int)room; i++) {
		/* Values carry the index of their name. */
		if (by_id[i].id < (uint64_t)count)
			x->values[by_id[i].id] = by_id[i].value;
	}
	free(by_id);
	return count;
}

static int
read_xstats(uint16_t port_id, struct xstats *ret)
{
	struct xstats x = {0};
	int count = rte_eth_xstats_get_names(port_id, NULL, 0);

	if (count < 0)
		return count;
	x.count = (unsigned)count;
	/* One more than needed: calloc(0) may answer NULL. */
	x.names = calloc((size_t)count + 1, sizeof(*x.names));
	x.values = calloc((size_t)count + 1, sizeof(*x.values));
	if (x.names == NULL || x.values == NULL)
		count = -ENOMEM;
	else if (count > 0)
		count = fetch_xstats(port_id, &x, x.count);
	/* The device has other counters than a moment ago. */
	if (count >= 0 && (unsigned)count != x.count)
		count = -EAGAIN;
	if (count < 0) {
		xstats_fini(&x);
		return count;
	}
	xstats_fini(ret);
	*ret = x;
	return 0;
}

static int
xstats_reason(const struct stats_port *s, int err, struct reason *why)
{
	return reason_set(
		why, err, "port %u: cannot read extended statistics: %s", s->port_id, strerror(-err)
	);
}

/* Where the base of counter @i of @raw stands; NULL when it had none at the clear. */
static uint64_t *
find_base(struct xstats *base, const struct xstats *raw, unsigned i)
{
	const char *name = raw->names[i].name;

	if (i < base->count && strcmp(base->names[i].name, name) == 0)
		return &base->values[i];
	for (unsigned j = 0; j < base->count; j++)
		if (strcmp(base->names[j].name, name) == 0)
			return &base->values[j];
	return NULL;
}

int
stats_port_read_xstats(
	struct stats_port *s,
	const struct stats_xstat **ret_xstats,
	unsigned *ret_count,
	struct reason *why
)
{
	struct stats_xstat *shown;
	int err = read_xstats(s->port_id, &s->raw);

	if (err < 0)
		return xstats_reason(s, err, why);
	shown = calloc((size_t)s->raw.count + 1, sizeof(*shown));
	if (shown == NULL)
		return xstats_reason(s, -ENOMEM, why);
	for (unsigned i = 0; i < s->raw.count; i++) {
		uint64_t *base = find_base(&s->xbase, &s->raw, i);
		uint64_t raw = s->raw.values[i];

		shown[i].name = s->raw.names[i].name;
		shown[i].value = base != NULL ? since(raw, base) : raw;
	}
	free(s->shown);
	s->shown = shown;
	*ret_xstats = shown;
	*ret_count = s->raw.count;
	return 0;
}

int
stats_port_clear_xstats(struct stats_port *s, struct reason *why)
{
	int err = read_xstats(s->port_id, &s->xbase);

	return err < 0 ? xstats_reason(s, err, why) : 0;
}
