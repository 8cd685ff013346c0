/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Functions of the fake machine as sysfs shows them: their files, configuration space and IOMMU
 * groups. Used by the other parts of the fake machine.
 */
#include "fake_host_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	CONFIG_BYTES = 4096,
	CAP_EXPRESS = 0x40,
	EXT_CAP_ARI = 0x100,
	EXT_CAP_SRIOV = 0x160,
};

const char *
fake_device_dir(char buf[static FAKE_PATH_BYTES], const char *addr)
{
	return fake_path(
		buf, "/sys/devices/pci%.*s:00/%s", (int)(strchr(addr, ':') - addr), addr, addr
	);
}

static void
put_le16(uint8_t *config, unsigned at, unsigned v)
{
	config[at] = (uint8_t)v;
	config[at + 1] = (uint8_t)(v >> 8);
}

static void
put_le32(uint8_t *config, unsigned at, uint32_t v)
{
	put_le16(config, at, v & 0xffff);
	put_le16(config, at + 2, v >> 16);
}

/* PCI Express Base Specification, 9.3.3. The hardware of igb has one VF more than its driver. */
static void
put_sriov(uint8_t *config, const struct fake_pf_settings *pf)
{
	unsigned total = pf->total_vfs + (strcmp(pf->driver, "igb") == 0 ? 1U : 0U);

	put_le32(config, EXT_CAP_ARI, 0x000e | 1 << 16 | EXT_CAP_SRIOV << 20);
	put_le32(config, EXT_CAP_SRIOV, 0x0010 | 1 << 16);
	put_le32(config, EXT_CAP_SRIOV + 0x04, 2); /* ARI capable hierarchy preserved */
	put_le16(config, EXT_CAP_SRIOV + 0x0c, total);
	put_le16(config, EXT_CAP_SRIOV + 0x0e, total);
	put_le16(config, EXT_CAP_SRIOV + 0x14, pf->first_vf_offset);
	put_le16(config, EXT_CAP_SRIOV + 0x16, pf->vf_stride);
	put_le16(config, EXT_CAP_SRIOV + 0x1a, pf->vf_device_id);
	put_le32(config, EXT_CAP_SRIOV + 0x1c, 0x553);
	put_le32(config, EXT_CAP_SRIOV + 0x20, 1);
}

static void
put_config(struct fake_host *f, const char *dir, const struct fake_function *fn)
{
	uint8_t config[CONFIG_BYTES] = {0};
	char path[FAKE_PATH_BYTES];

	/* A VF has no ids in its own space: the kernel takes them from its PF. */
	put_le16(config, 0x00, fn->is_vf ? 0xffff : fn->vendor_id);
	put_le16(config, 0x02, fn->is_vf ? 0xffff : fn->device_id);
	put_le16(config, 0x06, 0x10); /* has a list of capabilities */
	put_le32(config, 0x08, fn->class_code << 8 | 1);
	put_le16(config, 0x2c, fn->vendor_id);
	put_le16(config, 0x2e, fn->device_id);
	config[0x34] = CAP_EXPRESS;
	put_le16(config, CAP_EXPRESS, 0x10);
	put_le16(config, CAP_EXPRESS + 2, 2);
	if (fn->pf != NULL && !fn->is_vf)
		put_sriov(config, fn->pf);
	fake_put_bytes(f, fake_path(path, "%s/config", dir), config, sizeof(config));
}

void
fake_device_show_vfs(struct fake_host *f, const char *pf, uint16_t num_vfs)
{
	char dir[FAKE_PATH_BYTES], path[FAKE_PATH_BYTES], full[FAKE_PATH_BYTES];
	uint8_t config[CONFIG_BYTES];
	FILE *file;

	fake_device_dir(dir, pf);
	fake_host_put(f, fake_path(path, "%s/sriov_numvfs", dir), "%u\n", num_vfs);
	fake_path(path, "%s/config", dir);
	file = fopen(fake_full(f, full, path), "re");
	if (file == NULL || fread(config, 1, sizeof(config), file) != sizeof(config))
		fake_die("read", full);
	fclose(file);
	/* VF enable, VF memory space enable, ARI capable hierarchy */
	put_le16(config, EXT_CAP_SRIOV + 0x08, num_vfs > 0 ? 0x19 : 0x10);
	put_le16(config, EXT_CAP_SRIOV + 0x10, num_vfs);
	fake_put_bytes(f, path, config, sizeof(config));
}

static void
put_sriov_files(struct fake_host *f, const char *dir, const struct fake_pf_settings *pf)
{
	char path[FAKE_PATH_BYTES];

	fake_host_put(f, fake_path(path, "%s/sriov_totalvfs", dir), "%u\n", pf->total_vfs);
	fake_host_put(f, fake_path(path, "%s/sriov_offset", dir), "%u\n", pf->first_vf_offset);
	fake_host_put(f, fake_path(path, "%s/sriov_stride", dir), "%u\n", pf->vf_stride);
	fake_host_put(f, fake_path(path, "%s/sriov_vf_device", dir), "%x\n", pf->vf_device_id);
	fake_host_put(f, fake_path(path, "%s/sriov_vf_total_msix", dir), "0\n");
	fake_host_put(f, fake_path(path, "%s/sriov_drivers_autoprobe", dir), "1\n");
}

