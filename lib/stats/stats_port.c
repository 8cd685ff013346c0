/* SPDX-License-Identifier: BSD-3-Clause */
/* See stats_port.h. */
#include "stats_port.h"

#include "bond_pmd.h"
#include "pmd_traits.h"
#include "reason.h"
#include "stats_count.h"

#include <rte_ethdev.h>
#include <rte_string_fns.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One reading of the extended counters, as the device gave them. */
struct xstats {
	unsigned count;
	struct rte_eth_xstat_name *names;
	uint64_t *values; /* in the order of names */
};

/* The basic counters, in the order of struct stats_port_counters. */
enum {
	RX_PACKETS,
	RX_BYTES,
	TX_PACKETS,
	TX_BYTES,
	RX_MISSED,
	RX_ERRORS,
	TX_ERRORS,
	NO_MBUF,
	BASIC
};

struct basic {
	struct stats_count count[BASIC];
};

/* An extended counter by its name. */
struct named {
	char name[RTE_ETH_XSTATS_NAME_SIZE];
	struct stats_count count;
	uint64_t base;
};

struct stats_port {
	uint16_t port_id;
	bool is_bond;
	bool was_read; /* a bond: members that come now count from now on */
	unsigned packet_bits, byte_bits;
	struct basic *basic; /* of the port; of a bond's members, by port id */
	unsigned nb_basic;
	uint64_t base[BASIC], resets;
	struct xstats raw;
	struct named *named;
	unsigned nb_named;
	struct stats_xstat *shown; /* as raw; names point into raw */
};

/* How wide the registers are that a port's driver adds up. */
static void
counter_bits(uint16_t port_id, unsigned *packet_bits, unsigned *byte_bits)
{
	const struct pmd_traits *traits = pmd_traits_get(NULL);
	struct rte_eth_dev_info info;

	if (rte_eth_dev_info_get(port_id, &info) == 0)
		traits = pmd_traits_get(info.driver_name);
	*packet_bits = traits->packet_counter_bits;
	*byte_bits = traits->byte_counter_bits;
}

int
stats_port_new(struct stats_port **ret, uint16_t port_id)
{
	struct stats_port *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -ENOMEM;
	s->port_id = port_id;
	s->is_bond = bond_pmd_is_bond(port_id);
	s->nb_basic = s->is_bond ? RTE_MAX_ETHPORTS : 1;
	s->basic = calloc(s->nb_basic, sizeof(*s->basic));
	if (s->basic == NULL) {
		free(s);
		return -ENOMEM;
	}
	counter_bits(port_id, &s->packet_bits, &s->byte_bits);
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
	free(s->named);
	free(s->basic);
	free(s->shown);
	free(s);
	return NULL;
}

static unsigned
bits_of_basic(unsigned i, unsigned packet_bits, unsigned byte_bits)
{
	return i == RX_BYTES || i == TX_BYTES ? byte_bits : packet_bits;
}

/* @joins: what it counted before is not the reader's. Returns 0 or -errno. */
static int
read_basic(
	struct basic *b,
	uint16_t port_id,
	unsigned packet_bits,
	unsigned byte_bits,
	bool joins,
	uint64_t *resets
)
{
	struct rte_eth_stats e;
	int err = rte_eth_stats_get(port_id, &e);
	const uint64_t raw[BASIC] = {
		[RX_PACKETS] = e.ipackets,
		[RX_BYTES] = e.ibytes,
		[TX_PACKETS] = e.opackets,
		[TX_BYTES] = e.obytes,
		[RX_MISSED] = e.imissed,
		[RX_ERRORS] = e.ierrors,
		[TX_ERRORS] = e.oerrors,
		[NO_MBUF] = e.rx_nombuf,
	};
	bool reset = false;

	if (err < 0)
		return err;
	for (unsigned i = 0; i < BASIC; i++) {
		struct stats_count *c = &b->count[i];

		if (joins && !c->known)
			*c = (struct stats_count){.raw = raw[i], .total = c->total, .known = true};
		reset |= stats_count_read(c, raw[i], bits_of_basic(i, packet_bits, byte_bits));
	}
	*resets += reset;
	return 0;
}

/*
 * The bond PMD adds up its members' counters as they are: a jump of one would be the bond's, and
 * one that leaves would take its count along.
 */
static int
read_members(struct stats_port *s)
{
	uint16_t members[BOND_PMD_MAX_MEMBERS];
	int n = bond_pmd_members(s->port_id, members);
	bool is_member[RTE_MAX_ETHPORTS] = {false};

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		unsigned packet_bits, byte_bits;
		int err;

		is_member[members[i]] = true;
		counter_bits(members[i], &packet_bits, &byte_bits);
		err = read_basic(
			&s->basic[members[i]],
			members[i],
			packet_bits,
			byte_bits,
			s->was_read,
			&s->resets
		);
		if (err < 0)
			return err;
	}
	for (unsigned id = 0; id < RTE_MAX_ETHPORTS; id++)
		for (unsigned i = 0; i < BASIC && !is_member[id]; i++)
			s->basic[id].count[i].known = false;
	s->was_read = true;
	return 0;
}

