/* SPDX-License-Identifier: BSD-3-Clause */
/* A bond's two renderings from fixed snapshots: the text of /proc/net/bonding, and JSON. */
#include "bond_view.h"
#include "text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static struct bond_view
two_members(enum bond_mode mode)
{
	struct bond_view v = {
		.name = "bond0",
		.dev_name = "net_bonding_bond0",
		.port_id = 2,
		.mode = mode,
		.miimon_ms = 100,
		.mac = {{0x02, 0xaa, 0, 0, 0, 1}},
		.up = true,
		.link_up = true,
		.nb_members = 2,
	};

	for (uint16_t i = 0; i < 2; i++) {
		struct bond_member_view *m = &v.members[i];

		strcpy(m->name, i == 0 ? "p0" : "p1");
		m->port_id = i;
		m->attached = m->link_up = true;
		m->speed_mbps = 10000;
		m->full_duplex = true;
		m->own_mac = (struct rte_ether_addr){{0x02, 0xbb, 0, 0, 0, (uint8_t)i}};
	}
	return v;
}

static void
active_backup(void **state)
{
	struct bond_view v = two_members(BOND_MODE_AB);
	struct text t = TEXT_EMPTY;

	(void)state;
	strcpy(v.primary, "p0");
	strcpy(v.active, "p1");
	v.members[0].link_up = v.members[0].attached = false;
	v.members[0].speed_mbps = 0;
	v.members[0].link_failures = 3;
	strcpy(v.members[0].why_idle, "detached: no carrier");
	bond_view_proc(&v, "0.1", &t);
	assert_string_equal(
		text_str(&t),
		"Ethernet Channel Bonding Driver: vfbond 0.1\n"
		"\n"
		"Bonding Mode: fault-tolerance (active-backup)\n"
		"Primary Slave: p0 (primary_reselect always)\n"
		"Currently Active Slave: p1\n"
		"MII Status: up\n"
		"MII Polling Interval (ms): 100\n"
		"Up Delay (ms): 0\n"
		"Down Delay (ms): 0\n"
		"Peer Notification Delay (ms): 0\n"
		"\n"
		"Slave Interface: p0\n"
		"MII Status: down\n"
		"Speed: Unknown\n"
		"Duplex: Unknown\n"
		"Link Failure Count: 3\n"
		"Permanent HW addr: 02:bb:00:00:00:00\n"
		"Slave queue ID: 0\n"
		"Carries no traffic: detached: no carrier\n"
		"\n"
		"Slave Interface: p1\n"
		"MII Status: up\n"
		"Speed: 10000 Mbps\n"
		"Duplex: full\n"
		"Link Failure Count: 0\n"
		"Permanent HW addr: 02:bb:00:00:00:01\n"
		"Slave queue ID: 0\n"
	);
	text_fini(&t);
}

static void
lacp(void **state)
{
	struct bond_view v = two_members(BOND_MODE_8023AD);
	struct text t = TEXT_EMPTY;

	(void)state;
	v.policy = BOND_POLICY_L34;
	v.nb_members = 1;
	v.members[0].has_lacp = true;
	v.members[0].aggregator = 1;
	v.members[0].actor = (struct bond_lacp_side_view){
		.system_priority = 65535,
		.system = v.mac,
		.key = 33,
		.port_priority = 255,
		.port_number = 1,
		.state = 61,
	};
	v.members[0].partner = (struct bond_lacp_side_view){
		.system_priority = 65534,
		.system = {{0x02, 0xcc, 0, 0, 0, 9}},
		.key = 1,
		.port_priority = 65535,
		.port_number = 2,
		.state = 63,
	};
	bond_view_proc(&v, "0.1", &t);
	assert_string_equal(
		text_str(&t),
		"Ethernet Channel Bonding Driver: vfbond 0.1\n"
		"\n"
		"Bonding Mode: IEEE 802.3ad Dynamic link aggregation\n"
		"Transmit Hash Policy: layer3+4 (1)\n"
		"MII Status: up\n"
		"MII Polling Interval (ms): 100\n"
		"Up Delay (ms): 0\n"
		"Down Delay (ms): 0\n"
		"Peer Notification Delay (ms): 0\n"
		"\n"
		"802.3ad info\n"
		"LACP active: on\n"
		"LACP rate: slow\n"
		"Min links: 0\n"
		"Aggregator selection policy (ad_select): stable\n"
		"System priority: 65535\n"
		"System MAC address: 02:aa:00:00:00:01\n"
		"Active Aggregator Info:\n"
		"\tAggregator ID: 1\n"
		"\tNumber of ports: 1\n"
		"\tActor Key: 33\n"
		"\tPartner Key: 1\n"
		"\tPartner Mac Address: 02:cc:00:00:00:09\n"
		"\n"
		"Slave Interface: p0\n"
		"MII Status: up\n"
		"Speed: 10000 Mbps\n"
		"Duplex: full\n"
		"Link Failure Count: 0\n"
		"Permanent HW addr: 02:bb:00:00:00:00\n"
		"Slave queue ID: 0\n"
		"Aggregator ID: 1\n"
		"Actor Churn State: none\n"
		"Partner Churn State: none\n"
		"Actor Churned Count: 0\n"
		"Partner Churned Count: 0\n"
		"details actor lacp pdu:\n"
		"    system priority: 65535\n"
		"    system mac address: 02:aa:00:00:00:01\n"
		"    port key: 33\n"
		"    port priority: 255\n"
		"    port number: 1\n"
		"    port state: 61\n"
		"details partner lacp pdu:\n"
		"    system priority: 65534\n"
		"    system mac address: 02:cc:00:00:00:09\n"
		"    oper key: 1\n"
		"    port priority: 65535\n"
		"    port number: 2\n"
		"    port state: 63\n"
	);
	text_fini(&t);
}

static void
no_aggregator(void **state)
{
	struct bond_view v = two_members(BOND_MODE_8023AD);
	struct text t = TEXT_EMPTY;

	(void)state;
	strcpy(v.members[0].why_idle, "no LACPDU from a partner");
	v.members[0].has_lacp = true;
	bond_view_proc(&v, "0.1", &t);
	assert_non_null(strstr(text_str(&t), "bond bond0 has no active aggregator\n"));
	text_fini(&t);
}

static void
json_has_every_member(void **state)
{
	struct bond_view v = two_members(BOND_MODE_AB);
	json_t *o, *m;

	(void)state;
	strcpy(v.active, "p0");
	strcpy(v.members[1].why_idle, "backup");
	o = bond_view_json(&v);
	assert_non_null(o);
	assert_string_equal(json_string_value(json_object_get(o, "mode")), "active-backup");
	assert_string_equal(json_string_value(json_object_get(o, "mac")), "02:aa:00:00:00:01");
	assert_string_equal(json_string_value(json_object_get(o, "active")), "p0");
	assert_true(json_is_null(json_object_get(o, "primary")));
	assert_int_equal(json_array_size(json_object_get(o, "members")), 2);
	m = json_array_get(json_object_get(o, "members"), 1);
	assert_string_equal(json_string_value(json_object_get(m, "why_idle")), "backup");
	assert_true(json_is_null(
		json_object_get(json_array_get(json_object_get(o, "members"), 0), "why_idle")
	));
	json_decref(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(active_backup),
		cmocka_unit_test(lacp),
		cmocka_unit_test(no_aggregator),
		cmocka_unit_test(json_has_every_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
