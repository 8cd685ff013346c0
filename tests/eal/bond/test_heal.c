/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Members that their PF leaves behind: net_null ports that pass for VFs whose link, counters and
 * refusals the test says. They leave the plan, are restarted or reset, and come back.
 */
#include "bench.h"
#include "bond_priv.h"
#include "bond_view.h"
#include "pmd_traits.h"
#include "run.h"
#include "units.h"

#include <rte_ethdev.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

enum { VF, OTHER, SPARE, PORTS };

static struct bench b;
static struct bond *bond;
static bool link_up[PORTS];
static uint64_t received[PORTS];
static unsigned starts, stops, resets; /* of the VF, by lib/bond and lib/port */
static int start_error, reset_error;

const struct pmd_traits *__wrap_pmd_traits_get(const char *driver);
const struct pmd_traits *
__wrap_pmd_traits_get(const char *driver)
{
	static const struct pmd_traits vf = {
		.packet_counter_bits = 32,
		.byte_counter_bits = 32,
		.restart_after_link_loss = true,
		.mac_set_unverified = true,
	};
	static const struct pmd_traits none;

	return driver != NULL && strcmp(driver, "net_null") == 0 ? &vf : &none;
}

int __wrap_rte_eth_link_get_nowait(uint16_t id, struct rte_eth_link *link);
int
__wrap_rte_eth_link_get_nowait(uint16_t id, struct rte_eth_link *link)
{
	memset(link, 0, sizeof(*link));
	link->link_status = id >= PORTS || link_up[id];
	link->link_speed = 1000;
	link->link_duplex = RTE_ETH_LINK_FULL_DUPLEX;
	return 0;
}

int __wrap_rte_eth_stats_get(uint16_t id, struct rte_eth_stats *e);
int
__wrap_rte_eth_stats_get(uint16_t id, struct rte_eth_stats *e)
{
	memset(e, 0, sizeof(*e));
	e->ipackets = received[id];
	return 0;
}

static bool
plan_names(uint16_t id)
{
	const struct bond_plan *plan = direct_plan(bond->run->direct);

	for (uint16_t i = 0; i < plan->nb_usable; i++)
		if (plan->usable[i] == id)
			return true;
	for (uint16_t i = 0; i < plan->nb_polled; i++)
		if (plan->polled[i].port_id == id)
			return true;
	for (uint16_t i = 0; i < plan->nb_idle; i++)
		if (plan->idle[i].port_id == id)
			return true;
	return false;
}

/* No worker may be about to use it. */
static void
check_unused(void)
{
	if (!bond->up)
		return;
	if (bond->run != NULL)
		assert_false(plan_names(VF));
	if (!run_polls_members(bond) && bond_pmd_is_member(VF))
		assert_true(b.depth > 0);
}

int __real_rte_eth_dev_stop(uint16_t id);
int __wrap_rte_eth_dev_stop(uint16_t id);
int
__wrap_rte_eth_dev_stop(uint16_t id)
{
	if (id == VF && bond != NULL) {
		stops++;
		check_unused();
	}
	return __real_rte_eth_dev_stop(id);
}

int __real_rte_eth_dev_start(uint16_t id);
int __wrap_rte_eth_dev_start(uint16_t id);
int
__wrap_rte_eth_dev_start(uint16_t id)
{
	if (id == VF && bond != NULL) {
		starts++;
		if (start_error != 0)
			return start_error;
	}
	return __real_rte_eth_dev_start(id);
}

int __wrap_rte_eth_dev_reset(uint16_t id);
int
__wrap_rte_eth_dev_reset(uint16_t id)
{
	assert_int_equal(id, VF);
	/* It may take long: nobody waits for it. */
	assert_int_equal(b.depth, 0);
	check_unused();
	resets++;
	return reset_error;
}

/* Time passes, in ticks; frames are received by who has a link. */
static void
pass(unsigned ms)
{
	for (unsigned i = 0; i < ms; i += 10) {
		b.ahead_ns += 10 * NSEC_PER_MSEC;
		(void)bonds_tick(b.bonds);
	}
}

static void
hear(void)
{
	for (unsigned i = 0; i < PORTS; i++)
		received[i]++;
}

static const char *
events(void)
{
	return text_str(&b.events);
}

static unsigned
count_events(const char *words)
{
	unsigned n = 0;

	for (const char *p = events(); (p = strstr(p, words)) != NULL; p++)
		n++;
	return n;
}

static struct bond_member_view
view_of(uint16_t port_id)
{
	struct bond_view v;

	bond_view(b.bonds, bond, &v);
	for (uint16_t i = 0; i < v.nb_members; i++)
		if (v.members[i].port_id == port_id)
			return v.members[i];
	fail_msg("no member %u", port_id);
	return v.members[0];
}

