/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Strict readers for values that a user typed: the whole string must be the value, nothing before
 * or after it. All return 0 or -EINVAL (not a value of this kind) or -ERANGE (outside the range),
 * and leave the output untouched on failure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A decimal or 0x number in @min..@max. */
int parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret);
int parse_u32(const char *s, uint32_t min, uint32_t max, uint32_t *ret);
int parse_u16(const char *s, uint16_t min, uint16_t max, uint16_t *ret);

/* Six bytes as aa:bb:cc:dd:ee:ff or with dashes, one or two hex digits each. */
int parse_mac(const char *s, uint8_t ret[6]);

/* "on" or "off". */
int parse_on_off(const char *s, bool *ret);
