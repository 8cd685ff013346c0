/* SPDX-License-Identifier: BSD-3-Clause */
/* PCI functions in a tree of files, as sysfs shows them. For the tests of pci_bus. */
#pragma once

#include "host_tree.h"
#include "pci_bus.h"
#include "reason.h"

#include <stdarg.h>
#include <stdint.h>

/* A file of a function. */
__attribute__((format(printf, 4, 5))) static inline void
pci_put(const struct tree *t, const char *addr, const char *file, const char *fmt, ...)
{
	char path[512], text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", addr, file);
	tree_put(t, path, text);
}

static inline void
pci_link(const struct tree *t, const char *addr, const char *link, const char *target)
{
	char path[512];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", addr, link);
	tree_link(t, path, target);
}

static inline void
pci_remove(const struct tree *t, const char *addr, const char *file)
{
	char path[512];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", addr, file);
	tree_remove(t, path);
}

static inline void
pci_add(const struct tree *t,
        const char *addr,
        uint16_t vendor,
        uint16_t device,
        uint32_t class_code)
{
	pci_put(t, addr, "vendor", "0x%04x\n", vendor);
	pci_put(t, addr, "device", "0x%04x\n", device);
	pci_put(t, addr, "class", "0x%06x\n", class_code);
	pci_put(t, addr, "subsystem_vendor", "0x%04x\n", vendor);
	pci_put(t, addr, "subsystem_device", "0x0001\n");
	pci_put(t, addr, "modalias", "pci:v%08Xd%08X\n", vendor, device);
	pci_put(t, addr, "numa_node", "1\n");
	pci_put(t, addr, "driver_override", "(null)\n");
}

/* An 82576 as PF, bound to igb, with these files of SR-IOV. */
static inline void
pci_add_pf(const struct tree *t, const char *addr, const char *netdev, unsigned num_vfs)
{
	char file[64];

	pci_add(t, addr, 0x8086, 0x10c9, 0x020000);
	pci_link(t, addr, "driver", "../../../../bus/pci/drivers/igb");
	pci_put(t, addr, "sriov_totalvfs", "7\n");
	pci_put(t, addr, "sriov_numvfs", "%u\n", num_vfs);
	pci_put(t, addr, "sriov_offset", "128\n");
	pci_put(t, addr, "sriov_stride", "2\n");
	pci_put(t, addr, "sriov_vf_device", "1520\n");
	pci_put(t, addr, "sriov_drivers_autoprobe", "1\n");
	if (netdev != NULL) {
		snprintf(file, sizeof(file), "net/%s/ifindex", netdev);
		pci_put(t, addr, file, "3\n");
	}
}

static inline void
pci_add_vf(const struct tree *t, const char *addr, const char *pf, unsigned index)
{
	char target[64], link[32];

	pci_add(t, addr, 0x8086, 0x1520, 0x020000);
	snprintf(target, sizeof(target), "../%s", pf);
	pci_link(t, addr, "physfn", target);
	snprintf(target, sizeof(target), "../%s", addr);
	snprintf(link, sizeof(link), "virtfn%u", index);
	pci_link(t, pf, link, target);
}

static inline void
put_le16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)v;
	at[1] = (uint8_t)(v >> 8);
}

/* Where the SR-IOV capability stands below, behind another one. */
enum { CONFIG_BYTES = 4096, CONFIG_SRIOV_AT = 0x160 };

/* Configuration space of a PF: a PCI Express function with the SR-IOV capability. */
static inline void
config_fill(uint8_t config[CONFIG_BYTES])
{
	uint8_t *sriov = config + CONFIG_SRIOV_AT;

	memset(config, 0, CONFIG_BYTES);
	put_le16(config + 0x00, 0x8086);
	put_le16(config + 0x02, 0x10c9);
	config[0x06] = 0x10; /* there is a list of capabilities, */
	config[0x34] = 0x40; /* and here it begins: */
	config[0x40] = 0x10; /* PCI Express */
	/* Extended: id, version 1 and where the next one is. */
	put_le16(config + 0x100, 0x0001);
	put_le16(config + 0x102, (uint16_t)(CONFIG_SRIOV_AT << 4 | 1));
	put_le16(sriov, 0x0010);
	put_le16(sriov + 2, 1);
	put_le16(sriov + 0x08, 0x0010); /* ARI capable hierarchy */
	put_le16(sriov + 0x0c, 8);      /* InitialVFs */
	put_le16(sriov + 0x0e, 9);      /* TotalVFs */
	put_le16(sriov + 0x14, 384);    /* First VF Offset */
	put_le16(sriov + 0x16, 4);      /* VF Stride */
	put_le16(sriov + 0x1a, 0x10ca); /* VF Device ID */
}

static inline void
pci_put_config(const struct tree *t, const char *addr, const uint8_t *config, size_t len)
{
	char path[512];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", addr);
	tree_put_bytes(t, path, config, len);
}

#define PF "0000:3b:00.0"
#define VF0 "0000:3b:10.0"

static inline struct pci_addr
addr_of(const char *text)
{
	struct pci_addr a;

	assert_int_equal(pci_addr_parse(text, &a), 0);
	return a;
}

static inline struct pci_bus *
scan(const struct tree *t)
{
	struct pci_bus *bus = NULL;
	struct reason why;

	assert_int_equal(pci_bus_scan(&bus, &t->fs, &why), 0);
	return bus;
}

/* The device at an address, copied out of a fresh scan. */
static inline struct pci_device
device(const struct tree *t, const char *text)
{
	struct pci_addr addr = addr_of(text);
	struct pci_bus *bus = scan(t);
	const struct pci_device *d = pci_bus_find(bus, &addr);
	struct pci_device copy;

	assert_non_null(d);
	copy = *d;
	pci_bus_free(bus);
	return copy;
}
