/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * librte_net_bond behind one interface for both generations of its API (slave up to 23.07, member
 * from 23.11). Its -1 becomes -errno with a reason here. Control thread only; functions that change
 * a started bond need the workers parked, because the PMD's locks do not cover its datapath.
 */
#pragma once

#include <rte_ether.h>

#include <stdbool.h>
#include <stdint.h>

struct reason;

/* The PMD's limit: it indexes arrays by port id. */
enum { BOND_PMD_MAX_MEMBERS = 32 };

/* The PMD accepts a bond only under a device name with this prefix. */
#define BOND_PMD_NAME_PREFIX "net_bonding"

enum bond_pmd_policy { BOND_PMD_L2, BOND_PMD_L23, BOND_PMD_L34 };
enum bond_pmd_agg { BOND_PMD_AGG_STABLE, BOND_PMD_AGG_BANDWIDTH, BOND_PMD_AGG_COUNT };

/* Make the bond device @name in @mode (0..6, as Linux numbers them) on NUMA node @socket. */
int
bond_pmd_create(const char *name, uint8_t mode, int socket, uint16_t *ret_port, struct reason *why);

/* Remove the device. It must be stopped and without members. */
int bond_pmd_free(const char *name, struct reason *why);

/* Whether a port is a bond, and whether it is a member of one. */
bool bond_pmd_is_bond(uint16_t port_id);
bool bond_pmd_is_member(uint16_t port_id);

int bond_pmd_member_add(uint16_t bond, uint16_t member, struct reason *why);
int bond_pmd_member_remove(uint16_t bond, uint16_t member, struct reason *why);

/* Port ids in the PMD's order; how many, or -errno. "Active" is the PMD's word for link up. */
int bond_pmd_members(uint16_t bond, uint16_t ret[static BOND_PMD_MAX_MEMBERS]);
int bond_pmd_active_members(uint16_t bond, uint16_t ret[static BOND_PMD_MAX_MEMBERS]);

/*
 * The member that carries modes 1, 5 and 6 (the PMD calls it primary). May be called by workers:
 * it reads one field.
 */
int bond_pmd_current(uint16_t bond, uint16_t *ret);

/*
 * Prefer @member from now on. The PMD falls back to it whenever its link comes up, and moves
 * neither MAC nor promiscuous mode when it does.
 */
int bond_pmd_prefer(uint16_t bond, uint16_t member, struct reason *why);

int bond_pmd_mode(uint16_t bond, uint8_t *ret);
int bond_pmd_mode_set(uint16_t bond, uint8_t mode, struct reason *why);

/* Set the bond's MAC and write the members' again as the mode wants them. */
int bond_pmd_mac_set(uint16_t bond, const struct rte_ether_addr *mac, struct reason *why);

int bond_pmd_policy(uint16_t bond, enum bond_pmd_policy *ret);
int bond_pmd_policy_set(uint16_t bond, enum bond_pmd_policy policy, struct reason *why);

/* Period of link polling in ms, 1..: 0 would end it for good. */
int bond_pmd_monitor_set(uint16_t bond, uint32_t ms, struct reason *why);

/* Mode 4, bond stopped. Dedicated queues need rte_flow on every member. */
int bond_pmd_agg(uint16_t bond, enum bond_pmd_agg *ret);
int bond_pmd_agg_set(uint16_t bond, enum bond_pmd_agg agg, struct reason *why);
int bond_pmd_dedicated_queues(uint16_t bond, bool enable, struct reason *why);

/*
 * Whether the PMD runs LACP by its own machine (@own), or leaves slow frames alone and opens and
 * closes a member's gates by bond_pmd_gate. Bond stopped; before bond_pmd_agg_set and
 * bond_pmd_dedicated_queues, which it resets.
 */
int bond_pmd_lacp_own(uint16_t bond, bool own, struct reason *why);

/*
 * Whether the PMD's own path collects and distributes on @member; only with its machine off. Does
 * nothing while the PMD has not yet seen the member's link: to be repeated.
 */
void bond_pmd_gate(uint16_t bond, uint16_t member, bool collect, bool distribute);

struct bond_pmd_lacp_side {
	uint16_t system_priority;
	struct rte_ether_addr system;
	uint16_t key;
	uint16_t port_priority;
	uint16_t port_number;
	uint8_t state; /* bits as on the wire (IEEE 802.1AX-2014 6.4.2.3) */
};

struct bond_pmd_lacp {
	struct bond_pmd_lacp_side actor, partner;
	uint16_t aggregator; /* port id of the aggregator's port */
	bool selected;
};

/* -ENODATA while the PMD's machine does not run on @member (its link is down). */
int bond_pmd_lacp(uint16_t bond, uint16_t member, struct bond_pmd_lacp *ret);

/* Bytes of memory that the PMD takes by itself when it enters @mode; it aborts when they lack. */
uint64_t bond_pmd_memory_bytes(uint8_t mode);
