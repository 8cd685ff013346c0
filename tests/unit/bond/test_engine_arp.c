/* SPDX-License-Identifier: BSD-3-Clause */
/* The ARP monitor: its windows at their edges, who is probed, and which frames count. */
#include "engine_bench.h"

enum { INTERVAL_MS = 1000 };

static const uint32_t target_ip[] = {0x0a000001, 0x0a000002, 0x0a000003};
enum { OUR_IP = 0x0a0000fe, STRANGER = 0x0a000063 };

static struct bond_settings
arp_settings(enum bond_mode mode)
{
	struct bond_settings s = settings(mode);

	s.miimon_ms = 0;
	s.arp_interval_ms = INTERVAL_MS;
	s.nb_arp_targets = 1;
	for (int i = 0; i < 3; i++)
		s.arp_targets[i] = rte_cpu_to_be_32(target_ip[i]);
	return s;
}

static bool
is_ours(void *ctx, rte_be32_t ip)
{
	(void)ctx;
	return ip == rte_cpu_to_be_32(OUR_IP);
}

static void
receive(struct bench *b, int index, bool is_reply, uint32_t sender, uint32_t target)
{
	const struct engine_arp arp = {
		.is_reply = is_reply,
		.is_broadcast_or_ours = true,
		.sender_ip = rte_cpu_to_be_32(sender),
		.target_ip = rte_cpu_to_be_32(target),
	};

	engine_arp_rx(&b->e, index, &arp, is_ours, NULL, b->now_ns);
}

/* Some frame comes in on a member @ms after the start and @ns more (or less). */
static void
rx_at(struct bench *b, int index, uint64_t ms, int64_t ns)
{
	run_to_ns(b, ms * NSEC_PER_MSEC + (uint64_t)ns);
	engine_note_rx(&b->e, index, b->now_ns);
}

static void
rx_from_all(struct bench *b, uint64_t ms)
{
	run_to(b, ms);
	for (int i = 0; i < b->e.nb_members; i++)
		engine_note_rx(&b->e, i, b->now_ns);
}

/* Windows are in intervals and a half more, both ends included. */
static const int64_t edge[] = {-1, 0, 1};

static void
active_member_goes_down(void **state)
{
	(void)state;
	for (uint8_t missed_max = 1; missed_max < 5; missed_max++) {
		for (int i = 0; i < 3; i++) {
			struct bond_settings s = arp_settings(BOND_MODE_AB);
			uint64_t rx_ms = 10000 - missed_max * 1000 - 500;
			struct bench b;

			s.arp_missed_max = missed_max;
			start(&b, &s);
			add(&b, 2);
			for (uint64_t ms = 500; ms < rx_ms; ms += 1000)
				rx_from_all(&b, ms);
			rx_at(&b, 1, rx_ms - 1, 0);
			rx_at(&b, 0, rx_ms, edge[i]);
			rx_at(&b, 1, 9900, 0);
			run_to(&b, 9999);
			assert_links(&b, "UU");
			run_to(&b, 10000);
			assert_links(&b, edge[i] < 0 ? "DU" : "UU");
			assert_int_equal(b.e.active, edge[i] < 0 ? 1 : 0);
			assert_int_equal(b.e.members[0].link_failures, edge[i] < 0);
		}
	}
}

/* Nobody is probed without a target: what leaves is what the user sends. */
static void
active_member_that_sends_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct bond_settings s = arp_settings(BOND_MODE_AB);
		struct bench b;

		s.nb_arp_targets = 0;
		start(&b, &s);
		add(&b, 2);
		rx_from_all(&b, 2400);
		run_to_ns(&b, 2500 * NSEC_PER_MSEC + (uint64_t)edge[i]);
		engine_note_tx(&b.e, 0, b.now_ns);
		rx_from_all(&b, 4900);
		assert_links(&b, "UU");
		run_to(&b, 5000);
		assert_links(&b, edge[i] < 0 ? "DU" : "UU");
		assert_int_equal(b.probed.n, 0);
	}
}

static void
backup_has_an_interval_more(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct bond_settings s = arp_settings(BOND_MODE_AB);
		struct bench b;

		start(&b, &s);
		add(&b, 2);
		rx_at(&b, 0, 6000, 0);
		rx_at(&b, 1, 6500, edge[i]);
		rx_at(&b, 0, 8000, 0);
		rx_at(&b, 0, 9900, 0);
		assert_links(&b, "UU");
		run_to(&b, 10000);
		assert_links(&b, edge[i] < 0 ? "UD" : "UU");
		assert_int_equal(b.e.active, 0);
	}
}

