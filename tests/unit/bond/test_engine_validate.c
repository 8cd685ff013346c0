/* SPDX-License-Identifier: BSD-3-Clause */
/* Which frames count for the ARP monitor: arp_validate, arp_all_targets and targets that change. */
#include "engine_arp_bench.h"

/* What is received: whether it counts goes by the member's role (bond_rcv_validate). */
enum kind { ANY_FRAME, ANY_ARP, REPLY_OF_TARGET, OUR_REQUEST, NB_KINDS };

static void
give(struct bench *b, int index, enum kind kind)
{
	switch (kind) {
	case ANY_FRAME:
		engine_note_rx(&b->e, index, b->now_ns);
		break;
	case ANY_ARP:
		receive(b, index, false, STRANGER, STRANGER + 1);
		break;
	case REPLY_OF_TARGET:
		receive(b, index, true, target_ip[0], OUR_IP);
		break;
	default:
		receive(b, index, false, OUR_IP, target_ip[0]);
	}
}

static void
arp_validate_values(void **state)
{
	static const struct {
		const char *active, *backup; /* by kind: whether it counts */
	} row[BOND_ARP_VALIDATE_COUNT] = {
		[BOND_ARP_VALIDATE_NONE] = {"1111", "1111"},
		[BOND_ARP_VALIDATE_ACTIVE] = {"0010", "1111"},
		[BOND_ARP_VALIDATE_BACKUP] = {"1111", "0001"},
		[BOND_ARP_VALIDATE_ALL] = {"0010", "0001"},
		[BOND_ARP_VALIDATE_FILTER] = {"0111", "0111"},
		[BOND_ARP_VALIDATE_FILTER_ACTIVE] = {"0010", "0111"},
		[BOND_ARP_VALIDATE_FILTER_BACKUP] = {"0111", "0001"},
	};

	(void)state;
	for (int v = 0; v < BOND_ARP_VALIDATE_COUNT; v++) {
		for (int role = 0; role < 2; role++) {
			const char *counts = role == 0 ? row[v].active : row[v].backup;

			for (int kind = 0; kind < NB_KINDS; kind++) {
				struct bond_settings s = arp_settings(BOND_MODE_AB);
				struct bench b;

				s.arp_validate = (enum bond_arp_validate)v;
				start(&b, &s);
				add(&b, 2);
				run_to(&b, 100);
				/* The active one has been answered since it is that. */
				give(&b, 0, REPLY_OF_TARGET);
				run_to(&b, 200);
				give(&b, role, (enum kind)kind);
				assert_int_equal(
					b.e.members[role].last_rx_ns == b.now_ns,
					counts[kind] == '1'
				);
				assert_int_equal(b.e.members[1 - role].last_rx_ns == b.now_ns, 0);
			}
		}
	}
}

