/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a machine needs to run VFs in userspace, looked at one by one: found, missing, and the
 * command that mends it. Used by `vfctl doctor`. Changes nothing.
 */
#pragma once

#include "hostfs.h"

struct reason;

enum host_verdict { HOST_OK, HOST_NOTE, HOST_WARNING, HOST_FAILED, HOST_VERDICT_COUNT };
extern const char *const host_verdict_names[]; /* ok, note, warning, failed */

struct host_finding {
	/* hugepages, iommu, vfio, memlock, lockdown, numa, cpus, sriov, capabilities */
	const char *subject;
	enum host_verdict verdict;
	char found[256];
	char remedy[256]; /* a command or a kernel parameter; "" when nothing is to be done */
};

/*
 * All findings, in the order of the subjects above, in one allocation that free() releases. What
 * concerns a process (limits, capabilities, CPUs) is this one's. Only a lack of memory is an error:
 * what cannot be read is itself a finding.
 */
int host_check(const struct hostfs *fs, struct host_finding **ret, unsigned *ret_n);
