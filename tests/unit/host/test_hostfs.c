/* SPDX-License-Identifier: BSD-3-Clause */
/* Files below a prefix: reading, links, listings, writing, and writing what blocks. */
#include "host_tree.h"
#include "hostfs.h"

#include <errno.h>
#include <poll.h>
#include <sys/wait.h>
#include <time.h>

static void
reads_the_first_line(void **state)
{
	struct tree *t = *state;
	char buf[8] = "old";

	tree_put(t, "/a/b", "one\ntwo\n");
	assert_int_equal(hostfs_read(&t->fs, buf, sizeof(buf), "/%s/%c", "a", 'b'), 0);
	assert_string_equal(buf, "one");
	tree_put(t, "/empty", "");
	assert_int_equal(hostfs_read(&t->fs, buf, sizeof(buf), "/empty"), 0);
	assert_string_equal(buf, "");
	tree_put(t, "/bare", "1234567");
	assert_int_equal(hostfs_read(&t->fs, buf, sizeof(buf), "/bare"), 0);
	assert_string_equal(buf, "1234567");
	/* What follows a NUL is not seen, as a string ends there. */
	tree_put_bytes(t, "/nul", "ab\0cd\n", 6);
	assert_int_equal(hostfs_read(&t->fs, buf, sizeof(buf), "/nul"), 0);
	assert_string_equal(buf, "ab");
}

static void
leaves_the_buffer_on_failure(void **state)
{
	struct tree *t = *state;
	char buf[8] = "old", huge[5000];

	tree_put(t, "/long", "12345678\n");
	assert_int_equal(hostfs_read(&t->fs, buf, sizeof(buf), "/long"), -ENAMETOOLONG);
	memset(huge, 'x', sizeof(huge));
	tree_put_bytes(t, "/huge", huge, sizeof(huge));
	assert_int_equal(hostfs_read(&t->fs, buf, sizeof(buf), "/huge"), -ENAMETOOLONG);
	assert_int_equal(hostfs_read(&t->fs, buf, sizeof(buf), "/none"), -ENOENT);
	assert_int_equal(hostfs_read(&t->fs, buf, sizeof(buf), "/long/x"), -ENOTDIR);
	tree_mkdir(t, "/dir");
	assert_int_equal(hostfs_read(&t->fs, buf, sizeof(buf), "/dir"), -EISDIR);
	tree_link(t, "/loop", "loop");
	assert_int_equal(hostfs_read(&t->fs, buf, sizeof(buf), "/loop"), -ELOOP);
	tree_link(t, "/dangling", "nothing");
	assert_int_equal(hostfs_read(&t->fs, buf, sizeof(buf), "/dangling"), -ENOENT);
	assert_string_equal(buf, "old");
}

static void
refuses_paths_that_are_too_long(void **state)
{
	struct tree *t = *state;
	char name[HOSTFS_PATH_BYTES + 1], buf[8] = "old", *names = NULL;
	struct hostfs deep = {.root = name};
	int64_t v = 5;
	size_t n = 5;

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(hostfs_read(&t->fs, buf, 8, "/%s", name), -ENAMETOOLONG);
	assert_int_equal(hostfs_read_i64(&t->fs, &v, "/%s", name), -EINVAL);
	assert_int_equal(hostfs_link(&t->fs, buf, 8, "/%s", name), -ENAMETOOLONG);
	assert_int_equal(hostfs_list(&t->fs, &names, &n, "/%s", name), -ENAMETOOLONG);
	assert_int_equal(hostfs_open(&t->fs, O_RDONLY, "/%s", name), -ENAMETOOLONG);
	assert_int_equal(hostfs_write(&t->fs, "1", 1, "/%s", name), -ENAMETOOLONG);
	assert_int_equal(hostfs_write_limited(&t->fs, "1", 1, 9, "/%s", name), -ENAMETOOLONG);
	assert_int_equal(hostfs_read_limited(&t->fs, buf, 8, 9, "/%s", name), -ENAMETOOLONG);
	assert_false(hostfs_exists(&t->fs, "/%s", name));
	assert_int_equal(hostfs_read(&deep, buf, 8, "/x"), -ENAMETOOLONG);
	assert_string_equal(buf, "old");
	assert_int_equal(v, 5);
	assert_int_equal(n, 5);
	assert_null(names);
}

