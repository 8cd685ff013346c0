/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a flow goes: a frame made from words, and by which member a plan sends it and why. Pure;
 * used by `show bond NAME flow`.
 */
#pragma once

#include "option.h"
#include "plan.h"

#include <stdbool.h>
#include <stdint.h>

struct reason;

/* What identifies the flow; what the user does not say is 0. */
struct flow {
	struct rte_ether_addr dst, src;
	uint16_t ether_type; /* host order */
	uint16_t vlan_id;    /* 0: untagged */
	struct bond_address dip, sip;
	uint8_t proto;
	uint16_t sport, dport;
	uint16_t queue; /* the bond's transmit queue that it is sent to */
};

/*
 * From words "key=value": src= dst= (both must be there), type= vlan= sip= dip= proto= sport=
 * dport= queue=. proto: a number, tcp, udp, icmp, igmp or icmpv6; ports without a protocol are
 * UDP's. The type is that of the addresses, else IPv4. -EINVAL.
 */
int flow_parse(struct flow *ret, int n, char *const *words, struct reason *why);

/* How a member is chosen. */
enum flow_how {
	FLOW_NOBODY,    /* no member may transmit */
	FLOW_BY_ACTIVE, /* the active member */
	FLOW_BY_QUEUE,  /* the member whose queue_id the transmit queue is */
	FLOW_BY_HASH,   /* hash % count */
	FLOW_BY_BUCKET, /* the bucket's member */
	FLOW_BY_CLIENT, /* ARP in mode 6: the member that the client was given */
	FLOW_BY_TURN,   /* any, one after the other */
	FLOW_BY_CHANCE, /* any, at random */
	FLOW_BY_ALL,    /* every one */
	FLOW_HOW_COUNT
};

struct flow_answer {
	enum flow_how how;
	uint16_t port_id; /* PLAN_NO_PORT: none or not a certain one */
	uint32_t hash;    /* FLOW_BY_HASH */
	uint16_t count;   /* FLOW_BY_HASH: usable members */
	uint16_t bucket;  /* FLOW_BY_BUCKET */
	bool new_source;  /* the frame leaves with the member's address as its source */
	struct rte_ether_addr source;
};

/* What @plan, made for settings @s, does with the flow's frames. */
void flow_member(
	const struct bond_plan *plan,
	const struct bond_settings *s,
	const struct flow *f,
	struct flow_answer *ret
);
