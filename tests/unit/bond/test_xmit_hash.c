/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The transmit hashes against Linux: golden/xmit_hash.txt holds frames and the member by which a
 * Linux bond sent each of them (tests/lab/golden_xmit_hash.sh makes it). The only argument is that
 * file.
 */
#include "dissect.h"
#include "xmit_hash.h"

#include <rte_common.h>
#include <rte_mbuf.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

enum {
	NB_POLICIES = BOND_POLICY_RSS, /* those of Linux */
	NB_COUNTS = 3,
	MAX_FRAMES = 32768,
	MAX_FRAME_BYTES = 2048,
	SPLIT_SAMPLE = 5, /* every fifth frame is split at each position */
};

static const uint32_t member_counts[NB_COUNTS] = {2, 3, 5};

struct frame {
	uint8_t *bytes; /* on the heap, exactly as long */
	uint16_t len;
	uint8_t member[NB_POLICIES][NB_COUNTS];
};

struct golden {
	const char *path;
	struct frame *frames;
	size_t nb_frames;
};

/* A segment over exactly these bytes, which are copied to a heap block of their own. */
static struct rte_mbuf
segment_of(const uint8_t *bytes, uint16_t len)
{
	struct rte_mbuf m = {
		.buf_addr = malloc(len == 0 ? 1 : len),
		.buf_len = len,
		.data_len = len,
		.pkt_len = len,
		.nb_segs = 1,
	};

	assert_non_null(m.buf_addr);
	if (len == 0) {
		/* Not a byte may be read: an address that no byte is at. */
		free(m.buf_addr);
		m.buf_addr = NULL;
	} else {
		memcpy(m.buf_addr, bytes, len);
	}
	return m;
}

static void
segment_free(struct rte_mbuf *m)
{
	free(m->buf_addr);
	m->buf_addr = NULL;
}

/* Join two segments; neither is freed by it. */
static void
chain(struct rte_mbuf *head, struct rte_mbuf *tail)
{
	head->next = tail;
	head->nb_segs = (uint16_t)(1 + tail->nb_segs);
	head->pkt_len += tail->pkt_len;
}

static void
hashes_of(const struct rte_mbuf *m, uint32_t ret[NB_POLICIES])
{
	for (int p = 0; p < NB_POLICIES; p++)
		ret[p] = xmit_hash_get((enum bond_policy)p)(m);
}

static void
assert_same_hashes(const uint32_t a[NB_POLICIES], const uint32_t b[NB_POLICIES], const char *what)
{
	for (int p = 0; p < NB_POLICIES; p++) {
		if (a[p] != b[p])
			fail_msg("%s, policy %d: %#x, %#x", what, p, a[p], b[p]);
	}
}

/* --- reading the golden file ------------------------------------------------------------------ */

static int
hex_digit(char c)
{
	return c >= 'a' ? c - 'a' + 10 : c - '0';
}

