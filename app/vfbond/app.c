/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See app.h: the order in which the program comes up and goes down. Used by main.c.
 */
#include "app.h"

#include "app_heal.h"
#include "app_priv.h"
#include "kernel_addr.h"
#include "kernel_link.h"
#include "loop.h"
#include "port_meters.h"
#include "reason.h"
#include "source.h"
#include "text.h"
#include "units.h"
#include "vf.h"

#include <rte_ethdev.h>
#include <rte_lcore.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

void
app_print(struct app *app, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (app->sources != NULL) {
		sources_print(app->sources, "%s", text);
		return;
	}
	printf("%s\n", text);
	fflush(stdout);
}

void
app_print_notes(struct app *app, const struct text *notes)
{
	const char *at = text_str(notes);

	while (*at != '\0') {
		int len = (int)strcspn(at, "\n");

		app_print(app, "warning: %.*s", len, at);
		at += len + (at[len] == '\n');
	}
}

int
app_port_find(struct app *app, const char *word, uint16_t *ret, struct reason *why)
{
	const struct bond *bond = bonds_find(app->bonds, word);

	if (bond != NULL) {
		*ret = bond_port(bond);
		return 0;
	}
	return ports_find(app->ports, word, ret, why);
}

int
app_bond_find(struct app *app, const char *word, struct bond **ret, struct reason *why)
{
	struct bond *bond = bonds_find(app->bonds, word);
	uint16_t id;

	if (bond == NULL && ports_find(app->ports, word, &id, NULL) == 0) {
		bond = bonds_find_port(app->bonds, id);
		if (bond == NULL)
			return reason_set(why, -ENODEV, "port %s is not a bond", word);
	}
	if (bond == NULL)
		return reason_set(why, -ENODEV, "%s: no such bond (see show bonds)", word);
	*ret = bond;
	return 0;
}

const char *
app_port_name(const struct app *app, uint16_t port_id)
{
	const struct bond *bond = bonds_find_port(app->bonds, port_id);

	return bond != NULL ? bond_name(bond) : port_name(app->ports, port_id);
}

static void
on_kernel_link(void *ctx, const struct kernel_link_state *state)
{
	struct app *app = ctx;

	bonds_carrier(app->bonds, state->if_index);
}

static void
on_kernel_fd(void *ctx, int fd, short revents)
{
	struct app *app = ctx;

	(void)fd;
	(void)revents;
	(void)kernel_link_process(app->kernel_link);
}

static void
on_kernel_addr(void *ctx, uint32_t if_index)
{
	struct app *app = ctx;

	bonds_addresses(app->bonds, if_index);
}

static void
on_kernel_addr_fd(void *ctx, int fd, short revents)
{
	struct app *app = ctx;

	(void)fd;
	(void)revents;
	(void)kernel_addr_process(app->kernel_addr);
}

void
app_quit(struct app *app)
{
	loop_stop(app->loop, app->sources != NULL && sources_file_failed(app->sources));
}

