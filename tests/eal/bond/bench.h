/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bench for lib/bond without workers: EAL, ports, bonds, and a host whose carriers the test sets.
 */
#pragma once

#include "bond.h"
#include "bond_pmd.h"
#include "port.h"
#include "reason.h"
#include "text.h"

#include <stdbool.h>
#include <stdint.h>

enum { BENCH_MAX_PORTS = 8, BENCH_IF_INDEX = 1000 };

struct bench {
	struct ports *ports;
	struct bonds *bonds;
	unsigned parks, relayouts, depth; /* calls of the host */
	bool carrier[BENCH_MAX_PORTS];    /* by port id */
	bool present[BENCH_MAX_PORTS];
	bool pf_known[BENCH_MAX_PORTS]; /* a PF tells what address it passes for the port */
	struct rte_ether_addr pf_mac[BENCH_MAX_PORTS];
	bool forwards;      /* what port_forwards says */
	bool plans_read;    /* some worker still goes by old plans */
	uint64_t ahead_ns;  /* how far the bonds' clock is ahead of the real one */
	struct text events; /* all of them, a line each */
};

/*
 * Start EAL without hugepages and devices but those of @vdevs (NULL ends), and take up the ports.
 * Fails the test program when it cannot.
 */
void bench_start(const char *name, const char *const *vdevs);
/* The same with EAL's --lcores. */
void bench_start_on(const char *name, const char *const *vdevs, const char *lcores);

/* One bench at a time; its ports are those EAL has. */
void bench_new(struct bench *b);
/* Bonds and pools go, the ports stay with EAL. Returns how many mbufs were missing. */
uint64_t bench_free(struct bench *b);

/* What must be the same before and after: memzones, ethdev ports, members of any bond. */
struct bench_census {
	unsigned memzones, ports, members;
};
struct bench_census bench_census(void);

/*
 * Wait until the PMD has @count members active: with the first it takes memory that it never gives
 * back. Ends the program when that does not happen.
 */
void bench_wait_active(const struct bond *bond, int count);

/* Make a bond from "NAME key=value". */
int bench_bond(struct bench *b, const char *line, struct reason *why);
