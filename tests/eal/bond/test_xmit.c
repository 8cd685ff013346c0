/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What workers do by a plan, mode by mode, on net_ring ports that stand for members: who gets which
 * frame, what happens when a member's ring is full, and that no mbuf is lost or counted wrongly.
 */
#include "xmit_bench.h"

static void
round_robin_deals_in_turn(void **state)
{
	struct rte_mbuf *pkts[BURST];
	struct bond_plan *plan = plan_of(xmit_round_robin);
	void *m;

	(void)state;
	plan->packets_per_member = 3;
	direct_publish(d, plan);
	/* Bursts that are no multiple: the count goes on over bursts. */
	for (uint32_t sent = 0; sent < 36; sent += 4) {
		for (uint32_t i = 0; i < 4; i++)
			pkts[i] = udp(1, sent + i);
		assert_int_equal(send_all(pkts, 4), 4);
	}
	for (unsigned k = 0; k < MEMBERS; k++) {
		uint32_t last = 0, at = 0;

		assert_int_equal(count(k), 12);
		assert_int_equal(counters(k).tx_packets, 12);
		while (rte_ring_dequeue(out[k], &m) == 0) {
			uint32_t id = id_of(m);

			if (at % 3 != 0)
				assert_int_equal(id, last + 1);
			last = id;
			at++;
			rte_pktmbuf_free(m);
		}
	}
}

static void
round_robin_random_uses_all(void **state)
{
	struct rte_mbuf *pkts[BURST];
	struct bond_plan *plan = plan_of(xmit_round_robin_random);

	(void)state;
	plan->packets_per_member = 0;
	direct_publish(d, plan);
	for (uint32_t i = 0; i < BURST; i++)
		pkts[i] = udp(1, i);
	assert_int_equal(send_all(pkts, BURST), BURST);
	for (unsigned k = 0; k < MEMBERS; k++)
		assert_in_range(count(k), 1, BURST - 2);
}

static void
igmp_stays_with_one_member_in_mode_0(void **state)
{
	struct rte_mbuf *pkts[BURST];
	struct bond_plan *plan = plan_of(xmit_round_robin);

	(void)state;
	plan->active = port[1];
	direct_publish(d, plan);
	for (uint32_t i = 0; i < BURST; i++) {
		struct rte_ether_hdr *eth;

		pkts[i] = udp(1, i);
		eth = rte_pktmbuf_mtod(pkts[i], struct rte_ether_hdr *);
		eth->dst_addr = (struct rte_ether_addr){{0x01, 0x00, 0x5e, 0, 0, 1}};
		((struct rte_ipv4_hdr *)(eth + 1))->next_proto_id = IPPROTO_IGMP;
	}
	assert_int_equal(send_all(pkts, BURST), BURST);
	assert_int_equal(count(1), BURST);
}

static void
a_full_member_in_mode_0_leaves_it_to_the_others(void **state)
{
	struct rte_mbuf *pkts[BURST];

	(void)state;
	direct_publish(d, plan_of(xmit_round_robin));
	fill(0);
	for (uint32_t i = 0; i < BURST; i++)
		pkts[i] = udp(1, i);
	assert_int_equal(send_all(pkts, BURST), BURST);
	assert_int_equal(count(1) + count(2), BURST);
	for (unsigned k = 0; k < MEMBERS; k++)
		assert_int_equal(counters(k).tx_full, 0);
}

/* Modes 1, 2, 5 and 6: order and switch tables forbid another member. */
static void
a_full_member_keeps_its_flows(void **state)
{
	const plan_xmit_fn xmit[] = {
		xmit_active,
		xmit_hash_by(BOND_POLICY_L34, MEMBERS),
		xmit_tlb_by(BOND_POLICY_L34, MEMBERS),
		xmit_alb_by(MEMBERS)};
	struct rte_mbuf *pkts[BURST];

	(void)state;
	for (unsigned x = 0; x < RTE_DIM(xmit); x++) {
		unsigned before[MEMBERS];
		uint64_t dropped = counters(0).tx_full;
		uint16_t sent;

		/* Where do the flows go? */
		direct_publish(d, plan_of(xmit[x]));
		for (uint32_t i = 0; i < BURST; i++)
			pkts[i] = udp((uint16_t)i, i);
		assert_int_equal(send_all(pkts, BURST), BURST);
		for (unsigned k = 0; k < MEMBERS; k++) {
			before[k] = count(k);
			drain(out[k]);
		}
		assert_true(before[0] > 0);
		fill(0);
		for (uint32_t i = 0; i < BURST; i++)
			pkts[i] = udp((uint16_t)i, i);
		sent = send_all(pkts, BURST);
		assert_int_equal(sent, BURST - before[0]);
		assert_int_equal(counters(0).tx_full - dropped, before[0]);
		assert_int_equal(count(1), before[1]);
		assert_int_equal(count(2), before[2]);
		for (unsigned k = 0; k < MEMBERS; k++)
			drain(out[k]);
	}
}

