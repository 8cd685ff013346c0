/* SPDX-License-Identifier: BSD-3-Clause */
/* The fake machine behaves as the kernel and the igb driver do: other tests stand on that. */
#include "fake_host.h"
#include "pci_bus.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

#define PF "0000:3b:00.0"
#define DEVICE "/sys/bus/pci/devices/"

static int
put(struct fake_host *f, const char *path, const char *value)
{
	return hostfs_write(&fake_host_sriov(f)->fs, value, strlen(value), "%s", path);
}

static void
assert_file(struct fake_host *f, const char *path, const char *want)
{
	char line[256];

	assert_int_equal(hostfs_read(&fake_host_sriov(f)->fs, line, sizeof(line), "%s", path), 0);
	assert_string_equal(line, want);
}

/* What a link of @addr names; "" when there is none. */
static const char *
link_of(struct fake_host *f, const char *addr, const char *name, char ret[static 64])
{
	if (hostfs_link(&fake_host_sriov(f)->fs, ret, 64, DEVICE "%s/%s", addr, name) != 0)
		ret[0] = '\0';
	return ret;
}

static void
assert_link(struct fake_host *f, const char *addr, const char *name, const char *want)
{
	char is[64];

	assert_string_equal(link_of(f, addr, name, is), want);
}

static bool
there(struct fake_host *f, const char *path)
{
	return hostfs_exists(&fake_host_sriov(f)->fs, "%s", path);
}

static struct fake_host *
machine(uint16_t num_vfs)
{
	struct fake_host *f = fake_host_new();

	fake_host_add_pf(f, &FAKE_PF_IGB(PF, "ens1f0", num_vfs));
	return f;
}

static void
shows_a_pf_and_its_vfs(void **state)
{
	struct fake_host *f = machine(2);

	(void)state;
	assert_file(f, DEVICE PF "/vendor", "0x8086");
	assert_file(f, DEVICE PF "/class", "0x020000");
	assert_file(f, DEVICE PF "/sriov_totalvfs", "7");
	assert_file(f, DEVICE PF "/sriov_numvfs", "2");
	assert_file(f, DEVICE PF "/driver_override", "(null)");
	assert_link(f, PF, "driver", "igb");
	assert_link(f, PF, "virtfn0", "0000:3b:10.0");
	assert_link(f, PF, "virtfn1", "0000:3b:10.2");
	assert_link(f, PF, "virtfn2", "");
	assert_link(f, "0000:3b:10.2", "physfn", PF);
	assert_link(f, "0000:3b:10.2", "driver", "");
	assert_link(f, PF, "iommu_group", "0");
	assert_link(f, "0000:3b:10.2", "iommu_group", "2");
	assert_file(f, DEVICE "0000:3b:10.0/device", "0x10ca");
	assert_file(
		f,
		DEVICE "0000:3b:10.0/modalias",
		"pci:v00008086d000010CAsv00008086sd000010CAbc02sc00i00"
	);
	assert_true(there(f, "/sys/class/net/ens1f0/device/physfn") == false);
	assert_true(there(f, "/sys/class/net/ens1f0/device/virtfn0/physfn"));
	assert_true(there(f, "/sys/kernel/iommu_groups/2/devices/0000:3b:10.2/vendor"));
	assert_true(there(f, "/sys/bus/pci/drivers/igb/" PF "/vendor"));
	fake_host_free(f);
}

static void
counts_vfs_as_the_kernel_does(void **state)
{
	struct fake_host *f = machine(0);
	char *before = fake_host_dump(f), *after;

	(void)state;
	assert_int_equal(put(f, DEVICE PF "/sriov_numvfs", "x"), -EINVAL);
	assert_int_equal(put(f, DEVICE PF "/sriov_numvfs", "-1"), -EINVAL);
	assert_int_equal(put(f, DEVICE PF "/sriov_numvfs", "8"), -ERANGE);
	assert_int_equal(put(f, DEVICE PF "/sriov_numvfs", "7\n"), 0);
	assert_link(f, PF, "virtfn6", "0000:3b:11.4");
	assert_int_equal(put(f, DEVICE PF "/sriov_numvfs", "7"), 0);
	assert_int_equal(put(f, DEVICE PF "/sriov_numvfs", "3"), -EBUSY);
	assert_file(f, DEVICE PF "/sriov_numvfs", "7");
	assert_int_equal(put(f, DEVICE PF "/sriov_numvfs", "0"), 0);
	assert_link(f, PF, "virtfn0", "");
	after = fake_host_dump(f);
	assert_string_equal(before, after);
	free(after);
	free(before);

	assert_int_equal(put(f, "/sys/bus/pci/drivers/igb/unbind", PF), 0);
	assert_int_equal(put(f, DEVICE PF "/sriov_numvfs", "1"), -ENOENT);
	fake_host_free(f);
}

