/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON that others wrote, read with messages that say where it is wrong: line and column of a
 * syntax error, the key of a value. Used by netconf.c, device_info.c and device_env.c.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reason;

/* An object, and what messages call it. */
struct json_in {
	const json_t *object;
	const char *name; /* of the whole text: a file */
	const char *path; /* in front of its keys: "", or "pci." */
};

enum { JSON_IN_QUOTE_BYTES = 64 };

/*
 * The object that the @len bytes of @json are, for json_decref. -EINVAL: no JSON (with line and
 * column, also for a key that is there twice), or no object.
 */
int json_in_load(const char *json, size_t len, const char *name, json_t **ret, struct reason *why);

/*
 * The value of @key, NULL when there is none or it is null. Letters match in either case, as in the
 * Go programs that these files are written for; -EINVAL when two keys do.
 */
int
json_in_member(const struct json_in *in, const char *key, const json_t **ret, struct reason *why);

/* The same for one type. NULL or false: not given. -EINVAL: another type. */
int json_in_string(const struct json_in *in, const char *key, const char **ret, struct reason *why);
int json_in_integer(
	const struct json_in *in, const char *key, bool *ret_has, int64_t *ret, struct reason *why
);
int json_in_bool(const struct json_in *in, const char *key, bool *ret, struct reason *why);
int
json_in_object(const struct json_in *in, const char *key, const json_t **ret, struct reason *why);
int
json_in_array(const struct json_in *in, const char *key, const json_t **ret, struct reason *why);

/* "NAME: KEY: " and what is wrong; returns -EINVAL. */
int
json_in_wrong(const struct json_in *in, const char *key, struct reason *why, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * The @len bytes of @s in double quotes for a message, without control characters, cut to @buf.
 * Returns @buf.
 */
const char *json_in_quote(char buf[static JSON_IN_QUOTE_BYTES], const char *s, size_t len);