static void
begin(const char *line)
{
	struct reason why;

	bench_new(&b);
	for (unsigned i = 0; i < PORTS; i++)
		link_up[i] = true;
	memset(received, 0, sizeof(received));
	start_error = reset_error = 0;
	bond = NULL;
	if (bench_bond(&b, line, &why) != 0)
		fail_msg("%s", why.text);
	bond = bonds_find(b.bonds, "b");
	bench_wait_active(bond, 2);
	pass(PORT_HEAL_SETTLE_MS + 200);
	starts = stops = resets = 0;
}

static void
end(void)
{
	bond = NULL;
	assert_int_equal(b.depth, 0);
	assert_int_equal(bench_free(&b), 0);
}

static const char *const lines[] = {
	"b mode=1 members=net_null0,net_null1",
	"b mode=1 members=net_null0,net_null1 primary=net_null0",
	"b mode=2 members=net_null0,net_null1",
	"b mode=6 members=net_null0,net_null1",
	"b mode=1 members=net_null0,net_null1 primary=net_null0 io_path=pmd",
	"b mode=2 members=net_null0,net_null1 io_path=pmd",
};

static void
a_lost_link_brings_a_restart(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		begin(lines[i]);
		link_up[VF] = false;
		pass(1000);
		assert_int_equal(starts, 0);
		assert_string_equal(view_of(VF).why_idle, "to be restarted, once it has its link");
		link_up[VF] = true;
		pass(PORT_HEAL_STEADY_MS - 50);
		assert_int_equal(starts, 0);
		if (bond->run != NULL)
			assert_false(view_of(VF).usable);
		pass(100);
		assert_int_equal(stops, starts + !run_polls_members(bond));
		assert_int_equal(starts, 1);
		assert_int_equal(count_events("member net_null0 restarted"), 1);
		/* It may be deaf yet. */
		if (bond->run != NULL)
			assert_false(view_of(VF).link_up);
		pass(200);
		hear();
		pass(300);
		if (bond->run != NULL) {
			assert_true(view_of(VF).usable);
			assert_true(plan_names(VF));
		}
		if (strstr(lines[i], "primary") != NULL && bond->run != NULL)
			assert_true(view_of(VF).active);
		/* Once was enough. */
		pass(10000);
		assert_int_equal(starts, 1);
		end();
	}
}

static void
a_slow_monitor_misses_nothing(void **state)
{
	(void)state;
	begin("b mode=1 members=net_null0,net_null1 miimon=10000");
	link_up[VF] = false;
	pass(500);
	link_up[VF] = true;
	pass(500);
	assert_int_equal(starts, 1);
	end();
}

static void
who_is_alone_is_used_at_once(void **state)
{
	(void)state;
	begin(lines[0]);
	link_up[VF] = link_up[OTHER] = false;
	pass(1000);
	link_up[VF] = true;
	pass(PORT_HEAL_STEADY_MS + 200);
	assert_true(view_of(VF).usable);
	end();
}

/* A flap that no poll of the link saw. */
static void
counters_show_a_reset_too(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		begin(lines[i]);
		received[VF] = 5;
		pass(200);
		received[VF] = UINT64_C(1) << 32;
		pass(200 + PORT_HEAL_STEADY_MS);
		assert_int_equal(starts, 1);
		end();
	}
}

static void
a_port_that_does_not_start_is_tried_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		begin(lines[i]);
		link_up[VF] = false;
		pass(1000);
		link_up[VF] = true;
		start_error = -EIO;
		pass(PORT_HEAL_STEADY_MS + 100);
		assert_int_equal(starts, 1);
		assert_int_equal(count_events("cannot restart member net_null0"), 1);
		/* The PMD does not have it meanwhile. */
		assert_false(view_of(VF).attached);
		start_error = 0;
		pass(500);
		assert_true(view_of(VF).attached);
		assert_int_equal(count_events("member net_null0 restarted"), 1);
		hear();
		pass(500);
		if (bond->run != NULL)
			assert_true(view_of(VF).usable);
		end();
	}
}

static void
a_pf_asks_for_a_reset(void **state)
{
	static const int errors[] = {0, -ENOTSUP};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]) * 2; i++) {
		struct bond_member *m;
		struct reason why;
		struct rte_ether_addr mac;

		begin(lines[i / 2]);
		assert_int_equal(bond_promisc_set(b.bonds, bond, true, &why), 0);
		reset_error = errors[i % 2];
		assert_true(bonds_reset_event(b.bonds, VF));
		if (bond->run != NULL)
			assert_int_equal(view_of(VF).heal, PORT_HEAL_RESET);
		pass(100);
		assert_int_equal(resets, 1);
		assert_int_equal(count_events("member net_null0 reset"), 1);
		assert_true(view_of(VF).attached);
		assert_int_equal(port_state(b.ports, VF), PORT_STARTED);
		pass(200);
		hear();
		pass(500);
		if (bond->run == NULL) {
			end();
			continue;
		}
		assert_true(view_of(VF).usable);
		m = bond_find_member(bond, VF);
		assert_int_equal(rte_eth_macaddr_get(VF, &mac), 0);
		assert_true(rte_is_same_ether_addr(&mac, &m->want_mac));
		if (!bond_mode_has_active(bond->settings.mode))
			assert_int_equal(rte_eth_promiscuous_get(VF), 1);
		end();
	}
	begin(lines[0]);
	assert_false(bonds_reset_event(b.bonds, SPARE));
	end();
}

