/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bond in the words of /proc/net/bonding/NAME (Linux 6.12, bond_procfs.c), so that tools which
 * parse that file work; hence its word "slave". Used by `show bond`.
 */
#include "bond_view.h"
#include "text.h"

#include <arpa/inet.h>
#include <inttypes.h>

/* bond_main.c, bond_mode_name(). */
static const char *const mode_titles[BOND_MODE_COUNT] = {
	[BOND_MODE_RR] = "load balancing (round-robin)",
	[BOND_MODE_AB] = "fault-tolerance (active-backup)",
	[BOND_MODE_XOR] = "load balancing (xor)",
	[BOND_MODE_BROADCAST] = "fault-tolerance (broadcast)",
	[BOND_MODE_8023AD] = "IEEE 802.3ad Dynamic link aggregation",
	[BOND_MODE_TLB] = "transmit load balancing",
	[BOND_MODE_ALB] = "adaptive load balancing",
};

/* Linux prints lower case. */
static void
put_mac(struct text *t, const struct rte_ether_addr *mac)
{
	text_printf(t, "%02x:%02x:%02x:%02x:%02x:%02x", RTE_ETHER_ADDR_BYTES(mac));
}

static void
put_side(struct text *t, const char *who, const struct lacp_side *s, bool partner)
{
	text_printf(t, "details %s lacp pdu:\n", who);
	text_printf(t, "    system priority: %u\n    system mac address: ", s->system_priority);
	put_mac(t, &s->system);
	text_printf(t, "\n    %s: %u\n", partner ? "oper key" : "port key", s->key);
	text_printf(
		t, "    port priority: %u\n    port number: %u\n", s->port_priority, s->port_number
	);
	text_printf(t, "    port state: %u\n", s->state);
}

/* The aggregator that most distributing members are in: the PMD knows no active one. */
static const struct bond_member_view *
aggregator_member(const struct bond_view *v, unsigned *ret_ports)
{
	const struct bond_member_view *best = NULL;

	*ret_ports = 0;
	for (uint16_t i = 0; i < v->nb_members; i++) {
		unsigned ports = 0;

		if (!v->members[i].has_lacp || v->members[i].why_idle[0] != '\0')
			continue;
		for (uint16_t k = 0; k < v->nb_members; k++)
			if (v->members[k].has_lacp && v->members[k].why_idle[0] == '\0' &&
			    v->members[k].aggregator == v->members[i].aggregator)
				ports++;
		if (ports > *ret_ports) {
			*ret_ports = ports;
			best = &v->members[i];
		}
	}
	return best;
}

/* __bond_3ad_get_active_agg_info; with io_path=pmd what comes closest to it. */
static void
active_aggregator(const struct bond_view *v, struct lacp_view *ret)
{
	const struct bond_member_view *m;
	unsigned ports;

	if (v->has_direct && v->direct.has_lacp) {
		*ret = v->direct.lacp;
		return;
	}
	*ret = (struct lacp_view){
		.system = v->mac,
		.system_priority = v->settings.ad_actor_sys_prio,
	};
	if (!v->has_direct && !rte_is_zero_ether_addr(&v->settings.ad_actor_system))
		ret->system = v->settings.ad_actor_system;
	m = aggregator_member(v, &ports);
	if (m == NULL)
		return;
	ret->aggregator_id = m->aggregator;
	ret->nb_ports = ports;
	ret->actor_key = m->actor.key;
	ret->partner_key = m->partner.key;
	ret->partner_system = m->partner.system;
}

static void
put_8023ad(struct text *t, const struct bond_view *v)
{
	struct lacp_view a;

	active_aggregator(v, &a);
	text_printf(
		t,
		"\n802.3ad info\nLACP active: %s\nLACP rate: %s\nMin links: %u\n"
		"Aggregator selection policy (ad_select): %s\nSystem priority: %u\n"
		"System MAC address: ",
		v->settings.lacp_active ? "on" : "off",
		bond_lacp_rate_names[v->settings.lacp_rate],
		v->settings.min_links,
		bond_ad_select_names[v->settings.ad_select],
		a.system_priority
	);
	put_mac(t, &a.system);
	text_puts(t, "\n");
	if (a.aggregator_id == 0) {
		text_printf(t, "bond %s has no active aggregator\n", v->settings.name);
		return;
	}
	text_printf(
		t,
		"Active Aggregator Info:\n\tAggregator ID: %u\n\tNumber of ports: %u\n"
		"\tActor Key: %u\n\tPartner Key: %u\n\tPartner Mac Address: ",
		a.aggregator_id,
		a.nb_ports,
		a.actor_key,
		a.partner_key
	);
	put_mac(t, &a.partner_system);
	text_puts(t, "\n");
}

/* The PMD detects no churn. */
static const char *
churn(const char *state)
{
	return state != NULL ? state : "none";
}

