/* SPDX-License-Identifier: BSD-3-Clause */
/* See table.h. */
#include "table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum cell_kind { CELL_UNSET, CELL_STRING, CELL_U64, CELL_I64 };

struct cell {
	enum cell_kind kind;
	union {
		char *s;
		uint64_t u64;
		int64_t i64;
	};
};

struct table {
	size_t nb_columns, nb_rows, cap_rows;
	struct cell *cells; /* row by row */
	bool no_mem;
	struct table_column columns[];
};

/* A number with its sign and separators. */
enum { NUMBER_BYTES = 32 };

int
table_new(struct table **ret, const struct table_column *columns, size_t nb_columns)
{
	struct table *t = calloc(1, sizeof(*t) + nb_columns * sizeof(t->columns[0]));

	if (t == NULL)
		return -ENOMEM;
	t->nb_columns = nb_columns;
	memcpy(t->columns, columns, nb_columns * sizeof(t->columns[0]));
	*ret = t;
	return 0;
}

struct table *
table_free(struct table *t)
{
	if (t == NULL)
		return NULL;
	for (size_t i = 0; i < t->nb_rows * t->nb_columns; i++)
		if (t->cells[i].kind == CELL_STRING)
			free(t->cells[i].s);
	free(t->cells);
	free(t);
	return NULL;
}

void
table_row(struct table *t)
{
	size_t row_bytes = t->nb_columns * sizeof(*t->cells);

	if (t->nb_rows == t->cap_rows) {
		size_t cap = t->cap_rows != 0 ? 2 * t->cap_rows : 16;
		struct cell *cells = realloc(t->cells, cap * row_bytes);

		if (cells == NULL) {
			t->no_mem = true;
			return;
		}
		t->cells = cells;
		t->cap_rows = cap;
	}
	memset(t->cells + t->nb_rows * t->nb_columns, 0, row_bytes);
	t->nb_rows++;
}

/* The cell, emptied. NULL when there is none, or no memory for its row. */
static struct cell *
last_cell(struct table *t, size_t column)
{
	struct cell *c;

	if (t->no_mem || t->nb_rows == 0 || column >= t->nb_columns)
		return NULL;
	c = &t->cells[(t->nb_rows - 1) * t->nb_columns + column];
	if (c->kind == CELL_STRING)
		free(c->s);
	*c = (struct cell){.kind = CELL_UNSET};
	return c;
}

/* Takes @s over. */
static void
set_string(struct table *t, size_t column, char *s)
{
	struct cell *c = last_cell(t, column);

	if (s == NULL)
		t->no_mem = true;
	if (c == NULL || s == NULL) {
		free(s);
		return;
	}
	c->kind = CELL_STRING;
	c->s = s;
}

void
table_set(struct table *t, size_t column, const char *s)
{
	set_string(t, column, strdup(s));
}

void
table_printf(struct table *t, size_t column, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	set_string(t, column, s);
}

void
table_set_u64(struct table *t, size_t column, uint64_t v)
{
	struct cell *c = last_cell(t, column);

	if (c != NULL)
		*c = (struct cell){.kind = CELL_U64, .u64 = v};
}

void
table_set_i64(struct table *t, size_t column, int64_t v)
{
	struct cell *c = last_cell(t, column);

	if (c != NULL)
		*c = (struct cell){.kind = CELL_I64, .i64 = v};
}

static void
separate_thousands(const char *number, char ret[NUMBER_BYTES])
{
	size_t sign = number[0] == '-';
	size_t digits = strlen(number) - sign;
	char *out = ret;

	if (sign)
		*out++ = '-';
	for (size_t i = 0; i < digits; i++) {
		if (i > 0 && (digits - i) % 3 == 0)
			*out++ = ',';
		*out++ = number[sign + i];
	}
	*out = '\0';
}

/* A cell as text; @buf is for numbers. */
static const char *
cell_text(const struct cell *c, bool thousands, char buf[NUMBER_BYTES])
{
	char number[NUMBER_BYTES];

	switch (c->kind) {
	case CELL_UNSET:
		return "-";
	case CELL_STRING:
		return c->s;
	case CELL_U64:
		snprintf(number, sizeof(number), "%" PRIu64, c->u64);
		break;
	case CELL_I64:
		snprintf(number, sizeof(number), "%" PRId64, c->i64);
		break;
	}
	if (thousands)
		separate_thousands(number, buf);
	else
		memcpy(buf, number, sizeof(number));
	return buf;
}

