/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See flow.h. Asks the functions that workers ask, with a frame made up for it; what belongs to the
 * choice beside them is in lib/bond/xmit, mode by mode, and here again.
 */
#include "flow.h"

#include "names.h"
#include "parse.h"
#include "reason.h"

#include <rte_ip.h>
#include <rte_mbuf.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* Ethernet, a tag, IPv6, the longest header with ports; the rest stays 0. */
enum { FRAME_BYTES = 128, L4_BYTES = 20 };

static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {
	{"tcp", IPPROTO_TCP},
	{"udp", IPPROTO_UDP},
	{"icmp", IPPROTO_ICMP},
	{"igmp", IPPROTO_IGMP},
	{"icmpv6", IPPROTO_ICMPV6},
};

enum key {
	KEY_SRC,
	KEY_DST,
	KEY_TYPE,
	KEY_VLAN,
	KEY_SIP,
	KEY_DIP,
	KEY_PROTO,
	KEY_SPORT,
	KEY_DPORT,
	KEY_QUEUE,
	KEY_COUNT
};
static const char *const key_names[KEY_COUNT] = {
	[KEY_SRC] = "src",
	[KEY_DST] = "dst",
	[KEY_TYPE] = "type",
	[KEY_VLAN] = "vlan",
	[KEY_SIP] = "sip",
	[KEY_DIP] = "dip",
	[KEY_PROTO] = "proto",
	[KEY_SPORT] = "sport",
	[KEY_DPORT] = "dport",
	[KEY_QUEUE] = "queue",
};

static int
read_number(const char *value, uint16_t max, uint16_t *ret, struct reason *why)
{
	if (parse_u16(value, 0, max, ret) == 0)
		return 0;
	return reason_set(why, -EINVAL, "\"%.80s\" is no number in 0..%u", value, max);
}

static int
read_mac(const char *value, struct rte_ether_addr *ret, struct reason *why)
{
	if (parse_mac(value, ret->addr_bytes) == 0)
		return 0;
	return reason_set(why, -EINVAL, "\"%.80s\" is no MAC address", value);
}

static int
read_ip(const char *value, struct bond_address *ret, struct reason *why)
{
	ret->is_v6 = strchr(value, ':') != NULL;
	if (inet_pton(
		    ret->is_v6 ? AF_INET6 : AF_INET,
		    value,
		    ret->is_v6 ? (void *)&ret->v6 : (void *)&ret->v4
	    ) == 1)
		return 0;
	return reason_set(why, -EINVAL, "\"%.80s\" is no IPv4 or IPv6 address", value);
}

static int
read_proto(const char *value, uint8_t *ret, struct reason *why)
{
	uint16_t number;
	int rc;

	for (unsigned i = 0; i < RTE_DIM(protocols); i++) {
		if (strcmp(value, protocols[i].name) != 0)
			continue;
		*ret = protocols[i].number;
		return 0;
	}
	rc = read_number(value, UINT8_MAX, &number, why);
	if (rc == 0)
		*ret = (uint8_t)number;
	return rc;
}

static int
read_value(struct flow *f, enum key key, const char *value, struct reason *why)
{
	switch (key) {
	case KEY_SRC:
		return read_mac(value, &f->src, why);
	case KEY_DST:
		return read_mac(value, &f->dst, why);
	case KEY_TYPE:
		return read_number(value, UINT16_MAX, &f->ether_type, why);
	case KEY_VLAN:
		return read_number(value, 4094, &f->vlan_id, why);
	case KEY_SIP:
		return read_ip(value, &f->sip, why);
	case KEY_DIP:
		return read_ip(value, &f->dip, why);
	case KEY_PROTO:
		return read_proto(value, &f->proto, why);
	case KEY_SPORT:
		return read_number(value, UINT16_MAX, &f->sport, why);
	case KEY_DPORT:
		return read_number(value, UINT16_MAX, &f->dport, why);
	case KEY_QUEUE:
		return read_number(value, PLAN_MAX_QUEUES - 1, &f->queue, why);
	case KEY_COUNT:
		break;
	}
	return -EINVAL;
}

