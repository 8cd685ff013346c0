/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sentence that goes with a negative errno. Functions that can fail for more than one reason
 * take a struct reason; what they write there is what the user reads.
 */
#pragma once

#include <stdint.h>

struct reason {
	char text[512];
};

/*
 * Write a formatted sentence (no newline, no trailing period) to @why and return @err.
 * @why may be NULL; @err is 0 or -errno. A longer sentence is cut. Any thread.
 */
int reason_set(struct reason *why, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Put "@prefix: " in front of what @why holds. @why may be NULL. */
void reason_prefix(struct reason *why, const char *prefix);
