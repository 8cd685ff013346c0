/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line that EAL gets: the user's, and which PCI devices it may touch. Without that EAL
 * takes every device that is bound to vfio-pci, also another program's. Used by main.c.
 */
#pragma once

#include "pci_addr.h"

#include <stddef.h>

struct reason;

struct eal_args {
	int argc;
	char **argv; /* the user's words and ours; in one allocation with the latter's text */
};

/*
 * From the user's words @argv[0..@argc) and the claimed VFs: "-a BDF" for each that the user does
 * not allow by himself (with arguments for its driver). Where no word picks PCI devices, an allow
 * list that matches none: --no-pci would forbid to plug one in later. -EINVAL when -b or --no-pci
 * would keep EAL from a VF of @vfs.
 */
int eal_args_make(
	struct eal_args *ret,
	int argc,
	char **argv,
	const struct pci_addr *vfs,
	size_t nb_vfs,
	struct reason *why
);
void eal_args_fini(struct eal_args *a);
