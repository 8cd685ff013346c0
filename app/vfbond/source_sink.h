/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a source's replies go: memory first, then the descriptor as its reader makes room. Standard
 * output and socket clients write through it.
 */
#pragma once

#include "loop.h"
#include "text.h"

#include <stdbool.h>
#include <stddef.h>

struct sink {
	struct loop *loop;
	struct loop_watch *watch; /* only while something is pending */
	int fd;
	bool is_socket;
	bool owns_fd; /* @fd was opened here */
	bool unsure;  /* a write() to @fd could wait */
	bool broken;  /* the reader is gone: what comes is thrown away */
	size_t done;  /* bytes of @text already written */
	struct text text;
	void (*drained)(void *ctx
	); /* called when all was written after some had to wait; or NULL */
	void *ctx;
};

/*
 * Write to @fd (not closed by sink_fini) without ever waiting for it, and without changing its
 * flags: it may be the user's terminal, shared with a shell.
 */
void sink_init(struct sink *k, struct loop *loop, int fd, void (*drained)(void *ctx), void *ctx);
void sink_fini(struct sink *k);

void sink_add(struct sink *k, const char *s, size_t len);
void sink_puts(struct sink *k, const char *s);

/* Write what can be written now; the rest follows as the reader makes room. */
void sink_flush(struct sink *k);

/* Bytes not yet written. */
size_t sink_pending(const struct sink *k);

/* Before the end of the program: write all, as long as the reader takes some every @wait_ms. */
void sink_finish(struct sink *k, int wait_ms);
