/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libFuzzer target: arbitrary bytes as a frame, whole and in segments, hashed by every policy. Run
 * by scripts/test.
 */
#include "xmit_hash.h"

#include <rte_common.h>
#include <rte_mbuf.h>

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAX_BYTES = 4096,
	CONTROL_BYTES = 4, /* before the frame: flags, length of the first segment, the tag's TCI */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A segment on the heap, exactly as long as its bytes. */
static void
segment_init(struct rte_mbuf *m, const uint8_t *bytes, size_t len)
{
	*m = (struct rte_mbuf){
		.buf_addr = malloc(len),
		.buf_len = (uint16_t)len,
		.data_len = (uint16_t)len,
		.pkt_len = (uint32_t)len,
		.nb_segs = 1,
	};
	if (m->buf_addr == NULL && len > 0)
		abort();
	if (len > 0)
		memcpy(m->buf_addr, bytes, len);
}

static void
hashes_of(const struct rte_mbuf *m, uint32_t ret[BOND_POLICY_COUNT])
{
	for (int p = 0; p < BOND_POLICY_COUNT; p++) {
		ret[p] = xmit_hash_get((enum bond_policy)p)(m);
		for (uint32_t n = 1; n <= BOND_MAX_MEMBERS; n++) {
			if (xmit_hash_mod(ret[p], xmit_hash_magic(n), n) != ret[p] % n)
				abort();
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t of_whole[BOND_POLICY_COUNT], of_parts[BOND_POLICY_COUNT];
	struct rte_mbuf whole, head, tail;
	const uint8_t *frame;
	size_t len, at;

	if (size < CONTROL_BYTES || size > MAX_BYTES)
		return 0;
	frame = data + CONTROL_BYTES;
	len = size - CONTROL_BYTES;
	at = RTE_MIN((size_t)data[1], len);
	segment_init(&whole, frame, len);
	segment_init(&head, frame, at);
	segment_init(&tail, frame + at, len - at);
	if ((data[0] & 1) != 0)
		whole.ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	whole.vlan_tci = (uint16_t)(data[2] << 8 | data[3]);
	head.ol_flags = whole.ol_flags;
	head.vlan_tci = whole.vlan_tci;
	head.next = &tail;
	head.nb_segs = 2;
	head.pkt_len = (uint32_t)len;

	hashes_of(&whole, of_whole);
	hashes_of(&head, of_parts);
	if (memcmp(of_whole, of_parts, sizeof(of_whole)) != 0)
		abort();
	free(whole.buf_addr);
	free(head.buf_addr);
	free(tail.buf_addr);
	return 0;
}
