/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker that forwards at full speed over a direct bond while links flap, options change and
 * members come and go at random: after each step the invariants hold, at the end no mbuf is
 * missing. The seed is printed; VFBOND_SEED repeats a run.
 */
#include "bench.h"
#include "bench_kernel.h"
#include "fwd.h"
#include "fwd_layout.h"
#include "run.h"
#include "units.h"

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

enum { DEADLINE_S = 5, PORTS = 4, PARK_US = 10 * 1000 * 1000, TXONLY_FLOWS = 64 };

struct storm {
	struct bench b;
	struct fwd *fwd;
	struct bond *bond;
	bool use_txonly;
	uint64_t clock_ns; /* runs faster than the real one, so that periods pass */
	uint64_t random;
	unsigned steps_done;
	char last[200]; /* what the last step was */
};

static struct storm storm;

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t
draw(void)
{
	uint64_t z = storm.random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static unsigned
below(unsigned n)
{
	return (unsigned)(draw() % n);
}

static int
host_park(void *ctx, struct reason *why)
{
	(void)ctx;
	return fwd_park(storm.fwd, PARK_US, why);
}

static void
relayout(void)
{
	const struct bond *bond = bonds_find(storm.b.bonds, "b");
	uint16_t id = bond != NULL ? bond_port(bond) : 0;
	const struct fwd_engine *engine = fwd_engine_find(storm.use_txonly ? "txonly" : "io");
	struct fwd_layout_settings settings = {.topology = FWD_LOOP, .nb_workers = 1};
	struct fwd_layout_port port = {id, 1, 1};
	bool usable = bond != NULL && bond_usable(bond);
	struct fwd_port_io io = {.io = {.port_id = id}};
	struct fwd_layout *layout;
	struct reason why;

	settings.needs_tx_peer = engine->needs_tx_peer;
	if (usable) {
		bond_io(bond, &io.io);
		(void)rte_eth_macaddr_get(id, &io.mac);
		io.txonly.pool = port_pool(storm.b.ports, id, &why);
		io.txonly.frame_bytes = 60;
		io.txonly.flows = TXONLY_FLOWS;
		settings.nb_portlist = 1;
		settings.portlist[0] = id;
	}
	if (fwd_layout_new(&layout, &port, usable, &settings, &why) != 0 ||
	    fwd_publish(storm.fwd, layout, &io, usable, engine, 32, &why) != 0)
		fail_msg("%s", why.text);
	fwd_layout_free(layout);
}

static void
host_release(void *ctx, bool again)
{
	(void)ctx;
	if (again)
		relayout();
	fwd_release(storm.fwd);
}

static bool
host_port_forwards(void *ctx, uint16_t port_id)
{
	(void)ctx;
	(void)port_id;
	return false;
}

static int
host_carrier(void *ctx, uint32_t if_index, bool *ret, struct rte_ether_addr *ret_mac)
{
	uint16_t id = (uint16_t)(if_index - BENCH_IF_INDEX);

	(void)ctx;
	if (!storm.b.present[id])
		return -ENODEV;
	*ret = storm.b.carrier[id];
	return rte_eth_macaddr_get(id, ret_mac);
}

static uint64_t
host_now_ns(void *ctx)
{
	(void)ctx;
	return storm.clock_ns;
}

static uint64_t
host_grace_start(void *ctx)
{
	(void)ctx;
	return fwd_grace_start(storm.fwd);
}

static bool
host_grace_over(void *ctx, uint64_t token)
{
	(void)ctx;
	return fwd_grace_over(storm.fwd, token);
}

static void
host_event(void *ctx, const char *text)
{
	(void)ctx;
	if (strstr(text, "are lost") != NULL)
		fail_msg("%s", text);
}

static const struct bond_host host = {
	.park = host_park,
	.release = host_release,
	.port_forwards = host_port_forwards,
	.carrier = host_carrier,
	.now_ns = host_now_ns,
	.grace_start = host_grace_start,
	.grace_over = host_grace_over,
	.event = host_event,
};

/* Steps. Whatever is refused must leave the bond as it was, which the invariants show. */

static void
note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(storm.last, sizeof(storm.last), fmt, ap);
	va_end(ap);
}

