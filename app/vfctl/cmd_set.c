/* SPDX-License-Identifier: BSD-3-Clause */
/* `vfctl set`: attributes of VFs in their PF's driver, all VFs or none. Used by main.c. */
#include "reason.h"
#include "text.h"
#include "vf_set.h"
#include "vfctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the words of the command line ask for. */
struct request {
	struct vf_settings settings;
	struct pci_addr *vfs;
	size_t n;
	bool pf_up;
};

static int
take_addresses(const struct vfctl *c, const struct vfctl_devices *vfs, struct request *r)
{
	struct reason why;

	r->vfs = calloc(vfs->n, sizeof(*r->vfs));
	if (r->vfs == NULL) {
		(void)reason_set(&why, -ENOMEM, "out of memory");
		return vfctl_failed(c, &why);
	}
	for (; r->n < vfs->n; r->n++)
		r->vfs[r->n] = vfs->at[r->n]->addr;
	return STATUS_OK;
}

/* A word with "=" is a setting, each other one names VFs. */
static int
read_words(struct vfctl *c, int argc, char **argv, struct request *r)
{
	struct vfctl_devices vfs = {NULL, 0};
	int status = STATUS_OK;
	struct reason why;

	for (int i = 0; i < argc; i++)
		if (strchr(argv[i], '=') != NULL &&
		    vf_settings_word(&r->settings, argv[i], &why) != 0)
			return vfctl_usage(c, "%s", why.text);
	if (vf_settings_empty(&r->settings))
		return vfctl_usage(c, "no KEY=VALUE is given");
	if (vf_settings_check(&r->settings, NULL, &why) != 0)
		return vfctl_usage(c, "%s", why.text);
	for (int i = 0; i < argc && status == STATUS_OK; i++)
		if (strchr(argv[i], '=') == NULL)
			status = vfctl_add_vfs(c, argv[i], &vfs);
	if (status == STATUS_OK && vfs.n == 0)
		status = vfctl_usage(c, "no VF is given");
	if (status == STATUS_OK)
		status = take_addresses(c, &vfs, r);
	vfctl_devices_fini(&vfs);
	return status;
}

/* One line: what was and what is, of what was written. */
static void
print_change(const struct vf_set_change *c)
{
	char name[PCI_ADDR_BYTES], was[VF_STATE_TEXT_BYTES], now[VF_STATE_TEXT_BYTES];
	const char *between = "";

	printf("%s (%s vf %u): ", pci_addr_text(&c->addr, name), c->pf, c->was.vf);
	for (enum vf_attr attr = 0; attr < VF_ATTR_COUNT; attr++) {
		if (!(c->changed & 1u << attr))
			continue;
		printf("%s%s -> %s",
		       between,
		       c->was.known & 1u << attr ? vf_state_text(attr, &c->was, was) : "(not told)",
		       vf_state_text(attr, &c->now, now));
		between = ", ";
	}
	printf("%s\n", c->changed == 0 ? "nothing to change" : "");
}

static int
set(struct vfctl *c, const struct request *r)
{
	struct vf_set_change *changes = calloc(r->n, sizeof(*changes));
	struct text notes = TEXT_EMPTY;
	struct reason why, said;
	int rc = -ENOMEM;

	if (changes == NULL)
		reason_set(&why, rc, "out of memory");
	else
		rc = vf_set(&c->host, r->vfs, r->n, &r->settings, r->pf_up, changes, &notes, &why);
	vfctl_notes(c, &notes);
	text_fini(&notes);
	for (size_t i = 0; i < r->n && rc == 0; i++)
		print_change(&changes[i]);
	free(changes);
	if (rc == -ENETDOWN && !r->pf_up) {
		said = why;
		reason_set(&why, rc, "%.450s, or give --pf-up", said.text);
	}
	return rc == 0 ? STATUS_OK : vfctl_failed(c, &why);
}

int
cmd_set(struct vfctl *c, int argc, char **argv)
{
	static const struct option options[] = {{"pf-up", no_argument, NULL, 'u'}, {0}};
	struct request r = {.n = 0};
	int o, status;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o != 'u')
			return STATUS_USAGE;
		r.pf_up = true;
	}
	status = read_words(c, argc - optind, argv + optind, &r);
	if (status == STATUS_OK)
		status = set(c, &r);
	free(r.vfs);
	return status;
}
