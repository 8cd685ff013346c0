/* SPDX-License-Identifier: BSD-3-Clause */
/* Which VFs of a machine a selector means, and what is said when it means none. */
#include "device_info.h"
#include "selector_bench.h"

#include <stdio.h>
#include <unistd.h>

static char *const environment[] = {
	"PCIDEVICE_INTEL_COM_VFS_A=0000:3b:10.3,0000:3b:10.0",
	"PCIDEVICE_INTEL_COM_VFS_A_INFO={\"0000:3b:10.3\":{},\"0000:3b:10.0\":{}}",
	"PCIDEVICE_X_GONE=0000:3b:1f.7",
	"PCIDEVICE_X_PF=0000:3b:00.0",
	"PCIDEVICE_X_NIC=0000:00:03.0",
	NULL,
};

static struct selector *
parsed(const char *words)
{
	struct selector *s = NULL;
	struct reason why;

	if (selector_parse(&s, NULL, words, environment, &why) != 0)
		fail_msg("%s", why.text);
	return s;
}

static void
expect(void **state, const char *words, const char *addrs)
{
	struct selector *s = parsed(words);
	struct reason why = {""};
	char *found = selector_found(*state, s, &why);

	if (found == NULL)
		fail_msg("%s: %s", words, why.text);
	assert_string_equal(found, addrs);
	free(found);
	selector_free(s);
}

static void
expect_none(void **state, const char *words, const char *text)
{
	struct selector *s = parsed(words);
	struct reason why = {""};
	char *found = selector_found(*state, s, &why);

	if (found != NULL)
		fail_msg("%s: found %s", words, found);
	assert_string_equal(why.text, text);
	selector_free(s);
}

static void
test_addresses(void **state)
{
	expect(state, "0000:3b:10.2", "0000:3b:10.2");
	expect(state, "3B:10.2", "0000:3b:10.2");
	expect(state, C_VF ",0000:3b:10.0", C_VF " 0000:3b:10.0");
	expect(state, " 0000:3b:10.4\t0000:3b:10.2 \n", "0000:3b:10.4 0000:3b:10.2");
}

static void
test_numbers_of_a_pf(void **state)
{
	expect(state, "ens1f0#0", "0000:3b:10.0");
	expect(state, "ens1f0#1-3", "0000:3b:10.2 0000:3b:10.4 0000:3b:10.6");
	expect(state, "ens1f0#3,0-1", "0000:3b:10.6 0000:3b:10.0 0000:3b:10.2");
	expect(state, "0000:3b:00.0#2", "0000:3b:10.4");
	expect(state, "10000:1:0.0#0", C_VF);
}

static void
test_lists_of_pfs_and_numbers(void **state)
{
	expect(state,
	       "ens1f0#0,2,ens1f1#1,3b:10.6,5e:00.0#0",
	       "0000:3b:10.0 0000:3b:10.4 0000:3b:10.3 0000:3b:10.6 " IB_VF);
	expect(state, "ens1f1,ens1f0#1", B_VFS " 0000:3b:10.2");
}

static void
test_all_of_a_pf_and_a_vf_by_its_netdev(void **state)
{
	expect(state, "ens1f0", A_VFS);
	expect(state, "ens1f0v2", "0000:3b:10.4");
	expect(state, "ens1f1 ens1f0v0", B_VFS " 0000:3b:10.0");
}

static void
test_items_of_one_pf_are_joined_and_each_vf_is_once(void **state)
{
	expect(state, "ens1f0#0,ens1f0#2", "0000:3b:10.0 0000:3b:10.4");
	expect(state,
	       "ens1f0#2 ens1f0#0-2 0000:3b:10.0 0000:3b:00.0#2 ens1f0",
	       "0000:3b:10.4 0000:3b:10.0 0000:3b:10.2 0000:3b:10.6");
	expect(state, "pfNames=ens1f0#0,ens1f0#2", "0000:3b:10.0 0000:3b:10.4");
}

static void
test_environment(void **state)
{
	expect(state, "env:intel.com/vfs_a", "0000:3b:10.3 0000:3b:10.0");
	expect(state,
	       "env:PCIDEVICE_INTEL_COM_VFS_A ens1f1",
	       "0000:3b:10.3 0000:3b:10.0 "
	       "0000:3b:10.1");
	expect(state, "env:x/nic", "0000:00:03.0");
	expect_none(
		state, "env:x/gone", "env:x/gone: 0000:3b:1f.7: no such PCI device (see vfctl list)"
	);
	expect_none(
		state,
		"env:x/pf",
		"env:x/pf: 0000:3b:00.0 is a PF, and a VF is wanted: name its VFs by number, as "
		"0000:3b:00.0#0"
	);
}

