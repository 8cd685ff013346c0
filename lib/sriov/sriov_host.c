/* SPDX-License-Identifier: BSD-3-Clause */
/* See sriov_host.h: the real machine. */
#include "sriov_host.h"

#include "reason.h"
#include "units.h"

#include <errno.h>
#include <stddef.h>
#include <sys/random.h>
#include <time.h>

static int
host_vf_get(void *ctx, const char *pf, uint32_t vf, struct vf_state *ret, struct reason *why)
{
	if (ctx == NULL)
		return reason_set(why, -EOPNOTSUPP, "%s: a tree of files has no netlink", pf);
	return vf_rtnl_get(ctx, pf, vf, ret, why);
}

static int
host_vf_set(
	void *ctx,
	const char *pf,
	enum vf_attr attr,
	const struct vf_state *want,
	struct reason *why
)
{
	if (ctx == NULL)
		return reason_set(why, -EOPNOTSUPP, "%s: a tree of files has no netlink", pf);
	return vf_rtnl_set(ctx, pf, attr, want, why);
}

static int
host_netdev_read(void *ctx, const char *name, struct netdev_facts *ret)
{
	static const struct hostfs machine;

	(void)ctx;
	return netdev_read(&machine, name, ret);
}

static int
host_netdev_up(void *ctx, const char *name, struct reason *why)
{
	(void)ctx;
	return netdev_up(name, why);
}

static uint64_t
host_now_ns(void *ctx)
{
	struct timespec now;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

static uint64_t
host_wall_s(void *ctx)
{
	(void)ctx;
	return (uint64_t)time(NULL);
}

static void
host_sleep_ms(void *ctx, uint32_t ms)
{
	struct timespec left = {
		.tv_sec = ms / 1000,
		.tv_nsec = (long)(ms % 1000 * NSEC_PER_MSEC),
	};

	(void)ctx;
	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

static int
host_random_bytes(void *ctx, void *buf, uint32_t len)
{
	(void)ctx;
	return getrandom(buf, len, 0) == (ssize_t)len ? 0 : -EIO;
}

void
sriov_host_init(struct sriov_host *ret, struct vf_rtnl *rtnl, const char *state_dir)
{
	*ret = (struct sriov_host){
		.state_dir = state_dir,
		.ctx = rtnl,
		.vf_get = host_vf_get,
		.vf_set = host_vf_set,
		.netdev_read = host_netdev_read,
		.netdev_up = host_netdev_up,
		.now_ns = host_now_ns,
		.wall_s = host_wall_s,
		.sleep_ms = host_sleep_ms,
		.random_bytes = host_random_bytes,
	};
}
