/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine as lib/sriov sees it: its files, the VF attributes of its PFs, the clock. The
 * programs give the real ones, tests a tree of files and a scripted netlink.
 */
#pragma once

#include "hostfs.h"
#include "netdev.h"
#include "vf_rtnl.h"

#include <stdint.h>
#include <sys/types.h>

struct reason;

struct sriov_host {
	struct hostfs fs;
	const char *state_dir; /* claims and locks; default SRIOV_STATE_DIR */
	void *ctx;
	/* See vf_rtnl.h and netdev.h. @pf: the name of the PF's netdev. */
	int (*vf_get
	)(void *ctx, const char *pf, uint32_t vf, struct vf_state *ret, struct reason *why);
	int (*vf_set
	)(void *ctx,
	  const char *pf,
	  enum vf_attr attr,
	  const struct vf_state *want,
	  struct reason *why);
	int (*netdev_read)(void *ctx, const char *name, struct netdev_facts *ret);
	int (*netdev_up)(void *ctx, const char *name, struct reason *why);
	uint64_t (*now_ns)(void *ctx);            /* only grows */
	uint64_t (*wall_s)(void *ctx);            /* seconds since the epoch, for people */
	void (*sleep_ms)(void *ctx, uint32_t ms); /* between two looks at what the kernel does */
	int (*random_bytes)(void *ctx, void *buf, uint32_t len);
	/* Called before each step that changes anything outside this process; NULL: not. */
	void (*step)(void *ctx, const char *what);
};

#define SRIOV_STATE_DIR "/run/vfbond"

/* The machine itself, over @rtnl, below @state_dir. @ret keeps the pointers. */
void sriov_host_init(struct sriov_host *ret, struct vf_rtnl *rtnl, const char *state_dir);
