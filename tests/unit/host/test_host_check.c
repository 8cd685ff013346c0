/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What host_check finds in trees of files: a machine on which all is well, and that machine with
 * one thing changed at a time.
 */
#include "host_check_tree.h"

static void
on_a_healthy_machine_all_is_well(void **state)
{
	static const char *const subjects[] = {
		"hugepages",
		"iommu",
		"vfio",
		"vfio",
		"vfio",
		"memlock",
		"lockdown",
		"numa",
		"cpus",
		"sriov",
		"capabilities",
	};
	unsigned n;
	struct host_finding *list = check(*state, &n);

	for (unsigned i = 0; i < n; i++) {
		assert_string_equal(list[i].subject, subjects[i]);
		assert_string_equal(list[i].remedy, "");
		assert_int_equal(list[i].verdict, HOST_OK);
	}
	assert_int_equal(n, sizeof(subjects) / sizeof(subjects[0]));
	assert_string_equal(
		list[0].found,
		"1024 of 2 MB (1000 free), node 0: 512 (500 free), node 1: 512 (500 free), "
		"mounted at /dev/hugepages"
	);
	assert_string_equal(list[1].found, "active, 1 groups (intel_iommu=on iommu=pt)");
	assert_string_equal(list[7].found, "nodes 0 with CPUs 0-3, 1 with CPUs 4-7");
	assert_string_equal(list[9].found, PF " (ens1f0), igb: 1 of 7 VFs");
	free(list);
}

