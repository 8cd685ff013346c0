/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of vfctl; gen-vfctl makes the table from vfctl.list. */
#pragma once

#include "options_help.h"
#include "vfctl.h"

struct vfctl_command {
	const char *name, *synopsis, *help;
	const struct option_help *options;
	size_t nb_options;
	int (*run)(struct vfctl *c, int argc, char **argv); /* NULL: the program itself */
};

extern const struct vfctl_command vfctl_table[];
extern const size_t vfctl_table_count;