/* "010 101 ...", then the frame in hex. */
static void
parse_line(struct frame *f, const char *line)
{
	const char *hex = line + NB_POLICIES * (NB_COUNTS + 1);
	size_t len = strcspn(hex, "\n") / 2;

	assert_in_range(len, 14, MAX_FRAME_BYTES);
	for (int p = 0; p < NB_POLICIES; p++) {
		for (int c = 0; c < NB_COUNTS; c++) {
			f->member[p][c] = (uint8_t)(line[p * (NB_COUNTS + 1) + c] - '0');
			assert_in_range(f->member[p][c], 0, member_counts[c] - 1);
		}
	}
	f->len = (uint16_t)len;
	f->bytes = malloc(len);
	assert_non_null(f->bytes);
	for (size_t i = 0; i < len; i++)
		f->bytes[i] = (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
}

static int
golden_load(void **state)
{
	struct golden *g = *state;
	FILE *file = fopen(g->path, "r");
	char *line = NULL;
	size_t size = 0;

	if (file == NULL) {
		print_error("%s: %s\n", g->path, strerror(errno));
		return -1;
	}
	g->frames = calloc(MAX_FRAMES, sizeof(*g->frames));
	assert_non_null(g->frames);
	while (getline(&line, &size, file) > 0) {
		if (line[0] == '#')
			continue;
		assert_in_range(g->nb_frames, 0, MAX_FRAMES - 1);
		parse_line(&g->frames[g->nb_frames++], line);
	}
	free(line);
	fclose(file);
	return 0;
}

static int
golden_unload(void **state)
{
	struct golden *g = *state;

	for (size_t i = 0; i < g->nb_frames; i++)
		free(g->frames[i].bytes);
	free(g->frames);
	return 0;
}

/* --- agreement with Linux --------------------------------------------------------------------- */

static char *
hex_of(const struct frame *f)
{
	static char text[2 * MAX_FRAME_BYTES + 1];

	for (uint16_t i = 0; i < f->len; i++)
		snprintf(text + 2 * i, 3, "%02x", f->bytes[i]);
	return text;
}

/* Whether all members are Linux's; tells of the first few that are not. */
static unsigned
count_wrong(const struct rte_mbuf *m, const struct frame *f)
{
	uint32_t hashes[NB_POLICIES];
	unsigned wrong = 0;

	hashes_of(m, hashes);
	for (int p = 0; p < NB_POLICIES; p++) {
		for (int c = 0; c < NB_COUNTS; c++) {
			uint32_t n = member_counts[c];
			uint32_t member = xmit_hash_mod(hashes[p], xmit_hash_magic(n), n);

			if (member == f->member[p][c])
				continue;
			wrong++;
			print_error(
				"policy %d, %u members: %u, Linux: %u: %s\n",
				p,
				n,
				member,
				f->member[p][c],
				hex_of(f)
			);
		}
	}
	return wrong;
}

static void
agrees_with_linux(void **state)
{
	const struct golden *g = *state;
	unsigned wrong = 0;

	assert_true(g->nb_frames >= 1000);
	for (size_t i = 0; i < g->nb_frames; i++) {
		struct rte_mbuf m = segment_of(g->frames[i].bytes, g->frames[i].len);

		wrong += count_wrong(&m, &g->frames[i]);
		segment_free(&m);
	}
	assert_int_equal(wrong, 0);
}

static bool
is_tagged(const struct frame *f)
{
	return (f->bytes[12] == 0x81 && f->bytes[13] == 0x00) ||
	       (f->bytes[12] == 0x88 && f->bytes[13] == 0xa8);
}

/*
 * The outermost tag, of type 0x8100 as the mbuf holds no type, out of the frame and into the mbuf,
 * as a NIC strips or inserts it.
 */
static struct rte_mbuf
stripped(const struct frame *f, uint64_t flag)
{
	uint8_t bytes[MAX_FRAME_BYTES];
	struct rte_mbuf m;

	memcpy(bytes, f->bytes, 12);
	memcpy(bytes + 12, f->bytes + 16, f->len - 16u);
	m = segment_of(bytes, (uint16_t)(f->len - 4));
	m.ol_flags = flag;
	m.vlan_tci = (uint16_t)(f->bytes[14] << 8 | f->bytes[15]);
	return m;
}

static void
agrees_with_the_tag_in_the_mbuf(void **state)
{
	const uint64_t rx = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	const struct golden *g = *state;
	unsigned wrong = 0, seen = 0;

	for (size_t i = 0; i < g->nb_frames; i++) {
		const struct frame *f = &g->frames[i];
		struct rte_mbuf m;

		if (!is_tagged(f) || f->bytes[12] != 0x81)
			continue;
		m = stripped(f, seen++ % 2 == 0 ? rx : RTE_MBUF_F_TX_VLAN);
		wrong += count_wrong(&m, f);
		segment_free(&m);
	}
	assert_true(seen >= 100);
	assert_int_equal(wrong, 0);
}

/* A NIC that saw the tag and left it in the frame. */
static void
a_tag_seen_but_not_stripped_counts_once(void **state)
{
	const struct golden *g = *state;
	unsigned wrong = 0;

	for (size_t i = 0; i < g->nb_frames; i++) {
		const struct frame *f = &g->frames[i];
		struct rte_mbuf m;

		if (!is_tagged(f))
			continue;
		m = segment_of(f->bytes, f->len);
		m.ol_flags = RTE_MBUF_F_RX_VLAN;
		m.vlan_tci = (uint16_t)(f->bytes[14] << 8 | f->bytes[15]);
		wrong += count_wrong(&m, f);
		segment_free(&m);
	}
	assert_int_equal(wrong, 0);
}

/* --- nothing outside of the frame ------------------------------------------------------------- */

/* The sanitizer watches; and what is cut off makes no difference when it is in no segment. */
static void
reads_nothing_outside_of_any_prefix(void **state)
{
	const struct golden *g = *state;

	for (size_t i = 0; i < g->nb_frames; i++) {
		const struct frame *f = &g->frames[i];

		for (uint16_t len = 0; len <= f->len; len++) {
			struct rte_mbuf cut = segment_of(f->bytes, len);
			struct rte_mbuf part = segment_of(f->bytes, f->len);
			uint32_t of_cut[NB_POLICIES], of_part[NB_POLICIES];

			part.data_len = len;
			part.pkt_len = len;
			hashes_of(&cut, of_cut);
			hashes_of(&part, of_part);
			assert_same_hashes(of_cut, of_part, hex_of(f));
			segment_free(&cut);
			segment_free(&part);
		}
	}
}

static void
segments_make_no_difference(void **state)
{
	const struct golden *g = *state;

	for (size_t i = 0; i < g->nb_frames; i += SPLIT_SAMPLE) {
		const struct frame *f = &g->frames[i];
		struct rte_mbuf whole = segment_of(f->bytes, f->len);
		uint32_t of_whole[NB_POLICIES], of_parts[NB_POLICIES];

		hashes_of(&whole, of_whole);
		segment_free(&whole);
		for (uint16_t at = 0; at <= f->len; at++) {
			struct rte_mbuf head = segment_of(f->bytes, at);
			struct rte_mbuf tail = segment_of(f->bytes + at, (uint16_t)(f->len - at));

			chain(&head, &tail);
			hashes_of(&head, of_parts);
			assert_same_hashes(of_whole, of_parts, hex_of(f));
			segment_free(&head);
			segment_free(&tail);
		}
	}
}

static void
a_segment_for_each_byte_makes_no_difference(void **state)
{
	const struct golden *g = *state;
	struct rte_mbuf *parts = calloc(MAX_FRAME_BYTES, sizeof(*parts));

	assert_non_null(parts);
	for (size_t i = 0; i < g->nb_frames; i += SPLIT_SAMPLE) {
		const struct frame *f = &g->frames[i];
		struct rte_mbuf whole = segment_of(f->bytes, f->len);
		uint32_t of_whole[NB_POLICIES], of_parts[NB_POLICIES];

		hashes_of(&whole, of_whole);
		segment_free(&whole);
		for (int at = f->len - 1; at >= 0; at--) {
			parts[at] = segment_of(f->bytes + at, 1);
			if (at + 1 < f->len)
				chain(&parts[at], &parts[at + 1]);
		}
		hashes_of(&parts[0], of_parts);
		assert_same_hashes(of_whole, of_parts, hex_of(f));
		for (uint16_t at = 0; at < f->len; at++)
			segment_free(&parts[at]);
	}
	free(parts);
}

static void
less_than_an_ethernet_header_is_0(void **state)
{
	const struct golden *g = *state;

	for (uint16_t len = 0; len < 14; len++) {
		struct rte_mbuf m = segment_of(g->frames[0].bytes, len);

		for (int p = 0; p < BOND_POLICY_COUNT; p++)
			assert_int_equal(xmit_hash_get((enum bond_policy)p)(&m), 0);
		segment_free(&m);
	}
}

/* --- what Linux does not have ----------------------------------------------------------------- */

static void
rss_takes_the_hash_of_the_nic(void **state)
{
	const struct golden *g = *state;
	struct rte_mbuf m = segment_of(g->frames[0].bytes, g->frames[0].len);

	m.hash.rss = 0xdeadbeef;
	assert_int_equal(xmit_hash_get(BOND_POLICY_RSS)(&m), xmit_hash_get(BOND_POLICY_L34)(&m));
	m.ol_flags = RTE_MBUF_F_RX_RSS_HASH;
	assert_int_equal(xmit_hash_get(BOND_POLICY_RSS)(&m), 0xdeadbeef);
	segment_free(&m);
}

/* The remainder without division is the remainder: at edges, and at random. */
static void
mod_is_the_remainder(void **state)
{
	static const uint32_t edges[] = {
		0, 1, 2, 0x7fffffff, 0x80000000, UINT32_MAX - 1, UINT32_MAX};
	uint64_t random = 88172645463325252;

	(void)state;
	for (uint32_t n = 1; n <= BOND_MAX_MEMBERS; n++) {
		uint64_t magic = xmit_hash_magic(n);

		for (size_t i = 0; i < RTE_DIM(edges); i++)
			assert_int_equal(xmit_hash_mod(edges[i], magic, n), edges[i] % n);
		for (uint32_t i = 0; i < 4 * n; i++) {
			uint32_t near = UINT32_MAX / n * n - 2 * n + i; /* around a multiple */

			assert_int_equal(xmit_hash_mod(near, magic, n), near % n);
			assert_int_equal(xmit_hash_mod(i, magic, n), i % n);
		}
		for (int i = 0; i < 100000; i++) {
			/* xorshift64 */
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			assert_int_equal(
				xmit_hash_mod((uint32_t)random, magic, n), (uint32_t)random % n
			);
		}
	}
}

/* --- the type behind tags --------------------------------------------------------------------- */

static const uint8_t three_tags[] = {
	2,    0,    0,    0,    0,    1,    2,    0,    0,    0,    0,    2,    0x88,
	0xa8, 0x20, 0x0a, 0x81, 0x00, 0x00, 0x14, 0x81, 0x00, 0x00, 0x1e, 0x08, 0x00,
};

static void
assert_l3(
	const struct rte_mbuf *m,
	unsigned max_tags,
	uint16_t ether_type,
	uint16_t offset_bytes,
	uint8_t nb_tags,
	uint16_t tci
)
{
	struct dissect_l3 l3 = {0};

	assert_true(dissect_l3(m, max_tags, &l3));
	assert_int_equal(rte_be_to_cpu_16(l3.ether_type), ether_type);
	assert_int_equal(l3.offset_bytes, offset_bytes);
	assert_int_equal(l3.nb_tags, nb_tags);
	assert_int_equal(l3.tci, tci);
}

static void
finds_the_type_behind_tags(void **state)
{
	struct rte_mbuf m = segment_of(three_tags, sizeof(three_tags));

	(void)state;
	assert_l3(&m, 0, 0x88a8, 14, 0, 0);
	assert_l3(&m, 1, 0x8100, 18, 1, 0x200a);
	assert_l3(&m, 2, 0x8100, 22, 2, 0x200a);
	assert_l3(&m, DISSECT_MAX_TAGS, 0x0800, 26, 3, 0x200a);

	/* The tag in the mbuf is the outermost of four. */
	m.ol_flags = RTE_MBUF_F_TX_VLAN;
	m.vlan_tci = 5;
	assert_l3(&m, 1, 0x88a8, 14, 1, 5);
	assert_l3(&m, 2, 0x8100, 18, 2, 5);
	assert_l3(&m, DISSECT_MAX_TAGS, 0x0800, 26, 4, 5);
	segment_free(&m);
}

static void
a_tag_that_is_cut_off_stays(void **state)
{
	struct dissect_l3 l3 = {.nb_tags = 77};
	struct rte_mbuf m;

	(void)state;
	for (uint16_t len = 14; len < sizeof(three_tags); len++) {
		uint8_t whole = (uint8_t)((len - 14) / 4);

		m = segment_of(three_tags, len);
		assert_l3(
			&m,
			DISSECT_MAX_TAGS,
			whole == 0 ? 0x88a8 : 0x8100,
			(uint16_t)(14 + 4 * whole),
			whole,
			whole == 0 ? 0 : 0x200a
		);
		segment_free(&m);
	}
	m = segment_of(three_tags, 13);
	assert_false(dissect_l3(&m, 1, &l3));
	assert_int_equal(l3.nb_tags, 77);
	segment_free(&m);
}

int
main(int argc, char **argv)
{
	struct golden golden = {.path = argc > 1 ? argv[1] : ""};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(agrees_with_linux, &golden),
		cmocka_unit_test_prestate(agrees_with_the_tag_in_the_mbuf, &golden),
		cmocka_unit_test_prestate(a_tag_seen_but_not_stripped_counts_once, &golden),
		cmocka_unit_test_prestate(reads_nothing_outside_of_any_prefix, &golden),
		cmocka_unit_test_prestate(segments_make_no_difference, &golden),
		cmocka_unit_test_prestate(a_segment_for_each_byte_makes_no_difference, &golden),
		cmocka_unit_test_prestate(less_than_an_ethernet_header_is_0, &golden),
		cmocka_unit_test_prestate(rss_takes_the_hash_of_the_nic, &golden),
		cmocka_unit_test(mod_is_the_remainder),
		cmocka_unit_test(finds_the_type_behind_tags),
		cmocka_unit_test(a_tag_that_is_cut_off_stays),
	};
	void *state = &golden;

	if (golden_load(&state) != 0)
		return EXIT_FAILURE;
	argc = cmocka_run_group_tests_name("xmit_hash", tests, NULL, NULL);
	golden_unload(&state);
	return argc;
}
