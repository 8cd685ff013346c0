/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where commands come from: the terminal (or a pipe on standard input), a command file, a client of
 * the socket. Each source is a state machine on the control loop: it is never waited for, `sleep`
 * and `load` suspend that source only, and a reader that is too slow is closed.
 */
#pragma once

#include "reason.h"

#include <stdbool.h>
#include <stdint.h>

struct app;
struct loop;
struct sources; /* opaque */

enum { SOURCE_PENDING_MAX = 1 << 20 }; /* bytes a client may leave unread before it is closed */

struct sources_settings {
	bool interactive; /* read standard input; a terminal gets a prompt and line editing */
	const char *cmdline_file; /* run it first; NULL: none */
	const char *socket_path;  /* listen on it; NULL: no */
	bool keep_going;          /* a failing command does not end its file */
};

/* What the program is told. All on the control thread. */
struct sources_events {
	/*
	 * The --cmdline-file came to its end, or stopped at a failing command (@err != 0, @why as
	 * "FILE:LINE: reason"; with keep_going the first of them). It has been written to standard
	 * output already. Before it, standard input is not read. Not told when loop_stop came
	 * first.
	 */
	void (*file_done)(struct app *app, int err, const struct reason *why);
	/* Standard input ended (interactive only). Ctrl-D in the terminal runs `quit` instead. */
	void (*input_done)(struct app *app);
};

/*
 * Commands run from loop_run on, none before it. Fails when the command file can't be opened or the
 * socket can't be bound. Makes the process ignore SIGPIPE: a reader that is gone must not end it.
 */
int sources_new(
	struct sources **ret,
	struct app *app,
	struct loop *loop,
	const struct sources_settings *s,
	const struct sources_events *events,
	struct reason *why
);
/*
 * Writes what standard output still takes, closes, restores the terminal, removes the socket. Not
 * from within a command. NULL is fine; returns NULL.
 */
struct sources *sources_free(struct sources *s);

/* Whether a command of the --cmdline-file has failed so far. */
bool sources_file_failed(const struct sources *s);

/*
 * Commands of every source; @source is struct command_call's. 0 or -errno. Both return at once; the
 * source's next command waits. What fails in a loaded file is reported to the source at its end.
 */
int source_sleep(void *source, uint64_t ns);
int source_load(void *source, const char *path, struct reason *why);

/*
 * The command's work goes on elsewhere: its source waits, without a limit of time, until
 * source_done gets the same ticket. The source may be gone by then.
 */
uint64_t source_hold(void *source);
struct text;
/* The held command printed @reply and came to @err (0 or -errno with @why). Control thread. */
void source_done(
	struct sources *s,
	uint64_t ticket,
	const struct text *reply,
	int err,
	const struct reason *why
);

/*
 * Write a line (a newline is added) to standard output between the terminal's prompts: events,
 * warnings, stats. Lines are dropped, and counted, while its reader leaves more than
 * SOURCE_PENDING_MAX unread.
 */
void sources_print(struct sources *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
