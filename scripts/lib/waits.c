/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel's scheduler has given to threads, looked at again and again. bench_waits.py
 * compiles and reads it.
 *
 * usage: waits FILE SECONDS SCHEDSTAT...   e.g. /proc/PID/task/TID/schedstat
 *
 * It ends after SECONDS, or by SIGTERM. FILE becomes a sequence of struct record, one per look and
 * thread, written at once.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum {
	NS_PER_S = 1000000000,
	PERIOD_NS = 2000000,
	MAX_THREADS = 64,
};

struct record {
	uint64_t time_ns; /* CLOCK_REALTIME, as all records of the benchmark */
	uint64_t thread;  /* place among the arguments, from 0 */
	uint64_t run_ns, wait_ns;
};

static volatile sig_atomic_t stop;

static void
on_signal(int signum)
{
	(void)signum;
	stop = 1;
}

/* False when the thread has ended. */
static int
look(int fd, struct record *r)
{
	char text[128];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	struct timespec now;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	clock_gettime(CLOCK_REALTIME, &now);
	r->time_ns = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
	return sscanf(text, "%" SCNu64 " %" SCNu64, &r->run_ns, &r->wait_ns) == 2;
}

static int
look_at_all(int out, const int *fds, int nb)
{
	struct record records[MAX_THREADS];
	size_t filled = 0;

	for (int i = 0; i < nb; i++) {
		records[filled].thread = (uint64_t)i;
		filled += look(fds[i], &records[filled]) != 0;
	}
	return write(out, records, filled * sizeof(records[0])) ==
	                       (ssize_t)(filled * sizeof(records[0]))
	               ? 0
	               : -1;
}

int
main(int argc, char **argv)
{
	const struct sigaction action = {.sa_handler = on_signal};
	const struct sched_param urgent = {.sched_priority = 1};
	int fds[MAX_THREADS], nb = argc - 3, out;
	struct timespec next;

	if (nb < 1 || nb > MAX_THREADS) {
		fprintf(stderr, "usage: waits FILE SECONDS SCHEDSTAT...\n");
		return 2;
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	alarm((unsigned)atoi(argv[2]));
	out = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0644);
	for (int i = 0; i < nb; i++)
		if ((fds[i] = open(argv[3 + i], O_RDONLY)) < 0) {
			perror(argv[3 + i]);
			return EXIT_FAILURE;
		}
	/* Where that is not allowed the looks come later, and each still knows its time. */
	(void)sched_setscheduler(0, SCHED_FIFO, &urgent);
	prctl(PR_SET_TIMERSLACK, 1);
	clock_gettime(CLOCK_MONOTONIC, &next);
	while (!stop) {
		if (look_at_all(out, fds, nb) < 0) {
			perror(argv[1]);
			return EXIT_FAILURE;
		}
		next.tv_nsec += PERIOD_NS;
		next.tv_sec += next.tv_nsec / NS_PER_S;
		next.tv_nsec %= NS_PER_S;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	return EXIT_SUCCESS;
}
