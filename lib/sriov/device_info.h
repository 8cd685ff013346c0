/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Device-info files (Network Plumbing WG, device information specification 1.1.0) and the
 * environment that the SR-IOV device plugin hands to a pod. Used by selectors and `vfctl claim`.
 */
#pragma once

#include "pci_addr.h"

#include <stdbool.h>
#include <stddef.h>

struct reason;
struct text;

struct device_info {
	struct pci_addr addr;
	bool has_pf;
	struct pci_addr pf;
	char vhost_net[64], rdma_device[64], representor[16]; /* "" when not told */
};

/* -EINVAL with line and column, or the key; another type than "pci" is -ENOTSUP. */
int device_info_parse(
	const char *json, size_t len, const char *name, struct device_info *ret, struct reason *why
);
int device_info_text(const struct device_info *d, struct text *ret);

/* Make or replace the file, mode 0444, by way of a temporary one. */
int device_info_write(const char *path, const struct device_info *d, struct reason *why);
int device_info_read(const char *path, struct device_info *ret, struct reason *why);

/* The plugin's variable for a resource: "intel.com/vfs_a" -> PCIDEVICE_INTEL_COM_VFS_A. */
int resource_variable(const char *resource, char *buf, size_t size);

/*
 * Addresses that @environ gives for @resource (a name as above, or the variable itself), in its
 * order, in one allocation that free() releases. Where there is a ..._INFO it must name the same
 * devices. -ENOENT: no such variable, with those there are.
 */
int resource_devices(
	char *const *environ_,
	const char *resource,
	struct pci_addr **ret,
	size_t *ret_n,
	struct reason *why
);
