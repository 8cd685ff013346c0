/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a hash by itself costs: cycles per packet of each policy, called for one frame after the
 * other, inlined into a loop over a burst, and for eight frames at a time with AVX2; and the steps
 * that follow it. The PMD's hashes are not to be had outside it. Run by `meson test --benchmark`;
 * tests/bench/instructions runs it under callgrind.
 */
#include "direct.h"
#include "frames_of_flows.h"
#include "spread.h"
#include "tlb_member.h"
#include "xmit_hash.h"
#include "xmit_hash_avx2.h"

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	BURST = 32,
	FRAMES = 96, /* so few that their headers stay in the first level cache */
	FLOWS = 16,
	BURSTS = 64, /* measured at a time */
};

static void
need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench_hash: %s does not work\n", what);
	exit(EXIT_FAILURE);
}

enum way { WAY_FUNCTION, WAY_LOOP, WAY_EIGHT, WAY_COUNT };
static const char *const way_names[WAY_COUNT] = {"function", "loop", "avx2"};

/* The hashes of a burst, or with two members their lowest bits. */
typedef void (*burst_fn)(struct rte_mbuf *const *pkts, uint32_t *ret);

#define LOOP(name, policy)                                                   \
	static void name##_loop(struct rte_mbuf *const *pkts, uint32_t *ret) \
	{                                                                    \
		const xmit_hash_fn hash = xmit_hash_get(policy);             \
		uint32_t key;                                                \
                                                                             \
		for (unsigned i = 0; i < BURST; i++)                         \
			ret[i] = likely(common_key(policy, pkts[i], &key))   \
			                 ? common_hash(policy, key)          \
			                 : hash(pkts[i]);                    \
	}
LOOP(l2, BOND_POLICY_L2)
LOOP(l34, BOND_POLICY_L34)
LOOP(l23, BOND_POLICY_L23)
LOOP(encap23, BOND_POLICY_ENCAP23)
LOOP(encap34, BOND_POLICY_ENCAP34)
LOOP(vlan_srcmac, BOND_POLICY_VLAN_SRCMAC)
LOOP(rss, BOND_POLICY_RSS)

#ifdef RTE_ARCH_X86_64

#define EIGHT(name, policy)                                                                 \
	static XMIT_AVX2 void name##_eight(struct rte_mbuf *const *pkts, uint32_t *ret)     \
	{                                                                                   \
		for (unsigned i = 0; i < BURST; i += XMIT_AVX2_FRAMES)                      \
			if (!xmit_hash_bits8(policy, pkts + i, &ret[i / XMIT_AVX2_FRAMES])) \
				abort();                                                    \
	}
EIGHT(l2, BOND_POLICY_L2)
EIGHT(l34, BOND_POLICY_L34)
EIGHT(l23, BOND_POLICY_L23)
EIGHT(encap23, BOND_POLICY_ENCAP23)
EIGHT(encap34, BOND_POLICY_ENCAP34)
EIGHT(vlan_srcmac, BOND_POLICY_VLAN_SRCMAC)
#define EIGHT_OF(name) name##_eight

static bool
has_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
}

#else

#define EIGHT_OF(name) NULL

static bool
has_avx2(void)
{
	return false;
}

#endif

static const struct {
	enum bond_policy policy;
	burst_fn loop, eight;
} policies[] = {
	{BOND_POLICY_L2, l2_loop, EIGHT_OF(l2)},
	{BOND_POLICY_L34, l34_loop, EIGHT_OF(l34)},
	{BOND_POLICY_L23, l23_loop, EIGHT_OF(l23)},
	{BOND_POLICY_ENCAP23, encap23_loop, EIGHT_OF(encap23)},
	{BOND_POLICY_ENCAP34, encap34_loop, EIGHT_OF(encap34)},
	{BOND_POLICY_VLAN_SRCMAC, vlan_srcmac_loop, EIGHT_OF(vlan_srcmac)},
	{BOND_POLICY_RSS, rss_loop, NULL},
};

/* Callgrind counts what happens inside. */
__attribute__((noinline)) static void
hash_run(unsigned row, enum way way, struct rte_mbuf *const *frames, unsigned bursts)
{
	const xmit_hash_fn hash = xmit_hash_get(policies[row].policy);
	const burst_fn of_burst = way == WAY_EIGHT ? policies[row].eight : policies[row].loop;
	/* Read by nobody, but stored as by a caller. */
	static uint32_t ret[BURST];

	for (unsigned b = 0; b < bursts; b++) {
		struct rte_mbuf *const *pkts = frames + b * BURST % FRAMES;

		if (way != WAY_FUNCTION)
			of_burst(pkts, ret);
		else
			for (unsigned i = 0; i < BURST; i++)
				ret[i] = hash(pkts[i]);
		__asm__ volatile("" : : "r"(ret) : "memory");
	}
}

static bool
has_way(unsigned row, enum way way)
{
	return way != WAY_EIGHT || (policies[row].eight != NULL && has_avx2());
}

static void
measure(unsigned row, struct rte_mbuf *const *frames, unsigned rounds)
{
	static double v[WAY_COUNT][SPREAD_MAX];

	for (unsigned i = 0; i < rounds; i++)
		for (enum way w = 0; w < WAY_COUNT; w++) {
			uint64_t begin = rte_rdtsc_precise();

			if (!has_way(row, w))
				continue;
			hash_run(row, w, frames, BURSTS);
			v[w][i] = (double)(rte_rdtsc_precise() - begin) / (BURSTS * BURST);
		}
	printf("%-12s", bond_policy_names[policies[row].policy]);
	for (enum way w = 0; w < WAY_COUNT; w++) {
		struct spread s;

		if (!has_way(row, w))
			continue;
		s = spread_of(v[w], rounds);
		printf(" %9.2f %6.2f [%5.2f %5.2f]", s.minimum, s.median, s.low, s.high);
	}
	printf("\n");
}

