/* SPDX-License-Identifier: BSD-3-Clause */
/* What the listing commands of vfctl share: the option --json, and the end of their work. */
#pragma once

#include "text.h"

#include <jansson.h>
#include <stdbool.h>

struct vfctl;

/* Options of a command that has no other than --json. STATUS_OK or STATUS_USAGE. */
int output_options(struct vfctl *c, int argc, char **argv, bool *ret_json);

/*
 * Print @json, or without it @text, to standard output, and free the text. @rc: an error of those
 * who made them, which is told instead. The exit status.
 */
int output(const struct vfctl *c, int rc, const json_t *json, struct text *text);
