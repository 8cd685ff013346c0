/* SPDX-License-Identifier: BSD-3-Clause */
/* The program's own options: what --help lists is what is taken, and each refusal says why. */
#include "options.h"
#include "options_table.h"
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

static struct options o;
static struct reason why;

/* Parse up to three words; NULL ends. */
static int
parse(const char *a, const char *b, const char *c)
{
	char *argv[] = {
		(char *)(uintptr_t) "--",
		(char *)(uintptr_t)a,
		(char *)(uintptr_t)b,
		(char *)(uintptr_t)c,
		NULL,
	};
	int argc = 1;

	while (argv[argc] != NULL)
		argc++;
	memset(&why, 0, sizeof(why));
	return options_parse(&o, argc, argv, &why);
}

static void
help_lists_what_is_taken(void **state)
{
	struct text text = TEXT_EMPTY;

	(void)state;
	assert_true(options_help_count > 20);
	options_usage(&text);
	for (size_t i = 0; i < options_help_count; i++) {
		const char *name = strstr(options_help[i].name, "--");

		assert_non_null(name);
		assert_non_null(strstr(text_str(&text), name));
		if (options_help[i].argument[0] == '\0') {
			assert_int_equal(parse(name, NULL, NULL), 0);
			continue;
		}
		/* Without its value it is known but incomplete. */
		assert_int_equal(parse(name, NULL, NULL), -EINVAL);
		assert_non_null(strstr(why.text, "needs a value"));
	}
	text_fini(&text);
}

static void
values_arrive(void **state)
{
	(void)state;
	assert_int_equal(parse("--rxq=4", "--burst=64", "--stats-period=0.5"), 0);
	assert_int_equal(o.ports.port.nb_rxq, 4);
	assert_int_equal(o.burst, 64);
	assert_true(o.stats_period_ns == 500000000);
	assert_int_equal(parse("--pair=bond0,net_tap0", "-i", "--port-topology=chained"), 0);
	assert_string_equal(o.pairs[0].a, "bond0");
	assert_string_equal(o.pairs[0].b, "net_tap0");
	assert_true(o.interactive);
	assert_int_equal(o.topology, FWD_CHAINED);
	assert_int_equal(parse("--bond", "bond0 mode=4", "--auto-start"), 0);
	assert_int_equal(o.nb_bonds, 1);
	assert_int_equal(o.bonds[0].mode, BOND_MODE_8023AD);
}

static void
refusals_say_why(void **state)
{
	static const struct {
		const char *word, *says;
	} cases[] = {
		{"--rxq=0", "1..64"},
		{"--rxq=65", "1..64"},
		{"--rxq=x", "\"x\""},
		{"--burst=513", "1..512"},
		{"--nb-cores=0", "1..128"},
		{"--mbuf-size=10", "--mbuf-size: \"10\""},
		{"--forward-mode=fast", "io, mac, macswap"},
		{"--port-topology=ring", "paired, chained, loop"},
		{"--pair=a", "as A,B"},
		{"--pair=a,", "as A,B"},
		{"--pair=a,b,c", "as A,B"},
		{"--eth-peer=0,1:2", "PORT,MAC"},
		{"--duration=0", "above 0"},
		{"--duration=-1", "above 0"},
		{"--duration=nan", "above 0"},
		{"--bond=bond0 mode=8", "balance-rr"},
		{"--txpkts=59", "60..1518"},
		{"--nothing", "unknown option --nothing"},
		{"word", "\"word\" is no option"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].word, NULL, NULL), -EINVAL);
		if (strstr(why.text, cases[i].says) == NULL)
			fail_msg("%s: \"%s\"", cases[i].word, why.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_lists_what_is_taken),
		cmocka_unit_test(values_arrive),
		cmocka_unit_test(refusals_say_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
