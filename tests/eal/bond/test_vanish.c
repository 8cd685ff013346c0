/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A member's network device vanishes at each of the calls that a change of its bond makes: what is
 * refused says so and leaves the bond as it was, what is accepted shows the member as gone.
 */
#include "bench.h"
#include "bench_kernel.h"
#include "bond_priv.h"
#include "bond_view.h"

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

enum { VICTIM = 1, MAX_CALLS = 64 };

static struct bench *bench;
static int calls_left;   /* until the victim vanishes */
static bool mac_refused; /* a member that is there refuses the next address of the bond */

/* One call of the devices' functions; after the last one the victim refuses everything. */
static bool
refuses(uint16_t port_id)
{
	if (calls_left > 0 && --calls_left == 0)
		bench->present[VICTIM] = false;
	return port_id == VICTIM && !bench->present[VICTIM];
}

/* What a real device that is gone answers depends on the function; none of it says why. */
#define WRAP(function, asks, port, declared, given)                                \
	int __real_##function declared;                                            \
	int __wrap_##function declared;                                            \
	int __wrap_##function declared                                             \
	{                                                                          \
		if (asks(port))                                                    \
			return reason_set(why, -EINVAL, "injected by " #function); \
		return __real_##function given;                                    \
	}

/* The others are more patient with a device that is gone. */
static bool only_addresses_matter;

static bool
others_refuse(uint16_t port_id)
{
	return !only_addresses_matter && refuses(port_id);
}

WRAP(port_configure,
     others_refuse,
     id,
     (struct ports * ports, uint16_t id, const struct port_settings *want, struct reason *why),
     (ports, id, want, why))
WRAP(port_mac_set,
     refuses,
     id,
     (uint16_t id, const struct rte_ether_addr *mac, struct reason *why),
     (id, mac, why))
WRAP(bond_pmd_member_add,
     others_refuse,
     member,
     (uint16_t bond, uint16_t member, struct reason *why),
     (bond, member, why))

static bool removal_refused;

int __real_bond_pmd_member_remove(uint16_t bond, uint16_t member, struct reason *why);
int __wrap_bond_pmd_member_remove(uint16_t bond, uint16_t member, struct reason *why);
int
__wrap_bond_pmd_member_remove(uint16_t bond, uint16_t member, struct reason *why)
{
	if (removal_refused)
		return reason_set(why, -EIO, "injected");
	return __real_bond_pmd_member_remove(bond, member, why);
}

/* A bond does not start, nor take an address, while the PMD has such a member in its list. */
static uint16_t
member_of(uint16_t bond)
{
	uint16_t members[BOND_PMD_MAX_MEMBERS];
	int n = bond_pmd_members(bond, members);

	for (int i = 0; i < n; i++)
		if (members[i] == VICTIM)
			return VICTIM;
	return bond;
}

WRAP(port_start,
     others_refuse,
     bond_pmd_is_bond(id) ? member_of(id) : id,
     (struct ports * ports, uint16_t id, struct reason *why),
     (ports, id, why))

int __real_bond_pmd_mac_set(uint16_t bond, const struct rte_ether_addr *mac, struct reason *why);
int __wrap_bond_pmd_mac_set(uint16_t bond, const struct rte_ether_addr *mac, struct reason *why);
int
__wrap_bond_pmd_mac_set(uint16_t bond, const struct rte_ether_addr *mac, struct reason *why)
{
	int rc = __real_bond_pmd_mac_set(bond, mac, why);

	/* It sets the bond's own first and then fails at a member. */
	if (rc == 0 && (mac_refused || refuses(member_of(bond))))
		rc = reason_set(why, -EIO, "injected");
	mac_refused = false;
	return rc;
}

struct change {
	const char *name;
	const char *bond;
	int (*fn)(struct bench *b, struct bond *bond, struct reason *why);
};

static int
add(struct bench *b, struct bond *bond, struct reason *why)
{
	return bond_member_add(b->bonds, bond, VICTIM, why);
}

static int
take_out(struct bench *b, struct bond *bond, struct reason *why)
{
	return bond_member_remove(b->bonds, bond, VICTIM, why);
}

static int
new_mac(struct bench *b, struct bond *bond, struct reason *why)
{
	return bond_set_option(b->bonds, bond, "mac", "02:00:00:00:00:77", false, why);
}

static int
down_up(struct bench *b, struct bond *bond, struct reason *why)
{
	int rc = bond_down(b->bonds, bond, why);

	return rc != 0 ? rc : bond_up(b->bonds, bond, why);
}

static int
new_mode(struct bench *b, struct bond *bond, struct reason *why)
{
	int rc = bond_down(b->bonds, bond, why);

	if (rc == 0)
		rc = bond_set_option(b->bonds, bond, "mode", "2", true, why);
	return rc != 0 ? rc : bond_up(b->bonds, bond, why);
}

static int
to_it(struct bench *b, struct bond *bond, struct reason *why)
{
	return bond_set_option(b->bonds, bond, "active_slave", "net_null1", false, why);
}

static int
create(struct bench *b, struct bond *bond, struct reason *why)
{
	(void)bond;
	return bench_bond(b, "other mode=1 members=net_null2,net_null1", why);
}

static int
create_first(struct bench *b, struct bond *bond, struct reason *why)
{
	(void)bond;
	return bench_bond(b, "other mode=0 members=net_null1,net_null2", why);
}

static int
create_alone(struct bench *b, struct bond *bond, struct reason *why)
{
	(void)bond;
	return bench_bond(b, "other mode=6 members=net_null1", why);
}

static const struct change changes[] = {
	{"add", "b mode=1 members=net_null0", add},
	{"add", "b mode=1 members=net_null0 fail_over_mac=follow", add},
	{"add", "b mode=0 members=net_null0", add},
	{"add", "b mode=6 members=net_null0", add},
	{"add", "b mode=0 members=net_null0 io_path=pmd", add},
	{"add", "b mode=6 members=net_null0 io_path=pmd", add},
	{"add to an empty bond", "b mode=1", add},
	{"add to an empty bond", "b mode=5", add},
	{"remove", "b mode=1 members=net_null1,net_null0", take_out},
	{"remove", "b mode=6 members=net_null1,net_null0", take_out},
	{"remove", "b mode=6 members=net_null1,net_null0 io_path=pmd", take_out},
	{"mac", "b mode=1 members=net_null0,net_null1", new_mac},
	{"mac", "b mode=6 members=net_null0,net_null1", new_mac},
	{"mac", "b mode=0 members=net_null0,net_null1 io_path=pmd", new_mac},
	{"mac", "b mode=1 members=net_null0,net_null1 io_path=pmd", new_mac},
	{"down and up", "b mode=1 members=net_null0,net_null1", down_up},
	{"down and up", "b mode=3 members=net_null1,net_null0", down_up},
	{"down and up", "b mode=1 members=net_null1,net_null0 io_path=pmd", down_up},
	{"mode", "b mode=1 members=net_null0,net_null1", new_mode},
	{"mode", "b mode=6 members=net_null1,net_null0 io_path=pmd", new_mode},
	{"active", "b mode=1 members=net_null0,net_null1", to_it},
	{"active", "b mode=1 members=net_null0,net_null1 fail_over_mac=active", to_it},
	{"active", "b mode=6 members=net_null0,net_null1", to_it},
	{"create", "b mode=0 members=net_null0", create},
	{"create", "b mode=0 members=net_null0", create_first},
	{"create", "b mode=0 members=net_null0", create_alone},
};

struct snapshot {
	uint16_t nb_others; /* members but for the victim */
	bool has_victim, other_bond;
	bool mac_set;
	struct rte_ether_addr mac;
	enum bond_fail_over_mac fail_over_mac;
};

static struct snapshot
look(const struct bench *b)
{
	const struct bond *bond = bonds_find(b->bonds, "b");
	struct snapshot s;

	memset(&s, 0, sizeof(s));
	for (uint16_t i = 0; i < bond->nb_members; i++) {
		s.nb_others += bond->members[i].port_id != VICTIM;
		s.has_victim |= bond->members[i].port_id == VICTIM;
	}
	s.other_bond = bonds_find(b->bonds, "other") != NULL;
	s.mac_set = bond->mac_set;
	s.mac = bond->mac;
	s.fail_over_mac = bond->settings.fail_over_mac;
	return s;
}

static void
check_accepted(const struct bench *b, const struct change *c)
{
	struct bond *bond = bonds_find_member(b->bonds, VICTIM);
	const struct bond_member *m = bond != NULL ? bond_find_member(bond, VICTIM) : NULL;

	if (m != NULL && m->present)
		fail_msg("%s: its member is not known to be gone", c->name);
	bond = bonds_find(b->bonds, "b");
	for (uint16_t i = 0; i < bond->nb_members; i++) {
		struct rte_ether_addr now;

		m = &bond->members[i];
		if (m->port_id == VICTIM || bond->run == NULL)
			continue;
		assert_int_equal(rte_eth_macaddr_get(m->port_id, &now), 0);
		assert_true(rte_is_same_ether_addr(&now, &m->want_mac));
	}
}

/* Returns false when the change made fewer calls: the victim is still there. */
static bool
vanishes_at(const struct change *c, int call)
{
	struct bench b;
	struct snapshot was, now;
	struct rte_ether_addr port_mac;
	struct bond *bond;
	struct reason why;
	bool vanished;
	int rc;

	bench_new(&b);
	bench = &b;
	assert_int_equal(bench_bond(&b, c->bond, &why), 0);
	bond = bonds_find(b.bonds, "b");
	if (bond->up)
		bench_wait_active(bond, bond->nb_members);
	was = look(&b);
	calls_left = call;
	/* 0: before the change, and nobody has noticed. */
	if (call == 0)
		b.present[VICTIM] = false;
	rc = c->fn(&b, bond, &why);
	calls_left = 0;
	vanished = !b.present[VICTIM];
	bonds_carrier(b.bonds, BENCH_IF_INDEX + VICTIM);
	if (!vanished && rc != 0)
		fail_msg("%s: %s", c->name, why.text);
	if (vanished) {
		now = look(&b);
		if (rc == 0) {
			check_accepted(&b, c);
		} else {
			if (rc == -EIO || strstr(why.text, "injected") != NULL ||
			    strstr(why.text, "gone") == NULL)
				if (c->fn != to_it || strstr(why.text, "link is down") == NULL)
					fail_msg(
						"%s, call %d: %s (%d)", c->name, call, why.text, rc
					);
			assert_memory_equal(&now, &was, sizeof(now));
		}
		/* What the bond says of itself is so. */
		if (bond->mac_set) {
			assert_int_equal(rte_eth_macaddr_get(bond_port(bond), &port_mac), 0);
			assert_true(rte_is_same_ether_addr(&port_mac, &bond->mac));
		}
		if (bond->nb_members != 0 && was.nb_others != 0)
			assert_true(bond_usable(bond));
		/* The next one is taken as if nothing had been. */
		if (bonds_find(b.bonds, "other") == NULL)
			assert_int_equal(bond_member_add(b.bonds, bond, 2, &why), 0);
		if (bond_find_member(bond, VICTIM) != NULL)
			assert_int_equal(bond_member_remove(b.bonds, bond, VICTIM, &why), 0);
		if (was.nb_others == 0) {
			struct rte_ether_addr other;

			assert_int_equal(rte_eth_macaddr_get(2, &other), 0);
			assert_true(rte_is_same_ether_addr(&other, &bond->mac));
		}
	}
	assert_int_equal(b.depth, 0);
	b.present[VICTIM] = true;
	assert_int_equal(bench_free(&b), 0);
	return vanished;
}

static void
a_device_vanishes_at_each_call(void **state)
{
	unsigned points = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		int call = 0;

		while (call < MAX_CALLS && vanishes_at(&changes[i], call))
			call++;
		assert_in_range(call, 1, MAX_CALLS - 1);
		points += (unsigned)call;
		printf("# %s, %s: %d points\n", changes[i].name, changes[i].bond, call);
	}
	printf("# %u points in all\n", points);
}