/* Case (a), field by field. */
static void
reply_on_the_active_member(void **state)
{
	static const struct {
		bool is_reply, is_for_us;
		uint32_t sender, target;
		bool counts;
	} row[] = {
		{true, true, 0x0a000001, OUR_IP, true},
		/* The operation does not matter: a target that asks for us lives. */
		{false, true, 0x0a000001, OUR_IP, true},
		{true, false, 0x0a000001, OUR_IP, false},
		{true, true, 0x0a000002, OUR_IP, false}, /* not a target yet */
		{true, true, 0, OUR_IP, false},
		{true, true, 0x0a000001, STRANGER, false},
		{true, true, OUR_IP, 0x0a000001, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct bond_settings s = arp_settings(BOND_MODE_AB);
		const struct engine_arp arp = {
			.is_reply = row[i].is_reply,
			.is_broadcast_or_ours = row[i].is_for_us,
			.sender_ip = rte_cpu_to_be_32(row[i].sender),
			.target_ip = rte_cpu_to_be_32(row[i].target),
		};
		struct engine_member *m;
		struct bench b;

		s.arp_validate = BOND_ARP_VALIDATE_ALL;
		start(&b, &s);
		add(&b, 1);
		run_to(&b, 100);
		m = &b.e.members[0];
		engine_arp_rx(&b.e, 0, &arp, is_ours, NULL, b.now_ns);
		assert_int_equal(m->last_rx_ns == b.now_ns, row[i].counts);
		assert_int_equal(m->target_rx_ns[0] == b.now_ns, row[i].counts);
		assert_int_equal(m->target_rx_ns[1] == b.now_ns, false);
	}
}

/* Case (b): our own request is worth nothing while the active member has no reply. */
static void
request_on_a_backup(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	s.arp_validate = BOND_ARP_VALIDATE_ALL;
	start(&b, &s);
	add(&b, 2);
	run_to(&b, 100);
	give(&b, 1, OUR_REQUEST);
	assert_true(b.e.members[1].last_rx_ns != b.now_ns);
	/* In the moment in which it became the active one is not after. */
	b.e.members[0].last_link_up_ns = b.now_ns;
	give(&b, 0, REPLY_OF_TARGET);
	give(&b, 1, OUR_REQUEST);
	assert_true(b.e.members[1].last_rx_ns != b.now_ns);
	b.now_ns++;
	give(&b, 0, REPLY_OF_TARGET);
	give(&b, 1, OUR_REQUEST);
	assert_true(b.e.members[1].last_rx_ns == b.now_ns);
	assert_true(b.e.members[1].target_rx_ns[0] == b.now_ns);
	/* To somebody else, or from. */
	b.now_ns++;
	receive(&b, 1, false, OUR_IP, STRANGER);
	receive(&b, 1, false, STRANGER, target_ip[0]);
	assert_true(b.e.members[1].last_rx_ns != b.now_ns);
}

/* Case (c): a reply to the member being tried, on another one, in time. */
static void
reply_on_any_member(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct bond_settings s = arp_settings(BOND_MODE_AB);
		struct bench b;
		int tried;

		s.arp_validate = BOND_ARP_VALIDATE_ALL;
		start(&b, &s);
		add(&b, 3);
		run_to(&b, 20100);
		tried = b.e.arp_current;
		assert_int_equal(b.e.active, ENGINE_NO_MEMBER);
		assert_int_not_equal(tried, ENGINE_NO_MEMBER);
		give(&b, (tried + 1) % 3, OUR_REQUEST);
		receive(&b, (tried + 1) % 3, false, target_ip[0], OUR_IP);
		assert_true(b.e.members[(tried + 1) % 3].last_rx_ns != b.now_ns);
		/* The control side may be late: the window is that of probe and reply. */
		b.now_ns = b.e.members[tried].last_tx_ns + 1500 * NSEC_PER_MSEC + (uint64_t)edge[i];
		give(&b, (tried + 1) % 3, REPLY_OF_TARGET);
		assert_int_equal(b.e.members[(tried + 1) % 3].last_rx_ns == b.now_ns, edge[i] <= 0);
		/* On the one being tried at any time, whatever operation: (a). */
		receive(&b, tried, false, target_ip[0], OUR_IP);
		assert_true(b.e.members[tried].last_rx_ns == b.now_ns);
	}
}

static void
validation_in_balanced_modes(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_XOR);
	struct bench b;

	(void)state;
	s.arp_validate = BOND_ARP_VALIDATE_ALL;
	start(&b, &s);
	add(&b, 2);
	for (uint64_t ms = 500; ms < 3000; ms += 1000) {
		run_to(&b, ms);
		give(&b, 0, REPLY_OF_TARGET);
		engine_note_rx(&b.e, 1, b.now_ns);
	}
	run_to(&b, 3500);
	assert_links(&b, "UD");
	/* Who is down hears the others' requests. */
	give(&b, 1, REPLY_OF_TARGET);
	assert_true(b.e.members[1].last_rx_ns != b.now_ns);
	give(&b, 1, OUR_REQUEST);
	assert_true(b.e.members[1].last_rx_ns == b.now_ns);
	run_to(&b, 20000);
	assert_links(&b, "DD");
	/* With all down nobody's request is worth anything, but a reply is. */
	give(&b, 1, OUR_REQUEST);
	assert_true(b.e.members[1].last_rx_ns != b.now_ns);
	give(&b, 1, REPLY_OF_TARGET);
	run_to(&b, 21000);
	assert_links(&b, "DU");
}

