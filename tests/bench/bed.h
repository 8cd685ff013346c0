/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the microbenchmark measures on: null ports, a bond of the PMD over some of them, the plan
 * that control would publish for such a bond, and pools full of frames. One thread is control and
 * worker.
 */
#pragma once

#include "fwd_io.h"
#include "option.h"

#include <stdbool.h>
#include <stdint.h>

struct bed;

enum {
	BED_MAX_MEMBERS = 8,
	BED_MAX_BURST = 64,
	BED_MAX_FLOWS = 4096,
	/* So few that their headers stay in the first level cache. */
	BED_HOT_FRAMES = 127,
	BED_MAX_FRAMES = 65535,
};

/*
 * Who moves the frames. BED_FLOOR receives from the members that deliver, one after the other, and
 * sends by a bare port as the members of the mode must: each burst in the parts that the members
 * get of it, or in mode 3 the whole of it as often. What a bond costs beyond that is its own.
 */
enum bed_path { BED_BARE, BED_FLOOR, BED_PMD, BED_DIRECT, BED_PATH_COUNT };
extern const char *const bed_path_names[BED_PATH_COUNT];

/* What is measured of it; io is one after the other, as the engine does. */
enum bed_way { BED_RX, BED_TX, BED_IO, BED_WAY_COUNT };
extern const char *const bed_way_names[BED_WAY_COUNT];

/* Options that have functions of their own, beside the defaults. */
enum bed_variant {
	BED_DEFAULT,
	BED_QUIET,              /* num_peer_notif=0 resend_igmp=0: nobody's frames are looked at */
	BED_PACKETS_PER_SLAVE,  /* packets_per_slave=8 */
	BED_RANDOM,             /* packets_per_slave=0 */
	BED_STATIC,             /* tlb_dynamic_lb=0 */
	BED_BROADCAST_NEIGHBOR, /* broadcast_neighbor=on */
	BED_ARP_MONITOR,        /* arp_interval=100 */
	BED_VARIANT_COUNT
};
extern const char *const bed_variant_names[BED_VARIANT_COUNT];

struct bed_case {
	enum bond_mode mode;
	enum bond_policy policy;
	uint16_t nb_members; /* 1..BED_MAX_MEMBERS */
	uint16_t burst;      /* 1..BED_MAX_BURST */
	uint16_t flows;      /* 1..BED_MAX_FLOWS */
	enum bed_variant variant;
};

/*
 * Start EAL and its ports; ends the program with a message when that fails, as all of these do.
 * @frames: in each pool, BED_HOT_FRAMES..BED_MAX_FRAMES. @prefetch: the direct path asks for the
 * headers that it sends, as the io engine does for those that a device wrote.
 */
struct bed *bed_new(unsigned frames, bool prefetch);
void bed_free(struct bed *bed);

/* Build what @c needs; the bond stays while mode and members do. */
void bed_prepare(struct bed *bed, const struct bed_case *c);

/*
 * Move @bursts bursts in one way by one path. Frames to be sent come from a pool, frames received
 * go back to it, for all paths alike. Callgrind counts what happens inside.
 */
void bed_run(struct bed *bed, enum bed_path path, enum bed_way way, unsigned bursts);
