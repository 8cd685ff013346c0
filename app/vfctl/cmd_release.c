/* SPDX-License-Identifier: BSD-3-Clause */
/* `vfctl release` and `vfctl reconcile`: VFs of claims go back to what they were. Used by main.c.
 */
#include "claim.h"
#include "output.h"
#include "reason.h"
#include "text.h"
#include "vfctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
release(struct vfctl *c, const struct pci_addr *addr, bool force)
{
	struct text notes = TEXT_EMPTY;
	char name[PCI_ADDR_BYTES];
	struct reason why;
	int rc = claim_release(&c->host, addr, force, &notes, &why);

	vfctl_notes(c, &notes);
	text_fini(&notes);
	if (rc != 0)
		return vfctl_failed(c, &why);
	printf("%s released\n", pci_addr_text(addr, name));
	return STATUS_OK;
}

/* Whether somebody has it who lives; one that is unreadable is left to claim_release to tell. */
static bool
has_living_owner(const struct vfctl *c, const struct pci_addr *addr)
{
	struct claim_record r;

	return journal_read(&c->host, addr, &r, NULL) == 0 && r.owner.pid != 0 &&
	       claim_owner_alive(&c->host, &r.owner);
}

static int
release_all(struct vfctl *c, bool force)
{
	int status = STATUS_OK;
	struct pci_addr *list;
	struct reason why;
	size_t n;

	if (journal_list(&c->host, &list, &n, &why) != 0)
		return vfctl_failed(c, &why);
	for (size_t i = 0; i < n; i++)
		if ((force || !has_living_owner(c, &list[i])) &&
		    release(c, &list[i], force) != STATUS_OK)
			status = STATUS_FAILED;
	free(list);
	return status;
}

/* The claim of a VF that is no more is released, too: by its address. */
static int
release_word(struct vfctl *c, const char *word, bool force)
{
	struct vfctl_devices vfs = {NULL, 0};
	struct pci_addr addr;
	int status;

	if (pci_addr_parse(word, &addr) == 0)
		return release(c, &addr, force);
	status = vfctl_add_vfs(c, word, &vfs);
	for (size_t i = 0; i < vfs.n; i++)
		if (release(c, &vfs.at[i]->addr, force) != STATUS_OK)
			status = STATUS_FAILED;
	vfctl_devices_fini(&vfs);
	return status;
}

static int
release_words(struct vfctl *c, int n, char **words, bool force)
{
	int status = STATUS_OK;

	for (int i = 0; i < n; i++)
		if (release_word(c, words[i], force) != STATUS_OK)
			status = STATUS_FAILED;
	return status;
}

int
cmd_release(struct vfctl *c, int argc, char **argv)
{
	static const struct option options[] = {
		{"all", no_argument, NULL, 'a'},
		{"force", no_argument, NULL, 'f'},
		{0},
	};
	bool all = false, force = false;
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o != 'a' && o != 'f')
			return STATUS_USAGE;
		all |= o == 'a';
		force |= o == 'f';
	}
	if (all != (optind == argc))
		return vfctl_usage(c, all ? "--all goes without a VF" : "no VF is given");
	return all ? release_all(c, force) : release_words(c, argc - optind, argv + optind, force);
}

/* What reconcile found, as text and as JSON. */
struct found {
	struct text text;
	json_t *array;
	bool no_mem;
};

static void
add_found(void *ctx, const struct pci_addr *addr, enum claim_fate fate, const char *text)
{
	char name[PCI_ADDR_BYTES];
	struct found *f = ctx;
	json_t *o;

	pci_addr_text(addr, name);
	text_printf(&f->text, "%s %s: %s\n", name, claim_fate_names[fate], text);
	o = json_pack(
		"{s:s, s:s, s:s}", "address", name, "fate", claim_fate_names[fate], "text", text
	);
	if (json_array_append_new(f->array, o) != 0)
		f->no_mem = true;
}

int
cmd_reconcile(struct vfctl *c, int argc, char **argv)
{
	static const struct option options[] = {
		{"dry-run", no_argument, NULL, 'n'},
		{"json", no_argument, NULL, 'j'},
		{0},
	};
	struct found found = {.text = TEXT_EMPTY, .array = json_array()};
	bool dry_run = false, as_json = false;
	struct reason why;
	int o, rc, status;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		dry_run |= o == 'n';
		as_json |= o == 'j';
		if (o != 'n' && o != 'j')
			break;
	}
	if (o != -1 || optind != argc) {
		json_decref(found.array);
		return o != -1 ? STATUS_USAGE
		               : vfctl_usage(c, "unexpected word \"%s\"", argv[optind]);
	}
	rc = claim_reconcile(&c->host, dry_run, add_found, &found, &why);
	status =
		output(c,
	               found.no_mem || found.text.no_mem ? -ENOMEM : 0,
	               as_json ? found.array : NULL,
	               &found.text);
	json_decref(found.array);
	return rc == 0 ? status : vfctl_failed(c, &why);
}
