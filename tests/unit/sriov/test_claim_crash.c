/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Claims that are cut off: the process is killed before and after each step of claiming, releasing
 * and reconciling, each step fails, the disk is full; afterwards the machine is as it was.
 */
#include "claim_bench.h"

#include <signal.h>
#include <sys/resource.h>

enum { MANY_STEPS = 400 };

#define EVERYTHING                                                                    \
	"mac=02:00:00:00:00:99 vlan=7 qos=1 trust=on spoofchk=off link-state=enable " \
	"max-tx-rate=500"

struct fates {
	unsigned n[CLAIM_FATE_COUNT];
	char text[512];
};

static void
count_fate(void *ctx, const struct pci_addr *addr, enum claim_fate fate, const char *text)
{
	struct fates *f = ctx;

	(void)addr;
	f->n[fate]++;
	snprintf(f->text, sizeof(f->text), "%s", text);
}

/* A claim without owner that was cut off when all was done: it is whole, and can be released. */
static void
release_whole(struct bench *b)
{
	struct vf_settings wanted = settings_of(EVERYTHING);
	struct vf_state now = state_of(b, 0), want;
	struct claim_record r;

	assert_int_equal(record_of(b, VF_A0, &r), 0);
	assert_true(r.complete);
	assert_int_equal(r.owner.pid, 0);
	vf_settings_apply(&wanted, &now, &want);
	for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++)
		assert_true(vf_state_same(attr, &now, &want));
	assert_string_equal(device(b, VF_A0).driver, "vfio-pci");
	assert_int_equal(release(b, VF_A0), 0);
}

/* The owner ends, and who looks after that finds the machine as it was. */
static void
expect_reconciled(struct bench *b, unsigned step)
{
	struct fates fates = {.text = ""};
	struct pci_addr *list;
	size_t n;

	fake_host_remove(b->f, "/proc/4242");
	if (claim_reconcile(&b->h, false, count_fate, &fates, &b->why) != 0)
		fail_msg("step %u: %s", step, b->why.text);
	if (fates.n[CLAIM_LIVES] != 0)
		release_whole(b);
	fake_host_process(b->f, OWNER_PID, 777, "owner", NULL);
	assert_int_equal(journal_list(&b->h, &list, &n, &b->why), 0);
	assert_int_equal(n, 0);
	free(list);
	expect_as_before(b);
}

static void
work_claim(struct bench *b, pid_t owner)
{
	struct claim_request req = request(EVERYTHING);

	req.owner_pid = owner;
	if (claim(b, VF_A0, &req, NULL) != 0)
		_exit(2);
}

static void
work_release(struct bench *b, pid_t owner)
{
	struct pci_addr vf = addr_of(VF_A0);

	(void)owner;
	if (claim_release(&b->h, &vf, true, NULL, &b->why) != 0)
		_exit(2);
}

static void
work_reconcile(struct bench *b, pid_t owner)
{
	struct fates fates = {.text = ""};

	(void)owner;
	if (claim_reconcile(&b->h, false, count_fate, &fates, &b->why) != 0)
		_exit(2);
}

/* In a child that is killed at its @step; false: it came to its end. */
static bool
killed_at(
	struct bench *b,
	unsigned step,
	enum fake_fault fault,
	void (*work)(struct bench *b, pid_t owner),
	pid_t owner
)
{
	char proc[32];
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		bench_use(b, fake_host_open(fake_host_root(b->f)));
		fake_host_fault(b->f, step, fault, 0);
		work(b, owner);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	snprintf(proc, sizeof(proc), "/proc/%d", (int)pid);
	fake_host_remove(b->f, proc);
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		fail_msg("step %u: the work failed", step);
	return !WIFEXITED(status);
}

