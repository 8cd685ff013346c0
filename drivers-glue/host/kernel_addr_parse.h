/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the bytes of rtnetlink messages to addresses and VLAN devices, without any I/O:
 * kernel_addr.c feeds it what the kernel sent, the unit test and the fuzzer what it never should.
 */
#pragma once

#include "kernel_addr.h"
#include "rtnl.h"

#include <stdbool.h>
#include <stdint.h>

/* An address of a device came, changed or went. */
struct kernel_addr_address {
	uint32_t if_index;
	bool present;                   /* false: RTM_DELADDR */
	bool usable;                    /* neither tentative nor a duplicate (RFC 4862, 5.4) */
	struct kernel_addr_entry entry; /* vlan_id is 0: the device's own */
};

/* A device came, changed or went. */
struct kernel_addr_device {
	uint32_t if_index;
	bool present;     /* false: RTM_DELLINK */
	uint32_t base;    /* of an 802.1Q device: what it stands on, in this namespace; else 0 */
	uint16_t vlan_id; /* 0..4094; 0 when there is no base */
};

struct kernel_addr_sink {
	void (*address)(void *ctx, const struct kernel_addr_address *a);
	void (*device)(void *ctx, const struct kernel_addr_device *d);
	void *ctx;
};

/*
 * An rtnl_message_fn, @ctx being a struct kernel_addr_sink: passes on what RTM_NEWADDR, DELADDR,
 * NEWLINK and DELLINK say. Other types and families are passed over: a bridge reports a port that
 * leaves it as RTM_DELLINK of AF_BRIDGE, and the device lives on.
 */
rtnl_message_fn kernel_addr_parse;
