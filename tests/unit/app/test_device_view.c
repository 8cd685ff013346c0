/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `vfctl show` gathers and says of a device, over a tree of files, with a PF's table and
 * claims that this file makes up.
 */
#include "device_view.h"
#include "pci_tree.h"
#include "vf_use.h"
#include "vfctl.h"

#include <errno.h>
#include <linux/if_ether.h>

#define VF1 "0000:3b:10.2"
#define KNOWS_ALL ((1u << VF_ATTR_COUNT) - 1)

const char *const vf_link_state_names[] = {"auto", "enable", "disable"};

/* The double of the libraries; vfctl's rtnl points to it. */
struct vf_rtnl {
	struct vf_state states[4];
	unsigned nb_states;
	int err;
};

struct fixture {
	struct tree *tree;
	struct vf_rtnl rtnl;
	struct vfctl vfctl;
};

int
vf_rtnl_list(
	struct vf_rtnl *r,
	const char *pf,
	struct vf_state **ret,
	unsigned *ret_n,
	struct reason *why
)
{
	assert_string_equal(pf, "ens1f0");
	if (r->err != 0)
		return reason_set(why, r->err, "%s: %s", pf, strerror(-r->err));
	*ret = calloc(4, sizeof(r->states[0]));
	assert_non_null(*ret);
	memcpy(*ret, r->states, sizeof(r->states));
	*ret_n = r->nb_states;
	return 0;
}

int
vfio_node_find(const struct hostfs *fs, const struct pci_addr *addr, struct vfio_node *ret)
{
	(void)fs;
	if (addr->device != 0x10)
		return -ENOENT;
	*ret = (struct vfio_node
	){.group = 8, .path = "/dev/vfio/noiommu-8", .container_path = "/dev/vfio/8"};
	return 0;
}

/* VF 0 has a claim, VF 1 a file that is none. */
int
journal_list(const struct sriov_host *h, struct pci_addr **ret, size_t *ret_n, struct reason *why)
{
	if (h->state_dir == NULL)
		return reason_set(why, -EACCES, "no state directory");
	*ret = calloc(2, sizeof(**ret));
	assert_non_null(*ret);
	(*ret)[0] = addr_of(VF0);
	(*ret)[1] = addr_of(VF1);
	*ret_n = 2;
	return 0;
}

int
journal_read(
	const struct sriov_host *h,
	const struct pci_addr *addr,
	struct claim_record *ret,
	struct reason *why
)
{
	(void)h;
	if (addr->function != 0)
		return reason_set(why, -EBADMSG, "cut short");
	*ret = (struct claim_record){
		.since_s = 1700000000,
		.owner =
			{.pid = 42,
	                 .command = "vf\x1b"
	                            "bond"},
		.driver = "vfio-pci",
		.complete = true,
	};
	return 0;
}

bool
claim_owner_alive(const struct sriov_host *h, const struct claim_owner *o)
{
	(void)h;
	return o->pid != 42;
}

enum vf_use
vf_in_use(const struct sriov_host *h, const struct pci_device *vf, struct reason *ret_who)
{
	(void)h;
	if (vf->addr.function != 0)
		return VF_FREE;
	(void)reason_set(ret_who, -EBUSY, "open in process 7 (vpp)");
	return VF_OPEN;
}

/* A note of claims_read, which nobody reads here. */
void
vfctl_notes(const struct vfctl *c, const struct text *notes)
{
	(void)c;
	assert_non_null(strstr(text_str(notes), "claims are not shown"));
}

static void
add_netdev(const struct tree *t, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/class/net/ens1f0/%s", file);
	tree_put(t, path, text);
}

/* A PF that is up, with two VFs in the tree; VF 1 is on no driver. */
static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct tree *t;
	void *tree;

	assert_non_null(f);
	assert_int_equal(tree_setup(&tree), 0);
	f->tree = t = tree;
	pci_add_pf(t, PF, "ens1f0", 2);
	pci_add_vf(t, VF0, PF, 0);
	pci_add_vf(t, VF1, PF, 1);
	pci_link(t, VF0, "driver", "x/vfio-pci");
	pci_link(t, VF0, "iommu_group", "x/8");
	tree_put(t, "/sys/kernel/iommu_groups/8/devices/" VF0, "");
	add_netdev(t, "ifindex", "3\n");
	add_netdev(t, "flags", "0x1003\n");
	add_netdev(t, "carrier", "1\n");
	add_netdev(t, "operstate", "up\n");
	add_netdev(t, "address", "02:00:00:00:00:01\n");
	add_netdev(t, "mtu", "1500\n");
	tree_put(t, "/usr/share/misc/pci.ids", "8086  Intel\n\t10c9  82576\n\t1520  VF\n");
	f->rtnl.nb_states = 2;
	f->rtnl.states[0] = (struct vf_state){
		.vf = 1,
		.known = 1u << VF_ATTR_MAC | 1u << VF_ATTR_TRUST,
		.mac = {2, 0, 0, 0, 0, 0x11},
		.trust = true,
	};
	f->rtnl.states[1] = (struct vf_state){
		.vf = 0,
		.known = KNOWS_ALL,
		.mac = {2, 0, 0, 0, 0, 0x10},
		.vlan = 7,
		.qos = 3,
		.vlan_proto = ETH_P_8021AD,
		.min_tx_rate_mbps = 100,
		.max_tx_rate_mbps = 2000,
		.spoofchk = true,
		.link_state = VF_LINK_DISABLE,
	};
	f->vfctl.host.fs = t->fs;
	f->vfctl.host.state_dir = "/somewhere";
	f->vfctl.rtnl = &f->rtnl;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	void *tree = f->tree;

	pci_bus_free(f->vfctl.bus);
	free(f);
	return tree_teardown(&tree);
}

