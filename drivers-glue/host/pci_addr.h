/* SPDX-License-Identifier: BSD-3-Clause */
/* The address of a PCI function and its text, as the kernel writes it: 0000:3b:02.1. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { PCI_ADDR_BYTES = 17 }; /* "ffffffff:ff:1f.7" and its NUL; VMD has domains beyond ffff */

struct pci_addr {
	uint32_t domain;
	/* device 0..31, function 0..7; the 8 bits of an ARI function are both together. */
	uint8_t bus, device, function;
};

/* With or without the domain (then 0), hex digits of either case; the whole string. -EINVAL. */
int pci_addr_parse(const char *s, struct pci_addr *ret);

/* Into @buf, which is returned. */
const char *pci_addr_text(const struct pci_addr *a, char buf[static PCI_ADDR_BYTES]);

/* < 0, 0, > 0 in the order of domain, bus, device, function. */
int pci_addr_cmp(const struct pci_addr *a, const struct pci_addr *b);
