/* SPDX-License-Identifier: BSD-3-Clause */
/* See vfctl.h. */
#include "vfctl.h"

int
cmd_claim(struct vfctl *c, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return vfctl_usage(c, "not built yet");
}

int
cmd_release(struct vfctl *c, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return vfctl_usage(c, "not built yet");
}

int
cmd_reconcile(struct vfctl *c, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return vfctl_usage(c, "not built yet");
}
