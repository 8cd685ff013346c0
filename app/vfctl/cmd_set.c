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

/* A word with "=" is a setting, each other one a VF. */
static int
read_words(struct vfctl *c, int argc, char **argv, struct request *r)
{
	const struct pci_device *vf;
	struct reason why;

	for (int i = 0; i < argc; i++)
		if (strchr(argv[i], '=') != NULL &&
		    vf_settings_word(&r->settings, argv[i], &why) != 0)
			return vfctl_usage(c, "%s", why.text);
	if (vf_settings_empty(&r->settings))
		return vfctl_usage(c, "no KEY=VALUE is given");
	if (vf_settings_check(&r->settings, NULL, &why) != 0)
		return vfctl_usage(c, "%s", why.text);
	for (int i = 0; i < argc; i++) {
		if (strchr(argv[i], '=') != NULL)
			continue;
		vf = vfctl_vf(c, argv[i]);
		if (vf == NULL)
			return STATUS_FAILED;
		r->vfs[r->n++] = vf->addr;
	}
	return r->n != 0 ? STATUS_OK : vfctl_usage(c, "no VF is given");
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
	r.vfs = calloc((size_t)argc, sizeof(*r.vfs));
	if (r.vfs == NULL)
		return vfctl_usage(c, "too many VFs");
	status = read_words(c, argc - optind, argv + optind, &r);
	if (status == STATUS_OK)
		status = set(c, &r);
	free(r.vfs);
	return status;
}
