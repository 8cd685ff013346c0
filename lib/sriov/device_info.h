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

/*
 * -EINVAL with line and column, or the key; another type than "pci" and another version than 1.x
 * are -ENOTSUP. Keys that are not ours are ignored.
 */
int device_info_parse(
	const char *json, size_t len, const char *name, struct device_info *ret, struct reason *why
);

/* Append it as one line of JSON, without a newline. -EINVAL: a text that is no UTF-8. */
int device_info_text(const struct device_info *d, struct text *ret);

/*
 * Make or replace the file, mode 0444, by way of a temporary one beside it: whoever reads it sees
 * the former or the new one. A symbolic link is replaced, not followed.
 */
int device_info_write(const char *path, const struct device_info *d, struct reason *why);

/* A regular file of at most 64 KiB. */
int device_info_read(const char *path, struct device_info *ret, struct reason *why);

/*
 * The plugin's variable for a resource, PREFIX/NAME: "intel.com/vfs-a" is
 * PCIDEVICE_INTEL_COM_VFS-A (a dash stays). -EINVAL: no such resource can be; -ENAMETOOLONG.
 */
int resource_variable(const char *resource, char *buf, size_t size);

/*
 * Addresses that @environ_ gives for @resource (a name as above, or the variable itself), in its
 * order, in one allocation that free() releases. Where there is a ..._INFO it must name the same
 * devices. -ENOENT: no such variable, with those there are; -EINVAL: its value is not a list of
 * different addresses.
 */
int resource_devices(
	char *const *environ_,
	const char *resource,
	struct pci_addr **ret,
	size_t *ret_n,
	struct reason *why
);
