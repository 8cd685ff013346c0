/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fake machine's netlink answers as igb does, and what a test scripts happens: answers, faults,
 * late VFs, the clock, all of it seen by another process too.
 */
#include "fake_host.h"
#include "units.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

#define PF "0000:3b:00.0"
#define VF "0000:3b:10.0"
#define DEVICE "/sys/bus/pci/devices/"

static struct fake_host *
machine(const char *driver, uint16_t num_vfs)
{
	struct fake_pf_settings s = FAKE_PF_IGB(PF, "ens1f0", num_vfs);
	struct fake_host *f = fake_host_new();

	s.driver = driver;
	fake_host_add_pf(f, &s);
	return f;
}

static int
put(struct fake_host *f, const char *path, const char *value)
{
	return hostfs_write(&fake_host_sriov(f)->fs, value, strlen(value), "%s", path);
}

static bool
there(struct fake_host *f, const char *path)
{
	return hostfs_exists(&fake_host_sriov(f)->fs, "%s", path);
}

static int
set(struct fake_host *f, enum vf_attr attr, const struct vf_state *want)
{
	struct sriov_host *h = fake_host_sriov(f);

	return h->vf_set(h->ctx, "ens1f0", attr, want, NULL);
}

static struct vf_state
get(struct fake_host *f, uint32_t vf)
{
	struct sriov_host *h = fake_host_sriov(f);
	struct vf_state s = {0};

	assert_int_equal(h->vf_get(h->ctx, "ens1f0", vf, &s, NULL), 0);
	return s;
}

static void
netlink_answers_like_igb(void **state)
{
	struct fake_host *f = machine("igb", 2);
	struct vf_state s = get(f, 1), w = {.vf = 1, .vlan = 100, .qos = 3};

	(void)state;
	assert_int_equal(s.vf, 1);
	assert_int_equal(s.known, (1U << VF_ATTR_COUNT) - 1);
	assert_true(s.spoofchk && !s.trust);
	assert_int_equal(set(f, VF_ATTR_VLAN, &w), 0);
	s = get(f, 1);
	assert_true(s.vlan == 100 && s.qos == 3 && s.vlan_proto == ETH_P_8021Q);
	assert_int_equal(get(f, 0).vlan, 0);
	w.vlan_proto = ETH_P_8021AD;
	assert_int_equal(set(f, VF_ATTR_VLAN, &w), -EPROTONOSUPPORT);
	assert_int_equal(set(f, VF_ATTR_LINK_STATE, &w), -EOPNOTSUPP);
	w.mac[0] = 1;
	assert_int_equal(set(f, VF_ATTR_MAC, &w), -EINVAL);
	w.max_tx_rate_mbps = 1001;
	assert_int_equal(set(f, VF_ATTR_RATE, &w), -EINVAL);
	w.max_tx_rate_mbps = 1000;
	assert_int_equal(set(f, VF_ATTR_RATE, &w), 0);
	w.min_tx_rate_mbps = 1;
	assert_int_equal(set(f, VF_ATTR_RATE, &w), -EINVAL);
	w.vf = 2;
	assert_int_equal(set(f, VF_ATTR_TRUST, &w), -EINVAL);
	assert_int_equal(get(f, 1).max_tx_rate_mbps, 1000);
	/* New VFs know nothing of the old ones' settings. */
	assert_int_equal(put(f, DEVICE PF "/sriov_numvfs", "0"), 0);
	assert_int_equal(put(f, DEVICE PF "/sriov_numvfs", "2"), 0);
	assert_int_equal(get(f, 1).vlan, 0);
	fake_host_free(f);
}

