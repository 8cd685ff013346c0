/* SPDX-License-Identifier: BSD-3-Clause */
/* See printable.h. */
#include "printable.h"

#include <stdint.h>
#include <string.h>

/* Bytes of a UTF-8 character by its first one (RFC 3629, 4); 0: none begins so. */
static size_t
announced_bytes(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first < 0xe0)
		return 2;
	if (first >= 0xe0 && first < 0xf0)
		return 3;
	return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/* Bytes of the character at @s; 0: it is none, or a control character. */
static size_t
character_bytes(const unsigned char *s)
{
	size_t n = announced_bytes(s[0]);
	uint32_t c = n > 1 ? s[0] & (0x7fu >> n) : s[0];

	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3fu);
	}
	/* The longer form of a shorter one, a surrogate, beyond Unicode, C0 and C1. */
	if ((n == 3 && c < 0x800) || (n == 4 && c < 0x10000) || (c >= 0xd800 && c <= 0xdfff) ||
	    c > 0x10ffff || c < 0x20 || (c >= 0x7f && c < 0xa0))
		return 0;
	return n;
}

char *
printable(char *s)
{
	for (unsigned char *at = (unsigned char *)s; *at != '\0';) {
		size_t n = character_bytes(at);

		if (n == 0)
			*at++ = '?';
		else
			at += n;
	}
	return s;
}

void
printable_copy(char *buf, size_t size, const char *s)
{
	size_t len = strnlen(s, size - 1);

	memcpy(buf, s, len);
	buf[len] = '\0';
	printable(buf);
}
