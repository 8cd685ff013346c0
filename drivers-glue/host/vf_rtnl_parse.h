/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the bytes of an RTM_NEWLINK to the states of VFs, without any I/O: vf_rtnl.c feeds it what
 * the kernel sent, the unit test and the fuzzer what it never should.
 */
#pragma once

#include "rtnl.h"
#include "vf_rtnl.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What one device's message told; {0} before it. free(items) in the end. */
struct vf_rtnl_listing {
	struct vf_state *items; /* sorted by their numbers, each of them once */
	size_t count, cap;
	bool is_link;     /* there was an RTM_NEWLINK */
	uint32_t num_vfs; /* IFLA_NUM_VF; 0: not told */
	bool has_list;    /* IFLA_VFINFO_LIST was there */
	bool malformed;   /* an impossible length; what stood before it, whole VFs only, was read */
	bool no_mem;
};

/*
 * An rtnl_message_fn, @ctx being a struct vf_rtnl_listing. The number of a VF is that inside its
 * attributes. The list's 16 bits of length can wrap round in kernels that do not check; what then
 * stands behind the list is the rest of it and is not taken for the device's attributes.
 */
rtnl_message_fn vf_rtnl_parse;

/* The VF of that number, or NULL. */
const struct vf_state *vf_rtnl_listing_find(const struct vf_rtnl_listing *l, uint32_t vf);

/* Whether each VF from 0 to num_vfs - 1 is there. */
bool vf_rtnl_listing_complete(const struct vf_rtnl_listing *l);
