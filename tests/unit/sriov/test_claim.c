/* SPDX-License-Identifier: BSD-3-Clause */
/* One VF becomes ours and goes back; what is refused, and by whom it is had; use without a write.
 */
#include "claim_bench.h"
#include "claim_lock.h"

#include <fcntl.h>

static void
test_claim_and_release(void **state)
{
	struct claim_request req = request("mac=02:00:00:00:00:99 vlan=7 trust=on");
	struct bench *b = *state;
	struct claim_result res;
	struct claim_record r;

	req.owner_pid = OWNER_PID;
	fake_host_process(b->f, (int)getpid(), 5, "test", NULL);
	assert_int_equal(claim(b, VF_A0, &req, &res), 0);
	assert_string_equal(res.driver, "vfio-pci");
	assert_true(res.pf_known && res.has_node && res.has_state && !res.adopted);
	assert_int_equal(res.vf_index, 0);
	assert_int_equal(res.state.vlan, 7);
	assert_int_equal(res.state.qos, 3);
	assert_int_equal(res.state.mac[5], 0x99);
	assert_true(res.state.trust);
	assert_int_equal(record_of(b, VF_A0, &r), 0);
	assert_true(r.complete && r.binds && !r.raised_pf);
	assert_int_equal(r.attrs, 1u << VF_ATTR_MAC | 1u << VF_ATTR_VLAN | 1u << VF_ATTR_TRUST);
	assert_int_equal(r.owner.pid, OWNER_PID);
	assert_string_equal(r.was.driver, "igbvf");
	assert_int_equal(r.was_state.vlan, 100);
	/* Its owner lives, and is another process. */
	assert_int_equal(release(b, VF_A0), -EBUSY);
	expect_in(b->why.text, "4242 (owner)");
	fake_host_remove(b->f, "/proc/4242");
	assert_int_equal(release(b, VF_A0), 0);
	expect_in(text_str(&b->notes), "set by the administrator");
	assert_int_equal(release(b, VF_A0), -ENOENT);
	expect_in(b->why.text, "not claimed");
}

/* Nothing is asked that is not so: nothing is written, and nothing given back. */
static void
test_only_what_differs(void **state)
{
	struct claim_request req = request("vlan=100 mac=02:00:00:00:00:a0");
	struct bench *b = *state;
	struct claim_record r;

	assert_int_equal(claim(b, VF_A0, &req, NULL), 0);
	assert_int_equal(record_of(b, VF_A0, &r), 0);
	assert_int_equal(r.attrs, 0);
	assert_int_equal(release(b, VF_A0), 0);
	assert_string_equal(text_str(&b->notes), "");
	expect_as_before(b);
}

static void
test_busy_by_whom(void **state)
{
	struct claim_request req = request("vlan=7"), other = request("");
	struct bench *b = *state;
	struct claim_result res;

	req.owner_pid = OWNER_PID;
	assert_int_equal(claim(b, VF_A0, &req, NULL), 0);
	bench_remember(b);
	other.owner_pid = OTHER_PID;
	assert_int_equal(claim(b, VF_A0, &other, NULL), -EBUSY);
	expect_in(b->why.text, "2025-06-15");
	expect_in(b->why.text, "4242 (owner)");
	other.may_adopt = true;
	assert_int_equal(claim(b, VF_A0, &other, NULL), -EBUSY);
	expect_in(b->why.text, "4242 (owner)");
	expect_as_before(b);
	/* By a process that has no claim. */
	other.may_adopt = false;
	assert_int_equal(claim(b, VF_A1, &other, &res), 0);
	other_opens(b, res.node.path);
	bench_remember(b);
	assert_int_equal(release(b, VF_A1), -EBUSY);
	assert_int_equal(
		claim_release(&b->h, &(struct pci_addr){0, 0x3b, 0x10, 2}, true, NULL, &b->why),
		-EBUSY
	);
	expect_in(b->why.text, "4343");
	expect_as_before(b);
}

static void
expect_refused(
	struct bench *b, const char *vf, const struct claim_request *req, int err, const char *says
)
{
	struct claim_result res, untouched;

	memset(&res, 0x5a, sizeof(res));
	memset(&untouched, 0x5a, sizeof(untouched));
	assert_int_equal(claim(b, vf, req, &res), err);
	assert_memory_equal(&res, &untouched, sizeof(res));
	expect_in(b->why.text, says);
	expect_as_before(b);
	assert_int_equal(release(b, vf), -ENOENT);
}

