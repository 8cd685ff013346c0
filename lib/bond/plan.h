/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What workers know of a bond that they send and receive for themselves (io_path=direct): the plan,
 * which control computes and replaces as a whole, and their own state per queue. Control writes a
 * plan before it publishes it, workers only read it.
 */
#pragma once

#include "option.h"
#include "tlb.h"
#include "xmit_hash.h"

#include <rte_byteorder.h>
#include <rte_common.h>
#include <rte_ether.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct rte_mbuf;
struct rte_mempool;
struct rte_ring;
struct bond_direct;
struct bond_plan;
struct bond_txq;

enum {
	PLAN_NO_PORT = RTE_MAX_ETHPORTS,
	PLAN_MAX_QUEUES = 64, /* FWD_MAX_QUEUES */
	PLAN_LEARN_SLOTS = 64,
	PLAN_CONTROL_WAITS = 32,   /* frames of control that members had no room for */
	PLAN_SLOW_PER_MEMBER = 64, /* slow frames of one member that control has not read yet */
};

/* Why a bond did not deliver a frame. */
enum bond_drop {
	BOND_DROP_TX_FULL,     /* the member took no more, or lost its device */
	BOND_DROP_NO_MEMBER,   /* no member may transmit; of the bond, not of a member */
	BOND_DROP_NO_MBUF,     /* broadcast: nothing to copy the frame into */
	BOND_DROP_RX_INACTIVE, /* came in on a member that does not receive in this mode */
	BOND_DROP_COUNT
};
extern const char *const bond_drop_names[BOND_DROP_COUNT]; /* "tx_full", ... */

/* What of a member's frames goes on to the engine. */
enum plan_accept {
	PLAN_ACCEPT_NONE, /* link-local ones only (01:80:c2:00:00:0x), as Linux lets them through */
	PLAN_ACCEPT_UNICAST, /* mode 6, not the active member */
	PLAN_ACCEPT_ALL,
};

/* Send @n frames by @plan; the rest, still the caller's, ends up at the end of @pkts. */
typedef uint16_t (*plan_xmit_fn
)(struct bond_direct *d,
  const struct bond_plan *plan,
  uint16_t queue,
  struct rte_mbuf **pkts,
  uint16_t n);
typedef uint16_t (*plan_recv_fn
)(struct bond_direct *d,
  const struct bond_plan *plan,
  uint16_t queue,
  struct rte_mbuf **pkts,
  uint16_t n);

struct plan_polled {
	uint16_t port_id;
	enum plan_accept accept;
};

struct bond_plan {
	plan_xmit_fn xmit;
	plan_recv_fn recv;
	plan_xmit_fn xmit_other; /* broadcast_neighbor: what sends all but neighbour discovery */

	/* Sending. Members by port id, in the order in which Linux would number them. */
	uint16_t nb_usable;
	uint16_t usable[BOND_MAX_MEMBERS];
	uint64_t usable_magic; /* xmit_hash_magic(nb_usable) */
	uint16_t active;       /* modes 1, 5 and 6; in mode 0 the member for IGMP; PLAN_NO_PORT */
	xmit_hash_fn hash;
	uint32_t packets_per_member; /* mode 0; 0: random */
	uint8_t active_index;        /* of the active member in usable */
	uint8_t bucket[TLB_BUCKETS]; /* modes 5 and 6: an index into usable */
	/* By number of the bond's transmit queue: the member with this queue_id, or PLAN_NO_PORT.
	 */
	uint16_t queue_port[PLAN_MAX_QUEUES];
	uint8_t tx_retries;
	/*
	 * Show control what hosts behind the bond say of themselves, before xmit is called; or only
	 * their multicast reports, in xmit, as modes 0, 5 and 6 look at headers themselves.
	 */
	bool inspect_tx, inspect_reports;

	/* Receiving. */
	uint16_t nb_polled,
		nb_idle; /* idle: nothing is delivered from there, so looked at seldom */
	struct plan_polled polled[BOND_MAX_MEMBERS], idle[BOND_MAX_MEMBERS];
	bool inspect_rx;   /* show control ARP, neighbour discovery */
	bool keep_last_rx; /* count received frames by member also where the PMD polls them */

	/* Addresses, as six bytes of a word (plan_mac_word) where they are compared. */
	struct rte_ether_addr bond_mac;
	uint16_t nb_alias; /* mode 6: unicast to these gets the bond's address */
	uint64_t alias[BOND_MAX_MEMBERS];
	struct rte_ether_addr member_mac[RTE_MAX_ETHPORTS]; /* by port id; modes 5 and 6 */

