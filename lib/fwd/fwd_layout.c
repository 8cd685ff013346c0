/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See fwd_layout.h. Streams are numbered and dealt out as testpmd's fwd_config_setup() does it
 * (DPDK 22.11, app/test-pmd/config.c): queue 0 of every port, then queue 1, and so on; each worker
 * gets a run of consecutive streams, and the last workers get the remainder.
 */
#include "fwd_layout.h"

#include "reason.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const fwd_topology_names[FWD_TOPOLOGY_COUNT] = {
	[FWD_PAIRED] = "paired",
	[FWD_CHAINED] = "chained",
	[FWD_LOOP] = "loop",
};

/* A port that forwards, in the order in which testpmd would number its streams. */
struct route {
	uint16_t rx_port;
	uint16_t tx_port;
	const struct fwd_layout_port *rx; /* NULL: not started */
	const struct fwd_layout_port *tx; /* NULL: not started */
};

struct routes {
	uint16_t nb;
	struct route route[2 * FWD_MAX_PORTS]; /* the portlist, and pairs outside of it */
};

static bool
has_port(const uint16_t *list, uint16_t nb, uint16_t port_id)
{
	for (uint16_t i = 0; i < nb; i++)
		if (list[i] == port_id)
			return true;
	return false;
}

static const struct fwd_layout_port *
find_port(const struct fwd_layout_port *ports, uint16_t nb_ports, uint16_t port_id)
{
	for (uint16_t i = 0; i < nb_ports; i++)
		if (ports[i].port_id == port_id)
			return &ports[i];
	return NULL;
}

/* The other end of the pair that holds @port_id, or FWD_NO_PORT. */
static uint16_t
pair_peer(const struct fwd_layout_settings *s, uint16_t port_id)
{
	for (uint16_t i = 0; i < s->nb_pairs; i++) {
		if (s->pairs[i].a == port_id)
			return s->pairs[i].b;
		if (s->pairs[i].b == port_id)
			return s->pairs[i].a;
	}
	return FWD_NO_PORT;
}

static int
check_ports(const struct fwd_layout_port *ports, uint16_t nb_ports, struct reason *why)
{
	if (nb_ports > FWD_MAX_PORTS)
		return reason_set(
			why, -EINVAL, "%u ports; at most %d can forward", nb_ports, FWD_MAX_PORTS
		);
	for (uint16_t i = 0; i < nb_ports; i++) {
		const struct fwd_layout_port *p = &ports[i];

		if (p->port_id == FWD_NO_PORT)
			return reason_set(why, -EINVAL, "port %u is no port id", p->port_id);
		if (find_port(ports, i, p->port_id) != NULL)
			return reason_set(why, -EINVAL, "port %u is given twice", p->port_id);
		if (p->nb_rxq < 1 || p->nb_rxq > FWD_MAX_QUEUES || p->nb_txq < 1 ||
		    p->nb_txq > FWD_MAX_QUEUES)
			return reason_set(
				why,
				-EINVAL,
				"port %u has %u receive and %u transmit queues; 1 to %d of each "
				"can "
				"be served",
				p->port_id,
				p->nb_rxq,
				p->nb_txq,
				FWD_MAX_QUEUES
			);
	}
	return 0;
}

static int
check_settings(const struct fwd_layout_settings *s, struct reason *why)
{
	uint16_t paired[FWD_MAX_PORTS];
	uint16_t nb_paired = 0;

	if ((unsigned)s->topology >= FWD_TOPOLOGY_COUNT)
		return reason_set(why, -EINVAL, "port topology %d is unknown", (int)s->topology);
	if (s->nb_workers < 1 || s->nb_workers > FWD_MAX_WORKERS)
		return reason_set(
			why,
			-EINVAL,
			"%u workers; 1 to %d can forward",
			s->nb_workers,
			FWD_MAX_WORKERS
		);
	if (s->nb_portlist > FWD_MAX_PORTS || s->nb_pairs > FWD_MAX_PORTS / 2)
		return reason_set(why, -EINVAL, "at most %d ports can forward", FWD_MAX_PORTS);
	for (uint16_t i = 0; i < s->nb_portlist; i++)
		if (has_port(s->portlist, i, s->portlist[i]))
			return reason_set(
				why, -EINVAL, "port %u is twice in the port list", s->portlist[i]
			);
	for (uint16_t i = 0; i < s->nb_pairs; i++) {
		uint16_t a = s->pairs[i].a, b = s->pairs[i].b;

		if (a == b)
			return reason_set(why, -EINVAL, "port %u is paired with itself", a);
		if (has_port(paired, nb_paired, a) || has_port(paired, nb_paired, b))
			return reason_set(
				why,
				-EINVAL,
				"port %u is in more than one pair",
				has_port(paired, nb_paired, a) ? a : b
			);
		paired[nb_paired++] = a;
		paired[nb_paired++] = b;
	}
	return 0;
}

