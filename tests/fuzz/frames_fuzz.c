/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libFuzzer target: frames one after another, each a length byte and its bytes, read by frame_parse
 * and given to all who learn from frames. Run by scripts/test.
 */
#include "frames.h"
#include "igmp_memory.h"
#include "learn.h"
#include "rlb.h"
#include "units.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 64 * 1024, NB_MEMBERS = 3, MAX_UPDATES = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct target {
	struct learn *learn;
	struct igmp_memory *igmp;
	struct rlb *rlb;
	struct rlb_member members[NB_MEMBERS];
	struct rlb_view view;
	uint64_t now_ns;
};

static void
begin(struct target *t)
{
	*t = (struct target){.now_ns = NSEC_PER_SEC};
	if (learn_new(&t->learn) != 0 || igmp_memory_new(&t->igmp) != 0 || rlb_new(&t->rlb) != 0)
		abort();
	for (uint16_t i = 0; i < NB_MEMBERS; i++)
		t->members[i] =
			(struct rlb_member){i, {{2, 0, 0, 0, 0, (uint8_t)(0x11 + i)}}, true, 1000};
	t->view = (struct rlb_view){t->members, NB_MEMBERS, 0, t->members[0].mac};
	rlb_members_changed(t->rlb, &t->view);
}

/* What is sent again must be sound and of one group. */
static void
check_report(void *ctx, const void *bytes, size_t len)
{
	struct frame_view v;

	(void)ctx;
	if (len > IGMP_MEMORY_REPORT_BYTES || frame_parse(&v, bytes, len) != 0 ||
	    (v.kind != FRAME_IGMP && v.kind != FRAME_MLD) || v.mcast.nb_records != 1)
		abort();
}

static void
check_entry(void *ctx, const struct learn_entry *e)
{
	(void)ctx;
	if (e->nb_addresses > LEARN_MAX_ADDRESSES || e->vlan_id > 4095 ||
	    (e->mac.addr_bytes[0] & 1) != 0)
		abort();
}

static void
check_records(const struct frame_view *v, const uint8_t *bytes, size_t len)
{
	struct frame_mcast_record r;
	uint16_t at = 0;
	unsigned n = 0;

	while (frame_mcast_record(v, bytes, &at, &r)) {
		if (r.offset_bytes + (size_t)r.len_bytes > len)
			abort();
		n++;
	}
	if (n != v->mcast.nb_records)
		abort();
}

static void
feed_arp(struct target *t, const struct frame_view *v)
{
	struct rlb_arp arp = {
		v->arp.op == 2,
		v->arp.sender_mac,
		v->arp.target_mac,
		v->arp.sender_ip,
		v->arp.target_ip,
		v->vlan_id,
	};
	struct rte_ether_addr mac;
	int index = rlb_tx(t->rlb, &t->view, &arp, t->now_ns, &mac);

	if (index >= NB_MEMBERS || (index >= 0 && !t->members[index].usable))
		abort();
	rlb_rx(t->rlb, &t->view, &arp);
}

static void
feed(struct target *t, const uint8_t *bytes, size_t len)
{
	struct frame_view v;

	if (frame_parse(&v, bytes, len) != 0)
		return;
	learn_frame(t->learn, &v, t->now_ns);
	if (v.kind == FRAME_ARP) {
		feed_arp(t, &v);
	} else if (v.kind == FRAME_IGMP || v.kind == FRAME_MLD) {
		check_records(&v, bytes, len);
		igmp_memory_note(t->igmp, &v, bytes, len, t->now_ns);
	}
}

/* Between frames time goes by, and what is no frame is a member that comes or goes. */
static void
pass_time(struct target *t, uint8_t event)
{
	struct rlb_update updates[MAX_UPDATES];
	int n;

	if (event < NB_MEMBERS) {
		t->members[event].usable = !t->members[event].usable;
		rlb_members_changed(t->rlb, &t->view);
	}
	t->now_ns += event * 100 * NSEC_PER_MSEC;
	n = rlb_tick(t->rlb, &t->view, t->now_ns, updates, MAX_UPDATES);
	for (int i = 0; i < n; i++)
		if (updates[i].member < 0 || updates[i].member >= NB_MEMBERS)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct target t;

	if (size > MAX_BYTES)
		return 0;
	begin(&t);
	for (size_t at = 0; at < size;) {
		size_t len = data[at++];
		uint8_t *copy;

		if (len > size - at)
			len = size - at;
		/* In memory of its own, where a read outside is seen. */
		copy = malloc(len != 0 ? len : 1);
		if (copy == NULL)
			break;
		memcpy(copy, data + at, len);
		feed(&t, copy, len);
		free(copy);
		at += len;
		pass_time(&t, (uint8_t)len);
	}
	igmp_memory_walk(t.igmp, check_report, NULL);
	learn_walk(t.learn, check_entry, NULL);
	learn_age(t.learn, t.now_ns);
	igmp_memory_age(t.igmp, t.now_ns);
	learn_free(t.learn);
	igmp_memory_free(t.igmp);
	rlb_free(t.rlb);
	return 0;
}
