/* SPDX-License-Identifier: BSD-3-Clause */
/* Command clients: what they get, when they are closed, and the socket file. */
#include "stub_app.h"
#include "units.h"

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
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

struct world {
	struct app *app;
	char path[100];
	int out;
	int fd[80];
	struct text got; /* what the client under look received */
	bool closed;
	int looked_at;
	const char *want;
	struct reason why;
};

static int
listen_on(struct world *w, struct app *app)
{
	struct sources_settings s = {.socket_path = w->path};

	return app_open(app, &s, -1, w->out, &w->why);
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->app = app_new();
	w->out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	snprintf(w->path, sizeof(w->path), "%s/socket", w->app->dir);
	for (int i = 0; i < 80; i++)
		w->fd[i] = -1;
	assert_int_equal(listen_on(w, w->app), 0);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 80; i++)
		if (w->fd[i] >= 0)
			close(w->fd[i]);
	text_fini(&w->got);
	app_free(w->app);
	close(w->out);
	free(w);
	return 0;
}

static int
make_socket(const char *path, bool bound)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int ret;

	assert_true(fd >= 0);
	strcpy(addr.sun_path, path);
	if (bound)
		ret = bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	else
		ret = connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	assert_int_equal(ret, 0);
	return fd;
}

static void
dial(struct world *w, int i)
{
	w->fd[i] = make_socket(w->path, false);
}

static void
say(struct world *w, int i, const char *s)
{
	assert_int_equal(send(w->fd[i], s, strlen(s), MSG_NOSIGNAL), (ssize_t)strlen(s));
}

