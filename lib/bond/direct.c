/* SPDX-License-Identifier: BSD-3-Clause */
/* See direct.h, and the functions that workers enter by. */
#include "direct.h"

#include "inspect.h"
#include "reason.h"
#include "recv.h"
#include "xmit.h"

#include <rte_cycles.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RING_FRAMES = 512,
	POOL_FRAMES = 2047,
	CONTROL_AGE_MS = 200,
	SLOW_FRAMES = 2048, /* PLAN_SLOW_PER_MEMBER of each member */
};

const char *const bond_drop_names[BOND_DROP_COUNT] = {
	[BOND_DROP_TX_FULL] = "tx_full",
	[BOND_DROP_NO_MEMBER] = "no_member",
	[BOND_DROP_NO_MBUF] = "no_mbuf",
	[BOND_DROP_RX_INACTIVE] = "rx_inactive",
};

/* What only control needs, around what workers see. */
struct direct_control {
	struct bond_direct d;
	struct direct_grace grace;
	struct bond_plan *retired; /* oldest first */
	struct bond_plan **retired_end;
};

static struct direct_control *
control_of(struct bond_direct *d)
{
	return (struct direct_control *)((char *)d - offsetof(struct direct_control, d));
}

/* Functions of workers. */

static uint16_t
rx_direct(const struct fwd_io *io, uint16_t queue, struct rte_mbuf **pkts, uint16_t n)
{
	struct bond_direct *d = io->ctx;
	const struct bond_plan *plan = atomic_load_explicit(&d->plan, memory_order_acquire);

	return plan->recv(d, plan, queue, pkts, n);
}

/* An engine's queue that queue_id gave to a member. */
static __attribute__((noinline)) uint16_t
send_by_queue(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	return xmit_member(d, plan, plan->queue_port[queue], queue, pkts, n);
}

static inline uint16_t
send_by(struct bond_direct *d,
        const struct bond_plan *plan,
        uint16_t queue,
        struct rte_mbuf **pkts,
        uint16_t n)
{
	if (unlikely(plan->queue_port[queue] != PLAN_NO_PORT))
		return send_by_queue(d, plan, queue, pkts, n);
	return plan->xmit(d, plan, queue, pkts, n);
}

/*
 * Offer frames of control to their members; who has no room keeps its frames, and those behind
 * them, waiting. @since: when they came. Returns how many were not taken, at the front of @pkts.
 */
static unsigned
offer_control(
	struct bond_direct *d,
	struct bond_txq *q,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint64_t *since,
	unsigned n
)
{
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++) {
		uint16_t port_id = pkts[i]->port;
		bool full = false;

		for (unsigned k = 0; k < left && !full; k++)
			full = pkts[k]->port == port_id;
		if (!full && rte_eth_tx_burst(port_id, queue, &pkts[i], 1) == 1) {
			plan_count(&q->control_sent, 1);
		} else if (rte_rdtsc() - since[i] > d->control_age_cycles) {
			rte_pktmbuf_free(pkts[i]);
			plan_count(&q->control_lost, 1);
		} else {
			pkts[left] = pkts[i];
			since[left++] = since[i];
		}
	}
	return left;
}

/* Control's frames, few, so that one after the other will do; what finds no room waits. */
static uint16_t
drain_control(const struct fwd_io *io, uint16_t queue)
{
	struct bond_direct *d = io->ctx;
	struct bond_txq *q = &d->txq[queue];
	unsigned room, n;

	if (queue != 0)
		return 0;
	room = PLAN_CONTROL_WAITS - q->nb_waiting;
	n = rte_ring_sc_dequeue_burst(
		d->from_control, (void **)(q->waiting + q->nb_waiting), room, NULL
	);
	if (n + q->nb_waiting == 0)
		return 0;
	for (unsigned i = 0; i < n; i++)
		q->waiting_since[q->nb_waiting + i] = rte_rdtsc();
	q->nb_waiting = (uint16_t
	)offer_control(d, q, queue, q->waiting, q->waiting_since, q->nb_waiting + n);
	return 0;
}

