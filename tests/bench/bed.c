/* SPDX-License-Identifier: BSD-3-Clause */
/* See bed.h. */
#include "bed.h"

#include "bond_pmd.h"
#include "direct.h"
#include "frames_of_flows.h"
#include "fwd_stream.h"
#include "plan_choose.h"
#include "reason.h"

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	RING = 512,
	DEADLINE_S = 10,
};

const char *const bed_path_names[BED_PATH_COUNT] = {"bare", "floor", "pmd", "direct"};
const char *const bed_variant_names[BED_VARIANT_COUNT] = {
	"default",
	"quiet",
	"packets_per_slave=8",
	"packets_per_slave=0",
	"tlb_dynamic_lb=0",
	"broadcast_neighbor=on",
	"arp_interval=100"};
const char *const bed_way_names[BED_WAY_COUNT] = {"rx", "tx", "io"};

/* How a pool's frames, in their order, are divided: for each that a burst may begin with. */
struct parts {
	unsigned nb_frames, at;
	uint8_t to[BED_MAX_FRAMES]; /* the member of each */
	uint8_t counts[BED_MAX_FRAMES][BED_MAX_MEMBERS];
};

struct bed {
	uint16_t member[BED_MAX_MEMBERS], bare;
	uint16_t bond;
	char bond_device[RTE_ETH_NAME_MAX_LEN];
	unsigned bonds_made;
	struct bed_case now;             /* nb_members 0: no bond yet */
	struct parts rx_parts, tx_parts; /* of frames of pool rx, and of tx_pool */
	struct rte_mempool *rx, *few, *many;
	struct rte_mempool *tx_pool; /* one of them */
	struct bond_direct *direct;
	struct fwd_io io[BED_PATH_COUNT];
	uint16_t nb_floor_polled, floor_turn;
	bool prefetch;
};

static void
need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench: %s does not work\n", what);
	exit(EXIT_FAILURE);
}

static void
need_done(int rc, const struct reason *why)
{
	if (rc == 0)
		return;
	fprintf(stderr, "bench: %s\n", why->text);
	exit(EXIT_FAILURE);
}

static struct rte_mempool *
pool_new(const char *name, unsigned frames)
{
	struct rte_mempool *pool = frames_pool(name, frames);

	need(pool != NULL, name);
	return pool;
}

static void
port_up(uint16_t id, struct rte_mempool *pool)
{
	const struct rte_eth_conf conf = {.txmode = {.mq_mode = RTE_ETH_MQ_TX_NONE}};

	need(rte_eth_dev_configure(id, 1, 1, &conf) == 0, "configuring a port");
	need(rte_eth_rx_queue_setup(id, 0, RING, SOCKET_ID_ANY, NULL, pool) == 0,
	     "a receive queue");
	need(rte_eth_tx_queue_setup(id, 0, RING, SOCKET_ID_ANY, NULL) == 0, "a transmit queue");
	need(rte_eth_dev_start(id) == 0, "starting a port");
}

struct bed *
bed_new(unsigned frames, bool prefetch)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	char prefix[64], vdev[BED_MAX_MEMBERS + 1][32];
	char *argv[32] = {
		"bench_xmit",
		"--no-huge",
		"-m1024",
		"--no-pci",
		"--no-telemetry",
		"--lcores=0",
		"--log-level=critical"};
	int argc = 7;

	need(bed != NULL, "memory");
	bed->prefetch = prefetch;
	snprintf(prefix, sizeof(prefix), "--file-prefix=bench-%d", (int)getpid());
	argv[argc++] = prefix;
	for (unsigned i = 0; i < RTE_DIM(vdev); i++) {
		snprintf(vdev[i], sizeof(vdev[i]), "--vdev=net_null%u,copy=0", i);
		argv[argc++] = vdev[i];
	}
	need(rte_eal_init(argc, argv) >= 0, "EAL");
	bed->rx = pool_new("rx", frames);
	bed->few = pool_new("few", frames);
	bed->many = pool_new("many", RTE_MAX(frames, (unsigned)BED_MAX_FLOWS));
	for (unsigned i = 0; i < RTE_DIM(vdev); i++) {
		char name[16];
		uint16_t id;

		snprintf(name, sizeof(name), "net_null%u", i);
		need(rte_eth_dev_get_port_by_name(name, &id) == 0, name);
		if (i < BED_MAX_MEMBERS)
			bed->member[i] = id;
		else
			bed->bare = id;
	}
	port_up(bed->bare, bed->rx);
	return bed;
}