static void
test_refused(void **state)
{
	struct claim_request req = request("vlan=7"), plain = request("");
	struct bench *b = *state;

	expect_refused(b, PF_A, &req, -EPERM, "is a PF");
	req.owner_pid = 99999;
	expect_refused(b, VF_A0, &req, -ESRCH, "99999");
	req.owner_pid = 0;
	req.driver = "../x";
	expect_refused(b, VF_A0, &req, -EINVAL, "driver");
	req = request("mac=02:00:00:00:00:a1");
	expect_refused(b, VF_A0, &req, -EADDRINUSE, "VF 1");
	req = request("min-tx-rate=901");
	expect_refused(b, VF_A0, &req, -EINVAL, "rate");
	/* The driver's answers. */
	req = request("vlan=7 trust=on");
	fake_host_answer(b->f, PF_A_NETDEV, VF_ATTR_VLAN, FAKE_REFUSES, EOPNOTSUPP);
	bench_remember(b);
	expect_refused(b, VF_A0, &req, -EOPNOTSUPP, "vlan");
	fake_host_answer(b->f, PF_A_NETDEV, VF_ATTR_VLAN, FAKE_IGNORES, 0);
	bench_remember(b);
	expect_refused(b, VF_A0, &req, -EIO, "vlan");
	fake_host_vfio_answer(b->f, EINVAL, false);
	bench_remember(b);
	expect_refused(b, VF_A0, &plain, -EINVAL, "vfio-pci");
	fake_host_vfio_answer(b->f, 0, true);
	bench_remember(b);
	expect_refused(b, VF_A0, &plain, -EIO, "vfio-pci");
}

static void
test_vf_that_vanished(void **state)
{
	static const char file[] = "/sys/bus/pci/devices/" PF_A "/sriov_numvfs";
	struct claim_request req = request("");
	struct bench *b = *state;
	struct pci_device d = device(b, VF_A0);
	struct claim_result res;

	assert_int_equal(hostfs_write(&b->real.fs, "0", 1, "%s", file), 0);
	assert_int_equal(claim_vf(&b->h, &d, &req, &res, NULL, &b->why), -ENODEV);
	expect_in(b->why.text, VF_A0);
}

static void
test_pf_that_is_down(void **state)
{
	struct fake_pf_settings pf = FAKE_PF_IGB("0000:af:00.0", "ens3f0", 1);
	struct claim_request req = request("vlan=7"), plain = request("");
	struct bench *b = *state;
	struct claim_record r;

	pf.netdev_up = false;
	fake_host_add_pf(b->f, &pf);
	bench_remember(b);
	expect_refused(b, "0000:af:10.0", &req, -ENETDOWN, "--pf-up");
	assert_int_equal(claim(b, "0000:af:10.0", &plain, NULL), 0);
	expect_in(text_str(&b->notes), "no carrier");
	assert_int_equal(release(b, "0000:af:10.0"), 0);
	expect_as_before(b);
	req.pf_up = true;
	assert_int_equal(claim(b, "0000:af:10.0", &req, NULL), 0);
	assert_int_equal(record_of(b, "0000:af:10.0", &r), 0);
	assert_true(r.raised_pf);
	assert_int_equal(release(b, "0000:af:10.0"), 0);
}

static void
test_locked_by_another(void **state)
{
	struct claim_request req = request("vlan=7");
	struct pci_addr vf = addr_of(VF_A0), pf = addr_of(PF_A);
	struct bench *b = *state;
	int fd;

	assert_int_equal(claim_lock(&b->h, CLAIM_LOCK_PF, &pf, 0, &fd, &b->why), 0);
	expect_refused(b, VF_A0, &req, -ETIMEDOUT, "PF " PF_A);
	claim_unlock(fd);
	assert_int_equal(claim_lock(&b->h, CLAIM_LOCK_VF, &vf, 0, &fd, &b->why), 0);
	expect_refused(b, VF_A0, &req, -ETIMEDOUT, "VF " VF_A0);
	claim_unlock(fd);
	/* What failed holds no lock. */
	assert_int_equal(claim_lock(&b->h, CLAIM_LOCK_PF, &pf, 0, &fd, &b->why), 0);
	claim_unlock(fd);
	assert_int_equal(claim(b, VF_A0, &req, NULL), 0);
	assert_int_equal(claim_lock(&b->h, CLAIM_LOCK_PF, &pf, 0, &fd, &b->why), 0);
	claim_unlock(fd);
}

/*
 * As in a pod: somebody prepared the VF, the state directory cannot be written, and any step fails
 * the test.
 */