static void
new_active_member_has_two_intervals(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct bond_settings s = arp_settings(BOND_MODE_AB);
		struct bench b;

		start(&b, &s);
		add(&b, 2);
		rx_from_all(&b, 900);
		rx_from_all(&b, 3400);
		run_to_ns(&b, 4500 * NSEC_PER_MSEC + (uint64_t)edge[i]);
		assert_int_equal(set_active(&b, 1), 0);
		rx_at(&b, 0, 6900, 0);
		/* Its last frame is older than missed_max intervals at 6000 already. */
		run_to(&b, 6999);
		assert_links(&b, "UU");
		run_to(&b, 7000);
		assert_links(&b, edge[i] < 0 ? "UD" : "UU");
		run_to(&b, 8000);
		assert_links(&b, "UD");
	}
}

/* The monitor looks 1.5 intervals after the last frame in, or out, for the first time. */
static void
member_comes_up(void **state)
{
	(void)state;
	for (int n = 0; n < 4 * 2 * 3; n++) {
		enum bond_mode mode = (enum bond_mode)(n / 6);
		bool is_rx = n / 3 % 2 == 0;
		struct bond_settings s = arp_settings(mode);
		struct engine_phy phy = good_phy();
		struct bench b;

		start(&b, &s);
		engine_down(&b.e);
		phy.carrier = false;
		add(&b, 1);
		(void)add_phy(&b, &phy);
		run_to(&b, 10000);
		(is_rx ? engine_note_tx : engine_note_rx)(&b.e, 1, b.now_ns);
		b.now_ns += (uint64_t)edge[n % 3];
		(is_rx ? engine_note_rx : engine_note_tx)(&b.e, 1, b.now_ns);
		b.now_ns = BENCH_START_NS + 11500 * NSEC_PER_MSEC;
		engine_up(&b.e, b.now_ns);
		assert_links(&b, "UD");
		run_to(&b, 11500);
		/* Mode 1 does not ask whether it sent. */
		assert_links(&b, edge[n % 3] < 0 && (is_rx || mode != BOND_MODE_AB) ? "UD" : "UU");
	}
}

static void
member_joins_without_carrier(void **state)
{
	(void)state;
	for (int mode = BOND_MODE_RR; mode <= BOND_MODE_BROADCAST; mode++) {
		struct bond_settings s = arp_settings((enum bond_mode)mode);
		struct engine_phy phy = {.present = true};
		struct bench b;

		start(&b, &s);
		add(&b, 1);
		(void)add_phy(&b, &phy);
		rx_at(&b, 0, 900, 0);
		(void)add_phy(&b, &phy);
		rx_at(&b, 0, 2900, 0);
		assert_links(&b, "UDD");
	}
}

static void
balanced_member_goes_down(void **state)
{
	static const enum bond_mode modes[] = {BOND_MODE_RR, BOND_MODE_XOR, BOND_MODE_BROADCAST};

	(void)state;
	for (int m = 0; m < 3; m++) {
		for (uint8_t missed_max = 1; missed_max < 4; missed_max++) {
			for (int i = 0; i < 3; i++) {
				struct bond_settings s = arp_settings(modes[m]);
				uint64_t rx_ms = 10000 - missed_max * 1000 - 500;
				struct bench b;

				s.arp_missed_max = missed_max;
				start(&b, &s);
				add(&b, 2);
				for (uint64_t ms = 0; ms < rx_ms; ms += 500)
					rx_from_all(&b, ms);
				rx_at(&b, 0, rx_ms, edge[i]);
				rx_at(&b, 1, 9900, 0);
				assert_links(&b, "UU");
				run_to(&b, 10000);
				assert_links(&b, edge[i] < 0 ? "DU" : "UU");
				assert_int_equal(b.e.members[0].link_failures, edge[i] < 0);
				assert_int_equal(b.e.active, ENGINE_NO_MEMBER);
				assert_int_equal(b.e.current, edge[i] < 0 ? 1 : 0);
				assert_true(b.e.carrier);
			}
		}
	}
}

static void
balanced_members_are_all_probed(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_XOR);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 3);
	run_to(&b, 0);
	set_carrier(&b, 1, false);
	rx_from_all(&b, 1999);
	/* Without carrier there is nothing to send by; to Linux that is what takes it down. */
	assert_int_equal(b.probed.n, 3 + 2);
	for (int i = 0; i < 5; i++)
		assert_int_equal(b.probed.index[i], i < 3 ? i : (i - 3) * 2);
	rx_from_all(&b, 2900);
	assert_links(&b, "UUU");
	run_to(&b, 3000);
	assert_links(&b, "UDU");
	set_carrier(&b, 1, true);
	b.probed.n = 0;
	rx_from_all(&b, 4100);
	assert_int_equal(b.probed.n, 3);
	run_to(&b, 5000);
	assert_links(&b, "UUU");
}

