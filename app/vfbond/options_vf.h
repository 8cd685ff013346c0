/* SPDX-License-Identifier: BSD-3-Clause */
/* The options about VFs (--vf, --netconf): part of options.h with a file of its own. */
#pragma once

struct options;
struct reason;

/* A --vf; @selector is kept, not copied. */
int options_vf_add(struct options *o, const char *selector, struct reason *why);

/* A --netconf: read @path, and add a VF or a bond. */
int options_netconf_add(struct options *o, const char *path, struct reason *why);

/*
 * All VFs are claimed, @nb_vfs of them named vf0, vf1, ...: bonds of --netconf take theirs in turn.
 * -EINVAL when the numbers don't match.
 */
int options_netconf_join(struct options *o, unsigned nb_vfs, struct reason *why);
