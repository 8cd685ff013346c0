/* SPDX-License-Identifier: BSD-3-Clause */
/* See driver_bind.h. Used by lib/sriov. */
#include "driver_bind.h"

#include "reason.h"
#include "vfio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* Others hold a device's lock no longer than their driver takes to probe it. */
	LOCK_LIMIT_MS = 5000,
	/* A network driver may reset its device and wait for the PF before it answers. */
	PROBE_LIMIT_MS = 30000,
};

#define DEVICE "/sys/bus/pci/devices/%s"
#define DRIVER "/sys/bus/pci/drivers/%s"

bool
driver_name_ok(const char *driver)
{
	size_t len = strlen(driver);

	return len > 0 && len < sizeof(((struct driver_binding *)NULL)->driver) &&
	       strcspn(driver, "/ \t\n") == len && driver[0] != '.';
}

int
driver_read(const struct hostfs *fs, const struct pci_addr *addr, char ret[static 32])
{
	char name[PCI_ADDR_BYTES], driver[32] = "";
	int rc;

	pci_addr_text(addr, name);
	rc = hostfs_link(fs, driver, sizeof(driver), DEVICE "/driver", name);
	if (rc == -ENOENT && !hostfs_exists(fs, DEVICE, name))
		return -ENODEV;
	if (rc != 0 && rc != -ENOENT)
		return rc;
	strcpy(ret, driver);
	return 0;
}

int
driver_binding_read(
	const struct hostfs *fs, const struct pci_addr *addr, struct driver_binding *ret
)
{
	struct driver_binding b = {.driver = ""};
	char name[PCI_ADDR_BYTES];
	int rc = driver_read(fs, addr, b.driver);

	if (rc != 0)
		return rc;
	rc = hostfs_read_limited(
		fs,
		b.override,
		sizeof(b.override),
		LOCK_LIMIT_MS,
		DEVICE "/driver_override",
		pci_addr_text(addr, name)
	);
	if (rc != 0 && rc != -ENOENT)
		return rc;
	/* What the kernel prints for a pointer that is not there. */
	if (strcmp(b.override, "(null)") == 0)
		b.override[0] = '\0';
	*ret = b;
	return 0;
}

bool
driver_loaded(const struct hostfs *fs, const char *driver)
{
	return driver_name_ok(driver) && hostfs_exists(fs, DRIVER, driver);
}

/* What a refusal by sysfs itself, and not by a driver, means; false: it is none of those. */
static bool
sysfs_refused(const struct hostfs *fs, const char *what, int err, struct reason *why)
{
	char lockdown[32];

	kernel_lockdown(fs, lockdown, sizeof(lockdown));
	if (err == -EROFS)
		reason_set(
			why,
			err,
			"%s: /sys is read-only here, as in a container: do it on the host",
			what
		);
	else if (err == -EPERM && strcmp(lockdown, "none") != 0)
		reason_set(
			why,
			err,
			"%s: not permitted; the kernel is locked down (%s), which allows only "
			"drivers that an IOMMU keeps in check (vfio-pci)",
			what,
			lockdown
		);
	else if (err == -EACCES || err == -EPERM)
		reason_set(why, err, "%s: not permitted: it takes root (CAP_SYS_ADMIN)", what);
	else
		return false;
	return true;
}

