/* SPDX-License-Identifier: BSD-3-Clause */
/* See claim_json.h. */
#include "claim_json.h"

#include "device_info.h"
#include "text.h"

#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTAINER_NODE "/dev/vfio/vfio" /* vfio's own, which every group needs beside its node */

static bool
knows(const struct vf_state *s, enum vf_attr attr)
{
	return (s->known & 1u << attr) != 0;
}

static json_t *
mac_json(const struct vf_state *s)
{
	static const uint8_t none[6];
	char text[18];

	/* Zero: the VF has none, and its driver makes one up. */
	if (!knows(s, VF_ATTR_MAC) || memcmp(s->mac, none, sizeof(none)) == 0)
		return json_null();
	snprintf(
		text,
		sizeof(text),
		"%02x:%02x:%02x:%02x:%02x:%02x",
		s->mac[0],
		s->mac[1],
		s->mac[2],
		s->mac[3],
		s->mac[4],
		s->mac[5]
	);
	return json_string(text);
}

/* As the PF's driver has them; those that it does not tell are left out. */
static json_t *
settings_json(const struct vf_state *s)
{
	bool vlan = knows(s, VF_ATTR_VLAN), rate = knows(s, VF_ATTR_RATE);

	return json_pack(
		"{s:o*, s:o*, s:s*, s:o*, s:o*, s:o*, s:o*, s:s*}",
		"vlan",
		vlan ? json_integer(s->vlan) : NULL,
		"qos",
		vlan ? json_integer(s->qos) : NULL,
		"proto",
		!vlan || s->vlan == 0 ? NULL
				      : (s->vlan_proto == ETH_P_8021AD ? "802.1ad" : "802.1Q"),
		"spoofchk",
		knows(s, VF_ATTR_SPOOFCHK) ? json_boolean(s->spoofchk) : NULL,
		"trust",
		knows(s, VF_ATTR_TRUST) ? json_boolean(s->trust) : NULL,
		"min_tx_rate",
		rate ? json_integer(s->min_tx_rate_mbps) : NULL,
		"max_tx_rate",
		rate ? json_integer(s->max_tx_rate_mbps) : NULL,
		"link_state",
		knows(s, VF_ATTR_LINK_STATE) ? vf_link_state_names[s->link_state] : NULL
	);
}

static json_t *
node_json(const struct vfio_node *n)
{
	return json_pack(
		"{s:i, s:s, s:s, s:b}",
		"group",
		n->group,
		"node",
		n->path,
		"container_node",
		n->container_path,
		"noiommu",
		n->noiommu
	);
}

static json_t *
claim_json(const struct claim_result *r)
{
	char addr[PCI_ADDR_BYTES], pf[PCI_ADDR_BYTES];

	return json_pack(
		"{s:s, s:s?, s:o, s:s, s:o, s:o, s:o, s:o}",
		"address",
		pci_addr_text(&r->addr, addr),
		"pf",
		r->pf_known ? pci_addr_text(&r->pf, pf) : NULL,
		"vf",
		r->pf_known ? json_integer(r->vf_index) : json_null(),
		"driver",
		r->driver,
		"vfio",
		r->has_node ? node_json(&r->node) : json_null(),
		"mac",
		r->has_state ? mac_json(&r->state) : json_null(),
		"settings",
		r->has_state ? settings_json(&r->state) : json_null(),
		"numa_node",
		r->numa_node >= 0 ? json_integer(r->numa_node) : json_null()
	);
}

/* Nodes to pass to a container, each once: VFs may share a group. */
static json_t *
devices_json(const struct claim_result *results, size_t n)
{
	json_t *array = json_array(), *have;
	bool known;
	size_t at;

	for (size_t i = 0; i < n; i++) {
		if (!results[i].has_node)
			continue;
		if (json_array_size(array) == 0)
			json_array_append_new(array, json_string(CONTAINER_NODE));
		known = false;
		json_array_foreach(array, at, have) known |=
			strcmp(json_string_value(have), results[i].node.path) == 0;
		if (!known)
			json_array_append_new(array, json_string(results[i].node.path));
	}
	return array;
}

/* The value of ..._INFO, as the device plugin writes it. */
static json_t *
info_json(const struct claim_result *results, size_t n)
{
	json_t *all = json_object(), *one;
	char addr[PCI_ADDR_BYTES];

	for (size_t i = 0; i < n; i++) {
		pci_addr_text(&results[i].addr, addr);
		one = json_pack("{s:{s:s}}", "generic", "deviceID", addr);
		if (results[i].has_node)
			json_object_set_new(
				one,
				"vfio",
				json_pack(
					"{s:s, s:s}",
					"mount",
					CONTAINER_NODE,
					"dev-mount",
					results[i].node.container_path
				)
			);
		json_object_set_new(all, addr, one);
	}
	return all;
}

static json_t *
environment_json(const struct claim_result *results, size_t n)
{
	char variable[64], info_variable[80], addr[PCI_ADDR_BYTES], *info_text;
	json_t *info = info_json(results, n), *environment;
	struct text list = TEXT_EMPTY;

	info_text = json_dumps(info, JSON_COMPACT);
	json_decref(info);
	if (info_text == NULL || resource_variable(CLAIM_RESOURCE, variable, sizeof(variable)) != 0)
		return NULL;
	snprintf(info_variable, sizeof(info_variable), "%s_INFO", variable);
	for (size_t i = 0; i < n; i++)
		text_printf(&list, "%s%s", i > 0 ? "," : "", pci_addr_text(&results[i].addr, addr));
	environment = json_pack("{s:s, s:s}", variable, text_str(&list), info_variable, info_text);
	text_fini(&list);
	free(info_text);
	return environment;
}

json_t *
claim_results_json(const struct claim_result *results, size_t n)
{
	json_t *claims = json_array();

	for (size_t i = 0; i < n; i++)
		if (json_array_append_new(claims, claim_json(&results[i])) != 0) {
			json_decref(claims);
			return NULL;
		}
	return json_pack(
		"{s:o, s:o, s:o}",
		"claims",
		claims,
		"devices",
		devices_json(results, n),
		"environment",
		environment_json(results, n)
	);
}
