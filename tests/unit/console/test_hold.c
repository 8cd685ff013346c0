/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands whose work goes on elsewhere: their source waits, others do not, its end may come late.
 */
#include "stub_app.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

struct world {
	struct app *app;
	int in[2], out[2];
	struct reason why;
};

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->app = app_new();
	assert_int_equal(pipe2(w->in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(w->out, O_CLOEXEC), 0);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	app_free(w->app);
	for (int i = 0; i < 2; i++) {
		if (w->in[i] >= 0)
			close(w->in[i]);
		close(w->out[i]);
	}
	free(w);
	return 0;
}

/* Run @input from a pipe, and compare the output. */
static void
expect_output(struct world *w, const char *input, bool keep_going, const char *output)
{
	const struct sources_settings s = {.interactive = true, .keep_going = keep_going};
	size_t len;
	char *out;

	assert_int_equal(app_open(w->app, &s, w->in[0], w->out[1], &w->why), 0);
	assert_int_equal(write(w->in[1], input, strlen(input)), (ssize_t)strlen(input));
	close(w->in[1]);
	w->in[1] = -1;
	app_run_until(w->app, app_input_done, NULL);
	out = read_all(w->out[0], &len);
	assert_string_equal(out, output);
	free(out);
}

static void
the_next_command_waits(void **state)
{
	expect_output(
		*state, "echo a\nhold\necho b\nhold\n", false, "a\ndone late\nb\ndone late\n"
	);
}

static void
a_late_failure_is_told(void **state)
{
	expect_output(
		*state, "hold fails\necho b\n", false, "done late\nerror: failed late (-5)\nb\n"
	);
}

static void
a_late_failure_is_told_when_files_keep_going(void **state)
{
	expect_output(
		*state, "hold fails\necho b\n", true, "done late\nerror: failed late (-5)\nb\n"
	);
}

static void
a_late_failure_ends_a_file(void **state)
{
	struct world *w = *state;
	static const char text[] = "echo a\nhold fails\necho b\n";
	const struct sources_settings s = {
		.cmdline_file = app_file(w->app, "main", text, sizeof(text) - 1),
	};
	char want[256];
	size_t len;
	char *out;

	assert_int_equal(app_open(w->app, &s, w->in[0], w->out[1], &w->why), 0);
	app_run_until(w->app, app_file_done, NULL);
	assert_int_equal(w->app->file_err, -EIO);
	snprintf(want, sizeof(want), "a\ndone late\n%s/main:2: failed late\n", w->app->dir);
	out = read_all(w->out[0], &len);
	assert_string_equal(out, want);
	free(out);
}

/* A client of the socket that has sent @line. */
static int
client_with(struct world *w, const char *path, const char *line)
{
	const struct sources_settings s = {.interactive = true, .socket_path = path};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(app_open(w->app, &s, w->in[0], w->out[1], &w->why), 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(write(fd, line, strlen(line)), (ssize_t)strlen(line));
	return fd;
}

static bool
is_held(struct app *app, void *ctx)
{
	(void)ctx;
	return app->ticket != 0;
}

static bool
has_answer(struct app *app, void *ctx)
{
	char c;

	(void)app;
	return recv(*(int *)ctx, &c, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static void
a_client_is_answered_at_the_end(void **state)
{
	struct world *w = *state;
	char path[128], buf[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/socket", w->app->dir);
	fd = client_with(w, path, "hold fails\n");
	app_run_until(w->app, has_answer, &fd);
	n = read(fd, buf, sizeof(buf) - 1);
	assert_true(n > 0);
	buf[n] = '\0';
	assert_string_equal(buf, "done late\nerror: failed late (-5)\n");
	close(fd);
}

static bool
is_over(struct app *app, void *ctx)
{
	(void)app;
	return loop_now_ns() > *(uint64_t *)ctx;
}

static void
a_source_that_is_gone_is_not_told(void **state)
{
	struct world *w = *state;
	uint64_t end_ns;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/socket", w->app->dir);
	fd = client_with(w, path, "hold fails\n");
	app_run_until(w->app, is_held, NULL);
	close(fd);
	/* Past the command's end, which finds nobody. */
	end_ns = loop_now_ns() + 60 * 1000 * 1000;
	app_run_until(w->app, is_over, &end_ns);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_next_command_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(a_late_failure_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_late_failure_is_told_when_files_keep_going, setup, teardown
		),
		cmocka_unit_test_setup_teardown(a_late_failure_ends_a_file, setup, teardown),
		cmocka_unit_test_setup_teardown(a_client_is_answered_at_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(a_source_that_is_gone_is_not_told, setup, teardown),
	};

	return cmocka_run_group_tests_name("console/hold", tests, NULL, NULL);
}
