/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs commands of vfctl on the fake machine and keeps what they print, for their tests. */
#pragma once

#include "fake_host.h"
#include "vfctl.h"

#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

enum { BENCH_MAX_WORDS = 16 };

struct fixture {
	struct fake_host *f;
	char *before; /* fake_host_dump, or NULL */
	int status;
	char out[4096], err[4096];
};

static inline int
teardown(void **state)
{
	struct fixture *f = *state;

	fake_host_free(f->f);
	free(f->before);
	free(f);
	return 0;
}

/* Put a file where @fd was. Returns what was there. */
static inline int
redirect(int fd, FILE *file)
{
	int old = dup(fd);

	assert_true(old >= 0 && file != NULL && dup2(fileno(file), fd) >= 0);
	return old;
}

static inline void
restore(int fd, int old, FILE *file, char *ret, size_t size)
{
	size_t n;

	dup2(old, fd);
	close(old);
	rewind(file);
	n = fread(ret, 1, size - 1, file);
	ret[n] = '\0';
	fclose(file);
}

/* Run the blank-separated @words, of which the first is the command's name, by its function. */
static inline void
run_command(struct fixture *f, int (*cmd)(struct vfctl *, int, char **), const char *words)
{
	struct vfctl c = {.host = *fake_host_sriov(f->f)};
	char copy[512], *argv[BENCH_MAX_WORDS + 1] = {NULL}, *next = NULL;
	FILE *out = tmpfile(), *err = tmpfile();
	int argc = 0, old_out, old_err;

	assert_true(snprintf(copy, sizeof(copy), "%s", words) < (int)sizeof(copy));
	for (char *w = strtok_r(copy, " ", &next); w != NULL; w = strtok_r(NULL, " ", &next)) {
		assert_true(argc < BENCH_MAX_WORDS);
		argv[argc++] = w;
	}
	c.command = argv[0];
	fflush(stdout);
	old_out = redirect(STDOUT_FILENO, out);
	old_err = redirect(STDERR_FILENO, err);
	optind = 0; /* as main() does */
	f->status = cmd(&c, argc, argv);
	fflush(stdout);
	restore(STDOUT_FILENO, old_out, out, f->out, sizeof(f->out));
	restore(STDERR_FILENO, old_err, err, f->err, sizeof(f->err));
	pci_bus_free(c.bus);
}

/* The last command's status, and a part of what it printed; "": nothing was printed. */
static inline void
expect(const struct fixture *f, int status, const char *out, const char *err)
{
	if (f->status != status)
		fail_msg("status %d: %s%s", f->status, f->out, f->err);
	if (strstr(f->out, out) == NULL || (out[0] == '\0' && f->out[0] != '\0'))
		fail_msg("\"%s\" is not in: %s", out, f->out);
	if (strstr(f->err, err) == NULL || (err[0] == '\0' && f->err[0] != '\0'))
		fail_msg("\"%s\" is not in: %s", err, f->err);
}
