/* SPDX-License-Identifier: BSD-3-Clause */
/* See vfio.h. Used by lib/sriov. */
#include "vfio.h"

#include "printable.h"
#include "reason.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { HOLDERS_NAMED = 4 };

int
vfio_node_find(const struct hostfs *fs, const struct pci_addr *addr, struct vfio_node *ret)
{
	struct vfio_node node = {.group = -1};
	char name[PCI_ADDR_BYTES], group[16], kind[32] = "", *end;
	unsigned long v;
	int rc;

	pci_addr_text(addr, name);
	rc = hostfs_link(fs, group, sizeof(group), "/sys/bus/pci/devices/%s/iommu_group", name);
	if (rc != 0)
		return rc;
	v = strtoul(group, &end, 10);
	if (!isdigit((unsigned char)group[0]) || *end != '\0' || v > INT_MAX)
		return -EINVAL;
	/* Groups of real IOMMUs have a name only where somebody gave one. */
	(void)hostfs_read(fs, kind, sizeof(kind), "/sys/kernel/iommu_groups/%lu/name", v);
	node.group = (int)v;
	node.noiommu = strcmp(kind, "vfio-noiommu") == 0;
	snprintf(
		node.path,
		sizeof(node.path),
		"/dev/vfio/%s%d",
		node.noiommu ? "noiommu-" : "",
		node.group
	);
	snprintf(node.container_path, sizeof(node.container_path), "/dev/vfio/%d", node.group);
	*ret = node;
	return 0;
}

/* " (process 7 testpmd, process 9 vpp)", or what to do when none is to be seen. */
static void
name_holders(const struct hostfs *fs, const char *path, char *buf, size_t size)
{
	struct file_holder holders[HOLDERS_NAMED];
	int n = file_holders(fs, path, holders, HOLDERS_NAMED);
	size_t len = 0;

	if (n <= 0)
		snprintf(buf, size, "a process that is not to be seen from here");
	for (int i = 0; i < n && i < HOLDERS_NAMED && len < size; i++)
		len += (size_t)snprintf(
			buf + len,
			size - len,
			"%sprocess %d (%s)",
			i > 0 ? ", " : "",
			(int)holders[i].pid,
			holders[i].command
		);
	if (n > HOLDERS_NAMED && len < size)
		snprintf(buf + len, size - len, " and %d more", n - HOLDERS_NAMED);
}

static int
explain_open(const struct hostfs *fs, const char *path, int err, struct reason *why)
{
	char who[256];

	switch (err) {
	case -EBUSY:
		name_holders(fs, path, who, sizeof(who));
		return reason_set(why, err, "%s is open in %s", path, who);
	case -ENOENT:
	case -ENXIO:
	case -ENODEV:
		if (!hostfs_exists(fs, "/dev/vfio/vfio"))
			return reason_set(
				why,
				-ENOENT,
				"%s does not exist, nor does /dev/vfio/vfio: load vfio-pci "
				"(modprobe vfio-pci), or pass both nodes to this container",
				path
			);
		return reason_set(
			why,
			-ENOENT,
			"%s does not exist: the device is not bound to vfio-pci, or the node was "
			"not passed to this container",
			path
		);
	case -EACCES:
		return reason_set(
			why,
			err,
			"%s: permission denied: run as root, or give the user the node (chown)",
			path
		);
	case -EPERM:
		return reason_set(
			why,
			err,
			"%s: not permitted: the container's device rules forbid it, or without an "
			"IOMMU it takes CAP_SYS_RAWIO",
			path
		);
	default:
		return reason_set(why, err, "%s: cannot open it: %s", path, strerror(-err));
	}
}

int
vfio_node_try(
	const struct hostfs *fs, const struct vfio_node *node, int *ret_fd, struct reason *why
)
{
	const char *path = node->path;
	int fd = hostfs_open(fs, O_RDWR, "%s", path);

	/* The device plugin of Kubernetes mounts noiommu-7 as 7. */
	if (fd == -ENOENT && node->noiommu && hostfs_exists(fs, "%s", node->container_path)) {
		path = node->container_path;
		fd = hostfs_open(fs, O_RDWR, "%s", path);
	}
	if (fd < 0)
		return explain_open(fs, path, fd, why);
	/* A tree of files lets everybody open it: what it says of its processes stands for that. */
	if (fs->root != NULL && fs->root[0] != '\0' && file_holders(fs, path, NULL, 0) > 0) {
		close(fd);
		return explain_open(fs, path, -EBUSY, why);
	}
	if (ret_fd != NULL)
		*ret_fd = fd;
	else
		close(fd);
	return 0;
}

