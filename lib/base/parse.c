/* SPDX-License-Identifier: BSD-3-Clause */
/* See parse.h. Used by options, console commands and bond settings. */
#include "parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int
parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret)
{
	int base = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 16 : 10;
	unsigned long long v;
	char *end;

	/* strtoull takes blanks and signs, and wraps "-1" round to a number. */
	if (!isdigit((unsigned char)s[0]))
		return -EINVAL;
	errno = 0;
	v = strtoull(s, &end, base);
	if (*end != '\0' || (base == 16 && end == s + 1))
		return -EINVAL;
	if (errno == ERANGE || v < min || v > max)
		return -ERANGE;
	*ret = v;
	return 0;
}

int
parse_u32(const char *s, uint32_t min, uint32_t max, uint32_t *ret)
{
	uint64_t v;
	int rc = parse_u64(s, min, max, &v);

	if (rc == 0)
		*ret = (uint32_t)v;
	return rc;
}

int
parse_u16(const char *s, uint16_t min, uint16_t max, uint16_t *ret)
{
	uint64_t v;
	int rc = parse_u64(s, min, max, &v);

	if (rc == 0)
		*ret = (uint16_t)v;
	return rc;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
parse_mac(const char *s, uint8_t ret[6])
{
	uint8_t mac[6];
	char sep = '\0';

	for (int i = 0; i < 6; i++) {
		int hi = hex_digit(*s), lo;

		if (hi < 0)
			return -EINVAL;
		lo = hex_digit(*++s);
		if (lo >= 0) {
			mac[i] = (uint8_t)(hi << 4 | lo);
			s++;
		} else {
			mac[i] = (uint8_t)hi;
		}
		if (i == 5)
			break;
		if ((*s != ':' && *s != '-') || (sep != '\0' && *s != sep))
			return -EINVAL;
		sep = *s++;
	}
	if (*s != '\0')
		return -EINVAL;
	memcpy(ret, mac, sizeof(mac));
	return 0;
}

int
parse_on_off(const char *s, bool *ret)
{
	if (strcmp(s, "on") == 0)
		*ret = true;
	else if (strcmp(s, "off") == 0)
		*ret = false;
	else
		return -EINVAL;
	return 0;
}
