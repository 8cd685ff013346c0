/* SPDX-License-Identifier: BSD-3-Clause */
/* A VF that somebody else prepared, as in a pod, used without any write. See claim.h. */
#include "claim_priv.h"
#include "reason.h"
#include "sriov_host.h"
#include "vf_use.h"

#include <errno.h>
#include <string.h>

/* Whether the PF's driver says that all that is wanted is so. */
static bool
is_as_wanted(const struct vf_settings *wanted, const struct claim_result *r)
{
	uint32_t attrs = vf_settings_attrs(wanted);
	struct vf_state want;

	if (attrs == 0)
		return true;
	if (!r->has_state || (attrs & ~r->state.known) != 0 ||
	    vf_settings_check(wanted, &r->state, NULL) != 0)
		return false;
	vf_settings_apply(wanted, &r->state, &want);
	for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++)
		if ((attrs & 1u << attr) != 0 && !vf_state_same(attr, &r->state, &want))
			return false;
	return true;
}

/*
 * A record here speaks of the same VF: of a claim that nobody owns the VF may be used, of one that
 * somebody does not; what is left of one is to be restored first. Without permission to look there
 * is only vfio's word.
 */
static int
check_record(const struct sriov_host *h, const struct pci_addr *addr, struct reason *why)
{
	struct claim_record r;
	int rc = journal_read(h, addr, &r, why);

	if (rc == -EBADMSG)
		return rc;
	if (rc != 0)
		return 0;
	switch (claim_judge(h, &r)) {
	case CLAIM_LIVES:
		return r.owner.pid == 0 ? 0 : vf_use_claimed(h, addr, why);
	case CLAIM_VANISHED:
		return 0;
	default:
		return -EAGAIN;
	}
}

int
claim_adopt(
	const struct sriov_host *h,
	const struct claim_request *req,
	const char *driver,
	const struct claim_result *now,
	struct reason *why
)
{
	int rc;

	/* Of other drivers' nodes more than one process may have the same open. */
	if (!req->may_adopt || !vf_driver_is_vfio(driver) || !now->has_node ||
	    strcmp(now->driver, driver) != 0 || !is_as_wanted(&req->settings, now))
		return -EAGAIN;
	rc = check_record(h, &now->addr, why);
	return rc == 0 ? vfio_node_try(&h->fs, &now->node, NULL, why) : rc;
}
