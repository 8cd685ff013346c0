/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See igmp_memory.h. What the records of a report mean is in RFC 3376, 4.2.12, and in RFC 3810,
 * 5.2.12.
 */
#include "igmp_memory.h"

#include "frames.h"
#include "units.h"

#include <rte_ether.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A host may have a state for a group, and have told of more sources since. */
enum part { PART_STATE, PART_MORE_SOURCES };

struct key {
	struct rte_ether_addr mac;
	uint16_t vlan_id;
	enum frame_kind kind;
	enum part part;
	struct bond_ip6 group;
};

struct report {
	struct key key;
	bool wants_sources; /* those that it names, and no others */
	uint64_t seen_ns;
	size_t len; /* 0: the place is free */
	uint8_t bytes[IGMP_MEMORY_REPORT_BYTES];
};

struct igmp_memory {
	struct report reports[IGMP_MEMORY_REPORTS];
};

int
igmp_memory_new(struct igmp_memory **ret)
{
	struct igmp_memory *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return -ENOMEM;
	*ret = m;
	return 0;
}

struct igmp_memory *
igmp_memory_free(struct igmp_memory *m)
{
	free(m);
	return NULL;
}

static bool
is_same_host(const struct key *key, const struct rte_ether_addr *mac, uint16_t vlan_id)
{
	return key->vlan_id == vlan_id && rte_is_same_ether_addr(&key->mac, mac);
}

static bool
is_same_key(const struct key *a, const struct key *b)
{
	return is_same_host(a, &b->mac, b->vlan_id) && a->kind == b->kind && a->part == b->part &&
	       memcmp(&a->group, &b->group, sizeof(a->group)) == 0;
}

static struct report *
find(struct igmp_memory *m, const struct key *key)
{
	for (unsigned i = 0; i < IGMP_MEMORY_REPORTS; i++)
		if (m->reports[i].len != 0 && is_same_key(&m->reports[i].key, key))
			return &m->reports[i];
	return NULL;
}

static void
forget(struct igmp_memory *m, struct key key, enum part part)
{
	struct report *r;

	key.part = part;
	r = find(m, &key);
	if (r != NULL)
		r->len = 0;
}

/* The place of @key, or a free one, or that of the oldest report. */
static struct report *
take(struct igmp_memory *m, const struct key *key)
{
	struct report *r = find(m, key);

	if (r != NULL)
		return r;
	r = &m->reports[0];
	for (unsigned i = 0; i < IGMP_MEMORY_REPORTS && r->len != 0; i++)
		if (m->reports[i].len == 0 || m->reports[i].seen_ns < r->seen_ns)
			r = &m->reports[i];
	return r;
}

/* Put a frame's tag into it. Returns its length, 0 when it gets too long. */
static size_t
insert_tag(uint8_t bytes[static IGMP_MEMORY_REPORT_BYTES], size_t len, uint16_t vlan_id)
{
	struct rte_vlan_hdr *tag;

	if (len + sizeof(*tag) > IGMP_MEMORY_REPORT_BYTES)
		return 0;
	memmove(bytes + 2 * RTE_ETHER_ADDR_LEN + sizeof(*tag),
	        bytes + 2 * RTE_ETHER_ADDR_LEN,
	        len - 2 * RTE_ETHER_ADDR_LEN);
	bytes[12] = RTE_ETHER_TYPE_VLAN >> 8;
	bytes[13] = RTE_ETHER_TYPE_VLAN & 0xff;
	bytes[14] = (uint8_t)(vlan_id >> 8);
	bytes[15] = (uint8_t)vlan_id;
	return len + sizeof(*tag);
}

/* The report of the one group of @r: the frame itself where it has no records. 0: too long. */
static size_t
report_of(
	uint8_t ret[static IGMP_MEMORY_REPORT_BYTES],
	const struct frame_view *v,
	const struct frame_mcast_record *r,
	const uint8_t *bytes,
	size_t len
)
{
	if (r->type != FRAME_RECORD_NONE) {
		len = frame_mcast_report(ret, IGMP_MEMORY_REPORT_BYTES, v, bytes, r);
	} else {
		if (len > IGMP_MEMORY_REPORT_BYTES)
			return 0;
		memcpy(ret, bytes, len);
	}
	if (len != 0 && v->nb_tags == 0 && v->vlan_id != 0)
		len = insert_tag(ret, len, v->vlan_id);
	return len;
}

