/* SPDX-License-Identifier: BSD-3-Clause */
/* Configurations of bond-cni into the words of --bond. */
#include "netconf_bench.h"
#include "option.h"

static void
expect_words(const char *json, const char *words)
{
	struct netconf c = parsed(json);
	struct bond_settings s;
	struct reason why;

	assert_true(c.is_bond);
	assert_string_equal(c.bond.words, words);
	/* They are words of ours: what reads --bond takes them. */
	if (bond_settings_parse_line(&s, c.bond.words, &why) != 0)
		fail_msg("%s", why.text);
}

static void
test_bond_with_every_key(void **state)
{
	static const char json[] =
		"{\"cniVersion\":\"0.3.1\",\"name\":\"bond-net\",\"type\":\"bond\",\"ifname\":"
		"\"bond1\",\"mode\":\"balance-tlb\",\"miimon\":\"100\",\"failOverMac\":1,\"mtu\":"
		"1400,"
		"\"linksInContainer\":true,\"links\":[{\"name\":\"net1\",\"more\":1},{\"name\":"
		"\"net2\"},{\"name\":\"ens1f0v0\"}],\"xmitHashPolicy\":\"layer2+3\","
		"\"allSlavesActive\":1,\"tlbDynamicLb\":0,\"ipam\":{}}";
	struct netconf c = parsed(json);

	(void)state;
	expect_words(
		json,
		"bond1 mode=balance-tlb miimon=100 fail_over_mac=1 xmit_hash_policy=layer2+3 "
		"all_slaves_active=1 tlb_dynamic_lb=0"
	);
	assert_int_equal(c.bond.mtu, 1400);
	assert_int_equal(c.bond.nb_links, 3);
	assert_string_equal(c.bond.links[0], "net1");
	assert_string_equal(c.bond.links[1], "net2");
	assert_string_equal(c.bond.links[2], "ens1f0v0");
}

static void
test_bond_with_the_least(void **state)
{
	struct netconf c = parsed(BOND "\"mode\":\"active-backup\",\"mtu\":0," LINKS);

	(void)state;
	assert_string_equal(c.bond.words, "bond0 mode=active-backup");
	assert_int_equal(c.bond.mtu, 0);
	assert_int_equal(c.bond.nb_links, 2);
}

static void
test_every_mode_by_name_and_number(void **state)
{
	char json[256], words[64];

	(void)state;
	for (int mode = 0; mode < BOND_MODE_COUNT; mode++) {
		snprintf(words, sizeof(words), "bond0 mode=%s", bond_mode_names[mode]);
		snprintf(json, sizeof(json), BOND "\"mode\":\"%s\"," LINKS, bond_mode_names[mode]);
		expect_words(json, words);
		snprintf(json, sizeof(json), BOND "\"mode\":\"%d\"," LINKS, mode);
		expect_words(json, words);
	}
}

static void
test_every_policy(void **state)
{
	char json[256], words[128];

	(void)state;
	for (int policy = 0; policy < BOND_POLICY_RSS; policy++) {
		snprintf(
			words,
			sizeof(words),
			"bond0 mode=balance-xor xmit_hash_policy=%s",
			bond_policy_names[policy]
		);
		snprintf(
			json,
			sizeof(json),
			BOND "\"mode\":\"2\",\"xmitHashPolicy\":\"%s\"," LINKS,
			bond_policy_names[policy]
		);
		expect_words(json, words);
	}
}

static void
test_miimon_as_string_and_number(void **state)
{
	(void)state;
	expect_words(
		BOND "\"mode\":\"1\",\"miimon\":\"0\"," LINKS, "bond0 mode=active-backup miimon=0"
	);
	expect_words(
		BOND "\"mode\":\"1\",\"miimon\":50," LINKS, "bond0 mode=active-backup miimon=50"
	);
	expect_words(
		BOND "\"mode\":\"1\",\"miimon\":\"2147483647\"," LINKS,
		"bond0 mode=active-backup miimon=2147483647"
	);
	expect_words(BOND "\"mode\":\"1\",\"miimon\":\"\"," LINKS, "bond0 mode=active-backup");
}

