/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What bonding costs per packet: cycles of the direct path and of the PMD's bond over the same null
 * members, less those of a bare port. Run by `meson test --benchmark`; tests/bench/instructions
 * runs it under callgrind.
 */
#include "bed.h"
#include "spread.h"

#include <rte_common.h>
#include <rte_cycles.h>

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BURSTS = 64,       /* measured at a time */
	WARM_BURSTS = 256, /* also once round a pool of BED_MAX_FLOWS frames */
};

struct options {
	unsigned rounds;
	unsigned frames; /* in a pool */
	unsigned count;  /* bursts to be run without a clock; 0: measure */
	const char *json;
	const char *only; /* part of a case's name */
	bool full, prefetch;
};

struct list {
	uint16_t values[5], n;
};

/* What the rounds of one case and way say. */
struct result {
	struct spread cycles[BED_PATH_COUNT]; /* per packet */
	struct spread cost, floor, rate;      /* direct : PMD, floor : PMD, bare : direct */
	double least;                         /* cost of minima */
};

static void
name_of(const struct bed_case *c, char *ret, size_t size)
{
	snprintf(
		ret,
		size,
		"%s %s members=%u burst=%u flows=%u",
		bond_mode_names[c->mode],
		c->variant != BED_DEFAULT ? bed_variant_names[c->variant]
					  : bond_policy_names[c->policy],
		c->nb_members,
		c->burst,
		c->flows
	);
}

static double
cycles(struct bed *bed, const struct bed_case *c, enum bed_path path, enum bed_way way)
{
	uint64_t begin = rte_rdtsc_precise();

	bed_run(bed, path, way, BURSTS);
	return (double)(rte_rdtsc_precise() - begin) / ((double)BURSTS * c->burst);
}

/* What divides by nothing becomes null: some of the PMD's modes cost less than can be measured. */
static json_t *
json_of(const struct spread *s)
{
	return json_pack(
		"{s:o?, s:o?, s:o?, s:o?}",
		"minimum",
		json_real(s->minimum),
		"median",
		json_real(s->median),
		"low",
		json_real(s->low),
		"high",
		json_real(s->high)
	);
}

static void
print_row(const struct bed_case *c, enum bed_way way, const struct result *r)
{
	const struct spread *s = r->cycles;
	char name[128];

	name_of(c, name, sizeof(name));
	printf("%-52s %s", name, bed_way_names[way]);
	for (enum bed_path p = 0; p < BED_PATH_COUNT; p++)
		printf(" %6.2f", s[p].minimum);
	printf(" |");
	for (enum bed_path p = 0; p < BED_PATH_COUNT; p++)
		printf(" %6.2f", s[p].median);
	printf(" | %5.2f %5.2f [%5.2f %5.2f] | %5.2f | %.2f\n",
	       r->least,
	       r->cost.median,
	       r->cost.low,
	       r->cost.high,
	       r->floor.median,
	       s[BED_BARE].minimum / s[BED_DIRECT].minimum);
}

static json_t *
json_row(const struct bed_case *c, enum bed_way way, const struct result *r)
{
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:o?, s:o, s:o, s:o}",
		"mode",
		bond_mode_names[c->mode],
		"policy",
		bond_policy_names[c->policy],
		"variant",
		bed_variant_names[c->variant],
		"way",
		bed_way_names[way],
		"members",
		c->nb_members,
		"burst",
		c->burst,
		"flows",
		c->flows,
		"bare",
		json_of(&r->cycles[BED_BARE]),
		"floor",
		json_of(&r->cycles[BED_FLOOR]),
		"pmd",
		json_of(&r->cycles[BED_PMD]),
		"direct",
		json_of(&r->cycles[BED_DIRECT]),
		"cost_ratio_of_minima",
		json_real(r->least),
		"cost_ratio",
		json_of(&r->cost),
		"floor_ratio",
		json_of(&r->floor),
		"bare_by_direct",
		json_of(&r->rate)
	);
}

