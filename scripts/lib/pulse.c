/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbered UDP datagrams at a steady rate, and records of when each was sent, seen to leave by a
 * device, and received. bench_failover.py compiles it and starts one process per role.
 *
 * usage: pulse FILE SECONDS send ADDRESS RATE   datagrams per second to ADDRESS
 *        pulse FILE SECONDS capture INDEX       those that leave by the device with this index
 *        pulse FILE SECONDS receive             those that this namespace's stack delivers
 *
 * It ends after SECONDS, or by SIGTERM. FILE becomes a sequence of struct record.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
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
	UDP_PORT = 9009,
	FRAME_BYTES_MAX = 256,
	/* Ethernet, IPv4 without options, UDP: what a captured frame has before the pulse. */
	HEADERS_BYTES = 14 + 20 + 8,
	SOCKET_BUFFER_BYTES = 16 << 20,
	WAKE_UP_US = 200000, /* a signal between the look at stop and recvmsg() is not missed */
};

struct record {
	uint64_t time_ns; /* CLOCK_REALTIME: the kernel's stamps of packets know no other clock */
	uint64_t number;
};

struct pulse {
	char mark[16];
	uint64_t number; /* from 0; in host byte order, because it does not leave the machine */
};

static const char mark[16] = "vfbond-pulse";
static volatile sig_atomic_t stop;

static void
on_signal(int signum)
{
	(void)signum;
	stop = 1;
}

static void
put(FILE *out, const struct timespec *time, uint64_t number)
{
	const struct record r = {
		.time_ns = (uint64_t)time->tv_sec * NS_PER_S + (uint64_t)time->tv_nsec,
		.number = number,
	};

	fwrite(&r, sizeof(r), 1, out);
}

/* All roles: 0, or -1 with errno. */
static int
send_pulses(FILE *out, char **args)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(UDP_PORT)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0), rate = atoi(args[1]);
	struct timespec next, now;
	struct pulse p = {.number = 0};

	memcpy(p.mark, mark, sizeof(mark));
	if (inet_pton(AF_INET, args[0], &to.sin_addr) != 1 || rate <= 0 || fd < 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -1;
	prctl(PR_SET_TIMERSLACK, 1);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (; !stop; p.number++) {
		clock_gettime(CLOCK_REALTIME, &now);
		put(out, &now, p.number);
		/* No room in the device's queue, or nobody who listens: a loss like others. */
		if (send(fd, &p, sizeof(p), 0) < 0 && errno != ENOBUFS && errno != ECONNREFUSED)
			return -1;
		next.tv_nsec += NS_PER_S / rate;
		next.tv_sec += next.tv_nsec / NS_PER_S;
		next.tv_nsec %= NS_PER_S;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	return 0;
}

/* Record the pulses that come from a socket with headers of so many bytes before them. */
static int
record_pulses(FILE *out, int fd, size_t header_bytes)
{
	while (!stop) {
		_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct timespec))];
		struct sockaddr_ll from = {.sll_pkttype = PACKET_OUTGOING};
		char frame[FRAME_BYTES_MAX];
		struct iovec iov = {.iov_base = frame, .iov_len = sizeof(frame)};
		struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control};
		struct timespec stamp;
		struct pulse p;
		ssize_t n;

		msg.msg_controllen = sizeof(control);
		msg.msg_name = header_bytes > 0 ? &from : NULL; /* a packet socket's, not UDP's */
		msg.msg_namelen = header_bytes > 0 ? sizeof(from) : 0;
		n = recvmsg(fd, &msg, 0);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -1;
		if (n < (ssize_t)(header_bytes + sizeof(p)) || from.sll_pkttype != PACKET_OUTGOING)
			continue;
		memcpy(&p, frame + header_bytes, sizeof(p));
		if (memcmp(p.mark, mark, sizeof(mark)) != 0 || CMSG_FIRSTHDR(&msg) == NULL)
			continue;
		memcpy(&stamp, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(stamp));
		put(out, &stamp, p.number);
	}
	return 0;
}

/* Open a socket that the kernel stamps the packets of, and record. */
static int
record_from(FILE *out, int type, const void *address, socklen_t len, size_t header_bytes)
{
	const struct timeval wake_up = {.tv_usec = WAKE_UP_US};
	int fd = socket(((const struct sockaddr *)address)->sa_family, type, 0);
	int bytes = SOCKET_BUFFER_BYTES, on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wake_up, sizeof(wake_up)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0 ||
	    bind(fd, address, len) < 0)
		return -1;
	return record_pulses(out, fd, header_bytes);
}

static int
receive(FILE *out, char **args)
{
	const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(UDP_PORT)};

	(void)args;
	return record_from(out, SOCK_DGRAM, &any, sizeof(any), 0);
}

static int
capture(FILE *out, char **args)
{
	const struct sockaddr_ll device = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = atoi(args[0]),
	};

	return record_from(out, SOCK_RAW, &device, sizeof(device), HEADERS_BYTES);
}

int
main(int argc, char **argv)
{
	const struct sigaction action = {.sa_handler = on_signal};
	const char *role = argc > 3 ? argv[3] : "";
	int wanted = 0, rc = -1;
	FILE *out;

	if (strcmp(role, "send") == 0)
		wanted = 6;
	else if (strcmp(role, "capture") == 0)
		wanted = 5;
	else if (strcmp(role, "receive") == 0)
		wanted = 4;
	if (argc != wanted) {
		fprintf(stderr,
		        "usage: pulse FILE SECONDS send ADDRESS RATE|capture INDEX|receive\n");
		return 2;
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	alarm((unsigned)atoi(argv[2]));
	out = fopen(argv[1], "wb");
	if (out != NULL && strcmp(role, "send") == 0)
		rc = send_pulses(out, argv + 4);
	else if (out != NULL && strcmp(role, "capture") == 0)
		rc = capture(out, argv + 4);
	else if (out != NULL)
		rc = receive(out, argv + 4);
	if (rc == 0 && fclose(out) == 0)
		return EXIT_SUCCESS;
	perror("pulse");
	return EXIT_FAILURE;
}
