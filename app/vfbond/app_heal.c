/* SPDX-License-Identifier: BSD-3-Clause */
/* See app_heal.h. Used by the event queue and a timer of the control loop. */
#include "app_heal.h"

#include "app.h"
#include "app_priv.h"
#include "loop.h"
#include "pmd_traits.h"
#include "port_heal.h"
#include "reason.h"
#include "vf.h"

#include <rte_ethdev.h>
#include <rte_string_fns.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct app_heal {
	struct app *app;
	struct {
		struct port_heal heal;
		bool known, start; /* whether it is to be started afterwards */
	} port[RTE_MAX_ETHPORTS];
};

int
app_heal_new(struct app_heal **ret, struct app *app)
{
	struct app_heal *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return -ENOMEM;
	h->app = app;
	*ret = h;
	return 0;
}

struct app_heal *
app_heal_free(struct app_heal *h)
{
	free(h);
	return NULL;
}

static int
restart(struct ports *ports, uint16_t id, struct reason *why)
{
	return port_heal_do(ports, id, PORT_HEAL_RESTART, true, why);
}

static int
reset(struct ports *ports, uint16_t id, struct reason *why)
{
	return port_heal_do(ports, id, PORT_HEAL_RESET, false, why);
}

static int
reset_and_start(struct ports *ports, uint16_t id, struct reason *why)
{
	return port_heal_do(ports, id, PORT_HEAL_RESET, true, why);
}

static void
bring_back(struct app_heal *h, uint16_t id)
{
	struct port_heal *heal = &h->port[id].heal;
	enum port_heal_kind kind = heal->kind;
	struct app *app = h->app;
	struct reason why;
	int rc;

	if (kind == PORT_HEAL_RESTART)
		rc = app_with_port_idle(app, id, restart, &why);
	else
		rc = app_with_port_idle(app, id, h->port[id].start ? reset_and_start : reset, &why);
	if (rc == 0) {
		port_heal_done(heal, loop_now_ns());
		app_print(
			app,
			"%s: %s",
			app_port_name(app, id),
			kind == PORT_HEAL_RESET ? "reset, as its PF asked"
						: "restarted, as its PF had lost it"
		);
	} else if (port_heal_failed(heal, loop_now_ns())) {
		app_print(
			app,
			"%s; %s",
			why.text,
			port_heal_given_up(heal) ? "given up (port reset)" : "it is tried again"
		);
	}
}

static void
look(struct app_heal *h, uint16_t id)
{
	struct port_heal *heal = &h->port[id].heal;
	const struct pmd_traits *traits = pmd_traits_get(port_driver(h->app->ports, id));
	bool started = port_state(h->app->ports, id) == PORT_STARTED;
	struct rte_eth_link link;
	bool up = false;

	/* What it needed it got when it was started by others, or is a bond's business. */
	if (bonds_find_member(h->app->bonds, id) != NULL ||
	    bonds_find_port(h->app->bonds, id) != NULL ||
	    (!started && heal->kind != PORT_HEAL_RESET)) {
		memset(&h->port[id], 0, sizeof(h->port[id]));
		return;
	}
	if (!h->port[id].known) {
		if (heal->kind != PORT_HEAL_RESET)
			port_heal_started(heal, loop_now_ns());
		h->port[id].known = true;
	}
	if (heal->kind == PORT_HEAL_NONE && !traits->restart_after_link_loss)
		return;
	up = rte_eth_link_get_nowait(id, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
	if (traits->restart_after_link_loss) {
		port_heal_link(heal, up, loop_now_ns());
		port_heal_look(heal, id, loop_now_ns());
	}
	if (port_heal_due(heal, up, loop_now_ns()))
		bring_back(h, id);
}

void
app_heal_tick(struct app_heal *h)
{
	for (uint16_t id = 0; id < RTE_MAX_ETHPORTS; id++) {
		enum port_state state = port_state(h->app->ports, id);

		/* Its number may be another one's next. */
		if (state == PORT_ABSENT || state == PORT_CLOSED)
			memset(&h->port[id], 0, sizeof(h->port[id]));
		else
			look(h, id);
	}
}

void
app_heal_reset(struct app_heal *h, uint16_t port_id)
{
	struct port_heal *heal = &h->port[port_id].heal;

	if (port_id >= RTE_MAX_ETHPORTS || port_state(h->app->ports, port_id) == PORT_ABSENT)
		return;
	if (heal->kind != PORT_HEAL_RESET)
		h->port[port_id].start = port_state(h->app->ports, port_id) == PORT_STARTED;
	port_heal_reset(heal, loop_now_ns());
}

/* Out of its bond, or out of the layout, and closed: nothing of it is used any more. */
static int
close_port(struct app *app, uint16_t id, struct reason *why)
{
	int rc = bonds_member_gone(app->bonds, id, why);

	if (rc != 0 && rc != -ENOENT)
		return rc;
	if (rc == -ENOENT && port_state(app->ports, id) != PORT_CLOSED)
		app_print(app, "%s: its device is being removed", app_port_name(app, id));
	return app_with_port_idle(app, id, port_close, why);
}

static void
forget_port(struct app *app, uint16_t id)
{
	app_forget_port(app, id);
	vfs_port_gone(app->vfs, id);
	free(app->attached[id]);
	app->attached[id] = NULL;
}

static uint16_t
ports_of_device(const struct app *app, const char *device, uint16_t ret[RTE_MAX_ETHPORTS])
{
	uint16_t ids[RTE_MAX_ETHPORTS], n = 0;
	uint16_t nb_ports = ports_list(app->ports, ids, RTE_MAX_ETHPORTS);

	for (uint16_t i = 0; i < nb_ports; i++)
		if (strcmp(port_device(app->ports, ids[i]), device) == 0)
			ret[n++] = ids[i];
	return n;
}

void
app_device_removed(struct app *app, const char *device)
{
	uint16_t ids[RTE_MAX_ETHPORTS];
	uint16_t n = ports_of_device(app, device, ids);
	struct reason why;
	int rc = 0;

	for (uint16_t i = 0; i < n && rc == 0; i++)
		rc = close_port(app, ids[i], &why);
	/* All ports of the device with it. */
	if (n != 0 && rc == 0)
		rc = port_detach(app->ports, ids[0], &why);
	if (rc != 0)
		app_print(app, "%s: cannot let go of it: %s", device, why.text);
	for (uint16_t i = 0; i < n && rc == 0; i++)
		forget_port(app, ids[i]);
}

void
app_port_removed(struct app *app, uint16_t port_id)
{
	char device[RTE_ETH_NAME_MAX_LEN];

	if (port_state(app->ports, port_id) == PORT_ABSENT)
		return;
	rte_strscpy(device, port_device(app->ports, port_id), sizeof(device));
	app_device_removed(app, device);
}
