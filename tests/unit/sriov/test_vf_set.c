/* SPDX-License-Identifier: BSD-3-Clause */
/* The same settings for several VFs of several PFs: all of them or none. */
#include "claim_lock.h"
#include "journal.h"
#include "vf_bench.h"
#include "vf_set.h"

#define PF_A "0000:3b:00.0"
#define PF_B "0000:3c:00.0"

/* VFs 0..2 of ens1f0 and 0..1 of ens2f0. */
struct fixture {
	struct vf_bench *b;
	struct pci_addr pf_a, pf_b, a[3], b0, b1;
	struct vf_set_change changes[4];
};

static struct pci_addr
addr(const char *s)
{
	struct pci_addr ret;

	assert_int_equal(pci_addr_parse(s, &ret), 0);
	return ret;
}

static int
setup(void **state)
{
	struct fake_pf_settings second = FAKE_PF_IGB(PF_B, "ens2f0", 2);
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->b = bench_new("fake_all");
	second.driver = "fake_all";
	fake_host_add_pf(f->b->f, &second);
	f->pf_a = addr(PF_A);
	f->pf_b = addr(PF_B);
	f->a[0] = addr("0000:3b:10.0");
	f->a[1] = addr("0000:3b:10.2");
	f->a[2] = addr("0000:3b:10.4");
	f->b0 = addr("0000:3c:10.0");
	f->b1 = addr("0000:3c:10.2");
	bench_remember(f->b);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	bench_free(f->b);
	free(f);
	return 0;
}

static int
set(struct fixture *f, const struct pci_addr *vfs, size_t n, const char *words, bool pf_up)
{
	struct vf_settings s = {0};
	char copy[256], *rest = NULL;

	strcpy(copy, words);
	for (char *w = strtok_r(copy, " ", &rest); w != NULL; w = strtok_r(NULL, " ", &rest))
		assert_int_equal(vf_settings_word(&s, w, &f->b->why), 0);
	f->b->nb_sets = 0;
	return vf_set(&f->b->h, vfs, n, &s, pf_up, f->changes, &f->b->notes, &f->b->why);
}

/* Fails, says @part, changes nothing, and holds no lock. */
static void
assert_refused(
	struct fixture *f,
	const struct pci_addr *vfs,
	size_t n,
	const char *words,
	int err,
	const char *part
)
{
	const struct pci_addr *pfs[] = {&f->pf_a, &f->pf_b};
	int rc = set(f, vfs, n, words, false), fd;

	if (rc != err)
		fail_msg("%d: %s", rc, f->b->why.text);
	assert_has(f->b->why.text, part);
	bench_assert_as_before(f->b);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(
			claim_lock(&f->b->h, CLAIM_LOCK_PF, pfs[i], 0, &fd, &f->b->why), 0
		);
		claim_unlock(fd);
	}
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(
			claim_lock(&f->b->h, CLAIM_LOCK_VF, &vfs[i], 0, &fd, &f->b->why), 0
		);
		claim_unlock(fd);
	}
}

static void
one_vf(void **state)
{
	struct fixture *f = *state;
	struct vf_state is;

	assert_int_equal(set(f, &f->a[2], 1, "vlan=5 trust=on spoofchk=on", false), 0);
	is = bench_state(f->b, 2);
	assert_int_equal(is.vlan, 5);
	assert_true(is.trust);
	/* It had spoofchk=on already. */
	assert_int_equal(f->changes[0].changed, ATTR(VLAN) | ATTR(TRUST));
	assert_int_equal(f->changes[0].was.vlan, 0);
	assert_int_equal(f->changes[0].now.vlan, 5);
	assert_int_equal(f->changes[0].was.vf, 2);
	assert_string_equal(f->changes[0].pf, "ens1f0");
	assert_int_equal(pci_addr_cmp(&f->changes[0].addr, &f->a[2]), 0);
	/* Half a pair keeps the other half. */
	assert_int_equal(set(f, &f->a[2], 1, "qos=3", false), 0);
	is = bench_state(f->b, 2);
	assert_int_equal(is.vlan, 5);
	assert_int_equal(is.qos, 3);
}