static void
test_switches(void **state)
{
	(void)state;
	expect_words(
		BOND "\"mode\":\"1\",\"failOverMac\":0,\"allSlavesActive\":0," LINKS,
		"bond0 mode=active-backup fail_over_mac=0 all_slaves_active=0"
	);
	expect_words(
		BOND "\"mode\":\"6\",\"tlbDynamicLb\":1," LINKS,
		"bond0 mode=balance-alb tlb_dynamic_lb=1"
	);
}

static void
test_names(void **state)
{
	(void)state;
	expect_words(BOND "\"name\":\"b.1_-x\",\"mode\":\"0\"," LINKS, "b.1_-x mode=balance-rr");
	expect_words(BOND "\"name\":\"net one\",\"mode\":\"0\"," LINKS, "bond0 mode=balance-rr");
	expect_words(BOND "\"name\":\"all\",\"mode\":\"0\"," LINKS, "bond0 mode=balance-rr");
	expect_words(
		BOND "\"name\":\"sixteencharacter\",\"mode\":\"0\"," LINKS, "bond0 mode=balance-rr"
	);
	expect_words(
		BOND "\"name\":\"n\",\"ifname\":\"fifteencharacte\",\"mode\":\"0\"," LINKS,
		"fifteencharacte mode=balance-rr"
	);
}

static void
test_mtu(void **state)
{
	struct netconf c = parsed(BOND "\"mode\":\"0\",\"mtu\":68," LINKS);

	(void)state;
	assert_int_equal(c.bond.mtu, 68);
	c = parsed(BOND "\"mode\":\"0\",\"mtu\":65535," LINKS);
	assert_int_equal(c.bond.mtu, 65535);
}

#define MODES                                                                                      \
	"balance-rr, active-backup, balance-xor, broadcast, 802.3ad, balance-tlb, balance-alb or " \
	"\"0\"..\"6\" is wanted"
#define POLICIES "layer2, layer3+4, layer2+3, encap2+3, encap3+4, vlan+srcmac is wanted"
#define MODE1 BOND "\"mode\":\"1\","

