/* SPDX-License-Identifier: BSD-3-Clause */
/* Several VFs: all or none, of different PFs, around those in use, by many processes at once. */
#include "claim_bench.h"

#include <sched.h>

enum { MANY_VFS = 256, PROCESSES = 8 };

/* The VFs of both PFs, in the order of their addresses. */
struct pool {
	struct pci_bus *bus;
	const struct pci_device *vfs[MANY_VFS + 8];
	size_t n;
};

static void
pool_fill(struct bench *b, struct pool *p)
{
	*p = (struct pool){.n = 0};
	assert_int_equal(pci_bus_scan(&p->bus, &b->h.fs, &b->why), 0);
	for (size_t i = 0; i < pci_bus_count(p->bus); i++)
		if (pci_bus_at(p->bus, i)->is_vf)
			p->vfs[p->n++] = pci_bus_at(p->bus, i);
}

static int
claim_some(
	struct bench *b,
	const struct pool *p,
	size_t count,
	bool distinct_pf,
	const struct claim_request *req,
	struct claim_result *ret,
	size_t *ret_n
)
{
	return claim_vfs(
		&b->h, p->vfs, p->n, count, distinct_pf, req, ret, ret_n, &b->notes, &b->why
	);
}

static size_t
count_records(struct bench *b)
{
	struct pci_addr *list;
	size_t n;

	assert_int_equal(journal_list(&b->h, &list, &n, &b->why), 0);
	free(list);
	return n;
}

static void
test_all_or_none(void **state)
{
	struct claim_request req = request("vlan=7");
	struct claim_result res[2 * VFS];
	struct bench *b = *state;
	struct pool p;
	size_t n = 99;

	pool_fill(b, &p);
	assert_int_equal(p.n, 2 * VFS);
	assert_int_equal(claim_some(b, &p, 0, false, &req, res, &n), 0);
	assert_int_equal(n, 2 * VFS);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(pci_addr_cmp(&res[i].addr, &p.vfs[i]->addr), 0);
		assert_int_equal(claim_release(&b->h, &res[i].addr, false, NULL, &b->why), 0);
	}
	expect_as_before(b);
	/* The last one cannot be had: none is kept. */
	fake_host_answer(b->f, "ens2f0", VF_ATTR_VLAN, FAKE_REFUSES, EPERM);
	bench_remember(b);
	n = 99;
	assert_int_equal(claim_some(b, &p, 0, false, &req, res, &n), -EPERM);
	assert_int_equal(n, 99);
	assert_int_equal(count_records(b), 0);
	expect_as_before(b);
	/* More than there are. */
	assert_int_equal(claim_some(b, &p, p.n + 1, false, &req, res, &n), -ENOENT);
	expect_in(b->why.text, "9 VFs are wanted");
	pci_bus_free(p.bus);
}

