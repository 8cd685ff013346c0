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

struct reason;
struct text;

/* sriov-cni: one VF. */
struct netconf_vf {
	bool has_addr; /* deviceID */
	struct pci_addr addr;
	struct vf_settings settings;
	char name[64];
};

/* bond-cni: a bond in the words of `--bond`. */
struct netconf_bond {
	char words[1024]; /* "NAME mode=... miimon=..." without members */
	unsigned nb_links;
	char links[32][16];
};

struct netconf {
	bool is_bond;
	struct netconf_vf vf;
	struct netconf_bond bond;
};

/*
 * @json of @len bytes; @name is what messages call it. -EINVAL with line and column of a syntax
 * error, or the key and what is allowed. Unknown keys are ignored, as CNI wants; a list of plugins
 * ("plugins": [...]) takes the first of a type that we know.
 */
int netconf_parse(
	const char *json, size_t len, const char *name, struct netconf *ret, struct reason *why
);
