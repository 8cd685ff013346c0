/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames of the control plane of a direct bond: those that workers show, probes of the ARP monitor,
 * and what is said to peers after a failover.
 */
#include "dissect.h"
#include "frames.h"
#include "run.h"

#include <rte_mbuf.h>

#include <string.h>

enum {
	SHOWN_PER_TICK = 512, /* a flood of ARP must not keep the clock from running */
	SHOWN_BYTES = 512,
};

/* Addresses of the bond: the user's, and those of the tap that it is joined to. */
static const struct bond_address *
next_address(const struct bond_run *run, const struct bond_address *after)
{
	const struct bond *bond = run->bond;
	const struct bond_address *given = bond->settings.addresses;
	const struct bond_address *next = after == NULL ? given : after + 1;

	if (next >= given && next < given + bond->settings.nb_addresses)
		return next;
	if (after == NULL || after == given + bond->settings.nb_addresses - 1)
		next = bond->followed;
	return next < bond->followed + bond->nb_followed ? next : NULL;
}

static bool
has_ip4(void *ctx, rte_be32_t ip)
{
	const struct bond_address *a = NULL;

	while ((a = next_address(ctx, a)) != NULL)
		if (!a->is_v6 && a->v4 == ip)
			return true;
	return learn_has_ip4(((const struct bond_run *)ctx)->learn, ip);
}

static bool
has_ip6(void *ctx, const struct bond_ip6 *ip)
{
	const struct bond_address *a = NULL;

	while ((a = next_address(ctx, a)) != NULL)
		if (a->is_v6 && memcmp(&a->v6, ip, sizeof(*ip)) == 0)
			return true;
	return learn_has_ip6(((const struct bond_run *)ctx)->learn, ip);
}

static void
received_arp(struct bond_run *run, int index, const struct frame_view *f, uint64_t now_ns)
{
	const struct engine_arp arp = {
		.is_reply = f->arp.op == 2,
		.is_broadcast_or_ours = rte_is_broadcast_ether_addr(&f->dst) ||
	                                rte_is_same_ether_addr(&f->dst, &run->bond->mac),
		.sender_ip = f->arp.sender_ip,
		.target_ip = f->arp.target_ip,
	};

	engine_arp_rx(&run->engine, index, &arp, has_ip4, run, now_ns);
	if (run->bond->settings.mode == BOND_MODE_ALB) {
		const struct rlb_arp rlb = {
			.is_reply = arp.is_reply,
			.src_mac = f->arp.sender_mac,
			.dst_mac = f->arp.target_mac,
			.src_ip = f->arp.sender_ip,
			.dst_ip = f->arp.target_ip,
			.vlan_id = f->vlan_id,
		};

		run_balance_arp_received(run, &rlb);
	}
}

static void
received(struct bond_run *run, uint16_t port_id, const struct frame_view *f, uint64_t now_ns)
{
	int index = engine_find(&run->engine, port_id);

	if (index == ENGINE_NO_MEMBER)
		return;
	/* Others may hear what we have sent ourselves, but not the member that sent it. */
	if (index == run->engine.active) {
		learn_forget(run->learn, &f->src, f->vlan_id);
		igmp_memory_forget(run->igmp, &f->src, f->vlan_id);
	}
	if (f->kind == FRAME_ARP) {
		received_arp(run, index, f, now_ns);
	} else if (f->kind == FRAME_NS || f->kind == FRAME_NA) {
		const struct engine_nd nd = {
			.saddr = f->saddr,
			.daddr = f->daddr,
		};

		engine_nd_rx(&run->engine, index, &nd, has_ip6, run, now_ns);
	}
}

uint16_t
run_vlan_in_mbuf(const struct rte_mbuf *m)
{
	return dissect_tag_in_mbuf(m) ? m->vlan_tci & 0xfff : 0;
}

