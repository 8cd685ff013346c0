/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configurations of sriov-cni and bond-cni as JSON, into our own words, with the same rules as
 * ours. Used by `vfctl claim --netconf` and `vfbond --netconf`.
 */
#pragma once

#include "pci_addr.h"
#include "vf_settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reason;

enum { NETCONF_MAX_LINKS = 32 };

/* sriov-cni: one VF. */
struct netconf_vf {
	bool has_addr; /* deviceID */
	struct pci_addr addr;
	struct vf_settings settings;
	char name[64]; /* of the network; "": none, or none that fits */
};

/* bond-cni: a bond in the words of `--bond`. */
struct netconf_bond {
	/*
	 * "NAME mode=... miimon=..." without members. NAME is ifname, else the network's name where
	 * a bond can have it, else bond0.
	 */
	char words[1024];
	uint32_t mtu; /* 68..65535; 0: not said. No word of --bond: it is the port's */
	unsigned nb_links;
	char links[NETCONF_MAX_LINKS][16]; /* at least two, all different */
};

struct netconf {
	bool is_bond;
	struct netconf_vf vf;
	struct netconf_bond bond;
};

/*
 * @json of @len bytes; @name is what messages call it. -EINVAL with line and column of a syntax
 * error, or the key and what is allowed. Keys that are not ours are ignored, as CNI wants, so also
 * what sriov-cni keeps in its own files (OrigVfState, Master, VFID); letters of a key match in
 * either case, as with the plugins; null and "" are as if not there. Of "plugins": [...] the first
 * of a type that we know is taken.
 */
int netconf_parse(
	const char *json, size_t len, const char *name, struct netconf *ret, struct reason *why
);