static void
several_vfs_of_two_pfs(void **state)
{
	struct fixture *f = *state;
	const struct pci_addr vfs[] = {f->b1, f->a[0], f->b0};
	struct vf_state s;

	assert_int_equal(set(f, vfs, 3, "vlan=9", false), 0);
	assert_string_equal(f->changes[0].pf, "ens2f0");
	assert_int_equal(f->changes[0].was.vf, 1);
	assert_string_equal(f->changes[1].pf, "ens1f0");
	assert_int_equal(f->changes[2].was.vf, 0);
	assert_int_equal(bench_state(f->b, 0).vlan, 9);
	assert_int_equal(bench_state(f->b, 1).vlan, 0);
	for (uint32_t vf = 0; vf < 2; vf++) {
		assert_int_equal(f->b->real.vf_get(f->b->real.ctx, "ens2f0", vf, &s, NULL), 0);
		assert_int_equal(s.vlan, 9);
	}
}

/* The same address on two PFs is what a bond over them wants; on one PF it is a mistake. */
static void
one_address_for_vfs_of_two_pfs(void **state)
{
	struct fixture *f = *state;
	const struct pci_addr two[] = {f->a[0], f->b0}, same[] = {f->a[0], f->b0, f->a[1]};

	assert_refused(f, same, 3, "mac=02:00:00:00:00:77", -EADDRINUSE, "0000:3b:10.2: ");

	assert_int_equal(set(f, two, 2, "mac=02:00:00:00:00:77", false), 0);
	assert_int_equal(bench_state(f->b, 0).mac[5], 0x77);
}

static void
a_later_failure_undoes_the_earlier(void **state)
{
	struct fixture *f = *state;
	const struct pci_addr vfs[] = {f->a[0], f->a[1], f->b0};
	unsigned failed = 0;
	int rc;

	fake_host_answer(f->b->f, "ens2f0", VF_ATTR_VLAN, FAKE_REFUSES, EPERM);
	assert_refused(f, vfs, 3, "vlan=9 trust=on", -EPERM, "0000:3c:10.0: ");
	assert_has(f->b->why.text, "wanted was vlan=9");
	fake_host_answer(f->b->f, "ens2f0", VF_ATTR_VLAN, FAKE_DOES, 0);
	/* Each of the requests, two for each VF, fails once; other steps cannot. */
	for (unsigned step = 1; step <= 30; step++) {
		fake_host_fault(f->b->f, fake_host_steps(f->b->f) + step, FAKE_FAIL, EIO);
		rc = set(f, vfs, 3, "vlan=9 trust=on", false);
		failed += rc < 0;
		fake_host_fault(f->b->f, 0, FAKE_FAIL, 0);
		if (rc == 0)
			assert_int_equal(set(f, vfs, 3, "vlan=0 trust=off", false), 0);
		bench_assert_as_before(f->b);
	}
	assert_int_equal(failed, 6);
}

static void
an_undoing_that_fails_is_told(void **state)
{
	struct fixture *f = *state;
	const struct pci_addr vfs[] = {f->a[0], f->b0};

	fake_host_answer(f->b->f, "ens2f0", VF_ATTR_TRUST, FAKE_REFUSES, EINVAL);
	/* Once, so that the files of the locks are there: to make them is a step too. */
	assert_int_equal(set(f, vfs, 2, "trust=off", false), 0);
	/* 1: trust of the first, 2: of the second, 3: the first back. */
	fake_host_fault(f->b->f, fake_host_steps(f->b->f) + 3, FAKE_FAIL, EPERM);
	assert_int_equal(set(f, vfs, 2, "trust=on", false), -EINVAL);
	assert_has(f->b->why.text, "0000:3c:10.0: ");
	assert_has(f->b->why.text, "NOT as before: 0000:3b:10.0: ");
}

static void
what_is_refused_beforehand_changes_no_vf(void **state)
{
	struct fixture *f = *state;
	const struct pci_addr pf_given[] = {f->a[0], f->pf_a};
	const struct pci_addr twice[] = {f->a[0], f->b0, f->a[0]};
	const struct pci_addr away[] = {f->a[0], addr("0000:3b:10.6")};
	const struct pci_addr both[] = {f->b0, f->a[0]};

	assert_refused(f, pf_given, 2, "vlan=9", -EINVAL, PF_A " is not a VF");
	assert_refused(f, twice, 3, "vlan=9", -EINVAL, "0000:3b:10.0 is given twice");
	assert_refused(f, away, 2, "vlan=9", -ENODEV, "0000:3b:10.6");
	assert_refused(f, both, 2, "min-tx-rate=9 max-tx-rate=5", -EINVAL, "is more than");
	/* The VF has no VLAN: only its state shows it. */
	assert_refused(f, both, 2, "qos=3", -EINVAL, "0000:3c:10.0: qos=3 needs a VLAN");
	assert_int_equal(f->b->nb_sets, 0);
}