static void
test_device_info_file(void **state)
{
	struct device_info info = {.addr = {.bus = 0x3b, .device = 0x10, .function = 3}};
	char dir[] = "/tmp/selector-XXXXXX", path[64], word[96];
	struct reason why;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/vf.json", dir);
	assert_int_equal(device_info_write(path, &info, &why), 0);
	snprintf(word, sizeof(word), "devinfo:%s ens1f0#0", path);
	expect(state, word, "0000:3b:10.3 0000:3b:10.0");
	info.addr.device = 0x1f;
	info.addr.function = 7;
	assert_int_equal(device_info_write(path, &info, &why), 0);
	snprintf(word, sizeof(word), "devinfo:%s", path);
	snprintf(
		why.text,
		sizeof(why.text),
		"%s: 0000:3b:1f.7: no such PCI device (see vfctl list)",
		word
	);
	expect_none(state, word, why.text);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void
test_no_device_info_file(void **state)
{
	struct selector *s = NULL;
	struct reason why;

	(void)state;
	assert_int_equal(
		selector_parse(&s, NULL, "devinfo:/nonexistent.json", NULL, &why), -ENOENT
	);
	assert_non_null(strstr(why.text, "/nonexistent.json"));
	assert_int_equal(selector_parse(&s, NULL, "devinfo:/no\x1b[2J", NULL, &why), -ENOENT);
	assert_non_null(strstr(why.text, "/no?[2J"));
	assert_null(s);
}

static void
test_each_key(void **state)
{
	expect(state, "vendors=15b3", C_VF);
	expect(state, "vendors=0x8086,15B3", ALL_VFS);
	expect(state, "devices=1018", C_VF);
	expect(state, "devices=0x10CA", A_VFS_AND_B " " IB_VF);
	expect(state, "drivers=vfio-pci", B_VFS);
	expect(state, "drivers=none,igbvf", A_VFS);
	expect(state, "pfNames=ens1f1,ens1f0#3", "0000:3b:10.1 0000:3b:10.3 0000:3b:10.6");
	expect(state, "pfNames=ens1f0#0-1,3", "0000:3b:10.0 0000:3b:10.2 0000:3b:10.6");
	expect(state, "rootDevices=10000:01:00.0", C_VF);
	expect(state, "rootDevices=0000:3b:00.0#1,3b:00.1#1", "0000:3b:10.2 0000:3b:10.3");
	expect(state, "pciAddresses=0000:3b:10.3,0000:3b:10.0", "0000:3b:10.0 0000:3b:10.3");
	expect(state, "linkTypes=infiniband", IB_VF);
	expect(state, "linkTypes=ether", A_VFS_AND_B);
	expect(state, "linkTypes=infiniband,ether", A_VFS_AND_B " " IB_VF);
	expect(state, "acpiIndexes=7,101", C_VF);
}

static void
test_keys_are_conditions_on_what_is_named(void **state)
{
	expect(state, "drivers=igbvf,vfio-pci pfNames=ens1f1", B_VFS);
	expect(state, "vendors=8086 drivers=igbvf devices=10ca pfNames=ens1f0#2", "0000:3b:10.4");
	expect(state, "ens1f1 ens1f0#1 drivers=igbvf", "0000:3b:10.2");
	expect_none(
		state,
		"ens1f1 drivers=igbvf",
		"ens1f1 drivers=igbvf: none of the 8 VFs of this machine matches (see vfctl list)"
	);
	expect_none(
		state,
		"drivers=igb",
		"drivers=igb: none of the 8 VFs of this machine matches (see vfctl list)"
	);
	/* A pool may be wider than what there is now. */
	expect(state, "pfNames=ens1f1#1-6", "0000:3b:10.3");
}

static void
test_link_type_of_a_vf_itself(void **state)
{
	struct selector_bench *t = *state;

	fake_host_put(t->f, "/sys/class/net/ens1f0v1/type", "32\n");
	expect(state, "linkTypes=infiniband", "0000:3b:10.2 " IB_VF);
	fake_host_put(t->f, "/sys/class/net/ens1f0v1/type", "junk\n");
	expect(state, "linkTypes=infiniband", IB_VF);
	fake_host_put(t->f, "/sys/class/net/ens1f0v1/type", "1\n");
}

static void
test_a_pf_where_a_vf_is_wanted_and_the_reverse(void **state)
{
	expect_none(
		state,
		"0000:3b:00.0",
		"0000:3b:00.0 is a PF, and a VF is wanted: name its VFs by number, as "
		"0000:3b:00.0#0"
	);
	expect_none(
		state,
		"pciAddresses=0000:3b:00.0",
		"0000:3b:00.0 is a PF, and a VF is wanted: name its VFs by number, as "
		"0000:3b:00.0#0"
	);
	expect_none(
		state,
		"0000:3b:10.0#0",
		"0000:3b:10.0 is a VF, and a PF is wanted, whose VFs are numbered"
	);
	expect_none(
		state, "ens1f0v0#0", "ens1f0v0 is a VF, and a PF is wanted, whose VFs are numbered"
	);
	expect_none(
		state,
		"pfNames=eth1",
		"eth1 is a device without SR-IOV, and a PF is wanted, whose VFs are numbered"
	);
	expect_none(state, "eth1", "eth1 is neither a PF nor a VF: it has no SR-IOV");
}

static void
test_functions_that_are_no_vf(void **state)
{
	/* As a VF looks like in a virtual machine. */
	expect(state, "0000:00:03.0", "0000:00:03.0");
	expect_none(
		state, "0000:00:04.0", "0000:00:04.0 is no VF and no network device (class 010802)"
	);
}

static void
test_what_is_not_there(void **state)
{
	expect_none(state, "0000:3b:10.7", "0000:3b:10.7: no such PCI device (see vfctl list)");
	expect_none(
		state, "3b:10.0,0:3b:12.0", "0000:3b:12.0: no such PCI device (see vfctl list)"
	);
	expect_none(
		state,
		"pciAddresses=3b:10.0,3b:12.0",
		"0000:3b:12.0: no such PCI device (see vfctl list)"
	);
	expect_none(
		state, "rootDevices=3c:00.0", "0000:3c:00.0: no such PCI device (see vfctl list)"
	);
	expect_none(
		state,
		"pfNames=ens1f0,ens9",
		"ens9: no network device of a PCI function has this name in this network "
		"namespace; "
		"a PF that is elsewhere has its address (see vfctl list)"
	);
	expect_none(
		state,
		"ENS1F0#0",
		"ENS1F0: no network device of a PCI function has this name in this network "
		"namespace, but there is ens1f0; a PF that is elsewhere has its address (see vfctl "
		"list)"
	);
}

static void
test_numbers_beyond_the_pf(void **state)
{
	expect_none(state, "ens1f0#7", "ens1f0#7: the PF can have 7 VFs, #0-6");
	expect_none(state, "ens1f0#0-65535", "ens1f0#65535: the PF can have 7 VFs, #0-6");
	expect_none(state, "pfNames=ens1f0#0-7", "ens1f0#7: the PF can have 7 VFs, #0-6");
	expect_none(state, "rootDevices=3b:00.0#9", "0000:3b:00.0#9: the PF can have 7 VFs, #0-6");
	expect_none(state, "ens1f0#0-4", "ens1f0#4: the PF has 4 VFs now, and no such one");
	expect_none(state, "ens2#0", "ens2 has no VFs; vfctl create ens2 N makes them");
	expect_none(state, "ens2", "ens2 has no VFs; vfctl create ens2 N makes them");
	expect_none(
		state,
		"pfNames=ens2",
		"pfNames=ens2: none of the 8 VFs of this machine matches (see vfctl list)"
	);
}

static void
test_exactness(void **state)
{
	static const struct {
		const char *words;
		bool exact;
	} cases[] = {
		{"0000:3b:10.0", true},
		{"0000:3b:10.0,ens1f0#0-3 env:intel.com/vfs_a", true},
		{"ens1f0", false},
		{"ens1f0#0 ens1f1", false},
		{"0000:3b:10.0 drivers=igbvf", false},
		{"pciAddresses=0000:3b:10.0", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct selector *s = parsed(cases[i].words);

		assert_int_equal(selector_is_exact(s), cases[i].exact);
		assert_null(selector_free(s));
	}
	assert_null(selector_free(NULL));
}

static void
test_a_machine_without_vfs(void **state)
{
	struct selector_bench empty = {.f = fake_host_new()};
	struct selector *s = parsed("vendors=8086");
	struct reason why;

	(void)state;
	assert_int_equal(pci_bus_scan(&empty.bus, &fake_host_sriov(empty.f)->fs, &why), 0);
	assert_null(selector_found(&empty, s, &why));
	assert_string_equal(
		why.text, "vendors=8086: none of the 0 VFs of this machine matches (see vfctl list)"
	);
	selector_free(s);
	pci_bus_free(empty.bus);
	fake_host_free(empty.f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_numbers_of_a_pf),
		cmocka_unit_test(test_lists_of_pfs_and_numbers),
		cmocka_unit_test(test_all_of_a_pf_and_a_vf_by_its_netdev),
		cmocka_unit_test(test_items_of_one_pf_are_joined_and_each_vf_is_once),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_device_info_file),
		cmocka_unit_test(test_no_device_info_file),
		cmocka_unit_test(test_each_key),
		cmocka_unit_test(test_keys_are_conditions_on_what_is_named),
		cmocka_unit_test(test_link_type_of_a_vf_itself),
		cmocka_unit_test(test_a_pf_where_a_vf_is_wanted_and_the_reverse),
		cmocka_unit_test(test_functions_that_are_no_vf),
		cmocka_unit_test(test_what_is_not_there),
		cmocka_unit_test(test_numbers_beyond_the_pf),
		cmocka_unit_test(test_exactness),
		cmocka_unit_test(test_a_machine_without_vfs),
	};

	return cmocka_run_group_tests_name("selector", tests, selector_setup, selector_teardown);
}
