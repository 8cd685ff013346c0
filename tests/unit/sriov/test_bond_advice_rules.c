/* SPDX-License-Identifier: BSD-3-Clause */
/* What is said of PFs, links, VLANs, modes and drivers, word by word. */
#include "advice_bench.h"

#include <stdio.h>

/* What is said in @mode, with the one change that @change makes. */
static void
expect(void (*change)(struct advice_bench *b), int mode, const char *lines)
{
	struct advice_bench b;

	bench_init(&b);
	change(&b);
	assert_int_equal(judge(&b, mode, 0), ADVICE_MAC_FINE);
	assert_said(&b, lines);
	bench_fini(&b);
}

#define MODE_4                                                                                 \
	"bond0: no vendor supports 802.3ad over VFs: NICs may keep LACPDUs from a VF, and a "  \
	"port of the switch has one partner, so neither the host nor another VF of these PFs " \
	"may speak LACP: if no partner shows (show lacp bond0), take active-backup\n"
#define LAG(mode)                                                                                \
	"bond0: " mode " over VFs wants a static link aggregation in the switch over the ports " \
	"of all members' PFs, and everybody else on these PFs to balance so too: else take "     \
	"active-backup\n"

static void
change_nothing(struct advice_bench *b)
{
	(void)b;
}

static void
test_modes(void **state)
{
	(void)state;
	expect(change_nothing, 0, LAG("balance-rr"));
	expect(change_nothing, 1, "");
	expect(change_nothing, 2, LAG("balance-xor"));
	expect(change_nothing, 3, "");
	expect(change_nothing, 4, MODE_4);
	expect(change_nothing, 5, "");
	expect(change_nothing, 6, "");
}

static void
test_one_pf(void **state)
{
#define ONE_PF(harm)                                                                       \
	"bond0: 0000:3b:10.0 and 0000:3c:10.0 are VFs of one PF, 0000:3b:00.0: both fail " \
	"with it" harm "; take VFs of different PFs (--distinct-pf)\n"
#define ONE_ADDRESS ", and its switch can give the bond's address to one of them only"
	(void)state;
	expect(on_one_pf, 0, ONE_PF(ONE_ADDRESS) LAG("balance-rr"));
	expect(on_one_pf, 1, ONE_PF(ONE_ADDRESS));
	expect(on_one_pf, 2, ONE_PF(ONE_ADDRESS) LAG("balance-xor"));
	expect(on_one_pf, 3, ONE_PF(", and every frame leaves it twice"));
	expect(on_one_pf, 4, ONE_PF(", and its one cable cannot carry two partners of LACP") MODE_4
	);
	expect(on_one_pf, 5, ONE_PF(""));
	expect(on_one_pf, 6, ONE_PF(""));
}

static void
test_each_of_three_on_one_pf_once(void **state)
{
	struct bond_advice_member members[3];
	struct claim_result third;
	struct advice_bench b;

	(void)state;
	bench_init(&b);
	on_one_pf(&b);
	third = b.results[1];
	third.addr.bus++;
	memcpy(members, b.members, sizeof(b.members));
	members[2] = members[1];
	members[2].vf = &third;
	assert_int_equal(bond_advice("bond0", 5, 0, members, 3, &b.notes, &b.why), ADVICE_MAC_FINE);
	assert_said(
		&b,
		ONE_PF("") "bond0: 0000:3b:10.0 and 0000:3d:10.0 are VFs of one PF, 0000:3b:00.0: "
			   "both fail with it; take VFs of different PFs (--distinct-pf)\n"
	);
	bench_fini(&b);
}

static void
behind_one_switch(struct advice_bench *b)
{
	strcpy(b->members[0].pf_switch_id, "c2b3f40003d90500");
	strcpy(b->members[1].pf_switch_id, "c2b3f40003d90500");
}

static void
behind_two_switches(struct advice_bench *b)
{
	strcpy(b->members[0].pf_switch_id, "c2b3f40003d90500");
	strcpy(b->members[1].pf_switch_id, "c2b3f40003d90600");
}

static void
on_one_pf_and_switch(struct advice_bench *b)
{
	on_one_pf(b);
	behind_one_switch(b);
}

static void
test_one_switch(void **state)
{
	(void)state;
	expect(behind_one_switch,
	       1,
	       "bond0: 0000:3b:10.0 and 0000:3c:10.0 are behind one switch inside a NIC "
	       "(phys_switch_id c2b3f40003d90500): both fail with it, and it sees the bond's "
	       "address at two of its ports; take VFs of different NICs\n");
	expect(behind_one_switch,
	       5,
	       "bond0: 0000:3b:10.0 and 0000:3c:10.0 are behind one switch inside a NIC "
	       "(phys_switch_id c2b3f40003d90500): both fail with it; take VFs of different NICs\n"
	);
	expect(behind_two_switches, 1, "");
	expect(on_one_pf_and_switch, 5, ONE_PF(""));
}

static void
in_a_host_bond(struct advice_bench *b)
{
	b->members[1].pf_in_bond = true;
	strcpy(b->members[1].pf_master, "bond7");
}

