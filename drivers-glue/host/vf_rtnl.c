/* SPDX-License-Identifier: BSD-3-Clause */
/* See vf_rtnl.h. One socket for requests, in the namespace of the one who opened it. */
#include "vf_rtnl.h"

#include "reason.h"
#include "rtnl.h"
#include "vf_rtnl_encode.h"
#include "vf_rtnl_parse.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

const char *const vf_attr_names[] = {
	[VF_ATTR_MAC] = "mac",
	[VF_ATTR_VLAN] = "vlan",
	[VF_ATTR_RATE] = "rate",
	[VF_ATTR_SPOOFCHK] = "spoofchk",
	[VF_ATTR_TRUST] = "trust",
	[VF_ATTR_LINK_STATE] = "link-state",
};
_Static_assert(sizeof(vf_attr_names) / sizeof(vf_attr_names[0]) == VF_ATTR_COUNT, "name all");

const char *const vf_link_state_names[] = {
	[VF_LINK_AUTO] = "auto",
	[VF_LINK_ENABLE] = "enable",
	[VF_LINK_DISABLE] = "disable",
};
_Static_assert(
	sizeof(vf_link_state_names) / sizeof(vf_link_state_names[0]) == VF_LINK_COUNT, "name all"
);

struct vf_rtnl {
	struct mnl_socket *nl;
	uint32_t seq;
	struct rtnl_buffer answer;
};

int
vf_rtnl_new(struct vf_rtnl **ret, struct reason *why)
{
	struct vf_rtnl *r = calloc(1, sizeof(*r));
	int err;

	if (r == NULL)
		return reason_set(why, -ENOMEM, "VF attributes: out of memory");
	err = rtnl_open(&r->nl, 0);
	if (err < 0) {
		free(r);
		return reason_set(
			why,
			err,
			"VF attributes: cannot open a netlink socket: %s (%d)",
			strerror(-err),
			err
		);
	}
	*ret = r;
	return 0;
}

struct vf_rtnl *
vf_rtnl_free(struct vf_rtnl *r)
{
	if (r == NULL)
		return NULL;
	mnl_socket_close(r->nl);
	free(r->answer.bytes);
	free(r);
	return NULL;
}

static int
check_name(const char *pf, struct reason *why)
{
	size_t len = strlen(pf);

	if (len > 0 && len < IFNAMSIZ)
		return 0;
	return reason_set(why, -ENODEV, "\"%s\" is no name of a network device", pf);
}

/* Ask for the VFs of @pf. The listing is the caller's to free, whatever is returned. */
static int
read_listing(struct vf_rtnl *r, const char *pf, struct vf_rtnl_listing *l, struct reason *why)
{
	_Alignas(struct nlmsghdr) char buf[VF_RTNL_REQUEST_BYTES];
	char text[RTNL_TEXT_BYTES];
	int rc = check_name(pf, why);

	if (rc < 0)
		return rc;
	rc = rtnl_request(
		r->nl, &r->seq, vf_rtnl_encode_get(buf, pf), &r->answer, vf_rtnl_parse, l, text
	);
	if (rc == -EMSGSIZE)
		return reason_set(
			why,
			rc,
			"%s: it has more VFs than fit into the kernel's answer (64 KiB); create "
			"fewer of them",
			pf
		);
	if (rc == 0 && l->no_mem)
		rc = -ENOMEM;
	else if (rc == 0 && !l->is_link)
		rc = -EPROTO;
	if (rc == 0)
		return 0;
	return reason_set(
		why,
		rc,
		"%s: cannot list its VFs: %s (%d)%s%s",
		pf,
		strerror(-rc),
		rc,
		text[0] != '\0' ? ": " : "",
		text
	);
}

/* What is wrong with a listing that does not have all that were asked for. */
static int
judge_gaps(const char *pf, const struct vf_rtnl_listing *l, struct reason *why)
{
	if (!vf_rtnl_listing_complete(l) && !l->has_list)
		return reason_set(
			why,
			-EMSGSIZE,
			"%s: its driver tells nothing about its %u VFs",
			pf,
			l->num_vfs
		);
	if (!vf_rtnl_listing_complete(l))
		return reason_set(
			why,
			-EMSGSIZE,
			"%s: it has %u VFs, and the kernel's answer has %zu of them%s",
			pf,
			l->num_vfs,
			l->count,
			l->malformed ? ", being cut at 64 KiB; create fewer of them" : ""
		);
	if (l->malformed)
		return reason_set(
			why, -EBADMSG, "%s: the kernel's answer about its VFs is malformed", pf
		);
	return 0;
}

int
vf_rtnl_list(
	struct vf_rtnl *r,
	const char *pf,
	struct vf_state **ret,
	unsigned *ret_n,
	struct reason *why
)
{
	struct vf_rtnl_listing l = {0};
	int rc = read_listing(r, pf, &l, why);

	if (rc == 0)
		rc = judge_gaps(pf, &l, why);
	if (rc < 0) {
		free(l.items);
		return rc;
	}
	*ret = l.items;
	*ret_n = (unsigned)l.count;
	return 0;
}

int
vf_rtnl_get(
	struct vf_rtnl *r, const char *pf, uint32_t vf, struct vf_state *ret, struct reason *why
)
{
	struct vf_rtnl_listing l = {0};
	int rc = read_listing(r, pf, &l, why);
	const struct vf_state *found = rc == 0 ? vf_rtnl_listing_find(&l, vf) : NULL;

	if (found != NULL) {
		*ret = *found;
	} else if (rc == 0) {
		rc = judge_gaps(pf, &l, why);
		if (rc == 0)
			rc = reason_set(
				why, -ENOENT, "%s: it has no VF %u, but %zu VFs", pf, vf, l.count
			);
	}
	free(l.items);
	return rc;
}

static bool
ignore_message(void *ctx, const struct nlmsghdr *nlh)
{
	(void)ctx;
	(void)nlh;
	return true;
}

/* Whether the older form of the request says all that @want has. */
static bool
fits_old_form(enum vf_attr attr, const struct vf_state *want)
{
	if (attr == VF_ATTR_VLAN)
		return want->vlan_proto == 0 || want->vlan_proto == ETH_P_8021Q;
	return attr == VF_ATTR_RATE && want->min_tx_rate_mbps == 0;
}

int
vf_rtnl_set(
	struct vf_rtnl *r,
	const char *pf,
	enum vf_attr attr,
	const struct vf_state *want,
	struct reason *why
)
{
	_Alignas(struct nlmsghdr) char buf[VF_RTNL_REQUEST_BYTES];
	char text[RTNL_TEXT_BYTES];
	int rc = check_name(pf, why);

	if (rc < 0)
		return rc;
	for (enum vf_rtnl_form form = VF_FORM_NEW; form <= VF_FORM_OLD; form++) {
		rc = rtnl_request(
			r->nl,
			&r->seq,
			vf_rtnl_encode_set(buf, pf, attr, form, want),
			&r->answer,
			ignore_message,
			NULL,
			text
		);
		if (rc != -EOPNOTSUPP || !fits_old_form(attr, want))
			break;
	}
	if (rc == 0)
		return 0;
	return reason_set(
		why,
		rc,
		"%s: cannot set %s of VF %u: %s (%d)%s%s",
		pf,
		vf_attr_names[attr],
		want->vf,
		strerror(-rc),
		rc,
		text[0] != '\0' ? ": " : "",
		text
	);
}
