/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bond as it is now, for showing: a snapshot that holds nothing of the bond itself, and its two
 * renderings. Taken on the control thread.
 */
#pragma once

#include "bond_option.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct bond;
struct bonds;
struct text;

struct bond_lacp_side_view {
	uint16_t system_priority, key, port_priority, port_number;
	struct rte_ether_addr system;
	uint8_t state; /* as on the wire */
};

struct bond_member_view {
	char name[RTE_ETH_NAME_MAX_LEN];
	uint16_t port_id;
	bool attached; /* in the bond PMD's hands */
	bool link_up;
	bool active;         /* the one that carries modes 1, 5, 6 */
	char why_idle[96];   /* why it carries no traffic; "" when it does */
	uint32_t speed_mbps; /* 0: unknown */
	bool full_duplex;
	uint32_t link_failures;
	struct rte_ether_addr own_mac, mac;
	bool has_lacp;
	uint16_t aggregator; /* 1-based, as Linux numbers them */
	struct bond_lacp_side_view actor, partner;
};

struct bond_view {
	char name[RTE_ETH_NAME_MAX_LEN];
	char dev_name[RTE_ETH_NAME_MAX_LEN];
	uint16_t port_id;
	enum bond_mode mode;
	enum bond_policy policy;
	enum bond_ad_select ad_select;
	uint32_t miimon_ms;
	struct rte_ether_addr mac;
	bool up, link_up;
	uint32_t speed_mbps;
	uint16_t mtu_bytes;
	bool promisc, allmulti;
	char primary[RTE_ETH_NAME_MAX_LEN]; /* "" for none */
	char active[RTE_ETH_NAME_MAX_LEN];  /* "" for none */
	char pair[RTE_ETH_NAME_MAX_LEN];    /* "" for none */
	uint16_t nb_members;
	struct bond_member_view members[BOND_MAX_MEMBERS];
};

void bond_view(const struct bonds *bonds, const struct bond *bond, struct bond_view *ret);

/* The text of /proc/net/bonding/NAME, with a line for a member that was taken out. */
void bond_view_proc(const struct bond_view *v, const char *version, struct text *ret);

/* Everything, as a new object that the caller owns; NULL without memory. */
json_t *bond_view_json(const struct bond_view *v);
