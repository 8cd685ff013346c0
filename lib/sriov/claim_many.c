/* SPDX-License-Identifier: BSD-3-Clause */
/* claim_vfs of claim.h: several VFs, all or none. */
#include "claim.h"
#include "reason.h"
#include "sriov_host.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What is claimed so far, and why the last one that was passed over was. */
struct many {
	const struct sriov_host *h;
	const struct claim_request *req;
	bool all, distinct_pf;
	struct claim_result *got;
	size_t n;
	struct reason passed;
	struct text *notes;
};

/* Give all of it back after the error @err, which @why tells and keeps. */
static int
give_back(struct many *m, int err, struct reason *why)
{
	struct reason first = {""}, second;

	if (why != NULL)
		first = *why;
	while (m->n > 0) {
		const struct claim_result *r = &m->got[--m->n];

		if (!r->adopted && claim_release(m->h, &r->addr, true, m->notes, &second) != 0)
			reason_set(
				why,
				err,
				"%.240s; and what was claimed before is not as it was: %.200s",
				first.text,
				second.text
			);
	}
	return err;
}

static int
check_pf_is_new(const struct many *m, const struct pci_device *vf, struct reason *why)
{
	char name[PCI_ADDR_BYTES], other[PCI_ADDR_BYTES];

	if (!vf->pf_known)
		return reason_set(
			why,
			-EINVAL,
			"%s: its PF is not to be seen here, so that it cannot be told from others",
			pci_addr_text(&vf->addr, name)
		);
	for (size_t i = 0; i < m->n; i++)
		if (pci_addr_cmp(&m->got[i].pf, &vf->pf) == 0)
			return reason_set(
				why,
				-EINVAL,
				"%s is of the same PF as %s",
				pci_addr_text(&vf->addr, name),
				pci_addr_text(&m->got[i].addr, other)
			);
	return 0;
}

/* 0 also when it is passed over. */
static int
try_one(struct many *m, const struct pci_device *vf, struct reason *why)
{
	struct reason cause = {""};
	int rc = m->distinct_pf ? check_pf_is_new(m, vf, &cause) : 0;
	bool passable = rc != 0;

	if (rc == 0) {
		rc = claim_vf(m->h, vf, m->req, &m->got[m->n], m->notes, &cause);
		passable = rc == -EBUSY || rc == -ETIMEDOUT;
	}
	if (rc == 0) {
		m->n++;
		return 0;
	}
	if (!m->all && passable) {
		m->passed = cause;
		return 0;
	}
	return reason_set(why, rc, "%s", cause.text);
}

int
claim_vfs(
	const struct sriov_host *h,
	const struct pci_device *const *vfs,
	size_t n,
	size_t count,
	bool distinct_pf,
	const struct claim_request *req,
	struct claim_result *ret,
	size_t *ret_n,
	struct text *notes,
	struct reason *why
)
{
	size_t want = count != 0 ? count : n;
	struct many m = {
		.h = h,
		.req = req,
		.all = count == 0,
		.distinct_pf = distinct_pf,
		.got = ret,
		.notes = notes,
	};
	int rc = 0;

	if (n == 0 || want > n)
		return reason_set(
			why, -ENOENT, "%zu VFs are wanted, and there are only %zu", want, n
		);
	for (size_t i = 0; i < n && m.n < want && rc == 0; i++)
		rc = try_one(&m, vfs[i], why);
	if (rc == 0 && m.n < want)
		rc = reason_set(
			why,
			-EBUSY,
			"only %zu of %zu VFs could be had from %zu that match; the last one that "
			"could not: %.350s",
			m.n,
			want,
			n,
			m.passed.text
		);
	if (rc != 0)
		return give_back(&m, rc, why);
	*ret_n = m.n;
	return 0;
}
