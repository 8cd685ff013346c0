/* SPDX-License-Identifier: BSD-3-Clause */
/* See fwd.h: the handshake by which control takes all workers off the ports, and gives them back.
 */
#include "fwd.h"
#include "fwd_priv.h"
#include "reason.h"

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_pause.h>

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* Longer than a busy loop takes: whoever is later probably waits for the processor that we use. */
enum { SPIN_US = 20 };

static uint64_t
cycles_to_ns(uint64_t cycles)
{
	return (uint64_t)((double)cycles * NS_PER_S / rte_get_tsc_hz());
}

void
fwd_request(struct fwd *f)
{
	f->request++;
	for (uint16_t i = 0; i < f->nb_workers; i++)
		atomic_store_explicit(&f->workers[i]->request, f->request, memory_order_release);
}

static bool
has_parked(const struct fwd *f, uint16_t worker)
{
	unsigned answer = atomic_load_explicit(&f->workers[worker]->answer, memory_order_acquire);

	return answer == f->request;
}

static int
wait_parked(const struct fwd *f, uint64_t start, uint64_t timeout_us, struct reason *why)
{
	const uint64_t spin_cycles = rte_get_tsc_hz() / US_PER_S * SPIN_US;
	const double timeout_cycles = (double)rte_get_tsc_hz() / US_PER_S * timeout_us;

	for (uint16_t i = 0; i < f->nb_workers; i++) {
		while (!has_parked(f, i)) {
			uint64_t waited = rte_rdtsc() - start;

			if (waited > timeout_cycles)
				return reason_set(
					why,
					-ETIMEDOUT,
					"the worker on lcore %u did not park within %" PRIu64 " us",
					f->workers[i]->lcore,
					timeout_us
				);
			if (waited > spin_cycles)
				sched_yield();
			else
				rte_pause();
		}
	}
	return 0;
}

int
fwd_park(struct fwd *f, uint64_t timeout_us, struct reason *why)
{
	uint64_t start = rte_rdtsc();
	int err;

	if (f->park_depth > 0) {
		f->park_depth++;
		return 0;
	}
	fwd_request(f);
	err = wait_parked(f, start, timeout_us, why);
	if (err < 0) {
		fwd_request(f);
		return err;
	}
	f->park_depth = 1;
	f->parked_since_cycles = start;
	return 0;
}

void
fwd_release(struct fwd *f)
{
	struct fwd_park_stats *stats = &f->park_stats;

	if (f->park_depth == 0 || --f->park_depth > 0)
		return;
	fwd_request(f);
	stats->last_ns = cycles_to_ns(rte_rdtsc() - f->parked_since_cycles);
	f->park_ns[stats->count % FWD_PARK_SAMPLES] = stats->last_ns;
	stats->total_ns += stats->last_ns;
	stats->count++;
	if (stats->last_ns > stats->max_ns)
		stats->max_ns = stats->last_ns;
}

static int
compare_u64(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void
fwd_park_stats(const struct fwd *f, struct fwd_park_stats *ret)
{
	uint64_t sorted[FWD_PARK_SAMPLES];
	size_t n = RTE_MIN(f->park_stats.count, (uint64_t)FWD_PARK_SAMPLES);

	*ret = f->park_stats;
	if (n == 0)
		return;
	memcpy(sorted, f->park_ns, n * sizeof(sorted[0]));
	qsort(sorted, n, sizeof(sorted[0]), compare_u64);
	ret->median_ns = sorted[n / 2];
}
