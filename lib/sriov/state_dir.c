/* SPDX-License-Identifier: BSD-3-Clause */
/* See state_dir.h. */
#include "state_dir.h"

#include "reason.h"
#include "sriov_host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_MODE = 0755 }; /* everybody may list claims, only the owner changes them */

static const char *
remedy(int err)
{
	switch (err) {
	case -EROFS:
		return ": choose a writable one (--state-dir)";
	case -EACCES:
	case -EPERM:
		return ": run as root, or choose another one (--state-dir)";
	case -ENOSPC:
	case -EDQUOT:
		return ": free some space, or choose another one (--state-dir)";
	case -ENOENT:
		return ": make its parent, or choose another one (--state-dir)";
	default:
		return "";
	}
}

int
state_dir_failed(
	const struct sriov_host *h,
	const char *sub,
	const char *name,
	const char *what,
	int err,
	struct reason *why
)
{
	return reason_set(
		why,
		err,
		"%.200s/%s%s%s: cannot %s: %s%s",
		h->state_dir,
		sub,
		name[0] != '\0' ? "/" : "",
		name,
		what,
		strerror(-err),
		remedy(err)
	);
}

bool
state_dir_is_ours(const struct stat *st)
{
	return (st->st_uid == 0 || st->st_uid == geteuid()) &&
	       (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

void
state_dir_step(const struct sriov_host *h, const char *what)
{
	if (h->step != NULL)
		h->step(h->ctx, what);
}

/* One folder below @at, made when it is missing and @make. */
static int
open_folder(const struct sriov_host *h, int at, const char *name, bool make, int *ret_fd)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(at, name, flags);
	struct stat st;

	if (fd < 0 && errno == ENOENT && make) {
		state_dir_step(h, "make a folder of the state directory");
		if (mkdirat(at, name, FOLDER_MODE) != 0 && errno != EEXIST)
			return -errno;
		fd = openat(at, name, flags);
	}
	if (fd < 0)
		/* A link is ELOOP where it leads nowhere, too. */
		return errno == ELOOP ? -ENOTDIR : -errno;
	if (fstat(fd, &st) != 0 || !state_dir_is_ours(&st)) {
		close(fd);
		return -EPERM;
	}
	*ret_fd = fd;
	return 0;
}

static int
explain(const struct sriov_host *h, const char *sub, int err, bool make, struct reason *why)
{
	switch (err) {
	case -ENOTDIR:
		return reason_set(
			why,
			err,
			"%.200s%s%s is no directory, or a symbolic link: name a directory of its "
			"own (--state-dir)",
			h->state_dir,
			sub[0] != '\0' ? "/" : "",
			sub
		);
	case -EPERM:
		return reason_set(
			why,
			err,
			"%.200s%s%s belongs to another user, or others may write to it: claims are "
			"not kept there (chown root, chmod go-w)",
			h->state_dir,
			sub[0] != '\0' ? "/" : "",
			sub
		);
	default:
		return state_dir_failed(h, sub, "", make ? "make it" : "open it", err, why);
	}
}

int
state_dir_open(
	const struct sriov_host *h, const char *sub, bool make, int *ret_fd, struct reason *why
)
{
	size_t len = strlen(h->state_dir);
	char path[PATH_MAX];
	int fd, rc;

	/* With a slash at its end a symbolic link would be followed. */
	while (len > 1 && h->state_dir[len - 1] == '/')
		len--;
	if (len == 0 || len >= sizeof(path))
		return reason_set(why, -EINVAL, "the state directory's name is empty or too long");
	memcpy(path, h->state_dir, len);
	path[len] = '\0';
	rc = open_folder(h, AT_FDCWD, path, make, &fd);
	if (rc != 0)
		return explain(h, "", rc, make, why);
	rc = open_folder(h, fd, sub, make, ret_fd);
	close(fd);
	return rc == 0 ? 0 : explain(h, sub, rc, make, why);
}