	/* Control only. */
	struct bond_plan *next_retired;
	uint64_t retired_token;
};

/* By member; the owner of the queue writes, control reads (relaxed). */
struct bond_tx_counters {
	uint64_t packets, full;
};

/* The state of one transmit queue; its owner's alone but for counters. */
struct bond_txq {
	_Alignas(RTE_CACHE_LINE_SIZE) uint16_t rr_index;
	uint32_t rr_left;            /* frames until the next member */
	uint64_t random;             /* state of xorshift64 */
	bool plan_changed;           /* seen while a member refused frames */
	uint64_t no_member, no_mbuf; /* drops; read by control */
	uint64_t not_shown; /* frames that control's ring had no room for; read by control */
	/* Of queue 0: frames of control that wait for room, and since when (TSC). */
	uint16_t nb_waiting;
	struct rte_mbuf *waiting[PLAN_CONTROL_WAITS];
	uint64_t waiting_since[PLAN_CONTROL_WAITS];
	uint64_t control_sent, control_lost; /* of queue 0: frames of control; read by control */
	struct bond_tx_counters member[RTE_MAX_ETHPORTS];
	uint64_t bucket_bytes[TLB_BUCKETS]; /* read by control */
	uint64_t learnt[PLAN_LEARN_SLOTS];  /* source address and VLAN shown to control lately */
	uint32_t learn_epoch;
};

struct bond_rxq {
	_Alignas(RTE_CACHE_LINE_SIZE) uint16_t turn;
	uint16_t first;                     /* of the polled members, at the next call */
	uint64_t not_shown;                 /* read by control */
	uint64_t packets[RTE_MAX_ETHPORTS]; /* by member; read by control */
	uint64_t inactive[RTE_MAX_ETHPORTS];
	/*
	 * Mode 4, by member: slow frames that went to control, and that found no room; control
	 * reads both. How many it has taken, which control writes and the owner reads.
	 */
	uint64_t slow[RTE_MAX_ETHPORTS], slow_lost[RTE_MAX_ETHPORTS];
	uint64_t slow_taken[RTE_MAX_ETHPORTS];
};

struct bond_direct {
	_Atomic(struct bond_plan *) plan; /* control: release; workers: acquire */
	uint16_t port_id;                 /* the bond's */
	uint16_t nb_rxq, nb_txq;
	atomic_uint learn_epoch; /* control writes: what was shown before may be shown again */
	/*
	 * Frames for the control side: worker with queue q to control, one ring each way and queue,
	 * so that each has one producer. mbuf.port: the member it came from, or the bond's own port
	 * for what was to be sent.
	 */
	struct rte_ring *rx_to_control[PLAN_MAX_QUEUES], *tx_to_control[PLAN_MAX_QUEUES];
	/* Mode 4: slow frames themselves, from the owner of a receive queue to control. */
	struct rte_ring *slow_to_control[PLAN_MAX_QUEUES];
	/* Frames of the control side, mbuf.port says by which member: to the owner of tx queue 0.
	 */
	struct rte_ring *from_control;
	uint64_t control_age_cycles; /* after which a frame of control is of no use */
	struct rte_mempool *pool;    /* for copies and frames of the control side */
	struct bond_rxq *rxq;
	struct bond_txq *txq;
};

/* A counter with one writer. */
static __rte_always_inline void
plan_count(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

/* An address as the upper six bytes of a word: to be compared, and with room for a VLAN id. */
static __rte_always_inline uint64_t
plan_mac_word(const void *bytes)
{
	uint64_t word = 0;

	__builtin_memcpy(&word, bytes, RTE_ETHER_ADDR_LEN);
	return rte_le_to_cpu_64(word) << 16;
}

/* The same of what a frame begins with, in one load; a buffer always has the two bytes more. */
static __rte_always_inline uint64_t
plan_first_mac_word(const void *frame)
{
	uint64_t word;

	__builtin_memcpy(&word, frame, sizeof(word));
	return rte_le_to_cpu_64(word) << 16;
}

/* The same of the address that follows it. */
static __rte_always_inline uint64_t
plan_second_mac_word(const void *frame)
{
	uint64_t word;

	__builtin_memcpy(&word, (const uint8_t *)frame + RTE_ETHER_ADDR_LEN - 2, sizeof(word));
	return rte_le_to_cpu_64(word) & ~UINT64_C(0xffff);
}
