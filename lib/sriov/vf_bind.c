/* SPDX-License-Identifier: BSD-3-Clause */
/* See vf_bind.h; the reasons not to bind are in vf_bind_check.c. */
#include "vf_bind.h"

#include "reason.h"
#include "sriov_host.h"
#include "text.h"
#include "units.h"
#include "vf_use.h"
#include "vfio.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	LOOK_EVERY_MS = 20,
	/* The kernel's driver needs to be seen no longer than links are missing. */
	KERNEL_DRIVER_LIMIT_MS = 1000,
};

static uint64_t
deadline_ns(const struct sriov_host *h, uint32_t limit_ms)
{
	return h->now_ns(h->ctx) + limit_ms * NSEC_PER_MSEC;
}

/* Sleep until the next look; false: the time is over. */
static bool
wait_on(const struct sriov_host *h, uint64_t end_ns)
{
	if (h->now_ns(h->ctx) >= end_ns)
		return false;
	h->sleep_ms(h->ctx, LOOK_EVERY_MS);
	return true;
}

static int
read_binding(
	const struct sriov_host *h,
	const struct pci_addr *addr,
	struct driver_binding *ret,
	struct reason *why
)
{
	char name[PCI_ADDR_BYTES];
	int rc = driver_binding_read(&h->fs, addr, ret);

	if (rc == 0)
		return 0;
	return reason_set(
		why, rc, "%s: cannot read its driver: %s", pci_addr_text(addr, name), strerror(-rc)
	);
}

/* Whether it may be moved at all: of a PF the host and all its VFs would lose the network. */
static int
check_is_vf(const struct sriov_host *h, const struct pci_addr *addr, struct reason *why)
{
	char name[PCI_ADDR_BYTES];

	pci_addr_text(addr, name);
	if (!hostfs_exists(&h->fs, "/sys/bus/pci/devices/%s", name))
		return reason_set(why, -ENODEV, "%s: no such PCI function", name);
	if (!hostfs_exists(&h->fs, "/sys/bus/pci/devices/%s/physfn", name))
		return reason_set(why, -EPERM, "%s is no VF: its driver stays", name);
	return 0;
}

static int
wait_for_driver(
	const struct sriov_host *h,
	const struct pci_addr *addr,
	const char *driver,
	struct reason *why
)
{
	uint64_t end_ns = deadline_ns(h, VF_BIND_LIMIT_MS);
	char name[PCI_ADDR_BYTES], now[32];

	do {
		if (driver_read(&h->fs, addr, now) == 0 && strcmp(now, driver) == 0)
			return 0;
	} while (wait_on(h, end_ns));
	return reason_set(
		why,
		-EIO,
		"%s: the kernel took the request to bind it, but %s did not have it within %d s "
		"(see dmesg)",
		pci_addr_text(addr, name),
		driver,
		VF_BIND_LIMIT_MS / 1000
	);
}

/* udev makes the node and gives it its owner a little after the driver has the device. */
static int
wait_for_node(const struct sriov_host *h, const struct pci_addr *addr, struct reason *why)
{
	uint64_t end_ns = deadline_ns(h, VF_BIND_LIMIT_MS);
	char name[PCI_ADDR_BYTES];
	struct reason last;
	struct vfio_node node;
	int rc;

	pci_addr_text(addr, name);
	do {
		rc = vfio_node_find(&h->fs, addr, &node);
		if (rc != 0)
			reason_set(&last, rc, "it is in no IOMMU group");
		else
			rc = vfio_node_try(&h->fs, &node, NULL, &last);
		if (rc == 0)
			return 0;
	} while (wait_on(h, end_ns));
	return reason_set(why, rc, "%s: bound, but of no use: %s", name, last.text);
}

/* From whatever driver it has to @driver ("": none), by way of its override. */
static int
move(const struct sriov_host *h, const struct pci_addr *addr, const char *driver, struct reason *why
)
{
	int rc = 0;

	if (driver[0] != '\0' && !driver_loaded(&h->fs, driver))
		rc = driver_load(&h->fs, driver, why);
	if (rc == 0)
		rc = driver_override_set(&h->fs, addr, driver, why);
	if (rc == 0)
		rc = driver_unbind(&h->fs, addr, VF_BIND_LIMIT_MS, why);
	if (rc != 0 || driver[0] == '\0')
		return rc;
	rc = driver_bind(&h->fs, addr, driver, VF_BIND_LIMIT_MS, why);
	return rc == -EINPROGRESS ? wait_for_driver(h, addr, driver, why) : rc;
}

/* Back to @was after the error @err, which @why tells and keeps. */
static int
undo(const struct sriov_host *h,
     const struct pci_addr *addr,
     const struct driver_binding *was,
     int err,
     struct reason *why)
{
	struct reason first, second;

	if (why != NULL)
		first = *why;
	if (vf_bind_restore(h, addr, was, &second) != 0 && why != NULL)
		reason_set(
			why, err, "%.250s; and it is not as it was: %.200s", first.text, second.text
		);
	return err;
}

