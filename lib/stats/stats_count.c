/* SPDX-License-Identifier: BSD-3-Clause */
/* See stats_count.h. */
#include "stats_count.h"

static bool
take(struct stats_count *c, uint64_t raw, unsigned bits, uint64_t after_reset)
{
	bool narrow = bits != 0 && bits < 64, reset = false;
	uint64_t grew = raw - c->raw;

	if (!c->known) {
		grew = raw;
	} else if (raw < c->raw) {
		grew = after_reset;
		reset = true;
	} else if (narrow && grew >> (bits - 1) != 0) {
		grew = 0;
		reset = true;
	}
	c->total += grew;
	c->raw = raw;
	c->known = true;
	return reset;
}

bool
stats_count_read(struct stats_count *c, uint64_t raw, unsigned bits)
{
	return take(c, raw, bits, raw);
}

bool
stats_count_read_sum(struct stats_count *c, uint64_t raw, unsigned bits)
{
	return take(c, raw, bits, 0);
}
