/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What workers show control of the frames they send, in each mode and with none, two or more
 * members: where announcements or the ARP monitor need it, all that hosts behind the bond say of
 * themselves, else their multicast reports; once, and nothing else.
 */
#include "plan_choose.h"
#include "xmit_bench.h"

static const struct shown_case {
	enum bond_mode mode;
	uint16_t packets_per_member;
	bool dynamic;
	uint32_t arp_interval_ms;
	bool hosts; /* sources and ARP too */
} cases[] = {
	{BOND_MODE_RR, 1, true, 0, false},
	{BOND_MODE_RR, 3, true, 0, false},
	{BOND_MODE_RR, 0, true, 0, false},
	{BOND_MODE_RR, 1, true, 100, true},
	{BOND_MODE_RR, 3, true, 100, true},
	{BOND_MODE_AB, 1, true, 0, true},
	{BOND_MODE_XOR, 1, true, 100, true},
	{BOND_MODE_BROADCAST, 1, true, 100, true},
	{BOND_MODE_TLB, 1, true, 0, false},
	{BOND_MODE_TLB, 1, false, 0, false},
	{BOND_MODE_ALB, 1, true, 0, false},
	{BOND_MODE_ALB, 1, false, 0, false},
};

static void
publish(const struct shown_case *c, uint16_t members)
{
	struct bond_plan *plan = plan_of(xmit_active);
	struct bond_settings s;

	bond_settings_default(&s, "bond0");
	s.mode = c->mode;
	s.packets_per_member = c->packets_per_member;
	s.tlb_dynamic_lb = c->dynamic;
	s.arp_interval_ms = c->arp_interval_ms;
	plan->nb_usable = members;
	plan->usable_magic = members != 0 ? xmit_hash_magic(members) : 0;
	for (unsigned b = 0; members != 0 && b < TLB_BUCKETS; b++)
		plan->bucket[b] = (uint8_t)(b % members);
	if (members == 0)
		plan->active = PLAN_NO_PORT;
	plan_choose(plan, &s);
	direct_publish(d, plan);
}

static struct rte_mbuf *
arp(void)
{
	struct rte_mbuf *m = udp(1, 0);
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);

	memset(&eth->dst_addr, 0xff, sizeof(eth->dst_addr));
	eth->ether_type = RTE_BE16(RTE_ETHER_TYPE_ARP);
	return m;
}

static struct rte_mbuf *
igmp(void)
{
	struct rte_mbuf *m = udp(1, 0);
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);

	eth->dst_addr = (struct rte_ether_addr){{0x01, 0x00, 0x5e, 0, 0, 1}};
	((struct rte_ipv4_hdr *)(eth + 1))->next_proto_id = IPPROTO_IGMP;
	return m;
}

struct seen {
	unsigned arp, igmp, others, diverted;
};

static struct seen
read_shown(void)
{
	struct seen seen = {0, 0, 0, 0};
	struct rte_mbuf *m;

	while ((m = direct_next_shown(d)) != NULL) {
		const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
		const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(eth + 1);

		if (m->pool == pool)
			seen.diverted++;
		else if (eth->ether_type == RTE_BE16(RTE_ETHER_TYPE_ARP))
			seen.arp++;
		else if (ip->next_proto_id == IPPROTO_IGMP)
			seen.igmp++;
		else
			seen.others++;
		rte_pktmbuf_free(m);
	}
	return seen;
}

/* A burst of plain frames but for two that control wants, wherever they stand. */
static void
send_burst(unsigned arp_at, unsigned igmp_at)
{
	struct rte_mbuf *pkts[BURST];

	for (unsigned i = 0; i < BURST; i++)
		pkts[i] = i == arp_at ? arp() : i == igmp_at ? igmp() : udp((uint16_t)i, i);
	send_all(pkts, BURST);
	for (unsigned k = 0; k < MEMBERS; k++)
		drain(out[k]);
}

static void
each_is_shown_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RTE_DIM(cases); i++)
		for (uint16_t members = 0; members <= MEMBERS; members++) {
			bool diverts = cases[i].mode == BOND_MODE_ALB && members != 0;
			struct seen seen;

			publish(&cases[i], members);
			/* Sources seen before are shown again. */
			atomic_fetch_add(&d->learn_epoch, 1);
			send_burst(BURST, BURST);
			seen = read_shown();
			assert_int_equal(seen.others, cases[i].hosts ? 1 : 0);
			assert_int_equal(seen.arp + seen.igmp + seen.diverted, 0);
			send_burst(BURST, BURST);
			assert_int_equal(read_shown().others, 0);
			for (unsigned at = 1; at < BURST; at += 6) {
				send_burst(at, BURST - at);
				seen = read_shown();
				assert_int_equal(seen.arp, cases[i].hosts ? 1 : 0);
				assert_int_equal(seen.igmp, 1);
				assert_int_equal(seen.others, 0);
				assert_int_equal(seen.diverted, diverts ? 1 : 0);
			}
		}
}

/* Control does not read: frames go on, by the active member, and none is lost or sent twice. */
static void
a_full_ring_stops_no_frame(void **state)
{
	struct direct_totals totals;

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		struct seen seen;

		publish(&cases[i], MEMBERS - 1);
		for (unsigned burst = 0; burst < 600; burst++)
			send_burst(3, 5);
		seen = read_shown();
		assert_in_range(seen.arp + seen.igmp + seen.diverted, 500, 511);
	}
	direct_totals(d, &totals);
	assert_in_range(totals.not_shown, 1, UINT32_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_is_shown_once),
		CASE(a_full_ring_stops_no_frame),
	};

	if (start() != 0) {
		printf("Bail out! EAL or its rings do not start\n");
		return EXIT_FAILURE;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
