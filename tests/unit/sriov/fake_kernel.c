/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a write to a file of the fake machine does, by the rules of Linux 6.12: drivers/base/bus.c,
 * drivers/base/driver.c (driver_set_override) and drivers/pci/iov.c. Used through hostfs.write.
 */
#include "fake_host_priv.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A VF's address: the routing id counts over buses. */
static void
vf_address(const struct fake_host *f, const char *pf, unsigned vf, char ret[static 32])
{
	unsigned domain, bus, device, function, rid;
	char path[FAKE_PATH_BYTES];

	if (sscanf(pf, "%x:%x:%x.%x", &domain, &bus, &device, &function) != 4)
		fake_die("address", pf);
	rid = bus << 8 | device << 3 | function;
	fake_path(path, "/sys/bus/pci/devices/%s/sriov_offset", pf);
	rid += (unsigned)fake_number(f, path, 0);
	fake_path(path, "/sys/bus/pci/devices/%s/sriov_stride", pf);
	rid += vf * (unsigned)fake_number(f, path, 0);
	snprintf(
		ret,
		32,
		"%.*s:%02x:%02x.%x",
		(int)(strchr(pf, ':') - pf),
		pf,
		rid >> 8,
		rid >> 3 & 0x1f,
		rid & 7
	);
}

static uint32_t
read_hex(const struct fake_host *f, const char *addr, const char *file)
{
	char text[16];

	if (hostfs_read(
		    &f->host.fs, text, sizeof(text), "/sys/bus/pci/devices/%s/%s", addr, file
	    ) != 0)
		fake_die("read", file);
	return (uint32_t)strtoul(text, NULL, 16);
}

static void
make_vf(struct fake_host *f, const char *pf, unsigned vf)
{
	char addr[32], path[FAKE_PATH_BYTES], dir[FAKE_PATH_BYTES], target[FAKE_PATH_BYTES];

	vf_address(f, pf, vf, addr);
	fake_path(path, "/sys/bus/pci/devices/%s/numa_node", pf);
	fake_device_new(
		f,
		&(struct fake_function){
			.addr = addr,
			.vendor_id = (uint16_t)read_hex(f, pf, "vendor"),
			.device_id = (uint16_t)read_hex(f, pf, "sriov_vf_device"),
			.class_code = read_hex(f, pf, "class"),
			.numa_node = fake_number(f, path, -1),
			.is_vf = true,
		}
	);
	fake_path(path, "%s/physfn", fake_device_dir(dir, addr));
	fake_host_link(f, path, fake_path(target, "../%s", pf));
	fake_path(path, "%s/virtfn%u", fake_device_dir(dir, pf), vf);
	fake_host_link(f, path, fake_path(target, "../%s", addr));
	fake_driver_attach(f, addr);
}

static bool
any_held(const struct fake_host *f, const char *pf)
{
	char addr[32];

	for (unsigned vf = 0;
	     hostfs_link(
		     &f->host.fs, addr, sizeof(addr), "/sys/bus/pci/devices/%s/virtfn%u", pf, vf
	     ) == 0;
	     vf++)
		if (fake_device_is_held(f, addr))
			return true;
	return false;
}

static int
remove_vfs(struct fake_host *f, const char *pf)
{
	char addr[32], path[FAKE_PATH_BYTES];

	if (any_held(f, pf))
		return -ETIMEDOUT;
	fake_host_remove(f, fake_path(path, "/.script/late/%s", pf));
	for (unsigned vf = 0;; vf++) {
		fake_path(path, "/sys/bus/pci/devices/%s/virtfn%u", pf, vf);
		if (hostfs_link(&f->host.fs, addr, sizeof(addr), "%s", path) != 0)
			break;
		(void)fake_driver_leave(f, addr);
		fake_host_remove(f, path);
		fake_device_remove(f, addr);
	}
	fake_netlink_vfs(f, pf, 0);
	fake_device_show_vfs(f, pf, 0);
	return 0;
}

