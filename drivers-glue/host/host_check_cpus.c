/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where workers run: NUMA nodes and those of the NICs, isolated CPUs, their clock. Looks of
 * host_check.h. Not by libnuma, which knows the machine only that it runs on, and no tree of files.
 */
#include "host_check_priv.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CPUS "/sys/devices/system/cpu"
#define NODES "/sys/devices/system/node"

bool
check_cpus_has(const struct check_cpus *cpus, unsigned cpu)
{
	return cpu < CHECK_CPUS && (cpus->bits[cpu / 64] >> cpu % 64 & 1) != 0;
}

unsigned
check_cpus_count(const struct check_cpus *cpus)
{
	unsigned n = 0;

	for (size_t i = 0; i < CHECK_CPUS / 64; i++)
		n += (unsigned)__builtin_popcountll(cpus->bits[i]);
	return n;
}

bool
check_cpus_overlap(const struct check_cpus *a, const struct check_cpus *b)
{
	for (size_t i = 0; i < CHECK_CPUS / 64; i++)
		if ((a->bits[i] & b->bits[i]) != 0)
			return true;
	return false;
}

static int
parse_cpu(const char **s, unsigned *ret)
{
	unsigned v = 0;

	if (!isdigit((unsigned char)**s))
		return -EINVAL;
	for (; isdigit((unsigned char)**s); (*s)++) {
		v = v * 10 + (unsigned)(**s - '0');
		if (v >= CHECK_CPUS)
			return -EINVAL;
	}
	*ret = v;
	return 0;
}

int
check_cpus_parse(const char *s, struct check_cpus *ret)
{
	struct check_cpus cpus = {0};
	unsigned from, to;

	/* What the kernel prints for a list that is not there. */
	if (strcmp(s, "(null)") == 0)
		s = "";
	while (*s != '\0') {
		if (parse_cpu(&s, &from) != 0)
			return -EINVAL;
		to = from;
		if (*s == '-') {
			s++;
			if (parse_cpu(&s, &to) != 0 || to < from)
				return -EINVAL;
		}
		for (unsigned cpu = from; cpu <= to; cpu++)
			cpus.bits[cpu / 64] |= UINT64_C(1) << cpu % 64;
		if (*s == ',' && s[1] != '\0')
			s++;
		else if (*s != '\0')
			return -EINVAL;
	}
	*ret = cpus;
	return 0;
}

int
check_cpus_read(const struct host_checker *c, const char *path, struct check_cpus *ret)
{
	char list[2048];
	int rc = hostfs_read(c->fs, list, sizeof(list), "%s", path);

	return rc == 0 ? check_cpus_parse(list, ret) : rc;
}

const char *
check_cpus_text(const struct check_cpus *cpus, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned cpu = 0, to; cpu < CHECK_CPUS && len < size; cpu = to + 1) {
		to = cpu;
		if (!check_cpus_has(cpus, cpu))
			continue;
		while (check_cpus_has(cpus, to + 1))
			to++;
		len += (size_t)snprintf(buf + len, size - len, "%s%u", len > 0 ? "," : "", cpu);
		if (to > cpu && len < size)
			len += (size_t)snprintf(buf + len, size - len, "-%u", to);
	}
	return buf;
}

/* CPUs of a node; none when that is not to be read. */
static void
node_cpus(const struct host_checker *c, unsigned node, struct check_cpus *ret)
{
	char path[64];

	snprintf(path, sizeof(path), NODES "/node%u/cpulist", node);
	if (check_cpus_read(c, path, ret) != 0)
		memset(ret, 0, sizeof(*ret));
}

static void
show_nodes(struct host_checker *c, const struct check_cpus *nodes)
{
	unsigned n = check_cpus_count(nodes);
	char text[224] = "", list[96];
	struct check_cpus cpus;
	size_t len = 0;

	for (unsigned node = 0; node < CHECK_CPUS && len < sizeof(text); node++) {
		if (!check_cpus_has(nodes, node))
			continue;
		node_cpus(c, node, &cpus);
		len += (size_t)snprintf(
			text + len,
			sizeof(text) - len,
			"%s%u with CPUs %s",
			len > 0 ? ", " : "",
			node,
			check_cpus_count(&cpus) > 0 ? check_cpus_text(&cpus, list, sizeof(list))
						    : "none"
		);
	}
	check_add(c, "numa", HOST_OK, "%s %s", n == 1 ? "node" : "nodes", text);
}

static void
judge_pf_cpus(struct host_checker *c, const struct check_pf *pf, const struct check_cpus *allowed)
{
	char name[CHECK_PF_BYTES], list[96];
	struct check_cpus cpus;

	check_pf_text(pf, name);
	if (pf->numa_node < 0) {
		check_add(
			c,
			"numa",
			HOST_NOTE,
			"%s: its node is not known to the firmware: choose CPUs by measurement",
			name
		);
		return;
	}
	node_cpus(c, (unsigned)pf->numa_node, &cpus);
	if (check_cpus_overlap(&cpus, allowed))
		return;
	check_remedy(
		check_add(
			c,
			"numa",
			HOST_WARNING,
			"%s is on node %d, where this process may use no CPU",
			name,
			pf->numa_node
		),
		"start on CPUs of node %d (%s): taskset, or the cpuset of the container",
		pf->numa_node,
		check_cpus_text(&cpus, list, sizeof(list))
	);
}

