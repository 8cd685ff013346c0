/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of options, row by row: names, modes and flags as Linux has them, the values that are
 * taken, and refusals with their errno and words.
 */
#include "option_bench.h"

#include <rte_common.h>

#include <errno.h>
#include <string.h>

#define MODE(n) (1u << (n))
enum { ALL = 0x7f, ACTIVE = MODE(1) | MODE(5) | MODE(6), ARP = 0xf };

/*
 * The whole table: initial value, modes and flags are those of bond_opts and its value tables in
 * Linux's bond_options.c; ours are marked. @good has values and how they are shown, separated by >
 * where that differs; @bad are refused with -EINVAL. Blanks separate.
 */
static const struct row {
	const char *name, *alias, *initial;
	uint8_t modes, flags;
	const char *good, *bad;
} rows[] = {
	{"mode",
         NULL,
         "balance-rr",
         ALL,
         BOND_OPTION_NO_MEMBERS | BOND_OPTION_DOWN,
         "0>balance-rr 1>active-backup 2>balance-xor 3>broadcast 4>802.3ad 5>balance-tlb "
         "6>balance-alb balance-rr active-backup balance-xor broadcast 802.3ad balance-tlb "
         "balance-alb default>balance-rr 0x4>802.3ad",
         "7 -1 rr 802.3AD balance-rr, 4x none off"},
	{"miimon",
         NULL,
         "100",
         ALL,
         0,
         "0 1 100 2147483647 off>0 maxval>2147483647 default>100",
         "-1 2147483648 100ms 1.5 none minval 18446744073709551616"},
	{"updelay",
         NULL,
         "0",
         ALL,
         0,
         "0 100 199>100 99>0 off>0 maxval>2147483600",
         "-1 2147483648 x none"},
	{"downdelay",
         NULL,
         "0",
         ALL,
         0,
         "0 200 299>200 off>0 maxval>2147483600",
         "-1 2147483648 x"},
	{"peer_notif_delay",
         "peer_notify_delay",
         "0",
         ALL,
         0,
         "0 300000 250>200 off>0 maxval>300000",
         "-1 300001 x"},
	{"use_carrier", NULL, "on", ALL, 0, "0>off 1>on on off default>on", "2 yes true -1 ON"},
	{"arp_interval",
         NULL,
         "0",
         ARP,
         0,
         "0 1 1000 2147483647 off>0 maxval>2147483647 default>0",
         "-1 2147483648 x none"},
	{"arp_ip_target",
         NULL,
         "none",
         ALL,
         0,
         "10.0.0.1 10.0.0.1,10.0.0.2 none +192.0.2.1>192.0.2.1 224.0.0.1 1.0.0.0",
         "0.0.0.0 0.1.2.3 255.255.255.255 10.0.0 10.0.0.256 fe80::1 host 10.0.0.1, ,10.0.0.1 "
         "10.0.0.1,,10.0.0.2 10.0.0.1,10.0.0.1 -10.0.0.1 + - +none +10.0.0.1,10.0.0.2 none,none "
         "10.0.0.1/24"},
	{"ns_ip6_target",
         NULL,
         "none",
         ALL,
         0,
         "fe80::1 2001:DB8::1>2001:db8::1 2001:db8:0:0::1,fe80::2>2001:db8::1,fe80::2 none "
         "+fe80::1>fe80::1",
         ":: ::1 ff02::1 10.0.0.1 fe80::1%eth0 fe80::1,fe80:0::1 -fe80::1 fe80::1, fe80:::1"},
	{"arp_validate",
         NULL,
         "none",
         ARP,
         0,
         "0>none 1>active 2>backup 3>all 4>filter 5>filter_active 6>filter_backup none active "
         "backup all filter filter_active filter_backup default>none",
         "7 -1 on filter_all"},
	{"arp_all_targets", NULL, "any", ALL, 0, "0>any 1>all any all default>any", "2 none -1"},
	{"primary",
         NULL,
         "none",
         ACTIVE,
         0,
         "p7 0000:3b:02.1 none net_tap0",
         "a,b +p0 -p0 p'0 p\"0"},
	{"primary_reselect",
         NULL,
         "always",
         ALL,
         0,
         "0>always 1>better 2>failure always better failure default>always",
         "3 -1 never"},
	{"fail_over_mac",
         NULL,
         "none",
         ALL,
         BOND_OPTION_NO_MEMBERS,
         "0>none 1>active 2>follow none active follow default>none",
         "3 -1 off"},
	{"xmit_hash_policy",
         NULL,
         "layer2",
         ALL,
         0,
         "0>layer2 1>layer3+4 2>layer2+3 3>encap2+3 4>encap3+4 5>vlan+srcmac layer2 layer3+4 "
         "layer2+3 encap2+3 encap3+4 vlan+srcmac rss default>layer2",
         "6 -1 l34 layer3"},
	{"resend_igmp", NULL, "1", ALL, 0, "0 1 255 off>0 maxval>255 default>1", "256 -1 none"},
	{"num_grat_arp",
         "num_unsol_na",
         "1",
         ALL,
         0,
         "0 1 255 off>0 maxval>255 default>1",
         "256 -1 none"},
	{"all_slaves_active",
         "all_members_active",
         "off",
         ALL,
         0,
         "0>off 1>on on off default>off",
         "2 yes -1"},
	{"min_links",
         NULL,
         "0",
         ALL,
         0,
         "0 1 2147483647 off>0 maxval>2147483647 default>0",
         "-1 2147483648 x"},
	{"lp_interval",
         NULL,
         "1",
         ALL,
         0,
         "1 2147483647 minval>1 maxval>2147483647 default>1",
         "0 off -1 2147483648"},
	{"packets_per_slave",
         "packets_per_member",
         "1",
         MODE(0),
         0,
         "0 1 65535 maxval>65535 default>1",
         "65536 -1 off"},
	{"lacp_active",
         NULL,
         "on",
         MODE(4),
         BOND_OPTION_DOWN,
         "0>off 1>on on off default>on",
         "2 -1 yes"},
	{"lacp_rate",
         NULL,
         "slow",
         MODE(4),
         BOND_OPTION_DOWN,
         "0>slow 1>fast slow fast",
         "2 -1 30 default"},
	{"ad_select",
         NULL,
         "stable",
         ALL,
         BOND_OPTION_DOWN,
         "0>stable 1>bandwidth 2>count stable bandwidth count default>stable",
         "3 -1 ports"},
	{"ad_actor_sys_prio",
         NULL,
         "65535",
         MODE(4),
         0,
         "1 65535 minval>1 maxval>65535 default>65535",
         "0 65536 -1 off"},
	{"ad_user_port_key",
         NULL,
         "0",
         MODE(4),
         BOND_OPTION_DOWN,
         "0 1023 minval>0 maxval>1023 default>0",
         "1024 -1 off"},
	{"ad_actor_system",
         NULL,
         "00:00:00:00:00:00",
         MODE(4),
         0,
         "02:00:00:00:00:0A>02:00:00:00:00:0a 00:00:00:00:00:00",
         "01:00:00:00:00:01 ff:ff:ff:ff:ff:ff 02:00 none 02:00:00:00:00:0g "
         "02-00-00-00-00-0a 02:00:00:00:00:a 2:0:0:0:0:a"},
	{"tlb_dynamic_lb",
         NULL,
         "on",
         MODE(5) | MODE(6),
         BOND_OPTION_DOWN,
         "0>off 1>on on off default>on",
         "2 -1 yes"},
	{"arp_missed_max",
         "missed_max",
         "2",
         ARP,
         0,
         "1 2 255 minval>1 maxval>255 default>2",
         "0 256 -1 off"},
	{"coupled_control",
         NULL,
         "on",
         MODE(4),
         BOND_OPTION_DOWN,
         "0>off 1>on on off default>on",
         "2 -1"},
	{"broadcast_neighbor", NULL, "off", MODE(4), 0, "0>off 1>on on off default>off", "2 -1"},
	{"io_path",
         NULL,
         "direct",
         ALL,
         BOND_OPTION_OURS | BOND_OPTION_DOWN,
         "direct pmd default>direct",
         "0 1 kernel"},
	{"mac",
         NULL,
         "none",
         ALL,
         BOND_OPTION_OURS,
         "none pair 02:00:00:00:00:0a>02:00:00:00:00:0A 2-0-0-0-0-1>02:00:00:00:00:01",
         "01:00:5e:00:00:01 00:00:00:00:00:00 ff:ff:ff:ff:ff:ff 1:2:3 02:00:00:00:00:01x"},
	{"ip",
         NULL,
         "none",
         ALL,
         BOND_OPTION_OURS,
         "10.0.0.1/24 10.0.0.1/0 10.0.0.1/32@4094 fe80::1/64 2001:db8::1/128@1,10.0.0.1/8 none "
         "10.0.0.1/24,10.0.0.1/24@7 +10.0.0.1/24>10.0.0.1/24",
         "10.0.0.1 10.0.0.1/33 10.0.0.1/-1 10.0.0.1/ /24 fe80::1/129 10.0.0.1/24@0 "
         "10.0.0.1/24@4095 10.0.0.1/24@ 10.0.0.1@5 10.0.0.1@5/24 0.0.0.0/0 0.1.2.3/8 "
         "255.255.255.255/32 224.0.0.1/4 239.1.1.1/24 ::/0 ::1/128 ff02::1/64 "
         "10.0.0.1/24,10.0.0.1/24 10.0.0.1/24,10.0.0.1/16 -10.0.0.1/24 10.0.0.1/24,"},
	{"tx_retries",
         NULL,
         "1",
         ALL,
         BOND_OPTION_OURS,
         "0 1 255 off>0 maxval>255 default>1",
         "256 -1 x"},
	{"dedicated_queues",
         NULL,
         "off",
         MODE(4),
         BOND_OPTION_OURS | BOND_OPTION_DOWN,
         "on off default>off",
         "0 1 yes"},
	{"members",
         "slaves",
         "none",
         ALL,
         BOND_OPTION_OURS | BOND_OPTION_AT_CREATION,
         "p0 p0,p1,p2 none 0000:3b:02.1,net_tap0",
         ", p0, ,p0 p0,,p1 p0,p1,p0 +p0 -p0 p0,+p1 p\"0"},
	{"queue_id",
         NULL,
         "none",
         ALL,
         BOND_OPTION_MEMBER,
         "none p0@1 p0@1,p1@16 p0@0>none p0@3,p1@0>p0@3 p0@0,p1@0>none",
         "p0 p0@ p0@17 p0@-1 p0@x @1 p9@1 p0@1,p0@2 p0@1,p1@1 p0@1, p0:1"},
	{"prio",
         NULL,
         "none",
         ACTIVE,
         BOND_OPTION_MEMBER,
         "none p0@1 p0@-2147483648,p1@2147483647 p0@0>none p0@5,p1@5 p1@5,p0@0>p1@5",
         "p0 p0@ p0@2147483648 p0@-2147483649 p0@--1 p0@- p9@1 p0@1,p0@2 p0@0,p0@0"},
	{"actor_port_prio",
         NULL,
         "none",
         MODE(4),
         BOND_OPTION_MEMBER,
         "none p0@1 p0@0,p1@65535 p0@255>none p0@5,p1@5 p1@5,p0@255>p1@5",
         "p0 p0@ p0@65536 p0@-1 p9@1 p0@1,p0@2"},
	{"active_slave",
         "active_member",
         "none",
         ACTIVE,
         BOND_OPTION_NEEDS_MEMBER,
         "p0 p1 none",
         "p9 p0,p1 +p0"},
	{"up",
         NULL,
         "yes",
         ALL,
         BOND_OPTION_OURS | BOND_OPTION_AT_CREATION,
         "yes no default>yes",
         "on off 0 1 maybe"},
};

