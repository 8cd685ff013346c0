/* SPDX-License-Identifier: BSD-3-Clause */
/* vf_bind_check: every reason not to bind, and what is worth a warning. Nothing is written. */
#include "bind_bench.h"
#include "vf_bind.h"

struct fixture {
	struct bench *b;
	struct pci_device dev;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->b = bench_new(&FAKE_PF_IGB(PF, "ens1f0", 2));
	assert_int_equal(pci_device_read(&f->b->h.fs, &f->b->vf, &f->dev), 0);
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

/* Check as of @f->dev; the tree is as it was, whatever comes of it. */
static int
check(struct fixture *f, const char *driver)
{
	struct bench *b = f->b;
	int rc;

	bench_remember(b);
	text_clear(&b->notes);
	memset(&b->why, 0, sizeof(b->why));
	rc = vf_bind_check(&b->h, &f->dev, driver, &b->notes, &b->why);
	assert_string_equal(text_str(&b->written), "");
	expect_as_before(b);
	return rc;
}

static void
read_again(struct fixture *f)
{
	assert_int_equal(pci_device_read(&f->b->h.fs, &f->b->vf, &f->dev), 0);
}

static void
test_free_vf_may_be_bound(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(check(f, "vfio-pci"), 0);
	assert_string_equal(text_str(&f->b->notes), "");
	assert_int_equal(vf_bind_check(&f->b->h, &f->dev, "vfio-pci", NULL, NULL), 0);
}

static void
test_pf_and_plain_functions_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(pci_device_read(&f->b->h.fs, &f->b->pf, &f->dev), 0);
	assert_int_equal(check(f, "vfio-pci"), -EPERM);
	expect_reason(f->b, PF " is a PF");
	f->dev.is_pf = false;
	assert_int_equal(check(f, "vfio-pci"), -EPERM);
	expect_reason(f->b, "virtual machine");
}

static void
test_driver_that_is_a_path_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(check(f, "../vfio-pci"), -EINVAL);
	assert_int_equal(check(f, ""), -EINVAL);
}

static void
test_nics_that_stay_with_the_kernel(void **state)
{
	static const char *const drivers[] = {"mlx4_core", "mlx5_core", "mana"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		read_again(f);
		strcpy(f->dev.driver, drivers[i]);
		assert_int_equal(check(f, "vfio-pci"), -ENOTSUP);
		expect_reason(f->b, drivers[i]);
		/* Back to the kernel is no danger. */
		strcpy(f->dev.netdev, "ens1f0v0");
		assert_int_equal(check(f, drivers[i]), 0);
	}
	read_again(f);
	f->dev.vendor_id = 0x15b3;
	assert_int_equal(check(f, "vfio-pci"), -ENOTSUP);
	f->dev.vendor_id = 0x1414;
	assert_int_equal(check(f, "igb_uio"), -ENOTSUP);
	expect_reason(f->b, "mana");
	/* Mellanox also makes other devices. */
	f->dev.vendor_id = 0x15b3;
	f->dev.class_code = 0x088000;
	assert_int_equal(check(f, "vfio-pci"), 0);
	read_again(f);
	fake_host_link(f->b->fake, PF_DIR "/driver", "../../../bus/pci/drivers/mlx5_core");
	assert_int_equal(check(f, "vfio-pci"), -ENOTSUP);
}

static void
test_netdev_in_use_is_refused(void **state)
{
	struct fixture *f = *state;
	struct netdev_facts *n = &f->b->netdev;

	strcpy(f->dev.driver, "igbvf");
	strcpy(f->dev.netdev, "ens1f0v0");
	assert_int_equal(check(f, "vfio-pci"), 0);
	/* Up alone is what udev makes of every device. */
	n->admin_up = true;
	assert_int_equal(check(f, "vfio-pci"), 0);
	n->has_address = true;
	assert_int_equal(check(f, "vfio-pci"), -EBUSY);
	expect_reason(f->b, "ens1f0v0");
	expect_reason(f->b, "IP addresses");
	n->default_route = true;
	assert_int_equal(check(f, "vfio-pci"), -EBUSY);
	expect_reason(f->b, "default route");
	n->admin_up = false;
	assert_int_equal(check(f, "vfio-pci"), 0);
	strcpy(n->master, "bond0");
	assert_int_equal(check(f, "vfio-pci"), -EBUSY);
	expect_reason(f->b, "nomaster");
	f->dev.netdev[0] = '\0';
	assert_int_equal(check(f, "vfio-pci"), -EBUSY);
	expect_reason(f->b, "another network namespace");
	/* Not every VF is a NIC. */
	f->dev.class_code = 0x010802;
	assert_int_equal(check(f, "vfio-pci"), 0);
}

