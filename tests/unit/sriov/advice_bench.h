/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two VFs of different PFs with nothing set, for the tests of bond_advice.h: 0000:3b:10.0 and
 * 0000:3c:10.0.
 */
#pragma once

#include "bond_advice.h"
#include "reason.h"
#include "text.h"

#include <linux/if_ether.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

struct advice_bench {
	struct claim_result results[2];
	struct bond_advice_member members[2];
	struct text notes;
	struct reason why;
};

static inline void
bench_init(struct advice_bench *b)
{
	*b = (struct advice_bench){.notes = TEXT_EMPTY};
	for (unsigned i = 0; i < 2; i++) {
		struct claim_result *r = &b->results[i];

		r->addr = (struct pci_addr){.bus = (uint8_t)(0x3b + i), .device = 0x10};
		r->pf = (struct pci_addr){.bus = (uint8_t)(0x3b + i)};
		r->pf_known = true;
		r->has_state = true;
		r->state.known = (1u << VF_ATTR_COUNT) - 1;
		strcpy(r->driver, "vfio-pci");
		b->members[i].vf = r;
		b->members[i].pf_carrier_known = true;
		b->members[i].pf_carrier = true;
	}
}

static inline void
bench_fini(struct advice_bench *b)
{
	text_fini(&b->notes);
}

static inline void
set_mac(struct advice_bench *b, unsigned i, uint8_t last)
{
	memcpy(b->results[i].state.mac, ((uint8_t[]){2, 0, 0, 0, 0, last}), 6);
}

static inline void
set_trust(struct advice_bench *b)
{
	b->results[0].state.trust = b->results[1].state.trust = true;
}

static inline void
set_spoofchk(struct advice_bench *b)
{
	b->results[0].state.spoofchk = b->results[1].state.spoofchk = true;
}

static inline void
set_spoofchk_off(struct advice_bench *b)
{
	b->results[0].state.spoofchk = b->results[1].state.spoofchk = false;
}

static inline void
set_family(struct advice_bench *b, const char *driver)
{
	strcpy(b->members[0].pmd_family, driver);
	strcpy(b->members[1].pmd_family, driver);
}

static inline void
on_one_pf(struct advice_bench *b)
{
	b->results[1].pf = b->results[0].pf;
}

static inline enum bond_advice_mac
judge(struct advice_bench *b, int mode, int fail_over_mac)
{
	return bond_advice(
		"bond0", (uint8_t)mode, (uint8_t)fail_over_mac, b->members, 2, &b->notes, &b->why
	);
}

static inline void
assert_said(struct advice_bench *b, const char *lines)
{
	assert_string_equal(text_str(&b->notes), lines);
}
