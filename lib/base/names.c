/* SPDX-License-Identifier: BSD-3-Clause */
/* See names.h. Used wherever a user types or reads the word of an enumeration. */
#include "names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int
name_index(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (names[i] != NULL && strcmp(names[i], name) == 0)
			return (int)i;
	return -EINVAL;
}

const char *
names_join(char *buf, size_t size, const char *const *names, size_t count)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < count && len < size; i++) {
		if (names[i] == NULL)
			continue;
		len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? ", " : "", names[i]);
	}
	return buf;
}