/* Where a descriptor of a process leads, whole; false: gone, or not for us to see. */
static bool
read_fd_link(const struct hostfs *fs, const char *pid, const char *fd, char *buf, size_t size)
{
	char path[HOSTFS_PATH_BYTES];
	ssize_t n;
	int len;

	len = snprintf(
		path, sizeof(path), "%s/proc/%s/fd/%s", fs->root != NULL ? fs->root : "", pid, fd
	);
	if (len < 0 || (size_t)len >= sizeof(path))
		return false;
	n = readlink(path, buf, size - 1);
	if (n < 0)
		return false;
	buf[n] = '\0';
	return true;
}

/* Whether it is the same device by another name, as a container has it. */
static bool
same_device(const char *pid, const char *fd, const struct stat *want)
{
	char path[HOSTFS_PATH_BYTES];
	struct stat st;
	int len = snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, fd);

	return len > 0 && (size_t)len < sizeof(path) && stat(path, &st) == 0 &&
	       S_ISCHR(st.st_mode) && st.st_rdev == want->st_rdev;
}

static bool
process_holds(const struct hostfs *fs, const char *pid, const char *path, const struct stat *device)
{
	const char *base = strrchr(path, '/'), *fd;
	char target[HOSTFS_PATH_BYTES], *fds;
	bool holds = false;
	size_t n;

	if (base == NULL || hostfs_list(fs, &fds, &n, "/proc/%s/fd", pid) != 0)
		return false;
	fd = fds;
	for (size_t i = 0; i < n && !holds; i++, fd = hostfs_next(fd)) {
		if (!read_fd_link(fs, pid, fd, target, sizeof(target)))
			continue;
		holds = strcmp(target, path) == 0;
		/* Only nodes of vfio are looked into: stat() of any other may block. */
		if (!holds && device != NULL && strstr(target, "/vfio/") != NULL)
			holds = same_device(pid, fd, device);
	}
	free(fds);
	return holds;
}

/* A process chooses its name: what a terminal would obey is not shown. */
static void
read_command(const struct hostfs *fs, const char *pid, char *buf, size_t size)
{
	if (hostfs_read(fs, buf, size, "/proc/%s/comm", pid) != 0)
		snprintf(buf, size, "?");
	printable(buf);
}

int
file_holders(const struct hostfs *fs, const char *path, struct file_holder *ret, int max)
{
	bool machine = fs->root == NULL || fs->root[0] == '\0';
	const struct stat *device = NULL;
	int held = 0, own = (int)getpid();
	char *pids, own_text[16];
	const char *pid;
	struct stat st;
	size_t n;

	if (hostfs_list(fs, &pids, &n, "/proc") != 0)
		return 0;
	if (machine && stat(path, &st) == 0 && S_ISCHR(st.st_mode))
		device = &st;
	snprintf(own_text, sizeof(own_text), "%d", own);
	pid = pids;
	for (size_t i = 0; i < n; i++, pid = hostfs_next(pid)) {
		if (!isdigit((unsigned char)pid[0]) || strcmp(pid, own_text) == 0 ||
		    !process_holds(fs, pid, path, device))
			continue;
		if (held < max) {
			ret[held].pid = (pid_t)atoi(pid);
			read_command(fs, pid, ret[held].command, sizeof(ret[held].command));
		}
		held++;
	}
	free(pids);
	return held;
}

void
kernel_lockdown(const struct hostfs *fs, char *buf, size_t size)
{
	static const char *const states[] = {"none", "integrity", "confidentiality"};
	char line[64] = "", marked[32];
	const char *state = states[0];

	/* "none [integrity] confidentiality": the one in brackets holds. */
	(void)hostfs_read(fs, line, sizeof(line), "/sys/kernel/security/lockdown");
	for (size_t i = 1; i < sizeof(states) / sizeof(states[0]); i++) {
		snprintf(marked, sizeof(marked), "[%s]", states[i]);
		if (strstr(line, marked) != NULL)
			state = states[i];
	}
	snprintf(buf, size, "%s", state);
}
