/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The requests about VFs as bytes of rtnetlink, without any I/O. Used by vf_rtnl.c, which sends
 * them, and the unit test, which reads them.
 */
#pragma once

#include "vf_rtnl.h"

#include <stdint.h>

struct nlmsghdr;

enum { VF_RTNL_REQUEST_BYTES = 256 };

/* VLAN and RATE have two forms; the older one has no protocol and no minimum. */
enum vf_rtnl_form { VF_FORM_NEW, VF_FORM_OLD };

/*
 * Both write into @buf, aligned for struct nlmsghdr, and return its start. The device is named, not
 * numbered: one that was renamed meanwhile is not taken for it. @pf has at most 15 characters.
 */
struct nlmsghdr *vf_rtnl_encode_get(char buf[static VF_RTNL_REQUEST_BYTES], const char *pf);
struct nlmsghdr *vf_rtnl_encode_set(
	char buf[static VF_RTNL_REQUEST_BYTES],
	const char *pf,
	enum vf_attr attr,
	enum vf_rtnl_form form,
	const struct vf_state *want
);