/* The member that refused may have left: the rest, at the end of @pkts, goes by the plan of now. */
static __attribute__((noinline)) uint16_t
send_rest(struct bond_direct *d, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint16_t sent)
{
	const struct bond_plan *plan = atomic_load_explicit(&d->plan, memory_order_acquire);

	d->txq[queue].plan_changed = false;
	sent = (uint16_t)(sent + send_by(d, plan, queue, pkts + sent, (uint16_t)(n - sent)));
	d->txq[queue].plan_changed = false;
	return sent;
}

static uint16_t
tx_direct(const struct fwd_io *io, uint16_t queue, struct rte_mbuf **pkts, uint16_t n)
{
	struct bond_direct *d = io->ctx;
	struct bond_txq *q = &d->txq[queue];
	const struct bond_plan *plan = atomic_load_explicit(&d->plan, memory_order_acquire);
	uint16_t sent;

	/* A member that was full when control wanted to send: ahead of data now. */
	if (unlikely(q->nb_waiting != 0))
		(void)drain_control(io, queue);
	if (plan->inspect_tx)
		inspect_sent(d, queue, pkts, n);
	sent = send_by(d, plan, queue, pkts, n);
	if (unlikely(q->plan_changed))
		return send_rest(d, queue, pkts, n, sent);
	return sent;
}

/* Functions of control. */

static struct rte_ring *
ring_new(
	const struct bond_direct *d,
	const char *name,
	const char *what,
	uint16_t queue,
	unsigned frames
)
{
	char text[RTE_RING_NAMESIZE];

	snprintf(text, sizeof(text), "%.10s%u_%s%u", name, d->port_id, what, queue);
	return rte_ring_create(text, frames, (int)rte_socket_id(), RING_F_SP_ENQ | RING_F_SC_DEQ);
}

static int
make_rings(struct bond_direct *d, const char *name)
{
	d->from_control = ring_new(d, name, "ctl", 0, RING_FRAMES);
	if (d->from_control == NULL)
		return -ENOMEM;
	for (uint16_t q = 0; q < d->nb_rxq; q++)
		if ((d->rx_to_control[q] = ring_new(d, name, "rx", q, RING_FRAMES)) == NULL)
			return -ENOMEM;
	for (uint16_t q = 0; q < d->nb_rxq; q++)
		if ((d->slow_to_control[q] = ring_new(d, name, "slow", q, SLOW_FRAMES)) == NULL)
			return -ENOMEM;
	for (uint16_t q = 0; q < d->nb_txq; q++)
		if ((d->tx_to_control[q] = ring_new(d, name, "tx", q, RING_FRAMES)) == NULL)
			return -ENOMEM;
	return 0;
}

static int
make_queues(struct bond_direct *d)
{
	d->rxq = rte_zmalloc(NULL, d->nb_rxq * sizeof(*d->rxq), RTE_CACHE_LINE_SIZE);
	d->txq = rte_zmalloc(NULL, d->nb_txq * sizeof(*d->txq), RTE_CACHE_LINE_SIZE);
	if (d->rxq == NULL || d->txq == NULL)
		return -ENOMEM;
	/* Any state but 0 will do for xorshift. */
	for (uint16_t q = 0; q < d->nb_txq; q++)
		d->txq[q].random = rte_rdtsc() + q + 1;
	return 0;
}

int
direct_new(
	struct bond_direct **ret,
	const char *name,
	uint16_t port_id,
	uint16_t nb_rxq,
	uint16_t nb_txq,
	const struct direct_grace *grace,
	struct reason *why
)
{
	struct direct_control *c = rte_zmalloc(NULL, sizeof(*c), RTE_CACHE_LINE_SIZE);
	char pool[RTE_MEMPOOL_NAMESIZE];
	struct bond_plan *plan = direct_plan_new();
	int rc;

	if (c == NULL || plan == NULL) {
		free(plan);
		rte_free(c);
		return reason_set(why, -ENOMEM, "no memory for the bond's plan");
	}
	c->grace = *grace;
	c->retired_end = &c->retired;
	c->d.port_id = port_id;
	c->d.nb_rxq = nb_rxq;
	c->d.nb_txq = nb_txq;
	c->d.control_age_cycles = rte_get_tsc_hz() / 1000 * CONTROL_AGE_MS;
	atomic_store_explicit(&c->d.plan, plan, memory_order_release);
	snprintf(pool, sizeof(pool), "%.12s%u_ctl", name, port_id);
	/* One that could not be freed the last time serves again. */
	c->d.pool = rte_mempool_lookup(pool);
	if (c->d.pool == NULL)
		c->d.pool = rte_pktmbuf_pool_create(
			pool, POOL_FRAMES, 64, 0, RTE_PKTMBUF_HEADROOM + 512, (int)rte_socket_id()
		);
	rc = c->d.pool == NULL ? -ENOMEM : make_rings(&c->d, name);
	if (rc == 0)
		rc = make_queues(&c->d);
	if (rc != 0) {
		direct_free(&c->d);
		return reason_set(why, rc, "no memory for the bond's queues");
	}
	*ret = &c->d;
	return 0;
}

