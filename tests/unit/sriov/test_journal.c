/* SPDX-License-Identifier: BSD-3-Clause */
/* The record of a claim: what is written is read, and nothing else is believed. */
#include "claim_bench.h"
#include "journal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#define RECORD "claims/" VF_A0 ".json"

static struct claim_record
whole_record(void)
{
	struct claim_record r = {
		.addr = addr_of(VF_A0),
		.pf = addr_of(PF_A),
		.pf_known = true,
		.vf_index = 7,
		.since_s = 1750000000,
		.owner =
			{.pid = 4242,
	                 .start_ticks = 1234567890123,
	                 .boot_id = "8c4f5f5e-6f0c-4f3e-9c55-000000000001",
	                 .command = "vfbond \"x\" (1)"},
		.was = {.driver = "igbvf", .override = "other"},
		.was_state =
			{.vf = 7,
	                 .known = (1u << VF_ATTR_COUNT) - 1,
	                 .mac = {2, 0, 0, 0, 0, 1},
	                 .vlan = 4095,
	                 .qos = 7,
	                 .vlan_proto = ETH_P_8021AD,
	                 .min_tx_rate_mbps = 5,
	                 .max_tx_rate_mbps = UINT32_MAX,
	                 .spoofchk = true,
	                 .link_state = VF_LINK_DISABLE},
		.attrs = 1u << VF_ATTR_MAC | 1u << VF_ATTR_TRUST,
		.binds = true,
		.complete = true,
		.driver = "vfio-pci",
	};

	r.settings = settings_of("mac=02:00:00:00:00:02 trust=on vlan=0 max-tx-rate=0");
	return r;
}

static void
expect_same(const struct claim_record *a, const struct claim_record *b)
{
	assert_int_equal(pci_addr_cmp(&a->addr, &b->addr), 0);
	assert_int_equal(pci_addr_cmp(&a->pf, &b->pf), 0);
	assert_int_equal(a->pf_known, b->pf_known);
	assert_int_equal(a->vf_index, b->vf_index);
	assert_int_equal(a->since_s, b->since_s);
	assert_int_equal(a->owner.pid, b->owner.pid);
	assert_int_equal(a->owner.start_ticks, b->owner.start_ticks);
	assert_string_equal(a->owner.boot_id, b->owner.boot_id);
	assert_string_equal(a->owner.command, b->owner.command);
	assert_string_equal(a->was.driver, b->was.driver);
	assert_string_equal(a->was.override, b->was.override);
	assert_int_equal(a->was_state.vf, b->was_state.vf);
	assert_int_equal(a->was_state.known, b->was_state.known);
	for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++)
		assert_true(vf_state_same(attr, &a->was_state, &b->was_state));
	assert_int_equal(a->attrs, b->attrs);
	assert_int_equal(a->binds, b->binds);
	assert_int_equal(a->raised_pf, b->raised_pf);
	assert_int_equal(a->complete, b->complete);
	assert_string_equal(a->driver, b->driver);
	assert_memory_equal(&a->settings, &b->settings, sizeof(a->settings));
}