/* Characters, not bytes: continuation bytes of UTF-8 take no place on the screen. */
static size_t
width(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static const char *
header(const struct table_column *column)
{
	return column->header != NULL ? column->header : "";
}

static const char *
text_at(const struct table *t, size_t row, size_t column, char buf[NUMBER_BYTES])
{
	return cell_text(
		&t->cells[row * t->nb_columns + column], t->columns[column].thousands, buf
	);
}

static size_t
column_width(const struct table *t, size_t column)
{
	char buf[NUMBER_BYTES];
	size_t widest = width(header(&t->columns[column]));

	for (size_t row = 0; row < t->nb_rows; row++) {
		size_t w = width(text_at(t, row, column, buf));

		if (w > widest)
			widest = w;
	}
	return widest;
}

static void
add_blanks(struct text *ret, size_t n)
{
	while (n-- > 0)
		text_puts(ret, " ");
}

/* One cell after @blanks; returns how many blanks belong in front of the next one. */
static size_t
add_cell(struct text *ret, size_t blanks, const char *s, size_t wide, enum table_align align)
{
	enum { GAP = 2 };
	size_t pad = wide - width(s);

	if (align == TABLE_RIGHT)
		blanks += pad;
	/* Blanks are written in front of something only, so that no line ends in them. */
	if (s[0] == '\0')
		return align == TABLE_RIGHT ? blanks + GAP : blanks + pad + GAP;
	add_blanks(ret, blanks);
	text_puts(ret, s);
	return align == TABLE_RIGHT ? GAP : pad + GAP;
}

static bool
has_header(const struct table *t)
{
	for (size_t i = 0; i < t->nb_columns; i++)
		if (header(&t->columns[i])[0] != '\0')
			return true;
	return false;
}

int
table_text(const struct table *t, struct text *ret)
{
	size_t *wide = calloc(t->nb_columns + 1, sizeof(*wide));
	char buf[NUMBER_BYTES];
	size_t blanks = 0;

	if (wide == NULL || t->no_mem) {
		free(wide);
		return -ENOMEM;
	}
	for (size_t i = 0; i < t->nb_columns; i++)
		wide[i] = column_width(t, i);
	if (has_header(t)) {
		for (size_t i = 0; i < t->nb_columns; i++)
			blanks = add_cell(
				ret, blanks, header(&t->columns[i]), wide[i], t->columns[i].align
			);
		text_puts(ret, "\n");
	}
	for (size_t row = 0; row < t->nb_rows; row++) {
		blanks = 0;
		for (size_t i = 0; i < t->nb_columns; i++)
			blanks = add_cell(
				ret, blanks, text_at(t, row, i, buf), wide[i], t->columns[i].align
			);
		text_puts(ret, "\n");
	}
	free(wide);
	return ret->no_mem ? -ENOMEM : 0;
}

static json_t *
cell_json(const struct cell *c)
{
	switch (c->kind) {
	case CELL_UNSET:
		break;
	case CELL_STRING:
		return json_string(c->s);
	case CELL_U64:
		return c->u64 <= INT64_MAX ? json_integer((json_int_t)c->u64)
		                           : json_real((double)c->u64);
	case CELL_I64:
		return json_integer(c->i64);
	}
	return json_null();
}

static int
row_json(const struct table *t, size_t row, json_t *object)
{
	for (size_t i = 0; i < t->nb_columns; i++) {
		json_t *value;

		if (t->columns[i].key == NULL)
			continue;
		value = cell_json(&t->cells[row * t->nb_columns + i]);
		if (value == NULL)
			return -EINVAL;
		if (json_object_set_new(object, t->columns[i].key, value) != 0)
			return -ENOMEM;
	}
	return 0;
}

int
table_json(const struct table *t, json_t **ret)
{
	json_t *array = json_array();
	int err = array == NULL || t->no_mem ? -ENOMEM : 0;

	for (size_t row = 0; err == 0 && row < t->nb_rows; row++) {
		json_t *object = json_object();

		if (object == NULL || json_array_append_new(array, object) != 0)
			err = -ENOMEM;
		else
			err = row_json(t, row, object);
	}
	if (err != 0) {
		json_decref(array);
		return err;
	}
	*ret = array;
	return 0;
}
