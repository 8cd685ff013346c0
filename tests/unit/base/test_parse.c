/* SPDX-License-Identifier: BSD-3-Clause */
/* Strict readers: whole strings, ranges, outputs untouched on failure. */
#include "parse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

enum { UNTOUCHED = 77 };

static void
expect_u64(const char *s, int err, uint64_t want)
{
	uint64_t v = UNTOUCHED;

	assert_int_equal(parse_u64(s, 1, UINT64_MAX, &v), err);
	assert_int_equal(v, err == 0 ? want : UNTOUCHED);
}

static void
test_u64(void **state)
{
	static const char *const bad[] = {
		"",
		" 1",
		"1 ",
		"-1",
		"+1",
		"x",
		"1x",
		"0x",
		"0xg",
		"1.5",
		"1e3",
		"1\n",
		"0x-1",
		"0x 1"};

	(void)state;
	expect_u64("1", 0, 1);
	expect_u64("010", 0, 10); /* decimal, not octal */
	expect_u64("0x1F", 0, 31);
	expect_u64("0Xff", 0, 255);
	expect_u64("18446744073709551615", 0, UINT64_MAX);
	expect_u64("18446744073709551616", -ERANGE, 0);
	expect_u64("0", -ERANGE, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_u64(bad[i], -EINVAL, 0);
}

static void
test_u32_u16(void **state)
{
	uint32_t v32 = UNTOUCHED;
	uint16_t v16 = UNTOUCHED;

	(void)state;
	assert_int_equal(parse_u32("4294967296", 0, UINT32_MAX, &v32), -ERANGE);
	assert_int_equal(v32, UNTOUCHED);
	assert_int_equal(parse_u32("4294967295", 0, UINT32_MAX, &v32), 0);
	assert_int_equal(v32, UINT32_MAX);
	assert_int_equal(parse_u16("9", 10, 20, &v16), -ERANGE);
	assert_int_equal(parse_u16("21", 10, 20, &v16), -ERANGE);
	assert_int_equal(parse_u16("65546", 10, 20, &v16), -ERANGE); /* 10 after a cut */
	assert_int_equal(v16, UNTOUCHED);
	assert_int_equal(parse_u16("20", 10, 20, &v16), 0);
	assert_int_equal(v16, 20);
}

static void
test_mac(void **state)
{
	static const char *const bad[] = {
		"",
		"02:00:00:00:00",
		"02:00:00:00:00:01:02",
		"02:00:00:00:00:01 ",
		"02:00:00-00:00:01",
		"02::00:00:00:01",
		"02:00:00:00:00:001",
		"02:00:00:00:00:0g",
		"020000000001",
		"02:00:00:00:00:",
	};
	static const uint8_t want[6] = {0x02, 0xab, 0xCD, 0, 0xf, 1};
	uint8_t mac[6];

	(void)state;
	assert_int_equal(parse_mac("02:ab:CD:00:0f:01", mac), 0);
	assert_memory_equal(mac, want, 6);
	memset(mac, 0, 6);
	assert_int_equal(parse_mac("2-AB-cd-0-f-1", mac), 0);
	assert_memory_equal(mac, want, 6);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse_mac(bad[i], mac), -EINVAL);
		assert_memory_equal(mac, want, 6);
	}
}

static void
test_on_off(void **state)
{
	bool v = false;

	(void)state;
	assert_int_equal(parse_on_off("on", &v), 0);
	assert_true(v);
	assert_int_equal(parse_on_off("yes", &v), -EINVAL);
	assert_int_equal(parse_on_off("", &v), -EINVAL);
	assert_int_equal(parse_on_off("ON", &v), -EINVAL);
	assert_true(v);
	assert_int_equal(parse_on_off("off", &v), 0);
	assert_false(v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_u64),
		cmocka_unit_test(test_u32_u16),
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_on_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
