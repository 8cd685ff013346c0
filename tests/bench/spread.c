/* SPDX-License-Identifier: BSD-3-Clause */
/* See spread.h. */
#include "spread.h"

#include <math.h>
#include <stdlib.h>

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct spread
spread_of(double *values, unsigned n)
{
	/* Ranks of the binomial distribution around n / 2, by its normal approximation. */
	double half = 1.96 * sqrt(n) / 2, middle = n / 2.0;
	unsigned low = middle > half ? (unsigned)(middle - half) : 0;
	unsigned high = (unsigned)ceil(middle + half);

	qsort(values, n, sizeof(values[0]), compare);
	return (struct spread){
		.minimum = values[0],
		.median = (values[(n - 1) / 2] + values[n / 2]) / 2,
		.low = values[low],
		.high = values[high < n ? high : n - 1],
	};
}