static int
read_word(struct flow *f, const char *word, uint32_t *given, struct reason *why)
{
	const char *eq = strchr(word, '=');
	char name[16] = "", all[128];
	struct reason what;
	int key, rc;

	if (eq != NULL)
		snprintf(name, sizeof(name), "%.*s", (int)(eq - word), word);
	key = name_index(key_names, KEY_COUNT, name);
	if (key < 0)
		return reason_set(
			why,
			-EINVAL,
			"flow: \"%.80s\" is not key=value with one of the keys %s",
			word,
			names_join(all, sizeof(all), key_names, KEY_COUNT)
		);
	if ((*given >> key & 1) != 0)
		return reason_set(why, -EINVAL, "flow: %s is given twice", name);
	*given |= 1u << key;
	rc = read_value(f, (enum key)key, eq + 1, &what);
	return rc == 0 ? 0 : reason_set(why, rc, "flow: %s: %s", name, what.text);
}

/* What follows from what was said. */
static int
complete(struct flow *f, uint32_t given, struct reason *why)
{
	bool has_sip = (given >> KEY_SIP & 1) != 0, has_dip = (given >> KEY_DIP & 1) != 0;

	if ((given >> KEY_SRC & 1) == 0 || (given >> KEY_DST & 1) == 0)
		return reason_set(why, -EINVAL, "flow: src=MAC and dst=MAC must be given");
	if (has_sip && has_dip && f->sip.is_v6 != f->dip.is_v6)
		return reason_set(why, -EINVAL, "flow: sip and dip are not of one IP version");
	if ((given >> KEY_TYPE & 1) != 0)
		return 0;
	f->ether_type = f->sip.is_v6 || f->dip.is_v6 ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4;
	return 0;
}

int
flow_parse(struct flow *ret, int n, char *const *words, struct reason *why)
{
	struct flow f = {.proto = IPPROTO_UDP};
	uint32_t given = 0;
	int rc = 0;

	for (int i = 0; rc == 0 && i < n; i++)
		rc = read_word(&f, words[i], &given, why);
	if (rc == 0)
		rc = complete(&f, given, why);
	if (rc == 0)
		*ret = f;
	return rc;
}

/* Append to the frame of @m. */
static void *
add(struct rte_mbuf *m, size_t bytes)
{
	void *p = rte_pktmbuf_mtod_offset(m, void *, m->data_len);

	m->data_len = (uint16_t)(m->data_len + bytes);
	m->pkt_len = m->data_len;
	return p;
}

static void
add_ip(struct rte_mbuf *m, const struct flow *f)
{
	if (f->ether_type == RTE_ETHER_TYPE_IPV4) {
		struct rte_ipv4_hdr *ip = add(m, sizeof(*ip));

		ip->version_ihl = RTE_IPV4_VHL_DEF;
		ip->total_length = RTE_BE16(sizeof(*ip) + L4_BYTES);
		ip->time_to_live = 64;
		ip->next_proto_id = f->proto;
		ip->src_addr = f->sip.v4;
		ip->dst_addr = f->dip.v4;
	} else {
		struct rte_ipv6_hdr *ip = add(m, sizeof(*ip));

		ip->vtc_flow = RTE_BE32(6u << 28);
		ip->payload_len = RTE_BE16(L4_BYTES);
		ip->hop_limits = 64;
		ip->proto = f->proto;
		memcpy(&ip->src_addr, &f->sip.v6, sizeof(ip->src_addr));
		memcpy(&ip->dst_addr, &f->dip.v6, sizeof(ip->dst_addr));
	}
}

/* The frame in @buf, @m around it; never to be freed. */
static void
make_frame(const struct flow *f, struct rte_mbuf *m, uint8_t buf[static FRAME_BYTES])
{
	struct rte_ether_hdr *eth;
	rte_be16_t *ports;

	memset(m, 0, sizeof(*m));
	memset(buf, 0, FRAME_BYTES);
	m->buf_addr = buf;
	m->buf_len = FRAME_BYTES;
	m->nb_segs = 1;
	rte_mbuf_refcnt_set(m, 1);
	eth = add(m, sizeof(*eth));
	eth->dst_addr = f->dst;
	eth->src_addr = f->src;
	eth->ether_type = rte_cpu_to_be_16(f->ether_type);
	if (f->vlan_id != 0) {
		struct rte_vlan_hdr *tag = add(m, sizeof(*tag));

		tag->vlan_tci = rte_cpu_to_be_16(f->vlan_id);
		tag->eth_proto = eth->ether_type;
		eth->ether_type = RTE_BE16(RTE_ETHER_TYPE_VLAN);
	}
	if (f->ether_type == RTE_ETHER_TYPE_IPV4 || f->ether_type == RTE_ETHER_TYPE_IPV6)
		add_ip(m, f);
	ports = add(m, L4_BYTES);
	ports[0] = rte_cpu_to_be_16(f->sport);
	ports[1] = rte_cpu_to_be_16(f->dport);
}

