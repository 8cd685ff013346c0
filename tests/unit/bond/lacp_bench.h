/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * LACP on a frozen clock: ports of one system whose machines are stepped by hand, and a record of
 * what they sent and told. For the tests of lib/bond/lacp; the simulated cables are in lacp_net.h.
 */
#pragma once

#include "lacp_priv.h"
#include "units.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

#define LACP_BENCH_START_NS (1000 * NSEC_PER_SEC)

enum { LACP_BENCH_FRAMES = 512, SPEED_MBPS = 10000, ALL_BITS = 0xff, BENCH_MAX_PORTS = 6 };

static const struct rte_ether_addr bench_system = {{0x02, 0, 0, 0, 0, 0xaa}};
static const struct rte_ether_addr bench_partner = {{0x02, 0, 0, 0, 0, 0xbb}};
static const struct rte_ether_addr bench_source = {{0x02, 0, 0, 0, 0, 0x01}};

struct lacp_bench {
	struct lacp *l;
	struct lacp_settings s;
	uint64_t now_ns;

	int nb_sent;
	struct {
		uint16_t port_id;
		uint8_t frame[LACP_FRAME_BYTES];
	} sent[LACP_BENCH_FRAMES];

	int nb_changes;
	struct lacp_change change; /* the last one */

	int nb_troubles;
	uint16_t trouble_port;
	enum lacp_trouble trouble; /* the last one */
};

static inline void
bench_send(void *ctx, uint16_t port_id, const uint8_t frame[static LACP_FRAME_BYTES])
{
	struct lacp_bench *b = ctx;

	assert_in_range(b->nb_sent, 0, LACP_BENCH_FRAMES - 1);
	b->sent[b->nb_sent].port_id = port_id;
	memcpy(b->sent[b->nb_sent++].frame, frame, LACP_FRAME_BYTES);
}

static inline void
bench_changed(void *ctx, const struct lacp_change *c)
{
	struct lacp_bench *b = ctx;

	assert_non_null(c->machine);
	assert_non_null(c->cause);
	assert_string_not_equal(c->from, c->to);
	b->nb_changes++;
	b->change = *c;
}

static inline void
bench_trouble(void *ctx, uint16_t port_id, enum lacp_trouble trouble)
{
	struct lacp_bench *b = ctx;

	b->nb_troubles++;
	b->trouble_port = port_id;
	b->trouble = trouble;
}

static inline struct lacp_settings
bench_settings(void)
{
	return (struct lacp_settings){
		.active = true,
		.fast = true,
		.coupled_control = true,
		.system_priority = 65535,
		.system = bench_system,
	};
}

static inline void
bench_begin(struct lacp_bench *b, const struct lacp_settings *s)
{
	struct lacp_ops ops = {bench_send, bench_changed, bench_trouble, b};

	memset(b, 0, sizeof(*b));
	b->s = *s;
	b->now_ns = LACP_BENCH_START_NS;
	assert_int_equal(lacp_new(&b->l, s, &ops), 0);
}

static inline void
bench_end(struct lacp_bench *b)
{
	b->l = lacp_free(b->l);
}

/* Ports 0 to @n - 1, down. */
static inline void
bench_add(struct lacp_bench *b, int n)
{
	for (int i = 0; i < n; i++)
		lacp_port_add(
			b->l, (uint16_t)b->l->nb_ports, &bench_source, LACP_PORT_PRIORITY, b->now_ns
		);
}

/* One turn of the caller, without and with sending. */
static inline void
bench_run(struct lacp_bench *b)
{
	lacp_run(b->l, b->now_ns);
	assert_in_range(b->l->turns, 0, LACP_TURNS_MAX - 1);
}

static inline void
bench_turn(struct lacp_bench *b)
{
	bench_run(b);
	lacp_send(b->l, b->now_ns);
}

static inline void
bench_link(struct lacp_bench *b, uint16_t port_id, bool up)
{
	lacp_port_link(b->l, port_id, up, SPEED_MBPS, true, b->now_ns);
}

