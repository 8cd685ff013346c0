/* SPDX-License-Identifier: BSD-3-Clause */
/* One PCI function as sysfs shows it now. See pci_bus.h and pci_bus_priv.h. */
#include "pci_bus_priv.h"
#include "printable.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICE "/sys/bus/pci/devices/"

/* Reading them takes the device's lock, which creating or removing VFs holds meanwhile. */
enum { LOCK_LIMIT_MS = 1000 };

/* A function and the text of its address, for paths. */
struct function {
	const struct hostfs *fs;
	char addr[PCI_ADDR_BYTES];
};

static void
read_text(const struct function *f, const char *file, char *buf, size_t size)
{
	char line[HOSTFS_NAME_BYTES];

	if (hostfs_read(f->fs, line, sizeof(line), DEVICE "%s/%s", f->addr, file) == 0)
		printable_copy(buf, size, line);
}

/* @ret stays as it is when the file is missing or is no number in the range. */
static int
read_number(const struct function *f, const char *file, int64_t min, int64_t max, int64_t *ret)
{
	int64_t v;
	int rc = hostfs_read_i64(f->fs, &v, DEVICE "%s/%s", f->addr, file);

	if (rc != 0)
		return rc;
	if (v < min || v > max)
		return -EINVAL;
	*ret = v;
	return 0;
}

static void
read_u16(const struct function *f, const char *file, uint16_t *ret)
{
	int64_t v;

	if (read_number(f, file, 0, UINT16_MAX, &v) == 0)
		*ret = (uint16_t)v;
}

/* Decimal digits and nothing else. -EINVAL. */
static int
parse_digits(const char *s, long max, long *ret)
{
	char *end;
	long v;

	if (s[strspn(s, "0123456789")] != '\0' || *s == '\0')
		return -EINVAL;
	errno = 0;
	v = strtol(s, &end, 10);
	if (errno != 0 || v > max)
		return -EINVAL;
	*ret = v;
	return 0;
}

/* A link to another function: "physfn", "virtfn3". */
static int
read_function_link(const struct function *f, const char *link, struct pci_addr *ret)
{
	char target[HOSTFS_NAME_BYTES];
	int rc = hostfs_link(f->fs, target, sizeof(target), DEVICE "%s/%s", f->addr, link);

	return rc == 0 ? pci_addr_parse(target, ret) : rc;
}

void
pci_sysfs_vfs(
	const struct hostfs *fs,
	const struct pci_addr *pf,
	void (*fn)(void *ctx, uint16_t vf_index, const struct pci_addr *vf),
	void *ctx
)
{
	static const char prefix[] = "virtfn";
	struct function f = {.fs = fs};
	const char *name;
	char *names;
	size_t n;

	pci_addr_text(pf, f.addr);
	if (hostfs_list(fs, &names, &n, DEVICE "%s", f.addr) != 0)
		return;
	name = names;
	for (size_t i = 0; i < n; i++, name = hostfs_next(name)) {
		struct pci_addr vf;
		long index;

		if (strncmp(name, prefix, strlen(prefix)) == 0 &&
		    parse_digits(name + strlen(prefix), UINT16_MAX, &index) == 0 &&
		    read_function_link(&f, name, &vf) == 0)
			fn(ctx, (uint16_t)index, &vf);
	}
	free(names);
}

static void
count_vf(void *ctx, uint16_t vf_index, const struct pci_addr *vf)
{
	uint16_t *n = ctx;

	(void)vf_index;
	(void)vf;
	(*n)++;
}

/* The number of VFs; by their links where the file does not answer. */
static void
read_num_vfs(const struct function *f, const struct pci_addr *pf, struct pci_sriov *s)
{
	char line[16];
	long v;
	int rc = hostfs_read_limited(
		f->fs, line, sizeof(line), LOCK_LIMIT_MS, DEVICE "%s/sriov_numvfs", f->addr
	);

	s->has_numvfs = rc != -ENOENT;
	if (rc == 0 && parse_digits(line, UINT16_MAX, &v) == 0)
		s->num_vfs = (uint16_t)v;
	else
		pci_sysfs_vfs(f->fs, pf, count_vf, &s->num_vfs);
}

