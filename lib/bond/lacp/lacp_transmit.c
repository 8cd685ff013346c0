/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The transmit machine (IEEE 802.1AX-2014, 6.4.16): an LACPDU when there is need, but never more
 * than three in any second.
 */
#include "lacp_priv.h"

void
lacp_pdu_of(const struct lacp_port *p, struct lacp_pdu *ret)
{
	*ret = (struct lacp_pdu){.actor = p->actor, .partner = p->partner};
}

uint64_t
lacp_transmit_ns(const struct lacp_port *p)
{
	uint64_t oldest_ns = p->tx_ns[p->tx_oldest];

	if (!p->ntt || !p->enabled || p->periodic == LACP_NO_PERIODIC)
		return LACP_NEVER;
	return oldest_ns != 0 ? oldest_ns + LACP_FAST_PERIODIC_NS : 0;
}

bool
lacp_transmit_step(struct lacp *l, struct lacp_port *p, uint64_t now_ns)
{
	uint8_t frame[LACP_FRAME_BYTES];
	struct lacp_pdu pdu;

	if (!p->lacp_enabled || p->periodic == LACP_NO_PERIODIC)
		p->ntt = false;
	if (now_ns < lacp_transmit_ns(p))
		return false;
	lacp_pdu_of(p, &pdu);
	lacp_pdu_write(frame, &p->source, &pdu);
	l->ops.send(l->ops.ctx, p->port_id, frame);
	p->ntt = false;
	p->tx_ns[p->tx_oldest] = now_ns;
	p->tx_oldest = (p->tx_oldest + 1) % LACP_TX_PER_PERIOD;
	p->counters.tx++;
	return true;
}
