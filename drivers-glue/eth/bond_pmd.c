/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See bond_pmd.h. The only user of rte_eth_bond*.h; the one place where the old word "slave" is
 * needed. Used by lib/bond.
 */
#include "bond_pmd.h"

#include "reason.h"

#include <rte_errno.h>
#include <rte_eth_bond.h>
#include <rte_eth_bond_8023ad.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_version.h>

#include <errno.h>
#include <string.h>

#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
#define pmd_add rte_eth_bond_member_add
#define pmd_remove rte_eth_bond_member_remove
#define pmd_members rte_eth_bond_members_get
#define pmd_active_members rte_eth_bond_active_members_get
#define pmd_lacp_info rte_eth_bond_8023ad_member_info
#define PMD_MEMBER_DEV_FLAG RTE_ETH_DEV_BONDING_MEMBER
#else
#define pmd_add rte_eth_bond_slave_add
#define pmd_remove rte_eth_bond_slave_remove
#define pmd_members rte_eth_bond_slaves_get
#define pmd_active_members rte_eth_bond_active_slaves_get
#define pmd_lacp_info rte_eth_bond_8023ad_slave_info
#define PMD_MEMBER_DEV_FLAG RTE_ETH_DEV_BONDED_SLAVE
#endif

/* Clients of the ALB table per bond (rte_eth_bond_alb.c: 512 buffers per possible port). */
enum { ALB_POOL_BUFFERS = 512 * RTE_MAX_ETHPORTS };

static const uint8_t to_pmd_policy[] = {
	[BOND_PMD_L2] = BALANCE_XMIT_POLICY_LAYER2,
	[BOND_PMD_L23] = BALANCE_XMIT_POLICY_LAYER23,
	[BOND_PMD_L34] = BALANCE_XMIT_POLICY_LAYER34,
};

static const enum rte_bond_8023ad_agg_selection to_pmd_agg[] = {
	[BOND_PMD_AGG_STABLE] = AGG_STABLE,
	[BOND_PMD_AGG_BANDWIDTH] = AGG_BANDWIDTH,
	[BOND_PMD_AGG_COUNT] = AGG_COUNT,
};

int
bond_pmd_create(const char *name, uint8_t mode, int socket, uint16_t *ret_port, struct reason *why)
{
	/* The PMD reads the node as a byte and takes 255 for "any". */
	int port = rte_eth_bond_create(name, mode, socket < 0 ? 0 : (uint8_t)socket);

	if (port < 0)
		return reason_set(
			why,
			port == -1 ? -EIO : port,
			"the bond PMD cannot make device %s: %s",
			name,
			rte_strerror(port == -1 ? EIO : -port)
		);
	*ret_port = (uint16_t)port;
	return 0;
}

int
bond_pmd_free(const char *name, struct reason *why)
{
	int rc = rte_eth_bond_free(name);

	if (rc != 0)
		return reason_set(
			why,
			rc == -1 ? -EBUSY : rc,
			"the bond PMD cannot remove device %s: %s",
			name,
			rte_strerror(rc == -1 ? EBUSY : -rc)
		);
	return 0;
}

bool
bond_pmd_is_bond(uint16_t port_id)
{
	struct rte_eth_dev_info info;

	/* Also matches before the device was configured, which the PMD's own getters need. */
	return rte_eth_dev_info_get(port_id, &info) == 0 && info.driver_name != NULL &&
	       strcmp(info.driver_name, "net_bonding") == 0;
}

bool
bond_pmd_is_member(uint16_t port_id)
{
	struct rte_eth_dev_info info;

	return rte_eth_dev_info_get(port_id, &info) == 0 && info.dev_flags != NULL &&
	       (*info.dev_flags & PMD_MEMBER_DEV_FLAG) != 0;
}

