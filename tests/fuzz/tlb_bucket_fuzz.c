/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libFuzzer target: the bucket of a frame, whole and cut into two segments, which must not differ.
 * The first two bytes say where it is cut and whether its tag is in the mbuf. Run by scripts/test.
 */
#include "tlb.h"

#include <rte_mbuf.h>

#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 2048 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fill(struct rte_mbuf *m, const uint8_t *bytes, size_t len)
{
	*m = (struct rte_mbuf){.nb_segs = 1};
	m->buf_addr = malloc(len != 0 ? len : 1);
	if (m->buf_addr == NULL)
		abort();
	memcpy(m->buf_addr, bytes, len);
	m->buf_len = m->data_len = (uint16_t)len;
	m->pkt_len = (uint32_t)len;
}

static uint32_t
policy_hash(const struct rte_mbuf *m)
{
	return xmit_hash_get(BOND_POLICY_ENCAP34)(m);
}

static uint16_t
check_bucket(uint16_t bucket)
{
	if (bucket >= TLB_BUCKETS && bucket != TLB_ACTIVE && bucket != TLB_ARP)
		abort();
	return bucket;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rte_mbuf whole, first, second;
	size_t cut;

	if (size < 2 || size > MAX_BYTES)
		return 0;
	cut = data[0] % (size - 1);
	fill(&whole, data + 2, size - 2);
	fill(&first, data + 2, cut);
	fill(&second, data + 2 + cut, size - 2 - cut);
	first.next = &second;
	first.nb_segs = 2;
	first.pkt_len = whole.pkt_len;
	whole.ol_flags = first.ol_flags = (data[1] & 1) != 0 ? RTE_MBUF_F_RX_VLAN_STRIPPED : 0;
	for (int is_alb = 0; is_alb < 2; is_alb++)
		if (check_bucket(tlb_bucket(&whole, policy_hash, is_alb != 0)) !=
		    tlb_bucket(&first, policy_hash, is_alb != 0))
			abort();
	if (tlb_is_balanced(&whole) != (tlb_bucket(&whole, policy_hash, false) < TLB_BUCKETS))
		abort();
	free(whole.buf_addr);
	free(first.buf_addr);
	free(second.buf_addr);
	return 0;
}