static void
netlink_knows_its_devices(void **state)
{
	struct fake_host *f = machine("igb", 1);
	struct sriov_host *h = fake_host_sriov(f);
	struct netdev_facts facts;
	struct vf_state s;

	(void)state;
	assert_int_equal(h->vf_get(h->ctx, "ens1f0", 1, &s, NULL), -ENOENT);
	assert_int_equal(h->vf_get(h->ctx, "ens9", 0, &s, NULL), -ENODEV);
	assert_int_equal(h->vf_set(h->ctx, "ens9", VF_ATTR_TRUST, &s, NULL), -ENODEV);
	assert_int_equal(h->netdev_read(h->ctx, "ens9", &facts), -ENODEV);
	assert_int_equal(h->netdev_read(h->ctx, "ens1f0", &facts), 0);
	assert_true(facts.admin_up && facts.carrier && !facts.default_route);
	assert_int_equal(facts.mtu, 1500);
	assert_int_equal(facts.speed_mbps, 1000);
	assert_string_equal(facts.driver, "igb");
	fake_host_put(
		f, "/proc/net/route", "I\nens1f0\t00000000\t0100000A\t3\t0\t0\t0\t00000000\n"
	);
	assert_int_equal(h->netdev_read(h->ctx, "ens1f0", &facts), 0);
	assert_true(facts.default_route);

	assert_int_equal(put(f, "/sys/bus/pci/drivers/igbvf/bind", VF), 0);
	assert_int_equal(h->netdev_read(h->ctx, "ens1f0v0", &facts), 0);
	assert_false(facts.admin_up);
	assert_int_equal(h->netdev_up(h->ctx, "ens1f0v0", NULL), 0);
	assert_int_equal(h->netdev_read(h->ctx, "ens1f0v0", &facts), 0);
	assert_true(facts.admin_up);
	assert_int_equal(h->netdev_up(h->ctx, "ens9", NULL), -ENODEV);
	fake_host_free(f);
}

static void
another_driver_does_all(void **state)
{
	struct fake_host *f = machine("fake_all", 1);
	struct vf_state w = {
		.vlan = 5,
		.vlan_proto = ETH_P_8021AD,
		.min_tx_rate_mbps = 10,
		.max_tx_rate_mbps = 20,
		.link_state = VF_LINK_DISABLE,
	};

	(void)state;
	assert_int_equal(set(f, VF_ATTR_VLAN, &w), 0);
	assert_int_equal(set(f, VF_ATTR_RATE, &w), 0);
	assert_int_equal(set(f, VF_ATTR_LINK_STATE, &w), 0);
	assert_int_equal(get(f, 0).vlan_proto, ETH_P_8021AD);
	assert_int_equal(get(f, 0).min_tx_rate_mbps, 10);
	assert_int_equal(get(f, 0).link_state, VF_LINK_DISABLE);
	w.min_tx_rate_mbps = 30;
	assert_int_equal(set(f, VF_ATTR_RATE, &w), -EINVAL);
	fake_host_free(f);
}

static void
a_driver_takes_the_vfs_mac_when_it_comes(void **state)
{
	struct fake_host *f = machine("igb", 1);
	struct vf_state w = {.mac = {2, 3, 4, 5, 6, 7}};
	struct sriov_host *h = fake_host_sriov(f);
	struct netdev_facts facts;

	(void)state;
	assert_int_equal(put(f, "/sys/bus/pci/drivers/igbvf/bind", VF), 0);
	assert_int_equal(set(f, VF_ATTR_MAC, &w), 0);
	assert_int_equal(h->netdev_read(h->ctx, "ens1f0v0", &facts), 0);
	assert_memory_not_equal(facts.mac, w.mac, 6);
	assert_int_equal(put(f, "/sys/bus/pci/drivers/igbvf/unbind", VF), 0);
	assert_int_equal(put(f, "/sys/bus/pci/drivers/igbvf/bind", VF), 0);
	assert_int_equal(h->netdev_read(h->ctx, "ens1f0v0", &facts), 0);
	assert_memory_equal(facts.mac, w.mac, 6);
	fake_host_free(f);
}

