/* SPDX-License-Identifier: BSD-3-Clause */
/* The collection of functions, and which VF belongs to which PF. See pci_bus.h. */
#include "pci_bus.h"

#include "pci_bus_priv.h"
#include "reason.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct pci_bus {
	size_t count;
	struct pci_device devices[]; /* in the order of their addresses */
};

/* The VF that a virtfnN link points to, when it says itself that it belongs to @pf. */
struct placing {
	struct pci_bus *bus;
	const struct pci_addr *pf;
};

static int
compare_devices(const void *a, const void *b)
{
	const struct pci_device *x = a, *y = b;

	return pci_addr_cmp(&x->addr, &y->addr);
}

static const struct pci_device *
find(const struct pci_bus *bus, const struct pci_addr *addr)
{
	struct pci_device key = {.addr = *addr};

	return bsearch(&key, bus->devices, bus->count, sizeof(bus->devices[0]), compare_devices);
}

/* Of several links to one VF the smallest number counts, in whatever order they come. */
static void
place(struct pci_device *vf, const struct pci_addr *pf, uint16_t vf_index)
{
	if (!vf->is_vf || pci_addr_cmp(&vf->pf, pf) != 0 ||
	    (vf->pf_known && vf->vf_index <= vf_index))
		return;
	vf->pf_known = true;
	vf->vf_index = vf_index;
}

static void
place_on_bus(void *ctx, uint16_t vf_index, const struct pci_addr *addr)
{
	struct placing *p = ctx;
	const struct pci_device *vf = find(p->bus, addr);

	if (vf != NULL)
		place(&p->bus->devices[vf - p->bus->devices], p->pf, vf_index);
}

/* The kernel writes an address in one way only; another name in the directory is none of its. */
static int
parse_name(const char *name, struct pci_addr *ret)
{
	char text[PCI_ADDR_BYTES];
	struct pci_addr addr;

	if (pci_addr_parse(name, &addr) != 0 || strcmp(pci_addr_text(&addr, text), name) != 0)
		return -EINVAL;
	*ret = addr;
	return 0;
}

static void
read_all(struct pci_bus *bus, const struct hostfs *fs, const char *names, size_t n)
{
	const char *name = names;

	for (size_t i = 0; i < n; i++, name = hostfs_next(name)) {
		struct pci_addr addr;

		if (parse_name(name, &addr) == 0 &&
		    pci_sysfs_read(fs, &addr, &bus->devices[bus->count]) == 0)
			bus->count++;
	}
	qsort(bus->devices, bus->count, sizeof(bus->devices[0]), compare_devices);
	for (size_t i = 0; i < bus->count; i++) {
		struct placing p = {.bus = bus, .pf = &bus->devices[i].addr};

		if (bus->devices[i].is_pf)
			pci_sysfs_vfs(fs, p.pf, place_on_bus, &p);
	}
}

static int
fill_all(struct pci_bus *bus, const struct hostfs *fs)
{
	struct libpci *l;
	int rc = libpci_open(&l, fs);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < bus->count; i++)
		libpci_fill(l, &bus->devices[i]);
	libpci_close(l);
	return 0;
}

int
pci_bus_scan(struct pci_bus **ret, const struct hostfs *fs, struct reason *why)
{
	static const char dir[] = "/sys/bus/pci/devices";
	const char *root = fs->root != NULL ? fs->root : "";
	struct pci_bus *bus;
	char *names;
	size_t n;
	int rc = hostfs_list(fs, &names, &n, "%s", dir);

	if (rc != 0)
		return reason_set(
			why,
			rc,
			"%s%s: cannot list the PCI devices: %s%s",
			root,
			dir,
			strerror(-rc),
			rc == -ENOENT ? " (is sysfs mounted, and has this machine PCI?)" : ""
		);
	bus = calloc(1, sizeof(*bus) + n * sizeof(bus->devices[0]));
	if (bus == NULL) {
		rc = -ENOMEM;
	} else {
		read_all(bus, fs, names, n);
		rc = fill_all(bus, fs);
	}
	free(names);
	if (rc != 0) {
		pci_bus_free(bus);
		return reason_set(
			why, rc, "%s%s: cannot read the PCI devices: %s", root, dir, strerror(-rc)
		);
	}
	*ret = bus;
	return 0;
}

struct pci_bus *
pci_bus_free(struct pci_bus *bus)
{
	free(bus);
	return NULL;
}

size_t
pci_bus_count(const struct pci_bus *bus)
{
	return bus->count;
}

const struct pci_device *
pci_bus_at(const struct pci_bus *bus, size_t i)
{
	return i < bus->count ? &bus->devices[i] : NULL;
}

const struct pci_device *
pci_bus_find(const struct pci_bus *bus, const struct pci_addr *addr)
{
	return find(bus, addr);
}

const struct pci_device *
pci_bus_find_netdev(const struct pci_bus *bus, const char *netdev)
{
	for (size_t i = 0; netdev[0] != '\0' && i < bus->count; i++)
		if (strcmp(bus->devices[i].netdev, netdev) == 0)
			return &bus->devices[i];
	return NULL;
}

const struct pci_device *
pci_bus_find_vf(const struct pci_bus *bus, const struct pci_addr *pf, uint16_t vf_index)
{
	for (size_t i = 0; i < bus->count; i++) {
		const struct pci_device *d = &bus->devices[i];

		if (d->is_vf && d->pf_known && d->vf_index == vf_index &&
		    pci_addr_cmp(&d->pf, pf) == 0)
			return d;
	}
	return NULL;
}

/* The same for one function. */
static void
place_one(void *ctx, uint16_t vf_index, const struct pci_addr *addr)
{
	struct pci_device *d = ctx;
	const struct pci_addr pf = d->pf;

	if (pci_addr_cmp(&d->addr, addr) == 0)
		place(d, &pf, vf_index);
}

int
pci_device_read(const struct hostfs *fs, const struct pci_addr *addr, struct pci_device *ret)
{
	struct pci_device d;
	int rc = pci_sysfs_read(fs, addr, &d);

	if (rc != 0)
		return rc;
	if (d.is_vf)
		pci_sysfs_vfs(fs, &d.pf, place_one, &d);
	*ret = d;
	return 0;
}