/* What the steps work on, and with. */
struct steps {
	struct rte_mbuf *pkts[BURST], *other[BURST];
	struct bond_plan *plan;
	struct bond_txq *q;
};

/* Modes 2 to 6: between two members, here by a bit of the NIC's hash. */
static void
step_divide(struct steps *s)
{
	size_t nb_other = 0;

	for (size_t i = 0; i < BURST; i++)
		xmit_split(s->pkts, i, s->other, &nb_other, s->pkts[i], s->pkts[i]->hash.rss & 1);
}

/* Modes 5 and 6. */
static void
step_count(struct steps *s)
{
	for (size_t i = 0; i < BURST; i++) {
		const struct rte_mbuf *m = s->pkts[i];
		uint8_t index = tlb_count(s->q, s->plan, m, m->hash.rss % TLB_BUCKETS);

		__asm__ volatile("" : : "r"(index));
	}
}

static void
step_source(struct steps *s)
{
	const struct xmit_slice slice = {s->pkts, BURST, 0};

	xmit_own_source(s->plan, 0, &slice);
}

static const struct {
	const char *name;
	void (*run)(struct steps *s);
} all_steps[] = {
	{"dividing between two members", step_divide},
	{"counting bytes in buckets", step_count},
	{"another source address", step_source},
};

static void
measure_steps(struct rte_mbuf *const *frames, unsigned rounds)
{
	struct steps s = {.plan = direct_plan_new(), .q = rte_zmalloc(NULL, sizeof(*s.q), 0)};
	static double v[RTE_DIM(all_steps)][SPREAD_MAX];

	need(s.plan != NULL && s.q != NULL, "memory");
	for (unsigned i = 0; i < rounds; i++)
		for (size_t k = 0; k < RTE_DIM(all_steps); k++) {
			uint64_t begin = rte_rdtsc_precise();

			for (unsigned b = 0; b < BURSTS; b++) {
				memcpy(s.pkts, frames + b * BURST % FRAMES, sizeof(s.pkts));
				all_steps[k].run(&s);
				__asm__ volatile("" : : "r"(&s) : "memory");
			}
			v[k][i] = (double)(rte_rdtsc_precise() - begin) / (BURSTS * BURST);
		}
	for (size_t k = 0; k < RTE_DIM(all_steps); k++) {
		struct spread found = spread_of(v[k], rounds);

		printf("%-28s %6.2f %6.2f [%5.2f %5.2f]\n",
		       all_steps[k].name,
		       found.minimum,
		       found.median,
		       found.low,
		       found.high);
	}
	free(s.plan);
	rte_free(s.q);
}

/* Two calls of hash_run for each line: the first one warms up. */
static void
count(unsigned row, struct rte_mbuf *const *frames, unsigned bursts)
{
	for (enum way w = 0; w < WAY_COUNT; w++) {
		if (!has_way(row, w))
			continue;
		hash_run(row, w, frames, 4);
		hash_run(row, w, frames, bursts);
		printf("%s hash %s %u\n",
		       bond_policy_names[policies[row].policy],
		       way_names[w],
		       bursts * BURST);
	}
}

static void
usage(void)
{
	fprintf(stderr,
	        "usage: bench_hash [--rounds N | --count BURSTS]\n"
	        "--count: no clock, for callgrind.\n");
	exit(2);
}

/* A pool of frames, all of them taken out. */
static void
frames_new(struct rte_mbuf *frames[FRAMES])
{
	const struct rte_ether_addr mac = {{2, 0, 0, 0, 0, 1}};
	char prefix[64];
	char *argv[] = {
		"bench_hash",
		"--no-huge",
		"-m64",
		"--no-pci",
		"--no-telemetry",
		"--lcores=0",
		"--log-level=critical",
		prefix};
	struct rte_mempool *pool;

	snprintf(prefix, sizeof(prefix), "--file-prefix=bench-%d", (int)getpid());
	need(rte_eal_init(RTE_DIM(argv), argv) >= 0, "EAL");
	pool = frames_pool("frames", FRAMES);
	need(pool != NULL, "a pool");
	frames_of_flows(pool, &mac, FLOWS);
	need(rte_mempool_get_bulk(pool, (void **)frames, FRAMES) == 0, "taking frames");
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{"rounds", required_argument, NULL, 'r'},
		{"count", required_argument, NULL, 'c'},
		{NULL, 0, NULL, 0},
	};
	struct rte_mbuf *frames[FRAMES];
	unsigned rounds = 101, bursts = 0;
	int option;

	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		unsigned long n = optarg != NULL ? strtoul(optarg, NULL, 10) : 0;

		if (option == 'r' && n >= 15 && n <= SPREAD_MAX)
			rounds = (unsigned)n;
		else if (option == 'c' && n >= 1 && n <= 1000000)
			bursts = (unsigned)n;
		else
			usage();
	}
	if (optind != argc)
		usage();
	frames_new(frames);
	if (bursts == 0)
		printf("cycles per packet (TSC, %.2f GHz) of a hash, by function, in a loop, of "
		       "eight with AVX2\n(there the lowest bit, for two members): minimum, median "
		       "[95 %%]\n",
		       (double)rte_get_tsc_hz() / 1e9);
	for (unsigned row = 0; row < RTE_DIM(policies); row++) {
		if (bursts != 0)
			count(row, frames, bursts);
		else
			measure(row, frames, rounds);
	}
	if (bursts == 0) {
		printf("the steps behind it, each with the copy of a burst's pointers:\n");
		measure_steps(frames, rounds);
	}
	rte_eal_cleanup();
	return EXIT_SUCCESS;
}
