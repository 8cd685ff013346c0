/* SPDX-License-Identifier: BSD-3-Clause */
/* Command sources on a pipe and in files. */
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
#include <sys/stat.h>
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

static void
close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	app_free(w->app);
	for (int i = 0; i < 2; i++) {
		close_end(&w->in[i]);
		close_end(&w->out[i]);
	}
	free(w);
	return 0;
}

static void
give(struct world *w, const char *s, size_t len)
{
	assert_int_equal(write(w->in[1], s, len), (ssize_t)len);
}

/* Give @input as all of standard input, run it, and compare the output. */
static void
expect_output(struct world *w, const char *input, size_t len, const char *output)
{
	static const struct sources_settings s = {.interactive = true};
	size_t out_len;
	char *out;

	assert_int_equal(app_open(w->app, &s, w->in[0], w->out[1], &w->why), 0);
	give(w, input, len);
	close_end(&w->in[1]);
	app_run_until(w->app, app_input_done, NULL);
	assert_int_equal(w->app->nb_input_done, 1);
	out = read_all(w->out[0], &out_len);
	assert_string_equal(out, output);
	free(out);
}

#define EXPECT_OUTPUT(w, input, output) expect_output(w, input, sizeof(input) - 1, output)

static void
test_pipe(void **state)
{
	EXPECT_OUTPUT(
		*state,
		"echo a\n\n# nothing\nfail x\nnonsense\necho 'b\necho c",
		"a\nbefore the failure\nerror: failed: x (-22)\n"
		"error: unknown word \"nonsense\": expected echo, fail, big, sleep, hold, load, "
		"print, "
		"quit, show (-22)\n"
		"error: unterminated single quote (-22)\nc\n"
	);
}

static void
test_pipe_refuses_bytes(void **state)
{
	EXPECT_OUTPUT(
		*state,
		"echo a\0b\necho c\rd\necho e\n",
		"error: control character 0x00 at byte 7 of the line (-22)\n"
		"error: control character 0x0d at byte 7 of the line (-22)\ne\n"
	);
}

static void
test_pipe_line_limit(void **state)
{
	struct world *w = *state;
	struct text input = TEXT_EMPTY, output = TEXT_EMPTY;
	static const size_t lens[] = {4095, 4096, 20000, 3};

	for (size_t i = 0; i < 4; i++) {
		char c = (char)('a' + i);

		text_puts(&input, "echo ");
		for (size_t n = 5; n < lens[i]; n++)
			text_add(&input, &c, 1);
		text_puts(&input, "\n");
	}
	text_puts(&input, "echo end");
	for (size_t n = 5; n < 4095; n++)
		text_puts(&output, "a");
	text_puts(&output, "\n");
	for (int i = 0; i < 2; i++)
		text_puts(
			&output,
			"error: the line is longer than 4095 bytes; nothing of it was run (-7)\n"
		);
	text_puts(&output, "\nend\n");
	expect_output(w, input.s, input.len, output.s);
	text_fini(&input);
	text_fini(&output);
}

static void
test_unterminated_long_line(void **state)
{
	struct world *w = *state;
	char line[10000];

	memset(line, 'x', sizeof(line));
	expect_output(
		w,
		line,
		sizeof(line),
		"error: the line is longer than 4095 bytes; nothing of it was run (-7)\n"
	);
}

static void
test_sleep_on_last_line(void **state)
{
	struct world *w = *state;
	uint64_t begin_ns = loop_now_ns();

	EXPECT_OUTPUT(w, "echo a\nsleep 30", "a\n");
	assert_true(loop_now_ns() - begin_ns >= 30 * NSEC_PER_MSEC);
}

static void
test_quit_ends_at_once(void **state)
{
	struct world *w = *state;
	static const struct sources_settings s = {.interactive = true};

	assert_int_equal(app_open(w->app, &s, w->in[0], w->out[1], &w->why), 0);
	give(w, "echo a\nquit\necho b\n", 19);
	assert_int_equal(loop_run(w->app->loop), 0);
	assert_true(w->app->quit);
	assert_string_equal(text_str(&w->app->ran), "a\n");
}

