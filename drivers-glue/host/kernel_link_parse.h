/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the bytes of a netlink datagram to link states, without any I/O: kernel_link.c feeds it
 * what the kernel sent, the unit test and the fuzzer what it never should.
 */
#pragma once

#include "kernel_link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a datagram held besides links. */
struct kernel_link_batch {
	bool done;        /* the answer to the request is complete */
	bool interrupted; /* NLM_F_DUMP_INTR: links changed while the kernel was listing them */
	bool malformed;   /* a message or attribute with an impossible length was left out */
	int error;        /* 0 or -errno from NLMSG_ERROR, NLMSG_DONE or NLMSG_OVERRUN */
};

/*
 * Call @fn for each link message among the @len bytes of @buf, which is aligned for struct
 * nlmsghdr. @seq: only messages that answer the request of this number; 0: the event stream, in
 * which acknowledgements and errors mean nothing. Other types and families are passed over: a
 * bridge reports a port that leaves it as RTM_DELLINK of AF_BRIDGE, and the device lives on.
 */
void kernel_link_parse(
	const void *buf,
	size_t len,
	uint32_t seq,
	kernel_link_fn fn,
	void *ctx,
	struct kernel_link_batch *ret
);