static void
test_around_those_in_use(void **state)
{
	struct claim_request req = request("vlan=7"), first = request("");
	struct claim_result res[2 * VFS];
	struct bench *b = *state;
	struct pool p;
	size_t n;

	first.owner_pid = OWNER_PID;
	assert_int_equal(claim(b, VF_A0, &first, NULL), 0);
	bench_remember(b);
	pool_fill(b, &p);
	assert_int_equal(claim_some(b, &p, 2, false, &req, res, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(res[0].addr.function, 2);
	assert_int_equal(res[1].addr.function, 4);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(claim_release(&b->h, &res[i].addr, false, NULL, &b->why), 0);
	expect_as_before(b);
	/* All are meant, or too many are wanted. */
	assert_int_equal(claim_some(b, &p, 0, false, &req, res, &n), -EBUSY);
	expect_in(b->why.text, "4242 (owner)");
	assert_int_equal(claim_some(b, &p, p.n, false, &req, res, &n), -EBUSY);
	expect_in(b->why.text, "only 7 of 8");
	expect_in(b->why.text, "4242 (owner)");
	assert_int_equal(count_records(b), 1);
	expect_as_before(b);
	pci_bus_free(p.bus);
}

static void
test_distinct_pfs(void **state)
{
	struct claim_request req = request("trust=on");
	struct claim_result res[2 * VFS];
	struct bench *b = *state;
	struct pool p;
	size_t n;

	pool_fill(b, &p);
	assert_int_equal(claim_some(b, &p, 2, true, &req, res, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(res[0].pf.bus, 0x3b);
	assert_int_equal(res[1].pf.bus, 0x5e);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(claim_release(&b->h, &res[i].addr, false, NULL, &b->why), 0);
	expect_as_before(b);
	assert_int_equal(claim_some(b, &p, 3, true, &req, res, &n), -EBUSY);
	expect_in(b->why.text, "same PF");
	assert_int_equal(claim_some(b, &p, 0, true, &req, res, &n), -EINVAL);
	expect_in(b->why.text, "same PF");
	assert_int_equal(count_records(b), 0);
	expect_as_before(b);
	pci_bus_free(p.bus);
}

static void
test_256(void **state)
{
	struct fake_pf_settings pf = FAKE_PF_IGB("0000:af:00.0", "ens3f0", MANY_VFS);
	struct claim_result *res = calloc(MANY_VFS, sizeof(*res));
	struct claim_request req = request("vlan=7");
	struct bench *b = *state;
	struct pool p, big = {.n = 0};
	size_t n;

	pf.total_vfs = MANY_VFS;
	pf.vf_stride = 1;
	fake_host_add_pf(b->f, &pf);
	bench_remember(b);
	pool_fill(b, &p);
	for (size_t i = 0; i < p.n; i++)
		if (p.vfs[i]->pf.bus == 0xaf)
			big.vfs[big.n++] = p.vfs[i];
	assert_int_equal(big.n, MANY_VFS);
	assert_int_equal(claim_some(b, &big, 0, false, &req, res, &n), 0);
	assert_int_equal(n, MANY_VFS);
	assert_int_equal(count_records(b), MANY_VFS);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(res[i].vf_index, i);
		assert_int_equal(claim_release(&b->h, &res[i].addr, false, NULL, &b->why), 0);
	}
	expect_as_before(b);
	pci_bus_free(p.bus);
	free(res);
}

/* Waiting for another process takes time of the machine, not of the fake one. */
static void
give_way(void *ctx, uint32_t ms)
{
	(void)ctx;
	(void)ms;
	sched_yield();
}

static void
claim_in_child(struct bench *b, const struct pool *p, size_t count, int fd)
{
	struct claim_request req = request("vlan=7 trust=on");
	struct claim_result res[2 * VFS];
	size_t n;

	bench_use(b, fake_host_open(fake_host_root(b->f)));
	b->h.sleep_ms = give_way;
	fake_host_process(b->f, (int)getpid(), 5, "child", NULL);
	req.owner_pid = getpid();
	if (claim_some(b, p, count, false, &req, res, &n) != 0)
		_exit(1);
	for (size_t i = 0; i < n; i++)
		if (write(fd, &res[i].addr, sizeof(res[i].addr)) != sizeof(res[i].addr))
			_exit(2);
	_exit(0);
}

/* As many claim at once as there are VFs: each gets one, and none is had twice. */
static void
test_many_processes(void **state)
{
	struct pci_addr got[2 * VFS + 1];
	struct bench *b = *state;
	int fds[2], status;
	struct pool p;
	size_t n = 0;

	pool_fill(b, &p);
	for (int round = 0; round < 4; round++) {
		assert_int_equal(pipe(fds), 0);
		for (int i = 0; i < PROCESSES; i++)
			if (fork() == 0)
				claim_in_child(b, &p, 1, fds[1]);
		for (int i = 0; i < PROCESSES; i++) {
			assert_true(wait(&status) > 0);
			assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		}
		close(fds[1]);
		for (n = 0; read(fds[0], &got[n], sizeof(got[n])) == sizeof(got[n]); n++)
			assert_true(n < 2 * VFS);
		close(fds[0]);
		assert_int_equal(n, PROCESSES);
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < i; j++)
				assert_int_not_equal(pci_addr_cmp(&got[i], &got[j]), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(claim_release(&b->h, &got[i], true, NULL, &b->why), 0);
	}
	assert_int_equal(count_records(b), 0);
	pci_bus_free(p.bus);
}

/* All want the same one: one gets it. */
static void
test_one_for_many_processes(void **state)
{
	struct bench *b = *state;
	int fds[2], status, winners = 0;
	struct pool p;

	pool_fill(b, &p);
	p.n = 1;
	assert_int_equal(pipe(fds), 0);
	for (int i = 0; i < PROCESSES; i++)
		if (fork() == 0)
			claim_in_child(b, &p, 0, fds[1]);
	for (int i = 0; i < PROCESSES; i++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
		winners += WEXITSTATUS(status) == 0;
	}
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(winners, 1);
	assert_int_equal(count_records(b), 1);
	pci_bus_free(p.bus);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_or_none, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_around_those_in_use, bench_setup, bench_teardown
		),
		cmocka_unit_test_setup_teardown(test_distinct_pfs, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_256, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(test_many_processes, bench_setup, bench_teardown),
		cmocka_unit_test_setup_teardown(
			test_one_for_many_processes, bench_setup, bench_teardown
		),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