static void
probes_new_vfs_when_autoprobe_is_on(void **state)
{
	struct fake_host *f = machine(0);

	(void)state;
	assert_int_equal(put(f, DEVICE PF "/sriov_numvfs", "1"), 0);
	assert_link(f, "0000:3b:10.0", "driver", "igbvf");
	assert_file(f, "/sys/class/net/ens1f0v0/mtu", "1500");
	assert_int_equal(put(f, DEVICE PF "/sriov_numvfs", "0"), 0);
	assert_false(there(f, "/sys/class/net/ens1f0v0/mtu"));
	assert_int_equal(put(f, DEVICE PF "/sriov_drivers_autoprobe", "0"), 0);
	assert_int_equal(put(f, DEVICE PF "/sriov_numvfs", "1"), 0);
	assert_link(f, "0000:3b:10.0", "driver", "");

	/* Without autoprobe a VF takes a driver by its override only. */
	assert_int_equal(put(f, "/sys/bus/pci/drivers/igbvf/bind", "0000:3b:10.0"), -ENODEV);
	assert_int_equal(put(f, "/sys/bus/pci/drivers_probe", "0000:3b:10.0"), 0);
	assert_link(f, "0000:3b:10.0", "driver", "");
	assert_int_equal(put(f, DEVICE "0000:3b:10.0/driver_override", "igbvf"), 0);
	assert_int_equal(put(f, "/sys/bus/pci/drivers_probe", "0000:3b:10.0\n"), 0);
	assert_link(f, "0000:3b:10.0", "driver", "igbvf");
	fake_host_free(f);
}

static void
binds_by_id_or_override(void **state)
{
	struct fake_host *f = machine(1);
	const char *vf = "0000:3b:10.0";

	(void)state;
	assert_int_equal(put(f, "/sys/bus/pci/drivers/vfio-pci/bind", vf), -ENODEV);
	assert_int_equal(put(f, "/sys/bus/pci/drivers/vfio-pci/unbind", vf), -ENODEV);
	assert_int_equal(put(f, "/sys/bus/pci/drivers/igbvf/bind", vf), 0);
	assert_link(f, vf, "driver", "igbvf");
	assert_int_equal(put(f, DEVICE "0000:3b:10.0/driver_override", "vfio-pci"), 0);
	assert_link(f, vf, "driver", "igbvf");
	assert_int_equal(put(f, "/sys/bus/pci/drivers/vfio-pci/bind", vf), -EBUSY);
	assert_int_equal(put(f, DEVICE "0000:3b:10.0/driver/unbind", vf), 0);
	assert_int_equal(put(f, "/sys/bus/pci/drivers/igbvf/bind", vf), -ENODEV);
	assert_int_equal(put(f, "/sys/bus/pci/drivers/vfio-pci/bind", vf), 0);
	assert_link(f, vf, "driver", "vfio-pci");
	assert_true(there(f, "/dev/vfio/1"));
	assert_int_equal(
		hostfs_write(&fake_host_sriov(f)->fs, "", 1, DEVICE "%s/driver_override", vf), 0
	);
	assert_file(f, DEVICE "0000:3b:10.0/driver_override", "(null)");
	assert_link(f, vf, "driver", "vfio-pci");
	assert_int_equal(put(f, "/sys/bus/pci/drivers/vfio-pci/unbind", vf), 0);
	assert_false(there(f, "/dev/vfio/1"));
	assert_int_equal(put(f, "/sys/bus/pci/drivers_probe", "0000:3b:1f.0"), -ENODEV);
	assert_int_equal(put(f, "/sys/bus/pci/drivers/nothing/bind", vf), -ENOENT);
	fake_host_free(f);
}

/* What libpci makes of the configuration space, and pci_bus of all of it. */
static void
is_a_machine_to_pci_bus(void **state)
{
	struct fake_host *f = machine(2);
	const struct pci_device *pf, *vf;
	struct pci_bus *bus = NULL;

	(void)state;
	assert_int_equal(pci_bus_scan(&bus, &fake_host_sriov(f)->fs, NULL), 0);
	assert_int_equal(pci_bus_count(bus), 3);
	pf = pci_bus_find_netdev(bus, "ens1f0");
	assert_non_null(pf);
	assert_true(pf->is_pf && pf->sriov.capability_read);
	assert_int_equal(pf->sriov.total_vfs, 8);
	assert_int_equal(pf->sriov.driver_total_vfs, 7);
	assert_int_equal(pf->sriov.num_vfs, 2);
	assert_int_equal(pf->sriov.first_vf_offset, 128);
	assert_int_equal(pf->sriov.vf_stride, 2);
	assert_int_equal(pf->sriov.vf_device_id, 0x10ca);
	vf = pci_bus_find_vf(bus, &pf->addr, 1);
	assert_non_null(vf);
	assert_true(vf->is_vf && vf->device_id == 0x10ca && vf->iommu_group == 2);
	pci_bus_free(bus);
	fake_host_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_a_pf_and_its_vfs),
		cmocka_unit_test(counts_vfs_as_the_kernel_does),
		cmocka_unit_test(probes_new_vfs_when_autoprobe_is_on),
		cmocka_unit_test(binds_by_id_or_override),
		cmocka_unit_test(is_a_machine_to_pci_bus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
