/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames of LACP between workers and control: what is taken out of received bursts and for whom
 * there is room, how control's frames get ahead of data on a full member, and broadcast_neighbor.
 */
#include "lacp_pdu.h"
#include "xmit_bench.h"

#include <rte_arp.h>
#include <rte_icmp.h>

/* A frame to the group of slow protocols. */
static struct rte_mbuf *
slow(uint8_t subtype)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	uint8_t *bytes;

	assert_non_null(m);
	assert_non_null(rte_pktmbuf_append(m, LACP_FRAME_BYTES));
	bytes = rte_pktmbuf_mtod(m, uint8_t *);
	memset(bytes, 0, LACP_FRAME_BYTES);
	memcpy(bytes, &lacp_multicast, sizeof(lacp_multicast));
	memcpy(bytes + 6, &peer_mac, sizeof(peer_mac));
	bytes[12] = LACP_ETHER_TYPE >> 8;
	bytes[13] = LACP_ETHER_TYPE & 0xff;
	bytes[14] = subtype;
	return m;
}

static void
arrives(unsigned member, struct rte_mbuf *m)
{
	assert_int_equal(rte_ring_enqueue(in[member], m), 0);
}

/* Member 0 collects, the others do not. */
static struct bond_plan *
receiving_plan(void)
{
	struct bond_plan *plan = plan_of(xmit_hash_by(BOND_POLICY_L34, MEMBERS));

	plan->recv = recv_members_slow;
	plan->polled[plan->nb_polled++] =
		(struct plan_polled){.port_id = port[0], .accept = PLAN_ACCEPT_ALL};
	for (unsigned i = 1; i < MEMBERS; i++)
		plan->idle[plan->nb_idle++] =
			(struct plan_polled){.port_id = port[i], .accept = PLAN_ACCEPT_NONE};
	return plan;
}

/* Everything that waits in the members' rings; what is delivered is freed and counted. */
static unsigned
receive_all(void)
{
	struct rte_mbuf *pkts[BURST];
	unsigned total = 0;

	/* Idle members are looked at once in 16 calls. */
	for (int i = 0; i < 64; i++) {
		uint16_t got = io.rx(&io, 0, pkts, BURST);

		rte_pktmbuf_free_bulk(pkts, got);
		total += got;
	}
	return total;
}

static unsigned
read_slow(unsigned from[static MEMBERS])
{
	struct rte_mbuf *m;
	unsigned n = 0;

	memset(from, 0, MEMBERS * sizeof(from[0]));
	for (; (m = direct_next_slow(d)) != NULL; n++) {
		for (unsigned k = 0; k < MEMBERS; k++)
			from[k] += m->port == port[k];
		rte_pktmbuf_free(m);
	}
	return n;
}

static void
lacpdus_and_markers_go_to_control(void **state)
{
	unsigned from[MEMBERS];
	struct rte_mbuf *tagged;

	(void)state;
	direct_publish(d, receiving_plan());
	for (unsigned k = 0; k < MEMBERS; k++) {
		arrives(k, udp(1, 0));
		arrives(k, slow(LACP_SUBTYPE));
		arrives(k, slow(MARKER_SUBTYPE));
		/* OAM and ESMC are link-local too, and pass; so does what only looks alike. */
		arrives(k, slow(3));
		arrives(k, slow(10));
	}
	tagged = slow(LACP_SUBTYPE);
	rte_pktmbuf_mtod(tagged, struct rte_ether_hdr *)->dst_addr = bond_mac;
	arrives(0, tagged);
	assert_int_equal(receive_all(), 2 * MEMBERS + 2);
	assert_int_equal(read_slow(from), 2 * MEMBERS);
	for (unsigned k = 0; k < MEMBERS; k++)
		assert_int_equal(from[k], 2);
	assert_int_equal(counters(0).rx_inactive, 0);
	assert_int_equal(counters(1).rx_inactive, 1);
}

static void
a_flood_on_one_member_leaves_room_for_the_others(void **state)
{
	unsigned from[MEMBERS];

	(void)state;
	direct_publish(d, receiving_plan());
	for (unsigned i = 0; i < 4 * PLAN_SLOW_PER_MEMBER; i++) {
		arrives(0, slow(LACP_SUBTYPE));
		assert_int_equal(receive_all(), 0);
	}
	arrives(1, slow(LACP_SUBTYPE));
	assert_int_equal(receive_all(), 0);
	assert_int_equal(counters(0).rx_slow_lost, 3 * PLAN_SLOW_PER_MEMBER);
	assert_int_equal(counters(1).rx_slow_lost, 0);
	assert_int_equal(read_slow(from), PLAN_SLOW_PER_MEMBER + 1);
	assert_int_equal(from[1], 1);
	/* What control has read makes room again. */
	arrives(0, slow(LACP_SUBTYPE));
	assert_int_equal(receive_all(), 0);
	assert_int_equal(read_slow(from), 1);
	assert_int_equal(counters(0).rx_slow_lost, 3 * PLAN_SLOW_PER_MEMBER);
}

static struct direct_totals
totals(void)
{
	struct direct_totals t;

	direct_totals(d, &t);
	return t;
}

static void
send_control(unsigned member, uint8_t mark)
{
	assert_int_equal(direct_send(d, port[member], &mark, 1), 0);
}

static uint8_t
take_mark(unsigned member)
{
	void *m = NULL;
	uint8_t mark;

	assert_int_equal(rte_ring_dequeue(out[member], &m), 0);
	mark = *rte_pktmbuf_mtod((struct rte_mbuf *)m, uint8_t *);
	rte_pktmbuf_free(m);
	return mark;
}

