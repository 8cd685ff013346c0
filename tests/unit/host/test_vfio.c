/* SPDX-License-Identifier: BSD-3-Clause */
/* vfio's nodes over a tree of files, and who has a file open, also on the machine itself. */
#include "fake_host.h"
#include "reason.h"
#include "vfio.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Needs the headers above. */
#include <cmocka.h>

#define VF "0000:3b:10.0"
#define VF_DIR "/sys/bus/pci/devices/" VF

enum { NOBODY = 65534 };

struct fixture {
	struct fake_host *fake;
	struct hostfs fs;
	struct pci_addr vf;
	struct vfio_node node;
	struct reason why;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->fake = fake_host_new();
	fake_host_add_pf(f->fake, &FAKE_PF_IGB("0000:3b:00.0", "ens1f0", 1));
	f->fs = fake_host_sriov(f->fake)->fs;
	assert_int_equal(pci_addr_parse(VF, &f->vf), 0);
	assert_int_equal(vfio_node_find(&f->fs, &f->vf, &f->node), 0);
	fake_host_put(f->fake, f->node.path, "%s", "");
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	fake_host_free(f->fake);
	free(f);
	return 0;
}

static void
expect_reason(const struct fixture *f, const char *part)
{
	if (strstr(f->why.text, part) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", f->why.text, part);
}

static void
test_node_is_that_of_the_group(void **state)
{
	struct fixture *f = *state;
	struct vfio_node node = {.group = 42};
	char name[64], path[64];

	assert_false(f->node.noiommu);
	snprintf(path, sizeof(path), "/dev/vfio/%d", f->node.group);
	assert_string_equal(f->node.path, path);
	assert_string_equal(f->node.container_path, path);

	fake_host_link(f->fake, VF_DIR "/iommu_group", "../../../kernel/iommu_groups/31");
	snprintf(name, sizeof(name), "/sys/kernel/iommu_groups/31/name");
	fake_host_put(f->fake, name, "vfio-noiommu\n");
	assert_int_equal(vfio_node_find(&f->fs, &f->vf, &node), 0);
	assert_true(node.noiommu);
	assert_int_equal(node.group, 31);
	assert_string_equal(node.path, "/dev/vfio/noiommu-31");
	assert_string_equal(node.container_path, "/dev/vfio/31");
}

static void
test_group_that_is_no_number_is_refused(void **state)
{
	static const char *const bad[] = {"x", "-1", "3x", "99999999999", ""};
	struct fixture *f = *state;
	struct vfio_node node = {.group = 42};
	char target[64];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(target, sizeof(target), "../iommu_groups/%s", bad[i]);
		fake_host_link(f->fake, VF_DIR "/iommu_group", target);
		assert_int_equal(vfio_node_find(&f->fs, &f->vf, &node), -EINVAL);
	}
	fake_host_remove(f->fake, VF_DIR "/iommu_group");
	assert_int_equal(vfio_node_find(&f->fs, &f->vf, &node), -ENOENT);
	assert_int_equal(node.group, 42);
}

static void
test_node_opens(void **state)
{
	struct fixture *f = *state;
	int fd = -1;

	assert_int_equal(vfio_node_try(&f->fs, &f->node, NULL, &f->why), 0);
	assert_int_equal(vfio_node_try(&f->fs, &f->node, &fd, &f->why), 0);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	close(fd);
}

static void
test_holders_of_a_busy_node_are_named(void **state)
{
	struct fixture *f = *state;
	int fd = -1;

	fake_host_process(f->fake, 4711, 1000, "testpmd", f->node.path);
	fake_host_process(f->fake, 4712, 1000, "other", NULL);
	assert_int_equal(vfio_node_try(&f->fs, &f->node, &fd, &f->why), -EBUSY);
	assert_int_equal(fd, -1);
	expect_reason(f, f->node.path);
	expect_reason(f, "process 4711 (testpmd)");
	assert_null(strstr(f->why.text, "4712"));
	for (int pid = 1; pid <= 5; pid++)
		fake_host_process(f->fake, pid, 1000, "many", f->node.path);
	assert_int_equal(vfio_node_try(&f->fs, &f->node, NULL, &f->why), -EBUSY);
	expect_reason(f, "and 2 more");
}

static void
test_missing_node_is_explained(void **state)
{
	struct fixture *f = *state;

	fake_host_put(f->fake, "/dev/vfio/vfio", "%s", "");
	fake_host_remove(f->fake, f->node.path);
	assert_int_equal(vfio_node_try(&f->fs, &f->node, NULL, &f->why), -ENOENT);
	expect_reason(f, "not bound to vfio-pci");
	fake_host_remove(f->fake, "/dev/vfio/vfio");
	assert_int_equal(vfio_node_try(&f->fs, &f->node, NULL, &f->why), -ENOENT);
	expect_reason(f, "modprobe vfio-pci");
	expect_reason(f, "container");
}