static void
answers_are_given_as_scripted(void **state)
{
	struct fake_host *f = machine("igb", 1);
	struct vf_state on = {.trust = true}, off = {.trust = false};

	(void)state;
	fake_host_answer(f, "ens1f0", VF_ATTR_TRUST, FAKE_LATER, 2);
	assert_int_equal(set(f, VF_ATTR_TRUST, &on), -EAGAIN);
	assert_int_equal(set(f, VF_ATTR_TRUST, &on), -EAGAIN);
	assert_false(get(f, 0).trust);
	assert_int_equal(set(f, VF_ATTR_TRUST, &on), 0);
	assert_true(get(f, 0).trust);

	fake_host_answer(f, "ens1f0", VF_ATTR_TRUST, FAKE_LATER, 0);
	for (int i = 0; i < 50; i++)
		assert_int_equal(set(f, VF_ATTR_TRUST, &off), -EAGAIN);
	fake_host_answer(f, "ens1f0", VF_ATTR_TRUST, FAKE_IGNORES, 0);
	assert_int_equal(set(f, VF_ATTR_TRUST, &off), 0);
	assert_true(get(f, 0).trust);
	fake_host_answer(f, "ens1f0", VF_ATTR_TRUST, FAKE_REFUSES, EPERM);
	assert_int_equal(set(f, VF_ATTR_TRUST, &off), -EPERM);
	assert_true(get(f, 0).trust);
	fake_host_answer(f, "ens1f0", VF_ATTR_TRUST, FAKE_DOES_AND_FAILS, 0);
	assert_int_equal(set(f, VF_ATTR_TRUST, &off), -EIO);
	assert_false(get(f, 0).trust);
	fake_host_answer(f, "ens1f0", VF_ATTR_TRUST, FAKE_DOES, 0);
	assert_int_equal(set(f, VF_ATTR_TRUST, &on), 0);
	/* Other attributes go on as they are. */
	assert_int_equal(set(f, VF_ATTR_SPOOFCHK, &off), 0);
	fake_host_free(f);
}

static void
vfio_answers_as_scripted(void **state)
{
	struct fake_host *f = machine("igb", 1);

	(void)state;
	assert_int_equal(put(f, DEVICE VF "/driver_override", "vfio-pci"), 0);
	fake_host_vfio_answer(f, EINVAL, false);
	assert_int_equal(put(f, "/sys/bus/pci/drivers/vfio-pci/bind", VF), -EINVAL);
	/* A probe for all drivers does not tell of one that refuses. */
	assert_int_equal(put(f, "/sys/bus/pci/drivers_probe", VF), 0);
	assert_false(there(f, DEVICE VF "/driver"));
	fake_host_vfio_answer(f, 0, true);
	assert_int_equal(put(f, "/sys/bus/pci/drivers/vfio-pci/bind", VF), 0);
	assert_false(there(f, DEVICE VF "/driver"));
	fake_host_vfio_answer(f, 0, false);
	assert_int_equal(put(f, "/sys/bus/pci/drivers/vfio-pci/bind", VF), 0);
	assert_true(there(f, DEVICE VF "/driver"));
	fake_host_free(f);
}

static void
counts_are_made_as_scripted(void **state)
{
	struct fake_host *f = machine("igb", 0);
	struct sriov_host *h = fake_host_sriov(f);
	uint64_t before = h->now_ns(h->ctx);

	(void)state;
	fake_host_count_answer(f, PF, 3, 0, 0);
	assert_int_equal(put(f, DEVICE PF "/sriov_numvfs", "5"), 0);
	assert_true(there(f, DEVICE PF "/virtfn2") && !there(f, DEVICE PF "/virtfn3"));
	assert_int_equal(put(f, DEVICE PF "/sriov_numvfs", "0"), 0);
	fake_host_count_answer(f, PF, 0, ENOMEM, 0);
	assert_int_equal(put(f, DEVICE PF "/sriov_numvfs", "5"), -ENOMEM);
	assert_int_equal(put(f, DEVICE PF "/sriov_numvfs", "0"), 0);
	fake_host_count_answer(f, PF, 0, 0, 100);
	assert_int_equal(put(f, DEVICE PF "/sriov_numvfs", "5"), 0);
	h->sleep_ms(h->ctx, 99);
	assert_false(there(f, DEVICE PF "/virtfn0"));
	h->sleep_ms(h->ctx, 1);
	assert_true(there(f, DEVICE PF "/virtfn4"));
	assert_int_equal(h->now_ns(h->ctx) - before, 100 * NSEC_PER_MSEC);
	fake_host_free(f);
}