static void
test_written_and_read(void **state)
{
	struct claim_record r = whole_record(), got;
	struct bench *b = *state;
	char path[256];
	struct stat st;

	memset(&got, 0, sizeof(got));
	assert_int_equal(record_of(b, VF_A0, &got), -ENOENT);
	assert_int_equal(journal_write(&b->h, &r, &b->why), 0);
	assert_int_equal(record_of(b, VF_A0, &got), 0);
	expect_same(&r, &got);
	assert_int_equal(stat(state_path(b, RECORD, path), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);

	/* Another one in its place, with as little as there can be. */
	r = (struct claim_record){.addr = r.addr, .raised_pf = true, .driver = "uio_pci_generic"};
	assert_int_equal(journal_write(&b->h, &r, &b->why), 0);
	assert_int_equal(record_of(b, VF_A0, &got), 0);
	expect_same(&r, &got);
	assert_int_equal(journal_remove(&b->h, &r.addr, &b->why), 0);
	assert_int_equal(record_of(b, VF_A0, &got), -ENOENT);
	assert_int_equal(journal_remove(&b->h, &r.addr, &b->why), -ENOENT);
}

static void
test_address_without_domain_limit(void **state)
{
	struct claim_record r = whole_record(), got;
	struct bench *b = *state;
	struct pci_addr *list;
	size_t n;

	r.addr.domain = 0xfffffff0;
	assert_int_equal(journal_write(&b->h, &r, &b->why), 0);
	assert_int_equal(journal_read(&b->h, &r.addr, &got, &b->why), 0);
	expect_same(&r, &got);
	assert_int_equal(journal_list(&b->h, &list, &n, &b->why), 0);
	assert_int_equal(n, 1);
	assert_int_equal(pci_addr_cmp(&list[0], &r.addr), 0);
	free(list);
}

static void
put_record(struct bench *b, const char *text, size_t len)
{
	char path[256];
	FILE *f = fopen(state_path(b, RECORD, path), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

static void
expect_foreign(struct bench *b, const char *part)
{
	struct claim_record got, untouched;

	memset(&got, 0x5a, sizeof(got));
	memset(&untouched, 0x5a, sizeof(untouched));
	assert_int_equal(record_of(b, VF_A0, &got), -EBADMSG);
	assert_memory_equal(&got, &untouched, sizeof(got));
	expect_in(b->why.text, RECORD);
	expect_in(b->why.text, part);
}

/* Our own record as text; free() it. */
static char *
own_text(struct bench *b)
{
	struct claim_record r = whole_record();
	char path[256], *text = calloc(1, 8192);
	FILE *f;

	assert_int_equal(journal_write(&b->h, &r, &b->why), 0);
	f = fopen(state_path(b, RECORD, path), "r");
	assert_non_null(f);
	assert_true(fread(text, 1, 8191, f) > 100);
	fclose(f);
	return text;
}

static void
test_truncated_anywhere(void **state)
{
	struct bench *b = *state;
	char *text = own_text(b);
	size_t len = strlen(text);

	/* Without the newline it is still whole. */
	for (size_t n = 0; n < len - 1; n++) {
		put_record(b, text, n);
		expect_foreign(b, "line ");
	}
	free(text);
}

/* @text with @from replaced by @to. */
static void
put_changed(struct bench *b, const char *text, const char *from, const char *to)
{
	struct text t = TEXT_EMPTY;
	const char *at = strstr(text, from);

	if (at == NULL)
		fail_msg("%s is not in %s", from, text);
	text_add(&t, text, (size_t)(at - text));
	text_puts(&t, to);
	text_puts(&t, at + strlen(from));
	put_record(b, t.s, t.len);
	text_fini(&t);
}

static void
test_wrong_values(void **state)
{
	static const struct {
		const char *from, *to, *says;
	} cases[] = {
		{"\"format\": 1", "\"format\": 2", "\"format\""},
		{"\"format\": 1", "\"format\": \"1\"", "\"format\""},
		{"\"address\": \"" VF_A0, "\"address\": \"" VF_A1, VF_A1},
		{"\"address\": \"" VF_A0, "\"address\": \"../../etc/x", "\"address\""},
		{"\"vf\": 7", "\"vf\": 65536", "\"vf\" is out of range"},
		{"\"vf\": 7", "\"vf\": -1", "\"vf\" is out of range"},
		{"\"vf\": 7", "\"vf\": 7.0", "\"vf\" is of the wrong kind"},
		{"\"since\": 1750000000", "\"since\": -1", "\"since\""},
		{"\"pid\": 4242", "\"pid\": 4294967296", "\"pid\""},
		{"\"pid\": 4242", "\"pid\": true", "\"pid\""},
		{"\"boot_id\"", "\"boot\"", "\"boot_id\" is missing"},
		{"\"boot_id\": \"", "\"boot_id\": \"0123456789", "\"boot_id\" is too long"},
		{"\"driver\": \"igbvf\"", "\"driver\": \"../../x\"", "\"driver\""},
		{"\"driver\": \"vfio-pci\"", "\"driver\": \"\"", "\"driver\""},
		{"\"override\": \"other\"", "\"override\": null", "\"override\""},
		{"\"complete\": true", "\"complete\": 1", "\"complete\""},
		{"\"qos\": 7", "\"qos\": 8", "\"qos\""},
		{"\"qos\": 7,", "", "half of an attribute"},
		{"\"vlan\": 4095", "\"vlan\": 4096", "\"vlan\""},
		{"\"proto\": 34984", "\"proto\": 1", "\"proto\""},
		{"\"mac\": \"02:00:00:00:00:01\"", "\"mac\": \"02:00:00:00:00\"", "\"mac\""},
		{"\"mac\": \"02:00:00:00:00:01\",", "", "\"was_state\" lacks"},
		{"\"link_state\": \"disable\"", "\"link_state\": \"off\"", "\"link_state\""},
		{"\"attrs\": [", "\"attrs\": [\"vlan2\",", "\"attrs\""},
		{"\"attrs\": [", "\"attrs\": [3,", "\"attrs\""},
		{"\"pf\": \"" PF_A "\",", "", "\"pf\" is missing"},
		{"\"binds\": true", "\"binds\": true, \"binds\": false", "duplicate"},
	};
	struct bench *b = *state;
	char *text = own_text(b);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_changed(b, text, cases[i].from, cases[i].to);
		expect_foreign(b, cases[i].says);
	}
	put_record(b, "[1]\n", 4);
	expect_foreign(b, "no object");
	put_record(b, "", 0);
	expect_foreign(b, "line ");
	free(text);
}

static void
test_other_files(void **state)
{
	struct bench *b = *state;
	char *text = own_text(b), path[256], other[256];
	struct text big = TEXT_EMPTY;

	state_path(b, RECORD, path);
	state_path(b, "claims/elsewhere", other);
	/* A record that is all right, but reached through a link. */
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	expect_foreign(b, "symbolic link");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/nowhere/at/all", path), 0);
	expect_foreign(b, "symbolic link");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	expect_foreign(b, "no regular file");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0644), 0);
	expect_foreign(b, "no regular file");
	assert_int_equal(unlink(path), 0);
	put_record(b, text, strlen(text));
	assert_int_equal(chmod(path, 0666), 0);
	expect_foreign(b, "another user");
	assert_int_equal(unlink(path), 0);
	for (int i = 0; i < 2000; i++)
		text_puts(&big, "                ");
	text_puts(&big, text);
	put_record(b, big.s, big.len);
	expect_foreign(b, "too long");
	text_fini(&big);
	free(text);
}

