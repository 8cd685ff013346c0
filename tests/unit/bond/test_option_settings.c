/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Settings as a whole: made from words in any order, written as words again, and judged for the
 * bond PMD's path.
 */
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
	for (size_t i = 0; i < RTE_DIM(good); i++)
		assert_int_equal(bond_name_check(good[i], &why), 0);
	for (size_t i = 0; i < RTE_DIM(bad); i++)
		if (bond_name_check(bad[i], &why) != -EINVAL)
			fail_msg("\"%s\" is taken for a bond's name", bad[i]);
}

static void
lines_that_are_refused(void **state)
{
	static const struct {
		const char *line;
		int err;
		const char *words;
	} cases[] = {
		{"", -EINVAL, "--bond: a name is missing, as in 'bond0 mode=1'"},
		{" \t ", -EINVAL, "--bond: a name is missing"},
		{"0b mode=1", -EINVAL, "bond \"0b\": a name is a letter"},
		{"b mode", -EINVAL, "b: \"mode\" is not of the form key=value"},
		{"b =1", -EINVAL, "b: \"=1\" is not of the form key=value"},
		{"b moda=1", -EINVAL, "b: unknown option \"moda\", perhaps mode ("},
		{"b Mode=1", -EINVAL, "b: unknown option \"Mode\", perhaps mode ("},
		{"b mode=1 mode=2", -EINVAL, "b: option mode is given twice"},
		{"b mode=1 mode=1", -EINVAL, "b: option mode is given twice"},
		{"b mode=1 active_slave=p0 active_member=p1",
	         -EINVAL,
	         "b: option active_slave is given twice"},
		{"b num_unsol_na=1 num_grat_arp=1",
	         -EINVAL,
	         "b: option num_grat_arp is given twice"},
		{"b missed_max=1 arp_missed_max=1",
	         -EINVAL,
	         "b: option arp_missed_max is given twice"},
		/* bond_changelink */
		{"b miimon=100 arp_interval=100",
	         -EINVAL,
	         "b: option arp_interval: it cannot be used with miimon=100"},
		{"b arp_validate=1 miimon=50",
	         -EINVAL,
	         "b: option arp_validate: it cannot be used with miimon=50"},
		{"b arp_interval=100 updelay=100", -EPERM, "b: option updelay: "},
		{"b miimon=0 downdelay=100", -EPERM, "b: option downdelay: "},
		{"b miimon=0 peer_notif_delay=0", -EPERM, "b: option peer_notif_delay: "},
		{"b mode=4 arp_interval=100", -EACCES, "b: option arp_interval is not for mode"},
		{"b mode=1 members=p0 active_slave=p1",
	         -EINVAL,
	         "b: option active_slave: \"p1\" is no member (allowed: PORT|none)"},
		{"b mode=1 active_slave=p1", -EINVAL, "\"p1\" is no member"},
		{"b mode=1 members=p0 prio=p1@1", -EINVAL, "b: option prio: p1 is no member"},
		{"b members=p0 prio=p0@1", -EACCES, "b: option prio is not for mode balance-rr"},
		{"b members=p0,p1 queue_id=p0@3,p1@3", -EINVAL, "p0 has 3 already"},
		{"b members=p0,p0", -EINVAL, "p0 is there already"},
		/* The first one in the kernel's order is told, wherever it stands. */
		{"b min_links=x miimon=y mode=z", -EINVAL, "b: option mode: "},
		{"b min_links=x miimon=y", -EINVAL, "b: option miimon: "},
		{"b up=x active_slave=p0 mode=1", -EINVAL, "b: option active_slave: "},
	};

	(void)state;
	assert_int_equal(parse("keep mode=3"), 0);
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct bond_settings was = s;

		if (parse(cases[i].line) != cases[i].err)
			fail_msg("\"%s\" is not refused so: %s", cases[i].line, why.text);
		if (strstr(why.text, cases[i].words) == NULL)
			fail_msg("\"%s\": \"%s\"", cases[i].line, why.text);
		assert_memory_equal(&was, &s, sizeof(s));
	}
}

static void
lines_have_an_end(void **state)
{
	char line[5000] = "b mac=";

	(void)state;
	memset(line + strlen(line), 'x', 4095 - strlen(line));
	assert_int_equal(parse(line), -EINVAL);
	assert_non_null(strstr(why.text, "b: option mac: \"xxx"));
	line[4095] = 'x';
	assert_int_equal(parse(line), -EINVAL);
	assert_non_null(strstr(why.text, "--bond: longer than 4095 bytes"));
	strcpy(line, "b");
	for (int i = 0; i < 100; i++)
		strcat(line, " mode=1");
	assert_int_equal(parse(line), -EINVAL);
	assert_non_null(strstr(why.text, "--bond: more than"));
}

