/* SPDX-License-Identifier: BSD-3-Clause */
/* Words to flows, and flows to members of a plan: what `show bond NAME flow` says. */
#include "flow.h"
#include "reason.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

enum { MEMBERS = 3, FIRST_PORT = 4 };

/* Split at blanks and parse. */
static int
parse(const char *line, struct flow *ret, struct reason *why)
{
	char copy[512], *words[32], *save = NULL;
	int n = 0;

	strcpy(copy, line);
	for (char *w = strtok_r(copy, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save))
		words[n++] = w;
	return flow_parse(ret, n, words, why);
}

static struct flow
flow(const char *line)
{
	struct reason why;
	struct flow f;

	if (parse(line, &f, &why) != 0)
		fail_msg("%s: %s", line, why.text);
	return f;
}

static void
words(void **state)
{
	struct flow f = flow("src=02:00:00:00:00:01 dst=02-0-0-0-0-ff vlan=30 sip=10.0.0.1 "
	                     "dip=10.0.0.2 proto=tcp sport=1000 dport=80 queue=3");

	(void)state;
	assert_int_equal(f.src.addr_bytes[5], 1);
	assert_int_equal(f.dst.addr_bytes[5], 0xff);
	assert_int_equal(f.ether_type, RTE_ETHER_TYPE_IPV4);
	assert_int_equal(f.vlan_id, 30);
	assert_int_equal(f.sip.v4, RTE_BE32(0x0a000001));
	assert_int_equal(f.dip.v4, RTE_BE32(0x0a000002));
	assert_int_equal(f.proto, IPPROTO_TCP);
	assert_int_equal(f.sport, 1000);
	assert_int_equal(f.dport, 80);
	assert_int_equal(f.queue, 3);
	f = flow("src=2:0:0:0:0:1 dst=2:0:0:0:0:2 dip=fe80::1 proto=89");
	assert_int_equal(f.ether_type, RTE_ETHER_TYPE_IPV6);
	assert_int_equal(f.proto, 89);
	f = flow("src=2:0:0:0:0:1 dst=2:0:0:0:0:2");
	assert_int_equal(f.ether_type, RTE_ETHER_TYPE_IPV4);
	assert_int_equal(f.proto, IPPROTO_UDP);
	assert_int_equal(flow("src=2:0:0:0:0:1 dst=2:0:0:0:0:2 type=0x806").ether_type, 0x806);
}

static void
wrong_words(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{"src=2:0:0:0:0:1", "dst=MAC must be given"},
		{"src=2:0:0:0:0:1 dst=nobody", "dst: \"nobody\" is no MAC"},
		{"src=2:0:0:0:0:1 dst=2:0:0:0:0:2 vlan=4095", "0..4094"},
		{"src=2:0:0:0:0:1 dst=2:0:0:0:0:2 sip=1.2.3", "no IPv4 or IPv6"},
		{"src=2:0:0:0:0:1 dst=2:0:0:0:0:2 sip=1.2.3.4 dip=::1", "one IP version"},
		{"src=2:0:0:0:0:1 dst=2:0:0:0:0:2 proto=sctp", "0..255"},
		{"src=2:0:0:0:0:1 dst=2:0:0:0:0:2 sport=65536", "0..65535"},
		{"src=2:0:0:0:0:1 dst=2:0:0:0:0:2 queue=64", "0..63"},
		{"src=2:0:0:0:0:1 src=2:0:0:0:0:2", "given twice"},
		{"src", "not key=value"},
		{"color=red", "keys src, dst,"},
		{"=red", "keys src, dst,"},
	};

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		struct flow f = {.queue = 99};
		struct reason why;

		assert_int_equal(parse(cases[i].line, &f, &why), -EINVAL);
		if (strstr(why.text, cases[i].says) == NULL)
			fail_msg("%s: %s", cases[i].line, why.text);
		assert_int_equal(f.queue, 99);
	}
}