static const struct change hugepage_changes[] = {
	{"no support",
         {{"/sys/kernel/mm/hugepages", NULL}},
         "hugepages",
         HOST_FAILED,
         "the kernel has none",
         "CONFIG_HUGETLBFS"},
	{"none reserved",
         {{POOL "/nr_hugepages", "0\n"}},
         "hugepages",
         HOST_FAILED,
         "none are reserved",
         "echo 512 > " POOL "/nr_hugepages"},
	{"not a number",
         {{POOL "/nr_hugepages", "many\n"}},
         "hugepages",
         HOST_FAILED,
         "none are reserved",
         "hugepages-1048576kB"},
	{"all used",
         {{POOL "/free_hugepages", "0\n"}},
         "hugepages",
         HOST_WARNING,
         "1024 of 2 MB (0 free)",
         "echo 2048 > " POOL},
	{"no mount",
         {{"/proc/self/mounts", "sysfs /sys sysfs rw 0 0\n"}},
         "hugepages",
         HOST_FAILED,
         "no hugetlbfs is mounted",
         "mount -t hugetlbfs -o pagesize=2048K"},
	{"mount of another size",
         {{"/proc/self/mounts", "h /dev/h hugetlbfs rw,pagesize=1024M 0 0\n"}},
         "hugepages",
         HOST_FAILED,
         "no hugetlbfs is mounted",
         "pagesize=2048K"},
	{"mount of the default size",
         {{"/proc/self/mounts", "h /dev/h hugetlbfs rw 0 0\n"}},
         "hugepages",
         HOST_OK,
         "mounted at /dev/h",
         ""},
	{"one of two sizes is mounted",
         {{"/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "2\n"}},
         "hugepages",
         HOST_WARNING,
         "2 of 1 GB",
         "pagesize=1048576K"},
	{"none where the NIC is",
         {{NODE "node0/hugepages/hugepages-2048kB/nr_hugepages", "0\n"}},
         "hugepages",
         HOST_WARNING,
         "node 0, that of " PF " (ens1f0), has none",
         NODE "node0/hugepages/hugepages-2048kB/nr_hugepages"},
};

static void
hugepages_are_judged(void **state)
{

	(void)state;
	EXPECT(hugepage_changes);
}

static const struct change iommu_changes[] = {
	{"asked for, and off in the firmware",
         {{"/sys/class/iommu/dmar0", NULL}},
         "iommu",
         HOST_FAILED,
         "not active",
         "switch VT-d on in the firmware: intel_iommu=on"},
	{"not asked for",
         {{"/sys/class/iommu/dmar0", NULL}, {"/proc/cmdline", "quiet\n"}},
         "iommu",
         HOST_FAILED,
         "not active",
         "boot with intel_iommu=on iommu=pt"},
	{"an AMD machine",
         {{"/sys/class/iommu/dmar0", NULL},
          {"/proc/cmdline", "quiet\n"},
          {"/proc/cpuinfo", "vendor_id\t: AuthenticAMD\n"}},
         "iommu",
         HOST_FAILED,
         "not active",
         "AMD-Vi"},
	{"switched off by hand",
         {{"/sys/class/iommu/dmar0", NULL}, {"/proc/cmdline", "amd_iommu=off\n"}},
         "iommu",
         HOST_FAILED,
         "not active (amd_iommu=off)",
         "take amd_iommu=off from"},
	{"noiommu mode",
         {{"/sys/class/iommu/dmar0", NULL},
          {"/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n"}},
         "iommu",
         HOST_WARNING,
         "reaches all memory",
         "VT-d"},
	{"noiommu mode that nobody needs",
         {{"/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n"}},
         "iommu",
         HOST_NOTE,
         "nobody needs it",
         "echo N > "},
	{"no groups",
         {{"/sys/kernel/iommu_groups/0", NULL}},
         "iommu",
         HOST_FAILED,
         "without groups",
         "firmware"},
};

static void
the_iommu_is_judged(void **state)
{

	(void)state;
	EXPECT(iommu_changes);
}

static const struct change vfio_changes[] = {
	{"the module is there",
         {{"/sys/bus/pci/drivers/vfio-pci", NULL},
          {"/lib/modules/6.12.0/modules.dep",
           "kernel/drivers/vfio/pci/vfio-pci.ko.xz: kernel/x.ko\n"}},
         "vfio",
         HOST_WARNING,
         "vfio-pci is not loaded",
         "modprobe vfio-pci"},
	{"only others need it, so to say",
         {{"/sys/bus/pci/drivers/vfio-pci", NULL},
          {"/lib/modules/6.12.0/modules.dep",
           "kernel/a.ko: kernel/drivers/vfio/pci/vfio-pci.ko\n"}},
         "vfio",
         HOST_FAILED,
         "this kernel has no such module",
         "extra modules"},
	{"modules are not to be seen",
         {{"/sys/bus/pci/drivers/vfio-pci", NULL}},
         "vfio",
         HOST_WARNING,
         "vfio-pci is not loaded",
         "on the host"},
	{"type1 is missing",
         {{"/sys/module/vfio_iommu_type1", NULL}},
         "vfio",
         HOST_WARNING,
         "vfio_iommu_type1 is not",
         "modprobe vfio_iommu_type1"},
	{"few entries",
         {{"/sys/module/vfio_iommu_type1/parameters/dma_entry_limit", "512\n"}},
         "vfio",
         HOST_WARNING,
         "dma_entry_limit 512 is less than the 1024 hugepages",
         "echo 2048 > "},
	{"no container node",
         {{"/dev/vfio/vfio", NULL}},
         "vfio",
         HOST_FAILED,
         "no /dev/vfio/vfio here",
         "pass /dev/vfio/vfio"},
	{"groups are counted",
         {{"/dev/vfio/noiommu-8", ""}},
         "vfio",
         HOST_OK,
         "2 groups in /dev/vfio may be opened",
         ""},
	{"lockdown",
         {{"/sys/kernel/security/lockdown", "none [integrity] confidentiality\n"}},
         "lockdown",
         HOST_NOTE,
         "integrity: vfio-pci behind an IOMMU works",
         ""},
	{"lockdown against noiommu mode",
         {{"/sys/kernel/security/lockdown", "none integrity [confidentiality]\n"},
          {"/sys/class/iommu/dmar0", NULL},
          {"/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n"}},
         "lockdown",
         HOST_FAILED,
         "confidentiality, which forbids",
         "IOMMU"},
};

static void
vfio_is_judged(void **state)
{

	(void)state;
	EXPECT(vfio_changes);
}

static const struct change pf_changes[] = {
	{"no VFs",
         {{PF_DIR "/virtfn0", NULL}},
         "sriov",
         HOST_NOTE,
         "0 of 7 VFs",
         "vfctl create " PF " 7"},
	{"no driver",
         {{PF_DIR "/driver", NULL}},
         "sriov",
         HOST_WARNING,
         PF " (ens1f0) has no driver",
         "echo " PF " > /sys/bus/pci/drivers_probe"},
	{"down",
         {{"/sys/class/net/ens1f0/flags", "0x1002\n"}},
         "sriov",
         HOST_WARNING,
         "is down, and so are the links of its VFs",
         "ip link set ens1f0 up"},
	{"in another namespace",
         {{PF_DIR "/net", NULL}},
         "sriov",
         HOST_OK,
         PF ", igb: 1 of 7 VFs",
         ""},
	{"none",
         {{PF_DIR "/sriov_totalvfs", NULL}},
         "sriov",
         HOST_WARNING,
         "no device with SR-IOV",
         "firmware"},
};

static void
pfs_are_judged(void **state)
{

	(void)state;
	EXPECT(pf_changes);
}

/* Files that nobody would write: each is told of as a lack, and nothing else happens. */
static void
hostile_files_do_no_harm(void **state)
{
	static const char *const lists[] = {
		"0-",
		"-1",
		"3-1",
		"0,,1",
		"99999999999",
		"8192",
		"0-8191",
		"x",
		"0,",
		"1 2",
	};
	char *large = malloc(100000);
	struct host_finding *list;
	unsigned n;

	assert_non_null(large);
	memset(large, '7', 99999);
	large[99999] = '\0';
	for (size_t i = 0; i < sizeof(healthy) / sizeof(healthy[0]); i++) {
		tree_put(*state, healthy[i].path, large);
		free(check(*state, &n));
		tree_put(*state, healthy[i].path, "\xff\x01\n\x1b[31m%s%n\n");
		list = check(*state, &n);
		for (unsigned k = 0; k < n; k++)
			for (const char *s = list[k].found; *s != '\0'; s++)
				assert_true((unsigned char)*s >= ' ' && (unsigned char)*s < 0x7f);
		free(list);
		tree_put(*state, healthy[i].path, healthy[i].text);
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		tree_put(*state, CPU "isolated", lists[i]);
		tree_put(*state, NODE "online", lists[i]);
		free(check(*state, &n));
	}
	free(large);
}

/* An empty tree is a machine that lacks everything. */
static void
an_empty_tree_fails(void **state)
{
	unsigned n, failed = 0;
	struct host_finding *list = check(*state, &n);

	for (unsigned i = 0; i < n; i++)
		failed += list[i].verdict == HOST_FAILED;
	assert_int_equal(failed, 2); /* hugepages, iommu */
	free(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			on_a_healthy_machine_all_is_well, machine_setup, tree_teardown
		),
		cmocka_unit_test(hugepages_are_judged),
		cmocka_unit_test(the_iommu_is_judged),
		cmocka_unit_test(vfio_is_judged),
		cmocka_unit_test(pfs_are_judged),
		cmocka_unit_test_setup_teardown(
			hostile_files_do_no_harm, machine_setup, tree_teardown
		),
		cmocka_unit_test_setup_teardown(an_empty_tree_fails, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