/* sriov_configure() of the PF's driver: without a look at what there is. */
int
fake_kernel_numvfs(struct fake_host *f, const char *pf, uint16_t num_vfs)
{
	char path[FAKE_PATH_BYTES];
	uint32_t late_ms;
	uint16_t at_most;
	int err;

	if (num_vfs == 0)
		return remove_vfs(f, pf);
	fake_count_answer_get(f, pf, &at_most, &err, &late_ms);
	if (err != 0)
		return err;
	if (at_most != 0 && num_vfs > at_most)
		num_vfs = at_most;
	fake_netlink_vfs(f, pf, num_vfs);
	fake_device_show_vfs(f, pf, num_vfs);
	if (late_ms > 0) {
		uint64_t due_ms = fake_now_ns(f) / 1000000 + late_ms;

		fake_path(path, "/.script/late/%s", pf);
		fake_host_put(f, path, "%llu\n", (unsigned long long)due_ms);
		return 0;
	}
	for (unsigned vf = 0; vf < num_vfs; vf++)
		make_vf(f, pf, vf);
	return 0;
}

void
fake_kernel_late(struct fake_host *f)
{
	char path[FAKE_PATH_BYTES], *names;
	const char *pf;
	int64_t due_ms;
	size_t n;

	if (hostfs_list(&f->host.fs, &names, &n, "/.script/late") != 0)
		return;
	pf = names;
	for (size_t i = 0; i < n; i++, pf = hostfs_next(pf)) {
		if (hostfs_read_i64(&f->host.fs, &due_ms, "/.script/late/%s", pf) != 0 ||
		    fake_now_ns(f) / 1000000 < (uint64_t)due_ms)
			continue;
		fake_host_remove(f, fake_path(path, "/.script/late/%s", pf));
		fake_path(path, "/sys/bus/pci/devices/%s/sriov_numvfs", pf);
		for (unsigned vf = 0; vf < (unsigned)fake_number(f, path, 0); vf++)
			make_vf(f, pf, vf);
	}
	free(names);
}

/* @owner: the directory of the file: a function's address or a driver's name. */
static int
write_numvfs(struct fake_host *f, const char *owner, const char *value)
{
	char path[FAKE_PATH_BYTES], driver[32], *end;
	unsigned long wanted = strtoul(value, &end, 0);
	int now, total;

	if (end == value || strchr(value, '-') != NULL ||
	    (*end != '\0' && strcmp(end, "\n") != 0) || wanted > UINT16_MAX)
		return -EINVAL;
	fake_path(path, "/sys/bus/pci/devices/%s/sriov_totalvfs", owner);
	total = fake_number(f, path, 0);
	fake_path(path, "/sys/bus/pci/devices/%s/sriov_numvfs", owner);
	now = fake_number(f, path, 0);
	if ((int)wanted > total)
		return -ERANGE;
	if ((int)wanted == now)
		return 0;
	if (hostfs_link(
		    &f->host.fs, driver, sizeof(driver), "/sys/bus/pci/devices/%s/driver", owner
	    ) != 0 ||
	    strcmp(driver, "vfio-pci") == 0)
		return -ENOENT;
	if (wanted != 0 && now != 0)
		return -EBUSY;
	return fake_kernel_numvfs(f, owner, (uint16_t)wanted);
}

/* kstrtobool(): the first letter decides. */
static int
read_bool(const char *value)
{
	if (strchr("yYtT1", value[0]) != NULL)
		return 1;
	if (strchr("nNfF0", value[0]) != NULL)
		return 0;
	if (strncasecmp(value, "on", 2) == 0)
		return 1;
	return strncasecmp(value, "of", 2) == 0 ? 0 : -EINVAL;
}