/* The position that position @i of @nb sends to; odd ports out are their own peer, as in testpmd.
 */
static uint16_t
topology_peer(enum fwd_topology topology, uint16_t i, uint16_t nb)
{
	switch (topology) {
	case FWD_CHAINED:
		return i + 1 < nb ? i + 1 : 0;
	case FWD_LOOP:
		return i;
	default:
		if (i % 2 == 1)
			return i - 1;
		return i + 1 < nb ? i + 1 : i;
	}
}

static void
add_route(struct routes *r, uint16_t rx_port, uint16_t tx_port)
{
	r->route[r->nb++] = (struct route){.rx_port = rx_port, .tx_port = tx_port};
}

/*
 * Who sends to whom. The topology counts the ports of the list that are in no pair, started or
 * not, so that a port that stops doesn't move the peers of the others.
 */
static void
find_routes(
	struct routes *r,
	const struct fwd_layout_port *ports,
	uint16_t nb_ports,
	const struct fwd_layout_settings *s
)
{
	uint16_t unpaired[FWD_MAX_PORTS];
	uint16_t nb_unpaired = 0, pos = 0;

	r->nb = 0;
	for (uint16_t i = 0; i < s->nb_portlist; i++)
		if (pair_peer(s, s->portlist[i]) == FWD_NO_PORT)
			unpaired[nb_unpaired++] = s->portlist[i];
	for (uint16_t i = 0; i < s->nb_portlist; i++) {
		uint16_t port_id = s->portlist[i];
		uint16_t peer = pair_peer(s, port_id);

		if (peer == FWD_NO_PORT)
			peer = unpaired[topology_peer(s->topology, pos++, nb_unpaired)];
		add_route(r, port_id, peer);
	}
	for (uint16_t i = 0; i < s->nb_pairs; i++) {
		if (!has_port(s->portlist, s->nb_portlist, s->pairs[i].a))
			add_route(r, s->pairs[i].a, s->pairs[i].b);
		if (!has_port(s->portlist, s->nb_portlist, s->pairs[i].b))
			add_route(r, s->pairs[i].b, s->pairs[i].a);
	}
	for (uint16_t i = 0; i < r->nb; i++) {
		struct route *route = &r->route[i];

		if (!s->needs_tx_peer)
			route->tx_port = route->rx_port;
		route->rx = find_port(ports, nb_ports, route->rx_port);
		route->tx = find_port(ports, nb_ports, route->tx_port);
	}
}

static int
check_routes(const struct routes *r, struct reason *why)
{
	for (uint16_t i = 0; i < r->nb; i++) {
		const struct route *route = &r->route[i];

		if (route->rx == NULL || route->tx == NULL)
			continue;
		if (route->rx->nb_rxq > route->tx->nb_txq)
			return reason_set(
				why,
				-EINVAL,
				"port %u has %u transmit queues, but the %u receive queues of port "
				"%u "
				"need one each",
				route->tx_port,
				route->tx->nb_txq,
				route->rx->nb_rxq,
				route->rx_port
			);
	}
	return 0;
}

static void
add_stream(struct fwd_layout *l, uint16_t rx_port, uint16_t queue, uint16_t tx_port)
{
	l->streams[l->nb_streams++] = (struct fwd_layout_stream){
		.rx_port = rx_port,
		.rx_queue = queue,
		.tx_port = tx_port,
		.tx_queue = tx_port == FWD_NO_PORT ? 0 : queue,
	};
}

