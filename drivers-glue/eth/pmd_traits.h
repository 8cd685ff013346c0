/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What each PMD really can do, where that differs from what it says in rte_eth_dev_info. Used by
 * lib/port and lib/bond. Every row of the table names its source.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct pmd_traits {
	const char *driver;   /* as in rte_eth_dev_info.driver_name */
	bool link_unreported; /* never reports loss of carrier: ask the kernel about its netdev */
	bool strips_vlan;     /* takes the tag out of frames without having been asked */
	/* Passes a multicast group only when it is in the list of groups, not by all multicast. */
	bool slow_by_group_list;
	/*
	 * Its counters are added up from registers of so many bits, and a register that went back
	 * to 0 passes for one that wrapped; 0: they are as wide as they look.
	 */
	uint8_t packet_counter_bits, byte_counter_bits;
	/* After a loss of its link it may be deaf until its port is stopped and started. */
	bool restart_after_link_loss;
	/* Its MAC address set returns 0 whatever the PF says, and it shows the refused address. */
	bool mac_set_unverified;
};

/* The traits of a driver; all false for one without a row. Never NULL. */
const struct pmd_traits *pmd_traits_get(const char *driver);

/*
 * Whether a device of a real bus writes received frames into memory, past the CPU's caches of the
 * first levels; a virtual device's were copied, or just used, by a CPU. Also false without such a
 * port.
 */
bool pmd_is_of_a_bus(uint16_t port_id);

/* Room that a port's device arguments leave for one frame. */
struct pmd_frame_limits {
	uint32_t frame_max_bytes; /* longest frame with Ethernet header, without FCS; 0: no limit */
	uint32_t mbuf_room_bytes; /* least data room of an mbuf behind its headroom; 0: any */
};

/* -EINVAL when @port_id is none. */
int pmd_frame_limits(uint16_t port_id, struct pmd_frame_limits *ret);
