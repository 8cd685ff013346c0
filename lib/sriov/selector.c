/* SPDX-License-Identifier: BSD-3-Clause */
/* The VFs of a machine that a selector means. See selector.h. */
#include "selector.h"

#include "printable.h"
#include "reason.h"
#include "selector_priv.h"
#include "sriov_host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PCI_CLASS_NETWORK = 0x02 };

/* A search: where, and what was found. */
struct search {
	const struct selector *s;
	const struct hostfs *fs;
	const struct pci_bus *bus;
	const struct pci_device **found; /* room for all of the bus */
	size_t n;
	struct reason *why;
};

/* What a message calls an item. */
static const char *
item_name(const struct selector_item *item, char buf[static SELECTOR_QUOTE_BYTES])
{
	char addr[PCI_ADDR_BYTES];

	if (item->text != NULL)
		printable_copy(buf, SELECTOR_QUOTE_BYTES, item->text);
	else
		snprintf(
			buf,
			SELECTOR_QUOTE_BYTES,
			"%.48s%s%s",
			item->from != NULL ? item->from : "",
			item->from != NULL ? ": " : "",
			pci_addr_text(&item->addr, addr)
		);
	return buf;
}

/* A netdev whose name differs in the case of letters only, for who is used to other rules. */
static const char *
similar_netdev(const struct pci_bus *bus, const char *name)
{
	for (size_t i = 0; i < pci_bus_count(bus); i++)
		if (strcasecmp(pci_bus_at(bus, i)->netdev, name) == 0)
			return pci_bus_at(bus, i)->netdev;
	return NULL;
}

static int
not_there(const struct search *q, const struct selector_item *item)
{
	char name[SELECTOR_QUOTE_BYTES];
	const char *similar;

	item_name(item, name);
	if (item->text == NULL)
		return reason_set(q->why, -ENOENT, "%s: no such PCI device (see vfctl list)", name);
	similar = similar_netdev(q->bus, item->text);
	return reason_set(
		q->why,
		-ENOENT,
		"%s: no network device of a PCI function has this name in this network "
		"namespace%s%s; a PF that is elsewhere has its address (see vfctl list)",
		name,
		similar != NULL ? ", but there is " : "",
		similar != NULL ? similar : ""
	);
}

/* The device that an item names. -ENOENT. */
static int
find_device(const struct search *q, const struct selector_item *item, const struct pci_device **ret)
{
	const struct pci_device *d = item->text != NULL ? pci_bus_find_netdev(q->bus, item->text)
	                                                : pci_bus_find(q->bus, &item->addr);

	if (d == NULL)
		return not_there(q, item);
	*ret = d;
	return 0;
}

/* How many VFs the PF's driver lets it have; 0: not known. */
static uint16_t
most_vfs(const struct pci_device *pf)
{
	return pf->sriov.driver_total_vfs != 0 ? pf->sriov.driver_total_vfs : pf->sriov.total_vfs;
}

/* That @pf is one, and can have each VF that @item numbers. */
static int
check_pf(const struct search *q, const struct selector_item *item, const struct pci_device *pf)
{
	char name[SELECTOR_QUOTE_BYTES];
	uint16_t most = most_vfs(pf);

	item_name(item, name);
	if (!pf->is_pf)
		return reason_set(
			q->why,
			-ENOENT,
			"%s is %s, and a PF is wanted, whose VFs are numbered",
			name,
			pf->is_vf ? "a VF" : "a device without SR-IOV"
		);
	for (size_t i = 0; i < item->nb_ranges && most > 0; i++)
		if (item->ranges[i].last >= most)
			return reason_set(
				q->why,
				-ENOENT,
				"%s#%u: the PF can have %u VFs, #0-%u",
				name,
				item->ranges[i].last,
				most,
				most - 1u
			);
	return 0;
}

static bool
is_of_pf(const struct pci_device *vf, const struct pci_device *pf)
{
	return vf->is_vf && vf->pf_known && pci_addr_cmp(&vf->pf, &pf->addr) == 0;
}

static bool
has_number(const struct selector_item *item, uint16_t number)
{
	for (size_t i = 0; i < item->nb_ranges; i++)
		if (number >= item->ranges[i].first && number <= item->ranges[i].last)
			return true;
	return item->nb_ranges == 0;
}