/* All timers on the way have their turn. */
static inline void
bench_pass(struct lacp_bench *b, uint64_t ns)
{
	uint64_t until_ns = b->now_ns + ns, next_ns;

	for (;;) {
		bench_turn(b);
		next_ns = lacp_next_ns(b->l, b->now_ns);
		assert_true(next_ns > b->now_ns);
		if (next_ns > until_ns)
			break;
		b->now_ns = next_ns;
	}
	b->now_ns = until_ns;
	bench_turn(b);
}

static inline struct lacp_port *
bench_port(struct lacp_bench *b, uint16_t port_id)
{
	for (int i = 0; i < b->l->nb_ports; i++)
		if (b->l->ports[i].port_id == port_id)
			return &b->l->ports[i];
	fail_msg("no port %u", port_id);
	return NULL;
}

/* What a partner in sync that knows port @p as it is would say. */
static inline struct lacp_pdu
bench_pdu(const struct lacp_port *p)
{
	return (struct lacp_pdu){
		.actor =
			{
				.system_priority = 32768,
				.system = bench_partner,
				.key = 77,
				.port_priority = 128,
				.port_number = (uint16_t)(100 + p->actor.port_number),
				.state = LACP_STATE_ACTIVITY | LACP_STATE_TIMEOUT |
	                                 LACP_STATE_AGGREGATION | LACP_STATE_SYNC |
	                                 LACP_STATE_COLLECTING | LACP_STATE_DISTRIBUTING,
			},
		.partner = p->actor,
	};
}

static inline void
bench_receive(struct lacp_bench *b, uint16_t port_id, const struct lacp_pdu *pdu)
{
	uint8_t frame[LACP_FRAME_BYTES];

	lacp_pdu_write(frame, &bench_source, pdu);
	lacp_receive(b->l, port_id, frame, sizeof(frame), b->now_ns);
}

/* The partner of port @port_id says that it is in sync, knowing the port as it is now. */
static inline void
bench_answer(struct lacp_bench *b, uint16_t port_id)
{
	struct lacp_pdu pdu = bench_pdu(bench_port(b, port_id));

	bench_receive(b, port_id, &pdu);
}

static inline struct lacp_pdu
bench_sent_pdu(const struct lacp_bench *b, int index)
{
	struct lacp_pdu pdu;

	assert_in_range(index, 0, b->nb_sent - 1);
	assert_int_equal(lacp_kind(b->sent[index].frame, LACP_FRAME_BYTES), LACP_KIND_LACPDU);
	assert_int_equal(lacp_pdu_read(&pdu, b->sent[index].frame, LACP_FRAME_BYTES), 0);
	return pdu;
}

/* The fields of an LACPDU's side that name a port and say whether it aggregates, one by one. */
enum { NB_SIDE_FIELDS = 6 };
static const char *const side_fields[NB_SIDE_FIELDS] = {
	"system priority", "system", "key", "port priority", "port number", "aggregation"};

static inline void
change_side(struct lacp_side *side, int field)
{
	switch (field) {
	case 0:
		side->system_priority ^= 0x0100;
		break;
	case 1:
		side->system.addr_bytes[5] ^= 1;
		break;
	case 2:
		side->key ^= 1;
		break;
	case 3:
		side->port_priority ^= 0x8000;
		break;
	case 4:
		side->port_number ^= 2;
		break;
	default:
		side->state ^= LACP_STATE_AGGREGATION;
	}
}

static inline bool
same_side(const struct lacp_side *a, const struct lacp_side *b)
{
	return a->system_priority == b->system_priority &&
	       rte_is_same_ether_addr(&a->system, &b->system) && a->key == b->key &&
	       a->port_priority == b->port_priority && a->port_number == b->port_number &&
	       a->state == b->state;
}

