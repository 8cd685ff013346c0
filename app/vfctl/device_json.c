/* SPDX-License-Identifier: BSD-3-Clause */
/* A device as JSON: numbers as numbers, null for what is not known. See device_view.h. */
#include "device_view.h"
#include "printable.h"

#include <errno.h>
#include <string.h>

/* NULL, which "s?" makes a null, for an empty string. */
static const char *
or_null(const char *s)
{
	return s[0] != '\0' ? s : NULL;
}

static json_t *
int_or_null(int64_t v, bool known)
{
	return known ? json_integer(v) : json_null();
}

static json_t *
bool_or_null(bool v, bool known)
{
	return known ? json_boolean(v) : json_null();
}

static json_t *
addr_json(const struct pci_addr *addr)
{
	char text[PCI_ADDR_BYTES];

	return json_string(pci_addr_text(addr, text));
}

static json_t *
mac_json(const uint8_t *mac)
{
	char text[MAC_TEXT_BYTES];

	return mac != NULL ? json_string(device_mac_text(mac, text)) : json_null();
}

/* Names of netdevs are bytes to the kernel. */
static json_t *
name_json(const char *name)
{
	char text[sizeof(((struct netdev_facts *)NULL)->name)];

	if (name[0] == '\0')
		return json_null();
	printable_copy(text, sizeof(text), name);
	return json_string(text);
}

static json_t *
master_json(const struct netdev_facts *f)
{
	if (f->master[0] == '\0')
		return json_null();
	return json_pack("{s:o, s:b}", "name", name_json(f->master), "bond", f->master_is_bond);
}

static json_t *
netdev_json(const struct netdev_facts *f)
{
	if (f == NULL)
		return json_null();
	return json_pack(
		"{s:o, s:i, s:o, s:i, s:s, s:b, s:b, s:s?, s:o, s:o, s:b, s:b, s:s?, s:s?, s:s?, "
		"s:s?, s:s?, s:s?}",
		"name",
		name_json(f->name),
		"index",
		(int)f->if_index,
		"mac",
		mac_json(f->mac),
		"mtu",
		(int)f->mtu,
		"link",
		device_link_word(f),
		"admin_up",
		f->admin_up,
		"carrier",
		f->carrier,
		"operstate",
		or_null(f->operstate),
		"speed_mbps",
		int_or_null(f->speed_mbps, f->speed_mbps >= 0),
		"master",
		master_json(f),
		"has_address",
		f->has_address,
		"default_route",
		f->default_route,
		"driver",
		or_null(f->driver),
		"driver_version",
		or_null(f->driver_version),
		"firmware",
		or_null(f->firmware),
		"bus_info",
		or_null(f->bus_info),
		"phys_switch_id",
		or_null(f->phys_switch_id),
		"phys_port_name",
		or_null(f->phys_port_name)
	);
}

static bool
knows(const struct vf_state *s, enum vf_attr attr)
{
	return (s->known & 1u << attr) != 0;
}

static json_t *
settings_json(const struct vf_state *s)
{
	if (s == NULL)
		return json_null();
	return json_pack(
		"{s:o, s:o, s:o, s:s?, s:o, s:o, s:o, s:o, s:s?}",
		"mac",
		mac_json(knows(s, VF_ATTR_MAC) ? s->mac : NULL),
		"vlan",
		int_or_null(s->vlan, knows(s, VF_ATTR_VLAN)),
		"qos",
		int_or_null(s->qos, knows(s, VF_ATTR_VLAN)),
		"proto",
		knows(s, VF_ATTR_VLAN) ? device_vlan_proto(s) : NULL,
		"spoofchk",
		bool_or_null(s->spoofchk, knows(s, VF_ATTR_SPOOFCHK)),
		"trust",
		bool_or_null(s->trust, knows(s, VF_ATTR_TRUST)),
		"min_tx_rate",
		int_or_null(s->min_tx_rate_mbps, knows(s, VF_ATTR_RATE)),
		"max_tx_rate",
		int_or_null(s->max_tx_rate_mbps, knows(s, VF_ATTR_RATE)),
		"link_state",
		knows(s, VF_ATTR_LINK_STATE) ? vf_link_state_names[s->link_state] : NULL
	);
}