static void
all_balanced_members_go_down(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_RR);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 2);
	run_to(&b, 3000);
	assert_links(&b, "DD");
	assert_int_equal(b.e.current, ENGINE_NO_MEMBER);
	assert_false(b.e.carrier);
	rx_at(&b, 1, 3100, 0);
	run_to(&b, 4000);
	assert_links(&b, "DU");
	assert_int_equal(b.e.current, 1);
	assert_true(b.e.carrier);
}

static void
only_the_active_member_is_probed(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 3);
	for (uint64_t ms = 900; ms < 5000; ms += 1000)
		rx_from_all(&b, ms);
	assert_int_equal(b.probed.n, 5);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(b.probed.index[i], 0);
		assert_int_equal(b.probed.ms[i], i * 1000);
	}
	assert_int_equal(set_active(&b, 2), 0);
	run_to(&b, 5000);
	assert_int_equal(b.probed.index[5], 2);
}

/* bond_ab_arp_probe: one after the other, beginning behind the first. */
static void
members_are_tried_in_turn(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 4);
	run_to(&b, 3500);
	/* All silent: the active one is down, and each that follows has its time of grace. */
	run_to(&b, 30000);
	assert_int_equal(b.e.active, ENGINE_NO_MEMBER);
	assert_false(b.e.carrier);
	set_carrier(&b, 3, false);
	b.e.arp_current = ENGINE_NO_MEMBER;
	b.probed.n = 0;
	for (int i = 0; i < 7; i++) {
		run_to(&b, (uint64_t)(31000 + i * 1000));
		assert_int_equal(b.e.arp_current, (i + 1) % 3);
		assert_int_equal(b.e.members[b.e.arp_current].last_link_up_ns, b.now_ns);
		assert_int_equal(b.e.members[b.e.arp_current].link, BOND_LINK_BACK);
		assert_int_equal(b.probed.n, i + 1);
		assert_int_equal(b.probed.index[i], (i + 1) % 3);
	}
	/* Who was tried in vain is left as going down. */
	assert_links(&b, "FBFF");
	assert_string_equal(engine_why_unusable(&b.e, 1), "its targets are being asked");
	assert_string_equal(engine_why_unusable(&b.e, 2), "no sign of life");
	/* A sign of life on another than the one being tried will do. */
	rx_at(&b, 2, 37400, 0);
	run_to(&b, 38000);
	assert_links(&b, "FFUF");
	assert_int_equal(b.e.active, 2);
	assert_int_equal(b.e.arp_current, ENGINE_NO_MEMBER);
	assert_true(b.e.carrier);
	/* It is the only one that is probed, at once. */
	assert_int_equal(b.probed.index[b.probed.n - 1], 2);
	assert_int_equal(b.probed.ms[b.probed.n - 1], 38000);
}

static void
nobody_can_be_tried(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 1);
	run_to(&b, 3000);
	assert_int_equal(b.e.arp_current, 0);
	set_carrier(&b, 0, false);
	b.probed.n = 0;
	run_to(&b, 9000);
	assert_links(&b, "F");
	assert_int_equal(b.probed.n, 0);
	remove_member(&b, 0);
	run_to(&b, 12000);
	add(&b, 1);
	assert_int_equal(b.e.active, 0);
}

/* While one is tried backups are left alone, and what joins UP ends the search. */
static void
member_joins_the_search(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 2);
	run_to(&b, 20200);
	assert_int_equal(b.e.active, ENGINE_NO_MEMBER);
	assert_int_not_equal(b.e.arp_current, ENGINE_NO_MEMBER);
	add(&b, 1);
	assert_int_equal(b.e.active, 2);
	run_to(&b, 21000);
	assert_int_equal(b.e.arp_current, ENGINE_NO_MEMBER);
	assert_int_equal(b.e.active, 2);
}

static void
better_member_comes_up(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_AB);
	struct engine_phy phy = good_phy();
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 1);
	phy.carrier = false;
	(void)add_phy(&b, &phy);
	(void)add_phy(&b, &phy);
	rx_at(&b, 0, 900, 0);
	rx_at(&b, 0, 2900, 0);
	assert_links(&b, "UDD");
	settings_changed(&b, BOND_EFFECT_RESELECT, 1);
	rx_from_all(&b, 3900);
	run_to(&b, 4000);
	assert_links(&b, "UUU");
	assert_int_equal(b.e.active, 1);
	settings_changed(&b, BOND_EFFECT_RESELECT, ENGINE_NO_MEMBER);
	set_prio(&b, 2, 9);
	assert_int_equal(b.e.active, 2);
}

