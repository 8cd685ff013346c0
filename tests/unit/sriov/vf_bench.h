/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One PF with three VFs on the fake machine, and between it and the code under test the answers
 * that real drivers give and the machine has not: for the tests of vf_apply.c.
 */
#pragma once

#include "fake_between.h"
#include "fake_host.h"
#include "reason.h"
#include "text.h"
#include "units.h"
#include "vf_apply.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

#define VF_PF "ens1f0"
#define ATTR(name) (1u << VF_ATTR_##name)
#define ALL_ATTRS ((1u << VF_ATTR_COUNT) - 1)

enum { VF_UNDER_TEST = 1 };

struct vf_bench {
	/* First: what is put between is called with the bench as its context. */
	union {
		struct fake_between between;
		struct {
			struct sriov_host real, h;
		};
	};
	struct fake_host *f;
	char *before; /* dump */
	struct text notes;
	struct reason why;
	/* What is put between. */
	uint32_t untold;               /* attributes that the driver does not tell */
	bool refuses_zero_mac;         /* -EINVAL */
	uint32_t loses[VF_ATTR_COUNT]; /* attributes that go to zero when this one is set */
	unsigned late_reads;           /* reads that still show what was before the last change */
	unsigned busy_reads;           /* reads that say -EBUSY */
	struct vf_state shown;
	/* What was asked, in order. */
	enum vf_attr sets[256];
	unsigned nb_sets;
};

static inline int
bench_get(void *ctx, const char *pf, uint32_t vf, struct vf_state *ret, struct reason *why)
{
	struct vf_bench *b = ctx;
	int rc;

	if (b->busy_reads > 0) {
		b->busy_reads--;
		return reason_set(why, -EBUSY, "busy");
	}
	if (vf == VF_UNDER_TEST && b->late_reads > 0 && b->nb_sets > 0) {
		b->late_reads--;
		*ret = b->shown;
		return 0;
	}
	rc = b->real.vf_get(b->real.ctx, pf, vf, ret, why);
	if (rc == 0) {
		ret->known &= ~b->untold;
		if (b->untold & ATTR(SPOOFCHK))
			ret->spoofchk = false;
		if (vf == VF_UNDER_TEST && b->nb_sets == 0)
			b->shown = *ret;
	}
	return rc;
}

static inline int
bench_set(
	void *ctx,
	const char *pf,
	enum vf_attr attr,
	const struct vf_state *want,
	struct reason *why
)
{
	static const struct vf_state nothing;
	struct vf_state zero = nothing;
	struct vf_bench *b = ctx;
	int rc;

	assert_true(b->nb_sets < sizeof(b->sets) / sizeof(b->sets[0]));
	b->sets[b->nb_sets++] = attr;
	if (b->refuses_zero_mac && attr == VF_ATTR_MAC && memcmp(want->mac, zero.mac, 6) == 0)
		return reason_set(why, -EINVAL, "%s: no zero address", pf);
	rc = b->real.vf_set(b->real.ctx, pf, attr, want, why);
	zero.vf = want->vf;
	for (enum vf_attr other = 0; rc == 0 && other < VF_ATTR_COUNT; other++)
		if (b->loses[attr] & 1u << other)
			assert_int_equal(b->real.vf_set(b->real.ctx, pf, other, &zero, NULL), 0);
	return rc;
}

/* A VF with every attribute set, and another such one that has none in common with it. */
static inline struct vf_state
state_before(void)
{
	return (struct vf_state){
		.vf = VF_UNDER_TEST,
		.known = ALL_ATTRS,
		.mac = {2, 0, 0, 0, 0, 0xaa},
		.vlan = 100,
		.qos = 3,
		.vlan_proto = ETH_P_8021Q,
		.min_tx_rate_mbps = 10,
		.max_tx_rate_mbps = 900,
		.spoofchk = true,
		.trust = false,
		.link_state = VF_LINK_DISABLE,
	};
}

static inline struct vf_state
state_wanted(void)
{
	return (struct vf_state){
		.vf = VF_UNDER_TEST,
		.known = ALL_ATTRS,
		.mac = {2, 0, 0, 0, 0, 0xbb},
		.vlan = 200,
		.qos = 0,
		.vlan_proto = ETH_P_8021AD,
		.min_tx_rate_mbps = 20,
		.max_tx_rate_mbps = 0,
		.spoofchk = false,
		.trust = true,
		.link_state = VF_LINK_ENABLE,
	};
}

static inline void
bench_put(struct vf_bench *b, uint32_t vf, const struct vf_state *state)
{
	struct vf_state s = *state;

	s.vf = vf;
	for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++)
		assert_int_equal(b->real.vf_set(b->real.ctx, VF_PF, attr, &s, NULL), 0);
}

static inline struct vf_state
bench_state(const struct vf_bench *b, uint32_t vf)
{
	struct vf_state s;

	assert_int_equal(b->real.vf_get(b->real.ctx, VF_PF, vf, &s, NULL), 0);
	return s;
}

static inline void
bench_remember(struct vf_bench *b)
{
	free(b->before);
	b->before = fake_host_dump(b->f);
}

/* Compares line by line: a whole machine is no message. */
static inline void
bench_assert_as_before(const struct vf_bench *b)
{
	char *dump = fake_host_dump(b->f), *now = dump;
	const char *then = b->before;

	while (*now != '\0' || *then != '\0') {
		size_t len = strcspn(now, "\n"), then_len = strcspn(then, "\n");

		if (len != then_len || memcmp(now, then, len) != 0)
			fail_msg("is: %.*s; was: %.*s", (int)len, now, (int)then_len, then);
		now += len + (now[len] != '\0');
		then += then_len + (then[then_len] != '\0');
	}
	free(dump);
}

/* @driver as fake_host.h has it: igb, or fake_all, which does everything. */
static inline struct vf_bench *
bench_new(const char *driver)
{
	struct fake_pf_settings pf = FAKE_PF_IGB("0000:3b:00.0", VF_PF, 3);
	struct vf_bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->f = fake_host_new();
	pf.driver = driver;
	fake_host_add_pf(b->f, &pf);
	between_init(&b->between, fake_host_sriov(b->f));
	b->h.vf_get = bench_get;
	b->h.vf_set = bench_set;
	return b;
}

static inline void
bench_free(struct vf_bench *b)
{
	fake_host_free(b->f);
	text_fini(&b->notes);
	free(b->before);
	free(b);
}

/* Setup and teardown: a VF as state_before() on a PF whose driver does everything. */
static inline int
bench_setup(void **state)
{
	struct vf_state before = state_before();
	struct vf_bench *b = bench_new("fake_all");

	bench_put(b, VF_UNDER_TEST, &before);
	bench_remember(b);
	*state = b;
	return 0;
}

static inline int
bench_teardown(void **state)
{
	bench_free(*state);
	return 0;
}

static inline uint64_t
bench_passed_ms(struct vf_bench *b, uint64_t since_ns)
{
	return (b->h.now_ns(b) - since_ns) / NSEC_PER_MSEC;
}

static inline void
assert_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part, text);
}
