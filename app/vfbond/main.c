/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vfbond: options, VFs, EAL, the program, and back. Exit status 0: fine, 1: failed, 2: usage.
 */
#include "app.h"
#include "eal_args.h"
#include "loop.h"
#include "options.h"
#include "options_vf.h"
#include "reason.h"
#include "text.h"
#include "vf.h"

#include <rte_eal.h>
#include <rte_errno.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATUS_OK, STATUS_FAILED, STATUS_USAGE };

/* Where our options begin: behind "--", which becomes their argv[0]. */
static int
find_options(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--") == 0)
			return i;
	return argc;
}

static bool
has_word(int argc, char **argv, const char *word)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], word) == 0)
			return true;
	return false;
}

/* From now on signals wait until the control loop reads them, in every thread that EAL makes. */
static void
block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* EAL says "cannot get hugepage information" for two things with different remedies. */
static const char *
hugepage_hint(int argc, char **argv)
{
	unsigned long free_pages = 0;
	char line[128];
	FILE *f;

	if (has_word(argc, argv, "--no-huge"))
		return "";
	f = fopen("/proc/meminfo", "re");
	if (f == NULL)
		return "";
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "HugePages_Free: %lu", &free_pages) == 1)
			break;
	fclose(f);
	if (free_pages != 0)
		return "";
	return "; no hugepages are free: reserve some (sysctl vm.nr_hugepages=512) or run with "
	       "--no-huge -m 512";
}

static int
start_eal(int argc, char **argv)
{
	int rc = rte_eal_init(argc, argv);

	if (rc >= 0)
		return 0;
	fprintf(stderr,
	        "vfbond: EAL did not start: %s%s\n",
	        rte_strerror(rte_errno),
	        hugepage_hint(argc, argv));
	return -1;
}

static int
usage(void)
{
	struct text text = TEXT_EMPTY;

	options_usage(&text);
	fputs(text_str(&text), stdout);
	text_fini(&text);
	return STATUS_OK;
}

/* Before EAL looks at any device: claim, and settle what bonds over the VFs need. */
static int
claim_vfs_of_options(struct app *app, struct reason *why)
{
	struct text notes = TEXT_EMPTY;
	int rc = vfs_new(&app->vfs, app->options.state_dir, why);

	if (rc == 0)
		rc = vfs_claim_options(app->vfs, &app->options, &notes, why);
	if (rc == 0)
		rc = options_netconf_join(&app->options, vfs_count(app->vfs), why);
	if (rc == 0)
		rc = vfs_check_bonds(app->vfs, &app->options, &notes, why);
	app_print_notes(app, &notes);
	text_fini(&notes);
	return rc;
}

/* EAL has let go of the devices: restore what the claims changed. */
static int
release_vfs(struct app *app)
{
	struct text notes = TEXT_EMPTY;
	struct reason why;
	int rc = app->vfs != NULL ? vfs_release_all(app->vfs, &notes, &why) : 0;

	app_print_notes(app, &notes);
	text_fini(&notes);
	if (rc != 0)
		fprintf(stderr, "vfbond: %s (see vfctl reconcile)\n", why.text);
	app->vfs = vfs_free(app->vfs);
	return rc;
}

/* From EAL's start to its end. */
static int
run(struct app *app, int argc, char **argv)
{
	struct pci_addr addresses[VFS_MAX];
	size_t nb_vfs = vfs_addresses(app->vfs, addresses);
	int status = STATUS_FAILED;
	struct eal_args eal;
	struct reason why;

	if (eal_args_make(&eal, argc, argv, addresses, nb_vfs, &why) != 0) {
		fprintf(stderr, "vfbond: %s\n", why.text);
		return STATUS_USAGE;
	}
	/* EAL keeps pointers into the words until its end. */
	if (start_eal(eal.argc, eal.argv) != 0) {
		eal_args_fini(&eal);
		return STATUS_FAILED;
	}
	if (app_init(app, &why) == 0)
		status = loop_run(app->loop);
	else
		fprintf(stderr, "vfbond: %s\n", why.text);
	if (app_fini(app) != 0) {
		fprintf(stderr, "vfbond: not all mbufs came back to their pools\n");
		status = STATUS_FAILED;
	}
	rte_eal_cleanup();
	eal_args_fini(&eal);
	return status;
}

int
main(int argc, char **argv)
{
	int split = find_options(argc, argv), status = STATUS_FAILED;
	struct app *app;
	struct reason why;

	app = calloc(1, sizeof(*app));
	if (app == NULL)
		return STATUS_FAILED;
	if (split < argc && options_parse(&app->options, argc - split, argv + split, &why) != 0) {
		fprintf(stderr, "vfbond: %s\n", why.text);
		free(app);
		return STATUS_USAGE;
	}
	if (split == argc)
		(void)options_parse(&app->options, 1, argv, &why);
	if (app->options.help || (split == argc && has_word(argc, argv, "--help"))) {
		free(app);
		return usage();
	}
	block_signals();
	if (claim_vfs_of_options(app, &why) == 0)
		status = run(app, split, argv);
	else
		fprintf(stderr, "vfbond: %s\n", why.text);
	if (release_vfs(app) != 0)
		status = STATUS_FAILED;
	free(app);
	return status;
}