static void
bond_down(struct bed *bed)
{
	struct reason why;

	if (bed->now.nb_members == 0)
		return;
	need(rte_eth_dev_stop(bed->bond) == 0, "stopping the bond");
	for (unsigned i = 0; i < bed->now.nb_members; i++)
		need_done(bond_pmd_member_remove(bed->bond, bed->member[i], &why), &why);
	need_done(bond_pmd_free(bed->bond_device, &why), &why);
	bed->now.nb_members = 0;
}

/* Mode 4: nobody answers LACP here, so its machine is off and both gates are opened by hand. */
static bool
gates_open(struct bed *bed, const struct bed_case *c)
{
	uint16_t active[BOND_PMD_MAX_MEMBERS];

	if (bond_pmd_active_members(bed->bond, active) != c->nb_members)
		return false;
	for (unsigned i = 0; c->mode == BOND_MODE_8023AD && i < c->nb_members; i++)
		bond_pmd_gate(bed->bond, bed->member[i], true, true);
	return true;
}

static void
bond_up(struct bed *bed, const struct bed_case *c)
{
	uint64_t end = rte_get_timer_cycles() + DEADLINE_S * rte_get_timer_hz();
	struct reason why;

	/* Each with a name of its own: of some modes the PMD keeps memory under the old one. */
	snprintf(
		bed->bond_device,
		sizeof(bed->bond_device),
		BOND_PMD_NAME_PREFIX "_bench%u",
		bed->bonds_made++
	);
	need_done(bond_pmd_create(bed->bond_device, (uint8_t)c->mode, 0, &bed->bond, &why), &why);
	for (unsigned i = 0; i < c->nb_members; i++)
		need_done(bond_pmd_member_add(bed->bond, bed->member[i], &why), &why);
	if (c->mode == BOND_MODE_8023AD)
		need_done(bond_pmd_lacp_own(bed->bond, false, &why), &why);
	port_up(bed->bond, bed->rx);
	/* As a forwarder's, or mode 4 of the PMD drops what is for hosts behind the bond. */
	need(rte_eth_promiscuous_enable(bed->bond) == 0, "promiscuous mode");
	while (!gates_open(bed, c)) {
		need(rte_get_timer_cycles() < end, "waiting for the bond's members");
		sched_yield();
	}
}

/* By the PMD as near as it gets to a policy. */
static void
policy_set(struct bed *bed, enum bond_policy policy)
{
	static const enum bond_pmd_policy of[BOND_POLICY_COUNT] = {
		[BOND_POLICY_L2] = BOND_PMD_L2,
		[BOND_POLICY_L34] = BOND_PMD_L34,
		[BOND_POLICY_L23] = BOND_PMD_L23,
		[BOND_POLICY_ENCAP23] = BOND_PMD_L23,
		[BOND_POLICY_ENCAP34] = BOND_PMD_L34,
		[BOND_POLICY_VLAN_SRCMAC] = BOND_PMD_L2,
		[BOND_POLICY_RSS] = BOND_PMD_L34,
	};
	struct reason why;

	need_done(bond_pmd_policy_set(bed->bond, of[policy], &why), &why);
}

