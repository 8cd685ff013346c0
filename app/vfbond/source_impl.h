/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the command sources share: the state machine (source_step.c), loaded files
 * (source_load.c), the kinds (source_pipe.c, source_terminal.c, source_socket.c) and their owner
 * (source.c).
 */
#pragma once

#include "command.h"
#include "loop.h"
#include "source.h"
#include "source_lines.h"
#include "source_sink.h"

#include <sys/queue.h>
#include <sys/types.h>

enum {
	SOURCE_LOAD_DEPTH = 8,
	SOURCE_CLIENTS_MAX = 64,
	/* A source of the program's own waits with its next command while so much is unread. */
	SOURCE_HOLD_BYTES = 64 * 1024,
};

struct source;

/* What one kind of source does its own way. */
struct source_kind {
	/* Run the next command of the source's own input, or wait for it with source_wait. */
	void (*input)(struct source *s);
	/* Bytes can be read from s->fd. */
	void (*readable)(struct source *s);
	/* A line is done, with all that it loaded. */
	void (*answer)(struct source *s, int err, const struct reason *why);
	/* Replies were handed to the sink; or NULL. */
	void (*replied)(struct source *s);
};

/* A file that a source is loading. */
struct source_file {
	struct lines lines;
	int fd;
	bool is_pipe; /* wait for its writer */
	dev_t dev;
	ino_t ino;
	char path[];
};

struct source {
	struct sources *owner;
	const struct source_kind *kind;
	struct sink *out;
	int fd;                   /* its own input; -1: none */
	struct loop_watch *input; /* while it waits for input, its own or a pipe's that it loads */
	struct loop_timer *timer; /* its next step, or the end of its sleep */
	bool sleeping;
	bool held;       /* waits for its reader (SOURCE_HOLD_BYTES) */
	bool answer_due; /* a line has put the source to sleep, or loads: it is answered after */
	bool ended;      /* takes no further step */
	int nb_files;
	struct source_file *files[SOURCE_LOAD_DEPTH]; /* each loaded by the one before it */
	int files_err;                                /* the first failure in them */
	struct reason files_why;
	uint64_t ticket; /* of source_hold; 0: not held */
	int held_err;    /* what came of a held line of the source's own */
	struct reason held_why;
};

LIST_HEAD(client_list, client);

/* source_socket.c */
struct listener {
	int fd; /* -1: none */
	struct loop_watch *watch;
	struct loop_timer *retry; /* after a lack of descriptors */
	char *path;
	dev_t dev; /* the socket file that is ours */
	ino_t ino;
	struct client_list clients;
	unsigned int nb_clients;
};

struct sources {
	struct app *app;
	struct loop *loop;
	bool interactive, keep_going;
	struct sources_events events;
	int in_fd;
	struct sink out;           /* standard output */
	unsigned int nb_lost;      /* lines that sources_print had to drop */
	uint64_t last_ticket;      /* of source_hold */
	struct source *startup;    /* the --cmdline-file; NULL: none */
	bool startup_failed;       /* a line of it failed */
	struct source *input;      /* standard input; NULL: not read (yet) */
	struct terminal *terminal; /* the same, if it is a terminal */
	struct listener listener;
};

/* source.c; for tests with descriptors of their own. */
int sources_new_fds(
	struct sources **ret,
	struct app *app,
	struct loop *loop,
	const struct sources_settings *set,
	const struct sources_events *events,
	int in_fd,
	int out_fd,
	struct reason *why
);
/* "error: REASON (-ERRNO)", as a line. */
void source_put_error(struct sink *out, int err, const struct reason *why);
/* The same as terminal and pipe show it. */
void source_print_error(struct source *s, int err, const struct reason *why);

/* source_step.c */
int source_init(
	struct source *s,
	struct sources *owner,
	const struct source_kind *kind,
	struct sink *out,
	int fd
);
void source_fini(struct source *s);
void source_step(struct source *s);
/* Take the next step in the loop's next turn. */
void source_again(struct source *s);
/* Wait until @fd can be read, then call the kind's readable, or take a step when it is a file's. */
void source_wait(struct source *s, int fd);
/* Run a line and hand over its reply. 0 or -errno with @ret_why. */
int source_run(struct source *s, const char *line, size_t len, struct reason *ret_why);
/* The same for a line of the source's own, with its answer and what follows. */
void source_run_line(struct source *s, const char *line, size_t len);
/* The same for a line that can't be run. */
void source_refuse_line(struct source *s, int err, const char *why_not);
void source_end(struct source *s);

/* source_load.c */
void source_files_step(struct source *s);
void source_files_drop(struct source *s);
/* The line of a file that ran last has failed. */
void source_files_fail(struct source *s, int err, struct reason *why);

/* source_pipe.c; input and readable serve every source that reads plain lines. */
struct line_source {
	struct source source;
	struct lines lines;
	void (*at_end)(struct source *s);
};
void line_source_input(struct source *s);
void line_source_readable(struct source *s);
int pipe_new(struct sources *owner, struct source **ret);
struct source *pipe_free(struct source *s);

/* source_terminal.c */
int terminal_new(struct sources *owner, struct terminal **ret);
struct terminal *terminal_free(struct terminal *t);
struct source *terminal_source(struct terminal *t);
/* Take the prompt away before other output, and show it again behind. */
void terminal_hide(struct terminal *t);
void terminal_show(struct terminal *t);

/* source_socket.c */
int listener_open(struct sources *owner, const char *path, struct reason *why);
void listener_close(struct sources *owner);
/* The client that waits for this ticket, or NULL. */
struct source *listener_find(struct sources *owner, uint64_t ticket);
