/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VF to a userspace driver and back, with every reason not to. Used by claims and `vfctl bind`.
 */
#pragma once

#include "driver_bind.h"
#include "pci_bus.h"

#include <stdbool.h>
#include <stdint.h>

struct reason;
struct sriov_host;
struct text;

enum { VF_BIND_LIMIT_MS = 10000 };

/* -EPERM with the reason: a PF, or a function that is no VF of anything. */
int vf_bind_check_kind(const struct pci_device *dev, struct reason *why);

/*
 * Whether @dev may be bound to @driver: it is a VF, nobody uses it (a netdev that is up and has
 * addresses or a default route, an open vfio group), its IOMMU group holds nothing else but
 * functions on vfio or without a driver, and its NIC works in userspace by such a driver at all
 * (mlx4, mlx5, mana stay with the kernel's). Warnings (no IOMMU, NUMA) go to @notes. Changes
 * nothing. -EPERM, -EBUSY, -EXDEV (group), -ENOTSUP, with the reason.
 */
int vf_bind_check(
	const struct sriov_host *h,
	const struct pci_device *dev,
	const char *driver,
	struct text *notes,
	struct reason *why
);

/*
 * Bind; the override stays while the VF is ours. It ends when sysfs shows the driver and, for
 * vfio-pci, when its node opens. On failure the binding is as it was, or the reason says not.
 */
int
vf_bind(const struct sriov_host *h,
        const struct pci_addr *addr,
        const char *driver,
        struct reason *why);

/*
 * Give the function the override and the driver of @was back, and verify. It waits for a process
 * that is just ending to let go of vfio; -EBUSY names one that does not.
 */
int vf_bind_restore(
	const struct sriov_host *h,
	const struct pci_addr *addr,
	const struct driver_binding *was,
	struct reason *why
);

/*
 * Take a VF from its userspace driver and offer it to the kernel's: no override, and whoever wants
 * it by its id. *ret_now: what came of it; no driver is no error, but noted. On failure as before.
 */
int vf_unbind(
	const struct sriov_host *h,
	const struct pci_addr *addr,
	struct driver_binding *ret_now,
	struct text *notes,
	struct reason *why
);
