/* SPDX-License-Identifier: BSD-3-Clause */
/* Receive load balancing: who is told what, and when, on a frozen clock. */
#include "rlb.h"
#include "units.h"
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

enum { NB_MEMBERS = 3, MAX_UPDATES = 512, TICK_MS = 100 };

/* Addresses of ours and of clients are in 10.0.0.0/8; a client's MAC follows from its IP. */
enum { OUR_IP = 0x0a000001, OTHER_IP_OF_OURS = 0x0a000002 };

struct bench {
	struct rlb *r;
	struct rlb_member members[NB_MEMBERS + 1];
	struct rlb_view view;
	uint64_t now_ns;
	struct rlb_update updates[MAX_UPDATES];
	int nb_updates;
};

static struct rte_ether_addr
mac_of(uint32_t ip)
{
	struct rte_ether_addr mac = {{0x02, 0xc1}};

	ip = rte_cpu_to_be_32(ip);
	memcpy(mac.addr_bytes + 2, &ip, sizeof(ip));
	return mac;
}

static void
start(struct bench *b)
{
	*b = (struct bench){.now_ns = NSEC_PER_SEC};
	assert_int_equal(rlb_new(&b->r), 0);
	for (uint16_t i = 0; i < NB_MEMBERS + 1; i++) {
		b->members[i] = (struct rlb_member){
			.port_id = (uint16_t)(10 + i),
			.mac = {{0x02, 0, 0, 0, 0, (uint8_t)(0x10 + i)}},
			.usable = true,
			.speed_mbps = 10000,
		};
	}
	b->view = (struct rlb_view){
		.members = b->members,
		.nb_members = NB_MEMBERS,
		.active = 0,
		.bond_mac = b->members[0].mac,
	};
	rlb_members_changed(b->r, &b->view);
	/* Members have come: the first tick deals anew those clients that are there, none. */
	assert_int_equal(rlb_tick(b->r, &b->view, 0, b->updates, MAX_UPDATES), 0);
}

static void
stop(struct bench *b)
{
	assert_null(rlb_free(b->r));
}

static void
tick(struct bench *b)
{
	b->nb_updates = rlb_tick(b->r, &b->view, b->now_ns, b->updates, MAX_UPDATES);
}

/* All updates of the next @ms. */
static int
run(struct bench *b, uint64_t ms)
{
	int n = 0;

	for (uint64_t at = 0; at < ms; at += TICK_MS) {
		b->now_ns += TICK_MS * NSEC_PER_MSEC;
		n += rlb_tick(b->r, &b->view, b->now_ns, b->updates + n, MAX_UPDATES - n);
	}
	b->nb_updates = n;
	return n;
}

static struct rlb_arp
arp(bool is_reply, uint32_t src_ip, uint32_t dst_ip, uint16_t vlan_id)
{
	return (struct rlb_arp){
		.is_reply = is_reply,
		.src_ip = rte_cpu_to_be_32(src_ip),
		.dst_ip = rte_cpu_to_be_32(dst_ip),
		.vlan_id = vlan_id,
	};
}

/* Our reply to a client; the member that it goes by, whose address it must carry. */
static int
reply_in_vlan(struct bench *b, uint32_t client_ip, uint16_t vlan_id)
{
	struct rlb_arp a = arp(true, OUR_IP, client_ip, vlan_id);
	struct rte_ether_addr src_mac;
	int index;

	a.src_mac = b->view.bond_mac;
	a.dst_mac = mac_of(client_ip);
	index = rlb_tx(b->r, &b->view, &a, b->now_ns, &src_mac);
	if (index >= 0)
		assert_memory_equal(&src_mac, &b->members[index].mac, sizeof(src_mac));
	return index;
}

static int
reply(struct bench *b, uint32_t client_ip)
{
	return reply_in_vlan(b, client_ip, 0);
}

static int
request_from(struct bench *b, uint32_t our_ip, uint32_t client_ip)
{
	struct rlb_arp a = arp(false, our_ip, client_ip, 0);
	struct rte_ether_addr src_mac;
	int index;

	a.src_mac = b->view.bond_mac;
	index = rlb_tx(b->r, &b->view, &a, b->now_ns, &src_mac);
	if (index >= 0)
		assert_memory_equal(&src_mac, &b->view.bond_mac, sizeof(src_mac));
	return index;
}

