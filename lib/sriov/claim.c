/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The way there of claim.h, for one VF: lock, record, configure, bind, verify. The way back is
 * claim_release.c, several VFs are claim_many.c.
 */
#include "claim.h"

#include "claim_priv.h"
#include "reason.h"
#include "sriov_host.h"
#include "text.h"
#include "vf_apply.h"
#include "vf_bind.h"
#include "vf_use.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One VF on its way. */
struct work {
	const struct sriov_host *h;
	const struct claim_request *req;
	const char *driver;
	char name[PCI_ADDR_BYTES];
	char pf_netdev[16];       /* "": none in this namespace */
	struct pci_device dev;    /* as it is now */
	struct claim_record *rec; /* what is, or will be, on disk */
	struct vf_state want;
	uint32_t attrs; /* asked for */
	bool raise_pf;
	struct text *notes;
};

static void
note(const struct work *w, const char *text)
{
	if (w->notes != NULL)
		text_printf(w->notes, "%s: %s\n", w->name, text);
}

static int
read_device(struct work *w, const struct pci_addr *addr, struct reason *why)
{
	int rc = pci_device_read(&w->h->fs, addr, &w->dev);

	if (rc != 0)
		return reason_set(why, rc, "%s: cannot read it: %s", w->name, strerror(-rc));
	if (w->dev.is_pf)
		return vf_bind_check_kind(&w->dev, why);
	w->pf_netdev[0] = '\0';
	if (w->dev.pf_known && claim_pf_netdev(w->h, &w->dev.pf, w->pf_netdev, NULL) == 0)
		return 0;
	if (vf_settings_empty(&w->req->settings))
		return 0;
	return reason_set(
		why,
		-ENODEV,
		"%s: its PF has no network device in this namespace: what is asked of the VF can "
		"neither be set nor verified here. Leave it out, or have it set where the PF is",
		w->name
	);
}

/* The VF as it is now. */
static void
look(const struct work *w, struct claim_result *ret)
{
	struct claim_result r = {
		.addr = w->dev.addr,
		.pf = w->dev.pf,
		.pf_known = w->dev.pf_known,
		.vf_index = w->dev.vf_index,
		.numa_node = w->dev.numa_node,
	};

	memcpy(r.driver, w->dev.driver, sizeof(r.driver));
	r.has_node =
		vf_driver_is_vfio(r.driver) && vfio_node_find(&w->h->fs, &r.addr, &r.node) == 0;
	r.has_state = w->pf_netdev[0] != '\0' &&
	              w->h->vf_get(w->h->ctx, w->pf_netdev, r.vf_index, &r.state, NULL) == 0;
	*ret = r;
}

/* What is there before, into the record. */
static int
read_originals(struct work *w, struct reason *why)
{
	const struct vf_settings *wanted = &w->req->settings;
	struct claim_record *r = w->rec;
	int rc = driver_binding_read(&w->h->fs, &r->addr, &r->was);

	if (rc != 0)
		return reason_set(
			why, rc, "%s: cannot read its driver: %s", w->name, strerror(-rc)
		);
	if (w->attrs == 0)
		return 0;
	rc = w->h->vf_get(w->h->ctx, w->pf_netdev, r->vf_index, &r->was_state, why);
	if (rc == 0)
		rc = vf_settings_check(wanted, &r->was_state, why);
	if (rc != 0)
		return rc;
	vf_settings_apply(wanted, &r->was_state, &w->want);
	/* What the driver does not tell of cannot be given back, either. */
	for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++)
		if ((w->attrs & r->was_state.known & 1u << attr) != 0 &&
		    !vf_state_same(attr, &r->was_state, &w->want))
			r->attrs |= 1u << attr;
	return 0;
}

/* A PF that is down is raised only after the record is written. */
static int
check_pf(struct work *w, struct reason *why)
{
	struct reason cause;
	bool raised;
	int rc;

	if (w->pf_netdev[0] == '\0')
		return 0;
	rc = vf_pf_ready(w->h, w->pf_netdev, false, &raised, &cause);
	if (rc == -ENETDOWN && w->req->pf_up) {
		w->raise_pf = true;
		return 0;
	}
	if (rc == 0 || w->attrs != 0)
		return rc == 0 ? 0 : reason_set(why, rc, "%.400s (or --pf-up)", cause.text);
	note(w, "its PF is down, so that it has no carrier (--pf-up raises it)");
	return 0;
}

/* Everything that can be found out before anything is changed. */
static int
prepare(struct work *w, struct reason *why)
{
	struct claim_record *r = w->rec;
	int rc = claim_owner_read(w->h, w->req->owner_pid, &r->owner);

	if (rc != 0)
		return reason_set(
			why,
			rc,
			"%s: cannot be claimed for process %d: %s",
			w->name,
			(int)w->req->owner_pid,
			strerror(-rc)
		);
	r->addr = w->dev.addr;
	r->pf = w->dev.pf;
	r->pf_known = w->dev.pf_known;
	r->vf_index = w->dev.vf_index;
	r->since_s = w->h->wall_s(w->h->ctx);
	r->settings = w->req->settings;
	snprintf(r->driver, sizeof(r->driver), "%s", w->driver);
	rc = read_originals(w, why);
	if (rc == 0)
		rc = check_pf(w, why);
	if (rc == 0)
		rc = vf_bind_check(w->h, &w->dev, w->driver, w->notes, why);
	if (rc != 0)
		return rc;
	r->binds = strcmp(r->was.driver, w->driver) != 0 || strcmp(r->was.override, w->driver) != 0;
	r->raised_pf = w->raise_pf;
	return 0;
}

