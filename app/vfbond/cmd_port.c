/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands that change ports: their life, MTU, promiscuous mode, link. */
#include "app.h"
#include "app_priv.h"
#include "command.h"
#include "command_table.h"
#include "parse.h"
#include "port_meters.h"
#include "vf.h"

#include <rte_errno.h>
#include <rte_ethdev.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef int (*port_fn)(struct app *app, uint16_t id, struct reason *why);

/*
 * Run @fn for the port that a word names. For "all" it runs for each that is no member of a bond,
 * and goes on after a failure; the first one is reported.
 */
static int
for_ports(struct app *app, const char *word, port_fn fn, struct reason *why)
{
	uint16_t ids[RTE_MAX_ETHPORTS], n;
	struct reason what;
	int rc = 0;

	if (strcmp(word, "all") != 0) {
		rc = app_port_find(app, word, &ids[0], why);
		return rc != 0 ? rc : fn(app, ids[0], why);
	}
	n = ports_list(app->ports, ids, RTE_MAX_ETHPORTS);
	for (uint16_t i = 0; i < n; i++) {
		int one;

		if (bonds_find_member(app->bonds, ids[i]) != NULL)
			continue;
		one = fn(app, ids[i], &what);
		if (one != 0 && rc == 0)
			rc = reason_set(why, one, "%s", what.text);
	}
	return rc;
}

static int
no_member(struct app *app, uint16_t id, const char *what, struct reason *why)
{
	const struct bond *bond = bonds_find_member(app->bonds, id);

	if (bond == NULL)
		return 0;
	return reason_set(
		why,
		-EBUSY,
		"%s: cannot %s a member of %s: take it out first (remove bond %s member %u)",
		port_name(app->ports, id),
		what,
		bond_name(bond),
		bond_name(bond),
		id
	);
}

static int
start_one(struct app *app, uint16_t id, struct reason *why)
{
	struct bond *bond = bonds_find_port(app->bonds, id);
	int rc = no_member(app, id, "start", why);

	if (rc == 0 && bond != NULL)
		return bond_up(app->bonds, bond, why);
	if (rc == 0)
		rc = port_start(app->ports, id, why);
	return rc != 0 ? rc : app_apply(app, why);
}

static int
stop_one(struct app *app, uint16_t id, struct reason *why)
{
	struct bond *bond = bonds_find_port(app->bonds, id);
	int rc = no_member(app, id, "stop", why);

	if (rc == 0 && bond != NULL)
		return bond_down(app->bonds, bond, why);
	return rc != 0 ? rc : app_with_port_idle(app, id, port_stop, why);
}

void
app_forget_port(struct app *app, uint16_t port_id)
{
	uint16_t n = 0;

	port_meters_drop(app->meters, port_id);
	bonds_unpair(app->bonds, port_id);
	for (uint16_t i = 0; i < app->nb_portlist; i++)
		if (app->portlist[i] != port_id)
			app->portlist[n++] = app->portlist[i];
	app->nb_portlist = n;
	fwd_port_gone(app->fwd, port_id);
}

static int
close_one(struct app *app, uint16_t id, struct reason *why)
{
	struct bond *bond = bonds_find_port(app->bonds, id);
	int rc = no_member(app, id, "close", why);

	if (rc == 0)
		rc = bond != NULL ? bond_delete(app->bonds, bond, why)
		                  : app_with_port_idle(app, id, port_close, why);
	if (rc == 0)
		app_forget_port(app, id);
	return rc;
}

static int
reset_one(struct app *app, uint16_t id, struct reason *why)
{
	int rc = no_member(app, id, "reset", why);

	if (rc == 0 && bonds_find_port(app->bonds, id) != NULL)
		return reason_set(
			why,
			-ENOTSUP,
			"%s: a bond has nothing to reset (set bond down and up)",
			app_port_name(app, id)
		);
	return rc != 0 ? rc : app_with_port_idle(app, id, port_reset, why);
}

/* @device is what `port attach` was given, NULL: it is unplugged. Lost for want of memory. */
static void
note_attached(struct app *app, uint16_t id, const char *device)
{
	free(app->attached[id]);
	app->attached[id] = device != NULL ? strdup(device) : NULL;
}

int
app_port_detach(struct app *app, uint16_t id, struct reason *why)
{
	int rc = no_member(app, id, "detach", why);

	if (rc == 0)
		rc = bonds_find_port(app->bonds, id) != NULL
		             ? close_one(app, id, why)
		             : app_with_port_idle(app, id, port_detach, why);
	if (rc == 0) {
		app_forget_port(app, id);
		vfs_port_gone(app->vfs, id);
		note_attached(app, id, NULL);
	}
	return rc;
}

int
cmd_port_start(struct app *app, const struct command_call *call)
{
	return for_ports(app, call->argv[0], start_one, call->why);
}

int
cmd_port_stop(struct app *app, const struct command_call *call)
{
	return for_ports(app, call->argv[0], stop_one, call->why);
}

int
cmd_port_close(struct app *app, const struct command_call *call)
{
	return for_ports(app, call->argv[0], close_one, call->why);
}

int
cmd_port_reset(struct app *app, const struct command_call *call)
{
	return for_ports(app, call->argv[0], reset_one, call->why);
}

