/* SPDX-License-Identifier: BSD-3-Clause */
/* A bond's two renderings from fixed snapshots: the text of /proc/net/bonding, and JSON. */
#include "bond_view.h"
#include "text.h"

#include <arpa/inet.h>
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
		.dev_name = "net_bonding_bond0",
		.port_id = 2,
		.mac = {{0x02, 0xaa, 0, 0, 0, 1}},
		.up = true,
		.link_up = true,
		.nb_members = 2,
	};

	bond_settings_default(&v.settings, "bond0");
	v.settings.mode = mode;
	for (uint16_t i = 0; i < 2; i++) {
		struct bond_member_view *m = &v.members[i];

		strcpy(m->name, i == 0 ? "p0" : "p1");
		m->port_id = i;
		m->present = m->attached = m->link_up = m->usable = true;
		m->link = BOND_LINK_UP;
		m->speed_mbps = 10000;
		m->full_duplex = true;
		m->own_mac = (struct rte_ether_addr){{0x02, 0xbb, 0, 0, 0, (uint8_t)i}};
		m->want_mac = m->mac = v.mac;
	}
	return v;
}

#define HEAD "Ethernet Channel Bonding Driver: vfbond 0.1\n\n"
#define NO_DELAYS "Up Delay (ms): 0\nDown Delay (ms): 0\nPeer Notification Delay (ms): 0\n"
#define MEMBER(name, link, last)                                                               \
	"\nSlave Interface: " name "\nMII Status: " link "\nSpeed: 10000 Mbps\nDuplex: full\n" \
	"Link Failure Count: 0\nPermanent HW addr: 02:bb:00:00:00:0" last "\nSlave queue ID: 0\n"

static void
expect(const struct bond_view *v, const char *text)
{
	struct text t = TEXT_EMPTY;

	bond_view_proc(v, "0.1", &t);
	assert_string_equal(text_str(&t), text);
	text_fini(&t);
}

static void
active_backup(void **state)
{
	struct bond_view v = two_members(BOND_MODE_AB);

	(void)state;
	strcpy(v.settings.primary, "p0");
	strcpy(v.primary, "p0");
	strcpy(v.active, "p1");
	v.settings.primary_reselect = BOND_RESELECT_BETTER;
	v.settings.fail_over_mac = BOND_FOM_FOLLOW;
	v.settings.updelay_ticks = 2;
	v.settings.downdelay_ticks = 3;
	v.settings.peer_notif_delay_ticks = 10;
	v.members[0].link = BOND_LINK_DOWN;
	v.members[0].link_up = v.members[0].usable = false;
	v.members[0].speed_mbps = 0;
	v.members[0].link_failures = 3;
	v.members[0].queue_id = 7;
	strcpy(v.members[0].why_idle, "link down");
	expect(&v,
	       HEAD "Bonding Mode: fault-tolerance (active-backup) (fail_over_mac follow)\n"
	            "Primary Slave: p0 (primary_reselect better)\n"
	            "Currently Active Slave: p1\n"
	            "MII Status: up\n"
	            "MII Polling Interval (ms): 100\n"
	            "Up Delay (ms): 200\n"
	            "Down Delay (ms): 300\n"
	            "Peer Notification Delay (ms): 1000\n"
	            "\n"
	            "Slave Interface: p0\n"
	            "MII Status: down\n"
	            "Speed: Unknown\n"
	            "Duplex: Unknown\n"
	            "Link Failure Count: 3\n"
	            "Permanent HW addr: 02:bb:00:00:00:00\n"
	            "Slave queue ID: 7\n" MEMBER("p1", "up", "1"));
}

/* A primary that is no member is none, whatever the settings say (primary_slave). */
static void
nobody_is_up(void **state)
{
	struct bond_view v = two_members(BOND_MODE_ALB);

	(void)state;
	strcpy(v.settings.primary, "p7");
	v.link_up = false;
	v.nb_members = 0;
	expect(&v,
	       HEAD "Bonding Mode: adaptive load balancing\n"
	            "Primary Slave: None\n"
	            "Currently Active Slave: None\n"
	            "MII Status: down\n"
	            "MII Polling Interval (ms): 100\n" NO_DELAYS);
}

