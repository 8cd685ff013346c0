/* SPDX-License-Identifier: BSD-3-Clause */
/* Bonds that EAL made from --vdev net_bonding... are taken up with their members and settings. */
#include "bench.h"

#include <rte_ethdev.h>
#include <rte_version.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static void
a_bond_of_eal(void **state)
{
	const struct bond_settings *s;
	struct bench b;
	struct bond *bond;
	struct reason why;
	uint16_t port, member;

	(void)state;
	bench_new(&b);
	assert_int_equal(ports_find(b.ports, "net_bonding_eal", &port, &why), 0);
	if (bond_adopt(b.bonds, port, &why) != 0)
		fail_msg("%s", why.text);
	bond = bonds_find(b.bonds, "net_bonding_eal");
	assert_non_null(bond);
	s = bond_settings(bond);
	assert_int_equal(s->mode, BOND_MODE_XOR);
	assert_int_equal(s->policy, BOND_POLICY_L34);
	assert_true(bond_usable(bond));
	assert_int_equal(ports_find(b.ports, "net_null0", &member, &why), 0);
	assert_ptr_equal(bonds_find_member(b.bonds, member), bond);
	assert_int_equal(bond_member_remove(b.bonds, bond, member, &why), 0);
	assert_int_equal(bond_member_add(b.bonds, bond, member, &why), 0);
	assert_int_equal(bond_down(b.bonds, bond, &why), 0);
	assert_int_equal(bond_up(b.bonds, bond, &why), 0);
	assert_int_equal(bond_delete(b.bonds, bond, &why), 0);
	assert_int_equal(port_state(b.ports, port), PORT_ABSENT);
	assert_int_equal(bench_census().members, 0);
	/* The members are ports again. */
	assert_int_equal(bench_bond(&b, "again mode=4 members=net_null0,net_null1", &why), 0);
	assert_int_equal(bench_free(&b), 0);
}

int
main(void)
{
#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
	static const char *const vdevs[] = {
		"net_null0",
		"net_null1",
		"net_bonding_eal,mode=2,xmit_policy=l34,member=net_null0,member=net_null1",
		NULL,
	};
#else
	static const char *const vdevs[] = {
		"net_null0",
		"net_null1",
		"net_bonding_eal,mode=2,xmit_policy=l34,slave=net_null0,slave=net_null1",
		NULL,
	};
#endif
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bond_of_eal),
	};

	bench_start("adopt", vdevs);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
