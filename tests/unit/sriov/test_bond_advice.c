/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses of members and spoof checking: what is to be done, and what is said. */
#include "advice_bench.h"

static void
test_nothing_is_said_of_what_works(void **state)
{
	struct advice_bench b;

	(void)state;
	/* No address set: whatever the bond needs can be had. */
	for (int mode = 0; mode < 7; mode++) {
		bench_init(&b);
		assert_int_equal(judge(&b, mode, 0), ADVICE_MAC_FINE);
		if (mode == 1 || mode == 3 || mode == 5 || mode == 6)
			assert_said(&b, "");
		bench_fini(&b);
	}
	/* One for both, with spoof checking on. */
	bench_init(&b);
	set_mac(&b, 0, 0x0a);
	set_mac(&b, 1, 0x0a);
	set_spoofchk(&b);
	assert_int_equal(judge(&b, 1, 0), ADVICE_MAC_FINE);
	assert_int_equal(judge(&b, 3, 0), ADVICE_MAC_FINE);
	assert_said(&b, "");
	/* Different ones with trust. */
	set_mac(&b, 1, 0x0b);
	set_spoofchk_off(&b);
	set_trust(&b);
	for (int mode = 0; mode < 7; mode++)
		assert_int_equal(judge(&b, mode, 0), ADVICE_MAC_FINE);
	text_clear(&b.notes);
	assert_int_equal(judge(&b, 1, 0), ADVICE_MAC_FINE);
	assert_said(&b, "");
	bench_fini(&b);
}

static void
test_a_bond_that_follows_its_member_needs_no_move(void **state)
{
	struct advice_bench b;

	(void)state;
	bench_init(&b);
	set_mac(&b, 0, 0x0a);
	set_mac(&b, 1, 0x0b);
	set_spoofchk(&b);
	assert_int_equal(judge(&b, 1, 1), ADVICE_MAC_FINE);
	assert_said(&b, "");
	/* In other modes the option has no meaning. */
	assert_int_equal(judge(&b, 3, 1), ADVICE_MAC_SHARE);
	bench_fini(&b);
}

static void
test_different_addresses_are_shared(void **state)
{
	struct advice_bench b;

	(void)state;
	bench_init(&b);
	set_mac(&b, 0, 0x0a);
	set_mac(&b, 1, 0x0b);
	set_spoofchk(&b);
	assert_int_equal(judge(&b, 1, 0), ADVICE_MAC_SHARE);
	assert_said(
		&b,
		"bond0: 0000:3c:10.0: without trust its PF lets it use the address set there only, "
		"and members have different ones: all get 02:00:00:00:00:0a; to keep them, set "
		"trust=on for all, or take fail_over_mac=active\n"
	);
	assert_int_equal(judge(&b, 1, 2), ADVICE_MAC_SHARE);
	assert_int_equal(judge(&b, 4, 0), ADVICE_MAC_SHARE);
	text_clear(&b.notes);
	assert_int_equal(judge(&b, 3, 0), ADVICE_MAC_SHARE);
	assert_said(
		&b,
		"bond0: 0000:3c:10.0: without trust its PF lets it use the address set there only, "
		"and members have different ones: all get 02:00:00:00:00:0a; to keep them, set "
		"trust=on for all\n"
	);
	bench_fini(&b);
}

static void
test_one_that_is_held_beside_one_that_is_free(void **state)
{
	struct advice_bench b;

	(void)state;
	bench_init(&b);
	/* The first carries the bond's address, and the second is free: nothing to do. */
	set_mac(&b, 0, 0x0a);
	assert_int_equal(judge(&b, 1, 0), ADVICE_MAC_FINE);
	assert_said(&b, "");
	bench_fini(&b);
	bench_init(&b);
	set_mac(&b, 1, 0x0b);
	assert_int_equal(judge(&b, 1, 0), ADVICE_MAC_SHARE);
	assert_memory_equal(
		bond_advice_shared_mac(b.members, 2), ((uint8_t[]){2, 0, 0, 0, 0, 0x0b}), 6
	);
	bench_fini(&b);
	bench_init(&b);
	/* Trusted first, held second. */
	set_mac(&b, 0, 0x0a);
	set_mac(&b, 1, 0x0b);
	b.results[0].state.trust = true;
	assert_int_equal(judge(&b, 1, 0), ADVICE_MAC_SHARE);
	/* A driver that does not tell of trust has none to give. */
	b.results[1].state.trust = true;
	b.results[1].state.known &= ~(1u << VF_ATTR_TRUST);
	assert_int_equal(judge(&b, 1, 0), ADVICE_MAC_SHARE);
	bench_fini(&b);
}

