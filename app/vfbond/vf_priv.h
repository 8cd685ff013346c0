/* SPDX-License-Identifier: BSD-3-Clause */
/* What vf.c and vf_bond.c share. */
#pragma once

#include "sriov_host.h"
#include "vf.h"

struct vf_rtnl;

struct vfs {
	struct vf_rtnl *rtnl;
	struct sriov_host host;
	unsigned count, next_number;
	struct vf vf[VFS_MAX];
};
