/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of options beside a list of all that can be set of a bond in Linux 6.12 (argument: that
 * list): an option of Linux's is in the table or has a reason here.
 */
#include "option.h"

#include <rte_common.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static const struct {
	const char *name, *reason;
} absent[] = {
	{"ad_lacp_active", "lacp_active in a netlink message"},
	{"ad_lacp_rate", "lacp_rate in a netlink message"},
	{"num_peer_notif", "num_grat_arp in a netlink message"},
};

enum { MAX_NAMES = 128 };
static char names[MAX_NAMES][64];
static unsigned nb_names;

static bool
is_absent(const char *name)
{
	for (size_t i = 0; i < RTE_DIM(absent); i++)
		if (strcmp(absent[i].name, name) == 0)
			return true;
	return false;
}

static bool
is_linux(const char *name)
{
	for (unsigned i = 0; i < nb_names; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void
every_option_of_linux_is_there_or_has_a_reason(void **state)
{
	(void)state;
	assert_in_range(nb_names, 41, MAX_NAMES);
	for (unsigned i = 0; i < nb_names; i++) {
		if (bond_option_find(names[i]) == NULL && !is_absent(names[i]))
			fail_msg("%s is neither in the table nor absent for a reason", names[i]);
		if (bond_option_find(names[i]) != NULL && is_absent(names[i]))
			fail_msg("%s is in the table: it needs no reason to be absent", names[i]);
	}
}

static void
every_reason_is_needed(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(absent); i++)
		if (!is_linux(absent[i].name))
			fail_msg("%s is no option of Linux's", absent[i].name);
}

static void
what_linux_has_not_is_marked_as_ours(void **state)
{
	(void)state;
	for (size_t i = 0; i < bond_options_count; i++) {
		const struct bond_option *o = &bond_options[i];
		bool ours = (o->flags & BOND_OPTION_OURS) != 0;

		if (ours == is_linux(o->name))
			fail_msg("%s is %s", o->name, ours ? "Linux's too" : "not Linux's");
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_of_linux_is_there_or_has_a_reason),
		cmocka_unit_test(every_reason_is_needed),
		cmocka_unit_test(what_linux_has_not_is_marked_as_ours),
	};
	FILE *list = argc == 2 ? fopen(argv[1], "r") : NULL;
	char line[256];

	if (list == NULL) {
		fprintf(stderr, "usage: %s LIST\n", argv[0]);
		return 1;
	}
	while (nb_names < MAX_NAMES && fgets(line, sizeof(line), list) != NULL)
		if (line[0] != '#' && sscanf(line, "%63s", names[nb_names]) == 1)
			nb_names++;
	fclose(list);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
