/* SPDX-License-Identifier: BSD-3-Clause */
/* What pci_bus makes of trees of files: PFs, VFs, their numbers, names, groups, the capability. */
#include "pci_bus.h"
#include "pci_tree.h"
#include "reason.h"

#include <errno.h>

static void
reads_a_pf_and_its_vf(void **state)
{
	struct tree *t = *state;
	struct pci_device d;

	pci_add_pf(t, PF, "ens1f0", 1);
	pci_add_vf(t, VF0, PF, 0);
	pci_link(t, VF0, "iommu_group", "../../../kernel/iommu_groups/12");
	pci_put(t, VF0, "driver_override", "vfio-pci\n");
	pci_put(t, PF, "acpi_index", "101\n");

	d = device(t, PF);
	assert_true(d.is_pf);
	assert_false(d.is_vf);
	assert_int_equal(d.vendor_id, 0x8086);
	assert_int_equal(d.device_id, 0x10c9);
	assert_int_equal(d.subsystem_vendor_id, 0x8086);
	assert_int_equal(d.subsystem_id, 1);
	assert_int_equal(d.class_code, 0x020000);
	assert_string_equal(d.modalias, "pci:v00008086d000010C9");
	assert_string_equal(d.driver, "igb");
	assert_string_equal(d.driver_override, "");
	assert_string_equal(d.netdev, "ens1f0");
	assert_string_equal(d.acpi_index, "101");
	assert_int_equal(d.numa_node, 1);
	assert_int_equal(d.iommu_group, -1);
	assert_int_equal(d.sriov.driver_total_vfs, 7);
	assert_int_equal(d.sriov.num_vfs, 1);
	assert_true(d.sriov.has_numvfs);
	assert_true(d.sriov.autoprobe);

	d = device(t, VF0);
	assert_true(d.is_vf);
	assert_false(d.is_pf);
	assert_true(d.pf_known);
	assert_int_equal(d.vf_index, 0);
	assert_int_equal(d.pf.bus, 0x3b);
	assert_string_equal(d.driver, "");
	assert_string_equal(d.driver_override, "vfio-pci");
	assert_string_equal(d.netdev, "");
	assert_int_equal(d.iommu_group, 12);
	assert_false(d.noiommu);
}

/* Without root, configuration space ends after 64 bytes: sysfs has the rest, the device id in hex.
 */
static void
takes_from_sysfs_what_the_capability_would_tell(void **state)
{
	struct tree *t = *state;
	uint8_t config[CONFIG_BYTES];
	struct pci_device d;

	pci_add_pf(t, PF, NULL, 0);
	config_fill(config);
	pci_put_config(t, PF, config, 64);
	d = device(t, PF);
	assert_false(d.sriov.capability_read);
	assert_int_equal(d.sriov.first_vf_offset, 128);
	assert_int_equal(d.sriov.vf_stride, 2);
	assert_int_equal(d.sriov.vf_device_id, 0x1520);
	assert_int_equal(d.sriov.total_vfs, 0);
	assert_int_equal(d.sriov.initial_vfs, 0);
	assert_false(d.sriov.ari_capable_hierarchy);
}

static void
decodes_the_capability(void **state)
{
	struct tree *t = *state;
	uint8_t config[CONFIG_BYTES];
	struct pci_device d;

	pci_add_pf(t, PF, NULL, 0);
	config_fill(config);
	pci_put_config(t, PF, config, sizeof(config));
	d = device(t, PF);
	assert_true(d.sriov.capability_read);
	assert_int_equal(d.sriov.initial_vfs, 8);
	assert_int_equal(d.sriov.total_vfs, 9);
	assert_int_equal(d.sriov.first_vf_offset, 384);
	assert_int_equal(d.sriov.vf_stride, 4);
	assert_int_equal(d.sriov.vf_device_id, 0x10ca);
	assert_true(d.sriov.ari_capable_hierarchy);
	/* What the driver offers is another number, which stays. */
	assert_int_equal(d.sriov.driver_total_vfs, 7);
}