/* Rounds in which each path has its turn, so that what disturbs one disturbs all. */
static void
measure(struct bed *bed, const struct bed_case *c, const struct options *o, json_t *rows)
{
	static double v[BED_PATH_COUNT][SPREAD_MAX], cost[SPREAD_MAX], floor[SPREAD_MAX],
		rate[SPREAD_MAX];

	for (enum bed_way way = 0; way < BED_WAY_COUNT; way++) {
		struct result r;

		for (enum bed_path p = 0; p < BED_PATH_COUNT; p++)
			bed_run(bed, p, way, WARM_BURSTS);
		for (unsigned i = 0; i < o->rounds; i++)
			for (enum bed_path p = 0; p < BED_PATH_COUNT; p++)
				v[p][i] = cycles(bed, c, p, way);
		for (unsigned i = 0; i < o->rounds; i++) {
			double pmd = v[BED_PMD][i] - v[BED_BARE][i];

			cost[i] = (v[BED_DIRECT][i] - v[BED_BARE][i]) / pmd;
			floor[i] = (v[BED_FLOOR][i] - v[BED_BARE][i]) / pmd;
			rate[i] = v[BED_BARE][i] / v[BED_DIRECT][i];
		}
		for (enum bed_path p = 0; p < BED_PATH_COUNT; p++)
			r.cycles[p] = spread_of(v[p], o->rounds);
		r.cost = spread_of(cost, o->rounds);
		r.floor = spread_of(floor, o->rounds);
		r.rate = spread_of(rate, o->rounds);
		r.least = (r.cycles[BED_DIRECT].minimum - r.cycles[BED_BARE].minimum) /
		          (r.cycles[BED_PMD].minimum - r.cycles[BED_BARE].minimum);
		print_row(c, way, &r);
		json_array_append_new(rows, json_row(c, way, &r));
	}
}

/* Two calls of bed_run for each line: the first one warms up. */
static void
count(struct bed *bed, const struct bed_case *c, const struct options *o)
{
	char name[128];

	name_of(c, name, sizeof(name));
	for (enum bed_way way = 0; way < BED_WAY_COUNT; way++)
		for (enum bed_path p = 0; p < BED_PATH_COUNT; p++) {
			bed_run(bed, p, way, 4);
			bed_run(bed, p, way, o->count);
			printf("%s %s %s %u\n",
			       name,
			       bed_way_names[way],
			       bed_path_names[p],
			       o->count * c->burst);
		}
}

static void
one_case(struct bed *bed, const struct bed_case *c, const struct options *o, json_t *rows)
{
	char name[128];

	name_of(c, name, sizeof(name));
	if (o->only != NULL && strstr(name, o->only) == NULL)
		return;
	bed_prepare(bed, c);
	if (o->count != 0)
		count(bed, c, o);
	else
		measure(bed, c, o, rows);
	fflush(stdout);
}

/* Policies that decide where frames of a mode go. */
static bool
has_policy(enum bond_mode mode, enum bond_policy policy)
{
	switch (mode) {
	case BOND_MODE_XOR:
		return true;
	case BOND_MODE_8023AD:
		return policy == BOND_POLICY_L2 || policy == BOND_POLICY_L34;
	case BOND_MODE_TLB:
		return policy == BOND_POLICY_L2 || policy == BOND_POLICY_L34;
	default:
		return policy == BOND_POLICY_L2;
	}
}

/* Options that change how a mode sends or receives. */
static bool
has_variant(enum bond_mode mode, enum bed_variant variant)
{
	switch (variant) {
	case BED_QUIET:
		return mode == BOND_MODE_AB;
	case BED_PACKETS_PER_SLAVE:
	case BED_RANDOM:
		return mode == BOND_MODE_RR;
	case BED_STATIC:
		return bond_mode_is_lb(mode);
	case BED_BROADCAST_NEIGHBOR:
		return mode == BOND_MODE_8023AD;
	case BED_ARP_MONITOR:
		return mode != BOND_MODE_8023AD && !bond_mode_is_lb(mode);
	case BED_DEFAULT:
	case BED_VARIANT_COUNT:
		break;
	}
	return false;
}

/* A mode with its defaults under each policy, and with each other option once. */
static void
one_place(struct bed *bed, struct bed_case c, const struct options *o, json_t *rows)
{
	if (has_policy(c.mode, c.policy))
		one_case(bed, &c, o, rows);
	for (c.variant = BED_DEFAULT + 1; c.variant < BED_VARIANT_COUNT; c.variant++)
		if (c.policy == BOND_POLICY_L2 && has_variant(c.mode, c.variant))
			one_case(bed, &c, o, rows);
}

