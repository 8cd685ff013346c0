/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about single options of a bond: of one member, and as they are now. */
#include "app.h"
#include "app_priv.h"
#include "bond_view.h"
#include "command.h"
#include "command_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int
cmd_set_bond_member_option(struct app *app, const struct command_call *call)
{
	struct bond *bond;
	uint16_t port;
	int rc = app_bond_find(app, call->argv[0], &bond, call->why);

	if (rc == 0)
		rc = app_port_find(app, call->argv[1], &port, call->why);
	return rc != 0 ? rc
	               : bond_set_member_option(
				 app->bonds, bond, port, call->argv[2], call->argv[3], call->why
			 );
}

int32_t
app_member_value(const struct bond_option *o, const struct bond_member_view *m)
{
	if (strcmp(o->name, "prio") == 0)
		return m->prio;
	return strcmp(o->name, "queue_id") == 0 ? m->queue_id : m->port_prio;
}

int
cmd_show_bond_option(struct app *app, const struct command_call *call)
{
	const struct bond_option *o = bond_option_find(call->argv[1]);
	struct bond_view *v;
	struct bond *bond;
	int rc = app_bond_find(app, call->argv[0], &bond, call->why);

	if (rc == 0 && o == NULL)
		rc = bond_option_unknown(bond_name(bond), call->argv[1], call->why);
	if (rc != 0)
		return rc;
	v = malloc(sizeof(*v));
	if (v == NULL)
		return reason_set(call->why, -ENOMEM, "out of memory");
	bond_view(app->bonds, bond, v);
	if ((o->flags & BOND_OPTION_MEMBER) != 0) {
		for (uint16_t i = 0; i < v->nb_members; i++)
			text_printf(
				call->reply,
				"%s %d\n",
				v->members[i].name,
				app_member_value(o, &v->members[i])
			);
	} else {
		o->show(o, &v->settings, call->reply);
		text_puts(call->reply, "\n");
	}
	free(v);
	return 0;
}
