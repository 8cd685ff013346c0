/* SPDX-License-Identifier: BSD-3-Clause */
/* The program's own options: what --help lists is what is taken, and each refusal says why. */
#include "options.h"
#include "options_table.h"
#include "options_vf.h"
#include "reason.h"
#include "text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* A configuration in a file of its own: its path, until the next call. */
static const char *
netconf(const char *json)
{
	static char path[64];
	FILE *f;
	int fd;

	strcpy(path, "/tmp/netconf-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	f = fdopen(fd, "w");
	assert_non_null(f);
	fputs(json, f);
	fclose(f);
	return path;
}

static void
vfs_are_kept_in_order(void **state)
{
	const char *path =
		netconf("{\"type\": \"sriov\", \"deviceID\": \"0000:3b:10.2\", \"vlan\": 7}");
	char word[96];

	(void)state;
	snprintf(word, sizeof(word), "--netconf=%s", path);
	assert_int_equal(parse("--vf=0000:3b:10.0 trust=on", word, "--state-dir=/x"), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(o.nb_vfs, 2);
	assert_string_equal(o.vfs[0].words, "0000:3b:10.0 trust=on");
	assert_null(o.vfs[1].words);
	assert_string_equal(o.vfs[1].addr, "0000:3b:10.2");
	assert_true(o.vfs[1].settings.has_vlan);
	assert_int_equal(o.vfs[1].settings.vlan, 7);
	assert_string_equal(o.state_dir, "/x");
}

#define BOND_JSON                                                                                \
	"{\"type\": \"bond\", \"mode\": \"active-backup\", \"miimon\": \"100\", \"mtu\": 1400, " \
	"\"links\": [{\"name\": \"net1\"}, {\"name\": \"net2\"}]}"

static void
a_bond_of_a_netconf_takes_its_links(void **state)
{
	const char *path = netconf(BOND_JSON);
	char word[96];

	(void)state;
	snprintf(word, sizeof(word), "--netconf=%s", path);
	assert_int_equal(parse(word, word, NULL), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(o.nb_bonds, 2);
	assert_int_equal(o.bond_mtu_bytes[1], 1400);
	assert_int_equal(options_netconf_join(&o, 3, &why), -EINVAL);
	assert_non_null(strstr(why.text, "2 links"));
	assert_non_null(strstr(why.text, "only 1 VFs"));
	assert_int_equal(options_netconf_join(&o, 4, &why), 0);
	assert_int_equal(o.bonds[1].nb_members, 2);
	assert_string_equal(o.bonds[0].members[1], "vf1");
	assert_string_equal(o.bonds[1].members[0], "vf2");
}

static void
bad_netconf_is_refused(void **state)
{
	static const char *const bad[] = {
		"{\"type\": \"sriov\"", "{\"type\": \"sriov\"}", "", "[]"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *path = netconf(bad[i]);
		char word[96];

		snprintf(word, sizeof(word), "--netconf=%s", path);
		assert_int_equal(parse(word, NULL, NULL), -EINVAL);
		assert_non_null(strstr(why.text, path));
		assert_int_equal(unlink(path), 0);
		assert_int_equal(o.nb_vfs, 0);
	}
	assert_int_equal(parse("--netconf=/nonexistent", NULL, NULL), -ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_lists_what_is_taken),
		cmocka_unit_test(values_arrive),
		cmocka_unit_test(vfs_are_kept_in_order),
		cmocka_unit_test(a_bond_of_a_netconf_takes_its_links),
		cmocka_unit_test(bad_netconf_is_refused),
		cmocka_unit_test(refusals_say_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
