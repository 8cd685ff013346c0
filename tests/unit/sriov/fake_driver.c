/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The drivers of the fake machine: which functions they match, what they make of one (a netdev, a
 * node of vfio), and how they let it go. Used by fake_kernel.c and fake_host.c.
 *
 * The rules are those of Linux 6.12: drivers/base/{bus,dd}.c, drivers/pci/pci-driver.c, and
 * drivers/vfio.
 */
#include "fake_host_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOIOMMU_FILE "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"

/* Kernel drivers of the VFs of a PF's driver. */
static const struct {
	const char *pf, *vf;
} vf_drivers[] = {
	{"i40e", "iavf"},
	{"ice", "iavf"},
	{"ixgbe", "ixgbevf"},
	{"mlx4_core", "mlx4_core"},
	{"mlx5_core", "mlx5_core"},
};

const char *
fake_driver_of_vfs(const char *pf_driver)
{
	for (size_t i = 0; i < sizeof(vf_drivers) / sizeof(vf_drivers[0]); i++)
		if (strcmp(vf_drivers[i].pf, pf_driver) == 0)
			return vf_drivers[i].vf;
	return "igbvf";
}

void
fake_driver_new(struct fake_host *f, const char *driver)
{
	static const char *const files[] = {"bind", "unbind", "new_id", "remove_id", "uevent"};
	char path[FAKE_PATH_BYTES];

	if (hostfs_exists(&f->host.fs, "/sys/bus/pci/drivers/%s", driver))
		return;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		fake_path(path, "/sys/bus/pci/drivers/%s/%s", driver, files[i]);
		fake_host_put(f, path, "%s", "");
	}
	fake_path(path, "/sys/module/%s/refcnt", driver);
	for (char *at = path; (at = strchr(at, '-')) != NULL;)
		*at = '_';
	fake_host_put(f, path, "0\n");
}

void
fake_driver_id(struct fake_host *f, const char *driver, uint16_t vendor_id, uint16_t device_id)
{
	char path[FAKE_PATH_BYTES];

	fake_driver_new(f, driver);
	/* It takes what it is told to, by an override, and knows no ids. */
	if (strcmp(driver, "vfio-pci") == 0)
		return;
	fake_path(path, "/.kernel/ids/%s/0x%04x-0x%04x", driver, vendor_id, device_id);
	fake_host_put(f, path, "%s", "");
}

/* "" when there is none. */
static void
read_override(const struct fake_host *f, const char *addr, char ret[static HOSTFS_NAME_BYTES])
{
	if (hostfs_read(
		    &f->host.fs,
		    ret,
		    HOSTFS_NAME_BYTES,
		    "/sys/bus/pci/devices/%s/driver_override",
		    addr
	    ) != 0 ||
	    strcmp(ret, "(null)") == 0)
		ret[0] = '\0';
}

static bool
driver_matches(const struct fake_host *f, const char *driver, const char *addr)
{
	char override[HOSTFS_NAME_BYTES], vendor[16], device[16];
	const struct hostfs *fs = &f->host.fs;

	read_override(f, addr, override);
	if (override[0] != '\0')
		return strcmp(override, driver) == 0;
	return hostfs_read(fs, vendor, sizeof(vendor), "/sys/bus/pci/devices/%s/vendor", addr) ==
	               0 &&
	       hostfs_read(fs, device, sizeof(device), "/sys/bus/pci/devices/%s/device", addr) ==
	               0 &&
	       hostfs_exists(fs, "/.kernel/ids/%s/%s-%s", driver, vendor, device);
}

static bool
read_driver(const struct fake_host *f, const char *addr, char ret[static HOSTFS_NAME_BYTES])
{
	return hostfs_link(
		       &f->host.fs, ret, HOSTFS_NAME_BYTES, "/sys/bus/pci/devices/%s/driver", addr
	       ) == 0;
}

/* The node of a function's group below /dev/vfio; false: it has none. */
static bool
vfio_node(const struct fake_host *f, const char *addr, char ret[static FAKE_PATH_BYTES])
{
	int group = fake_device_group(f, addr);
	bool noiommu = hostfs_exists(&f->host.fs, "/sys/kernel/iommu_groups/%d/name", group);

	fake_path(ret, "/dev/vfio/%s%d", noiommu ? "noiommu-" : "", group);
	return group >= 0;
}

