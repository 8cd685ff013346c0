/* SPDX-License-Identifier: BSD-3-Clause */
/* See vf_count.h; what the kernel's errors mean is in vf_count_reason.c. */
#include "vf_count.h"

#include "claim_lock.h"
#include "parse.h"
#include "reason.h"
#include "sriov_host.h"
#include "text.h"
#include "units.h"
#include "vf_count_reason.h"
#include "vf_use.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_LIMIT_MS = 120000, LOOK_EVERY_MS = 50, READ_LIMIT_MS = 2000 };

#define DEVICE "/sys/bus/pci/devices/%s"

/* One change of a PF's count. */
struct change {
	const struct sriov_host *h;
	const struct vf_count_settings *s;
	char pf[PCI_ADDR_BYTES];
	uint32_t limit_ms;
	uint16_t was; /* VFs before */
	bool has_autoprobe, autoprobe_was;
	bool held;            /* a process has one of the VFs open */
	struct reason holder; /* ... and which */
	bool written;         /* the kernel has taken another count */
	bool at_work;         /* ... or has not returned from it */
	struct text *notes;
};

/* Links to VFs; @complete: only those whose VF is all there. */
static uint16_t
count_links(const struct sriov_host *h, const char *pf, bool complete)
{
	char *names, vf[PCI_ADDR_BYTES];
	uint16_t count = 0;
	const char *name;
	size_t n;

	if (hostfs_list(&h->fs, &names, &n, DEVICE, pf) != 0)
		return 0;
	name = names;
	for (size_t i = 0; i < n; i++, name = hostfs_next(name)) {
		if (strncmp(name, "virtfn", 6) != 0)
			continue;
		if (complete && (hostfs_link(&h->fs, vf, sizeof(vf), DEVICE "/%s", pf, name) != 0 ||
		                 !hostfs_exists(&h->fs, DEVICE "/physfn", vf)))
			continue;
		count++;
	}
	free(names);
	return count;
}

/*
 * The count as the kernel has it. Reading it waits for a change that is under way, and that may
 * wait for a process: -ETIMEDOUT.
 */
static int
read_count(const struct sriov_host *h, const char *pf, uint16_t *ret)
{
	char line[16];
	int rc = hostfs_read_limited(
		&h->fs, line, sizeof(line), READ_LIMIT_MS, DEVICE "/sriov_numvfs", pf
	);

	return rc == 0 ? parse_u16(line, 0, UINT16_MAX, ret) : rc;
}

/* The same for a PF that was read before: the links must do, whose reading waits for nothing. */
static uint16_t
count_now(const struct sriov_host *h, const char *pf)
{
	uint16_t count;

	return read_count(h, pf, &count) == 0 ? count : count_links(h, pf, false);
}

/* The VF of that number as it is now; false: it is just going. */
static bool
read_vf(const struct change *c, unsigned index, struct pci_device *ret)
{
	char name[PCI_ADDR_BYTES];
	struct pci_addr addr;

	return hostfs_link(&c->h->fs, name, sizeof(name), DEVICE "/virtfn%u", c->pf, index) == 0 &&
	       pci_addr_parse(name, &addr) == 0 && pci_device_read(&c->h->fs, &addr, ret) == 0;
}

/* Whether the VFs that are there may go. With recreate whoever loses one is noted. */
static int
check_users(struct change *c, struct reason *why)
{
	struct pci_device vf;
	struct reason who;

	for (unsigned i = 0; i < c->was; i++) {
		if (!read_vf(c, i, &vf))
			continue;
		if (vf_in_use(c->h, &vf, &who) == VF_FREE)
			continue;
		if (!c->s->recreate)
			return reason_set(
				why,
				-EBUSY,
				"%s: its VFs cannot go, one is in use: %.300s (--recreate takes "
				"it away all the same)",
				c->pf,
				who.text
			);
		/* A claim does not tell of a process that holds the VF now. */
		if (vf_use_open(c->h, &vf.addr, &c->holder) != 0)
			c->held = true;
		if (c->notes != NULL)
			text_printf(c->notes, "goes although it is in use: %s\n", who.text);
	}
	return 0;
}

