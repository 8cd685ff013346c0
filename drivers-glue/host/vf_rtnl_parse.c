/* SPDX-License-Identifier: BSD-3-Clause */
/* See vf_rtnl_parse.h. Used by vf_rtnl.c, the unit test and the fuzzer. */
#include "vf_rtnl_parse.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { VLAN_MAX = 4095, QOS_MAX = 7 };

/* What the attributes of one IFLA_VF_INFO say. */
struct vf_attrs {
	struct vf_state state;
	bool has_number;
	bool has_vlan_list, has_both_rates; /* these tell more than their older forms */
};

/*
 * Copy the @bytes of an attribute, which begin with the number of its VF. False: it is too short,
 * or speaks of another VF than those before it. A later kernel's may be longer.
 */
static bool
read_fixed(struct vf_attrs *a, const struct nlattr *attr, void *to, size_t bytes)
{
	uint32_t vf;

	if (mnl_attr_get_payload_len(attr) < bytes)
		return false;
	memcpy(to, mnl_attr_get_payload(attr), bytes);
	memcpy(&vf, to, sizeof(vf));
	if (a->has_number && vf != a->state.vf)
		return false;
	a->has_number = true;
	a->state.vf = vf;
	return true;
}

static void
set_known(struct vf_attrs *a, enum vf_attr attr, bool known)
{
	if (known)
		a->state.known |= 1u << attr;
	else
		a->state.known &= ~(1u << attr);
}

static bool
read_mac(struct vf_attrs *a, const struct nlattr *attr)
{
	struct ifla_vf_mac mac;

	if (!read_fixed(a, attr, &mac, sizeof(mac)))
		return false;
	memcpy(a->state.mac, mac.mac, sizeof(a->state.mac));
	set_known(a, VF_ATTR_MAC, true);
	return true;
}

static void
set_vlan(struct vf_attrs *a, uint32_t vlan, uint32_t qos, uint16_t proto)
{
	bool sound = vlan <= VLAN_MAX && qos <= QOS_MAX;

	a->state.vlan = sound ? (uint16_t)vlan : 0;
	a->state.qos = sound ? (uint8_t)qos : 0;
	a->state.vlan_proto = a->state.vlan != 0 ? proto : 0;
	set_known(a, VF_ATTR_VLAN, sound);
}

static bool
read_vlan(struct vf_attrs *a, const struct nlattr *attr)
{
	struct ifla_vf_vlan vlan;

	if (!read_fixed(a, attr, &vlan, sizeof(vlan)))
		return false;
	if (!a->has_vlan_list)
		set_vlan(a, vlan.vlan, vlan.qos, ETH_P_8021Q);
	return true;
}

/* The kernel's list has one element; a second one would be an inner tag, which no driver has. */
static bool
read_vlan_info(void *ctx, const struct nlattr *attr)
{
	struct ifla_vf_vlan_info vlan;
	struct vf_attrs *a = ctx;

	if (mnl_attr_get_type(attr) != IFLA_VF_VLAN_INFO)
		return true;
	if (!read_fixed(a, attr, &vlan, sizeof(vlan)))
		return false;
	if (!a->has_vlan_list)
		set_vlan(a, vlan.vlan, vlan.qos, ntohs(vlan.vlan_proto));
	a->has_vlan_list = true;
	return true;
}

static bool
read_tx_rate(struct vf_attrs *a, const struct nlattr *attr)
{
	struct ifla_vf_tx_rate rate;

	if (!read_fixed(a, attr, &rate, sizeof(rate)))
		return false;
	if (!a->has_both_rates)
		a->state.max_tx_rate_mbps = rate.rate;
	set_known(a, VF_ATTR_RATE, true);
	return true;
}

static bool
read_rate(struct vf_attrs *a, const struct nlattr *attr)
{
	struct ifla_vf_rate rate;

	if (!read_fixed(a, attr, &rate, sizeof(rate)))
		return false;
	a->has_both_rates = true;
	a->state.min_tx_rate_mbps = rate.min_tx_rate;
	a->state.max_tx_rate_mbps = rate.max_tx_rate;
	set_known(a, VF_ATTR_RATE, true);
	return true;
}

/* The kernel says -1 where the driver said nothing (rtnl_fill_vfinfo). */
static bool
read_switch(struct vf_attrs *a, const struct nlattr *attr, enum vf_attr which, bool *ret)
{
	struct ifla_vf_spoofchk setting; /* IFLA_VF_TRUST has the same form */

	_Static_assert(sizeof(setting) == sizeof(struct ifla_vf_trust), "one form for both");
	if (!read_fixed(a, attr, &setting, sizeof(setting)))
		return false;
	*ret = setting.setting == 1;
	set_known(a, which, setting.setting <= 1);
	return true;
}

