/* SPDX-License-Identifier: BSD-3-Clause */
/* See bond_view.h: the snapshot and its JSON form. */
#include "bond_view.h"

#include "bond_priv.h"

#include <stdio.h>
#include <string.h>

static void
lacp_side(struct bond_lacp_side_view *ret, const struct bond_pmd_lacp_side *side)
{
	ret->system_priority = side->system_priority;
	ret->key = side->key;
	ret->port_priority = side->port_priority;
	ret->port_number = side->port_number;
	ret->system = side->system;
	ret->state = side->state;
}

/* In the order in which a frame would be stopped. */
static void
why_idle(
	const struct bond *bond,
	const struct bond_member *m,
	const struct bond_pmd_lacp *lacp,
	struct bond_member_view *ret
)
{
	const char *text = "";

	if (!m->present)
		text = "detached: its network device is gone";
	else if (!m->carrier && !m->attached)
		text = "detached: no carrier";
	else if (!bond->up)
		text = "the bond is down";
	else if (!m->attached)
		text = "detached";
	else if (!ret->link_up)
		text = "link down";
	else if (bond_mode_has_active(bond->settings.mode) && bond->settings.mode == BOND_MODE_AB && !ret->active)
		text = "backup";
	else if (bond->settings.mode == BOND_MODE_8023AD && lacp == NULL)
		text = "LACP does not run";
	else if (lacp != NULL && (lacp->partner.state & LACP_STATE_SYNC) == 0)
		text = (lacp->actor.state & LACP_STATE_DEFAULTED) != 0
		               ? "no LACPDU from a partner"
		               : "the partner is not in sync";
	else if (lacp != NULL && (lacp->actor.state & LACP_STATE_DISTRIBUTING) == 0)
		text = "not distributing";
	snprintf(ret->why_idle, sizeof(ret->why_idle), "%s", text);
}

static void
member_view(
	const struct bonds *bonds,
	const struct bond *bond,
	const struct bond_member *m,
	struct bond_member_view *ret
)
{
	struct bond_pmd_lacp lacp;
	struct rte_eth_link link;
	bool has_lacp;

	rte_strscpy(ret->name, port_name(bonds->ports, m->port_id), sizeof(ret->name));
	ret->port_id = m->port_id;
	ret->attached = m->attached;
	ret->link_up = bond->up && m->link_up;
	ret->active = bond->active_known && bond->active == m->port_id &&
	              bond_mode_has_active(bond->settings.mode);
	ret->link_failures = m->link_failures;
	ret->own_mac = m->own_mac;
	(void)rte_eth_macaddr_get(m->port_id, &ret->mac);
	if (rte_eth_link_get_nowait(m->port_id, &link) == 0) {
		ret->speed_mbps =
			link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed;
		ret->full_duplex = link.link_duplex == RTE_ETH_LINK_FULL_DUPLEX;
	}
	has_lacp = bond->settings.mode == BOND_MODE_8023AD && m->attached &&
	           bond_pmd_lacp(bond->port_id, m->port_id, &lacp) == 0;
	ret->has_lacp = has_lacp;
	if (has_lacp) {
		ret->aggregator = (uint16_t)(lacp.aggregator + 1);
		lacp_side(&ret->actor, &lacp.actor);
		lacp_side(&ret->partner, &lacp.partner);
	}
	why_idle(bond, m, has_lacp ? &lacp : NULL, ret);
}

