/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The worker's side of a direct bond without a bond: three net_ring ports that stand for members, a
 * struct bond_direct, and frames. For tests that publish plans of their own; one thread is control
 * and worker.
 */
#pragma once

#include "direct.h"
#include "flow.h"
#include "frames.h"
#include "reason.h"
#include "recv.h"
#include "xmit.h"

#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_udp.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

/* A test may want more. */
#ifndef BENCH_MEMBERS
#define BENCH_MEMBERS 3
#endif

enum {
	MEMBERS = BENCH_MEMBERS,
	RING = 64 /* holds one less */,
	POOL = 2047,
	BURST = 32,
	BOND_PORT = 31
};

static struct rte_mempool *pool;
static struct rte_ring *out[MEMBERS], *in[MEMBERS];
static uint16_t port[MEMBERS];
static struct bond_direct *d;
static struct fwd_io io;

static const struct rte_ether_addr bond_mac = {{0x02, 0, 0, 0, 0, 0xb0}};
static const struct rte_ether_addr peer_mac = {{0x02, 0, 0, 0, 0, 0x99}};

static inline struct rte_ether_addr
member_mac(unsigned i)
{
	return (struct rte_ether_addr){{0x02, 0, 0, 0, 1, (uint8_t)i}};
}

static inline int
setup(void **state)
{
	const struct direct_grace grace = {.ctx = NULL};
	struct reason why;

	(void)state;
	if (direct_new(&d, "bond0", BOND_PORT, 1, 1, &grace, &why) != 0)
		fail_msg("%s", why.text);
	memset(&io, 0, sizeof(io));
	io.port_id = BOND_PORT;
	direct_io(d, &io);
	return 0;
}

static inline void
drain(struct rte_ring *ring)
{
	void *m;

	while (rte_ring_dequeue(ring, &m) == 0)
		rte_pktmbuf_free(m);
}

static inline int
teardown(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MEMBERS; i++) {
		drain(out[i]);
		drain(in[i]);
	}
	d = direct_free(d);
	assert_int_equal(rte_mempool_avail_count(pool), POOL);
	return 0;
}

/* All members usable, the first one active. */
static inline struct bond_plan *
plan_of(plan_xmit_fn xmit)
{
	struct bond_plan *plan = direct_plan_new();

	assert_non_null(plan);
	plan->xmit = xmit;
	plan->xmit_other = xmit_hash_by(BOND_POLICY_L34, MEMBERS);
	plan->recv = recv_members;
	plan->packets_per_member = 1;
	plan->hash = xmit_hash_get(BOND_POLICY_L34);
	plan->bond_mac = bond_mac;
	for (unsigned i = 0; i < MEMBERS; i++) {
		plan->usable[i] = port[i];
		plan->member_mac[port[i]] = i == 0 ? bond_mac : member_mac(i);
	}
	plan->nb_usable = MEMBERS;
	plan->usable_magic = xmit_hash_magic(MEMBERS);
	plan->active = port[0];
	for (unsigned b = 0; b < TLB_BUCKETS; b++)
		plan->bucket[b] = (uint8_t)(b % MEMBERS);
	return plan;
}

/* A UDP frame of flow @flow; @id in its payload. */
static inline struct rte_mbuf *
udp(uint16_t flow, uint32_t id)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	struct rte_ether_hdr *eth;
	struct rte_ipv4_hdr *ip;
	struct rte_udp_hdr *u;

	assert_non_null(m);
	assert_non_null(rte_pktmbuf_append(m, 60));
	eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	memset(eth, 0, 60);
	eth->dst_addr = peer_mac;
	eth->src_addr = bond_mac;
	eth->ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4);
	ip = (struct rte_ipv4_hdr *)(eth + 1);
	ip->version_ihl = 0x45;
	ip->next_proto_id = IPPROTO_UDP;
	ip->total_length = RTE_BE16(46);
	ip->src_addr = RTE_BE32(0x0a000001);
	ip->dst_addr = rte_cpu_to_be_32(0x0a000100u + flow);
	u = (struct rte_udp_hdr *)(ip + 1);
	u->src_port = RTE_BE16(1000);
	u->dst_port = RTE_BE16(9);
	memcpy(u + 1, &id, sizeof(id));
	return m;
}

static inline uint32_t
id_of(const struct rte_mbuf *m)
{
	uint32_t id;

	memcpy(&id, rte_pktmbuf_mtod_offset(m, const uint8_t *, 42), sizeof(id));
	return id;
}

/* Send @n frames; those that are not taken are freed, as the engines do. Returns how many went. */
static inline uint16_t
send_all(struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t sent = io.tx(&io, 0, pkts, n);

	rte_pktmbuf_free_bulk(pkts + sent, n - sent);
	return sent;
}

/* The member's ring takes no more. */
static inline void
fill(unsigned member)
{
	while (rte_ring_count(out[member]) < RING - 1)
		assert_int_equal(rte_ring_enqueue(out[member], udp(9, 0)), 0);
}

static inline unsigned
count(unsigned member)
{
	return rte_ring_count(out[member]);
}

static inline struct direct_counters
counters(unsigned member)
{
	struct direct_counters c;

	direct_member_counters(d, port[member], &c);
	return c;
}

static inline int
start(void)
{
	const char *args[] = {
		"test_xmit",
		"--no-huge",
		"--no-shconf",
		"--no-pci",
		"--no-telemetry",
		"--log-level=error",
		"-m",
		"64",
		"-l",
		"0",
	};

	if (rte_eal_init((int)RTE_DIM(args), (char **)(uintptr_t)args) < 0)
		return -1;
	pool = rte_pktmbuf_pool_create("test", POOL, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, -1);
	for (unsigned i = 0; pool != NULL && i < MEMBERS; i++) {
		struct rte_eth_conf conf = {0};
		char name[16];
		int id;

		snprintf(name, sizeof(name), "in%u", i);
		in[i] = rte_ring_create(name, RING, -1, 0);
		snprintf(name, sizeof(name), "out%u", i);
		out[i] = rte_ring_create(name, RING, -1, 0);
		snprintf(name, sizeof(name), "m%u", i);
		id = rte_eth_from_rings(name, &in[i], 1, &out[i], 1, 0);
		if (id < 0 || rte_eth_dev_configure((uint16_t)id, 1, 1, &conf) != 0 ||
		    rte_eth_rx_queue_setup((uint16_t)id, 0, RING, 0, NULL, pool) != 0 ||
		    rte_eth_tx_queue_setup((uint16_t)id, 0, RING, 0, NULL) != 0 ||
		    rte_eth_dev_start((uint16_t)id) != 0)
			return -1;
		port[i] = (uint16_t)id;
	}
	return pool == NULL ? -1 : 0;
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