static void
view(struct fixture *f, const char *addr_text, struct device_view *ret)
{
	struct pci_addr addr = addr_of(addr_text);
	struct claims claims;

	f->vfctl.bus = pci_bus_free(f->vfctl.bus);
	f->vfctl.bus = scan(f->tree);
	claims_read(&claims, &f->vfctl);
	assert_int_equal(
		device_view(ret, &f->vfctl, &claims, pci_bus_find(f->vfctl.bus, &addr)), 0
	);
	claims_fini(&claims);
}

/* Compare the text from its first line that begins with @from. */
static void
expect_text(struct fixture *f, const char *addr, const char *from, const char *wanted)
{
	struct text text = TEXT_EMPTY;
	struct device_view v;
	const char *at;

	view(f, addr, &v);
	assert_int_equal(device_text(&v, &text), 0);
	at = strstr(text_str(&text), from);
	assert_non_null(at);
	assert_string_equal(at, wanted);
	text_fini(&text);
	device_view_fini(&v);
}

#define TABLE_HEAD                                                                \
	"VF  ADDRESS       DRIVER    NETDEV  MAC                VLAN  QOS  PROTO" \
	"    SPOOFCHK  TRUST  LINK-STATE  MIN-TX-RATE  MAX-TX-RATE  CLAIM\n"

static void
shows_the_table_of_a_pf(void **state)
{
	static const char table[] = TABLE_HEAD
		" 0  0000:3b:10.0  vfio-pci  -       02:00:00:00:00:10     7    3  802.1ad"
		"  on        off    disable             100         2000  yes\n"
		" 1  0000:3b:10.2  -         -       02:00:00:00:00:11     -    -  -"
		"        -         on     -                     -            -  yes\n";

	expect_text(*state, PF, "VF  ADDRESS", table);
}

/* As between the creation of VFs and their appearance on the bus. */
static void
shows_a_vf_that_only_the_driver_knows(void **state)
{
	static const char row[] =
		" 5  -             -         -       02:00:00:00:00:11     -    -  -"
		"      -         on     -                     -            -  no\n";
	struct fixture *f = *state;

	f->rtnl.states[0].vf = 5;
	f->rtnl.nb_states = 1;
	expect_text(f, PF, " 5  -", row);
}

static void
shows_everything_of_a_pf(void **state)
{
	struct fixture *f = *state;
	uint8_t config[CONFIG_BYTES];

	config_fill(config);
	pci_put_config(f->tree, PF, config, sizeof(config));
	f->rtnl.nb_states = 0;
	tree_remove(f->tree, "/sys/bus/pci/devices/" VF0);
	tree_remove(f->tree, "/sys/bus/pci/devices/" VF1);
	expect_text(
		f,
		PF,
		PF,
		"0000:3b:00.0 (PF)\n"
		"  vendor             Intel [8086]\n"
		"  device             82576 [10c9]\n"
		"  subsystem          [8086:0001]\n"
		"  class              [020000]\n"
		"  modalias           pci:v00008086d000010C9\n"
		"  driver             igb\n"
		"  driver override    -\n"
		"  NUMA node          1\n"
		"  IOMMU group        none\n"
		"  VFs                2 of 7\n"
		"  VFs of the device  9, initially 8\n"
		"  VF offset          384\n"
		"  VF stride          4\n"
		"  VF device          [10ca]\n"
		"  ARI hierarchy      yes\n"
		"  drivers autoprobe  on\n"
		"  netdev             ens1f0\n"
		"  MAC                02:00:00:00:00:01\n"
		"  MTU                1500\n"
		"  link               up\n"
		"  operstate          up\n"
		"  speed              -\n"
		"  master             none\n"
		"  default route      no\n"
		"  driver version     -\n"
		"  firmware           -\n"
	);
}

