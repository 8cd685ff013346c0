/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether a host reaches the world by a network device. Used by netdev.c. */
#pragma once

#include "hostfs.h"

#include <stdbool.h>

/*
 * A default route of IPv4 or IPv6 goes through @name or, if @with_upper, what is stacked on it in
 * sysfs: bond, VLAN, bridge, ...
 */
bool netdev_has_default_route(const struct hostfs *fs, const char *name, bool with_upper);
