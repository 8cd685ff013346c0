/* SPDX-License-Identifier: BSD-3-Clause */
/* The records behind port.h, for port.c, which changes them, and port_find.c, which reads them. */
#pragma once

#include "port.h"

#include <rte_ethdev.h>

struct port_pools;
struct rte_device;

struct port {
	enum port_state state;
	char name[RTE_ETH_NAME_MAX_LEN];
	char driver[RTE_ETH_NAME_MAX_LEN];
	char alias[PORT_ALIAS_BYTES];
	struct rte_device *device; /* to detach it when the port is closed already */
	struct port_settings want;
	struct port_conf conf;
	bool configured;
};

struct ports {
	struct ports_settings settings;
	struct port_pools *pools;
	struct port port[RTE_MAX_ETHPORTS];
};
