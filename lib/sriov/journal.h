/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The record of a claim on disk: what was there before, what was asked, who owns it. Written and
 * synced before the first change, so that a crash at any point can be undone. One JSON file per VF.
 */
#pragma once

#include "driver_bind.h"
#include "pci_addr.h"
#include "vf_settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct reason;
struct sriov_host;

/* A process, so that a later one with the same number is not taken for it. */
struct claim_owner {
	pid_t pid;            /* 0: none; the claim lasts until release or the next boot */
	uint64_t start_ticks; /* /proc/PID/stat, field 22 */
	char boot_id[40];     /* /proc/sys/kernel/random/boot_id */
	char command[32];
};

struct claim_record {
	struct pci_addr addr, pf;
	bool pf_known;
	uint16_t vf_index;
	uint64_t since_s; /* wall clock */
	struct claim_owner owner;
	struct driver_binding was; /* before */
	struct vf_state was_state; /* before; known: what could be read */
	uint32_t attrs;            /* attributes that will be, or were, written */
	bool binds;                /* the binding will be, or was, changed */
	bool raised_pf;            /* the PF was brought up: noted, not undone */
	bool complete;             /* every change was made and verified */
	char driver[32];           /* the one it is bound to by the claim */
	struct vf_settings settings;
};

/* Write @r (temporary file, fsync, rename, fsync of the directory). -EROFS, -ENOSPC, ... */
int journal_write(const struct sriov_host *h, const struct claim_record *r, struct reason *why);

/* -ENOENT: no claim. -EBADMSG with the reason: a file that is none of ours, or cut short. */
int journal_read(
	const struct sriov_host *h,
	const struct pci_addr *addr,
	struct claim_record *ret,
	struct reason *why
);

int journal_remove(const struct sriov_host *h, const struct pci_addr *addr, struct reason *why);

/* Addresses of all records, sorted, also of unreadable ones; one allocation that free() releases.
 */
int
journal_list(const struct sriov_host *h, struct pci_addr **ret, size_t *ret_n, struct reason *why);

/* The process @pid as it is now; 0: nobody, in this boot. -ESRCH. */
int claim_owner_read(const struct sriov_host *h, pid_t pid, struct claim_owner *ret);

/* Whether the owner still is: same boot and, if it has a pid, the same process. */
bool claim_owner_alive(const struct sriov_host *h, const struct claim_owner *o);
