/* SPDX-License-Identifier: BSD-3-Clause */
/* See vfctl.h. */
#include "vfctl.h"

int
cmd_bind(struct vfctl *c, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return vfctl_usage(c, "not built yet");
}

int
cmd_unbind(struct vfctl *c, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return vfctl_usage(c, "not built yet");
}