/* The kernel writes this one as hex without 0x (drivers/pci/iov.c, sriov_vf_device_show). */
static void
read_vf_device_id(const struct function *f, uint16_t *ret)
{
	char line[16];

	if (hostfs_read(f->fs, line, sizeof(line), DEVICE "%s/sriov_vf_device", f->addr) == 0 &&
	    line[0] != '\0' && strlen(line) <= 4 &&
	    line[strspn(line, "0123456789abcdefABCDEF")] == '\0')
		*ret = (uint16_t)strtoul(line, NULL, 16);
}

static void
read_sriov(const struct function *f, struct pci_device *d)
{
	struct pci_sriov *s = &d->sriov;
	int64_t autoprobe = 1;

	read_u16(f, "sriov_totalvfs", &s->driver_total_vfs);
	read_u16(f, "sriov_offset", &s->first_vf_offset);
	read_u16(f, "sriov_stride", &s->vf_stride);
	read_vf_device_id(f, &s->vf_device_id);
	(void)read_number(f, "sriov_drivers_autoprobe", 0, 1, &autoprobe);
	s->autoprobe = autoprobe != 0;
	read_num_vfs(f, &d->addr, s);
}

/*
 * Whether a netdev of the directory net/ stands for a VF or a subfunction, as those do that a
 * switchdev driver hangs under the PF (Documentation/networking/switchdev.rst: pf0vf3).
 */
static bool
is_representor(const struct function *f, const char *dir, const char *netdev)
{
	char port[64];
	const char *pf;

	if (hostfs_read(
		    f->fs,
		    port,
		    sizeof(port),
		    DEVICE "%s/%s/%s/phys_port_name",
		    f->addr,
		    dir,
		    netdev
	    ) != 0)
		return false;
	pf = strstr(port, "pf");
	return pf != NULL && (strstr(pf, "vf") != NULL || strstr(pf, "sf") != NULL);
}

/* A sysfs that was mounted elsewhere shows the netdevs of its own namespace, not of ours. */
static bool
is_in_namespace(const struct function *f, const char *dir, const char *netdev)
{
	int64_t index;

	if (f->fs->root != NULL && f->fs->root[0] != '\0')
		return true;
	return hostfs_read_i64(f->fs, &index, DEVICE "%s/%s/%s/ifindex", f->addr, dir, netdev) ==
	               0 &&
	       index == (int64_t)if_nametoindex(netdev);
}

/* The netdev of the function in @dir: "net", or "virtio3/net". */
static void
read_netdev_in(const struct function *f, const char *dir, struct pci_device *d)
{
	const char *name;
	char *names;
	size_t n;

	if (hostfs_list(f->fs, &names, &n, DEVICE "%s/%s", f->addr, dir) != 0)
		return;
	name = names;
	for (size_t i = 0; i < n; i++, name = hostfs_next(name))
		if (strlen(name) < sizeof(d->netdev) && (n == 1 || !is_representor(f, dir, name)) &&
		    is_in_namespace(f, dir, name)) {
			strcpy(d->netdev, name);
			break;
		}
	free(names);
}

/* virtio puts a device of its own between the function and the netdev. */
static void
read_netdev(const struct function *f, struct pci_device *d)
{
	enum { VENDOR_VIRTIO = 0x1af4 };
	const char *name;
	char *names;
	size_t n;

	read_netdev_in(f, "net", d);
	if (d->netdev[0] != '\0' || d->vendor_id != VENDOR_VIRTIO ||
	    hostfs_list(f->fs, &names, &n, DEVICE "%s", f->addr) != 0)
		return;
	name = names;
	for (size_t i = 0; i < n && d->netdev[0] == '\0'; i++, name = hostfs_next(name)) {
		char dir[32];

		if (strncmp(name, "virtio", strlen("virtio")) == 0 &&
		    snprintf(dir, sizeof(dir), "%s/net", name) < (int)sizeof(dir))
			read_netdev_in(f, dir, d);
	}
	free(names);
}