static bool
matches_pf(const struct search *q, const struct selector_item *item, const struct pci_device *vf)
{
	const struct pci_device *pf = vf->pf_known ? pci_bus_find(q->bus, &vf->pf) : NULL;

	return pf != NULL && has_number(item, vf->vf_index) &&
	       (item->text != NULL ? strcmp(pf->netdev, item->text) == 0
	                           : pci_addr_cmp(&pf->addr, &item->addr) == 0);
}

/* Of the VF's netdev or, where it is with a userspace driver and has none, of its PF's. */
static bool
matches_link_type(
	const struct search *q, const struct selector_item *item, const struct pci_device *vf
)
{
	const struct pci_device *pf = vf->pf_known ? pci_bus_find(q->bus, &vf->pf) : NULL;
	const char *netdev = vf->netdev;
	int64_t type;

	if (netdev[0] == '\0' && pf != NULL)
		netdev = pf->netdev;
	return netdev[0] != '\0' &&
	       hostfs_read_i64(q->fs, &type, "/sys/class/net/%s/type", netdev) == 0 &&
	       type == item->number;
}

static bool
matches_item(
	const struct search *q,
	enum selector_key key,
	const struct selector_item *item,
	const struct pci_device *vf
)
{
	switch (key) {
	case SELECTOR_VENDORS:
		return vf->vendor_id == item->number;
	case SELECTOR_DEVICES:
		return vf->device_id == item->number;
	case SELECTOR_DRIVERS:
		return strcmp(vf->driver, item->text) == 0;
	case SELECTOR_PF_NAMES:
	case SELECTOR_ROOT_DEVICES:
		return matches_pf(q, item, vf);
	case SELECTOR_PCI_ADDRESSES:
		return pci_addr_cmp(&vf->addr, &item->addr) == 0;
	case SELECTOR_LINK_TYPES:
		return matches_link_type(q, item, vf);
	case SELECTOR_ACPI_INDEXES:
		return strcmp(vf->acpi_index, item->text) == 0;
	case SELECTOR_KEY_COUNT:
		break;
	}
	return false;
}

static bool
matches_keys(const struct search *q, const struct pci_device *vf)
{
	for (int key = 0; key < SELECTOR_KEY_COUNT; key++) {
		const struct selector_list *list = &q->s->keys[key];
		bool any = list->n == 0;

		for (size_t i = 0; i < list->n && !any; i++)
			any = matches_item(q, (enum selector_key)key, &list->items[i], vf);
		if (!any)
			return false;
	}
	return true;
}

static void
take(struct search *q, const struct pci_device *vf)
{
	for (size_t i = 0; i < q->n; i++)
		if (q->found[i] == vf)
			return;
	if (matches_keys(q, vf))
		q->found[q->n++] = vf;
}

static int
no_vfs(const struct search *q, const char *name)
{
	return reason_set(
		q->why, -ENOENT, "%s has no VFs; vfctl create %s N makes them", name, name
	);
}

static int
take_all_of_pf(struct search *q, const struct selector_item *item, const struct pci_device *pf)
{
	char name[SELECTOR_QUOTE_BYTES];
	size_t vfs = 0;

	for (size_t i = 0; i < pci_bus_count(q->bus); i++)
		if (is_of_pf(pci_bus_at(q->bus, i), pf)) {
			take(q, pci_bus_at(q->bus, i));
			vfs++;
		}
	return vfs > 0 ? 0 : no_vfs(q, item_name(item, name));
}

static int
take_number(
	struct search *q,
	const struct selector_item *item,
	const struct pci_device *pf,
	uint16_t number
)
{
	const struct pci_device *vf = pci_bus_find_vf(q->bus, &pf->addr, number);
	char name[SELECTOR_QUOTE_BYTES];

	item_name(item, name);
	if (vf == NULL && pf->sriov.num_vfs == 0)
		return no_vfs(q, name);
	if (vf == NULL)
		return reason_set(
			q->why,
			-ENOENT,
			"%s#%u: the PF has %u VFs now, and no such one",
			name,
			number,
			pf->sriov.num_vfs
		);
	take(q, vf);
	return 0;
}

static int
take_of_pf(struct search *q, const struct selector_item *item, const struct pci_device *pf)
{
	int rc = check_pf(q, item, pf);

	if (rc == 0 && item->nb_ranges == 0)
		return take_all_of_pf(q, item, pf);
	for (size_t i = 0; i < item->nb_ranges && rc == 0; i++) {
		const struct selector_range *r = &item->ranges[i];

		for (uint32_t n = r->first; n <= r->last && rc == 0; n++)
			rc = take_number(q, item, pf, (uint16_t)n);
	}
	return rc;
}