static void
arp_monitor(void **state)
{
	struct bond_view v = two_members(BOND_MODE_RR);
	struct bond_settings *s = &v.settings;

	(void)state;
	s->miimon_ms = 0;
	s->arp_interval_ms = 250;
	s->arp_missed_max = 5;
	v.members[0].link = BOND_LINK_FAIL;
	v.members[1].link = BOND_LINK_BACK;
	expect(&v,
	       HEAD "Bonding Mode: load balancing (round-robin)\n"
	            "MII Status: up\n"
	            "MII Polling Interval (ms): 0\n" NO_DELAYS "ARP Polling Interval (ms): 250\n"
	            "ARP Missed Max: 5\n"
	            "ARP IP target/s (n.n.n.n form):\n"
	            "NS IPv6 target/s (xx::xx form):\n" MEMBER("p0", "going down", "0")
	                    MEMBER("p1", "going back", "1"));
	s->nb_arp_targets = s->nb_ns_targets = 2;
	s->arp_targets[0] = RTE_BE32(0x0a000001);
	s->arp_targets[1] = RTE_BE32(0x0a0000fe);
	assert_int_equal(inet_pton(AF_INET6, "2001:db8:0:0:1::1", &s->ns_targets[0]), 1);
	assert_int_equal(inet_pton(AF_INET6, "fe80::9", &s->ns_targets[1]), 1);
	v.nb_members = 0;
	expect(&v,
	       HEAD "Bonding Mode: load balancing (round-robin)\n"
	            "MII Status: up\n"
	            "MII Polling Interval (ms): 0\n" NO_DELAYS "ARP Polling Interval (ms): 250\n"
	            "ARP Missed Max: 5\n"
	            "ARP IP target/s (n.n.n.n form): 10.0.0.1, 10.0.0.254\n"
	            "NS IPv6 target/s (xx::xx form): 2001:db8::1:0:0:1, fe80::9\n");
}

/* bond_mode_uses_xmit_hash */
static void
hash_policy_where_it_is_used(void **state)
{
	static const bool used[BOND_MODE_COUNT] = {
		[BOND_MODE_XOR] = true, [BOND_MODE_8023AD] = true};
	static const bool used_without_load[BOND_MODE_COUNT] = {
		[BOND_MODE_XOR] = true,
		[BOND_MODE_8023AD] = true,
		[BOND_MODE_TLB] = true,
		[BOND_MODE_ALB] = true,
	};

	(void)state;
	for (int mode = 0; mode < BOND_MODE_COUNT; mode++)
		for (int dynamic = 0; dynamic < 2; dynamic++) {
			struct bond_view v = two_members((enum bond_mode)mode);
			struct text t = TEXT_EMPTY;

			v.settings.policy = BOND_POLICY_ENCAP34;
			v.settings.tlb_dynamic_lb = dynamic;
			bond_view_proc(&v, "0.1", &t);
			assert_int_equal(
				strstr(text_str(&t), "\nTransmit Hash Policy: encap3+4 (4)\n") !=
					NULL,
				dynamic ? used[mode] : used_without_load[mode]
			);
			text_fini(&t);
		}
}

