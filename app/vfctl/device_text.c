/* SPDX-License-Identifier: BSD-3-Clause */
/* A device as text for people. See device_view.h. */
#include "device_view.h"
#include "printable.h"
#include "table.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { LABEL, VALUE };

/* A row whose value, when empty, shows as "-". */
static void
row(struct table *t, const char *label, const char *value)
{
	table_row(t);
	table_printf(t, LABEL, "  %s", label);
	if (value[0] != '\0')
		table_set(t, VALUE, value);
}

#define ROW(t, label, ...)                             \
	do {                                           \
		row((t), (label), "");                 \
		table_printf((t), VALUE, __VA_ARGS__); \
	} while (0)

static const char *
yes_no(bool v)
{
	return v ? "yes" : "no";
}

static void
id_row(struct table *t, const char *label, const char *name, unsigned digits, uint32_t id)
{
	if (name[0] != '\0')
		ROW(t, label, "%s [%0*x]", name, (int)digits, id);
	else
		ROW(t, label, "[%0*x]", (int)digits, id);
}

static void
group_row(struct table *t, const struct device_view *v)
{
	const struct pci_device *d = v->device;
	struct text with = TEXT_EMPTY;
	char addr[PCI_ADDR_BYTES];

	if (d->iommu_group < 0) {
		row(t, "IOMMU group", "none");
		return;
	}
	for (size_t i = 0; i < v->nb_others; i++)
		text_printf(
			&with, "%s %s", i == 0 ? ", with" : "", pci_addr_text(&v->others[i], addr)
		);
	ROW(t,
	    "IOMMU group",
	    "%d%s%s",
	    d->iommu_group,
	    d->noiommu ? " (no IOMMU)" : "",
	    text_str(&with));
	text_fini(&with);
}

static void
identity_rows(struct table *t, const struct device_view *v)
{
	const struct pci_device *d = v->device;

	id_row(t, "vendor", d->vendor_name, 4, d->vendor_id);
	id_row(t, "device", d->device_name, 4, d->device_id);
	ROW(t, "subsystem", "[%04x:%04x]", d->subsystem_vendor_id, d->subsystem_id);
	id_row(t, "class", d->class_name, 6, d->class_code);
	row(t, "modalias", d->modalias);
	row(t, "driver", d->driver[0] != '\0' ? d->driver : "none");
	row(t, "driver override", d->driver_override);
	if (d->numa_node >= 0)
		ROW(t, "NUMA node", "%d", d->numa_node);
	else
		row(t, "NUMA node", "");
	group_row(t, v);
	if (v->has_node)
		ROW(t,
		    "vfio node",
		    "%s%s",
		    v->node.path,
		    v->node_exists ? "" : " (not there: the group is not on vfio)");
	if (d->acpi_index[0] != '\0')
		row(t, "ACPI index", d->acpi_index);
}

static void
netdev_rows(struct table *t, const struct netdev_facts *f)
{
	char mac[MAC_TEXT_BYTES], name[sizeof(f->name)];

	printable_copy(name, sizeof(name), f->name);
	row(t, "netdev", name);
	row(t, "MAC", device_mac_text(f->mac, mac));
	ROW(t, "MTU", "%u", f->mtu);
	row(t, "link", device_link_word(f));
	row(t, "operstate", f->operstate);
	if (f->speed_mbps >= 0)
		ROW(t, "speed", "%d Mbit/s", f->speed_mbps);
	else
		row(t, "speed", "");
	printable_copy(name, sizeof(name), f->master);
	if (f->master[0] != '\0')
		ROW(t, "master", "%s%s", name, f->master_is_bond ? " (bond)" : "");
	else
		row(t, "master", "none");
	row(t, "default route", yes_no(f->default_route));
	row(t, "driver version", f->driver_version);
	row(t, "firmware", f->firmware);
	if (f->phys_switch_id[0] != '\0')
		row(t, "switch id", f->phys_switch_id);
	if (f->phys_port_name[0] != '\0')
		row(t, "port name", f->phys_port_name);
}

static void
sriov_rows(struct table *t, const struct pci_sriov *s)
{
	ROW(t, "VFs", "%u of %u", s->num_vfs, s->driver_total_vfs);
	if (s->capability_read)
		ROW(t, "VFs of the device", "%u, initially %u", s->total_vfs, s->initial_vfs);
	else
		row(t, "VFs of the device", "(the capability is for root)");
	ROW(t, "VF offset", "%u", s->first_vf_offset);
	ROW(t, "VF stride", "%u", s->vf_stride);
	ROW(t, "VF device", "[%04x]", s->vf_device_id);
	row(t, "ARI hierarchy", s->capability_read ? yes_no(s->ari_capable_hierarchy) : "");
	row(t, "drivers autoprobe", s->autoprobe ? "on" : "off");
}