static int
check_request(struct change *c, struct reason *why)
{
	int64_t total;

	if (!hostfs_exists(&c->h->fs, DEVICE, c->pf))
		return reason_set(why, -ENODEV, "%s: no such PCI function", c->pf);
	if (hostfs_exists(&c->h->fs, DEVICE "/physfn", c->pf))
		return reason_set(why, -EPERM, "%s is a VF itself: name its PF", c->pf);
	if (!hostfs_exists(&c->h->fs, DEVICE "/sriov_numvfs", c->pf) ||
	    hostfs_read_i64(&c->h->fs, &total, DEVICE "/sriov_totalvfs", c->pf) != 0)
		return reason_set(
			why,
			-ENOENT,
			"%s has no SR-IOV: the device or its firmware does not offer it, or the "
			"kernel is built without (CONFIG_PCI_IOV)",
			c->pf
		);
	if (c->s->count > total)
		return vf_count_reason(&c->h->fs, c->pf, c->s->count, -ERANGE, c->limit_ms, why);
	return 0;
}

static int
write_count(struct change *c, uint16_t count, struct reason *why)
{
	char value[8];
	int len = snprintf(value, sizeof(value), "%u", count);
	int rc = hostfs_write_limited(
		&c->h->fs, value, (size_t)len, c->limit_ms, DEVICE "/sriov_numvfs", c->pf
	);

	if (rc == 0)
		c->written = true;
	c->at_work = rc == -ETIMEDOUT;
	if (rc == -ETIMEDOUT && c->held)
		return reason_set(
			why,
			rc,
			"%s: the kernel did not take the VFs away in %u s, and will when the "
			"process that holds one ends: %.250s",
			c->pf,
			c->limit_ms / 1000,
			c->holder.text
		);
	return rc == 0 ? 0 : vf_count_reason(&c->h->fs, c->pf, count, rc, c->limit_ms, why);
}

/* All links there, each with its VF's link back: then the VFs can be used. */
static int
wait_for_links(const struct change *c, uint16_t count, struct reason *why)
{
	const struct sriov_host *h = c->h;
	uint64_t end_ns = h->now_ns(h->ctx) + c->limit_ms * NSEC_PER_MSEC;
	uint16_t there = count_links(h, c->pf, count > 0);

	while (there != count && h->now_ns(h->ctx) < end_ns) {
		h->sleep_ms(h->ctx, LOOK_EVERY_MS);
		there = count_links(h, c->pf, count > 0);
	}
	if (there == count)
		return 0;
	return reason_set(
		why,
		-ETIMEDOUT,
		"%s: of %u VFs %u are there after %u s (see dmesg)",
		c->pf,
		count,
		there,
		c->limit_ms / 1000
	);
}

/* A driver may make fewer and say yes. */
static int
check_made(const struct change *c, uint16_t count, struct reason *why)
{
	uint16_t made = count_now(c->h, c->pf);

	if (made == count)
		return 0;
	return reason_set(
		why,
		-ENOSPC,
		"%s: the driver made %u of %u VFs and gave no reason (see dmesg)",
		c->pf,
		made,
		count
	);
}

/* What drivers do with new VFs is the PF's switch. */
static int
set_autoprobe(const struct change *c, bool on, struct reason *why)
{
	int64_t now;
	int rc = hostfs_read_i64(&c->h->fs, &now, DEVICE "/sriov_drivers_autoprobe", c->pf);

	if (!c->has_autoprobe || (rc == 0 && (now != 0) == on))
		return 0;
	rc = hostfs_write(&c->h->fs, on ? "1" : "0", 1, DEVICE "/sriov_drivers_autoprobe", c->pf);
	if (rc == 0)
		return 0;
	return reason_set(
		why, rc, "%s: cannot set sriov_drivers_autoprobe: %s", c->pf, strerror(-rc)
	);
}

/* Where there are none. */
static int
make_vfs(struct change *c, uint16_t count, bool autoprobe, struct reason *why)
{
	int rc = set_autoprobe(c, autoprobe, why);

	if (rc == 0)
		rc = write_count(c, count, why);
	if (rc == 0)
		rc = check_made(c, count, why);
	return rc == 0 ? wait_for_links(c, count, why) : rc;
}

