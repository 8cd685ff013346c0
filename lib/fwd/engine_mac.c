/* SPDX-License-Identifier: BSD-3-Clause */
/* The mac engine: destination becomes the peer's address, source that of the sending port. */
#include "engines.h"
#include "fwd_stream.h"

#include <rte_ether.h>

#include <string.h>

static uint16_t
run_mac(struct fwd_stream *s)
{
	const struct {
		struct rte_ether_addr dst, src;
	} addresses = {s->peer_mac, s->tx_mac};
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t n = fwd_receive(s, pkts);
	uint16_t nb_good = 0;

	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];

		fwd_prefetch_ahead(pkts, i, n);
		if (unlikely(rte_pktmbuf_data_len(m) < RTE_ETHER_HDR_LEN)) {
			fwd_drop(s, &m, 1, FWD_DROP_BAD);
			continue;
		}
		memcpy(rte_pktmbuf_mtod(m, void *), &addresses, sizeof(addresses));
		pkts[nb_good++] = m;
	}
	if (nb_good != 0)
		fwd_transmit(s, pkts, nb_good);
	return n;
}

const struct fwd_engine fwd_engine_mac = {.name = "mac", .run = run_mac, .needs_tx_peer = true};
