/* SPDX-License-Identifier: BSD-3-Clause */
/* The option table: what it takes, what it refuses and with which words. */
#include "bond_option.h"
#include "reason.h"
#include "text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static struct bond_settings s;
static struct reason why;

static int
parse(const char *line)
{
	memset(&why, 0, sizeof(why));
	return bond_settings_parse_line(&s, line, &why);
}

static void
names_and_numbers_mean_the_same(void **state)
{
	char line[64];

	(void)state;
	for (int m = 0; m < BOND_MODE_COUNT; m++) {
		snprintf(line, sizeof(line), "b mode=%d", m);
		assert_int_equal(parse(line), 0);
		assert_int_equal(s.mode, m);
		snprintf(line, sizeof(line), "b mode=%s", bond_mode_names[m]);
		assert_int_equal(parse(line), 0);
		assert_int_equal(s.mode, m);
	}
	/* Linux's numbers: layer2 0, layer3+4 1, layer2+3 2. */
	assert_int_equal(parse("b xmit_hash_policy=1"), 0);
	assert_int_equal(s.policy, BOND_POLICY_L34);
	assert_int_equal(parse("b xmit_hash_policy=layer2+3"), 0);
	assert_int_equal(s.policy, 2);
}

static void
defaults(void **state)
{
	(void)state;
	assert_int_equal(parse("bond0"), 0);
	assert_string_equal(s.name, "bond0");
	assert_int_equal(s.mode, BOND_MODE_RR);
	assert_int_equal(s.miimon_ms, 100);
	assert_int_equal(s.nb_members, 0);
	assert_true(s.up);
	assert_string_equal(s.primary, "");
}

static void
order_does_not_matter(void **state)
{
	(void)state;
	assert_int_equal(parse("b primary=p1 members=p0,p1,p2 mode=active-backup miimon=50"), 0);
	assert_int_equal(s.mode, BOND_MODE_AB);
	assert_string_equal(s.primary, "p1");
	assert_int_equal(s.nb_members, 3);
	assert_string_equal(s.members[2], "p2");
	assert_int_equal(s.miimon_ms, 50);
}

static void
refusals_name_object_reason_and_values(void **state)
{
	static const struct {
		const char *line;
		int err;
		const char *words[3];
	} cases[] = {
		{"b mode=7", -EINVAL, {"b: option mode", "\"7\"", "balance-rr, active-backup"}},
		{"b mode=fast", -EINVAL, {"option mode", "\"fast\"", "0..6"}},
		{"b mode=", -EINVAL, {"option mode", "\"\"", "allowed:"}},
		{"b moda=1", -EINVAL, {"unknown option \"moda\"", "mode, members, primary", ""}},
		{"b mode", -EINVAL, {"\"mode\"", "key=value", ""}},
		{"b =1", -EINVAL, {"key=value", "", ""}},
		{"b mode=1 mode=2", -EINVAL, {"option mode is given twice", "", ""}},
		{"b miimon=0", -EINVAL, {"option miimon", "for good", "1..2147483647"}},
		{"b miimon=2147483648", -EINVAL, {"2147483648", "1..2147483647", ""}},
		{"b miimon=-1", -EINVAL, {"option miimon", "\"-1\"", ""}},
		{"b mac=01:00:5e:00:00:01", -EINVAL, {"option mac", "unicast", ""}},
		{"b mac=00:00:00:00:00:00", -EINVAL, {"option mac", "unicast", ""}},
		{"b mac=1:2:3", -EINVAL, {"option mac", "\"1:2:3\"", ""}},
		{"b members=a,,b", -EINVAL, {"option members", "\"a,,b\"", ""}},
		{"b members=a,", -EINVAL, {"option members", "comma", ""}},
		{"b primary=p0",
	         -EACCES,
	         {"option primary is not for mode balance-rr", "active-backup, balance-tlb", ""}},
		{"b mode=4 primary=p0", -EACCES, {"mode 802.3ad", "", ""}},
		{"b dedicated_queues=on", -EACCES, {"only for 802.3ad", "", ""}},
		{"b mode=4 dedicated_queues=1", -EINVAL, {"neither on nor off", "", ""}},
		{"b xmit_hash_policy=encap3+4", -EINVAL, {"layer2, layer3+4, layer2+3", "", ""}},
		{"b io_path=direct", -EINVAL, {"\"direct\"", "pmd", ""}},
		{"b up=maybe", -EINVAL, {"neither yes nor no", "", ""}},
		{"", -EINVAL, {"--bond: a name is missing", "", ""}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].line), cases[i].err);
		for (int w = 0; w < 3; w++)
			if (strstr(why.text, cases[i].words[w]) == NULL)
				fail_msg(
					"\"%s\": \"%s\" is not in \"%s\"",
					cases[i].line,
					cases[i].words[w],
					why.text
				);
	}
}

static void
bond_names(void **state)
{
	static const char *const good[] = {"b", "bond0", "Bond_1.x-y", "abcdefghijklmno"};
	static const char *const bad[] = {
		"",
		"0bond",
		"_b",
		"all",
		"abcdefghijklmnop",
		"a/b",
		"a b",
		"a,b",
		"a=b",
		"b\xc3\xb6",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(bond_name_check(good[i], &why), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (bond_name_check(bad[i], &why) != -EINVAL)
			fail_msg("\"%s\" is taken for a bond's name", bad[i]);
}

static void
too_many_members(void **state)
{
	char line[1024] = "b members=p0";

	(void)state;
	for (int i = 1; i < BOND_MAX_MEMBERS; i++)
		sprintf(line + strlen(line), ",p%d", i);
	assert_int_equal(parse(line), 0);
	assert_int_equal(s.nb_members, BOND_MAX_MEMBERS);
	strcat(line, ",px");
	assert_int_equal(parse(line), -EINVAL);
}

static void
a_failure_leaves_the_output_alone(void **state)
{
	(void)state;
	assert_int_equal(parse("keep mode=3"), 0);
	assert_int_equal(parse("other mode=9"), -EINVAL);
	assert_string_equal(s.name, "keep");
	assert_int_equal(s.mode, BOND_MODE_BROADCAST);
}

/* What show prints must be what parse takes. */
static void
every_option_shows_what_it_parses(void **state)
{
	struct bond_settings was;
	struct text shown = TEXT_EMPTY, again = TEXT_EMPTY;

	(void)state;
	assert_int_equal(
		parse("b mode=1 members=p0,p1 primary=p1 mac=02:00:00:00:00:01 miimon=77 "
	              "xmit_hash_policy=layer3+4 ad_select=count up=no io_path=pmd"),
		0
	);
	was = s;
	for (size_t i = 0; i < bond_options_count; i++) {
		const struct bond_option *o = &bond_options[i];

		text_clear(&shown);
		text_clear(&again);
		o->show(&was, &shown);
		s = (struct bond_settings){.miimon_ms = 1};
		assert_int_equal(o->parse(&s, text_str(&shown), &why), 0);
		o->show(&s, &again);
		assert_string_equal(text_str(&shown), text_str(&again));
		assert_ptr_equal(bond_option_find(o->name), o);
	}
	text_fini(&shown);
	text_fini(&again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_numbers_mean_the_same),
		cmocka_unit_test(defaults),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(refusals_name_object_reason_and_values),
		cmocka_unit_test(bond_names),
		cmocka_unit_test(too_many_members),
		cmocka_unit_test(a_failure_leaves_the_output_alone),
		cmocka_unit_test(every_option_shows_what_it_parses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
