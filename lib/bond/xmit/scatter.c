/* SPDX-License-Identifier: BSD-3-Clause */
/* A burst whose frames go to different members: sorted by member, sent in one burst for each. */
#include "xmit.h"

#include <string.h>

uint16_t
xmit_scatter(
	struct bond_direct *d,
	const struct bond_plan *plan,
	uint16_t queue,
	struct rte_mbuf **pkts,
	uint16_t n,
	const uint8_t *choice,
	bool final
)
{
	struct rte_mbuf *sorted[XMIT_MAX_BURST];
	uint16_t next[BOND_MAX_MEMBERS], count[BOND_MAX_MEMBERS];
	uint16_t nb_ports = plan->nb_usable;
	uint16_t sent = 0, refused = 0, begin = 0;

	memset(count, 0, nb_ports * sizeof(count[0]));
	for (uint16_t i = 0; i < n; i++)
		count[choice[i]]++;
	for (uint16_t k = 0; k < nb_ports; k++) {
		next[k] = begin;
		begin = (uint16_t)(begin + count[k]);
	}
	for (uint16_t i = 0; i < n; i++)
		sorted[next[choice[i]]++] = pkts[i];
	for (uint16_t k = 0; k < nb_ports; k++) {
		struct rte_mbuf **slice = &sorted[next[k] - count[k]];
		uint16_t took;

		if (count[k] == 0)
			continue;
		took = xmit_offer(d, plan, plan->usable[k], queue, slice, count[k]);
		if (unlikely(took < count[k]) && final)
			xmit_refused(d, plan, plan->usable[k], queue, (uint16_t)(count[k] - took));
		sent = (uint16_t)(sent + took);
		/* Kept in front for the moment: @pkts has been copied, its places are free. */
		for (uint16_t i = took; i < count[k]; i++)
			pkts[refused++] = slice[i];
	}
	if (unlikely(refused != 0))
		memmove(pkts + sent, pkts, refused * sizeof(pkts[0]));
	return sent;
}
