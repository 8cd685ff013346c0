/* SPDX-License-Identifier: BSD-3-Clause */
/* Options that are lists: replace, add, remove, clear; how many, and what hostile values do. */
#include "option.h"
#include "reason.h"
#include "text.h"

#include <rte_common.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static struct bond_settings s;
static struct reason why;
static const struct bond_option_state in_use = {.up = true, .nb_members = 2};

static int
set(const char *option, const char *value)
{
	memset(&why, 0, sizeof(why));
	return bond_option_set(&s, &in_use, option, value, &why);
}

static void
is(const char *option, const char *value)
{
	const struct bond_option *o = bond_option_find(option);
	struct text t = TEXT_EMPTY;

	o->show(o, &s, &t);
	assert_string_equal(text_str(&t), value);
	text_fini(&t);
}

static void
refused(const char *option, const char *value, const char *words)
{
	struct bond_settings was = s;

	assert_int_equal(set(option, value), -EINVAL);
	if (strstr(why.text, words) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", words, why.text);
	assert_memory_equal(&was, &s, sizeof(s));
}

static void
a_list_is_replaced_extended_and_cut(void **state)
{
	static const struct {
		const char *option, *a, *b, *c;
	} lists[] = {
		{"arp_ip_target", "10.0.0.1", "10.0.0.2", "192.0.2.3"},
		{"ns_ip6_target", "fe80::1", "2001:db8::2", "2001:db8::3"},
		{"ip", "10.0.0.1/24", "2001:db8::2/64@7", "10.0.0.1/24@7"},
	};
	char value[256];

	(void)state;
	for (size_t i = 0; i < RTE_DIM(lists); i++) {
		const char *o = lists[i].option, *a = lists[i].a, *b = lists[i].b, *c = lists[i].c;

		bond_settings_default(&s, "b");
		snprintf(value, sizeof(value), "%s,%s", a, b);
		assert_int_equal(set(o, value), 0);
		is(o, value);
		snprintf(value, sizeof(value), "+%s", c);
		assert_int_equal(set(o, value), 0);
		refused(o, value, "is there already");
		snprintf(value, sizeof(value), "%s,%s,%s", a, b, c);
		is(o, value);
		/* Those behind it move up: bond_option_arp_ip_target_rem. */
		snprintf(value, sizeof(value), "-%s", a);
		assert_int_equal(set(o, value), 0);
		refused(o, value, "is not there");
		snprintf(value, sizeof(value), "%s,%s", b, c);
		is(o, value);
		assert_int_equal(set(o, a), 0);
		is(o, a);
		snprintf(value, sizeof(value), "%s,%s,junk", b, c);
		refused(o, value, "\"junk\"");
		snprintf(value, sizeof(value), "%s,%s,%s", b, c, b);
		refused(o, value, "is there already");
		snprintf(value, sizeof(value), "+%s,%s", b, c);
		refused(o, value, "+ and - take one address");
		refused(o, "", "before or after a comma is nothing");
		refused(o, "+", "before or after a comma is nothing");
		assert_int_equal(set(o, "none"), 0);
		is(o, "none");
		assert_int_equal(set(o, "none"), 0);
	}
}

/* What was removed leaves no trace, so that equal settings are equal in every byte. */
static void
a_cleared_list_is_as_new(void **state)
{
	struct bond_settings new;

	(void)state;
	bond_settings_default(&new, "b");
	s = new;
	assert_int_equal(set("arp_ip_target", "10.0.0.1,10.0.0.2"), 0);
	assert_int_equal(set("ns_ip6_target", "fe80::1,fe80::2"), 0);
	assert_int_equal(set("ip", "10.0.0.1/8,fe80::2/64@3"), 0);
	assert_int_equal(set("arp_ip_target", "none"), 0);
	assert_int_equal(set("ns_ip6_target", "-fe80::1"), 0);
	assert_int_equal(set("ns_ip6_target", "-fe80::2"), 0);
	assert_int_equal(set("ip", "none"), 0);
	assert_memory_equal(&new, &s, sizeof(s));
}

static void
addresses_are_told_apart_by_vlan_not_by_prefix(void **state)
{
	(void)state;
	bond_settings_default(&s, "b");
	assert_int_equal(set("ip", "10.0.0.1/24,10.0.0.1/24@1,10.0.0.1/24@2"), 0);
	assert_int_equal(s.nb_addresses, 3);
	assert_int_equal(s.addresses[2].vlan_id, 2);
	assert_int_equal(s.addresses[2].prefix_bits, 24);
	assert_false(s.addresses[2].is_v6);
	assert_int_equal(s.addresses[2].v4, RTE_BE32(0x0a000001));
	refused("ip", "+10.0.0.1/16@2", "is there already");
	refused("ip", "-10.0.0.1/16@2", "is not there");
	assert_int_equal(set("ip", "-10.0.0.1/24@1"), 0);
	is("ip", "10.0.0.1/24,10.0.0.1/24@2");
}

/* @n items of @fmt with 1, 2, ... in it. */
static void
numbered(char *buf, size_t size, const char *fmt, unsigned n)
{
	size_t len = 0;

	for (unsigned i = 1; i <= n; i++) {
		len += (size_t)snprintf(buf + len, size - len, "%s", i != 1 ? "," : "");
		len += (size_t)snprintf(buf + len, size - len, fmt, i);
	}
}

static void
a_list_has_an_end(void **state)
{
	static const struct {
		const char *option, *fmt, *one_more;
		unsigned max;
	} lists[] = {
		{"arp_ip_target", "10.0.0.%u", "+10.0.1.1", BOND_MAX_TARGETS},
		{"ns_ip6_target", "fe80::%u", "+fe80::1:1", BOND_MAX_TARGETS},
		{"ip", "10.0.0.%u/8", "+fe80::1/64", BOND_MAX_ADDRESSES},
	};
	char value[4096];

	(void)state;
	for (size_t i = 0; i < RTE_DIM(lists); i++) {
		bond_settings_default(&s, "b");
		numbered(value, sizeof(value), lists[i].fmt, lists[i].max);
		assert_int_equal(set(lists[i].option, value), 0);
		is(lists[i].option, value);
		refused(lists[i].option, lists[i].one_more, "is one more than");
		numbered(value, sizeof(value), lists[i].fmt, lists[i].max + 1);
		refused(lists[i].option, value, "is one more than");
	}
}

static void
members_have_an_end(void **state)
{
	char value[4096], line[8192];

	(void)state;
	numbered(value, sizeof(value), "port%u", BOND_MAX_MEMBERS);
	snprintf(line, sizeof(line), "b members=%.3000s", value);
	assert_int_equal(bond_settings_parse_line(&s, line, &why), 0);
	assert_int_equal(s.nb_members, BOND_MAX_MEMBERS);
	assert_string_equal(s.members[30], "port31");
	/* All of them may have a value, 16 a queue. */
	numbered(value, sizeof(value), "port%1$u@%1$u", BOND_MAX_MEMBERS);
	snprintf(line + strlen(line), 4000, " mode=1 prio=%.3000s", value);
	assert_int_equal(bond_settings_parse_line(&s, line, &why), 0);
	assert_int_equal(s.nb_prios, BOND_MAX_MEMBERS);
	assert_string_equal(s.prios[30].port, "port31");
	assert_int_equal(s.prios[30].value, 31);
	numbered(value, sizeof(value), "port%u", BOND_MAX_MEMBERS + 1);
	snprintf(line, sizeof(line), "b members=%.3000s", value);
	assert_int_equal(bond_settings_parse_line(&s, line, &why), -EINVAL);
	assert_non_null(strstr(why.text, "port32 is one more than 31"));
}

static void
a_port_with_an_at_sign_may_have_a_prio(void **state)
{
	(void)state;
	assert_int_equal(
		bond_settings_parse_line(&s, "b mode=1 members=pf@0,p1 prio=pf@0@-7", &why), 0
	);
	assert_int_equal(s.nb_prios, 1);
	assert_string_equal(s.prios[0].port, "pf@0");
	assert_int_equal(s.prios[0].value, -7);
}

/* The longest names and addresses there are, and one byte more. */
static void
items_have_a_longest(void **state)
{
	char port[BOND_PORT_WORD_BYTES + 1], value[256], line[512];

	(void)state;
	memset(port, 'x', sizeof(port));
	port[BOND_PORT_WORD_BYTES - 1] = '\0';
	snprintf(
		line,
		sizeof(line),
		"b mode=1 members=%1$s prio=%1$s@-2147483648 primary=%1$s "
		"active_slave=%1$s",
		port
	);
	assert_int_equal(bond_settings_parse_line(&s, line, &why), 0);
	assert_string_equal(s.members[0], port);
	assert_string_equal(s.prios[0].port, port);
	assert_string_equal(s.primary, port);
	assert_string_equal(s.active, port);
	port[BOND_PORT_WORD_BYTES - 1] = 'x';
	port[BOND_PORT_WORD_BYTES] = '\0';
	snprintf(line, sizeof(line), "b members=%s", port);
	assert_int_equal(bond_settings_parse_line(&s, line, &why), -EINVAL);
	assert_non_null(strstr(why.text, "too long for a port"));
	snprintf(line, sizeof(line), "b mode=1 primary=%s", port);
	assert_int_equal(bond_settings_parse_line(&s, line, &why), -EINVAL);
	assert_non_null(strstr(why.text, "too long for a port"));

	bond_settings_default(&s, "b");
	strcpy(value, "2001:1111:2222:3333:4444:5555:6666:7777/128@4094");
	assert_int_equal(set("ip", value), 0);
	is("ip", value);
	assert_int_equal(set("ip", "2001:db8:2222:3333:4444:5555:255.255.255.255/128@4094"), 0);
	is("ip", "2001:db8:2222:3333:4444:5555:ffff:ffff/128@4094");
}

/* Every option gets what nobody types: none may be taken, none may reach beyond its field. */
static void
hostile_values_are_refused(void **state)
{
	static const char *const values[] = {
		" ",
		"\t1",
		"1 ",
		" 1",
		"1\n",
		"\x01",
		"\xff\xfe",
		"p0\x7f",
		"%s%n%s%n",
		"0x",
		"99999999999999999999999999",
		"-99999999999999999999999999",
		"10.0.0.1\n",
		"10.0.0.1 ,10.0.0.2",
		",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,",
		"@@@@@@@",
		"////@@@@",
		"none,none",
		"none ",
		"NONE",
	};
	size_t huge_bytes = 1000000;
	char *huge = malloc(huge_bytes + 1);

	(void)state;
	assert_non_null(huge);
	memset(huge, 'p', huge_bytes);
	huge[huge_bytes] = '\0';
	for (size_t i = 0; i < bond_options_count; i++) {
		const struct bond_option *o = &bond_options[i];
		struct bond_settings was;

		bond_settings_default(&s, "b");
		was = s;
		for (size_t k = 0; k < RTE_DIM(values); k++) {
			/* As good a name for a port as any, and a member is looked for later. */
			bool is_port = strcmp(o->name, "primary") == 0 ||
			               strcmp(o->name, "active_slave") == 0 ||
			               strcmp(o->name, "members") == 0;

			if (is_port && strpbrk(values[k], " \t\n\x01\xff\x7f,-") == NULL)
				continue;
			if (o->parse(o, &s, values[k], &why) != -EINVAL)
				fail_msg("%s=\"%s\" is taken", o->name, values[k]);
			assert_memory_equal(&was, &s, sizeof(s));
		}
		assert_int_equal(o->parse(o, &s, huge, &why), -EINVAL);
		assert_true(strlen(why.text) < sizeof(why.text) / 2 + 128);
		huge[0] = '1';
		huge[1] = ',';
		assert_int_equal(o->parse(o, &s, huge, &why), -EINVAL);
		huge[0] = huge[1] = 'p';
		assert_memory_equal(&was, &s, sizeof(s));
	}
	free(huge);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_replaced_extended_and_cut),
		cmocka_unit_test(a_cleared_list_is_as_new),
		cmocka_unit_test(addresses_are_told_apart_by_vlan_not_by_prefix),
		cmocka_unit_test(a_list_has_an_end),
		cmocka_unit_test(members_have_an_end),
		cmocka_unit_test(a_port_with_an_at_sign_may_have_a_prio),
		cmocka_unit_test(items_have_a_longest),
		cmocka_unit_test(hostile_values_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
