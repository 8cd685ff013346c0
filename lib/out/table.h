/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A table that is filled once and rendered as text or as JSON, so that both always say the same.
 * Everything that prints a listing uses it.
 */
#pragma once

#include "text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table; /* opaque */

enum table_align { TABLE_LEFT, TABLE_RIGHT };

/* The table keeps the strings' addresses, not copies. */
struct table_column {
	const char *header; /* of the text; without any header there is no header line */
	const char *key;    /* of the JSON objects; NULL: in the text only */
	enum table_align align;
	bool thousands; /* text: 1,234,567 */
};

/* A table without rows. @columns is copied. */
int table_new(struct table **ret, const struct table_column *columns, size_t nb_columns);
struct table *table_free(struct table *t); /* NULL is fine; returns NULL */

/*
 * Begin a row; its cells are unset ("-" in text, null in JSON) until one of the functions below
 * sets them. A lack of memory is remembered and reported by the rendering functions.
 */
void table_row(struct table *t);
/* Cells of the last row. A column outside the table is a mistake of the caller and is ignored. */
void table_set(struct table *t, size_t column, const char *s);
void table_printf(struct table *t, size_t column, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void table_set_u64(struct table *t, size_t column, uint64_t v);
void table_set_i64(struct table *t, size_t column, int64_t v);

/* Append to @ret: columns two spaces apart, no trailing blanks. 0 or -ENOMEM. */
int table_text(const struct table *t, struct text *ret);

/*
 * An array with an object per row; the caller owns it. Numbers are integers, but real from 2^63
 * on, which JSON integers of jansson don't reach. 0 or -ENOMEM; -EINVAL: a string is not UTF-8.
 */
int table_json(const struct table *t, json_t **ret);
