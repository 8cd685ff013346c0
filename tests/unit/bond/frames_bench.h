/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading frames from memory of exactly their length. Used by the tests of frames. */
#pragma once

#include "frames.h"

#include <stdlib.h>
#include <string.h>

enum { ETH_BYTES = 14, IP6_AT = ETH_BYTES, ICMP6_AT = ETH_BYTES + 40, MAX_BYTES = 512 };

/* In memory of exactly its length, so that a sanitizer sees what is read outside. */
static inline int
parse_exactly(struct frame_view *ret, const uint8_t *bytes, size_t len)
{
	uint8_t *copy = calloc(1, len != 0 ? len : 1);
	int err;

	if (copy == NULL)
		abort();
	if (len != 0)
		memcpy(copy, bytes, len);
	err = frame_parse(ret, copy, len);
	free(copy);
	return err;
}
