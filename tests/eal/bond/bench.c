/* SPDX-License-Identifier: BSD-3-Clause */
/* See bench.h. */
#include "bench.h"

#include "units.h"

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_memzone.h>

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEADLINE_S = 10 };

void
bench_start(const char *name, const char *const *vdevs)
{
	bench_start_on(name, vdevs, "0");
}

void
bench_start_on(const char *name, const char *const *vdevs, const char *lcores)
{
	char prefix[64], *argv[32];
	int argc = 0;

	snprintf(prefix, sizeof(prefix), "--file-prefix=%s-%d", name, (int)getpid());
	argv[argc++] = (char *)(uintptr_t)name;
	argv[argc++] = (char *)(uintptr_t) "--no-huge";
	argv[argc++] = (char *)(uintptr_t) "-m256";
	argv[argc++] = (char *)(uintptr_t) "--no-pci";
	argv[argc++] = (char *)(uintptr_t) "--no-telemetry";
	argv[argc++] = (char *)(uintptr_t) "--lcores";
	argv[argc++] = (char *)(uintptr_t)lcores;
	/* What a PMD says to a refusal that the test provokes is not worth a look. */
	argv[argc++] = (char *)(uintptr_t) "--log-level=critical";
	argv[argc++] = prefix;
	for (; *vdevs != NULL && argc < 30; vdevs++) {
		argv[argc++] = (char *)(uintptr_t) "--vdev";
		argv[argc++] = (char *)(uintptr_t)*vdevs;
	}
	if (rte_eal_init(argc, argv) < 0) {
		fprintf(stderr, "EAL did not start\n");
		exit(1);
	}
}

static int
host_park(void *ctx, struct reason *why)
{
	struct bench *b = ctx;

	(void)why;
	b->parks++;
	b->depth++;
	return 0;
}

static void
host_release(void *ctx, bool relayout)
{
	struct bench *b = ctx;

	b->depth--;
	b->relayouts += relayout;
}

static bool
host_port_forwards(void *ctx, uint16_t port_id)
{
	const struct bench *b = ctx;

	(void)port_id;
	return b->forwards;
}

static int
host_carrier(void *ctx, uint32_t if_index, bool *ret, struct rte_ether_addr *ret_mac)
{
	const struct bench *b = ctx;
	uint16_t id = (uint16_t)(if_index - BENCH_IF_INDEX);

	/* A real device: nobody takes its carrier away here. */
	if (if_index < BENCH_IF_INDEX)
		return -ENOTSUP;
	if (!b->present[id])
		return -ENODEV;
	*ret = b->carrier[id];
	return rte_eth_macaddr_get(id, ret_mac);
}

static int
host_pf_mac(void *ctx, uint16_t port_id, struct rte_ether_addr *ret)
{
	const struct bench *b = ctx;

	if (!b->pf_known[port_id])
		return -ENODATA;
	*ret = b->pf_mac[port_id];
	return 0;
}

static uint64_t
host_now_ns(void *ctx)
{
	const struct bench *b = ctx;

	return b->ahead_ns +
	       (uint64_t)((double)rte_get_timer_cycles() * NSEC_PER_SEC / rte_get_timer_hz());
}

static uint64_t
host_grace_start(void *ctx)
{
	(void)ctx;
	return 0;
}

static bool
host_grace_over(void *ctx, uint64_t token)
{
	const struct bench *b = ctx;

	(void)token;
	return !b->plans_read;
}

static void
host_event(void *ctx, const char *text)
{
	struct bench *b = ctx;

	text_printf(&b->events, "%s\n", text);
}

void
bench_new(struct bench *b)
{
	const struct ports_settings settings = {.total_mbufs = 4095, .nb_workers = 1};
	const struct bond_host host = {
		.ctx = b,
		.park = host_park,
		.release = host_release,
		.port_forwards = host_port_forwards,
		.carrier = host_carrier,
		.pf_mac = host_pf_mac,
		.now_ns = host_now_ns,
		.grace_start = host_grace_start,
		.grace_over = host_grace_over,
		.event = host_event,
	};
	struct reason why;

	memset(b, 0, sizeof(*b));
	for (unsigned i = 0; i < BENCH_MAX_PORTS; i++)
		b->carrier[i] = b->present[i] = true;
	if (ports_new(&b->ports, &settings, &why) != 0 ||
	    bonds_new(&b->bonds, b->ports, &host) != 0)
		abort();
	ports_scan(b->ports);
}

uint64_t
bench_free(struct bench *b)
{
	uint16_t ids[RTE_MAX_ETHPORTS], n;
	struct text report = TEXT_EMPTY;
	uint64_t missing;

	bonds_free(b->bonds);
	n = ports_list(b->ports, ids, RTE_MAX_ETHPORTS);
	for (uint16_t i = 0; i < n; i++)
		(void)port_stop(b->ports, ids[i], NULL);
	missing = ports_pool_report(b->ports, &report);
	text_fini(&report);
	text_fini(&b->events);
	ports_free(b->ports);
	return missing;
}

static void
count_memzone(const struct rte_memzone *mz, void *ctx)
{
	(void)mz;
	++*(unsigned *)ctx;
}

struct bench_census
bench_census(void)
{
	struct bench_census c = {0, 0, 0};
	uint16_t id;

	rte_memzone_walk(count_memzone, &c.memzones);
	RTE_ETH_FOREACH_DEV (id) {
		c.ports++;
		c.members += bond_pmd_is_member(id);
	}
	return c;
}

int
bench_bond(struct bench *b, const char *line, struct reason *why)
{
	struct bond_settings s;
	int rc = bond_settings_parse_line(&s, line, why);

	return rc != 0 ? rc : bond_create(b->bonds, &s, why);
}

void
bench_wait_active(const struct bond *bond, int count)
{
	uint64_t end = rte_get_timer_cycles() + DEADLINE_S * rte_get_timer_hz();
	uint16_t active[BOND_PMD_MAX_MEMBERS];

	while (bond_pmd_active_members(bond_port(bond), active) != count) {
		if (rte_get_timer_cycles() > end) {
			fprintf(stderr, "%s: not %d active members\n", bond_name(bond), count);
			abort();
		}
		sched_yield();
	}
}