static int
vfio_probe(struct fake_host *f, const char *addr, bool *ret_silent)
{
	char node[FAKE_PATH_BYTES], noiommu[8];
	int err;

	fake_vfio_answer_get(f, &err, ret_silent);
	if (err != 0 || *ret_silent)
		return err;
	if (fake_device_group(f, addr) < 0) {
		if (hostfs_read(&f->host.fs, noiommu, sizeof(noiommu), NOIOMMU_FILE) != 0 ||
		    strcmp(noiommu, "Y") != 0)
			return -EINVAL;
		fake_group_join(f, addr, NULL, "vfio-noiommu");
	}
	if (vfio_node(f, addr, node))
		fake_host_put(f, node, "%s", "");
	return 0;
}

/* The node goes with the last function of the group that vfio has; a group of vfio's own too. */
static void
vfio_remove(struct fake_host *f, const char *addr)
{
	char node[FAKE_PATH_BYTES], driver[HOSTFS_NAME_BYTES], *names;
	int group = fake_device_group(f, addr);
	const char *name;
	bool last = true;
	size_t n;

	if (!vfio_node(f, addr, node) ||
	    hostfs_list(&f->host.fs, &names, &n, "/sys/kernel/iommu_groups/%d/devices", group) != 0)
		return;
	name = names;
	for (size_t i = 0; i < n; i++, name = hostfs_next(name))
		if (strcmp(name, addr) != 0 && read_driver(f, name, driver) &&
		    strcmp(driver, "vfio-pci") == 0)
			last = false;
	free(names);
	if (last)
		fake_host_remove(f, node);
	if (strstr(node, "noiommu-") != NULL)
		fake_group_leave(f, addr);
}

bool
fake_device_is_held(const struct fake_host *f, const char *addr)
{
	char node[FAKE_PATH_BYTES], open_path[FAKE_PATH_BYTES], driver[HOSTFS_NAME_BYTES];
	const struct hostfs *fs = &f->host.fs;
	const char *pid, *fd;
	char *pids, *fds;
	size_t nb_pids, nb_fds;
	bool held = false;

	if (!read_driver(f, addr, driver) || strcmp(driver, "vfio-pci") != 0 ||
	    !vfio_node(f, addr, node) || hostfs_list(fs, &pids, &nb_pids, "/proc") != 0)
		return false;
	pid = pids;
	for (size_t i = 0; i < nb_pids; i++, pid = hostfs_next(pid)) {
		if (hostfs_list(fs, &fds, &nb_fds, "/proc/%s/fd", pid) != 0)
			continue;
		fd = fds;
		for (size_t k = 0; k < nb_fds; k++, fd = hostfs_next(fd))
			if (hostfs_link(
				    fs, open_path, sizeof(open_path), "/proc/%s/fd/%s", pid, fd
			    ) == 0 &&
			    strcmp(open_path, strrchr(node, '/') + 1) == 0)
				held = true;
		free(fds);
	}
	free(pids);
	return held;
}

/* Name and address that a netdev driver gives; false: none (not a network function). */
static bool
netdev_identity(
	const struct fake_host *f,
	const char *addr,
	char name[static HOSTFS_NAME_BYTES],
	uint8_t mac[static 6]
)
{
	const struct hostfs *fs = &f->host.fs;
	char pf[32], class_code[16], pf_name[HOSTFS_NAME_BYTES];
	unsigned domain, bus, device, function, vf = 0;
	char link[32];

	if (hostfs_read(
		    fs, class_code, sizeof(class_code), "/sys/bus/pci/devices/%s/class", addr
	    ) != 0 ||
	    strncmp(class_code, "0x02", 4) != 0 ||
	    sscanf(addr, "%x:%x:%x.%x", &domain, &bus, &device, &function) != 4)
		return false;
	memcpy(mac,
	       (uint8_t[]){
		       0x02,
		       (uint8_t)(domain >> 8),
		       (uint8_t)domain,
		       (uint8_t)bus,
		       (uint8_t)device,
		       (uint8_t)function,
	       },
	       6);
	if (hostfs_link(fs, pf, sizeof(pf), "/sys/bus/pci/devices/%s/physfn", addr) != 0)
		return hostfs_read(fs, name, HOSTFS_NAME_BYTES, "/.kernel/netdev/%s", addr) == 0;
	while (hostfs_link(fs, link, sizeof(link), "/sys/bus/pci/devices/%s/virtfn%u", pf, vf) ==
	               0 &&
	       strcmp(link, addr) != 0)
		vf++;
	(void)fake_netlink_mac(f, pf, vf, mac);
	if (hostfs_read(fs, pf_name, sizeof(pf_name), "/.kernel/netdev/%s", pf) == 0)
		return snprintf(name, 16, "%.10sv%u", pf_name, vf) < 16;
	return snprintf(name, 16, "eth%02x%02x%x", bus, device, function) < 16;
}

