/* SPDX-License-Identifier: BSD-3-Clause */
/* kernel_link against the real kernel: veth devices in a network namespace of this process. */
#include "host_bench.h"
#include "kernel_link.h"
#include "reason.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 64 };

/* The last report of each device, by index, and how many reports there were. */
struct fixture {
	struct kernel_link *kl;
	struct kernel_link_state last[256];
	unsigned reports;
	unsigned gone[256]; /* reports of each device's end */
	bool ask_back;      /* call kernel_link_get from the callback */
};

static void
on_link(void *ctx, const struct kernel_link_state *state)
{
	struct fixture *f = ctx;
	struct kernel_link_state now;

	f->reports++;
	assert_true(state->if_index < 256);
	f->last[state->if_index] = *state;
	f->gone[state->if_index] += !state->present;
	if (f->ask_back && state->present)
		assert_int_not_equal(kernel_link_get(f->kl, state->if_index, &now), -EBADMSG);
}

static int
setup(void **state)
{
	bool permitted = fixture_new(state, sizeof(struct fixture));
	struct fixture *f = *state;
	struct reason why;

	return permitted ? kernel_link_new(&f->kl, on_link, f, &why) : 0;
}

/* What a failed test left behind must not fail the next. */
static int
teardown(void **state)
{
	static const char *const made[] = {"ka", "kc", "kbr"};
	struct fixture *f = *state;
	char command[64];

	for (size_t i = 0; f->kl != NULL && i < sizeof(made) / sizeof(made[0]); i++) {
		snprintf(command, sizeof(command), "ip link del %s", made[i]);
		if (if_nametoindex(made[i]) != 0 && system(command) != 0)
			print_message("%s failed\n", command);
	}
	kernel_link_free(f->kl);
	free(f);
	return 0;
}

/* Process events until @test holds for device @i; fails after the deadline. */
static void
wait_for(struct fixture *f, uint32_t i, bool (*test)(const struct kernel_link_state *))
{
	int64_t end_ms = now_ms() + DEADLINE_MS;

	while (!test(&f->last[i])) {
		if (!readable_by(kernel_link_fd(f->kl), end_ms))
			fail_msg("device %u: no such report in %d ms", i, DEADLINE_MS);
		assert_int_equal(kernel_link_process(f->kl), 0);
	}
}

static bool
has_carrier(const struct kernel_link_state *s)
{
	return s->present && s->carrier;
}

static bool
has_no_carrier(const struct kernel_link_state *s)
{
	return s->present && s->admin_up && !s->carrier;
}

static bool
is_admin_down(const struct kernel_link_state *s)
{
	return s->present && !s->admin_up && !s->carrier;
}

static bool
is_gone(const struct kernel_link_state *s)
{
	return s->if_index != 0 && !s->present && !s->carrier;
}

static void
carrier_goes_and_comes_and_the_device_goes(void **state)
{
	struct fixture *f = *state;
	uint32_t a;

	need_namespace(f->kl);
	ip("link add ka address 02:00:00:00:00:0a mtu 1400 type veth peer name kb");
	a = index_of("ka");
	ip("link set ka up");
	ip("link set kb up");
	wait_for(f, a, has_carrier);
	assert_string_equal(f->last[a].name, "ka");
	assert_memory_equal(f->last[a].mac, "\x02\0\0\0\0\x0a", 6);
	assert_int_equal(f->last[a].mtu, 1400);
	ip("link set kb down");
	wait_for(f, a, has_no_carrier);
	ip("link set kb up");
	wait_for(f, a, has_carrier);
	ip("link set ka down");
	wait_for(f, a, is_admin_down);
	ip("link del ka");
	wait_for(f, a, is_gone);
}

static void
macvlan_follows_its_lower_device(void **state)
{
	struct fixture *f = *state;
	uint32_t m;

	need_namespace(f->kl);
	ip("link add ka type veth peer name kb");
	ip("link set ka up");
	ip("link set kb up");
	ip("link add link ka name km type macvlan");
	m = index_of("km");
	ip("link set km up");
	wait_for(f, m, has_carrier);
	ip("link set kb down");
	wait_for(f, m, has_no_carrier);
	ip("link set kb up");
	wait_for(f, m, has_carrier);
	ip("link del ka");
	wait_for(f, m, is_gone);
}

