/* SPDX-License-Identifier: BSD-3-Clause */
/* Factors between units, so that no bare 1000 needs a guess. */
#pragma once

#define NSEC_PER_SEC 1000000000ull
#define NSEC_PER_MSEC 1000000ull
#define NSEC_PER_USEC 1000ull

/* Preamble 7 + start delimiter 1 + inter-packet gap 12 (IEEE 802.3, 3.1.1 and 4.4.2). */
#define ETHER_WIRE_OVERHEAD_BYTES 20u
