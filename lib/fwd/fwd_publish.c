/* SPDX-License-Identifier: BSD-3-Clause */
/* See fwd.h: a layout becomes the assignments of the workers. */
#include "engines.h"
#include "fwd.h"
#include "fwd_priv.h"
#include "reason.h"

#include <rte_lcore.h>
#include <rte_malloc.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct request {
	const struct fwd_layout *layout;
	const struct fwd_port_io *ports;
	uint16_t nb_ports;
	const struct fwd_engine *engine;
	uint16_t burst;
};

/* Index of @port_id in the ports of @r, or -1. */
static int
port_index(const struct request *r, uint16_t port_id)
{
	for (uint16_t i = 0; i < r->nb_ports; i++)
		if (r->ports[i].io.port_id == port_id)
			return i;
	return -1;
}

static int
check_queue(
	const struct fwd *f,
	const struct request *r,
	uint16_t port_id,
	uint16_t queue,
	uint16_t worker,
	struct reason *why
)
{
	if (port_id >= RTE_MAX_ETHPORTS || port_index(r, port_id) < 0)
		return reason_set(why, -EINVAL, "no functions for port %u of the layout", port_id);
	if (queue >= FWD_MAX_QUEUES)
		return reason_set(
			why,
			-EINVAL,
			"port %u has a queue %u; at most %d can be served",
			port_id,
			queue,
			FWD_MAX_QUEUES
		);
	if (worker >= f->nb_workers)
		return reason_set(
			why,
			-EINVAL,
			"queue %u of port %u is for worker %u, but there are %u",
			queue,
			port_id,
			worker,
			f->nb_workers
		);
	return 0;
}

/* Who owns which queue; a queue that two workers, or one worker twice, would use is an error. */
struct owners {
	uint64_t rx[RTE_MAX_ETHPORTS], tx[RTE_MAX_ETHPORTS]; /* bit: queue */
	uint16_t tx_worker[RTE_MAX_ETHPORTS][FWD_MAX_QUEUES];
};
_Static_assert(FWD_MAX_QUEUES <= 64, "a bit for each queue");

static int
take(uint64_t *mask, const char *what, uint16_t port_id, uint16_t queue, struct reason *why)
{
	if ((*mask & 1ull << queue) != 0)
		return reason_set(
			why, -EINVAL, "%s queue %u of port %u would be shared", what, queue, port_id
		);
	*mask |= 1ull << queue;
	return 0;
}

static int
check_txqs(const struct fwd *f, const struct request *r, struct owners *owners, struct reason *why)
{
	for (uint16_t i = 0; i < r->layout->nb_txqs; i++) {
		const struct fwd_layout_txq *t = &r->layout->txqs[i];
		int err = check_queue(f, r, t->port, t->queue, t->worker, why);

		if (err == 0)
			err = take(&owners->tx[t->port], "transmit", t->port, t->queue, why);
		if (err < 0)
			return err;
		owners->tx_worker[t->port][t->queue] = t->worker;
	}
	return 0;
}

static int
check_streams(
	const struct fwd *f, const struct request *r, struct owners *owners, struct reason *why
)
{
	uint64_t senders[RTE_MAX_ETHPORTS] = {0};

	for (uint16_t i = 0; i < r->layout->nb_streams; i++) {
		const struct fwd_layout_stream *s = &r->layout->streams[i];
		int err = check_queue(f, r, s->rx_port, s->rx_queue, s->worker, why);

		if (err == 0)
			err = take(
				&owners->rx[s->rx_port], "receive", s->rx_port, s->rx_queue, why
			);
		if (err == 0 && s->tx_port != FWD_NO_PORT)
			err = check_queue(f, r, s->tx_port, s->tx_queue, s->worker, why);
		if (err == 0 && s->tx_port != FWD_NO_PORT)
			err = take(&senders[s->tx_port], "transmit", s->tx_port, s->tx_queue, why);
		if (err < 0)
			return err;
		if (s->tx_port == FWD_NO_PORT)
			continue;
		if ((owners->tx[s->tx_port] & 1ull << s->tx_queue) == 0 ||
		    owners->tx_worker[s->tx_port][s->tx_queue] != s->worker)
			return reason_set(
				why,
				-EINVAL,
				"transmit queue %u of port %u is not owned by its sender",
				s->tx_queue,
				s->tx_port
			);
	}
	return 0;
}