/* As run_plan.c fills it when all links are up. */
static struct bond_plan *
plan_of(const struct bed *bed, const struct bed_case *c)
{
	struct bond_plan *plan = direct_plan_new();
	struct bond_settings s;

	need(plan != NULL, "memory");
	bond_settings_default(&s, "bench");
	s.mode = c->mode;
	s.policy = c->policy;
	if (c->variant == BED_QUIET)
		s.num_peer_notif = s.resend_igmp = 0;
	if (c->variant == BED_PACKETS_PER_SLAVE)
		s.packets_per_member = 8;
	if (c->variant == BED_RANDOM)
		s.packets_per_member = 0;
	s.tlb_dynamic_lb = c->variant != BED_STATIC;
	s.broadcast_neighbor = c->variant == BED_BROADCAST_NEIGHBOR;
	if (c->variant == BED_ARP_MONITOR)
		s.arp_interval_ms = 100;
	need(rte_eth_macaddr_get(bed->bond, &plan->bond_mac) == 0, "the bond's address");
	plan->nb_usable = c->nb_members;
	plan->usable_magic = xmit_hash_magic(c->nb_members);
	plan->active = bed->member[0];
	for (uint16_t i = 0; i < c->nb_members; i++) {
		struct plan_polled p = {bed->member[i], PLAN_ACCEPT_ALL};

		plan->usable[i] = p.port_id;
		plan->member_mac[p.port_id] = plan->bond_mac;
		plan->member_mac[p.port_id].addr_bytes[4] ^= (uint8_t)i;
		if (c->mode == BOND_MODE_ALB && i != 0) {
			p.accept = PLAN_ACCEPT_UNICAST;
			plan->alias[plan->nb_alias++] = plan_mac_word(&plan->member_mac[p.port_id]);
		}
		if ((c->mode == BOND_MODE_AB || c->mode == BOND_MODE_TLB) && i != 0) {
			p.accept = PLAN_ACCEPT_NONE;
			plan->idle[plan->nb_idle++] = p;
		} else {
			plan->polled[plan->nb_polled++] = p;
		}
	}
	for (unsigned b = 0; b < TLB_BUCKETS; b++)
		plan->bucket[b] = (uint8_t)(b % c->nb_members);
	plan_choose(plan, &s);
	return plan;
}

static void
direct_up(struct bed *bed, const struct bed_case *c)
{
	const struct direct_grace grace = {.ctx = NULL};
	struct reason why;

	bed->direct = direct_free(bed->direct);
	need_done(direct_new(&bed->direct, "bench", bed->bond, 1, 1, &grace, &why), &why);
	direct_publish(bed->direct, plan_of(bed, c));
	bed->io[BED_DIRECT] = (struct fwd_io){.port_id = bed->bond, .by_headers = bed->prefetch};
	direct_io(bed->direct, &bed->io[BED_DIRECT]);
}

/* Every frame once for each member but the last, as mode 3 refers to it. */
static uint16_t
floor_copies(const struct bed *bed, struct rte_mbuf **pkts, uint16_t n)
{
	const uint16_t more = (uint16_t)(bed->now.nb_members - 1);

	for (uint16_t i = 0; i < n; i++)
		rte_pktmbuf_refcnt_update(pkts[i], (int16_t)more);
	for (uint16_t k = 0; k < more; k++)
		if (rte_eth_tx_burst(bed->bare, 0, pkts, n) != n)
			abort();
	return rte_eth_tx_burst(bed->bare, 0, pkts, n);
}

static uint16_t
floor_tx(const struct fwd_io *io, uint16_t queue, struct rte_mbuf **pkts, uint16_t n)
{
	struct bed *bed = io->ctx;
	struct parts *p = pkts[0]->pool == bed->rx ? &bed->rx_parts : &bed->tx_parts;
	const uint8_t *counts = p->counts[p->at];
	uint16_t sent = 0;

	if (bed->now.mode == BOND_MODE_BROADCAST)
		return floor_copies(bed, pkts, n);
	if (bed->now.mode == BOND_MODE_AB)
		return rte_eth_tx_burst(bed->bare, queue, pkts, n);
	p->at += n;
	if (p->at >= p->nb_frames)
		p->at -= p->nb_frames;
	for (uint16_t k = 0; k < bed->now.nb_members; k++)
		if (counts[k] != 0)
			sent = (uint16_t
			)(sent + rte_eth_tx_burst(bed->bare, queue, pkts + sent, counts[k]));
	return sent;
}

/* From each member in turn; from one where only the active one delivers. */
static uint16_t
floor_rx(const struct fwd_io *io, uint16_t queue, struct rte_mbuf **pkts, uint16_t n)
{
	struct bed *bed = io->ctx;

	if (++bed->floor_turn >= bed->nb_floor_polled)
		bed->floor_turn = 0;
	return rte_eth_rx_burst(bed->member[bed->floor_turn], queue, pkts, n);
}

static void
note_member(struct rte_mempool *pool, void *opaque, void *obj, unsigned index)
{
	struct bed *bed = opaque;
	struct parts *p = pool == bed->rx ? &bed->rx_parts : &bed->tx_parts;
	const struct bed_case *c = &bed->now;
	xmit_hash_fn hash = xmit_hash_get(c->policy);
	uint32_t key = index;

	if (bond_mode_is_lb(c->mode))
		key = tlb_bucket(obj, hash, c->mode == BOND_MODE_ALB);
	else if (c->mode != BOND_MODE_RR)
		key = hash(obj);
	p->to[index] = (uint8_t)(key % c->nb_members);
}