static void
in_a_host_bond_and_hidden(struct advice_bench *b)
{
	in_a_host_bond(b);
	b->results[1].pf_known = false;
}

static void
test_pf_in_a_host_bond(void **state)
{
	(void)state;
	expect(in_a_host_bond,
	       1,
	       "bond0: 0000:3c:10.0: its PF 0000:3c:00.0 is a member of the host's bond bond7: "
	       "where the switch has a link aggregation for it, half of what is meant for the bond "
	       "comes to the other PF, and is lost; take the PF out of bond7, or leave the bonding "
	       "to the host and give the program one VF\n");
	expect(in_a_host_bond,
	       4,
	       "bond0: 0000:3c:10.0: its PF 0000:3c:00.0 is a member of the host's bond bond7: if "
	       "that is 802.3ad too, two speak LACP on one port of the switch; take the PF out of "
	       "bond7, or leave the bonding to the host and give the program one VF\n" MODE_4);
	expect(in_a_host_bond_and_hidden,
	       5,
	       "bond0: 0000:3c:10.0: its PF (not to be seen) is a member of the host's bond bond7: "
	       "where the switch has a link aggregation for it, half of what is meant for the bond "
	       "comes to the other PF, and is lost; take the PF out of bond7, or leave the bonding "
	       "to the host and give the program one VF\n");
}

static void
without_carrier(struct advice_bench *b)
{
	b->members[0].pf_carrier = false;
	b->members[1].pf_carrier_known = false;
	b->members[1].pf_carrier = false;
}

static void
with_link_enabled(struct advice_bench *b)
{
	b->results[0].state.link_state = VF_LINK_ENABLE;
	b->results[1].state.link_state = VF_LINK_ENABLE;
}

static void
with_link_disabled(struct advice_bench *b)
{
	b->results[1].state.link_state = VF_LINK_DISABLE;
}

static void
with_link_not_told(struct advice_bench *b)
{
	with_link_enabled(b);
	b->results[0].state.known &= ~(1u << VF_ATTR_LINK_STATE);
	b->results[1].state.known &= ~(1u << VF_ATTR_LINK_STATE);
}

static void
test_links(void **state)
{
	(void)state;
	expect(without_carrier,
	       1,
	       "bond0: 0000:3b:10.0: its PF has no carrier, so the member is down: raise the PF "
	       "(ip "
	       "link set PF up), or look at its cable\n");
	expect(with_link_enabled,
	       1,
	       "bond0: 0000:3b:10.0, 0000:3c:10.0: link-state=enable hides a lost link of its PF, "
	       "and the bond goes on sending there: set link-state=auto, or watch by arp_interval\n"
	);
	expect(with_link_enabled,
	       4,
	       "bond0: 0000:3b:10.0, 0000:3c:10.0: link-state=enable hides a lost link of its PF: "
	       "LACP notices after its timeout only; set link-state=auto\n" MODE_4);
	expect(with_link_disabled,
	       1,
	       "bond0: 0000:3c:10.0: link-state=disable holds it down: set link-state=auto\n");
	expect(with_link_not_told, 1, "");
}

static void
in_two_vlans(struct advice_bench *b)
{
	b->results[0].state.vlan = 100;
	b->results[0].state.vlan_proto = ETH_P_8021Q;
	b->results[1].state.vlan = 200;
	b->results[1].state.vlan_proto = ETH_P_8021Q;
}

static void
in_a_vlan_of_two_protos(struct advice_bench *b)
{
	in_two_vlans(b);
	b->results[1].state.vlan = 100;
	b->results[1].state.vlan_proto = ETH_P_8021AD;
}

static void
in_one_vlan(struct advice_bench *b)
{
	in_two_vlans(b);
	b->results[1].state.vlan = 100;
	b->results[1].state.qos = 3;
}

static void
in_no_vlan(struct advice_bench *b)
{
	b->results[0].state.vlan_proto = ETH_P_8021Q;
}

static void
in_vlans_not_told(struct advice_bench *b)
{
	in_two_vlans(b);
	b->results[1].state.known &= ~(1u << VF_ATTR_VLAN);
}

static void
test_vlans(void **state)
{
	(void)state;
	expect(in_two_vlans,
	       1,
	       "bond0: 0000:3b:10.0 has vlan 100 from its PF and 0000:3c:10.0 200: they reach "
	       "different networks; set the same vlan and proto for all\n");
	expect(in_a_vlan_of_two_protos,
	       1,
	       "bond0: 0000:3b:10.0 has vlan 100 from its PF and 0000:3c:10.0 100 of another "
	       "proto: "
	       "they reach different networks; set the same vlan and proto for all\n");
	expect(in_one_vlan, 1, "");
	expect(in_no_vlan, 1, "");
	expect(in_vlans_not_told, 1, "");
}

/* @lines for two VFs of @driver. */
static void
expect_family(const char *driver, int mode, bool trusted, const char *lines)
{
	struct advice_bench b;

	bench_init(&b);
	set_family(&b, driver);
	if (trusted)
		set_trust(&b);
	(void)judge(&b, mode, 0);
	assert_said(&b, lines);
	bench_fini(&b);
}