/* Targets 0 and 1 answer in turns, or only 0. */
static void
arp_all_targets_values(void **state)
{
	(void)state;
	for (int all = 0; all < 2; all++) {
		for (int both = 0; both < 2; both++) {
			struct bond_settings s = arp_settings(BOND_MODE_AB);
			struct bench b;

			s.nb_arp_targets = 2;
			s.arp_validate = BOND_ARP_VALIDATE_ACTIVE;
			s.arp_all_targets = (enum bond_arp_all_targets)all;
			start(&b, &s);
			add(&b, 1);
			for (uint64_t ms = 100; ms < 6000; ms += 1000) {
				run_to(&b, ms);
				receive(&b, 0, true, target_ip[0], OUR_IP);
				if (both)
					receive(&b, 0, true, target_ip[1], OUR_IP);
			}
			assert_links(&b, all && !both ? "B" : "U");
		}
	}
}

/* The window is that of the target that is silent for longest. */
static void
all_targets_at_the_edge(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct bond_settings s = arp_settings(BOND_MODE_AB);
		struct bench b;

		s.nb_arp_targets = 3;
		s.arp_validate = BOND_ARP_VALIDATE_ALL;
		s.arp_all_targets = BOND_ARP_TARGETS_ALL;
		start(&b, &s);
		add(&b, 1);
		run_to_ns(&b, 2500 * NSEC_PER_MSEC + (uint64_t)edge[i]);
		receive(&b, 0, true, target_ip[1], OUR_IP);
		run_to(&b, 2600);
		receive(&b, 0, true, target_ip[0], OUR_IP);
		receive(&b, 0, true, target_ip[2], OUR_IP);
		/* At 3000 already the time of grace is over. */
		run_to(&b, 4999);
		assert_links(&b, "U");
		run_to(&b, 5000);
		assert_links(&b, edge[i] < 0 ? "B" : "U");
	}
}

/* Targets have been silent since the member joined, not for ever. */
static void
all_targets_of_a_member_that_joins(void **state)
{
	(void)state;
	for (uint8_t nb_ns = 0; nb_ns < 2; nb_ns++) {
		struct bond_settings s = arp_settings(BOND_MODE_AB);
		struct bench b;

		s.nb_arp_targets = 1 - nb_ns;
		s.nb_ns_targets = nb_ns;
		s.arp_missed_max = 4;
		s.arp_validate = BOND_ARP_VALIDATE_ALL;
		s.arp_all_targets = BOND_ARP_TARGETS_ALL;
		start(&b, &s);
		add(&b, 1);
		run_to(&b, 3000);
		assert_links(&b, "U");
		run_to(&b, 4000);
		assert_links(&b, "B");
	}
}

/* Times of replies from before the monitor ran are worth nothing: mode 1 waits two intervals. */
static void
monitor_begins_with_all_targets(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	s.arp_interval_ms = 0;
	s.arp_validate = BOND_ARP_VALIDATE_ALL;
	s.arp_all_targets = BOND_ARP_TARGETS_ALL;
	start(&b, &s);
	add(&b, 1);
	run_to(&b, 100000);
	b.s.arp_interval_ms = INTERVAL_MS;
	settings_changed(&b, BOND_EFFECT_MONITOR, ENGINE_NO_MEMBER);
	run_to(&b, 102000);
	assert_links(&b, "U");
	run_to(&b, 103000);
	assert_links(&b, "B");
}