/* Down and up while it is away: it takes no part; back again it does, at once. */
static void
a_device_returns(void **state)
{
	static const char *const lines[] = {
		"b mode=1 members=net_null0,net_null1",
		"b mode=2 members=net_null0,net_null1",
		"b mode=6 members=net_null0,net_null1",
		"b mode=0 members=net_null0,net_null1 io_path=pmd",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct bench b;
		struct bond *bond;
		struct bond_view v;
		struct reason why;

		bench_new(&b);
		bench = &b;
		assert_int_equal(bench_bond(&b, lines[i], &why), 0);
		bond = bonds_find(b.bonds, "b");
		b.present[VICTIM] = false;
		assert_int_equal(down_up(&b, bond, &why), 0);
		bond_view(b.bonds, bond, &v);
		assert_false(v.members[1].present);
		assert_false(v.members[1].attached);
		assert_string_not_equal(v.members[1].why_idle, "");
		b.present[VICTIM] = true;
		bonds_carrier(b.bonds, BENCH_IF_INDEX + VICTIM);
		bench_wait_active(bond, 2);
		bond_view(b.bonds, bond, &v);
		assert_true(v.members[1].present && v.members[1].attached);
		if (bond->run != NULL) {
			assert_true(v.members[1].usable);
			assert_int_equal(v.direct.nb_usable, 2);
		}
		/* Nothing to start with. */
		b.present[0] = b.present[VICTIM] = false;
		assert_int_equal(down_up(&b, bond, &why), -ENODEV);
		assert_non_null(strstr(why.text, "is gone"));
		assert_false(bond->up);
		b.present[0] = b.present[VICTIM] = true;
		assert_int_equal(bond_up(b.bonds, bond, &why), 0);
		assert_int_equal(bench_free(&b), 0);
	}
}

