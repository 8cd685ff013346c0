/* SPDX-License-Identifier: BSD-3-Clause */
/* has_address of netdev_read against the real kernel: veth in a namespace of this process. */
#include "host_bench.h"
#include "netdev.h"

#include <string.h>

static bool
has_address(const char *name)
{
	static const struct hostfs machine;
	struct netdev_facts facts;

	assert_int_equal(netdev_read(&machine, name, &facts), 0);
	return facts.has_address;
}

static int
setup(void **state)
{
	if (fixture_new(state, 1))
		ip("link add va type veth peer name vb");
	else
		**(char **)state = 1;
	return 0;
}

static int
teardown(void **state)
{
	if (**(char **)state == 0)
		ip("link del va");
	free(*state);
	return 0;
}

static void
need(void **state)
{
	if (**(char **)state != 0)
		skip();
}

static void
test_link_local_does_not_count(void **state)
{
	need(state);
	assert_false(has_address("va"));
	ip("link set va up");
	ip("-6 addr add fe80::1/64 dev va nodad");
	assert_false(has_address("va"));
}

static void
test_ipv6_counts(void **state)
{
	need(state);
	ip("link set va up");
	ip("-6 addr add fd00::1/64 dev va nodad");
	assert_true(has_address("va"));
	assert_false(has_address("vb"));
}

/* A host address makes no route to see, and a label is not the name. */
static void
test_ipv4_counts_by_any_label(void **state)
{
	need(state);
	ip("link set va up");
	ip("addr add 192.0.2.1/32 dev va label va:one");
	assert_true(has_address("va"));
	assert_false(has_address("vb"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_link_local_does_not_count, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ipv6_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ipv4_counts_by_any_label, setup, teardown),
	};

	return cmocka_run_group_tests(tests, private_namespace, NULL);
}