/* Everything that a machine may change of a port, field by field. @what says which case it was. */
static inline void
assert_same_port(const char *what, const struct lacp_port *is, const struct lacp_port *wanted)
{
#define SAME(field)                                               \
	do {                                                      \
		if (is->field != wanted->field)                   \
			fail_msg(                                 \
				"%s: %s is %llu instead of %llu", \
				what,                             \
				#field,                           \
				(unsigned long long)is->field,    \
				(unsigned long long)wanted->field \
			);                                        \
	} while (0)
	SAME(begin);
	SAME(enabled);
	SAME(lacp_enabled);
	SAME(actor.state);
	SAME(partner.system_priority);
	SAME(partner.key);
	SAME(partner.port_priority);
	SAME(partner.port_number);
	SAME(partner.state);
	SAME(selected);
	SAME(ntt);
	SAME(port_moved);
	SAME(rx);
	SAME(current_while_ns);
	SAME(periodic);
	SAME(periodic_timer_ns);
	SAME(mux);
	SAME(wait_while_ns);
	SAME(actor_churn.state);
	SAME(actor_churn.timer_ns);
	SAME(actor_churn.churned);
	SAME(partner_churn.state);
	SAME(partner_churn.timer_ns);
	SAME(partner_churn.churned);
	SAME(counters.expired);
	SAME(counters.defaulted);
	SAME(aggregator_id);
#undef SAME
	if (!same_side(&is->actor, &wanted->actor))
		fail_msg("%s: the actor is another", what);
	if (!rte_is_same_ether_addr(&is->partner.system, &wanted->partner.system))
		fail_msg("%s: the partner's system is another", what);
}

static inline void
bench_begin_ports(struct lacp_bench *b, const struct lacp_settings *s, int nb_ports)
{
	bench_begin(b, s);
	bench_add(b, nb_ports);
	bench_turn(b);
}

static inline void
bench_up(struct lacp_bench *b, uint16_t port_id, uint32_t speed_mbps)
{
	lacp_port_link(b->l, port_id, true, speed_mbps, true, b->now_ns);
	bench_turn(b);
}

/* Partner @system, with a key of its own, answers a port that it knows. */
static inline void
bench_answer_of(struct lacp_bench *b, uint16_t port_id, uint8_t system, uint16_t key)
{
	struct lacp_pdu pdu = bench_pdu(bench_port(b, port_id));

	pdu.actor.system.addr_bytes[5] = system;
	pdu.actor.key = key;
	bench_receive(b, port_id, &pdu);
	bench_turn(b);
}

static inline unsigned
bench_aggregator(struct lacp_bench *b, uint16_t port_id)
{
	struct lacp_port_view v;

	assert_true(lacp_port_view(b->l, port_id, &v));
	assert_int_not_equal(v.aggregator_id, 0);
	return v.aggregator_id;
}

/* Of all ports: the letter of its aggregator in order of first use, in capitals if it is active. */
#define assert_groups(b, wanted)                                                               \
	do {                                                                                   \
		unsigned ids_[BENCH_MAX_PORTS + 1] = {0}, n_ = 0, j_;                          \
		char groups_[BENCH_MAX_PORTS + 1] = "";                                        \
		for (int i_ = 0; i_ < (b)->l->nb_ports; i_++) {                                \
			struct lacp_port_view v_;                                              \
			assert_true(lacp_port_view((b)->l, (b)->l->ports[i_].port_id, &v_));   \
			for (j_ = 0; j_ < n_ && ids_[j_] != v_.aggregator_id; j_++)            \
				;                                                              \
			if (j_ == n_)                                                          \
				ids_[n_++] = v_.aggregator_id;                                 \
			groups_[i_] = (char)((v_.in_active_aggregator ? 'A' : 'a') + (int)j_); \
		}                                                                              \
		assert_string_equal(groups_, wanted);                                          \
	} while (0)

/* Of all ports: '+' if it distributes. */
#define assert_distributing(b, wanted)                                                           \
	do {                                                                                     \
		char ports_[BENCH_MAX_PORTS + 1] = "";                                           \
		for (int i_ = 0; i_ < (b)->l->nb_ports; i_++)                                    \
			ports_[i_] =                                                             \
				lacp_distributes((b)->l, (b)->l->ports[i_].port_id) ? '+' : '-'; \
		assert_string_equal(ports_, wanted);                                             \
	} while (0)
