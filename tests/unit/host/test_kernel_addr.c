/* SPDX-License-Identifier: BSD-3-Clause */
/* kernel_addr against the real kernel: veth devices in a network namespace of this process. */
#include "host_bench.h"
#include "kernel_addr.h"
#include "reason.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MANY = 64, MAX_ENTRIES = 16 };

struct fixture {
	struct kernel_addr *ka;
	unsigned reports[256]; /* of each device */
	bool ask_back;         /* call kernel_addr_list from the callback */
	char seen[512];        /* what it said then */
};

/* "10.0.0.1/24 fd00::1/64@5": in the kernel's order. */
static const char *
list(struct fixture *f, uint32_t if_index)
{
	static char text[512];
	struct kernel_addr_entry e[MAX_ENTRIES];
	int n = kernel_addr_list(f->ka, if_index, e, MAX_ENTRIES);
	size_t len = 0;

	assert_true(n >= 0);
	text[0] = '\0';
	for (int i = 0; i < n; i++) {
		char ip[INET6_ADDRSTRLEN];

		assert_non_null(
			inet_ntop(e[i].is_v6 ? AF_INET6 : AF_INET, e[i].bytes, ip, sizeof(ip))
		);
		len += (size_t)snprintf(
			text + len,
			sizeof(text) - len,
			"%s%s/%u",
			i > 0 ? " " : "",
			ip,
			e[i].prefix_bits
		);
		if (e[i].vlan_id != 0)
			len += (size_t
			)snprintf(text + len, sizeof(text) - len, "@%u", e[i].vlan_id);
	}
	return text;
}

static void
on_change(void *ctx, uint32_t if_index)
{
	struct fixture *f = ctx;

	assert_true(if_index < 256);
	f->reports[if_index]++;
	if (f->ask_back)
		strcpy(f->seen, list(f, if_index));
}

/* With devices ka and kb that have no addresses of their own accord. */
static int
setup(void **state)
{
	bool permitted = fixture_new(state, sizeof(struct fixture));
	struct fixture *f = *state;
	struct reason why;

	if (!permitted)
		return 0;
	ip("link add ka type veth peer name kb");
	ip("link set ka addrgenmode none");
	ip("link set kb addrgenmode none");
	return kernel_addr_new(&f->ka, on_change, f, &why);
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	if (f->ka != NULL && if_nametoindex("ka") != 0)
		ip("link del ka");
	kernel_addr_free(f->ka);
	free(f);
	return 0;
}

/* Process events until the device is reported once more; fails after the deadline. */
static void
wait_report(struct fixture *f, uint32_t if_index)
{
	unsigned before = f->reports[if_index];
	int64_t end_ms = now_ms() + DEADLINE_MS;

	while (f->reports[if_index] == before) {
		if (!readable_by(kernel_addr_fd(f->ka), end_ms))
			fail_msg("device %u: no report in %d ms", if_index, DEADLINE_MS);
		assert_int_equal(kernel_addr_process(f->ka), 0);
	}
}

static void
addresses_come_and_go(void **state)
{
	struct fixture *f = *state;
	uint32_t a, b;

	need_namespace(f->ka);
	a = index_of("ka");
	b = index_of("kb");
	assert_string_equal(list(f, a), "");
	ip("addr add 10.1.0.1/24 dev ka");
	wait_report(f, a);
	assert_string_equal(list(f, a), "10.1.0.1/24");
	ip("addr add fd00::1/64 dev ka nodad");
	wait_report(f, a);
	ip("addr add 10.1.0.2/24 dev ka");
	wait_report(f, a);
	ip("addr add 10.9.0.1 peer 10.9.0.2/32 dev ka");
	wait_report(f, a);
	assert_string_equal(list(f, a), "10.1.0.1/24 10.9.0.1/32 10.1.0.2/24 fd00::1/64");
	assert_int_equal(f->reports[b], 0);
	assert_string_equal(list(f, b), "");
	ip("addr del 10.9.0.1 peer 10.9.0.2/32 dev ka");
	wait_report(f, a);
	ip("addr del 10.1.0.1/24 dev ka");
	wait_report(f, a);
	assert_string_equal(list(f, a), "fd00::1/64");
	ip("link del ka");
	wait_report(f, a);
	assert_string_equal(list(f, a), "");
}

/* Without a carrier nothing is probed, and so an address stays tentative (RFC 4862). */
static void
tentative_is_left_out_deprecated_is_not(void **state)
{
	struct fixture *f = *state;
	uint32_t a;

	need_namespace(f->ka);
	a = index_of("ka");
	ip("link set ka up");
	ip("addr add fd00::1/64 dev ka");
	ip("addr add fd00::2/64 dev ka nodad");
	ip("addr add fd00::3/64 dev ka nodad preferred_lft 0");
	ip("addr add fe80::4/64 dev ka nodad");
	wait_report(f, a);
	assert_null(strstr(list(f, a), "fd00::1/64"));
	assert_non_null(strstr(list(f, a), "fd00::2/64"));
	assert_non_null(strstr(list(f, a), "fd00::3/64"));
	assert_non_null(strstr(list(f, a), "fe80::4/64"));
}

