/* SPDX-License-Identifier: BSD-3-Clause */
/* Facts of network devices: in trees of files, and of veth devices in a namespace of our own. */
#include "host_bench.h"
#include "host_tree.h"
#include "netdev.h"
#include "reason.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/wait.h>

#define NET "/sys/class/net/"
#define ROUTE "/proc/net/route"
#define ROUTE6 "/proc/net/ipv6_route"
#define ROUTE_HEAD \
	"Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
#define ZERO "00000000000000000000000000000000"

static struct netdev_facts
facts(const struct tree *t, const char *name)
{
	struct netdev_facts f;

	assert_int_equal(netdev_read(&t->fs, name, &f), 0);
	return f;
}

static void
add_netdev(const struct tree *t, const char *name, const char *index)
{
	char path[128];

	snprintf(path, sizeof(path), NET "%s/ifindex", name);
	tree_put(t, path, index);
}

static void
reads_a_tree(void **state)
{
	static const uint8_t mac[] = {0x02, 0x00, 0x5e, 0xab, 0xcd, 0xef};
	struct tree *t = *state;
	struct netdev_facts f;

	add_netdev(t, "ens1f0", "3\n");
	tree_put(t, NET "ens1f0/address", "02:00:5e:ab:cd:ef\n");
	tree_put(t, NET "ens1f0/flags", "0x1003\n");
	tree_put(t, NET "ens1f0/mtu", "9000\n");
	tree_put(t, NET "ens1f0/carrier", "1\n");
	tree_put(t, NET "ens1f0/operstate", "up\n");
	tree_put(t, NET "ens1f0/speed", "25000\n");
	tree_put(t, NET "ens1f0/phys_switch_id", "0011223344\n");
	tree_put(t, NET "ens1f0/phys_port_name", "p0\n");
	tree_link(t, NET "ens1f0/master", "../bond0");
	tree_put(t, NET "bond0/bonding/mode", "active-backup 1\n");
	f = facts(t, "ens1f0");
	assert_string_equal(f.name, "ens1f0");
	assert_int_equal(f.if_index, 3);
	assert_memory_equal(f.mac, mac, 6);
	assert_true(f.admin_up);
	assert_true(f.carrier);
	assert_int_equal(f.mtu, 9000);
	assert_int_equal(f.speed_mbps, 25000);
	assert_string_equal(f.operstate, "up");
	assert_string_equal(f.master, "bond0");
	assert_true(f.master_is_bond);
	assert_false(f.default_route);
	assert_string_equal(f.phys_switch_id, "0011223344");
	assert_string_equal(f.phys_port_name, "p0");
	/* A tree has no ethtool. */
	assert_string_equal(f.driver, "");
	assert_string_equal(f.firmware, "");

	tree_link(t, NET "ens1f0/master", "../br0");
	tree_put(t, NET "ens1f0/flags", "0x1002\n");
	f = facts(t, "ens1f0");
	assert_string_equal(f.master, "br0");
	assert_false(f.master_is_bond);
	assert_false(f.admin_up);
}

static void
falls_back_where_files_are_wrong(void **state)
{
	static const uint8_t zero[6];
	struct tree *t = *state;
	struct netdev_facts f;

	add_netdev(t, "e", "3\n");
	f = facts(t, "e");
	assert_int_equal(f.speed_mbps, -1);
	assert_memory_equal(f.mac, zero, 6);
	assert_false(f.admin_up);
	assert_false(f.carrier);
	assert_int_equal(f.mtu, 0);
	assert_string_equal(f.operstate, "");
	assert_string_equal(f.master, "");
	tree_put(t, NET "e/address", "\xff\xff\xff:00\n");
	tree_put(t, NET "e/flags", "up\n");
	tree_put(t, NET "e/mtu", "-1\n");
	tree_put(t, NET "e/speed", "4294967295\n");
	tree_put(t, NET "e/carrier", "yes\n");
	tree_put(t, NET "e/operstate", "\x1b[31mup and much longer than that\n");
	tree_link(t, NET "e/master", "../a_name_of_sixteen");
	f = facts(t, "e");
	assert_int_equal(f.speed_mbps, -1);
	assert_memory_equal(f.mac, zero, 6);
	assert_false(f.admin_up);
	assert_false(f.carrier);
	assert_int_equal(f.mtu, 0);
	assert_string_equal(f.operstate, "?[31mup and muc");
	assert_string_equal(f.master, "");
	tree_put(t, NET "e/speed", "0\n");
	assert_int_equal(facts(t, "e").speed_mbps, -1);
}

