/* SPDX-License-Identifier: BSD-3-Clause */
/* See kernel_link_parse.h. Used by kernel_link.c, the unit test and the fuzzer. */
#include "kernel_link_parse.h"

#include <errno.h>
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

/* What the attributes say of the carrier, which is decided when all were read. */
struct carrier {
	bool known, on;
	uint8_t operstate;
};

/* False: the attribute's length does not fit its type. */
static bool
read_attr(const struct nlattr *attr, struct kernel_link_state *state, struct carrier *carrier)
{
	size_t len = mnl_attr_get_payload_len(attr);

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		return read_name(attr, state->name);
	case IFLA_ADDRESS:
		if (len == sizeof(state->mac))
			memcpy(state->mac, mnl_attr_get_payload(attr), len);
		return true;
	case IFLA_MTU:
		if (len != sizeof(uint32_t))
			return false;
		state->mtu = mnl_attr_get_u32(attr);
		return true;
	case IFLA_CARRIER:
		if (len != sizeof(uint8_t))
			return false;
		carrier->known = true;
		carrier->on = mnl_attr_get_u8(attr) != 0;
		return true;
	case IFLA_OPERSTATE:
		if (len != sizeof(uint8_t))
			return false;
		carrier->operstate = mnl_attr_get_u8(attr);
		return true;
	default:
		return true;
	}
}

/* False: not a link of this family, or (with @malformed set) one whose lengths are wrong. */
static bool
read_link(const struct nlmsghdr *nlh, struct kernel_link_state *state, bool *malformed)
{
	const char *end = (const char *)nlh + nlh->nlmsg_len;
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct carrier carrier = {.operstate = IF_OPER_UNKNOWN};
	const struct nlattr *attr;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi)) {
		*malformed = true;
		return false;
	}
	if (ifi->ifi_family != AF_UNSPEC || ifi->ifi_index <= 0)
		return false;

	*state = (struct kernel_link_state){
		.if_index = (uint32_t)ifi->ifi_index,
		.present = nlh->nlmsg_type == RTM_NEWLINK,
		.admin_up = (ifi->ifi_flags & IFF_UP) != 0,
	};
	/* libmnl's own loop ends at the message's padded end, up to 3 bytes past what was read. */
	for (attr = mnl_nlmsg_get_payload_offset(nlh, sizeof(*ifi));
	     (const char *)attr < end && mnl_attr_ok(attr, (int)(end - (const char *)attr));
	     attr = mnl_attr_next(attr)) {
		if (!read_attr(attr, state, &carrier)) {
			*malformed = true;
			return false;
		}
	}
	if ((const char *)attr < end) {
		*malformed = true;
		return false;
	}
	/* Linux before 3.9 had no IFLA_CARRIER; the flag says the same. */
	state->carrier = carrier.known ? carrier.on : (ifi->ifi_flags & IFF_LOWER_UP) != 0;
	if (!state->present || carrier.operstate == IF_OPER_DOWN ||
	    carrier.operstate == IF_OPER_LOWERLAYERDOWN)
		state->carrier = false;
	return true;
}

/* NLMSG_ERROR and NLMSG_DONE both begin with an int: 0 or -errno. */
static int
read_error(const struct nlmsghdr *nlh)
{
	int error;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(error))
		return nlh->nlmsg_type == NLMSG_DONE ? 0 : -EBADMSG;
	memcpy(&error, mnl_nlmsg_get_payload(nlh), sizeof(error));
	/* Nothing else than 0 or -errno may leave here, whatever the bytes say. */
	return error > 0 || error < -4095 ? -EBADMSG : error;
}

/* mnl_nlmsg_ok compares lengths as int, so that 0x80000000 and more would fit. */
static bool
message_fits(const struct nlmsghdr *nlh, int left)
{
	return mnl_nlmsg_ok(nlh, left) && nlh->nlmsg_len <= (uint32_t)left;
}

void
kernel_link_parse(
	const void *buf,
	size_t len,
	uint32_t seq,
	kernel_link_fn fn,
	void *ctx,
	struct kernel_link_batch *ret
)
{
	const struct nlmsghdr *nlh = buf;
	int left = (int)len;

	*ret = (struct kernel_link_batch){0};
	for (; message_fits(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		struct kernel_link_state state;

		if (seq != 0 && nlh->nlmsg_seq != seq)
			continue;
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			ret->interrupted = true;
		switch (nlh->nlmsg_type) {
		case RTM_NEWLINK:
		case RTM_DELLINK:
			if (read_link(nlh, &state, &ret->malformed))
				fn(ctx, &state);
			break;
		case NLMSG_ERROR:
		case NLMSG_DONE:
			if (seq != 0) {
				ret->done = true;
				ret->error = read_error(nlh);
			}
			break;
		case NLMSG_OVERRUN:
			ret->error = -ENOBUFS;
			break;
		default:
			break;
		}
	}
	/* mnl_nlmsg_next counts the padding of the last message too. */
	if (left > 0)
		ret->malformed = true;
}