static void
read_shown(struct bond_run *run, struct rte_mbuf *m, uint64_t now_ns)
{
	uint32_t len = RTE_MIN(rte_pktmbuf_pkt_len(m), (uint32_t)SHOWN_BYTES);
	uint8_t buf[SHOWN_BYTES];
	const uint8_t *bytes = rte_pktmbuf_read(m, 0, len, buf);
	struct frame_view f;

	if (bytes == NULL || frame_parse(&f, bytes, len) != 0)
		return;
	if (f.vlan_id == 0)
		f.vlan_id = run_vlan_in_mbuf(m);
	if (m->port != run->bond->port_id) {
		received(run, m->port, &f, now_ns);
		return;
	}
	learn_frame(run->learn, &f, now_ns);
	if (f.kind == FRAME_IGMP || f.kind == FRAME_MLD)
		igmp_memory_note(run->igmp, &f, bytes, len, now_ns);
}

void
run_read_shown(struct bond_run *run)
{
	uint64_t now_ns = run_now_ns(run);

	for (unsigned i = 0; i < SHOWN_PER_TICK; i++) {
		struct rte_mbuf *m = direct_next_shown(run->direct);

		if (m == NULL)
			return;
		/* A frame itself, not a copy of ours: mode 6 asks by whom it is to leave. */
		if (m->pool != run->direct->pool) {
			run_balance_arp_sent(run, m);
			continue;
		}
		read_shown(run, m, now_ns);
		rte_pktmbuf_free(m);
	}
}

static bool
same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned bytes = bits / 8, rest = bits % 8;

	if (memcmp(a, b, bytes) != 0)
		return false;
	return rest == 0 || ((a[bytes] ^ b[bytes]) >> (8 - rest)) == 0;
}

/* The address whose network holds the target, by longest prefix; NULL when there is none. */
static const struct bond_address *
source_for(const struct bond_run *run, bool is_v6, const void *target)
{
	const struct bond_address *a = NULL, *best = NULL;

	while ((a = next_address(run, a)) != NULL) {
		const void *own = is_v6 ? (const void *)&a->v6 : (const void *)&a->v4;

		if (a->is_v6 == is_v6 && same_prefix(own, target, a->prefix_bits) &&
		    (best == NULL || a->prefix_bits > best->prefix_bits))
			best = a;
	}
	return best;
}

/* As bond_arp_send_all: from the member's own address, to all. */
static void
probe_arp(struct bond_run *run, const struct bond_member *m, rte_be32_t target)
{
	const struct bond_address *source = source_for(run, false, &target);
	struct frame_eth eth = {.src = m->want_mac};
	const struct frame_arp arp = {
		.op = 1,
		.sender_mac = m->want_mac,
		.sender_ip = source != NULL ? source->v4 : 0,
		.target_ip = target,
	};
	uint8_t bytes[FRAME_MAX_BYTES];

	memset(&eth.dst, 0xff, sizeof(eth.dst));
	if (source != NULL && source->vlan_id != 0) {
		eth.nb_tags = 1;
		eth.tags[0].tpid = RTE_ETHER_TYPE_VLAN;
		eth.tags[0].tci = source->vlan_id;
	}
	(void)direct_send(run->direct, m->port_id, bytes, frame_arp(bytes, &eth, &arp));
}

static void
probe_ns(struct bond_run *run, const struct bond_member *m, const struct bond_ip6 *target)
{
	const struct bond_address *source = source_for(run, true, target);
	const struct bond_ip6 unspecified = {{0}};
	uint8_t bytes[FRAME_MAX_BYTES];
	size_t len = frame_ns(
		bytes,
		&m->want_mac,
		source != NULL ? source->vlan_id : 0,
		source != NULL ? &source->v6 : &unspecified,
		target
	);

	(void)direct_send(run->direct, m->port_id, bytes, len);
}

void
run_probe(void *ctx, int index)
{
	struct bond_run *run = ctx;
	const struct bond_settings *s = &run->bond->settings;
	const struct bond_member *m = run_member(run, index);

	for (unsigned i = 0; i < s->nb_arp_targets; i++)
		probe_arp(run, m, s->arp_targets[i]);
	for (unsigned i = 0; i < s->nb_ns_targets; i++)
		probe_ns(run, m, &s->ns_targets[i]);
}

