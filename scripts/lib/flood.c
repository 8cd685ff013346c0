/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One frame again and again on a device, at a steady rate and for a bounded time, as tests want it.
 *
 * usage: flood INDEX RATE SECONDS HEX   HEX: the frame; prints how many were sent
 *
 * It ends after SECONDS, or by SIGTERM.
 */
#define _GNU_SOURCE /* sendmmsg */
#include <errno.h>
#include <linux/if_packet.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	NS_PER_S = 1000000000,
	FRAME_BYTES_MAX = 1514,
	BATCH = 50,
	RATE_MAX = 200000,
	SECONDS_MAX = 120,
	BEHIND_NS = 20000000, /* what a busy machine missed before that is not made up for */
};

static volatile sig_atomic_t stop;

static void
on_signal(int signum)
{
	(void)signum;
	stop = 1;
}

static size_t
read_hex(uint8_t *ret, const char *hex)
{
	size_t n = 0;
	unsigned byte;

	for (; n < FRAME_BYTES_MAX && sscanf(hex + 2 * n, "%2x", &byte) == 1; n++)
		ret[n] = (uint8_t)byte;
	return n;
}

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* How many were sent; -1 with errno. */
static long
flood(int fd, const uint8_t *frame, size_t bytes, int rate)
{
	struct iovec iov = {.iov_base = (void *)(uintptr_t)frame, .iov_len = bytes};
	struct mmsghdr messages[BATCH];
	uint64_t due_ns = now_ns();
	long sent = 0;

	memset(messages, 0, sizeof(messages));
	for (int i = 0; i < BATCH; i++)
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &iov, .msg_iovlen = 1};
	while (!stop) {
		int n = sendmmsg(fd, messages, BATCH, 0);
		uint64_t at_ns = now_ns();

		if (n < 0 && errno != ENOBUFS && errno != EINTR && errno != EAGAIN)
			return -1;
		sent += n > 0 ? n : 0;
		due_ns += (uint64_t)BATCH * NS_PER_S / (uint64_t)rate;
		if (due_ns + BEHIND_NS < at_ns)
			due_ns = at_ns - BEHIND_NS;
		if (due_ns > at_ns) {
			const struct timespec next = {
				.tv_sec = (time_t)(due_ns / NS_PER_S),
				.tv_nsec = (long)(due_ns % NS_PER_S),
			};

			clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
		}
	}
	return sent;
}

int
main(int argc, char **argv)
{
	const struct sigaction action = {.sa_handler = on_signal};
	struct sockaddr_ll device = {.sll_family = AF_PACKET};
	uint8_t frame[FRAME_BYTES_MAX];
	int rate = argc == 5 ? atoi(argv[2]) : 0, seconds = argc == 5 ? atoi(argv[3]) : 0;
	size_t bytes = argc == 5 ? read_hex(frame, argv[4]) : 0;
	long sent;
	int fd;

	if (bytes == 0 || rate < 1 || rate > RATE_MAX || seconds < 1 || seconds > SECONDS_MAX) {
		fprintf(stderr, "usage: flood INDEX RATE SECONDS HEX\n");
		return 2;
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	alarm((unsigned)seconds);
	prctl(PR_SET_TIMERSLACK, 1);
	/* Protocol 0: it receives nothing. */
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	device.sll_ifindex = atoi(argv[1]);
	if (fd < 0 || bind(fd, (struct sockaddr *)&device, sizeof(device)) < 0) {
		perror("flood");
		return EXIT_FAILURE;
	}
	sent = flood(fd, frame, bytes, rate);
	if (sent < 0) {
		perror("flood");
		return EXIT_FAILURE;
	}
	printf("%ld\n", sent);
	return EXIT_SUCCESS;
}
