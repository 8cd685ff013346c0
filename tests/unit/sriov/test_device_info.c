/* SPDX-License-Identifier: BSD-3-Clause */
/* Device-info files: parsed, rendered, replaced as a whole, and refused. */
#include "device_info.h"
#include "hostfs.h"
#include "reason.h"
#include "text.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static char dir[] = "/tmp/test_device_info.XXXXXX";

static const struct device_info full = {
	.addr = {.domain = 0x10000, .bus = 0x3b, .device = 2, .function = 1},
	.has_pf = true,
	.pf = {.bus = 0x3b},
	.vhost_net = "/dev/vhost-net",
	.rdma_device = "mlx5_2",
	.representor = "eth0",
};
static const char full_text[] =
	"{\"type\":\"pci\",\"version\":\"1.1.0\",\"pci\":{\"pci-address\":\"10000:3b:02.1\","
	"\"vhost-net\":\"/dev/vhost-net\",\"rdma-device\":\"mlx5_2\",\"pf-pci-address\":"
	"\"0000:3b:00.0\",\"representor-device\":\"eth0\"}}";

static const char *
in_dir(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* Names of all files, for free(). */
static char *
list_files(size_t *ret_n)
{
	static const struct hostfs fs;
	char *names = NULL;

	assert_int_equal(hostfs_list(&fs, &names, ret_n, "%s", dir), 0);
	return names;
}

static size_t
count_files(void)
{
	size_t n = 0;

	free(list_files(&n));
	return n;
}

static void
empty_dir(void)
{
	size_t n = 0;
	char *names = list_files(&n);
	const char *name = names;

	for (size_t i = 0; i < n; i++, name = hostfs_next(name))
		assert_int_equal(remove(in_dir(name)), 0);
	free(names);
}

static int
setup(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	empty_dir();
	return rmdir(dir);
}

static int
each(void **state)
{
	(void)state;
	empty_dir();
	return 0;
}

static void
put_file(const char *name, const char *text)
{
	FILE *f = fopen(in_dir(name), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void
assert_same(const struct device_info *a, const struct device_info *b)
{
	assert_int_equal(pci_addr_cmp(&a->addr, &b->addr), 0);
	assert_int_equal(a->has_pf, b->has_pf);
	assert_int_equal(pci_addr_cmp(&a->pf, &b->pf), 0);
	assert_string_equal(a->vhost_net, b->vhost_net);
	assert_string_equal(a->rdma_device, b->rdma_device);
	assert_string_equal(a->representor, b->representor);
}

static void
test_text_is_the_format(void **state)
{
	struct device_info bare = {.addr = {.bus = 1, .device = 0x10}};
	struct text t = TEXT_EMPTY;

	(void)state;
	assert_int_equal(device_info_text(&full, &t), 0);
	assert_string_equal(text_str(&t), full_text);
	text_clear(&t);
	assert_int_equal(device_info_text(&bare, &t), 0);
	assert_string_equal(
		text_str(&t),
		"{\"type\":\"pci\",\"version\":\"1.1.0\",\"pci\":{\"pci-address\":\"0000:01:10.0\"}"
		"}"
	);
	text_fini(&t);
}

static void
test_text_of_no_utf8_is_refused(void **state)
{
	struct device_info bad = full;
	struct text t = TEXT_EMPTY;

	(void)state;
	strcpy(bad.rdma_device, "mlx\xff");
	assert_int_equal(device_info_text(&bad, &t), -EINVAL);
	assert_string_equal(text_str(&t), "");
	text_fini(&t);
}

static void
test_parse(void **state)
{
	static const char loose[] =
		" {\"PCI\": {\"representor-device\": null, \"PF-PCI-Address\": \"\", \"new\": 1,\n"
		"\"pci-address\": \"3B:02.1\"}, \"version\": \"1.7.3\", \"type\": \"pci\", "
		"\"more\": []}\n";
	struct device_info d;
	struct reason why;

	(void)state;
	assert_int_equal(device_info_parse(full_text, strlen(full_text), "f", &d, &why), 0);
	assert_same(&d, &full);
	assert_int_equal(device_info_parse(loose, strlen(loose), "f", &d, &why), 0);
	assert_int_equal(d.addr.domain, 0);
	assert_int_equal(d.addr.bus, 0x3b);
	assert_false(d.has_pf);
	assert_string_equal(d.representor, "");
	assert_string_equal(d.vhost_net, "");
}

#define HEAD "{\"type\":\"pci\",\"version\":\"1.1.0\","
#define ADDR "\"pci-address\":\"0000:3b:02.1\""

static void
test_parse_refuses(void **state)
{
	static const struct {
		const char *json;
		int rc;
		const char *why;
	} cases[] = {
		{"", -EINVAL, "f:1:0: '[' or '{' expected near end of file"},
		{"{\"type\":\n \"pci\",,}", -EINVAL, "f:2:8: string or '}' expected near ','"},
		{"[]", -EINVAL, "f: not an object ({...}) but a list"},
		{"{}", -EINVAL, "f: type: it is missing; \"pci\" is read"},
		{"{\"type\":1}", -EINVAL, "f: type: a string is wanted"},
		{"{\"type\":\"vdpa\",\"version\":\"1.1.0\"}",
	         -ENOTSUP,
	         "f: type: \"vdpa\" is not read, only \"pci\""},
		{"{\"type\":\"pci\"}", -EINVAL, "f: version: it is missing; \"1.1.0\" is known"},
		{"{\"type\":\"pci\",\"version\":\"2.0.0\"}",
	         -ENOTSUP,
	         "f: version: \"2.0.0\" is not read, only 1.x"},
		{"{\"type\":\"pci\",\"version\":1.1}", -EINVAL, "f: version: a string is wanted"},
		{HEAD "\"pci\":[]}", -EINVAL, "f: pci: an object ({...}) is wanted"},
		{HEAD "\"x\":1}", -EINVAL, "f: pci: it is missing"},
		{HEAD "\"pci\":{}}", -EINVAL, "f: pci.pci-address: it is missing"},
		{HEAD "\"pci\":{\"pci-address\":\"\"}}",
	         -EINVAL,
	         "f: pci.pci-address: it is missing"},
		{HEAD "\"pci\":{\"pci-address\":\"0000:3b:02.8\"}}",
	         -EINVAL,
	         "f: pci.pci-address: \"0000:3b:02.8\" is no PCI address like 0000:3b:02.1"},
		{HEAD "\"pci\":{" ADDR ",\"pf-pci-address\":\"ens1f0\\n\"}}",
	         -EINVAL,
	         "f: pci.pf-pci-address: \"ens1f0?\" is no PCI address like 0000:3b:02.1"},
		{HEAD "\"pci\":{" ADDR ",\"pf-pci-address\":true}}",
	         -EINVAL,
	         "f: pci.pf-pci-address: a string is wanted"},
		{HEAD "\"pci\":{" ADDR ",\"vhost-net\":{}}}",
	         -EINVAL,
	         "f: pci.vhost-net: a string is wanted"},
		{HEAD "\"pci\":{" ADDR ",\"representor-device\":\"sixteencharacter\"}}",
	         -EINVAL,
	         "f: pci.representor-device: longer than 15 bytes"},
		{HEAD "\"pci\":{" ADDR ",\"rdma-device\":5}}",
	         -EINVAL,
	         "f: pci.rdma-device: a string is wanted"},
		{HEAD "\"pci\":{" ADDR ",\"PCI-Address\":\"0000:3b:02.1\"}}",
	         -EINVAL,
	         "f: pci.pci-address: given twice, as pci-address and PCI-Address"},
		{HEAD "\"pci\":{" ADDR "," ADDR "}}",
	         -EINVAL,
	         "f:1:81: duplicate object key near '\"pci-address\"'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct device_info d = full;
		struct reason why = {""};

		assert_int_equal(
			device_info_parse(cases[i].json, strlen(cases[i].json), "f", &d, &why),
			cases[i].rc
		);
		assert_string_equal(why.text, cases[i].why);
		assert_memory_equal(&d, &full, sizeof(d));
	}
}

static void
test_write_makes_and_replaces(void **state)
{
	struct device_info d, other = {.addr = {.bus = 1}};
	struct reason why = {""};
	struct stat st;

	(void)state;
	umask(077);
	assert_int_equal(device_info_write(in_dir("vf.json"), &full, &why), 0);
	assert_int_equal(stat(in_dir("vf.json"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0444);
	assert_int_equal((size_t)st.st_size, strlen(full_text));
	assert_int_equal(device_info_read(in_dir("vf.json"), &d, &why), 0);
	assert_same(&d, &full);
	assert_int_equal(device_info_write(in_dir("vf.json"), &other, &why), 0);
	assert_int_equal(device_info_read(in_dir("vf.json"), &d, &why), 0);
	assert_same(&d, &other);
	assert_int_equal(count_files(), 1);
}

static void
test_write_replaces_a_link_itself(void **state)
{
	struct device_info d;
	char target[PATH_MAX];
	struct reason why;
	struct stat st;

	(void)state;
	put_file("precious", "precious");
	strcpy(target, in_dir("precious"));
	assert_int_equal(symlink(target, in_dir("vf.json")), 0);
	assert_int_equal(device_info_write(in_dir("vf.json"), &full, &why), 0);
	assert_int_equal(lstat(in_dir("vf.json"), &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(device_info_read(in_dir("vf.json"), &d, &why), 0);
	assert_int_equal(stat(target, &st), 0);
	assert_int_equal(st.st_size, 8);
}

static void
test_write_without_a_directory_in_the_path(void **state)
{
	char here[PATH_MAX];
	struct device_info d;
	struct reason why;

	(void)state;
	assert_non_null(getcwd(here, sizeof(here)));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(device_info_write("plain.json", &full, &why), 0);
	assert_int_equal(device_info_read("plain.json", &d, &why), 0);
	assert_int_equal(chdir(here), 0);
}

static void
test_write_fails_and_leaves_nothing(void **state)
{
	struct device_info other = {.addr = {.bus = 1}};
	struct rlimit limit, small;
	char path[PATH_MAX + 8];
	struct device_info d;
	struct reason why;

	(void)state;
	assert_int_equal(device_info_write(in_dir("no/vf.json"), &full, &why), -ENOENT);
	assert_non_null(strstr(why.text, "no/vf.json: cannot write the device-info file: "));
	assert_non_null(strstr(why.text, "(make its directory first)"));

	assert_int_equal(mkdir(in_dir("sub"), 0700), 0);
	assert_int_equal(device_info_write(in_dir("sub"), &full, &why), -EISDIR);
	assert_int_equal(count_files(), 1);

	/* A disk that is full after some bytes: the file of before stays. */
	assert_int_equal(device_info_write(in_dir("vf.json"), &full, &why), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = 10;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(device_info_write(in_dir("vf.json"), &other, &why), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(count_files(), 2);
	assert_int_equal(device_info_read(in_dir("vf.json"), &d, &why), 0);
	assert_same(&d, &full);

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(device_info_write(path, &full, &why), -ENAMETOOLONG);
}

static void
test_read_refuses(void **state)
{
	struct device_info d = full;
	struct reason why;
	char *big;

	(void)state;
	assert_int_equal(device_info_read(in_dir("absent"), &d, &why), -ENOENT);
	assert_non_null(strstr(why.text, "absent: cannot read the device-info file: No such file"));
	assert_int_equal(device_info_read(dir, &d, &why), -EISDIR);
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	assert_int_equal(device_info_read(in_dir("fifo"), &d, &why), -EINVAL);
	assert_non_null(strstr(why.text, "it is not a regular file"));
	big = malloc(70000);
	assert_non_null(big);
	memset(big, ' ', 69999);
	big[69999] = '\0';
	put_file("big", big);
	free(big);
	assert_int_equal(device_info_read(in_dir("big"), &d, &why), -EFBIG);
	put_file("broken", "{\"type\"");
	assert_int_equal(device_info_read(in_dir("broken"), &d, &why), -EINVAL);
	assert_non_null(strstr(why.text, "/broken:1:7: ':' expected near end of file"));
	assert_memory_equal(&d, &full, sizeof(d));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_the_format),
		cmocka_unit_test(test_text_of_no_utf8_is_refused),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_refuses),
		cmocka_unit_test_setup(test_write_makes_and_replaces, each),
		cmocka_unit_test_setup(test_write_replaces_a_link_itself, each),
		cmocka_unit_test_setup(test_write_without_a_directory_in_the_path, each),
		cmocka_unit_test_setup(test_write_fails_and_leaves_nothing, each),
		cmocka_unit_test_setup(test_read_refuses, each),
	};

	return cmocka_run_group_tests_name("device_info", tests, setup, teardown);
}