static int
check(const struct fwd *f, const struct request *r, struct reason *why)
{
	struct owners owners = {.rx = {0}, .tx = {0}};
	int err;

	if (f->park_depth == 0)
		return reason_set(why, -EBUSY, "the workers are not parked");
	if (r->burst < 1 || r->burst > FWD_MAX_BURST)
		return reason_set(
			why,
			-EINVAL,
			"a burst of %u frames; 1 to %d are possible",
			r->burst,
			FWD_MAX_BURST
		);
	err = check_txqs(f, r, &owners, why);
	if (err < 0)
		return err;
	return check_streams(f, r, &owners, why);
}

/* Counters for each port of the layout; those of earlier layouts stay. */
static int
make_counters(struct fwd *f, const struct request *r, struct reason *why)
{
	for (uint16_t i = 0; i < r->nb_ports; i++) {
		uint16_t port_id = r->ports[i].io.port_id;

		if (port_id >= RTE_MAX_ETHPORTS || f->ports[port_id] != NULL)
			continue;
		f->ports[port_id] =
			rte_zmalloc("fwd_port", sizeof(struct fwd_port), RTE_CACHE_LINE_SIZE);
		if (f->ports[port_id] == NULL)
			return reason_set(
				why, -ENOMEM, "no memory for the counters of port %u", port_id
			);
	}
	return 0;
}

/* An empty assignment with room for what @worker gets. */
static struct fwd_assignment *
assignment_alloc(const struct fwd *f, const struct request *r, uint16_t worker)
{
	size_t nb_streams = 0, nb_chores = 0, size;
	struct fwd_assignment *a;
	char *p;

	for (uint16_t i = 0; i < r->layout->nb_streams; i++)
		nb_streams += r->layout->streams[i].worker == worker;
	for (uint16_t i = 0; i < r->layout->nb_txqs; i++)
		nb_chores += r->layout->txqs[i].worker == worker;
	nb_chores += nb_streams;
	size = RTE_CACHE_LINE_ROUNDUP(sizeof(*a)) + nb_streams * sizeof(*a->streams) +
	       r->nb_ports * sizeof(*a->io) + nb_chores * sizeof(*a->chores);
	p = rte_zmalloc_socket(
		"fwd_assignment",
		size,
		RTE_CACHE_LINE_SIZE,
		(int)rte_lcore_to_socket_id(f->workers[worker]->lcore)
	);
	if (p == NULL)
		return NULL;
	a = (struct fwd_assignment *)p;
	p += RTE_CACHE_LINE_ROUNDUP(sizeof(*a));
	a->streams = (struct fwd_stream *)p;
	p += nb_streams * sizeof(*a->streams);
	a->io = (struct fwd_io *)p;
	p += r->nb_ports * sizeof(*a->io);
	a->chores = (struct fwd_chore *)p;
	for (uint16_t i = 0; i < r->nb_ports; i++)
		a->io[i] = r->ports[i].io;
	return a;
}

static int
add_stream(
	struct fwd *f,
	struct fwd_assignment *a,
	const struct request *r,
	const struct fwd_layout_stream *l,
	struct reason *why
)
{
	struct fwd_stream *s = &a->streams[a->nb_streams++];
	const struct fwd_port_io *tx;

	s->rx = &a->io[port_index(r, l->rx_port)];
	s->rx_queue = l->rx_queue;
	s->burst = r->burst;
	s->untag = s->rx->strips_tags;
	s->counters = &f->ports[l->rx_port]->rxq[l->rx_queue].c;
	s->run = r->engine == NULL ? fwd_drain_stopped : fwd_drain_no_peer;
	if (l->tx_port == FWD_NO_PORT)
		return 0;
	tx = &r->ports[port_index(r, l->tx_port)];
	s->tx = &a->io[tx - r->ports];
	s->tx_queue = l->tx_queue;
	s->tx_mac = tx->mac;
	s->peer_mac = tx->peer_mac;
	s->txonly = tx->txonly;
	if (r->engine == NULL)
		return 0;
	s->run = r->engine->run;
	s->housekeep = r->engine->housekeep;
	return r->engine->prepare != NULL ? r->engine->prepare(s, why) : 0;
}