static bool
read_link_state(struct vf_attrs *a, const struct nlattr *attr)
{
	struct ifla_vf_link_state link;

	if (!read_fixed(a, attr, &link, sizeof(link)))
		return false;
	if (link.link_state < VF_LINK_COUNT)
		a->state.link_state = link.link_state;
	set_known(a, VF_ATTR_LINK_STATE, link.link_state < VF_LINK_COUNT);
	return true;
}

static bool
read_vf_attr(void *ctx, const struct nlattr *attr)
{
	struct vf_attrs *a = ctx;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_VF_MAC:
		return read_mac(a, attr);
	case IFLA_VF_VLAN:
		return read_vlan(a, attr);
	case IFLA_VF_VLAN_LIST:
		return rtnl_attrs_nested(attr, read_vlan_info, a);
	case IFLA_VF_TX_RATE:
		return read_tx_rate(a, attr);
	case IFLA_VF_RATE:
		return read_rate(a, attr);
	case IFLA_VF_SPOOFCHK:
		return read_switch(a, attr, VF_ATTR_SPOOFCHK, &a->state.spoofchk);
	case IFLA_VF_TRUST:
		return read_switch(a, attr, VF_ATTR_TRUST, &a->state.trust);
	case IFLA_VF_LINK_STATE:
		return read_link_state(a, attr);
	default:
		return true;
	}
}

/* Where VF @vf is, or would be inserted. */
static size_t
find(const struct vf_rtnl_listing *l, uint32_t vf)
{
	size_t low = 0, high = l->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (l->items[mid].vf < vf)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
put(struct vf_rtnl_listing *l, const struct vf_state *state)
{
	size_t at = find(l, state->vf);

	if (at < l->count && l->items[at].vf == state->vf) {
		l->items[at] = *state;
		return;
	}
	if (l->count == l->cap) {
		size_t cap = l->cap != 0 ? l->cap * 2 : 16;
		struct vf_state *items = realloc(l->items, cap * sizeof(*items));

		if (items == NULL) {
			l->no_mem = true;
			return;
		}
		l->items = items;
		l->cap = cap;
	}
	memmove(l->items + at + 1, l->items + at, (l->count++ - at) * sizeof(*l->items));
	l->items[at] = *state;
}

static bool
read_vf(void *ctx, const struct nlattr *attr)
{
	struct vf_rtnl_listing *l = ctx;
	struct vf_attrs a = {0};

	if (mnl_attr_get_type(attr) != IFLA_VF_INFO)
		return true;
	if (!rtnl_attrs_nested(attr, read_vf_attr, &a))
		return false;
	if (a.has_number)
		put(l, &a.state);
	return true;
}

static bool
read_link_attr(void *ctx, const struct nlattr *attr)
{
	struct vf_rtnl_listing *l = ctx;

	if (l->has_list)
		return true;
	switch (mnl_attr_get_type(attr)) {
	case IFLA_NUM_VF:
		if (mnl_attr_get_payload_len(attr) != sizeof(uint32_t))
			return false;
		l->num_vfs = mnl_attr_get_u32(attr);
		return true;
	case IFLA_VFINFO_LIST:
		l->has_list = true;
		return rtnl_attrs_nested(attr, read_vf, l);
	default:
		return true;
	}
}

bool
vf_rtnl_parse(void *ctx, const struct nlmsghdr *nlh)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct vf_rtnl_listing *l = ctx;
	bool sound;

	if (nlh->nlmsg_type != RTM_NEWLINK)
		return true;
	sound = mnl_nlmsg_get_payload_len(nlh) >= sizeof(*ifi);
	if (sound && ifi->ifi_family != AF_UNSPEC)
		return true;
	if (sound) {
		l->is_link = true;
		sound = rtnl_attrs(nlh, sizeof(*ifi), read_link_attr, l);
	}
	if (!sound)
		l->malformed = true;
	return sound;
}

const struct vf_state *
vf_rtnl_listing_find(const struct vf_rtnl_listing *l, uint32_t vf)
{
	size_t at = find(l, vf);

	return at < l->count && l->items[at].vf == vf ? &l->items[at] : NULL;
}

bool
vf_rtnl_listing_complete(const struct vf_rtnl_listing *l)
{
	/* Sorted and each once: the first num_vfs are 0, 1, 2, ... exactly if the last one is. */
	return l->num_vfs == 0 ||
	       (l->count >= l->num_vfs && l->items[l->num_vfs - 1].vf == l->num_vfs - 1);
}