static void
flap(void)
{
	uint16_t id = (uint16_t)below(PORTS);

	storm.b.carrier[id] = !storm.b.carrier[id];
	note("carrier of %u %s", id, storm.b.carrier[id] ? "up" : "down");
	/* Sometimes only a poll finds it. */
	if (below(4) != 0)
		bonds_carrier(storm.b.bonds, BENCH_IF_INDEX + id);
}

static void
vanish(void)
{
	uint16_t id = (uint16_t)below(PORTS);

	storm.b.present[id] = !storm.b.present[id];
	note("device of %u %s", id, storm.b.present[id] ? "back" : "gone");
	bonds_carrier(storm.b.bonds, BENCH_IF_INDEX + id);
}

static void
pass_time(void)
{
	uint64_t ms = below(10) == 0 ? 12000 : 10 + below(300);

	note("%u ms pass", (unsigned)ms);
	for (uint64_t t = 0; t < ms; t += BONDS_TICK_MS) {
		storm.clock_ns += BONDS_TICK_MS * NSEC_PER_MSEC;
		/* A long time in fewer steps. */
		if (ms > 1000)
			storm.clock_ns += 90 * NSEC_PER_MSEC, t += 90;
		bonds_tick(storm.b.bonds);
	}
}

static void
add_or_remove(void)
{
	uint16_t id = (uint16_t)below(PORTS);
	struct reason why;

	note("member %u comes or goes", id);
	if (!storm.b.present[id])
		return;
	if (bonds_find_member(storm.b.bonds, id) == NULL) {
		if (bond_member_add(storm.b.bonds, storm.bond, id, &why) != 0)
			fail_msg("%s", why.text);
	} else if (storm.bond->nb_members > 1) {
		if (bond_member_remove(storm.b.bonds, storm.bond, id, &why) != 0)
			fail_msg("%s", why.text);
	}
}

static void
change_option(void)
{
	static const char *const words[][2] = {
		{"miimon", "10"},
		{"miimon", "100"},
		{"miimon", "0"},
		{"updelay", "200"},
		{"updelay", "0"},
		{"downdelay", "200"},
		{"downdelay", "0"},
		{"arp_interval", "100"},
		{"arp_interval", "0"},
		{"arp_ip_target", "10.0.0.1,10.0.0.2"},
		{"arp_ip_target", "none"},
		{"arp_validate", "3"},
		{"arp_validate", "0"},
		{"primary", "net_null1"},
		{"primary", "net_null3"},
		{"primary", "none"},
		{"primary_reselect", "better"},
		{"primary_reselect", "failure"},
		{"primary_reselect", "always"},
		{"active_slave", "net_null0"},
		{"active_slave", "net_null2"},
		{"active_slave", "none"},
		{"xmit_hash_policy", "layer3+4"},
		{"xmit_hash_policy", "encap2+3"},
		{"xmit_hash_policy", "vlan+srcmac"},
		{"packets_per_slave", "0"},
		{"packets_per_slave", "5"},
		{"all_slaves_active", "1"},
		{"all_slaves_active", "0"},
		{"resend_igmp", "3"},
		{"num_grat_arp", "7"},
		{"lp_interval", "2"},
		{"tx_retries", "0"},
		{"mac", "02:00:00:00:00:77"},
		{"mac", "02:00:00:00:00:78"},
	};
	unsigned i = below(RTE_DIM(words));
	struct reason why;

	note("%s=%s", words[i][0], words[i][1]);
	(void)bond_set_option(storm.b.bonds, storm.bond, words[i][0], words[i][1], false, &why);
}

static void
change_member_option(void)
{
	const struct bond_member *m = &storm.bond->members[below(storm.bond->nb_members)];
	char value[16];
	struct reason why;

	snprintf(value, sizeof(value), "%d", (int)below(5) - 2);
	note("prio of %u is %s", m->port_id, value);
	(void)bond_set_member_option(storm.b.bonds, storm.bond, m->port_id, "prio", value, &why);
}

static bool
some_present(void)
{
	for (uint16_t i = 0; i < storm.bond->nb_members; i++)
		if (storm.b.present[storm.bond->members[i].port_id])
			return true;
	return false;
}

