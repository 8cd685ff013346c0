/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What keeps a device in userspace within its bounds: the IOMMU, vfio, the kernel's lockdown. Looks
 * of host_check.h.
 */
#include "host_check_priv.h"
#include "vfio.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOIOMMU_FILE "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
#define LIMIT_FILE "/sys/module/vfio_iommu_type1/parameters/dma_entry_limit"

/* A word of the kernel's command line that begins with @start and, if given, has @part. */
static bool
cmdline_word(
	const struct host_checker *c, const char *start, const char *part, char word[static 64]
)
{
	char line[4096], *save = NULL;

	if (hostfs_read(c->fs, line, sizeof(line), "/proc/cmdline") != 0)
		return false;
	for (char *at = strtok_r(line, " ", &save); at != NULL; at = strtok_r(NULL, " ", &save)) {
		if (strncmp(at, start, strlen(start)) != 0 ||
		    (part != NULL && strstr(at + strlen(start), part) == NULL))
			continue;
		snprintf(word, 64, "%s", at);
		return true;
	}
	return false;
}

/* What is on the command line about it: " (intel_iommu=on iommu=pt)". */
static const char *
cmdline_text(const struct host_checker *c, char buf[static 256])
{
	static const char *const starts[] = {"intel_iommu=", "amd_iommu=", "iommu="};
	size_t len = 0;
	char word[64];

	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (cmdline_word(c, starts[i], NULL, word))
			len += (size_t
			)snprintf(buf + len, 256 - len, "%s%s", len == 0 ? " (" : " ", word);
	if (len > 0)
		snprintf(buf + len, 256 - len, ")");
	return buf;
}

static void
remedy_without_iommu(const struct host_checker *c, struct host_finding *f)
{
	static const char *const starts[] = {"intel_iommu=", "amd_iommu=", "iommu="};
	char word[64], vendor[64] = "";

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (cmdline_word(c, starts[i], "off", word)) {
			check_remedy(f, "take %s from the kernel's command line", word);
			return;
		}
	(void)check_line(c, "/proc/cpuinfo", "vendor_id", vendor, sizeof(vendor));
	if (strstr(vendor, "AuthenticAMD") != NULL)
		check_remedy(
			f,
			"switch the IOMMU (AMD-Vi) on in the firmware; a virtual machine needs a "
			"virtual IOMMU of its host"
		);
	else if (cmdline_word(c, "intel_iommu=", "on", word))
		check_remedy(f, "switch VT-d on in the firmware: %s stands already", word);
	else if (strstr(vendor, "GenuineIntel") != NULL)
		check_remedy(
			f,
			"boot with intel_iommu=on iommu=pt, and switch VT-d on in the firmware; a "
			"virtual machine needs a virtual IOMMU of its host"
		);
	else
		check_remedy(f, "switch the IOMMU on in the firmware and in the kernel");
}

void
check_iommu(struct host_checker *c)
{
	char noiommu[8] = "", cmdline[256], *names;
	struct host_finding *f;
	size_t groups = 0;

	c->has_iommu = check_dir_has(c, "/sys/class/iommu");
	c->noiommu = hostfs_read(c->fs, noiommu, sizeof(noiommu), NOIOMMU_FILE) == 0 &&
	             strcmp(noiommu, "Y") == 0;
	if (hostfs_list(c->fs, &names, &groups, "/sys/kernel/iommu_groups") == 0)
		free(names);
	cmdline_text(c, cmdline);
	if (c->has_iommu && groups > 0) {
		check_add(c, "iommu", HOST_OK, "active, %zu groups%s", groups, cmdline);
	} else if (c->has_iommu) {
		f = check_add(c, "iommu", HOST_FAILED, "there, but without groups%s", cmdline);
		remedy_without_iommu(c, f);
	} else {
		f = check_add(
			c,
			"iommu",
			c->noiommu ? HOST_WARNING : HOST_FAILED,
			"not active%s%s",
			cmdline,
			c->noiommu ? ": vfio works without one (noiommu mode), and a device then "
				     "reaches all memory"
				   : ""
		);
		remedy_without_iommu(c, f);
	}
	if (c->has_iommu && c->noiommu)
		check_remedy(
			check_add(
				c,
				"iommu",
				HOST_NOTE,
				"vfio's noiommu mode is allowed, and nobody needs it here"
			),
			"echo N > " NOIOMMU_FILE
		);
}

/* Whether modprobe would find vfio-pci: 1, 0, or -1 where that is not to be seen. */
static int
module_is_there(const struct host_checker *c)
{
	static const char *const lists[] = {"modules.dep", "modules.builtin"};
	char release[128], path[HOSTFS_PATH_BYTES], line[4096];
	int found = -1;

	if (hostfs_read(c->fs, release, sizeof(release), "/proc/sys/kernel/osrelease") != 0 ||
	    strchr(release, '/') != NULL)
		return -1;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && found != 1; i++) {
		FILE *file;

		snprintf(path, sizeof(path), "/lib/modules/%s/%s", release, lists[i]);
		file = check_open(c, path);
		if (file == NULL)
			continue;
		found = 0;
		while (found == 0 && fgets(line, sizeof(line), file) != NULL)
			/* The name is what stands before the colon, of any compression. */
			if (memmem(line, strcspn(line, ":"), "/vfio-pci.ko", 12) != NULL)
				found = 1;
		fclose(file);
	}
	return found;
}

