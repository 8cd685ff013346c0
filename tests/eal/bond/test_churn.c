/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bonds of net_null in every mode, made and unmade, grown and shrunk, started and stopped 1,000
 * times: no mbuf and no memzone is lost. VFBOND_LONG=1: 20,000 times.
 */
#include "bench.h"

#include <rte_ethdev.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static unsigned
rounds(void)
{
	return getenv("VFBOND_LONG") != NULL ? 20000 : 1000;
}

static void
create_mode(struct bench *b, int mode)
{
	char line[64];
	struct reason why;

	snprintf(line, sizeof(line), "b mode=%d members=net_null0,net_null1", mode);
	if (bench_bond(b, line, &why) != 0)
		fail_msg("mode %d: %s", mode, why.text);
}

/* The PMD keeps some memory per port id in modes 4 and 6 for ever: let it take that first. */
static struct bench_census
census_when_warm(struct bench *b)
{
	struct reason why;

	for (int mode = 0; mode < BOND_MODE_COUNT; mode++) {
		create_mode(b, mode);
		bench_wait_active(bonds_find(b->bonds, "b"), 2);
		assert_int_equal(bond_delete(b->bonds, bonds_find(b->bonds, "b"), &why), 0);
	}
	return bench_census();
}

static void
assert_same(struct bench_census was)
{
	struct bench_census now = bench_census();

	assert_int_equal(now.memzones, was.memzones);
	assert_int_equal(now.ports, was.ports);
	assert_int_equal(now.members, was.members);
}

static void
create_and_delete(void **state)
{
	struct bench b;
	struct bench_census was;
	struct reason why;

	(void)state;
	bench_new(&b);
	was = census_when_warm(&b);
	for (unsigned i = 0; i < rounds(); i++) {
		create_mode(&b, (int)(i % BOND_MODE_COUNT));
		assert_true(bond_usable(bonds_find(b.bonds, "b")));
		if (bond_delete(b.bonds, bonds_find(b.bonds, "b"), &why) != 0)
			fail_msg("%s", why.text);
	}
	assert_same(was);
	assert_int_equal(b.depth, 0);
	assert_int_equal(bench_free(&b), 0);
}

static void
add_and_remove(void **state)
{
	struct bench b;
	struct bench_census was;
	uint16_t members[BOND_PMD_MAX_MEMBERS];

	(void)state;
	bench_new(&b);
	for (int mode = 0; mode < BOND_MODE_COUNT; mode++) {
		struct reason why;
		struct bond *bond;

		create_mode(&b, mode);
		bond = bonds_find(b.bonds, "b");
		assert_int_equal(bond_member_add(b.bonds, bond, 2, &why), 0);
		bench_wait_active(bond, 3);
		assert_int_equal(bond_member_remove(b.bonds, bond, 2, &why), 0);
		was = bench_census();
		for (unsigned i = 0; i < rounds() / BOND_MODE_COUNT; i++) {
			if (bond_member_add(b.bonds, bond, 2, &why) != 0)
				fail_msg("%s", why.text);
			assert_int_equal(bond_pmd_members(bond_port(bond), members), 3);
			if (bond_member_remove(b.bonds, bond, 2, &why) != 0)
				fail_msg("%s", why.text);
		}
		assert_same(was);
		assert_int_equal(bond_delete(b.bonds, bond, &why), 0);
	}
	assert_int_equal(bench_free(&b), 0);
}

static void
up_and_down(void **state)
{
	struct bench b;

	(void)state;
	bench_new(&b);
	for (int mode = 0; mode < BOND_MODE_COUNT; mode++) {
		struct bench_census was;
		struct reason why;
		struct bond *bond;

		create_mode(&b, mode);
		bond = bonds_find(b.bonds, "b");
		bench_wait_active(bond, 2);
		was = bench_census();
		for (unsigned i = 0; i < rounds() / BOND_MODE_COUNT; i++) {
			assert_int_equal(bond_down(b.bonds, bond, &why), 0);
			assert_false(bond_usable(bond));
			if (bond_up(b.bonds, bond, &why) != 0)
				fail_msg("%s", why.text);
			assert_true(bond_usable(bond));
		}
		assert_same(was);
		assert_int_equal(bond_delete(b.bonds, bond, &why), 0);
	}
	assert_int_equal(bench_free(&b), 0);
}

static void
mode_changes(void **state)
{
	struct bench b;
	struct bench_census was;
	struct reason why;
	struct bond *bond;
	char number[8];
	uint8_t mode;

	(void)state;
	bench_new(&b);
	(void)census_when_warm(&b);
	create_mode(&b, 6); /* its pool stays with the bond */
	bond = bonds_find(b.bonds, "b");
	was = bench_census();
	for (unsigned i = 0; i < rounds(); i++) {
		snprintf(number, sizeof(number), "%u", i % BOND_MODE_COUNT);
		assert_int_equal(bond_down(b.bonds, bond, &why), 0);
		if (bond_set_option(b.bonds, bond, "mode", number, true, &why) != 0 ||
		    bond_up(b.bonds, bond, &why) != 0)
			fail_msg("mode %s: %s", number, why.text);
		assert_int_equal(bond_pmd_mode(bond_port(bond), &mode), 0);
		assert_int_equal(mode, i % BOND_MODE_COUNT);
	}
	assert_same(was);
	/* Linux's rules, without testpmd's leave. */
	assert_int_equal(bond_set_option(b.bonds, bond, "mode", "0", false, &why), -ENOTEMPTY);
	assert_int_equal(bond_set_option(b.bonds, bond, "mode", "0", true, &why), -EBUSY);
	assert_int_equal(bond_down(b.bonds, bond, &why), 0);
	assert_int_equal(bond_set_option(b.bonds, bond, "mode", "0", false, &why), -ENOTEMPTY);
	assert_int_equal(bench_free(&b), 0);
}

int
main(void)
{
	static const char *const vdevs[] = {"net_null0", "net_null1", "net_null2", NULL};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(create_and_delete),
		cmocka_unit_test(add_and_remove),
		cmocka_unit_test(up_and_down),
		cmocka_unit_test(mode_changes),
	};

	bench_start("churn", vdevs);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