/* The engine has let it go by then, and takes it back. */
static void
a_refused_removal_is_undone(void **state)
{
	struct bench b;
	struct bond *bond;
	struct bond_view v;
	struct reason why;

	(void)state;
	bench_new(&b);
	bench = &b;
	assert_int_equal(bench_bond(&b, "b mode=1 members=net_null0,net_null1", &why), 0);
	bond = bonds_find(b.bonds, "b");
	removal_refused = true;
	assert_int_equal(bond_member_remove(b.bonds, bond, 0, &why), -EIO);
	removal_refused = false;
	bonds_carrier(b.bonds, BENCH_IF_INDEX);
	bonds_tick(b.bonds);
	bond_view(b.bonds, bond, &v);
	assert_int_equal(v.nb_members, 2);
	assert_int_equal(v.direct.nb_usable, 2);
	for (uint16_t i = 0; i < 2; i++)
		assert_true(v.members[i].usable);
	assert_int_equal(bond_member_remove(b.bonds, bond, 0, &why), 0);
	bond_view(b.bonds, bond, &v);
	assert_int_equal(v.nb_members, 1);
	assert_int_equal(v.direct.nb_usable, 1);
	assert_int_equal(bench_free(&b), 0);
}

/* The first member of an active-backup bond may keep its address; one that is gone has none. */
static void
no_bond_yields_to_a_vanished_member(void **state)
{
	struct bench b;
	struct bond *bond;
	struct reason why;

	(void)state;
	bench_new(&b);
	bench = &b;
	assert_int_equal(bench_bond(&b, "b mode=1 mac=02:00:00:00:00:77", &why), 0);
	bond = bonds_find(b.bonds, "b");
	only_addresses_matter = true;
	calls_left = 1;
	assert_int_equal(bond_member_add(b.bonds, bond, VICTIM, &why), -ENODEV);
	only_addresses_matter = false;
	assert_int_equal(bond->settings.fail_over_mac, BOND_FOM_NONE);
	assert_int_equal(bond->nb_members, 0);
	assert_int_equal(bench_free(&b), 0);
}

