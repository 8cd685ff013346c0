/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A test's own functions between the code under test and the fake machine: those that it leaves
 * alone pass the call on. For the benches of this folder.
 */
#pragma once

#include "sriov_host.h"

/*
 * The context of the functions below: a bench begins with it. @h is what the code under test is
 * given, @real what is behind it.
 */
struct fake_between {
	struct sriov_host real, h;
};

static inline int
between_vf_get(void *ctx, const char *pf, uint32_t vf, struct vf_state *ret, struct reason *why)
{
	const struct fake_between *b = ctx;

	return b->real.vf_get(b->real.ctx, pf, vf, ret, why);
}

static inline int
between_netdev_read(void *ctx, const char *name, struct netdev_facts *ret)
{
	const struct fake_between *b = ctx;

	return b->real.netdev_read(b->real.ctx, name, ret);
}

static inline int
between_netdev_up(void *ctx, const char *name, struct reason *why)
{
	const struct fake_between *b = ctx;

	return b->real.netdev_up(b->real.ctx, name, why);
}

static inline uint64_t
between_now_ns(void *ctx)
{
	const struct fake_between *b = ctx;

	return b->real.now_ns(b->real.ctx);
}

static inline uint64_t
between_wall_s(void *ctx)
{
	const struct fake_between *b = ctx;

	return b->real.wall_s(b->real.ctx);
}

static inline void
between_sleep_ms(void *ctx, uint32_t ms)
{
	const struct fake_between *b = ctx;

	b->real.sleep_ms(b->real.ctx, ms);
}

static inline int
between_random_bytes(void *ctx, void *buf, uint32_t len)
{
	const struct fake_between *b = ctx;

	return b->real.random_bytes(b->real.ctx, buf, len);
}

static inline void
between_step(void *ctx, const char *what)
{
	const struct fake_between *b = ctx;

	if (b->real.step != NULL)
		b->real.step(b->real.ctx, what);
}

/* Pass all on to @real; the bench then puts its own functions in, vf_set among them. */
static inline void
between_init(struct fake_between *b, const struct sriov_host *real)
{
	b->real = *real;
	b->h = *real;
	b->h.ctx = b;
	b->h.vf_get = between_vf_get;
	b->h.netdev_read = between_netdev_read;
	b->h.netdev_up = between_netdev_up;
	b->h.now_ns = between_now_ns;
	b->h.wall_s = between_wall_s;
	b->h.sleep_ms = between_sleep_ms;
	b->h.random_bytes = between_random_bytes;
	b->h.step = between_step;
}
