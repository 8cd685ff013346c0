/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The state of the running program, passed to every command. Control thread only.
 */
#pragma once

#include "bond.h"
#include "fwd.h"
#include "options.h"
#include "port.h"

#include <stdbool.h>
#include <stdint.h>

struct app_events;
struct app_heal;
struct kernel_addr;
struct kernel_link;
struct loop;
struct loop_timer;
struct loop_watch;
struct port_meters;
struct reason;
struct sources;
struct text;
struct vf_job;
struct vfs;

struct app {
	struct options options; /* what the command line asked; the console changes a part */
	struct loop *loop;
	struct sources *sources;
	struct fwd *fwd;
	struct ports *ports;
	struct bonds *bonds;
	struct port_meters *meters;
	struct app_events *events;
	struct app_heal *heal;
	struct kernel_link *kernel_link;
	struct kernel_addr *kernel_addr;
	struct vfs *vfs;       /* made and freed by main.c, around EAL */
	struct vf_job *vf_job; /* a VF that is being claimed or released; else NULL */
	struct loop_watch *kernel_watch, *kernel_addr_watch, *signal_watch;
	struct loop_timer *tick, *stats, *watch, *heal_timer, *duration;
	int signal_fd;
	bool forwarding;
	unsigned verbose;
	bool portlist_given;
	uint16_t nb_portlist;
	uint16_t portlist[FWD_MAX_PORTS]; /* the user's, else drawn up while stopped */
	char *attached[RTE_MAX_ETHPORTS]; /* what `port attach` was given, by its first port */
	uint16_t idle_port; /* left out of the layout for a moment; FWD_NO_PORT: none */
};

/* Bring everything up as options ask; on failure app_fini cleans what there is. */
int app_init(struct app *app, struct reason *why);

/* End the control loop; the exit status is 1 when a command of the --cmdline-file failed. */
void app_quit(struct app *app);

/* Stop, close, report the pools. 0, or -EIO when mbufs are missing. */
int app_fini(struct app *app);

/* A line for the operator: to the console between prompts, before that to standard output. */
void app_print(struct app *app, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Each line of @notes as a warning. */
void app_print_notes(struct app *app, const struct text *notes);

/* A word to a port id: bond names, then device names, then numbers. */
int app_port_find(struct app *app, const char *word, uint16_t *ret, struct reason *why);

/* A bond by name, port id or device name. */
int app_bond_find(struct app *app, const char *word, struct bond **ret, struct reason *why);

/* Name to print for a port: a bond's own name, else the device's. */
const char *app_port_name(const struct app *app, uint16_t port_id);

/* app_layout.c: who polls what. */

/* Lay out anew and let the workers run; they are parked. The reason is printed if it fails. */
void app_relayout(struct app *app);

/* Park, lay out, release. */
int app_apply(struct app *app, struct reason *why);

/* Why the layout that the present settings ask for is impossible; 0 when it is not. */
int app_layout_check(struct app *app, struct reason *why);

/* Begin and end forwarding. -EALREADY when it is so. */
int app_start(struct app *app, struct reason *why);
int app_stop(struct app *app, struct reason *why);

/* "0,2-3,bond0" to ports that may forward. */
int app_portlist_parse(
	struct app *app,
	const char *list,
	uint16_t ret[static FWD_MAX_PORTS],
	uint16_t *ret_n,
	struct reason *why
);

/* Join the bonds of --pair with their ports, as far as both exist. */
int app_pairs_apply(struct app *app, bool all_must_exist, struct reason *why);

/* Whether frames are being forwarded from or to a port. */
bool app_port_forwards(const struct app *app, uint16_t port_id);

/* Workers let go of a port before it is stopped: what @fn does to it they do not see. */
int app_with_port_idle(
	struct app *app,
	uint16_t port_id,
	int (*fn)(struct ports *ports, uint16_t id, struct reason *why),
	struct reason *why
);

/* app_events.c: EAL's event threads to the control loop. */
int app_events_new(struct app_events **ret, struct app *app, struct reason *why);
struct app_events *app_events_free(struct app_events *e);