/* The PMD has set its own and some members' when it comes to the one that refuses. */
static void
a_refused_address_is_undone(void **state)
{
	static const struct rte_ether_addr asked = {{2, 0, 0, 0, 0, 0x77}};
	struct rte_ether_addr was, now;
	struct bench b;
	struct bond *bond;
	struct reason why;

	(void)state;
	bench_new(&b);
	bench = &b;
	assert_int_equal(
		bench_bond(&b, "b mode=0 members=net_null0,net_null1 io_path=pmd", &why), 0
	);
	bond = bonds_find(b.bonds, "b");
	was = bond->mac;
	mac_refused = true;
	assert_int_equal(new_mac(&b, bond, &why), -EIO);
	assert_true(rte_is_same_ether_addr(&bond->mac, &was));
	for (uint16_t id = 0; id < 2; id++) {
		assert_int_equal(rte_eth_macaddr_get(id, &now), 0);
		assert_true(rte_is_same_ether_addr(&now, &was));
	}
	assert_int_equal(rte_eth_macaddr_get(bond_port(bond), &now), 0);
	assert_true(rte_is_same_ether_addr(&now, &was));
	assert_int_equal(new_mac(&b, bond, &why), 0);
	assert_true(rte_is_same_ether_addr(&bond->mac, &asked));
	assert_int_equal(bench_free(&b), 0);
}

int
main(void)
{
	static const char *const vdevs[] = {"net_null0", "net_null1", "net_null2", NULL};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_vanishes_at_each_call),
		cmocka_unit_test(a_device_returns),
		cmocka_unit_test(a_refused_removal_is_undone),
		cmocka_unit_test(no_bond_yields_to_a_vanished_member),
		cmocka_unit_test(a_refused_address_is_undone),
	};

	bench_start("vanish", vdevs);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
