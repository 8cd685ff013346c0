/* SPDX-License-Identifier: BSD-3-Clause */
/* Configurations of sriov-cni, and how any of both plugins is refused as JSON. */
#include "netconf_bench.h"

#include <linux/if_ether.h>

static void
expect_settings(const char *json, const char *words)
{
	struct netconf c = parsed(json);
	struct text t = TEXT_EMPTY;

	assert_false(c.is_bond);
	vf_settings_text(&c.vf.settings, &t);
	assert_string_equal(text_str(&t), words);
	text_fini(&t);
}

static void
test_vf_with_every_key(void **state)
{
	static const char json[] =
		"{\"cniVersion\":\"1.0.0\",\"name\":\"net-a\",\"type\":\"sriov\",\n"
		"\"deviceID\":\"10000:3B:02.1\",\"vlan\":100,\"vlanQoS\":5,\"vlanProto\":\"802."
		"1AD\","
		"\"mac\":\"CA:FE:c0:ff:ee:00\",\"spoofchk\":\"off\",\"trust\":\"on\","
		"\"link_state\":\"enable\",\"min_tx_rate\":10,\"max_tx_rate\":1000,"
		"\"ipam\":{\"type\":\"host-local\"},\"logLevel\":\"debug\"}";
	struct netconf c = parsed(json);

	(void)state;
	expect_settings(
		json,
		"mac=ca:fe:c0:ff:ee:00 vlan=100 qos=5 proto=802.1ad spoofchk=off trust=on "
		"link-state=enable min-tx-rate=10 max-tx-rate=1000"
	);
	assert_string_equal(c.vf.name, "net-a");
	assert_true(c.vf.has_addr);
	assert_int_equal(c.vf.addr.domain, 0x10000);
	assert_int_equal(c.vf.addr.bus, 0x3b);
	assert_int_equal(c.vf.addr.device, 2);
	assert_int_equal(c.vf.addr.function, 1);
	assert_int_equal(c.vf.settings.proto, ETH_P_8021AD);
}

static void
test_what_is_not_asked_is_not_touched(void **state)
{
	struct netconf c = parsed(
		VF "\"deviceID\":\"\",\"mac\":\"\",\"trust\":\"\",\"spoofchk\":null,\"vlan\":null,"
		   "\"link_state\":\"\",\"min_tx_rate\":null,\"runtimeConfig\":{\"mac\":\"\"}}"
	);

	(void)state;
	assert_true(vf_settings_empty(&c.vf.settings));
	assert_false(c.vf.has_addr);
	assert_string_equal(c.vf.name, "");
}

static void
test_zero_is_asked(void **state)
{
	(void)state;
	expect_settings(VF "\"vlan\":0}", "vlan=0");
	expect_settings(VF "\"vlan\":0,\"vlanQoS\":0}", "vlan=0 qos=0");
	expect_settings(
		VF "\"vlan\":0,\"vlanProto\":\"802.1q\",\"min_tx_rate\":0,\"max_tx_rate\":0}",
		"vlan=0 proto=802.1Q min-tx-rate=0 max-tx-rate=0"
	);
}

static void
test_runtime_mac_goes_before_mac(void **state)
{
	(void)state;
	expect_settings(
		VF
		"\"runtimeConfig\":{\"mac\":\"02:00:00:00:00:02\"},\"mac\":\"02:00:00:00:00:01\"}",
		"mac=02:00:00:00:00:02"
	);
	expect_settings(
		VF "\"runtimeConfig\":{\"mac\":\"02:00:00:00:00:02\"}}", "mac=02:00:00:00:00:02"
	);
	expect_settings(
		VF "\"runtimeConfig\":{\"ips\":[]},\"mac\":\"02:00:00:00:00:01\"}",
		"mac=02:00:00:00:00:01"
	);
	/* What a runtime or a user hands over otherwise is not the configuration's. */
	expect_settings(VF "\"args\":{\"cni\":{\"mac\":\"02:00:00:00:00:02\"}}}", "");
}

static void
test_keys_of_either_case(void **state)
{
	(void)state;
	expect_settings(
		"{\"Type\":\"sriov\",\"VLAN\":7,\"vlanQos\":1,\"MAC\":\"02:00:00:00:00:01\"}",
		"mac=02:00:00:00:00:01 vlan=7 qos=1"
	);
}

static void
test_keys_of_the_plugins_own_files_do_nothing(void **state)
{
	(void)state;
	expect_settings(
		VF "\"OrigVfState\":{\"Trust\":true,\"Vlan\":5,\"AdminMAC\":\"02:00:00:00:00:01\"},"
		   "\"Master\":\"eth0\",\"VFID\":3,\"MTU\":9000,\"ContIFNames\":\"x\","
		   "\"DPDKMode\":true}",
		""
	);
}

