/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One counter of a device as a count that only grows: readings that are no continuation of those
 * before are found and left out. Pure; used for all counters of a stats_port.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct stats_count {
	uint64_t raw;   /* as last read */
	uint64_t total; /* never less than before */
	bool known;     /* it was read once */
};

/*
 * Take the reading @raw. @bits: of the register that the driver adds up, 0 or 64 where its counter
 * is as wide as ours. The first reading counts as it is. A counter that went backwards was reset:
 * it counts from 0 again. One of a narrow register that grew by half the register's range or more
 * was reset too: its driver took the 0 for a wrap (UPDATE_VF_STAT of igb_ethdev.c), and what it
 * counted since the reset is not known. Half the range must take longer than the time between two
 * readings. Returns true when the counter was reset.
 */
bool stats_count_read(struct stats_count *c, uint64_t raw, unsigned bits);

/* The same for a sum of counters, which comes down when one leaves it: that is no count. */
bool stats_count_read_sum(struct stats_count *c, uint64_t raw, unsigned bits);