/* A mode in which the option is valid. */
static unsigned
first_mode(const struct row *row)
{
	return (unsigned)__builtin_ctz(row->modes);
}

static void
the_table_is_as_linux_has_it(void **state)
{
	(void)state;
	assert_int_equal(bond_options_count, RTE_DIM(rows));
	for (size_t i = 0; i < bond_options_count; i++) {
		const struct bond_option *o = &bond_options[i];

		assert_string_equal(o->name, rows[i].name);
		assert_ptr_equal(bond_option_find(o->name), o);
		assert_int_equal(o->alias == NULL, rows[i].alias == NULL);
		if (o->alias != NULL) {
			assert_string_equal(o->alias, rows[i].alias);
			assert_ptr_equal(bond_option_find(o->alias), o);
		}
		assert_int_equal(o->modes, rows[i].modes);
		assert_int_equal(o->flags, rows[i].flags);
		assert_true(strlen(o->values) > 0);
		assert_true(strlen(o->help) > 0 && strchr(o->help, '\n') == NULL);
		assert_non_null(o->parse);
		assert_non_null(o->show);
	}
	assert_null(bond_option_find(""));
	assert_null(bond_option_find("mod"));
	assert_null(bond_option_find("mode "));
}

static void
a_new_bond_has_the_initial_values(void **state)
{
	(void)state;
	memset(&s, 0xff, sizeof(s));
	bond_settings_default(&s, "bond0");
	assert_string_equal(s.name, "bond0");
	for (size_t i = 0; i < RTE_DIM(rows); i++)
		assert_string_equal(shown(rows[i].name), rows[i].initial);
	assert_int_equal(s.mode, BOND_MODE_RR);
	assert_int_equal(s.miimon_ms, BOND_DEFAULT_MIIMON_MS);
	assert_int_equal(s.io_path, BOND_IO_DIRECT);
	assert_true(s.up && s.use_carrier && s.tlb_dynamic_lb);
	assert_int_equal(s.arp_missed_max, 2);
	assert_int_equal(s.packets_per_member, 1);
	assert_int_equal(s.lp_interval_s, 1);
	assert_int_equal(s.num_peer_notif, 1);
	assert_int_equal(s.resend_igmp, 1);
	assert_int_equal(s.tx_retries, 1);
}