static void
on_signal(void *ctx, int fd, short revents)
{
	struct app *app = ctx;
	struct signalfd_siginfo info;

	(void)revents;
	if (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		app_quit(app);
}

static void
on_tick(void *ctx)
{
	struct app *app = ctx;

	loop_timer_set(app->tick, bonds_tick(app->bonds), 0);
}

static void
on_duration(void *ctx)
{
	struct app *app = ctx;

	app_quit(app);
}

static void
on_stats(void *ctx)
{
	struct app *app = ctx;
	struct text text = TEXT_EMPTY;

	app_render_port_stats(app, &text);
	app_print(app, "%s", text_str(&text));
	text_fini(&text);
}

static void
on_watch(void *ctx)
{
	struct app *app = ctx;
	uint16_t ids[RTE_MAX_ETHPORTS], open[RTE_MAX_ETHPORTS], nb_open = 0;
	uint16_t n = ports_list(app->ports, ids, RTE_MAX_ETHPORTS);

	for (uint16_t i = 0; i < n; i++)
		if (port_state(app->ports, ids[i]) != PORT_CLOSED)
			open[nb_open++] = ids[i];
	port_meters_watch(app->meters, open, nb_open);
}

static void
on_heal(void *ctx)
{
	struct app *app = ctx;

	app_heal_tick(app->heal);
}

static void
on_file_done(struct app *app, int err, const struct reason *why)
{
	struct reason reason;

	(void)why;
	if (err != 0 && !app->options.keep_going) {
		loop_stop(app->loop, 1);
		return;
	}
	/* Without -i there is nobody to type `start`. */
	if (!app->options.interactive && !app->forwarding && !loop_stopping(app->loop) &&
	    app_start(app, &reason) != 0)
		app_print(app, "cannot start forwarding: %s", reason.text);
}

static void
on_input_done(struct app *app)
{
	app_quit(app);
}

static int
init_host(struct app *app, struct reason *why)
{
	sigset_t set;
	int rc = loop_new(&app->loop);

	if (rc != 0)
		return reason_set(why, rc, "cannot make the control loop");
	/* Blocked by main() before any thread was made. */
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	app->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (app->signal_fd < 0)
		return reason_set(why, -errno, "cannot listen to signals");
	rc = loop_watch_add(app->loop, app->signal_fd, POLLIN, on_signal, app, &app->signal_watch);
	if (rc == 0)
		rc = kernel_link_new(&app->kernel_link, on_kernel_link, app, why);
	if (rc == 0)
		rc = kernel_addr_new(&app->kernel_addr, on_kernel_addr, app, why);
	if (rc != 0)
		return rc;
	rc = loop_watch_add(
		app->loop,
		kernel_link_fd(app->kernel_link),
		POLLIN,
		on_kernel_fd,
		app,
		&app->kernel_watch
	);
	if (rc == 0)
		rc = loop_watch_add(
			app->loop,
			kernel_addr_fd(app->kernel_addr),
			POLLIN,
			on_kernel_addr_fd,
			app,
			&app->kernel_addr_watch
		);
	if (rc == 0)
		rc = app_events_new(&app->events, app, why);
	return rc;
}

static int
init_ports(struct app *app, struct reason *why)
{
	struct bond_host host;
	struct text notes = TEXT_EMPTY;
	int rc = ports_new(&app->ports, &app->options.ports, why);

	if (rc != 0)
		return rc;
	app_bond_host(app, &host);
	rc = bonds_new(&app->bonds, app->ports, &host);
	if (rc == 0)
		rc = port_meters_new(&app->meters);
	if (rc == 0)
		rc = app_heal_new(&app->heal, app);
	if (rc != 0)
		return reason_set(why, rc, "out of memory");
	ports_scan(app->ports);
	rc = vfs_find_ports(app->vfs, app->ports, &notes, why);
	app_print_notes(app, &notes);
	text_fini(&notes);
	return rc == 0 ? ports_check_mbufs(app->ports, why) : rc;
}

static int
init_bonds(struct app *app, struct reason *why)
{
	uint16_t ids[RTE_MAX_ETHPORTS];
	uint16_t n = ports_list(app->ports, ids, RTE_MAX_ETHPORTS);
	int rc;

	for (uint16_t i = 0; i < n; i++) {
		if (strcmp(port_driver(app->ports, ids[i]), "net_bonding") != 0)
			continue;
		rc = bond_adopt(app->bonds, ids[i], why);
		if (rc != 0)
			return rc;
	}
	for (unsigned i = 0; i < app->options.nb_bonds; i++) {
		const struct bond_settings *s = &app->options.bonds[i];

		if (s->nb_members == 0)
			return reason_set(
				why, -EINVAL, "--bond %s: no member is given (members=A,B)", s->name
			);
		rc = bond_create(app->bonds, s, why);
		if (rc == 0 && app->options.bond_mtu_bytes[i] != 0)
			rc = port_mtu_set(
				app->ports,
				bond_port(bonds_find(app->bonds, s->name)),
				app->options.bond_mtu_bytes[i],
				why
			);
		if (rc != 0)
			return rc;
		if (s->nb_members == 1)
			app_print(
				app,
				"warning: %s has one member: there is nothing to fail over to",
				s->name
			);
	}
	return 0;
}

static int
start_plain_ports(struct app *app, struct reason *why)
{
	uint16_t ids[RTE_MAX_ETHPORTS];
	uint16_t n = ports_list(app->ports, ids, RTE_MAX_ETHPORTS);

	for (uint16_t i = 0; i < n; i++) {
		int rc;

		if (bonds_find_port(app->bonds, ids[i]) != NULL ||
		    bonds_find_member(app->bonds, ids[i]) != NULL)
			continue;
		rc = port_start(app->ports, ids[i], why);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int
check_peers(struct app *app, struct reason *why)
{
	for (unsigned i = 0; i < app->options.nb_peers; i++) {
		struct reason what;
		uint16_t id;

		if (app_port_find(app, app->options.peers[i].port, &id, &what) != 0)
			return reason_set(why, -EINVAL, "--eth-peer: %s", what.text);
	}
	return 0;
}

static int
init_forwarding(struct app *app, struct reason *why)
{
	int rc = app_pairs_apply(app, true, why);

	if (rc == 0)
		rc = check_peers(app, why);
	if (rc == 0 && app->options.portlist != NULL) {
		rc = app_portlist_parse(
			app, app->options.portlist, app->portlist, &app->nb_portlist, why
		);
		if (rc != 0)
			reason_prefix(why, "--portlist");
		app->portlist_given = rc == 0;
	}
	return rc == 0 ? app_layout_check(app, why) : rc;
}

static int
init_console(struct app *app, struct reason *why)
{
	const struct options *o = &app->options;
	const struct sources_settings settings = {
		.interactive = o->interactive,
		.cmdline_file = o->cmdline_file,
		.socket_path = o->socket_path,
		.keep_going = o->keep_going,
	};
	static const struct sources_events events = {
		.file_done = on_file_done,
		.input_done = on_input_done,
	};
	int rc = sources_new(&app->sources, app, app->loop, &settings, &events, why);

	if (rc == 0)
		rc = loop_timer_add(app->loop, on_tick, app, &app->tick);
	if (rc == 0)
		rc = loop_timer_add(app->loop, on_stats, app, &app->stats);
	if (rc == 0)
		rc = loop_timer_add(app->loop, on_watch, app, &app->watch);
	if (rc == 0)
		rc = loop_timer_add(app->loop, on_heal, app, &app->heal_timer);
	if (rc == 0)
		rc = loop_timer_add(app->loop, on_duration, app, &app->duration);
	if (rc != 0)
		return rc;
	loop_timer_set(app->tick, BONDS_TICK_MS * NSEC_PER_MSEC, 0);
	loop_timer_set(app->heal_timer, APP_HEAL_MS * NSEC_PER_MSEC, APP_HEAL_MS * NSEC_PER_MSEC);
	loop_timer_set(app->watch, STATS_WATCH_MS * NSEC_PER_MSEC, STATS_WATCH_MS * NSEC_PER_MSEC);
	if (o->stats_period_ns != 0)
		loop_timer_set(app->stats, o->stats_period_ns, o->stats_period_ns);
	if (o->duration_ns != 0)
		loop_timer_set(app->duration, o->duration_ns, 0);
	return 0;
}

int
app_init(struct app *app, struct reason *why)
{
	int rc;

	app->signal_fd = -1;
	app->verbose = 1;
	app->idle_port = FWD_NO_PORT;
	rc = fwd_new(&app->fwd, why);
	if (rc == -ENODEV)
		return reason_set(
			why,
			rc,
			"no lcore is free to forward: give EAL at least two, as -l 0-1 (the first "
			"one "
			"runs the console)"
		);
	if (rc == 0 && app->options.nb_cores > fwd_nb_workers(app->fwd))
		rc = reason_set(
			why,
			-EINVAL,
			"--nb-cores: %u asked, but EAL's lcores give 1..%u beside the main one",
			app->options.nb_cores,
			fwd_nb_workers(app->fwd)
		);
	if (rc == 0)
		rc = init_host(app, why);
	if (rc == 0)
		rc = init_ports(app, why);
	if (rc == 0)
		rc = init_bonds(app, why);
	if (rc == 0)
		rc = start_plain_ports(app, why);
	if (rc == 0)
		rc = init_forwarding(app, why);
	if (rc == 0)
		rc = init_console(app, why);
	if (rc != 0)
		return rc;
	/* A stopped layout first would drop what waits in the queues. */
	if (app->options.auto_start ||
	    (!app->options.interactive && app->options.cmdline_file == NULL))
		return app_start(app, why);
	return app_apply(app, why);
}

/*
 * rte_eal_cleanup leaves vfio's groups open until the process ends (DPDK 22.11), and a VF that is
 * open cannot be given back.
 */
static void
let_go_of_vfs(struct app *app)
{
	for (unsigned i = 0; app->vfs != NULL && i < vfs_count(app->vfs); i++) {
		const struct vf *vf = vfs_at(app->vfs, i);
		struct reason why;

		if (vf->has_port && port_detach(app->ports, vf->port_id, &why) != 0)
			app_print(app, "%s: %s", vf->name, why.text);
	}
}

int
app_fini(struct app *app)
{
	struct text report = TEXT_EMPTY;
	uint64_t missing = 0;

	app_vf_job_finish(app);
	app->sources = sources_free(app->sources);
	app->fwd = fwd_free(app->fwd);
	app->bonds = bonds_free(app->bonds);
	if (app->ports != NULL) {
		let_go_of_vfs(app);
		ports_close_all(app->ports);
		missing = ports_pool_report(app->ports, &report);
	}
	app->events = app_events_free(app->events);
	app->ports = ports_free(app->ports);
	for (unsigned i = 0; i < RTE_DIM(app->attached); i++)
		free(app->attached[i]);
	app->meters = port_meters_free(app->meters);
	app->heal = app_heal_free(app->heal);
	app->kernel_addr = kernel_addr_free(app->kernel_addr);
	app->kernel_link = kernel_link_free(app->kernel_link);
	app->loop = loop_free(app->loop);
	if (app->signal_fd >= 0)
		close(app->signal_fd);
	fputs(text_str(&report), stdout);
	fflush(stdout);
	text_fini(&report);
	return missing == 0 ? 0 : -EIO;
}