static struct bond_plan
plan_of(const struct bond_settings *s)
{
	struct bond_plan plan = {
		.nb_usable = MEMBERS,
		.usable_magic = xmit_hash_magic(MEMBERS),
		.active = FIRST_PORT + 1,
		.active_index = 1,
		.hash = xmit_hash_get(s->policy),
		.packets_per_member = s->packets_per_member,
	};

	for (uint16_t i = 0; i < MEMBERS; i++) {
		plan.usable[i] = (uint16_t)(FIRST_PORT + i);
		plan.member_mac[FIRST_PORT + i].addr_bytes[5] = (uint8_t)(0x70 + i);
	}
	for (unsigned b = 0; b < TLB_BUCKETS; b++)
		plan.bucket[b] = (uint8_t)(b % MEMBERS);
	for (unsigned q = 0; q < PLAN_MAX_QUEUES; q++)
		plan.queue_port[q] = PLAN_NO_PORT;
	return plan;
}

static struct bond_settings
settings(enum bond_mode mode)
{
	struct bond_settings s;

	bond_settings_default(&s, "bond0");
	s.mode = mode;
	return s;
}

static struct flow_answer
ask(const struct bond_plan *plan, const struct bond_settings *s, const char *line)
{
	struct flow f = flow(line);
	struct flow_answer a;

	flow_member(plan, s, &f, &a);
	return a;
}

#define MACS "src=02:00:00:00:00:01 dst=02:00:00:00:00:12 "
#define ADDRESSES MACS "sip=10.0.0.1 dip=10.0.0.7 "

static void
modes_without_hash(void **state)
{
	struct bond_settings s = settings(BOND_MODE_RR);
	struct bond_plan plan = plan_of(&s);

	(void)state;
	assert_int_equal(ask(&plan, &s, MACS).how, FLOW_BY_TURN);
	assert_int_equal(ask(&plan, &s, MACS).port_id, PLAN_NO_PORT);
	plan.packets_per_member = 0;
	assert_int_equal(ask(&plan, &s, MACS).how, FLOW_BY_CHANCE);
	/* IGMP has its member, but not behind a tag. */
	assert_int_equal(
		ask(&plan, &s, "src=2:0:0:0:0:1 dst=1:0:5e:0:0:1 proto=igmp").port_id, plan.active
	);
	assert_int_equal(
		ask(&plan, &s, "src=2:0:0:0:0:1 dst=1:0:5e:0:0:1 proto=igmp vlan=2").how,
		FLOW_BY_CHANCE
	);
	plan.nb_usable = 1;
	assert_int_equal(ask(&plan, &s, MACS).port_id, FIRST_PORT);
	s = settings(BOND_MODE_AB);
	plan = plan_of(&s);
	assert_int_equal(ask(&plan, &s, MACS).how, FLOW_BY_ACTIVE);
	assert_int_equal(ask(&plan, &s, MACS).port_id, FIRST_PORT + 1);
	assert_false(ask(&plan, &s, MACS).new_source);
	s = settings(BOND_MODE_BROADCAST);
	assert_int_equal(ask(&plan, &s, MACS).how, FLOW_BY_ALL);
}

static void
nobody(void **state)
{
	(void)state;
	for (int mode = 0; mode < BOND_MODE_COUNT; mode++) {
		struct bond_settings s = settings((enum bond_mode)mode);
		struct bond_plan plan = plan_of(&s);

		plan.nb_usable = 0;
		plan.active = PLAN_NO_PORT;
		assert_int_equal(ask(&plan, &s, MACS).how, FLOW_NOBODY);
		assert_int_equal(ask(&plan, &s, MACS).port_id, PLAN_NO_PORT);
	}
}

static void
queue_id_first(void **state)
{
	struct bond_settings s = settings(BOND_MODE_AB);
	struct bond_plan plan = plan_of(&s);

	(void)state;
	plan.queue_port[2] = FIRST_PORT + 2;
	assert_int_equal(ask(&plan, &s, MACS "queue=2").how, FLOW_BY_QUEUE);
	assert_int_equal(ask(&plan, &s, MACS "queue=2").port_id, FIRST_PORT + 2);
	assert_int_equal(ask(&plan, &s, MACS "queue=1").how, FLOW_BY_ACTIVE);
}

