/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An RTM_NEWLINK with VFs as rtnl_fill_vf() of Linux writes it: to test what reads such a message.
 */
#pragma once

#include "vf_rtnl.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { VF_MESSAGE_BYTES = 256 * 1024 };

/* The kernel's answer to a driver that said nothing. */
enum { VF_UNTOLD = UINT32_MAX };

static inline struct nlmsghdr *
vf_message_begin(void *buf, uint32_t num_vfs)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;

	nlh->nlmsg_type = RTM_NEWLINK;
	nlh->nlmsg_seq = 7;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = 42;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, "ens1f0");
	mnl_attr_put_u32(nlh, IFLA_NUM_VF, num_vfs);
	return nlh;
}

static inline void
vf_message_number(struct nlmsghdr *nlh, uint16_t type, uint32_t vf, uint32_t value)
{
	const uint32_t pair[2] = {vf, value};

	mnl_attr_put(nlh, type, sizeof(pair), pair);
}

static inline void
vf_message_vlan_list(struct nlmsghdr *nlh, const struct vf_state *s)
{
	const struct ifla_vf_vlan_info info = {
		s->vf, s->vlan, s->qos, htons(s->vlan_proto != 0 ? s->vlan_proto : ETH_P_8021Q)};
	struct nlattr *list = mnl_attr_nest_start(nlh, IFLA_VF_VLAN_LIST);

	mnl_attr_put(nlh, IFLA_VF_VLAN_INFO, sizeof(info), &info);
	mnl_attr_nest_end(nlh, list);
}

/* Every attribute of a VF, in the kernel's order; spoofchk and trust as known says. */
static inline void
vf_message_add(struct nlmsghdr *nlh, const struct vf_state *s)
{
	const struct ifla_vf_vlan vlan = {s->vf, s->vlan, s->qos};
	const struct ifla_vf_rate rate = {s->vf, s->min_tx_rate_mbps, s->max_tx_rate_mbps};
	struct ifla_vf_mac mac = {.vf = s->vf};
	uint8_t broadcast[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct nlattr *vf = mnl_attr_nest_start(nlh, IFLA_VF_INFO);
	bool tells_spoofchk = s->known & 1u << VF_ATTR_SPOOFCHK;
	bool tells_trust = s->known & 1u << VF_ATTR_TRUST;

	memcpy(mac.mac, s->mac, sizeof(s->mac));
	mnl_attr_put(nlh, IFLA_VF_MAC, sizeof(mac), &mac);
	mnl_attr_put(nlh, IFLA_VF_BROADCAST, sizeof(broadcast), broadcast);
	mnl_attr_put(nlh, IFLA_VF_VLAN, sizeof(vlan), &vlan);
	mnl_attr_put(nlh, IFLA_VF_RATE, sizeof(rate), &rate);
	vf_message_number(nlh, IFLA_VF_TX_RATE, s->vf, s->max_tx_rate_mbps);
	vf_message_number(nlh, IFLA_VF_SPOOFCHK, s->vf, tells_spoofchk ? s->spoofchk : VF_UNTOLD);
	vf_message_number(nlh, IFLA_VF_LINK_STATE, s->vf, s->link_state);
	vf_message_number(nlh, IFLA_VF_RSS_QUERY_EN, s->vf, VF_UNTOLD);
	vf_message_number(nlh, IFLA_VF_TRUST, s->vf, tells_trust ? s->trust : VF_UNTOLD);
	vf_message_vlan_list(nlh, s);
	mnl_attr_nest_end(nlh, vf);
}

/* A VF whose every field tells its number. */
static inline struct vf_state
vf_message_state(uint32_t vf)
{
	return (struct vf_state){
		.vf = vf,
		.known = (1u << VF_ATTR_COUNT) - 1,
		.mac = {2, 0, 0, 0, (uint8_t)(vf >> 8), (uint8_t)vf},
		.vlan = (uint16_t)(1 + vf % 4094),
		.qos = (uint8_t)(vf % 8),
		.vlan_proto = vf % 3 == 0 ? ETH_P_8021AD : ETH_P_8021Q,
		.min_tx_rate_mbps = vf,
		.max_tx_rate_mbps = 2 * vf,
		.spoofchk = vf % 2,
		.trust = vf % 2 == 0,
		.link_state = (enum vf_link_state)(vf % VF_LINK_COUNT),
	};
}

/* @n VFs, the @i-th of which has the number @numbers[i], or i without @numbers. */
static inline struct nlmsghdr *
vf_message(void *buf, uint32_t num_vfs, uint32_t n, const uint32_t *numbers)
{
	struct nlmsghdr *nlh = vf_message_begin(buf, num_vfs);
	struct nlattr *list = mnl_attr_nest_start(nlh, IFLA_VFINFO_LIST);

	for (uint32_t i = 0; i < n; i++) {
		struct vf_state s = vf_message_state(numbers != NULL ? numbers[i] : i);

		vf_message_add(nlh, &s);
	}
	mnl_attr_nest_end(nlh, list);
	return nlh;
}
