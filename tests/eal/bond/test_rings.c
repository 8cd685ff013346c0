/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Members whose address cannot be set (net_ring): mode 4 takes them and says what that costs, every
 * other mode refuses them and leaves nothing behind.
 */
#include "bench.h"

#include <rte_ethdev.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static void
only_mode_4_takes_rings(void **state)
{
	struct bench b;
	struct bench_census was;
	struct reason why;
	char line[80];

	(void)state;
	bench_new(&b);
	/* The PMD's own memory and the pool are taken once. */
	assert_int_equal(bench_bond(&b, "b mode=4 members=net_ring0,net_ring1", &why), 0);
	bench_wait_active(bonds_find(b.bonds, "b"), 2);
	assert_int_equal(bond_delete(b.bonds, bonds_find(b.bonds, "b"), &why), 0);
	was = bench_census();
	for (int round = 0; round < 20; round++) {
		for (int mode = 0; mode < BOND_MODE_COUNT; mode++) {
			struct bench_census now;

			snprintf(
				line,
				sizeof(line),
				"b mode=%d mac=02:00:00:00:00:01 members=net_ring0,net_ring1",
				mode
			);
			if (mode == BOND_MODE_8023AD) {
				if (bench_bond(&b, line, &why) != 0)
					fail_msg("mode 4: %s", why.text);
				assert_non_null(strstr(
					text_str(&b.events), "does not carry the MAC address"
				));
				assert_int_equal(
					bond_delete(b.bonds, bonds_find(b.bonds, "b"), &why), 0
				);
			} else {
				assert_int_not_equal(bench_bond(&b, line, &why), 0);
				assert_non_null(strstr(why.text, "b: "));
				assert_null(bonds_find(b.bonds, "b"));
			}
			now = bench_census();
			assert_memory_equal(&now, &was, sizeof(now));
		}
	}
	assert_int_equal(bench_free(&b), 0);
}

int
main(void)
{
	static const char *const vdevs[] = {"net_ring0", "net_ring1", NULL};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_mode_4_takes_rings),
	};

	bench_start("rings", vdevs);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
