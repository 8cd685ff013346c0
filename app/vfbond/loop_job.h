/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Work that may block, in a thread beside the control loop, which is told when it is done. The work
 * must not touch what the loop owns.
 */
#pragma once

struct loop;
struct loop_job; /* opaque */

/* @work runs in the thread; then @done on the control loop, which frees the job first. */
int loop_job_start(
	struct loop_job **ret,
	struct loop *l,
	void (*work)(void *ctx),
	void (*done)(void *ctx),
	void *ctx
);

/* Wait until the work is done; @done is not called. NULL is fine; returns NULL. */
struct loop_job *loop_job_finish(struct loop_job *j);
