/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The marker responder (IEEE 802.1AX-2014, 6.5.4.2): whoever asks with a Marker PDU gets it back as
 * a response. A flood of them is answered in part only, so that LACPDUs are not held up.
 */
#include "lacp_priv.h"

void
lacp_marker_receive(struct lacp_port *p, const struct marker_pdu *pdu, uint64_t now_ns)
{
	p->counters.marker_rx++;
	/* We ask nobody, so a response is nothing to us. */
	if (pdu->is_response)
		return;
	if (now_ns - p->marker_since_ns >= LACP_FAST_PERIODIC_NS) {
		p->marker_since_ns = now_ns;
		p->marker_count = 0;
	}
	if (p->marker_waits || p->marker_count >= MARKER_TX_PER_PERIOD) {
		p->counters.marker_limited++;
		return;
	}
	p->marker_count++;
	p->marker_waits = true;
	p->marker = *pdu;
	p->marker.is_response = true;
}

void
lacp_marker_send(struct lacp *l, struct lacp_port *p)
{
	uint8_t frame[LACP_FRAME_BYTES];

	if (!p->marker_waits)
		return;
	p->marker_waits = false;
	if (!p->enabled)
		return;
	marker_pdu_write(frame, &p->source, &p->marker);
	l->ops.send(l->ops.ctx, p->port_id, frame);
	p->counters.marker_tx++;
}