/* The device plugin gives noiommu-31 to a pod as 31. */
static void
test_container_name_of_a_noiommu_node_serves(void **state)
{
	struct fixture *f = *state;
	struct vfio_node node = {
		.group = 31,
		.noiommu = true,
		.path = "/dev/vfio/noiommu-31",
		.container_path = "/dev/vfio/31",
	};

	assert_int_equal(vfio_node_try(&f->fs, &node, NULL, &f->why), -ENOENT);
	fake_host_put(f->fake, "/dev/vfio/31", "%s", "");
	assert_int_equal(vfio_node_try(&f->fs, &node, NULL, &f->why), 0);
	node.noiommu = false;
	assert_int_equal(vfio_node_try(&f->fs, &node, NULL, &f->why), -ENOENT);
}

static void
test_node_without_permission_is_explained(void **state)
{
	struct fixture *f = *state;
	int rc;

	if (geteuid() != 0)
		skip();
	assert_int_equal(seteuid(NOBODY), 0);
	rc = vfio_node_try(&f->fs, &f->node, NULL, &f->why);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(rc, -EACCES);
	expect_reason(f, "chown");
}

static void
test_own_descriptors_and_odd_names(void **state)
{
	struct fixture *f = *state;
	struct file_holder holder = {.pid = 0};

	fake_host_process(f->fake, (int)getpid(), 1000, "self", f->node.path);
	assert_int_equal(file_holders(&f->fs, f->node.path, &holder, 1), 0);
	fake_host_process(f->fake, 4711, 1000, "\033[2Jx", f->node.path);
	assert_int_equal(file_holders(&f->fs, f->node.path, &holder, 1), 1);
	assert_int_equal(holder.pid, 4711);
	assert_string_equal(holder.command, "?[2Jx");
	/* A process that has gone meanwhile. */
	fake_host_remove(f->fake, "/proc/4711/comm");
	assert_int_equal(file_holders(&f->fs, f->node.path, &holder, 1), 1);
	assert_string_equal(holder.command, "?");
	assert_int_equal(file_holders(&f->fs, "/dev/vfio/4", &holder, 1), 0);
}

/* The real /proc: a child has the file open until it is told to end. */
static void
test_holder_on_the_machine(void **state)
{
	static const struct hostfs machine;
	char path[] = "/tmp/vfio-holder-XXXXXX";
	struct file_holder holder = {.pid = 0};
	int fd = mkstemp(path), go[2], held, status;
	pid_t child;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(pipe(go), 0);
	child = fork();
	if (child == 0) {
		char c;

		close(go[1]);
		_exit(read(go[0], &c, 1) == 0 ? 0 : 1);
	}
	close(fd);
	held = file_holders(&machine, path, &holder, 1);
	close(go[0]);
	close(go[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(held, 1);
	assert_int_equal(holder.pid, child);
	assert_int_equal(file_holders(&machine, path, &holder, 1), 0);
	unlink(path);
}

static void
test_lockdown_is_the_word_in_brackets(void **state)
{
	static const struct {
		const char *line, *state;
	} cases[] = {
		{"[none] integrity confidentiality\n", "none"},
		{"none [integrity] confidentiality\n", "integrity"},
		{"none integrity [confidentiality]\n", "confidentiality"},
		{"junk\n", "none"},
	};
	struct fixture *f = *state;
	char buf[32];

	kernel_lockdown(&f->fs, buf, sizeof(buf));
	assert_string_equal(buf, "none");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_host_put(f->fake, "/sys/kernel/security/lockdown", "%s", cases[i].line);
		kernel_lockdown(&f->fs, buf, sizeof(buf));
		assert_string_equal(buf, cases[i].state);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_node_is_that_of_the_group, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_group_that_is_no_number_is_refused, setup, teardown
		),
		cmocka_unit_test_setup_teardown(test_node_opens, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_holders_of_a_busy_node_are_named, setup, teardown
		),
		cmocka_unit_test_setup_teardown(test_missing_node_is_explained, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_container_name_of_a_noiommu_node_serves, setup, teardown
		),
		cmocka_unit_test_setup_teardown(
			test_node_without_permission_is_explained, setup, teardown
		),
		cmocka_unit_test_setup_teardown(
			test_own_descriptors_and_odd_names, setup, teardown
		),
		cmocka_unit_test_setup_teardown(test_holder_on_the_machine, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_lockdown_is_the_word_in_brackets, setup, teardown
		),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
