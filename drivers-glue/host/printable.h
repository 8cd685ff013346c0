/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text that a driver, a firmware or a file gave, made fit for a terminal and for JSON. Used by this
 * folder for what it reads, and by app/vfctl for names of devices.
 */
#pragma once

#include <stddef.h>

/* Each byte that is a control character or no part of UTF-8 becomes '?'. Returns @s. */
char *printable(char *s);

/* As much of @s as @buf of @size takes; @s needs no NUL when it has @size bytes. */
void printable_copy(char *buf, size_t size, const char *s);