static json_t *
sriov_json(const struct pci_sriov *s)
{
	return json_pack(
		"{s:o, s:i, s:b, s:b, s:o, s:o, s:i, s:i, s:i, s:o}",
		"num_vfs",
		int_or_null(s->num_vfs, s->has_numvfs),
		"driver_total_vfs",
		s->driver_total_vfs,
		"drivers_autoprobe",
		s->autoprobe,
		"capability_read",
		s->capability_read,
		"total_vfs",
		int_or_null(s->total_vfs, s->capability_read),
		"initial_vfs",
		int_or_null(s->initial_vfs, s->capability_read),
		"first_vf_offset",
		s->first_vf_offset,
		"vf_stride",
		s->vf_stride,
		"vf_device_id",
		s->vf_device_id,
		"ari_capable_hierarchy",
		bool_or_null(s->ari_capable_hierarchy, s->capability_read)
	);
}

static json_t *
others_json(const struct device_view *v)
{
	json_t *array = json_array();

	for (size_t i = 0; array != NULL && i < v->nb_others; i++)
		(void)json_array_append_new(array, addr_json(&v->others[i]));
	return array;
}

static json_t *
node_json(const struct device_view *v)
{
	if (!v->has_node)
		return json_null();
	return json_pack(
		"{s:s, s:s, s:b}",
		"path",
		v->node.path,
		"container_path",
		v->node.container_path,
		"exists",
		v->node_exists
	);
}

static json_t *
claim_json(const struct device_view *v)
{
	const struct claim_record *r = &v->claim;
	char command[sizeof(r->owner.command)];

	if (v->claim_view == CLAIM_NONE)
		return json_null();
	if (v->claim_view == CLAIM_NOT_READ)
		return json_pack("{s:b}", "readable", 0);
	printable_copy(command, sizeof(command), r->owner.command);
	return json_pack(
		"{s:b, s:I, s:o, s:s?, s:b, s:b, s:s?}",
		"readable",
		1,
		"since",
		(json_int_t)r->since_s,
		"pid",
		int_or_null(r->owner.pid, r->owner.pid != 0),
		"command",
		or_null(command),
		"alive",
		v->owner_alive,
		"complete",
		r->complete,
		"driver",
		or_null(r->driver)
	);
}

/* A sentence, in which names from outside may stand. */
static json_t *
text_json(const char *s)
{
	char text[sizeof(((struct reason *)NULL)->text)];

	printable_copy(text, sizeof(text), s);
	return json_string(text);
}

static json_t *
warnings_json(const struct device_view *v)
{
	const char *at = text_str(&v->warnings);
	json_t *array = json_array();

	while (array != NULL && *at != '\0') {
		size_t len = strcspn(at, "\n");
		char line[1024];

		printable_copy(line, len < sizeof(line) ? len + 1 : sizeof(line), at);
		(void)json_array_append_new(array, json_string(line));
		at += len + (at[len] == '\n');
	}
	return array;
}

/* 0 with the object that json_pack made; it makes none when a part of it is missing. */
static int
give(json_t *object, json_t **ret)
{
	if (object == NULL)
		return -ENOMEM;
	*ret = object;
	return 0;
}

int
device_vf_json(const struct vf_view *vf, json_t **ret)
{
	const struct pci_device *d = vf->device;

	return give(
		json_pack(
			"{s:o, s:o, s:s?, s:o, s:o, s:o, s:o, s:o, s:b}",
			"address",
			d != NULL ? addr_json(&d->addr) : json_null(),
			"number",
			int_or_null(vf->number, d == NULL || d->pf_known),
			"driver",
			d != NULL ? or_null(d->driver) : NULL,
			"netdev",
			netdev_json(vf->has_netdev ? &vf->netdev : NULL),
			"mac",
			mac_json(device_vf_mac(vf)),
			"numa_node",
			int_or_null(d != NULL ? d->numa_node : -1, d != NULL && d->numa_node >= 0),
			"iommu_group",
			int_or_null(
				d != NULL ? d->iommu_group : -1, d != NULL && d->iommu_group >= 0
			),
			"settings",
			settings_json(vf->has_state ? &vf->state : NULL),
			"claimed",
			vf->claimed
		),
		ret
	);
}

