/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a bond's frames are received with io_path=direct, and what of them control gets to see.
 * Workers call the functions through the plan.
 */
#pragma once

#include "plan.h"

/* Modes 0, 2 and 3: by the bond's port, where the PMD polls one member after the other. */
uint16_t recv_bond_port(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
);

/* The same, for a monitor: counted by member, ARP and neighbour discovery shown to control. */
uint16_t recv_bond_port_watched(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
);

/* Modes 1, 5 and 6: by the members' ports, judged by the role of each. */
uint16_t recv_members(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
);

/* The same of one member that everything is accepted from, and nothing shown to control. */
uint16_t recv_one(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
);

/* Mode 4: by the members' ports, and slow frames (LACPDUs, markers) go to control. */
uint16_t recv_members_slow(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
);
