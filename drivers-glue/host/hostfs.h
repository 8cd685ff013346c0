/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The files through which the kernel shows and takes its state (/sys, /proc, /dev), below a prefix,
 * so that a tree of files can stand for a machine. Used by all of this folder and by lib/sriov.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reason;

enum { HOSTFS_PATH_BYTES = 512, HOSTFS_NAME_BYTES = 256 };

/* Where files are read and written. A plain value: copy it. {0} is the machine itself. */
struct hostfs {
	const char *root; /* in front of every path: "" or NULL is the machine itself */
	/*
	 * Takes the place of write(2) in a test, which changes the tree as the kernel would.
	 * @path as the caller gave it. 0 or -errno.
	 */
	int (*write)(void *ctx, const char *path, const char *value, size_t len);
	void *ctx;
};

/*
 * All of these take an absolute path (from a format), return 0 or -errno, and leave outputs alone
 * on failure; -ENAMETOOLONG when it exceeds HOSTFS_PATH_BYTES.
 */

/* The first line without its end, into @buf. -ENAMETOOLONG when it does not fit. */
int hostfs_read(const struct hostfs *fs, char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * The same with a limit of time, for files whose read waits for the lock of a device, which a
 * change that hangs never gives back (driver_override, sriov_numvfs): a child process reads.
 * -ETIMEDOUT. Below a prefix nothing can hang, and the file is read at once.
 */
int hostfs_read_limited(
	const struct hostfs *fs, char *buf, size_t size, uint32_t limit_ms, const char *fmt, ...
) __attribute__((format(printf, 5, 6)));

/* A file that is one number, decimal or 0x. -EINVAL when it is not. */
int hostfs_read_i64(const struct hostfs *fs, int64_t *ret, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Last component of what a symbolic link points to. -EINVAL when it is none. */
int hostfs_link(const struct hostfs *fs, char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

bool hostfs_exists(const struct hostfs *fs, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Names in a directory but "." and "..", sorted, in one allocation that free() releases;
 * *ret_n names follow each other, each with its NUL: see hostfs_next.
 */
int hostfs_list(const struct hostfs *fs, char **ret, size_t *ret_n, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
const char *hostfs_next(const char *name);

/* Open the file itself; for what is not a line of text. -errno or the descriptor (O_CLOEXEC). */
int hostfs_open(const struct hostfs *fs, int flags, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Write @len bytes of @value by one write(2): sysfs takes a value whole. */
int hostfs_write(const struct hostfs *fs, const char *value, size_t len, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * The same with a limit of time, for files whose write can block in the kernel beyond any signal:
 * a child process writes. -ETIMEDOUT: it has not returned, and will do its work when it can.
 */
int hostfs_write_limited(
	const struct hostfs *fs,
	const char *value,
	size_t len,
	uint32_t limit_ms,
	const char *fmt,
	...
) __attribute__((format(printf, 5, 6)));