static void
hashes(void **state)
{
	struct bond_settings s = settings(BOND_MODE_XOR);
	struct bond_plan plan = plan_of(&s);
	struct flow_answer a = ask(&plan, &s, MACS), b;

	(void)state;
	/* layer2: the last bytes of both addresses and the type. */
	assert_int_equal(a.how, FLOW_BY_HASH);
	assert_int_equal(a.hash, 0x01 ^ 0x12 ^ RTE_ETHER_TYPE_IPV4);
	assert_int_equal(a.count, MEMBERS);
	assert_int_equal(a.port_id, FIRST_PORT + a.hash % MEMBERS);
	/* What the policy does not look at changes nothing, what it looks at does. */
	b = ask(&plan, &s, ADDRESSES "proto=tcp sport=5 vlan=9");
	assert_int_equal(a.hash, b.hash);
	s.policy = BOND_POLICY_L34;
	plan.hash = xmit_hash_get(s.policy);
	a = ask(&plan, &s, ADDRESSES "proto=tcp sport=6 dport=80");
	b = ask(&plan, &s, ADDRESSES "proto=tcp sport=6 dport=80 vlan=9");
	assert_int_equal(a.hash, b.hash);
	b = ask(&plan, &s, ADDRESSES "proto=tcp sport=8 dport=80");
	assert_int_not_equal(a.hash, b.hash);
	a = ask(&plan, &s, MACS "sip=2001:db8::1 dip=2001:db8::2 sport=8");
	b = ask(&plan, &s, MACS "sip=2001:db8::1 dip=2001:db8::2 sport=80");
	assert_int_not_equal(a.hash, b.hash);
}

static void
buckets(void **state)
{
	struct bond_settings s = settings(BOND_MODE_ALB);
	struct bond_plan plan = plan_of(&s);
	struct flow_answer a = ask(&plan, &s, ADDRESSES);

	(void)state;
	/* Mode 6: the bytes of the destination address. */
	assert_int_equal(a.how, FLOW_BY_BUCKET);
	assert_int_equal(a.bucket, 10 ^ 7);
	assert_int_equal(a.port_id, FIRST_PORT + (10 ^ 7) % MEMBERS);
	assert_int_equal(a.new_source, a.port_id != plan.active);
	assert_int_equal(a.source.addr_bytes[5], a.new_source ? 0x70 + (10 ^ 7) % MEMBERS : 0);
	a = ask(&plan, &s, "src=2:0:0:0:0:1 dst=ff:ff:ff:ff:ff:ff");
	assert_int_equal(a.how, FLOW_BY_ACTIVE);
	a = ask(&plan, &s, "src=2:0:0:0:0:1 dst=ff:ff:ff:ff:ff:ff type=0x806");
	assert_int_equal(a.how, FLOW_BY_CLIENT);
	/* Mode 5: the last byte of the policy's hash. */
	s = settings(BOND_MODE_TLB);
	plan = plan_of(&s);
	a = ask(&plan, &s, ADDRESSES);
	assert_int_equal(a.how, FLOW_BY_BUCKET);
	assert_int_equal(a.bucket, (0x01 ^ 0x12 ^ RTE_ETHER_TYPE_IPV4) & 0xff);
	s.tlb_dynamic_lb = false;
	a = ask(&plan, &s, ADDRESSES);
	assert_int_equal(a.how, FLOW_BY_HASH);
	assert_int_equal(a.port_id, FIRST_PORT + a.hash % MEMBERS);
	assert_int_equal(ask(&plan, &s, "src=2:0:0:0:0:1 dst=1:0:5e:0:0:1").how, FLOW_BY_ACTIVE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(wrong_words),
		cmocka_unit_test(modes_without_hash),
		cmocka_unit_test(nobody),
		cmocka_unit_test(queue_id_first),
		cmocka_unit_test(hashes),
		cmocka_unit_test(buckets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
