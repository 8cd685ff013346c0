/* SPDX-License-Identifier: BSD-3-Clause */
/* See pmd_traits.h. */
#include "pmd_traits.h"

#include <rte_bus.h>
#include <rte_common.h>
#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_ethdev.h>
#include <rte_kvargs.h>
#include <rte_version.h>

#include <errno.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>

/*
 * net_af_packet: link_update is empty before 24.11 (rte_eth_af_packet.c, eth_link_update), so the
 * link reads up for ever; the kernel hands frames over with the tag beside them, and releases
 * before the fix of 22.11.4 left it there. net_tap: says that it has link interrupts, but no
 * release to 24.11 raises one. net_e1000_igb_vf: tells the PF of all multicast, which the 82576 as
 * QEMU makes it (igb_core.c) does not heed; a list of groups it does.
 *
 * Counters: UPDATE_VF_STAT (igb_ethdev.c, ixgbe_ethdev.c; 32 bits, bytes of ixgbe 36) and
 * TXGBE_UPDCNT32/36 (txgbe_regs.h) add the difference of two readings modulo the register's range.
 *
 * restart_after_link_loss: measured on igbvf with Debian's igb as PF (MTU change, down and up): the
 * PF forgets what it had enabled for the VF, eth_igbvf_link_update() reads the mailbox's reset bits
 * and reports the link as soon as STATUS has it, and no reset event comes. ixgbevf reads its
 * mailbox in the same way (ixgbevf_check_link) and has no link interrupt. iavf restarts itself or
 * asks for it (auto_reset, RTE_ETH_EVENT_INTR_RESET).
 *
 * mac_set_unverified: igbvf_default_mac_addr_set and ixgbevf_set_default_mac_addr drop the answer.
 */
static const struct pmd_traits table[] = {
	{
		.driver = "net_af_packet",
		.link_unreported = RTE_VERSION < RTE_VERSION_NUM(24, 11, 0, 0),
		.strips_vlan = true,
	},
	{.driver = "net_tap", .link_unreported = true},
	{
		.driver = "net_e1000_igb_vf",
		.slow_by_group_list = true,
		.packet_counter_bits = 32,
		.byte_counter_bits = 32,
		.restart_after_link_loss = true,
		.mac_set_unverified = true,
	},
	{
		.driver = "net_ixgbe_vf",
		.packet_counter_bits = 32,
		.byte_counter_bits = 36,
		.restart_after_link_loss = true,
		.mac_set_unverified = true,
	},
	{.driver = "net_txgbe_vf", .packet_counter_bits = 32, .byte_counter_bits = 36},
};

static const struct pmd_traits none;

/* rte_eth_af_packet.c: DFLT_FRAME_SIZE. */
enum { AF_PACKET_DEFAULT_FRAME_BYTES = 1 << 11 };

const struct pmd_traits *
pmd_traits_get(const char *driver)
{
	if (driver == NULL)
		return &none;
	for (unsigned i = 0; i < RTE_DIM(table); i++)
		if (strcmp(table[i].driver, driver) == 0)
			return &table[i];
	return &none;
}

bool
pmd_is_of_a_bus(uint16_t port_id)
{
	struct rte_eth_dev_info info;
	const struct rte_bus *bus = NULL;

	if (rte_eth_dev_info_get(port_id, &info) == 0 && info.device != NULL)
		bus = rte_dev_bus(info.device);
	return bus != NULL && strcmp(rte_bus_name(bus), "vdev") != 0;
}

static uint32_t
af_packet_frame_bytes(const struct rte_eth_dev_info *info)
{
	const struct rte_devargs *devargs = rte_dev_devargs(info->device);
	uint32_t bytes = AF_PACKET_DEFAULT_FRAME_BYTES;
	struct rte_kvargs *kv;
	const char *value;

	if (devargs == NULL || devargs->args == NULL)
		return bytes;
	kv = rte_kvargs_parse(devargs->args, NULL);
	if (kv == NULL)
		return bytes;
	value = rte_kvargs_get(kv, "framesz");
	if (value != NULL && atoi(value) > 0)
		bytes = (uint32_t)atoi(value);
	rte_kvargs_free(kv);
	return bytes;
}

int
pmd_frame_limits(uint16_t port_id, struct pmd_frame_limits *ret)
{
	struct rte_eth_dev_info info;
	struct pmd_frame_limits limits = {0, 0};

	if (rte_eth_dev_info_get(port_id, &info) != 0)
		return -EINVAL;
	if (info.driver_name != NULL && strcmp(info.driver_name, "net_af_packet") == 0) {
		/* The ring's frame holds the header that the kernel puts in front (TPACKET_V2). */
		limits.frame_max_bytes = af_packet_frame_bytes(&info) -
		                         (TPACKET2_HDRLEN - sizeof(struct sockaddr_ll));
		limits.mbuf_room_bytes = limits.frame_max_bytes;
	}
	*ret = limits;
	return 0;
}