static void
miimon_is_on_unless_an_arp_monitor_is_asked_for(void **state)
{
	static const struct {
		const char *line;
		uint32_t miimon_ms, arp_interval_ms, updelay_ticks;
	} cases[] = {
		{"b", 100, 0, 0},
		{"b updelay=500", 100, 0, 5},
		{"b miimon=50 updelay=500", 50, 0, 10},
		{"b miimon=0", 0, 0, 0},
		{"b arp_interval=200", 0, 200, 0},
		{"b arp_interval=200 miimon=0", 0, 200, 0},
		{"b arp_interval=0", 100, 0, 0},
		{"b arp_interval=0 miimon=70", 70, 0, 0},
		{"b arp_interval=off updelay=100", 100, 0, 1},
		{"b arp_interval=200 arp_validate=all", 0, 200, 0},
		{"b arp_validate=all", 100, 0, 0},
		{"b arp_validate=none miimon=10", 10, 0, 0},
		{"b mode=4", 100, 0, 0},
		{"b mode=4 miimon=0", 0, 0, 0},
		{"b mode=5 miimon=20", 20, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		if (parse(cases[i].line) != 0)
			fail_msg("%s: %s", cases[i].line, why.text);
		assert_int_equal(s.miimon_ms, cases[i].miimon_ms);
		assert_int_equal(s.arp_interval_ms, cases[i].arp_interval_ms);
		assert_int_equal(s.updelay_ticks, cases[i].updelay_ticks);
	}
	assert_int_equal(parse("b mode=6 tlb_dynamic_lb=0"), 0);
	assert_false(s.tlb_dynamic_lb);
}

/* A sequence of numbers that is the same in each run (Marsaglia's xorshift). */
static uint64_t seed = 0x9e3779b97f4a7c15;

static unsigned
below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed >> 32) % n);
}

enum { MAX_WORDS = 64, WORD_BYTES = 8192 };
static char words[MAX_WORDS][WORD_BYTES];
static char *argv[MAX_WORDS];

static void
shuffle(int n)
{
	for (int i = n - 1; i > 0; i--) {
		int k = (int)below((unsigned)i + 1);
		char *w = argv[i];

		argv[i] = argv[k];
		argv[k] = w;
	}
}

static void
order_does_not_matter(void **state)
{
	static const char *const given[] = {
		"up=no",
		"active_slave=p2",
		"prio=p1@3,p0@-1",
		"queue_id=p2@1",
		"primary=p1",
		"members=p0,p1,p2",
		"arp_validate=all",
		"arp_interval=100",
		"arp_ip_target=10.0.0.1",
		"mode=active-backup",
		"fail_over_mac=follow",
		"miimon=0",
	};
	struct bond_settings first;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(given); i++)
		argv[i] = strcpy(words[i], given[i]);
	if (bond_settings_parse(&first, "b", RTE_DIM(given), argv, &why) != 0)
		fail_msg("%s", why.text);
	assert_string_equal(first.active, "p2");
	assert_int_equal(first.arp_validate, BOND_ARP_VALIDATE_ALL);
	for (int i = 0; i < 200; i++) {
		shuffle(RTE_DIM(given));
		assert_int_equal(bond_settings_parse(&s, "b", RTE_DIM(given), argv, &why), 0);
		assert_memory_equal(&first, &s, sizeof(s));
	}
}

static const char *const members[] = {"p0", "p1", "0000:3b:02.1", "net_tap0", "pf@1", "7"};

/* @n different items made by @fmt, which has one number of up to 200 in it. */
static void
random_list(char *buf, size_t size, const char *fmt, unsigned n)
{
	unsigned start = below(100);
	size_t len = 0;

	for (unsigned i = 0; i < n; i++) {
		len += (size_t)snprintf(buf + len, size - len, "%s", i != 0 ? "," : "");
		len += (size_t)snprintf(buf + len, size - len, fmt, start + i + 1);
	}
}

static void
random_number(char *buf, size_t size, uint32_t min, uint32_t max)
{
	static const uint32_t often[] = {0, 1, 2, 100, 255};
	uint32_t v = below(2) != 0 ? often[below(RTE_DIM(often))] : below(INT32_MAX);

	snprintf(buf, size, "%u", RTE_MIN(RTE_MAX(v, min), max));
}

