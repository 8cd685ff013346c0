/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens seldom: members that refuse frames, and bonds without any. See xmit.h, split.h. */
#include "split.h"

uint16_t
xmit_keep(struct rte_mbuf **pkts, uint16_t nb_refused, const struct xmit_slice *s)
{
	for (uint16_t i = s->sent; i < s->n; i++)
		pkts[nb_refused++] = s->pkts[i];
	return nb_refused;
}

/* Whether control has published another plan since @plan was loaded. */
static bool
plan_changed(struct bond_direct *d, const struct bond_plan *plan)
{
	return atomic_load_explicit(&d->plan, memory_order_acquire) != plan;
}

uint16_t
xmit_again(
	const struct bond_plan *plan,
	uint16_t port_id,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n
)
{
	uint16_t sent = 0;

	for (uint8_t i = 0; sent < n && i < plan->tx_retries; i++)
		sent = (uint16_t)(sent + rte_eth_tx_burst(port_id, queue, pkts + sent, n - sent));
	return sent;
}

void
xmit_refused(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t port_id,
	uint16_t queue,
	uint16_t n
)
{
	struct bond_txq *q = &d->txq[queue];

	if (plan_changed(d, plan))
		q->plan_changed = true;
	else
		plan_count(&q->member[port_id].full, n);
}

uint16_t
xmit_nobody(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf *const *pkts,
	uint16_t n
)
{
	struct bond_txq *q = &d->txq[queue];

	xmit_look(d, plan, queue, pkts, n);
	if (plan_changed(d, plan))
		q->plan_changed = true;
	else
		plan_count(&q->no_member, n);
	return 0;
}
