/* SPDX-License-Identifier: BSD-3-Clause */
/* What a series of measured values says. For the microbenchmark. */
#pragma once

enum { SPREAD_MAX = 1001 };

struct spread {
	double minimum, median;
	double low, high; /* between which the median lies, with 95 % */
};

/* Of @n values, 1..SPREAD_MAX, which are sorted by it. */
struct spread spread_of(double *values, unsigned n);
