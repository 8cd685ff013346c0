/* SPDX-License-Identifier: BSD-3-Clause */
/* What libpci knows of a function: names and the SR-IOV capability. See pci_bus_priv.h. */
#include "pci_bus_priv.h"
#include "printable.h"

#include <errno.h>
#include <pci/pci.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct libpci {
	struct pci_access *access;
	bool ready;
};

/* What one call does, and the function that libpci made for it. */
struct call {
	struct libpci *l;
	struct pci_device *d;
	struct pci_dev *dev;
};

/*
 * libpci reports an error by a function that gets no context and must not return. This is where it
 * goes instead of exit().
 */
static _Thread_local jmp_buf *way_out;

static void on_error(char *msg, ...) __attribute__((noreturn));

static void
on_error(char *msg, ...)
{
	(void)msg;
	longjmp(*way_out, 1);
}

static void
on_message(char *msg, ...)
{
	(void)msg;
}

/* False: libpci gave up half-way; what it had is still to be freed. */
static bool
run(void (*fn)(struct call *c), struct call *c)
{
	jmp_buf here;

	way_out = &here;
	if (setjmp(here) != 0)
		return false;
	fn(c);
	return true;
}

static void
init(struct call *c)
{
	pci_init(c->l->access);
	c->l->ready = true;
}

/* Everything below the prefix: sysfs, and the names as well. */
static int
set_root(struct pci_access *a, const char *root)
{
	char path[2 * HOSTFS_PATH_BYTES], *ids;

	snprintf(path, sizeof(path), "%s/sys/bus/pci", root);
	(void)pci_set_param(a, "sysfs.path", path);
	if (root[0] == '\0')
		return 0;
	/* udev's database would answer for the machine itself. */
	(void)pci_set_param(a, "hwdb.disable", "1");
	/* The library tries the name without .gz as well, and frees the string. */
	if (asprintf(&ids, "%s/usr/share/misc/pci.ids.gz", root) < 0)
		return -ENOMEM;
	pci_set_name_list_path(a, ids, 1);
	return 0;
}

int
libpci_open(struct libpci **ret, const struct hostfs *fs)
{
	const char *root = fs->root != NULL ? fs->root : "";
	struct libpci *l;
	int rc;

	if (strlen(root) >= HOSTFS_PATH_BYTES)
		return -ENAMETOOLONG;
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return -ENOMEM;
	l->access = pci_alloc();
	l->access->error = on_error;
	l->access->warning = on_message;
	l->access->debug = on_message;
	/* No other way to the bus, and no cache in somebody's home directory. */
	l->access->method = PCI_ACCESS_SYS_BUS_PCI;
	l->access->id_lookup_mode = 0;
	rc = set_root(l->access, root);
	if (rc == 0 && !run(init, &(struct call){.l = l}))
		rc = -EIO;
	if (rc != 0) {
		libpci_close(l);
		return rc;
	}
	*ret = l;
	return 0;
}

static void
cleanup(struct call *c)
{
	pci_cleanup(c->l->access);
}

struct libpci *
libpci_close(struct libpci *l)
{
	if (l != NULL)
		(void)run(cleanup, &(struct call){.l = l});
	free(l);
	return NULL;
}

static void
look_up(struct pci_access *a, char *ret, size_t size, int what, int id1, int id2)
{
	char buf[256];
	const char *name =
		pci_lookup_name(a, buf, sizeof(buf), what | PCI_LOOKUP_NO_NUMBERS, id1, id2);

	if (name != NULL)
		printable_copy(ret, size, name);
}

static void
fill_names(struct call *c)
{
	struct pci_access *a = c->l->access;
	struct pci_device *d = c->d;

	look_up(a, d->vendor_name, sizeof(d->vendor_name), PCI_LOOKUP_VENDOR, d->vendor_id, 0);
	look_up(a,
	        d->device_name,
	        sizeof(d->device_name),
	        PCI_LOOKUP_DEVICE,
	        d->vendor_id,
	        d->device_id);
	look_up(a,
	        d->class_name,
	        sizeof(d->class_name),
	        PCI_LOOKUP_CLASS,
	        (int)(d->class_code >> 8),
	        0);
}

static uint16_t
le16(const uint8_t *block, unsigned at)
{
	return (uint16_t)(block[at] | block[at + 1] << 8);
}

static void
fill_capability(struct call *c)
{
	const struct pci_addr *addr = &c->d->addr;
	struct pci_sriov *s = &c->d->sriov;
	uint8_t block[PCI_IOV_DID + 2];
	const struct pci_cap *cap;

	c->dev = pci_get_dev(
		c->l->access, (int)addr->domain, addr->bus, addr->device, addr->function
	);
	cap = pci_find_cap(c->dev, PCI_EXT_CAP_ID_SRIOV, PCI_CAP_EXTENDED);
	if (cap == NULL || !pci_read_block(c->dev, (int)cap->addr, block, sizeof(block)))
		return;
	s->capability_read = true;
	s->initial_vfs = le16(block, PCI_IOV_INITIALVF);
	s->total_vfs = le16(block, PCI_IOV_TOTALVF);
	s->first_vf_offset = le16(block, PCI_IOV_OFFSET);
	s->vf_stride = le16(block, PCI_IOV_STRIDE);
	s->vf_device_id = le16(block, PCI_IOV_DID);
	s->ari_capable_hierarchy = (le16(block, PCI_IOV_CTRL) & PCI_IOV_CTRL_ARI) != 0;
}

static void
free_dev(struct call *c)
{
	pci_free_dev(c->dev);
}

void
libpci_fill(struct libpci *l, struct pci_device *d)
{
	struct call c = {.l = l, .d = d};

	(void)run(fill_names, &c);
	if (!d->is_pf)
		return;
	(void)run(fill_capability, &c);
	if (c.dev != NULL)
		(void)run(free_dev, &c);
}
