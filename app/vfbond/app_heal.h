/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports that a PF leaves behind or takes away, as far as they are no members of bonds: those
 * lib/bond sees to. Control thread only.
 */
#pragma once

#include <stdint.h>

struct app;
struct app_heal; /* opaque */

/* -ENOMEM. */
int app_heal_new(struct app_heal **ret, struct app *app);
/* NULL is fine; returns NULL. */
struct app_heal *app_heal_free(struct app_heal *h);

/* Look at all ports, and restart or reset those that need it; every APP_HEAL_MS. */
enum { APP_HEAL_MS = 100 };
void app_heal_tick(struct app_heal *h);

/* Its PF asks for its reset. */
void app_heal_reset(struct app_heal *h, uint16_t port_id);

/*
 * The device of a port (of several, by its name) is being removed: ports leave their bonds, are
 * closed and forgotten, and the device is let go of.
 */
void app_port_removed(struct app *app, uint16_t port_id);
void app_device_removed(struct app *app, const char *device);
