/* SPDX-License-Identifier: BSD-3-Clause */
/* The terminal, over a pseudo terminal: editing, completion, pastes, and putting it back. */
#include "source_keys.h"
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
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

struct world {
	struct app *app;
	int user, tty; /* the two sides */
	struct termios was;
	struct text seen; /* on the screen */
	struct reason why;
};

static const struct sources_settings interactive = {.interactive = true};

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	char name[64];

	assert_non_null(w);
	w->app = app_new();
	w->user = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(w->user >= 0);
	assert_int_equal(grantpt(w->user), 0);
	assert_int_equal(unlockpt(w->user), 0);
	assert_int_equal(ptsname_r(w->user, name, sizeof(name)), 0);
	w->tty = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(w->tty >= 0);
	assert_int_equal(tcgetattr(w->tty, &w->was), 0);
	assert_int_equal(app_open(w->app, &interactive, w->tty, w->tty, &w->why), 0);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	app_free(w->app);
	if (w->user >= 0)
		close(w->user);
	close(w->tty);
	text_fini(&w->seen);
	free(w);
	return 0;
}

struct look {
	struct world *w;
	const char *want;
};

static bool
sees(struct app *app, void *ctx)
{
	struct look *l = ctx;
	size_t len;
	char *s = read_all(l->w->user, &len);

	(void)app;
	text_add(&l->w->seen, s, len);
	free(s);
	return strstr(text_str(&l->w->seen), l->want) != NULL;
}

/* Run until @want was seen; then forget what was seen. */
static void
expect(struct world *w, const char *want)
{
	struct look l = {w, want};

	app_run_until(w->app, sees, &l);
	text_clear(&w->seen);
}

static void
press(struct world *w, const char *keys)
{
	assert_int_equal(write(w->user, keys, strlen(keys)), (ssize_t)strlen(keys));
}

static void
expect_ran(struct world *w, const char *ran)
{
	assert_string_equal(text_str(&w->app->ran), ran);
}

static void
test_line(void **state)
{
	struct world *w = *state;

	expect(w, "vfbond> ");
	press(w, "echo a\r");
	expect(w, "echo a\r\na\r\nvfbond> ");
	press(w, "fail x\n");
	expect(w, "before the failure\r\nerror: failed: x (-22)\r\nvfbond> ");
	press(w, "\r");
	expect(w, "\r\nvfbond> ");
	expect_ran(w, "a\n");
}

static void
test_editing(void **state)
{
	struct world *w = *state;

	expect(w, "vfbond> ");
	/* left, left, insert; backspace; Home and End, which rdline would take for letters */
	press(w, "echo ac\033[Db\r");
	expect(w, "\nvfbond> ");
	press(w, "echo xyz\177\177Y\r");
	expect(w, "\nvfbond> ");
	press(w, "cho h\033[He\033OF!\r");
	expect(w, "\nvfbond> ");
	press(w, "junk\025echo \033[15~\033[1;5Pkept\r");
	expect(w, "\nvfbond> ");
	expect_ran(w, "abc\nxY\nh!\nkept\n");
}

static void
test_history(void **state)
{
	struct world *w = *state;

	expect(w, "vfbond> ");
	press(w, "echo 1\r");
	expect(w, "1\r\nvfbond> ");
	press(w, "echo 2\r");
	expect(w, "2\r\nvfbond> ");
	press(w, "\033[A\033OA\r");
	expect(w, "1\r\nvfbond> ");
	expect_ran(w, "1\n2\n1\n");
}

static void
test_completion(void **state)
{
	struct world *w = *state;

	expect(w, "vfbond> ");
	press(w, "ec\t");
	expect(w, "echo ");
	press(w, "a\r");
	expect(w, "a\r\nvfbond> ");
	press(w, "sh\t");
	expect(w, "show ");
	press(w, "\t");
	expect(w, " port\r\n bonds\r\n");
	press(w, "p\t");
	expect(w, "ort ");
	press(w, "?");
	expect(w, " all\r\n <PORT|all>\r\n");
	press(w, "a\t\r");
	expect(w, "vfbond> ");
	expect_ran(w, "a\n\n");
}