static void
refuses_what_is_no_netdev(void **state)
{
	static const char *const wrong[] = {
		"",
		".",
		"..",
		"e/../e",
		"../net/e",
		"e2",
		"a_name_of_sixteen",
		"e\n",
	};
	static const struct hostfs machine;
	struct tree *t = *state;
	struct netdev_facts f = {.mtu = 77};
	struct reason why;

	add_netdev(t, "e", "3\n");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(netdev_read(&t->fs, wrong[i], &f), -ENODEV);
		assert_int_equal(netdev_read(&machine, wrong[i], &f), -ENODEV);
		assert_int_equal(netdev_up(wrong[i], &why), -ENODEV);
	}
	assert_int_equal(f.mtu, 77);
}

static void
finds_default_routes(void **state)
{
	static const struct {
		const char *path, *text;
		bool found;
	} cases[] = {
		{ROUTE,
	         ROUTE_HEAD "e\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n",
	         true},
		{ROUTE,
	         ROUTE_HEAD "e\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n",
	         false},
		{ROUTE,
	         ROUTE_HEAD "e\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0\n",
	         false},
		{ROUTE,
	         ROUTE_HEAD "e2\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n",
	         false},
		{ROUTE,
	         ROUTE_HEAD "e\t00000000\t00000000\t0201\t0\t0\t0\t00000000\t0\t0\t0\n",
	         false},
		{ROUTE,
	         ROUTE_HEAD "e\t00000000\t0102A8C0\t0002\t0\t0\t0\t00000000\t0\t0\t0\n",
	         false},
		{ROUTE,
	         ROUTE_HEAD "a\t00000000\t0\t0003\t0\t0\t0\t00000000\ne\t00000000\t0\t0003\t0\t0\t0"
	                    "\t00000000\n",
	         true},
		{ROUTE6,
	         ZERO " 00 " ZERO " 00 fe800000000000000000000000000001 00000400 1 0 00000003 e\n",
	         true},
		{ROUTE6, ZERO " 40 " ZERO " 00 " ZERO " 00000400 1 0 00000001 e\n", false},
		{ROUTE6, ZERO " 00 " ZERO " 00 " ZERO " ffffffff 1 0 00200200 e\n", false},
		{ROUTE6, ZERO " 00 " ZERO " 00 " ZERO " 00000400 1 0 00000003 e22\n", false},
		{ROUTE, "e", false},
		{ROUTE6, "e\n\n\xff\xff\xff\n", false},
	};
	struct tree *t = *state;

	add_netdev(t, "e", "3\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tree_put(t, cases[i].path, cases[i].text);
		if (facts(t, "e").default_route != cases[i].found)
			fail_msg("case %zu: %s", i, cases[i].text);
		tree_remove(t, cases[i].path);
	}
}

/* A line without end, binary, and a directory in the file's place. */
static void
survives_broken_route_files(void **state)
{
	struct tree *t = *state;
	static char junk[100000];

	add_netdev(t, "e", "3\n");
	for (size_t i = 0; i < sizeof(junk); i++)
		junk[i] = (char)(i * 151 % 255 + 1);
	tree_put_bytes(t, ROUTE, junk, sizeof(junk));
	memset(junk, '0', sizeof(junk));
	tree_put_bytes(t, ROUTE6, junk, sizeof(junk));
	assert_false(facts(t, "e").default_route);
	tree_remove(t, ROUTE);
	tree_mkdir(t, ROUTE);
	assert_false(facts(t, "e").default_route);
}