/* bonding.rst: for members with arp_validate. Others have no times of replies. */
static void
all_targets_without_validation(void **state)
{
	static const enum bond_arp_validate values[] = {
		BOND_ARP_VALIDATE_NONE, BOND_ARP_VALIDATE_BACKUP, BOND_ARP_VALIDATE_FILTER};

	(void)state;
	for (int v = 0; v < 3; v++) {
		struct bond_settings s = arp_settings(BOND_MODE_AB);
		struct bench b;

		s.nb_arp_targets = 2;
		s.arp_validate = values[v];
		s.arp_all_targets = BOND_ARP_TARGETS_ALL;
		start(&b, &s);
		add(&b, 1);
		for (uint64_t ms = 100; ms < 6000; ms += 1000) {
			run_to(&b, ms);
			give(&b, 0, ANY_ARP);
		}
		assert_links(&b, "U");
	}
}

static void
targets_change(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_AB);
	const struct bond_ip6 ip6 = {{0x20, 0x01, [15] = 0x07}};
	struct engine_member *m;
	struct bench b;
	uint64_t first_ns;

	(void)state;
	s.nb_arp_targets = 2;
	s.arp_validate = BOND_ARP_VALIDATE_ALL;
	start(&b, &s);
	add(&b, 1);
	m = &b.e.members[0];
	run_to(&b, 100);
	first_ns = b.now_ns;
	receive(&b, 0, true, target_ip[1], OUR_IP);
	/* 1 moves to the place of 0 and keeps its time; 2 and the IPv6 one begin now. */
	run_to(&b, 200);
	b.s.arp_targets[0] = rte_cpu_to_be_32(target_ip[1]);
	b.s.arp_targets[1] = rte_cpu_to_be_32(target_ip[2]);
	b.s.ns_targets[0] = ip6;
	b.s.nb_ns_targets = 1;
	settings_changed(&b, BOND_EFFECT_MONITOR, ENGINE_NO_MEMBER);
	assert_int_equal(m->target_rx_ns[0], first_ns);
	assert_int_equal(m->target_rx_ns[1], b.now_ns);
	assert_int_equal(m->ns_target_rx_ns[0], b.now_ns);
	first_ns = b.now_ns;
	run_to(&b, 300);
	settings_changed(&b, BOND_EFFECT_MONITOR, ENGINE_NO_MEMBER);
	assert_int_equal(m->ns_target_rx_ns[0], first_ns);
	assert_int_equal(m->target_rx_ns[1], first_ns);
	receive(&b, 0, true, target_ip[0], OUR_IP);
	assert_true(m->last_rx_ns != b.now_ns);
	receive(&b, 0, true, target_ip[2], OUR_IP);
	assert_int_equal(m->target_rx_ns[1], b.now_ns);
	/* The last target goes: nobody is probed any more. */
	b.s.nb_arp_targets = 0;
	b.s.nb_ns_targets = 0;
	settings_changed(&b, BOND_EFFECT_MONITOR, ENGINE_NO_MEMBER);
	b.probed.n = 0;
	run_to(&b, 5000);
	assert_int_equal(b.probed.n, 0);
}

static const struct bond_ip6 ns_target = {{0x20, 0x01, [13] = 0xaa, 0xbb, 0xcc}};
static const struct bond_ip6 ns_group = {{0xff, 0x02, [11] = 1, 0xff, 0xaa, 0xbb, 0xcc}};
static const struct bond_ip6 our_ip6 = {{0x20, 0x01, [15] = 0xfe}};
static const struct bond_ip6 stranger6 = {{0x20, 0x01, [15] = 0x63}};
static const struct bond_ip6 all_nodes = {{0xff, 0x02, [15] = 0x01}};
static const struct bond_ip6 unspecified;

static bool
is_ours6(void *ctx, const struct bond_ip6 *ip)
{
	(void)ctx;
	return memcmp(ip, &our_ip6, sizeof(*ip)) == 0;
}

static bool
nd_counts(struct bench *b, int index, const struct bond_ip6 *from, const struct bond_ip6 *to)
{
	const struct engine_nd nd = {.saddr = *from, .daddr = *to};

	b->now_ns++;
	engine_nd_rx(&b->e, index, &nd, is_ours6, NULL, b->now_ns);
	if (b->e.members[index].last_rx_ns != b->now_ns)
		return false;
	assert_int_equal(
		b->e.members[index].ns_target_rx_ns[0] == b->now_ns, b->s.arp_validate != 0
	);
	return true;
}