static void
test_which_address_is_shared(void **state)
{
	struct advice_bench b;

	(void)state;
	bench_init(&b);
	assert_null(bond_advice_shared_mac(b.members, 2));
	assert_null(bond_advice_shared_mac(b.members, 0));
	set_mac(&b, 0, 0x0a);
	set_mac(&b, 1, 0x0b);
	assert_int_equal(bond_advice_shared_mac(b.members, 2)[5], 0x0a);
	b.members[1].mac_asked = true;
	assert_int_equal(bond_advice_shared_mac(b.members, 2)[5], 0x0b);
	assert_int_equal(judge(&b, 1, 0), ADVICE_MAC_SHARE);
	assert_non_null(strstr(text_str(&b.notes), "all get 02:00:00:00:00:0b;"));
	b.members[0].mac_asked = true;
	assert_int_equal(bond_advice_shared_mac(b.members, 2)[5], 0x0a);
	bench_fini(&b);
}

static void
test_different_addresses_that_were_asked_for(void **state)
{
	struct advice_bench b;

	(void)state;
	bench_init(&b);
	set_mac(&b, 0, 0x0a);
	set_mac(&b, 1, 0x0b);
	b.members[0].mac_asked = b.members[1].mac_asked = true;
	assert_int_equal(judge(&b, 1, 0), ADVICE_MAC_REFUSE);
	assert_said(&b, "");
	assert_string_equal(
		b.why.text,
		"bond0: mac=02:00:00:00:00:0b was asked for 0000:3c:10.0, and 02:00:00:00:00:0a "
		"for "
		"another member: without trust the PFs refuse the bond's address beside them: give "
		"all members one mac, or set trust=on for all, or take fail_over_mac=active"
	);
	/* Asked for, the same: nothing to refuse. */
	set_mac(&b, 1, 0x0a);
	assert_int_equal(judge(&b, 1, 0), ADVICE_MAC_FINE);
	bench_fini(&b);
}

static void
test_different_addresses_on_one_pf(void **state)
{
	struct advice_bench b;

	(void)state;
	bench_init(&b);
	set_mac(&b, 0, 0x0a);
	set_mac(&b, 1, 0x0b);
	on_one_pf(&b);
	assert_int_equal(judge(&b, 2, 0), ADVICE_MAC_REFUSE);
	assert_string_equal(
		b.why.text,
		"bond0: without trust the PFs hold the members to different addresses, and "
		"0000:3b:10.0 and 0000:3c:10.0 are VFs of one PF, 0000:3b:00.0, which can give one "
		"address to one of them only: take VFs of different PFs, or set trust=on for all"
	);
	/* What is not known of the PF is not held against them. */
	b.results[0].pf_known = false;
	assert_int_equal(judge(&b, 2, 0), ADVICE_MAC_SHARE);
	bench_fini(&b);
}

static void
test_a_driver_whose_untrusted_vfs_take_no_address(void **state)
{
	struct advice_bench b;

	(void)state;
	bench_init(&b);
	set_family(&b, "bnxt_en");
	assert_int_equal(judge(&b, 1, 0), ADVICE_MAC_REFUSE);
	assert_string_equal(
		b.why.text,
		"bond0: 0000:3b:10.0 cannot take the bond's address without trust: set trust=on, "
		"or "
		"one mac for all members"
	);
	set_mac(&b, 0, 0x0a);
	assert_int_equal(judge(&b, 1, 0), ADVICE_MAC_SHARE);
	set_mac(&b, 1, 0x0a);
	assert_int_equal(judge(&b, 1, 0), ADVICE_MAC_FINE);
	bench_fini(&b);
}

static void
test_pf_that_cannot_be_asked(void **state)
{
	struct advice_bench b;

	(void)state;
	bench_init(&b);
	b.results[1].has_state = false;
	assert_int_equal(judge(&b, 1, 0), ADVICE_MAC_FINE);
	assert_said(
		&b,
		"bond0: 0000:3c:10.0: its PF cannot be asked from here whether it may use the "
		"bond's address: have whoever prepared it set trust=on, or one mac for all members"
		"\n"
	);
	text_clear(&b.notes);
	assert_int_equal(judge(&b, 1, 1), ADVICE_MAC_FINE);
	assert_said(&b, "");
	bench_fini(&b);
}

