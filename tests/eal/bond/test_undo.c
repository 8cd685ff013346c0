/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each of the steps that make a bond fails once, at each of its calls: nothing of the bond remains,
 * and the same bond can be made afterwards. Also refusals that touch nothing.
 */
#include "bench.h"

#include <rte_ethdev.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

/* Which wrapped function fails, and how many of its calls succeed before. */
static const char *fail_in = "";
static int good_calls;

static bool
fails(const char *function)
{
	return strcmp(fail_in, function) == 0 && good_calls-- == 0;
}

#define WRAP(function, declared, given)                                                 \
	int __real_##function declared;                                                 \
	int __wrap_##function declared;                                                 \
	int __wrap_##function declared                                                  \
	{                                                                               \
		if (fails(#function))                                                   \
			return reason_set(why, -EIO, "injected failure of " #function); \
		return __real_##function given;                                         \
	}

WRAP(port_configure,
     (struct ports * ports, uint16_t id, const struct port_settings *want, struct reason *why),
     (ports, id, want, why))
WRAP(port_start, (struct ports * ports, uint16_t id, struct reason *why), (ports, id, why))
WRAP(bond_pmd_create,
     (const char *name, uint8_t mode, int socket, uint16_t *ret_port, struct reason *why),
     (name, mode, socket, ret_port, why))
WRAP(bond_pmd_policy_set,
     (uint16_t bond, enum bond_pmd_policy policy, struct reason *why),
     (bond, policy, why))
WRAP(bond_pmd_mac_set,
     (uint16_t bond, const struct rte_ether_addr *mac, struct reason *why),
     (bond, mac, why))
WRAP(bond_pmd_member_add, (uint16_t bond, uint16_t member, struct reason *why), (bond, member, why))
WRAP(bond_pmd_prefer, (uint16_t bond, uint16_t member, struct reason *why), (bond, member, why))

static void
each_step_is_undone(void **state)
{
	static const struct {
		const char *function;
		int calls; /* at each of these it fails once */
	} steps[] = {
		{"port_configure", 3},
		{"port_start", 3},
		{"bond_pmd_create", 1},
		{"bond_pmd_policy_set", 1},
		{"bond_pmd_mac_set", 1},
		{"bond_pmd_member_add", 2},
		{"bond_pmd_prefer", 1},
	};
	static const char line[] = "b mode=1 members=net_null0,net_null1 primary=net_null1";
	struct bench_census was;
	struct rte_ether_addr own[2], now;
	struct bench b;
	struct reason why;

	(void)state;
	bench_new(&b);
	was = bench_census();
	/* The pool is made at the first need and stays. */
	assert_int_equal(bench_bond(&b, line, &why), 0);
	assert_int_equal(bond_delete(b.bonds, bonds_find(b.bonds, "b"), &why), 0);
	was = bench_census();
	for (uint16_t i = 0; i < 2; i++)
		assert_int_equal(rte_eth_macaddr_get(i, &own[i]), 0);
	/* One member worked as a port before, the other did not. */
	assert_int_equal(port_start(b.ports, 0, &why), 0);
	assert_int_equal(port_stop(b.ports, 1, &why), 0);
	for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
		for (int call = 0; call < steps[s].calls; call++) {
			struct bench_census left;

			fail_in = steps[s].function;
			good_calls = call;
			assert_int_equal(bench_bond(&b, line, &why), -EIO);
			assert_non_null(strstr(why.text, "b: "));
			assert_non_null(strstr(why.text, steps[s].function));
			fail_in = "";
			assert_null(bonds_find(b.bonds, "b"));
			left = bench_census();
			assert_int_equal(left.ports, was.ports);
			assert_int_equal(left.members, 0);
			assert_int_equal(left.memzones, was.memzones);
			for (uint16_t i = 0; i < 2; i++) {
				assert_int_equal(rte_eth_macaddr_get(i, &now), 0);
				assert_true(rte_is_same_ether_addr(&now, &own[i]));
			}
			assert_int_equal(port_state(b.ports, 0), PORT_STARTED);
			assert_int_not_equal(port_state(b.ports, 1), PORT_STARTED);
			assert_int_equal(b.depth, 0);
			if (bench_bond(&b, line, &why) != 0)
				fail_msg("after %s: %s", steps[s].function, why.text);
			assert_int_equal(bond_delete(b.bonds, bonds_find(b.bonds, "b"), &why), 0);
			assert_int_equal(port_start(b.ports, 0, &why), 0);
		}
	}
	assert_int_equal(bench_free(&b), 0);
}

static void
adding_a_member_is_undone(void **state)
{
	uint16_t members[BOND_PMD_MAX_MEMBERS];
	struct bench b;
	struct bond *bond;
	struct reason why;

	(void)state;
	bench_new(&b);
	assert_int_equal(bench_bond(&b, "b mode=0 members=net_null0", &why), 0);
	bond = bonds_find(b.bonds, "b");
	assert_int_equal(port_start(b.ports, 1, &why), 0);
	fail_in = "bond_pmd_member_add";
	good_calls = 0;
	assert_int_equal(bond_member_add(b.bonds, bond, 1, &why), -EIO);
	fail_in = "";
	assert_int_equal(bond_pmd_members(bond_port(bond), members), 1);
	assert_null(bonds_find_member(b.bonds, 1));
	assert_int_equal(port_state(b.ports, 1), PORT_STARTED);
	assert_true(bond_usable(bond));
	assert_int_equal(bond_member_add(b.bonds, bond, 1, &why), 0);
	assert_int_equal(bond_pmd_members(bond_port(bond), members), 2);
	assert_int_equal(bench_free(&b), 0);
}

static void
refusals_touch_nothing(void **state)
{
	static const struct {
		const char *line;
		int err;
		const char *word;
	} cases[] = {
		{"b mode=1 members=net_null0,net_null7", -ENODEV, "net_null7"},
		{"b mode=1 members=net_null0,9", -ENODEV, "port 9"},
		{"b mode=1 members=net_null0,99", -EINVAL, "0..31"},
		{"b mode=1 members=net_null0,net_null0", -EINVAL, "there already"},
		{"b mode=1 members=net_null0,0", -EINVAL, "given twice"},
		{"b mode=1 members=net_null0,other", -EINVAL, "is a bond itself"},
		{"b mode=1 members=net_null2", -EBUSY, "a member of other already"},
		{"other mode=1", -EEXIST, "already"},
		{"net_null0 mode=1", -EEXIST, "has this name already"},
	};
	struct bench_census was;
	struct bench b;
	struct reason why;

	(void)state;
	bench_new(&b);
	assert_int_equal(bench_bond(&b, "other mode=0 members=net_null2", &why), 0);
	was = bench_census();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench_census now;

		if (bench_bond(&b, cases[i].line, &why) != cases[i].err ||
		    strstr(why.text, cases[i].word) == NULL)
			fail_msg("\"%s\": %s", cases[i].line, why.text);
		now = bench_census();
		assert_memory_equal(&now, &was, sizeof(now));
	}
	b.forwards = true;
	assert_int_equal(bench_bond(&b, "b members=net_null0", &why), -EBUSY);
	assert_non_null(strstr(why.text, "stop first"));
	b.forwards = false;
	assert_int_equal(bench_free(&b), 0);
}

int
main(void)
{
	static const char *const vdevs[] = {"net_null0", "net_null1", "net_null2", NULL};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_is_undone),
		cmocka_unit_test(adding_a_member_is_undone),
		cmocka_unit_test(refusals_touch_nothing),
	};

	bench_start("undo", vdevs);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