static void
test_list(void **state)
{
	static const char *const others[] = {
		"README",
		"0000:3b:10.0.jso",
		".0000:3b:10.0.tmp",
		"3b:10.4.json",
		"0000:3B:10.4.json",
		".json",
		"x.json"};
	struct claim_record r = whole_record();
	struct bench *b = *state;
	struct pci_addr *list;
	char name[64], path[256];
	size_t n;

	assert_int_equal(journal_list(&b->h, &list, &n, &b->why), 0);
	assert_int_equal(n, 0);
	free(list);
	for (int i = 5; i >= 0; i--) {
		r.addr.device = (uint8_t)(i + 1);
		assert_int_equal(journal_write(&b->h, &r, &b->why), 0);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(name, sizeof(name), "claims/%s", others[i]);
		close(open(state_path(b, name, path), O_CREAT | O_WRONLY, 0644));
	}
	/* An unreadable one is listed as well. */
	put_record(b, "x", 1);
	assert_int_equal(journal_list(&b->h, &list, &n, &b->why), 0);
	assert_int_equal(n, 7);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(list[i].device, i + 1);
	assert_int_equal(list[6].device, 0x10);
	free(list);
}

static void
test_state_dir_that_is_none(void **state)
{
	struct claim_record r = whole_record();
	struct bench *b = *state;
	char path[256], dir[256];

	snprintf(path, sizeof(path), "%s/state-link", fake_host_root(b->f));
	snprintf(dir, sizeof(dir), "%s/state-real", fake_host_root(b->f));
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(symlink(dir, path), 0);
	b->h.state_dir = path;
	assert_int_equal(journal_write(&b->h, &r, &b->why), -ENOTDIR);
	expect_in(b->why.text, "symbolic link");
	strcat(path, "/");
	assert_int_equal(journal_write(&b->h, &r, &b->why), -ENOTDIR);
	b->h.state_dir = dir;
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(journal_write(&b->h, &r, &b->why), -EPERM);
	expect_in(b->why.text, "others may write");
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(journal_write(&b->h, &r, &b->why), 0);
	strcat(dir, "/none/below");
	assert_int_equal(journal_write(&b->h, &r, &b->why), -ENOENT);
	expect_in(b->why.text, "--state-dir");
	snprintf(dir, sizeof(dir), "%s/file", fake_host_root(b->f));
	close(open(dir, O_CREAT | O_WRONLY, 0644));
	assert_int_equal(journal_write(&b->h, &r, &b->why), -ENOTDIR);
}