static void
test_adopted_without_a_write(void **state)
{
	struct claim_request prepare = request("vlan=7 trust=on"), wanted = request("");
	struct bench *b = *state;
	struct claim_result res;
	struct pci_addr vf = addr_of(VF_A0);

	assert_int_equal(claim(b, VF_A0, &prepare, NULL), 0);
	assert_int_equal(journal_remove(&b->h, &vf, &b->why), 0);
	bench_remember(b);
	b->h.state_dir = "/proc/none/vfbond";
	b->read_only = true;
	wanted.may_adopt = true;
	wanted.owner_pid = OWNER_PID;
	memset(&res, 0, sizeof(res));
	assert_int_equal(claim(b, VF_A0, &wanted, &res), 0);
	assert_true(res.adopted && res.has_node && res.has_state);
	assert_int_equal(res.state.vlan, 7);
	/* Also with settings that are so already. */
	wanted.settings = settings_of("vlan=7 trust=on");
	memset(&res, 0, sizeof(res));
	assert_int_equal(claim(b, VF_A0, &wanted, &res), 0);
	assert_true(res.adopted);
	assert_int_equal(release(b, VF_A0), -ENOENT);
	/* Another one has it open. */
	other_opens(b, res.node.path);
	assert_int_equal(claim(b, VF_A0, &wanted, &res), -EBUSY);
	expect_in(b->why.text, "4343");
	other_opens(b, NULL);
	expect_as_before(b);
	/* What is not as wanted takes a claim, and so a state directory. */
	b->read_only = false;
	wanted.settings = settings_of("vlan=8");
	assert_int_equal(claim(b, VF_A0, &wanted, &res), -ENOENT);
	expect_in(b->why.text, "/proc/none/vfbond");
	expect_as_before(b);
}

static void
test_adopted_without_pf(void **state)
{
	struct fake_pf_settings pf = FAKE_PF_IGB("0000:af:00.0", NULL, 1);
	struct claim_request req = request(""), wanted = request("vlan=0");
	struct bench *b = *state;
	struct claim_result res;

	pf.vf_driver = "vfio-pci";
	fake_host_add_pf(b->f, &pf);
	bench_remember(b);
	b->read_only = true;
	req.may_adopt = wanted.may_adopt = true;
	memset(&res, 0, sizeof(res));
	assert_int_equal(claim(b, "0000:af:10.0", &req, &res), 0);
	assert_true(res.adopted && !res.has_state);
	expect_refused(b, "0000:af:10.0", &wanted, -ENODEV, "neither be set nor verified here");
	wanted.may_adopt = false;
	expect_refused(b, "0000:af:10.0", &wanted, -ENODEV, "neither be set nor verified here");
	/* A claim without settings needs no PF. */
	b->read_only = false;
	req.may_adopt = false;
	assert_int_equal(claim(b, "0000:af:10.0", &req, &res), 0);
	assert_false(res.adopted);
	assert_int_equal(release(b, "0000:af:10.0"), 0);
	expect_as_before(b);
}

/* Inside a virtual machine a VF has no physfn; a PF is never taken, whatever has it. */
static void
test_adopted_in_a_virtual_machine(void **state)
{
	struct claim_request req = request("");
	struct bench *b = *state;
	struct claim_result res;

	fake_host_add_device(b->f, "0000:00:05.0", 0x8086, 0x10ca, 0x020000, "vfio-pci", NULL);
	fake_host_add_device(b->f, "0000:00:06.0", 0x8086, 0x10ca, 0x020000, "", NULL);
	bench_remember(b);
	b->read_only = true;
	expect_refused(b, "0000:00:05.0", &req, -EPERM, "is no VF");
	req.may_adopt = true;
	memset(&res, 0, sizeof(res));
	assert_int_equal(claim(b, "0000:00:05.0", &req, &res), 0);
	assert_true(res.adopted && res.has_node && !res.pf_known);
	expect_refused(b, "0000:00:06.0", &req, -EPERM, "is no VF");
	expect_refused(b, PF_A, &req, -EPERM, "is a PF");
}