static void
shows_everything_of_a_vf(void **state)
{
	struct fixture *f = *state;

	tree_put(f->tree, "/sys/kernel/iommu_groups/8/name", "vfio-noiommu\n");
	tree_put(f->tree, "/dev/vfio/noiommu-8", "");
	expect_text(
		f,
		VF0,
		VF0,
		"0000:3b:10.0 (VF)\n"
		"  PF               0000:3b:00.0 ens1f0\n"
		"  link of the PF   up\n"
		"  VF number        0\n"
		"  used by          open in process 7 (vpp)\n"
		"  claim            by vf?bond (pid 42, gone), since 2023-11-14 22:13:20 UTC\n"
		"  vendor           Intel [8086]\n"
		"  device           VF [1520]\n"
		"  subsystem        [8086:0001]\n"
		"  class            [020000]\n"
		"  modalias         pci:v00008086d00001520\n"
		"  driver           vfio-pci\n"
		"  driver override  -\n"
		"  NUMA node        1\n"
		"  IOMMU group      8 (no IOMMU)\n"
		"  vfio node        /dev/vfio/noiommu-8\n"
		"  netdev           none here\n"
		"  mac              02:00:00:00:00:10\n"
		"  vlan             7 qos 3 proto 802.1ad\n"
		"  spoofchk         on\n"
		"  trust            off\n"
		"  link-state       disable\n"
		"  tx rate          min 100, max 2000 Mbit/s\n"
		"  warning: vfio runs without an IOMMU: the device can reach all memory\n"
	);
}