static void
reads_numbers(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} right[] = {
		{"0\n", 0},
		{"8\n", 8},
		{"-1\n", -1},
		{"0x8086\n", 0x8086},
		{"0xFFFF", 0xffff},
		{"010\n", 10},
		{"9223372036854775807", INT64_MAX},
	};
	static const char *const wrong[] = {
		"",
		"\n",
		"x",
		"8 VFs",
		"8x",
		"0xzz",
		"9223372036854775808",
		"(null)",
		"1.5",
		"\x80",
		"00000000000000000000000000000000000000000001",
	};
	struct tree *t = *state;
	int64_t v;

	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		tree_put(t, "/n", right[i].text);
		assert_int_equal(hostfs_read_i64(&t->fs, &v, "/n"), 0);
		assert_int_equal(v, right[i].value);
	}
	v = 77;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		tree_put(t, "/n", wrong[i]);
		if (hostfs_read_i64(&t->fs, &v, "/n") != -EINVAL)
			fail_msg("\"%s\" is taken for a number", wrong[i]);
	}
	assert_int_equal(hostfs_read_i64(&t->fs, &v, "/none"), -ENOENT);
	assert_int_equal(v, 77);
}

static void
follows_links_by_name(void **state)
{
	struct tree *t = *state;
	char buf[8] = "old";

	/* Where they point to need not be there: the name is what counts. */
	tree_link(t, "/d/driver", "../../../bus/pci/drivers/igb");
	assert_int_equal(hostfs_link(&t->fs, buf, sizeof(buf), "/d/%s", "driver"), 0);
	assert_string_equal(buf, "igb");
	tree_link(t, "/d/bare", "ixgbe");
	assert_int_equal(hostfs_link(&t->fs, buf, sizeof(buf), "/d/bare"), 0);
	assert_string_equal(buf, "ixgbe");
	tree_link(t, "/d/long", "x/12345678");
	assert_int_equal(hostfs_link(&t->fs, buf, sizeof(buf), "/d/long"), -ENAMETOOLONG);
	tree_put(t, "/d/file", "x");
	assert_int_equal(hostfs_link(&t->fs, buf, sizeof(buf), "/d/file"), -EINVAL);
	assert_int_equal(hostfs_link(&t->fs, buf, sizeof(buf), "/d/none"), -ENOENT);
	assert_string_equal(buf, "ixgbe");
	assert_false(hostfs_exists(&t->fs, "/d/driver"));
	assert_true(hostfs_exists(&t->fs, "/d/%s", "file"));
	assert_true(hostfs_exists(&t->fs, "/d"));
}

static void
lists_names_in_order(void **state)
{
	struct tree *t = *state;
	char *names;
	const char *name;
	size_t n;

	tree_put(t, "/l/c", "");
	tree_put(t, "/l/a", "");
	tree_put(t, "/l/.hidden", "");
	tree_link(t, "/l/b", "nothing");
	assert_int_equal(hostfs_list(&t->fs, &names, &n, "/%c", 'l'), 0);
	assert_int_equal(n, 4);
	name = names;
	assert_string_equal(name, ".hidden");
	name = hostfs_next(name);
	assert_string_equal(name, "a");
	name = hostfs_next(name);
	assert_string_equal(name, "b");
	name = hostfs_next(name);
	assert_string_equal(name, "c");
	free(names);
	tree_mkdir(t, "/none");
	assert_int_equal(hostfs_list(&t->fs, &names, &n, "/none"), 0);
	assert_int_equal(n, 0);
	free(names);
	names = NULL;
	assert_int_equal(hostfs_list(&t->fs, &names, &n, "/l/a"), -ENOTDIR);
	assert_int_equal(hostfs_list(&t->fs, &names, &n, "/nowhere"), -ENOENT);
	assert_null(names);
}

