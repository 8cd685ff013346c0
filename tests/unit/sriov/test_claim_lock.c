/* SPDX-License-Identifier: BSD-3-Clause */
/* Locks of PFs and VFs between processes: they exclude, tell who has them, and end with it. */
#include "claim_bench.h"
#include "claim_lock.h"

#include <fcntl.h>
#include <signal.h>

#define VF_LOCK "locks/vf-" VF_A0 ".lock"

/* A child that takes the lock of VF_A0, says so, and holds it until it is killed. */
static pid_t
holder(struct bench *b)
{
	struct pci_addr vf = addr_of(VF_A0);
	int ready[2], fd;
	char c = 0;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		bench_use(b, fake_host_open(fake_host_root(b->f)));
		fake_host_process(b->f, (int)getpid(), 5, "holder (x)", NULL);
		if (claim_lock(&b->h, CLAIM_LOCK_VF, &vf, 0, &fd, &b->why) != 0 ||
		    write(ready[1], &c, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void
end(pid_t pid)
{
	int status;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void
test_excludes_and_names(void **state)
{
	struct pci_addr vf = addr_of(VF_A0), other = addr_of(VF_A1);
	struct bench *b = *state;
	char who[64];
	uint64_t from;
	int fd = -7;
	pid_t pid;

	pid = holder(b);
	from = b->h.now_ns(b->h.ctx);
	assert_int_equal(claim_lock(&b->h, CLAIM_LOCK_VF, &vf, 3000, &fd, &b->why), -ETIMEDOUT);
	assert_int_equal(fd, -7);
	assert_in_range((b->h.now_ns(b->h.ctx) - from) / NSEC_PER_MSEC, 3000, 3100);
	snprintf(who, sizeof(who), "process %d (holder (x))", (int)pid);
	expect_in(b->why.text, who);
	expect_in(b->why.text, "VF " VF_A0);
	/* Others are free, and so is a PF of the same address. */
	assert_int_equal(claim_lock(&b->h, CLAIM_LOCK_VF, &other, 0, &fd, &b->why), 0);
	claim_unlock(fd);
	assert_int_equal(claim_lock(&b->h, CLAIM_LOCK_PF, &vf, 0, &fd, &b->why), 0);
	claim_unlock(fd);
	/* It ends with the process. */
	end(pid);
	assert_int_equal(claim_lock(&b->h, CLAIM_LOCK_VF, &vf, 0, &fd, &b->why), 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	claim_unlock(fd);
}

/* A copy that a child got, as that which the kernel holds in a write to sysfs, keeps no lock. */
static void
test_unlock_with_copies(void **state)
{
	struct pci_addr vf = addr_of(VF_A0);
	struct bench *b = *state;
	int fd, copy, again;

	assert_int_equal(claim_lock(&b->h, CLAIM_LOCK_VF, &vf, 0, &fd, &b->why), 0);
	copy = dup(fd);
	assert_int_equal(claim_lock(&b->h, CLAIM_LOCK_VF, &vf, 0, &again, &b->why), -ETIMEDOUT);
	claim_unlock(fd);
	assert_int_equal(claim_lock(&b->h, CLAIM_LOCK_VF, &vf, 0, &again, &b->why), 0);
	claim_unlock(again);
	claim_unlock(-1);
	close(copy);
}

/* A longer name from before leaves nothing behind a shorter one. */
static void
test_holder_is_replaced(void **state)
{
	struct pci_addr vf = addr_of(VF_A0);
	char path[256], line[128] = "";
	struct bench *b = *state;
	ssize_t n;
	int fd;

	fake_host_process(b->f, (int)getpid(), 1, "a-long-command", NULL);
	assert_int_equal(claim_lock(&b->h, CLAIM_LOCK_VF, &vf, 0, &fd, &b->why), 0);
	claim_unlock(fd);
	fake_host_process(b->f, (int)getpid(), 1, "x", NULL);
	assert_int_equal(claim_lock(&b->h, CLAIM_LOCK_VF, &vf, 0, &fd, &b->why), 0);
	claim_unlock(fd);
	fd = open(state_path(b, VF_LOCK, path), O_RDONLY);
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	assert_true(n > 0);
	line[n] = '\0';
	expect_in(line, " x\n");
	assert_int_equal(strcspn(line, "\n"), n - 1);
}

static void
test_garbage_in_the_file(void **state)
{
	static const char *const texts[] = {
		"", "\n", "garbage", "-5 x\n", "99999999999999 x", "7", "7 \033[2Jevil\n"};
	struct pci_addr vf = addr_of(VF_A0);
	struct bench *b = *state;
	char path[256];
	int fd, other;

	assert_int_equal(claim_lock(&b->h, CLAIM_LOCK_VF, &vf, 0, &fd, &b->why), 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		FILE *f = fopen(state_path(b, VF_LOCK, path), "w");

		assert_non_null(f);
		fputs(texts[i], f);
		fclose(f);
		assert_int_equal(
			claim_lock(&b->h, CLAIM_LOCK_VF, &vf, 0, &other, &b->why), -ETIMEDOUT
		);
		expect_in(b->why.text, "is being changed by");
		assert_null(strchr(b->why.text, '\033'));
	}
	claim_unlock(fd);
}

static void
test_other_files(void **state)
{
	struct pci_addr vf = addr_of(VF_A0);
	struct bench *b = *state;
	char path[256], victim[256];
	int fd;

	assert_int_equal(claim_lock(&b->h, CLAIM_LOCK_VF, &vf, 0, &fd, &b->why), 0);
	claim_unlock(fd);
	assert_int_equal(unlink(state_path(b, VF_LOCK, path)), 0);
	assert_int_equal(symlink(state_path(b, "victim", victim), path), 0);
	assert_int_equal(claim_lock(&b->h, CLAIM_LOCK_VF, &vf, 0, &fd, &b->why), -ELOOP);
	assert_int_equal(access(victim, F_OK), -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_int_equal(claim_lock(&b->h, CLAIM_LOCK_VF, &vf, 0, &fd, &b->why), -EPERM);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(claim_lock(&b->h, CLAIM_LOCK_VF, &vf, 0, &fd, &b->why), -EISDIR);
	expect_in(b->why.text, VF_LOCK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_excludes_and_names, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(
			test_unlock_with_copies, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(
			test_holder_is_replaced, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(
			test_garbage_in_the_file, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(test_other_files, bench_setup, bench_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