static void
by_hash(const struct bond_plan *plan, const struct rte_mbuf *m, struct flow_answer *a)
{
	a->how = FLOW_BY_HASH;
	a->hash = plan->hash(m);
	a->count = plan->nb_usable;
	a->port_id = plan->usable[xmit_hash_mod(a->hash, plan->usable_magic, plan->nb_usable)];
}

static void
by_active(const struct bond_plan *plan, struct flow_answer *a)
{
	a->how = plan->active != PLAN_NO_PORT ? FLOW_BY_ACTIVE : FLOW_NOBODY;
	a->port_id = plan->active;
}

/* xmit/round_robin.c: IGMP stays with one member. */
static void
by_turn(const struct bond_plan *plan, const struct flow *f, struct flow_answer *a)
{
	if (rte_is_multicast_ether_addr(&f->dst) && f->vlan_id == 0 &&
	    f->ether_type == RTE_ETHER_TYPE_IPV4 && f->proto == IPPROTO_IGMP) {
		by_active(plan, a);
		return;
	}
	a->how = plan->packets_per_member == 0 ? FLOW_BY_CHANCE : FLOW_BY_TURN;
	if (plan->nb_usable == 1)
		a->port_id = plan->usable[0];
}

/* xmit/tlb.c, xmit/alb.c */
static void
by_balancing(
	const struct bond_plan *plan,
	const struct bond_settings *s,
	const struct rte_mbuf *m,
	struct flow_answer *a
)
{
	uint16_t bucket = tlb_bucket(m, plan->hash, s->mode == BOND_MODE_ALB);

	by_active(plan, a);
	if (a->how == FLOW_NOBODY)
		return;
	if (bucket == TLB_ARP) {
		a->how = FLOW_BY_CLIENT;
		a->port_id = PLAN_NO_PORT;
		return;
	}
	if (bucket >= TLB_BUCKETS)
		return;
	if (s->tlb_dynamic_lb) {
		a->how = FLOW_BY_BUCKET;
		a->bucket = bucket;
		a->port_id = plan->usable[plan->bucket[bucket]];
	} else {
		by_hash(plan, m, a);
	}
	a->new_source = a->port_id != plan->active;
	if (a->new_source)
		a->source = plan->member_mac[a->port_id];
}

void
flow_member(
	const struct bond_plan *plan,
	const struct bond_settings *s,
	const struct flow *f,
	struct flow_answer *ret
)
{
	uint8_t buf[FRAME_BYTES];
	struct rte_mbuf m;

	*ret = (struct flow_answer){.how = FLOW_NOBODY, .port_id = PLAN_NO_PORT};
	if (plan->queue_port[f->queue] != PLAN_NO_PORT) {
		ret->how = FLOW_BY_QUEUE;
		ret->port_id = plan->queue_port[f->queue];
		return;
	}
	if (plan->nb_usable == 0)
		return;
	make_frame(f, &m, buf);
	switch (s->mode) {
	case BOND_MODE_RR:
		by_turn(plan, f, ret);
		break;
	case BOND_MODE_AB:
		by_active(plan, ret);
		break;
	case BOND_MODE_BROADCAST:
		ret->how = FLOW_BY_ALL;
		break;
	case BOND_MODE_TLB:
	case BOND_MODE_ALB:
		by_balancing(plan, s, &m, ret);
		break;
	case BOND_MODE_XOR:
	case BOND_MODE_8023AD:
	case BOND_MODE_COUNT:
		by_hash(plan, &m, ret);
		break;
	}
}