/* As the owner of a claim gives it another address. */
static void
work_set_mac(struct bench *b, pid_t owner)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 0, 0x77};
	struct pci_addr vf = addr_of(VF_A0);
	struct claim_record r;

	(void)owner;
	fake_host_process(b->f, (int)getpid(), 777, "owner", NULL);
	if (record_of(b, VF_A0, &r) != 0)
		_exit(2);
	r.owner.pid = getpid();
	if (journal_write(&b->real, &r, &b->why) != 0 ||
	    claim_set_mac(&b->h, &vf, mac, NULL, &b->why) != 0)
		_exit(2);
}

static void
kill_everywhere(
	struct bench *b,
	bool claimed_before,
	void (*work)(struct bench *b, pid_t owner),
	pid_t owner,
	unsigned least_steps
)
{
	static const enum fake_fault faults[] = {FAKE_KILL_BEFORE, FAKE_KILL_AFTER};
	struct claim_request req = request(EVERYTHING);

	req.owner_pid = owner;
	for (int i = 0; i < 2; i++) {
		bool killed = true;
		unsigned step;

		for (step = 1; killed; step++) {
			assert_true(step < MANY_STEPS);
			if (claimed_before)
				assert_int_equal(claim(b, VF_A0, &req, NULL), 0);
			if (work == work_reconcile)
				fake_host_remove(b->f, "/proc/4242");
			killed = killed_at(b, step, faults[i], work, owner);
			expect_reconciled(b, step);
		}
		assert_true(step > least_steps);
	}
}

static void
test_killed_in_claim(void **state)
{
	kill_everywhere(*state, false, work_claim, OWNER_PID, 18);
}

/* Nobody ends, so that only the record tells that it is not finished. */
static void
test_killed_in_claim_without_owner(void **state)
{
	kill_everywhere(*state, false, work_claim, 0, 18);
}

static void
test_killed_in_release(void **state)
{
	kill_everywhere(*state, true, work_release, OWNER_PID, 15);
}

static void
test_killed_in_release_without_owner(void **state)
{
	kill_everywhere(*state, true, work_release, 0, 15);
}

static void
test_killed_in_reconcile(void **state)
{
	kill_everywhere(*state, true, work_reconcile, OWNER_PID, 10);
}

static void
test_killed_in_set_mac(void **state)
{
	kill_everywhere(*state, true, work_set_mac, OWNER_PID, 8);
}

/* The next one who claims finds what is left, undoes it, and records what was before that. */
static void
test_claim_after_crash(void **state)
{
	struct claim_request req = request("vlan=9");
	struct bench *b = *state;
	int rc;

	for (unsigned step = 5; killed_at(b, step, FAKE_KILL_AFTER, work_claim, 0); step++) {
		rc = claim(b, VF_A0, &req, NULL);
		if (rc == -EBUSY)
			release_whole(b);
		else if (rc != 0)
			fail_msg("step %u: %s", step, b->why.text);
		if (rc == 0 && release(b, VF_A0) != 0)
			fail_msg("step %u: %s", step, b->why.text);
		expect_as_before(b);
	}
	assert_int_equal(claim(b, VF_A0, &req, NULL), -EBUSY);
	assert_int_equal(release(b, VF_A0), 0);
	expect_as_before(b);
}

/* Each step fails once: the claim is there, or all is as before. */
static void
test_failures_in_claim(void **state)
{
	struct claim_request req = request(EVERYTHING);
	struct bench *b = *state;
	unsigned first, failed = 0;
	int rc;

	for (unsigned step = 1;; step++) {
		assert_true(step < MANY_STEPS);
		first = fake_host_steps(b->f);
		fake_host_fault(b->f, first + step, FAKE_FAIL, EIO);
		rc = claim(b, VF_A0, &req, NULL);
		if (rc == 0 && fake_host_steps(b->f) < first + step)
			break;
		fake_host_fault(b->f, 0, FAKE_FAIL, 0);
		if (rc == 0)
			assert_int_equal(release(b, VF_A0), 0);
		else
			failed++;
		expect_as_before(b);
		assert_int_equal(release(b, VF_A0), -ENOENT);
	}
	/* Six attributes, the override, unbind; one that binds is offered again. */
	assert_true(failed >= 8);
	fake_host_fault(b->f, 0, FAKE_FAIL, 0);
	assert_int_equal(release(b, VF_A0), 0);
	expect_as_before(b);
}

