/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of netconf.h share: one reader for each plugin. */
#pragma once

#include "json_in.h"
#include "netconf.h"

/* @network: the name of the network, or NULL. */
int netconf_vf_parse(
	const struct json_in *in, const char *network, struct netconf_vf *ret, struct reason *why
);
int netconf_bond_parse(
	const struct json_in *in, const char *network, struct netconf_bond *ret, struct reason *why
);

/* A string, NULL when it is not given or empty. */
int netconf_string(const struct json_in *in, const char *key, const char **ret, struct reason *why);

/* A number of @min..@max. */
int netconf_number(
	const struct json_in *in,
	const char *key,
	int64_t min,
	int64_t max,
	bool *ret_has,
	int64_t *ret,
	struct reason *why
);
