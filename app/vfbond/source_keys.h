/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Escape sequences of a terminal's keys, made fit for rdline: it would take the last byte of a
 * sequence that it does not know (Home, End, F5) for a letter and put it into the line.
 */
#pragma once

#include <stddef.h>

struct keys {
	enum { KEYS_PLAIN, KEYS_ESCAPE, KEYS_CSI, KEYS_SS3 } state;
	char seq[8]; /* after the escape; longer ones are dropped */
	size_t len;
};

enum keys_result {
	KEYS_BYTE,     /* @c is no part of a sequence */
	KEYS_HELD,     /* @c belongs to a sequence: nothing to type yet, or nothing at all */
	KEYS_SEQUENCE, /* type *ret_seq instead */
};

/* Take the next byte of input. */
enum keys_result keys_in(struct keys *k, char c, const char **ret_seq);
