/* SPDX-License-Identifier: BSD-3-Clause */
/* See source_keys.h. Used by the terminal. */
#include "source_keys.h"

#include <string.h>

enum { ESCAPE = 0x1b };

/* What terminals send (xterm's ctlseqs, the Linux console, rxvt), and what rdline understands. */
static const struct {
	const char *sent, *typed;
} known[] = {
	{"[A", "\033[A"},     {"OA", "\033[A"},   {"[B", "\033[B"},   {"OB", "\033[B"},
	{"[C", "\033[C"},     {"OC", "\033[C"},   {"[D", "\033[D"},   {"OD", "\033[D"},
	{"[3~", "\033[3~"},   {"[H", "\001"},     {"OH", "\001"},     {"[1~", "\001"},
	{"[7~", "\001"},      {"[F", "\005"},     {"OF", "\005"},     {"[4~", "\005"},
	{"[8~", "\005"},      {"b", "\033b"},     {"f", "\033f"},     {"d", "\033d"},
	{"\177", "\033\177"}, {"[1;5C", "\033f"}, {"[1;5D", "\033b"},
};

static enum keys_result
finish(struct keys *k, const char **ret_seq)
{
	k->state = KEYS_PLAIN;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strlen(known[i].sent) == k->len && memcmp(known[i].sent, k->seq, k->len) == 0) {
			*ret_seq = known[i].typed;
			return KEYS_SEQUENCE;
		}
	}
	return KEYS_HELD;
}

enum keys_result
keys_in(struct keys *k, char c, const char **ret_seq)
{
	if (c == ESCAPE) {
		k->state = KEYS_ESCAPE;
		k->len = 0;
		return KEYS_HELD;
	}
	if (k->state == KEYS_PLAIN)
		return KEYS_BYTE;
	/* Return ends everything: a lone escape must not swallow it. */
	if (c == '\r' || c == '\n') {
		k->state = KEYS_PLAIN;
		return KEYS_BYTE;
	}
	if (k->len < sizeof(k->seq))
		k->seq[k->len] = c;
	k->len++;
	if (k->len > sizeof(k->seq))
		k->len = sizeof(k->seq);
	if (k->state == KEYS_ESCAPE && (c == '[' || c == 'O')) {
		k->state = c == '[' ? KEYS_CSI : KEYS_SS3;
		return KEYS_HELD;
	}
	/* ECMA-48, 5.4: the final byte of a control sequence. */
	if (k->state == KEYS_CSI && ((unsigned char)c < 0x40 || (unsigned char)c > 0x7e))
		return KEYS_HELD;
	return finish(k, ret_seq);
}