/* Before the step, no file may grow any more, as on a full disk. */
static void
fill_disk(struct bench *b)
{
	struct rlimit none = {0, RLIM_INFINITY};

	(void)b;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
}

static void
empty_disk(void)
{
	struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
}

static void
take_temporary(struct bench *b)
{
	char path[256];

	assert_int_equal(unlink(state_path(b, "claims/." VF_A0 ".tmp", path)), 0);
}

static void
block_name(struct bench *b)
{
	char path[256];

	assert_int_equal(mkdir(state_path(b, "claims/." VF_A0 ".tmp", path), 0755), 0);
}

/* A record that cannot be replaced stays as it was, and leaves nothing beside it. */
static void
test_failed_writes(void **state)
{
	static const struct {
		const char *step;
		void (*sabotage)(struct bench *b);
		int err;
		const char *says;
	} cases[] = {
		{"temporary", block_name, -EISDIR, "make it"},
		{"write", fill_disk, -EFBIG, "write it"},
		{"rename", take_temporary, -ENOENT, "rename it"},
	};
	struct claim_record r = whole_record(), second = r, got;
	struct bench *b = *state;
	char path[256];

	memset(&got, 0, sizeof(got));
	assert_int_equal(journal_write(&b->h, &r, &b->why), 0);
	second.vf_index = 9;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		b->sabotaged = cases[i].step;
		b->sabotage = cases[i].sabotage;
		assert_int_equal(journal_write(&b->h, &second, &b->why), cases[i].err);
		empty_disk();
		expect_in(b->why.text, cases[i].says);
		expect_in(b->why.text, RECORD);
		assert_int_equal(record_of(b, VF_A0, &got), 0);
		assert_int_equal(got.vf_index, 7);
		rmdir(state_path(b, "claims/." VF_A0 ".tmp", path));
		assert_int_equal(access(path, F_OK), -1);
	}
	assert_int_equal(journal_write(&b->h, &second, &b->why), 0);
}