static void
max_is_kept(void **state)
{
	struct kernel_addr_entry e[3];
	struct fixture *f = *state;
	uint32_t a;

	need_namespace(f->ka);
	a = index_of("ka");
	ip("addr add 10.1.0.1/24 dev ka");
	ip("addr add 10.1.0.2/24 dev ka");
	ip("addr add 10.1.0.3/24 dev ka");
	memset(e, 0xee, sizeof(e));
	assert_int_equal(kernel_addr_list(f->ka, a, e, 2), 2);
	assert_int_equal(e[1].bytes[3], 2);
	assert_int_equal(e[2].bytes[3], 0xee);
	assert_int_equal(kernel_addr_list(f->ka, a, e, 0), 0);
	assert_int_equal(kernel_addr_list(f->ka, 0, e, 3), 0);
	assert_int_equal(kernel_addr_list(f->ka, 99999, e, 3), 0);
	assert_int_equal(kernel_addr_list(f->ka, UINT32_MAX, e, 3), 0);
}

/* Many messages about one device are one report, from which the kernel may be asked. */
static void
reports_are_joined(void **state)
{
	struct fixture *f = *state;
	uint32_t a;

	need_namespace(f->ka);
	f->ask_back = true;
	a = index_of("ka");
	ip("addr add 10.1.0.1/24 dev ka");
	ip("addr add 10.1.0.2/24 dev ka");
	assert_int_equal(kernel_addr_process(f->ka), 0);
	assert_int_equal(f->reports[a], 1);
	assert_string_equal(f->seen, "10.1.0.1/24 10.1.0.2/24");
	ip("addr flush dev ka");
	assert_int_equal(kernel_addr_process(f->ka), 0);
	assert_int_equal(f->reports[a], 2);
	assert_string_equal(f->seen, "");
	/* A device that goes up has the addresses that it had. */
	ip("link set ka up");
	assert_int_equal(kernel_addr_process(f->ka), 0);
	assert_int_equal(f->reports[a], 2);
}

static void
lost_events_are_made_good(void **state)
{
	struct fixture *f = *state;
	int small = 1;
	uint32_t a, b;

	need_namespace(f->ka);
	a = index_of("ka");
	b = index_of("kb");
	f->ask_back = true;
	assert_string_equal(list(f, a), "");
	assert_int_equal(
		setsockopt(kernel_addr_fd(f->ka), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0
	);
	for (int i = 0; i < MANY; i++)
		ip(i % 2 ? "link set kb mtu 1400" : "link set kb mtu 1410");
	ip("addr add 10.1.0.9/24 dev ka");
	assert_int_equal(kernel_addr_process(f->ka), 0);
	assert_int_equal(f->reports[a], 1);
	assert_string_equal(f->seen, "10.1.0.9/24");
	/* Nobody ever asked about it. */
	assert_int_equal(f->reports[b], 0);
}

/* For kernels that have VLAN devices: see main(). */
static void
vlan_devices_count_for_their_base(void **state)
{
	struct fixture *f = *state;
	struct kernel_addr *late;
	struct reason why;
	uint32_t a, vlan;

	need_namespace(f->ka);
	assert_int_equal(system("ip link add link ka name ka.5 type vlan id 5"), 0);
	a = index_of("ka");
	vlan = index_of("ka.5");
	wait_report(f, a);
	ip("addr add 10.1.0.1/24 dev ka");
	wait_report(f, a);
	ip("addr add 10.5.0.1/24 dev ka.5");
	wait_report(f, a);
	assert_int_equal(f->reports[vlan], 1);
	assert_string_equal(list(f, a), "10.1.0.1/24 10.5.0.1/24@5");
	assert_string_equal(list(f, vlan), "10.5.0.1/24");
	/* One that is there before the socket is. */
	assert_int_equal(kernel_addr_new(&late, on_change, f, &why), 0);
	kernel_addr_free(f->ka);
	f->ka = late;
	assert_string_equal(list(f, a), "10.1.0.1/24 10.5.0.1/24@5");
	ip("link del ka.5");
	wait_report(f, a);
	assert_string_equal(list(f, a), "10.1.0.1/24");
}

static void
free_takes_null(void **state)
{
	(void)state;
	assert_null(kernel_addr_free(NULL));
}

/* In a namespace of a child's own, which goes with it. */
static bool
kernel_has_vlan_devices(void)
{
	return system("unshare --net sh -c 'ip link add d type veth && "
	              "ip link add link d name d.5 type vlan id 5' 2>/dev/null") == 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(addresses_come_and_go, setup, teardown),
		cmocka_unit_test_setup_teardown(
			tentative_is_left_out_deprecated_is_not, setup, teardown
		),
		cmocka_unit_test_setup_teardown(max_is_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(reports_are_joined, setup, teardown),
		cmocka_unit_test_setup_teardown(lost_events_are_made_good, setup, teardown),
		cmocka_unit_test(free_takes_null),
		/* The last one: see below. */
		cmocka_unit_test_setup_teardown(vlan_devices_count_for_their_base, setup, teardown),
	};
	size_t n = sizeof(tests) / sizeof(tests[0]);

	/* Elsewhere the tests of the parser must do, which know a message of such a device. */
	if (!kernel_has_vlan_devices())
		n--;
	return _cmocka_run_group_tests("kernel_addr", tests, n, private_namespace, NULL);
}