/* A creation line for one value, with what the option needs besides. */
static void
creation_line(char *line, size_t size, const struct row *row, const char *name, const char *value)
{
	bool names_ports = (row->flags & (BOND_OPTION_MEMBER | BOND_OPTION_NEEDS_MEMBER)) != 0;

	snprintf(
		line,
		size,
		"b %s=%s%s mode=%u",
		name,
		value,
		names_ports ? " members=p0,p1" : "",
		first_mode(row)
	);
	if (strcmp(name, "mode") == 0)
		snprintf(line, size, "b mode=%s", value);
}

static void
every_row_takes_its_values(void **state)
{
	char line[256], values[1024], *save = NULL;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		strcpy(values, rows[i].good);
		for (char *v = strtok_r(values, " ", &save); v != NULL;
		     v = strtok_r(NULL, " ", &save)) {
			char *as = strchr(v, '>');

			if (as != NULL)
				*as++ = '\0';
			creation_line(line, sizeof(line), &rows[i], rows[i].name, v);
			if (parse(line) != 0)
				fail_msg("%s: %s", line, why.text);
			assert_string_equal(shown(rows[i].name), as != NULL ? as : v);
			if (rows[i].alias == NULL)
				continue;
			creation_line(line, sizeof(line), &rows[i], rows[i].alias, v);
			if (parse(line) != 0)
				fail_msg("%s: %s", line, why.text);
			assert_string_equal(shown(rows[i].name), as != NULL ? as : v);
		}
	}
}

