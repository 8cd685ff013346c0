/* SPDX-License-Identifier: BSD-3-Clause */
/* See fwd.h: what the workers counted, less what they had counted at the last clear. */
#include "fwd.h"
#include "fwd_priv.h"

#include <rte_cycles.h>
#include <rte_malloc.h>

static uint64_t
peek(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static void
counters_peek(const struct fwd_counters *c, struct fwd_counters *ret)
{
	ret->rx_packets = peek(&c->rx_packets);
	ret->tx_packets = peek(&c->tx_packets);
	ret->no_mbuf = peek(&c->no_mbuf);
	for (unsigned i = 0; i < FWD_DROP_COUNT; i++)
		ret->drops[i] = peek(&c->drops[i]);
}

static uint64_t
port_freed(const struct fwd_port *p)
{
	uint64_t sum = 0;

	for (unsigned q = 0; q < FWD_MAX_QUEUES; q++)
		sum += peek(&p->rxq[q].freed) + peek(&p->txq[q].freed);
	return sum;
}

static bool
in_layout(const struct fwd *f, uint16_t port_id)
{
	for (uint16_t i = 0; i < f->nb_streams; i++)
		if (f->streams[i].rx_port == port_id || f->streams[i].tx_port == port_id)
			return true;
	for (uint16_t w = 0; w < f->nb_workers; w++) {
		const struct fwd_assignment *a = f->assignments[w];

		for (uint16_t i = 0; a != NULL && i < a->nb_chores; i++)
			if (a->chores[i].io->port_id == port_id)
				return true;
	}
	return false;
}

void
fwd_port_gone(struct fwd *f, uint16_t port_id)
{
	if (port_id >= RTE_MAX_ETHPORTS || in_layout(f, port_id))
		return;
	rte_free(f->ports[port_id]);
	f->ports[port_id] = NULL;
}

void
fwd_ports_free(struct fwd *f)
{
	for (unsigned i = 0; i < RTE_MAX_ETHPORTS; i++)
		rte_free(f->ports[i]);
}

uint16_t
fwd_nb_streams(const struct fwd *f)
{
	return f->nb_streams;
}

void
fwd_stream_view(const struct fwd *f, uint16_t index, struct fwd_stream_view *ret)
{
	const struct fwd_layout_stream *s = &f->streams[index];
	const struct fwd_port *p = f->ports[s->rx_port];
	const struct fwd_counters *base = &p->rxq_base[s->rx_queue];
	struct fwd_counters now;

	counters_peek(&p->rxq[s->rx_queue].c, &now);
	now.rx_packets -= base->rx_packets;
	now.tx_packets -= base->tx_packets;
	now.no_mbuf -= base->no_mbuf;
	for (unsigned i = 0; i < FWD_DROP_COUNT; i++)
		now.drops[i] -= base->drops[i];
	*ret = (struct fwd_stream_view){
		.rx_port = s->rx_port,
		.rx_queue = s->rx_queue,
		.tx_port = s->tx_port,
		.tx_queue = s->tx_queue,
		.worker = s->worker,
		.counters = now,
	};
}

static void
worker_peek(const struct fwd_worker *w, struct fwd_worker_base *ret)
{
	ret->loops = atomic_load_explicit(&w->loops, memory_order_relaxed);
	ret->busy_loops = atomic_load_explicit(&w->busy_loops, memory_order_relaxed);
	ret->cycles = atomic_load_explicit(&w->cycles, memory_order_relaxed);
	ret->busy_cycles = atomic_load_explicit(&w->busy_cycles, memory_order_relaxed);
}

void
fwd_counters_clear(struct fwd *f)
{
	for (unsigned i = 0; i < RTE_MAX_ETHPORTS; i++) {
		struct fwd_port *p = f->ports[i];

		if (p == NULL)
			continue;
		for (unsigned q = 0; q < FWD_MAX_QUEUES; q++)
			counters_peek(&p->rxq[q].c, &p->rxq_base[q]);
		p->freed_base = port_freed(p);
	}
	for (uint16_t i = 0; i < f->nb_workers; i++) {
		worker_peek(f->workers[i], &f->bases[i]);
		atomic_fetch_add_explicit(&f->workers[i]->clear_count, 1, memory_order_relaxed);
	}
}

uint64_t
fwd_housekeep_drops(const struct fwd *f, uint16_t port_id)
{
	if (port_id >= RTE_MAX_ETHPORTS || f->ports[port_id] == NULL)
		return 0;
	return port_freed(f->ports[port_id]) - f->ports[port_id]->freed_base;
}

void
fwd_worker_view(const struct fwd *f, uint16_t worker, struct fwd_worker_view *ret)
{
	const struct fwd_worker *w = f->workers[worker];
	const struct fwd_worker_base *base = &f->bases[worker];
	unsigned cleared = atomic_load_explicit(&w->cleared, memory_order_acquire);
	uint64_t gap = 0;
	struct fwd_worker_base now;

	/* Until the worker has seen the clear, its longest gap is of before it. */
	if (cleared == atomic_load_explicit(&w->clear_count, memory_order_relaxed))
		gap = atomic_load_explicit(&w->max_gap_cycles, memory_order_relaxed);
	worker_peek(w, &now);
	*ret = (struct fwd_worker_view){
		.lcore = w->lcore,
		.loops = now.loops - base->loops,
		.busy_loops = now.busy_loops - base->busy_loops,
		.max_gap_ns = (uint64_t)((double)gap * NS_PER_S / rte_get_tsc_hz()),
		.cycles = now.cycles - base->cycles,
		.busy_cycles = now.busy_cycles - base->busy_cycles,
		.parked = f->park_depth > 0,
	};
}