static void
lacp(void **state)
{
	struct bond_view v = two_members(BOND_MODE_8023AD);
	struct text t = TEXT_EMPTY;

	(void)state;
	v.settings.policy = BOND_POLICY_L34;
	v.nb_members = 1;
	v.members[0].has_lacp = true;
	v.members[0].aggregator = 1;
	v.members[0].actor = (struct lacp_side){
		.system_priority = 65535,
		.system = v.mac,
		.key = 33,
		.port_priority = 255,
		.port_number = 1,
		.state = 61,
	};
	v.members[0].partner = (struct lacp_side){
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
	assert_non_null(strstr(text_str(&t), "Aggregator ID: N/A\n"));
	text_fini(&t);
}

/* The value at a path of keys and indices, as "members.1.link". */
static const json_t *
at(const json_t *o, const char *path)
{
	char copy[64], *save = NULL;

	strcpy(copy, path);
	for (char *key = strtok_r(copy, ".", &save); key != NULL; key = strtok_r(NULL, ".", &save))
		o = json_is_array(o) ? json_array_get(o, (size_t)(key[0] - '0'))
		                     : json_object_get(o, key);
	if (o == NULL)
		fail_msg("no %s", path);
	return o;
}

static const char *
str(const json_t *o, const char *path)
{
	return json_string_value(at(o, path));
}

static json_int_t
num(const json_t *o, const char *path)
{
	return json_integer_value(at(o, path));
}

static void
json_has_every_member(void **state)
{
	struct bond_view v = two_members(BOND_MODE_AB);
	json_t *o;

	(void)state;
	strcpy(v.active, "p0");
	v.members[0].active = true;
	v.members[1].prio = -4;
	v.members[1].queue_id = 2;
	v.members[1].link = BOND_LINK_BACK;
	v.members[1].delay_left_ms = 300;
	strcpy(v.members[1].why_idle, "backup");
	o = bond_view_json(&v);
	assert_non_null(o);
	assert_string_equal(str(o, "mode"), "active-backup");
	assert_string_equal(str(o, "mac"), "02:aa:00:00:00:01");
	assert_string_equal(str(o, "active"), "p0");
	assert_string_equal(str(o, "io_path"), "direct");
	assert_true(json_is_null(at(o, "primary")));
	assert_int_equal(json_array_size(at(o, "members")), 2);
	assert_true(json_is_null(at(o, "members.0.why_idle")));
	assert_true(json_is_true(at(o, "members.0.active")));
	assert_string_equal(str(o, "members.1.why_idle"), "backup");
	assert_string_equal(str(o, "members.1.link"), "going back");
	assert_int_equal(num(o, "members.1.delay_left_ms"), 300);
	assert_int_equal(num(o, "members.1.prio"), -4);
	assert_int_equal(num(o, "members.1.queue_id"), 2);
	/* Down, or by the bond PMD: nothing of the engine's. */
	assert_null(json_object_get(o, "plan"));
	json_decref(o);
}

static void
json_has_every_option(void **state)
{
	struct bond_view v = two_members(BOND_MODE_8023AD);
	json_t *o;

	(void)state;
	v.settings.mode = BOND_MODE_RR;
	v.settings.packets_per_member = 9;
	v.settings.updelay_ticks = 2;
	o = bond_view_json(&v);
	assert_int_equal(json_object_size(at(o, "options")), bond_options_count);
	for (size_t i = 0; i < bond_options_count; i++)
		assert_true(json_is_string(json_object_get(at(o, "options"), bond_options[i].name))
		);
	assert_string_equal(str(o, "options.packets_per_slave"), "9");
	assert_string_equal(str(o, "options.updelay"), "200");
	json_decref(o);
}

static void
json_has_the_engine(void **state)
{
	struct bond_view v = two_members(BOND_MODE_ALB);
	json_t *o;

	(void)state;
	v.has_direct = true;
	v.direct = (struct bond_direct_view){
		.notify_left = 3,
		.igmp_left = 1,
		.failovers = 12,
		.nb_learnt = 5,
		.nb_usable = 1,
		.usable = {1},
		.nb_polled = 2,
		.polled = {0, 1},
		.deals_buckets = true,
		.totals = {.no_member = 7, .control_sent = 40},
		.nb_clients = 2,
		.clients[0] = {.client_ip = RTE_BE32(0x0a000009), .port_id = 1, .vlan_id = 30},
		.clients[1] = {.port_id = RTE_MAX_ETHPORTS},
	};
	v.members[1].counters = (struct direct_counters){.tx_packets = 1ull << 40, .tx_full = 8};
	v.members[1].nb_buckets = 256;
	v.members[1].want_mac = (struct rte_ether_addr){{0x02, 0xcc, 0, 0, 0, 1}};
	o = bond_view_json(&v);
	assert_int_equal(num(o, "failovers"), 12);
	assert_int_equal(num(o, "notifications_left"), 3);
	assert_int_equal(num(o, "igmp_reports_left"), 1);
	assert_int_equal(num(o, "learnt_hosts"), 5);
	assert_int_equal(json_array_size(at(o, "plan.usable")), 1);
	assert_string_equal(str(o, "plan.usable.0"), "p1");
	assert_string_equal(str(o, "plan.polled.0"), "p0");
	assert_int_equal(num(o, "counters.drops.no_member"), 7);
	assert_int_equal(num(o, "counters.control_sent"), 40);
	assert_int_equal(num(o, "members.1.counters.tx_packets"), 1ll << 40);
	assert_int_equal(num(o, "members.1.counters.drops.tx_full"), 8);
	assert_int_equal(num(o, "members.1.buckets"), 256);
	assert_string_equal(str(o, "members.1.wanted_mac"), "02:cc:00:00:00:01");
	assert_string_equal(str(o, "clients.0.client_ip"), "10.0.0.9");
	assert_string_equal(str(o, "clients.0.member"), "p1");
	assert_int_equal(num(o, "clients.0.vlan"), 30);
	assert_true(json_is_null(at(o, "clients.1.member")));
	json_decref(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(active_backup),
		cmocka_unit_test(nobody_is_up),
		cmocka_unit_test(arp_monitor),
		cmocka_unit_test(hash_policy_where_it_is_used),
		cmocka_unit_test(lacp),
		cmocka_unit_test(no_aggregator),
		cmocka_unit_test(json_has_every_member),
		cmocka_unit_test(json_has_every_option),
		cmocka_unit_test(json_has_the_engine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