/* The number from before; *ret_again: the VFs are others than they were. */
static int
undo_count(struct change *c, bool *ret_again, struct reason *why)
{
	uint16_t now;
	int rc = 0;

	/* What has not returned is waited for by the next write. */
	if (c->at_work || !c->written)
		return 0;
	*ret_again = c->was != 0;
	now = count_now(c->h, c->pf);
	if (now == c->was)
		return wait_for_links(c, now, why);
	if (now != 0)
		rc = write_count(c, 0, why);
	return rc == 0 && c->was != 0 ? make_vfs(c, c->was, false, why) : rc;
}

/* After the error @err, which @why tells and keeps. */
static int
undo(struct change *c, int err, struct reason *why)
{
	struct reason first = {""}, second;
	bool made_again = false;
	int rc, autoprobe_rc;

	if (why != NULL)
		first = *why;
	rc = undo_count(c, &made_again, &second);
	autoprobe_rc = set_autoprobe(c, c->autoprobe_was, rc == 0 ? &second : NULL);
	if (rc != 0 || autoprobe_rc != 0)
		reason_set(
			why, err, "%.250s; and it is not as it was: %.200s", first.text, second.text
		);
	else if (made_again)
		reason_set(
			why,
			err,
			"%.350s; %u VFs were made again, without drivers and settings",
			first.text,
			c->was
		);
	return err;
}

static int
change_count(struct change *c, struct reason *why)
{
	int rc = 0;

	if (c->was != 0) {
		rc = write_count(c, 0, why);
		if (rc == 0)
			rc = wait_for_links(c, 0, why);
	}
	if (rc == 0 && c->s->count != 0) {
		rc = make_vfs(c, c->s->count, c->s->autoprobe, why);
		if (rc == 0)
			rc = set_autoprobe(c, c->autoprobe_was, why);
	}
	return rc == 0 ? 0 : undo(c, rc, why);
}

/* The switch is for the VFs that are made now, and then as before. */
static void
look_at_autoprobe(struct change *c)
{
	int64_t v = 0;
	int rc = hostfs_read_i64(&c->h->fs, &v, DEVICE "/sriov_drivers_autoprobe", c->pf);

	c->has_autoprobe = rc == 0;
	c->autoprobe_was = v != 0;
	if (rc != 0 && c->s->count != 0 && !c->s->autoprobe && c->notes != NULL)
		text_printf(
			c->notes,
			"%s: this kernel has no sriov_drivers_autoprobe: its drivers may take the "
			"new VFs\n",
			c->pf
		);
}

static int
set_locked(struct change *c, struct reason *why)
{
	int rc;

	rc = read_count(c->h, c->pf, &c->was);
	if (rc == -ETIMEDOUT)
		return reason_set(
			why,
			-EBUSY,
			"%s: the kernel is still at work on another change of its VFs, which may "
			"wait for a process that has one open (see dmesg)",
			c->pf
		);
	if (rc != 0)
		return reason_set(
			why, rc, "%s: cannot read sriov_numvfs: %s", c->pf, strerror(-rc)
		);
	if (c->was == c->s->count) {
		if (c->notes != NULL)
			text_printf(c->notes, "%s has %u VFs: nothing to do\n", c->pf, c->was);
		return 0;
	}
	rc = check_users(c, why);
	if (rc != 0)
		return rc;
	if (c->was != 0 && c->s->count != 0 && !c->s->recreate)
		return reason_set(
			why,
			-EBUSY,
			"%s has %u VFs, and the kernel changes that to %u only by destroying all "
			"of them first: --recreate does so",
			c->pf,
			c->was,
			c->s->count
		);
	look_at_autoprobe(c);
	return change_count(c, why);
}

int
vf_count_set(
	const struct sriov_host *h,
	const struct pci_addr *pf,
	const struct vf_count_settings *s,
	struct text *notes,
	struct reason *why
)
{
	struct change c = {.h = h, .s = s, .notes = notes};
	int fd, rc;

	c.limit_ms = s->limit_ms != 0 ? s->limit_ms : DEFAULT_LIMIT_MS;
	pci_addr_text(pf, c.pf);
	rc = check_request(&c, why);
	if (rc != 0)
		return rc;
	rc = claim_lock(h, CLAIM_LOCK_PF, pf, c.limit_ms, &fd, why);
	if (rc != 0)
		return rc;
	rc = set_locked(&c, why);
	claim_unlock(fd);
	return rc;
}
