/* SPDX-License-Identifier: BSD-3-Clause */
/* See output.h. */
#include "output.h"

#include "reason.h"
#include "vfctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

int
output_options(struct vfctl *c, int argc, char **argv, bool *ret_json)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {0}};
	bool as_json = false;
	int o;

	(void)c;
	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o != 'j')
			return STATUS_USAGE;
		as_json = true;
	}
	*ret_json = as_json;
	return STATUS_OK;
}

int
output(const struct vfctl *c, int rc, const json_t *json, struct text *text)
{
	struct reason why;

	if (rc == 0 && json != NULL) {
		if (json_dumpf(json, stdout, JSON_INDENT(2)) != 0)
			rc = -EIO;
		else
			putchar('\n');
	} else if (rc == 0) {
		fputs(text_str(text), stdout);
	}
	text_fini(text);
	if (rc == 0)
		return STATUS_OK;
	(void)reason_set(&why, rc, "cannot print: %s", strerror(-rc));
	return vfctl_failed(c, &why);
}