static int
request(struct bench *b, uint32_t client_ip)
{
	return request_from(b, OUR_IP, client_ip);
}

static void
answer_from(struct bench *b, uint32_t client_ip, const struct rte_ether_addr *mac)
{
	struct rlb_arp a = arp(true, client_ip, OUR_IP, 0);

	a.src_mac = *mac;
	a.dst_mac = b->view.bond_mac;
	rlb_rx(b->r, &b->view, &a);
}

static void
answer(struct bench *b, uint32_t client_ip)
{
	struct rte_ether_addr mac = mac_of(client_ip);

	answer_from(b, client_ip, &mac);
}

static const struct rlb_update *
update_for(const struct bench *b, uint32_t client_ip)
{
	for (int i = 0; i < b->nb_updates; i++)
		if (b->updates[i].dst_ip == rte_cpu_to_be_32(client_ip))
			return &b->updates[i];
	return NULL;
}

static void
assert_update(const struct bench *b, uint32_t client_ip, int member)
{
	const struct rlb_update *u = update_for(b, client_ip);
	struct rte_ether_addr mac = mac_of(client_ip);

	assert_non_null(u);
	assert_int_equal(u->member, member);
	assert_memory_equal(&u->src_mac, &b->members[member].mac, sizeof(mac));
	assert_memory_equal(&u->dst_mac, &mac, sizeof(mac));
	assert_int_equal(u->src_ip, rte_cpu_to_be_32(OUR_IP));
}

/* Client number @i: addresses of different hashes. */
static uint32_t
client_ip(int i)
{
	return 0x0a010000 + (uint32_t)i;
}

static int
member_of(const struct bench *b, uint32_t ip)
{
	struct rlb_client_view clients[RLB_CLIENTS];
	int n = rlb_clients(b->r, clients, RLB_CLIENTS);

	for (int i = 0; i < n; i++)
		if (clients[i].client_ip == rte_cpu_to_be_32(ip))
			return clients[i].port_id - 10;
	return -1;
}

static void
replies_go_round(void **state)
{
	int count[NB_MEMBERS] = {0};
	struct bench b;

	(void)state;
	start(&b);
	for (int i = 0; i < 99; i++)
		count[reply(&b, client_ip(i))]++;
	for (int m = 0; m < NB_MEMBERS; m++)
		assert_int_equal(count[m], 33);
	/* A client stays where it is. */
	for (int i = 0; i < 99; i++)
		assert_int_equal(reply(&b, client_ip(i)), i % NB_MEMBERS);
	stop(&b);
}

static void
faster_and_usable_members_only(void **state)
{
	struct bench b;

	(void)state;
	start(&b);
	b.members[1].speed_mbps = 25000;
	assert_int_equal(reply(&b, client_ip(0)), 1);
	assert_int_equal(reply(&b, client_ip(1)), 1);
	b.members[2].speed_mbps = 25000;
	assert_int_equal(reply(&b, client_ip(2)), 2);
	assert_int_equal(reply(&b, client_ip(3)), 1);
	b.members[1].usable = false;
	rlb_members_changed(b.r, &b.view);
	assert_int_equal(reply(&b, client_ip(4)), 2);
	assert_int_equal(reply(&b, client_ip(5)), 2);
	b.members[0].usable = b.members[2].usable = false;
	rlb_members_changed(b.r, &b.view);
	assert_int_equal(reply(&b, client_ip(6)), -1);
	assert_int_equal(reply(&b, client_ip(4)), -1);
	stop(&b);
}

