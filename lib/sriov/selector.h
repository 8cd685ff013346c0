/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The words that pick VFs: an address, PF#0-3,5, keys of the SR-IOV device plugin, or a resource of
 * the environment. Used by `vfctl claim` and `vfbond --vf`.
 */
#pragma once

#include "pci_bus.h"
#include "vf_settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reason;
struct selector; /* opaque */
struct sriov_host;
struct text;

/*
 * Read a selector: words separated by blanks.
 *   0000:3b:02.0[,ADDR...]          addresses
 *   ens1f0#0-3,5  0000:3b:00.0#2    VFs of a PF by number; without "#" all of them
 *   env:RESOURCE                    PCIDEVICE_RESOURCE of @environ (and its _INFO)
 *   vendors=8086 devices=154c drivers=vfio-pci pfNames=ens1f0#0-3 rootDevices=0000:3b:00.0
 *   pciAddresses=... linkTypes=ether acpiIndexes=101
 * and settings of the VF (vf_settings.h), which go to @settings. A list is separated by commas; a
 * VF must satisfy every key and may satisfy any item of a key. Errors name the word: malformed,
 * reversed, doubled ranges, a number twice. @environ: as of the process; NULL: empty.
 */
int selector_parse(
	struct selector **ret,
	struct vf_settings *settings,
	const char *text,
	char *const *environ_,
	struct reason *why
);
struct selector *selector_free(struct selector *s); /* NULL is fine; returns NULL */

/*
 * The VFs of @bus that match, in the order of the selector's words and then of addresses, in one
 * allocation that free() releases. -ENOENT with the reason when a named device is not there (or is
 * a PF, or a number is beyond the PF's VFs), or when none matches.
 */
int selector_match(
	const struct selector *s,
	const struct sriov_host *h,
	const struct pci_bus *bus,
	const struct pci_device ***ret,
	size_t *ret_n,
	struct reason *why
);

/* Whether it names each device (addresses, numbers, environment), so that all of them are meant. */
bool selector_is_exact(const struct selector *s);
