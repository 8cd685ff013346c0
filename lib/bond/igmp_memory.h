/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which multicast groups hosts behind the bond are in: their own IGMP and MLD reports, remembered
 * to be sent again when another member has become active (resend_igmp). Pure, control thread only;
 * used by lib/bond.
 */
#pragma once

#include "option.h"

#include <stddef.h>
#include <stdint.h>

struct frame_view;

enum {
	IGMP_MEMORY_REPORTS = 256,
	IGMP_MEMORY_REPORT_BYTES = 256, /* one of more sources than fit is not remembered */
	IGMP_MEMORY_AGE_MS = 300000,    /* more than two queries of the default interval, 125 s */
};

struct igmp_memory; /* opaque */

int igmp_memory_new(struct igmp_memory **ret);
struct igmp_memory *igmp_memory_free(struct igmp_memory *m); /* NULL is fine; returns NULL */

/*
 * A frame of @len bytes on its way out, FRAME_IGMP or FRAME_MLD as frame_parse found it. A report
 * is remembered by source address, VLAN and group, as it stands, or of an IGMPv3 or MLDv2 report
 * each record in a report of its own; a leave, and a record that wants no source any more, make
 * forget. Queries are none of ours. When all places are taken, the report not seen for longest
 * gives way. A tag that only @v knows of (its vlan_id set by the caller, no tag in the frame) is
 * put into what is remembered.
 */
void igmp_memory_note(
	struct igmp_memory *m,
	const struct frame_view *v,
	const uint8_t *bytes,
	size_t len,
	uint64_t now_ns
);

/* A host is elsewhere now: forget what it has reported. */
void igmp_memory_forget(struct igmp_memory *m, const struct rte_ether_addr *mac, uint16_t vlan_id);

/* Forget reports not seen for IGMP_MEMORY_AGE_MS. */
void igmp_memory_age(struct igmp_memory *m, uint64_t now_ns);

/* All reports that are remembered, whole frames; may be shorter than Ethernet's minimum. */
void igmp_memory_walk(
	const struct igmp_memory *m,
	void (*visit)(void *ctx, const void *bytes, size_t len),
	void *ctx
);
