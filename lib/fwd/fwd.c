/* SPDX-License-Identifier: BSD-3-Clause */
/* See fwd.h: life and end of the workers. */
#include "fwd.h"

#include "fwd_priv.h"
#include "reason.h"

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include <errno.h>
#include <stdlib.h>

static int
launch(struct fwd *f, unsigned lcore, struct reason *why)
{
	struct fwd_worker *w;
	int err;

	if (f->nb_workers == FWD_MAX_WORKERS)
		return reason_set(
			why,
			-E2BIG,
			"more than %d lcores; at most that many can forward",
			FWD_MAX_WORKERS
		);
	w = rte_zmalloc_socket(
		"fwd_worker", sizeof(*w), RTE_CACHE_LINE_SIZE, (int)rte_lcore_to_socket_id(lcore)
	);
	if (w == NULL)
		return reason_set(why, -ENOMEM, "no memory for the worker on lcore %u", lcore);
	w->lcore = lcore;
	w->qsbr = f->qsbr;
	w->rcu_id = f->nb_workers;
	(void)rte_rcu_qsbr_thread_register(f->qsbr, w->rcu_id);
	w->housekeep_cycles = rte_get_tsc_hz() / US_PER_S * FWD_HOUSEKEEP_US / 2;
	err = rte_eal_remote_launch(fwd_worker_run, w, lcore);
	if (err < 0) {
		rte_free(w);
		return reason_set(why, err, "lcore %u is busy", lcore);
	}
	f->workers[f->nb_workers++] = w;
	return 0;
}

static int
make_qsbr(struct fwd *f)
{
	f->qsbr = rte_zmalloc(
		"fwd_qsbr", rte_rcu_qsbr_get_memsize(FWD_MAX_WORKERS), RTE_CACHE_LINE_SIZE
	);
	return f->qsbr == NULL ? -ENOMEM : rte_rcu_qsbr_init(f->qsbr, FWD_MAX_WORKERS);
}

int
fwd_new(struct fwd **ret, struct reason *why)
{
	struct fwd *f = calloc(1, sizeof(*f));
	unsigned lcore;
	int err;

	if (f == NULL || make_qsbr(f) != 0) {
		free(f);
		return reason_set(why, -ENOMEM, "no memory for the workers");
	}
	RTE_LCORE_FOREACH_WORKER(lcore)
	{
		err = launch(f, lcore, why);
		if (err < 0)
			goto fail;
	}
	if (f->nb_workers == 0) {
		err = reason_set(why, -ENODEV, "no lcore to forward on besides the main one");
		goto fail;
	}
	*ret = f;
	return 0;
fail:
	fwd_free(f);
	return err;
}

struct fwd *
fwd_free(struct fwd *f)
{
	if (f == NULL)
		return NULL;
	for (uint16_t i = 0; i < f->nb_workers; i++)
		atomic_store_explicit(&f->workers[i]->quit, true, memory_order_relaxed);
	/* Even in any case, and not what the workers obeyed last. */
	if (f->request % 2 == 0)
		f->request++;
	fwd_request(f);
	for (uint16_t i = 0; i < f->nb_workers; i++) {
		rte_eal_wait_lcore(f->workers[i]->lcore);
		rte_free(f->workers[i]);
		rte_free(f->assignments[i]);
	}
	fwd_ports_free(f);
	rte_free(f->qsbr);
	free(f->streams);
	free(f);
	return NULL;
}

uint64_t
fwd_grace_start(struct fwd *f)
{
	return rte_rcu_qsbr_start(f->qsbr);
}

bool
fwd_grace_over(struct fwd *f, uint64_t token)
{
	return rte_rcu_qsbr_check(f->qsbr, token, false) == 1;
}

uint16_t
fwd_nb_workers(const struct fwd *f)
{
	return f->nb_workers;
}

unsigned
fwd_worker_lcore(const struct fwd *f, uint16_t worker)
{
	return f->workers[worker]->lcore;
}
