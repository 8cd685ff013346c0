/* SPDX-License-Identifier: BSD-3-Clause */
/* What the command files and timers share. */
#pragma once

#include <jansson.h>
#include <stdint.h>

/* A worker answers within a loop; only where its processor is busy with others it takes longer. */
enum { PARK_TIMEOUT_US = 5000000 };

struct app;
struct bond_host;
struct bond_member_view;
struct bond_option;
struct bond_settings;
struct bond_view;
struct command_call;
struct reason;
struct text;

/* The counters and rates of all ports, as `show port stats all` prints them. */
void app_render_port_stats(struct app *app, struct text *ret);

/* Make a bond, warn when it has too few members, join it with its pair. */
int
app_create_bond(struct app *app, const struct bond_settings *s, const struct command_call *call);
int app_bond_add(struct app *app, const char *bond, const char *port, struct reason *why);
int app_bond_remove(struct app *app, const char *bond, const char *port, struct reason *why);

/* A view of the bond that @word names, to be freed. */
int app_bond_view(struct app *app, const char *word, struct bond_view **ret, struct reason *why);

/* What a member has of a BOND_OPTION_MEMBER option. */
int32_t app_member_value(const struct bond_option *o, const struct bond_member_view *m);

/* Render and release; -ENOMEM, also for NULL. */
int app_put_json(json_t *json, struct text *ret);

/* Plug in a device and start its ports; @reply, unless NULL, names them. cmd_port.c */
int app_port_attach(struct app *app, const char *device, struct text *reply, struct reason *why);
int app_port_detach(struct app *app, uint16_t id, struct reason *why);

/* The functions of this program that bonds call. app_bond_host.c */
void app_bond_host(struct app *app, struct bond_host *ret);

/* Wait for a claim or release that is under way. cmd_vf.c */
void app_vf_job_finish(struct app *app);

/* A port is gone: its counters, its place in the port list, its pair. */
void app_forget_port(struct app *app, uint16_t port_id);