static void
opens_files_that_programs_do_not_inherit(void **state)
{
	struct tree *t = *state;
	int fd;

	tree_put(t, "/f", "x");
	fd = hostfs_open(&t->fs, O_RDONLY, "/%c", 'f');
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	assert_int_equal(hostfs_open(&t->fs, O_RDONLY, "/none"), -ENOENT);
	fd = hostfs_open(&t->fs, O_RDWR | O_CREAT, "/new");
	assert_true(fd >= 0);
	close(fd);
}

static void
writes_but_makes_no_file(void **state)
{
	struct tree *t = *state;
	char buf[8];

	assert_int_equal(hostfs_write(&t->fs, "4", 1, "/numvfs"), -ENOENT);
	assert_int_equal(hostfs_write_limited(&t->fs, "4", 1, 5000, "/numvfs"), -ENOENT);
	assert_false(hostfs_exists(&t->fs, "/numvfs"));
	tree_put(t, "/numvfs", "0");
	assert_int_equal(hostfs_write(&t->fs, "4", 1, "/num%s", "vfs"), 0);
	assert_int_equal(hostfs_read(&t->fs, buf, sizeof(buf), "/numvfs"), 0);
	assert_string_equal(buf, "4");
	assert_int_equal(hostfs_write_limited(&t->fs, "7", 1, 5000, "/numvfs"), 0);
	assert_int_equal(hostfs_read(&t->fs, buf, sizeof(buf), "/numvfs"), 0);
	assert_string_equal(buf, "7");
	assert_int_equal(hostfs_write(&t->fs, "7", 1, "/numvfs/x"), -ENOTDIR);
}

/* The device that is always full gives the error of write(2) itself. */
static void
tells_what_the_write_says(void **state)
{
	static const struct hostfs machine;

	(void)state;
	if (access("/dev/full", W_OK) != 0)
		skip();
	assert_int_equal(hostfs_write(&machine, "1", 1, "/dev/full"), -ENOSPC);
	assert_int_equal(hostfs_write_limited(&machine, "1", 1, 5000, "/dev/full"), -ENOSPC);
}

struct written {
	char path[64], value[16];
	size_t len;
	int answer;
};

static int
take_write(void *ctx, const char *path, const char *value, size_t len)
{
	struct written *w = ctx;

	snprintf(w->path, sizeof(w->path), "%s", path);
	memcpy(w->value, value, len);
	w->len = len;
	return w->answer;
}

