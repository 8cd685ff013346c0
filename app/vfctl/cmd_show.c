/* SPDX-License-Identifier: BSD-3-Clause */
/* `vfctl show`: everything about PFs or VFs. */
#include "device_view.h"
#include "output.h"
#include "reason.h"
#include "vfctl.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

/* Append one device to the text or, if there is an array, to that. 0 or -ENOMEM. */
static int
add_device(
	struct vfctl *c,
	const struct claims *claims,
	const struct pci_device *d,
	json_t *array,
	struct text *text
)
{
	struct device_view v;
	json_t *object;
	int rc = device_view(&v, c, claims, d);

	if (rc != 0)
		return rc;
	if (array == NULL) {
		text_puts(text, text->len > 0 ? "\n" : "");
		rc = device_text(&v, text);
	} else {
		rc = device_json(&v, &object);
		if (rc == 0 && json_array_append_new(array, object) != 0)
			rc = -ENOMEM;
	}
	device_view_fini(&v);
	return rc;
}

static int
show(struct vfctl *c, const struct claims *claims, char **words, json_t *array)
{
	struct vfctl_devices devices = {NULL, 0};
	struct text text = TEXT_EMPTY;
	int status = STATUS_OK, rc = 0;

	for (; status == STATUS_OK && *words != NULL; words++)
		status = vfctl_add_devices(c, *words, &devices);
	if (status == STATUS_OK) {
		for (size_t i = 0; rc == 0 && i < devices.n; i++)
			rc = add_device(c, claims, devices.at[i], array, &text);
		status = output(c, rc, array, &text);
	}
	vfctl_devices_fini(&devices);
	return status;
}

int
cmd_show(struct vfctl *c, int argc, char **argv)
{
	struct claims claims;
	json_t *array = NULL;
	bool as_json;
	int status = output_options(c, argc, argv, &as_json);

	if (status != STATUS_OK)
		return status;
	if (optind == argc)
		return vfctl_usage(c, "no device is given");
	if (as_json) {
		array = json_array();
		if (array == NULL)
			return output(c, -ENOMEM, NULL, &(struct text){0});
	}
	claims_read(&claims, c);
	status = show(c, &claims, argv + optind, array);
	claims_fini(&claims);
	json_decref(array);
	return status;
}