static void
test_open_device_is_refused_with_the_holder(void **state)
{
	struct fixture *f = *state;
	char node[64];

	strcpy(f->dev.driver, "vfio-pci");
	snprintf(node, sizeof(node), "/dev/vfio/%d", f->dev.iommu_group);
	fake_host_put(f->b->fake, node, "%s", "");
	fake_host_process(f->b->fake, 4711, 1000, "testpmd", node);
	assert_int_equal(check(f, "vfio-pci"), -EBUSY);
	expect_reason(f->b, "process 4711 (testpmd)");
	fake_host_remove(f->b->fake, "/proc/4711");
	assert_int_equal(check(f, "vfio-pci"), 0);

	/* Nodes of the device alone: of iommufd, of uio. */
	fake_host_put(f->b->fake, VF_DIR "/vfio-dev/vfio3/dev", "1:2\n");
	fake_host_put(f->b->fake, "/dev/vfio/devices/vfio3", "%s", "");
	fake_host_process(f->b->fake, 4712, 1000, "qemu", "/dev/vfio/devices/vfio3");
	assert_int_equal(check(f, "vfio-pci"), -EBUSY);
	expect_reason(f->b, "process 4712 (qemu)");
	fake_host_remove(f->b->fake, "/proc/4712");
	fake_host_put(f->b->fake, VF_DIR "/uio/uio0/dev", "1:2\n");
	fake_host_put(f->b->fake, "/dev/uio0", "%s", "");
	fake_host_process(f->b->fake, 4713, 1000, "vpp", "/dev/uio0");
	assert_int_equal(check(f, "vfio-pci"), -EBUSY);
	expect_reason(f->b, "process 4713 (vpp)");
}

static void
test_group_with_a_foreign_device(void **state)
{
	struct fixture *f = *state;
	struct fake_host *fake = f->b->fake;

	fake_host_add_device(fake, "0000:3b:1c.0", 0x8086, 0xa2e0, 0x060400, "pcieport", VF);
	fake_host_add_device(fake, "0000:3b:1d.0", 0x8086, 0x10ca, 0x020000, "", VF);
	fake_host_add_device(fake, "0000:3b:1d.1", 0x8086, 0x10ca, 0x020000, "vfio-pci", VF);
	fake_host_add_device(fake, "0000:3b:1d.2", 0x8086, 0x10ca, 0x020000, "pci-stub", VF);
	assert_int_equal(check(f, "vfio-pci"), 0);
	fake_host_add_device(fake, "0000:3b:1d.3", 0x8086, 0x1533, 0x020000, "igb", VF);
	assert_int_equal(check(f, "vfio-pci"), -EXDEV);
	expect_reason(f->b, "0000:3b:1d.3");
	expect_reason(f->b, "igb");
	/* A driver of the kernel or uio needs no group. */
	assert_int_equal(check(f, "igbvf"), 0);
}

static void
test_no_iommu(void **state)
{
	struct fixture *f = *state;
	struct fake_host *fake = f->b->fake;

	fake_host_remove(fake, VF_DIR "/iommu_group");
	read_again(f);
	assert_int_equal(f->dev.iommu_group, -1);
	assert_int_equal(check(f, "vfio-pci"), -ENOTSUP);
	expect_reason(f->b, "intel_iommu=on");
	fake_host_put(fake, "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "N\n");
	assert_int_equal(check(f, "vfio-pci"), -ENOTSUP);
	fake_host_put(fake, "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n");
	assert_int_equal(check(f, "vfio-pci"), 0);
	expect_note(f->b, "WARNING");
	assert_int_equal(check(f, "uio_pci_generic"), 0);
	expect_note(f->b, "WARNING");
	assert_int_equal(check(f, "igbvf"), 0);
	assert_string_equal(text_str(&f->b->notes), "");
	fake_host_put(fake, "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	assert_int_equal(check(f, "vfio-pci"), -EPERM);
	expect_reason(f->b, "integrity");
	assert_int_equal(check(f, "uio_pci_generic"), -EPERM);
}

/* A function that vfio has taken without an IOMMU is in a group of vfio's own. */
static void
test_noiommu_group_is_warned_of(void **state)
{
	struct fixture *f = *state;

	f->dev.noiommu = true;
	assert_int_equal(check(f, "vfio-pci"), 0);
	expect_note(f->b, "WARNING");
}

static void
test_numa_and_token_are_noted(void **state)
{
	struct fixture *f = *state;
	struct fake_host *fake = f->b->fake;

	fake_host_put(fake, "/sys/devices/system/node/node0/cpulist", "0-3\n");
	assert_int_equal(check(f, "vfio-pci"), 0);
	assert_string_equal(text_str(&f->b->notes), "");
	fake_host_put(fake, "/sys/devices/system/node/node1/cpulist", "4-7\n");
	f->dev.numa_node = 1;
	assert_int_equal(check(f, "vfio-pci"), 0);
	expect_note(f->b, "NUMA node 1");
	expect_note(f->b, "4-7");
	f->dev.numa_node = -1;
	assert_int_equal(check(f, "vfio-pci"), 0);
	expect_note(f->b, "not known");
	fake_host_link(fake, PF_DIR "/driver", "../../../bus/pci/drivers/vfio-pci");
	assert_int_equal(check(f, "vfio-pci"), 0);
	expect_note(f->b, "--vfio-vf-token");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_free_vf_may_be_bound, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_pf_and_plain_functions_are_refused, setup, teardown
		),
		cmocka_unit_test_setup_teardown(
			test_driver_that_is_a_path_is_refused, setup, teardown
		),
		cmocka_unit_test_setup_teardown(
			test_nics_that_stay_with_the_kernel, setup, teardown
		),
		cmocka_unit_test_setup_teardown(test_netdev_in_use_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_open_device_is_refused_with_the_holder, setup, teardown
		),
		cmocka_unit_test_setup_teardown(test_group_with_a_foreign_device, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_iommu, setup, teardown),
		cmocka_unit_test_setup_teardown(test_noiommu_group_is_warned_of, setup, teardown),
		cmocka_unit_test_setup_teardown(test_numa_and_token_are_noted, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
