/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The directory that holds claims and locks, opened so that nobody but its owner decides what is
 * read there. Used by journal.c and claim_lock.c.
 */
#pragma once

#include <stdbool.h>

struct reason;
struct sriov_host;
struct stat;

/*
 * The folder @sub ("claims", "locks") of the state directory, as a descriptor of its own. @make:
 * both are made where they are missing; else -ENOENT. Refused are symbolic links and other files
 * (-ENOTDIR), and folders that another user could write to (-EPERM).
 */
int state_dir_open(
	const struct sriov_host *h, const char *sub, bool make, int *ret_fd, struct reason *why
);

/* Whether a file or folder is root's or ours, and nobody else may write to it. */
bool state_dir_is_ours(const struct stat *st);

/* Tell the one who counts the steps that something outside this process is about to change. */
void state_dir_step(const struct sriov_host *h, const char *what);

/* The sentence for @err of doing @what with @name in the folder @sub; returns @err. */
int state_dir_failed(
	const struct sriov_host *h,
	const char *sub,
	const char *name,
	const char *what,
	int err,
	struct reason *why
);