static bool
later_than(struct app *app, void *ctx)
{
	(void)app;
	return loop_now_ns() > *(uint64_t *)ctx;
}

static void
test_not_interactive(void **state)
{
	struct world *w = *state;
	static const struct sources_settings s = {0};
	uint64_t soon_ns = loop_now_ns() + 20 * NSEC_PER_MSEC;

	assert_int_equal(app_open(w->app, &s, w->in[0], w->out[1], &w->why), 0);
	give(w, "echo a\n", 7);
	close_end(&w->in[1]);
	app_run_until(w->app, later_than, &soon_ns);
	assert_int_equal(w->app->nb_run, 0);
	assert_int_equal(w->app->nb_input_done, 0);
}

static void
open_file(struct world *w, const char *text, bool keep_going)
{
	struct sources_settings s = {.keep_going = keep_going};

	s.cmdline_file = app_file(w->app, "main", text, strlen(text));
	assert_int_equal(app_open(w->app, &s, w->in[0], w->out[1], &w->why), 0);
}

static void
expect_out(struct world *w, const char *want)
{
	size_t len;
	char *out = read_all(w->out[0], &len);

	assert_string_equal(out, want);
	free(out);
}

static void
test_file(void **state)
{
	struct world *w = *state;

	open_file(w, "# comment\necho a\n\necho b", false);
	app_run_until(w->app, app_file_done, NULL);
	assert_int_equal(w->app->file_err, 0);
	expect_out(w, "a\nb\n");
}

static void
test_file_stops(void **state)
{
	struct world *w = *state;
	char want[256];

	open_file(w, "echo a\n\nfail 'no way'\necho b\n", false);
	app_run_until(w->app, app_file_done, NULL);
	assert_int_equal(w->app->file_err, -EINVAL);
	snprintf(want, sizeof(want), "%s/main:3: failed: no way", w->app->dir);
	assert_string_equal(w->app->file_why.text, want);
	assert_int_equal(w->app->nb_run, 2);
	snprintf(
		want,
		sizeof(want),
		"a\nbefore the failure\n%s/main:3: failed: no way\n",
		w->app->dir
	);
	expect_out(w, want);
}

static void
test_file_keeps_going(void **state)
{
	struct world *w = *state;
	char want[512];

	open_file(w, "fail one\necho a\nfail two\necho 'x\n", true);
	app_run_until(w->app, app_file_done, NULL);
	assert_int_equal(w->app->nb_file_done, 1);
	assert_int_equal(w->app->file_err, -EINVAL);
	assert_non_null(strstr(w->app->file_why.text, "main:1: failed: one"));
	snprintf(
		want,
		sizeof(want),
		"before the failure\n%s/main:1: failed: one\na\n"
		"before the failure\n%s/main:3: failed: two\n"
		"%s/main:4: unterminated single quote\n",
		w->app->dir,
		w->app->dir,
		w->app->dir
	);
	expect_out(w, want);
}

static void
test_file_with_long_line(void **state)
{
	struct world *w = *state;
	char text[9000];

	memset(text, 'x', sizeof(text));
	memcpy(text, "echo a\n", 7);
	strcpy(text + 8000, "\necho b\n");
	open_file(w, text, false);
	app_run_until(w->app, app_file_done, NULL);
	assert_int_equal(w->app->file_err, -E2BIG);
	assert_non_null(strstr(w->app->file_why.text, "/main:2: the line is longer than 4095"));
	assert_int_equal(w->app->nb_run, 1);
}

