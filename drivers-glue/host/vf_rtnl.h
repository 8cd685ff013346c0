/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The attributes of VFs as their PF's driver has them: `ip link set PF vf N ...` and its listing,
 * over rtnetlink (IFLA_VFINFO_LIST). Used by lib/sriov and app/vfctl. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct reason;
struct vf_rtnl; /* opaque */

/* One request each; VLAN with QoS and protocol, and both rates, are one to the kernel. */
enum vf_attr {
	VF_ATTR_MAC,
	VF_ATTR_VLAN,
	VF_ATTR_RATE,
	VF_ATTR_SPOOFCHK,
	VF_ATTR_TRUST,
	VF_ATTR_LINK_STATE,
	VF_ATTR_COUNT,
};
extern const char *const vf_attr_names[]; /* mac, vlan, rate, spoofchk, trust, link-state */

/* IFLA_VF_LINK_STATE_* (linux/if_link.h). */
enum vf_link_state { VF_LINK_AUTO, VF_LINK_ENABLE, VF_LINK_DISABLE, VF_LINK_COUNT };
extern const char *const vf_link_state_names[]; /* auto, enable, disable */

struct vf_state {
	uint32_t vf;
	uint32_t known; /* 1u << enum vf_attr: the driver told of it */
	uint8_t mac[6];
	uint16_t vlan;       /* 0: none */
	uint8_t qos;         /* 0..7 */
	uint16_t vlan_proto; /* ETH_P_8021Q or ETH_P_8021AD, host byte order; 0 beside vlan 0 */
	uint32_t min_tx_rate_mbps, max_tx_rate_mbps; /* 0: no limit */
	bool spoofchk, trust;
	enum vf_link_state link_state;
};

int vf_rtnl_new(struct vf_rtnl **ret, struct reason *why);
struct vf_rtnl *vf_rtnl_free(struct vf_rtnl *r); /* NULL is fine; returns NULL */

/*
 * All VFs of the PF's netdev @pf, in the order of their numbers, in one allocation that free()
 * releases. 0 with *ret_n, also 0; -ENODEV; -EMSGSIZE when the kernel could not fit them all.
 */
int vf_rtnl_list(
	struct vf_rtnl *r,
	const char *pf,
	struct vf_state **ret,
	unsigned *ret_n,
	struct reason *why
);

/* The VF numbered @vf; -ENOENT when the listing has none of that number. */
int vf_rtnl_get(
	struct vf_rtnl *r, const char *pf, uint32_t vf, struct vf_state *ret, struct reason *why
);

/*
 * Ask for one attribute of @want, by one request. 0: the kernel said yes, which is not yet proof;
 * -errno of the driver (EOPNOTSUPP: it has no such function; EAGAIN, EBUSY: later).
 */
int vf_rtnl_set(
	struct vf_rtnl *r,
	const char *pf,
	enum vf_attr attr,
	const struct vf_state *want,
	struct reason *why
);