static void
refuses(const char *line, int err)
{
	struct bond_settings was = s;
	int rc = parse(line);

	if (rc != err)
		fail_msg("\"%s\": %d instead of %d (%s)", line, rc, err, why.text);
	assert_memory_equal(&was, &s, sizeof(s));
}

static void
every_row_refuses_other_values(void **state)
{
	char line[256], values[1024], words[64], *save = NULL;

	(void)state;
	bond_settings_default(&s, "keep");
	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		strcpy(values, rows[i].bad);
		for (char *v = strtok_r(values, " ", &save); v != NULL;
		     v = strtok_r(NULL, " ", &save)) {
			creation_line(line, sizeof(line), &rows[i], rows[i].name, v);
			refuses(line, -EINVAL);
			snprintf(words, sizeof(words), "b: option %s: ", rows[i].name);
			assert_int_equal(strncmp(why.text, words, strlen(words)), 0);
			assert_non_null(strstr(why.text, "(allowed: "));
			assert_int_equal(why.text[strlen(why.text) - 1], ')');
		}
		/* Nothing at all clears a port, and is no other value. */
		if (strcmp(rows[i].name, "primary") != 0 &&
		    strcmp(rows[i].name, "active_slave") != 0) {
			creation_line(line, sizeof(line), &rows[i], rows[i].name, "");
			refuses(line, -EINVAL);
		}
	}
}

static void
every_row_is_for_its_modes_only(void **state)
{
	char line[256], words[80];

	(void)state;
	for (size_t i = 1; i < RTE_DIM(rows); i++)
		for (unsigned m = 0; m < BOND_MODE_COUNT; m++) {
			snprintf(
				line,
				sizeof(line),
				"b mode=%u %s=%s",
				m,
				rows[i].name,
				rows[i].initial
			);
			if ((rows[i].modes >> m & 1) != 0) {
				if (parse(line) != 0)
					fail_msg("%s: %s", line, why.text);
				continue;
			}
			refuses(line, -EACCES);
			snprintf(
				words,
				sizeof(words),
				"b: option %s is not for mode %s, only for %s",
				rows[i].name,
				bond_mode_names[m],
				bond_mode_names[first_mode(&rows[i])]
			);
			assert_int_equal(strncmp(why.text, words, strlen(words)), 0);
		}
}

