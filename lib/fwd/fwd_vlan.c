/* SPDX-License-Identifier: BSD-3-Clause */
/* See fwd_vlan.h. */
#include "fwd_vlan.h"

#include "fwd_engine.h"

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_mbuf.h>

#include <errno.h>
#include <string.h>

enum { ADDRESSES_BYTES = 2 * RTE_ETHER_ADDR_LEN };

#define STRIPPED (RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ_STRIPPED)

struct tag {
	rte_be16_t tpid;
	rte_be16_t tci;
};
_Static_assert(sizeof(struct tag) == RTE_VLAN_HLEN, "a tag as it is on the wire");

static void
push_tag(struct rte_mbuf *m, uint16_t tpid, uint16_t tci)
{
	struct tag tag = {rte_cpu_to_be_16(tpid), rte_cpu_to_be_16(tci)};
	uint8_t *old = rte_pktmbuf_mtod(m, uint8_t *);
	uint8_t *start = (uint8_t *)rte_pktmbuf_prepend(m, sizeof(tag));

	memmove(start, old, ADDRESSES_BYTES);
	memcpy(start + ADDRESSES_BYTES, &tag, sizeof(tag));
}

static int
put_back(struct rte_mbuf *m)
{
	unsigned nb_tags = __builtin_popcountll(m->ol_flags & STRIPPED);

	if (!RTE_MBUF_DIRECT(m) || rte_mbuf_refcnt_read(m) > 1)
		return -EBUSY;
	if (rte_pktmbuf_data_len(m) < ADDRESSES_BYTES)
		return -EINVAL;
	if (rte_pktmbuf_headroom(m) < nb_tags * sizeof(struct tag))
		return -ENOSPC;
	/* QINQ_STRIPPED without VLAN_STRIPPED: the inner tag never left (rte_mbuf_core.h). */
	if (m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED)
		push_tag(m, RTE_ETHER_TYPE_VLAN, m->vlan_tci);
	if (m->ol_flags & RTE_MBUF_F_RX_QINQ_STRIPPED)
		push_tag(m, RTE_ETHER_TYPE_QINQ, m->vlan_tci_outer);
	m->ol_flags &= ~STRIPPED;
	return 0;
}

uint16_t
fwd_vlan_put_back(struct rte_mbuf **pkts, uint16_t n)
{
	struct rte_mbuf *broken[FWD_MAX_BURST];
	uint16_t nb_whole = 0, nb_broken = 0;

	for (uint16_t i = 0; i < n; i++) {
		if ((pkts[i]->ol_flags & STRIPPED) != 0 && put_back(pkts[i]) < 0)
			broken[nb_broken++] = pkts[i];
		else
			pkts[nb_whole++] = pkts[i];
	}
	for (uint16_t i = 0; i < nb_broken; i++)
		pkts[nb_whole + i] = broken[i];
	return nb_whole;
}
