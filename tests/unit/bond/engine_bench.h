/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An engine on a frozen clock that starts at 0 ms, with a record of what it asked for and when. For
 * the tests of lib/bond/engine.h.
 */
#pragma once

#include "engine.h"
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

enum { MAX_RECORDS = 1024, FIRST_PORT = 10, SPEED_MBPS = 10000 };

#define BENCH_START_NS (1000 * NSEC_PER_SEC)

struct record {
	int n;
	long ms[MAX_RECORDS];
	int index[MAX_RECORDS]; /* of the member; -1: of none */
};

struct bench {
	struct bond_settings s;
	struct engine e;
	uint64_t now_ns;
	uint32_t changed; /* all bits so far */
	struct record notified, igmp, probed;
};

static inline long
bench_ms(const struct bench *b)
{
	return (long)((b->now_ns - BENCH_START_NS) / NSEC_PER_MSEC);
}

static inline void
record(struct record *r, long ms, int index)
{
	assert_in_range(r->n, 0, MAX_RECORDS - 1);
	r->ms[r->n] = ms;
	r->index[r->n++] = index;
}

static inline void
bench_probe(void *ctx, int index)
{
	struct bench *b = ctx;

	record(&b->probed, bench_ms(b), index);
}

/* What the caller of the engine does after each call. */
static inline void
react(struct bench *b)
{
	if ((b->e.changed & ENGINE_NOTIFY_PEERS) != 0)
		record(&b->notified, bench_ms(b), b->e.active);
	if ((b->e.changed & ENGINE_RESEND_IGMP) != 0)
		record(&b->igmp, bench_ms(b), b->e.active);
	b->changed |= b->e.changed;
	b->e.changed = 0;
}

static inline struct bond_settings
settings(enum bond_mode mode)
{
	return (struct bond_settings){
		.mode = mode,
		.up = true,
		.miimon_ms = 100,
		.use_carrier = true,
		.arp_missed_max = 2,
		.resend_igmp = 1,
		.num_peer_notif = 1,
	};
}

static inline struct engine_phy
good_phy(void)
{
	return (struct engine_phy){
		.present = true,
		.carrier = true,
		.speed_mbps = SPEED_MBPS,
		.full_duplex = true,
	};
}

/* The bond is up, and the first tick of its monitor due. */
static inline void
start(struct bench *b, const struct bond_settings *s)
{
	const struct engine_ops ops = {.probe = bench_probe, .ctx = b};

	*b = (struct bench){.s = *s, .now_ns = BENCH_START_NS};
	engine_init(&b->e, &b->s, &ops);
	engine_up(&b->e, b->now_ns);
}

static inline int
add_phy(struct bench *b, const struct engine_phy *phy)
{
	int port = FIRST_PORT + b->e.nb_members;
	int index = engine_member_add(&b->e, (uint16_t)port, 0, false, phy, b->now_ns);

	react(b);
	return index;
}

static inline void
add(struct bench *b, int n)
{
	const struct engine_phy phy = good_phy();

	for (int i = 0; i < n; i++)
		(void)add_phy(b, &phy);
}

/* To the nanosecond @ns after the start, with all ticks on the way and at it. */
static inline void
run_to_ns(struct bench *b, uint64_t ns)
{
	uint64_t until_ns = BENCH_START_NS + ns, due_ns;

	for (;;) {
		due_ns = engine_tick(&b->e, b->now_ns);
		react(b);
		assert_true(due_ns > b->now_ns);
		if (due_ns > until_ns)
			break;
		b->now_ns = due_ns;
	}
	b->now_ns = until_ns;
}

static inline void
run_to(struct bench *b, uint64_t ms)
{
	run_to_ns(b, ms * NSEC_PER_MSEC);
}

static inline void
report(struct bench *b, int index, const struct engine_phy *phy)
{
	engine_phy_report(&b->e, index, phy, b->now_ns);
	react(b);
}

static inline void
set_carrier(struct bench *b, int index, bool carrier)
{
	struct engine_phy phy = b->e.members[index].phy;

	phy.carrier = carrier;
	report(b, index, &phy);
}

static inline void
set_present(struct bench *b, int index, bool present)
{
	struct engine_phy phy = b->e.members[index].phy;

	phy.present = present;
	report(b, index, &phy);
}

static inline void
set_speed(struct bench *b, int index, uint32_t speed_mbps, bool full_duplex)
{
	struct engine_phy phy = b->e.members[index].phy;

	phy.speed_mbps = speed_mbps;
	phy.full_duplex = full_duplex;
	report(b, index, &phy);
}

static inline void
settings_changed(struct bench *b, uint32_t effects, int primary)
{
	engine_settings_changed(&b->e, effects, primary, b->now_ns);
	react(b);
}

static inline void
set_prio(struct bench *b, int index, int32_t prio)
{
	engine_set_prio(&b->e, index, prio, b->now_ns);
	react(b);
}

static inline int
set_active(struct bench *b, int index)
{
	int rc = engine_set_active(&b->e, index, b->now_ns, NULL);

	react(b);
	return rc;
}

static inline void
remove_member(struct bench *b, int index)
{
	engine_member_remove(&b->e, index, b->now_ns);
	react(b);
}

/* The link states of all members as a word: U, F, D, B. */
#define assert_links(b, wanted)                                       \
	do {                                                          \
		char links_[BOND_MAX_MEMBERS + 1] = "";               \
		for (int i_ = 0; i_ < (b)->e.nb_members; i_++)        \
			links_[i_] = "UFDB"[(b)->e.members[i_].link]; \
		assert_string_equal(links_, wanted);                  \
	} while (0)