static void
a_reset_that_fails_is_bounded(void **state)
{
	(void)state;
	begin(lines[0]);
	reset_error = -EAGAIN;
	assert_true(bonds_reset_event(b.bonds, VF));
	pass(180000);
	assert_int_equal(resets, PORT_HEAL_TRIES);
	assert_int_equal(count_events("cannot reset member net_null0"), 2);
	assert_int_equal(count_events("given up"), 1);
	assert_false(view_of(VF).attached);
	assert_true(view_of(OTHER).usable);
	/* The PF asks again, and is ready now. */
	reset_error = 0;
	assert_true(bonds_reset_event(b.bonds, VF));
	pass(300);
	hear();
	pass(500);
	assert_true(view_of(VF).usable);
	end();
}

static void
a_member_whose_device_goes_leaves(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct reason why;
		struct bond_view v;

		begin(lines[i]);
		assert_int_equal(bonds_member_gone(b.bonds, SPARE, &why), -ENOENT);
		assert_int_equal(bonds_member_gone(b.bonds, VF, &why), 0);
		assert_int_equal(stops, 1);
		assert_int_equal(count_events("net_null0 has left"), 1);
		bond_view(b.bonds, bond, &v);
		assert_int_equal(v.nb_members, 1);
		assert_true(bond_usable(bond));
		assert_false(bond_pmd_is_member(VF));
		pass(200);
		assert_int_equal(bonds_member_gone(b.bonds, OTHER, &why), 0);
		pass(200);
		bond_view(b.bonds, bond, &v);
		assert_int_equal(v.nb_members, 0);
		assert_false(bond_usable(bond));
		assert_false(v.link_up);
		/* Others take their place. */
		assert_int_equal(bond_member_add(b.bonds, bond, SPARE, &why), 0);
		assert_true(bond_usable(bond));
		end();
	}
}

/* Away for its reset, or while it is in no plan. */
static void
it_may_go_while_it_is_to_be_reset(void **state)
{
	struct reason why;

	(void)state;
	begin(lines[0]);
	reset_error = -EAGAIN;
	assert_true(bonds_reset_event(b.bonds, VF));
	pass(1000);
	assert_int_equal(bonds_member_gone(b.bonds, VF, &why), 0);
	pass(10000);
	assert_int_equal(bond->nb_members, 1);
	assert_true(view_of(OTHER).usable);
	end();
}

static void
a_pf_that_keeps_another_address_is_told_of(void **state)
{
	static const struct rte_ether_addr kept = {{2, 0, 0, 0, 0, 0x55}};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct bond_view v;
		json_t *o, *m;

		begin(lines[i]);
		/* Nobody has set one: the PF passes what it is asked for. */
		b.pf_known[VF] = true;
		pass(11000);
		assert_int_equal(count_events("its PF keeps"), 0);
		b.pf_mac[VF] = kept;
		pass(30000);
		assert_int_equal(
			count_events("net_null0: its PF keeps MAC address 02:00:00:00:00:55"), 1
		);
		bond_view(b.bonds, bond, &v);
		assert_true(view_of(VF).pf_differs);
		o = bond_view_json(&v);
		m = json_array_get(json_object_get(o, "members"), 0);
		assert_string_equal(
			json_string_value(json_object_get(m, "pf_keeps_mac")), "02:00:00:00:00:55"
		);
		assert_true(json_is_null(json_object_get(m, "waits_for")));
		m = json_array_get(json_object_get(o, "members"), 1);
		assert_true(json_is_null(json_object_get(m, "pf_keeps_mac")));
		assert_non_null(strstr(events(), "set trust on"));
		json_decref(o);
		/* Its administrator trusts it, and it passes the bond's. */
		assert_int_equal(rte_eth_macaddr_get(VF, &b.pf_mac[VF]), 0);
		pass(11000);
		assert_false(view_of(VF).pf_differs);
		assert_int_equal(count_events("its PF keeps"), 1);
		end();
	}
}

int
main(void)
{
	static const char *const vdevs[] = {"net_null0", "net_null1", "net_null2", NULL};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lost_link_brings_a_restart),
		cmocka_unit_test(a_slow_monitor_misses_nothing),
		cmocka_unit_test(who_is_alone_is_used_at_once),
		cmocka_unit_test(counters_show_a_reset_too),
		cmocka_unit_test(a_port_that_does_not_start_is_tried_again),
		cmocka_unit_test(a_pf_asks_for_a_reset),
		cmocka_unit_test(a_reset_that_fails_is_bounded),
		cmocka_unit_test(a_member_whose_device_goes_leaves),
		cmocka_unit_test(it_may_go_while_it_is_to_be_reset),
		cmocka_unit_test(a_pf_that_keeps_another_address_is_told_of),
	};

	bench_start("heal", vdevs);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
