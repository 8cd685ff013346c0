/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables between an enumeration and its words; one table per enumeration serves both ways. */
#pragma once

#include <stddef.h>

/* Index of @name in @names (entries may be NULL), or -EINVAL. */
int name_index(const char *const *names, size_t count, const char *name);

/* "a, b, c" of all entries that are not NULL, cut to @size; returns @buf. */
const char *names_join(char *buf, size_t size, const char *const *names, size_t count);
