/* SPDX-License-Identifier: BSD-3-Clause */
/* What a bond says of headers, in each mode, whose members are devices of a bus or not. */
#include "bench.h"
#include "fwd_io.h"
#include "pmd_traits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static bool of_a_bus;

bool __wrap_pmd_is_of_a_bus(uint16_t port_id);
bool
__wrap_pmd_is_of_a_bus(uint16_t port_id)
{
	(void)port_id;
	return of_a_bus;
}

static void
check(struct bench *b, unsigned mode, const char *io_path, bool by_headers, bool from_device)
{
	struct reason why;
	struct bond *bond;
	struct fwd_io io;
	char line[128];

	snprintf(
		line,
		sizeof(line),
		"b mode=%u io_path=%s members=net_null0,net_null1",
		mode,
		io_path
	);
	if (bench_bond(b, line, &why) != 0)
		fail_msg("%s", why.text);
	bond = bonds_find(b->bonds, "b");
	bond_io(bond, &io);
	assert_int_equal(io.by_headers, by_headers);
	assert_int_equal(io.from_device, from_device);
	if (bond_delete(b->bonds, bond, &why) != 0)
		fail_msg("%s", why.text);
}

/* Modes that hash wait for headers; modes 4 and 6 have looked at what they hand over. */
static void
each_mode_says_what_is_cold(void **state)
{
	static const bool hashes[] = {false, false, true, false, true, true, true};
	static const bool looks[] = {false, false, false, false, true, false, true};
	struct bench b;

	(void)state;
	bench_new(&b);
	for (unsigned mode = 0; mode < BOND_MODE_COUNT; mode++) {
		of_a_bus = true;
		check(&b, mode, "direct", hashes[mode], !looks[mode]);
		check(&b, mode, "pmd", hashes[mode], !looks[mode]);
		of_a_bus = false;
		check(&b, mode, "direct", hashes[mode], false);
	}
	bench_free(&b);
}

int
main(void)
{
	static const char *const vdevs[] = {"net_null0", "net_null1", NULL};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mode_says_what_is_cold),
	};

	bench_start("cold", vdevs);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