static void
order_within_a_flow_stays(void **state)
{
	struct rte_mbuf *pkts[BURST];
	uint32_t last[8] = {0};
	void *m;

	(void)state;
	direct_publish(d, plan_of(xmit_hash_by(BOND_POLICY_L34, MEMBERS)));
	for (uint32_t i = 0; i < BURST; i++)
		pkts[i] = udp((uint16_t)(i % 8), i + 1);
	assert_int_equal(send_all(pkts, BURST), BURST);
	for (unsigned k = 0; k < MEMBERS; k++) {
		while (rte_ring_dequeue(out[k], &m) == 0) {
			uint32_t id = id_of(m);

			assert_true(id > last[(id - 1) % 8]);
			last[(id - 1) % 8] = id;
			rte_pktmbuf_free(m);
		}
	}
}

static void
broadcast_reaches_all_and_frees_once(void **state)
{
	struct rte_mbuf *pkts[BURST];

	(void)state;
	direct_publish(d, plan_of(xmit_broadcast));
	for (uint32_t i = 0; i < BURST; i++)
		pkts[i] = udp(1, i);
	/* The last one must not share what its offloads make a driver write to. */
	pkts[BURST - 1]->ol_flags |= RTE_MBUF_F_TX_VLAN;
	assert_int_equal(send_all(pkts, BURST), BURST);
	for (unsigned k = 0; k < MEMBERS; k++)
		assert_int_equal(count(k), BURST);
	for (unsigned i = 0; i < BURST; i++) {
		void *a, *b;

		assert_int_equal(rte_ring_dequeue(out[0], &a), 0);
		assert_int_equal(rte_ring_dequeue(out[1], &b), 0);
		assert_int_equal(a == b, i != BURST - 1);
		rte_pktmbuf_free(a);
		rte_pktmbuf_free(b);
	}
	/* One member full: the others have it, the drop is that member's. */
	fill(2);
	for (uint32_t i = 0; i < 4; i++)
		pkts[i] = udp(1, i);
	assert_int_equal(send_all(pkts, 4), 4);
	assert_int_equal(counters(2).tx_full, 4);
	assert_int_equal(count(0), 4);
}

static void
another_source_on_another_member(void **state)
{
	const plan_xmit_fn xmit[] = {
		xmit_tlb_by(BOND_POLICY_L34, MEMBERS),
		xmit_tlb_hash,
		xmit_alb_by(MEMBERS),
		xmit_alb_hash};
	struct rte_mbuf *pkts[BURST];
	void *m;

	(void)state;
	for (unsigned x = 0; x < RTE_DIM(xmit); x++) {
		direct_publish(d, plan_of(xmit[x]));
		for (uint32_t i = 0; i < BURST; i++)
			pkts[i] = udp((uint16_t)i, i);
		assert_int_equal(send_all(pkts, BURST), BURST);
		for (unsigned k = 0; k < MEMBERS; k++) {
			struct rte_ether_addr want = k == 0 ? bond_mac : member_mac(k);

			assert_true(count(k) > 0);
			while (rte_ring_dequeue(out[k], &m) == 0) {
				struct rte_ether_hdr *eth =
					rte_pktmbuf_mtod((struct rte_mbuf *)m, struct rte_ether_hdr *);

				assert_true(rte_is_same_ether_addr(&eth->src_addr, &want));
				rte_pktmbuf_free(m);
			}
		}
	}
}

static struct rte_mbuf *
arp_request(void)
{
	struct frame_eth eth = {.src = bond_mac};
	struct frame_arp arp = {.op = 1, .sender_mac = bond_mac, .sender_ip = RTE_BE32(1)};
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	uint8_t bytes[FRAME_MAX_BYTES];
	size_t len;

	memset(&eth.dst, 0xff, sizeof(eth.dst));
	len = frame_arp(bytes, &eth, &arp);
	assert_non_null(rte_pktmbuf_append(m, (uint16_t)len));
	memcpy(rte_pktmbuf_mtod(m, void *), bytes, len);
	return m;
}