static void
finds_default_routes_of_what_is_stacked_on_it(void **state)
{
	struct tree *t = *state;

	add_netdev(t, "e", "3\n");
	add_netdev(t, "bond0", "4\n");
	add_netdev(t, "bond0.7", "5\n");
	tree_put(
		t,
		ROUTE,
		ROUTE_HEAD "bond0.7\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
	);
	assert_false(facts(t, "e").default_route);
	tree_link(t, NET "e/upper_bond0", "../bond0");
	tree_link(t, NET "bond0/upper_bond0.7", "../bond0.7");
	assert_true(facts(t, "e").default_route);
	assert_true(facts(t, "bond0").default_route);
	/* A circle ends, and more devices than are looked at do no harm. */
	tree_link(t, NET "bond0.7/upper_e", "../e");
	for (unsigned i = 0; i < 400; i++) {
		char path[64];

		snprintf(path, sizeof(path), NET "e/upper_x%u", i);
		tree_link(t, path, "../x");
	}
	tree_put(t, ROUTE, ROUTE_HEAD);
	assert_false(facts(t, "e").default_route);
}

/* The machine's files, but a namespace of our own, which /sys shows only when mounted in it. */
struct fixture {
	struct hostfs machine;
};

static int
setup(void **state)
{
	if (fixture_new(state, sizeof(struct fixture))) {
		ip("link add na type veth peer name nb");
		ip("link set na address 02:00:00:00:00:01 mtu 1400");
	}
	return 0;
}

static int
teardown(void **state)
{
	(void)system("ip link del na 2>/dev/null; ip link del nbr 2>/dev/null");
	free(*state);
	return 0;
}

static void
need_veth(const struct fixture *f)
{
	struct netdev_facts facts;

	need_namespace(netdev_read(&f->machine, "na", &facts) == 0 ? f : NULL);
}

static void
reads_a_real_device(void **state)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 0, 1};
	struct fixture *f = *state;
	struct netdev_facts facts;

	need_veth(f);
	assert_int_equal(netdev_read(&f->machine, "na", &facts), 0);
	assert_int_equal(facts.if_index, index_of("na"));
	assert_memory_equal(facts.mac, mac, 6);
	assert_int_equal(facts.mtu, 1400);
	assert_false(facts.admin_up);
	assert_false(facts.carrier);
	assert_string_equal(facts.driver, "veth");
	assert_string_equal(facts.driver_version, "1.0");
	assert_false(facts.default_route);
	ip("link set na up");
	ip("link set nb up");
	assert_int_equal(netdev_read(&f->machine, "na", &facts), 0);
	assert_true(facts.admin_up);
	assert_true(facts.carrier);
	ip("link set nb down");
	assert_int_equal(netdev_read(&f->machine, "na", &facts), 0);
	assert_true(facts.admin_up);
	assert_false(facts.carrier);
}

static void
finds_routes_of_the_kernel(void **state)
{
	struct fixture *f = *state;
	struct netdev_facts facts;

	need_veth(f);
	ip("link set na up");
	ip("link set nb up");
	ip("addr add 192.0.2.1/24 dev na");
	ip("route add default via 192.0.2.2");
	assert_int_equal(netdev_read(&f->machine, "na", &facts), 0);
	assert_true(facts.default_route);
	assert_int_equal(netdev_read(&f->machine, "nb", &facts), 0);
	assert_false(facts.default_route);
	ip("route del default");
	assert_int_equal(netdev_read(&f->machine, "na", &facts), 0);
	assert_false(facts.default_route);
	ip("-6 route add default dev na");
	assert_int_equal(netdev_read(&f->machine, "na", &facts), 0);
	assert_true(facts.default_route);
}

