/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * LACPDUs and Marker PDUs as bytes and as numbers (IEEE 802.1AX-2014, 6.4.2 and 6.5.3). Pure; used
 * by the machines, their tests and who shows them.
 */
#pragma once

#include <rte_ether.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LACP_ETHER_TYPE = 0x8809, /* slow protocols (IEEE 802.3, annex 57A) */
	LACP_SUBTYPE = 1,
	MARKER_SUBTYPE = 2,
	LACP_FRAME_BYTES = 124, /* with the Ethernet header, without FCS; a Marker PDU's too */
	LACP_VERSION = 1,
};

/* Slow_Protocols_Multicast: 01:80:c2:00:00:02. */
extern const struct rte_ether_addr lacp_multicast;

/* Bits of Actor_State and Partner_State, as on the wire (6.4.2.3, items m and s). */
enum {
	LACP_STATE_ACTIVITY = 0x01,
	LACP_STATE_TIMEOUT = 0x02, /* short */
	LACP_STATE_AGGREGATION = 0x04,
	LACP_STATE_SYNC = 0x08,
	LACP_STATE_COLLECTING = 0x10,
	LACP_STATE_DISTRIBUTING = 0x20,
	LACP_STATE_DEFAULTED = 0x40,
	LACP_STATE_EXPIRED = 0x80,
};

/* One side of a link: what an LACPDU says of its actor and of its partner. Host order. */
struct lacp_side {
	uint16_t system_priority;
	struct rte_ether_addr system;
	uint16_t key, port_priority, port_number;
	uint8_t state; /* LACP_STATE_* */
};

struct lacp_pdu {
	struct lacp_side actor, partner;
	uint16_t collector_max_delay; /* tens of microseconds */
};

struct marker_pdu {
	bool is_response;
	uint16_t requester_port;
	struct rte_ether_addr requester_system;
	uint32_t transaction_id;
};

/* What a frame is, by its first bytes. */
enum lacp_kind {
	LACP_KIND_OTHER, /* not for us: other slow protocols, other destinations, tagged frames */
	LACP_KIND_LACPDU,
	LACP_KIND_MARKER,
};
enum lacp_kind lacp_kind(const uint8_t *frame, size_t bytes);

/*
 * Read a frame that is LACP_KIND_LACPDU. As the standard demands (6.4.12) neither version, TLV
 * types nor reserved fields are looked at; a frame that is too short, or whose TLVs have other
 * lengths than theirs, is -EINVAL.
 */
int lacp_pdu_read(struct lacp_pdu *ret, const uint8_t *frame, size_t bytes);

/* The frame of an LACPDU from address @source. */
void lacp_pdu_write(
	uint8_t ret[static LACP_FRAME_BYTES],
	const struct rte_ether_addr *source,
	const struct lacp_pdu *pdu
);

/* The same for Marker PDUs (6.5.3.2). -EINVAL also for a type that is neither. */
int marker_pdu_read(struct marker_pdu *ret, const uint8_t *frame, size_t bytes);
void marker_pdu_write(
	uint8_t ret[static LACP_FRAME_BYTES],
	const struct rte_ether_addr *source,
	const struct marker_pdu *pdu
);