static void
a_held_vf_stops_the_kernel(void **state)
{
	struct fake_host *f = machine("igb", 1);

	(void)state;
	assert_int_equal(put(f, DEVICE VF "/driver_override", "vfio-pci"), 0);
	assert_int_equal(put(f, "/sys/bus/pci/drivers_probe", VF), 0);
	fake_host_process(f, 77, 1234, "testpmd", "/dev/vfio/1");
	assert_int_equal(put(f, DEVICE PF "/sriov_numvfs", "0"), -ETIMEDOUT);
	assert_int_equal(put(f, DEVICE VF "/driver/unbind", VF), -ETIMEDOUT);
	assert_true(there(f, DEVICE VF "/driver"));
	fake_host_remove(f, "/proc/77");
	assert_int_equal(put(f, DEVICE PF "/sriov_numvfs", "0"), 0);
	assert_false(there(f, "/dev/vfio/1"));
	fake_host_free(f);
}

static void
without_iommu_vfio_needs_its_switch(void **state)
{
	struct fake_host *f = fake_host_new();
	char *before, *after;

	(void)state;
	fake_host_remove(f, "/sys/class/iommu/dmar0");
	fake_host_add_pf(f, &FAKE_PF_IGB(PF, "ens1f0", 1));
	assert_false(there(f, DEVICE VF "/iommu_group"));
	assert_int_equal(put(f, DEVICE VF "/driver_override", "vfio-pci"), 0);
	assert_int_equal(put(f, "/sys/bus/pci/drivers/vfio-pci/bind", VF), -EINVAL);
	assert_int_equal(put(f, "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "1"), 0);
	before = fake_host_dump(f);
	assert_int_equal(put(f, "/sys/bus/pci/drivers/vfio-pci/bind", VF), 0);
	assert_true(there(f, "/dev/vfio/noiommu-0"));
	assert_true(there(f, DEVICE VF "/iommu_group/name"));
	assert_int_equal(put(f, "/sys/bus/pci/drivers/vfio-pci/unbind", VF), 0);
	after = fake_host_dump(f);
	assert_string_equal(before, after);
	free(before);
	free(after);
	fake_host_free(f);
}

/* In a child with that fault: writes twice; its wait status. */
static int
status_of_child(const char *root, unsigned at_step, enum fake_fault fault)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		struct fake_host *f = fake_host_open(root);
		int rc;

		fake_host_fault(f, at_step, fault, EIO);
		rc = put(f, DEVICE PF "/sriov_drivers_autoprobe", "0");
		if (rc == 0)
			rc = put(f, DEVICE PF "/sriov_numvfs", "2");
		fake_host_free(f);
		_exit(-rc);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	return status;
}

static void
a_step_fails_or_kills(void **state)
{
	struct fake_host *f = machine("igb", 0);
	const char *root = fake_host_root(f);
	int status;

	(void)state;
	status = status_of_child(root, 2, FAKE_KILL_BEFORE);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_false(there(f, DEVICE PF "/virtfn0"));
	status = status_of_child(root, 2, FAKE_FAIL);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EIO);
	assert_false(there(f, DEVICE PF "/virtfn0"));
	status = status_of_child(root, 2, FAKE_KILL_AFTER);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	/* What the other process did is here, and of its netlink too. */
	assert_true(there(f, DEVICE PF "/virtfn1"));
	assert_true(get(f, 1).spoofchk);
	assert_int_equal(fake_host_steps(f), 0);
	status = status_of_child(root, 0, FAKE_KILL_BEFORE);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	fake_host_free(f);
}