int
driver_override_set(
	const struct hostfs *fs, const struct pci_addr *addr, const char *driver, struct reason *why
)
{
	struct driver_binding now;
	char name[PCI_ADDR_BYTES], value[sizeof(now.override) + 1], what[96];
	int rc;

	pci_addr_text(addr, name);
	if (driver[0] != '\0' && !driver_name_ok(driver))
		return reason_set(why, -EINVAL, "\"%s\" cannot be a driver's name", driver);
	rc = driver_binding_read(fs, addr, &now);
	if (rc != 0)
		return reason_set(why, rc, "%s: cannot read its driver: %s", name, strerror(-rc));
	if (strcmp(now.override, driver) == 0)
		return 0;
	/* An empty line takes it away: a write of nothing never reaches the kernel. */
	stpcpy(stpcpy(value, driver), "\n");
	rc = hostfs_write_limited(
		fs, value, strlen(value), LOCK_LIMIT_MS, DEVICE "/driver_override", name
	);
	if (rc == 0)
		return 0;
	stpcpy(stpcpy(what, name), ": cannot set driver_override");
	if (sysfs_refused(fs, what, rc, why))
		return rc;
	if (rc == -ENOENT)
		return reason_set(why, rc, "%s: this kernel has no driver_override for it", what);
	return reason_set(why, rc, "%s: %s", what, strerror(-rc));
}

int
driver_unbind(
	const struct hostfs *fs, const struct pci_addr *addr, uint32_t limit_ms, struct reason *why
)
{
	char name[PCI_ADDR_BYTES], what[96], now[32];
	int rc;

	pci_addr_text(addr, name);
	rc = driver_read(fs, addr, now);
	if (rc != 0)
		return reason_set(why, rc, "%s: cannot read its driver: %s", name, strerror(-rc));
	if (now[0] == '\0')
		return 0;
	rc = hostfs_write_limited(fs, name, strlen(name), limit_ms, DRIVER "/unbind", now);
	if (rc == 0)
		return 0;
	/* Somebody else took it from the driver in between: that is what was wanted. */
	if ((rc == -ENODEV || rc == -ENOENT) && driver_read(fs, addr, now) == 0 && now[0] == '\0')
		return 0;
	stpcpy(stpcpy(stpcpy(what, name), ": cannot unbind it from "), now);
	if (sysfs_refused(fs, what, rc, why))
		return rc;
	if (rc == -ETIMEDOUT)
		return reason_set(
			why,
			rc,
			"%s: the kernel did not return in %u ms, and does when the process that "
			"has it open ends",
			what,
			limit_ms
		);
	return reason_set(why, rc, "%s: %s", what, strerror(-rc));
}

static bool
dir_empty(const struct hostfs *fs, const char *path)
{
	char *names;
	size_t n;

	if (hostfs_list(fs, &names, &n, "%s", path) != 0)
		return true;
	free(names);
	return n == 0;
}

/* vfio's -EINVAL is one number for several states of the machine. */
static int
explain_vfio_einval(const struct hostfs *fs, const char *what, const char *name, struct reason *why)
{
	if (dir_empty(fs, "/sys/class/iommu"))
		return reason_set(
			why,
			-EINVAL,
			"%s: the machine has no active IOMMU: switch VT-d or AMD-Vi on in the "
			"firmware and boot with intel_iommu=on; without one, and without its "
			"protection, only after "
			"\"echo Y > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode\"",
			what
		);
	if (!hostfs_exists(fs, DEVICE "/iommu_group", name))
		return reason_set(
			why,
			-EINVAL,
			"%s: the machine has an IOMMU, but it does not cover this function, which "
			"is "
			"in no IOMMU group (see dmesg)",
			what
		);
	return reason_set(why, -EINVAL, "%s: it refused the function (see dmesg)", what);
}

static int
explain_bind(
	const struct hostfs *fs, const char *name, const char *driver, int err, struct reason *why
)
{
	char what[128], vendor[16] = "?", device[16] = "?";

	stpcpy(stpcpy(stpcpy(what, name), ": cannot bind it to "), driver);
	if (sysfs_refused(fs, what, err, why))
		return err;
	switch (err) {
	case -ENOENT:
		return reason_set(
			why, err, "%s: no such driver is loaded (modprobe %s)", what, driver
		);
	case -EINVAL:
		if (strstr(driver, "vfio") != NULL)
			return explain_vfio_einval(fs, what, name, why);
		break;
	case -ENODEV:
		(void)hostfs_read(fs, vendor, sizeof(vendor), DEVICE "/vendor", name);
		(void)hostfs_read(fs, device, sizeof(device), DEVICE "/device", name);
		return reason_set(
			why,
			err,
			"%s: the driver does not take it: it does not know the id %s:%s, or "
			"sriov_drivers_autoprobe of the PF is 0 and no driver_override stands",
			what,
			vendor,
			device
		);
	case -EBUSY:
		return reason_set(why, err, "%s: another driver has it already", what);
	case -ETIMEDOUT:
		return reason_set(why, err, "%s: the driver did not return in time", what);
	default:
		break;
	}
	return reason_set(why, err, "%s: %s (see dmesg)", what, strerror(-err));
}

