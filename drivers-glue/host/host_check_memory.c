/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory for packets: hugepages, their mounts and nodes, and how much of it vfio may pin. Looks of
 * host_check.h.
 */
#include "host_check_priv.h"

#include <inttypes.h>
#include <linux/capability.h>
#include <mntent.h>
#include <stdlib.h>
#include <string.h>

#define POOLS "/sys/kernel/mm/hugepages"
#define NODES "/sys/devices/system/node"

/* The sizes of one machine: arm64 has 4. */
enum { MAX_POOLS = 8 };

/* EAL's smallest heap, and so the least that it maps for DMA. */
enum { LEAST_LOCKED_KB = 64 * 1024 };

struct pool {
	uint64_t page_kb;
	int64_t total, free;
	char mount[64]; /* "": none */
};

static const char *
size_text(uint64_t kb, char buf[static 32])
{
	static const char *const units[] = {"kB", "MB", "GB", "TB"};
	unsigned unit = 0;

	while (unit < 3 && kb >= 1024 && kb % 1024 == 0) {
		kb /= 1024;
		unit++;
	}
	snprintf(buf, 32, "%" PRIu64 " %s", kb, units[unit]);
	return buf;
}

/* Pages without a size are those of the kernel's default. */
static uint64_t
mount_page_kb(const struct host_checker *c, const struct mntent *m)
{
	const char *option = hasmntopt(m, "pagesize");
	char line[32], *end;
	uint64_t v;

	if (option == NULL)
		return check_line(c, "/proc/meminfo", "Hugepagesize:", line, sizeof(line))
		               ? strtoull(line, NULL, 10)
		               : 0;
	v = strtoull(option + strcspn(option, "=,") + 1, &end, 10);
	switch (*end) {
	case 'K':
		return v;
	case 'M':
		return v * 1024;
	case 'G':
		return v * 1024 * 1024;
	default:
		return v / 1024;
	}
}

static void
find_mounts(const struct host_checker *c, struct pool *pools, unsigned n)
{
	FILE *file = check_open(c, "/proc/self/mounts");
	char strings[4096];
	struct mntent m;

	if (file == NULL)
		return;
	while (getmntent_r(file, &m, strings, sizeof(strings)) != NULL) {
		uint64_t page_kb;

		if (strcmp(m.mnt_type, "hugetlbfs") != 0)
			continue;
		page_kb = mount_page_kb(c, &m);
		for (unsigned i = 0; i < n; i++)
			if (pools[i].page_kb == page_kb && pools[i].mount[0] == '\0')
				snprintf(pools[i].mount, sizeof(pools[i].mount), "%s", m.mnt_dir);
	}
	fclose(file);
}

static unsigned
read_pools(const struct host_checker *c, struct pool *pools)
{
	const char *name;
	unsigned found = 0;
	char *names;
	size_t n;

	if (hostfs_list(c->fs, &names, &n, POOLS) != 0)
		return 0;
	name = names;
	for (size_t i = 0; i < n && found < MAX_POOLS; i++, name = hostfs_next(name)) {
		struct pool p = {0};

		if (sscanf(name, "hugepages-%" SCNu64 "kB", &p.page_kb) != 1 || p.page_kb == 0 ||
		    hostfs_read_i64(c->fs, &p.total, POOLS "/%s/nr_hugepages", name) != 0 ||
		    hostfs_read_i64(c->fs, &p.free, POOLS "/%s/free_hugepages", name) != 0)
			continue;
		pools[found++] = p;
	}
	free(names);
	return found;
}

static int64_t
node_pages(const struct host_checker *c, unsigned node, const struct pool *p, const char *file)
{
	int64_t v = 0;

	(void)hostfs_read_i64(
		c->fs,
		&v,
		NODES "/node%u/hugepages/hugepages-%" PRIu64 "kB/%s",
		node,
		p->page_kb,
		file
	);
	return v;
}

/* ", node 0: 256 (200 free), node 1: ..." where there is more than one node. */
static void
nodes_text(const struct host_checker *c, const struct pool *p, char *buf, size_t size)
{
	struct check_cpus nodes;
	size_t len = 0;

	buf[0] = '\0';
	if (check_cpus_read(c, NODES "/online", &nodes) != 0 || check_cpus_count(&nodes) < 2)
		return;
	for (unsigned node = 0; node < CHECK_CPUS && len < size; node++)
		if (check_cpus_has(&nodes, node))
			len += (size_t)snprintf(
				buf + len,
				size - len,
				", node %u: %" PRIi64 " (%" PRIi64 " free)",
				node,
				node_pages(c, node, p, "nr_hugepages"),
				node_pages(c, node, p, "free_hugepages")
			);
}

