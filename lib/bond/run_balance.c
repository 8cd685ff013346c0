/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Modes 5 and 6 of a direct bond: the buckets of flows follow the usable members and their load,
 * and in mode 6 ARP tells clients by which member to answer.
 */
#include "frames.h"
#include "run.h"
#include "units.h"

#include <rte_arp.h>
#include <rte_mbuf.h>

#include <string.h>

enum {
	ALB_TICK_MS = 100,  /* ALB_TIMER_TICKS_PER_SEC */
	PROMISC_MS = 10000, /* RLB_PROMISC_TIMEOUT */
	MAX_UPDATES = 64,
	ARP_HEADER_BYTES = 64,
};

static uint16_t
usable_members(
	const struct bond_run *run,
	uint16_t ports[BOND_MAX_MEMBERS],
	struct tlb_member members[BOND_MAX_MEMBERS]
)
{
	uint16_t n = 0;

	for (int i = 0; i < run->engine.nb_members; i++) {
		if (!engine_usable(&run->engine, i))
			continue;
		ports[n] = run->engine.members[i].port_id;
		members[n++] =
			(struct tlb_member){.speed_mbps = run->engine.members[i].phy.speed_mbps};
	}
	return n;
}

static void
buckets_follow(struct bond_run *run)
{
	struct tlb_member members[BOND_MAX_MEMBERS];
	uint16_t ports[BOND_MAX_MEMBERS];
	uint16_t n = usable_members(run, ports, members);
	int map[BOND_MAX_MEMBERS];

	if (n != 0 && run->nb_tlb_ports == 0)
		tlb_deal(&run->tlb, members, n);
	if (n != 0 && run->nb_tlb_ports != 0) {
		for (uint16_t old = 0; old < run->nb_tlb_ports; old++) {
			map[old] = -1;
			for (uint16_t i = 0; i < n; i++)
				if (ports[i] == run->tlb_ports[old])
					map[old] = i;
		}
		tlb_members_changed(&run->tlb, map, run->nb_tlb_ports, members, n);
		/* Who came gets its part at once. */
		if (n > run->nb_tlb_ports)
			run->tlb_due_ns = 0;
	}
	run->nb_tlb_ports = n;
	memcpy(run->tlb_ports, ports, sizeof(ports));
}

struct rlb_members {
	struct rlb_member list[BOND_MAX_MEMBERS];
	struct rlb_view view;
};

static void
fill_rlb_view(const struct bond_run *run, struct rlb_members *ret)
{
	const struct engine *e = &run->engine;

	for (int i = 0; i < e->nb_members; i++)
		ret->list[i] = (struct rlb_member){
			.port_id = e->members[i].port_id,
			.mac = run_member(run, i)->want_mac,
			.usable = engine_usable(e, i),
			.speed_mbps = e->members[i].phy.speed_mbps,
		};
	ret->view = (struct rlb_view){
		.members = ret->list,
		.nb_members = e->nb_members,
		.active = e->active,
		.bond_mac = run->bond->mac,
	};
}

/*
 * Clients go on sending to the address of a member that is lost, until they are told otherwise: for
 * a while the active one hears everything, and its switch is taught that the address is there now
 * (rlb_teach_disabled_mac_on_primary).
 */
static void
adopt_lost_addresses(struct bond_run *run)
{
	const struct engine *e = &run->engine;
	const struct bond_member *active;
	uint8_t bytes[FRAME_MAX_BYTES];

	if (e->active == ENGINE_NO_MEMBER)
		return;
	active = run_member(run, e->active);
	for (int i = 0; i < e->nb_members; i++) {
		const struct bond_member *m = run_member(run, i);

		/* m->link is what was reported last: the engine's word is newer. */
		if (i == e->active || engine_usable(e, i) || m->link == BOND_LINK_DOWN)
			continue;
		run->promisc_until_ns = run_now_ns(run) + PROMISC_MS * NSEC_PER_MSEC;
		(void)direct_send(
			run->direct, active->port_id, bytes, frame_learning(bytes, &m->want_mac, 0)
		);
	}
}

bool
run_hears_all(const struct bond_run *run)
{
	return run != NULL && run->promisc_until_ns != 0;
}

void
run_balance_members_changed(struct bond_run *run)
{
	struct rlb_members members;

	if (!bond_mode_is_lb(run->bond->settings.mode))
		return;
	buckets_follow(run);
	if (run->bond->settings.mode != BOND_MODE_ALB)
		return;
	fill_rlb_view(run, &members);
	rlb_members_changed(run->rlb, &members.view);
	adopt_lost_addresses(run);
}

void
run_balance_start(struct bond_run *run)
{
	uint64_t now_ns = run_now_ns(run);

	run->tlb_since_ns = now_ns;
	run->tlb_due_ns = now_ns + TLB_REBALANCE_MS * NSEC_PER_MSEC;
	run->learning_due_ns = now_ns + run->bond->settings.lp_interval_s * NSEC_PER_SEC;
}

static void
rebalance(struct bond_run *run, uint64_t now_ns)
{
	struct tlb_member members[BOND_MAX_MEMBERS];
	uint16_t ports[BOND_MAX_MEMBERS];
	uint64_t bytes[TLB_BUCKETS], period_ms;
	uint16_t n = usable_members(run, ports, members);

	run->tlb_due_ns = now_ns + TLB_REBALANCE_MS * NSEC_PER_MSEC;
	if (n == 0 || n != run->nb_tlb_ports || now_ns <= run->tlb_since_ns)
		return;
	direct_bucket_bytes(run->direct, bytes);
	period_ms = (now_ns - run->tlb_since_ns) / NSEC_PER_MSEC;
	run->tlb_since_ns = now_ns;
	if (tlb_rebalance(&run->tlb, bytes, RTE_MAX(period_ms, 1ull), members, n) != 0)
		run->plan_wanted = true;
}

