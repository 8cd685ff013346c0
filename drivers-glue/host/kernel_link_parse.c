/* SPDX-License-Identifier: BSD-3-Clause */
/* See kernel_link_parse.h. Used by kernel_link.c, the unit test and the fuzzer. */
#include "kernel_link_parse.h"

#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* Copy a string attribute of 1..15 bytes, with or without its NUL. */
static bool
read_name(const struct nlattr *attr, char name[16])
{
	size_t len = strnlen(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));

	if (len == 0 || len > 15)
		return false;
	memcpy(name, mnl_attr_get_payload(attr), len);
	name[len] = '\0';
	return true;
}

/* What the attributes say; whether there is a carrier is decided when all were read. */
struct link_attrs {
	struct kernel_link_state *state;
	bool carrier_known; /* IFLA_CARRIER was among them */
	bool carrier;
	uint8_t operstate;
};

static bool
read_attr(void *ctx, const struct nlattr *attr)
{
	struct link_attrs *a = ctx;
	size_t len = mnl_attr_get_payload_len(attr);

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		return read_name(attr, a->state->name);
	case IFLA_ADDRESS:
		if (len == sizeof(a->state->mac))
			memcpy(a->state->mac, mnl_attr_get_payload(attr), len);
		return true;
	case IFLA_MTU:
		if (len != sizeof(uint32_t))
			return false;
		a->state->mtu = mnl_attr_get_u32(attr);
		return true;
	case IFLA_CARRIER:
		if (len != sizeof(uint8_t))
			return false;
		a->carrier_known = true;
		a->carrier = mnl_attr_get_u8(attr) != 0;
		return true;
	case IFLA_OPERSTATE:
		if (len != sizeof(uint8_t))
			return false;
		a->operstate = mnl_attr_get_u8(attr);
		return true;
	default:
		return true;
	}
}

static bool
parse_link(const struct kernel_link_sink *sink, const struct nlmsghdr *nlh)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct kernel_link_state ret = {.present = nlh->nlmsg_type == RTM_NEWLINK};
	struct link_attrs a = {.state = &ret, .operstate = IF_OPER_UNKNOWN};

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi))
		return false;
	if (ifi->ifi_family != AF_UNSPEC || ifi->ifi_index <= 0)
		return true;
	if (!rtnl_attrs(nlh, sizeof(*ifi), read_attr, &a))
		return false;
	ret.if_index = (uint32_t)ifi->ifi_index;
	ret.admin_up = (ifi->ifi_flags & IFF_UP) != 0;
	/* Linux before 3.9 had no IFLA_CARRIER; the flag says the same. */
	ret.carrier = a.carrier_known ? a.carrier : (ifi->ifi_flags & IFF_LOWER_UP) != 0;
	if (!ret.present || a.operstate == IF_OPER_DOWN || a.operstate == IF_OPER_LOWERLAYERDOWN)
		ret.carrier = false;
	sink->fn(sink->ctx, &ret);
	return true;
}

bool
kernel_link_parse(void *ctx, const struct nlmsghdr *nlh)
{
	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return parse_link(ctx, nlh);
	default:
		return true;
	}
}