/* The listing of a directory has virtfn10 before virtfn2, and addresses need not follow numbers. */
static void
numbers_256_vfs_by_their_links(void **state)
{
	struct tree *t = *state;
	struct pci_addr pf = addr_of(PF);
	struct pci_device d;
	struct pci_bus *bus;
	char text[32];

	pci_add_pf(t, PF, NULL, 256);
	for (unsigned i = 0; i < 256; i++) {
		unsigned place = i * 37 % 256;

		snprintf(text, sizeof(text), "0000:3c:%02x.%x", place / 8, place % 8);
		pci_add_vf(t, text, PF, i);
	}
	bus = scan(t);
	assert_int_equal(pci_bus_count(bus), 257);
	for (unsigned i = 0; i < 256; i++) {
		unsigned place = i * 37 % 256;
		const struct pci_device *vf = pci_bus_find_vf(bus, &pf, (uint16_t)i);

		assert_non_null(vf);
		assert_int_equal(vf->addr.device * 8 + vf->addr.function, place);
		assert_int_equal(vf->vf_index, i);
		assert_int_equal(pci_device_read(&t->fs, &vf->addr, &d), 0);
		assert_true(d.pf_known);
		assert_int_equal(d.vf_index, i);
	}
	assert_null(pci_bus_find_vf(bus, &pf, 256));
	pci_bus_free(bus);
}

/* A domain of VMD, an ARI function, and the order, which is that of numbers and not of names. */
static void
orders_addresses_of_any_domain(void **state)
{
	static const char *const order[] = {
		"0000:3b:00.0",
		"0000:3b:1f.7",
		"0001:00:00.0",
		"10000:e1:00.0",
		"ffffffff:ff:1f.7",
	};
	struct tree *t = *state;
	struct pci_addr addr = addr_of("10000:e1:00.0");
	uint8_t config[CONFIG_BYTES];
	struct pci_bus *bus;
	char text[PCI_ADDR_BYTES];

	pci_add(t, "ffffffff:ff:1f.7", 1, 1, 0);
	pci_add_pf(t, "10000:e1:00.0", NULL, 0);
	config_fill(config);
	pci_put_config(t, "10000:e1:00.0", config, sizeof(config));
	pci_add(t, "0001:00:00.0", 1, 1, 0);
	pci_add_vf(t, "0000:3b:1f.7", PF, 0);
	pci_add_pf(t, PF, NULL, 1);
	bus = scan(t);
	assert_int_equal(pci_bus_count(bus), 5);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(pci_addr_text(&pci_bus_at(bus, i)->addr, text), order[i]);
	assert_null(pci_bus_at(bus, 5));
	/* libpci finds the configuration space of a domain beyond 16 bits as well. */
	assert_true(pci_bus_find(bus, &addr)->sriov.capability_read);
	addr = addr_of("10000:e1:00.1");
	assert_null(pci_bus_find(bus, &addr));
	pci_bus_free(bus);
}

static void
tells_a_function_that_is_not_there(void **state)
{
	struct tree *t = *state;
	struct pci_addr addr = addr_of(PF);
	struct pci_device d = {.numa_node = 77};

	pci_add(t, "0000:00:01.0", 1, 1, 0);
	assert_int_equal(pci_device_read(&t->fs, &addr, &d), -ENODEV);
	assert_int_equal(d.numa_node, 77);
}

/* The file's read can hang in the kernel; the links tell as much. */
static void
counts_links_where_numvfs_is_silent(void **state)
{
	struct tree *t = *state;
	struct pci_device d;

	pci_add_pf(t, PF, NULL, 3);
	pci_add_vf(t, VF0, PF, 0);
	pci_add_vf(t, "0000:3b:10.2", PF, 1);
	assert_int_equal(device(t, PF).sriov.num_vfs, 3);
	pci_put(t, PF, "sriov_numvfs", "?\n");
	assert_int_equal(device(t, PF).sriov.num_vfs, 2);
	pci_remove(t, PF, "sriov_numvfs");
	d = device(t, PF);
	assert_int_equal(d.sriov.num_vfs, 2);
	assert_false(d.sriov.has_numvfs);
	assert_true(d.is_pf);
}