static void
send_updates(struct bond_run *run, uint64_t now_ns)
{
	struct rlb_update updates[MAX_UPDATES];
	struct rlb_members members;
	uint8_t bytes[FRAME_MAX_BYTES];
	int n;

	fill_rlb_view(run, &members);
	n = rlb_tick(run->rlb, &members.view, now_ns, updates, MAX_UPDATES);
	for (int i = 0; i < n; i++) {
		const struct rlb_update *u = &updates[i];
		struct frame_eth eth = {.dst = u->dst_mac, .src = u->src_mac};
		const struct frame_arp arp = {
			.op = 2,
			.sender_mac = u->src_mac,
			.target_mac = u->dst_mac,
			.sender_ip = u->src_ip,
			.target_ip = u->dst_ip,
		};

		if (u->vlan_id != 0) {
			eth.nb_tags = 1;
			eth.tags[0].tpid = RTE_ETHER_TYPE_VLAN;
			eth.tags[0].tci = u->vlan_id;
		}
		for (int times = 0; times < RLB_ARP_BURST_SIZE; times++)
			(void)direct_send(
				run->direct,
				members.list[u->member].port_id,
				bytes,
				frame_arp(bytes, &eth, &arp)
			);
	}
}

void
run_balance_tick(struct bond_run *run, uint64_t now_ns)
{
	const struct bond_settings *s = &run->bond->settings;
	/* Without balancing by load Linux does not run its ALB work in mode 5 (bond_open). */
	bool works = s->mode == BOND_MODE_ALB || s->tlb_dynamic_lb;

	if (!works)
		return;
	if (s->tlb_dynamic_lb && now_ns >= run->tlb_due_ns)
		rebalance(run, now_ns);
	if (now_ns >= run->learning_due_ns) {
		run->learning_due_ns = now_ns + s->lp_interval_s * NSEC_PER_SEC;
		for (int i = 0; i < run->engine.nb_members; i++)
			if (engine_usable(&run->engine, i))
				run_send_learning(run, run_member(run, i));
	}
	if (s->mode == BOND_MODE_ALB && now_ns >= run->rlb_due_ns) {
		run->rlb_due_ns = now_ns + ALB_TICK_MS * NSEC_PER_MSEC;
		send_updates(run, now_ns);
	}
}

void
run_balance_arp_received(struct bond_run *run, const struct rlb_arp *arp)
{
	struct rlb_members members;

	fill_rlb_view(run, &members);
	rlb_rx(run->rlb, &members.view, arp);
}

/*
 * The frame leaves under the address of its member, so that the switch finds that where it is; in
 * ARP's own words the sender may be another.
 */
static void
set_sender(
	struct rte_mbuf *m,
	uint16_t l3_offset_bytes,
	const struct rte_ether_addr *member_mac,
	const struct rte_ether_addr *sender_mac
)
{
	rte_pktmbuf_mtod(m, struct rte_ether_hdr *)->src_addr = *member_mac;
	rte_pktmbuf_mtod_offset(m, struct rte_arp_hdr *, l3_offset_bytes)->arp_data.arp_sha =
		*sender_mac;
}

/* The member by which an ARP frame leaves, and its sender rewritten (rlb_arp_xmit). */
static int
choose_for_arp(struct bond_run *run, struct rte_mbuf *m)
{
	struct rte_ether_addr sender_mac;
	struct rlb_members members;
	struct frame_view f;
	struct rlb_arp arp;
	int index;

	if (frame_parse(
		    &f,
		    rte_pktmbuf_mtod(m, const uint8_t *),
		    RTE_MIN(rte_pktmbuf_data_len(m), (uint16_t)ARP_HEADER_BYTES)
	    ) != 0 ||
	    f.kind != FRAME_ARP || (f.arp.op != RTE_ARP_OP_REQUEST && f.arp.op != RTE_ARP_OP_REPLY))
		return run->engine.active;
	arp = (struct rlb_arp){
		.is_reply = f.arp.op == RTE_ARP_OP_REPLY,
		.src_mac = f.arp.sender_mac,
		.dst_mac = f.arp.target_mac,
		.src_ip = f.arp.sender_ip,
		.dst_ip = f.arp.target_ip,
		.vlan_id = f.vlan_id != 0 ? f.vlan_id : run_vlan_in_mbuf(m),
	};
	fill_rlb_view(run, &members);
	index = rlb_tx(run->rlb, &members.view, &arp, run_now_ns(run), &sender_mac);
	if (index < 0)
		return run->engine.active;
	set_sender(m, f.l3_offset_bytes, &members.list[index].mac, &sender_mac);
	return index;
}

void
run_balance_arp_sent(struct bond_run *run, struct rte_mbuf *m)
{
	int index =
		run->engine.active != ENGINE_NO_MEMBER ? choose_for_arp(run, m) : ENGINE_NO_MEMBER;

	if (index == ENGINE_NO_MEMBER)
		rte_pktmbuf_free(m);
	else
		(void)direct_send_mbuf(run->direct, run_member(run, index)->port_id, m);
}
