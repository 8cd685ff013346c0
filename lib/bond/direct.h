/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control side of io_path=direct: makes what workers share with control, publishes plans and
 * frees old ones, sends frames of the control plane and reads what workers show. Control thread
 * only.
 */
#pragma once

#include "fwd_io.h"
#include "plan.h"

#include <stddef.h>

struct reason;

/* How the control side learns that no worker holds an old plan any more. */
struct direct_grace {
	void *ctx;
	/* Begin a grace period; a token for over(). NULL functions: nobody reads. */
	uint64_t (*start)(void *ctx);
	bool (*over)(void *ctx, uint64_t token);
};

/*
 * @name: of the bond, for the names of rings and pool. Queues as the bond port is configured.
 * -ENOMEM.
 */
int direct_new(
	struct bond_direct **ret,
	const char *name,
	uint16_t port_id,
	uint16_t nb_rxq,
	uint16_t nb_txq,
	const struct direct_grace *grace,
	struct reason *why
);

/*
 * Workers have let go of it for good: how many of the buffers for frames of the control plane are
 * lost. Nothing can be sent any more.
 */
unsigned direct_missing(struct bond_direct *d);

/* Workers must have let go of it. NULL is fine; returns NULL. */
struct bond_direct *direct_free(struct bond_direct *d);

/* How workers use it: all functions of @ret but its port id and tag flag. */
void direct_io(const struct bond_direct *d, struct fwd_io *ret);

/* A zeroed plan to be filled in, without members; NULL without memory. */
struct bond_plan *direct_plan_new(void);

/* Hand @plan to the workers; the one before is freed when nobody reads it any more. */
void direct_publish(struct bond_direct *d, struct bond_plan *plan);

/* The plan in force. */
const struct bond_plan *direct_plan(const struct bond_direct *d);

/* Whether every worker goes by the plan in force. */
bool direct_settled(struct bond_direct *d);

/* Free the old plans that no worker reads any more. To be called every tick. */
void direct_collect(struct bond_direct *d);

/* Send @bytes by a member, at the next housekeeping of transmit queue 0. -ENOBUFS. */
int direct_send(struct bond_direct *d, uint16_t port_id, const void *bytes, size_t len);
/* The same for a frame that workers diverted; it is freed when it cannot be sent. */
int direct_send_mbuf(struct bond_direct *d, uint16_t port_id, struct rte_mbuf *m);

/* The next frame that workers showed, or NULL; the caller frees it. mbuf.port: see plan.h. */
struct rte_mbuf *direct_next_shown(struct bond_direct *d);

/* Mode 4: the next slow frame that a member received, or NULL; the caller frees it. */
struct rte_mbuf *direct_next_slow(struct bond_direct *d);

/* Send what control has queued up; workers are parked, or have let go of the bond. */
void direct_flush(struct bond_direct *d);

/* Sums over all queues. */
struct direct_counters {
	uint64_t tx_packets, rx_packets;
	uint64_t tx_full, rx_inactive;
	uint64_t rx_slow_lost; /* slow frames that control did not get */
};
void
direct_member_counters(const struct bond_direct *d, uint16_t port_id, struct direct_counters *ret);
struct direct_totals {
	uint64_t no_member, no_mbuf, not_shown, control_sent, control_lost;
};
void direct_totals(const struct bond_direct *d, struct direct_totals *ret);
void direct_bucket_bytes(const struct bond_direct *d, uint64_t ret[TLB_BUCKETS]);