static void
judge_modules(struct host_checker *c)
{
	if (!hostfs_exists(c->fs, "/sys/bus/pci/drivers/vfio-pci")) {
		int is_there = module_is_there(c);
		struct host_finding *f = check_add(
			c,
			"vfio",
			is_there == 0 ? HOST_FAILED : HOST_WARNING,
			"vfio-pci is not loaded%s",
			is_there == 0 ? ", and this kernel has no such module" : ""
		);

		if (is_there == 0)
			check_remedy(
				f,
				"install the kernel's extra modules, or a kernel with "
				"CONFIG_VFIO_PCI"
			);
		else
			check_remedy(
				f, "modprobe vfio-pci%s", is_there < 0 ? " (on the host)" : ""
			);
		return;
	}
	if (c->has_iommu && !hostfs_exists(c->fs, "/sys/module/vfio_iommu_type1")) {
		check_remedy(
			check_add(
				c,
				"vfio",
				HOST_WARNING,
				"vfio-pci is loaded, but vfio_iommu_type1 is not"
			),
			"modprobe vfio_iommu_type1"
		);
		return;
	}
	check_add(c, "vfio", HOST_OK, "vfio-pci is loaded");
}

/* Each page may need an entry: pages that lie side by side share one. */
static void
judge_entry_limit(struct host_checker *c)
{
	int64_t limit;

	if (hostfs_read_i64(c->fs, &limit, LIMIT_FILE) != 0 || limit < 0)
		return;
	if ((uint64_t)limit >= c->hugepages) {
		check_add(
			c,
			"vfio",
			HOST_OK,
			"dma_entry_limit %" PRIi64 " is enough for %" PRIu64 " hugepages",
			limit,
			c->hugepages
		);
		return;
	}
	check_remedy(
		check_add(
			c,
			"vfio",
			HOST_WARNING,
			"dma_entry_limit %" PRIi64 " is less than the %" PRIu64
			" hugepages, each of which may need an entry",
			limit,
			c->hugepages
		),
		"echo %" PRIu64 " > " LIMIT_FILE ", or larger pages",
		2 * c->hugepages
	);
}

/* Asked for, and not tried: to open /dev/vfio/vfio would load the module. */
static bool
may_open(const struct host_checker *c, const char *node)
{
	char path[2 * HOSTFS_PATH_BYTES];
	int n = snprintf(
		path, sizeof(path), "%s/dev/vfio/%s", c->fs->root != NULL ? c->fs->root : "", node
	);

	return n > 0 && (size_t)n < sizeof(path) &&
	       faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0;
}

static void
judge_group_nodes(struct host_checker *c)
{
	char *names, first[64] = "";
	unsigned closed = 0, all = 0;
	const char *name;
	size_t n;

	if (hostfs_list(c->fs, &names, &n, "/dev/vfio") != 0)
		return;
	name = names;
	for (size_t i = 0; i < n; i++, name = hostfs_next(name)) {
		if (strcmp(name, "vfio") == 0 || strcmp(name, "devices") == 0)
			continue;
		all++;
		if (may_open(c, name))
			continue;
		if (closed++ == 0)
			snprintf(first, sizeof(first), "%s", name);
	}
	free(names);
	if (closed > 0)
		check_remedy(
			check_add(
				c,
				"vfio",
				HOST_WARNING,
				"%u of %u groups in /dev/vfio are not for this user, as %s",
				closed,
				all,
				first
			),
			"chown USER /dev/vfio/%s, as root",
			first
		);
	else if (all > 0)
		check_add(c, "vfio", HOST_OK, "%u groups in /dev/vfio may be opened", all);
}

static void
judge_nodes(struct host_checker *c)
{
	if (!hostfs_exists(c->fs, "/dev/vfio/vfio")) {
		/* Without the driver there is none, which is told already. */
		if (hostfs_exists(c->fs, "/sys/bus/pci/drivers/vfio-pci"))
			check_remedy(
				check_add(
					c,
					"vfio",
					HOST_FAILED,
					"vfio-pci is loaded, but there is no /dev/vfio/vfio here"
				),
				"pass /dev/vfio/vfio and the groups' nodes to this container"
			);
		return;
	}
	if (!may_open(c, "vfio"))
		check_remedy(
			check_add(c, "vfio", HOST_FAILED, "/dev/vfio/vfio is not for this user"),
			"chmod 0666 /dev/vfio/vfio, as root"
		);
	judge_group_nodes(c);
}

void
check_vfio(struct host_checker *c)
{
	judge_modules(c);
	judge_entry_limit(c);
	judge_nodes(c);
}

void
check_lockdown(struct host_checker *c)
{
	bool needs_noiommu = !c->has_iommu && c->noiommu;
	char state[32];

	kernel_lockdown(c->fs, state, sizeof(state));
	if (strcmp(state, "none") == 0) {
		check_add(c, "lockdown", HOST_OK, "none");
		return;
	}
	if (needs_noiommu)
		check_remedy(
			check_add(
				c,
				"lockdown",
				HOST_FAILED,
				"%s, which forbids vfio's noiommu mode, and there is no IOMMU",
				state
			),
			"switch the IOMMU on; or switch secure boot off, or boot without lockdown="
		);
	else
		check_add(
			c,
			"lockdown",
			HOST_NOTE,
			"%s: vfio-pci behind an IOMMU works, its noiommu mode and uio do not",
			state
		);
}