static int
write_autoprobe(struct fake_host *f, const char *owner, const char *value)
{
	char path[FAKE_PATH_BYTES];
	int on = read_bool(value);

	if (on < 0)
		return on;
	fake_path(path, "/sys/bus/pci/devices/%s/sriov_drivers_autoprobe", owner);
	fake_host_put(f, path, "%d\n", on);
	return 0;
}

static int
write_noiommu(struct fake_host *f, const char *owner, const char *value)
{
	int on = read_bool(value);

	(void)owner;
	if (on < 0)
		return on;
	fake_host_put(
		f,
		"/sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
		"%s\n",
		on != 0 ? "Y" : "N"
	);
	return 0;
}

static int
write_override(struct fake_host *f, const char *owner, const char *value)
{
	size_t len = strcspn(value, "\n");
	char path[FAKE_PATH_BYTES];

	fake_path(path, "/sys/bus/pci/devices/%s/driver_override", owner);
	fake_host_put(f, path, "%.*s\n", len > 0 ? (int)len : 6, len > 0 ? value : "(null)");
	return 0;
}

/* A device by its name, which may end in a newline. */
static bool
find_device(const struct fake_host *f, const char *value, char ret[static 32])
{
	size_t len = strlen(value);

	if (len > 0 && value[len - 1] == '\n')
		len--;
	if (len == 0 || len >= 32 || memchr(value, '/', len) != NULL)
		return false;
	memcpy(ret, value, len);
	ret[len] = '\0';
	return hostfs_exists(&f->host.fs, "/sys/bus/pci/devices/%s", ret);
}

static int
write_bind(struct fake_host *f, const char *owner, const char *value)
{
	char addr[32];

	return find_device(f, value, addr) ? fake_driver_bind(f, owner, addr) : -ENODEV;
}

static int
write_unbind(struct fake_host *f, const char *owner, const char *value)
{
	char addr[32];

	if (!find_device(f, value, addr) ||
	    !hostfs_exists(&f->host.fs, "/sys/bus/pci/drivers/%s/%s", owner, addr))
		return -ENODEV;
	return fake_driver_leave(f, addr);
}

static int
write_probe(struct fake_host *f, const char *owner, const char *value)
{
	char addr[32];

	(void)owner;
	if (!find_device(f, value, addr))
		return -ENODEV;
	fake_driver_attach(f, addr);
	return 0;
}

static const struct {
	const char *file;
	int (*write)(struct fake_host *f, const char *owner, const char *value);
} files[] = {
	{"bind", write_bind},
	{"unbind", write_unbind},
	{"drivers_probe", write_probe},
	{"driver_override", write_override},
	{"sriov_numvfs", write_numvfs},
	{"sriov_drivers_autoprobe", write_autoprobe},
	{"enable_unsafe_noiommu_mode", write_noiommu},
};

/* What has no rule keeps what is written, if it is there. */
static int
kernel_write(struct fake_host *f, const char *path, const char *value)
{
	char full[FAKE_PATH_BYTES], real[PATH_MAX];
	char *file, *owner;
	struct stat st;

	fake_full(f, full, path);
	if (realpath(full, real) == NULL)
		return -errno;
	if (stat(real, &st) != 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	file = strrchr(real, '/');
	*file++ = '\0';
	owner = strrchr(real, '/') + 1;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(files[i].file, file) == 0)
			return files[i].write(f, owner, value);
	fake_host_put(f, path, "%s", value);
	return 0;
}

int
fake_kernel_write(void *ctx, const char *path, const char *value, size_t len)
{
	struct fake_host *f = ctx;
	char text[4096];
	int lock, rc;

	rc = fake_step_begin(f, &lock);
	if (rc != 0)
		return rc;
	if (len >= sizeof(text) - 1) {
		rc = -EINVAL;
	} else if (len > 0) {
		/* As the kernel has it: a string that ends at its first NUL. */
		memcpy(text, value, len);
		text[len] = '\0';
		rc = kernel_write(f, path, text);
	}
	fake_step_end(f, lock);
	return rc;
}