void
fake_device_new(struct fake_host *f, const struct fake_function *fn)
{
	char dir[FAKE_PATH_BYTES], path[FAKE_PATH_BYTES], target[FAKE_PATH_BYTES];
	static const char resource[] = "0x0000000000000000 0x0000000000000000 0x0000000000000000\n";

	fake_device_dir(dir, fn->addr);
	fake_host_put(f, fake_path(path, "%s/vendor", dir), "0x%04x\n", fn->vendor_id);
	fake_host_put(f, fake_path(path, "%s/device", dir), "0x%04x\n", fn->device_id);
	fake_host_put(f, fake_path(path, "%s/subsystem_vendor", dir), "0x%04x\n", fn->vendor_id);
	fake_host_put(f, fake_path(path, "%s/subsystem_device", dir), "0x%04x\n", fn->device_id);
	fake_host_put(f, fake_path(path, "%s/class", dir), "0x%06x\n", fn->class_code);
	fake_host_put(
		f,
		fake_path(path, "%s/modalias", dir),
		"pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X\n",
		fn->vendor_id,
		fn->device_id,
		fn->vendor_id,
		fn->device_id,
		fn->class_code >> 16,
		fn->class_code >> 8 & 0xff,
		fn->class_code & 0xff
	);
	fake_host_put(f, fake_path(path, "%s/numa_node", dir), "%d\n", fn->numa_node);
	fake_host_put(f, fake_path(path, "%s/irq", dir), "0\n");
	fake_host_put(
		f,
		fake_path(path, "%s/resource", dir),
		"%s%s%s%s%s%s%s",
		resource,
		resource,
		resource,
		resource,
		resource,
		resource,
		resource
	);
	fake_host_put(f, fake_path(path, "%s/driver_override", dir), "(null)\n");
	put_config(f, dir, fn);
	if (fn->pf != NULL && !fn->is_vf) {
		put_sriov_files(f, dir, fn->pf);
		fake_device_show_vfs(f, fn->addr, 0);
	}
	fake_group_join(f, fn->addr, fn->group_of, NULL);
	/* The name comes last: who scans the bus meanwhile sees whole functions. */
	fake_path(path, "/sys/bus/pci/devices/%s", fn->addr);
	fake_host_link(f, path, fake_path(target, "../../..%s", dir + strlen("/sys")));
}

void
fake_device_remove(struct fake_host *f, const char *addr)
{
	char path[FAKE_PATH_BYTES];

	fake_host_remove(f, fake_path(path, "/sys/bus/pci/devices/%s", addr));
	fake_group_leave(f, addr);
	fake_host_remove(f, fake_device_dir(path, addr));
}

int
fake_device_group(const struct fake_host *f, const char *addr)
{
	char group[16];

	if (hostfs_link(
		    &f->host.fs, group, sizeof(group), "/sys/bus/pci/devices/%s/iommu_group", addr
	    ) != 0)
		return -1;
	return atoi(group);
}

static bool
has_iommu(const struct fake_host *f)
{
	size_t n = 0;
	char *names;

	if (hostfs_list(&f->host.fs, &names, &n, "/sys/class/iommu") != 0)
		return false;
	free(names);
	return n > 0;
}

/*
 * Into the group of @group_of, or the first number that is free. @name: the group is vfio's own,
 * which needs no IOMMU. The number, or -1 without an IOMMU.
 */
int
fake_group_join(struct fake_host *f, const char *addr, const char *group_of, const char *name)
{
	char dir[FAKE_PATH_BYTES], path[FAKE_PATH_BYTES], target[FAKE_PATH_BYTES];
	int group = group_of != NULL ? fake_device_group(f, group_of) : 0;

	if (name == NULL && !has_iommu(f))
		return -1;
	if (group_of == NULL)
		while (hostfs_exists(&f->host.fs, "/sys/kernel/iommu_groups/%d", group))
			group++;
	fake_path(path, "/sys/kernel/iommu_groups/%d/type", group);
	fake_host_put(f, path, "%s\n", name == NULL ? "DMA" : "blocked");
	if (name != NULL) {
		fake_path(path, "/sys/kernel/iommu_groups/%d/name", group);
		fake_host_put(f, path, "%s\n", name);
	}
	fake_device_dir(dir, addr);
	fake_path(path, "/sys/kernel/iommu_groups/%d/devices/%s", group, addr);
	fake_host_link(f, path, fake_path(target, "../../../..%s", dir + strlen("/sys")));
	fake_path(path, "%s/iommu_group", dir);
	fake_host_link(f, path, fake_path(target, "../../../kernel/iommu_groups/%d", group));
	return group;
}

void
fake_group_leave(struct fake_host *f, const char *addr)
{
	char dir[FAKE_PATH_BYTES], path[FAKE_PATH_BYTES], group[16], *names;
	size_t n;

	fake_device_dir(dir, addr);
	if (hostfs_link(&f->host.fs, group, sizeof(group), "%s/iommu_group", dir) != 0)
		return;
	fake_host_remove(f, fake_path(path, "%s/iommu_group", dir));
	fake_host_remove(f, fake_path(path, "/sys/kernel/iommu_groups/%s/devices/%s", group, addr));
	fake_path(path, "/sys/kernel/iommu_groups/%s", group);
	if (hostfs_list(&f->host.fs, &names, &n, "%s/devices", path) != 0)
		fake_die("list", path);
	if (n == 0)
		fake_host_remove(f, path);
	free(names);
}
