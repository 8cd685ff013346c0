/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a test decides about the fake machine: its clock, the step that fails or kills, the answers
 * of drivers. See fake_host.h.
 */
#include "fake_host_priv.h"
#include "units.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define CLOCK_FILE "/.script/clock"
#define RANDOM_FILE "/.script/random"
#define VFIO_FILE "/.script/vfio"

enum { WALL_START_S = 1750000000, CLOCK_START_S = 1000 };

/* One process at a time changes the machine. */
static int
lock_machine(const struct fake_host *f)
{
	char path[FAKE_PATH_BYTES];
	int fd = open(fake_full(f, path, "/.script/lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || flock(fd, LOCK_EX) != 0)
		fake_die("lock", path);
	return fd;
}

static void
die_at(const struct fake_host *f, enum fake_fault fault)
{
	if (f->fault_step == f->steps && f->fault == fault && f->fault_step != 0)
		kill(getpid(), SIGKILL);
}

/* 0: go on, then fake_step_end. */
int
fake_step_begin(struct fake_host *f, int *ret_lock)
{
	f->steps++;
	die_at(f, FAKE_KILL_BEFORE);
	if (f->fault_step == f->steps && f->fault == FAKE_FAIL)
		return -f->fault_err;
	*ret_lock = lock_machine(f);
	return 0;
}

void
fake_step_end(struct fake_host *f, int lock)
{
	close(lock);
	die_at(f, FAKE_KILL_AFTER);
}

/* A step of the journal cannot be made to fail from here, and is killed before it only. */
static void
count_step(void *ctx, const char *what)
{
	struct fake_host *f = ctx;

	(void)what;
	f->steps++;
	die_at(f, FAKE_KILL_BEFORE);
	die_at(f, FAKE_KILL_AFTER);
}

void
fake_host_fault(struct fake_host *f, unsigned at_step, enum fake_fault fault, int err)
{
	f->fault_step = at_step;
	f->fault = fault;
	f->fault_err = abs(err);
}

unsigned
fake_host_steps(const struct fake_host *f)
{
	return f->steps;
}

uint64_t
fake_now_ns(const struct fake_host *f)
{
	int64_t ns = 0;

	(void)hostfs_read_i64(&f->host.fs, &ns, CLOCK_FILE);
	return (uint64_t)ns + CLOCK_START_S * NSEC_PER_SEC;
}

void
fake_host_advance(struct fake_host *f, uint64_t ns)
{
	int lock = lock_machine(f);
	uint64_t now = fake_now_ns(f) - CLOCK_START_S * NSEC_PER_SEC;

	fake_host_put(f, CLOCK_FILE, "%llu\n", (unsigned long long)(now + ns));
	fake_kernel_late(f);
	close(lock);
}

static uint64_t
clock_now_ns(void *ctx)
{
	return fake_now_ns(ctx);
}

static uint64_t
clock_wall_s(void *ctx)
{
	return WALL_START_S + fake_now_ns(ctx) / NSEC_PER_SEC;
}

static void
clock_sleep_ms(void *ctx, uint32_t ms)
{
	fake_host_advance(ctx, ms * NSEC_PER_MSEC);
}

/* Never the same bytes twice, and always the same in a test. */
static int
random_bytes(void *ctx, void *buf, uint32_t len)
{
	struct fake_host *f = ctx;
	int lock = lock_machine(f);
	uint32_t seed = (uint32_t)fake_number(f, RANDOM_FILE, 1);
	uint8_t *bytes = buf;

	for (uint32_t i = 0; i < len; i++) {
		seed = seed * 1664525U + 1013904223U;
		bytes[i] = (uint8_t)(seed >> 24);
	}
	fake_host_put(f, RANDOM_FILE, "%u\n", seed >> 1);
	close(lock);
	return 0;
}

void
fake_host_answer(
	struct fake_host *f,
	const char *pf_netdev,
	enum vf_attr attr,
	enum fake_answer answer,
	int times
)
{
	char path[FAKE_PATH_BYTES];

	/* For ever is written as a negative count. */
	if (answer == FAKE_LATER && times == 0)
		times = -1;
	fake_path(path, "/.script/answer/%s/%u", pf_netdev, attr);
	fake_host_put(f, path, "%d %d\n", (int)answer, times);
}

/* The answer to one request, which is used up; *ret_err for those that have one. */
enum fake_answer
fake_answer_take(struct fake_host *f, const char *pf, enum vf_attr attr, int *ret_err)
{
	char path[FAKE_PATH_BYTES], line[32];
	int answer, times;

	*ret_err = 0;
	fake_path(path, "/.script/answer/%s/%u", pf, attr);
	if (hostfs_read(&f->host.fs, line, sizeof(line), "%s", path) != 0 ||
	    sscanf(line, "%d %d", &answer, &times) != 2)
		return FAKE_DOES;
	if (answer == FAKE_REFUSES)
		*ret_err = -abs(times);
	if (answer != FAKE_LATER)
		return (enum fake_answer)answer;
	*ret_err = -EAGAIN;
	if (times == 1)
		fake_host_remove(f, path);
	else if (times > 1)
		fake_host_put(f, path, "%d %d\n", answer, times - 1);
	return FAKE_LATER;
}

void
fake_host_vfio_answer(struct fake_host *f, int err, bool silent)
{
	fake_host_put(f, VFIO_FILE, "%d %d\n", abs(err), silent);
}

void
fake_vfio_answer_get(const struct fake_host *f, int *ret_err, bool *ret_silent)
{
	int err = 0, silent = 0;
	char line[32];

	if (hostfs_read(&f->host.fs, line, sizeof(line), VFIO_FILE) == 0)
		(void)sscanf(line, "%d %d", &err, &silent);
	*ret_err = -err;
	*ret_silent = silent != 0;
}

void
fake_host_count_answer(
	struct fake_host *f, const char *pf_addr, uint16_t at_most, int err, uint32_t late_ms
)
{
	char path[FAKE_PATH_BYTES];

	fake_path(path, "/.script/count/%s", pf_addr);
	fake_host_put(f, path, "%u %d %u\n", at_most, abs(err), late_ms);
}

void
fake_count_answer_get(
	const struct fake_host *f,
	const char *pf,
	uint16_t *ret_at_most,
	int *ret_err,
	uint32_t *ret_late_ms
)
{
	unsigned at_most = 0, late_ms = 0;
	int err = 0;
	char line[48];

	if (hostfs_read(&f->host.fs, line, sizeof(line), "/.script/count/%s", pf) == 0)
		(void)sscanf(line, "%u %d %u", &at_most, &err, &late_ms);
	*ret_at_most = (uint16_t)at_most;
	*ret_err = -err;
	*ret_late_ms = late_ms;
}

void
fake_script_init(struct sriov_host *h)
{
	h->now_ns = clock_now_ns;
	h->wall_s = clock_wall_s;
	h->sleep_ms = clock_sleep_ms;
	h->random_bytes = random_bytes;
	h->step = count_step;
}
