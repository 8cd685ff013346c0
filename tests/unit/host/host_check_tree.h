/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A tree of files of a machine on which all is well for VFs in userspace, and what host_check must
 * find when one thing of it is changed. For the tests of host_check.
 */
#pragma once

#include "host_check.h"
#include "host_tree.h"

#define PF "0000:3b:00.0"
#define PF_DIR "/sys/bus/pci/devices/" PF
#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB"
#define NODE "/sys/devices/system/node/"
#define CPU "/sys/devices/system/cpu/"

#define ROOT_STATUS "Name:\tvfctl\nCapEff:\t000001ffffffffff\nCpus_allowed_list:\t0-7\n"
#define USER_STATUS "Name:\tvfctl\nCapEff:\t0000000000000000\nCpus_allowed_list:\t0-7\n"
#define LIMIT(text) "Limit  Soft Limit  Hard Limit  Units\nMax locked memory  " text "  bytes\n"

struct file {
	const char *path, *text; /* text NULL: taken away */
};

static const struct file healthy[] = {
	{POOL "/nr_hugepages", "1024\n"},
	{POOL "/free_hugepages", "1000\n"},
	{"/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "0\n"},
	{"/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "0\n"},
	{NODE "online", "0-1\n"},
	{NODE "node0/cpulist", "0-3\n"},
	{NODE "node1/cpulist", "4-7\n"},
	{NODE "node0/hugepages/hugepages-2048kB/nr_hugepages", "512\n"},
	{NODE "node0/hugepages/hugepages-2048kB/free_hugepages", "500\n"},
	{NODE "node1/hugepages/hugepages-2048kB/nr_hugepages", "512\n"},
	{NODE "node1/hugepages/hugepages-2048kB/free_hugepages", "500\n"},
	{"/proc/self/mounts",
         "sysfs /sys sysfs rw,nosuid 0 0\nhp /dev/hugepages hugetlbfs rw,pagesize=2M 0 0\n"},
	{"/proc/self/status", ROOT_STATUS},
	{"/proc/self/limits", LIMIT("8388608  8388608")},
	{"/proc/meminfo", "MemTotal: 1 kB\nHugepagesize:       2048 kB\n"},
	{"/proc/cmdline", "BOOT_IMAGE=/vmlinuz intel_iommu=on iommu=pt quiet\n"},
	{"/proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\n"},
	{"/proc/sys/kernel/osrelease", "6.12.0\n"},
	{"/sys/class/iommu/dmar0/name", "dmar0\n"},
	{"/sys/kernel/iommu_groups/0/type", "DMA\n"},
	{"/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "N\n"},
	{"/sys/module/vfio_iommu_type1/parameters/dma_entry_limit", "65535\n"},
	{"/sys/bus/pci/drivers/vfio-pci/bind", ""},
	{"/sys/kernel/security/lockdown", "[none] integrity confidentiality\n"},
	{"/dev/vfio/vfio", ""},
	{"/dev/vfio/7", ""},
	{CPU "online", "0-7\n"},
	{CPU "isolated", "2-3\n"},
	{CPU "nohz_full", "2-3\n"},
	{CPU "cpu2/cpufreq/scaling_governor", "performance\n"},
	{PF_DIR "/sriov_totalvfs", "7\n"},
	{PF_DIR "/numa_node", "0\n"},
	{PF_DIR "/virtfn0/vendor", "0x8086\n"},
	{PF_DIR "/net/ens1f0/mtu", "1500\n"},
	{"/sys/class/net/ens1f0/flags", "0x1003\n"},
};

static inline int
machine_setup(void **state)
{
	int rc = tree_setup(state);

	for (size_t i = 0; i < sizeof(healthy) / sizeof(healthy[0]); i++)
		tree_put(*state, healthy[i].path, healthy[i].text);
	tree_link(*state, PF_DIR "/driver", "../../drivers/igb");
	return rc;
}

static inline struct host_finding *
check(const struct tree *t, unsigned *n)
{
	struct host_finding *list = NULL;

	assert_int_equal(host_check(&t->fs, &list, n), 0);
	assert_non_null(list);
	return list;
}

/* A change, and a finding that must come of it. */
struct change {
	const char *name;
	struct file files[4];
	const char *subject;
	enum host_verdict verdict;
	const char *found, *remedy; /* parts of it; remedy "": there is none */
};

static inline void
apply(const struct tree *t, const struct file *files)
{
	for (size_t i = 0; i < 4 && files[i].path != NULL; i++)
		if (files[i].text != NULL)
			tree_put(t, files[i].path, files[i].text);
		else
			tree_remove(t, files[i].path);
}

static inline bool
is_finding(const struct host_finding *f, const struct change *c)
{
	return strcmp(f->subject, c->subject) == 0 && f->verdict == c->verdict &&
	       strstr(f->found, c->found) != NULL &&
	       (c->remedy[0] == '\0' ? f->remedy[0] == '\0' : strstr(f->remedy, c->remedy) != NULL);
}

static inline void
expect_finding(const struct change *c)
{
	struct host_finding *list;
	bool found = false;
	void *state;
	unsigned n;

	machine_setup(&state);
	apply(state, c->files);
	list = check(state, &n);
	for (unsigned i = 0; i < n; i++)
		found |= is_finding(&list[i], c);
	for (unsigned i = 0; !found && i < n; i++)
		print_message(
			"# %s: %s %s: %s => %s\n",
			c->name,
			list[i].subject,
			host_verdict_names[list[i].verdict],
			list[i].found,
			list[i].remedy
		);
	assert_true(found);
	free(list);
	tree_teardown(&state);
}

#define EXPECT(changes)                                                        \
	for (size_t i_ = 0; i_ < sizeof(changes) / sizeof((changes)[0]); i_++) \
	expect_finding(&(changes)[i_])
