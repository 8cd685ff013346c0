/* SPDX-License-Identifier: BSD-3-Clause */
/* The record of a claim as JSON and back, every value checked. Used by journal.c. */
#pragma once

#include "journal.h"

struct reason;
struct text;

/* -EINVAL: a text in it is no UTF-8; -ENOMEM. */
int record_to_json(const struct claim_record *r, struct text *ret);

/* -EBADMSG with what is wrong, and where. @addr: whose record it must be. */
int record_from_json(
	const char *json,
	size_t len,
	const struct pci_addr *addr,
	struct claim_record *ret,
	struct reason *why
);