static void
mode_6_asks_control_about_arp(void **state)
{
	struct rte_mbuf *pkts[BURST], *shown;
	unsigned diverted = 0;

	(void)state;
	direct_publish(d, plan_of(xmit_alb_by(MEMBERS)));
	for (uint32_t i = 0; i < BURST; i++)
		pkts[i] = i % 4 == 0 ? arp_request() : udp((uint16_t)i, i);
	assert_int_equal(send_all(pkts, BURST), BURST);
	assert_int_equal(count(0) + count(1) + count(2), BURST * 3 / 4);
	while ((shown = direct_next_shown(d)) != NULL) {
		diverted++;
		assert_int_equal(direct_send_mbuf(d, port[2], shown), 0);
	}
	assert_int_equal(diverted, BURST / 4);
	/* And they leave by the member that control names, from the owner of queue 0. */
	drain(out[2]);
	assert_int_equal(io.tx_housekeep(&io, 0), 0);
	assert_int_equal(count(2), BURST / 4);
	/* A member that is full, in a burst with ARP: the rest comes back whole. */
	for (unsigned k = 0; k < MEMBERS; k++)
		fill(k);
	for (uint32_t i = 0; i < BURST; i++)
		pkts[i] = i % 4 == 0 ? arp_request() : udp((uint16_t)i, i);
	assert_int_equal(send_all(pkts, BURST), BURST / 4);
}

static void
nobody_to_send_to(void **state)
{
	const plan_xmit_fn xmit[] = {
		xmit_round_robin,
		xmit_round_robin_each,
		xmit_round_robin_random,
		xmit_active,
		xmit_hash_by(BOND_POLICY_L34, MEMBERS),
		xmit_broadcast,
		xmit_tlb_by(BOND_POLICY_L34, MEMBERS),
		xmit_tlb_hash,
		xmit_alb_by(MEMBERS),
		xmit_alb_hash,
	};
	struct rte_mbuf *pkts[BURST];
	struct direct_totals totals;

	(void)state;
	for (unsigned x = 0; x < RTE_DIM(xmit); x++) {
		struct bond_plan *plan = plan_of(xmit[x]);

		plan->nb_usable = 0;
		plan->active = PLAN_NO_PORT;
		direct_publish(d, plan);
		for (uint32_t i = 0; i < BURST; i++)
			pkts[i] = udp((uint16_t)i, i);
		assert_int_equal(send_all(pkts, BURST), 0);
		direct_totals(d, &totals);
		assert_int_equal(totals.no_member, (x + 1) * BURST);
	}
}

static void
a_queue_id_names_its_member(void **state)
{
	struct rte_mbuf *pkts[BURST];
	struct bond_plan *plan = plan_of(xmit_round_robin);

	(void)state;
	plan->queue_port[0] = port[2];
	direct_publish(d, plan);
	for (uint32_t i = 0; i < BURST; i++)
		pkts[i] = udp((uint16_t)i, i);
	assert_int_equal(send_all(pkts, BURST), BURST);
	assert_int_equal(count(2), BURST);
}

/* Put a frame for @dst on the wire into a member. */
static void
arrive(unsigned member, const struct rte_ether_addr *dst)
{
	struct rte_mbuf *m = udp(1, 0);

	rte_pktmbuf_mtod(m, struct rte_ether_hdr *)->dst_addr = *dst;
	assert_int_equal(rte_ring_enqueue(in[member], m), 0);
}

/* Receive until nothing has come for some calls; frees all. How many were for @dst. */
static unsigned
receive(const struct rte_ether_addr *dst)
{
	struct rte_mbuf *pkts[BURST];
	unsigned found = 0;

	for (unsigned call = 0; call < 64; call++) {
		uint16_t n = io.rx(&io, 0, pkts, BURST);

		for (uint16_t i = 0; i < n; i++) {
			found += rte_is_same_ether_addr(
				&rte_pktmbuf_mtod(pkts[i], struct rte_ether_hdr *)->dst_addr, dst
			);
			rte_pktmbuf_free(pkts[i]);
		}
	}
	return found;
}

static void
roles_decide_what_is_received(void **state)
{
	static const struct rte_ether_addr all = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	static const struct rte_ether_addr lldp = {{0x01, 0x80, 0xc2, 0, 0, 0x0e}};
	struct rte_ether_addr own = member_mac(1);
	struct bond_plan *plan = plan_of(xmit_alb_by(MEMBERS));

	(void)state;
	plan->polled[plan->nb_polled++] = (struct plan_polled){port[0], PLAN_ACCEPT_ALL};
	plan->polled[plan->nb_polled++] = (struct plan_polled){port[1], PLAN_ACCEPT_UNICAST};
	plan->idle[plan->nb_idle++] = (struct plan_polled){port[2], PLAN_ACCEPT_NONE};
	plan->alias[plan->nb_alias++] = plan_mac_word(&own);
	direct_publish(d, plan);
	for (unsigned k = 0; k < MEMBERS; k++)
		arrive(k, &bond_mac);
	assert_int_equal(receive(&bond_mac), 2);
	for (unsigned k = 0; k < MEMBERS; k++)
		arrive(k, &all);
	assert_int_equal(receive(&all), 1);
	for (unsigned k = 0; k < MEMBERS; k++)
		arrive(k, &lldp);
	assert_int_equal(receive(&lldp), MEMBERS);
	/* A member's own address becomes the bond's. */
	arrive(1, &own);
	assert_int_equal(receive(&bond_mac), 1);
	assert_int_equal(counters(1).rx_inactive, 1);
	assert_int_equal(counters(2).rx_inactive, 2);
}