static void
test_binary_file(void **state)
{
	struct world *w = *state;
	static const char elf[] = "\x7f"
				  "ELF\2\1\1\0\0\0\n\0\0";
	struct sources_settings s = {0};

	s.cmdline_file = app_file(w->app, "main", elf, sizeof(elf));
	assert_int_equal(app_open(w->app, &s, w->in[0], w->out[1], &w->why), 0);
	app_run_until(w->app, app_file_done, NULL);
	assert_int_equal(w->app->file_err, -EINVAL);
	assert_non_null(strstr(w->app->file_why.text, "/main:1: control character 0x7f"));
}

/* Open must fail for @path, with @want in the reason. */
static void
expect_unreadable(struct world *w, const char *path, int err, const char *want)
{
	struct sources_settings s = {.cmdline_file = path};

	assert_int_equal(app_open(w->app, &s, w->in[0], w->out[1], &w->why), err);
	assert_null(w->app->sources);
	assert_string_equal(w->why.text, want);
}

static void
test_unreadable_files(void **state)
{
	struct world *w = *state;

	expect_unreadable(
		w, "/nonexistent/file", -ENOENT, "/nonexistent/file: No such file or directory"
	);
	expect_unreadable(w, "/etc", -EISDIR, "/etc: is a directory");
	expect_unreadable(w, "/dev/zero", -EINVAL, "/dev/zero: neither a regular file nor a pipe");
}

static void
make_loader(struct world *w, const char *name, const char *before, const char *loads)
{
	char text[256];

	snprintf(
		text,
		sizeof(text),
		"%sload %s/%s\necho after %s\n",
		before,
		w->app->dir,
		loads,
		name
	);
	app_file(w->app, name, text, strlen(text));
}

static void
test_nested_load(void **state)
{
	struct world *w = *state;
	struct sources_settings s = {0};
	char name[8], next[8], path[128];

	/* f1 loads f2 ... loads f8, which echoes: as deep as allowed. */
	for (int i = 1; i < 8; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		snprintf(next, sizeof(next), "f%d", i + 1);
		make_loader(w, name, "", next);
	}
	app_file(w->app, "f8", "echo deep\n", 10);
	snprintf(path, sizeof(path), "%s/f1", w->app->dir);
	s.cmdline_file = path;
	assert_int_equal(app_open(w->app, &s, w->in[0], w->out[1], &w->why), 0);
	app_run_until(w->app, app_file_done, NULL);
	assert_int_equal(w->app->file_err, 0);
	expect_out(
		w, "deep\nafter f7\nafter f6\nafter f5\nafter f4\nafter f3\nafter f2\nafter f1\n"
	);
}

static void
test_load_too_deep(void **state)
{
	struct world *w = *state;
	struct sources_settings s = {0};
	char name[8], next[8], path[128];

	for (int i = 1; i < 9; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		snprintf(next, sizeof(next), "f%d", i + 1);
		make_loader(w, name, "", next);
	}
	app_file(w->app, "f9", "echo deep\n", 10);
	snprintf(path, sizeof(path), "%s/f1", w->app->dir);
	s.cmdline_file = path;
	assert_int_equal(app_open(w->app, &s, w->in[0], w->out[1], &w->why), 0);
	app_run_until(w->app, app_file_done, NULL);
	assert_int_equal(w->app->file_err, -ELOOP);
	assert_non_null(strstr(w->app->file_why.text, "f9: more than 8 command files"));
	assert_string_equal(text_str(&w->app->ran), "");
}

static void
test_load_recursion(void **state)
{
	struct world *w = *state;
	struct sources_settings s = {0};
	char want[1024], path[128];

	make_loader(w, "a", "\n", "b");
	make_loader(w, "b", "echo in b\n", "a");
	snprintf(path, sizeof(path), "%s/a", w->app->dir);
	s.cmdline_file = path;
	assert_int_equal(app_open(w->app, &s, w->in[0], w->out[1], &w->why), 0);
	app_run_until(w->app, app_file_done, NULL);
	assert_int_equal(w->app->file_err, -ELOOP);
	snprintf(
		want,
		sizeof(want),
		"%s/a:2: %s/b:2: %s/a: is being loaded already",
		w->app->dir,
		w->app->dir,
		w->app->dir
	);
	assert_string_equal(w->app->file_why.text, want);
}