static void
down_and_up(void)
{
	struct reason why;

	note("down and up");
	if (bond_down(storm.b.bonds, storm.bond, &why) != 0)
		fail_msg("%s", why.text);
	if (!some_present()) {
		assert_int_equal(bond_up(storm.b.bonds, storm.bond, &why), -ENODEV);
		storm.b.present[storm.bond->members[0].port_id] = true;
	}
	if (bond_up(storm.b.bonds, storm.bond, &why) != 0)
		fail_msg("%s", why.text);
}

/* Modes need a bond without members: another bond. */
static void
make_bond(void)
{
	static const char *const more[] = {
		"", "", "fail_over_mac=none", "fail_over_mac=active", "fail_over_mac=follow"};
	static const int modes[] = {0, 1, 1, 1, 2, 3, 5, 6};
	char line[160];
	struct reason why;
	unsigned mode = below(RTE_DIM(modes));

	if (storm.bond != NULL && bond_delete(storm.b.bonds, storm.bond, &why) != 0)
		fail_msg("%s", why.text);
	storm.bond = NULL;
	for (unsigned i = 0; i < PORTS; i++)
		storm.b.present[i] = true;
	storm.use_txonly = below(2) == 0;
	snprintf(
		line,
		sizeof(line),
		"b mode=%d members=net_null0,net_null1,net_null2 %s",
		modes[mode],
		modes[mode] == 1 ? more[below(RTE_DIM(more))] : ""
	);
	note("%s", line);
	if (bench_bond(&storm.b, line, &why) != 0)
		fail_msg("%s", why.text);
	storm.bond = bonds_find(storm.b.bonds, "b");
	fwd_counters_clear(storm.fwd);
}

static void
step(void)
{
	static void (*const steps[])(void) = {
		flap,
		flap,
		flap,
		flap,
		pass_time,
		pass_time,
		add_or_remove,
		change_option,
		change_option,
		change_member_option,
		vanish,
		down_and_up,
	};

	if (storm.bond == NULL || below(50) == 0)
		make_bond();
	else
		steps[below(RTE_DIM(steps))]();
	storm.steps_done++;
}

/* Invariants. */

static bool
in_plan(const struct bond_plan *plan, uint16_t port_id)
{
	for (uint16_t i = 0; i < plan->nb_usable; i++)
		if (plan->usable[i] == port_id)
			return true;
	return false;
}

static void
check_plan(const struct bond_run *run)
{
	const struct bond_plan *plan = direct_plan(run->direct);
	unsigned usable = 0;

	for (int i = 0; i < run->engine.nb_members; i++) {
		const struct bond_member *m = run_member(run, i);

		assert_int_equal(m->port_id, run->engine.members[i].port_id);
		assert_int_equal(in_plan(plan, m->port_id), engine_usable(&run->engine, i));
		usable += engine_usable(&run->engine, i);
		/* A member whose device is gone carries nothing. */
		if (!m->present && engine_usable(&run->engine, i))
			fail_msg(
				"port %u is gone and usable: link %s, active %d of %d, miimon %u, "
				"arp %u",
				m->port_id,
				bond_link_names[run->engine.members[i].link],
				run->engine.active,
				i,
				storm.bond->settings.miimon_ms,
				storm.bond->settings.arp_interval_ms
			);
	}
	assert_int_equal(plan->nb_usable, usable);
	assert_int_equal(run->engine.nb_members, storm.bond->nb_members);
	if (!bond_mode_has_active(storm.bond->settings.mode)) {
		assert_int_equal(run->engine.active, ENGINE_NO_MEMBER);
		return;
	}
	if (run->engine.active == ENGINE_NO_MEMBER) {
		assert_int_equal(plan->active, PLAN_NO_PORT);
	} else {
		assert_int_equal(plan->active, run_member(run, run->engine.active)->port_id);
		assert_true(in_plan(plan, plan->active));
	}
	/* With the ARP monitor nobody is active until somebody has answered. */
	if (storm.bond->settings.arp_interval_ms == 0)
		assert_int_equal(run->engine.active != ENGINE_NO_MEMBER, usable != 0);
}

