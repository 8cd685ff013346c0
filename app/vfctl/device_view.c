/* SPDX-License-Identifier: BSD-3-Clause */
/* Gathers what is to be shown. See device_view.h. */
#include "device_view.h"

#include "vf_use.h"
#include "vfctl.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
device_link_word(const struct netdev_facts *netdev)
{
	if (!netdev->admin_up)
		return "down";
	return netdev->carrier ? "up" : "no-carrier";
}

const uint8_t *
device_vf_mac(const struct vf_view *vf)
{
	if (vf->has_netdev)
		return vf->netdev.mac;
	return vf->has_state && (vf->state.known & 1u << VF_ATTR_MAC) != 0 ? vf->state.mac : NULL;
}

const char *
device_mac_text(const uint8_t mac[6], char buf[static MAC_TEXT_BYTES])
{
	snprintf(
		buf,
		MAC_TEXT_BYTES,
		"%02x:%02x:%02x:%02x:%02x:%02x",
		mac[0],
		mac[1],
		mac[2],
		mac[3],
		mac[4],
		mac[5]
	);
	return buf;
}

const char *
device_vlan_proto(const struct vf_state *state)
{
	if (state->vlan_proto == ETH_P_8021AD)
		return "802.1ad";
	return state->vlan_proto == ETH_P_8021Q ? "802.1Q" : NULL;
}

static int
compare_addrs(const void *a, const void *b)
{
	return pci_addr_cmp(a, b);
}

void
claims_read(struct claims *ret, const struct vfctl *c)
{
	struct text note = TEXT_EMPTY;
	struct reason why;

	*ret = (struct claims){0};
	if (journal_list(&c->host, &ret->addrs, &ret->n, &why) == 0)
		return;
	text_printf(&note, "claims are not shown: %s", why.text);
	vfctl_notes(c, &note);
	text_fini(&note);
}

void
claims_fini(struct claims *claims)
{
	free(claims->addrs);
	*claims = (struct claims){0};
}

bool
claims_have(const struct claims *claims, const struct pci_addr *addr)
{
	return claims->n > 0 &&
	       bsearch(addr, claims->addrs, claims->n, sizeof(claims->addrs[0]), compare_addrs) !=
	               NULL;
}

static bool
read_netdev(const struct vfctl *c, const struct pci_device *d, struct netdev_facts *ret)
{
	return d->netdev[0] != '\0' && netdev_read(&c->host.fs, d->netdev, ret) == 0;
}

static int
gather_group(struct device_view *v, const struct vfctl *c)
{
	const struct pci_device *d = v->device;
	struct pci_addr *all;
	int n, max;

	max = d->iommu_group < 0 ? 0 : pci_group_devices(&c->host.fs, d->iommu_group, NULL, 0);
	if (max <= 0)
		return 0;
	all = calloc((size_t)max, sizeof(*all));
	if (all == NULL)
		return -ENOMEM;
	n = pci_group_devices(&c->host.fs, d->iommu_group, all, max);
	v->others = all;
	for (int i = 0; i < n && i < max; i++)
		if (pci_addr_cmp(&all[i], &d->addr) != 0)
			v->others[v->nb_others++] = all[i];
	return 0;
}