/* What `vfctl claim` prepared for whoever comes. */
static void
test_adopted_from_a_claim_of_nobody(void **state)
{
	struct claim_request req = request("vlan=7"), wanted = request("vlan=7");
	struct bench *b = *state;
	struct claim_result res;
	struct claim_record r;

	assert_int_equal(claim(b, VF_A0, &req, NULL), 0);
	wanted.may_adopt = true;
	wanted.owner_pid = OWNER_PID;
	b->read_only = true;
	memset(&res, 0, sizeof(res));
	assert_int_equal(claim(b, VF_A0, &wanted, &res), 0);
	assert_true(res.adopted);
	/* Another address than the one that was prepared is not ours to give. */
	b->read_only = false;
	wanted.settings = settings_of("vlan=8");
	assert_int_equal(claim(b, VF_A0, &wanted, &res), -EBUSY);
	expect_in(b->why.text, "until it is released");
	assert_int_equal(record_of(b, VF_A0, &r), 0);
	assert_int_equal(r.owner.pid, 0);
	assert_int_equal(release(b, VF_A0), 0);
	expect_as_before(b);
}

/* A claim that was not finished is no preparation. */
static void
test_not_adopted_from_a_crash(void **state)
{
	struct claim_request req = request("vlan=7"), wanted = request("");
	struct bench *b = *state;
	struct claim_result res;
	struct claim_record r;

	assert_int_equal(claim(b, VF_A0, &req, NULL), 0);
	assert_int_equal(record_of(b, VF_A0, &r), 0);
	r.complete = false;
	assert_int_equal(journal_write(&b->h, &r, &b->why), 0);
	wanted.may_adopt = true;
	memset(&res, 0, sizeof(res));
	assert_int_equal(claim(b, VF_A0, &wanted, &res), 0);
	assert_false(res.adopted);
	assert_int_equal(res.state.vlan, 100);
	expect_in(text_str(&b->notes), "undone first");
	assert_int_equal(release(b, VF_A0), 0);
	expect_as_before(b);
}

static void
test_set_mac(void **state)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 0, 0x77}, multicast[] = {3, 0, 0, 0, 0, 1},
			     taken[] = {2, 0, 0, 0, 0, 0xa1}, zero[6] = {0};
	struct claim_request req = request("vlan=7");
	struct pci_addr vf = addr_of(VF_A0);
	struct bench *b = *state;
	struct claim_record r;

	assert_int_equal(claim_set_mac(&b->h, &vf, mac, NULL, &b->why), -ENOENT);
	expect_in(b->why.text, "adopted");
	req.owner_pid = OWNER_PID;
	assert_int_equal(claim(b, VF_A0, &req, NULL), 0);
	assert_int_equal(claim_set_mac(&b->h, &vf, mac, NULL, &b->why), -EPERM);
	expect_in(b->why.text, "4242");
	fake_host_remove(b->f, "/proc/4242");
	assert_int_equal(release(b, VF_A0), 0);
	fake_host_process(b->f, OWNER_PID, 777, "owner", NULL);
	expect_as_before(b);

	fake_host_process(b->f, (int)getpid(), 5, "test", NULL);
	bench_remember(b);
	req.owner_pid = getpid();
	assert_int_equal(claim(b, VF_A0, &req, NULL), 0);
	assert_int_equal(claim_set_mac(&b->h, &vf, multicast, NULL, &b->why), -EINVAL);
	assert_int_equal(claim_set_mac(&b->h, &vf, zero, NULL, &b->why), -EINVAL);
	assert_int_equal(claim_set_mac(&b->h, &vf, taken, NULL, &b->why), -EADDRINUSE);
	assert_int_equal(state_of(b, 0).mac[5], 0xa0);
	assert_int_equal(record_of(b, VF_A0, &r), 0);
	assert_int_equal(r.attrs, 1u << VF_ATTR_VLAN);
	assert_int_equal(claim_set_mac(&b->h, &vf, mac, NULL, &b->why), 0);
	assert_int_equal(state_of(b, 0).mac[5], 0x77);
	assert_int_equal(record_of(b, VF_A0, &r), 0);
	assert_true(r.complete && r.settings.has_mac);
	assert_int_equal(r.was_state.mac[5], 0xa0);
	/* A second one does not become what there was before. */
	assert_int_equal(
		claim_set_mac(&b->h, &vf, (uint8_t[]){2, 0, 0, 0, 0, 0x78}, NULL, &b->why), 0
	);
	assert_int_equal(release(b, VF_A0), 0);
	expect_as_before(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_claim_and_release, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(
			test_only_what_differs, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(test_busy_by_whom, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_refused, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_vf_that_vanished, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_pf_that_is_down, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_locked_by_another, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(
			test_adopted_without_a_write, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(
			test_adopted_without_pf, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(
			test_adopted_in_a_virtual_machine, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(
			test_adopted_from_a_claim_of_nobody, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(
			test_not_adopted_from_a_crash, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(test_set_mac, bench_setup, bench_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