/* All devices carry what they are to carry. */
static bool
macs_are_there(void)
{
	const struct bond *bond = storm.bond;
	struct rte_ether_addr now;

	for (uint16_t i = 0; i < bond->nb_members; i++)
		if (bond->members[i].present &&
		    (rte_eth_macaddr_get(bond->members[i].port_id, &now) != 0 ||
		     !rte_is_same_ether_addr(&now, &bond->members[i].want_mac)))
			return false;
	return true;
}

/* The PMD writes addresses by itself a moment after a start: that is set right by and by. */
static void
wait_for_macs(void)
{
	uint64_t end = rte_get_timer_cycles() + DEADLINE_S * rte_get_timer_hz();

	while (!macs_are_there()) {
		if (rte_get_timer_cycles() > end)
			fail_msg("a port has not the address that it should have");
		storm.clock_ns += BONDS_TICK_MS * NSEC_PER_MSEC;
		bonds_tick(storm.b.bonds);
	}
}

static void
check_macs(const struct bond_run *run)
{
	const struct bond *bond = storm.bond;
	bool follows = bond->settings.mode == BOND_MODE_AB &&
	               bond->settings.fail_over_mac == BOND_FOM_ACTIVE;
	bool travels = bond_mode_is_lb(bond->settings.mode) ||
	               (bond->settings.mode == BOND_MODE_AB &&
	                bond->settings.fail_over_mac == BOND_FOM_FOLLOW);

	wait_for_macs();
	for (uint16_t i = 0; i < bond->nb_members; i++) {
		const struct bond_member *m = &bond->members[i];

		if (run->engine.active == i || (!follows && !travels))
			assert_true(rte_is_same_ether_addr(&m->want_mac, &bond->mac));
		for (uint16_t k = 0; travels && k < i; k++)
			if (rte_is_same_ether_addr(&bond->members[k].want_mac, &m->want_mac))
				fail_msg(
					"ports %u and %u both have " RTE_ETHER_ADDR_PRT_FMT
					", active is %d",
					bond->members[k].port_id,
					m->port_id,
					RTE_ETHER_ADDR_BYTES(&m->want_mac),
					run->engine.active
				);
	}
}

static void
check(void)
{
	const struct bond_run *run = storm.bond->run;

	assert_non_null(run);
	check_plan(run);
	check_macs(run);
	for (uint16_t i = 0; i < fwd_nb_streams(storm.fwd); i++) {
		struct fwd_stream_view before, after;
		uint64_t out;

		/* What left or was dropped until now had been received before it is asked again. */
		fwd_stream_view(storm.fwd, i, &before);
		fwd_stream_view(storm.fwd, i, &after);
		out = before.counters.tx_packets;
		for (unsigned k = 0; k < FWD_DROP_COUNT; k++)
			out += before.counters.drops[k];
		if (!storm.use_txonly)
			assert_in_range(after.counters.rx_packets, out, UINT64_MAX);
	}
}

static unsigned
rounds(void)
{
	return getenv("VFBOND_LONG") != NULL ? 100000 : 2000;
}

static void
nothing_breaks(void **state)
{
	const char *given = getenv("VFBOND_SEED");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : rte_rdtsc();
	struct reason why;

	(void)state;
	printf("# seed %#llx\n", (unsigned long long)seed);
	storm.random = seed;
	storm.clock_ns = NSEC_PER_SEC;
	bench_new(&storm.b);
	bonds_free(storm.b.bonds);
	if (fwd_new(&storm.fwd, &why) != 0 || bonds_new(&storm.b.bonds, storm.b.ports, &host) != 0)
		fail_msg("%s", why.text);
	while (storm.steps_done < rounds()) {
		step();
		printf("# %u %s\n", storm.steps_done, storm.last);
		check();
	}
	assert_int_equal(bond_delete(storm.b.bonds, storm.bond, &why), 0);
	storm.bond = NULL;
	assert_null(fwd_free(storm.fwd));
	assert_int_equal(bench_free(&storm.b), 0);
}

int
main(void)
{
	static const char *const vdevs[] = {
		"net_null0", "net_null1", "net_null2", "net_null3", NULL};
	const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_breaks)};

	bench_start_on("storm", vdevs, "0@(0-1),1@(0-1)");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