static int
compare_vfs(const void *a, const void *b)
{
	const struct vf_view *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static struct vf_view *
find_vf(struct device_view *v, size_t nb_sorted, uint32_t number)
{
	struct vf_view key = {.number = number};

	if (nb_sorted == 0)
		return NULL;
	return bsearch(&key, v->vfs, nb_sorted, sizeof(v->vfs[0]), compare_vfs);
}

static bool
is_vf_of(const struct pci_device *d, const struct pci_device *pf)
{
	return d->is_vf && d->pf_known && pci_addr_cmp(&d->pf, &pf->addr) == 0;
}

/* The rows of the PF's table; without them (no netlink, no netdev here) there are none. */
static void
list_states(
	struct device_view *v,
	struct vfctl *c,
	const char *pf,
	struct vf_state **ret,
	unsigned *ret_n
)
{
	struct reason why;

	if (c->rtnl == NULL || pf[0] == '\0')
		return;
	if (vf_rtnl_list(c->rtnl, pf, ret, ret_n, &why) != 0)
		text_printf(&v->warnings, "the settings of its VFs cannot be read: %s\n", why.text);
}

static int
gather_vfs(struct device_view *v, struct vfctl *c, const struct claims *claims)
{
	size_t count = pci_bus_count(c->bus), on_bus;
	struct vf_state *states = NULL;
	unsigned nb_states = 0;

	list_states(v, c, v->device->netdev, &states, &nb_states);
	v->vfs = calloc(count + nb_states, sizeof(*v->vfs));
	if (v->vfs == NULL) {
		free(states);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		const struct pci_device *d = pci_bus_at(c->bus, i);
		struct vf_view *vf = &v->vfs[v->nb_vfs];

		if (!is_vf_of(d, v->device))
			continue;
		*vf = (struct vf_view){.number = d->vf_index, .device = d};
		vf->has_netdev = read_netdev(c, d, &vf->netdev);
		vf->claimed = claims_have(claims, &d->addr);
		v->nb_vfs++;
	}
	qsort(v->vfs, v->nb_vfs, sizeof(v->vfs[0]), compare_vfs);
	on_bus = v->nb_vfs;
	for (unsigned i = 0; i < nb_states; i++) {
		struct vf_view *vf = find_vf(v, on_bus, states[i].vf);

		if (vf == NULL) {
			vf = &v->vfs[v->nb_vfs++];
			vf->number = states[i].vf;
		}
		vf->has_state = true;
		vf->state = states[i];
	}
	qsort(v->vfs, v->nb_vfs, sizeof(v->vfs[0]), compare_vfs);
	free(states);
	return 0;
}

/* What about a PF hurts its VFs. */
static void
warn_of_pf(struct text *w, const struct pci_device *pf, const struct netdev_facts *net)
{
	if (net == NULL) {
		text_printf(
			w,
			"the PF has no network device in this network namespace: the settings of "
			"its VFs cannot be read or changed from here\n"
		);
		return;
	}
	if (!net->admin_up)
		text_printf(
			w,
			"PF %s is down: its VFs have no link and settings may be lost (ip link set "
			"%s up)\n",
			pf->netdev,
			pf->netdev
		);
	else if (!net->carrier)
		text_printf(w, "PF %s has no carrier\n", pf->netdev);
	if (net->master[0] != '\0')
		text_printf(
			w,
			"PF %s is a member of %s%s of this host: traffic of a bond over its VFs "
			"may be lost\n",
			pf->netdev,
			net->master_is_bond ? "bond " : "",
			net->master
		);
	if (net->default_route)
		text_printf(w, "the default route of this host goes through PF %s\n", pf->netdev);
}

static void
warn_of_vf(struct device_view *v)
{
	const struct pci_device *d = v->device;

	if (v->pf == NULL)
		text_puts(&v->warnings, "its PF is not to be seen: it is set up elsewhere\n");
	if (v->has_netdev && v->netdev.default_route)
		text_printf(
			&v->warnings, "the default route of this host goes through %s\n", d->netdev
		);
	if (d->noiommu)
		text_puts(
			&v->warnings,
			"vfio runs without an IOMMU: the device can reach all memory\n"
		);
	if (v->nb_others > 0)
		text_printf(
			&v->warnings,
			"shares IOMMU group %d with %zu more: all must be on vfio, or without a "
			"driver\n",
			d->iommu_group,
			v->nb_others
		);
}

static void
gather_pf_of_vf(struct device_view *v, struct vfctl *c)
{
	struct vf_state *states = NULL;
	unsigned n = 0;

	if (!v->device->pf_known)
		return;
	v->pf = pci_bus_find(c->bus, &v->device->pf);
	if (v->pf == NULL)
		return;
	v->has_pf_netdev = read_netdev(c, v->pf, &v->pf_netdev);
	list_states(v, c, v->pf->netdev, &states, &n);
	for (unsigned i = 0; i < n; i++)
		if (states[i].vf == v->device->vf_index) {
			v->has_state = true;
			v->state = states[i];
		}
	free(states);
	warn_of_pf(&v->warnings, v->pf, v->has_pf_netdev ? &v->pf_netdev : NULL);
}

static void
gather_claim(struct device_view *v, const struct vfctl *c, const struct claims *claims)
{
	struct reason why;

	if (!claims_have(claims, &v->device->addr))
		return;
	if (journal_read(&c->host, &v->device->addr, &v->claim, &why) == 0) {
		v->claim_view = CLAIM_READ;
		v->owner_alive = claim_owner_alive(&c->host, &v->claim.owner);
		return;
	}
	v->claim_view = CLAIM_NOT_READ;
	text_printf(&v->warnings, "its claim cannot be read: %s\n", why.text);
}

int
device_view(
	struct device_view *ret,
	struct vfctl *c,
	const struct claims *claims,
	const struct pci_device *device
)
{
	struct device_view v = {.device = device};
	int rc;

	v.has_netdev = read_netdev(c, device, &v.netdev);
	rc = gather_group(&v, c);
	v.has_node = vfio_node_find(&c->host.fs, &device->addr, &v.node) == 0;
	v.node_exists = v.has_node && hostfs_exists(&c->host.fs, "%s", v.node.path);
	gather_claim(&v, c, claims);
	if (rc == 0 && device->is_pf) {
		rc = gather_vfs(&v, c, claims);
		warn_of_pf(&v.warnings, device, v.has_netdev ? &v.netdev : NULL);
	}
	if (device->is_vf) {
		v.is_used = vf_in_use(&c->host, device, &v.used_by) != VF_FREE;
		gather_pf_of_vf(&v, c);
		warn_of_vf(&v);
	}
	if (rc == 0 && v.warnings.no_mem)
		rc = -ENOMEM;
	if (rc != 0)
		device_view_fini(&v);
	else
		*ret = v;
	return rc;
}

void
device_view_fini(struct device_view *v)
{
	free(v->others);
	free(v->vfs);
	text_fini(&v->warnings);
}
