/* SPDX-License-Identifier: BSD-3-Clause */
/* See vf_set.h. */
#include "vf_set.h"

#include "claim_lock.h"
#include "pci_bus.h"
#include "reason.h"
#include "sriov_host.h"
#include "text.h"
#include "vf_apply.h"
#include "vf_use.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Another change of a PF may take its ten seconds, and the way back as many. */
enum { LOCK_LIMIT_MS = 30000 };

struct job {
	const struct sriov_host *h;
	const struct vf_settings *settings;
	struct vf_set_change *changes;
	struct pci_addr *vfs, *pfs; /* sorted; of the PFs each once */
	size_t n, nb_pfs;
	int *locks; /* of the VFs, then of the PFs */
	size_t nb_locks;
	struct text *notes;
	struct reason *why;
};

static int
compare_addrs(const void *a, const void *b)
{
	return pci_addr_cmp(a, b);
}

static int
take_locks(struct job *j, enum claim_lock_kind kind, const struct pci_addr *addrs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int rc = claim_lock(
			j->h, kind, &addrs[i], LOCK_LIMIT_MS, &j->locks[j->nb_locks], j->why
		);

		if (rc < 0)
			return rc;
		j->nb_locks++;
	}
	return 0;
}

static int
lock_vfs(struct job *j)
{
	char name[PCI_ADDR_BYTES];

	qsort(j->vfs, j->n, sizeof(*j->vfs), compare_addrs);
	for (size_t i = 1; i < j->n; i++)
		if (pci_addr_cmp(&j->vfs[i - 1], &j->vfs[i]) == 0)
			return reason_set(
				j->why,
				-EINVAL,
				"%s is given twice",
				pci_addr_text(&j->vfs[i], name)
			);
	return take_locks(j, CLAIM_LOCK_VF, j->vfs, j->n);
}

/* Where the attributes of a VF are set: the netdev of its PF, and its number there. */
static int
find_pf(struct job *j, struct vf_set_change *c, struct pci_addr *ret_pf)
{
	char name[PCI_ADDR_BYTES], pf_name[PCI_ADDR_BYTES];
	struct pci_device vf, pf;
	int rc = pci_device_read(&j->h->fs, &c->addr, &vf);

	pci_addr_text(&c->addr, name);
	if (rc < 0)
		return reason_set(j->why, rc, "%s: cannot read it: %s", name, strerror(-rc));
	if (!vf.is_vf)
		return reason_set(j->why, -EINVAL, "%s is not a VF", name);
	if (!vf.pf_known || pci_device_read(&j->h->fs, &vf.pf, &pf) != 0 || pf.netdev[0] == '\0')
		return reason_set(
			j->why,
			-ENODEV,
			"%s: its PF%s%s has no network device in this namespace; set it where it "
			"has",
			name,
			vf.pf_known ? " " : "",
			vf.pf_known ? pci_addr_text(&vf.pf, pf_name) : ""
		);
	strcpy(c->pf, pf.netdev);
	c->was.vf = vf.vf_index;
	*ret_pf = vf.pf;
	return 0;
}

static int
lock_pfs(struct job *j)
{
	size_t unique = 0;
	int rc;

	for (size_t i = 0; i < j->n; i++) {
		rc = find_pf(j, &j->changes[i], &j->pfs[i]);
		if (rc < 0)
			return rc;
	}
	qsort(j->pfs, j->n, sizeof(*j->pfs), compare_addrs);
	for (size_t i = 0; i < j->n; i++)
		if (i == 0 || pci_addr_cmp(&j->pfs[i], &j->pfs[unique - 1]) != 0)
			j->pfs[unique++] = j->pfs[i];
	j->nb_pfs = unique;
	return take_locks(j, CLAIM_LOCK_PF, j->pfs, j->nb_pfs);
}