/* Words that the program knows; behind an equals sign the value comes, not the next word. */
static void
test_completion_of_arguments(void **state)
{
	struct world *w = *state;

	expect(w, "vfbond> ");
	press(w, "big ?");
	expect(w, " <BYTES>\r\n 64\r\n 65536\r\n");
	press(w, "655\t");
	expect(w, "36 ");
	press(w, "\025fail w\t");
	expect(w, "hy=");
	press(w, "x\r");
	expect(w, "error: failed: why=x (");
}

static void
test_ctrl_d(void **state)
{
	struct world *w = *state;

	expect(w, "vfbond> ");
	press(w, "echo a\004b\r"); /* on a line with something in it: delete */
	expect(w, "ab\r\nvfbond> ");
	press(w, "\004");
	assert_int_equal(loop_run(w->app->loop), 0);
	assert_true(w->app->quit);
	assert_int_equal(w->app->nb_input_done, 0);
}

static void
test_paste(void **state)
{
	struct world *w = *state;

	/* Several lines at once, with a tab in one, and a sleep between them. */
	expect(w, "vfbond> ");
	press(w, "echo 1\nsleep 20\necho\t2\necho 3\n");
	expect(w, "3\r\nvfbond> ");
	expect_ran(w, "1\n2\n3\n");
}

static void
expect_refused(struct world *w, const char *line, const char *why)
{
	char want[256];

	press(w, line);
	snprintf(want, sizeof(want), "error: the line was not run: %s (-22)\r\nvfbond> ", why);
	expect(w, want);
}

static void
test_nothing_is_cut_short(void **state)
{
	struct world *w = *state;
	char line[700] = "echo ";

	expect(w, "vfbond> ");
	memset(line + 5, 'x', 508);
	strcpy(line + 513, "\n");
	expect_refused(
		w, line, "it is longer than the terminal's line; a command file takes 4095 bytes"
	);
	memset(line + 5, 'x', 600);
	strcpy(line + 605, "\n");
	expect_refused(
		w, line, "it is longer than the terminal's line; a command file takes 4095 bytes"
	);
	expect_refused(w, "echo what?ever\n", "it has a ?, which asks for help here");
	expect_refused(w, "echo \xc3\xa4\n", "only ASCII can be typed here");
	assert_int_equal(w->app->nb_run, 0);
	/* What fits exactly runs, whatever keys were pressed in the full line. */
	memset(line + 5, 'y', 507);
	strcpy(line + 512, "\033[D\033[C\033[A\033[B\001\005\n");
	press(w, line);
	expect(w, "\r\nvfbond> ");
	assert_int_equal(w->app->nb_run, 1);
	assert_int_equal(w->app->ran.len, 508);
	/* A line that lost something can be given up. */
	press(w, "echo \xc3\xa4\025echo z\n");
	expect(w, "z\r\nvfbond> ");
}

static void
test_events_leave_the_line(void **state)
{
	struct world *w = *state;

	expect(w, "vfbond> ");
	press(w, "echo ha");
	expect(w, "echo ha");
	sources_print(w->app->sources, "link of %s is down", "0");
	expect(w, "\r\033[Klink of 0 is down\r\n");
	press(w, "lf\r");
	expect(w, "half\r\n");
	/* While a command runs there is no prompt to take away. */
	press(w, "print x\r");
	expect(w, "print x\r\nevent: x\r\nvfbond> ");
}

static void
test_hang_up(void **state)
{
	struct world *w = *state;

	expect(w, "vfbond> ");
	close(w->user);
	w->user = -1;
	app_run_until(w->app, app_input_done, NULL);
}