static void
test_vf_values_refused(void **state)
{
	static const struct refused cases[] = {
		{VF "\"deviceID\":\"ens1f0v0\"}",
	         "f: deviceID: \"ens1f0v0\" is no PCI address like 0000:3b:02.1"},
		{VF "\"deviceID\":7}", "f: deviceID: a string is wanted"},
		{VF "\"vlan\":4095}", "f: vlan: vlan=4095: 0 (none) or 1..4094 is wanted"},
		{VF "\"vlan\":-1}", "f: vlan: -1 is not in 0..4294967295"},
		{VF "\"vlan\":\"7\"}", "f: vlan: a whole number is wanted"},
		{VF "\"vlan\":7.0}", "f: vlan: a whole number is wanted"},
		{VF "\"vlan\":true}", "f: vlan: a whole number is wanted"},
		{VF "\"vlan\":7,\"vlanQoS\":8}", "f: vlanQoS: qos=8: a priority, 0..7, is wanted"},
		{VF "\"vlanQoS\":0}", "f: vlanQoS: it needs a vlan, and none is given"},
		{VF "\"vlan\":0,\"vlanQoS\":1}",
	         "f: vlanQoS: it needs a vlan of 1..4094, and vlan is 0"},
		{VF "\"vlanProto\":\"802.1Q\"}",
	         "f: vlanProto: it needs a vlan, and none is given"},
		{VF "\"vlan\":0,\"vlanProto\":\"802.1ad\"}",
	         "f: vlanProto: it needs a vlan of 1..4094, and vlan is 0"},
		{VF "\"vlan\":5,\"vlanProto\":\"802.1x\"}",
	         "f: vlanProto: proto=802.1x: 802.1Q or 802.1ad is wanted"},
		{VF "\"mac\":\"01:00:5e:00:00:01\"}",
	         "f: mac: mac=01:00:5e:00:00:01: it is a group address; a VF needs that of one "
	         "station"},
		{VF "\"mac\":\"00:00:00:00:00:00\"}",
	         "f: mac: mac=00:00:00:00:00:00: a VF cannot use the zero address"},
		{VF "\"mac\":\"02:00:00:00:00\\n01\"}",
	         "f: mac: mac=02:00:00:00:00?01: an address like 02:00:00:00:00:01 is wanted"},
		{VF "\"mac\":\"nonsense\",\"runtimeConfig\":{\"mac\":\"02:00:00:00:00:01\"}}",
	         "f: mac: mac=nonsense: an address like 02:00:00:00:00:01 is wanted"},
		{VF "\"runtimeConfig\":{\"mac\":\"nonsense\"}}",
	         "f: runtimeConfig.mac: mac=nonsense: an address like 02:00:00:00:00:01 is wanted"},
		{VF "\"runtimeConfig\":[]}", "f: runtimeConfig: an object ({...}) is wanted"},
		{VF "\"spoofchk\":\"no\"}", "f: spoofchk: spoofchk=no: on or off is wanted"},
		{VF "\"spoofchk\":true}", "f: spoofchk: a string is wanted"},
		{VF "\"trust\":\"On\"}", "f: trust: trust=On: on or off is wanted"},
		{VF "\"link_state\":\"up\"}",
	         "f: link_state: link-state=up: auto, enable or disable is wanted"},
		{VF "\"min_tx_rate\":5,\"max_tx_rate\":4}",
	         "f: min-tx-rate=5 is more than max-tx-rate=4; 0 means no limit"},
		{VF "\"max_tx_rate\":4294967296}",
	         "f: max_tx_rate: 4294967296 is not in 0..4294967295"},
		{VF "\"max_tx_rate\":2147483648}",
	         "f: max_tx_rate: max-tx-rate=2147483648: 0 (no limit) or a rate in Mbit/s, below "
	         "2147483648, is wanted"},
		{VF "\"vlan\":1,\"VLAN\":2}", "f: vlan: given twice, as vlan and VLAN"},
	};

	(void)state;
	expect_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

static void
test_what_is_no_configuration(void **state)
{
	static const struct refused cases[] = {
		{"", "f:1:0: '[' or '{' expected near end of file"},
		{"nonsense", "f:1:8: '[' or '{' expected near 'nonsense'"},
		{"[]", "f: not an object ({...}) but a list"},
		{"{}", "f: type: it is missing; \"sriov\" and \"bond\" are known"},
		{"{\"type\":\"\"}", "f: type: it is missing; \"sriov\" and \"bond\" are known"},
		{"{\"type\":\"macvlan\"}",
	         "f: type: \"macvlan\"; \"sriov\" and \"bond\" are known"},
		{"{\"type\":[]}", "f: type: a string is wanted"},
		{"{\n  \"type\": \"sriov\",\n  \"vlan\": 5,\n}",
	         "f:4:1: string or '}' expected near '}'"},
		{VF "\"vlan\":5} trailing", "f:1:34: end of file expected near 'trailing'"},
		{VF "\"vlan\":5,\"vlan\":6}", "f:1:31: duplicate object key near '\"vlan\"'"},
		{VF "\"vlan\":99999999999999999999}",
	         "f:1:43: too big integer near '99999999999999999999'"},
		{VF "\"x\":1e999}", "f:1:25: real number overflow near '1e999'"},
		{VF "\"mac\":\"\\u0000\"}", "f:1:30: a NUL character in a string"},
		{VF "\"mac\":\"\xff\"}", "f:1:23: unable to decode byte 0xff near '\"'"},
		{VF "\"mac\":\"\x01\"}", "f:1:23: control character 0x1 near '\"'"},
		{VF "\"name\":5}", "f: name: a string is wanted"},
	};

	(void)state;
	expect_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

static void
test_nul_bytes_and_depth(void **state)
{
	static const char nul[] = VF "\"vlan\":5}\0";
	struct netconf c;
	struct reason why;
	char *deep = malloc(100001);

	(void)state;
	assert_non_null(deep);
	assert_int_equal(netconf_parse(nul, sizeof(nul) - 1, "f", &c, &why), -EINVAL);
	assert_int_equal(netconf_parse("\0", 1, "f", &c, &why), -EINVAL);
	assert_int_equal(netconf_parse(NULL, 0, "f", &c, &why), -EINVAL);
	memset(deep, '[', 100000);
	deep[100000] = '\0';
	assert_int_equal(netconf_parse(deep, 100000, "f", &c, &why), -EINVAL);
	assert_string_equal(why.text, "f:1:2049: maximum parsing depth reached near '['");
	/* A key that is not ours may hold anything that is JSON. */
	memcpy(deep, VF "\"x\":", strlen(VF "\"x\":"));
	memset(deep + strlen(VF "\"x\":"), '[', 1000);
	memset(deep + strlen(VF "\"x\":") + 1000, ']', 1000);
	strcpy(deep + strlen(VF "\"x\":") + 2000, ",\"vlan\":9}");
	expect_settings(deep, "vlan=9");
	free(deep);
}

static void
test_lists_of_plugins(void **state)
{
	struct netconf c =
		parsed("{\"name\":\"outer\",\"plugins\":[{\"type\":\"macvlan\",\"vlan\":\"x\"},{},"
	               "{\"type\":\"sriov\",\"vlan\":3},{\"type\":\"sriov\",\"vlan\":4}]}");
	static const struct refused cases[] = {
		{"{\"plugins\":{}}", "f: plugins: a list ([...]) is wanted"},
		{"{\"plugins\":[]}", "f: plugins: none is of type \"sriov\" or \"bond\""},
		{"{\"plugins\":[{\"type\":\"tuning\"}]}",
	         "f: plugins: none is of type \"sriov\" or \"bond\""},
		{"{\"plugins\":[{},7]}", "f: plugins: item 1 is no object ({...})"},
		{"{\"plugins\":[{\"type\":\"tuning\"},{\"type\":\"sriov\",\"vlan\":-1}]}",
	         "f: plugins[1].vlan: -1 is not in 0..4294967295"},
		{"{\"plugins\":[{\"type\":\"bond\",\"mode\":\"1\",\"links\":[{\"name\":\"a\"},{}]}]"
	         "}",
	         "f: plugins[0].links[1].name: it is missing"},
	};

	(void)state;
	assert_int_equal(c.vf.settings.vlan, 3);
	assert_string_equal(c.vf.name, "outer");
	c = parsed("{\"name\":\"outer\",\"plugins\":[{\"type\":\"sriov\",\"name\":\"inner\"}]}");
	assert_string_equal(c.vf.name, "inner");
	expect_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

static void
test_network_names(void **state)
{
	char json[256] = VF "\"name\":\"";
	struct netconf c = parsed(VF "\"name\":\"a\\nb\"}");

	(void)state;
	assert_string_equal(c.vf.name, "a?b");
	memset(json + strlen(json), 'n', 64);
	strcat(json, "\"}");
	c = parsed(json);
	assert_string_equal(c.vf.name, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vf_with_every_key),
		cmocka_unit_test(test_what_is_not_asked_is_not_touched),
		cmocka_unit_test(test_zero_is_asked),
		cmocka_unit_test(test_runtime_mac_goes_before_mac),
		cmocka_unit_test(test_keys_of_either_case),
		cmocka_unit_test(test_keys_of_the_plugins_own_files_do_nothing),
		cmocka_unit_test(test_vf_values_refused),
		cmocka_unit_test(test_what_is_no_configuration),
		cmocka_unit_test(test_nul_bytes_and_depth),
		cmocka_unit_test(test_lists_of_plugins),
		cmocka_unit_test(test_network_names),
	};

	return cmocka_run_group_tests_name("netconf", tests, NULL, NULL);
}
