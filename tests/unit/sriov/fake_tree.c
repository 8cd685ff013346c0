/* SPDX-License-Identifier: BSD-3-Clause */
/* The files of the fake machine: put there, taken away, and shown as one text. See fake_host.h. */
#include "fake_host_priv.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
fake_die(const char *what, const char *path)
{
	fprintf(stderr, "fake host: %s %s: %s\n", what, path, strerror(errno));
	abort();
}

const char *
fake_path(char buf[static FAKE_PATH_BYTES], const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, FAKE_PATH_BYTES, fmt, ap);
	va_end(ap);
	if (n < 0 || n >= FAKE_PATH_BYTES)
		fake_die("too long:", fmt);
	return buf;
}

const char *
fake_full(const struct fake_host *f, char buf[static FAKE_PATH_BYTES], const char *path)
{
	return fake_path(buf, "%s%s", f->root, path);
}

/* Make the directories of @full up to @end. */
static void
make_dirs(char *full, const char *end)
{
	for (char *at = strchr(full + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		if (at > end)
			return;
		*at = '\0';
		if (mkdir(full, 0755) != 0 && errno != EEXIST)
			fake_die("mkdir", full);
		*at = '/';
	}
}

void
fake_mkdirs(const struct fake_host *f, const char *path)
{
	char full[FAKE_PATH_BYTES];

	fake_path(full, "%s%s/", f->root, path);
	make_dirs(full, full + strlen(full));
}

/* By a rename, so that another process sees the old or the new contents. */
void
fake_put_bytes(const struct fake_host *f, const char *path, const void *bytes, size_t len)
{
	char full[FAKE_PATH_BYTES], temporary[FAKE_PATH_BYTES];
	int fd;

	fake_full(f, full, path);
	fake_path(temporary, "%s/.script/new.%ld", f->root, (long)getpid());
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len || close(fd) != 0)
		fake_die("write", temporary);
	if (rename(temporary, full) == 0)
		return;
	if (errno != ENOENT)
		fake_die("rename", full);
	make_dirs(full, full + strlen(full));
	if (rename(temporary, full) != 0)
		fake_die("rename", full);
}

void
fake_host_put(struct fake_host *f, const char *path, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		fake_die("vasprintf", path);
	fake_put_bytes(f, path, text, (size_t)n);
	free(text);
}

void
fake_host_link(struct fake_host *f, const char *path, const char *target)
{
	char full[FAKE_PATH_BYTES];

	fake_full(f, full, path);
	if (unlink(full) != 0 && errno != ENOENT)
		fake_die("unlink", full);
	make_dirs(full, full + strlen(full));
	if (symlink(target, full) != 0)
		fake_die("symlink", full);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
fake_host_remove(struct fake_host *f, const char *path)
{
	char full[FAKE_PATH_BYTES];

	fake_full(f, full, path);
	if (nftw(full, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
		fake_die("remove", full);
}

int
fake_number(const struct fake_host *f, const char *path, int otherwise)
{
	int64_t v;

	return hostfs_read_i64(&f->host.fs, &v, "%s", path) == 0 ? (int)v : otherwise;
}

/* Bytes as text; a run of one byte is written once with its length. */
static void
dump_bytes(struct text *out, const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t run = 1;

		while (i + run < len && bytes[i + run] == bytes[i])
			run++;
		if (run < 16)
			run = 1;
		if (bytes[i] >= ' ' && bytes[i] < 0x7f && bytes[i] != '\\')
			text_add(out, (const char *)&bytes[i], 1);
		else
			text_printf(out, "\\x%02x", bytes[i]);
		if (run > 1)
			text_printf(out, "{%zu}", run);
		i += run;
	}
}

static void
dump_file(struct text *out, const char *full)
{
	unsigned char bytes[8192];
	int fd = open(full, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));

	if (n < 0)
		fake_die("read", full);
	text_puts(out, " = ");
	dump_bytes(out, bytes, (size_t)n);
	close(fd);
}

static void
dump_link(struct text *out, const char *full)
{
	char target[FAKE_PATH_BYTES];
	ssize_t n = readlink(full, target, sizeof(target));

	if (n < 0)
		fake_die("readlink", full);
	text_puts(out, " -> ");
	text_add(out, target, (size_t)n);
}

static void
dump_dir(const struct fake_host *f, struct text *out, const char *dir)
{
	char path[FAKE_PATH_BYTES], full[FAKE_PATH_BYTES], *names;
	const char *name;
	struct stat st;
	size_t n;

	if (hostfs_list(&f->host.fs, &names, &n, "%s", dir[0] != '\0' ? dir : "/") != 0)
		fake_die("list", dir);
	name = names;
	for (size_t i = 0; i < n; i++, name = hostfs_next(name)) {
		fake_path(path, "%s/%s", dir, name);
		fake_full(f, full, path);
		if (strcmp(full, f->state_dir) == 0 || strcmp(path, "/.script") == 0)
			continue;
		if (lstat(full, &st) != 0)
			fake_die("lstat", full);
		text_puts(out, path);
		if (S_ISLNK(st.st_mode))
			dump_link(out, full);
		else if (S_ISREG(st.st_mode))
			dump_file(out, full);
		text_puts(out, "\n");
		if (S_ISDIR(st.st_mode))
			dump_dir(f, out, path);
	}
	free(names);
}

char *
fake_host_dump(const struct fake_host *f)
{
	struct text out = TEXT_EMPTY;

	dump_dir(f, &out, "");
	if (out.no_mem)
		fake_die("dump", f->root);
	return out.s;
}
