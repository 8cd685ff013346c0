/* SPDX-License-Identifier: BSD-3-Clause */
/* What is seldom needed of a burst whose frames went to different members. See split.h. */
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
