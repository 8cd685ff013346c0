/* SPDX-License-Identifier: BSD-3-Clause */
/* A program of a few commands around the command sources, for their tests. */
#pragma once

#include "command.h"
#include "loop.h"
#include "source.h"
#include "source_impl.h"

#include <stdbool.h>

struct app {
	struct loop *loop;
	struct sources *sources;
	struct loop_timer *deadline;
	bool late;       /* the deadline came before what was waited for */
	int nb_run;      /* commands that ran */
	struct text ran; /* the words of every `echo`, one line each */
	bool quit;
	int nb_file_done, file_err;
	struct reason file_why;
	int nb_input_done;
	struct loop_timer *held; /* ends the command `hold` */
	uint64_t ticket;
	int held_err;
	char dir[64]; /* for the test's files */
};

/* A program with a loop and a directory of its own, but no sources yet. */
struct app *app_new(void);
void app_free(struct app *app);

/* Its sources, on descriptors of the test's. @s may be NULL for none of the settings. */
int app_open(
	struct app *app, const struct sources_settings *s, int in_fd, int out_fd, struct reason *why
);

/* Run the loop until @done says so. Fails the test after ten seconds. */
void app_run_until(struct app *app, bool (*done)(struct app *app, void *ctx), void *ctx);

/* Conditions for app_run_until. */
bool app_input_done(struct app *app, void *ctx);
bool app_file_done(struct app *app, void *ctx);
bool app_has_run(struct app *app, void *ctx); /* @ctx: words that an `echo` must have had */

/* Make a file in the program's directory. Returns its path, valid until the next call. */
const char *app_file(struct app *app, const char *name, const char *text, size_t len);

/* All that can be read from @fd now (not NUL-free: @ret_len too). Free it. */
char *read_all(int fd, size_t *ret_len);
