/* SPDX-License-Identifier: BSD-3-Clause */
/* See hostfs.h. */
#include "hostfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A path as the caller gave it, and where it is found. */
struct where {
	char full[2 * HOSTFS_PATH_BYTES];
	const char *path; /* inside full */
};

static int
locate(const struct hostfs *fs, struct where *w, const char *fmt, va_list ap)
{
	size_t root_len = fs->root != NULL ? strlen(fs->root) : 0;
	int n;

	if (root_len >= HOSTFS_PATH_BYTES)
		return -ENAMETOOLONG;
	if (root_len > 0)
		memcpy(w->full, fs->root, root_len);
	n = vsnprintf(w->full + root_len, HOSTFS_PATH_BYTES, fmt, ap);
	if (n < 0 || n >= HOSTFS_PATH_BYTES)
		return -ENAMETOOLONG;
	w->path = w->full + root_len;
	return 0;
}

#define LOCATE(fs, w, fmt, rc)                        \
	do {                                          \
		va_list ap_;                          \
		va_start(ap_, fmt);                   \
		(rc) = locate((fs), (w), (fmt), ap_); \
		va_end(ap_);                          \
	} while (0)

/* Up to @size bytes from the start of a file. */
static ssize_t
read_start(const char *full, char *buf, size_t size)
{
	int fd = open(full, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	while (len < size) {
		n = read(fd, buf + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	n = n < 0 ? -errno : (ssize_t)len;
	close(fd);
	return n;
}

static int
read_line(const char *full, char *buf, size_t size)
{
	char line[4096];
	ssize_t n = read_start(full, line, sizeof(line) - 1);
	size_t len;

	if (n < 0)
		return (int)n;
	line[n] = '\0';
	len = strcspn(line, "\n");
	if (len >= size || (len == sizeof(line) - 1))
		return -ENAMETOOLONG;
	memcpy(buf, line, len);
	buf[len] = '\0';
	return 0;
}

int
hostfs_read(const struct hostfs *fs, char *buf, size_t size, const char *fmt, ...)
{
	struct where w;
	int rc;

	LOCATE(fs, &w, fmt, rc);
	return rc == 0 ? read_line(w.full, buf, size) : rc;
}

int
hostfs_read_i64(const struct hostfs *fs, int64_t *ret, const char *fmt, ...)
{
	struct where w;
	char buf[32], *end;
	long long v;
	int rc;

	LOCATE(fs, &w, fmt, rc);
	if (rc == 0)
		rc = read_line(w.full, buf, sizeof(buf));
	if (rc != 0)
		return rc == -ENAMETOOLONG ? -EINVAL : rc;
	errno = 0;
	v = strtoll(buf, &end, strncmp(buf, "0x", 2) == 0 ? 16 : 10);
	if (end == buf || *end != '\0' || errno != 0)
		return -EINVAL;
	*ret = v;
	return 0;
}

int
hostfs_link(const struct hostfs *fs, char *buf, size_t size, const char *fmt, ...)
{
	char target[HOSTFS_PATH_BYTES];
	const char *last;
	struct where w;
	ssize_t n;
	int rc;

	LOCATE(fs, &w, fmt, rc);
	if (rc != 0)
		return rc;
	n = readlink(w.full, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	last = strrchr(target, '/');
	last = last != NULL ? last + 1 : target;
	if (strlen(last) >= size)
		return -ENAMETOOLONG;
	strcpy(buf, last);
	return 0;
}

bool
hostfs_exists(const struct hostfs *fs, const char *fmt, ...)
{
	struct where w;
	int rc;

	LOCATE(fs, &w, fmt, rc);
	return rc == 0 && access(w.full, F_OK) == 0;
}

static int
keep_entry(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

int
hostfs_list(const struct hostfs *fs, char **ret, size_t *ret_n, const char *fmt, ...)
{
	struct dirent **entries;
	char *names, *at;
	size_t bytes = 1;
	struct where w;
	int n, rc;

	LOCATE(fs, &w, fmt, rc);
	if (rc != 0)
		return rc;
	n = scandir(w.full, &entries, keep_entry, alphasort);
	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++)
		bytes += strlen(entries[i]->d_name) + 1;
	at = names = malloc(bytes);
	for (int i = 0; i < n; i++) {
		if (names != NULL)
			at = stpcpy(at, entries[i]->d_name) + 1;
		free(entries[i]);
	}
	free(entries);
	if (names == NULL)
		return -ENOMEM;
	*ret = names;
	*ret_n = (size_t)n;
	return 0;
}

const char *
hostfs_next(const char *name)
{
	return name + strlen(name) + 1;
}

int
hostfs_open(const struct hostfs *fs, int flags, const char *fmt, ...)
{
	struct where w;
	int fd, rc;

	LOCATE(fs, &w, fmt, rc);
	if (rc != 0)
		return rc;
	fd = open(w.full, flags | O_CLOEXEC | O_NOCTTY, 0600);
	return fd < 0 ? -errno : fd;
}

/* Files of sysfs are there or not: one that is missing is never made. */
static int
write_value(const char *full, const char *value, size_t len)
{
	int fd = open(full, O_WRONLY | O_CLOEXEC | O_NOCTTY), err = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = write(fd, value, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		err = -errno;
	else if ((size_t)n != len)
		err = -EIO;
	close(fd);
	return err;
}

int
hostfs_write(const struct hostfs *fs, const char *value, size_t len, const char *fmt, ...)
{
	struct where w;
	int rc;

	LOCATE(fs, &w, fmt, rc);
	if (rc != 0)
		return rc;
	return fs->write != NULL ? fs->write(fs->ctx, w.path, value, len)
	                         : write_value(w.full, value, len);
}

/* What a child process is to do, and what came of it. */
struct errand {
	const char *full;
	const char *value; /* NULL: read the first line */
	size_t len;
	struct outcome {
		int rc;
		char line[HOSTFS_NAME_BYTES];
	} outcome;
};

/*
 * In the child: do it, tell, end. Only what is safe after fork() in a program with threads. A child
 * that the kernel holds must not hold the caller's pipes and locks as well, so it closes them.
 */
static void
run_errand(struct errand *e, int fd)
{
	struct outcome *o = &e->outcome;

	if (fd > 0)
		(void)close_range(0, (unsigned)fd - 1, 0);
	(void)close_range((unsigned)fd + 1, ~0u, 0);
	o->rc = e->value != NULL ? write_value(e->full, e->value, e->len)
	                         : read_line(e->full, o->line, sizeof(o->line));
	while (write(fd, o, sizeof(*o)) < 0 && errno == EINTR)
		;
	_exit(0);
}

/* What the child says within the limit. */
static int
wait_for_outcome(int fd, uint32_t limit_ms, struct outcome *ret)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int n;

	do
		n = poll(&p, 1, limit_ms > INT32_MAX ? INT32_MAX : (int)limit_ms);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return -ETIMEDOUT;
	return read(fd, ret, sizeof(*ret)) == (ssize_t)sizeof(*ret) ? ret->rc : -EIO;
}

static int
run_limited(struct errand *e, uint32_t limit_ms)
{
	int fds[2], rc;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		run_errand(e, fds[1]);
	rc = pid < 0 ? -errno : 0;
	close(fds[1]);
	if (rc == 0)
		rc = wait_for_outcome(fds[0], limit_ms, &e->outcome);
	close(fds[0]);
	if (pid > 0) {
		/* A write that hangs is still to be done; a read is of no use any more. */
		if (rc == -ETIMEDOUT && e->value == NULL)
			(void)kill(pid, SIGKILL);
		/* One that is held by the kernel is left to init: it cannot be ended. */
		(void)waitpid(pid, NULL, rc == -ETIMEDOUT ? WNOHANG : 0);
	}
	return rc;
}

int
hostfs_read_limited(
	const struct hostfs *fs, char *buf, size_t size, uint32_t limit_ms, const char *fmt, ...
)
{
	struct errand e = {0};
	struct where w;
	int rc;

	LOCATE(fs, &w, fmt, rc);
	if (rc != 0)
		return rc;
	if (w.path != w.full)
		return read_line(w.full, buf, size);
	e.full = w.full;
	rc = run_limited(&e, limit_ms);
	if (rc == 0 && strlen(e.outcome.line) >= size)
		rc = -ENAMETOOLONG;
	if (rc == 0)
		strcpy(buf, e.outcome.line);
	return rc;
}

int
hostfs_write_limited(
	const struct hostfs *fs,
	const char *value,
	size_t len,
	uint32_t limit_ms,
	const char *fmt,
	...
)
{
	struct errand e = {.value = value, .len = len};
	struct where w;
	int rc;

	LOCATE(fs, &w, fmt, rc);
	if (rc != 0)
		return rc;
	if (fs->write != NULL)
		return fs->write(fs->ctx, w.path, value, len);
	e.full = w.full;
	return run_limited(&e, limit_ms);
}