/* The member's ring is full; with the first room control's frames leave, before data. */
static void
control_goes_ahead_of_data(void **state)
{
	struct rte_mbuf *pkts[4], *m[2];

	(void)state;
	direct_publish(d, plan_of(xmit_active));
	fill(0);
	send_control(0, 0xc1);
	send_control(1, 0xc2);
	send_control(0, 0xc3);
	io.tx_housekeep(&io, 0);
	/* The other member need not wait. */
	assert_int_equal(take_mark(1), 0xc2);
	assert_int_equal(totals().control_sent, 1);
	assert_int_equal(totals().control_lost, 0);
	/* Room for two: the next burst of data comes behind. */
	assert_int_equal(rte_ring_dequeue_bulk(out[0], (void **)m, 2, NULL), 2);
	rte_pktmbuf_free_bulk(m, 2);
	for (uint32_t i = 0; i < 4; i++)
		pkts[i] = udp(1, i);
	assert_int_equal(send_all(pkts, 4), 0);
	assert_int_equal(totals().control_sent, 3);
	while (count(0) > 2)
		(void)take_mark(0);
	assert_int_equal(take_mark(0), 0xc1);
	assert_int_equal(take_mark(0), 0xc3);
}

/* What an LACPDU says is not true for ever. */
static void
control_that_waited_too_long_is_lost(void **state)
{
	(void)state;
	direct_publish(d, plan_of(xmit_active));
	fill(0);
	send_control(0, 1);
	io.tx_housekeep(&io, 0);
	assert_int_equal(totals().control_lost, 0);
	d->control_age_cycles = 0;
	io.tx_housekeep(&io, 0);
	assert_int_equal(totals().control_lost, 1);
	drain(out[0]);
	io.tx_housekeep(&io, 0);
	assert_int_equal(count(0), 0);
}

/* A flush, before a member leaves, sends what can be sent and keeps nothing. */
static void
a_flush_leaves_nothing_behind(void **state)
{
	(void)state;
	direct_publish(d, plan_of(xmit_active));
	fill(0);
	for (unsigned i = 0; i < 3 * PLAN_CONTROL_WAITS; i++)
		send_control(i % 2, (uint8_t)i);
	direct_flush(d);
	assert_int_equal(count(1), 3 * PLAN_CONTROL_WAITS / 2);
	assert_int_equal(totals().control_sent + totals().control_lost, 3 * PLAN_CONTROL_WAITS);
	drain(out[0]);
	io.tx_housekeep(&io, 0);
	assert_int_equal(count(0), 0);
}

/* ARP, or a neighbour solicitation or advertisement, or an ICMPv6 echo that is none. */
static struct rte_mbuf *
neighbor(uint8_t icmp6_type)
{
	struct rte_mbuf *m = udp(1, 0);
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_ipv6_hdr *ip6 = (struct rte_ipv6_hdr *)(eth + 1);

	if (icmp6_type == 0) {
		eth->ether_type = RTE_BE16(RTE_ETHER_TYPE_ARP);
		return m;
	}
	eth->ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV6);
	ip6->proto = IPPROTO_ICMPV6;
	*(uint8_t *)(ip6 + 1) = icmp6_type;
	return m;
}

static void
neighbours_are_told_by_every_member(void **state)
{
	struct rte_mbuf *pkts[BURST];
	unsigned data, got = 0;

	(void)state;
	direct_publish(d, plan_of(xmit_hash_neighbor));
	pkts[0] = neighbor(0);
	pkts[1] = neighbor(135);
	pkts[2] = neighbor(136);
	assert_int_equal(send_all(pkts, 3), 3);
	for (unsigned k = 0; k < MEMBERS; k++)
		assert_int_equal(count(k), 3);
	/* Others by one, also between them. */
	for (data = 0; data < 9; data++)
		pkts[data] = data % 3 == 1 ? neighbor(0) : data == 5 ? neighbor(128) : udp(7, data);
	assert_int_equal(send_all(pkts, 9), 9);
	for (unsigned k = 0; k < MEMBERS; k++)
		got += count(k) - 3;
	assert_int_equal(got, 3 * MEMBERS + 6);
}

/* The member of a flow is full: its frames come back, behind all that went. */
static void
what_is_refused_comes_back(void **state)
{
	struct rte_mbuf *pkts[BURST];
	uint16_t sent;
	unsigned full;

	(void)state;
	direct_publish(d, plan_of(xmit_hash_neighbor));
	pkts[0] = udp(7, 1);
	assert_int_equal(send_all(pkts, 1), 1);
	for (full = 0; count(full) == 0;)
		full++;
	fill(full);
	pkts[0] = udp(7, 2);
	pkts[1] = neighbor(0);
	pkts[2] = udp(7, 3);
	sent = io.tx(&io, 0, pkts, 3);
	assert_int_equal(sent, 1);
	assert_int_equal(id_of(pkts[1]), 2);
	assert_int_equal(id_of(pkts[2]), 3);
	rte_pktmbuf_free_bulk(pkts + 1, 2);
	for (unsigned k = 0; k < MEMBERS; k++)
		if (k != full)
			assert_int_equal(count(k), 1);
	/* Two of the flow, and the full one's share of the broadcast frame. */
	assert_int_equal(counters(full).tx_full, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(lacpdus_and_markers_go_to_control),
		CASE(a_flood_on_one_member_leaves_room_for_the_others),
		CASE(control_goes_ahead_of_data),
		CASE(control_that_waited_too_long_is_lost),
		CASE(a_flush_leaves_nothing_behind),
		CASE(neighbours_are_told_by_every_member),
		CASE(what_is_refused_comes_back),
	};

	if (start() != 0) {
		printf("Bail out! EAL or its rings do not start\n");
		return EXIT_FAILURE;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
