/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The VFs that the program holds: claimed before EAL starts or by the console, named vf0, vf1, ...,
 * found again as ports, and released when EAL has let go of them. Control thread only.
 */
#pragma once

#include "claim.h"

#include <rte_ether.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bond_settings;
struct options;
struct ports;
struct reason;
struct text;
struct vfs; /* opaque */

enum { VFS_MAX = 64, VF_NAME_BYTES = 8 };

struct vf {
	char name[VF_NAME_BYTES]; /* vf0, ... */
	char pci[PCI_ADDR_BYTES];
	struct claim_result claim;
	char pf_netdev[16]; /* "": not in this namespace */
	char pf_driver[32]; /* "": not known */
	bool mac_asked;     /* the user chose its address */
	bool by_command;    /* claimed by the console, not when the program started */
	struct vf_settings settings;
	bool has_port;
	uint16_t port_id;
};

/* None yet; claims are kept below @state_dir. */
int vfs_new(struct vfs **ret, const char *state_dir, struct reason *why);

/* VFs that are claimed and not yet among those of the program. */
struct vf_batch {
	unsigned count;
	struct vf vf[VFS_MAX]; /* without names */
};

/*
 * Claim what @words select: a selector with settings (selector.h), and count=N and distinct-pf=on
 * besides; without count= all that the selector names one by one, else one, as in vfctl. @more:
 * settings besides those (NULL: none). All or none, at most @max. Any thread: it
 * touches nothing but its arguments and the machine. Claims are kept below @state_dir.
 */
int vf_claim_batch(
	const char *state_dir,
	const char *words,
	const struct vf_settings *more,
	unsigned max,
	struct vf_batch *ret,
	struct text *notes,
	struct reason *why
);

/* Take them up, which gives them names: *ret_first is the first one's place. */
void vfs_take(struct vfs *v, const struct vf_batch *batch, unsigned *ret_first);
const char *vfs_state_dir(const struct vfs *v);

/* Claim what --vf and --netconf ask for. */
int
vfs_claim_options(struct vfs *v, const struct options *o, struct text *notes, struct reason *why);

unsigned vfs_count(const struct vfs *v);
const struct vf *vfs_at(const struct vfs *v, unsigned i);

/* By name or PCI address; NULL: none. */
const struct vf *vfs_find(const struct vfs *v, const char *word);
const struct vf *vfs_find_port(const struct vfs *v, uint16_t port_id);

/* Their addresses, for EAL; how many, at most VFS_MAX. */
size_t vfs_addresses(const struct vfs *v, struct pci_addr ret[static VFS_MAX]);

/*
 * What the bonds of the options make of their VFs, before traffic is lost: warnings to @notes,
 * addresses settled in the PFs. -EINVAL when they can't be.
 */
int vfs_check_bonds(struct vfs *v, const struct options *o, struct text *notes, struct reason *why);

/*
 * The same of one bond with all its members named, of a program that runs: what can't be settled
 * any more is a warning, too.
 */
void vfs_warn_bond(struct vfs *v, const struct bond_settings *s, struct text *notes);

/*
 * EAL has probed: find the port of each VF that has none yet, give it the VF's name, and compare
 * its address with what the PF says. -ENODEV when no driver took one.
 */
int vfs_find_ports(struct vfs *v, struct ports *ports, struct text *notes, struct reason *why);

/* The address that the PF keeps for a port's VF. -ENODATA when it keeps none or can't be asked. */
int vfs_pf_mac(struct vfs *v, uint16_t port_id, struct rte_ether_addr *ret);

/* The port is no more; the claim stays. */
void vfs_port_gone(struct vfs *v, uint16_t port_id);

/* Forget one, whose port has been detached, without giving it back: vf_give_back does that. */
void vfs_drop(struct vfs *v, const struct vf *vf);

/* Restore what the claim changed. Any thread, as vf_claim_batch. */
int
vf_give_back(const char *state_dir, const struct vf *vf, struct text *notes, struct reason *why);

/* Give all back; EAL must have let go of them. The first error, all are tried. */
int vfs_release_all(struct vfs *v, struct text *notes, struct reason *why);

struct vfs *vfs_free(struct vfs *v); /* NULL is fine; returns NULL */
