/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the bytes of rtnetlink messages to link states, without any I/O: kernel_link.c feeds it
 * what the kernel sent, the unit test and the fuzzer what it never should.
 */
#pragma once

#include "kernel_link.h"
#include "rtnl.h"

struct kernel_link_sink {
	kernel_link_fn fn;
	void *ctx;
};

/*
 * An rtnl_message_fn, @ctx being a struct kernel_link_sink: passes on what RTM_NEWLINK and DELLINK
 * say. Other types and families are passed over: a bridge reports a port that leaves it as
 * RTM_DELLINK of AF_BRIDGE, and the device lives on.
 */
rtnl_message_fn kernel_link_parse;
