/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hash by which Linux's bonding driver chooses a member for a frame (bond_xmit_hash, 6.12),
 * value by value. Pure; called by workers for every frame of a hash mode, and by `show bond NAME
 * flow`.
 */
#pragma once

#include "option.h"

#include <stdint.h>

struct rte_mbuf;

/*
 * The hash of a frame that starts at its Ethernet header; any length, also shorter than a header
 * (hash 0) and in several segments: never reads outside. The value is the one that Linux has for
 * the same frame when it forwards it: its receive path takes the outermost VLAN tag off into the
 * skb (skb_vlan_untag), so that all policies see what is behind it. That tag may stand in the frame
 * or in the mbuf (RTE_MBUF_F_RX_VLAN_STRIPPED or RTE_MBUF_F_TX_VLAN, and vlan_tci; its type is then
 * taken for 0x8100). As in Linux, values depend on the CPU's byte order.
 */
typedef uint32_t (*xmit_hash_fn)(const struct rte_mbuf *m);

/*
 * The function of a policy; never NULL. BOND_POLICY_RSS: mbuf.hash.rss, and as layer3+4 where the
 * NIC has made none. BOND_POLICY_ENCAP34 always dissects, while Linux takes over a hash that the
 * NIC has made over ports (skb->l4_hash).
 */
xmit_hash_fn xmit_hash_get(enum bond_policy policy);

/*
 * hash % n without a division (Lemire, Kaser, Kurz: Faster remainder by direct computation, 2019):
 * exact for all 32-bit hashes. xmit_hash_magic(n), n 1..BOND_MAX_MEMBERS, is computed by control.
 */
static inline uint64_t
xmit_hash_magic(uint32_t n)
{
	return UINT64_MAX / n + 1; /* 0 for n 1, and then the remainder is 0 */
}

static __rte_always_inline uint32_t
xmit_hash_mod(uint32_t hash, uint64_t magic, uint32_t n)
{
	return (uint32_t)(((unsigned __int128)(magic * hash) * n) >> 64);
}