static void
brings_a_device_up(void **state)
{
	struct fixture *f = *state;
	struct netdev_facts facts;
	struct reason why;

	need_veth(f);
	assert_int_equal(netdev_up("na", &why), 0);
	assert_int_equal(netdev_read(&f->machine, "na", &facts), 0);
	assert_true(facts.admin_up);
	assert_int_equal(netdev_up("na", &why), 0);
	assert_int_equal(netdev_up("nx", &why), -ENODEV);
	assert_non_null(strstr(why.text, "nx: cannot be brought up"));
	assert_int_equal(netdev_up("nx", NULL), -ENODEV);
}

/* Without the right to, in a child: 0, or the line at which it failed. */
static void
tells_who_may_bring_a_device_up(void **state)
{
	int status;
	pid_t pid;

	need_veth(*state);
	pid = fork();
	if (pid == 0) {
		struct reason why;

		if (setresuid(65534, 65534, 65534) != 0)
			_exit(1);
		if (netdev_up("na", &why) != -EPERM)
			_exit(2);
		_exit(strstr(why.text, "CAP_NET_ADMIN") != NULL ? 0 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* The same name and another device: the machine's /sys is still that of the first namespace. */
static void
believes_no_sysfs_of_another_namespace(void **state)
{
	struct fixture *f = *state;
	struct netdev_facts facts;

	need_veth(f);
	ip("link set na up");
	ip("link set nb up");
	assert_int_equal(netdev_read(&f->machine, "na", &facts), 0);
	assert_string_equal(facts.operstate, "");
	assert_int_equal(facts.speed_mbps, -1);
}

/* The kernel works out operstate some time after the carrier. */
static void
await_operstate(const struct fixture *f, const char *name, const char *word)
{
	struct netdev_facts facts = {0};
	int64_t end = now_ms() + DEADLINE_MS;

	do
		assert_int_equal(netdev_read(&f->machine, name, &facts), 0);
	while (strcmp(facts.operstate, word) != 0 && now_ms() < end);
	assert_string_equal(facts.operstate, word);
}

static void
reads_sysfs_of_its_own_namespace(void **state)
{
	struct fixture *f = *state;
	struct netdev_facts facts;

	need_veth(f);
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL) != 0)
		skip();
	if (system("ip link add nbr type bridge 2>&1") == 0) {
		ip("link set na master nbr");
		ip("link set nbr up");
		ip("-6 route add default dev nbr");
	}
	ip("link set na up");
	ip("link set nb up");
	await_operstate(f, "na", "up");
	assert_int_equal(netdev_read(&f->machine, "na", &facts), 0);
	assert_true(facts.carrier);
	assert_int_equal(facts.speed_mbps, 10000);
	if (if_nametoindex("nbr") != 0) {
		assert_string_equal(facts.master, "nbr");
		assert_false(facts.master_is_bond);
		assert_true(facts.default_route);
	}
	ip("link set na down");
	await_operstate(f, "na", "down");
	assert_int_equal(umount("/sys"), 0);
}

#define TREE_TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)
#define REAL_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(reads_a_tree),
		TREE_TEST(falls_back_where_files_are_wrong),
		TREE_TEST(refuses_what_is_no_netdev),
		TREE_TEST(finds_default_routes),
		TREE_TEST(survives_broken_route_files),
		TREE_TEST(finds_default_routes_of_what_is_stacked_on_it),
		REAL_TEST(reads_a_real_device),
		REAL_TEST(finds_routes_of_the_kernel),
		REAL_TEST(brings_a_device_up),
		REAL_TEST(tells_who_may_bring_a_device_up),
		REAL_TEST(believes_no_sysfs_of_another_namespace),
		REAL_TEST(reads_sysfs_of_its_own_namespace),
	};

	return cmocka_run_group_tests_name("netdev", tests, private_namespace, NULL);
}