/* Addresses differ, with trust. */
static void
test_spoofchk_beside_the_bonds_address(void **state)
{
	static const char one_address[] =
		"bond0: 0000:3c:10.0: spoofchk=on, and it sends with the bond's address while its "
		"PF "
		"has another: set spoofchk=off, or one mac for all members\n";
	static const char exchange[] =
		"bond0: 0000:3c:10.0: spoofchk=on, and members exchange their addresses at a "
		"failover: a PF whose check does not follow drops what they send: set spoofchk=off"
		"\n";
	static const char exchange_all[] =
		"bond0: 0000:3b:10.0, 0000:3c:10.0: spoofchk=on, and members exchange their "
		"addresses at a failover: a PF whose check does not follow drops what they send: "
		"set spoofchk=off\n";
	static const struct {
		int mode, fail_over_mac;
		const char *said;
	} cases[] = {
		{1, 0, one_address},
		{1, 1, ""},
		{1, 2, exchange},
		{3, 0, one_address},
		{5, 0, exchange},
		{6, 0, exchange_all},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct advice_bench b;

		bench_init(&b);
		set_mac(&b, 0, 0x0a);
		set_mac(&b, 1, 0x0b);
		set_trust(&b);
		set_spoofchk(&b);
		assert_int_equal(judge(&b, cases[i].mode, cases[i].fail_over_mac), ADVICE_MAC_FINE);
		assert_said(&b, cases[i].said);
		bench_fini(&b);
	}
}

static void
test_spoofchk_beside_addresses_of_their_own(void **state)
{
	static const char random[] =
		"bond0: 0000:3c:10.0: members send with addresses of their own in this mode, and "
		"beside the same one in another member with a random one, which spoofchk=on drops: "
		"set trust=on or spoofchk=off, or take active-backup\n";
	struct advice_bench b;

	(void)state;
	bench_init(&b);
	set_mac(&b, 0, 0x0a);
	set_mac(&b, 1, 0x0a);
	set_spoofchk(&b);
	assert_int_equal(judge(&b, 5, 0), ADVICE_MAC_FINE);
	assert_said(&b, random);
	text_clear(&b.notes);
	/* The same once they are made to share one. */
	set_mac(&b, 1, 0x0b);
	assert_int_equal(judge(&b, 5, 0), ADVICE_MAC_SHARE);
	assert_non_null(strstr(text_str(&b.notes), random));
	text_clear(&b.notes);
	set_spoofchk_off(&b);
	set_mac(&b, 1, 0x0a);
	assert_int_equal(judge(&b, 5, 0), ADVICE_MAC_FINE);
	assert_said(&b, "");
	bench_fini(&b);
}

static void
test_spoofchk_of_no_address_set(void **state)
{
	struct advice_bench b;

	(void)state;
	bench_init(&b);
	set_spoofchk(&b);
	for (int mode = 0; mode < 6; mode++)
		assert_int_equal(judge(&b, mode, 0), ADVICE_MAC_FINE);
	assert_null(strstr(text_str(&b.notes), "spoofchk"));
	assert_int_equal(judge(&b, 6, 0), ADVICE_MAC_FINE);
	assert_non_null(strstr(text_str(&b.notes), "spoofchk=on, and members exchange"));
	bench_fini(&b);
}

static void
test_a_bond_of_one_and_of_none(void **state)
{
	struct advice_bench b;
	struct text notes = TEXT_EMPTY;

	(void)state;
	bench_init(&b);
	set_mac(&b, 0, 0x0a);
	set_spoofchk(&b);
	assert_int_equal(bond_advice("bond0", 1, 0, b.members, 1, &notes, &b.why), ADVICE_MAC_FINE);
	assert_int_equal(bond_advice("bond0", 6, 0, NULL, 0, &notes, NULL), ADVICE_MAC_FINE);
	assert_string_equal(text_str(&notes), "");
	bench_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_said_of_what_works),
		cmocka_unit_test(test_a_bond_that_follows_its_member_needs_no_move),
		cmocka_unit_test(test_different_addresses_are_shared),
		cmocka_unit_test(test_one_that_is_held_beside_one_that_is_free),
		cmocka_unit_test(test_which_address_is_shared),
		cmocka_unit_test(test_different_addresses_that_were_asked_for),
		cmocka_unit_test(test_different_addresses_on_one_pf),
		cmocka_unit_test(test_a_driver_whose_untrusted_vfs_take_no_address),
		cmocka_unit_test(test_pf_that_cannot_be_asked),
		cmocka_unit_test(test_spoofchk_beside_the_bonds_address),
		cmocka_unit_test(test_spoofchk_beside_addresses_of_their_own),
		cmocka_unit_test(test_spoofchk_of_no_address_set),
		cmocka_unit_test(test_a_bond_of_one_and_of_none),
	};

	return cmocka_run_group_tests_name("bond_advice", tests, NULL, NULL);
}
