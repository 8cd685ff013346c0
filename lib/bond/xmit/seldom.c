/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens seldom: members that refuse frames, and bonds without any. See xmit.h, split.h. */
#include "split.h"

uint16_t
xmit_join(struct rte_mbuf **pkts, const struct xmit_slice *slices, uint16_t n, uint16_t total)
{
	struct rte_mbuf *refused[XMIT_MAX_BURST];
	uint16_t nb_refused = 0;

	for (uint16_t k = 0; k < n; k++)
		for (uint16_t i = slices[k].sent; i < slices[k].n; i++)
			refused[nb_refused++] = slices[k].pkts[i];
	memcpy(pkts + total - nb_refused, refused, nb_refused * sizeof(refused[0]));
	return (uint16_t)(total - nb_refused);
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
