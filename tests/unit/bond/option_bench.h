/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The settings of one bond, set option by option with the bond in one state or another, and read
 * back. For the tests of lib/bond's options.
 */
#pragma once

#include "option.h"
#include "reason.h"
#include "text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

static struct bond_settings s;
static struct reason why;

static inline int
parse(const char *line)
{
	memset(&why, 0, sizeof(why));
	return bond_settings_parse_line(&s, line, &why);
}

static inline bool
is_p0_or_p1(void *ctx, const char *word)
{
	(void)ctx;
	return strcmp(word, "p0") == 0 || strcmp(word, "p1") == 0;
}

/* A bond that is down and has no members. */
static const struct bond_option_state empty_and_down = {.is_member = NULL};
/* One with two members, started. */
static const struct bond_option_state in_use = {
	.up = true,
	.nb_members = 2,
	.is_member = is_p0_or_p1,
};

static inline int
set(const struct bond_option_state *state, const char *option, const char *value)
{
	memset(&why, 0, sizeof(why));
	return bond_option_set(&s, state, option, value, &why);
}

/* What `show` says of an option, in a buffer that the next call reuses. */
static inline const char *
shown(const char *option)
{
	static char buf[4096];
	const struct bond_option *o = bond_option_find(option);
	struct text t = TEXT_EMPTY;

	assert_non_null(o);
	o->show(o, &s, &t);
	snprintf(buf, sizeof(buf), "%s", text_str(&t));
	text_fini(&t);
	return buf;
}
