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

/*
 * Read a selector, words separated by blanks:
 *
 *   WORD    = DEVICE{,DEVICE} | env:RESOURCE | devinfo:FILE | KEY=ITEM{,ITEM} | SETTING=VALUE
 *   DEVICE  = ADDRESS | PF | PF#NUMBERS
 *   PF      = the name of its netdev, or with #NUMBERS its address too
 *   NUMBERS = RANGE{,RANGE}
 *   RANGE   = N | N-M                       VFs by number, both ends included, N <= M <= 65535
 *
 *   0000:3b:02.0,10000:01:00.2              functions by address, of any domain; 3b:02.0 is short
 *                                           for domain 0000
 *   ens1f0#0-3,5  ens1f0#0,ens1f1#0         some VFs of PFs; behind a "#" what begins with a digit
 *   0000:3b:00.0#2                          or "-" and has no ":" or "#" is one more RANGE of the
 *                                           same PF, anything else the next DEVICE
 *   ens1f0  ens1f0v0                        all VFs of the PF; the one VF of that netdev
 *   env:intel.com/vfs_a                     PCIDEVICE_INTEL_COM_VFS_A of @environ_ and its _INFO
 *                                           (device_info.h)
 *   devinfo:/etc/podnetinfo/vf0.json        the device of a device-info file
 *
 * KEY is one of the device plugin's, each at most once: vendors, devices (hex, 0x or not), drivers,
 * pfNames (netdev or netdev#NUMBERS), rootDevices (the same with the PF's address), pciAddresses,
 * linkTypes (ether, infiniband), acpiIndexes. SETTING is one of vf_settings.h and goes to
 * @settings, beside what is there; NULL: none is allowed.
 *
 * Words that name devices are joined: a VF that several name counts once. A VF must satisfy every
 * KEY and may satisfy any ITEM of it; keys alone look at all VFs. Unlike in the plugin all items of
 * one PF are joined, and names of netdevs are taken letter by letter, as the kernel takes them:
 * ens1f0 and ENS1F0 may be two devices.
 *
 * -EINVAL names the word: malformed, reversed, a number twice behind one "#", an empty item, a
 * selector without any device. What env: refuses: see resource_devices. @environ_: as of the
 * process; NULL: empty.
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
 * The VFs of @bus that match, each once, in one allocation that free() releases: in the order in
 * which they are named, those of a bare PF, or of keys alone, in that of their addresses. A
 * function without a physfn is what a VF looks like in a virtual machine: if it is a network
 * function without SR-IOV, its address or env: names it.
 *
 * -ENOENT with the reason: a device named in a word or key is not there; it is a PF where a VF is
 * wanted, or the reverse; a number is beyond what the PF can have, or, in a word, what it has now;
 * none matches.
 */
int selector_match(
	const struct selector *s,
	const struct sriov_host *h,
	const struct pci_bus *bus,
	const struct pci_device ***ret,
	size_t *ret_n,
	struct reason *why
);

/*
 * Whether it names each device (addresses, numbers, environment; no key), so that all of them are
 * meant.
 */
bool selector_is_exact(const struct selector *s);

/* Whether a word is the address or netdev of one device, as it stands: a PF's means the PF. */
bool selector_is_one_name(const char *word);