/* A value for one option, good as such; "" for none that can be made up here. */
static void
random_value(const struct bond_option *o, char *buf, size_t size)
{
	static const struct {
		const char *name;
		uint32_t min, max;
	} numbers[] = {
		{"miimon", 0, INT32_MAX},
		{"updelay", 0, INT32_MAX},
		{"downdelay", 0, INT32_MAX},
		{"peer_notif_delay", 0, 300000},
		{"arp_interval", 0, INT32_MAX},
		{"resend_igmp", 0, 255},
		{"num_grat_arp", 0, 255},
		{"min_links", 0, INT32_MAX},
		{"lp_interval", 1, INT32_MAX},
		{"packets_per_slave", 0, 65535},
		{"arp_missed_max", 1, 255},
		{"tx_retries", 0, 255},
	};
	static const char *const macs[] = {"none", "pair", "02:00:00:00:00:01"};
	char copy[256], *word, *save = NULL;
	unsigned nth;

	for (size_t i = 0; i < RTE_DIM(numbers); i++)
		if (strcmp(o->name, numbers[i].name) == 0) {
			random_number(buf, size, numbers[i].min, numbers[i].max);
			return;
		}
	if (strcmp(o->name, "arp_ip_target") == 0) {
		random_list(buf, size, "10.0.0.%u", below(BOND_MAX_TARGETS) + 1);
	} else if (strcmp(o->name, "ns_ip6_target") == 0) {
		random_list(buf, size, "2001:db8:%x::1", below(BOND_MAX_TARGETS) + 1);
	} else if (strcmp(o->name, "ip") == 0) {
		random_list(
			buf,
			size,
			below(2) != 0 ? "fe80::%x/64" : "10.0.0.1/24@%u",
			below(BOND_MAX_ADDRESSES) + 1
		);
	} else if (strcmp(o->name, "mac") == 0) {
		snprintf(buf, size, "%s", macs[below(RTE_DIM(macs))]);
	} else if (strcmp(o->name, "members") == 0) {
		snprintf(buf, size, "p0,p1,0000:3b:02.1,net_tap0,pf@1,7");
	} else if ((o->flags & BOND_OPTION_MEMBER) != 0) {
		unsigned start = below(RTE_DIM(members) - 1);

		snprintf(
			buf,
			size,
			"%s@%u,%s@%u",
			members[start],
			below(8),
			members[start + 1],
			below(8) + 8
		);
	} else if (o->scalar == NULL) {
		snprintf(buf, size, "%s", members[below(RTE_DIM(members))]);
	} else {
		/* One of the names in "a|b|0..1". */
		snprintf(copy, sizeof(copy), "%s", o->values);
		nth = below(8);
		word = strtok_r(copy, "|", &save);
		while (nth-- != 0)
			if ((word = strtok_r(NULL, "|", &save)) == NULL)
				break;
		snprintf(
			buf,
			size,
			"%s",
			word == NULL || strstr(word, "..") != NULL ? "default" : word
		);
	}
}

/* Words for a bond of a random mode; some combinations are refused, as both monitors. */
static int
random_words(void)
{
	unsigned mode = below(BOND_MODE_COUNT);
	int n = 0;

	for (size_t i = 0; i < bond_options_count; i++) {
		const struct bond_option *o = &bond_options[i];
		char value[WORD_BYTES - 64];
		bool always = strcmp(o->name, "mode") == 0 || strcmp(o->name, "members") == 0;

		if ((o->modes >> mode & 1) == 0 || (!always && below(3) == 0))
			continue;
		random_value(o, value, sizeof(value));
		if (strcmp(o->name, "mode") == 0)
			snprintf(value, sizeof(value), "%u", mode);
		argv[n] = words[n];
		snprintf(words[n++], WORD_BYTES, "%s=%s", o->name, value);
	}
	return n;
}

/* The words that show prints, cut at its blanks. */
static int
shown_words(const struct bond_settings *of, char *buf, size_t size)
{
	struct text t = TEXT_EMPTY;
	char *save = NULL;
	int n = 0;

	bond_settings_show(of, &t);
	assert_true(t.len < size && !t.no_mem);
	strcpy(buf, text_str(&t));
	text_fini(&t);
	for (char *w = strtok_r(buf, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save))
		argv[n++] = w;
	return n;
}

static void
what_is_shown_makes_equal_settings(void **state)
{
	static char buf[65536];
	unsigned made = 0;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct bond_settings again;
		int n = random_words();

		shuffle(n);
		if (bond_settings_parse(&s, "b", n, argv, &why) != 0)
			continue;
		made++;
		n = shown_words(&s, buf, sizeof(buf));
		shuffle(n);
		if (bond_settings_parse(&again, "b", n, argv, &why) != 0)
			fail_msg("what is shown is refused: %s", why.text);
		assert_memory_equal(&s, &again, sizeof(s));
	}
	assert_true(made > 1000);
}