static void
others_and_gratuitous_are_left_alone(void **state)
{
	struct rlb_arp a = arp(true, OUR_IP, client_ip(0), 0);
	struct rte_ether_addr src_mac = wire_mac("0a0b0c0d0e0f"), before = src_mac;
	struct rlb_client_view client;
	struct bench b;

	(void)state;
	start(&b);
	/* Somebody behind us, as under a bridge. */
	a.src_mac = wire_mac("0200000000ee");
	a.dst_mac = mac_of(client_ip(0));
	assert_int_equal(rlb_tx(b.r, &b.view, &a, b.now_ns, &src_mac), -1);
	a.is_reply = false;
	assert_int_equal(rlb_tx(b.r, &b.view, &a, b.now_ns, &src_mac), -1);
	/* Gratuitous, both ways; a probe. */
	a = arp(false, OUR_IP, OUR_IP, 0);
	a.src_mac = b.view.bond_mac;
	assert_int_equal(rlb_tx(b.r, &b.view, &a, b.now_ns, &src_mac), -1);
	a.is_reply = true;
	assert_int_equal(rlb_tx(b.r, &b.view, &a, b.now_ns, &src_mac), -1);
	a = arp(false, 0, OUR_IP, 0);
	a.src_mac = b.view.bond_mac;
	assert_int_equal(rlb_tx(b.r, &b.view, &a, b.now_ns, &src_mac), -1);
	assert_memory_equal(&src_mac, &before, sizeof(before));
	assert_int_equal(rlb_clients(b.r, &client, 1), 0);
	/* A member's own address is ours. */
	a = arp(true, OUR_IP, client_ip(0), 0);
	a.src_mac = b.members[2].mac;
	a.dst_mac = mac_of(client_ip(0));
	assert_int_equal(rlb_tx(b.r, &b.view, &a, b.now_ns, &src_mac), 0);
	assert_int_equal(rlb_clients(b.r, &client, 1), 1);
	stop(&b);
}

/* The answer to a request tells where the client is; it is told its member 2 s after the request.
 */
static void
learning_and_pacing(void **state)
{
	struct bench b;
	int member;

	(void)state;
	start(&b);
	tick(&b);
	assert_int_equal(request(&b, client_ip(0)), 0);
	member = request(&b, client_ip(1));
	assert_int_equal(member, 1);
	tick(&b);
	assert_int_equal(b.nb_updates, 0);
	b.now_ns += 50 * NSEC_PER_MSEC;
	answer(&b, client_ip(1));
	b.now_ns += 1949 * NSEC_PER_MSEC;
	tick(&b);
	assert_int_equal(b.nb_updates, 0);
	b.now_ns += NSEC_PER_MSEC;
	tick(&b);
	assert_int_equal(b.nb_updates, 1);
	assert_update(&b, client_ip(1), member);
	/* Nobody else is known, and nothing is said twice. */
	assert_int_equal(run(&b, 20000), 0);
	/* The same answer again changes nothing, another address does. */
	answer(&b, client_ip(1));
	assert_int_equal(run(&b, 5000), 0);
	answer_from(&b, client_ip(1), &b.members[0].mac);
	assert_int_equal(run(&b, 5000), 0);
	answer_from(&b, client_ip(1), &(struct rte_ether_addr){{1, 2, 3, 4, 5, 6}});
	assert_int_equal(run(&b, 5000), 0);
	answer_from(&b, client_ip(1), &(struct rte_ether_addr){{2, 2, 3, 4, 5, 6}});
	assert_int_equal(run(&b, 5000), 1);
	assert_memory_equal(&b.updates[0].dst_mac, "\x02\x02\x03\x04\x05\x06", 6);
	stop(&b);
}

/* Who hears a request of ours turns to the bond's address: those of other members are told again.
 */
static void
requests_update_the_subnet(void **state)
{
	struct rlb_arp a;
	struct rte_ether_addr src_mac;
	struct bench b;

	(void)state;
	start(&b);
	for (int i = 0; i < 6; i++)
		reply(&b, client_ip(i));
	a = arp(true, OTHER_IP_OF_OURS, client_ip(20), 0);
	a.src_mac = b.view.bond_mac;
	a.dst_mac = mac_of(client_ip(20));
	rlb_tx(b.r, &b.view, &a, b.now_ns, &src_mac);
	run(&b, 20000);
	request(&b, client_ip(1));
	run(&b, 1900);
	assert_int_equal(b.nb_updates, 0);
	run(&b, 10000);
	/* 1, 2, 4 and 5; 0 and 3 have the active member, whose address they took. */
	assert_int_equal(b.nb_updates, 4);
	for (int i = 0; i < 6; i++)
		if (i % NB_MEMBERS != 0)
			assert_update(&b, client_ip(i), i % NB_MEMBERS);
		else
			assert_null(update_for(&b, client_ip(i)));
	stop(&b);
}

