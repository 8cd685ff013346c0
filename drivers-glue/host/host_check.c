/* SPDX-License-Identifier: BSD-3-Clause */
/* See host_check.h: the order of the looks, and what they share. */
#include "host_check.h"

#include "host_check_priv.h"
#include "printable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const host_verdict_names[] = {
	[HOST_OK] = "ok",
	[HOST_NOTE] = "note",
	[HOST_WARNING] = "warning",
	[HOST_FAILED] = "failed",
};
_Static_assert(
	sizeof(host_verdict_names) / sizeof(host_verdict_names[0]) == HOST_VERDICT_COUNT,
	"name every verdict"
);

#define DEVICES "/sys/bus/pci/devices"

/* What does not fit ends in "...". */
static void
write_text(char *buf, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(buf, size, fmt, ap);

	if (n < 0)
		buf[0] = '\0';
	else if ((size_t)n >= size)
		memcpy(buf + size - 4, "...", 4);
	printable(buf);
}

struct host_finding *
check_add(
	struct host_checker *c, const char *subject, enum host_verdict verdict, const char *fmt, ...
)
{
	struct host_finding *f = &c->spare;
	va_list ap;

	if (c->n == c->cap) {
		unsigned cap = c->cap == 0 ? 16 : 2 * c->cap;
		struct host_finding *list = realloc(c->list, cap * sizeof(*list));

		if (list == NULL) {
			c->no_mem = true;
		} else {
			c->list = list;
			c->cap = cap;
		}
	}
	if (c->n < c->cap)
		f = &c->list[c->n++];
	*f = (struct host_finding){.subject = subject, .verdict = verdict};
	va_start(ap, fmt);
	write_text(f->found, sizeof(f->found), fmt, ap);
	va_end(ap);
	return f;
}

void
check_remedy(struct host_finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_text(f->remedy, sizeof(f->remedy), fmt, ap);
	va_end(ap);
}

FILE *
check_open(const struct host_checker *c, const char *path)
{
	int fd = hostfs_open(c->fs, O_RDONLY, "%s", path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (file == NULL && fd >= 0)
		close(fd);
	return file;
}

bool
check_line(const struct host_checker *c, const char *path, const char *key, char *buf, size_t size)
{
	FILE *file = check_open(c, path);
	bool found = false;
	char line[4096];

	if (file == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), file) != NULL) {
		char *value = line + strlen(key), *end;

		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		value += strspn(value, " \t");
		end = value + strcspn(value, "\n");
		while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		*end = '\0';
		snprintf(buf, size, "%s", value);
		found = true;
	}
	fclose(file);
	return found;
}

bool
check_dir_has(const struct host_checker *c, const char *path)
{
	char *names;
	size_t n;

	if (hostfs_list(c->fs, &names, &n, "%s", path) != 0)
		return false;
	free(names);
	return n > 0;
}

bool
check_capable(const struct host_checker *c, unsigned capability)
{
	char hex[32];

	return check_line(c, "/proc/self/status", "CapEff:", hex, sizeof(hex)) &&
	       (strtoull(hex, NULL, 16) >> capability & 1) != 0;
}

const char *
check_pf_text(const struct check_pf *pf, char buf[static CHECK_PF_BYTES])
{
	snprintf(
		buf,
		CHECK_PF_BYTES,
		"%s%s%s%s",
		pf->addr,
		pf->netdev[0] != '\0' ? " (" : "",
		pf->netdev,
		pf->netdev[0] != '\0' ? ")" : ""
	);
	return buf;
}

/* By its links: reading sriov_numvfs waits for a change that is under way. */
static unsigned
count_vfs(const struct hostfs *fs, const char *addr)
{
	char *names;
	const char *name;
	unsigned vfs = 0;
	size_t n;

	if (hostfs_list(fs, &names, &n, DEVICES "/%s", addr) != 0)
		return 0;
	name = names;
	for (size_t i = 0; i < n; i++, name = hostfs_next(name))
		if (strncmp(name, "virtfn", 6) == 0)
			vfs++;
	free(names);
	return vfs;
}

static void
read_pf(const struct hostfs *fs, const char *addr, struct check_pf *pf)
{
	int64_t node;
	char *names;
	size_t n;

	snprintf(pf->addr, sizeof(pf->addr), "%s", addr);
	pf->numa_node = -1;
	if (hostfs_read_i64(fs, &node, DEVICES "/%s/numa_node", addr) == 0 && node >= 0 &&
	    node < INT16_MAX)
		pf->numa_node = (int)node;
	(void)hostfs_link(fs, pf->driver, sizeof(pf->driver), DEVICES "/%s/driver", addr);
	pf->num_vfs = count_vfs(fs, addr);
	if (hostfs_list(fs, &names, &n, DEVICES "/%s/net", addr) != 0)
		return;
	if (n > 0)
		printable_copy(pf->netdev, sizeof(pf->netdev), names);
	free(names);
}

static int
find_pfs(struct host_checker *c)
{
	struct pci_addr valid;
	const char *name;
	char *names;
	size_t n;

	/* A machine without PCI has none. */
	if (hostfs_list(c->fs, &names, &n, DEVICES) != 0)
		return 0;
	c->pfs = calloc(n + 1, sizeof(*c->pfs));
	name = names;
	for (size_t i = 0; c->pfs != NULL && i < n; i++, name = hostfs_next(name)) {
		struct check_pf *pf = &c->pfs[c->nb_pfs];

		if (pci_addr_parse(name, &valid) != 0 ||
		    hostfs_read_i64(c->fs, &pf->total_vfs, DEVICES "/%s/sriov_totalvfs", name) != 0)
			continue;
		read_pf(c->fs, name, pf);
		c->nb_pfs++;
	}
	free(names);
	return c->pfs != NULL ? 0 : -ENOMEM;
}

int
host_check(const struct hostfs *fs, struct host_finding **ret, unsigned *ret_n)
{
	static void (*const looks[])(struct host_checker *) = {
		check_hugepages,
		check_iommu,
		check_vfio,
		check_memlock,
		check_lockdown,
		check_numa,
		check_cpus,
		check_sriov,
		check_capabilities,
	};
	struct host_checker c = {.fs = fs};
	int rc = find_pfs(&c);

	for (size_t i = 0; rc == 0 && i < sizeof(looks) / sizeof(looks[0]); i++)
		looks[i](&c);
	free(c.pfs);
	if (rc == 0 && c.no_mem)
		rc = -ENOMEM;
	if (rc != 0) {
		free(c.list);
		return rc;
	}
	*ret = c.list;
	*ret_n = c.n;
	return 0;
}