/* A number holds only when both sides say so. */
static void
believes_links_that_agree(void **state)
{
	struct tree *t = *state;
	struct pci_addr pf = addr_of(PF), vf = addr_of(VF0);
	struct pci_device d;
	struct pci_bus *bus;

	pci_add_pf(t, PF, NULL, 1);
	pci_add_vf(t, VF0, PF, 5);
	pci_link(t, PF, "virtfn2x", "../" VF0);
	pci_link(t, PF, "virtfn-1", "../" VF0);
	pci_link(t, PF, "virtfn65536", "../" VF0);
	pci_link(t, PF, "virtfn", "../" VF0);
	pci_link(t, PF, "virtfn1", "virtfn1");
	pci_link(t, PF, "virtfn2", "../0000:99:00.0");
	pci_link(t, PF, "virtfn3", "../" PF);
	d = device(t, VF0);
	assert_true(d.pf_known);
	assert_int_equal(d.vf_index, 5);
	/* Of two links the smaller number. */
	pci_link(t, PF, "virtfn10", "../" VF0);
	pci_link(t, PF, "virtfn4", "../" VF0);
	assert_int_equal(device(t, VF0).vf_index, 4);
	assert_int_equal(pci_device_read(&t->fs, &vf, &d), 0);
	assert_int_equal(d.vf_index, 4);
	/* Its PF is another one. */
	pci_link(t, VF0, "physfn", "../0000:99:00.0");
	d = device(t, VF0);
	assert_true(d.is_vf);
	assert_false(d.pf_known);
	/* No PCI address, or a loop: a VF still, of nobody we see. */
	pci_link(t, VF0, "physfn", "physfn");
	d = device(t, VF0);
	assert_true(d.is_vf);
	assert_false(d.pf_known);
	bus = scan(t);
	assert_null(pci_bus_find_vf(bus, &pf, 4));
	pci_bus_free(bus);
}

/* In a virtual machine: nothing tells that it is a VF. */
static void
takes_a_vf_without_physfn_for_a_function(void **state)
{
	struct tree *t = *state;
	struct pci_device d;

	pci_add(t, "0000:00:05.0", 0x8086, 0x10ca, 0x020000);
	d = device(t, "0000:00:05.0");
	assert_false(d.is_vf);
	assert_false(d.is_pf);
}

static void
finds_by_netdev(void **state)
{
	struct tree *t = *state;
	struct pci_bus *bus;

	pci_add_pf(t, PF, "ens1f0", 0);
	pci_add(t, "0000:00:05.0", 0x1af4, 0x1041, 0x020000);
	pci_put(t, "0000:00:05.0", "virtio2/net/eth0/ifindex", "2\n");
	pci_add(t, "0000:00:06.0", 1, 1, 0);
	bus = scan(t);
	assert_int_equal(pci_bus_find_netdev(bus, "ens1f0")->addr.bus, 0x3b);
	assert_int_equal(pci_bus_find_netdev(bus, "eth0")->addr.device, 5);
	assert_null(pci_bus_find_netdev(bus, "ens1"));
	assert_null(pci_bus_find_netdev(bus, ""));
	pci_bus_free(bus);
}

/* In switchdev mode stand-ins for the VFs are in the same directory, and may come first. */
static void
prefers_the_uplink_to_representors(void **state)
{
	struct tree *t = *state;

	pci_add_pf(t, PF, "ens1f0", 0);
	pci_put(t, PF, "net/ens1f0/phys_port_name", "p0\n");
	pci_put(t, PF, "net/a0/phys_port_name", "pf0vf0\n");
	pci_put(t, PF, "net/a1/phys_port_name", "c1pf0sf3\n");
	assert_string_equal(device(t, PF).netdev, "ens1f0");
	/* Alone, it is what there is. */
	pci_remove(t, PF, "net/ens1f0");
	pci_remove(t, PF, "net/a1");
	assert_string_equal(device(t, PF).netdev, "a0");
}

