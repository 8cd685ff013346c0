/* SPDX-License-Identifier: BSD-3-Clause */
/* The receive and transmit functions of an ordinary port. Used by whoever fills a fwd_port_io. */
#include "fwd_io.h"

#include <rte_ethdev.h>

static uint16_t
plain_rx(const struct fwd_io *io, uint16_t queue, struct rte_mbuf **pkts, uint16_t n)
{
	return rte_eth_rx_burst(io->port_id, queue, pkts, n);
}

static uint16_t
plain_tx(const struct fwd_io *io, uint16_t queue, struct rte_mbuf **pkts, uint16_t n)
{
	return rte_eth_tx_burst(io->port_id, queue, pkts, n);
}

struct fwd_io
fwd_io_plain(uint16_t port_id)
{
	return (struct fwd_io){.port_id = port_id, .rx = plain_rx, .tx = plain_tx};
}

struct fwd_io
fwd_io_plain_untag(uint16_t port_id)
{
	struct fwd_io io = fwd_io_plain(port_id);

	io.strips_tags = true;
	return io;
}
