/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One at a time: flock(2) per PF (its driver serves one change at a time) and per VF, which ends
 * with the process that has it.
 */
#pragma once

#include "pci_addr.h"

#include <stdint.h>

struct reason;
struct sriov_host;

enum claim_lock_kind { CLAIM_LOCK_PF, CLAIM_LOCK_VF };

/*
 * Take it, waiting up to @limit_ms. 0 with a descriptor, for claim_unlock. -ETIMEDOUT with who has
 * it; -EROFS, -EACCES, ... of the state directory, which is made when missing.
 */
int claim_lock(
	const struct sriov_host *h,
	enum claim_lock_kind kind,
	const struct pci_addr *addr,
	uint32_t limit_ms,
	int *ret_fd,
	struct reason *why
);
void claim_unlock(int fd); /* negative: nothing */