static int
read_totals(struct stats_port *s, uint64_t ret[BASIC], struct reason *why)
{
	int err = s->is_bond ? read_members(s)
	                     : read_basic(
				       &s->basic[0],
				       s->port_id,
				       s->packet_bits,
				       s->byte_bits,
				       false,
				       &s->resets
			       );

	if (err < 0)
		return reason_set(
			why, err, "port %u: cannot read statistics: %s", s->port_id, strerror(-err)
		);
	for (unsigned i = 0; i < BASIC; i++) {
		ret[i] = 0;
		for (unsigned k = 0; k < s->nb_basic; k++)
			ret[i] += s->basic[k].count[i].total;
	}
	return 0;
}

int
stats_port_read(struct stats_port *s, struct stats_port_counters *ret, struct reason *why)
{
	uint64_t n[BASIC];
	int err = read_totals(s, n, why);

	if (err < 0)
		return err;
	for (unsigned i = 0; i < BASIC; i++)
		n[i] -= s->base[i];
	*ret = (struct stats_port_counters){
		.rx = {.packets = n[RX_PACKETS], .bytes = n[RX_BYTES]},
		.tx = {.packets = n[TX_PACKETS], .bytes = n[TX_BYTES]},
		.rx_missed = n[RX_MISSED],
		.rx_errors = n[RX_ERRORS],
		.tx_errors = n[TX_ERRORS],
		.rx_no_mbuf = n[NO_MBUF],
		.resets = s->resets,
	};
	return 0;
}

int
stats_port_clear(struct stats_port *s, struct reason *why)
{
	return read_totals(s, s->base, why);
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

/* The count that belongs to counter @i of @s->raw; NULL without memory. */
static struct named *
find_named(struct stats_port *s, unsigned i)
{
	const char *name = s->raw.names[i].name;
	struct named *grown;

	if (i < s->nb_named && strcmp(s->named[i].name, name) == 0)
		return &s->named[i];
	for (unsigned k = 0; k < s->nb_named; k++)
		if (strcmp(s->named[k].name, name) == 0)
			return &s->named[k];
	grown = realloc(s->named, (size_t)(s->nb_named + 1) * sizeof(*grown));
	if (grown == NULL)
		return NULL;
	s->named = grown;
	grown += s->nb_named++;
	memset(grown, 0, sizeof(*grown));
	rte_strscpy(grown->name, name, sizeof(grown->name));
	return grown;
}

/* Bytes have registers of their own width; "octets" is the word of igbvf for them. */
static bool
counts_bytes(const char *name)
{
	return strstr(name, "bytes") != NULL || strstr(name, "octets") != NULL;
}

/* A bond's are sums over its members: as wide as the narrowest of those that wrap. */
static void
narrowest_bits(const struct stats_port *s, unsigned *packet_bits, unsigned *byte_bits)
{
	uint16_t members[BOND_PMD_MAX_MEMBERS];
	int n = s->is_bond ? bond_pmd_members(s->port_id, members) : 0;

	*packet_bits = s->packet_bits;
	*byte_bits = s->byte_bits;
	for (int i = 0; i < n; i++) {
		unsigned packet, byte;

		counter_bits(members[i], &packet, &byte);
		if (packet != 0)
			*packet_bits = RTE_MIN(packet, *packet_bits != 0 ? *packet_bits : packet);
		if (byte != 0)
			*byte_bits = RTE_MIN(byte, *byte_bits != 0 ? *byte_bits : byte);
	}
}

/* Read the device and count; s->raw has what it showed. */
static int
count_xstats(struct stats_port *s)
{
	int err = read_xstats(s->port_id, &s->raw);
	unsigned packet_bits, byte_bits;

	if (err < 0)
		return err;
	narrowest_bits(s, &packet_bits, &byte_bits);
	for (unsigned i = 0; i < s->raw.count; i++) {
		struct named *n = find_named(s, i);
		unsigned bits;

		if (n == NULL)
			return -ENOMEM;
		bits = counts_bytes(n->name) ? byte_bits : packet_bits;
		if (s->is_bond)
			(void)stats_count_read_sum(&n->count, s->raw.values[i], bits);
		else
			(void)stats_count_read(&n->count, s->raw.values[i], bits);
	}
	return 0;
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
	int err = count_xstats(s);

	if (err < 0)
		return xstats_reason(s, err, why);
	shown = calloc((size_t)s->raw.count + 1, sizeof(*shown));
	if (shown == NULL)
		return xstats_reason(s, -ENOMEM, why);
	for (unsigned i = 0; i < s->raw.count; i++) {
		const struct named *n = find_named(s, i);

		shown[i].name = s->raw.names[i].name;
		shown[i].value = n->count.total - n->base;
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
	int err = count_xstats(s);

	if (err < 0)
		return xstats_reason(s, err, why);
	for (unsigned i = 0; i < s->nb_named; i++)
		s->named[i].base = s->named[i].count.total;
	return 0;
}

int
stats_port_watch(struct stats_port *s)
{
	uint64_t totals[BASIC];
	unsigned packet_bits, byte_bits;

	narrowest_bits(s, &packet_bits, &byte_bits);
	if (packet_bits == 0 && byte_bits == 0)
		return 0;
	(void)count_xstats(s);
	return read_totals(s, totals, NULL);
}
