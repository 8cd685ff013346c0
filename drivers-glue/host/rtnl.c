/* SPDX-License-Identifier: BSD-3-Clause */
/* See rtnl.h. Used by kernel_addr.c, kernel_link.c, vf_rtnl.c and their parsers. */
#include "rtnl.h"

#include <ctype.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int
rtnl_open(struct mnl_socket **ret, unsigned groups)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int on = 1, err;

	if (nl == NULL)
		return -errno;
	/* Linux before 4.12 has neither; it then answers with numbers only. */
	mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl, NETLINK_CAP_ACK, &on, sizeof(on));
	if (mnl_socket_bind(nl, groups, MNL_SOCKET_AUTOPID) < 0) {
		err = -errno;
		mnl_socket_close(nl);
		return err;
	}
	*ret = nl;
	return 0;
}

/*
 * One datagram into @buf of @size bytes. recvfrom tells who sent it; libmnl's own reader does not.
 * *ret_foreign: not the kernel, and nothing else is told.
 */
static int
receive(const struct mnl_socket *nl, char *buf, size_t size, size_t *ret_len, bool *ret_foreign)
{
	struct sockaddr_nl from = {0};
	socklen_t from_len;
	ssize_t n;

	do {
		from_len = sizeof(from);
		n = recvfrom(
			mnl_socket_get_fd(nl),
			buf,
			size,
			MSG_DONTWAIT | MSG_TRUNC,
			(struct sockaddr *)&from,
			&from_len
		);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*ret_foreign = from_len != sizeof(from) || from.nl_pid != 0;
	if (*ret_foreign)
		return 0;
	if ((size_t)n > size)
		return -ENOBUFS;
	*ret_len = (size_t)n;
	return 0;
}

int
rtnl_receive(const struct mnl_socket *nl, char *buf, size_t *ret_len)
{
	bool foreign;
	int rc;

	do {
		rc = receive(nl, buf, RTNL_BUF_BYTES, ret_len, &foreign);
	} while (rc == 0 && foreign);
	return rc;
}

/* The same for a datagram of any size. */
static int
receive_whole(const struct mnl_socket *nl, struct rtnl_buffer *buf, size_t *ret_len)
{
	bool foreign = true;
	char first;
	int rc = 0;

	while (rc == 0 && foreign) {
		ssize_t n =
			recv(mnl_socket_get_fd(nl), &first, 1, MSG_DONTWAIT | MSG_PEEK | MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (buf->bytes == NULL || (size_t)n > buf->size) {
			size_t size = n > RTNL_BUF_BYTES ? (size_t)n : RTNL_BUF_BYTES;
			char *bytes = realloc(buf->bytes, size);

			if (bytes == NULL)
				return -ENOMEM;
			*buf = (struct rtnl_buffer){bytes, size};
		}
		rc = receive(nl, buf->bytes, buf->size, ret_len, &foreign);
	}
	return rc;
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

static bool
read_error_attr(void *ctx, const struct nlattr *attr)
{
	const char *from = mnl_attr_get_payload(attr);
	size_t len = strnlen(from, mnl_attr_get_payload_len(attr));
	char *to = ctx;

	if (mnl_attr_get_type(attr) != NLMSGERR_ATTR_MSG)
		return true;
	if (len >= RTNL_TEXT_BYTES)
		len = RTNL_TEXT_BYTES - 1;
	for (size_t i = 0; i < len; i++)
		to[i] = isprint((unsigned char)from[i]) ? from[i] : '?';
	to[len] = '\0';
	return true;
}

/* The attributes of an error stand behind the request that it repeats, whole or its header only. */
static void
read_error_text(const struct nlmsghdr *nlh, char text[static RTNL_TEXT_BYTES])
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);
	size_t len = mnl_nlmsg_get_payload_len(nlh);
	size_t skip = sizeof(*error);

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || len < skip)
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED)) {
		if (error->msg.nlmsg_len < NLMSG_HDRLEN || error->msg.nlmsg_len > len)
			return;
		skip += error->msg.nlmsg_len - NLMSG_HDRLEN;
	}
	rtnl_attrs(nlh, skip, read_error_attr, text);
}

/* mnl_nlmsg_ok compares lengths as int, so that 0x80000000 and more would fit. */
static bool
message_fits(const struct nlmsghdr *nlh, int left)
{
	return mnl_nlmsg_ok(nlh, left) && nlh->nlmsg_len <= (uint32_t)left;
}

