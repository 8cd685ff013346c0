/* SPDX-License-Identifier: BSD-3-Clause */
/* See bond_view.h: the snapshot as JSON, with all that is known. Used by `show bond NAME json`. */
#include "bond_view.h"
#include "text.h"

#include <arpa/inet.h>
#include <stdio.h>

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
ip_json(rte_be32_t ip)
{
	char word[INET_ADDRSTRLEN];

	return json_string(inet_ntop(AF_INET, &ip, word, sizeof(word)));
}

/* Every option in force, as `set bond` takes it. */
static json_t *
options_json(const struct bond_settings *s)
{
	json_t *o = json_object();
	struct text value = TEXT_EMPTY;

	for (size_t i = 0; i < bond_options_count; i++) {
		text_clear(&value);
		bond_options[i].show(&bond_options[i], s, &value);
		json_object_set_new(o, bond_options[i].name, json_string(text_str(&value)));
	}
	text_fini(&value);
	return o;
}

static json_t *
side_json(const struct lacp_side *s)
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
counters_json(const struct direct_counters *c)
{
	return json_pack(
		"{s:I s:I s:{s:I s:I}}",
		"tx_packets",
		(json_int_t)c->tx_packets,
		"rx_packets",
		(json_int_t)c->rx_packets,
		"drops",
		bond_drop_names[BOND_DROP_TX_FULL],
		(json_int_t)c->tx_full,
		bond_drop_names[BOND_DROP_RX_INACTIVE],
		(json_int_t)c->rx_inactive
	);
}

static json_t *
member_json(const struct bond_member_view *m)
{
	return json_pack(
		"{s:s s:i s:b s:b s:s s:I s:b s:b s:b s:o s:I s:o s:I s:i s:i s:i s:o s:o s:o s:o}",
		"name",
		m->name,
		"port",
		m->port_id,
		"present",
		m->present,
		"attached",
		m->attached,
		"link",
		bond_link_names[m->link],
		"delay_left_ms",
		(json_int_t)m->delay_left_ms,
		"link_up",
		m->link_up,
		"active",
		m->active,
		"usable",
		m->usable,
		"why_idle",
		name_json(m->why_idle),
		"speed_mbps",
		(json_int_t)m->speed_mbps,
		"duplex",
		m->speed_mbps == 0 ? json_null() : json_string(m->full_duplex ? "full" : "half"),
		"link_failures",
		(json_int_t)m->link_failures,
		"prio",
		m->prio,
		"queue_id",
		m->queue_id,
		"actor_port_prio",
		m->port_prio,
		"permanent_mac",
		mac_json(&m->own_mac),
		"mac",
		mac_json(&m->mac),
		"pf_keeps_mac",
		m->pf_differs ? mac_json(&m->pf_mac) : json_null(),
		"waits_for",
		name_json(port_heal_names[m->heal])
	);
}

static json_t *
machines_json(const struct lacp_port_view *p, uint64_t not_read)
{
	const struct lacp_counters *c = &p->counters;

	return json_pack(
		"{s:s s:s s:s s:s s:s s:s s:b s:b s:s "
		"s:{s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I}}",
		"receive",
		p->receive,
		"periodic",
		p->periodic,
		"mux",
		p->mux,
		"selected",
		p->selected,
		"actor_churn",
		p->actor_churn,
		"partner_churn",
		p->partner_churn,
		"collects",
		p->collects,
		"distributes",
		p->distributes,
		"trouble",
		lacp_trouble_texts[p->trouble],
		"counters",
		"rx",
		(json_int_t)c->rx,
		"rx_bad",
		(json_int_t)c->rx_bad,
		"rx_own",
		(json_int_t)c->rx_loop,
		"rx_not_read",
		(json_int_t)not_read,
		"tx",
		(json_int_t)c->tx,
		"expired",
		(json_int_t)c->expired,
		"defaulted",
		(json_int_t)c->defaulted,
		"carrier_changes",
		(json_int_t)c->carrier_changes,
		"actor_churned",
		(json_int_t)c->actor_churned,
		"partner_churned",
		(json_int_t)c->partner_churned,
		"marker_rx",
		(json_int_t)c->marker_rx,
		"marker_tx",
		(json_int_t)c->marker_tx,
		"marker_limited",
		(json_int_t)c->marker_limited
	);
}

static json_t *
lacp_json(const struct bond_view *v, const struct bond_member_view *m)
{
	json_t *o = json_pack(
		"{s:i s:o s:o}",
		"aggregator",
		m->aggregator,
		"actor",
		side_json(&m->actor),
		"partner",
		side_json(&m->partner)
	);

	if (v->has_direct)
		json_object_update_new(o, machines_json(&m->lacp, m->counters.rx_slow_lost));
	return o;
}