/* Requests without end put updates off, but not for ever. */
static void
requests_delay_for_a_limited_time(void **state)
{
	struct bench b;
	int n = 0;

	(void)state;
	start(&b);
	reply(&b, client_ip(1));
	reply(&b, client_ip(2));
	run(&b, 20000);
	for (int i = 0; i < 99; i++) {
		request(&b, client_ip(1));
		n += run(&b, TICK_MS);
	}
	assert_int_equal(n, 0);
	for (int i = 0; i < 3; i++) {
		request(&b, client_ip(1));
		n += run(&b, TICK_MS);
	}
	assert_int_equal(n, 1);
	stop(&b);
}

static void
failover(void **state)
{
	struct bench b;
	int before[30], n;

	(void)state;
	start(&b);
	for (int i = 0; i < 30; i++)
		before[i] = reply(&b, client_ip(i));
	request(&b, client_ip(200)); /* never answered: nobody to be told */
	run(&b, 20000);

	b.members[1].usable = false;
	rlb_members_changed(b.r, &b.view);
	tick(&b);
	assert_int_equal(b.nb_updates, 10);
	for (int i = 0; i < 30; i++) {
		int member = member_of(&b, client_ip(i));

		assert_int_not_equal(member, 1);
		if (before[i] == 1)
			assert_update(&b, client_ip(i), member);
		else
			assert_null(update_for(&b, client_ip(i)));
		if (before[i] != 1)
			assert_int_equal(member, before[i]);
	}
	/* Three rounds more, each 2 s after the one before. */
	for (int round = 0; round < 3; round++) {
		assert_int_equal(run(&b, 1900), 0);
		assert_int_equal(run(&b, TICK_MS), 10);
	}
	assert_int_equal(run(&b, 20000), 0);

	/* It comes back: with the next tick all are dealt anew. */
	b.members[1].usable = true;
	rlb_members_changed(b.r, &b.view);
	for (int i = 0; i < 30; i++)
		before[i] = member_of(&b, client_ip(i));
	tick(&b);
	n = 0;
	for (int i = 0; i < 30; i++) {
		int member = member_of(&b, client_ip(i));

		n += member == 1;
		if (member != before[i])
			assert_update(&b, client_ip(i), member);
		else
			assert_null(update_for(&b, client_ip(i)));
	}
	assert_in_range(n, 10, 11);
	assert_int_equal(run(&b, 20000), 0);
	stop(&b);
}

static void
members_leave_and_come(void **state)
{
	struct bench b;
	int n = 0;

	(void)state;
	start(&b);
	for (int i = 0; i < 12; i++)
		reply(&b, client_ip(i));
	run(&b, 20000);
	/* The first one is removed; the others move up. */
	memmove(b.members, b.members + 1, NB_MEMBERS * sizeof(b.members[0]));
	b.view.nb_members = 2;
	b.view.bond_mac = b.members[0].mac;
	rlb_members_changed(b.r, &b.view);
	tick(&b);
	assert_int_equal(b.nb_updates, 4);
	for (int i = 0; i < 12; i++) {
		assert_in_range(member_of(&b, client_ip(i)), 1, 2);
		if (i % 3 == 0)
			assert_update(&b, client_ip(i), member_of(&b, client_ip(i)) - 1);
	}
	run(&b, 20000);
	/* All go; then a new one comes. */
	b.view.nb_members = 0;
	b.view.active = -1;
	rlb_members_changed(b.r, &b.view);
	assert_int_equal(run(&b, 5000), 0);
	assert_int_equal(reply(&b, client_ip(0)), -1);
	b.members[0] = (struct rlb_member){77, {{2, 7, 7, 7, 7, 7}}, true, 1000};
	b.view.nb_members = 1;
	b.view.active = 0;
	b.view.bond_mac = b.members[0].mac;
	rlb_members_changed(b.r, &b.view);
	tick(&b);
	assert_int_equal(b.nb_updates, 12);
	for (int i = 0; i < 12; i++) {
		assert_update(&b, client_ip(i), 0);
		n += member_of(&b, client_ip(i)) == 77 - 10;
	}
	assert_int_equal(n, 12);
	stop(&b);
}

