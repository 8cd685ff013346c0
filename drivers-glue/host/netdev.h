/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel tells about a network device of this namespace besides its VFs: link, address,
 * driver and firmware (ethtool's ioctl), master, default route. Used by lib/sriov and app/vfctl.
 */
#pragma once

#include "hostfs.h"

#include <stdbool.h>
#include <stdint.h>

struct reason;

struct netdev_facts {
	char name[16];
	uint32_t if_index;
	uint8_t mac[6];
	bool admin_up, carrier;
	uint32_t mtu;
	int32_t speed_mbps; /* -1: not known */
	char operstate[16];
	char master[16]; /* the bond, bridge or team that it is a member of; "": none */
	bool master_is_bond;
	bool has_address;   /* beside the link-local IPv6 one that every link gets */
	bool default_route; /* IPv4 or IPv6 goes through it or what is stacked on it */
	char driver[32], driver_version[32], firmware[32], bus_info[32]; /* "" when not told */
	char phys_switch_id[68], phys_port_name[16];                     /* "" when not told */
};

/*
 * The device @name now. Under a prefix (fs->root) ethtool's part stays empty, and has_address
 * false. -ENODEV.
 */
int netdev_read(const struct hostfs *fs, const char *name, struct netdev_facts *ret);

/* Set IFF_UP. 0 or -errno of the ioctl with the reason. */
int netdev_up(const char *name, struct reason *why);