static bool
knows(const struct vf_state *s, enum vf_attr attr)
{
	return (s->known & 1u << attr) != 0;
}

static const char *
on_off(bool v)
{
	return v ? "on" : "off";
}

enum {
	VF_NUMBER,
	VF_ADDRESS,
	VF_DRIVER,
	VF_NETDEV,
	VF_MAC,
	VF_VLAN,
	VF_QOS,
	VF_PROTO,
	VF_SPOOFCHK,
	VF_TRUST,
	VF_LINK_STATE,
	VF_MIN_RATE,
	VF_MAX_RATE,
	VF_CLAIM,
	VF_COLUMNS,
};

static const struct table_column vf_columns[VF_COLUMNS] = {
	[VF_NUMBER] = {.header = "VF", .align = TABLE_RIGHT},
	[VF_ADDRESS] = {.header = "ADDRESS"},
	[VF_DRIVER] = {.header = "DRIVER"},
	[VF_NETDEV] = {.header = "NETDEV"},
	[VF_MAC] = {.header = "MAC"},
	[VF_VLAN] = {.header = "VLAN", .align = TABLE_RIGHT},
	[VF_QOS] = {.header = "QOS", .align = TABLE_RIGHT},
	[VF_PROTO] = {.header = "PROTO"},
	[VF_SPOOFCHK] = {.header = "SPOOFCHK"},
	[VF_TRUST] = {.header = "TRUST"},
	[VF_LINK_STATE] = {.header = "LINK-STATE"},
	[VF_MIN_RATE] = {.header = "MIN-TX-RATE", .align = TABLE_RIGHT},
	[VF_MAX_RATE] = {.header = "MAX-TX-RATE", .align = TABLE_RIGHT},
	[VF_CLAIM] = {.header = "CLAIM"},
};

static void
state_cells(struct table *t, const struct vf_state *s)
{
	char mac[MAC_TEXT_BYTES];

	if (knows(s, VF_ATTR_MAC))
		table_set(t, VF_MAC, device_mac_text(s->mac, mac));
	if (knows(s, VF_ATTR_VLAN)) {
		table_set_u64(t, VF_VLAN, s->vlan);
		table_set_u64(t, VF_QOS, s->qos);
		if (device_vlan_proto(s) != NULL)
			table_set(t, VF_PROTO, device_vlan_proto(s));
	}
	if (knows(s, VF_ATTR_SPOOFCHK))
		table_set(t, VF_SPOOFCHK, on_off(s->spoofchk));
	if (knows(s, VF_ATTR_TRUST))
		table_set(t, VF_TRUST, on_off(s->trust));
	if (knows(s, VF_ATTR_LINK_STATE))
		table_set(t, VF_LINK_STATE, vf_link_state_names[s->link_state]);
	if (knows(s, VF_ATTR_RATE)) {
		table_set_u64(t, VF_MIN_RATE, s->min_tx_rate_mbps);
		table_set_u64(t, VF_MAX_RATE, s->max_tx_rate_mbps);
	}
}

static void
vf_row(struct table *t, const struct vf_view *vf)
{
	char addr[PCI_ADDR_BYTES], netdev[sizeof(vf->netdev.name)];

	table_row(t);
	table_set_u64(t, VF_NUMBER, vf->number);
	if (vf->device != NULL) {
		table_set(t, VF_ADDRESS, pci_addr_text(&vf->device->addr, addr));
		if (vf->device->driver[0] != '\0')
			table_set(t, VF_DRIVER, vf->device->driver);
		printable_copy(netdev, sizeof(netdev), vf->device->netdev);
		if (netdev[0] != '\0')
			table_set(t, VF_NETDEV, netdev);
	}
	table_set(t, VF_CLAIM, vf->claimed ? "yes" : "no");
	if (vf->has_state)
		state_cells(t, &vf->state);
}

/* The VFs of a PF with what `ip link show` says of them. */
static int
vf_table(const struct device_view *v, struct text *ret)
{
	struct table *t;
	int rc;

	if (v->nb_vfs == 0)
		return 0;
	rc = table_new(&t, vf_columns, VF_COLUMNS);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < v->nb_vfs; i++)
		vf_row(t, &v->vfs[i]);
	text_puts(ret, "\n");
	rc = table_text(t, ret);
	table_free(t);
	return rc;
}