/* The active member changes: two addresses are swapped, and the clients of both are told. */
static void
swapped_addresses(void **state)
{
	struct rte_ether_addr mac;
	struct bench b;

	(void)state;
	start(&b);
	for (int i = 0; i < 6; i++)
		reply(&b, client_ip(i));
	run(&b, 20000);
	mac = b.members[0].mac;
	b.members[0].mac = b.members[2].mac;
	b.members[2].mac = mac;
	b.view.active = 2;
	rlb_members_changed(b.r, &b.view);
	tick(&b);
	assert_int_equal(b.nb_updates, 4);
	assert_update(&b, client_ip(0), 0);
	assert_update(&b, client_ip(3), 0);
	assert_update(&b, client_ip(2), 2);
	assert_update(&b, client_ip(5), 2);
	assert_int_equal(run(&b, 20000), 3 * 4);
	stop(&b);
}

/* Two clients of one hash: the older one is sent to the active member, at once. */
static void
collisions(void **state)
{
	enum { FIRST = 0x0a010203, SECOND = 0x0a010302 };
	struct rlb_client_view clients[2];
	struct bench b;

	(void)state;
	start(&b);
	reply(&b, client_ip(0));
	assert_int_equal(reply(&b, FIRST), 1);
	run(&b, 20000);
	request(&b, client_ip(1)); /* its delay does not hold for those who gave way */
	assert_int_equal(reply(&b, SECOND), 0);
	tick(&b);
	assert_int_equal(b.nb_updates, 1);
	assert_update(&b, FIRST, 0);
	assert_int_equal(rlb_clients(b.r, clients, 2), 2);
	assert_int_equal(member_of(&b, FIRST), -1);
	assert_int_equal(member_of(&b, SECOND), 0);
	/* One that has the active member already, or that is not known, is not told. */
	run(&b, 20000);
	reply(&b, FIRST);
	tick(&b);
	assert_null(update_for(&b, SECOND));
	stop(&b);
}

/* More clients give way than an array holds: the others come with the next calls. */
static void
few_updates_at_a_time(void **state)
{
	struct rlb_update some[7];
	struct bench b;
	int n, all = 0;

	(void)state;
	start(&b);
	for (int i = 0; i < 100; i++)
		reply(&b, client_ip(i));
	run(&b, 20000);
	b.members[1].usable = false;
	rlb_members_changed(b.r, &b.view);
	while ((n = rlb_tick(b.r, &b.view, b.now_ns, some, 7)) == 7)
		all += n;
	assert_int_equal(all + n, 33);
	stop(&b);

	start(&b);
	for (int i = 0; i < 30; i++)
		reply(&b, client_ip(i));
	run(&b, 20000);
	/* Others of the same hashes. */
	for (int i = 0; i < 30; i++)
		reply(&b, 0x0afe00ff ^ (uint32_t)i);
	all = 0;
	for (int calls = 0; calls < 20; calls++) {
		n = rlb_tick(b.r, &b.view, b.now_ns, some, 7);
		assert_in_range(n, 0, 7);
		all += n;
	}
	assert_int_equal(all, 20 + 30);
	stop(&b);
}

