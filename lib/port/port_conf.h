/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From what the user asked and what a device says to the configuration that it gets. Pure: no
 * ethdev call. A value that the user gave is refused when it does not fit; a default is clamped.
 */
#pragma once

#include <rte_ethdev.h>

#include <stdint.h>

struct reason;

/* 0 stands for "not given". */
struct port_settings {
	uint16_t nb_rxq, nb_txq; /* queues, 1..64 */
	uint16_t nb_rxd, nb_txd; /* descriptors per queue */
	uint32_t mtu_bytes;      /* 68..65535 */
};

/* What limits a port besides rte_eth_dev_info. */
struct port_limits {
	uint32_t frame_max_bytes; /* of the PMD, with Ethernet header, without FCS; 0: none */
	uint32_t mbuf_room_bytes; /* data room of the pool's mbufs behind the headroom */
};

struct port_conf {
	struct rte_eth_conf eth;
	uint16_t nb_rxq, nb_txq;
	uint16_t nb_rxd, nb_txd;
	uint16_t mtu_bytes;
	uint16_t mtu_max_bytes; /* what this port could take */
};

enum {
	PORT_MAX_QUEUES = 64,
	PORT_DEFAULT_DESCRIPTORS = 512,
	PORT_MIN_MTU_BYTES = 68, /* RFC 791: every module must forward 68 octets */
	PORT_MAX_MTU_BYTES = 65535,
};

/*
 * The largest usable MTU: the least of the device's, the PMD's frame and, without scattered
 * reception, the mbuf's room; one VLAN tag always fits beside it where the device counts none.
 */
uint32_t port_conf_mtu_max(const struct rte_eth_dev_info *info, const struct port_limits *limits);

/* Fit @want to the device. -EINVAL or -ERANGE with a reason that says what would fit. */
int port_conf_fit(
	struct port_conf *ret,
	const struct port_settings *want,
	const struct rte_eth_dev_info *info,
	const struct port_limits *limits,
	struct reason *why
);
