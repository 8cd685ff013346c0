/* SPDX-License-Identifier: BSD-3-Clause */
/* What pci_bus makes of trees that are broken: it says something sane, and does not crash. */
#include "pci_bus.h"
#include "pci_tree.h"
#include "reason.h"

#include <errno.h>

#define IDS "/usr/share/misc/pci.ids"

static void
survives_broken_configuration_space(void **state)
{
	struct tree *t = *state;
	uint8_t config[CONFIG_BYTES];

	pci_add_pf(t, PF, NULL, 0);
	/* Cut inside the capability. */
	config_fill(config);
	pci_put_config(t, PF, config, CONFIG_SRIOV_AT + 0x10);
	assert_false(device(t, PF).sriov.capability_read);
	/* Lists that bite their tails, or end in the last bytes. */
	config[0x41] = 0x40;
	put_le16(config + 0x102, 0x100 << 4 | 1);
	pci_put_config(t, PF, config, sizeof(config));
	assert_false(device(t, PF).sriov.capability_read);
	config_fill(config);
	put_le16(config + 0x102, 0xffc << 4 | 1);
	put_le16(config + 0xffc, 0x0010);
	pci_put_config(t, PF, config, sizeof(config));
	assert_false(device(t, PF).sriov.capability_read);
	/* A function that fell off the bus reads as ones. */
	memset(config, 0xff, sizeof(config));
	pci_put_config(t, PF, config, sizeof(config));
	assert_false(device(t, PF).sriov.capability_read);
	assert_true(device(t, PF).is_pf);
	pci_remove(t, PF, "config");
	pci_link(t, PF, "config", "config");
	assert_false(device(t, PF).sriov.capability_read);
}

static void
passes_over_what_is_no_function(void **state)
{
	struct tree *t = *state;
	struct pci_bus *bus;

	pci_add(t, "0000:00:01.0", 1, 1, 0);
	/* Gone, but for its directory; half of it; ids that are none; names that are no addresses.
	 */
	tree_mkdir(t, "/sys/bus/pci/devices/0000:00:02.0");
	pci_add(t, "0000:00:03.0", 1, 1, 0);
	pci_remove(t, "0000:00:03.0", "device");
	pci_add(t, "0000:00:04.0", 1, 1, 0);
	pci_put(t, "0000:00:04.0", "vendor", "junk\n");
	pci_add(t, "0000:00:05.0", 1, 1, 0);
	pci_put(t, "0000:00:05.0", "device", "0x10000\n");
	pci_add(t, "0000:00:1F.0", 1, 1, 0);
	pci_add(t, "00:06.0", 1, 1, 0);
	pci_add(t, "junk", 1, 1, 0);
	tree_link(t, "/sys/bus/pci/devices/0000:00:07.0", "../../../devices/gone");
	tree_link(t, "/sys/bus/pci/devices/0000:00:08.0", "0000:00:08.0");
	bus = scan(t);
	assert_int_equal(pci_bus_count(bus), 1);
	pci_bus_free(bus);
}

static void
says_where_there_is_no_pci(void **state)
{
	struct tree *t = *state;
	struct pci_bus *bus = NULL;
	struct reason why;

	assert_int_equal(pci_bus_scan(&bus, &t->fs, &why), -ENOENT);
	assert_non_null(strstr(why.text, t->root));
	assert_non_null(strstr(why.text, "/sys/bus/pci/devices"));
	assert_non_null(strstr(why.text, "sysfs"));
	assert_null(bus);
	tree_put(t, "/sys/bus/pci/devices", "a file");
	assert_int_equal(pci_bus_scan(&bus, &t->fs, &why), -ENOTDIR);
	assert_null(bus);
	assert_null(pci_bus_free(NULL));
}