/* That the function @d can be a VF: see selector_match about virtual machines. */
static int
check_function(const struct search *q, const struct selector_item *item, const struct pci_device *d)
{
	char name[SELECTOR_QUOTE_BYTES], addr[PCI_ADDR_BYTES];

	item_name(item, name);
	if (d->is_pf)
		return reason_set(
			q->why,
			-ENOENT,
			"%s is a PF, and a VF is wanted: name its VFs by number, as %s#0",
			name,
			pci_addr_text(&d->addr, addr)
		);
	if (!d->is_vf && d->class_code >> 16 != PCI_CLASS_NETWORK)
		return reason_set(
			q->why,
			-ENOENT,
			"%s is no VF and no network device (class %06x)",
			name,
			d->class_code
		);
	return 0;
}

static int
take_named(struct search *q, const struct selector_item *item)
{
	const struct pci_device *d = NULL;
	char name[SELECTOR_QUOTE_BYTES];
	int rc = find_device(q, item, &d);

	if (rc != 0)
		return rc;
	if (item->kind == SELECTOR_FUNCTION) {
		rc = check_function(q, item, d);
		if (rc == 0)
			take(q, d);
		return rc;
	}
	if (item->kind == SELECTOR_PF || d->is_pf)
		return take_of_pf(q, item, d);
	if (!d->is_vf)
		return reason_set(
			q->why,
			-ENOENT,
			"%s is neither a PF nor a VF: it has no SR-IOV",
			item_name(item, name)
		);
	take(q, d);
	return 0;
}

/* Devices that keys name must be there too: a slip of the pen is not to look like no match. */
static int
check_keys(const struct search *q)
{
	static const enum selector_key keys[] = {
		SELECTOR_PF_NAMES, SELECTOR_ROOT_DEVICES, SELECTOR_PCI_ADDRESSES};
	const struct pci_device *d = NULL;
	int rc = 0;

	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
		const struct selector_list *list = &q->s->keys[keys[k]];

		for (size_t i = 0; i < list->n && rc == 0; i++) {
			rc = find_device(q, &list->items[i], &d);
			if (rc == 0)
				rc = list->items[i].kind == SELECTOR_PF
				             ? check_pf(q, &list->items[i], d)
				             : check_function(q, &list->items[i], d);
		}
	}
	return rc;
}

static int
none_matches(const struct search *q)
{
	char text[160];
	size_t vfs = 0;

	for (size_t i = 0; i < pci_bus_count(q->bus); i++)
		vfs += pci_bus_at(q->bus, i)->is_vf;
	printable_copy(text, sizeof(text), q->s->text);
	return reason_set(
		q->why,
		-ENOENT,
		"%s: none of the %zu VFs of this machine matches (see vfctl list)",
		text,
		vfs
	);
}

static int
search(struct search *q)
{
	const struct selector_list *named = &q->s->named;
	int rc = check_keys(q);

	for (size_t i = 0; i < named->n && rc == 0; i++)
		rc = take_named(q, &named->items[i]);
	for (size_t i = 0; named->n == 0 && rc == 0 && i < pci_bus_count(q->bus); i++)
		if (pci_bus_at(q->bus, i)->is_vf)
			take(q, pci_bus_at(q->bus, i));
	return rc == 0 && q->n == 0 ? none_matches(q) : rc;
}

int
selector_match(
	const struct selector *s,
	const struct sriov_host *h,
	const struct pci_bus *bus,
	const struct pci_device ***ret,
	size_t *ret_n,
	struct reason *why
)
{
	struct search q = {.s = s, .fs = &h->fs, .bus = bus, .why = why};
	int rc;

	q.found = calloc(pci_bus_count(bus) + 1, sizeof(*q.found));
	if (q.found == NULL)
		return reason_set(why, -ENOMEM, "no memory for the devices of a selector");
	rc = search(&q);
	if (rc != 0) {
		free(q.found);
		return rc;
	}
	*ret = q.found;
	*ret_n = q.n;
	return 0;
}

bool
selector_is_exact(const struct selector *s)
{
	for (int key = 0; key < SELECTOR_KEY_COUNT; key++)
		if (s->keys[key].n > 0)
			return false;
	for (size_t i = 0; i < s->named.n; i++)
		if (s->named.items[i].kind != SELECTOR_FUNCTION && s->named.items[i].nb_ranges == 0)
			return false;
	return true;
}
