/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hashes of eight frames at a time are those of one at a time: millions of random frames, most
 * of them common and some changed in one byte. Skipped where the CPU has no AVX2.
 */
#include "tlb.h"
#include "xmit_hash.h"
#include "xmit_hash_avx2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

#ifdef RTE_ARCH_X86_64

enum { FRAMES = 8, BYTES = 64, ROUNDS = 300000 };

typedef bool (*eight_fn)(struct rte_mbuf *const *m, uint32_t *ret);

#define EIGHT(name, function, policy)                                        \
	static XMIT_AVX2 bool name(struct rte_mbuf *const *m, uint32_t *ret) \
	{                                                                    \
		return function(policy, m, ret);                             \
	}

EIGHT(l2_bits, xmit_hash_bits8, BOND_POLICY_L2)
EIGHT(l34_bits, xmit_hash_bits8, BOND_POLICY_L34)
EIGHT(l23_bits, xmit_hash_bits8, BOND_POLICY_L23)
EIGHT(encap23_bits, xmit_hash_bits8, BOND_POLICY_ENCAP23)
EIGHT(encap34_bits, xmit_hash_bits8, BOND_POLICY_ENCAP34)
EIGHT(vlan_srcmac_bits, xmit_hash_bits8, BOND_POLICY_VLAN_SRCMAC)
EIGHT(l34, xmit_hash8, BOND_POLICY_L34)
EIGHT(l23, xmit_hash8, BOND_POLICY_L23)
EIGHT(encap23, xmit_hash8, BOND_POLICY_ENCAP23)
EIGHT(encap34, xmit_hash8, BOND_POLICY_ENCAP34)

static const struct {
	enum bond_policy policy;
	eight_fn bits, whole; /* of the hashes; whole may be NULL */
} policies[] = {
	{BOND_POLICY_L2, l2_bits, NULL},
	{BOND_POLICY_L34, l34_bits, l34},
	{BOND_POLICY_L23, l23_bits, l23},
	{BOND_POLICY_ENCAP23, encap23_bits, encap23},
	{BOND_POLICY_ENCAP34, encap34_bits, encap34},
	{BOND_POLICY_VLAN_SRCMAC, vlan_srcmac_bits, NULL},
};

static XMIT_AVX2 bool
destinations(struct rte_mbuf *const *m, uint32_t *ret)
{
	__m256i hashes;

	if (!xmit_destinations8(m, &hashes))
		return false;
	_mm256_storeu_si256((void *)ret, hashes);
	return true;
}

static uint64_t random_state = 1;

/* Marsaglia's xorshift64. */
static uint32_t
random_word(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32);
}

/* A frame on the heap, exactly as long as its bytes, so that a sanitizer sees a look behind it. */
static struct rte_mbuf *
frame_new(size_t len)
{
	struct rte_mbuf *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->buf_addr = malloc(len);
	assert_non_null(m->buf_addr);
	m->buf_len = m->data_len = (uint16_t)len;
	m->pkt_len = (uint32_t)len;
	m->nb_segs = 1;
	return m;
}

static void
fill_common(struct rte_mbuf *m)
{
	uint8_t *bytes = m->buf_addr, whole[BYTES];

	for (unsigned i = 0; i < BYTES; i += 4) {
		uint32_t word = random_word();

		memcpy(whole + i, &word, sizeof(word));
	}
	whole[0] &= 0xfe;
	whole[12] = 0x08;
	whole[13] = 0x00;
	whole[14] = 0x45;
	/* "Don't fragment" is no fragment. */
	whole[20] &= 0x40;
	whole[21] = 0;
	whole[23] = (whole[22] & 1) != 0 ? IPPROTO_TCP : IPPROTO_UDP;
	memcpy(bytes, whole, m->data_len);
	m->ol_flags = 0;
	m->vlan_tci = (uint16_t)random_word();
}