/* What the VF has, and what it shall have. */
static int
plan(const struct job *j, struct vf_set_change *c)
{
	char name[PCI_ADDR_BYTES];
	int rc = vf_use_claimed(j->h, &c->addr, j->why);

	if (rc < 0)
		return rc;
	rc = j->h->vf_get(j->h->ctx, c->pf, c->was.vf, &c->was, j->why);
	if (rc == 0)
		rc = vf_settings_check(j->settings, &c->was, j->why);
	if (rc < 0) {
		reason_prefix(j->why, pci_addr_text(&c->addr, name));
		return rc;
	}
	vf_settings_apply(j->settings, &c->was, &c->now);
	return 0;
}

static int
raise_pfs(const struct job *j, bool pf_up)
{
	for (size_t i = 0; i < j->n; i++) {
		const char *pf = j->changes[i].pf;
		bool raised;
		int rc = vf_pf_ready(j->h, pf, pf_up, &raised, j->why);

		if (rc < 0)
			return rc;
		if (raised)
			text_printf(j->notes, "%s was down and is up now\n", pf);
	}
	return 0;
}

/* The first @n go back, last first; what does not is said behind the reason that stands. */
static void
put_back(const struct job *j, size_t n)
{
	while (n-- > 0) {
		struct vf_set_change *c = &j->changes[n];
		char name[PCI_ADDR_BYTES];
		struct reason why = {""}, failed;
		int rc = vf_restore(j->h, c->pf, c->changed, &c->was, j->notes, &why);

		if (rc == 0 || j->why == NULL)
			continue;
		failed = *j->why;
		reason_set(
			j->why,
			rc,
			"%.300s. NOT as before: %s: %.150s",
			failed.text,
			pci_addr_text(&c->addr, name),
			why.text
		);
	}
}

static int
apply(const struct job *j)
{
	uint32_t attrs = vf_settings_attrs(j->settings);

	for (size_t i = 0; i < j->n; i++) {
		struct vf_set_change *c = &j->changes[i];
		char name[PCI_ADDR_BYTES];
		int rc = vf_apply(
			j->h, c->pf, c->was.vf, attrs, &c->now, &c->changed, j->notes, j->why
		);

		if (rc < 0) {
			reason_prefix(j->why, pci_addr_text(&c->addr, name));
			put_back(j, i);
			return rc;
		}
	}
	return 0;
}

static int
run(struct job *j, bool pf_up)
{
	int rc = vf_settings_check(j->settings, NULL, j->why);

	if (rc == 0)
		rc = lock_vfs(j);
	if (rc == 0)
		rc = lock_pfs(j);
	for (size_t i = 0; i < j->n && rc == 0; i++)
		rc = plan(j, &j->changes[i]);
	if (rc == 0)
		rc = raise_pfs(j, pf_up);
	return rc < 0 ? rc : apply(j);
}

int
vf_set(const struct sriov_host *h,
       const struct pci_addr *vfs,
       size_t n,
       const struct vf_settings *s,
       bool pf_up,
       struct vf_set_change *ret,
       struct text *notes,
       struct reason *why)
{
	struct job j = {
		.h = h,
		.settings = s,
		.changes = calloc(n, sizeof(*j.changes)),
		.vfs = calloc(n, sizeof(*j.vfs)),
		.pfs = calloc(n, sizeof(*j.pfs)),
		.n = n,
		.locks = calloc(2 * n, sizeof(*j.locks)),
		.notes = notes,
		.why = why,
	};
	int rc;

	if (j.changes == NULL || j.vfs == NULL || j.pfs == NULL || j.locks == NULL) {
		rc = reason_set(why, -ENOMEM, "out of memory for %zu VFs", n);
		goto out;
	}
	for (size_t i = 0; i < n; i++)
		j.vfs[i] = j.changes[i].addr = vfs[i];
	rc = run(&j, pf_up);
	if (rc == 0)
		memcpy(ret, j.changes, n * sizeof(*ret));
out:
	while (j.nb_locks > 0)
		claim_unlock(j.locks[--j.nb_locks]);
	free(j.changes);
	free(j.vfs);
	free(j.pfs);
	free(j.locks);
	return rc;
}
