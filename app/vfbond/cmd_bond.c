/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about bonds in vfbond's own words. */
#include "app.h"
#include "app_priv.h"
#include "command.h"
#include "command_table.h"
#include "vf.h"

#include <string.h>

/* What breaks the bond over its VFs, if it has any. */
static void
warn_of_vfs(struct app *app, const struct bond *bond)
{
	struct text notes = TEXT_EMPTY;

	if (vfs_count(app->vfs) != 0)
		vfs_warn_bond(app->vfs, bond_settings(bond), &notes);
	app_print_notes(app, &notes);
	text_fini(&notes);
}

int
app_create_bond(struct app *app, const struct bond_settings *s, const struct command_call *call)
{
	int rc = bond_create(app->bonds, s, call->why);

	if (rc != 0)
		return rc;
	if (s->nb_members <= 1)
		text_printf(
			call->reply,
			"warning: %s has %s\n",
			s->name,
			s->nb_members == 0 ? "no member and stays down"
					   : "one member: there is nothing to fail over to"
		);
	warn_of_vfs(app, bonds_find(app->bonds, s->name));
	return app_pairs_apply(app, false, call->why);
}

int
cmd_create_bond(struct app *app, const struct command_call *call)
{
	struct bond_settings s;
	int rc = bond_settings_parse(&s, call->argv[0], call->nb_rest, call->rest, call->why);

	return rc != 0 ? rc : app_create_bond(app, &s, call);
}

int
cmd_delete_bond(struct app *app, const struct command_call *call)
{
	struct bond *bond;
	uint16_t port;
	int rc = app_bond_find(app, call->argv[0], &bond, call->why);

	if (rc != 0)
		return rc;
	port = bond_port(bond);
	rc = bond_delete(app->bonds, bond, call->why);
	if (rc == 0)
		app_forget_port(app, port);
	return rc;
}

static int
find_bond_and_port(
	struct app *app,
	const char *bond_word,
	const char *port_word,
	struct bond **ret_bond,
	uint16_t *ret_port,
	struct reason *why
)
{
	int rc = app_bond_find(app, bond_word, ret_bond, why);

	return rc != 0 ? rc : app_port_find(app, port_word, ret_port, why);
}

int
app_bond_add(struct app *app, const char *bond_word, const char *port_word, struct reason *why)
{
	struct bond *bond;
	uint16_t port;
	int rc = find_bond_and_port(app, bond_word, port_word, &bond, &port, why);

	if (rc == 0)
		rc = bond_member_add(app->bonds, bond, port, why);
	if (rc == 0 && vfs_find_port(app->vfs, port) != NULL)
		warn_of_vfs(app, bond);
	return rc;
}

int
app_bond_remove(struct app *app, const char *bond_word, const char *port_word, struct reason *why)
{
	struct bond *bond;
	uint16_t port;
	int rc = find_bond_and_port(app, bond_word, port_word, &bond, &port, why);

	return rc != 0 ? rc : bond_member_remove(app->bonds, bond, port, why);
}

int
cmd_add_bond_member(struct app *app, const struct command_call *call)
{
	return app_bond_add(app, call->argv[0], call->argv[1], call->why);
}

int
cmd_remove_bond_member(struct app *app, const struct command_call *call)
{
	return app_bond_remove(app, call->argv[0], call->argv[1], call->why);
}

int
cmd_set_bond_state(struct app *app, const struct command_call *call)
{
	struct bond *bond;
	int rc = app_bond_find(app, call->argv[0], &bond, call->why);

	if (rc != 0)
		return rc;
	return strcmp(call->argv[1], "up") == 0 ? bond_up(app->bonds, bond, call->why)
	                                        : bond_down(app->bonds, bond, call->why);
}

int
cmd_set_bond_option(struct app *app, const struct command_call *call)
{
	struct bond *bond;
	int rc = app_bond_find(app, call->argv[0], &bond, call->why);

	return rc != 0 ? rc
	               : bond_set_option(
				 app->bonds, bond, call->argv[1], call->argv[2], false, call->why
			 );
}
