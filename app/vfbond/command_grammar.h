/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A row's grammar read word by word (struct command says what it may hold). Used by matching,
 * completion and help, so that all three mean the same.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What a token may be in one place of a grammar; a higher kind is the better fit. */
enum word_kind {
	WORD_ANY,     /* <NAME>, <PORT|all>: any token */
	WORD_CHOICE,  /* <on|off>: an argument that is one of these */
	WORD_LITERAL, /* add, bonding|bonded: not an argument */
};

struct word {
	enum word_kind kind;
	bool optional;
	bool rest;       /* takes this token and all that follow */
	const char *alt; /* the alternatives, without brackets, separated by | */
	size_t alt_len;
	const char *shown; /* as users read it: <NAME>, but a choice without its brackets */
	size_t shown_len;
};

/* Read the word at *@at and move behind it. False at the end. */
bool word_next(const char **at, struct word *ret);

/* Whether @token may stand for @w. */
bool word_fits(const struct word *w, const char *token);

/* The alternatives one by one, from @pos = 0. False after the last. */
bool word_alternative(const struct word *w, size_t *pos, const char **ret, size_t *ret_len);
