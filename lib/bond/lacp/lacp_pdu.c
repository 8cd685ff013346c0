/* SPDX-License-Identifier: BSD-3-Clause */
/* See lacp_pdu.h. */
#include "lacp_pdu.h"

#include <rte_byteorder.h>

#include <errno.h>
#include <string.h>

enum { TYPE_ACTOR = 1, TYPE_PARTNER, TYPE_COLLECTOR, TYPE_TERMINATOR = 0 };
enum { BYTES_SIDE = 20, BYTES_COLLECTOR = 16 };
enum { TYPE_MARKER = 1, TYPE_MARKER_RESPONSE, BYTES_MARKER = 16 };

const struct rte_ether_addr lacp_multicast = {{0x01, 0x80, 0xc2, 0x00, 0x00, 0x02}};

/* Actor_Information and Partner_Information (6.4.2.3, items e to n). */
struct side_tlv {
	uint8_t type, bytes;
	rte_be16_t system_priority;
	struct rte_ether_addr system;
	rte_be16_t key, port_priority, port_number;
	uint8_t state;
	uint8_t reserved[3];
};
_Static_assert(sizeof(struct side_tlv) == BYTES_SIDE, "as on the wire");

struct lacp_frame {
	struct rte_ether_hdr eth;
	uint8_t subtype, version;
	struct side_tlv actor, partner;
	uint8_t collector_type, collector_bytes;
	rte_be16_t collector_max_delay;
	uint8_t reserved[12];
	uint8_t terminator_type, terminator_bytes;
	uint8_t padding[50];
};
_Static_assert(sizeof(struct lacp_frame) == LACP_FRAME_BYTES, "as on the wire");

struct marker_frame {
	struct rte_ether_hdr eth;
	uint8_t subtype, version;
	uint8_t type, bytes;
	rte_be16_t requester_port;
	struct rte_ether_addr requester_system;
	uint8_t transaction_id[4]; /* not aligned there */
	uint8_t pad[2];
	uint8_t terminator_type, terminator_bytes;
	uint8_t reserved[90];
};
_Static_assert(sizeof(struct marker_frame) == LACP_FRAME_BYTES, "as on the wire");

static void
put_header(struct rte_ether_hdr *eth, const struct rte_ether_addr *source)
{
	eth->dst_addr = lacp_multicast;
	eth->src_addr = *source;
	eth->ether_type = RTE_BE16(LACP_ETHER_TYPE);
}

enum lacp_kind
lacp_kind(const uint8_t *frame, size_t bytes)
{
	struct rte_ether_hdr eth;

	if (bytes < sizeof(eth) + 1)
		return LACP_KIND_OTHER;
	memcpy(&eth, frame, sizeof(eth));
	if (eth.ether_type != RTE_BE16(LACP_ETHER_TYPE) ||
	    !rte_is_same_ether_addr(&eth.dst_addr, &lacp_multicast))
		return LACP_KIND_OTHER;
	switch (frame[sizeof(eth)]) {
	case LACP_SUBTYPE:
		return LACP_KIND_LACPDU;
	case MARKER_SUBTYPE:
		return LACP_KIND_MARKER;
	default:
		return LACP_KIND_OTHER;
	}
}

static void
read_side(struct lacp_side *ret, const struct side_tlv *tlv)
{
	ret->system_priority = rte_be_to_cpu_16(tlv->system_priority);
	ret->system = tlv->system;
	ret->key = rte_be_to_cpu_16(tlv->key);
	ret->port_priority = rte_be_to_cpu_16(tlv->port_priority);
	ret->port_number = rte_be_to_cpu_16(tlv->port_number);
	ret->state = tlv->state;
}

static void
write_side(struct side_tlv *ret, uint8_t type, const struct lacp_side *side)
{
	ret->type = type;
	ret->bytes = BYTES_SIDE;
	ret->system_priority = rte_cpu_to_be_16(side->system_priority);
	ret->system = side->system;
	ret->key = rte_cpu_to_be_16(side->key);
	ret->port_priority = rte_cpu_to_be_16(side->port_priority);
	ret->port_number = rte_cpu_to_be_16(side->port_number);
	ret->state = side->state;
}

int
lacp_pdu_read(struct lacp_pdu *ret, const uint8_t *frame, size_t bytes)
{
	struct lacp_frame f;

	if (bytes < sizeof(f))
		return -EINVAL;
	memcpy(&f, frame, sizeof(f));
	if (f.actor.bytes != BYTES_SIDE || f.partner.bytes != BYTES_SIDE ||
	    f.collector_bytes != BYTES_COLLECTOR)
		return -EINVAL;
	read_side(&ret->actor, &f.actor);
	read_side(&ret->partner, &f.partner);
	ret->collector_max_delay = rte_be_to_cpu_16(f.collector_max_delay);
	return 0;
}

void
lacp_pdu_write(
	uint8_t ret[static LACP_FRAME_BYTES],
	const struct rte_ether_addr *source,
	const struct lacp_pdu *pdu
)
{
	struct lacp_frame f;

	memset(&f, 0, sizeof(f));
	put_header(&f.eth, source);
	f.subtype = LACP_SUBTYPE;
	f.version = LACP_VERSION;
	write_side(&f.actor, TYPE_ACTOR, &pdu->actor);
	write_side(&f.partner, TYPE_PARTNER, &pdu->partner);
	f.collector_type = TYPE_COLLECTOR;
	f.collector_bytes = BYTES_COLLECTOR;
	f.collector_max_delay = rte_cpu_to_be_16(pdu->collector_max_delay);
	f.terminator_type = TYPE_TERMINATOR;
	memcpy(ret, &f, sizeof(f));
}

int
marker_pdu_read(struct marker_pdu *ret, const uint8_t *frame, size_t bytes)
{
	struct marker_frame f;
	rte_be32_t transaction_id;

	if (bytes < offsetof(struct marker_frame, reserved))
		return -EINVAL;
	memcpy(&f, frame, offsetof(struct marker_frame, reserved));
	if (f.bytes != BYTES_MARKER || (f.type != TYPE_MARKER && f.type != TYPE_MARKER_RESPONSE))
		return -EINVAL;
	ret->is_response = f.type == TYPE_MARKER_RESPONSE;
	ret->requester_port = rte_be_to_cpu_16(f.requester_port);
	ret->requester_system = f.requester_system;
	memcpy(&transaction_id, f.transaction_id, sizeof(transaction_id));
	ret->transaction_id = rte_be_to_cpu_32(transaction_id);
	return 0;
}

void
marker_pdu_write(
	uint8_t ret[static LACP_FRAME_BYTES],
	const struct rte_ether_addr *source,
	const struct marker_pdu *pdu
)
{
	rte_be32_t transaction_id = rte_cpu_to_be_32(pdu->transaction_id);
	struct marker_frame f;

	memset(&f, 0, sizeof(f));
	put_header(&f.eth, source);
	f.subtype = MARKER_SUBTYPE;
	f.version = LACP_VERSION;
	f.type = pdu->is_response ? TYPE_MARKER_RESPONSE : TYPE_MARKER;
	f.bytes = BYTES_MARKER;
	f.requester_port = rte_cpu_to_be_16(pdu->requester_port);
	f.requester_system = pdu->requester_system;
	memcpy(f.transaction_id, &transaction_id, sizeof(f.transaction_id));
	f.terminator_type = TYPE_TERMINATOR;
	memcpy(ret, &f, sizeof(f));
}
