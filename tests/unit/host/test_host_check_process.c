/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What host_check finds about this process and the CPUs that it may use, in the trees of
 * host_check_tree.h.
 */
#include "host_check_tree.h"

#include <linux/capability.h>
#include <sys/syscall.h>

static const struct change process_changes[] = {
	{"too little for anything",
         {{"/proc/self/status", USER_STATUS}},
         "memlock",
         HOST_FAILED,
         "8 MB, and without CAP_IPC_LOCK vfio (type1) counts all memory",
         "ulimit -l"},
	{"less than the hugepages",
         {{"/proc/self/status", USER_STATUS},
          {"/proc/self/limits", LIMIT("1073741824  1073741824")}},
         "memlock",
         HOST_WARNING,
         "1 GB, and without CAP_IPC_LOCK",
         "LimitMEMLOCK=infinity"},
	{"as much as the hugepages",
         {{"/proc/self/status", USER_STATUS},
          {"/proc/self/limits", LIMIT("2147483648  2147483648")}},
         "memlock",
         HOST_OK,
         "2 GB",
         ""},
	{"unlimited",
         {{"/proc/self/status", USER_STATUS}, {"/proc/self/limits", LIMIT("unlimited  unlimited")}},
         "memlock",
         HOST_OK,
         "unlimited",
         ""},
	{"no limits to be read",
         {{"/proc/self/status", USER_STATUS}, {"/proc/self/limits", NULL}},
         "memlock",
         HOST_NOTE,
         "cannot be read",
         ""},
	{"a user",
         {{"/proc/self/status", USER_STATUS}},
         "capabilities",
         HOST_NOTE,
         "CAP_NET_ADMIN to set a VF's MAC",
         "give the container SYS_ADMIN, NET_ADMIN, "
         "IPC_LOCK"},
	{"one is missing",
         {{"/proc/self/status", "CapEff:\t0000000000204000\n"}},
         "capabilities",
         HOST_NOTE,
         "missing: CAP_NET_ADMIN",
         "container NET_ADMIN"},
	{"a pod",
         {{"/proc/self/mounts", "sysfs /sys sysfs ro,nosuid 0 0\n"}},
         "capabilities",
         HOST_NOTE,
         "/sys is read-only here",
         "on the host"},
};

static void
limits_and_capabilities_are_judged(void **state)
{

	(void)state;
	EXPECT(process_changes);
}

static const struct change cpu_changes[] = {
	{"CPUs of the wrong node",
         {{"/proc/self/status", "CapEff:\tffffffffff\nCpus_allowed_list:\t4-7\n"}},
         "numa",
         HOST_WARNING,
         PF " (ens1f0) is on node 0, where this process may use no",
         "CPUs of node 0 (0-3)"},
	{"the node is not known",
         {{PF_DIR "/numa_node", "-1\n"}},
         "numa",
         HOST_NOTE,
         "not known to the firmware",
         ""},
	{"one node",
         {{NODE "online", "0\n"}, {PF_DIR "/numa_node", "-1\n"}},
         "numa",
         HOST_OK,
         "node 0 with CPUs 0-3",
         ""},
	{"a node without CPUs",
         {{NODE "node1/cpulist", "\n"}},
         "numa",
         HOST_OK,
         "1 with CPUs none",
         ""},
	{"no nodes", {{NODE "online", NULL}}, "numa", HOST_NOTE, "no nodes", ""},
	{"nothing isolated",
         {{CPU "isolated", "\n"}, {CPU "nohz_full", "(null)\n"}},
         "cpus",
         HOST_NOTE,
         "8, none is isolated",
         "isolcpus=1-7 nohz_full=1-7 rcu_nocbs=1-7"},
	{"isolated by a cpuset",
         {{CPU "isolated", "\n"}, {"/sys/fs/cgroup/cpuset.cpus.isolated", "2\n"}},
         "cpus",
         HOST_OK,
         "isolated and without tick (nohz_full): 2",
         ""},
	{"with tick",
         {{CPU "nohz_full", "3\n"}},
         "cpus",
         HOST_NOTE,
         "isolated: 2-3, but the timer",
         "nohz_full=2-3"},
	{"slow clock",
         {{CPU "cpu2/cpufreq/scaling_governor", "powersave\n"}},
         "cpus",
         HOST_NOTE,
         "governor powersave on 2",
         "cpupower -c 2 frequency-set"},
	{"slow clock elsewhere",
         {{CPU "cpu5/cpufreq/scaling_governor", "powersave\n"}},
         "cpus",
         HOST_OK,
         "isolated and without tick",
         ""},
	{"one CPU",
         {{CPU "isolated", "\n"}, {CPU "online", "0\n"}},
         "cpus",
         HOST_WARNING,
         "there is one",
         ""},
};

static void
nodes_and_cpus_are_judged(void **state)
{

	(void)state;
	EXPECT(cpu_changes);
}

/* Without the capabilities that let root open everything; *ret_was for the way back. */
static void
drop_capabilities(struct __user_cap_data_struct ret_was[2])
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2];

	assert_int_equal(syscall(SYS_capget, &header, ret_was), 0);
	memcpy(none, ret_was, sizeof(none));
	none[0].effective = none[1].effective = 0;
	assert_int_equal(syscall(SYS_capset, &header, none), 0);
}

static void
nodes_of_vfio_must_open(void **state)
{
	static const struct change vfio = {
		"vfio",
		{{0}},
		"vfio",
		HOST_FAILED,
		"/dev/vfio/vfio is not",
		"chmod 0666",
	};
	static const struct change group = {
		"7",
		{{0}},
		"vfio",
		HOST_WARNING,
		"1 of 1 groups",
		"chown USER /dev/vfio/7",
	};
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct was[2];
	struct host_finding *list = NULL;
	bool found_vfio = false, found_group = false;
	char full[1024];
	unsigned n = 0;
	int rc;

	tree_path(*state, "/dev/vfio/vfio", full);
	assert_int_equal(chmod(full, 0), 0);
	tree_path(*state, "/dev/vfio/7", full);
	assert_int_equal(chmod(full, 0), 0);
	drop_capabilities(was);
	rc = host_check(&((struct tree *)*state)->fs, &list, &n);
	assert_int_equal(syscall(SYS_capset, &header, was), 0);
	assert_int_equal(rc, 0);
	for (unsigned i = 0; i < n; i++) {
		found_vfio |= is_finding(&list[i], &vfio);
		found_group |= is_finding(&list[i], &group);
	}
	assert_true(found_vfio && found_group);
	free(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_and_capabilities_are_judged),
		cmocka_unit_test(nodes_and_cpus_are_judged),
		cmocka_unit_test_setup_teardown(
			nodes_of_vfio_must_open, machine_setup, tree_teardown
		),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
