/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All that is known of one device, gathered once, and the two ways to show it, so that text and
 * JSON say the same. Used by `vfctl list` and `vfctl show`.
 */
#pragma once

#include "journal.h"
#include "netdev.h"
#include "pci_bus.h"
#include "reason.h"
#include "text.h"
#include "vf_rtnl.h"
#include "vfio.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vfctl;

/* Which VFs have a record in the state directory. */
struct claims {
	struct pci_addr *addrs; /* sorted */
	size_t n;
};

/* A VF as its PF shows it. */
struct vf_view {
	uint32_t number;
	const struct pci_device *device; /* NULL: the PF's driver knows it, the bus does not */
	bool has_netdev;
	struct netdev_facts netdev;
	bool has_state; /* the row of the PF's table */
	struct vf_state state;
	bool claimed;
};

enum claim_view { CLAIM_NONE, CLAIM_READ, CLAIM_NOT_READ };

struct device_view {
	const struct pci_device *device;
	bool has_netdev;
	struct netdev_facts netdev;
	struct pci_addr *others; /* of its IOMMU group */
	size_t nb_others;
	struct vf_view *vfs; /* of a PF, in the order of their numbers */
	size_t nb_vfs;
	const struct pci_device *pf; /* of a VF; NULL: not to be seen */
	bool has_pf_netdev;
	struct netdev_facts pf_netdev;
	bool has_state; /* of a VF: the row of the PF's table */
	struct vf_state state;
	bool has_node; /* it has an IOMMU group, whose node would be this one */
	struct vfio_node node;
	bool node_exists;
	enum claim_view claim_view;
	struct claim_record claim; /* CLAIM_READ */
	bool owner_alive;
	bool is_used; /* a VF: somebody would be hurt if it was taken away */
	struct reason used_by;
	struct text warnings; /* lines */
};

/* None, after a note to standard error, when the state directory cannot be read. */
void claims_read(struct claims *ret, const struct vfctl *c);
void claims_fini(struct claims *claims);
bool claims_have(const struct claims *claims, const struct pci_addr *addr);

/* Gather; the view keeps @device. -ENOMEM. */
int device_view(
	struct device_view *ret,
	struct vfctl *c,
	const struct claims *claims,
	const struct pci_device *device
);
void device_view_fini(struct device_view *v);

/* "up", "no-carrier", "down". */
const char *device_link_word(const struct netdev_facts *netdev);

/* The MAC of a VF by its netdev, else by the PF's table. NULL: not known. */
const uint8_t *device_vf_mac(const struct vf_view *vf);

/* "aa:bb:cc:dd:ee:ff" in @buf, which is returned. */
enum { MAC_TEXT_BYTES = 18 };
const char *device_mac_text(const uint8_t mac[6], char buf[static MAC_TEXT_BYTES]);

/* A word for the protocol of a VLAN; NULL: no VLAN, or another protocol. */
const char *device_vlan_proto(const struct vf_state *state);

/* 0 or -ENOMEM. */
int device_text(const struct device_view *v, struct text *ret);
int device_json(const struct device_view *v, json_t **ret);
int device_vf_json(const struct vf_view *vf, json_t **ret);
