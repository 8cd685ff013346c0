/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `vfctl bind` and `vfctl unbind`: VFs to a userspace driver and back, all of them or none, without
 * a claim. Used by main.c.
 */
#include "claim_lock.h"
#include "reason.h"
#include "text.h"
#include "vf_bind.h"
#include "vf_use.h"
#include "vfctl.h"
#include "vfio.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOCK_LIMIT_MS = 5000 };

/* A VF of the command line. */
struct subject {
	struct pci_device dev; /* as it is under the lock */
	struct driver_binding was, now;
	int lock_fd;
};

struct subjects {
	struct subject *at;
	int n;
};

static void
free_subjects(struct subjects *s)
{
	for (int i = 0; i < s->n; i++)
		claim_unlock(s->at[i].lock_fd);
	free(s->at);
}

static bool
has_subject(const struct subjects *s, const struct pci_addr *addr)
{
	for (int i = 0; i < s->n; i++)
		if (pci_addr_cmp(&s->at[i].dev.addr, addr) == 0)
			return true;
	return false;
}

/* Lock the VF @addr, see that nobody has claimed it, and read what it is now. */
static int
take_subject(struct vfctl *c, const struct pci_addr *addr, struct subject *s, struct reason *why)
{
	char name[PCI_ADDR_BYTES];
	int rc = claim_lock(&c->host, CLAIM_LOCK_VF, addr, LOCK_LIMIT_MS, &s->lock_fd, why);

	if (rc == 0)
		rc = vf_use_claimed(&c->host, addr, why);
	if (rc != 0)
		return rc;
	rc = pci_device_read(&c->host.fs, addr, &s->dev);
	if (rc == 0)
		rc = driver_binding_read(&c->host.fs, addr, &s->was);
	if (rc != 0)
		reason_set(
			why, rc, "%s: cannot read it: %s", pci_addr_text(addr, name), strerror(-rc)
		);
	return rc;
}

static int
take_devices(struct vfctl *c, const struct vfctl_devices *devices, struct subjects *s)
{
	char name[PCI_ADDR_BYTES];
	struct reason why;

	s->at = calloc(devices->n, sizeof(*s->at));
	if (s->at == NULL) {
		(void)reason_set(&why, -ENOMEM, "out of memory");
		return vfctl_failed(c, &why);
	}
	for (size_t i = 0; i < devices->n; i++) {
		const struct pci_device *dev = devices->at[i];

		if (has_subject(s, &dev->addr))
			return vfctl_usage(c, "%s is given twice", pci_addr_text(&dev->addr, name));
		if (vf_bind_check_kind(dev, &why) != 0)
			return vfctl_failed(c, &why);
		s->at[s->n].lock_fd = -1;
		s->n++;
		if (take_subject(c, &dev->addr, &s->at[i], &why) != 0)
			return vfctl_failed(c, &why);
	}
	return STATUS_OK;
}

/* The VFs that the words mean, for free_subjects, also after a failure. */
static int
take_subjects(struct vfctl *c, int n, char **words, struct subjects *s)
{
	struct vfctl_devices devices = {NULL, 0};
	int status = STATUS_OK;

	for (int i = 0; i < n && status == STATUS_OK; i++)
		status = vfctl_add_devices(c, words[i], &devices);
	if (status == STATUS_OK)
		status = take_devices(c, &devices, s);
	vfctl_devices_fini(&devices);
	return status;
}

/* The first @n go back to what they were, last first, after a failure that is told already. */
static void
put_back(struct vfctl *c, const struct subjects *s, int n)
{
	struct reason why;

	while (n-- > 0)
		if (vf_bind_restore(&c->host, &s->at[n].dev.addr, &s->at[n].was, &why) != 0)
			(void)vfctl_failed(c, &why);
}

static int
bind_all(struct vfctl *c, const struct subjects *s, const char *driver)
{
	struct text notes = TEXT_EMPTY;
	char name[PCI_ADDR_BYTES];
	struct vfio_node node;
	struct reason why;
	int rc = 0;

	for (int i = 0; i < s->n && rc == 0; i++)
		rc = vf_bind_check(&c->host, &s->at[i].dev, driver, &notes, &why);
	vfctl_notes(c, &notes);
	text_fini(&notes);
	if (rc != 0)
		return vfctl_failed(c, &why);
	for (int i = 0; i < s->n; i++)
		if (vf_bind(&c->host, &s->at[i].dev.addr, driver, &why) != 0) {
			(void)vfctl_failed(c, &why);
			put_back(c, s, i);
			return STATUS_FAILED;
		}
	for (int i = 0; i < s->n; i++) {
		printf("%s %s", pci_addr_text(&s->at[i].dev.addr, name), driver);
		if (vf_driver_is_vfio(driver) &&
		    vfio_node_find(&c->host.fs, &s->at[i].dev.addr, &node) == 0)
			printf(" %s", node.path);
		printf("\n");
	}
	return STATUS_OK;
}

int
cmd_bind(struct vfctl *c, int argc, char **argv)
{
	static const struct option options[] = {{"driver", required_argument, NULL, 'd'}, {0}};
	const char *driver = "vfio-pci";
	struct subjects s = {.at = NULL};
	int o, status;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o != 'd')
			return STATUS_USAGE;
		driver = optarg;
	}
	if (optind == argc)
		return vfctl_usage(c, "no VF is given");
	status = take_subjects(c, argc - optind, argv + optind, &s);
	if (status == STATUS_OK)
		status = bind_all(c, &s, driver);
	free_subjects(&s);
	return status;
}

static int
unbind_all(struct vfctl *c, const struct subjects *s, struct text *notes)
{
	char name[PCI_ADDR_BYTES];
	struct subject *at;
	struct reason why;

	for (int i = 0; i < s->n; i++)
		if (vf_use_open(&c->host, &s->at[i].dev.addr, &why) != 0)
			return vfctl_failed(c, &why);
	for (int i = 0; i < s->n; i++) {
		at = &s->at[i];
		if (vf_unbind(&c->host, &at->dev.addr, &at->now, notes, &why) != 0) {
			(void)vfctl_failed(c, &why);
			put_back(c, s, i);
			return STATUS_FAILED;
		}
	}
	for (int i = 0; i < s->n; i++) {
		at = &s->at[i];
		printf("%s %s\n",
		       pci_addr_text(&at->dev.addr, name),
		       at->now.driver[0] != '\0' ? at->now.driver : "none");
	}
	vfctl_notes(c, notes);
	return STATUS_OK;
}

int
cmd_unbind(struct vfctl *c, int argc, char **argv)
{
	static const struct option options[] = {{0}};
	struct subjects s = {.at = NULL};
	struct text notes = TEXT_EMPTY;
	int status;

	if (getopt_long(argc, argv, "", options, NULL) != -1)
		return STATUS_USAGE;
	if (optind == argc)
		return vfctl_usage(c, "no VF is given");
	status = take_subjects(c, argc - optind, argv + optind, &s);
	if (status == STATUS_OK)
		status = unbind_all(c, &s, &notes);
	text_fini(&notes);
	free_subjects(&s);
	return status;
}
