/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which driver has a PCI function: driver_override, unbind, probe, and the proof that it took it.
 * Mechanism only: what may be bound is lib/sriov's business. Used by lib/sriov.
 */
#pragma once

#include "hostfs.h"
#include "pci_addr.h"

#include <stdbool.h>
#include <stdint.h>

struct reason;

/* Everything about the binding of a function that a change touches. */
struct driver_binding {
	char driver[32];   /* "": none */
	char override[32]; /* "": none */
};

int driver_binding_read(
	const struct hostfs *fs, const struct pci_addr *addr, struct driver_binding *ret
);

/* Whether the driver is registered on the PCI bus. */
bool driver_loaded(const struct hostfs *fs, const char *driver);

/* Load the module of that name by modprobe(8). -ENOENT: there is no such module, or no modprobe. */
int driver_load(const struct hostfs *fs, const char *driver, struct reason *why);

/* Write driver_override; "" takes it away. Without a change nothing is written. */
int driver_override_set(
	const struct hostfs *fs, const struct pci_addr *addr, const char *driver, struct reason *why
);

/* Take the function from its driver; 0 when it has none. Limited to @limit_ms. */
int driver_unbind(
	const struct hostfs *fs, const struct pci_addr *addr, uint32_t limit_ms, struct reason *why
);

/*
 * Offer the function to @driver ("" leaves it without one), whose override stands already, and wait
 * up to @limit_ms until sysfs shows that the driver has it. The reason tells what -EINVAL of
 * vfio-pci (no IOMMU), lockdown, or a missing module mean.
 */
int driver_bind(
	const struct hostfs *fs,
	const struct pci_addr *addr,
	const char *driver,
	uint32_t limit_ms,
	struct reason *why
);

/* Let the kernel choose a driver by itself (drivers_probe). It may find none: no error. */
int driver_probe(const struct hostfs *fs, const struct pci_addr *addr, struct reason *why);
