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

/* The driver that has the function, "" for none: a link, whose reading never waits. -ENODEV. */
int driver_read(const struct hostfs *fs, const struct pci_addr *addr, char ret[static 32]);

/*
 * -ENODEV: no such function; -ETIMEDOUT: the kernel is busy with it, as when an unbind waits for a
 * process. A kernel without driver_override has none set.
 */
int driver_binding_read(
	const struct hostfs *fs, const struct pci_addr *addr, struct driver_binding *ret
);

/* Whether it can be a driver's name: what fits struct driver_binding and is no path. */
bool driver_name_ok(const char *driver);

/* Whether the driver is registered on the PCI bus. */
bool driver_loaded(const struct hostfs *fs, const char *driver);

/*
 * Load the module of that name by modprobe(8), waiting for it for half a minute. -ENOENT: there is
 * no such module, no modprobe, or it registers no PCI driver of that name; -EPERM; -ETIMEDOUT.
 */
int driver_load(const struct hostfs *fs, const char *driver, struct reason *why);

/* Write driver_override; "" takes it away. Without a change nothing is written. */
int driver_override_set(
	const struct hostfs *fs, const struct pci_addr *addr, const char *driver, struct reason *why
);

/*
 * Take the function from its driver; 0 when it has none. Limited to @limit_ms: vfio lets go only
 * when the process that has the function open does. -ETIMEDOUT: it will happen when it can.
 */
int driver_unbind(
	const struct hostfs *fs, const struct pci_addr *addr, uint32_t limit_ms, struct reason *why
);

/*
 * Offer the function, which has no driver, to @driver, whose override stands already: to all
 * drivers by drivers_probe, then, if it stayed without, to that one. The kernel has @limit_ms. 0:
 * sysfs shows that the driver has it. -EINPROGRESS: the kernel said yes, but sysfs does not show it
 * (yet: links are missing for moments); the caller looks again by driver_binding_read, on its
 * clock. The reason tells what -EINVAL of vfio-pci (no IOMMU), lockdown, or a missing module mean.
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