#define BOTH "bond0: 0000:3b:10.0, 0000:3c:10.0: "

static void
test_allmulticast_for_lacp(void **state)
{
	static const char *const pretend[] = {"i40e", "ice"};
	static const char *const refuse[] = {"hns3", "bnxt_en"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		expect_family(
			pretend[i],
			4,
			false,
			MODE_4 BOTH
			"without trust its PF says yes to allmulticast and does nothing, "
			"so no LACPDU comes in: set trust=on\n"
		);
		expect_family(pretend[i], 4, true, MODE_4);
		expect_family(pretend[i], 1, false, "");
		expect_family(
			refuse[i],
			4,
			false,
			MODE_4 BOTH "without trust its PF refuses allmulticast, so no LACPDU comes "
				    "in: set trust=on\n"
		);
		expect_family(refuse[i], 4, true, MODE_4);
	}
	/* igb heeds an untrusted VF's multicast, and of what is not known nothing is said. */
	expect_family("virtio-pci", 4, false, MODE_4);
}

static void
test_vfs_without_link_interrupt(void **state)
{
	static const char polled[] = BOTH
		"its driver in DPDK has no link interrupt: a lost link is noticed every miimon "
		"only; keep miimon=100 or less\n";

	(void)state;
	expect_family("igb", 1, true, polled);
	expect_family(
		"igb",
		4,
		false,
		MODE_4 BOTH
		"its driver in DPDK has no link interrupt: a lost link is noticed every "
		"miimon only; keep miimon=100 or less\n"
	);
	expect_family(
		"ixgbe",
		1,
		true,
		BOTH
		"its driver in DPDK has no link interrupt: a lost link is noticed every miimon "
		"only; keep miimon=100 or less\n" BOTH
		"VFs of an 82599 have one queue and cannot be promiscuous: keep --rxq and "
		"--txq at 1, and pair the bond with a port that takes its address\n"
	);
}

static void
test_vfs_that_keep_their_address(void **state)
{
	static const char *const drivers[] = {"ena", "mana"};
	struct advice_bench b;

	(void)state;
	for (int i = 0; i < 2; i++) {
		bench_init(&b);
		set_family(&b, drivers[i]);
		strcpy(b.results[0].driver, drivers[i]);
		strcpy(b.results[1].driver, drivers[i]);
		b.results[0].has_state = b.results[1].has_state = false;
		(void)judge(&b, 1, 0);
		assert_said(
			&b,
			BOTH "it cannot take another address: take active-backup with "
			     "fail_over_mac=active\n"
		);
		text_clear(&b.notes);
		(void)judge(&b, 1, 1);
		assert_said(&b, "");
		bench_fini(&b);
	}
}

static void
test_vfs_that_stay_with_the_kernel(void **state)
{
	static const char backup[] =
		BOTH "its vendor supports active-backup only over VFs: take it, or the NIC's own "
		     "link aggregation (VF-LAG) with one VF\n";
	static const char *const drivers[] = {"mlx5_core", "mlx4_core"};
	struct advice_bench b;

	(void)state;
	for (int i = 0; i < 2; i++) {
		bench_init(&b);
		set_family(&b, drivers[i]);
		strcpy(b.results[0].driver, drivers[i]);
		strcpy(b.results[1].driver, drivers[i]);
		(void)judge(&b, 1, 0);
		assert_said(&b, "");
		(void)judge(&b, 5, 0);
		assert_said(&b, backup);
		text_clear(&b.notes);
		strcpy(b.results[1].driver, "vfio-pci");
		(void)judge(&b, 1, 0);
		assert_said(
			&b,
			"bond0: 0000:3c:10.0: its driver in DPDK works on top of the kernel's, not "
			"of vfio-pci: give it back (vfctl unbind)\n"
		);
		bench_fini(&b);
	}
	expect_family(
		"mlx5_core",
		4,
		false,
		MODE_4 BOTH
		"without trust its PF refuses allmulticast, so no LACPDU comes in: set "
		"trust=on\n" BOTH
		"its vendor supports active-backup only over VFs: take it, or the NIC's "
		"own link aggregation (VF-LAG) with one VF\n" BOTH
		"its driver in DPDK works on top of the kernel's, not of vfio-pci: give "
		"it back (vfctl unbind)\n"
	);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_one_pf),
		cmocka_unit_test(test_each_of_three_on_one_pf_once),
		cmocka_unit_test(test_one_switch),
		cmocka_unit_test(test_pf_in_a_host_bond),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_vlans),
		cmocka_unit_test(test_allmulticast_for_lacp),
		cmocka_unit_test(test_vfs_without_link_interrupt),
		cmocka_unit_test(test_vfs_that_keep_their_address),
		cmocka_unit_test(test_vfs_that_stay_with_the_kernel),
	};

	return cmocka_run_group_tests_name("bond_advice_rules", tests, NULL, NULL);
}
