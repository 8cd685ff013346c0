/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is behind the bond: what frames teach, and what is forgotten, on a frozen clock. */
#include "frames.h"
#include "learn.h"
#include "units.h"
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static const uint64_t begin_ns = 5 * NSEC_PER_SEC;
static const uint64_t age_ns = LEARN_AGE_MS * NSEC_PER_MSEC;

static struct learn *
new_learn(void)
{
	struct learn *l = NULL;

	assert_int_equal(learn_new(&l), 0);
	return l;
}

static struct rte_ether_addr
mac_nr(unsigned i)
{
	return (struct rte_ether_addr
	){{2, 0, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};
}

static struct frame_view
plain(const struct rte_ether_addr *mac, uint16_t vlan_id)
{
	struct frame_view v = {.kind = FRAME_OTHER, .src = *mac, .vlan_id = vlan_id};

	if (vlan_id != 0) {
		v.nb_tags = 1;
		v.tpid = 0x8100;
	}
	return v;
}

static void
note_arp(struct learn *l, unsigned host, uint16_t vlan_id, uint32_t ip, uint64_t now_ns)
{
	struct rte_ether_addr mac = mac_nr(host);
	struct frame_view v = plain(&mac, vlan_id);

	v.kind = FRAME_ARP;
	v.arp.op = 1;
	v.arp.sender_mac = mac;
	v.arp.sender_ip = rte_cpu_to_be_32(ip);
	learn_frame(l, &v, now_ns);
}

static void
note_nd(struct learn *l, unsigned host, bool is_advert, uint8_t last, bool is_router)
{
	struct rte_ether_addr mac = mac_nr(host);
	struct frame_view v = plain(&mac, 0);

	v.kind = is_advert ? FRAME_NA : FRAME_NS;
	v.is_router = is_router;
	*(is_advert ? &v.target : &v.saddr) = (struct bond_ip6){{0xfe, 0x80, [15] = last}};
	learn_frame(l, &v, begin_ns);
}

/* What learn_walk shows, in the order of the walk. */
struct seen {
	int n;
	struct learn_entry entries[LEARN_ENTRIES];
};

static void
see(void *ctx, const struct learn_entry *e)
{
	struct seen *s = ctx;

	s->entries[s->n++] = *e;
}

static const struct learn_entry *
find(const struct learn *l, unsigned host, uint16_t vlan_id)
{
	static struct seen s;
	struct rte_ether_addr mac = mac_nr(host);

	s.n = 0;
	learn_walk(l, see, &s);
	for (int i = 0; i < s.n; i++)
		if (memcmp(&s.entries[i].mac, &mac, sizeof(mac)) == 0 &&
		    s.entries[i].vlan_id == vlan_id)
			return &s.entries[i];
	return NULL;
}

static int
count(const struct learn *l)
{
	static struct seen s;

	s.n = 0;
	learn_walk(l, see, &s);
	return s.n;
}

static void
sources_by_vlan(void **state)
{
	struct rte_ether_addr mac = mac_nr(0xabcdef);
	struct frame_view v = plain(&mac, 0);
	struct learn *l = new_learn();

	(void)state;
	learn_frame(l, &v, begin_ns);
	learn_frame(l, &v, begin_ns);
	v.vlan_id = 4094; /* as by a caller who found the tag in the mbuf */
	learn_frame(l, &v, begin_ns);
	assert_int_equal(count(l), 2);
	assert_non_null(find(l, 0xabcdef, 0));
	assert_non_null(find(l, 0xabcdef, 4094));
	assert_int_equal(find(l, 0xabcdef, 0)->nb_addresses, 0);
	assert_null(learn_free(l));
	assert_null(learn_free(NULL));
}

static void
no_source(void **state)
{
	struct frame_view v = plain(&(struct rte_ether_addr){{0}}, 0);
	struct learn *l = new_learn();

	(void)state;
	learn_frame(l, &v, begin_ns);
	v.src = wire_mac("010000000001");
	learn_frame(l, &v, begin_ns);
	v.src = mac_nr(1);
	v.nb_tags = 2;
	v.tpid = 0x8100;
	v.vlan_id = 5;
	learn_frame(l, &v, begin_ns);
	v.nb_tags = 1;
	v.tpid = 0x88a8;
	learn_frame(l, &v, begin_ns);
	assert_int_equal(count(l), 0);
	learn_free(l);
}

static void
addresses_of_arp(void **state)
{
	struct rte_ether_addr mac = mac_nr(1);
	struct frame_view v = plain(&mac, 0);
	struct learn *l = new_learn();
	const struct learn_entry *e;

	(void)state;
	note_arp(l, 1, 7, 0x0a000001, begin_ns);
	note_arp(l, 1, 7, 0x0a000002, begin_ns);
	note_arp(l, 1, 7, 0x0a000001, begin_ns);
	note_arp(l, 1, 7, 0, begin_ns); /* a probe */
	e = find(l, 1, 7);
	assert_non_null(e);
	assert_int_equal(e->nb_addresses, 2);
	assert_false(e->addresses[0].is_v6);
	assert_int_equal(e->addresses[0].vlan_id, 7);
	assert_int_equal(e->addresses[0].v4, rte_cpu_to_be_32(0x0a000001));
	assert_int_equal(e->addresses[1].v4, rte_cpu_to_be_32(0x0a000002));
	assert_true(learn_has_ip4(l, rte_cpu_to_be_32(0x0a000002)));
	assert_false(learn_has_ip4(l, rte_cpu_to_be_32(0x0a000003)));
	/* Proxies speak for others. */
	v.kind = FRAME_ARP;
	v.arp.sender_mac = mac_nr(2);
	v.arp.sender_ip = rte_cpu_to_be_32(0x0a000009);
	learn_frame(l, &v, begin_ns);
	assert_int_equal(find(l, 1, 0)->nb_addresses, 0);
	assert_null(find(l, 2, 0));
	learn_free(l);
}

static void
addresses_of_neighbour_discovery(void **state)
{
	struct bond_ip6 first = {{0xfe, 0x80, [15] = 1}}, unspecified = {{0}};
	struct rte_ether_addr mac = mac_nr(3);
	struct frame_view v = plain(&mac, 0);
	struct learn *l = new_learn();

	(void)state;
	note_nd(l, 1, false, 1, false);
	assert_true(learn_has_ip6(l, &first));
	/* Not announced before it is known whether it is a router. */
	assert_int_equal(find(l, 1, 0)->nb_addresses, 0);
	note_nd(l, 1, true, 2, true);
	assert_int_equal(find(l, 1, 0)->nb_addresses, 2);
	assert_true(find(l, 1, 0)->is_router);
	assert_true(find(l, 1, 0)->addresses[0].is_v6);
	assert_memory_equal(&find(l, 1, 0)->addresses[0].v6, &first, sizeof(first));
	note_nd(l, 1, true, 2, false);
	assert_false(find(l, 1, 0)->is_router);
	/* Duplicate address detection; an option with another's address. */
	v.kind = FRAME_NS;
	learn_frame(l, &v, begin_ns);
	assert_false(learn_has_ip6(l, &unspecified));
	v.saddr = (struct bond_ip6){{0xfe, 0x80, [15] = 9}};
	v.has_lladdr = true;
	v.lladdr = mac_nr(4);
	learn_frame(l, &v, begin_ns);
	assert_false(learn_has_ip6(l, &v.saddr));
	v.lladdr = mac;
	learn_frame(l, &v, begin_ns);
	assert_true(learn_has_ip6(l, &v.saddr));
	learn_free(l);
}

/* What frame_parse makes of real frames fits. */
static void
frames_as_they_are_read(void **state)
{
	struct rte_ether_addr mac = mac_nr(1);
	struct bond_ip6 ip = {{0xfe, 0x80, [15] = 1}};
	uint8_t bytes[FRAME_MAX_BYTES];
	struct learn *l = new_learn();
	struct frame_view v;

	(void)state;
	assert_int_equal(frame_parse(&v, bytes, frame_garp(bytes, &mac, 9, 0x01020304)), 0);
	learn_frame(l, &v, begin_ns);
	assert_int_equal(
		frame_parse(&v, bytes, frame_unsolicited_na(bytes, &mac, 9, &ip, true)), 0
	);
	learn_frame(l, &v, begin_ns);
	assert_int_equal(frame_parse(&v, bytes, frame_learning(bytes, &mac, 10)), 0);
	learn_frame(l, &v, begin_ns);
	assert_int_equal(count(l), 2);
	assert_int_equal(find(l, 1, 9)->nb_addresses, 2);
	assert_true(find(l, 1, 9)->is_router);
	assert_int_equal(find(l, 1, 10)->nb_addresses, 0);
	learn_free(l);
}

/* The last one to speak for an address has it; elsewhere it may be another host's. */
static void
addresses_move(void **state)
{
	struct learn *l = new_learn();

	(void)state;
	note_arp(l, 1, 0, 0x0a000001, begin_ns);
	note_arp(l, 1, 0, 0x0a000002, begin_ns);
	note_arp(l, 1, 5, 0x0a000001, begin_ns);
	note_arp(l, 2, 0, 0x0a000001, begin_ns);
	assert_int_equal(find(l, 1, 0)->nb_addresses, 1);
	assert_int_equal(find(l, 1, 0)->addresses[0].v4, rte_cpu_to_be_32(0x0a000002));
	assert_int_equal(find(l, 2, 0)->nb_addresses, 1);
	assert_int_equal(find(l, 1, 5)->nb_addresses, 1);
	learn_free(l);
}

static void
oldest_address_gives_way(void **state)
{
	struct learn *l = new_learn();

	(void)state;
	for (uint32_t i = 0; i < LEARN_MAX_ADDRESSES; i++)
		note_arp(l, 1, 0, 0x0a000001 + i, begin_ns + i);
	note_arp(l, 1, 0, 0x0a000001, begin_ns + 100);
	note_arp(l, 1, 0, 0x0a000100, begin_ns + 101);
	assert_int_equal(find(l, 1, 0)->nb_addresses, LEARN_MAX_ADDRESSES);
	assert_true(learn_has_ip4(l, rte_cpu_to_be_32(0x0a000001)));
	assert_true(learn_has_ip4(l, rte_cpu_to_be_32(0x0a000100)));
	assert_false(learn_has_ip4(l, rte_cpu_to_be_32(0x0a000002)));
	learn_free(l);
}

static void
ageing(void **state)
{
	struct rte_ether_addr mac = mac_nr(1);
	struct frame_view v = plain(&mac, 0);
	struct learn *l = new_learn();

	(void)state;
	note_arp(l, 1, 0, 0x0a000001, begin_ns);
	note_arp(l, 2, 0, 0x0a000002, begin_ns + 1);
	learn_frame(l, &v, begin_ns + 10);
	learn_age(l, begin_ns + age_ns - 1);
	assert_true(learn_has_ip4(l, rte_cpu_to_be_32(0x0a000001)));
	/* The address first: the host is still heard of. */
	learn_age(l, begin_ns + age_ns);
	assert_false(learn_has_ip4(l, rte_cpu_to_be_32(0x0a000001)));
	assert_int_equal(count(l), 2);
	learn_age(l, begin_ns + 1 + age_ns);
	assert_null(find(l, 2, 0));
	assert_non_null(find(l, 1, 0));
	learn_age(l, begin_ns + 10 + age_ns);
	assert_int_equal(count(l), 0);
	/* A clock that is behind what was seen does no harm. */
	note_arp(l, 1, 0, 0x0a000001, begin_ns);
	learn_age(l, 0);
	assert_int_equal(count(l), 1);
	learn_free(l);
}

static void
forgetting(void **state)
{
	struct rte_ether_addr mac = mac_nr(1);
	struct learn *l = new_learn();

	(void)state;
	note_arp(l, 1, 0, 0x0a000001, begin_ns);
	note_arp(l, 1, 6, 0x0a000001, begin_ns);
	learn_forget(l, &mac, 5);
	learn_forget(l, &mac, 0);
	assert_null(find(l, 1, 0));
	assert_non_null(find(l, 1, 6));
	/* When it comes back it has no old addresses. */
	learn_frame(l, &(struct frame_view){.src = mac}, begin_ns);
	assert_int_equal(find(l, 1, 0)->nb_addresses, 0);
	learn_free(l);
}

static void
oldest_entry_gives_way(void **state)
{
	struct learn *l = new_learn();

	(void)state;
	for (unsigned i = 0; i < LEARN_ENTRIES; i++)
		note_arp(l, i + 1, 0, 0x0a000001 + i, begin_ns + i);
	assert_int_equal(count(l), LEARN_ENTRIES);
	note_arp(l, 1, 0, 0x0a000001, begin_ns + LEARN_ENTRIES);
	note_arp(l, 5000, 0, 0x0b000001, begin_ns + LEARN_ENTRIES + 1);
	assert_int_equal(count(l), LEARN_ENTRIES);
	assert_null(find(l, 2, 0));
	assert_false(learn_has_ip4(l, rte_cpu_to_be_32(0x0a000002)));
	assert_non_null(find(l, 1, 0));
	assert_int_equal(find(l, 5000, 0)->nb_addresses, 1);
	learn_free(l);
}

/* Random frames: one entry for each host and VLAN, one owner for each address in a VLAN. */
static void
random_frames(void **state)
{
	static struct seen s;
	struct learn *l = new_learn();

	(void)state;
	srandom(12);
	for (int i = 0; i < 20000; i++) {
		uint64_t now_ns = begin_ns + (uint64_t)i * NSEC_PER_SEC;

		note_arp(
			l,
			(unsigned)random() % 700 + 1,
			(uint16_t)(random() % 3),
			0x0a000001 + (uint32_t)random() % 300,
			now_ns
		);
		if (i % 100 == 0)
			learn_age(l, now_ns);
	}
	s.n = 0;
	learn_walk(l, see, &s);
	assert_in_range(s.n, 1, 400); /* one frame a second, and those of 300 s */
	for (int i = 0; i < s.n; i++)
		for (int k = 0; k < i; k++) {
			const struct learn_entry *a = &s.entries[i], *b = &s.entries[k];

			if (a->vlan_id != b->vlan_id)
				continue;
			assert_memory_not_equal(&a->mac, &b->mac, sizeof(a->mac));
			for (uint16_t x = 0; x < a->nb_addresses; x++)
				for (uint16_t y = 0; y < b->nb_addresses; y++)
					assert_int_not_equal(
						a->addresses[x].v4, b->addresses[y].v4
					);
		}
	learn_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources_by_vlan),
		cmocka_unit_test(no_source),
		cmocka_unit_test(addresses_of_arp),
		cmocka_unit_test(addresses_of_neighbour_discovery),
		cmocka_unit_test(frames_as_they_are_read),
		cmocka_unit_test(addresses_move),
		cmocka_unit_test(oldest_address_gives_way),
		cmocka_unit_test(ageing),
		cmocka_unit_test(forgetting),
		cmocka_unit_test(oldest_entry_gives_way),
		cmocka_unit_test(random_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
