/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The IP addresses of a network device and of the VLAN devices on it, from rtnetlink, for bonds
 * that probe and announce with the addresses of the port they are joined to. Knows nothing of DPDK
 * or bonding. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct kernel_addr; /* opaque */
struct reason;

struct kernel_addr_entry {
	bool is_v6;
	uint8_t prefix_bits; /* 0..32, 0..128 */
	uint16_t vlan_id;    /* 1..4094: of an 802.1Q device on it; 0: untagged, its own */
	uint8_t bytes[16];   /* as on the wire; of IPv4 the first four */
};

/*
 * What kernel_addr_list says of a device may have changed. Called from kernel_addr_process only, at
 * most once per device and call. It may call kernel_addr_list, but not kernel_addr_process or
 * kernel_addr_free.
 */
typedef void (*kernel_addr_fn)(void *ctx, uint32_t if_index);

/* Open a non-blocking socket subscribed to events in the calling thread's namespace. */
int kernel_addr_new(struct kernel_addr **ret, kernel_addr_fn fn, void *ctx, struct reason *why);
/* NULL is fine; returns NULL. */
struct kernel_addr *kernel_addr_free(struct kernel_addr *ka);

/* For poll(POLLIN). */
int kernel_addr_fd(const struct kernel_addr *ka);

/*
 * Read all that is waiting, then call back for each device that it is about, and for what such a
 * device stands on as a VLAN. After ENOBUFS (events lost) for each device that kernel_addr_list was
 * asked about. 0 or -errno of the socket.
 */
int kernel_addr_process(struct kernel_addr *ka);

/*
 * Ask the kernel for the addresses of a device and of the VLAN devices directly on it, in its
 * order: IPv4, then IPv6. Left out are IPv6 addresses that are not, or will not be, known to be
 * unique. How many were written, at most @max (there may be more), or -errno; a device that does
 * not exist has none. VLAN devices are as known when events were last processed.
 */
int
kernel_addr_list(struct kernel_addr *ka, uint32_t if_index, struct kernel_addr_entry *ret, int max);