static void
announce(
	struct bond_run *run,
	uint16_t port_id,
	const struct rte_ether_addr *mac,
	const struct bond_address *a,
	bool is_router
)
{
	uint8_t bytes[FRAME_MAX_BYTES];
	size_t len = a->is_v6 ? frame_unsolicited_na(bytes, mac, a->vlan_id, &a->v6, is_router)
	                      : frame_garp(bytes, mac, a->vlan_id, a->v4);

	(void)direct_send(run->direct, port_id, bytes, len);
}

struct announcing {
	struct bond_run *run;
	uint16_t port_id;
};

/* Whether an address is one of the bond's before @end in the walk; NULL: at all. */
static bool
is_given(
	const struct bond_run *run,
	const struct bond_address *wanted,
	const struct bond_address *end
)
{
	const struct bond_address *a = NULL;

	while ((a = next_address(run, a)) != end && a != NULL)
		if (a->is_v6 == wanted->is_v6 && a->vlan_id == wanted->vlan_id &&
		    (a->is_v6 ? memcmp(&a->v6, &wanted->v6, sizeof(a->v6)) == 0
		              : a->v4 == wanted->v4))
			return true;
	return false;
}

/* A host behind the bond: its addresses, or where none is known its MAC by RARP, as OVS does. */
static void
announce_learnt(void *ctx, const struct learn_entry *e)
{
	const struct announcing *a = ctx;
	bool is_bond = rte_is_same_ether_addr(&e->mac, &a->run->bond->mac);
	uint8_t bytes[FRAME_MAX_BYTES];

	for (unsigned i = 0; i < e->nb_addresses; i++)
		if (!is_given(a->run, &e->addresses[i], NULL))
			announce(a->run, a->port_id, &e->mac, &e->addresses[i], e->is_router);
	if (e->nb_addresses == 0 && !(is_bond && next_address(a->run, NULL) != NULL))
		(void)direct_send(
			a->run->direct,
			a->port_id,
			bytes,
			frame_rarp_learn(bytes, &e->mac, e->vlan_id)
		);
}

void
run_notify_peers(struct bond_run *run)
{
	struct announcing a = {.run = run};
	const struct bond_address *address = NULL;

	if (run->engine.active == ENGINE_NO_MEMBER)
		return;
	a.port_id = run_member(run, run->engine.active)->port_id;
	/* The user may have named what the tap has too. */
	while ((address = next_address(run, address)) != NULL)
		if (!is_given(run, address, address))
			announce(run, a.port_id, &run->bond->mac, address, false);
	learn_walk(run->learn, announce_learnt, &a);
}

static void
resend_report(void *ctx, const void *bytes, size_t len)
{
	const struct announcing *a = ctx;

	(void)direct_send(a->run->direct, a->port_id, bytes, len);
}

void
run_resend_igmp(struct bond_run *run)
{
	const struct bond_plan *plan = direct_plan(run->direct);
	struct announcing a = {.run = run, .port_id = plan->active};

	if (plan->active != PLAN_NO_PORT)
		igmp_memory_walk(run->igmp, resend_report, &a);
}

/* Its switch learns where the member's address is, in each VLAN (alb_send_learning_packets). */
void
run_send_learning(struct bond_run *run, const struct bond_member *m)
{
	const struct bond_address *a = NULL;
	uint8_t bytes[FRAME_MAX_BYTES];
	uint64_t done[4096 / 64] = {0};

	(void)direct_send(run->direct, m->port_id, bytes, frame_learning(bytes, &m->want_mac, 0));
	while ((a = next_address(run, a)) != NULL) {
		if (a->vlan_id == 0 || (done[a->vlan_id / 64] >> a->vlan_id % 64 & 1) != 0)
			continue;
		done[a->vlan_id / 64] |= UINT64_C(1) << a->vlan_id % 64;
		(void)direct_send(
			run->direct,
			m->port_id,
			bytes,
			frame_learning(bytes, &m->want_mac, a->vlan_id)
		);
	}
}

void
run_provoke(struct bond *bond)
{
	struct bond_run *run = bond->run;
	uint8_t bytes[FRAME_MAX_BYTES];

	if (run->engine.active == ENGINE_NO_MEMBER)
		return;
	(void)direct_send(
		run->direct,
		run_member(run, run->engine.active)->port_id,
		bytes,
		frame_rarp_learn(bytes, &bond->mac, 0)
	);
}