/* Whether the warnings of a device hold @words; "" for none at all. */
static void
expect_warning(struct fixture *f, const char *addr, const char *words)
{
	struct device_view v;

	view(f, addr, &v);
	if (words[0] == '\0')
		assert_string_equal(text_str(&v.warnings), "");
	else if (strstr(text_str(&v.warnings), words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", text_str(&v.warnings), words);
	device_view_fini(&v);
}

static void
warns_of_what_hurts(void **state)
{
	struct fixture *f = *state;

	expect_warning(f, PF, "");
	expect_warning(f, VF0, "");
	expect_warning(f, VF1, "its claim cannot be read: cut short");
	add_netdev(f->tree, "carrier", "0\n");
	expect_warning(f, PF, "PF ens1f0 has no carrier");
	add_netdev(f->tree, "flags", "0x1002\n");
	expect_warning(f, PF, "PF ens1f0 is down");
	expect_warning(f, VF0, "ip link set ens1f0 up");
	tree_link(f->tree, "/sys/class/net/ens1f0/master", "../bond0");
	expect_warning(f, VF0, "PF ens1f0 is a member of bond0 of this host");
	tree_put(f->tree, "/sys/class/net/bond0/bonding/mode", "");
	expect_warning(f, PF, "PF ens1f0 is a member of bond bond0 of this host");
	tree_put(f->tree, "/proc/net/route", "ens1f0 0 0 1 0 0 0 0\n");
	expect_warning(f, VF0, "the default route of this host goes through PF ens1f0");
	tree_put(f->tree, "/sys/kernel/iommu_groups/8/devices/0000:00:1f.0", "");
	expect_warning(f, VF0, "shares IOMMU group 8 with 1 more");
	f->rtnl.err = -EMSGSIZE;
	expect_warning(f, PF, "the settings of its VFs cannot be read: ens1f0: Message too long");
	pci_remove(f->tree, PF, "net");
	f->rtnl.err = 0;
	expect_warning(f, PF, "no network device in this network namespace");
	pci_link(f->tree, VF0, "physfn", "../0000:99:00.0");
	expect_warning(f, VF0, "its PF is not to be seen");
}

static json_t *
json_of(struct fixture *f, const char *addr)
{
	struct device_view v;
	json_t *object;

	view(f, addr, &v);
	assert_int_equal(device_json(&v, &object), 0);
	device_view_fini(&v);
	return object;
}

/* Values at the ends of paths of keys; what is not there ends the test. */
static const json_t *
at(const json_t *object, const char *key, const char *inner)
{
	const json_t *value = json_object_get(object, key);

	if (inner != NULL)
		value = json_object_get(value, inner);
	if (value == NULL)
		fail_msg("no %s %s", key, inner != NULL ? inner : "");
	return value;
}

static void
gives_a_vf_as_json(void **state)
{
	json_t *o = json_of(*state, VF0);

	assert_string_equal(json_string_value(at(o, "kind", NULL)), "vf");
	assert_string_equal(json_string_value(at(o, "address", NULL)), VF0);
	assert_int_equal(json_integer_value(at(o, "vendor_id", NULL)), 0x8086);
	assert_int_equal(json_integer_value(at(o, "class", NULL)), 0x020000);
	assert_int_equal(json_integer_value(at(o, "number", NULL)), 0);
	assert_string_equal(json_string_value(at(o, "pf", "address")), PF);
	assert_string_equal(
		json_string_value(json_object_get(at(o, "pf", "netdev"), "name")), "ens1f0"
	);
	assert_true(json_is_null(at(o, "netdev", NULL)));
	assert_int_equal(json_integer_value(at(o, "iommu_group", NULL)), 8);
	assert_string_equal(json_string_value(at(o, "settings", "mac")), "02:00:00:00:00:10");
	assert_int_equal(json_integer_value(at(o, "settings", "vlan")), 7);
	assert_int_equal(json_integer_value(at(o, "settings", "qos")), 3);
	assert_string_equal(json_string_value(at(o, "settings", "proto")), "802.1ad");
	assert_true(json_is_true(at(o, "settings", "spoofchk")));
	assert_true(json_is_false(at(o, "settings", "trust")));
	assert_string_equal(json_string_value(at(o, "settings", "link_state")), "disable");
	assert_int_equal(json_integer_value(at(o, "settings", "min_tx_rate")), 100);
	assert_int_equal(json_integer_value(at(o, "settings", "max_tx_rate")), 2000);
	assert_string_equal(json_string_value(at(o, "vfio", "container_path")), "/dev/vfio/8");
	assert_true(json_is_false(at(o, "vfio", "exists")));
	assert_int_equal(json_integer_value(at(o, "claim", "pid")), 42);
	assert_int_equal(json_integer_value(at(o, "claim", "since")), 1700000000);
	assert_true(json_is_false(at(o, "claim", "alive")));
	assert_string_equal(json_string_value(at(o, "used_by", NULL)), "open in process 7 (vpp)");
	json_decref(o);

	o = json_of(*state, VF1);
	assert_true(json_is_false(at(o, "claim", "readable")));
	assert_true(json_is_null(at(o, "settings", "vlan")));
	assert_true(json_is_null(at(o, "settings", "proto")));
	assert_true(json_is_null(at(o, "settings", "link_state")));
	assert_true(json_is_true(at(o, "settings", "trust")));
	assert_true(json_is_null(at(o, "used_by", NULL)));
	assert_int_equal(json_array_size(at(o, "warnings", NULL)), 1);
	json_decref(o);
}

static void
gives_a_pf_as_json(void **state)
{
	json_t *o = json_of(*state, PF);
	const json_t *vfs = at(o, "vfs", NULL), *first = json_array_get(vfs, 0);

	assert_string_equal(json_string_value(at(o, "kind", NULL)), "pf");
	assert_string_equal(json_string_value(at(o, "device_name", NULL)), "82576");
	assert_true(json_is_null(at(o, "class_name", NULL)));
	assert_true(json_is_null(at(o, "iommu_group", NULL)));
	assert_int_equal(json_integer_value(at(o, "sriov", "num_vfs")), 2);
	assert_int_equal(json_integer_value(at(o, "sriov", "driver_total_vfs")), 7);
	assert_true(json_is_null(at(o, "sriov", "total_vfs")));
	assert_int_equal(json_integer_value(at(o, "netdev", "mtu")), 1500);
	assert_true(json_is_null(at(o, "netdev", "speed_mbps")));
	assert_true(json_is_null(at(o, "netdev", "master")));
	assert_int_equal(json_array_size(vfs), 2);
	assert_string_equal(json_string_value(at(first, "address", NULL)), VF0);
	assert_string_equal(json_string_value(at(first, "mac", NULL)), "02:00:00:00:00:10");
	assert_true(json_is_true(at(first, "claimed", NULL)));
	json_decref(o);
}

static void
does_without_netlink_and_claims(void **state)
{
	struct fixture *f = *state;
	struct device_view v;

	f->vfctl.rtnl = NULL;
	f->vfctl.host.state_dir = NULL;
	view(f, PF, &v);
	assert_int_equal(v.nb_vfs, 2);
	assert_false(v.vfs[0].has_state);
	assert_false(v.vfs[0].claimed);
	assert_string_equal(text_str(&v.warnings), "");
	device_view_fini(&v);
}

#define VIEW_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		VIEW_TEST(shows_the_table_of_a_pf),
		VIEW_TEST(shows_a_vf_that_only_the_driver_knows),
		VIEW_TEST(shows_everything_of_a_pf),
		VIEW_TEST(shows_everything_of_a_vf),
		VIEW_TEST(warns_of_what_hurts),
		VIEW_TEST(gives_a_vf_as_json),
		VIEW_TEST(gives_a_pf_as_json),
		VIEW_TEST(does_without_netlink_and_claims),
	};

	return cmocka_run_group_tests_name("device_view", tests, NULL, NULL);
}
