/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An engine with the ARP monitor, its targets and the frames that it is shown. For the tests of
 * lib/bond/engine_arp.c.
 */
#pragma once

#include "engine_bench.h"

enum { INTERVAL_MS = 1000 };

static const uint32_t target_ip[] = {0x0a000001, 0x0a000002, 0x0a000003};
enum { OUR_IP = 0x0a0000fe, STRANGER = 0x0a000063 };

static inline struct bond_settings
arp_settings(enum bond_mode mode)
{
	struct bond_settings s = settings(mode);

	s.miimon_ms = 0;
	s.arp_interval_ms = INTERVAL_MS;
	s.nb_arp_targets = 1;
	for (int i = 0; i < 3; i++)
		s.arp_targets[i] = rte_cpu_to_be_32(target_ip[i]);
	return s;
}

static inline bool
is_ours(void *ctx, rte_be32_t ip)
{
	(void)ctx;
	return ip == rte_cpu_to_be_32(OUR_IP);
}

static inline void
receive(struct bench *b, int index, bool is_reply, uint32_t sender, uint32_t target)
{
	const struct engine_arp arp = {
		.is_reply = is_reply,
		.is_broadcast_or_ours = true,
		.sender_ip = rte_cpu_to_be_32(sender),
		.target_ip = rte_cpu_to_be_32(target),
	};

	engine_arp_rx(&b->e, index, &arp, is_ours, NULL, b->now_ns);
}

/* Some frame comes in on a member @ms after the start and @ns more (or less). */
static inline void
rx_at(struct bench *b, int index, uint64_t ms, int64_t ns)
{
	run_to_ns(b, ms * NSEC_PER_MSEC + (uint64_t)ns);
	engine_note_rx(&b->e, index, b->now_ns);
}

static inline void
rx_from_all(struct bench *b, uint64_t ms)
{
	run_to(b, ms);
	for (int i = 0; i < b->e.nb_members; i++)
		engine_note_rx(&b->e, i, b->now_ns);
}

/* Windows are in intervals and a half more, both ends included. */
static const int64_t edge[] = {-1, 0, 1};