static bool
is_any_member(void *ctx, const char *word)
{
	(void)ctx;
	for (size_t i = 0; i < RTE_DIM(members); i++)
		if (strcmp(members[i], word) == 0)
			return true;
	return false;
}

/* The same after any changes; what has no effect in the end need not come back. */
static void
what_is_shown_after_changes_is_taken(void **state)
{
	static const struct bond_option_state down = {.is_member = is_any_member};
	static char buf[65536], value[WORD_BYTES];
	static struct bond_settings again;

	(void)state;
	assert_int_equal(parse("b members=p0,p1,0000:3b:02.1,net_tap0,pf@1,7"), 0);
	for (int i = 0; i < 20000; i++) {
		const struct bond_option *o = &bond_options[below((unsigned)bond_options_count)];
		struct bond_settings was = s;
		struct text t1 = TEXT_EMPTY, t2 = TEXT_EMPTY;
		int n;

		random_value(o, value, sizeof(value));
		if (bond_option_set(&s, &down, o->name, value, &why) != 0) {
			assert_memory_equal(&was, &s, sizeof(s));
			continue;
		}
		assert_true(s.miimon_ms == 0 || s.arp_interval_ms == 0);
		n = shown_words(&s, buf, sizeof(buf));
		if (bond_settings_parse(&again, "b", n, argv, &why) != 0)
			fail_msg("what is shown is refused: %s", why.text);
		bond_settings_show(&s, &t1);
		bond_settings_show(&again, &t2);
		assert_string_equal(text_str(&t1), text_str(&t2));
		text_fini(&t1);
		text_fini(&t2);
	}
}

static void
only_what_differs_is_shown(void **state)
{
	static const struct {
		const char *line, *shown;
	} cases[] = {
		{"b", ""},
		{"b mode=0 miimon=100 up=yes members=none", ""},
		{"b mode=6 members=p0,p1", "mode=balance-alb members=p0,p1"},
		{"b arp_interval=100", "arp_interval=100"},
		{"b miimon=0", "miimon=0"},
		{"b miimon=30 updelay=65", "miimon=30 updelay=60"},
		{"b arp_validate=1", "arp_validate=active"},
		{"b mode=1 up=no active_member=p0 members=p0 num_unsol_na=3 prio=p0@0",
	         "mode=active-backup num_grat_arp=3 members=p0 active_slave=p0 up=no"},
	};
	struct text t = TEXT_EMPTY;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		assert_int_equal(parse(cases[i].line), 0);
		text_clear(&t);
		bond_settings_show(&s, &t);
		assert_string_equal(text_str(&t), cases[i].shown);
	}
	/* What has no effect and could not be said. */
	assert_int_equal(parse("b mode=1 members=p0 prio=p0@1 active_slave=p0 miimon=50"), 0);
	s.arp_validate = BOND_ARP_VALIDATE_ALL;
	s.nb_members = 0;
	s.tlb_dynamic_lb = false;
	text_clear(&t);
	text_puts(&t, "bond b ");
	bond_settings_show(&s, &t);
	assert_string_equal(text_str(&t), "bond b mode=active-backup miimon=50");
	text_fini(&t);
}

