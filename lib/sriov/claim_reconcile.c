/* SPDX-License-Identifier: BSD-3-Clause */
/* Claims whose owner is gone, of claim.h: found, judged, and restored. */
#include "claim_priv.h"
#include "reason.h"
#include "sriov_host.h"
#include "text.h"
#include "vf_use.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const claim_fate_names[] = {
	[CLAIM_LIVES] = "lives",
	[CLAIM_RESTORED] = "restored",
	[CLAIM_VANISHED] = "vanished",
	[CLAIM_FAILED] = "failed",
	[CLAIM_UNREADABLE] = "unreadable",
};
_Static_assert(
	sizeof(claim_fate_names) / sizeof(claim_fate_names[0]) == CLAIM_FATE_COUNT,
	"name every fate"
);

/* Whether the function at the record's address is the VF that was claimed. */
static bool
vf_is_there(const struct sriov_host *h, const struct claim_record *r)
{
	struct pci_device dev;

	if (pci_device_read(&h->fs, &r->addr, &dev) != 0 || !dev.is_vf)
		return false;
	return !r->pf_known || !dev.pf_known ||
	       (pci_addr_cmp(&dev.pf, &r->pf) == 0 && dev.vf_index == r->vf_index);
}

/*
 * All that a claim changes is in the kernel's memory and in registers that a boot resets: what
 * there is after it was made by others since, and is not ours to change.
 */
static bool
is_of_this_boot(const struct sriov_host *h, const struct claim_record *r)
{
	struct claim_owner nobody;

	return claim_owner_read(h, 0, &nobody) != 0 ||
	       strcmp(nobody.boot_id, r->owner.boot_id) == 0;
}

enum claim_fate
claim_judge(const struct sriov_host *h, const struct claim_record *r)
{
	if (!is_of_this_boot(h, r) || !vf_is_there(h, r))
		return CLAIM_VANISHED;
	/* We have the locks: who was at work on one that is not complete did not end it. */
	return r->complete && claim_owner_alive(h, &r->owner) ? CLAIM_LIVES : CLAIM_RESTORED;
}

int
claim_settle(
	const struct sriov_host *h,
	const struct pci_addr *addr,
	bool dry_run,
	enum claim_fate *ret_fate,
	struct text *notes,
	struct reason *why
)
{
	struct claim_record r;
	int rc = journal_read(h, addr, &r, why);

	if (rc != 0) {
		*ret_fate = rc == -EBADMSG ? CLAIM_UNREADABLE : CLAIM_FAILED;
		return rc;
	}
	*ret_fate = claim_judge(h, &r);
	if (*ret_fate == CLAIM_LIVES)
		(void)vf_use_claimed(h, addr, why);
	else if (dry_run)
		rc = *ret_fate == CLAIM_RESTORED ? vf_use_open(h, addr, why) : 0;
	else if (*ret_fate == CLAIM_VANISHED)
		rc = journal_remove(h, addr, why);
	else
		rc = claim_restore(h, &r, notes, why);
	if (rc != 0)
		*ret_fate = CLAIM_FAILED;
	return rc;
}

static int
settle_locked(
	const struct sriov_host *h,
	const struct pci_addr *addr,
	bool dry_run,
	enum claim_fate *ret_fate,
	struct text *notes,
	struct reason *why
)
{
	struct claim_locks locks;
	struct claim_record r;
	int rc = journal_read(h, addr, &r, why);

	*ret_fate = rc == -EBADMSG ? CLAIM_UNREADABLE : CLAIM_FAILED;
	if (rc != 0)
		return rc;
	if (claim_judge(h, &r) == CLAIM_LIVES)
		return claim_settle(h, addr, true, ret_fate, notes, why);
	rc = claim_locks_take(h, r.pf_known ? &r.pf : NULL, addr, &locks, why);
	/* Whoever is at work on it has it. */
	if (rc == -ETIMEDOUT && claim_owner_alive(h, &r.owner)) {
		*ret_fate = CLAIM_LIVES;
		return 0;
	}
	if (rc != 0)
		return rc;
	rc = claim_settle(h, addr, dry_run, ret_fate, notes, why);
	claim_locks_drop(&locks);
	return rc;
}

/* The sentence that goes with a fate that has none of its own. */
static const char *
say(enum claim_fate fate, bool dry_run)
{
	if (fate == CLAIM_VANISHED)
		return dry_run ? "nothing of it is left (no such VF, or another boot): its record "
		                 "would be removed"
		               : "nothing of it was left (no such VF, or another boot): its record "
		                 "was removed";
	return dry_run ? "its owner is gone, or did not finish: it would be restored"
	               : "its owner is gone, or did not finish: it was restored";
}

int
claim_reconcile(
	const struct sriov_host *h,
	bool dry_run,
	void (*fn)(void *ctx, const struct pci_addr *addr, enum claim_fate fate, const char *text),
	void *ctx,
	struct reason *why
)
{
	struct pci_addr *list;
	int first = 0, rc;
	size_t n;

	rc = journal_list(h, &list, &n, why);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < n; i++) {
		struct reason one = {""};
		struct text notes = TEXT_EMPTY;
		enum claim_fate fate;

		rc = settle_locked(h, &list[i], dry_run, &fate, &notes, &one);
		if (rc == 0 && fate != CLAIM_LIVES)
			snprintf(
				one.text,
				sizeof(one.text),
				"%s%s%.380s",
				say(fate, dry_run),
				notes.len > 0 ? "; " : "",
				text_str(&notes)
			);
		text_fini(&notes);
		one.text[strcspn(one.text, "\n")] = '\0';
		/* Released, or restored by another one, in the meantime. */
		if (rc == -ENOENT)
			continue;
		fn(ctx, &list[i], fate, one.text);
		if (rc != 0 && first == 0) {
			first = rc;
			if (why != NULL)
				*why = one;
		}
	}
	free(list);
	return first;
}
