/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a burst is divided, by each policy, among one member to nine: every frame goes where its
 * hash or bucket says, in its order, and what members refuse comes back, each frame once.
 */
#define BENCH_MEMBERS 9
#include "plan_choose.h"
#include "xmit_bench.h"

static void
publish(enum bond_mode mode, enum bond_policy policy, uint16_t members)
{
	struct bond_plan *plan = plan_of(xmit_active);
	struct bond_settings s;

	bond_settings_default(&s, "bond0");
	s.mode = mode;
	s.policy = policy;
	s.resend_igmp = 0;
	s.tx_retries = 0;
	plan->nb_usable = members;
	plan->usable_magic = xmit_hash_magic(members);
	for (unsigned b = 0; b < TLB_BUCKETS; b++)
		plan->bucket[b] = (uint8_t)(b % members);
	plan_choose(plan, &s);
	direct_publish(d, plan);
}

/* Random flows; with @odd, frames that no fast way fits are among them. */
static struct rte_mbuf *
frame(uint32_t id, bool odd)
{
	struct rte_mbuf *m = udp((uint16_t)rand(), id);
	uint8_t *bytes = rte_pktmbuf_mtod(m, uint8_t *);

	bytes[5] = (uint8_t)rand();
	bytes[11] = (uint8_t)rand();
	bytes[34] = (uint8_t)rand();
	if (rand() % 2 == 0) {
		m->ol_flags |= RTE_MBUF_F_RX_RSS_HASH;
		m->hash.rss = (uint32_t)rand();
	}
	if (!odd || rand() % 4 != 0)
		return m;
	switch (rand() % 7) {
	case 0:
		bytes[12] = 0x86;
		bytes[13] = 0xdd;
		break;
	case 1:
		bytes[12] = 0x81;
		break;
	case 2:
		bytes[20] = 0x20;
		break;
	case 3:
		bytes[0] = 0x33;
		break;
	case 4:
		memset(bytes + 30, 0xff, 4);
		break;
	case 5:
		bytes[23] = IPPROTO_IGMP;
		break;
	default:
		m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
		m->vlan_tci = (uint16_t)rand();
		break;
	}
	return m;
}

/* The member that modes 2, 5 and 6 send a frame by, and the bytes that its bucket gets. */
static unsigned
member_of(
	enum bond_mode mode,
	enum bond_policy policy,
	const struct rte_mbuf *m,
	uint16_t members,
	uint64_t *bytes
)
{
	xmit_hash_fn hash = xmit_hash_get(policy);
	uint16_t bucket;

	if (mode == BOND_MODE_XOR)
		return hash(m) % members;
	bucket = tlb_bucket(m, hash, mode == BOND_MODE_ALB);
	if (bucket >= TLB_BUCKETS)
		return 0;
	bytes[bucket] += m->pkt_len;
	return bucket % members;
}

static void
divide(enum bond_mode mode, enum bond_policy policy, uint16_t members, uint16_t n, bool odd)
{
	static uint64_t bytes[TLB_BUCKETS];
	struct rte_mbuf *pkts[BURST], *sent[BURST];
	unsigned to[BURST];
	void *got = NULL;

	memcpy(bytes, d->txq[0].bucket_bytes, sizeof(bytes));
	for (uint16_t i = 0; i < n; i++) {
		pkts[i] = sent[i] = frame(i, odd);
		to[i] = member_of(mode, policy, sent[i], members, bytes);
	}
	assert_int_equal(send_all(pkts, n), n);
	for (uint16_t i = 0; i < n; i++) {
		assert_int_equal(rte_ring_dequeue(out[to[i]], &got), 0);
		assert_ptr_equal(got, sent[i]);
		rte_pktmbuf_free(got);
	}
	assert_memory_equal(bytes, d->txq[0].bucket_bytes, sizeof(bytes));
	for (unsigned k = 0; k < MEMBERS; k++)
		assert_int_equal(count(k), 0);
}