/* Linux's AdInfo of the active aggregator, and whose it is. */
static json_t *
ad_info_json(const struct lacp_view *a)
{
	return json_pack(
		"{s:i s:i s:i s:i s:o s:o s:i s:s}",
		"aggregator",
		(int)a->aggregator_id,
		"ports",
		(int)a->nb_ports,
		"actor_key",
		a->actor_key,
		"partner_key",
		a->partner_key,
		"partner_mac",
		mac_json(&a->partner_system),
		"system",
		mac_json(&a->system),
		"system_priority",
		a->system_priority,
		"lacp_frames",
		"ahead of data"
	);
}

/* What there is of a member only with one or the other io_path. */
static json_t *
whole_member_json(const struct bond_view *v, const struct bond_member_view *m)
{
	json_t *o = member_json(m);

	if (v->has_direct) {
		json_object_set_new(o, "wanted_mac", mac_json(&m->want_mac));
		json_object_set_new(o, "counters", counters_json(&m->counters));
		if (v->direct.deals_buckets)
			json_object_set_new(o, "buckets", json_integer(m->nb_buckets));
	}
	if (m->has_lacp)
		json_object_set_new(o, "lacp", lacp_json(v, m));
	return o;
}

static const char *
member_name(const struct bond_view *v, uint16_t port_id)
{
	for (uint16_t i = 0; i < v->nb_members; i++)
		if (v->members[i].port_id == port_id)
			return v->members[i].name;
	return "";
}

static json_t *
names_json(const struct bond_view *v, const uint16_t *ports, uint16_t n)
{
	json_t *list = json_array();

	for (uint16_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(member_name(v, ports[i])));
	return list;
}

static json_t *
clients_json(const struct bond_view *v)
{
	json_t *list = json_array();

	for (uint16_t i = 0; i < v->direct.nb_clients; i++) {
		const struct rlb_client_view *c = &v->direct.clients[i];

		json_array_append_new(
			list,
			json_pack(
				"{s:o s:o s:o s:o s:i}",
				"client_ip",
				ip_json(c->client_ip),
				"client_mac",
				mac_json(&c->client_mac),
				"our_ip",
				ip_json(c->our_ip),
				"member",
				name_json(member_name(v, c->port_id)),
				"vlan",
				c->vlan_id
			)
		);
	}
	return list;
}

static void
put_direct(json_t *o, const struct bond_view *v)
{
	const struct bond_direct_view *d = &v->direct;
	json_t *more = json_pack(
		"{s:I s:I s:I s:i s:{s:o s:o s:o} s:{s:{s:I s:I} s:I s:I s:I}}",
		"failovers",
		(json_int_t)d->failovers,
		"notifications_left",
		(json_int_t)d->notify_left,
		"igmp_reports_left",
		(json_int_t)d->igmp_left,
		"learnt_hosts",
		d->nb_learnt,
		"plan",
		"usable",
		names_json(v, d->usable, d->nb_usable),
		"polled",
		names_json(v, d->polled, d->nb_polled),
		"idle",
		names_json(v, d->idle, d->nb_idle),
		"counters",
		"drops",
		bond_drop_names[BOND_DROP_NO_MEMBER],
		(json_int_t)d->totals.no_member,
		bond_drop_names[BOND_DROP_NO_MBUF],
		(json_int_t)d->totals.no_mbuf,
		"not_shown",
		(json_int_t)d->totals.not_shown,
		"control_sent",
		(json_int_t)d->totals.control_sent,
		"control_lost",
		(json_int_t)d->totals.control_lost
	);

	json_object_update_new(o, more);
	if (v->settings.mode == BOND_MODE_ALB)
		json_object_set_new(o, "clients", clients_json(v));
	if (d->has_lacp)
		json_object_set_new(o, "ad_info", ad_info_json(&d->lacp));
}

json_t *
bond_view_json(const struct bond_view *v)
{
	const struct bond_settings *s = &v->settings;
	json_t *members = json_array();
	json_t *o;

	for (uint16_t i = 0; i < v->nb_members; i++)
		json_array_append_new(members, whole_member_json(v, &v->members[i]));
	o = json_pack(
		"{s:s s:s s:i s:s s:i s:s s:s s:s s:I s:o s:b s:b s:I s:i s:b s:b s:o s:o s:o s:o "
		"s:o}",
		"name",
		s->name,
		"device",
		v->dev_name,
		"port",
		v->port_id,
		"mode",
		bond_mode_names[s->mode],
		"mode_number",
		(int)s->mode,
		"xmit_hash_policy",
		bond_policy_names[s->policy],
		"ad_select",
		bond_ad_select_names[s->ad_select],
		"io_path",
		bond_io_path_names[bond_settings_by_pmd(s) ? BOND_IO_PMD : BOND_IO_DIRECT],
		"miimon_ms",
		(json_int_t)s->miimon_ms,
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
		"options",
		options_json(s),
		"members",
		members
	);
	if (o != NULL && v->has_direct)
		put_direct(o, v);
	return o;
}
