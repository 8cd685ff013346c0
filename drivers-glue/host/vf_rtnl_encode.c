/* SPDX-License-Identifier: BSD-3-Clause */
/* See vf_rtnl_encode.h. */
#include "vf_rtnl_encode.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

static struct nlmsghdr *
begin(char *buf, uint16_t type, const char *pf)
{
	struct nlmsghdr *nlh;

	/* libmnl leaves the padding behind attributes as it was. */
	memset(buf, 0, VF_RTNL_REQUEST_BYTES);
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, pf);
	return nlh;
}

struct nlmsghdr *
vf_rtnl_encode_get(char buf[static VF_RTNL_REQUEST_BYTES], const char *pf)
{
	struct nlmsghdr *nlh = begin(buf, RTM_GETLINK, pf);

	/* Without the counters 256 VFs fit into the list's 64 KiB. */
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS);
	return nlh;
}

static void
put_mac(struct nlmsghdr *nlh, const struct vf_state *want)
{
	struct ifla_vf_mac mac = {.vf = want->vf};

	memcpy(mac.mac, want->mac, sizeof(want->mac));
	mnl_attr_put(nlh, IFLA_VF_MAC, sizeof(mac), &mac);
}

static void
put_vlan(struct nlmsghdr *nlh, enum vf_rtnl_form form, const struct vf_state *want)
{
	const struct ifla_vf_vlan old = {want->vf, want->vlan, want->qos};
	struct ifla_vf_vlan_info info = {.vf = want->vf, .vlan = want->vlan, .qos = want->qos};
	struct nlattr *list;

	if (form == VF_FORM_OLD) {
		mnl_attr_put(nlh, IFLA_VF_VLAN, sizeof(old), &old);
		return;
	}
	/* Drivers want a protocol even to take a VLAN away. */
	info.vlan_proto = htons(want->vlan_proto != 0 ? want->vlan_proto : ETH_P_8021Q);
	list = mnl_attr_nest_start(nlh, IFLA_VF_VLAN_LIST);
	mnl_attr_put(nlh, IFLA_VF_VLAN_INFO, sizeof(info), &info);
	mnl_attr_nest_end(nlh, list);
}

static void
put_rate(struct nlmsghdr *nlh, enum vf_rtnl_form form, const struct vf_state *want)
{
	const struct ifla_vf_tx_rate old = {want->vf, want->max_tx_rate_mbps};
	const struct ifla_vf_rate both = {want->vf, want->min_tx_rate_mbps, want->max_tx_rate_mbps};

	if (form == VF_FORM_OLD)
		mnl_attr_put(nlh, IFLA_VF_TX_RATE, sizeof(old), &old);
	else
		mnl_attr_put(nlh, IFLA_VF_RATE, sizeof(both), &both);
}

/* IFLA_VF_SPOOFCHK, TRUST and LINK_STATE: a VF and a number. */
static void
put_number(struct nlmsghdr *nlh, uint16_t type, const struct vf_state *want, uint32_t value)
{
	const struct ifla_vf_spoofchk number = {want->vf, value};

	_Static_assert(sizeof(number) == sizeof(struct ifla_vf_trust), "one form for all three");
	_Static_assert(sizeof(number) == sizeof(struct ifla_vf_link_state), "and for the third");
	mnl_attr_put(nlh, type, sizeof(number), &number);
}

struct nlmsghdr *
vf_rtnl_encode_set(
	char buf[static VF_RTNL_REQUEST_BYTES],
	const char *pf,
	enum vf_attr attr,
	enum vf_rtnl_form form,
	const struct vf_state *want
)
{
	struct nlmsghdr *nlh = begin(buf, RTM_SETLINK, pf);
	struct nlattr *list = mnl_attr_nest_start(nlh, IFLA_VFINFO_LIST);
	struct nlattr *vf = mnl_attr_nest_start(nlh, IFLA_VF_INFO);

	switch (attr) {
	case VF_ATTR_MAC:
		put_mac(nlh, want);
		break;
	case VF_ATTR_VLAN:
		put_vlan(nlh, form, want);
		break;
	case VF_ATTR_RATE:
		put_rate(nlh, form, want);
		break;
	case VF_ATTR_SPOOFCHK:
		put_number(nlh, IFLA_VF_SPOOFCHK, want, want->spoofchk);
		break;
	case VF_ATTR_TRUST:
		put_number(nlh, IFLA_VF_TRUST, want, want->trust);
		break;
	case VF_ATTR_LINK_STATE:
		put_number(nlh, IFLA_VF_LINK_STATE, want, want->link_state);
		break;
	case VF_ATTR_COUNT:
		break;
	}
	mnl_attr_nest_end(nlh, vf);
	mnl_attr_nest_end(nlh, list);
	return nlh;
}
