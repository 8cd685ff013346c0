/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A snapshot of the PCI functions of the machine with what SR-IOV adds to them: from sysfs, and by
 * libpci for the names of ids and the capability in configuration space. Used by lib/sriov and
 * app/vfctl. One thread.
 */
#pragma once

#include "hostfs.h"
#include "pci_addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pci_bus; /* opaque */
struct reason;

/* The SR-IOV extended capability (PCI Express Base Specification, 9.3.3) and the files about it. */
struct pci_sriov {
	bool capability_read; /* of configuration space, for which beyond 256 bytes root is needed
	                       */
	uint16_t initial_vfs, total_vfs;                   /* 0 without it */
	bool ari_capable_hierarchy;                        /* false without it */
	uint16_t first_vf_offset, vf_stride, vf_device_id; /* without it as sysfs has them, or 0 */
	uint16_t driver_total_vfs; /* sriov_totalvfs: a driver may offer fewer */
	uint16_t num_vfs;          /* sriov_numvfs now */
	bool autoprobe;            /* sriov_drivers_autoprobe */
	bool has_numvfs;           /* the file is there */
};

struct pci_device {
	struct pci_addr addr;
	uint16_t vendor_id, device_id, subsystem_vendor_id, subsystem_id;
	uint32_t class_code;                                    /* 24 bits: 0x020000 is Ethernet */
	char vendor_name[64], device_name[128], class_name[64]; /* "" when pci.ids has none */
	char modalias[HOSTFS_NAME_BYTES];
	bool is_pf; /* has SR-IOV */
	bool is_vf;
	struct pci_sriov sriov; /* of a PF */
	bool pf_known;          /* of a VF: @pf and @vf_index hold; else its PF is not to be seen */
	struct pci_addr pf;
	uint16_t vf_index;
	char driver[32];          /* "": none */
	char driver_override[32]; /* "": none; sysfs writes "(null)" */
	int numa_node;            /* -1: not known */
	int iommu_group;          /* -1: none */
	bool noiommu;             /* the group is vfio's own, without an IOMMU */
	char netdev[16];          /* in this network namespace; "": none */
	char acpi_index[16];      /* "": none */
};

/* All functions, in the order of their addresses. One that vanishes meanwhile is left out. */
int pci_bus_scan(struct pci_bus **ret, const struct hostfs *fs, struct reason *why);
struct pci_bus *pci_bus_free(struct pci_bus *bus); /* NULL is fine; returns NULL */

size_t pci_bus_count(const struct pci_bus *bus);
const struct pci_device *pci_bus_at(const struct pci_bus *bus, size_t i);

/* NULL when there is none. */
const struct pci_device *pci_bus_find(const struct pci_bus *bus, const struct pci_addr *addr);
const struct pci_device *pci_bus_find_netdev(const struct pci_bus *bus, const char *netdev);
const struct pci_device *
pci_bus_find_vf(const struct pci_bus *bus, const struct pci_addr *pf, uint16_t vf_index);

/* One function as it is now, without names and capability. -ENODEV. */
int pci_device_read(const struct hostfs *fs, const struct pci_addr *addr, struct pci_device *ret);

/*
 * Addresses of the functions of an IOMMU group: how many there are, of which @max written; -ENOENT
 * when there is no such group.
 */
int pci_group_devices(const struct hostfs *fs, int iommu_group, struct pci_addr *ret, int max);