static void
read_iommu_group(const struct function *f, struct pci_device *d)
{
	char name[HOSTFS_NAME_BYTES];
	long group;

	d->iommu_group = -1;
	if (hostfs_link(f->fs, name, sizeof(name), DEVICE "%s/iommu_group", f->addr) != 0 ||
	    parse_digits(name, INT_MAX, &group) != 0)
		return;
	d->iommu_group = (int)group;
	d->noiommu = hostfs_read(
			     f->fs,
			     name,
			     sizeof(name),
			     "/sys/kernel/iommu_groups/%d/name",
			     d->iommu_group
		     ) == 0 &&
	             strcmp(name, "vfio-noiommu") == 0;
}

static void
read_driver(const struct function *f, struct pci_device *d)
{
	char name[HOSTFS_NAME_BYTES];

	if (hostfs_link(f->fs, name, sizeof(name), DEVICE "%s/driver", f->addr) == 0)
		printable_copy(d->driver, sizeof(d->driver), name);
	if (hostfs_read_limited(
		    f->fs, name, sizeof(name), LOCK_LIMIT_MS, DEVICE "%s/driver_override", f->addr
	    ) == 0 &&
	    strcmp(name, "(null)") != 0)
		printable_copy(d->driver_override, sizeof(d->driver_override), name);
}

static int
read_ids(const struct function *f, struct pci_device *d)
{
	int64_t vendor, device, class_code = 0;

	/* These are there as long as the function is. */
	if (read_number(f, "vendor", 0, UINT16_MAX, &vendor) != 0 ||
	    read_number(f, "device", 0, UINT16_MAX, &device) != 0)
		return -ENODEV;
	d->vendor_id = (uint16_t)vendor;
	d->device_id = (uint16_t)device;
	(void)read_number(f, "class", 0, 0xffffff, &class_code);
	d->class_code = (uint32_t)class_code;
	read_u16(f, "subsystem_vendor", &d->subsystem_vendor_id);
	read_u16(f, "subsystem_device", &d->subsystem_id);
	return 0;
}

static bool
has_file(const struct function *f, const char *file)
{
	return hostfs_exists(f->fs, DEVICE "%s/%s", f->addr, file);
}

int
pci_sysfs_read(const struct hostfs *fs, const struct pci_addr *addr, struct pci_device *ret)
{
	struct pci_device d = {.addr = *addr};
	struct function f = {.fs = fs};
	int64_t node = -1;
	int rc;

	pci_addr_text(addr, f.addr);
	rc = read_ids(&f, &d);
	if (rc != 0)
		return rc;
	rc = read_function_link(&f, "physfn", &d.pf);
	/* -EINVAL: a link to what is no PCI function. The kernel makes physfn for VFs only. */
	d.is_vf = rc == 0 || rc == -EINVAL;
	d.is_pf = !d.is_vf && (has_file(&f, "sriov_totalvfs") || has_file(&f, "sriov_numvfs"));
	if (d.is_pf)
		read_sriov(&f, &d);
	read_text(&f, "modalias", d.modalias, sizeof(d.modalias));
	read_text(&f, "acpi_index", d.acpi_index, sizeof(d.acpi_index));
	(void)read_number(&f, "numa_node", -1, INT_MAX, &node);
	d.numa_node = (int)node;
	read_driver(&f, &d);
	read_iommu_group(&f, &d);
	read_netdev(&f, &d);
	*ret = d;
	return 0;
}

int
pci_group_devices(const struct hostfs *fs, int iommu_group, struct pci_addr *ret, int max)
{
	const char *name;
	char *names;
	int found = 0, rc;
	size_t n;

	rc = hostfs_list(fs, &names, &n, "/sys/kernel/iommu_groups/%d/devices", iommu_group);
	if (rc != 0)
		return rc;
	name = names;
	for (size_t i = 0; i < n; i++, name = hostfs_next(name)) {
		struct pci_addr addr;

		if (pci_addr_parse(name, &addr) != 0)
			continue;
		if (found < max)
			ret[found] = addr;
		found++;
	}
	free(names);
	return found;
}