int
fake_driver_take(struct fake_host *f, const char *addr, const char *driver)
{
	char dir[FAKE_PATH_BYTES], path[FAKE_PATH_BYTES], target[FAKE_PATH_BYTES];
	char name[HOSTFS_NAME_BYTES];
	bool silent = false;
	uint8_t mac[6];
	int rc = 0;

	if (strcmp(driver, "vfio-pci") == 0)
		rc = vfio_probe(f, addr, &silent);
	else if (netdev_identity(f, addr, name, mac))
		fake_netdev_new(f, addr, name, mac);
	if (rc != 0 || silent)
		return rc;
	fake_device_dir(dir, addr);
	fake_path(path, "/sys/bus/pci/drivers/%s/%s", driver, addr);
	fake_host_link(f, path, fake_path(target, "../../../..%s", dir + strlen("/sys")));
	fake_path(path, "%s/driver", dir);
	fake_host_link(f, path, fake_path(target, "../../../bus/pci/drivers/%s", driver));
	return 0;
}

static void
remove_netdevs(struct fake_host *f, const char *addr)
{
	char path[FAKE_PATH_BYTES], *names;
	const char *name;
	size_t n;

	if (hostfs_list(&f->host.fs, &names, &n, "/sys/bus/pci/devices/%s/net", addr) != 0)
		return;
	name = names;
	for (size_t i = 0; i < n; i++, name = hostfs_next(name))
		fake_host_remove(f, fake_path(path, "/sys/class/net/%s", name));
	free(names);
	fake_host_remove(f, fake_path(path, "/sys/bus/pci/devices/%s/net", addr));
}

/* A PF's driver takes its VFs with it. vfio waits for who has the function open: -ETIMEDOUT. */
int
fake_driver_leave(struct fake_host *f, const char *addr)
{
	char path[FAKE_PATH_BYTES], driver[HOSTFS_NAME_BYTES];
	int rc;

	if (!read_driver(f, addr, driver))
		return -ENODEV;
	if (fake_device_is_held(f, addr))
		return -ETIMEDOUT;
	fake_path(path, "/sys/bus/pci/devices/%s/sriov_numvfs", addr);
	if (fake_number(f, path, 0) > 0) {
		rc = fake_kernel_numvfs(f, addr, 0);
		if (rc != 0)
			return rc;
	}
	fake_host_remove(f, fake_path(path, "/sys/bus/pci/drivers/%s/%s", driver, addr));
	fake_host_remove(f, fake_path(path, "/sys/bus/pci/devices/%s/driver", addr));
	if (strcmp(driver, "vfio-pci") == 0)
		vfio_remove(f, addr);
	else
		remove_netdevs(f, addr);
	return 0;
}

/* pci_device_can_probe(): a VF of a PF without autoprobe needs an override. */
static int
driver_probe(struct fake_host *f, const char *driver, const char *addr)
{
	char override[HOSTFS_NAME_BYTES], path[FAKE_PATH_BYTES];

	read_override(f, addr, override);
	fake_path(path, "/sys/bus/pci/devices/%s/physfn/sriov_drivers_autoprobe", addr);
	if (override[0] == '\0' && fake_number(f, path, 1) == 0)
		return -ENODEV;
	return fake_driver_take(f, addr, driver);
}

/* device_attach(): the first driver that matches and takes it; that one refuses is no error. */
void
fake_driver_attach(struct fake_host *f, const char *addr)
{
	char driver[HOSTFS_NAME_BYTES], *names;
	const char *name;
	size_t n;

	if (read_driver(f, addr, driver) ||
	    hostfs_list(&f->host.fs, &names, &n, "/sys/bus/pci/drivers") != 0)
		return;
	name = names;
	for (size_t i = 0; i < n; i++, name = hostfs_next(name))
		if (driver_matches(f, name, addr) && driver_probe(f, name, addr) == 0)
			break;
	free(names);
}

int
fake_driver_bind(struct fake_host *f, const char *driver, const char *addr)
{
	char bound[HOSTFS_NAME_BYTES];

	if (!driver_matches(f, driver, addr))
		return -ENODEV;
	if (read_driver(f, addr, bound))
		return -EBUSY;
	return driver_probe(f, driver, addr);
}