/* Read what is there for the client under look. */
static void
take(struct world *w)
{
	char buf[65536];
	ssize_t n;

	while ((n = recv(w->fd[w->looked_at], buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		text_add(&w->got, buf, (size_t)n);
	w->closed = n == 0 || (n < 0 && errno != EAGAIN);
}

static bool
got_all(struct app *app, void *ctx)
{
	struct world *w = ctx;

	(void)app;
	take(w);
	return w->got.len >= strlen(w->want);
}

static bool
got_closed(struct app *app, void *ctx)
{
	(void)app;
	take(ctx);
	return ((struct world *)ctx)->closed;
}

/* Run until client @i got as much as @want, which must be it. */
static void
expect_reply(struct world *w, int i, const char *want)
{
	text_clear(&w->got);
	w->looked_at = i;
	w->want = want;
	app_run_until(w->app, got_all, w);
	assert_string_equal(text_str(&w->got), want);
}

static void
expect_closed(struct world *w, int i)
{
	w->looked_at = i;
	app_run_until(w->app, got_closed, w);
}

static void
test_replies(void **state)
{
	struct world *w = *state;

	dial(w, 0);
	say(w, 0, "echo a b\n");
	expect_reply(w, 0, "a b\nok\n");
	say(w, 0, "fail x\n\n# comment\nnonsense\n");
	expect_reply(
		w,
		0,
		"before the failure\nerror: failed: x (-22)\nok\nok\n"
		"error: unknown word \"nonsense\": expected echo, fail, big, sleep, hold, load, "
		"print, "
		"quit, show (-22)\n"
	);
	/* A line in pieces. */
	say(w, 0, "echo pie");
	say(w, 0, "ces\necho 2\n");
	expect_reply(w, 0, "pieces\nok\n2\nok\n");
}

static void
test_half_closed(void **state)
{
	struct world *w = *state;

	dial(w, 0);
	say(w, 0, "sleep 20\necho a\necho last");
	shutdown(w->fd[0], SHUT_WR);
	expect_closed(w, 0);
	assert_string_equal(text_str(&w->got), "ok\na\nok\nlast\nok\n");
}

static void
test_gone_client_is_still_served(void **state)
{
	struct world *w = *state;

	dial(w, 0);
	say(w, 0, "sleep 10\necho a\nbig 100000\necho z\n");
	close(w->fd[0]);
	w->fd[0] = -1;
	app_run_until(w->app, app_has_run, "z\n");
	assert_string_equal(text_str(&w->app->ran), "a\nz\n");
}

static void
test_sleep_suspends_only_its_source(void **state)
{
	struct world *w = *state;

	dial(w, 0);
	dial(w, 1);
	say(w, 0, "sleep 100000\necho never\n");
	say(w, 1, "echo 1\necho 2\n");
	expect_reply(w, 1, "1\nok\n2\nok\n");
	text_clear(&w->got);
	w->looked_at = 0;
	take(w);
	assert_int_equal(w->got.len, 0);
	assert_false(w->closed);
}

static void
test_load(void **state)
{
	struct world *w = *state;
	char line[256], want[512];

	app_file(w->app, "good", "echo 1\nsleep 5\necho 2\n", 22);
	app_file(w->app, "bad", "echo 1\nfail x\necho 2\n", 21);
	dial(w, 0);
	snprintf(
		line, sizeof(line), "load %s/good\necho 3\nload %s/bad\n", w->app->dir, w->app->dir
	);
	say(w, 0, line);
	snprintf(
		want,
		sizeof(want),
		"1\n2\nok\n3\nok\n1\nbefore the failure\nerror: %s/bad:2: failed: x (-22)\n",
		w->app->dir
	);
	expect_reply(w, 0, want);
}

static bool
no_clients(struct app *app, void *ctx)
{
	(void)ctx;
	return app->sources->listener.nb_clients == 0;
}

static void
test_slow_client_is_closed(void **state)
{
	struct world *w = *state;

	dial(w, 0);
	dial(w, 1);
	for (int i = 0; i < 40; i++)
		say(w, 0, "big 100000\n");
	/* It reads nothing. The other one does not notice. */
	say(w, 1, "echo fine\n");
	expect_reply(w, 1, "fine\nok\n");
	close(w->fd[1]);
	w->fd[1] = -1;
	app_run_until(w->app, no_clients, NULL);
	/* 1 MB and what the kernel held, but not all forty. */
	assert_true(w->app->nb_run >= 11 && w->app->nb_run <= 39);
}

static void
test_client_that_reads_gets_more(void **state)
{
	struct world *w = *state;

	dial(w, 0);
	for (int i = 0; i < 40; i++)
		say(w, 0, "big 100000\n");
	shutdown(w->fd[0], SHUT_WR);
	expect_closed(w, 0);
	assert_int_equal(w->got.len, 40 * (100001 + 3));
}

static void
test_endless_line(void **state)
{
	struct world *w = *state;
	char part[20000];

	memset(part, 'x', sizeof(part) - 1);
	part[sizeof(part) - 1] = '\0';
	dial(w, 0);
	for (int i = 0; i < 3; i++)
		say(w, 0, part);
	say(w, 0, "\necho a\n");
	expect_reply(
		w,
		0,
		"error: the line is longer than 4095 bytes; nothing of it was run (-7)\na\nok\n"
	);
}

static void
test_too_many_clients(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 64; i++) {
		dial(w, i);
		say(w, i, "echo a\n");
		expect_reply(w, i, "a\nok\n");
	}
	dial(w, 64);
	text_clear(&w->got);
	expect_closed(w, 64);
	assert_string_equal(text_str(&w->got), "error: too many clients (-11)\n");
	close(w->fd[0]);
	w->fd[0] = -1;
	say(w, 1, "echo b\n");
	expect_reply(w, 1, "b\nok\n");
	dial(w, 65);
	say(w, 65, "echo c\n");
	expect_reply(w, 65, "c\nok\n");
}

static void
test_socket_file(void **state)
{
	struct world *w = *state;
	struct app *other = app_new();
	struct stat st;

	assert_int_equal(lstat(w->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
	/* In use: refused, and left alone. */
	assert_int_equal(listen_on(w, other), -EADDRINUSE);
	assert_non_null(strstr(w->why.text, "/socket: in use by a running program"));
	dial(w, 0);
	say(w, 0, "echo a\n");
	expect_reply(w, 0, "a\nok\n");
	w->app->sources = sources_free(w->app->sources);
	assert_int_equal(lstat(w->path, &st), -1);
	app_free(other);
}

static void
test_stale_socket(void **state)
{
	struct world *w = *state;
	struct stat st;

	w->app->sources = sources_free(w->app->sources);
	close(make_socket(w->path, true));
	assert_int_equal(lstat(w->path, &st), 0);
	assert_int_equal(listen_on(w, w->app), 0);
	dial(w, 0);
	say(w, 0, "echo a\n");
	expect_reply(w, 0, "a\nok\n");
}

static void
test_path_is_taken(void **state)
{
	struct world *w = *state;
	struct stat st;

	w->app->sources = sources_free(w->app->sources);
	app_file(w->app, "socket", "precious", 8);
	assert_int_equal(listen_on(w, w->app), -EEXIST);
	assert_int_equal(lstat(w->path, &st), 0);
	assert_int_equal(st.st_size, 8);
}

static void
test_path_of_another(void **state)
{
	struct world *w = *state;
	struct stat st;

	unlink(w->path);
	w->fd[0] = make_socket(w->path, true);
	w->app->sources = sources_free(w->app->sources);
	assert_int_equal(lstat(w->path, &st), 0);
}

static void
test_bad_paths(void **state)
{
	struct world *w = *state;
	struct sources_settings s = {0};
	char path[200];

	w->app->sources = sources_free(w->app->sources);
	memset(path, 'x', sizeof(path));
	path[108] = '\0';
	s.socket_path = path;
	assert_int_equal(app_open(w->app, &s, -1, w->out, &w->why), -ENAMETOOLONG);
	assert_non_null(strstr(w->why.text, "the path must have 1 to 107 bytes"));
	s.socket_path = "";
	assert_int_equal(app_open(w->app, &s, -1, w->out, &w->why), -ENAMETOOLONG);
	s.socket_path = "/nonexistent/socket";
	assert_int_equal(app_open(w->app, &s, -1, w->out, &w->why), -ENOENT);
	assert_string_equal(w->why.text, "socket /nonexistent/socket: No such file or directory");
}

#define SOURCE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SOURCE_TEST(test_replies),
		SOURCE_TEST(test_half_closed),
		SOURCE_TEST(test_gone_client_is_still_served),
		SOURCE_TEST(test_sleep_suspends_only_its_source),
		SOURCE_TEST(test_load),
		SOURCE_TEST(test_slow_client_is_closed),
		SOURCE_TEST(test_client_that_reads_gets_more),
		SOURCE_TEST(test_endless_line),
		SOURCE_TEST(test_too_many_clients),
		SOURCE_TEST(test_socket_file),
		SOURCE_TEST(test_stale_socket),
		SOURCE_TEST(test_path_is_taken),
		SOURCE_TEST(test_path_of_another),
		SOURCE_TEST(test_bad_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