static struct bond_settings
ns_settings(void)
{
	struct bond_settings s = arp_settings(BOND_MODE_AB);

	s.nb_arp_targets = 0;
	s.nb_ns_targets = 1;
	s.ns_targets[0] = ns_target;
	s.arp_validate = BOND_ARP_VALIDATE_ALL;
	return s;
}

static void
neighbour_discovery(void **state)
{
	struct bond_settings s = ns_settings();
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 3);
	run_to(&b, 100);
	assert_int_equal(b.probed.n, 1);
	/* (b) without a reply to the active member yet. */
	assert_false(nd_counts(&b, 1, &our_ip6, &ns_group));
	/* (a) */
	assert_true(nd_counts(&b, 0, &ns_target, &our_ip6));
	assert_true(nd_counts(&b, 0, &ns_target, &all_nodes));
	assert_false(nd_counts(&b, 0, &ns_target, &stranger6));
	assert_false(nd_counts(&b, 0, &stranger6, &our_ip6));
	assert_false(nd_counts(&b, 0, &unspecified, &our_ip6));
	assert_false(nd_counts(&b, 0, &our_ip6, &ns_group));
	/* (b): a solicitation goes to the target's group, or to itself. */
	assert_true(nd_counts(&b, 1, &our_ip6, &ns_group));
	assert_true(nd_counts(&b, 1, &our_ip6, &ns_target));
	assert_false(nd_counts(&b, 1, &stranger6, &ns_group));
	assert_false(nd_counts(&b, 1, &ns_target, &our_ip6));
	/* Not validated: all counts. */
	b.s.arp_validate = BOND_ARP_VALIDATE_NONE;
	assert_true(nd_counts(&b, 1, &stranger6, &stranger6));
	b.s.arp_validate = BOND_ARP_VALIDATE_ALL;
	/* (c) */
	run_to(&b, 20100);
	assert_int_equal(b.e.active, ENGINE_NO_MEMBER);
	assert_true(nd_counts(&b, (b.e.arp_current + 1) % 3, &ns_target, &our_ip6));
	b.now_ns += 1500 * NSEC_PER_MSEC;
	assert_false(nd_counts(&b, (b.e.arp_current + 1) % 3, &ns_target, &our_ip6));
	assert_true(nd_counts(&b, b.e.arp_current, &ns_target, &our_ip6));
}

/* With all, targets of both kinds must answer. */
static void
all_targets_of_both_kinds(void **state)
{
	(void)state;
	for (int answers = 0; answers < 4; answers++) {
		struct bond_settings s = ns_settings();
		struct bench b;

		s.nb_arp_targets = 1;
		s.arp_all_targets = BOND_ARP_TARGETS_ALL;
		start(&b, &s);
		add(&b, 1);
		for (uint64_t ms = 100; ms < 6000; ms += 1000) {
			run_to(&b, ms);
			if ((answers & 1) != 0)
				receive(&b, 0, true, target_ip[0], OUR_IP);
			if ((answers & 2) != 0)
				assert_true(nd_counts(&b, 0, &ns_target, &our_ip6));
		}
		assert_links(&b, answers == 3 ? "U" : "B");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arp_validate_values),
		cmocka_unit_test(reply_on_the_active_member),
		cmocka_unit_test(request_on_a_backup),
		cmocka_unit_test(reply_on_any_member),
		cmocka_unit_test(validation_in_balanced_modes),
		cmocka_unit_test(arp_all_targets_values),
		cmocka_unit_test(all_targets_at_the_edge),
		cmocka_unit_test(all_targets_of_a_member_that_joins),
		cmocka_unit_test(monitor_begins_with_all_targets),
		cmocka_unit_test(all_targets_without_validation),
		cmocka_unit_test(targets_change),
		cmocka_unit_test(neighbour_discovery),
		cmocka_unit_test(all_targets_of_both_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