void
check_numa(struct host_checker *c)
{
	struct check_cpus nodes, allowed;
	char list[2048];

	if (check_cpus_read(c, NODES "/online", &nodes) != 0 || check_cpus_count(&nodes) == 0) {
		check_add(c, "numa", HOST_NOTE, "the kernel tells of no nodes");
		return;
	}
	show_nodes(c, &nodes);
	if (check_cpus_count(&nodes) < 2)
		return;
	if (!check_line(c, "/proc/self/status", "Cpus_allowed_list:", list, sizeof(list)) ||
	    check_cpus_parse(list, &allowed) != 0)
		return;
	for (size_t i = 0; i < c->nb_pfs; i++)
		judge_pf_cpus(c, &c->pfs[i], &allowed);
}

/* By isolcpus=, or by a partition of cpusets (cgroup v2). */
static bool
read_isolated(const struct host_checker *c, struct check_cpus *ret)
{
	struct check_cpus more = {0};

	if (check_cpus_read(c, CPUS "/isolated", ret) != 0)
		return false;
	(void)check_cpus_read(c, "/sys/fs/cgroup/cpuset.cpus.isolated", &more);
	for (size_t i = 0; i < CHECK_CPUS / 64; i++)
		ret->bits[i] |= more.bits[i];
	return true;
}

/* All CPUs but the first, for a remedy. */
static const char *
workers_text(const struct check_cpus *online, char *buf, size_t size)
{
	struct check_cpus workers = *online;

	for (unsigned cpu = 0; cpu < CHECK_CPUS; cpu++)
		if (check_cpus_has(online, cpu)) {
			workers.bits[cpu / 64] &= ~(UINT64_C(1) << cpu % 64);
			break;
		}
	return check_cpus_text(&workers, buf, size);
}

/* The tick goes only where nohz_full says so, also from isolated CPUs. */
static void
judge_isolated(struct host_checker *c, const struct check_cpus *isolated)
{
	struct check_cpus nohz = {0}, ticking = *isolated;
	char list[96];

	check_cpus_text(isolated, list, sizeof(list));
	(void)check_cpus_read(c, CPUS "/nohz_full", &nohz);
	for (size_t i = 0; i < CHECK_CPUS / 64; i++)
		ticking.bits[i] &= ~nohz.bits[i];
	if (check_cpus_count(&ticking) == 0) {
		check_add(c, "cpus", HOST_OK, "isolated and without tick (nohz_full): %s", list);
		return;
	}
	check_remedy(
		check_add(
			c,
			"cpus",
			HOST_NOTE,
			"isolated: %s, but the timer interrupts them (no nohz_full)",
			list
		),
		"boot with nohz_full=%s rcu_nocbs=%s",
		list,
		list
	);
}

/* CPUs whose clock follows the load: a poll loop's looks idle to some of them. */
static void
judge_governors(struct host_checker *c, const struct check_cpus *cpus)
{
	char governor[32], slow[32] = "", list[96];
	struct check_cpus found = {0};

	for (unsigned cpu = 0; cpu < CHECK_CPUS; cpu++) {
		if (!check_cpus_has(cpus, cpu) || hostfs_read(
							  c->fs,
							  governor,
							  sizeof(governor),
							  CPUS "/cpu%u/cpufreq/scaling_governor",
							  cpu
						  ) != 0)
			continue;
		if (strcmp(governor, "performance") == 0)
			continue;
		found.bits[cpu / 64] |= UINT64_C(1) << cpu % 64;
		memcpy(slow, governor, sizeof(slow));
	}
	if (check_cpus_count(&found) == 0)
		return;
	check_cpus_text(&found, list, sizeof(list));
	check_remedy(
		check_add(c, "cpus", HOST_NOTE, "governor %s on %s", slow, list),
		"cpupower -c %s frequency-set -g performance",
		list
	);
}

void
check_cpus(struct host_checker *c)
{
	struct check_cpus isolated, online;
	char list[96];

	if (!read_isolated(c, &isolated) || check_cpus_read(c, CPUS "/online", &online) != 0) {
		check_add(c, "cpus", HOST_NOTE, "the kernel tells of none (" CPUS ")");
		return;
	}
	if (check_cpus_count(&isolated) > 0) {
		judge_isolated(c, &isolated);
		judge_governors(c, &isolated);
		return;
	}
	if (check_cpus_count(&online) < 2) {
		check_add(
			c,
			"cpus",
			HOST_WARNING,
			"there is one: workers and everything else take turns on it"
		);
		return;
	}
	check_remedy(
		check_add(
			c,
			"cpus",
			HOST_NOTE,
			"%u, none is isolated: other work interrupts the workers",
			check_cpus_count(&online)
		),
		"boot with isolcpus=%s nohz_full=%s rcu_nocbs=%s, or less of them",
		workers_text(&online, list, sizeof(list)),
		list,
		list
	);
	judge_governors(c, &online);
}