/* On disks of the test's own, where it may mount them. */
static void
test_full_and_read_only_disks(void **state)
{
	struct claim_record r = whole_record();
	struct bench *b = *state;
	char dir[256], fill[300];
	int fd, rc;

	snprintf(dir, sizeof(dir), "%s/disk", fake_host_root(b->f));
	assert_int_equal(mkdir(dir, 0755), 0);
	if (mount("vfbond-test", dir, "tmpfs", 0, "size=16k,mode=0755") != 0)
		skip();
	b->h.state_dir = dir;
	assert_int_equal(journal_write(&b->h, &r, &b->why), 0);
	snprintf(fill, sizeof(fill), "%s/fill", dir);
	fd = open(fill, O_CREAT | O_WRONLY, 0644);
	while (write(fd, fill, sizeof(fill)) > 0)
		;
	close(fd);
	r.addr = addr_of(VF_A1);
	rc = journal_write(&b->h, &r, &b->why);
	if (rc == -ENOSPC)
		expect_in(b->why.text, "free some space");
	if (mount("vfbond-test", dir, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=16k") == 0) {
		assert_int_equal(journal_write(&b->h, &r, &b->why), -EROFS);
		expect_in(b->why.text, "--state-dir");
		r.addr = addr_of(VF_A0);
		assert_int_equal(journal_remove(&b->h, &r.addr, &b->why), -EROFS);
		assert_int_equal(record_of(b, VF_A0, &r), 0);
	}
	assert_int_equal(umount(dir), 0);
	assert_int_equal(rc, -ENOSPC);
}

static void
test_owner(void **state)
{
	struct bench *b = *state;
	struct claim_owner o, nobody;

	assert_int_equal(claim_owner_read(&b->h, OWNER_PID, &o), 0);
	assert_int_equal(o.pid, OWNER_PID);
	assert_int_equal(o.start_ticks, 777);
	assert_string_equal(o.command, "owner");
	assert_true(claim_owner_alive(&b->h, &o));
	assert_int_equal(claim_owner_read(&b->h, 99999, &o), -ESRCH);
	assert_int_equal(claim_owner_read(&b->h, -1, &o), -ESRCH);
	/* Another process of the same number. */
	fake_host_process(b->f, OWNER_PID, 778, "owner", NULL);
	assert_false(claim_owner_alive(&b->h, &o));
	fake_host_process(b->f, OWNER_PID, 777, "other name", NULL);
	assert_true(claim_owner_alive(&b->h, &o));
	fake_host_remove(b->f, "/proc/4242");
	assert_false(claim_owner_alive(&b->h, &o));

	assert_int_equal(claim_owner_read(&b->h, 0, &nobody), 0);
	assert_int_equal(nobody.pid, 0);
	assert_true(claim_owner_alive(&b->h, &nobody));
	fake_host_put(b->f, "/proc/sys/kernel/random/boot_id", "another\n");
	assert_false(claim_owner_alive(&b->h, &nobody));
}

static void
put_stat(struct bench *b, const char *comm, const char *state, const char *start)
{
	fake_host_put(
		b->f,
		"/proc/4242/stat",
		"4242 (%s) %s 1 4242 4242 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 %s 99 100 101\n",
		comm,
		state,
		start
	);
}

static void
test_owner_with_odd_names(void **state)
{
	static const char *const names[] = {
		"a b", "a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", "(((", ")", ""};
	struct bench *b = *state;
	struct claim_owner o;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		put_stat(b, names[i], "S", "31337");
		assert_int_equal(claim_owner_read(&b->h, OWNER_PID, &o), 0);
		assert_int_equal(o.start_ticks, 31337);
	}
	/* A process that has ended, though nobody has waited for it. */
	put_stat(b, "owner", "Z", "31337");
	assert_false(claim_owner_alive(&b->h, &o));
	assert_int_equal(claim_owner_read(&b->h, OWNER_PID, &o), -ESRCH);
	put_stat(b, "owner", "S", "-5");
	assert_int_equal(claim_owner_read(&b->h, OWNER_PID, &o), -EINVAL);
	fake_host_put(b->f, "/proc/4242/stat", "4242 (owner) S 1 2 3\n");
	assert_int_equal(claim_owner_read(&b->h, OWNER_PID, &o), -EINVAL);
	/* What cannot be read takes nothing from anybody. */
	assert_true(claim_owner_alive(&b->h, &o));
	put_stat(b, "owner", "S", "31337");
	fake_host_put(b->f, "/proc/4242/comm", "a\033[2Jb\n");
	assert_int_equal(claim_owner_read(&b->h, OWNER_PID, &o), 0);
	assert_string_equal(o.command, "a?[2Jb");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_written_and_read, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_address_without_domain_limit, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(
			test_truncated_anywhere, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(test_wrong_values, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_other_files, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_list, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_state_dir_that_is_none, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(test_failed_writes, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_full_and_read_only_disks, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(test_owner, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_owner_with_odd_names, bench_setup, bench_teardown
		),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