/* Who has it after an offer: 0 the wanted one, -EINPROGRESS none, -EBUSY another. */
static int
judge_binding(
	const struct hostfs *fs, const struct pci_addr *addr, const char *driver, struct reason *why
)
{
	char name[PCI_ADDR_BYTES], now[32];
	int rc = driver_read(fs, addr, now);

	pci_addr_text(addr, name);
	if (rc != 0)
		return reason_set(why, rc, "%s: cannot read its driver: %s", name, strerror(-rc));
	if (strcmp(now, driver) == 0)
		return 0;
	if (now[0] == '\0')
		return reason_set(
			why,
			-EINPROGRESS,
			"%s: the kernel took the request, but %s does not have it (see dmesg)",
			name,
			driver
		);
	return reason_set(why, -EBUSY, "%s: %s took it instead of %s", name, now, driver);
}

int
driver_bind(
	const struct hostfs *fs,
	const struct pci_addr *addr,
	const char *driver,
	uint32_t limit_ms,
	struct reason *why
)
{
	char name[PCI_ADDR_BYTES];
	int rc;

	pci_addr_text(addr, name);
	if (!driver_name_ok(driver))
		return reason_set(why, -EINVAL, "\"%s\" cannot be a driver's name", driver);
	if (!driver_loaded(fs, driver))
		return explain_bind(fs, name, driver, -ENOENT, why);
	/*
	 * An override is heeded here even where sriov_drivers_autoprobe is 0, which makes the
	 * driver's own "bind" fail. What it answers counts only when sysfs agrees.
	 */
	rc = hostfs_write_limited(fs, name, strlen(name), limit_ms, "/sys/bus/pci/drivers_probe");
	if (rc == -ETIMEDOUT)
		return explain_bind(fs, name, driver, rc, why);
	rc = judge_binding(fs, addr, driver, why);
	if (rc != -EINPROGRESS)
		return rc;
	rc = hostfs_write_limited(fs, name, strlen(name), limit_ms, DRIVER "/bind", driver);
	/* -EBUSY also of a driver that took it meanwhile, which may be the right one. */
	if (rc != 0 && (rc != -EBUSY || judge_binding(fs, addr, driver, why) != 0))
		return explain_bind(fs, name, driver, rc, why);
	return judge_binding(fs, addr, driver, why);
}

int
driver_probe(const struct hostfs *fs, const struct pci_addr *addr, struct reason *why)
{
	char name[PCI_ADDR_BYTES], what[96];
	int rc;

	pci_addr_text(addr, name);
	if (!hostfs_exists(fs, DEVICE, name))
		return reason_set(why, -ENODEV, "%s: no such PCI function", name);
	rc = hostfs_write_limited(
		fs, name, strlen(name), PROBE_LIMIT_MS, "/sys/bus/pci/drivers_probe"
	);
	/* No driver wants it; with sriov_drivers_autoprobe=0 some kernels say so by an error. */
	if (rc == 0 || rc == -ENODEV)
		return 0;
	stpcpy(stpcpy(what, name), ": cannot let the kernel probe it");
	if (sysfs_refused(fs, what, rc, why))
		return rc;
	return reason_set(why, rc, "%s: %s", what, strerror(-rc));
}
