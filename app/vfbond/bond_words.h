/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What users are told of the options of a bond, from the table in lib/bond: help texts, rows for
 * the man page, words for completion. Pure; used by the commands and by gen_bond_options.c.
 */
#pragma once

struct text;

/* All options with their values, defaults and conditions, for the console's help. */
void bond_words_help(struct text *ret);

/* The same as rows "NAME | VALUES | HELP", which scripts/gen-man reads. */
void bond_words_rows(struct text *ret);
