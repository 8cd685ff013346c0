/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of vfbond as --help shows them; gen-options makes the table from options.list. */
#pragma once

#include "options_help.h"

extern const struct option_help options_help[];
extern const size_t options_help_count;