static void
steps_of_all_kinds_count(void **state)
{
	struct fake_host *f = machine("igb", 1);
	struct sriov_host *h = fake_host_sriov(f);
	struct vf_state w = {.trust = true};

	(void)state;
	assert_int_equal(set(f, VF_ATTR_TRUST, &w), 0);
	assert_int_equal(fake_host_steps(f), 1);
	assert_int_equal(h->netdev_up(h->ctx, "ens1f0", NULL), 0);
	h->step(h->ctx, "a record");
	assert_int_equal(put(f, "/no/such/file", "1"), -ENOENT);
	assert_int_equal(fake_host_steps(f), 4);
	fake_host_fault(f, 5, FAKE_FAIL, EROFS);
	w.trust = false;
	assert_int_equal(set(f, VF_ATTR_TRUST, &w), -EROFS);
	assert_true(get(f, 0).trust);
	assert_int_equal(set(f, VF_ATTR_TRUST, &w), 0);
	fake_host_free(f);
}

static void
the_dump_shows_all_but_the_state_directory(void **state)
{
	struct fake_host *f = machine("igb", 1);
	struct vf_state w = {.trust = true};
	char *before = fake_host_dump(f), *after;

	(void)state;
	fake_host_put(f, "/run/vfbond/0000:3b:10.0.json", "{}");
	fake_host_advance(f, NSEC_PER_SEC);
	fake_host_answer(f, "ens1f0", VF_ATTR_TRUST, FAKE_LATER, 9);
	after = fake_host_dump(f);
	assert_string_equal(before, after);
	free(after);
	fake_host_answer(f, "ens1f0", VF_ATTR_TRUST, FAKE_DOES, 0);
	assert_int_equal(set(f, VF_ATTR_TRUST, &w), 0);
	after = fake_host_dump(f);
	assert_string_not_equal(before, after);
	free(after);
	free(before);
	fake_host_free(f);
}

static void
makes_256_vfs_over_buses(void **state)
{
	struct fake_pf_settings s = FAKE_PF_IGB("10000:ff:00.1", "ens1f1", 0);
	struct fake_host *f = fake_host_new();
	char last[32];

	(void)state;
	s.total_vfs = 256;
	s.first_vf_offset = 15;
	s.vf_stride = 1;
	s.addr = "10000:3b:00.1";
	fake_host_add_pf(f, &s);
	assert_int_equal(put(f, DEVICE "10000:3b:00.1/sriov_numvfs", "256"), 0);
	assert_int_equal(
		hostfs_link(
			&fake_host_sriov(f)->fs,
			last,
			sizeof(last),
			DEVICE "10000:3b:00.1/virtfn255"
		),
		0
	);
	assert_string_equal(last, "10000:3c:01.7");
	assert_true(there(f, "/sys/class/net/ens1f1v255/address"));
	fake_host_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(netlink_answers_like_igb),
		cmocka_unit_test(netlink_knows_its_devices),
		cmocka_unit_test(another_driver_does_all),
		cmocka_unit_test(a_driver_takes_the_vfs_mac_when_it_comes),
		cmocka_unit_test(answers_are_given_as_scripted),
		cmocka_unit_test(vfio_answers_as_scripted),
		cmocka_unit_test(counts_are_made_as_scripted),
		cmocka_unit_test(a_held_vf_stops_the_kernel),
		cmocka_unit_test(without_iommu_vfio_needs_its_switch),
		cmocka_unit_test(a_step_fails_or_kills),
		cmocka_unit_test(steps_of_all_kinds_count),
		cmocka_unit_test(the_dump_shows_all_but_the_state_directory),
		cmocka_unit_test(makes_256_vfs_over_buses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