static void
lets_a_test_take_the_write(void **state)
{
	struct tree *t = *state;
	struct written w = {.answer = -EBUSY};
	struct hostfs fs = {.root = t->root, .write = take_write, .ctx = &w};

	assert_int_equal(hostfs_write(&fs, "\0", 1, "/sys/%s", "a"), -EBUSY);
	assert_string_equal(w.path, "/sys/a");
	assert_int_equal(w.len, 1);
	w.answer = 0;
	assert_int_equal(hostfs_write_limited(&fs, "12", 2, 1, "/sys/b"), 0);
	assert_string_equal(w.path, "/sys/b");
	assert_memory_equal(w.value, "12", 2);
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A FIFO that nobody reads holds its writer in open(2), as the kernel holds one in write(2). */
static void
gives_up_on_a_write_that_blocks(void **state)
{
	struct tree *t = *state;
	int64_t before = now_ms();
	char path[1024], buf[8];
	struct pollfd p = {.events = POLLIN};

	tree_path(t, "/fifo", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(hostfs_write_limited(&t->fs, "0", 1, 50, "/fifo"), -ETIMEDOUT);
	assert_in_range(now_ms() - before, 50, 5000);
	/* It was not given up by the child: when the file takes it, it is written. */
	p.fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_int_equal(read(p.fd, buf, sizeof(buf)), 1);
	assert_int_equal(buf[0], '0');
	close(p.fd);
	assert_true(waitpid(-1, NULL, 0) > 0);
}

/* Below a prefix a read cannot hang, so this one goes to the machine's own path. */
static void
gives_up_on_a_read_that_blocks(void **state)
{
	static const struct hostfs machine;
	struct tree *t = *state;
	char path[1024], buf[8] = "old";
	int64_t before = now_ms();

	tree_path(t, "/fifo", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(
		hostfs_read_limited(&machine, buf, sizeof(buf), 50, "%s", path), -ETIMEDOUT
	);
	assert_in_range(now_ms() - before, 50, 5000);
	assert_string_equal(buf, "old");
	/* This child is of no use any more, and is gone. */
	assert_true(waitpid(-1, NULL, 0) > 0 || errno == ECHILD);
}

static void
reads_with_a_limit_what_does_not_block(void **state)
{
	static const struct hostfs machine;
	struct tree *t = *state;
	char path[1024], buf[8] = "old", line[400];

	tree_path(t, "/f", path);
	assert_int_equal(
		hostfs_read_limited(&machine, buf, sizeof(buf), 5000, "%s", path), -ENOENT
	);
	tree_put(t, "/f", "12345678");
	assert_int_equal(
		hostfs_read_limited(&machine, buf, sizeof(buf), 5000, "%s", path), -ENAMETOOLONG
	);
	memset(line, 'x', sizeof(line));
	tree_put_bytes(t, "/f", line, sizeof(line));
	assert_int_equal(
		hostfs_read_limited(&machine, buf, sizeof(buf), 5000, "%s", path), -ENAMETOOLONG
	);
	assert_string_equal(buf, "old");
	tree_put(t, "/f", "igb\n");
	assert_int_equal(hostfs_read_limited(&machine, buf, sizeof(buf), 5000, "%s", path), 0);
	assert_string_equal(buf, "igb");
	tree_put(t, "/f", "ice\n");
	assert_int_equal(hostfs_read_limited(&t->fs, buf, sizeof(buf), 5000, "/%c", 'f'), 0);
	assert_string_equal(buf, "ice");
}

/* Who reads our output must see its end, though a child of ours is stuck in the kernel. */
static void
leaves_nothing_open_in_a_child_that_blocks(void **state)
{
	struct tree *t = *state;
	struct pollfd p = {.events = POLLIN};
	char path[1024], c;
	int fds[2], fifo;

	tree_path(t, "/fifo", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(hostfs_write_limited(&t->fs, "0", 1, 20, "/fifo"), -ETIMEDOUT);
	close(fds[1]);
	p.fd = fds[0];
	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_int_equal(read(fds[0], &c, 1), 0);
	close(fds[0]);
	fifo = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(waitpid(-1, NULL, 0) > 0);
	close(fifo);
}

#define TREE_TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(reads_the_first_line),
		TREE_TEST(leaves_the_buffer_on_failure),
		TREE_TEST(refuses_paths_that_are_too_long),
		TREE_TEST(reads_numbers),
		TREE_TEST(follows_links_by_name),
		TREE_TEST(lists_names_in_order),
		TREE_TEST(opens_files_that_programs_do_not_inherit),
		TREE_TEST(writes_but_makes_no_file),
		TREE_TEST(tells_what_the_write_says),
		TREE_TEST(lets_a_test_take_the_write),
		TREE_TEST(gives_up_on_a_write_that_blocks),
		TREE_TEST(gives_up_on_a_read_that_blocks),
		TREE_TEST(reads_with_a_limit_what_does_not_block),
		TREE_TEST(leaves_nothing_open_in_a_child_that_blocks),
	};

	return cmocka_run_group_tests_name("hostfs", tests, NULL, NULL);
}