static json_t *
vfs_json(const struct device_view *v)
{
	json_t *array = json_array();

	for (size_t i = 0; array != NULL && i < v->nb_vfs; i++) {
		json_t *vf;

		if (device_vf_json(&v->vfs[i], &vf) != 0 || json_array_append_new(array, vf) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* The PF of a VF: its address is there, its netdev if it is in this namespace. */
static json_t *
pf_json(const struct device_view *v)
{
	if (v->pf == NULL)
		return json_null();
	return json_pack(
		"{s:o, s:o}",
		"address",
		addr_json(&v->pf->addr),
		"netdev",
		netdev_json(v->has_pf_netdev ? &v->pf_netdev : NULL)
	);
}

static int
add_kind(const struct device_view *v, json_t *object)
{
	const struct pci_device *d = v->device;
	json_t *more = NULL;
	int rc;

	if (d->is_pf)
		more = json_pack("{s:o, s:o}", "sriov", sriov_json(&d->sriov), "vfs", vfs_json(v));
	else if (d->is_vf)
		more = json_pack(
			"{s:o, s:o, s:o, s:o}",
			"pf",
			pf_json(v),
			"number",
			int_or_null(d->vf_index, d->pf_known),
			"settings",
			settings_json(v->has_state ? &v->state : NULL),
			"used_by",
			v->is_used ? text_json(v->used_by.text) : json_null()
		);
	else
		return 0;
	rc = more != NULL ? json_object_update(object, more) : -1;
	json_decref(more);
	return rc == 0 ? 0 : -ENOMEM;
}

static const char *
kind(const struct pci_device *d)
{
	if (d->is_pf)
		return "pf";
	return d->is_vf ? "vf" : "function";
}

int
device_json(const struct device_view *v, json_t **ret)
{
	const struct pci_device *d = v->device;
	json_t *object = json_pack(
		"{s:o, s:s, s:i, s:s?, s:i, s:s?, s:i, s:i, s:i, s:s?, s:s?, s:s?, s:s?, s:o, s:o, "
		"s:o, s:b, s:s?, s:o, s:o, s:o, s:o}",
		"address",
		addr_json(&d->addr),
		"kind",
		kind(d),
		"vendor_id",
		d->vendor_id,
		"vendor_name",
		or_null(d->vendor_name),
		"device_id",
		d->device_id,
		"device_name",
		or_null(d->device_name),
		"subsystem_vendor_id",
		d->subsystem_vendor_id,
		"subsystem_id",
		d->subsystem_id,
		"class",
		(int)d->class_code,
		"class_name",
		or_null(d->class_name),
		"modalias",
		or_null(d->modalias),
		"driver",
		or_null(d->driver),
		"driver_override",
		or_null(d->driver_override),
		"numa_node",
		int_or_null(d->numa_node, d->numa_node >= 0),
		"iommu_group",
		int_or_null(d->iommu_group, d->iommu_group >= 0),
		"iommu_group_others",
		others_json(v),
		"noiommu",
		d->noiommu,
		"acpi_index",
		or_null(d->acpi_index),
		"netdev",
		netdev_json(v->has_netdev ? &v->netdev : NULL),
		"vfio",
		node_json(v),
		"claim",
		claim_json(v),
		"warnings",
		warnings_json(v)
	);
	int rc = object != NULL ? add_kind(v, object) : -ENOMEM;

	if (rc != 0) {
		json_decref(object);
		return rc;
	}
	*ret = object;
	return 0;
}