int
cmd_port_detach(struct app *app, const struct command_call *call)
{
	uint16_t id;
	int rc = app_port_find(app, call->argv[0], &id, call->why);

	return rc != 0 ? rc : app_port_detach(app, id, call->why);
}

int
app_port_attach(struct app *app, const char *device, struct text *reply, struct reason *why)
{
	uint16_t ids[RTE_MAX_ETHPORTS];
	int n = port_attach(app->ports, device, ids, RTE_MAX_ETHPORTS, why);

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		int rc = ports_check_mbufs(app->ports, why);

		if (rc == 0 && strcmp(port_driver(app->ports, ids[i]), "net_bonding") == 0)
			rc = bond_adopt(app->bonds, ids[i], why);
		else if (rc == 0)
			rc = start_one(app, ids[i], why);
		if (rc != 0) {
			(void)app_port_detach(app, ids[i], NULL);
			return rc;
		}
		if (reply != NULL)
			text_printf(
				reply,
				"port %u: %s is attached\n",
				ids[i],
				app_port_name(app, ids[i])
			);
	}
	/* A VF of ours is not plugged in by `port attach` again, but by its claim. */
	if (n > 0 && reply != NULL)
		note_attached(app, ids[0], device);
	return app_pairs_apply(app, false, why);
}

int
cmd_port_attach(struct app *app, const struct command_call *call)
{
	return app_port_attach(app, call->argv[0], call->reply, call->why);
}

static int
config_mtu(struct app *app, const char *port, const char *value, struct reason *why)
{
	uint16_t id;
	uint32_t mtu;
	int rc = app_port_find(app, port, &id, why);

	if (rc == 0)
		rc = no_member(app, id, "change the MTU of", why);
	if (rc != 0)
		return rc;
	if (parse_u32(value, PORT_MIN_MTU_BYTES, PORT_MAX_MTU_BYTES, &mtu) != 0)
		return reason_set(
			why,
			-EINVAL,
			"%s: \"%s\" is no MTU in %u..%u",
			app_port_name(app, id),
			value,
			PORT_MIN_MTU_BYTES,
			PORT_MAX_MTU_BYTES
		);
	return port_mtu_set(app->ports, id, mtu, why);
}

int
cmd_port_config_mtu(struct app *app, const struct command_call *call)
{
	return config_mtu(app, call->argv[0], call->argv[1], call->why);
}

int
cmd_port_config_mtu_testpmd(struct app *app, const struct command_call *call)
{
	return config_mtu(app, call->argv[0], call->argv[1], call->why);
}

static int
promisc_one(struct app *app, uint16_t id, bool on, struct reason *why)
{
	struct bond *bond = bonds_find_port(app->bonds, id);
	int rc = no_member(app, id, "set promiscuous mode of", why);

	if (rc != 0)
		return rc;
	return bond != NULL ? bond_promisc_set(app->bonds, bond, on, why)
	                    : port_promisc_set(id, on, why);
}

static int
allmulti_one(struct app *app, uint16_t id, bool on, struct reason *why)
{
	struct bond *bond = bonds_find_port(app->bonds, id);
	int rc = no_member(app, id, "set multicast reception of", why);

	if (rc != 0)
		return rc;
	return bond != NULL ? bond_allmulti_set(app->bonds, bond, on, why)
	                    : port_allmulti_set(id, on, why);
}

static int
promisc_on(struct app *app, uint16_t id, struct reason *why)
{
	return promisc_one(app, id, true, why);
}

static int
promisc_off(struct app *app, uint16_t id, struct reason *why)
{
	return promisc_one(app, id, false, why);
}

static int
allmulti_on(struct app *app, uint16_t id, struct reason *why)
{
	return allmulti_one(app, id, true, why);
}

static int
allmulti_off(struct app *app, uint16_t id, struct reason *why)
{
	return allmulti_one(app, id, false, why);
}

int
cmd_set_promisc(struct app *app, const struct command_call *call)
{
	bool on = strcmp(call->argv[1], "on") == 0;

	return for_ports(app, call->argv[0], on ? promisc_on : promisc_off, call->why);
}

int
cmd_set_allmulti(struct app *app, const struct command_call *call)
{
	bool on = strcmp(call->argv[1], "on") == 0;

	return for_ports(app, call->argv[0], on ? allmulti_on : allmulti_off, call->why);
}

static int
set_link(struct app *app, const struct command_call *call, bool up)
{
	uint16_t id;
	int rc = app_port_find(app, call->argv[0], &id, call->why);

	if (rc != 0)
		return rc;
	rc = up ? rte_eth_dev_set_link_up(id) : rte_eth_dev_set_link_down(id);
	if (rc != 0)
		return reason_set(
			call->why,
			rc,
			"%s: cannot take its link %s: %s",
			app_port_name(app, id),
			up ? "up" : "down",
			rte_strerror(-rc)
		);
	bonds_link_event(app->bonds, id);
	return 0;
}

int
cmd_set_link_up(struct app *app, const struct command_call *call)
{
	return set_link(app, call, true);
}

int
cmd_set_link_down(struct app *app, const struct command_call *call)
{
	return set_link(app, call, false);
}