/* What was set is still so when the driver has the VF: binding resets it. */
static int
verify(struct work *w, struct claim_result *ret, struct reason *why)
{
	struct claim_result r;
	int rc = pci_device_read(&w->h->fs, &w->rec->addr, &w->dev);

	if (rc != 0)
		return reason_set(why, rc, "%s: it vanished while it was claimed", w->name);
	look(w, &r);
	if (strcmp(r.driver, w->driver) != 0)
		return reason_set(
			why, -EIO, "%s: \"%s\" has it, not %s", w->name, r.driver, w->driver
		);
	for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++)
		if ((w->rec->attrs & 1u << attr) != 0 &&
		    (!r.has_state || !vf_state_same(attr, &r.state, &w->want)))
			return reason_set(
				why,
				-EIO,
				"%s: %s was set, and is not so after %s got the VF",
				w->name,
				vf_attr_names[attr],
				w->driver
			);
	*ret = r;
	return 0;
}

static int
change(struct work *w, struct claim_result *ret, struct reason *why)
{
	uint32_t changed;
	bool raised;
	int rc = 0;

	if (w->raise_pf)
		rc = vf_pf_ready(w->h, w->pf_netdev, true, &raised, why);
	/* Before the driver has it: some PFs reset a VF whose settings change. */
	if (rc == 0 && w->attrs != 0)
		rc = vf_apply(
			w->h,
			w->pf_netdev,
			w->rec->vf_index,
			w->attrs,
			&w->want,
			&changed,
			w->notes,
			why
		);
	if (rc == 0 && w->rec->binds)
		rc = vf_bind(w->h, &w->rec->addr, w->driver, why);
	if (rc == 0)
		rc = verify(w, ret, why);
	if (rc != 0)
		return rc;
	w->rec->complete = true;
	return journal_write(w->h, w->rec, why);
}

/* After the error @err, which @why tells and keeps. */
static int
undo(const struct work *w, int err, struct reason *why)
{
	struct reason first = {""}, second;

	if (why != NULL)
		first = *why;
	if (claim_restore(w->h, w->rec, w->notes, &second) != 0)
		reason_set(
			why,
			err,
			"%.240s; and it is not as it was: %.160s (vfctl reconcile tries again)",
			first.text,
			second.text
		);
	return err;
}

/* A record that is there: of somebody, or left by a crash and to be undone first. */
static int
settle_old(const struct work *w, struct reason *why)
{
	enum claim_fate fate;
	int rc = claim_settle(w->h, &w->dev.addr, false, &fate, w->notes, why);

	if (rc == -ENOENT)
		return 0;
	if (rc != 0)
		return rc;
	if (fate == CLAIM_LIVES)
		return -EBUSY;
	note(w,
	     "an earlier claim of it had no owner any more, or was not finished; it was undone "
	     "first");
	return 0;
}

static int
claim_locked(struct work *w, struct claim_result *ret, struct reason *why)
{
	int rc = settle_old(w, why);

	/* As it is now that nobody else changes it. */
	if (rc == 0)
		rc = read_device(w, &w->dev.addr, why);
	if (rc == 0)
		rc = prepare(w, why);
	if (rc != 0)
		return rc;
	rc = journal_write(w->h, w->rec, why);
	if (rc != 0) {
		/* It may be there though its folder could not be synced. */
		(void)journal_remove(w->h, &w->rec->addr, NULL);
		return rc;
	}
	rc = change(w, ret, why);
	return rc == 0 ? 0 : undo(w, rc, why);
}

static int
claim_work(
	struct work *w, const struct pci_addr *addr, struct claim_result *ret, struct reason *why
)
{
	struct claim_locks locks;
	struct claim_result now;
	struct reason no_vf;
	struct pci_addr pf;
	int rc = read_device(w, addr, why), kind;

	if (rc == 0)
		rc = vf_settings_check(&w->req->settings, NULL, why);
	if (rc != 0)
		return rc;
	/* What is a VF outside is none inside a virtual machine, where it can only be used. */
	kind = vf_bind_check_kind(&w->dev, &no_vf);
	if (kind != 0 && !w->req->may_adopt)
		return reason_set(why, kind, "%s", no_vf.text);
	look(w, &now);
	rc = claim_adopt(w->h, w->req, w->driver, &now, why);
	if (rc == 0) {
		now.adopted = true;
		*ret = now;
		return 0;
	}
	if (rc != -EAGAIN)
		return rc;
	if (kind != 0)
		return reason_set(why, kind, "%s", no_vf.text);
	pf = w->dev.pf;
	rc = claim_locks_take(w->h, w->dev.pf_known ? &pf : NULL, addr, &locks, why);
	if (rc != 0)
		return rc;
	rc = claim_locked(w, ret, why);
	claim_locks_drop(&locks);
	return rc;
}

int
claim_vf(
	const struct sriov_host *h,
	const struct pci_device *vf,
	const struct claim_request *req,
	struct claim_result *ret,
	struct text *notes,
	struct reason *why
)
{
	struct claim_record rec = {.complete = false};
	struct work w = {
		.h = h,
		.req = req,
		.driver = req->driver != NULL ? req->driver : "vfio-pci",
		.rec = &rec,
		.attrs = vf_settings_attrs(&req->settings),
		.notes = notes,
	};

	pci_addr_text(&vf->addr, w.name);
	if (!driver_name_ok(w.driver) || w.driver[0] == '\0')
		return reason_set(why, -EINVAL, "\"%s\" cannot be a driver's name", w.driver);
	return claim_work(&w, &vf->addr, ret, why);
}
