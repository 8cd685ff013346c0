/* SPDX-License-Identifier: BSD-3-Clause */
/* vf_bind_check of vf_bind.h: every reason not to give a VF to a userspace driver. */
#include "reason.h"
#include "sriov_host.h"
#include "text.h"
#include "vf_bind.h"
#include "vf_use.h"
#include "vfio.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PCI_CLASS_NETWORK = 0x02,
	PCI_CLASS_BRIDGE_PCI = 0x0604,
	PCI_CLASS_BRIDGE_SEMI = 0x0609, /* semi-transparent */
};

static void note(struct text *notes, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
note(struct text *notes, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	if (notes == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	text_printf(notes, "%s\n", line);
}

int
vf_bind_check_kind(const struct pci_device *dev, struct reason *why)
{
	char name[PCI_ADDR_BYTES];

	pci_addr_text(&dev->addr, name);
	if (dev->is_pf)
		return reason_set(
			why,
			-EPERM,
			"%s is a PF: without its driver its VFs and the host lose their network; "
			"name a VF of it (%s#0)",
			name,
			name
		);
	if (!dev->is_vf)
		return reason_set(
			why,
			-EPERM,
			"%s is no VF: it has no physfn. A VF that was passed to a virtual machine "
			"looks like that inside; bind it there with driverctl or dpdk-devbind.py",
			name
		);
	return 0;
}

/* The kernel driver of a NIC whose poll-mode driver works on top of it; NULL: of another one. */
static const char *
driver_that_stays(const struct sriov_host *h, const struct pci_device *dev)
{
	static const struct {
		uint16_t vendor_id; /* Mellanox, Microsoft */
		const char *driver;
	} kinds[] = {{0x15b3, "mlx5_core"}, {0x15b3, "mlx4_core"}, {0x1414, "mana"}};
	enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };
	struct pci_device pf = {.driver = ""};

	if (dev->pf_known)
		(void)pci_device_read(&h->fs, &dev->pf, &pf);
	for (unsigned i = 0; i < KINDS; i++)
		if (strcmp(dev->driver, kinds[i].driver) == 0 ||
		    strcmp(pf.driver, kinds[i].driver) == 0)
			return kinds[i].driver;
	for (unsigned i = 0; i < KINDS; i++)
		if (dev->vendor_id == kinds[i].vendor_id &&
		    dev->class_code >> 16 == PCI_CLASS_NETWORK)
			return kinds[i].driver;
	return NULL;
}

static int
check_stays_with_kernel(
	const struct sriov_host *h,
	const struct pci_device *dev,
	const char *name,
	const char *driver,
	struct reason *why
)
{
	const char *stays = vf_driver_is_userspace(driver) ? driver_that_stays(h, dev) : NULL;

	if (stays == NULL)
		return 0;
	return reason_set(
		why,
		-ENOTSUP,
		"%s stays with its kernel driver (%s), on top of which its driver in DPDK works: "
		"give it to the program as it is, without binding",
		name,
		stays
	);
}

/* Whether another function of the group leaves the group to userspace (drivers/vfio). */
static bool
group_mate_fits(const struct pci_device *mate)
{
	uint32_t class = mate->class_code >> 8;

	return mate->driver[0] == '\0' || vf_driver_is_vfio(mate->driver) ||
	       strcmp(mate->driver, "pci-stub") == 0 || class == PCI_CLASS_BRIDGE_PCI ||
	       class == PCI_CLASS_BRIDGE_SEMI;
}

static int
check_group(
	const struct sriov_host *h,
	const struct pci_device *dev,
	const char *name,
	struct reason *why
)
{
	int n = pci_group_devices(&h->fs, dev->iommu_group, NULL, 0), rc = 0;
	struct pci_addr *mates;
	char mate_name[PCI_ADDR_BYTES];
	struct pci_device mate;

	if (n <= 0)
		return 0;
	mates = calloc((size_t)n, sizeof(*mates));
	if (mates == NULL)
		return reason_set(why, -ENOMEM, "out of memory");
	if (pci_group_devices(&h->fs, dev->iommu_group, mates, n) < n)
		n = 0;
	for (int i = 0; i < n && rc == 0; i++) {
		if (pci_addr_cmp(&mates[i], &dev->addr) == 0 ||
		    pci_device_read(&h->fs, &mates[i], &mate) != 0 || group_mate_fits(&mate))
			continue;
		rc = reason_set(
			why,
			-EXDEV,
			"%s: its IOMMU group %d also holds %s, which %s has: vfio needs the whole "
			"group. Unbind that, or use a slot whose bridges have ACS",
			name,
			dev->iommu_group,
			pci_addr_text(&mates[i], mate_name),
			mate.driver
		);
	}
	free(mates);
	return rc;
}

static bool
noiommu_allowed(const struct sriov_host *h)
{
	char v[8];

	return hostfs_read(
		       &h->fs,
		       v,
		       sizeof(v),
		       "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
	       ) == 0 &&
	       (v[0] == 'Y' || v[0] == '1');
}

/* The device's DMA is held in check by an IOMMU, or the user has decided that it need not be. */
static int
check_iommu(
	const struct sriov_host *h,
	const struct pci_device *dev,
	const char *name,
	const char *driver,
	struct text *notes,
	struct reason *why
)
{
	bool vfio = vf_driver_is_vfio(driver);
	char lockdown[32];

	if (vfio && dev->iommu_group >= 0 && !dev->noiommu)
		return check_group(h, dev, name, why);
	if (!vfio && !vf_driver_is_userspace(driver))
		return 0;
	if (vfio && !dev->noiommu && !noiommu_allowed(h))
		return reason_set(
			why,
			-ENOTSUP,
			"%s is in no IOMMU group, and vfio needs one: switch VT-d or AMD-Vi on in "
			"the firmware and boot with intel_iommu=on; or, without protection, "
			"\"modprobe vfio enable_unsafe_noiommu_mode=1\" (or write Y to "
			"/sys/module/vfio/parameters/enable_unsafe_noiommu_mode)",
			name
		);
	kernel_lockdown(&h->fs, lockdown, sizeof(lockdown));
	if (strcmp(lockdown, "none") != 0)
		return reason_set(
			why,
			-EPERM,
			"%s: the kernel is locked down (%s): a device without an IOMMU could "
			"write to any memory, and is not given to a program",
			name,
			lockdown
		);
	note(notes,
	     "WARNING: %s has no IOMMU between it and the memory: a program that has it can read "
	     "and overwrite everything on this machine, the kernel included",
	     name);
	return 0;
}

/* A machine with several nodes: where the program should run. */
static void
note_numa(
	const struct sriov_host *h,
	const struct pci_device *dev,
	const char *name,
	struct text *notes
)
{
	char cpus[256] = "?";

	if (!hostfs_exists(&h->fs, "/sys/devices/system/node/node1"))
		return;
	if (dev->numa_node < 0) {
		note(notes, "%s: its NUMA node is not known", name);
		return;
	}
	(void)hostfs_read(
		&h->fs,
		cpus,
		sizeof(cpus),
		"/sys/devices/system/node/node%d/cpulist",
		dev->numa_node
	);
	note(notes, "%s is on NUMA node %d: run on its CPUs (%s)", name, dev->numa_node, cpus);
}

int
vf_bind_check(
	const struct sriov_host *h,
	const struct pci_device *dev,
	const char *driver,
	struct text *notes,
	struct reason *why
)
{
	struct pci_device pf = {.driver = ""};
	char name[PCI_ADDR_BYTES];
	int rc;

	pci_addr_text(&dev->addr, name);
	rc = vf_bind_check_kind(dev, why);
	if (rc == 0 && !driver_name_ok(driver))
		rc = reason_set(why, -EINVAL, "\"%s\" cannot be a driver's name", driver);
	if (rc == 0)
		rc = check_stays_with_kernel(h, dev, name, driver, why);
	if (rc == 0)
		rc = vf_use_open(h, &dev->addr, why);
	if (rc == 0)
		rc = vf_use_netdev(h, dev, why);
	if (rc == 0)
		rc = check_iommu(h, dev, name, driver, notes, why);
	if (rc != 0)
		return rc;
	note_numa(h, dev, name, notes);
	if (dev->pf_known && pci_device_read(&h->fs, &dev->pf, &pf) == 0 &&
	    vf_driver_is_vfio(pf.driver))
		note(notes,
		     "%s: its PF is on %s itself: the programs of PF and VF need one token (EAL: "
		     "--vfio-vf-token)",
		     name,
		     pf.driver);
	return 0;
}
