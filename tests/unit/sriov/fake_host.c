/* SPDX-License-Identifier: BSD-3-Clause */
/* See fake_host.h: the machine as a whole, and what a test adds to it. */
#include "fake_host_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOOT_ID "5f0c2d1e-8f6b-4c3a-9d7e-0123456789ab"

static struct fake_host *
host_at(const char *root, bool removes_tree)
{
	struct fake_host *f = calloc(1, sizeof(*f));

	if (f == NULL || strlen(root) >= sizeof(f->root))
		fake_die("open", root);
	strcpy(f->root, root);
	snprintf(f->state_dir, sizeof(f->state_dir), "%s" SRIOV_STATE_DIR, root);
	f->removes_tree = removes_tree;
	f->host.fs = (struct hostfs){.root = f->root, .write = fake_kernel_write, .ctx = f};
	f->host.state_dir = f->state_dir;
	f->host.ctx = f;
	fake_netlink_init(&f->host);
	fake_script_init(&f->host);
	return f;
}

struct fake_host *
fake_host_open(const char *root)
{
	return host_at(root, false);
}

struct fake_host *
fake_host_new(void)
{
	char in_memory[] = "/dev/shm/fake_host.XXXXXX", on_disk[] = "/tmp/fake_host.XXXXXX";
	char path[FAKE_PATH_BYTES];
	const char *root = mkdtemp(in_memory);
	struct fake_host *f;

	if (root == NULL)
		root = mkdtemp(on_disk);
	if (root == NULL)
		fake_die("mkdtemp", on_disk);
	f = host_at(root, true);
	if (mkdir(fake_full(f, path, "/.script"), 0755) != 0)
		fake_die("mkdir", path);
	fake_mkdirs(f, "/.kernel/vf");
	fake_mkdirs(f, "/run");
	fake_mkdirs(f, "/sys/bus/pci/devices");
	fake_mkdirs(f, "/sys/class/iommu/dmar0");
	fake_mkdirs(f, "/sys/class/net");
	fake_mkdirs(f, "/sys/kernel/iommu_groups");
	fake_driver_new(f, "igb");
	fake_driver_new(f, "igbvf");
	fake_driver_new(f, "vfio-pci");
	fake_host_put(f, "/sys/bus/pci/drivers_probe", "%s", "");
	fake_host_put(f, "/sys/bus/pci/drivers_autoprobe", "1\n");
	fake_host_put(f, "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "N\n");
	fake_host_put(f, "/sys/module/vfio_iommu_type1/parameters/dma_entry_limit", "65535\n");
	fake_host_put(f, "/sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
	fake_host_put(f, "/dev/vfio/vfio", "%s", "");
	fake_host_put(f, "/proc/sys/kernel/random/boot_id", BOOT_ID "\n");
	fake_host_put(f, "/proc/cmdline", "BOOT_IMAGE=/vmlinuz intel_iommu=on iommu=pt\n");
	fake_host_put(
		f,
		"/proc/net/route",
		"Iface\tDestination\tGateway "
		"\tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT"
		"\n"
	);
	return f;
}

void
fake_host_free(struct fake_host *f)
{
	if (f == NULL)
		return;
	if (f->removes_tree)
		fake_host_remove(f, "");
	free(f);
}

const char *
fake_host_root(const struct fake_host *f)
{
	return f->root;
}

struct sriov_host *
fake_host_sriov(struct fake_host *f)
{
	return &f->host;
}

static void
take_or_die(struct fake_host *f, const char *addr, const char *driver)
{
	fake_driver_new(f, driver);
	if (fake_driver_take(f, addr, driver) != 0)
		fake_die("cannot be bound:", addr);
}

void
fake_host_add_pf(struct fake_host *f, const struct fake_pf_settings *s)
{
	char path[FAKE_PATH_BYTES], addr[32];

	fake_driver_id(f, s->driver, s->vendor_id, s->device_id);
	fake_driver_id(f, fake_driver_of_vfs(s->driver), s->vendor_id, s->vf_device_id);
	if (s->netdev != NULL)
		fake_host_put(f, fake_path(path, "/.kernel/netdev/%s", s->addr), "%s\n", s->netdev);
	fake_device_new(
		f,
		&(struct fake_function){
			.addr = s->addr,
			.vendor_id = s->vendor_id,
			.device_id = s->device_id,
			.class_code = 0x020000,
			.numa_node = s->numa_node,
			.pf = s,
		}
	);
	take_or_die(f, s->addr, s->driver);
	if (s->netdev != NULL && s->netdev_up)
		fake_netdev_show_up(f, s->netdev, true);
	/* Made without a driver, so that each gets the one that was asked for. */
	fake_path(path, "/sys/bus/pci/devices/%s/sriov_drivers_autoprobe", s->addr);
	fake_host_put(f, path, "0\n");
	if (s->num_vfs > 0 && fake_kernel_numvfs(f, s->addr, s->num_vfs) != 0)
		fake_die("cannot have VFs:", s->addr);
	fake_host_put(f, path, "1\n");
	for (unsigned vf = 0; vf < s->num_vfs && s->vf_driver[0] != '\0'; vf++) {
		if (hostfs_link(
			    &f->host.fs,
			    addr,
			    sizeof(addr),
			    "/sys/bus/pci/devices/%s/virtfn%u",
			    s->addr,
			    vf
		    ) != 0)
			fake_die("has no such VF:", s->addr);
		take_or_die(f, addr, s->vf_driver);
	}
}

void
fake_host_add_device(
	struct fake_host *f,
	const char *addr,
	uint16_t vendor_id,
	uint16_t device_id,
	uint32_t class_code,
	const char *driver,
	const char *group_of
)
{
	fake_device_new(
		f,
		&(struct fake_function){
			.addr = addr,
			.vendor_id = vendor_id,
			.device_id = device_id,
			.class_code = class_code,
			.numa_node = -1,
			.group_of = group_of,
		}
	);
	if (driver == NULL || driver[0] == '\0')
		return;
	fake_driver_id(f, driver, vendor_id, device_id);
	take_or_die(f, addr, driver);
}

void
fake_host_process(
	struct fake_host *f, int pid, uint64_t start_ticks, const char *command, const char *path
)
{
	char at[FAKE_PATH_BYTES];

	fake_host_put(
		f,
		fake_path(at, "/proc/%d/stat", pid),
		"%d (%s) S 1 %d %d 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 %llu 0 0 0 0 0 0 0 0 0 0 "
		"0 0 0"
		" 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		pid,
		command,
		pid,
		pid,
		(unsigned long long)start_ticks
	);
	fake_host_put(f, fake_path(at, "/proc/%d/comm", pid), "%s\n", command);
	fake_mkdirs(f, fake_path(at, "/proc/%d/fd", pid));
	fake_host_link(f, fake_path(at, "/proc/%d/fd/0", pid), "/dev/null");
	if (path != NULL)
		fake_host_link(f, fake_path(at, "/proc/%d/fd/3", pid), path);
}