static void
put_member_lacp(struct text *t, const struct bond_member_view *m)
{
	if (!m->has_lacp || m->aggregator == 0) {
		text_puts(t, "Aggregator ID: N/A\n");
		return;
	}
	text_printf(
		t,
		"Aggregator ID: %u\nActor Churn State: %s\nPartner Churn State: %s\n"
		"Actor Churned Count: %u\nPartner Churned Count: %u\n",
		m->aggregator,
		churn(m->lacp.actor_churn),
		churn(m->lacp.partner_churn),
		m->lacp.counters.actor_churned,
		m->lacp.counters.partner_churned
	);
	put_side(t, "actor", &m->actor, false);
	put_side(t, "partner", &m->partner, true);
}

/* bond_info_show_slave */
static void
put_member(struct text *t, enum bond_mode mode, const struct bond_member_view *m)
{
	text_printf(
		t, "\nSlave Interface: %s\nMII Status: %s\n", m->name, bond_link_names[m->link]
	);
	if (m->speed_mbps != 0)
		text_printf(
			t,
			"Speed: %u Mbps\nDuplex: %s\n",
			m->speed_mbps,
			m->full_duplex ? "full" : "half"
		);
	else
		text_puts(t, "Speed: Unknown\nDuplex: Unknown\n");
	text_printf(t, "Link Failure Count: %u\nPermanent HW addr: ", m->link_failures);
	put_mac(t, &m->own_mac);
	text_printf(t, "\nSlave queue ID: %u\n", m->queue_id);
	if (mode == BOND_MODE_8023AD)
		put_member_lacp(t, m);
}

/* The mode, and what belongs to it. */
static void
put_mode(struct text *t, const struct bond_view *v)
{
	const struct bond_settings *s = &v->settings;

	text_printf(t, "Bonding Mode: %s", mode_titles[s->mode]);
	if (s->mode == BOND_MODE_AB && s->fail_over_mac != BOND_FOM_NONE)
		text_printf(t, " (fail_over_mac %s)", bond_fail_over_mac_names[s->fail_over_mac]);
	text_puts(t, "\n");
	/* bond_mode_uses_xmit_hash */
	if (s->mode == BOND_MODE_XOR || s->mode == BOND_MODE_8023AD ||
	    (bond_mode_is_lb(s->mode) && !s->tlb_dynamic_lb))
		text_printf(
			t,
			"Transmit Hash Policy: %s (%u)\n",
			bond_policy_names[s->policy],
			s->policy
		);
	if (!bond_mode_has_active(s->mode))
		return;
	text_printf(t, "Primary Slave: %s", v->primary[0] != '\0' ? v->primary : "None");
	if (v->primary[0] != '\0')
		text_printf(t, " (primary_reselect %s)", bond_reselect_names[s->primary_reselect]);
	text_printf(t, "\nCurrently Active Slave: %s\n", v->active[0] != '\0' ? v->active : "None");
}

static void
put_targets(struct text *t, const struct bond_settings *s)
{
	char word[INET6_ADDRSTRLEN];

	text_printf(
		t,
		"ARP Polling Interval (ms): %u\nARP Missed Max: %u\n"
		"ARP IP target/s (n.n.n.n form):",
		s->arp_interval_ms,
		s->arp_missed_max
	);
	for (uint8_t i = 0; i < s->nb_arp_targets; i++)
		text_printf(
			t,
			"%s %s",
			i != 0 ? "," : "",
			inet_ntop(AF_INET, &s->arp_targets[i], word, sizeof(word))
		);
	text_puts(t, "\nNS IPv6 target/s (xx::xx form):");
	for (uint8_t i = 0; i < s->nb_ns_targets; i++)
		text_printf(
			t,
			"%s %s",
			i != 0 ? "," : "",
			inet_ntop(AF_INET6, &s->ns_targets[i], word, sizeof(word))
		);
	text_puts(t, "\n");
}

void
bond_view_proc(const struct bond_view *v, const char *version, struct text *ret)
{
	const struct bond_settings *s = &v->settings;

	text_printf(ret, "Ethernet Channel Bonding Driver: vfbond %s\n\n", version);
	put_mode(ret, v);
	text_printf(
		ret,
		"MII Status: %s\nMII Polling Interval (ms): %u\nUp Delay (ms): %" PRIu64
		"\nDown Delay (ms): %" PRIu64 "\nPeer Notification Delay (ms): %" PRIu64 "\n",
		v->link_up ? "up" : "down",
		s->miimon_ms,
		bond_delay_ms(s, s->updelay_ticks),
		bond_delay_ms(s, s->downdelay_ticks),
		bond_delay_ms(s, s->peer_notif_delay_ticks)
	);
	if (s->arp_interval_ms != 0)
		put_targets(ret, s);
	if (s->mode == BOND_MODE_8023AD)
		put_8023ad(ret, v);
	for (uint16_t i = 0; i < v->nb_members; i++)
		put_member(ret, s->mode, &v->members[i]);
}
