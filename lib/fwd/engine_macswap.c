/* SPDX-License-Identifier: BSD-3-Clause */
/* The macswap engine: source and destination address change places. */
#include "engines.h"
#include "fwd_stream.h"

#include <rte_ether.h>

static uint16_t
run_macswap(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t n = fwd_receive(s, pkts);
	uint16_t nb_good = 0;

	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];
		struct rte_ether_hdr *eth;
		struct rte_ether_addr dst;

		fwd_prefetch_ahead(pkts, i, n);
		if (unlikely(rte_pktmbuf_data_len(m) < RTE_ETHER_HDR_LEN)) {
			fwd_drop(s, &m, 1, FWD_DROP_BAD);
			continue;
		}
		eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
		dst = eth->dst_addr;
		eth->dst_addr = eth->src_addr;
		eth->src_addr = dst;
		pkts[nb_good++] = m;
	}
	if (nb_good != 0)
		fwd_transmit(s, pkts, nb_good);
	return n;
}

const struct fwd_engine fwd_engine_macswap = {
	.name = "macswap",
	.run = run_macswap,
	.needs_tx_peer = true,
};