/* A process in a network namespace of its own, which lives until the pipe is closed. */
static pid_t
other_namespace(int *ret_pipe)
{
	int in[2], out[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(in[1]);
		if (unshare(CLONE_NEWNET) != 0 || write(out[1], &byte, 1) != 1)
			_exit(1);
		_exit(read(in[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(in[0]);
	close(out[1]);
	assert_int_equal(read(out[0], &byte, 1), 1);
	close(out[0]);
	*ret_pipe = in[1];
	return pid;
}

static void
moved_to_another_namespace_is_gone(void **state)
{
	struct fixture *f = *state;
	int status, keep;
	char args[64];
	uint32_t a, b;
	pid_t pid;

	need_namespace(f->kl);
	ip("link add ka type veth peer name kb");
	a = index_of("ka");
	b = index_of("kb");
	pid = other_namespace(&keep);
	snprintf(args, sizeof(args), "link set ka netns %d", (int)pid);
	ip(args);
	wait_for(f, a, is_gone);
	close(keep);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* The kernel takes a dead namespace apart in its own time; then our end goes too. */
	wait_for(f, b, is_gone);
}

static void
leaving_a_bridge_is_not_going_away(void **state)
{
	struct fixture *f = *state;
	uint32_t a, bridge;

	need_namespace(f->kl);
	ip("link add ka type veth peer name kb");
	ip("link add kbr type bridge");
	a = index_of("ka");
	bridge = index_of("kbr");
	ip("link set ka master kbr");
	ip("link set ka nomaster");
	/* The bridge's own end is the last event: with it, all before it were seen. */
	ip("link del kbr");
	wait_for(f, bridge, is_gone);
	/* Its port report of the leaving member is RTM_DELLINK too. */
	assert_int_equal(f->gone[a], 0);
	assert_true(f->last[a].present);
	ip("link del ka");
	wait_for(f, a, is_gone);
}

static void
get_asks_for_one_device(void **state)
{
	struct fixture *f = *state;
	struct kernel_link_state s = {.mtu = 77};
	uint32_t a;

	need_namespace(f->kl);
	assert_int_equal(kernel_link_get(f->kl, 0, &s), -ENODEV);
	assert_int_equal(kernel_link_get(f->kl, 99999, &s), -ENODEV);
	assert_int_equal(kernel_link_get(f->kl, UINT32_MAX, &s), -ENODEV);
	assert_int_equal(s.mtu, 77);
	ip("link add ka mtu 1300 type veth peer name kb");
	a = index_of("ka");
	assert_int_equal(kernel_link_get(f->kl, a, &s), 0);
	assert_int_equal(s.if_index, a);
	assert_int_equal(s.mtu, 1300);
	assert_string_equal(s.name, "ka");
	assert_true(s.present);
	assert_false(s.carrier);
	assert_int_equal(f->reports, 0);
	ip("link del ka");
	assert_int_equal(kernel_link_get(f->kl, a, &s), -ENODEV);
}

/* More events than the socket holds, among them the end of devices that were known. */
static void
lost_events_are_made_good(void **state)
{
	struct fixture *f = *state;
	uint32_t first, second, kept;
	struct kernel_link_state s;
	int small = 1;

	need_namespace(f->kl);
	f->ask_back = true;
	ip("link add ka type veth peer name kb");
	ip("link add kc type veth peer name kd");
	first = index_of("ka");
	second = index_of("kb");
	kept = index_of("kc");
	wait_for(f, first, is_admin_down);
	assert_int_equal(kernel_link_get(f->kl, second, &s), 0);

	assert_int_equal(
		setsockopt(kernel_link_fd(f->kl), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0
	);
	for (int i = 0; i < MANY; i++)
		ip(i % 2 ? "link set kc mtu 1400" : "link set kc mtu 1410");
	ip("link del ka");
	ip("link set kc mtu 1350");
	f->reports = 0;
	assert_int_equal(kernel_link_process(f->kl), 0);
	assert_true(f->reports < MANY);
	assert_true(is_gone(&f->last[first]));
	assert_true(is_gone(&f->last[second]));
	assert_true(f->last[kept].present);
	assert_int_equal(f->last[kept].mtu, 1350);
	ip("link del kc");
	wait_for(f, kept, is_gone);
}

static void
a_second_subscriber_changes_nothing(void **state)
{
	struct fixture *f = *state, other = {0};
	struct reason why = {""};
	uint32_t a;

	need_namespace(f->kl);
	assert_int_equal(kernel_link_new(&other.kl, on_link, &other, &why), 0);
	ip("link add ka type veth peer name kb");
	a = index_of("ka");
	ip("link del ka");
	wait_for(f, a, is_gone);
	wait_for(&other, a, is_gone);
	assert_null(kernel_link_free(other.kl));
	assert_null(kernel_link_free(NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			carrier_goes_and_comes_and_the_device_goes, setup, teardown
		),
		cmocka_unit_test_setup_teardown(macvlan_follows_its_lower_device, setup, teardown),
		cmocka_unit_test_setup_teardown(
			moved_to_another_namespace_is_gone, setup, teardown
		),
		cmocka_unit_test_setup_teardown(
			leaving_a_bridge_is_not_going_away, setup, teardown
		),
		cmocka_unit_test_setup_teardown(get_asks_for_one_device, setup, teardown),
		cmocka_unit_test_setup_teardown(lost_events_are_made_good, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_second_subscriber_changes_nothing, setup, teardown
		),
	};

	return cmocka_run_group_tests_name("kernel_link", tests, private_namespace, NULL);
}
