/* SPDX-License-Identifier: BSD-3-Clause */
/* See json_in.h. */
#include "json_in.h"

#include "printable.h"
#include "reason.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

int
json_in_load(const char *json, size_t len, const char *name, json_t **ret, struct reason *why)
{
	json_error_t error;
	json_t *object = json_loadb(len > 0 ? json : "", len, JSON_REJECT_DUPLICATES, &error);
	enum json_error_code code;

	if (object == NULL) {
		code = json_error_code(&error);
		/* jansson's own text names a flag of its interface. */
		return reason_set(
			why,
			code == json_error_out_of_memory ? -ENOMEM : -EINVAL,
			"%s:%d:%d: %s",
			name,
			error.line,
			error.column,
			code == json_error_null_character ? "a NUL character in a string"
							  : printable(error.text)
		);
	}
	if (!json_is_object(object)) {
		json_decref(object);
		return reason_set(why, -EINVAL, "%s: not an object ({...}) but a list", name);
	}
	*ret = object;
	return 0;
}

int
json_in_member(const struct json_in *in, const char *key, const json_t **ret, struct reason *why)
{
	json_t *object = (json_t *)in->object; /* iterators take no const */
	const json_t *found = NULL;
	const char *as = NULL, *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		if (strcasecmp(name, key) != 0)
			continue;
		if (as != NULL)
			return json_in_wrong(in, key, why, "given twice, as %s and %s", as, name);
		as = name;
		found = value;
	}
	*ret = json_is_null(found) ? NULL : found;
	return 0;
}

/* A member of one of two types; jansson has a type for each of true and false. */
static int
member_of(
	const struct json_in *in,
	const char *key,
	json_type type,
	json_type or_type,
	const char *what,
	const json_t **ret,
	struct reason *why
)
{
	const json_t *value = NULL;
	int rc = json_in_member(in, key, &value, why);

	if (rc != 0)
		return rc;
	if (value != NULL && json_typeof(value) != type && json_typeof(value) != or_type)
		return json_in_wrong(in, key, why, "%s is wanted", what);
	*ret = value;
	return 0;
}

int
json_in_string(const struct json_in *in, const char *key, const char **ret, struct reason *why)
{
	const json_t *value = NULL;
	int rc = member_of(in, key, JSON_STRING, JSON_STRING, "a string", &value, why);

	if (rc == 0)
		*ret = value != NULL ? json_string_value(value) : NULL;
	return rc;
}

int
json_in_integer(
	const struct json_in *in, const char *key, bool *ret_has, int64_t *ret, struct reason *why
)
{
	const json_t *value = NULL;
	int rc = member_of(in, key, JSON_INTEGER, JSON_INTEGER, "a whole number", &value, why);

	if (rc != 0)
		return rc;
	*ret_has = value != NULL;
	if (value != NULL)
		*ret = json_integer_value(value);
	return 0;
}

int
json_in_bool(const struct json_in *in, const char *key, bool *ret, struct reason *why)
{
	const json_t *value = NULL;
	int rc = member_of(in, key, JSON_TRUE, JSON_FALSE, "true or false", &value, why);

	if (rc == 0)
		*ret = json_is_true(value);
	return rc;
}

int
json_in_object(const struct json_in *in, const char *key, const json_t **ret, struct reason *why)
{
	return member_of(in, key, JSON_OBJECT, JSON_OBJECT, "an object ({...})", ret, why);
}

int
json_in_array(const struct json_in *in, const char *key, const json_t **ret, struct reason *why)
{
	return member_of(in, key, JSON_ARRAY, JSON_ARRAY, "a list ([...])", ret, why);
}

int
json_in_wrong(const struct json_in *in, const char *key, struct reason *why, const char *fmt, ...)
{
	char what[sizeof(why->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return reason_set(why, -EINVAL, "%s: %s%s: %s", in->name, in->path, key, what);
}

const char *
json_in_quote(char buf[static JSON_IN_QUOTE_BYTES], const char *s, size_t len)
{
	static const char end[] = "...\"";
	int n = snprintf(
		buf, JSON_IN_QUOTE_BYTES, "\"%.*s\"", (int)(len < INT_MAX ? len : INT_MAX), s
	);

	if (n >= JSON_IN_QUOTE_BYTES)
		strcpy(buf + JSON_IN_QUOTE_BYTES - sizeof(end), end);
	return printable(buf);
}