static void
test_load_from_pipe(void **state)
{
	struct world *w = *state;
	char input[512], want[512];

	app_file(w->app, "good", "echo in file\nsleep 5\necho still\n", 32);
	app_file(w->app, "bad", "echo x\nfail y\necho z\n", 21);
	snprintf(
		input,
		sizeof(input),
		"load %s/good\necho 1\nload %s/bad\necho 2\nload /nonexistent\necho 3\n",
		w->app->dir,
		w->app->dir
	);
	snprintf(
		want,
		sizeof(want),
		"in file\nstill\n1\nx\nbefore the failure\nerror: %s/bad:2: failed: y (-22)\n2\n"
		"error: /nonexistent: No such file or directory (-2)\n3\n",
		w->app->dir
	);
	expect_output(w, input, strlen(input), want);
}

/* A writer that takes its time; a line may come in two pieces. */
static void
test_load_of_fifo(void **state)
{
	struct world *w = *state;
	struct sources_settings s = {0};
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/fifo", w->app->dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	s.cmdline_file = path;
	assert_int_equal(app_open(w->app, &s, w->in[0], w->out[1], &w->why), 0);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "echo a\nec", 9), 9);
	app_run_until(w->app, app_has_run, "a\n");
	assert_int_equal(w->app->nb_file_done, 0);
	assert_int_equal(write(fd, "ho b", 4), 4);
	close(fd);
	app_run_until(w->app, app_file_done, NULL);
	assert_string_equal(text_str(&w->app->ran), "a\nb\n");
	assert_int_equal(w->app->file_err, 0);
}

static void
test_file_before_input(void **state)
{
	struct world *w = *state;
	struct sources_settings s = {.interactive = true};

	s.cmdline_file = app_file(w->app, "main", "sleep 20\necho file\n", 19);
	assert_int_equal(app_open(w->app, &s, w->in[0], w->out[1], &w->why), 0);
	give(w, "echo input\n", 11);
	close_end(&w->in[1]);
	app_run_until(w->app, app_input_done, NULL);
	assert_string_equal(text_str(&w->app->ran), "file\ninput\n");
}

static void
count(void *ctx)
{
	(*(int *)ctx)++;
}

/* 100,000 lines must not hold up a timer for as long as they take together. */
static void
test_long_file_leaves_turns(void **state)
{
	struct world *w = *state;
	struct text text = TEXT_EMPTY;
	struct loop_timer *t;
	int ticks = 0;

	for (int i = 0; i < 100000; i++)
		text_puts(&text, "echo\n");
	assert_int_equal(loop_timer_add(w->app->loop, count, &ticks, &t), 0);
	loop_timer_set(t, NSEC_PER_MSEC, NSEC_PER_MSEC);
	close_end(&w->out[1]);
	w->out[1] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	open_file(w, text.s, false);
	text_fini(&text);
	app_run_until(w->app, app_file_done, NULL);
	assert_int_equal(w->app->nb_run, 100000);
	/* A file that runs through would have let none or one by. */
	assert_true(ticks > 20);
}

/* A reader that does not read: the source waits, the loop does not, nothing is lost. */
static bool
is_held(struct app *app, void *ctx)
{
	(void)ctx;
	return app->sources->startup->held;
}

static bool
reads_until_done(struct app *app, void *ctx)
{
	struct world *w = ctx;
	size_t len;
	char *out = read_all(w->out[0], &len);

	text_add(&app->ran, out, len);
	free(out);
	return app->nb_file_done > 0 && sink_pending(&app->sources->out) == 0;
}