int
bond_pmd_member_add(uint16_t bond, uint16_t member, struct reason *why)
{
	if (pmd_add(bond, member) == 0)
		return 0;
	/* The PMD's own code says only -1; its log line says more. */
	return reason_set(why, -EIO, "the bond PMD refused the port (its message is logged)");
}

int
bond_pmd_member_remove(uint16_t bond, uint16_t member, struct reason *why)
{
	if (pmd_remove(bond, member) == 0)
		return 0;
	return reason_set(
		why, -EIO, "the bond PMD did not let the port go (its message is logged)"
	);
}

int
bond_pmd_members(uint16_t bond, uint16_t ret[static BOND_PMD_MAX_MEMBERS])
{
	int n = pmd_members(bond, ret, BOND_PMD_MAX_MEMBERS);

	return n < 0 ? -ENODEV : n;
}

int
bond_pmd_active_members(uint16_t bond, uint16_t ret[static BOND_PMD_MAX_MEMBERS])
{
	int n = pmd_active_members(bond, ret, BOND_PMD_MAX_MEMBERS);

	return n < 0 ? -ENODEV : n;
}

int
bond_pmd_current(uint16_t bond, uint16_t *ret)
{
	int port = rte_eth_bond_primary_get(bond);

	if (port < 0)
		return -ENODEV;
	*ret = (uint16_t)port;
	return 0;
}

int
bond_pmd_prefer(uint16_t bond, uint16_t member, struct reason *why)
{
	if (rte_eth_bond_primary_set(bond, member) != 0)
		return reason_set(
			why, -EINVAL, "the bond PMD does not take port %u as primary", member
		);
	return 0;
}

int
bond_pmd_mode(uint16_t bond, uint8_t *ret)
{
	int mode = rte_eth_bond_mode_get(bond);

	if (mode < 0)
		return -ENODEV;
	*ret = (uint8_t)mode;
	return 0;
}

int
bond_pmd_mode_set(uint16_t bond, uint8_t mode, struct reason *why)
{
	if (rte_eth_bond_mode_set(bond, mode) != 0)
		return reason_set(why, -EIO, "the bond PMD does not enter mode %u", mode);
	return 0;
}

int
bond_pmd_mac_set(uint16_t bond, const struct rte_ether_addr *mac, struct reason *why)
{
	struct rte_ether_addr copy = *mac, now;
	uint16_t members[BOND_PMD_MAX_MEMBERS];

	/* Without members the PMD sets the address, then fails as there is none to tell. */
	if (rte_eth_bond_mac_address_set(bond, &copy) != 0 && bond_pmd_members(bond, members) != 0)
		return reason_set(why, -EIO, "a member refused the MAC address");
	if (rte_eth_macaddr_get(bond, &now) != 0 || !rte_is_same_ether_addr(&now, mac))
		return reason_set(why, -EIO, "the MAC address did not take effect");
	return 0;
}

int
bond_pmd_policy(uint16_t bond, enum bond_pmd_policy *ret)
{
	int policy = rte_eth_bond_xmit_policy_get(bond);

	for (unsigned i = 0; i < RTE_DIM(to_pmd_policy); i++) {
		if (policy == to_pmd_policy[i]) {
			*ret = (enum bond_pmd_policy)i;
			return 0;
		}
	}
	return -ENODEV;
}

int
bond_pmd_policy_set(uint16_t bond, enum bond_pmd_policy policy, struct reason *why)
{
	if (rte_eth_bond_xmit_policy_set(bond, to_pmd_policy[policy]) != 0)
		return reason_set(why, -EIO, "the bond PMD refused the transmit hash policy");
	return 0;
}

int
bond_pmd_monitor_set(uint16_t bond, uint32_t ms, struct reason *why)
{
	if (ms == 0)
		return reason_set(why, -EINVAL, "0 would end the PMD's link polling for good");
	if (rte_eth_bond_link_monitoring_set(bond, ms) != 0)
		return reason_set(why, -EIO, "the bond PMD refused the polling period");
	return 0;
}

