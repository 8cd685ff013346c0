/* SPDX-License-Identifier: BSD-3-Clause */
/* `vfctl doctor`: what the machine lacks to run VFs in userspace, and the command that mends it. */
#include "host_check.h"
#include "output.h"
#include "reason.h"
#include "table.h"
#include "vfctl.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { SUBJECT, STATE, FOUND, REMEDY, COLUMNS };

static const struct table_column columns[COLUMNS] = {
	[SUBJECT] = {.header = "SUBJECT", .key = "subject"},
	[STATE] = {.header = "STATE", .key = "state"},
	[FOUND] = {.header = "FOUND", .key = "found"},
	[REMEDY] = {.header = "REMEDY", .key = "remedy"},
};

static void
fill_row(struct table *t, const struct host_finding *f)
{
	table_row(t);
	table_set(t, SUBJECT, f->subject);
	table_set(t, STATE, host_verdict_names[f->verdict]);
	table_set(t, FOUND, f->found);
}

static int
print_json(const struct vfctl *c, const struct host_finding *list, unsigned n)
{
	struct text none = TEXT_EMPTY;
	struct table *t = NULL;
	json_t *array = NULL;
	int rc = table_new(&t, columns, COLUMNS);

	for (unsigned i = 0; rc == 0 && i < n; i++) {
		fill_row(t, &list[i]);
		if (list[i].remedy[0] != '\0')
			table_set(t, REMEDY, list[i].remedy);
	}
	if (rc == 0)
		rc = table_json(t, &array);
	table_free(t);
	rc = output(c, rc, array, &none);
	json_decref(array);
	return rc;
}

/* A remedy has a line of its own below what it mends: side by side no terminal is wide enough. */
static int
print_text(const struct vfctl *c, const struct host_finding *list, unsigned n)
{
	struct text text = TEXT_EMPTY;
	struct table *t = NULL;
	int rc = table_new(&t, columns, REMEDY);

	for (unsigned i = 0; rc == 0 && i < n; i++) {
		fill_row(t, &list[i]);
		if (list[i].remedy[0] == '\0')
			continue;
		table_row(t);
		table_set(t, SUBJECT, "");
		table_set(t, STATE, "");
		table_printf(t, FOUND, "=> %s", list[i].remedy);
	}
	if (rc == 0)
		rc = table_text(t, &text);
	table_free(t);
	return output(c, rc, NULL, &text);
}

int
cmd_doctor(struct vfctl *c, int argc, char **argv)
{
	struct host_finding *list = NULL;
	struct reason why;
	unsigned n;
	bool as_json;
	int status = output_options(c, argc, argv, &as_json), rc;

	if (status != STATUS_OK)
		return status;
	if (optind < argc)
		return vfctl_usage(c, "%s: takes no argument", argv[optind]);
	rc = host_check(&c->host.fs, &list, &n);
	if (rc != 0) {
		(void)reason_set(&why, rc, "cannot look at the machine: %s", strerror(-rc));
		return vfctl_failed(c, &why);
	}
	status = as_json ? print_json(c, list, n) : print_text(c, list, n);
	for (unsigned i = 0; i < n; i++)
		if (list[i].verdict == HOST_FAILED)
			status = STATUS_FAILED;
	free(list);
	return status;
}