static void
knows_groups(void **state)
{
	struct tree *t = *state;
	struct pci_addr two[2] = {{0}}, addr = addr_of(PF);
	struct pci_device d;

	pci_add_pf(t, PF, NULL, 0);
	pci_link(t, PF, "iommu_group", "../../../kernel/iommu_groups/7");
	tree_put(t, "/sys/kernel/iommu_groups/7/devices/0000:3b:00.0", "");
	tree_put(t, "/sys/kernel/iommu_groups/7/devices/0000:3b:00.1", "");
	tree_put(t, "/sys/kernel/iommu_groups/7/devices/0000:3b:00.2", "");
	tree_put(t, "/sys/kernel/iommu_groups/7/devices/arm-smmu.0", "");
	assert_int_equal(pci_group_devices(&t->fs, 7, NULL, 0), 3);
	assert_int_equal(pci_group_devices(&t->fs, 7, two, 2), 3);
	assert_int_equal(two[0].function, 0);
	assert_int_equal(two[1].function, 1);
	assert_int_equal(pci_group_devices(&t->fs, 8, two, 2), -ENOENT);
	assert_int_equal(pci_device_read(&t->fs, &addr, &d), 0);
	assert_int_equal(d.iommu_group, 7);
	assert_false(d.noiommu);
	tree_put(t, "/sys/kernel/iommu_groups/7/name", "vfio-noiommu\n");
	assert_true(device(t, PF).noiommu);
	tree_put(t, "/sys/kernel/iommu_groups/7/name", "vfio-noiommu2\n");
	assert_false(device(t, PF).noiommu);
}

#define IDS "/usr/share/misc/pci.ids"

static void
names_ids_where_there_is_a_list(void **state)
{
	struct tree *t = *state;
	struct pci_device d;

	pci_add_pf(t, PF, NULL, 0);
	d = device(t, PF);
	assert_string_equal(d.vendor_name, "");
	assert_string_equal(d.device_name, "");
	assert_string_equal(d.class_name, "");
	tree_put(
		t,
		IDS,
		"8086  Test\xff Corporation\n\t10c9  Gigabit\nC 02  Network\n\t00  Ethernet\n"
	);
	d = device(t, PF);
	assert_string_equal(d.vendor_name, "Test? Corporation");
	assert_string_equal(d.device_name, "Gigabit");
	assert_string_equal(d.class_name, "Ethernet");
	tree_put(
		t,
		IDS,
		"8086  A name that is longer than the sixty-three bytes that there are for it\n"
	);
	d = device(t, PF);
	assert_string_equal(
		d.vendor_name, "A name that is longer than the sixty-three bytes that there are"
	);
	assert_string_equal(d.device_name, "");
}

#define TREE_TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(reads_a_pf_and_its_vf),
		TREE_TEST(takes_from_sysfs_what_the_capability_would_tell),
		TREE_TEST(decodes_the_capability),
		TREE_TEST(numbers_256_vfs_by_their_links),
		TREE_TEST(orders_addresses_of_any_domain),
		TREE_TEST(tells_a_function_that_is_not_there),
		TREE_TEST(counts_links_where_numvfs_is_silent),
		TREE_TEST(believes_links_that_agree),
		TREE_TEST(takes_a_vf_without_physfn_for_a_function),
		TREE_TEST(finds_by_netdev),
		TREE_TEST(prefers_the_uplink_to_representors),
		TREE_TEST(knows_groups),
		TREE_TEST(names_ids_where_there_is_a_list),
	};

	return cmocka_run_group_tests_name("pci_bus", tests, NULL, NULL);
}