static void
falls_back_where_values_are_junk(void **state)
{
	struct tree *t = *state;
	struct pci_device d;

	pci_add_pf(t, PF, NULL, 0);
	pci_put(t, PF, "numa_node", "-7\n");
	pci_put(t, PF, "class", "\xff\xfe\n");
	pci_put(t, PF, "subsystem_vendor", "0x12345\n");
	pci_put(t, PF, "modalias", "pci:\x1b[2Jv\xff\n");
	pci_put(t, PF, "sriov_totalvfs", "many\n");
	pci_put(t, PF, "sriov_numvfs", "-1\n");
	pci_put(t, PF, "sriov_offset", "65536\n");
	pci_put(t, PF, "sriov_vf_device", "12345\n");
	pci_put(t, PF, "sriov_drivers_autoprobe", "2\n");
	pci_link(t, PF, "iommu_group", "../x/12a");
	pci_link(t, PF, "driver", "../drivers/i\x01gb\xff");
	d = device(t, PF);
	assert_true(d.is_pf);
	assert_int_equal(d.numa_node, -1);
	assert_int_equal(d.class_code, 0);
	assert_int_equal(d.subsystem_vendor_id, 0);
	assert_string_equal(d.modalias, "pci:?[2Jv?");
	assert_int_equal(d.sriov.driver_total_vfs, 0);
	assert_int_equal(d.sriov.num_vfs, 0);
	assert_int_equal(d.sriov.first_vf_offset, 0);
	assert_int_equal(d.sriov.vf_device_id, 0);
	assert_true(d.sriov.autoprobe);
	assert_int_equal(d.iommu_group, -1);
	assert_string_equal(d.driver, "i?gb?");
	pci_put(t, PF, "sriov_drivers_autoprobe", "0\n");
	pci_link(t, PF, "iommu_group", "../x/2147483648");
	/* A name too long is cut: "none" would be a lie. */
	pci_link(t, PF, "driver", "x/a_driver_with_a_name_of_forty_characters_");
	d = device(t, PF);
	assert_false(d.sriov.autoprobe);
	assert_int_equal(d.iommu_group, -1);
	assert_string_equal(d.driver, "a_driver_with_a_name_of_forty_c");
}

/* libpci's own answer to such a file is a message and exit(1). */
static void
survives_a_list_that_is_none(void **state)
{
	struct tree *t = *state;
	uint8_t config[CONFIG_BYTES];
	struct pci_device d;

	pci_add_pf(t, PF, NULL, 0);
	pci_add_pf(t, "0000:3b:00.1", NULL, 0);
	config_fill(config);
	pci_put_config(t, PF, config, sizeof(config));
	pci_put_config(t, "0000:3b:00.1", config, sizeof(config));
	tree_put(t, IDS, "8086  Test Corporation\n\tjunk\n");
	d = device(t, PF);
	assert_true(d.sriov.capability_read);
	assert_int_equal(d.device_id, 0x10c9);
	assert_true(device(t, "0000:3b:00.1").sriov.capability_read);
	tree_remove(t, IDS);
	tree_mkdir(t, IDS);
	assert_true(device(t, PF).sriov.capability_read);
}

enum wrong { MISSING, JUNK, EMPTY, LOOP, DANGLING, WRONG_COUNT };

static void
spoil(const struct tree *t, const char *addr, const char *file, enum wrong wrong)
{
	char path[512], full[1024];
	uint8_t junk[600];
	struct stat st;

	for (size_t i = 0; i < sizeof(junk); i++)
		junk[i] = (uint8_t)(i * 151 + 128);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", addr, file);
	tree_path(t, path, full);
	if (lstat(full, &st) == 0)
		tree_remove(t, path);
	if (wrong == JUNK)
		tree_put_bytes(t, path, junk, sizeof(junk));
	else if (wrong == EMPTY)
		tree_put(t, path, "");
	else if (wrong == LOOP)
		pci_link(t, addr, file, strrchr(path, '/') + 1);
	else if (wrong == DANGLING)
		pci_link(t, addr, file, "../gone/\xff\x01");
}

/* One file after another, of the PF and of the VF: only the ids make a function vanish. */
static void
survives_every_file_being_wrong(void **state)
{
	static const char *const files[] = {
		"vendor",
		"device",
		"class",
		"subsystem_vendor",
		"subsystem_device",
		"modalias",
		"numa_node",
		"driver_override",
		"driver",
		"sriov_totalvfs",
		"sriov_numvfs",
		"sriov_offset",
		"sriov_stride",
		"sriov_vf_device",
		"sriov_drivers_autoprobe",
		"net/ens1f0/ifindex",
		"net/ens1f0",
		"net",
		"physfn",
		"virtfn0",
		"iommu_group",
		"config",
		"acpi_index",
	};
	static const char *const addrs[] = {PF, VF0};
	struct tree *t = *state;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		for (unsigned j = 0; j < 2 * WRONG_COUNT; j++) {
			struct pci_bus *bus;

			pci_add_pf(t, PF, "ens1f0", 1);
			pci_add_vf(t, VF0, PF, 0);
			spoil(t, addrs[j % 2], files[i], j / 2);
			bus = scan(t);
			assert_int_equal(pci_bus_count(bus), i < 2 ? 1 : 2);
			pci_bus_free(bus);
			tree_remove(t, "/sys");
		}
}

#define TREE_TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(survives_broken_configuration_space),
		TREE_TEST(passes_over_what_is_no_function),
		TREE_TEST(says_where_there_is_no_pci),
		TREE_TEST(falls_back_where_values_are_junk),
		TREE_TEST(survives_a_list_that_is_none),
		TREE_TEST(survives_every_file_being_wrong),
	};

	return cmocka_run_group_tests_name("pci_bus_bad", tests, NULL, NULL);
}