static void
test_bond_values_refused(void **state)
{
	static const struct refused cases[] = {
		{BOND LINKS, "f: mode: it is missing; " MODES},
		{BOND "\"mode\":\"7\"," LINKS, "f: mode: \"7\"; " MODES},
		{BOND "\"mode\":\"active backup\"," LINKS, "f: mode: \"active backup\"; " MODES},
		{BOND "\"mode\":1," LINKS, "f: mode: a string is wanted"},
		{MODE1 "\"miimon\":\"fast\"," LINKS,
	         "f: miimon: \"fast\": milliseconds, 0..2147483647, are wanted"},
		{MODE1 "\"miimon\":\"-1\"," LINKS,
	         "f: miimon: \"-1\": milliseconds, 0..2147483647, are wanted"},
		{MODE1 "\"miimon\":\"2147483648\"," LINKS,
	         "f: miimon: \"2147483648\": milliseconds, 0..2147483647, are wanted"},
		{MODE1 "\"miimon\":-1," LINKS, "f: miimon: -1 is not in 0..2147483647"},
		{MODE1 "\"miimon\":1.5," LINKS, "f: miimon: milliseconds are wanted, as \"100\""},
		{MODE1 "\"failOverMac\":3," LINKS, "f: failOverMac: 3 is not in 0..2"},
		{MODE1 "\"failOverMac\":\"1\"," LINKS, "f: failOverMac: a whole number is wanted"},
		{MODE1 "\"xmitHashPolicy\":\"layer3\"," LINKS,
	         "f: xmitHashPolicy: \"layer3\"; " POLICIES},
		{MODE1 "\"xmitHashPolicy\":\"rss\"," LINKS,
	         "f: xmitHashPolicy: \"rss\"; " POLICIES},
		{MODE1 "\"xmitHashPolicy\":1," LINKS, "f: xmitHashPolicy: a string is wanted"},
		{MODE1 "\"allSlavesActive\":2," LINKS, "f: allSlavesActive: 2 is not in 0..1"},
		{MODE1 "\"allSlavesActive\":true," LINKS,
	         "f: allSlavesActive: a whole number is wanted"},
		{MODE1 "\"tlbDynamicLb\":1," LINKS,
	         "f: tlbDynamicLb: only balance-tlb and balance-alb have it, not active-backup"},
		{BOND "\"mode\":\"5\",\"tlbDynamicLb\":2," LINKS,
	         "f: tlbDynamicLb: 2 is not in 0..1"},
		{MODE1 "\"mtu\":67," LINKS, "f: mtu: 67 is not in 68..65535"},
		{MODE1 "\"mtu\":-1," LINKS, "f: mtu: -1 is not in 68..65535"},
		{MODE1 "\"mtu\":65536," LINKS, "f: mtu: 65536 is not in 68..65535"},
		{MODE1 "\"mtu\":\"1500\"," LINKS, "f: mtu: a whole number is wanted"},
		{MODE1 "\"linksInContainer\":1," LINKS,
	         "f: linksInContainer: true or false is wanted"},
		{MODE1 "\"ifname\":\"0bond\"," LINKS,
	         "f: ifname: \"0bond\" cannot name a bond: a letter and up to 14 letters, digits, "
	         "_, . or - are wanted, and not \"all\""},
		{MODE1 "\"ifname\":\"b mode=0\"," LINKS,
	         "f: ifname: \"b mode=0\" cannot name a bond: a letter and up to 14 letters, "
	         "digits, _, . or - are wanted, and not \"all\""},
	};

	(void)state;
	expect_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

static void
test_links_refused(void **state)
{
	static const struct refused cases[] = {
		{MODE1 "\"x\":1}", "f: links: 0, and a bond wants 2..32"},
		{MODE1 "\"links\":[]}", "f: links: 0, and a bond wants 2..32"},
		{MODE1 "\"links\":[{\"name\":\"a\"}]}", "f: links: 1, and a bond wants 2..32"},
		{MODE1 "\"links\":{}}", "f: links: a list ([...]) is wanted"},
		{MODE1 "\"links\":[\"a\",\"b\"]}", "f: links: item 0 is no object ({...})"},
		{MODE1 "\"links\":[{\"name\":\"a\"},{\"nom\":\"b\"}]}",
	         "f: links[1].name: it is missing"},
		{MODE1 "\"links\":[{\"name\":\"a\"},{\"name\":\"\"}]}",
	         "f: links[1].name: it is missing"},
		{MODE1 "\"links\":[{\"name\":\"a\"},{\"name\":7}]}",
	         "f: links[1].name: a string is wanted"},
		{MODE1 "\"links\":[{\"name\":\"a\"},{\"name\":\"a\"}]}",
	         "f: links[1].name: \"a\" is there twice"},
		{MODE1 "\"links\":[{\"name\":\"../a\"},{\"name\":\"a\"}]}",
	         "f: links[0].name: \"../a\" is no name of a link"},
		{MODE1 "\"links\":[{\"name\":\"..\"},{\"name\":\"a\"}]}",
	         "f: links[0].name: \"..\" is no name of a link"},
		{MODE1 "\"links\":[{\"name\":\"a b\"},{\"name\":\"a\"}]}",
	         "f: links[0].name: \"a b\" is no name of a link"},
		{MODE1 "\"links\":[{\"name\":\"sixteencharacter\"},{\"name\":\"a\"}]}",
	         "f: links[0].name: \"sixteencharacter\" is no name of a link"},
	};
	char json[2048] = MODE1 "\"links\":[";

	(void)state;
	expect_refused(cases, sizeof(cases) / sizeof(cases[0]));
	for (int i = 0; i < NETCONF_MAX_LINKS; i++)
		sprintf(json + strlen(json), "%s{\"name\":\"l%d\"}", i > 0 ? "," : "", i);
	strcat(json, "]}");
	assert_int_equal(parsed(json).bond.nb_links, NETCONF_MAX_LINKS);
	strcpy(json + strlen(json) - 2, ",{\"name\":\"more\"}]}");
	expect_refused(&(struct refused){json, "f: links: 33, and a bond wants 2..32"}, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bond_with_every_key),
		cmocka_unit_test(test_bond_with_the_least),
		cmocka_unit_test(test_every_mode_by_name_and_number),
		cmocka_unit_test(test_every_policy),
		cmocka_unit_test(test_miimon_as_string_and_number),
		cmocka_unit_test(test_switches),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_mtu),
		cmocka_unit_test(test_bond_values_refused),
		cmocka_unit_test(test_links_refused),
	};

	return cmocka_run_group_tests_name("netconf_bond", tests, NULL, NULL);
}