static void
remember(
	struct igmp_memory *m,
	const struct key *key,
	const struct frame_view *v,
	const struct frame_mcast_record *r,
	const uint8_t *bytes,
	size_t len,
	uint64_t now_ns
)
{
	struct report report = {.key = *key, .seen_ns = now_ns};

	report.wants_sources =
		r->type == FRAME_RECORD_IS_INCLUDE || r->type == FRAME_RECORD_TO_INCLUDE;
	report.len = report_of(report.bytes, v, r, bytes, len);
	if (report.len != 0)
		*take(m, key) = report;
	else
		forget(m, *key, key->part);
}

/* What a record says of its host and group. */
enum meaning {
	MEANING_IN,
	MEANING_LEFT,
	MEANING_MORE_SOURCES,
	MEANING_FEWER_SOURCES,
	MEANING_NONE
};

static enum meaning
meaning_of(const struct frame_view *v, const struct frame_mcast_record *r)
{
	switch (r->type) {
	case FRAME_RECORD_NONE:
		if (v->mcast.type == FRAME_IGMP_LEAVE || v->mcast.type == FRAME_MLD_DONE)
			return MEANING_LEFT;
		return MEANING_IN;
	case FRAME_RECORD_IS_INCLUDE:
	case FRAME_RECORD_TO_INCLUDE:
		return r->nb_sources == 0 ? MEANING_LEFT : MEANING_IN;
	case FRAME_RECORD_IS_EXCLUDE:
	case FRAME_RECORD_TO_EXCLUDE:
		return MEANING_IN;
	case FRAME_RECORD_ALLOW:
		return MEANING_MORE_SOURCES;
	case FRAME_RECORD_BLOCK:
		return MEANING_FEWER_SOURCES;
	default:
		return MEANING_NONE;
	}
}

/* Perhaps not all sources are left, and not the group: the answer to the next query will tell. */
static void
forget_sources(struct igmp_memory *m, const struct key *key)
{
	const struct report *state = find(m, key);

	forget(m, *key, PART_MORE_SOURCES);
	if (state != NULL && state->wants_sources)
		forget(m, *key, PART_STATE);
}

void
igmp_memory_note(
	struct igmp_memory *m,
	const struct frame_view *v,
	const uint8_t *bytes,
	size_t len,
	uint64_t now_ns
)
{
	struct frame_mcast_record r;
	uint16_t offset_bytes = 0;

	if (v->mcast.type == FRAME_IGMP_QUERY || v->mcast.type == FRAME_MLD_QUERY)
		return;
	while (frame_mcast_record(v, bytes, &offset_bytes, &r)) {
		struct key key = {v->src, v->vlan_id, v->kind, PART_STATE, r.group};

		switch (meaning_of(v, &r)) {
		case MEANING_IN:
			forget(m, key, PART_MORE_SOURCES);
			remember(m, &key, v, &r, bytes, len, now_ns);
			break;
		case MEANING_LEFT:
			forget(m, key, PART_MORE_SOURCES);
			forget(m, key, PART_STATE);
			break;
		case MEANING_MORE_SOURCES:
			key.part = PART_MORE_SOURCES;
			remember(m, &key, v, &r, bytes, len, now_ns);
			break;
		case MEANING_FEWER_SOURCES:
			forget_sources(m, &key);
			break;
		case MEANING_NONE:
			break;
		}
	}
}

void
igmp_memory_forget(struct igmp_memory *m, const struct rte_ether_addr *mac, uint16_t vlan_id)
{
	for (unsigned i = 0; i < IGMP_MEMORY_REPORTS; i++)
		if (is_same_host(&m->reports[i].key, mac, vlan_id))
			m->reports[i].len = 0;
}

void
igmp_memory_age(struct igmp_memory *m, uint64_t now_ns)
{
	for (unsigned i = 0; i < IGMP_MEMORY_REPORTS; i++) {
		struct report *r = &m->reports[i];

		if (now_ns > r->seen_ns &&
		    now_ns - r->seen_ns >= IGMP_MEMORY_AGE_MS * NSEC_PER_MSEC)
			r->len = 0;
	}
}

void
igmp_memory_walk(
	const struct igmp_memory *m,
	void (*visit)(void *ctx, const void *bytes, size_t len),
	void *ctx
)
{
	for (unsigned i = 0; i < IGMP_MEMORY_REPORTS; i++)
		if (m->reports[i].len != 0)
			visit(ctx, m->reports[i].bytes, m->reports[i].len);
}