static void
the_pmd_path_refuses_what_the_pmd_has_not(void **state)
{
	static const struct {
		const char *words, *option;
	} refused[] = {
		{"miimon=0", "miimon=0"},
		{"updelay=100", "updelay=100"},
		{"downdelay=250", "downdelay=200"},
		{"peer_notif_delay=100", "peer_notif_delay=100"},
		{"use_carrier=0", "use_carrier=off"},
		{"arp_interval=100", "arp_interval=100"},
		{"arp_ip_target=10.0.0.1", "arp_ip_target=10.0.0.1"},
		{"ns_ip6_target=fe80::1", "ns_ip6_target=fe80::1"},
		{"arp_validate=1", "arp_validate=active"},
		{"arp_all_targets=all", "arp_all_targets=all"},
		{"arp_missed_max=3", "arp_missed_max=3"},
		{"primary_reselect=better", "primary_reselect=better"},
		{"mode=1 primary_reselect=failure", "primary_reselect=failure"},
		{"fail_over_mac=active", "fail_over_mac=active"},
		{"mode=1 fail_over_mac=follow", "fail_over_mac=follow"},
		{"xmit_hash_policy=encap2+3", "xmit_hash_policy=encap2+3"},
		{"xmit_hash_policy=encap3+4", "xmit_hash_policy=encap3+4"},
		{"xmit_hash_policy=vlan+srcmac", "xmit_hash_policy=vlan+srcmac"},
		{"xmit_hash_policy=rss", "xmit_hash_policy=rss"},
		{"resend_igmp=0", "resend_igmp=0"},
		{"num_grat_arp=2", "num_grat_arp=2"},
		{"all_slaves_active=1", "all_slaves_active=on"},
		{"min_links=1", "min_links=1"},
		{"lp_interval=2", "lp_interval=2"},
		{"packets_per_slave=0", "packets_per_slave=0"},
		{"mode=5 tlb_dynamic_lb=0", "tlb_dynamic_lb=off"},
		{"mode=4 broadcast_neighbor=1", "broadcast_neighbor=on"},
		{"mode=4 lacp_active=off", "lacp_active=off"},
		{"mode=4 lacp_rate=fast", "lacp_rate=fast"},
		{"mode=4 ad_actor_sys_prio=1", "ad_actor_sys_prio=1"},
		{"mode=4 ad_user_port_key=1", "ad_user_port_key=1"},
		{"mode=4 ad_actor_system=02:00:00:00:00:01", "ad_actor_system=02:00:00:00:00:01"},
		{"mode=4 coupled_control=off", "coupled_control=off"},
		{"mode=4 members=p0 actor_port_prio=p0@1", "actor_port_prio=p0@1"},
		{"ip=10.0.0.1/24", "ip=10.0.0.1/24"},
		{"tx_retries=0", "tx_retries=0"},
		{"mode=1 members=p0 prio=p0@1", "prio=p0@1"},
		{"members=p0 queue_id=p0@1", "queue_id=p0@1"},
	};
	static const char *const fine[] = {
		"mode=0",
		"mode=1 members=p0,p1 primary=p0 active_slave=p1 mac=pair",
		"mode=2 xmit_hash_policy=layer2",
		"mode=2 xmit_hash_policy=layer2+3",
		"mode=2 xmit_hash_policy=layer3+4",
		"mode=3 mac=02:00:00:00:00:01 up=no",
		"mode=4 ad_select=count dedicated_queues=on",
		"mode=5 miimon=2147483647",
		"mode=6 miimon=1",
	};
	char line[256], begin[128];

	(void)state;
	for (size_t i = 0; i < RTE_DIM(refused); i++) {
		snprintf(line, sizeof(line), "b %s io_path=pmd", refused[i].words);
		if (parse(line) != 0)
			fail_msg("%s: %s", line, why.text);
		if (bond_settings_check_path(&s, &why) != -ENOTSUP)
			fail_msg("%s: not refused", line);
		snprintf(
			begin,
			sizeof(begin),
			"b: option %s needs io_path=direct: ",
			refused[i].option
		);
		if (strncmp(why.text, begin, strlen(begin)) != 0)
			fail_msg("\"%s\" does not begin \"%s\"", why.text, begin);
		assert_true(strlen(why.text) > strlen(begin));
		s.io_path = BOND_IO_DIRECT;
		assert_int_equal(bond_settings_check_path(&s, &why), 0);
	}
	for (size_t i = 0; i < RTE_DIM(fine); i++) {
		snprintf(line, sizeof(line), "b io_path=pmd %s", fine[i]);
		if (parse(line) != 0 || bond_settings_check_path(&s, &why) != 0)
			fail_msg("%s: %s", line, why.text);
	}
	/* And one that only the PMD has. */
	assert_int_equal(parse("b mode=4 dedicated_queues=on"), 0);
	assert_int_equal(bond_settings_check_path(&s, &why), -ENOTSUP);
	assert_non_null(strstr(why.text, "dedicated_queues=on needs io_path=pmd"));
	/* What another mode left behind does not count. */
	assert_int_equal(parse("b mode=1 io_path=pmd"), 0);
	s.packets_per_member = 7;
	assert_int_equal(bond_settings_check_path(&s, &why), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bond_names),
		cmocka_unit_test(lines_that_are_refused),
		cmocka_unit_test(lines_have_an_end),
		cmocka_unit_test(miimon_is_on_unless_an_arp_monitor_is_asked_for),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(what_is_shown_makes_equal_settings),
		cmocka_unit_test(what_is_shown_after_changes_is_taken),
		cmocka_unit_test(only_what_differs_is_shown),
		cmocka_unit_test(the_pmd_path_refuses_what_the_pmd_has_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
