/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands that show bonds, and where their frames go. */
#include "app.h"
#include "app_priv.h"
#include "bond_view.h"
#include "command.h"
#include "command_table.h"
#include "table.h"

#include <errno.h>
#include <stdlib.h>

int
app_bond_view(struct app *app, const char *word, struct bond_view **ret, struct reason *why)
{
	struct bond *bond;
	int rc = app_bond_find(app, word, &bond, why);

	if (rc != 0)
		return rc;
	*ret = malloc(sizeof(**ret));
	if (*ret == NULL)
		return reason_set(why, -ENOMEM, "out of memory");
	bond_view(app->bonds, bond, *ret);
	return 0;
}

/* The members of @v by name, and after each what its link lacks. */
static void
put_members(struct text *t, const struct bond_view *v)
{
	for (uint16_t i = 0; i < v->nb_members; i++) {
		const struct bond_member_view *m = &v->members[i];

		text_printf(t, "%s%s", i != 0 ? "," : "", m->name);
		if (m->link != BOND_LINK_UP)
			text_printf(t, "(%s)", m->attached ? bond_link_names[m->link] : "detached");
	}
}

int
cmd_show_bonds(struct app *app, const struct command_call *call)
{
	static const struct table_column columns[] = {
		{"BOND", "name", TABLE_LEFT, false},
		{"PORT", "port", TABLE_RIGHT, false},
		{"MODE", "mode", TABLE_LEFT, false},
		{"STATE", "state", TABLE_LEFT, false},
		{"LINK", "link", TABLE_LEFT, false},
		{"ACTIVE", "active", TABLE_LEFT, false},
		{"MEMBERS", "members", TABLE_LEFT, false},
	};
	struct bond_view *v = malloc(sizeof(*v));
	struct table *table = NULL;
	int rc = v == NULL ? -ENOMEM : table_new(&table, columns, RTE_DIM(columns));

	for (struct bond *b = bonds_next(app->bonds, NULL); rc == 0 && b != NULL;
	     b = bonds_next(app->bonds, b)) {
		struct text members = TEXT_EMPTY;

		bond_view(app->bonds, b, v);
		table_row(table);
		table_set(table, 0, v->settings.name);
		table_set_u64(table, 1, v->port_id);
		table_set(table, 2, bond_mode_names[v->settings.mode]);
		table_set(table, 3, v->up ? "up" : "down");
		table_set(table, 4, v->link_up ? "up" : "down");
		table_set(table, 5, v->active[0] != '\0' ? v->active : "-");
		put_members(&members, v);
		table_set(table, 6, members.len != 0 ? text_str(&members) : "-");
		text_fini(&members);
	}
	if (rc == 0)
		rc = table_text(table, call->reply);
	table_free(table);
	free(v);
	return rc == 0 ? 0 : reason_set(call->why, rc, "out of memory");
}

int
cmd_show_bond(struct app *app, const struct command_call *call)
{
	struct bond_view *v;
	int rc = app_bond_view(app, call->argv[0], &v, call->why);

	if (rc != 0)
		return rc;
	if (call->argv[1] == NULL)
		bond_view_proc(v, VFBOND_VERSION, call->reply);
	else
		rc = app_put_json(bond_view_json(v), call->reply);
	free(v);
	return rc == 0 ? 0 : reason_set(call->why, rc, "out of memory");
}

/* The way in which the member was found, behind its name. */
static void
put_how(struct text *t,
        const struct bond_settings *s,
        const struct flow *f,
        const struct flow_answer *a)
{
	switch (a->how) {
	case FLOW_NOBODY:
		text_puts(t, "no member may transmit");
		break;
	case FLOW_BY_ACTIVE:
		text_puts(t, "the active member");
		break;
	case FLOW_BY_QUEUE:
		text_printf(t, "its queue_id is %u", f->queue);
		break;
	case FLOW_BY_HASH:
		text_printf(
			t,
			"%s hash 0x%08x mod %u = %u",
			bond_policy_names[s->policy],
			a->hash,
			a->count,
			a->hash % a->count
		);
		break;
	case FLOW_BY_BUCKET:
		text_printf(t, "it has bucket %u", a->bucket);
		break;
	case FLOW_BY_CLIENT:
		text_puts(t, "that of the client (show bond NAME json)");
		break;
	case FLOW_BY_TURN:
		text_printf(t, "%u frames each in turn", s->packets_per_member);
		break;
	case FLOW_BY_CHANCE:
		text_puts(t, "at random");
		break;
	case FLOW_BY_ALL:
		text_puts(t, "broadcast");
		break;
	case FLOW_HOW_COUNT:
		break;
	}
}

int
cmd_show_bond_flow(struct app *app, const struct command_call *call)
{
	/* Where no certain member is chosen. */
	static const char *const several[FLOW_HOW_COUNT] = {
		[FLOW_NOBODY] = "none",
		[FLOW_BY_CLIENT] = "one",
		[FLOW_BY_TURN] = "any",
		[FLOW_BY_CHANCE] = "any",
		[FLOW_BY_ALL] = "all",
	};
	struct flow_answer a;
	struct bond *bond;
	struct flow f;
	int rc = app_bond_find(app, call->argv[0], &bond, call->why);

	if (rc == 0)
		rc = flow_parse(&f, call->nb_rest, call->rest, call->why);
	if (rc == 0)
		rc = bond_flow(bond, &f, &a, call->why);
	if (rc != 0)
		return rc;
	text_printf(
		call->reply,
		"%s: member %s: ",
		bond_name(bond),
		a.port_id != PLAN_NO_PORT ? app_port_name(app, a.port_id) : several[a.how]
	);
	put_how(call->reply, bond_settings(bond), &f, &a);
	if (a.new_source)
		text_printf(
			call->reply,
			"; its source address becomes " RTE_ETHER_ADDR_PRT_FMT,
			RTE_ETHER_ADDR_BYTES(&a.source)
		);
	text_puts(call->reply, "\n");
	return 0;
}

int
app_put_json(json_t *json, struct text *ret)
{
	char *s = json != NULL ? json_dumps(json, JSON_INDENT(2)) : NULL;

	json_decref(json);
	if (s == NULL)
		return -ENOMEM;
	text_printf(ret, "%s\n", s);
	free(s);
	return 0;
}