static void
vlans(void **state)
{
	struct rlb_client_view client;
	struct rlb_arp a = arp(true, client_ip(0), OUR_IP, 7);
	struct bench b;

	(void)state;
	start(&b);
	assert_int_equal(reply_in_vlan(&b, client_ip(0), 5), 0);
	tick(&b);
	assert_int_equal(b.nb_updates, 1);
	assert_int_equal(b.updates[0].vlan_id, 5);
	/* The same addresses in another VLAN are somebody else. */
	assert_int_equal(reply_in_vlan(&b, client_ip(0), 6), 1);
	assert_int_equal(rlb_clients(b.r, &client, 1), 1);
	assert_int_equal(client.vlan_id, 6);
	run(&b, 20000);
	assert_int_equal(b.updates[b.nb_updates - 1].vlan_id, 6);
	/* What comes in by another VLAN does not concern it. */
	a.src_mac = wire_mac("020000000077");
	rlb_rx(b.r, &b.view, &a);
	a = arp(false, OUR_IP, client_ip(0), 7);
	a.src_mac = wire_mac("020000000077");
	rlb_rx(b.r, &b.view, &a);
	assert_int_equal(run(&b, 5000), 0);
	assert_int_equal(rlb_clients(b.r, &client, 1), 1);
	stop(&b);
}

/* Another host has an address of ours now: its clients are none of ours any more. */
static void
address_is_taken_over(void **state)
{
	struct rlb_client_view clients[8];
	struct rlb_arp a;
	struct bench b;

	(void)state;
	start(&b);
	for (int i = 0; i < 5; i++)
		reply(&b, client_ip(i));
	a = arp(false, OUR_IP, OUR_IP, 0);
	a.src_mac = b.members[2].mac;
	rlb_rx(b.r, &b.view, &a); /* our own frame has come back */
	assert_int_equal(rlb_clients(b.r, clients, 8), 5);
	a = arp(false, OTHER_IP_OF_OURS, client_ip(1), 0);
	a.src_mac = wire_mac("020000000077");
	rlb_rx(b.r, &b.view, &a);
	assert_int_equal(rlb_clients(b.r, clients, 8), 5);
	a = arp(false, OUR_IP, client_ip(99), 0);
	a.src_mac = wire_mac("020000000077");
	rlb_rx(b.r, &b.view, &a);
	assert_int_equal(rlb_clients(b.r, clients, 8), 0);
	assert_int_equal(run(&b, 20000), 0);
	stop(&b);
}

/*
 * Random events: whoever is told something is told the address that the member carries now, by that
 * member, which is usable; and in the end each known client is where the table says.
 */
static void
random_history(void **state)
{
	struct bench b;

	(void)state;
	start(&b);
	b.view.nb_members = NB_MEMBERS + 1;
	srandom(77);
	for (int step = 0; step < 20000; step++) {
		uint32_t ip = client_ip((int)(random() % 600));
		int m = (int)(random() % b.view.nb_members);
		struct rte_ether_addr mac = b.members[m].mac;

		switch (random() % 8) {
		case 0:
			b.members[m].usable = !b.members[m].usable;
			rlb_members_changed(b.r, &b.view);
			break;
		case 1:
			b.members[m].mac = b.members[b.view.active].mac;
			b.members[b.view.active].mac = mac;
			b.view.active = m;
			rlb_members_changed(b.r, &b.view);
			break;
		case 2:
			answer(&b, ip);
			break;
		case 3:
		case 4:
			m = reply(&b, ip);
			assert_true(m < 0 || b.members[m].usable);
			break;
		case 5:
			m = request(&b, ip);
			assert_true(m < 0 || b.members[m].usable);
			break;
		default:
			run(&b, TICK_MS);
			for (int i = 0; i < b.nb_updates; i++)
				assert_update(
					&b,
					rte_be_to_cpu_32(b.updates[i].dst_ip),
					update_for(&b, rte_be_to_cpu_32(b.updates[i].dst_ip))
						->member
				);
		}
	}
	stop(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_go_round),
		cmocka_unit_test(faster_and_usable_members_only),
		cmocka_unit_test(others_and_gratuitous_are_left_alone),
		cmocka_unit_test(learning_and_pacing),
		cmocka_unit_test(requests_update_the_subnet),
		cmocka_unit_test(requests_delay_for_a_limited_time),
		cmocka_unit_test(failover),
		cmocka_unit_test(members_leave_and_come),
		cmocka_unit_test(swapped_addresses),
		cmocka_unit_test(collisions),
		cmocka_unit_test(few_updates_at_a_time),
		cmocka_unit_test(vlans),
		cmocka_unit_test(address_is_taken_over),
		cmocka_unit_test(random_history),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