static void
a_claimed_vf_is_refused(void **state)
{
	struct fixture *f = *state;
	const struct pci_addr vfs[] = {f->a[0], f->a[1]};
	struct claim_record r = {
		.addr = f->a[1],
		.pf = f->pf_a,
		.pf_known = true,
		.vf_index = 1,
		.since_s = 1700000000,
		.complete = true,
		.driver = "vfio-pci",
	};

	fake_host_process(f->b->f, 4711, 99, "vfbond", NULL);
	bench_remember(f->b);
	assert_int_equal(claim_owner_read(&f->b->h, 4711, &r.owner), 0);
	assert_int_equal(journal_write(&f->b->h, &r, &f->b->why), 0);
	assert_refused(f, vfs, 2, "trust=on", -EBUSY, "0000:3b:10.2");
	assert_has(f->b->why.text, "4711 (vfbond)");
	assert_has(f->b->why.text, "2023-11-14 22:13:20 UTC");
	assert_int_equal(f->b->nb_sets, 0);
	/* One whose owner is gone has to be given back first. */
	fake_host_remove(f->b->f, "/proc/4711");
	bench_remember(f->b);
	assert_refused(f, vfs, 2, "trust=on", -EBUSY, "vfctl reconcile");
	assert_int_equal(journal_remove(&f->b->h, &f->a[1], &f->b->why), 0);
	assert_int_equal(set(f, vfs, 2, "trust=on", false), 0);
}

static void
locks_of_others_are_waited_for_and_named(void **state)
{
	struct fixture *f = *state;
	struct sriov_host *other = fake_host_sriov(f->b->f);
	struct reason why;
	uint64_t start_ns = f->b->h.now_ns(f->b);
	int fd;

	assert_int_equal(claim_lock(other, CLAIM_LOCK_PF, &f->pf_a, 0, &fd, &why), 0);
	assert_int_equal(set(f, f->a, 1, "trust=on", false), -ETIMEDOUT);
	assert_in_range(bench_passed_ms(f->b, start_ns), 20000, 40000);
	bench_assert_as_before(f->b);
	/* The other PF is free. */
	assert_int_equal(set(f, &f->b0, 1, "trust=on", false), 0);
	claim_unlock(fd);
	assert_int_equal(set(f, f->a, 1, "trust=on", false), 0);
	assert_int_equal(claim_lock(other, CLAIM_LOCK_VF, &f->a[1], 0, &fd, &why), 0);
	assert_int_equal(set(f, &f->a[1], 1, "trust=on", false), -ETIMEDOUT);
	claim_unlock(fd);
}

static void
a_pf_that_is_down_or_away(void **state)
{
	struct fake_pf_settings down = FAKE_PF_IGB("0000:3d:00.0", "ens3f0", 1);
	struct fake_pf_settings away = FAKE_PF_IGB("0000:3e:00.0", NULL, 1);
	const struct pci_addr vfs[] = {addr("0000:3b:10.0"), addr("0000:3d:10.0")};
	const struct pci_addr gone[] = {addr("0000:3b:10.0"), addr("0000:3e:10.0")};
	struct fixture *f = *state;
	struct netdev_facts facts;

	down.netdev_up = false;
	fake_host_add_pf(f->b->f, &down);
	fake_host_add_pf(f->b->f, &away);
	bench_remember(f->b);
	assert_refused(f, vfs, 2, "trust=on", -ENETDOWN, "ip link set ens3f0 up");
	assert_refused(
		f, gone, 2, "trust=on", -ENODEV, "its PF 0000:3e:00.0 has no network device"
	);
	assert_int_equal(f->b->nb_sets, 0);
	assert_string_equal(text_str(&f->b->notes), "");
	assert_int_equal(set(f, vfs, 2, "trust=on", true), 0);
	assert_string_equal(text_str(&f->b->notes), "ens3f0 was down and is up now\n");
	assert_int_equal(f->b->h.netdev_read(f->b, "ens3f0", &facts), 0);
	assert_true(facts.admin_up);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_vf),
		TEST(several_vfs_of_two_pfs),
		TEST(one_address_for_vfs_of_two_pfs),
		TEST(a_later_failure_undoes_the_earlier),
		TEST(an_undoing_that_fails_is_told),
		TEST(what_is_refused_beforehand_changes_no_vf),
		TEST(a_claimed_vf_is_refused),
		TEST(locks_of_others_are_waited_for_and_named),
		TEST(a_pf_that_is_down_or_away),
	};

	return cmocka_run_group_tests_name("vf_set", tests, NULL, NULL);
}