void
bond_view(const struct bonds *bonds, const struct bond *bond, struct bond_view *ret)
{
	const struct bond_settings *s = &bond->settings;
	const struct port_conf *conf = port_conf(bonds->ports, bond->port_id);
	struct rte_eth_link link;

	memset(ret, 0, sizeof(*ret));
	rte_strscpy(ret->name, s->name, sizeof(ret->name));
	rte_strscpy(ret->dev_name, bond->dev_name, sizeof(ret->dev_name));
	rte_strscpy(ret->primary, s->primary, sizeof(ret->primary));
	if (bond->active_known && bond_mode_has_active(s->mode))
		rte_strscpy(
			ret->active, port_name(bonds->ports, bond->active), sizeof(ret->active)
		);
	if (bond->paired)
		rte_strscpy(ret->pair, port_name(bonds->ports, bond->pair_port), sizeof(ret->pair));
	ret->port_id = bond->port_id;
	ret->mode = s->mode;
	ret->policy = s->policy;
	ret->ad_select = s->ad_select;
	ret->miimon_ms = s->miimon_ms;
	ret->mac = bond->mac;
	ret->up = bond->up;
	ret->mtu_bytes = conf != NULL ? conf->mtu_bytes : 0;
	ret->promisc = rte_eth_promiscuous_get(bond->port_id) == 1;
	ret->allmulti = rte_eth_allmulticast_get(bond->port_id) == 1;
	if (bond->up && rte_eth_link_get_nowait(bond->port_id, &link) == 0)
		ret->speed_mbps =
			link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed;
	ret->nb_members = bond->nb_members;
	for (uint16_t i = 0; i < bond->nb_members; i++) {
		member_view(bonds, bond, &bond->members[i], &ret->members[i]);
		ret->link_up = ret->link_up || ret->members[i].link_up;
	}
}

static json_t *
mac_json(const struct rte_ether_addr *mac)
{
	char text[RTE_ETHER_ADDR_FMT_SIZE];

	/* Lower case, as Linux prints addresses. */
	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", RTE_ETHER_ADDR_BYTES(mac));
	return json_string(text);
}

static json_t *
name_json(const char *name)
{
	return name[0] != '\0' ? json_string(name) : json_null();
}

static json_t *
side_json(const struct bond_lacp_side_view *s)
{
	return json_pack(
		"{s:i s:o s:i s:i s:i s:i}",
		"system_priority",
		s->system_priority,
		"system",
		mac_json(&s->system),
		"key",
		s->key,
		"port_priority",
		s->port_priority,
		"port_number",
		s->port_number,
		"state",
		s->state
	);
}

static json_t *
member_json(const struct bond_member_view *m)
{
	json_t *o = json_pack(
		"{s:s s:i s:b s:b s:b s:o s:I s:s s:I s:o s:o}",
		"name",
		m->name,
		"port",
		m->port_id,
		"attached",
		m->attached,
		"link_up",
		m->link_up,
		"active",
		m->active,
		"why_idle",
		name_json(m->why_idle),
		"speed_mbps",
		(json_int_t)m->speed_mbps,
		"duplex",
		m->full_duplex ? "full" : "half",
		"link_failures",
		(json_int_t)m->link_failures,
		"permanent_mac",
		mac_json(&m->own_mac),
		"mac",
		mac_json(&m->mac)
	);

	if (o != NULL && m->has_lacp)
		json_object_set_new(
			o,
			"lacp",
			json_pack(
				"{s:i s:o s:o}",
				"aggregator",
				m->aggregator,
				"actor",
				side_json(&m->actor),
				"partner",
				side_json(&m->partner)
			)
		);
	return o;
}

json_t *
bond_view_json(const struct bond_view *v)
{
	json_t *members = json_array();
	json_t *o;

	for (uint16_t i = 0; i < v->nb_members; i++)
		json_array_append_new(members, member_json(&v->members[i]));
	o = json_pack(
		"{s:s s:s s:i s:s s:i s:s s:s s:s s:I s:o s:b s:b s:I s:i s:b s:b s:o s:o s:o s:o}",
		"name",
		v->name,
		"device",
		v->dev_name,
		"port",
		v->port_id,
		"mode",
		bond_mode_names[v->mode],
		"mode_number",
		(int)v->mode,
		"xmit_hash_policy",
		bond_policy_names[v->policy],
		"ad_select",
		bond_ad_select_names[v->ad_select],
		"io_path",
		"pmd",
		"miimon_ms",
		(json_int_t)v->miimon_ms,
		"mac",
		mac_json(&v->mac),
		"up",
		v->up,
		"link_up",
		v->link_up,
		"speed_mbps",
		(json_int_t)v->speed_mbps,
		"mtu",
		v->mtu_bytes,
		"promiscuous",
		v->promisc,
		"allmulticast",
		v->allmulti,
		"primary",
		name_json(v->primary),
		"active",
		name_json(v->active),
		"pair",
		name_json(v->pair),
		"members",
		members
	);
	return o;
}