/* Consecutive runs of equal length; the last workers take one more each (config.c, 4320-4358). */
static void
deal_streams(struct fwd_layout *l, uint16_t nb_workers)
{
	uint16_t used = nb_workers < l->nb_streams ? nb_workers : l->nb_streams;
	uint16_t i = 0;

	for (uint16_t w = 0; w < used; w++) {
		uint16_t share = l->nb_streams / used;

		if (w >= used - l->nb_streams % used)
			share++;
		while (share-- > 0)
			l->streams[i++].worker = w;
	}
}

static void
add_streams(
	struct fwd_layout *l,
	const struct routes *r,
	const struct fwd_layout_port *ports,
	uint16_t nb_ports,
	uint16_t nb_workers
)
{
	for (uint16_t q = 0; q < FWD_MAX_QUEUES; q++) {
		for (uint16_t i = 0; i < r->nb; i++) {
			const struct route *route = &r->route[i];

			if (route->rx == NULL || q >= route->rx->nb_rxq)
				continue;
			add_stream(
				l,
				route->rx_port,
				q,
				route->tx != NULL ? route->tx_port : FWD_NO_PORT
			);
		}
	}
	deal_streams(l, nb_workers);
	for (uint16_t i = 0; i < nb_ports; i++) {
		bool forwards = false;

		for (uint16_t j = 0; j < r->nb; j++)
			forwards |= r->route[j].rx_port == ports[i].port_id;
		for (uint16_t q = 0; !forwards && q < ports[i].nb_rxq; q++)
			add_stream(l, ports[i].port_id, q, FWD_NO_PORT);
	}
}

static uint16_t
txq_owner(const struct fwd_layout *l, uint16_t port, uint16_t queue)
{
	uint16_t rx_owner = 0;

	for (uint16_t i = 0; i < l->nb_streams; i++) {
		const struct fwd_layout_stream *s = &l->streams[i];

		if (s->tx_port == port && s->tx_queue == queue)
			return s->worker;
		if (s->rx_port == port && s->rx_queue == queue)
			rx_owner = s->worker;
	}
	return rx_owner;
}

static void
add_txqs(struct fwd_layout *l, const struct fwd_layout_port *ports, uint16_t nb_ports)
{
	for (uint16_t i = 0; i < nb_ports; i++)
		for (uint16_t q = 0; q < ports[i].nb_txq; q++)
			l->txqs[l->nb_txqs++] = (struct fwd_layout_txq){
				.port = ports[i].port_id,
				.queue = q,
				.worker = txq_owner(l, ports[i].port_id, q),
			};
}

static struct fwd_layout *
layout_alloc(const struct fwd_layout_port *ports, uint16_t nb_ports)
{
	struct fwd_layout *l = calloc(1, sizeof(*l));
	size_t nb_rxqs = 0, nb_txqs = 0;

	if (l == NULL)
		return NULL;
	for (uint16_t i = 0; i < nb_ports; i++) {
		nb_rxqs += ports[i].nb_rxq;
		nb_txqs += ports[i].nb_txq;
	}
	/* One more than needed: calloc(0) may answer NULL. */
	l->streams = calloc(nb_rxqs + 1, sizeof(*l->streams));
	l->txqs = calloc(nb_txqs + 1, sizeof(*l->txqs));
	if (l->streams == NULL || l->txqs == NULL)
		return fwd_layout_free(l);
	return l;
}

int
fwd_layout_new(
	struct fwd_layout **ret,
	const struct fwd_layout_port *ports,
	uint16_t nb_ports,
	const struct fwd_layout_settings *settings,
	struct reason *why
)
{
	struct fwd_layout *l;
	struct routes routes;
	int err;

	err = check_ports(ports, nb_ports, why);
	if (err < 0)
		return err;
	err = check_settings(settings, why);
	if (err < 0)
		return err;
	find_routes(&routes, ports, nb_ports, settings);
	err = check_routes(&routes, why);
	if (err < 0)
		return err;
	l = layout_alloc(ports, nb_ports);
	if (l == NULL)
		return reason_set(why, -ENOMEM, "no memory for the layout of the streams");
	add_streams(l, &routes, ports, nb_ports, settings->nb_workers);
	add_txqs(l, ports, nb_ports);
	*ret = l;
	return 0;
}

struct fwd_layout *
fwd_layout_free(struct fwd_layout *layout)
{
	if (layout == NULL)
		return NULL;
	free(layout->streams);
	free(layout->txqs);
	free(layout);
	return NULL;
}