static void
test_settings_of_the_terminal(void **state)
{
	struct world *w = *state;
	struct termios now;

	assert_int_equal(tcgetattr(w->tty, &now), 0);
	assert_int_equal(now.c_lflag & (ICANON | ECHO), 0);
	assert_int_equal(now.c_lflag & ISIG, ISIG); /* Ctrl-C interrupts */
	assert_int_equal(now.c_cc[VINTR], w->was.c_cc[VINTR]);
	/* Nobody else's writes become non-blocking. */
	assert_int_equal(fcntl(w->tty, F_GETFL) & O_NONBLOCK, 0);
	w->app->sources = sources_free(w->app->sources);
	assert_int_equal(tcgetattr(w->tty, &now), 0);
	assert_int_equal(now.c_lflag, w->was.c_lflag);
	assert_memory_equal(now.c_cc, w->was.c_cc, sizeof(now.c_cc));
}

static void
test_exit_restores(void **state)
{
	struct world *w = *state;
	struct termios now;
	int status;
	pid_t pid;

	w->app->sources = sources_free(w->app->sources);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (app_open(w->app, &interactive, w->tty, w->tty, &w->why) != 0)
			_exit(2);
		if (tcgetattr(w->tty, &now) != 0 || (now.c_lflag & ICANON) != 0)
			_exit(3);
		exit(0); /* in the middle of things, as rte_exit does */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(tcgetattr(w->tty, &now), 0);
	assert_int_equal(now.c_lflag, w->was.c_lflag);
}

static bool
much_is_pending(struct app *app, void *ctx)
{
	(void)ctx;
	return sink_pending(&app->sources->out) > SOURCE_HOLD_BYTES;
}

static bool
sees_after(struct app *app, void *ctx)
{
	return sees(app, ctx) && app->nb_run == 2;
}

/* Nobody reads the screen, and there is more than the terminal holds: the loop goes on. */
static void
test_unread_screen(void **state)
{
	struct world *w = *state;
	struct look l = {w, "after\r\n"};

	expect(w, "vfbond> ");
	press(w, "big 500000\recho after\r");
	app_run_until(w->app, much_is_pending, NULL);
	assert_int_equal(w->app->nb_run, 1);
	app_run_until(w->app, sees_after, &l);
}

static void
test_keys(void **state)
{
	struct keys k = {0};
	const char *seq = NULL;

	(void)state;
	assert_int_equal(keys_in(&k, 'a', &seq), KEYS_BYTE);
	assert_int_equal(keys_in(&k, '\033', &seq), KEYS_HELD);
	assert_int_equal(keys_in(&k, '[', &seq), KEYS_HELD);
	assert_int_equal(keys_in(&k, 'A', &seq), KEYS_SEQUENCE);
	assert_string_equal(seq, "\033[A");
	/* Longer than any known one: dropped to its end, and no further. */
	for (const char *s = "\033[1234567890;1"; *s != '\0'; s++)
		assert_int_equal(keys_in(&k, *s, &seq), KEYS_HELD);
	assert_int_equal(keys_in(&k, 'H', &seq), KEYS_HELD);
	assert_int_equal(keys_in(&k, 'H', &seq), KEYS_BYTE);
	/* A lone escape does not swallow Return. */
	assert_int_equal(keys_in(&k, '\033', &seq), KEYS_HELD);
	assert_int_equal(keys_in(&k, '\r', &seq), KEYS_BYTE);
	assert_int_equal(keys_in(&k, 'b', &seq), KEYS_BYTE);
}

#define TERMINAL_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TERMINAL_TEST(test_line),
		TERMINAL_TEST(test_editing),
		TERMINAL_TEST(test_history),
		TERMINAL_TEST(test_completion),
		TERMINAL_TEST(test_completion_of_arguments),
		TERMINAL_TEST(test_ctrl_d),
		TERMINAL_TEST(test_paste),
		TERMINAL_TEST(test_nothing_is_cut_short),
		TERMINAL_TEST(test_events_leave_the_line),
		TERMINAL_TEST(test_hang_up),
		TERMINAL_TEST(test_settings_of_the_terminal),
		TERMINAL_TEST(test_exit_restores),
		TERMINAL_TEST(test_unread_screen),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