/* EAL refuses to start when no size of pages has a mount, and ignores those without. */
static void
judge_pool(struct host_checker *c, const struct pool *p, bool any_mounted)
{
	bool mounted = p->mount[0] != '\0';
	enum host_verdict verdict = HOST_OK;
	struct host_finding *f;
	char page[32], nodes[160];

	size_text(p->page_kb, page);
	nodes_text(c, p, nodes, sizeof(nodes));
	if (!mounted)
		verdict = any_mounted ? HOST_WARNING : HOST_FAILED;
	else if (p->free == 0)
		verdict = HOST_WARNING;
	f = check_add(
		c,
		"hugepages",
		verdict,
		"%" PRIi64 " of %s (%" PRIi64 " free)%s, %s%s",
		p->total,
		page,
		p->free,
		nodes,
		mounted ? "mounted at " : "no hugetlbfs is mounted for them",
		p->mount
	);
	if (!mounted)
		check_remedy(
			f,
			"mkdir -p /dev/hugepages-%" PRIu64 "kB && mount -t hugetlbfs -o "
			"pagesize=%" PRIu64 "K nodev /dev/hugepages-%" PRIu64 "kB",
			p->page_kb,
			p->page_kb,
			p->page_kb
		);
	else if (p->free == 0)
		check_remedy(
			f,
			"echo %" PRIi64 " > " POOLS "/hugepages-%" PRIu64
			"kB/nr_hugepages, or end who has them",
			2 * p->total,
			p->page_kb
		);
}

/* A NIC reads and writes packets fast only in the memory of its own node. */
static void
judge_pf_nodes(struct host_checker *c, const struct pool *pools, unsigned n)
{
	for (size_t i = 0; i < c->nb_pfs; i++) {
		int node = c->pfs[i].numa_node;
		char name[CHECK_PF_BYTES];
		int64_t pages = 0;
		bool told = node < 0 || !hostfs_exists(c->fs, NODES "/node%d", node);

		for (size_t k = 0; k < i; k++)
			told |= c->pfs[k].numa_node == node;
		for (unsigned k = 0; !told && k < n; k++)
			pages += node_pages(c, (unsigned)node, &pools[k], "nr_hugepages");
		if (told || pages > 0)
			continue;
		check_remedy(
			check_add(
				c,
				"hugepages",
				HOST_WARNING,
				"node %d, that of %s, has none: its packets would be far away",
				node,
				check_pf_text(&c->pfs[i], name)
			),
			"echo 512 > " NODES "/node%d/hugepages/hugepages-%" PRIu64
			"kB/nr_hugepages",
			node,
			c->smallest_page_kb
		);
	}
}

void
check_hugepages(struct host_checker *c)
{
	struct pool pools[MAX_POOLS];
	unsigned n = read_pools(c, pools);
	bool any_mounted = false;

	if (n == 0) {
		check_remedy(
			check_add(c, "hugepages", HOST_FAILED, "the kernel has none"),
			"boot a kernel with CONFIG_HUGETLBFS"
		);
		return;
	}
	find_mounts(c, pools, n);
	for (unsigned i = 0; i < n; i++) {
		any_mounted |= pools[i].total > 0 && pools[i].mount[0] != '\0';
		if (pools[i].total > 0) {
			c->hugepages += (uint64_t)pools[i].total;
			c->hugepage_kb += (uint64_t)pools[i].total * pools[i].page_kb;
		}
		if (c->smallest_page_kb == 0 || pools[i].page_kb < c->smallest_page_kb)
			c->smallest_page_kb = pools[i].page_kb;
	}
	if (c->hugepages == 0) {
		check_remedy(
			check_add(c, "hugepages", HOST_FAILED, "none are reserved"),
			"echo 512 > " POOLS "/hugepages-%" PRIu64 "kB/nr_hugepages",
			c->smallest_page_kb
		);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		if (pools[i].total > 0)
			judge_pool(c, &pools[i], any_mounted);
	judge_pf_nodes(c, pools, n);
}

/* vfio_lock_acct() of drivers/vfio/vfio_iommu_type1.c: pinned pages count against the limit. */
void
check_memlock(struct host_checker *c)
{
	char line[128], soft[32], limit[32], pages[32], *end;
	struct host_finding *f;
	uint64_t limit_kb;

	if (check_capable(c, CAP_IPC_LOCK)) {
		check_add(
			c,
			"memlock",
			HOST_OK,
			"no limit: with CAP_IPC_LOCK vfio does not count what it locks"
		);
		return;
	}
	if (!check_line(c, "/proc/self/limits", "Max locked memory", line, sizeof(line)) ||
	    sscanf(line, "%31s", soft) != 1)
		soft[0] = '\0';
	if (strcmp(soft, "unlimited") == 0) {
		check_add(c, "memlock", HOST_OK, "unlimited");
		return;
	}
	limit_kb = strtoull(soft, &end, 10) / 1024;
	if (end == soft || *end != '\0') {
		check_add(c, "memlock", HOST_NOTE, "the limit cannot be read (/proc/self/limits)");
		return;
	}
	if (limit_kb >= LEAST_LOCKED_KB && limit_kb >= c->hugepage_kb) {
		check_add(c, "memlock", HOST_OK, "%s", size_text(limit_kb, limit));
		return;
	}
	f = check_add(
		c,
		"memlock",
		limit_kb < LEAST_LOCKED_KB ? HOST_FAILED : HOST_WARNING,
		"%s, and without CAP_IPC_LOCK vfio (type1) counts all memory against it that a "
		"device may reach, hugepages too (%s here, at least 64 MB)",
		size_text(limit_kb, limit),
		size_text(c->hugepage_kb, pages)
	);
	check_remedy(
		f,
		"ulimit -l unlimited (as root, or in /etc/security/limits.conf), LimitMEMLOCK="
		"infinity in a unit of systemd, or the capability IPC_LOCK in a container"
	);
}
