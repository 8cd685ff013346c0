/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of pci_bus.h share: functions as sysfs shows them, and what libpci adds. */
#pragma once

#include "pci_bus.h"

struct libpci; /* opaque */

/* Everything of one function but names, capability, and a VF's place in its PF. -ENODEV. */
int pci_sysfs_read(const struct hostfs *fs, const struct pci_addr *addr, struct pci_device *ret);

/*
 * Call @fn for each virtfnN link of the PF @pf, with N and where it points to, in no order. Links
 * that point to no PCI address are passed over.
 */
void pci_sysfs_vfs(
	const struct hostfs *fs,
	const struct pci_addr *pf,
	void (*fn)(void *ctx, uint16_t vf_index, const struct pci_addr *vf),
	void *ctx
);

/* libpci without its habit of printing and of ending the process. */
int libpci_open(struct libpci **ret, const struct hostfs *fs);
struct libpci *libpci_close(struct libpci *l); /* NULL is fine; returns NULL */

/* Names of @d's ids, and of a PF the capability. What cannot be found out stays as it is. */
void libpci_fill(struct libpci *l, struct pci_device *d);