void
rtnl_walk(
	const void *buf,
	size_t len,
	uint32_t seq,
	rtnl_message_fn *fn,
	void *ctx,
	struct rtnl_batch *ret
)
{
	const struct nlmsghdr *nlh = buf;
	int left = (int)len;

	*ret = (struct rtnl_batch){0};
	for (; message_fits(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		if (seq != 0 && nlh->nlmsg_seq != seq)
			continue;
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			ret->interrupted = true;
		switch (nlh->nlmsg_type) {
		case NLMSG_ERROR:
		case NLMSG_DONE:
			if (seq != 0) {
				ret->done = true;
				ret->error = read_error(nlh);
			}
			if (seq != 0 && nlh->nlmsg_type == NLMSG_ERROR)
				read_error_text(nlh, ret->text);
			break;
		case NLMSG_OVERRUN:
			ret->error = -ENOBUFS;
			break;
		default:
			if (!fn(ctx, nlh))
				ret->malformed = true;
		}
	}
	/* mnl_nlmsg_next counts the padding of the last message too. */
	if (left > 0)
		ret->malformed = true;
}

/* libmnl's own loops end at the padded end, up to 3 bytes past what was read. */
static bool
walk_attrs(const char *at, const char *end, rtnl_attr_fn *fn, void *ctx)
{
	while (at < end) {
		const struct nlattr *attr = (const void *)at;

		if (!mnl_attr_ok(attr, (int)(end - at)) || !fn(ctx, attr))
			return false;
		at = (const char *)mnl_attr_next(attr);
	}
	return true;
}

bool
rtnl_attrs(const struct nlmsghdr *nlh, size_t header_bytes, rtnl_attr_fn *fn, void *ctx)
{
	const char *end = (const char *)nlh + nlh->nlmsg_len;

	return walk_attrs(mnl_nlmsg_get_payload_offset(nlh, header_bytes), end, fn, ctx);
}

bool
rtnl_attrs_nested(const struct nlattr *attr, rtnl_attr_fn *fn, void *ctx)
{
	const char *at = mnl_attr_get_payload(attr);

	return walk_attrs(at, at + mnl_attr_get_payload_len(attr), fn, ctx);
}

/* What is asked of the kernel. */
struct query {
	uint16_t type, flags;
	uint32_t if_index; /* 0: all */
	uint32_t ext_mask; /* IFLA_EXT_MASK, unless 0 */
};

static int
send_query(const struct mnl_socket *nl, uint32_t seq, char *buf, const struct query *query)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;

	nlh->nlmsg_type = query->type;
	nlh->nlmsg_flags = NLM_F_REQUEST | query->flags;
	nlh->nlmsg_seq = seq;
	/* The longest of the headers; the family, 0 for all, is each one's first byte. */
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = (int)query->if_index;
	if (query->ext_mask != 0)
		mnl_attr_put_u32(nlh, IFLA_EXT_MASK, query->ext_mask);
	return mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0 ? -errno : 0;
}

/* 0 would mean the event stream to rtnl_walk. */
static uint32_t
next_number(uint32_t *seq)
{
	if (++*seq == 0)
		*seq = 1;
	return *seq;
}

/* Send @query and pass on the answer. */
static int
ask(const struct mnl_socket *nl,
    uint32_t *seq,
    char *buf,
    const struct query *query,
    rtnl_message_fn *fn,
    void *ctx,
    bool *ret_interrupted)
{
	struct rtnl_batch batch = {0};
	bool interrupted = false;
	size_t len;
	int rc;

	/* What a failed request left behind, and a listing that it did not read to its end. */
	while (rtnl_receive(nl, buf, &len) == 0)
		;
	rc = send_query(nl, next_number(seq), buf, query);
	if (rc < 0)
		return rc;
	/* rtnetlink answers inside sendmsg and recvmsg: what is not there now will not come. */
	while (!batch.done) {
		rc = rtnl_receive(nl, buf, &len);
		if (rc < 0)
			return rc == -EAGAIN ? -EPROTO : rc;
		rtnl_walk(buf, len, *seq, fn, ctx, &batch);
		interrupted |= batch.interrupted;
		if (batch.error < 0)
			return batch.error;
	}
	*ret_interrupted = interrupted;
	return 0;
}

int
rtnl_dump(
	const struct mnl_socket *nl,
	uint32_t *seq,
	char *buf,
	uint16_t type,
	uint32_t ext_mask,
	rtnl_message_fn *fn,
	void *ctx,
	bool *ret_interrupted
)
{
	const struct query query = {.type = type, .flags = NLM_F_DUMP, .ext_mask = ext_mask};

	return ask(nl, seq, buf, &query, fn, ctx, ret_interrupted);
}

int
rtnl_get_link(
	const struct mnl_socket *nl,
	uint32_t *seq,
	char *buf,
	uint32_t if_index,
	rtnl_message_fn *fn,
	void *ctx
)
{
	const struct query query = {
		.type = RTM_GETLINK,
		.flags = NLM_F_ACK,
		.if_index = if_index,
		.ext_mask = RTEXT_FILTER_SKIP_STATS,
	};
	bool interrupted;

	return ask(nl, seq, buf, &query, fn, ctx, &interrupted);
}

int
rtnl_request(
	const struct mnl_socket *nl,
	uint32_t *seq,
	struct nlmsghdr *request,
	struct rtnl_buffer *buf,
	rtnl_message_fn *fn,
	void *ctx,
	char ret_text[static RTNL_TEXT_BYTES]
)
{
	struct rtnl_batch batch = {0};
	size_t len;
	int rc;

	ret_text[0] = '\0';
	while (receive_whole(nl, buf, &len) == 0)
		;
	request->nlmsg_seq = next_number(seq);
	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (mnl_socket_sendto(nl, request, request->nlmsg_len) < 0)
		return -errno;
	while (!batch.done) {
		rc = receive_whole(nl, buf, &len);
		if (rc < 0)
			return rc == -EAGAIN ? -EPROTO : rc;
		rtnl_walk(buf->bytes, len, *seq, fn, ctx, &batch);
		if (batch.error < 0) {
			memcpy(ret_text, batch.text, RTNL_TEXT_BYTES);
			return batch.error;
		}
	}
	return 0;
}