static struct rte_ring *
ring_free(struct rte_ring *ring)
{
	void *m;

	if (ring == NULL)
		return NULL;
	while (rte_ring_sc_dequeue(ring, &m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(ring);
	return NULL;
}

/* What nobody has room for now is lost: the member may be about to leave. */
static void
drop_waiting(struct bond_txq *q)
{
	plan_count(&q->control_lost, q->nb_waiting);
	rte_pktmbuf_free_bulk(q->waiting, q->nb_waiting);
	q->nb_waiting = 0;
}

static void
free_rings(struct bond_direct *d)
{
	d->from_control = ring_free(d->from_control);
	for (uint16_t q = 0; q < d->nb_rxq; q++) {
		d->rx_to_control[q] = ring_free(d->rx_to_control[q]);
		d->slow_to_control[q] = ring_free(d->slow_to_control[q]);
	}
	if (d->txq != NULL)
		drop_waiting(&d->txq[0]);
	for (uint16_t q = 0; q < d->nb_txq; q++)
		d->tx_to_control[q] = ring_free(d->tx_to_control[q]);
}

unsigned
direct_missing(struct bond_direct *d)
{
	free_rings(d);
	return rte_mempool_in_use_count(d->pool);
}

struct bond_direct *
direct_free(struct bond_direct *d)
{
	struct direct_control *c;

	if (d == NULL)
		return NULL;
	c = control_of(d);
	free_rings(d);
	while (c->retired != NULL) {
		struct bond_plan *plan = c->retired;

		c->retired = plan->next_retired;
		free(plan);
	}
	free(atomic_load_explicit(&d->plan, memory_order_relaxed));
	/* A net_ring port hands buffers themselves to its other end, which may not have read them.
	 */
	if (d->pool != NULL && rte_mempool_in_use_count(d->pool) == 0)
		rte_mempool_free(d->pool);
	rte_free(d->rxq);
	rte_free(d->txq);
	rte_free(c);
	return NULL;
}

void
direct_io(const struct bond_direct *d, struct fwd_io *ret)
{
	ret->rx = rx_direct;
	ret->tx = tx_direct;
	ret->rx_housekeep = NULL;
	ret->tx_housekeep = drain_control;
	/* Workers keep state and counters there. */
	ret->ctx = (void *)(uintptr_t)d;
}

struct bond_plan *
direct_plan_new(void)
{
	struct bond_plan *plan = calloc(1, sizeof(*plan));

	if (plan == NULL)
		return NULL;
	plan->xmit = xmit_active;
	plan->recv = recv_members;
	plan->active = PLAN_NO_PORT;
	plan->hash = xmit_hash_get(BOND_POLICY_L2);
	for (unsigned q = 0; q < PLAN_MAX_QUEUES; q++)
		plan->queue_port[q] = PLAN_NO_PORT;
	return plan;
}

void
direct_publish(struct bond_direct *d, struct bond_plan *plan)
{
	struct direct_control *c = control_of(d);
	struct bond_plan *old = atomic_load_explicit(&d->plan, memory_order_relaxed);

	atomic_store_explicit(&d->plan, plan, memory_order_release);
	old->next_retired = NULL;
	old->retired_token = c->grace.start != NULL ? c->grace.start(c->grace.ctx) : 0;
	*c->retired_end = old;
	c->retired_end = &old->next_retired;
	direct_collect(d);
}

const struct bond_plan *
direct_plan(const struct bond_direct *d)
{
	return atomic_load_explicit(&d->plan, memory_order_relaxed);
}

void
direct_collect(struct bond_direct *d)
{
	struct direct_control *c = control_of(d);

	while (c->retired != NULL) {
		struct bond_plan *plan = c->retired;

		if (c->grace.over != NULL && !c->grace.over(c->grace.ctx, plan->retired_token))
			return;
		c->retired = plan->next_retired;
		if (c->retired == NULL)
			c->retired_end = &c->retired;
		free(plan);
	}
}

bool
direct_settled(struct bond_direct *d)
{
	direct_collect(d);
	return control_of(d)->retired == NULL;
}

int
direct_send_mbuf(struct bond_direct *d, uint16_t port_id, struct rte_mbuf *m)
{
	m->port = port_id;
	if (rte_ring_sp_enqueue(d->from_control, m) == 0)
		return 0;
	rte_pktmbuf_free(m);
	return -ENOBUFS;
}

int
direct_send(struct bond_direct *d, uint16_t port_id, const void *bytes, size_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(d->pool);
	char *data = m != NULL ? rte_pktmbuf_append(m, (uint16_t)len) : NULL;

	if (data == NULL) {
		rte_pktmbuf_free(m);
		return -ENOBUFS;
	}
	memcpy(data, bytes, len);
	return direct_send_mbuf(d, port_id, m);
}

struct rte_mbuf *
direct_next_shown(struct bond_direct *d)
{
	void *m;

	for (uint16_t q = 0; q < d->nb_rxq; q++)
		if (rte_ring_sc_dequeue(d->rx_to_control[q], &m) == 0)
			return m;
	for (uint16_t q = 0; q < d->nb_txq; q++)
		if (rte_ring_sc_dequeue(d->tx_to_control[q], &m) == 0)
			return m;
	return NULL;
}

struct rte_mbuf *
direct_next_slow(struct bond_direct *d)
{
	void *m;

	for (uint16_t q = 0; q < d->nb_rxq; q++)
		if (rte_ring_sc_dequeue(d->slow_to_control[q], &m) == 0) {
			plan_count(&d->rxq[q].slow_taken[((struct rte_mbuf *)m)->port], 1);
			return m;
		}
	return NULL;
}

void
direct_flush(struct bond_direct *d)
{
	const struct fwd_io io = {.ctx = d};

	do {
		(void)drain_control(&io, 0);
		drop_waiting(&d->txq[0]);
	} while (rte_ring_count(d->from_control) != 0);
}

static uint64_t
read_counter(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

void
direct_member_counters(const struct bond_direct *d, uint16_t port_id, struct direct_counters *ret)
{
	struct direct_counters sum = {0, 0, 0, 0, 0};

	for (uint16_t q = 0; q < d->nb_txq; q++) {
		sum.tx_packets += read_counter(&d->txq[q].member[port_id].packets);
		sum.tx_full += read_counter(&d->txq[q].member[port_id].full);
	}
	for (uint16_t q = 0; q < d->nb_rxq; q++) {
		sum.rx_packets += read_counter(&d->rxq[q].packets[port_id]);
		sum.rx_inactive += read_counter(&d->rxq[q].inactive[port_id]);
		sum.rx_slow_lost += read_counter(&d->rxq[q].slow_lost[port_id]);
	}
	*ret = sum;
}

void
direct_totals(const struct bond_direct *d, struct direct_totals *ret)
{
	struct direct_totals sum = {0, 0, 0, 0, 0};

	for (uint16_t q = 0; q < d->nb_txq; q++) {
		sum.no_member += read_counter(&d->txq[q].no_member);
		sum.no_mbuf += read_counter(&d->txq[q].no_mbuf);
		sum.not_shown += read_counter(&d->txq[q].not_shown);
		sum.control_sent += read_counter(&d->txq[q].control_sent);
		sum.control_lost += read_counter(&d->txq[q].control_lost);
	}
	for (uint16_t q = 0; q < d->nb_rxq; q++)
		sum.not_shown += read_counter(&d->rxq[q].not_shown);
	*ret = sum;
}

void
direct_bucket_bytes(const struct bond_direct *d, uint64_t ret[TLB_BUCKETS])
{
	for (unsigned b = 0; b < TLB_BUCKETS; b++) {
		uint64_t sum = 0;

		for (uint16_t q = 0; q < d->nb_txq; q++)
			sum += read_counter(&d->txq[q].bucket_bytes[b]);
		ret[b] = sum;
	}
}
