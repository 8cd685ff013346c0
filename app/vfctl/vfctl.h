/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the commands of vfctl share. Each command is one function with getopt_long of its own; it
 * prints its result to standard output and its complaints to standard error.
 */
#pragma once

#include "pci_bus.h"
#include "sriov_host.h"

#include <stdbool.h>

struct reason;
struct text;
struct vf_rtnl;

enum { STATUS_OK, STATUS_FAILED, STATUS_USAGE };

struct vfctl {
	struct sriov_host host;
	struct vf_rtnl *rtnl; /* NULL under --sysroot */
	struct pci_bus *bus;  /* vfctl_scan */
	const char *command;  /* the one that runs */
};

/* argv[0] is the command's name. The exit status. */
int cmd_list(struct vfctl *c, int argc, char **argv);
int cmd_show(struct vfctl *c, int argc, char **argv);
int cmd_create(struct vfctl *c, int argc, char **argv);
int cmd_destroy(struct vfctl *c, int argc, char **argv);
int cmd_set(struct vfctl *c, int argc, char **argv);
int cmd_bind(struct vfctl *c, int argc, char **argv);
int cmd_unbind(struct vfctl *c, int argc, char **argv);
int cmd_claim(struct vfctl *c, int argc, char **argv);
int cmd_release(struct vfctl *c, int argc, char **argv);
int cmd_reconcile(struct vfctl *c, int argc, char **argv);
int cmd_doctor(struct vfctl *c, int argc, char **argv);

/* "vfctl COMMAND: " and what is wrong, to standard error; returns STATUS_USAGE. */
int vfctl_usage(const struct vfctl *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same with a reason; returns STATUS_FAILED. */
int vfctl_failed(const struct vfctl *c, const struct reason *why);

/* Lines of @notes to standard error, each behind "vfctl COMMAND: note: ". */
void vfctl_notes(const struct vfctl *c, const struct text *notes);

/* Scan the bus into c->bus, once. 0, or STATUS_FAILED after a message. */
int vfctl_scan(struct vfctl *c);

/* The device that a word means: an address or the name of a netdev. NULL after a message. */
const struct pci_device *vfctl_device(struct vfctl *c, const char *word);
const struct pci_device *vfctl_pf(struct vfctl *c, const char *word); /* refuses all but a PF */

/* Devices of the bus, in the order in which they were named; zero before the first. */
struct vfctl_devices {
	const struct pci_device **at;
	size_t n;
};

/*
 * Add what a word means: one device as above, or VFs by a selector (selector.h: PF#0-3,5, env:, a
 * list with commas, a key of the device plugin). _vfs refuses all but VFs. STATUS_OK, or
 * STATUS_FAILED after a message.
 */
int vfctl_add_devices(struct vfctl *c, const char *word, struct vfctl_devices *to);
int vfctl_add_vfs(struct vfctl *c, const char *word, struct vfctl_devices *to);
void vfctl_devices_fini(struct vfctl_devices *d);