int
vf_bind(const struct sriov_host *h,
        const struct pci_addr *addr,
        const char *driver,
        struct reason *why)
{
	struct driver_binding was;
	int rc = check_is_vf(h, addr, why);

	if (rc == 0 && !driver_name_ok(driver))
		rc = reason_set(why, -EINVAL, "\"%s\" cannot be a driver's name", driver);
	if (rc == 0)
		rc = read_binding(h, addr, &was, why);
	if (rc == 0)
		rc = vf_use_open(h, addr, why);
	if (rc != 0)
		return rc;
	if (strcmp(was.driver, driver) == 0)
		rc = driver_override_set(&h->fs, addr, driver, why);
	else
		rc = move(h, addr, driver, why);
	if (rc == 0 && vf_driver_is_vfio(driver))
		rc = wait_for_node(h, addr, why);
	return rc == 0 ? 0 : undo(h, addr, &was, rc, why);
}

/* A process that is killed keeps vfio open a little longer than it is to be seen. */
static int
wait_until_closed(const struct sriov_host *h, const struct pci_addr *addr, struct reason *why)
{
	uint64_t end_ns = deadline_ns(h, VF_BIND_LIMIT_MS);
	int rc;

	do {
		rc = vf_use_open(h, addr, why);
	} while (rc == -EBUSY && wait_on(h, end_ns));
	return rc;
}

int
vf_bind_restore(
	const struct sriov_host *h,
	const struct pci_addr *addr,
	const struct driver_binding *was,
	struct reason *why
)
{
	struct driver_binding now;
	char name[PCI_ADDR_BYTES];
	int rc = check_is_vf(h, addr, why), again;

	if (rc == 0)
		rc = read_binding(h, addr, &now, why);
	if (rc != 0)
		return rc;
	if (strcmp(now.driver, was->driver) != 0) {
		rc = wait_until_closed(h, addr, why);
		if (rc != 0)
			return rc;
		rc = move(h, addr, was->driver, why);
	}
	/* Also when the driver could not be given back: the override is the user's. */
	again = driver_override_set(&h->fs, addr, was->override, rc == 0 ? why : NULL);
	rc = rc != 0 ? rc : again;
	if (rc == 0)
		rc = read_binding(h, addr, &now, why);
	if (rc == 0 &&
	    (strcmp(now.driver, was->driver) != 0 || strcmp(now.override, was->override) != 0))
		rc = reason_set(
			why,
			-EIO,
			"%s: has driver \"%s\" and override \"%s\", not \"%s\" and \"%s\" as "
			"before",
			pci_addr_text(addr, name),
			now.driver,
			now.override,
			was->driver,
			was->override
		);
	return rc;
}

/* What it has in the end; none may want it, so that this is no error. */
static int
see_kernel_driver(
	const struct sriov_host *h,
	const struct pci_addr *addr,
	struct driver_binding *ret,
	struct reason *why
)
{
	uint64_t end_ns = deadline_ns(h, KERNEL_DRIVER_LIMIT_MS);
	char driver[32];

	while (driver_read(&h->fs, addr, driver) == 0 && driver[0] == '\0' && wait_on(h, end_ns))
		;
	return read_binding(h, addr, ret, why);
}

/* Why nobody took it, where that is to be seen. */
static void
note_no_driver(const struct sriov_host *h, const struct pci_addr *addr, struct text *notes)
{
	char name[PCI_ADDR_BYTES];
	int64_t autoprobe = 1;

	pci_addr_text(addr, name);
	(void)hostfs_read_i64(
		&h->fs, &autoprobe, "/sys/bus/pci/devices/%s/physfn/sriov_drivers_autoprobe", name
	);
	if (notes != NULL)
		text_printf(
			notes,
			"%s: no driver of the kernel took it: %s\n",
			name,
			autoprobe == 0 ? "sriov_drivers_autoprobe of its PF is 0"
				       : "none that is loaded knows it"
		);
}

int
vf_unbind(
	const struct sriov_host *h,
	const struct pci_addr *addr,
	struct driver_binding *ret_now,
	struct text *notes,
	struct reason *why
)
{
	struct driver_binding was, now;
	int rc = check_is_vf(h, addr, why);

	if (rc == 0)
		rc = read_binding(h, addr, &was, why);
	if (rc == 0)
		rc = vf_use_open(h, addr, why);
	if (rc != 0)
		return rc;
	rc = driver_override_set(&h->fs, addr, "", why);
	if (rc == 0 && vf_driver_is_userspace(was.driver))
		rc = driver_unbind(&h->fs, addr, VF_BIND_LIMIT_MS, why);
	if (rc == 0 && (was.driver[0] == '\0' || vf_driver_is_userspace(was.driver)))
		rc = driver_probe(&h->fs, addr, why);
	if (rc == 0)
		rc = see_kernel_driver(h, addr, &now, why);
	if (rc != 0)
		return undo(h, addr, &was, rc, why);
	if (now.driver[0] == '\0')
		note_no_driver(h, addr, notes);
	*ret_now = now;
	return 0;
}
