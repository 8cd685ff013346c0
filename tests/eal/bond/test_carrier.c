/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Members whose carrier the test takes and gives, in every mode: they leave the PMD's list and come
 * back with the address that the mode wants. net_null stands for a device with a kernel netdev.
 */
#include "bench.h"
#include "bench_kernel.h"

#include <rte_ethdev.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static bool
in_pmd(const struct bond *bond, uint16_t port_id)
{
	uint16_t members[BOND_PMD_MAX_MEMBERS];
	int n = bond_pmd_members(bond_port(bond), members);

	for (int i = 0; i < n; i++)
		if (members[i] == port_id)
			return true;
	return false;
}

static void
set_carrier(struct bench *b, uint16_t id, bool up)
{
	b->carrier[id] = up;
	bonds_carrier(b->bonds, BENCH_IF_INDEX + id);
}

static void
members_leave_and_return(void **state)
{
	(void)state;
	for (int mode = 0; mode < BOND_MODE_COUNT; mode++) {
		struct rte_ether_addr bond_mac, mac;
		struct bench b;
		struct bond *bond;
		struct reason why;
		char line[80];

		bench_new(&b);
		snprintf(
			line,
			sizeof(line),
			"b mode=%d io_path=pmd members=net_null0,net_null1,net_null2",
			mode
		);
		if (bench_bond(&b, line, &why) != 0)
			fail_msg("mode %d: %s", mode, why.text);
		bond = bonds_find(b.bonds, "b");
		assert_int_equal(rte_eth_macaddr_get(bond_port(bond), &bond_mac), 0);
		for (int round = 0; round < 100; round++) {
			uint16_t id = (uint16_t)(round % 3);

			text_clear(&b.events);
			set_carrier(&b, id, false);
			assert_false(in_pmd(bond, id));
			assert_true(bond_usable(bond));
			assert_ptr_equal(bonds_find_member(b.bonds, id), bond);
			assert_non_null(strstr(text_str(&b.events), "detached: no carrier"));
			set_carrier(&b, id, true);
			assert_true(in_pmd(bond, id));
			if (!bond_mode_has_active((enum bond_mode)mode)) {
				assert_int_equal(rte_eth_macaddr_get(id, &mac), 0);
				assert_true(rte_is_same_ether_addr(&mac, &bond_mac));
			}
		}
		/* An event that says nothing new changes nothing. */
		b.parks = 0;
		bonds_carrier(b.bonds, BENCH_IF_INDEX + 1);
		assert_int_equal(b.parks, 0);
		assert_int_equal(b.depth, 0);
		assert_int_equal(bench_free(&b), 0);
	}
}

static void
all_leave_and_return(void **state)
{
	(void)state;
	for (int mode = 0; mode < BOND_MODE_COUNT; mode++) {
		struct rte_ether_addr was, now;
		struct bench b;
		struct bond *bond;
		struct reason why;
		char line[80];

		bench_new(&b);
		snprintf(
			line,
			sizeof(line),
			"b mode=%d io_path=pmd members=net_null0,net_null1",
			mode
		);
		assert_int_equal(bench_bond(&b, line, &why), 0);
		bond = bonds_find(b.bonds, "b");
		assert_int_equal(rte_eth_macaddr_get(bond_port(bond), &was), 0);
		for (int round = 0; round < 10; round++) {
			set_carrier(&b, 0, false);
			b.relayouts = 0;
			set_carrier(&b, 1, false);
			/* Nobody may poll a bond that has nobody left. */
			assert_false(bond_usable(bond));
			assert_int_equal(b.relayouts, 1);
			set_carrier(&b, 1, true);
			assert_true(bond_usable(bond));
			assert_int_equal(b.relayouts, 2);
			set_carrier(&b, 0, true);
			assert_int_equal(rte_eth_macaddr_get(bond_port(bond), &now), 0);
			assert_true(rte_is_same_ether_addr(&was, &now));
		}
		assert_int_equal(bench_free(&b), 0);
	}
}

static void
no_carrier_from_the_start(void **state)
{
	struct bench b;
	struct bond *bond;
	struct reason why;

	(void)state;
	bench_new(&b);
	b.carrier[0] = b.carrier[1] = false;
	assert_int_equal(
		bench_bond(&b, "b mode=1 io_path=pmd members=net_null0,net_null1", &why), 0
	);
	bond = bonds_find(b.bonds, "b");
	assert_false(bond_usable(bond));
	set_carrier(&b, 1, true);
	assert_true(bond_usable(bond));
	assert_true(in_pmd(bond, 1));
	assert_false(in_pmd(bond, 0));
	assert_int_equal(bench_free(&b), 0);
}

static void
a_device_that_is_gone(void **state)
{
	struct bench b;
	struct bond *bond;
	struct reason why;

	(void)state;
	bench_new(&b);
	assert_int_equal(
		bench_bond(&b, "b mode=2 io_path=pmd members=net_null0,net_null1", &why), 0
	);
	bond = bonds_find(b.bonds, "b");
	b.present[0] = false;
	bonds_carrier(b.bonds, BENCH_IF_INDEX);
	assert_false(in_pmd(bond, 0));
	assert_non_null(strstr(text_str(&b.events), "its network device is gone"));
	assert_true(bond_usable(bond));
	assert_int_equal(bond_member_remove(b.bonds, bond, 0, &why), 0);
	assert_null(bonds_find_member(b.bonds, 0));
	assert_int_equal(bench_free(&b), 0);
}

static void
carrier_while_the_bond_is_down(void **state)
{
	struct bench b;
	struct bond *bond;
	struct reason why;

	(void)state;
	bench_new(&b);
	assert_int_equal(
		bench_bond(&b, "b mode=0 io_path=pmd members=net_null0,net_null1", &why), 0
	);
	bond = bonds_find(b.bonds, "b");
	assert_int_equal(bond_down(b.bonds, bond, &why), 0);
	set_carrier(&b, 0, false);
	assert_int_equal(bond_up(b.bonds, bond, &why), 0);
	assert_false(in_pmd(bond, 0));
	assert_true(in_pmd(bond, 1));
	set_carrier(&b, 0, true);
	assert_true(in_pmd(bond, 0));
	assert_int_equal(bench_free(&b), 0);
}

int
main(void)
{
	static const char *const vdevs[] = {"net_null0", "net_null1", "net_null2", NULL};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_leave_and_return),
		cmocka_unit_test(all_leave_and_return),
		cmocka_unit_test(no_carrier_from_the_start),
		cmocka_unit_test(a_device_that_is_gone),
		cmocka_unit_test(carrier_while_the_bond_is_down),
	};

	bench_start("carrier", vdevs);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