/* __bond_opt_set: mode, members, up, value, in this order. */
static void
every_row_obeys_its_flags(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		const struct row *row = &rows[i];
		const struct bond_option_state up = {.up = true}, full = {.nb_members = 1};
		bool ours_only = (row->flags & (BOND_OPTION_AT_CREATION | BOND_OPTION_MEMBER)) != 0;

		bond_settings_default(&s, "b");
		s.mode = (enum bond_mode)first_mode(row);
		if (ours_only) {
			assert_int_equal(set(&in_use, row->name, row->initial), -EINVAL);
			assert_non_null(strstr(why.text, "commands of its own"));
			continue;
		}
		assert_int_equal(set(&empty_and_down, row->name, row->initial), 0);
		assert_int_equal(
			set(&full, row->name, row->initial),
			(row->flags & BOND_OPTION_NO_MEMBERS) != 0 ? -ENOTEMPTY : 0
		);
		assert_int_equal(
			set(&up, row->name, row->initial),
			(row->flags & BOND_OPTION_DOWN) != 0 ? -EBUSY : 0
		);
		/* A bad value is told last. */
		if ((row->flags & BOND_OPTION_DOWN) != 0)
			assert_int_equal(set(&up, row->name, "bad"), -EBUSY);
		for (unsigned m = 0; m < BOND_MODE_COUNT; m++) {
			s.mode = (enum bond_mode)m;
			if ((row->modes >> m & 1) == 0)
				assert_int_equal(set(&in_use, row->name, "b,d"), -EACCES);
		}
	}
	bond_settings_default(&s, "b");
	assert_int_equal(set(&in_use, "mode", "1"), -ENOTEMPTY);
	assert_string_equal(why.text, "b: option mode needs a bond without members, it has 2");
	assert_int_equal(set(&in_use, "ad_select", "1"), -EBUSY);
	assert_string_equal(why.text, "b: option ad_select needs the bond down (set bond b down)");
	assert_int_equal(set(&in_use, "moda", "1"), -EINVAL);
	assert_string_equal(
		why.text, "b: unknown option \"moda\", perhaps mode (help create bond lists all)"
	);
}

static void
unknown_options_name_what_resembles_them(void **state)
{
	static const struct {
		const char *typed, *words;
	} cases[] = {
		{"mimon", ", perhaps miimon ("},
		{"upp", ", perhaps up ("},
		{"primry_reselect", ", perhaps primary_reselect ("},
		{"active_membr", ", perhaps active_member ("},
		{"policy", ", perhaps xmit_hash_policy ("},
		{"interval", ", perhaps arp_interval or lp_interval ("},
		/* Three at most. */
		{"delay", ", perhaps updelay or downdelay or peer_notif_delay ("},
		{"arp_missed_mx", ", perhaps arp_missed_max ("},
		{"lacp", ", perhaps lacp_active or lacp_rate ("},
		/* Too far from all, or too little to tell. */
		{"xyz", "\"xyz\" (help"},
		{"a_word_that_is_longer_than_any_option", "any_option\" (help"},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		assert_int_equal(bond_option_unknown("b", cases[i].typed, &why), -EINVAL);
		if (strstr(why.text, cases[i].words) == NULL)
			fail_msg("%s: %s", cases[i].typed, why.text);
	}
}

/* A refused change leaves all as it was. */
static void
a_refused_change_changes_nothing(void **state)
{
	char values[1024], *save = NULL;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		char line[64];
		struct bond_settings was;

		snprintf(line, sizeof(line), "b mode=%u members=p0,p1", first_mode(&rows[i]));
		assert_int_equal(parse(line), 0);
		s.nb_arp_targets = 1;
		s.arp_targets[0] = RTE_BE32(0x0a010101);
		was = s;
		strcpy(values, rows[i].bad);
		for (char *v = strtok_r(values, " ", &save); v != NULL;
		     v = strtok_r(NULL, " ", &save)) {
			const struct bond_option *o = bond_option_find(rows[i].name);

			assert_int_not_equal(set(&empty_and_down, rows[i].name, v), 0);
			assert_memory_equal(&was, &s, sizeof(s));
			/* That it is a member is not for parse to see. */
			if (o->parse(o, &s, v, NULL) == 0)
				assert_string_equal(o->name, "active_slave");
			else
				assert_memory_equal(&was, &s, sizeof(s));
			s = was;
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_as_linux_has_it),
		cmocka_unit_test(a_new_bond_has_the_initial_values),
		cmocka_unit_test(every_row_takes_its_values),
		cmocka_unit_test(every_row_refuses_other_values),
		cmocka_unit_test(every_row_is_for_its_modes_only),
		cmocka_unit_test(every_row_obeys_its_flags),
		cmocka_unit_test(unknown_options_name_what_resembles_them),
		cmocka_unit_test(a_refused_change_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