static void
vf_rows(struct table *t, const struct device_view *v)
{
	const struct pci_device *d = v->device;
	char addr[PCI_ADDR_BYTES], netdev[sizeof(v->netdev.name)];

	if (v->pf == NULL) {
		row(t, "PF", "(not to be seen)");
		return;
	}
	printable_copy(netdev, sizeof(netdev), v->pf->netdev);
	ROW(t,
	    "PF",
	    "%s%s%s",
	    pci_addr_text(&v->pf->addr, addr),
	    netdev[0] != '\0' ? " " : "",
	    netdev);
	if (v->has_pf_netdev)
		row(t, "link of the PF", device_link_word(&v->pf_netdev));
	ROW(t, "VF number", "%u", d->vf_index);
}

/* What the PF's table says of a VF. */
static void
setting_rows(struct table *t, const struct vf_state *s)
{
	char mac[MAC_TEXT_BYTES];

	if (knows(s, VF_ATTR_MAC))
		row(t, "mac", device_mac_text(s->mac, mac));
	if (knows(s, VF_ATTR_VLAN) && device_vlan_proto(s) != NULL)
		ROW(t, "vlan", "%u qos %u proto %s", s->vlan, s->qos, device_vlan_proto(s));
	else if (knows(s, VF_ATTR_VLAN))
		ROW(t, "vlan", "%u qos %u", s->vlan, s->qos);
	if (knows(s, VF_ATTR_SPOOFCHK))
		row(t, "spoofchk", on_off(s->spoofchk));
	if (knows(s, VF_ATTR_TRUST))
		row(t, "trust", on_off(s->trust));
	if (knows(s, VF_ATTR_LINK_STATE))
		row(t, "link-state", vf_link_state_names[s->link_state]);
	if (knows(s, VF_ATTR_RATE))
		ROW(t, "tx rate", "min %u, max %u Mbit/s", s->min_tx_rate_mbps, s->max_tx_rate_mbps
		);
}

static void
claim_row(struct table *t, const struct device_view *v)
{
	const struct claim_record *r = &v->claim;
	time_t since = (time_t)r->since_s;
	struct tm tm;
	char when[32] = "?", command[sizeof(r->owner.command)];

	if (v->claim_view != CLAIM_READ) {
		row(t, "claim", v->claim_view == CLAIM_NONE ? "none" : "unreadable");
		return;
	}
	if (gmtime_r(&since, &tm) != NULL)
		(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &tm);
	printable_copy(command, sizeof(command), r->owner.command);
	if (r->owner.pid == 0)
		ROW(t, "claim", "until release, since %s%s", when, r->complete ? "" : ", unfinished"
		);
	else
		ROW(t,
		    "claim",
		    "by %s (pid %d%s), since %s%s",
		    command,
		    (int)r->owner.pid,
		    v->owner_alive ? "" : ", gone",
		    when,
		    r->complete ? "" : ", unfinished");
}

static void
warning_rows(struct text *ret, const struct device_view *v)
{
	const char *at = text_str(&v->warnings);

	while (*at != '\0') {
		size_t len = strcspn(at, "\n");
		char line[1024];

		printable_copy(line, len < sizeof(line) ? len + 1 : sizeof(line), at);
		text_printf(ret, "  warning: %s\n", line);
		at += len + (at[len] == '\n');
	}
}

static const char *
kind(const struct pci_device *d)
{
	if (d->is_pf)
		return "PF";
	return d->is_vf ? "VF" : "no SR-IOV";
}

int
device_text(const struct device_view *v, struct text *ret)
{
	static const struct table_column columns[] = {[LABEL] = {0}, [VALUE] = {0}};
	const struct pci_device *d = v->device;
	char addr[PCI_ADDR_BYTES], who[sizeof(v->used_by.text)];
	struct table *t;
	int rc = table_new(&t, columns, sizeof(columns) / sizeof(columns[0]));

	if (rc != 0)
		return rc;
	text_printf(ret, "%s (%s)\n", pci_addr_text(&d->addr, addr), kind(d));
	if (d->is_vf) {
		vf_rows(t, v);
		printable_copy(who, sizeof(who), v->is_used ? v->used_by.text : "nobody");
		row(t, "used by", who);
	}
	if (d->is_vf || v->claim_view != CLAIM_NONE)
		claim_row(t, v);
	identity_rows(t, v);
	if (d->is_pf)
		sriov_rows(t, &d->sriov);
	if (v->has_netdev)
		netdev_rows(t, &v->netdev);
	else
		row(t, "netdev", "none here");
	if (v->has_state)
		setting_rows(t, &v->state);
	rc = table_text(t, ret);
	table_free(t);
	warning_rows(ret, v);
	if (rc == 0)
		rc = vf_table(v, ret);
	return rc == 0 && ret->no_mem ? -ENOMEM : rc;
}