static void
all_cases(struct bed *bed, const struct options *o, json_t *rows)
{
	static const struct list members[] = {{{2}, 1}, {{1, 2, 3, 4, 8}, 5}};
	static const struct list bursts[] = {{{32}, 1}, {{8, 32, 64}, 3}};
	static const struct list flows[] = {{{16}, 1}, {{1, 16, 4096}, 3}};
	struct bed_case c = {.variant = BED_DEFAULT};

	for (c.mode = 0; c.mode < BOND_MODE_COUNT; c.mode++)
		for (unsigned m = 0; m < members[o->full].n; m++)
			for (c.policy = 0; c.policy < BOND_POLICY_COUNT; c.policy++)
				for (unsigned b = 0; b < bursts[o->full].n; b++)
					for (unsigned f = 0; f < flows[o->full].n; f++) {
						c.nb_members = members[o->full].values[m];
						c.burst = bursts[o->full].values[b];
						c.flows = flows[o->full].values[f];
						one_place(bed, c, o, rows);
					}
}

static void
usage(void)
{
	fprintf(stderr,
	        "usage: bench_xmit [--full] [--rounds N] [--frames N] [--prefetch] [--only TEXT]\n"
	        "                  [--json FILE]\n"
	        "       bench_xmit --count BURSTS [--full] [--only TEXT]\n"
	        "--full: 1 to 8 members, bursts of 8 to 64, 1 to 4096 flows. --only: cases whose "
	        "name\ncontains TEXT. --count: no clock, for callgrind.\n"
	        "--frames: buffers in a pool, 127 unless told; 32767 are too many for the caches "
	        "near\n"
	        "the CPU. --prefetch: the direct path asks for headers first, as the io engine "
	        "does\n"
	        "where a device wrote them.\n");
	exit(2);
}

static unsigned
number(const char *text, unsigned least, unsigned most)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || n < least || n > most) {
		fprintf(stderr, "bench_xmit: %s is no number of %u to %u\n", text, least, most);
		exit(2);
	}
	return (unsigned)n;
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{"rounds", required_argument, NULL, 'r'},
		{"frames", required_argument, NULL, 'p'},
		{"count", required_argument, NULL, 'c'},
		{"json", required_argument, NULL, 'j'},
		{"only", required_argument, NULL, 'o'},
		{"prefetch", no_argument, NULL, 'h'},
		{"full", no_argument, NULL, 'f'},
		{NULL, 0, NULL, 0},
	};
	struct options o = {.rounds = 101, .frames = BED_HOT_FRAMES};
	json_t *rows = json_array();
	struct bed *bed;
	int option, status = EXIT_SUCCESS;

	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (option == 'r')
			o.rounds = number(optarg, 15, SPREAD_MAX);
		else if (option == 'p')
			o.frames = number(optarg, BED_HOT_FRAMES, BED_MAX_FRAMES);
		else if (option == 'c')
			o.count = number(optarg, 1, 1000000);
		else if (option == 'j')
			o.json = optarg;
		else if (option == 'o')
			o.only = optarg;
		else if (option == 'h')
			o.prefetch = true;
		else if (option == 'f')
			o.full = true;
		else
			usage();
	}
	if (optind != argc)
		usage();
	bed = bed_new(o.frames, o.prefetch);
	if (o.count == 0)
		printf("cycles per packet (TSC, %.2f GHz) of a bare port, the same sending as "
		       "members must, the PMD's bond,\nthe direct path: minima | medians | cost of "
		       "bonding, direct : PMD: of minima, median [95 %%] | floor : PMD | bare : "
		       "direct\n",
		       (double)rte_get_tsc_hz() / 1e9);
	all_cases(bed, &o, rows);
	bed_free(bed);
	if (o.json != NULL && json_dump_file(rows, o.json, JSON_INDENT(1)) != 0) {
		fprintf(stderr, "bench_xmit: cannot write %s\n", o.json);
		status = EXIT_FAILURE;
	}
	json_decref(rows);
	return status;
}
