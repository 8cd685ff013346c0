/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vfio's device nodes: which one a function has, whether it opens, who holds it. Used by lib/sriov.
 */
#pragma once

#include "hostfs.h"
#include "pci_addr.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct reason;

struct vfio_node {
	int group;
	bool noiommu;
	char path[64];           /* on this machine: /dev/vfio/7 or /dev/vfio/noiommu-7 */
	char container_path[64]; /* as a container names it: /dev/vfio/7 */
};

/* Group numbers change with every boot and binding: never store them. -ENOENT: no IOMMU group. */
int vfio_node_find(const struct hostfs *fs, const struct pci_addr *addr, struct vfio_node *ret);

/*
 * Open the group's node, which the kernel lets one process do, and close it again unless @ret_fd is
 * given. -EBUSY: somebody has it open (named in the reason where that can be seen); -ENOENT with
 * the reason (no node: not bound, no module, not passed to this container); -EACCES, -EPERM.
 */
int vfio_node_try(
	const struct hostfs *fs, const struct vfio_node *node, int *ret_fd, struct reason *why
);

/* A process that has a file open. */
struct file_holder {
	pid_t pid;
	char command[32];
};

/* Who has @path (a device node) open, by /proc; how many, of which @max written. Own excluded. */
int file_holders(const struct hostfs *fs, const char *path, struct file_holder *ret, int max);

/* "none", "integrity", "confidentiality" of the kernel's lockdown; "none" where there is no such.
 */
void kernel_lockdown(const struct hostfs *fs, char *buf, size_t size);
