/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counters of VFs whose driver takes a reset for a wrap, by scripts of readings: the count of one,
 * and a stats_port over ports that are the test's own.
 */
#include "bond_pmd.h"
#include "pmd_traits.h"
#include "stats_count.h"
#include "stats_port.h"

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

enum { VF0, VF1, WIDE, BOND, PORTS };

static uint64_t packets[PORTS], bytes[PORTS]; /* what a device says it has received */
static uint16_t members[2];
static int nb_members;

bool __wrap_bond_pmd_is_bond(uint16_t id);
bool
__wrap_bond_pmd_is_bond(uint16_t id)
{
	return id == BOND;
}

int __wrap_bond_pmd_members(uint16_t bond, uint16_t ret[static BOND_PMD_MAX_MEMBERS]);
int
__wrap_bond_pmd_members(uint16_t bond, uint16_t ret[static BOND_PMD_MAX_MEMBERS])
{
	assert_int_equal(bond, BOND);
	memcpy(ret, members, sizeof(members));
	return nb_members;
}

const struct pmd_traits *__wrap_pmd_traits_get(const char *driver);
const struct pmd_traits *
__wrap_pmd_traits_get(const char *driver)
{
	static const struct pmd_traits vf = {.packet_counter_bits = 32, .byte_counter_bits = 36};
	static const struct pmd_traits none;

	return driver != NULL && strcmp(driver, "vf") == 0 ? &vf : &none;
}

int __wrap_rte_eth_dev_info_get(uint16_t id, struct rte_eth_dev_info *info);
int
__wrap_rte_eth_dev_info_get(uint16_t id, struct rte_eth_dev_info *info)
{
	memset(info, 0, sizeof(*info));
	info->driver_name = id == VF0 || id == VF1 ? "vf" : "other";
	return 0;
}

int __wrap_rte_eth_stats_get(uint16_t id, struct rte_eth_stats *e);
int
__wrap_rte_eth_stats_get(uint16_t id, struct rte_eth_stats *e)
{
	memset(e, 0, sizeof(*e));
	e->ipackets = packets[id];
	e->ibytes = bytes[id];
	return 0;
}

int __wrap_rte_eth_xstats_get(uint16_t id, struct rte_eth_xstat *x, unsigned n);
int
__wrap_rte_eth_xstats_get(uint16_t id, struct rte_eth_xstat *x, unsigned n)
{
	if (n >= 2) {
		x[0] = (struct rte_eth_xstat){.id = 0, .value = packets[id]};
		x[1] = (struct rte_eth_xstat){.id = 1, .value = bytes[id]};
	}
	return 2;
}

int __wrap_rte_eth_xstats_get_names(uint16_t id, struct rte_eth_xstat_name *names, unsigned n);
int
__wrap_rte_eth_xstats_get_names(uint16_t id, struct rte_eth_xstat_name *names, unsigned n)
{
	(void)id;
	if (n >= 2) {
		strcpy(names[0].name, "rx_good_packets");
		strcpy(names[1].name, "rx_good_bytes");
	}
	return 2;
}

static void
a_count_only_grows(void **state)
{
	static const struct {
		uint64_t raw, total;
		unsigned bits;
		bool reset;
	} script[] = {
		{7, 7, 32, false}, /* what was before the first look counts */
		{10, 10, 32, false},
		{10, 10, 32, false},
		/* The PF was reset: the register went from 10 to 0, its driver added 2^32 - 10. */
		{UINT64_C(1) << 32, 10, 32, true},
		{(UINT64_C(1) << 32) + 5, 15, 32, false},
		/* Most that is believed, and least that is not. */
		{(UINT64_C(1) << 32) + 4 + (UINT64_C(1) << 31),
	         14 + (UINT64_C(1) << 31),
	         32,
	         false},
		{(UINT64_C(2) << 32) + 4, 14 + (UINT64_C(1) << 31), 32, true},
		/* It started over. */
		{3, 17 + (UINT64_C(1) << 31), 32, true},
		{4, 18 + (UINT64_C(1) << 31), 32, false},
		/* 36 bits have another half, and wide ones none. */
		{UINT64_C(1) << 34, 14 + (UINT64_C(1) << 31) + (UINT64_C(1) << 34), 36, false},
		{UINT64_C(3) << 34, 14 + (UINT64_C(1) << 31) + (UINT64_C(1) << 34), 36, true},
		{UINT64_C(1) << 60,
	         14 + (UINT64_C(1) << 31) - (UINT64_C(2) << 34) + (UINT64_C(1) << 60),
	         0,
	         false},
	};
	struct stats_count c = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(script) / sizeof(script[0]); i++) {
		assert_int_equal(
			stats_count_read(&c, script[i].raw, script[i].bits), script[i].reset
		);
		assert_int_equal(c.total, script[i].total);
	}
}

static void
a_sum_that_comes_down_is_no_count(void **state)
{
	struct stats_count c = {0};

	(void)state;
	assert_false(stats_count_read_sum(&c, 300, 0));
	assert_true(stats_count_read_sum(&c, 200, 0));
	assert_int_equal(c.total, 300);
	assert_false(stats_count_read_sum(&c, 210, 0));
	assert_int_equal(c.total, 310);
}

static struct stats_port_counters
get(struct stats_port *s)
{
	struct stats_port_counters c;

	assert_int_equal(stats_port_read(s, &c, NULL), 0);
	return c;
}

