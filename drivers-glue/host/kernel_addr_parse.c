/* SPDX-License-Identifier: BSD-3-Clause */
/* See kernel_addr_parse.h. Used by kernel_addr.c, the unit test and the fuzzer. */
#include "kernel_addr_parse.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

enum { VLAN_ID_MAX = 4094 };

/* What the attributes of an address say. */
struct address_attrs {
	size_t bytes; /* of an address of the family */
	uint32_t flags;
	const void *local, *address; /* NULL: not given */
};

static bool
read_address_attr(void *ctx, const struct nlattr *attr)
{
	struct address_attrs *a = ctx;
	size_t len = mnl_attr_get_payload_len(attr);

	switch (mnl_attr_get_type(attr)) {
	case IFA_LOCAL:
		a->local = mnl_attr_get_payload(attr);
		return len == a->bytes;
	case IFA_ADDRESS:
		a->address = mnl_attr_get_payload(attr);
		return len == a->bytes;
	case IFA_FLAGS:
		if (len != sizeof(a->flags))
			return false;
		a->flags = mnl_attr_get_u32(attr);
		return true;
	default:
		return true;
	}
}

static bool
parse_address(const struct kernel_addr_sink *sink, const struct nlmsghdr *nlh)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	struct kernel_addr_address ret = {.present = nlh->nlmsg_type == RTM_NEWADDR};
	struct address_attrs a = {0};

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa))
		return false;
	if ((ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6) || ifa->ifa_index == 0 ||
	    ifa->ifa_index > INT32_MAX)
		return true;
	a.bytes = ifa->ifa_family == AF_INET ? 4 : 16;
	/* The eight bits of the header, unless the attribute has all of them. */
	a.flags = ifa->ifa_flags;
	if (!rtnl_attrs(nlh, sizeof(*ifa), read_address_attr, &a))
		return false;
	/* With a peer IFA_ADDRESS is the peer's; without one IPv6 has no IFA_LOCAL. */
	if (a.local == NULL)
		a.local = a.address;
	if (a.local == NULL || ifa->ifa_prefixlen > 8 * a.bytes)
		return false;
	ret.if_index = ifa->ifa_index;
	ret.usable = (a.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) == 0;
	ret.entry.is_v6 = ifa->ifa_family == AF_INET6;
	ret.entry.prefix_bits = ifa->ifa_prefixlen;
	memcpy(ret.entry.bytes, a.local, a.bytes);
	sink->address(sink->ctx, &ret);
	return true;
}

/* What the attributes of a device say. */
struct device_attrs {
	uint32_t link;
	bool elsewhere; /* @link is an index in another namespace */
	bool is_vlan;
	bool has_id;
	uint16_t id;
	uint16_t protocol; /* host's order; Linux before 3.10 knows 802.1Q only and does not say */
	const struct nlattr *data; /* what @is_vlan gives a meaning to */
};

static bool
read_vlan_attr(void *ctx, const struct nlattr *attr)
{
	struct device_attrs *d = ctx;
	size_t len = mnl_attr_get_payload_len(attr);

	switch (mnl_attr_get_type(attr)) {
	case IFLA_VLAN_ID:
		if (len != sizeof(d->id))
			return false;
		d->id = mnl_attr_get_u16(attr);
		d->has_id = true;
		return d->id <= VLAN_ID_MAX;
	case IFLA_VLAN_PROTOCOL:
		if (len != sizeof(d->protocol))
			return false;
		d->protocol = ntohs(mnl_attr_get_u16(attr));
		return true;
	default:
		return true;
	}
}

static bool
read_info_attr(void *ctx, const struct nlattr *attr)
{
	static const char vlan[] = "vlan";
	struct device_attrs *d = ctx;
	const char *kind = mnl_attr_get_payload(attr);
	size_t len = mnl_attr_get_payload_len(attr);

	switch (mnl_attr_get_type(attr)) {
	case IFLA_INFO_KIND:
		d->is_vlan =
			strnlen(kind, len) == strlen(vlan) && memcmp(kind, vlan, strlen(vlan)) == 0;
		return true;
	case IFLA_INFO_DATA:
		d->data = attr;
		return true;
	default:
		return true;
	}
}

static bool
read_device_attr(void *ctx, const struct nlattr *attr)
{
	struct device_attrs *d = ctx;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_LINK:
		if (mnl_attr_get_payload_len(attr) != sizeof(d->link))
			return false;
		d->link = mnl_attr_get_u32(attr);
		return true;
	case IFLA_LINK_NETNSID:
		d->elsewhere = true;
		return true;
	case IFLA_LINKINFO:
		return rtnl_attrs_nested(attr, read_info_attr, d);
	default:
		return true;
	}
}

static bool
parse_device(const struct kernel_addr_sink *sink, const struct nlmsghdr *nlh)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct kernel_addr_device ret = {.present = nlh->nlmsg_type == RTM_NEWLINK};
	struct device_attrs d = {.protocol = ETH_P_8021Q};

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi))
		return false;
	if (ifi->ifi_family != AF_UNSPEC || ifi->ifi_index <= 0)
		return true;
	if (!rtnl_attrs(nlh, sizeof(*ifi), read_device_attr, &d))
		return false;
	if (d.is_vlan && d.data != NULL && !rtnl_attrs_nested(d.data, read_vlan_attr, &d))
		return false;
	ret.if_index = (uint32_t)ifi->ifi_index;
	if (d.is_vlan && d.has_id && d.protocol == ETH_P_8021Q && !d.elsewhere && d.link != 0 &&
	    d.link <= INT32_MAX) {
		ret.base = d.link;
		ret.vlan_id = d.id;
	}
	sink->device(sink->ctx, &ret);
	return true;
}

bool
kernel_addr_parse(void *ctx, const struct nlmsghdr *nlh)
{
	switch (nlh->nlmsg_type) {
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return parse_address(ctx, nlh);
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return parse_device(ctx, nlh);
	default:
		return true;
	}
}