static void
test_slow_reader_of_stdout(void **state)
{
	struct world *w = *state;
	struct text text = TEXT_EMPTY;

	for (int i = 0; i < 100; i++)
		text_puts(&text, "big 10000\n");
	open_file(w, text.s, false);
	text_fini(&text);
	app_run_until(w->app, is_held, NULL);
	assert_true(w->app->nb_run < 30);
	sources_print(w->app->sources, "an event");
	app_run_until(w->app, reads_until_done, w);
	reads_until_done(w->app, w);
	assert_int_equal(w->app->nb_run, 100);
	/* 10000 is no multiple of 64: every reply got a newline. */
	assert_int_equal(w->app->ran.len, 100 * 10001 + strlen("an event\n"));
	assert_non_null(strstr(w->app->ran.s, "an event\n"));
}

static void
test_events_are_dropped_not_hoarded(void **state)
{
	struct world *w = *state;
	static const struct sources_settings s = {0};
	char line[1000];

	memset(line, 'e', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(app_open(w->app, &s, w->in[0], w->out[1], &w->why), 0);
	for (int i = 0; i < 3000; i++)
		sources_print(w->app->sources, "%s", line);
	assert_true(sink_pending(&w->app->sources->out) < SOURCE_PENDING_MAX + 2000);
	assert_true(w->app->sources->nb_lost > 1000);
}

static void
test_reader_gone(void **state)
{
	struct world *w = *state;

	close_end(&w->out[0]);
	open_file(w, "echo a\necho b\n", false);
	app_run_until(w->app, app_file_done, NULL);
	assert_int_equal(w->app->nb_run, 2);
}

static void
test_random_lines(void **state)
{
	struct world *w = *state;
	static const struct sources_settings s = {.interactive = true};
	char path[128];
	unsigned int seed = 1;
	FILE *f;

	snprintf(path, sizeof(path), "%s/random", w->app->dir);
	f = fopen(path, "w");
	assert_non_null(f);
	for (int i = 0; i < 10000; i++) {
		int len = rand_r(&seed) % 80;

		if (rand_r(&seed) % 4 == 0)
			fputs("echo ", f);
		for (int n = 0; n < len; n++)
			fputc(rand_r(&seed) % 256, f);
		fputc('\n', f);
	}
	fputs("echo the end", f);
	fclose(f);
	close_end(&w->in[0]);
	w->in[0] = open(path, O_RDONLY | O_CLOEXEC);
	close_end(&w->out[1]);
	w->out[1] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	assert_int_equal(app_open(w->app, &s, w->in[0], w->out[1], &w->why), 0);
	app_run_until(w->app, app_input_done, NULL);
	assert_non_null(strstr(text_str(&w->app->ran), "the end\n"));
}

#define SOURCE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SOURCE_TEST(test_pipe),
		SOURCE_TEST(test_pipe_refuses_bytes),
		SOURCE_TEST(test_pipe_line_limit),
		SOURCE_TEST(test_unterminated_long_line),
		SOURCE_TEST(test_sleep_on_last_line),
		SOURCE_TEST(test_quit_ends_at_once),
		SOURCE_TEST(test_not_interactive),
		SOURCE_TEST(test_file),
		SOURCE_TEST(test_file_stops),
		SOURCE_TEST(test_file_keeps_going),
		SOURCE_TEST(test_file_with_long_line),
		SOURCE_TEST(test_binary_file),
		SOURCE_TEST(test_unreadable_files),
		SOURCE_TEST(test_nested_load),
		SOURCE_TEST(test_load_too_deep),
		SOURCE_TEST(test_load_recursion),
		SOURCE_TEST(test_load_from_pipe),
		SOURCE_TEST(test_load_of_fifo),
		SOURCE_TEST(test_file_before_input),
		SOURCE_TEST(test_long_file_leaves_turns),
		SOURCE_TEST(test_slow_reader_of_stdout),
		SOURCE_TEST(test_events_are_dropped_not_hoarded),
		SOURCE_TEST(test_reader_gone),
		SOURCE_TEST(test_random_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