/* Members that always have a burst waiting get their turn one after the other. */
static void
no_member_is_starved(void **state)
{
	struct bond_plan *plan = plan_of(xmit_active);
	struct rte_mbuf *pkts[BURST];
	const unsigned calls = 12;

	(void)state;
	for (unsigned k = 0; k < MEMBERS; k++)
		plan->polled[plan->nb_polled++] = (struct plan_polled){port[k], PLAN_ACCEPT_ALL};
	direct_publish(d, plan);
	for (unsigned call = 0; call < calls; call++) {
		for (unsigned k = 0; k < MEMBERS; k++)
			while (rte_ring_count(in[k]) < BURST)
				arrive(k, &bond_mac);
		assert_int_equal(io.rx(&io, 0, pkts, BURST), BURST);
		rte_pktmbuf_free_bulk(pkts, BURST);
	}
	for (unsigned k = 0; k < MEMBERS; k++)
		assert_int_equal(counters(k).rx_packets, calls / MEMBERS * BURST);
}

static void
old_plans_wait_for_their_readers(void **state)
{
	(void)state;
	/* Without a grace function they go at once; under ASan a use after that would show. */
	for (unsigned i = 0; i < 1000; i++)
		direct_publish(d, plan_of(xmit_active));
	assert_int_equal(receive(&bond_mac), 0);
}

/* `show bond NAME flow` names the member by which workers send. */
static void
flow_says_what_workers_do(void **state)
{
	const struct {
		enum bond_mode mode;
		bool dynamic;
		plan_xmit_fn xmit;
	} cases[] = {
		{BOND_MODE_AB, true, xmit_active},
		{BOND_MODE_XOR, true, xmit_hash_by(BOND_POLICY_L34, MEMBERS)},
		{BOND_MODE_TLB, true, xmit_tlb_by(BOND_POLICY_L34, MEMBERS)},
		{BOND_MODE_TLB, false, xmit_tlb_hash},
		{BOND_MODE_ALB, true, xmit_alb_by(MEMBERS)},
		{BOND_MODE_ALB, false, xmit_alb_hash},
	};
	struct flow f = {
		.dst = peer_mac,
		.src = bond_mac,
		.ether_type = RTE_ETHER_TYPE_IPV4,
		.proto = IPPROTO_UDP,
		.sip.v4 = RTE_BE32(0x0a000001),
		.sport = 1000,
		.dport = 9,
	};

	(void)state;
	for (unsigned c = 0; c < RTE_DIM(cases); c++) {
		struct bond_settings s;
		unsigned used = 0;

		bond_settings_default(&s, "bond0");
		s.mode = cases[c].mode;
		s.tlb_dynamic_lb = cases[c].dynamic;
		direct_publish(d, plan_of(cases[c].xmit));
		for (uint16_t i = 0; i < 64; i++) {
			struct rte_mbuf *m = udp(i, i);
			struct rte_ether_addr source;
			struct flow_answer a;
			unsigned k = 0;
			void *got;

			f.dip.v4 = rte_cpu_to_be_32(0x0a000100u + i);
			flow_member(direct_plan(d), &s, &f, &a);
			assert_int_equal(send_all(&m, 1), 1);
			while (rte_ring_dequeue(out[k], &got) != 0)
				k++;
			assert_int_equal(a.port_id, port[k]);
			source = rte_pktmbuf_mtod((struct rte_mbuf *)got, struct rte_ether_hdr *)
			                 ->src_addr;
			assert_true(rte_is_same_ether_addr(
				&source, a.new_source ? &a.source : &bond_mac
			));
			used |= 1u << k;
			rte_pktmbuf_free(got);
		}
		assert_int_equal(used, cases[c].mode == BOND_MODE_AB ? 1 : 7);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(round_robin_deals_in_turn),
		CASE(round_robin_random_uses_all),
		CASE(igmp_stays_with_one_member_in_mode_0),
		CASE(a_full_member_in_mode_0_leaves_it_to_the_others),
		CASE(a_full_member_keeps_its_flows),
		CASE(order_within_a_flow_stays),
		CASE(broadcast_reaches_all_and_frees_once),
		CASE(another_source_on_another_member),
		CASE(mode_6_asks_control_about_arp),
		CASE(nobody_to_send_to),
		CASE(a_queue_id_names_its_member),
		CASE(roles_decide_what_is_received),
		CASE(no_member_is_starved),
		CASE(old_plans_wait_for_their_readers),
		CASE(flow_says_what_workers_do),
	};

	if (start() != 0) {
		printf("Bail out! EAL or its rings do not start\n");
		return EXIT_FAILURE;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