static void
fill_parts(struct bed *bed, struct rte_mempool *pool, struct parts *p)
{
	memset(p, 0, sizeof(*p));
	p->nb_frames = rte_mempool_obj_iter(pool, note_member, bed);
	for (unsigned at = 0; at < p->nb_frames; at++)
		for (unsigned i = 0; i < bed->now.burst; i++)
			p->counts[at][p->to[(at + i) % p->nb_frames]]++;
}

/* The floor of a case: its members' bursts, without what decides about frames. */
static void
floor_up(struct bed *bed)
{
	const struct bed_case *c = &bed->now;

	fill_parts(bed, bed->rx, &bed->rx_parts);
	fill_parts(bed, bed->tx_pool, &bed->tx_parts);
	bed->io[BED_FLOOR] = fwd_io_plain(bed->bare);
	bed->io[BED_FLOOR].rx = floor_rx;
	bed->io[BED_FLOOR].tx = floor_tx;
	bed->nb_floor_polled =
		c->mode == BOND_MODE_AB || c->mode == BOND_MODE_TLB ? 1 : c->nb_members;
	bed->io[BED_FLOOR].ctx = bed;
}

void
bed_prepare(struct bed *bed, const struct bed_case *c)
{
	struct rte_ether_addr mac;

	if (bed->now.nb_members != c->nb_members || bed->now.mode != c->mode) {
		bond_down(bed);
		bond_up(bed, c);
	}
	policy_set(bed, c->policy);
	bed->now = *c;
	direct_up(bed, c);
	bed->io[BED_BARE] = fwd_io_plain(bed->bare);
	bed->io[BED_PMD] = fwd_io_plain(bed->bond);
	bed->tx_pool = c->flows > rte_mempool_avail_count(bed->few) ? bed->many : bed->few;
	need(rte_eth_macaddr_get(bed->bond, &mac) == 0, "the bond's address");
	/* For hosts behind the bond, and for others. */
	frames_of_flows(bed->rx, &mac, c->flows);
	frames_of_flows(bed->tx_pool, &mac, c->flows);
	floor_up(bed);
}

static inline void
send_burst(const struct fwd_io *io, struct rte_mbuf **pkts, uint16_t n)
{
	if (io->by_headers)
		fwd_prefetch(pkts, n);
	if (io->tx(io, 0, pkts, n) != n)
		abort();
}

static inline void
one_tx(const struct bed *bed, const struct fwd_io *io)
{
	struct rte_mbuf *pkts[BED_MAX_BURST];
	uint16_t n = bed->now.burst;

	/* As they are: what is in the buffer is the frame. */
	if (rte_mempool_get_bulk(bed->tx_pool, (void **)pkts, n) != 0)
		abort();
	send_burst(io, pkts, n);
}

static inline void
one_rx(const struct bed *bed, const struct fwd_io *io)
{
	struct rte_mbuf *pkts[BED_MAX_BURST];
	uint16_t n = io->rx(io, 0, pkts, bed->now.burst);

	rte_pktmbuf_free_bulk(pkts, n);
}

static inline void
one_io(const struct bed *bed, const struct fwd_io *io)
{
	struct rte_mbuf *pkts[BED_MAX_BURST];
	uint16_t n = io->rx(io, 0, pkts, bed->now.burst);

	send_burst(io, pkts, n);
}

__attribute__((noinline)) void
bed_run(struct bed *bed, enum bed_path path, enum bed_way way, unsigned bursts)
{
	const struct fwd_io *io = &bed->io[path];

	for (unsigned i = 0; way == BED_TX && i < bursts; i++)
		one_tx(bed, io);
	for (unsigned i = 0; way == BED_RX && i < bursts; i++)
		one_rx(bed, io);
	for (unsigned i = 0; way == BED_IO && i < bursts; i++)
		one_io(bed, io);
}

void
bed_free(struct bed *bed)
{
	direct_free(bed->direct);
	bond_down(bed);
	need(rte_eth_dev_stop(bed->bare) == 0, "stopping a port");
	need(rte_mempool_full(bed->rx) && rte_mempool_full(bed->few) && rte_mempool_full(bed->many),
	     "returning all frames");
	rte_eal_cleanup();
	free(bed);
}
