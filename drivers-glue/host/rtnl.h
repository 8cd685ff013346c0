/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every reader of rtnetlink needs besides its own messages: sockets that never wait, requests,
 * and a walk through datagrams that trusts no length in them. Used by the files of this folder.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mnl_socket;
struct nlattr;
struct nlmsghdr;

enum {
	RTNL_BUF_BYTES = 32 * 1024, /* the kernel fills dumps to at most this (netlink_recvmsg) */
	RTNL_TEXT_BYTES = 128,
};

/* What a datagram held besides the messages that were passed on. */
struct rtnl_batch {
	bool done;        /* the answer to the request is complete */
	bool interrupted; /* NLM_F_DUMP_INTR: something changed while the kernel was listing it */
	bool malformed;   /* a message or attribute with an impossible length was left out */
	int error;        /* 0 or -errno from NLMSG_ERROR, NLMSG_DONE or NLMSG_OVERRUN */
	char text[RTNL_TEXT_BYTES]; /* what the kernel says to NLMSG_ERROR besides; "" nothing */
};

/* Memory for answers of any size, in one allocation that free() releases; {0} has none yet. */
struct rtnl_buffer {
	char *bytes;
	size_t size;
};

/* False: the message is malformed. Types that mean nothing to the caller are no error. */
typedef bool rtnl_message_fn(void *ctx, const struct nlmsghdr *nlh);

/* False: the attribute's length does not fit its type. */
typedef bool rtnl_attr_fn(void *ctx, const struct nlattr *attr);

/*
 * A non-blocking socket that hears the RTMGRP_* bits of @groups; 0: for requests. The kernel
 * explains its refusals on it, where it can (NETLINK_EXT_ACK).
 */
int rtnl_open(struct mnl_socket **ret, unsigned groups);

/*
 * One datagram of the kernel into @buf of RTNL_BUF_BYTES. 0 with *ret_len; -EAGAIN when there is
 * none; -ENOBUFS when one or more were lost. What other processes send is dropped.
 */
int rtnl_receive(const struct mnl_socket *nl, char *buf, size_t *ret_len);

/*
 * Call @fn for each message of the @len bytes of @buf, which is aligned for struct nlmsghdr.
 * @seq: only messages that answer the request of this number; 0: the event stream, in which
 * acknowledgements and errors mean nothing.
 */
void rtnl_walk(
	const void *buf,
	size_t len,
	uint32_t seq,
	rtnl_message_fn *fn,
	void *ctx,
	struct rtnl_batch *ret
);

/*
 * Call @fn for each attribute behind the message's own header of @header_bytes, which is there.
 * False when a length is impossible or @fn says so; those before it were passed on.
 */
bool rtnl_attrs(const struct nlmsghdr *nlh, size_t header_bytes, rtnl_attr_fn *fn, void *ctx);

/* The same for the attributes that are nested in @attr. */
bool rtnl_attrs_nested(const struct nlattr *attr, rtnl_attr_fn *fn, void *ctx);

/*
 * Ask for all of @type (RTM_GETLINK, ...), and call @fn for each message of the answer, which is
 * read into @buf of RTNL_BUF_BYTES. *@seq numbers the requests of this socket. @ext_mask: for
 * RTM_GETLINK what IFLA_EXT_MASK says, else 0.
 */
int rtnl_dump(
	const struct mnl_socket *nl,
	uint32_t *seq,
	char *buf,
	uint16_t type,
	uint32_t ext_mask,
	rtnl_message_fn *fn,
	void *ctx,
	bool *ret_interrupted
);

/*
 * Ask for the one device of @if_index (1..INT32_MAX), without its statistics, and call @fn for the
 * answer; else as rtnl_dump. -ENODEV when there is none in the socket's namespace.
 */
int rtnl_get_link(
	const struct mnl_socket *nl,
	uint32_t *seq,
	char *buf,
	uint32_t if_index,
	rtnl_message_fn *fn,
	void *ctx
);

/*
 * Send @request, complete but for its number, and call @fn for each message of the answer, of any
 * size, before its acknowledgement (NLM_F_ACK is set). 0 or -errno: the kernel's, with what it says
 * to it in @ret_text ("" nothing), or of the socket; -EPROTO: there was no acknowledgement.
 */
int rtnl_request(
	const struct mnl_socket *nl,
	uint32_t *seq,
	struct nlmsghdr *request,
	struct rtnl_buffer *buf,
	rtnl_message_fn *fn,
	void *ctx,
	char ret_text[static RTNL_TEXT_BYTES]
);