/* What makes a frame uncommon, and what does not, at the places that decide. */
static void
change(struct rte_mbuf *m)
{
	static const uint8_t places[] = {0, 12, 13, 14, 15, 20, 21, 23, 30};
	static const uint8_t types[][2] = {{0x81, 0}, {0x88, 0xa8}, {0x86, 0xdd}, {0x08, 0x06}};
	uint8_t *bytes = m->buf_addr;
	uint32_t how = random_word();

	if (how % 4 == 0)
		m->ol_flags = (how & 8) != 0 ? RTE_MBUF_F_TX_VLAN
		                             : RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	else if (how % 4 == 1)
		memcpy(bytes + 12, types[how >> 2 & 3], 2);
	else if (how % 4 == 2)
		bytes[23] = IPPROTO_IGMP;
	else if ((how & 4) != 0)
		memset(bytes + 30, 0xff, 4);
	else
		bytes[places[(how >> 8) % sizeof(places)]] = (uint8_t)(how >> 16);
}

static unsigned
differences(struct rte_mbuf *const *m, bool common, bool long_enough)
{
	unsigned differ = 0;

	for (unsigned p = 0; p < RTE_DIM(policies); p++) {
		xmit_hash_fn hash = xmit_hash_get(policies[p].policy);
		uint32_t bits, whole[FRAMES];
		bool known = policies[p].bits(m, &bits);

		/* Nothing would be gained if it left all to the other. */
		differ += common && long_enough && !known;
		for (unsigned i = 0; known && i < FRAMES; i++)
			differ += (bits >> i & 1) != (hash(m[i]) & 1);
		if (policies[p].whole == NULL)
			continue;
		known = policies[p].whole(m, whole);
		differ += common && long_enough && !known;
		for (unsigned i = 0; known && i < FRAMES; i++)
			differ += whole[i] != hash(m[i]) || (XMIT_FRAME(m[i])[0] & 1) != 0;
	}
	return differ;
}

/* The same of mode 6's buckets: what it knows is nothing that tlb_bucket() leaves to others. */
static unsigned
bucket_differences(struct rte_mbuf *const *m, bool common, bool long_enough)
{
	xmit_hash_fn hash = xmit_hash_get(BOND_POLICY_L2);
	uint32_t of[FRAMES];
	bool known = destinations(m, of);
	unsigned differ = common && long_enough && !known;

	for (unsigned i = 0; known && i < FRAMES; i++)
		differ += of[i] % TLB_BUCKETS != tlb_bucket(m[i], hash, true);
	return differ;
}

static void
eight_are_as_one(void **state)
{
	struct rte_mbuf *m[FRAMES];

	(void)state;
	for (unsigned i = 0; i < FRAMES; i++)
		m[i] = frame_new(BYTES);
	for (unsigned round = 0; round < ROUNDS; round++) {
		bool common = round % 2 == 0;

		for (unsigned i = 0; i < FRAMES; i++)
			fill_common(m[i]);
		if (!common)
			change(m[random_word() % FRAMES]);
		assert_int_equal(differences(m, common, true), 0);
		assert_int_equal(bucket_differences(m, common, true), 0);
	}
	for (unsigned i = 0; i < FRAMES; i++) {
		free(m[i]->buf_addr);
		free(m[i]);
	}
}

/* One frame of each length among seven whole ones. */
static void
short_frames_are_not_read_behind(void **state)
{
	struct rte_mbuf *m[FRAMES];

	(void)state;
	for (size_t len = RTE_ETHER_HDR_LEN; len < BYTES; len++)
		for (unsigned place = 0; place < FRAMES; place++) {
			for (unsigned i = 0; i < FRAMES; i++) {
				m[i] = frame_new(i == place ? len : BYTES);
				fill_common(m[i]);
			}
			assert_int_equal(differences(m, true, len >= XMIT_AVX2_FLOW_BYTES), 0);
			assert_int_equal(bucket_differences(m, true, len >= COMMON_PORTS), 0);
			for (unsigned i = 0; i < FRAMES; i++) {
				free(m[i]->buf_addr);
				free(m[i]);
			}
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eight_are_as_one),
		cmocka_unit_test(short_frames_are_not_read_behind),
	};

	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2")) {
		print_message("1..0 # SKIP this CPU has no AVX2\n");
		return 0;
	}
	return cmocka_run_group_tests_name("xmit_hash_avx2", tests, NULL, NULL);
}

#else

int
main(void)
{
	print_message("1..0 # SKIP AVX2 is x86's\n");
	return 0;
}

#endif
