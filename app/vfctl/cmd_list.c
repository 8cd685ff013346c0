/* SPDX-License-Identifier: BSD-3-Clause */
/* `vfctl list`: PFs, each with its VFs below it. */
#include "device_view.h"
#include "output.h"
#include "printable.h"
#include "reason.h"
#include "table.h"
#include "vfctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum {
	ADDRESS,
	VFS,
	DRIVER,
	NETDEV,
	LINK,
	MAC,
	NUMA,
	GROUP,
	CLAIM,
	NAME,
	COLUMNS,
};

static const struct table_column columns[COLUMNS] = {
	[ADDRESS] = {.header = "ADDRESS"},
	[VFS] = {.header = "VF", .align = TABLE_RIGHT},
	[DRIVER] = {.header = "DRIVER"},
	[NETDEV] = {.header = "NETDEV"},
	[LINK] = {.header = "LINK"},
	[MAC] = {.header = "MAC"},
	[NUMA] = {.header = "NUMA", .align = TABLE_RIGHT},
	[GROUP] = {.header = "IOMMU", .align = TABLE_RIGHT},
	[CLAIM] = {.header = "CLAIM"},
	[NAME] = {.header = "DEVICE"},
};

static void
set_text(struct table *t, int column, const char *s)
{
	char text[256];

	printable_copy(text, sizeof(text), s);
	if (text[0] != '\0')
		table_set(t, (size_t)column, text);
}

static void
device_cells(struct table *t, const struct pci_device *d)
{
	char addr[PCI_ADDR_BYTES];

	table_printf(t, ADDRESS, "%s%s", d->is_vf ? "  " : "", pci_addr_text(&d->addr, addr));
	set_text(t, DRIVER, d->driver);
	set_text(t, NETDEV, d->netdev);
	if (d->numa_node >= 0)
		table_set_i64(t, NUMA, d->numa_node);
	if (d->iommu_group >= 0)
		table_set_i64(t, GROUP, d->iommu_group);
	set_text(t, NAME, d->device_name);
}

static void
link_cells(struct table *t, const struct netdev_facts *netdev, const uint8_t *mac)
{
	char text[MAC_TEXT_BYTES];

	if (netdev != NULL)
		table_set(t, LINK, device_link_word(netdev));
	if (mac != NULL)
		table_set(t, MAC, device_mac_text(mac, text));
}

static void
vf_row(struct table *t, const struct vf_view *vf)
{
	table_row(t);
	if (vf->device != NULL)
		device_cells(t, vf->device);
	if (vf->device == NULL || vf->device->pf_known)
		table_set_u64(t, VFS, vf->number);
	table_set(t, CLAIM, vf->claimed ? "yes" : "no");
	link_cells(t, vf->has_netdev ? &vf->netdev : NULL, device_vf_mac(vf));
}

static void
pf_rows(struct table *t, const struct device_view *v)
{
	const struct pci_sriov *s = &v->device->sriov;

	table_row(t);
	device_cells(t, v->device);
	table_printf(t, VFS, "%u/%u", s->num_vfs, s->driver_total_vfs);
	link_cells(t, v->has_netdev ? &v->netdev : NULL, v->has_netdev ? v->netdev.mac : NULL);
	for (size_t i = 0; i < v->nb_vfs; i++)
		vf_row(t, &v->vfs[i]);
}

/* Where the listing goes: the table or, if they are there, the arrays. */
struct listing {
	struct table *table;
	json_t *pfs, *vfs;
	struct claims claims;
};

static int
append(json_t *array, json_t *object)
{
	return json_array_append_new(array, object) == 0 ? 0 : -ENOMEM;
}

static int
add_pf(struct listing *l, struct vfctl *c, const struct pci_device *d)
{
	json_t *object = NULL;
	struct device_view v;
	int rc = device_view(&v, c, &l->claims, d);

	if (rc != 0)
		return rc;
	if (l->pfs == NULL)
		pf_rows(l->table, &v);
	else
		rc = device_json(&v, &object);
	if (object != NULL)
		rc = append(l->pfs, object);
	device_view_fini(&v);
	return rc;
}

/* A VF whose PF cannot be seen stands alone. */
static int
add_vf(struct listing *l, struct vfctl *c, const struct pci_device *d)
{
	struct vf_view vf = {.device = d, .claimed = claims_have(&l->claims, &d->addr)};
	json_t *object = NULL;
	int rc = 0;

	vf.has_netdev =
		d->netdev[0] != '\0' && netdev_read(&c->host.fs, d->netdev, &vf.netdev) == 0;
	if (l->vfs == NULL)
		vf_row(l->table, &vf);
	else
		rc = device_vf_json(&vf, &object);
	if (object != NULL)
		rc = append(l->vfs, object);
	return rc;
}

static int
add_all(struct listing *l, struct vfctl *c)
{
	size_t n = pci_bus_count(c->bus);
	int rc = 0;

	claims_read(&l->claims, c);
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (pci_bus_at(c->bus, i)->is_pf)
			rc = add_pf(l, c, pci_bus_at(c->bus, i));
	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct pci_device *d = pci_bus_at(c->bus, i);

		if (d->is_vf && !d->pf_known)
			rc = add_vf(l, c, d);
	}
	claims_fini(&l->claims);
	return rc;
}

static int
list_json(struct vfctl *c)
{
	struct text none = TEXT_EMPTY;
	struct listing l = {.pfs = json_array(), .vfs = json_array()};
	json_t *root;
	int rc = l.pfs != NULL && l.vfs != NULL ? add_all(&l, c) : -ENOMEM;

	root = json_pack("{s:o, s:o}", "pfs", l.pfs, "vfs_without_pf", l.vfs);
	if (rc == 0 && root == NULL)
		rc = -ENOMEM;
	rc = output(c, rc, root, &none);
	json_decref(root);
	return rc;
}

static bool
has_any(const struct pci_bus *bus)
{
	for (size_t i = 0; i < pci_bus_count(bus); i++)
		if (pci_bus_at(bus, i)->is_pf || pci_bus_at(bus, i)->is_vf)
			return true;
	return false;
}

static int
list_text(struct vfctl *c)
{
	struct text text = TEXT_EMPTY;
	struct listing l = {0};
	int rc;

	if (!has_any(c->bus)) {
		fprintf(stderr,
		        "vfctl list: there is no device with SR-IOV (a VF that was given to a "
		        "virtual machine is an ordinary device in it: vfctl show ADDRESS)\n");
		return STATUS_OK;
	}
	rc = table_new(&l.table, columns, COLUMNS);
	if (rc == 0)
		rc = add_all(&l, c);
	if (rc == 0)
		rc = table_text(l.table, &text);
	table_free(l.table);
	return output(c, rc, NULL, &text);
}

int
cmd_list(struct vfctl *c, int argc, char **argv)
{
	bool as_json;
	int status = output_options(c, argc, argv, &as_json);

	if (status != STATUS_OK)
		return status;
	if (optind < argc)
		return vfctl_usage(c, "%s: takes no device (vfctl show does)", argv[optind]);
	status = vfctl_scan(c);
	if (status != STATUS_OK)
		return status;
	return as_json ? list_json(c) : list_text(c);
}