static void
add_chore(
	struct fwd_assignment *a,
	fwd_housekeep_fn run,
	const struct fwd_io *io,
	uint16_t queue,
	uint64_t *freed
)
{
	if (run != NULL)
		a->chores[a->nb_chores++] =
			(struct fwd_chore){.run = run, .io = io, .queue = queue, .freed = freed};
}

static int
assignment_fill(
	struct fwd *f,
	struct fwd_assignment *a,
	const struct request *r,
	uint16_t worker,
	struct reason *why
)
{
	for (uint16_t i = 0; i < r->layout->nb_streams; i++) {
		const struct fwd_layout_stream *s = &r->layout->streams[i];
		const struct fwd_io *io = &a->io[port_index(r, s->rx_port)];
		int err;

		if (s->worker != worker)
			continue;
		err = add_stream(f, a, r, s, why);
		if (err < 0)
			return err;
		add_chore(
			a,
			io->rx_housekeep,
			io,
			s->rx_queue,
			&f->ports[s->rx_port]->rxq[s->rx_queue].freed
		);
	}
	for (uint16_t i = 0; i < r->layout->nb_txqs; i++) {
		const struct fwd_layout_txq *t = &r->layout->txqs[i];
		const struct fwd_io *io = &a->io[port_index(r, t->port)];

		if (t->worker == worker)
			add_chore(
				a,
				io->tx_housekeep,
				io,
				t->queue,
				&f->ports[t->port]->txq[t->queue].freed
			);
	}
	return 0;
}

/* The workers are parked: what they polled before may be freed at once. */
static void
install(struct fwd *f,
        const struct fwd_layout *layout,
        struct fwd_layout_stream *streams,
        struct fwd_assignment **assignments)
{
	for (uint16_t i = 0; i < f->nb_workers; i++) {
		f->workers[i]->assignment = assignments[i];
		rte_free(f->assignments[i]);
		f->assignments[i] = assignments[i];
	}
	memcpy(streams, layout->streams, layout->nb_streams * sizeof(*streams));
	free(f->streams);
	f->streams = streams;
	f->nb_streams = layout->nb_streams;
}

int
fwd_publish(
	struct fwd *f,
	const struct fwd_layout *layout,
	const struct fwd_port_io *ports,
	uint16_t nb_ports,
	const struct fwd_engine *engine,
	uint16_t burst,
	struct reason *why
)
{
	const struct request r = {layout, ports, nb_ports, engine, burst};
	struct fwd_assignment *assignments[FWD_MAX_WORKERS] = {NULL};
	struct fwd_layout_stream *streams = NULL;
	int err;

	err = check(f, &r, why);
	if (err < 0)
		return err;
	err = make_counters(f, &r, why);
	if (err < 0)
		return err;
	streams = calloc((size_t)layout->nb_streams + 1, sizeof(*streams));
	if (streams == NULL) {
		err = reason_set(why, -ENOMEM, "no memory for the list of streams");
		goto fail;
	}
	for (uint16_t i = 0; i < f->nb_workers; i++) {
		assignments[i] = assignment_alloc(f, &r, i);
		if (assignments[i] == NULL) {
			err = reason_set(
				why,
				-ENOMEM,
				"no memory for the streams of lcore %u",
				f->workers[i]->lcore
			);
			goto fail;
		}
		err = assignment_fill(f, assignments[i], &r, i, why);
		if (err < 0)
			goto fail;
	}
	install(f, layout, streams, assignments);
	return 0;
fail:
	for (uint16_t i = 0; i < f->nb_workers; i++)
		rte_free(assignments[i]);
	free(streams);
	return err;
}