static void
gone_device_is_down_at_once(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 2);
	run_to(&b, 100);
	/* Carrier alone tells nothing. */
	set_carrier(&b, 0, false);
	assert_links(&b, "UU");
	set_present(&b, 0, false);
	assert_links(&b, "DU");
	assert_int_equal(b.e.active, 1);
	/* What it received before does not bring it back, in whatever mode. */
	rx_from_all(&b, 900);
	run_to(&b, 1000);
	assert_links(&b, "DU");
	set_present(&b, 0, true);
	assert_links(&b, "DU");
	rx_from_all(&b, 1900);
	run_to(&b, 2000);
	assert_links(&b, "UU");
	b.s.mode = BOND_MODE_XOR;
	settings_changed(&b, BOND_EFFECT_MODE, ENGINE_NO_MEMBER);
	rx_from_all(&b, 2100);
	set_present(&b, 0, false);
	run_to(&b, 3000);
	assert_links(&b, "DU");
}

/*
 * What is received, by role of the member, and whether it counts (bond_rcv_validate):
 * A active, B backup.
 */
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

static void
monitors_are_switched(void **state)
{
	(void)state;
	for (int mode = BOND_MODE_RR; mode <= BOND_MODE_BROADCAST; mode++) {
		struct bond_settings s = settings((enum bond_mode)mode);
		struct bench b;

		s.nb_arp_targets = 1;
		s.arp_targets[0] = rte_cpu_to_be_32(target_ip[0]);
		s.downdelay_ticks = 30;
		start(&b, &s);
		add(&b, 2);
		run_to(&b, 100000);
		set_carrier(&b, 0, false);
		set_carrier(&b, 1, false);
		assert_links(&b, "FF");
		/* Old times of reception blame nobody; a delay is no state of this monitor. */
		b.s.miimon_ms = 0;
		b.s.arp_interval_ms = INTERVAL_MS;
		settings_changed(&b, BOND_EFFECT_MONITOR, ENGINE_NO_MEMBER);
		assert_links(&b, "UD");
		assert_int_equal(b.e.current, 0);
		assert_true(b.e.carrier);
		assert_int_equal(b.probed.n, 0);
		set_carrier(&b, 0, true);
		run_to(&b, 100000);
		assert_int_equal(b.probed.n, 1);
		rx_at(&b, 0, 101000, 0);
		rx_at(&b, 0, 102000, 0);
		rx_at(&b, 0, 103000, 0);
		rx_at(&b, 0, 104000, 0);
		assert_links(&b, "UD");
		/* And back: carrier decides, at once. */
		set_carrier(&b, 1, true);
		b.s.miimon_ms = 100;
		b.s.arp_interval_ms = 0;
		settings_changed(&b, BOND_EFFECT_MONITOR, ENGINE_NO_MEMBER);
		b.probed.n = 0;
		run_to(&b, 104000);
		assert_links(&b, "UU");
		run_to(&b, 150000);
		assert_links(&b, "UU");
		assert_int_equal(b.probed.n, 0);
	}
}

/* The bond is set down while all are sought, and up: nobody is up for that. */
static void
search_goes_on_after_a_pause(void **state)
{
	struct bond_settings s = arp_settings(BOND_MODE_AB);
	struct bench b;

	(void)state;
	start(&b, &s);
	add(&b, 3);
	run_to(&b, 20100);
	assert_int_equal(b.e.active, ENGINE_NO_MEMBER);
	engine_down(&b.e);
	b.now_ns += NSEC_PER_SEC;
	engine_up(&b.e, b.now_ns);
	assert_int_equal(b.e.active, ENGINE_NO_MEMBER);
	assert_false(b.e.carrier);
	run_to(&b, 22000);
	assert_int_equal(b.e.active, ENGINE_NO_MEMBER);
	assert_int_not_equal(b.e.arp_current, ENGINE_NO_MEMBER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(active_member_goes_down),
		cmocka_unit_test(active_member_that_sends_nothing),
		cmocka_unit_test(backup_has_an_interval_more),
		cmocka_unit_test(new_active_member_has_two_intervals),
		cmocka_unit_test(member_comes_up),
		cmocka_unit_test(member_joins_without_carrier),
		cmocka_unit_test(balanced_member_goes_down),
		cmocka_unit_test(balanced_members_are_all_probed),
		cmocka_unit_test(all_balanced_members_go_down),
		cmocka_unit_test(only_the_active_member_is_probed),
		cmocka_unit_test(members_are_tried_in_turn),
		cmocka_unit_test(nobody_can_be_tried),
		cmocka_unit_test(member_joins_the_search),
		cmocka_unit_test(better_member_comes_up),
		cmocka_unit_test(gone_device_is_down_at_once),
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
		cmocka_unit_test(monitors_are_switched),
		cmocka_unit_test(search_goes_on_after_a_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
