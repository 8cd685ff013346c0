/* SPDX-License-Identifier: BSD-3-Clause */
/* A tree of files below /tmp that stands for a machine. For the tests of drivers-glue/host. */
#pragma once

#include "hostfs.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

struct tree {
	char root[64];
	struct hostfs fs; /* below root */
};

static inline int
tree_setup(void **state)
{
	struct tree *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	strcpy(t->root, "/tmp/host-test-XXXXXX");
	assert_non_null(mkdtemp(t->root));
	t->fs.root = t->root;
	*state = t;
	return 0;
}

static inline int
tree_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void
tree_remove(const struct tree *t, const char *path)
{
	char full[1024];

	snprintf(full, sizeof(full), "%s%s", t->root, path);
	assert_int_equal(nftw(full, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static inline int
tree_teardown(void **state)
{
	tree_remove(*state, "");
	free(*state);
	return 0;
}

/* The full path of @path, in @full, with all directories above it made. */
static inline void
tree_path(const struct tree *t, const char *path, char full[1024])
{
	snprintf(full, 1024, "%s%s", t->root, path);
	for (char *at = full + strlen(t->root) + 1; (at = strchr(at, '/')) != NULL; at++) {
		*at = '\0';
		(void)mkdir(full, 0700);
		*at = '/';
	}
}

static inline void
tree_put_bytes(const struct tree *t, const char *path, const void *bytes, size_t len)
{
	char full[1024];
	int fd;

	tree_path(t, path, full);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static inline void
tree_put(const struct tree *t, const char *path, const char *text)
{
	tree_put_bytes(t, path, text, strlen(text));
}

static inline void
tree_link(const struct tree *t, const char *path, const char *target)
{
	char full[1024];

	tree_path(t, path, full);
	(void)unlink(full);
	assert_int_equal(symlink(target, full), 0);
}

static inline void
tree_mkdir(const struct tree *t, const char *path)
{
	char full[1024];

	tree_path(t, path, full);
	assert_int_equal(mkdir(full, 0700), 0);
}
