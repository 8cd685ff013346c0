/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A fake machine whose writes are seen and can be refused, whose network devices are as a test
 * says, and where something happens after a while. For the tests of vf_bind and vf_count.
 */
#pragma once

#include "fake_host.h"
#include "reason.h"
#include "text.h"
#include "units.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Needs the headers above. */
#include <cmocka.h>

#define PF "0000:3b:00.0"
#define PF_DIR "/sys/bus/pci/devices/" PF
#define VF "0000:3b:10.0"
#define VF_DIR "/sys/bus/pci/devices/" VF

struct bench {
	struct fake_host *fake;
	struct sriov_host h;
	struct sriov_host behind;          /* the fake's own */
	struct pci_addr pf, vf;            /* PF and its VF 0 */
	struct text written;               /* "path=value|" of every write */
	const char *refused, *refused_too; /* ends of paths whose writes fail */
	int refusal;
	struct netdev_facts netdev;     /* of every name */
	void (*later)(struct bench *b); /* once, after @later_ms of sleeping */
	uint64_t later_ms, slept_ms;
	char *before; /* bench_remember */
	struct text notes;
	struct reason why;
};

static inline bool
ends_with(const char *s, const char *end)
{
	size_t len = strlen(s), end_len = strlen(end);

	return len >= end_len && strcmp(s + len - end_len, end) == 0;
}

static inline int
bench_write(void *ctx, const char *path, const char *value, size_t len)
{
	struct bench *b = ctx;

	text_printf(&b->written, "%s=%.*s|", path, (int)len, value);
	if ((b->refused != NULL && ends_with(path, b->refused)) ||
	    (b->refused_too != NULL && ends_with(path, b->refused_too)))
		return b->refusal;
	return b->behind.fs.write(b->behind.fs.ctx, path, value, len);
}

static inline void
bench_sleep(void *ctx, uint32_t ms)
{
	struct bench *b = ctx;

	b->behind.sleep_ms(b->behind.ctx, ms);
	b->slept_ms += ms;
	if (b->later != NULL && b->slept_ms >= b->later_ms) {
		b->later(b);
		b->later = NULL;
	}
}

static inline uint64_t
bench_now(void *ctx)
{
	struct bench *b = ctx;

	return b->behind.now_ns(b->behind.ctx);
}

static inline int
bench_netdev(void *ctx, const char *name, struct netdev_facts *ret)
{
	struct bench *b = ctx;

	*ret = b->netdev;
	strncpy(ret->name, name, sizeof(ret->name) - 1);
	return 0;
}

/* Nothing of these tests asks for VF attributes or random bytes: those keep the fake's context. */
static inline struct bench *
bench_new(const struct fake_pf_settings *pf)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->fake = fake_host_new();
	fake_host_add_pf(b->fake, pf);
	b->behind = b->h = *fake_host_sriov(b->fake);
	b->h.ctx = b;
	b->h.fs.write = bench_write;
	b->h.fs.ctx = b;
	b->h.now_ns = bench_now;
	b->h.sleep_ms = bench_sleep;
	b->h.netdev_read = bench_netdev;
	b->h.step = NULL;
	assert_int_equal(pci_addr_parse(PF, &b->pf), 0);
	assert_int_equal(pci_addr_parse(VF, &b->vf), 0);
	return b;
}

static inline void
bench_free(struct bench *b)
{
	text_fini(&b->written);
	text_fini(&b->notes);
	free(b->before);
	fake_host_free(b->fake);
	free(b);
}

static inline void
bench_remember(struct bench *b)
{
	free(b->before);
	b->before = fake_host_dump(b->fake);
	text_clear(&b->written);
}

/* The tree is as remembered. */
static inline void
expect_as_before(struct bench *b)
{
	char *now = fake_host_dump(b->fake);

	assert_string_equal(now, b->before);
	free(now);
}

static inline void
expect_reason(const struct bench *b, const char *part)
{
	if (strstr(b->why.text, part) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", b->why.text, part);
}

static inline void
expect_note(const struct bench *b, const char *part)
{
	if (strstr(text_str(&b->notes), part) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", text_str(&b->notes), part);
}

/* A failure that told @part and changed nothing: nothing was even written. */
static inline void
expect_untouched(struct bench *b, const char *part)
{
	expect_reason(b, part);
	assert_string_equal(text_str(&b->written), "");
	expect_as_before(b);
}