/* Each step of a release fails once: the record stays, and the next one ends it. */
static void
test_failures_in_release(void **state)
{
	struct claim_request req = request(EVERYTHING);
	struct bench *b = *state;
	unsigned first, failed = 0;
	struct claim_record r;
	int rc;

	for (unsigned step = 1;; step++) {
		assert_true(step < MANY_STEPS);
		assert_int_equal(claim(b, VF_A0, &req, NULL), 0);
		first = fake_host_steps(b->f);
		fake_host_fault(b->f, first + step, FAKE_FAIL, EIO);
		rc = release(b, VF_A0);
		if (rc == 0 && fake_host_steps(b->f) < first + step)
			break;
		fake_host_fault(b->f, 0, FAKE_FAIL, 0);
		if (rc != 0) {
			failed++;
			assert_int_equal(record_of(b, VF_A0, &r), 0);
			assert_int_equal(release(b, VF_A0), 0);
		}
		expect_as_before(b);
	}
	assert_true(failed >= 6);
	expect_as_before(b);
}

/* A record from another boot, which has reset all that the claim changed. */
static void
test_other_boot(void **state)
{
	struct claim_request req = request(EVERYTHING);
	struct fates fates = {.text = ""};
	struct bench *b = *state;

	req.owner_pid = OWNER_PID;
	assert_int_equal(claim(b, VF_A0, &req, NULL), 0);
	fake_host_put(b->f, "/proc/sys/kernel/random/boot_id", "after-the-boot\n");
	bench_remember(b);
	assert_int_equal(claim_reconcile(&b->h, true, count_fate, &fates, &b->why), 0);
	assert_int_equal(fates.n[CLAIM_VANISHED], 1);
	assert_int_equal(claim_reconcile(&b->h, false, count_fate, &fates, &b->why), 0);
	assert_int_equal(fates.n[CLAIM_VANISHED], 2);
	expect_as_before(b);
	assert_int_equal(claim_reconcile(&b->h, false, count_fate, &fates, &b->why), 0);
	assert_int_equal(fates.n[CLAIM_VANISHED], 2);
}

static void
test_vf_vanished(void **state)
{
	struct claim_request req = request("vlan=7");
	struct fates fates = {.text = ""};
	struct bench *b = *state;
	struct claim_record r;
	static const char file[] = "/sys/bus/pci/devices/" PF_A "/sriov_numvfs";

	req.owner_pid = OWNER_PID;
	assert_int_equal(claim(b, VF_A0, &req, NULL), 0);
	assert_int_equal(claim(b, VF_A1, &req, NULL), 0);
	assert_int_equal(hostfs_write(&b->real.fs, "0", 1, "%s", file), 0);
	bench_remember(b);
	assert_int_equal(claim_reconcile(&b->h, false, count_fate, &fates, &b->why), 0);
	assert_int_equal(fates.n[CLAIM_VANISHED], 2);
	expect_in(fates.text, "no such VF");
	assert_int_equal(record_of(b, VF_A0, &r), -ENOENT);
	expect_as_before(b);
}

static void
test_dry_run_and_lives(void **state)
{
	struct claim_request req = request(EVERYTHING), nobody = request("vlan=8");
	struct fates fates = {.text = ""};
	struct bench *b = *state;
	struct claim_record r;

	req.owner_pid = OWNER_PID;
	assert_int_equal(claim(b, VF_A0, &req, NULL), 0);
	assert_int_equal(claim(b, VF_A1, &nobody, NULL), 0);
	bench_remember(b);
	assert_int_equal(claim_reconcile(&b->h, false, count_fate, &fates, &b->why), 0);
	assert_int_equal(fates.n[CLAIM_LIVES], 2);
	expect_in(fates.text, "until it is released");
	expect_as_before(b);
	fake_host_remove(b->f, "/proc/4242");
	bench_remember(b);
	assert_int_equal(claim_reconcile(&b->h, true, count_fate, &fates, &b->why), 0);
	assert_int_equal(fates.n[CLAIM_RESTORED], 1);
	expect_as_before(b);
	assert_int_equal(record_of(b, VF_A0, &r), 0);
}

