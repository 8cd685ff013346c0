/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vfctl: provisions SR-IOV VFs, without EAL. Exit status 0: fine, 1: failed, 2: usage.
 */
#include "reason.h"
#include "text.h"
#include "vfctl.h"
#include "vfctl_table.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static void
print_help(const struct vfctl_command *command)
{
	struct text text = TEXT_EMPTY;

	text_printf(
		&text,
		"usage: %s%s\n%s\n\n",
		command->run != NULL ? "vfctl [options] " : "",
		command->synopsis,
		command->help
	);
	options_help_text(command->options, command->nb_options, &text);
	if (command->run == NULL) {
		text_puts(&text, "\ncommands:\n");
		for (size_t i = 1; i < vfctl_table_count; i++)
			text_printf(
				&text,
				"  %s\n        %s\n",
				vfctl_table[i].synopsis,
				vfctl_table[i].help
			);
	}
	fputs(text_str(&text), stdout);
	text_fini(&text);
}

static const struct vfctl_command *
find_command(const char *name)
{
	for (size_t i = 1; i < vfctl_table_count; i++)
		if (strcmp(vfctl_table[i].name, name) == 0)
			return &vfctl_table[i];
	return NULL;
}

/* Whether a command's words ask for its help; getopt of the command would not know -h. */
static bool
asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0)
			return true;
	return false;
}

static int
run_command(struct vfctl *c, const char *sysroot, int argc, char **argv)
{
	const struct vfctl_command *command = find_command(argv[0]);
	struct reason why;
	int status;

	if (command == NULL) {
		fprintf(stderr, "vfctl: no command \"%s\" (see vfctl --help)\n", argv[0]);
		return STATUS_USAGE;
	}
	if (asks_for_help(argc, argv)) {
		print_help(command);
		return STATUS_OK;
	}
	c->command = command->name;
	/* A tree of files has no netlink. */
	if (sysroot == NULL && vf_rtnl_new(&c->rtnl, &why) != 0)
		return vfctl_failed(c, &why);
	sriov_host_init(&c->host, c->rtnl, c->host.state_dir);
	c->host.fs.root = sysroot;
	optind = 0;
	status = command->run(c, argc, argv);
	if (fflush(stdout) != 0 && status == STATUS_OK)
		status = STATUS_FAILED;
	c->bus = pci_bus_free(c->bus);
	c->rtnl = vf_rtnl_free(c->rtnl);
	return status;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{"help", no_argument, NULL, 'h'},
		{"state-dir", required_argument, NULL, 's'},
		{"sysroot", required_argument, NULL, 'r'},
		{0},
	};
	struct vfctl c = {.command = "", .host = {.state_dir = SRIOV_STATE_DIR}};
	const char *sysroot = NULL;
	int o;

	/* "+": what follows the command is the command's. */
	while ((o = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		switch (o) {
		case 'h':
			print_help(&vfctl_table[0]);
			return STATUS_OK;
		case 's':
			c.host.state_dir = optarg;
			break;
		case 'r':
			sysroot = optarg;
			break;
		default:
			return STATUS_USAGE;
		}
	}
	if (optind == argc) {
		fprintf(stderr, "vfctl: no command is given (see vfctl --help)\n");
		return STATUS_USAGE;
	}
	return run_command(&c, sysroot, argc - optind, argv + optind);
}
