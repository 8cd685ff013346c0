/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether somebody uses a VF, and who: a claim, a process that has it open, a network device with
 * traffic, another namespace. Used by vf_count, vf_bind and app/vfctl, before they take it away.
 */
#pragma once

#include "journal.h"
#include "pci_bus.h"

#include <stdbool.h>

struct reason;
struct sriov_host;

enum vf_use {
	VF_FREE,
	VF_CLAIMED,
	VF_OPEN,
	VF_NETDEV_BUSY,      /* its netdev is here, up, and somebody counts on it */
	VF_NETDEV_ELSEWHERE, /* its netdev is in another network namespace */
	VF_USE_COUNT,
};

/* The first of these that holds; @ret_who gets the sentence. */
enum vf_use
vf_in_use(const struct sriov_host *h, const struct pci_device *vf, struct reason *ret_who);

/* -EBUSY: there is a claim, whose owner and time are in the reason; -EBADMSG: it is unreadable. */
int vf_use_claimed(const struct sriov_host *h, const struct pci_addr *vf, struct reason *why);

/*
 * -EBUSY: a process has the VF's node of vfio or uio open (named where it can be seen). Of vfio
 * that is the whole IOMMU group.
 */
int vf_use_open(const struct sriov_host *h, const struct pci_addr *vf, struct reason *why);

/* -EBUSY: the netdev is in use here, or in another namespace. */
int vf_use_netdev(const struct sriov_host *h, const struct pci_device *vf, struct reason *why);

/* Drivers that leave a device to a program: vfio's, uio's; and pci-stub. */
bool vf_driver_is_vfio(const char *driver);
bool vf_driver_is_userspace(const char *driver);