static void
test_open_or_unreadable_is_left_alone(void **state)
{
	struct claim_request req = request("vlan=7");
	struct fates fates = {.text = ""};
	struct bench *b = *state;
	struct claim_result res;
	char path[256];
	FILE *f;

	req.owner_pid = OWNER_PID;
	assert_int_equal(claim(b, VF_A0, &req, &res), 0);
	fake_host_remove(b->f, "/proc/4242");
	/* The owner is gone, but somebody has the VF open. */
	other_opens(b, res.node.path);
	bench_remember(b);
	assert_int_equal(claim_reconcile(&b->h, false, count_fate, &fates, &b->why), -EBUSY);
	assert_int_equal(fates.n[CLAIM_FAILED], 1);
	expect_in(fates.text, "4343");
	expect_as_before(b);
	other_opens(b, NULL);
	f = fopen(state_path(b, "claims/" VF_A0 ".json", path), "w");
	assert_non_null(f);
	fputs("{}\n", f);
	fclose(f);
	bench_remember(b);
	assert_int_equal(claim_reconcile(&b->h, false, count_fate, &fates, &b->why), -EBADMSG);
	assert_int_equal(fates.n[CLAIM_UNREADABLE], 1);
	assert_int_equal(access(path, F_OK), 0);
	expect_as_before(b);
	/* Nor is it claimed over. */
	assert_int_equal(claim(b, VF_A0, &req, NULL), -EBADMSG);
	expect_as_before(b);
}

static void
fill_disk(struct bench *b)
{
	struct rlimit none = {0, RLIM_INFINITY};

	(void)b;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
}

/* For as long as the one write: the fake machine is made of files, too. */
static void
empty_disk(struct bench *b)
{
	struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

	(void)b;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
}

static void
take_temporary(struct bench *b)
{
	char path[256];

	assert_int_equal(unlink(state_path(b, "claims/." VF_A0 ".tmp", path)), 0);
}

/* The record cannot be written: before the first change, and when all is done. */
static void
test_record_cannot_be_written(void **state)
{
	struct claim_request req = request(EVERYTHING);
	struct bench *b = *state;
	struct claim_record r;

	for (unsigned nth = 0; nth < 2; nth++) {
		b->sabotaged = "journal: rename";
		b->sabotage = take_temporary;
		b->passes = nth;
		assert_int_equal(claim(b, VF_A0, &req, NULL), -ENOENT);
		assert_null(b->sabotaged);
		expect_in(b->why.text, "rename it");
		expect_as_before(b);
		assert_int_equal(record_of(b, VF_A0, &r), -ENOENT);
	}
	/* The disk is full before anything is done. */
	b->sabotaged = "journal: write";
	b->sabotage = fill_disk;
	b->passes = 0;
	assert_int_equal(claim(b, VF_A0, &req, NULL), -EFBIG);
	empty_disk(b);
	expect_as_before(b);
	assert_int_equal(record_of(b, VF_A0, &r), -ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_killed_in_claim, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_killed_in_claim_without_owner, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(
			test_killed_in_release, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(
			test_killed_in_release_without_owner, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(
			test_killed_in_reconcile, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(
			test_killed_in_set_mac, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(
			test_claim_after_crash, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(
			test_failures_in_claim, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(
			test_failures_in_release, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(test_other_boot, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_vf_vanished, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_dry_run_and_lives, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(
			test_open_or_unreadable_is_left_alone, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(
			test_record_cannot_be_written, bench_setup, bench_teardown
		),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
