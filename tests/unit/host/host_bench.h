/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Network devices made with ip(8) in a namespace of the test's own, and waiting for what the kernel
 * says of them. For the tests of drivers-glue/host that talk to the real kernel.
 */
#pragma once

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

enum { DEADLINE_MS = 5000 };

/* A group's setup. Its state is NULL when this process may not make a namespace. */
static inline int
private_namespace(void **state)
{
	if (unshare(CLONE_NEWNET) == 0)
		*state = "own";
	else
		print_message("no network namespace of our own: %s\n", strerror(errno));
	return 0;
}

/*
 * For a test's setup: turn the group's state into a zeroed fixture of @bytes, which teardown frees.
 * False: there is no namespace, so the fixture stays as it is.
 */
static inline bool
fixture_new(void **state, size_t bytes)
{
	bool permitted = *state != NULL;

	*state = calloc(1, bytes);
	assert_non_null(*state);
	return permitted;
}

/* Skip a test whose setup had no namespace to open @object in. */
static inline void
need_namespace(const void *object)
{
	if (object == NULL)
		skip();
}

static inline void
ip(const char *args)
{
	char command[256];

	snprintf(command, sizeof(command), "ip %s", args);
	assert_int_equal(system(command), 0);
}

static inline uint32_t
index_of(const char *name)
{
	uint32_t i = if_nametoindex(name);

	assert_int_not_equal(i, 0);
	return i;
}

static inline int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Wait until @fd has something to read. False: it had nothing by @end_ms, a time of now_ms(). */
static inline bool
readable_by(int fd, int64_t end_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t left_ms = end_ms - now_ms();

	return left_ms > 0 && poll(&p, 1, (int)left_ms) != 0;
}