static uint64_t
get_xstat(struct stats_port *s, unsigned i)
{
	const struct stats_xstat *x;
	unsigned count;

	assert_int_equal(stats_port_read_xstats(s, &x, &count, NULL), 0);
	assert_in_range(i, 0, count - 1);
	return x[i].value;
}

static struct stats_port *
open_port(uint16_t id)
{
	struct stats_port *s = NULL;

	assert_int_equal(stats_port_new(&s, id), 0);
	return s;
}

static int
fresh(void **state)
{
	(void)state;
	memset(packets, 0, sizeof(packets));
	memset(bytes, 0, sizeof(bytes));
	members[0] = VF0;
	members[1] = VF1;
	nb_members = 2;
	return 0;
}

static void
a_vf_does_not_jump(void **state)
{
	struct stats_port *s = open_port(VF0);

	(void)state;
	packets[VF0] = 3;
	bytes[VF0] = 300;
	assert_int_equal(get(s).rx.packets, 3);
	assert_int_equal(get_xstat(s, 0), 3);
	packets[VF0] = UINT64_C(1) << 32;
	bytes[VF0] = UINT64_C(1) << 36;
	assert_int_equal(get(s).rx.packets, 3);
	assert_int_equal(get(s).rx.bytes, 300);
	assert_int_equal(get(s).resets, 1);
	assert_int_equal(get_xstat(s, 0), 3);
	assert_int_equal(get_xstat(s, 1), 300);
	packets[VF0] += 4;
	/* More than 32 bits can say, and in 36 a fair amount. */
	bytes[VF0] += UINT64_C(1) << 33;
	assert_int_equal(get(s).rx.packets, 7);
	assert_int_equal(get(s).rx.bytes, 300 + (UINT64_C(1) << 33));
	assert_int_equal(get_xstat(s, 1), 300 + (UINT64_C(1) << 33));
	assert_int_equal(stats_port_clear(s, NULL), 0);
	assert_int_equal(stats_port_clear_xstats(s, NULL), 0);
	packets[VF0] = 2;
	assert_int_equal(get(s).rx.packets, 2);
	assert_int_equal(get_xstat(s, 0), 2);
	stats_port_free(s);
}

static void
a_wide_counter_may_grow_fast(void **state)
{
	struct stats_port *s = open_port(WIDE);

	(void)state;
	assert_int_equal(get(s).rx.bytes, 0);
	bytes[WIDE] = UINT64_C(1) << 40;
	assert_int_equal(get(s).rx.bytes, UINT64_C(1) << 40);
	assert_int_equal(get_xstat(s, 1), UINT64_C(1) << 40);
	assert_int_equal(get(s).resets, 0);
	stats_port_free(s);
}

/* Watched often enough no true count is taken for a reset, whoever asks for it when. */
static void
a_watched_port_counts_on(void **state)
{
	struct stats_port *s = open_port(VF0);

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		packets[VF0] += UINT64_C(1) << 30;
		assert_int_equal(stats_port_watch(s), 0);
	}
	assert_int_equal(get(s).rx.packets, UINT64_C(1) << 33);
	assert_int_equal(get_xstat(s, 0), UINT64_C(1) << 33);
	stats_port_free(s);
}

static void
a_bond_counts_what_its_members_do(void **state)
{
	struct stats_port *s = open_port(BOND);

	(void)state;
	packets[VF0] = 10;
	packets[VF1] = 20;
	packets[BOND] = 30; /* as the PMD adds up */
	assert_int_equal(get(s).rx.packets, 30);
	assert_int_equal(get_xstat(s, 0), 30);
	packets[VF0] = UINT64_C(1) << 32;
	packets[BOND] = (UINT64_C(1) << 32) + 20;
	assert_int_equal(get(s).rx.packets, 30);
	assert_int_equal(get_xstat(s, 0), 30);
	assert_int_equal(get(s).resets, 1);
	/* One leaves. */
	members[0] = VF1;
	nb_members = 1;
	packets[VF1] = 25;
	packets[BOND] = 25;
	assert_int_equal(get(s).rx.packets, 35);
	assert_int_equal(get_xstat(s, 0), 30);
	/* Another joins, with a past of its own. */
	members[1] = WIDE;
	nb_members = 2;
	packets[WIDE] = 1000;
	assert_int_equal(get(s).rx.packets, 35);
	packets[WIDE] = 1001;
	assert_int_equal(get(s).rx.packets, 36);
	/* What it did while it was away is none of the bond's. */
	packets[VF0] += 77;
	members[0] = VF0;
	assert_int_equal(get(s).rx.packets, 36);
	packets[VF0] += 1;
	assert_int_equal(get(s).rx.packets, 37);
	assert_int_equal(stats_port_clear(s, NULL), 0);
	assert_int_equal(get(s).rx.packets, 0);
	nb_members = -ENODEV;
	assert_int_equal(stats_port_clear(s, NULL), -ENODEV);
	stats_port_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_count_only_grows, fresh),
		cmocka_unit_test_setup(a_sum_that_comes_down_is_no_count, fresh),
		cmocka_unit_test_setup(a_vf_does_not_jump, fresh),
		cmocka_unit_test_setup(a_wide_counter_may_grow_fast, fresh),
		cmocka_unit_test_setup(a_watched_port_counts_on, fresh),
		cmocka_unit_test_setup(a_bond_counts_what_its_members_do, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