int
bond_pmd_agg(uint16_t bond, enum bond_pmd_agg *ret)
{
	int agg = rte_eth_bond_8023ad_agg_selection_get(bond);

	for (unsigned i = 0; i < RTE_DIM(to_pmd_agg); i++) {
		if (agg == (int)to_pmd_agg[i]) {
			*ret = (enum bond_pmd_agg)i;
			return 0;
		}
	}
	return -ENODEV;
}

int
bond_pmd_agg_set(uint16_t bond, enum bond_pmd_agg agg, struct reason *why)
{
	if (rte_eth_bond_8023ad_agg_selection_set(bond, to_pmd_agg[agg]) < 0)
		return reason_set(why, -EIO, "the bond PMD refused the aggregator selection");
	return 0;
}

int
bond_pmd_dedicated_queues(uint16_t bond, bool enable, struct reason *why)
{
	int rc = enable ? rte_eth_bond_8023ad_dedicated_queues_enable(bond)
	                : rte_eth_bond_8023ad_dedicated_queues_disable(bond);

	if (rc != 0)
		return reason_set(
			why,
			-ENOTSUP,
			"dedicated LACP queues need a stopped bond whose members all take an "
			"rte_flow rule for ethertype 0x8809"
		);
	return 0;
}

/* What the PMD's path received of LACP: frames of members are polled for elsewhere. */
static void
drop_slow(uint16_t member, struct rte_mbuf *m)
{
	(void)member;
	rte_pktmbuf_free(m);
}

int
bond_pmd_lacp_own(uint16_t bond, bool own, struct reason *why)
{
	struct rte_eth_bond_8023ad_conf conf;

	if (rte_eth_bond_8023ad_conf_get(bond, &conf) != 0)
		return reason_set(why, -EIO, "the bond PMD does not tell how it runs LACP");
	conf.slowrx_cb = own ? NULL : drop_slow;
	if (rte_eth_bond_8023ad_setup(bond, &conf) != 0)
		return reason_set(why, -EIO, "the bond PMD does not give LACP away");
	return 0;
}

void
bond_pmd_gate(uint16_t bond, uint16_t member, bool collect, bool distribute)
{
	(void)rte_eth_bond_8023ad_ext_collect(bond, member, collect);
	(void)rte_eth_bond_8023ad_ext_distrib(bond, member, distribute);
}

static void
lacp_side(struct bond_pmd_lacp_side *ret, const struct port_params *p, uint8_t state)
{
	ret->system_priority = rte_be_to_cpu_16(p->system_priority);
	ret->system = p->system;
	ret->key = rte_be_to_cpu_16(p->key);
	ret->port_priority = rte_be_to_cpu_16(p->port_priority);
	ret->port_number = rte_be_to_cpu_16(p->port_number);
	ret->state = state;
}

int
bond_pmd_lacp(uint16_t bond, uint16_t member, struct bond_pmd_lacp *ret)
{
	struct pmd_lacp_info info;

	if (pmd_lacp_info(bond, member, &info) != 0)
		return -ENODATA;
	lacp_side(&ret->actor, &info.actor, info.actor_state);
	lacp_side(&ret->partner, &info.partner, info.partner_state);
	ret->aggregator = info.agg_port_id;
	ret->selected = info.selected == SELECTED;
	return 0;
}

uint64_t
bond_pmd_memory_bytes(uint8_t mode)
{
	switch (mode) {
	case BONDING_MODE_ALB:
		/* Each buffer: mempool header, mbuf, headroom, 256 bytes of frame. */
		return (uint64_t)ALB_POOL_BUFFERS *
		       (sizeof(struct rte_mbuf) + RTE_PKTMBUF_HEADROOM + 6 * RTE_CACHE_LINE_SIZE);
	case BONDING_MODE_8023AD:
		/* Per member a pool of its transmit descriptors and two rings; a generous guess. */
		return 4u << 20;
	default:
		return 0;
	}
}