static void
divide_all(enum bond_mode mode)
{
	srand(1);
	for (enum bond_policy p = 0; p < BOND_POLICY_COUNT; p++)
		for (uint16_t members = 1; members <= MEMBERS; members++) {
			publish(mode, p, members);
			for (unsigned round = 0; round < 20; round++)
				for (uint16_t n = 1; n <= BURST; n++)
					divide(mode, p, members, n, round % 2 != 0);
		}
}

static void
each_frame_goes_where_its_hash_says(void **state)
{
	(void)state;
	divide_all(BOND_MODE_XOR);
}

static void
each_frame_goes_where_its_bucket_is(void **state)
{
	(void)state;
	divide_all(BOND_MODE_TLB);
	divide_all(BOND_MODE_ALB);
}

/* Members with little room: what came back and what was sent are the burst, whole. */
static void
what_is_refused_comes_back(void **state)
{
	static const enum bond_mode modes[] = {
		BOND_MODE_RR, BOND_MODE_XOR, BOND_MODE_TLB, BOND_MODE_ALB};
	struct rte_mbuf *pkts[BURST];
	void *got;

	(void)state;
	srand(1);
	for (unsigned round = 0; round < 2000; round++) {
		uint16_t n = (uint16_t)(1 + rand() % BURST), members = (uint16_t)(1 + rand() % 3);
		enum bond_policy policy = (enum bond_policy)(rand() % BOND_POLICY_COUNT);
		uint64_t ids = 0, all = n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
		uint16_t sent;

		publish(modes[round % RTE_DIM(modes)], policy, members);
		for (unsigned k = 0; k < MEMBERS; k++)
			for (unsigned room = (unsigned)rand() % 16; count(k) < RING - 1 - room;)
				assert_int_equal(rte_ring_enqueue(out[k], udp(0, UINT32_MAX)), 0);
		for (uint32_t i = 0; i < n; i++)
			pkts[i] = frame(i, false);
		sent = io.tx(&io, 0, pkts, n);
		for (uint16_t i = sent; i < n; i++) {
			assert_false(ids >> id_of(pkts[i]) & 1);
			ids |= UINT64_C(1) << id_of(pkts[i]);
		}
		rte_pktmbuf_free_bulk(pkts + sent, n - sent);
		for (unsigned k = 0; k < MEMBERS; k++)
			while (rte_ring_dequeue(out[k], &got) == 0) {
				uint32_t id = id_of(got);

				if (id != UINT32_MAX) {
					assert_false(ids >> id & 1);
					ids |= UINT64_C(1) << id;
				}
				rte_pktmbuf_free(got);
			}
		assert_true(ids == all);
	}
}

/* More than is listed at a time. */
static void
a_long_burst_goes_in_parts(void **state)
{
	enum { LONG = 150 };
	struct rte_mbuf *pkts[LONG];
	unsigned taken = 0;
	uint16_t sent;

	(void)state;
	for (unsigned round = 0; round < 4; round++) {
		static const enum bond_mode modes[] = {
			BOND_MODE_RR, BOND_MODE_XOR, BOND_MODE_TLB, BOND_MODE_ALB};

		publish(modes[round], BOND_POLICY_L34, MEMBERS);
		for (uint32_t i = 0; i < LONG; i++)
			pkts[i] = frame(i, false);
		sent = io.tx(&io, 0, pkts, LONG);
		/* Of one member's the order is kept in spite of what was refused. */
		for (unsigned k = 0; k < MEMBERS; k++) {
			uint32_t last = 0, at = 0;
			void *got;

			taken += count(k);
			while (rte_ring_dequeue(out[k], &got) == 0) {
				assert_true(at++ == 0 || id_of(got) > last);
				last = id_of(got);
				rte_pktmbuf_free(got);
			}
		}
		assert_int_equal(taken, sent);
		rte_pktmbuf_free_bulk(pkts + sent, LONG - sent);
		taken = 0;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_frame_goes_where_its_hash_says),
		CASE(each_frame_goes_where_its_bucket_is),
		CASE(what_is_refused_comes_back),
		CASE(a_long_burst_goes_in_parts),
	};

	if (start() != 0) {
		printf("Bail out! EAL or its rings do not start\n");
		return EXIT_FAILURE;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
