/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the looks of host_check.h share: the findings that they add, what more than one of them
 * wants to know, and sets of CPUs. Only host_check*.c use it.
 */
#pragma once

#include "host_check.h"
#include "pci_addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct check_pf {
	char addr[PCI_ADDR_BYTES];
	char netdev[16]; /* "": none here */
	char driver[32]; /* "": none */
	int numa_node;   /* -1: not known */
	unsigned num_vfs;
	int64_t total_vfs;
};

struct host_checker {
	const struct hostfs *fs;
	struct host_finding *list;
	unsigned n, cap;
	struct host_finding spare; /* where findings go that there is no memory for */
	bool no_mem;
	struct check_pf *pfs;
	size_t nb_pfs;
	/* What the look at hugepages has seen, for those after it. */
	uint64_t hugepages, hugepage_kb, smallest_page_kb;
	bool has_iommu, noiommu;
};

/* One finding each. What they return is valid until the next. */
struct host_finding *check_add(
	struct host_checker *c, const char *subject, enum host_verdict verdict, const char *fmt, ...
) __attribute__((format(printf, 4, 5)));
void check_remedy(struct host_finding *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The value behind "@key" at the start of a line of the file, without blanks around it. */
bool
check_line(const struct host_checker *c, const char *path, const char *key, char *buf, size_t size);
FILE *check_open(const struct host_checker *c, const char *path);
bool check_dir_has(const struct host_checker *c, const char *path); /* anything in it */

/* Whether this process has the capability of that number (linux/capability.h). */
bool check_capable(const struct host_checker *c, unsigned capability);

/* CPUs, as the kernel lists them: "0-3,8". */
enum { CHECK_CPUS = 8192 };
struct check_cpus {
	uint64_t bits[CHECK_CPUS / 64];
};
int check_cpus_parse(const char *s, struct check_cpus *ret); /* "" and "(null)": none */
int check_cpus_read(const struct host_checker *c, const char *path, struct check_cpus *ret);
const char *check_cpus_text(const struct check_cpus *cpus, char *buf, size_t size);
bool check_cpus_has(const struct check_cpus *cpus, unsigned cpu);
unsigned check_cpus_count(const struct check_cpus *cpus);
bool check_cpus_overlap(const struct check_cpus *a, const struct check_cpus *b);

/* "0000:3b:00.0 (ens1f0)" */
enum { CHECK_PF_BYTES = 48 };
const char *check_pf_text(const struct check_pf *pf, char buf[static CHECK_PF_BYTES]);

/* The looks, in their order. */
void check_hugepages(struct host_checker *c);
void check_iommu(struct host_checker *c);
void check_vfio(struct host_checker *c);
void check_memlock(struct host_checker *c);
void check_lockdown(struct host_checker *c);
void check_numa(struct host_checker *c);
void check_cpus(struct host_checker *c);
void check_sriov(struct host_checker *c);
void check_capabilities(struct host_checker *c);
