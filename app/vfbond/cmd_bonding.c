/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about bonds in testpmd's words and order of arguments. */
#include "app.h"
#include "app_priv.h"
#include "bond_view.h"
#include "command.h"
#include "command_table.h"
#include "parse.h"
#include "reason.h"

#include <rte_ethdev.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
cmd_bonding_create(struct app *app, const struct command_call *call)
{
	char name[BOND_NAME_BYTES], mode[64];
	char *words[] = {mode};
	struct bond_settings s;
	uint32_t socket;
	int rc;

	/* The node is the members' own; testpmd's argument is checked and has no other effect. */
	if (parse_u32(call->argv[1], 0, RTE_MAX_NUMA_NODES - 1, &socket) != 0)
		return reason_set(
			call->why,
			-EINVAL,
			"create bonding device: \"%s\" is no NUMA node in 0..%u",
			call->argv[1],
			RTE_MAX_NUMA_NODES - 1
		);
	for (unsigned i = 0;; i++) {
		snprintf(name, sizeof(name), "bond%u", i);
		if (bonds_find(app->bonds, name) == NULL)
			break;
	}
	snprintf(mode, sizeof(mode), "mode=%.50s", call->argv[0]);
	rc = bond_settings_parse(&s, name, 1, words, call->why);
	if (rc == 0)
		rc = app_create_bond(app, &s, call);
	if (rc == 0)
		text_printf(
			call->reply,
			"%s is port %u\n",
			name,
			bond_port(bonds_find(app->bonds, name))
		);
	return rc;
}

int
cmd_bonding_add(struct app *app, const struct command_call *call)
{
	return app_bond_add(app, call->argv[1], call->argv[0], call->why);
}

int
cmd_bonding_remove(struct app *app, const struct command_call *call)
{
	return app_bond_remove(app, call->argv[1], call->argv[0], call->why);
}

static int
set_option(
	struct app *app,
	const struct command_call *call,
	const char *bond_word,
	const char *option,
	const char *value
)
{
	struct bond *bond;
	int rc = app_bond_find(app, bond_word, &bond, call->why);

	return rc != 0 ? rc : bond_set_option(app->bonds, bond, option, value, true, call->why);
}

int
cmd_bonding_mode(struct app *app, const struct command_call *call)
{
	return set_option(app, call, call->argv[1], "mode", call->argv[0]);
}

int
cmd_bonding_primary(struct app *app, const struct command_call *call)
{
	struct bond *bond;
	uint16_t port;
	int rc = app_bond_find(app, call->argv[1], &bond, call->why);

	if (rc == 0)
		rc = app_port_find(app, call->argv[0], &port, call->why);
	/* Linux's option takes the name of a member to come, testpmd's command does not. */
	if (rc == 0 && bonds_find_member(app->bonds, port) != bond)
		rc = reason_set(
			call->why,
			-EINVAL,
			"%s: %s is not one of its members",
			bond_name(bond),
			call->argv[0]
		);
	return rc != 0 ? rc : set_option(app, call, call->argv[1], "primary", call->argv[0]);
}

int
cmd_bonding_mac(struct app *app, const struct command_call *call)
{
	return set_option(app, call, call->argv[0], "mac", call->argv[1]);
}

int
cmd_bonding_policy(struct app *app, const struct command_call *call)
{
	const char *policy = call->argv[1];

	return set_option(
		app,
		call,
		call->argv[0],
		"xmit_hash_policy",
		strcmp(policy, "l2") == 0    ? "layer2"
		: strcmp(policy, "l23") == 0 ? "layer2+3"
					     : "layer3+4"
	);
}

int
cmd_bonding_monitor(struct app *app, const struct command_call *call)
{
	return set_option(app, call, call->argv[0], "miimon", call->argv[1]);
}

int
cmd_bonding_dedicated(struct app *app, const struct command_call *call)
{
	return set_option(
		app,
		call,
		call->argv[0],
		"dedicated_queues",
		strcmp(call->argv[1], "enable") == 0 ? "on" : "off"
	);
}

int
cmd_bonding_agg_mode(struct app *app, const struct command_call *call)
{
	return set_option(app, call, call->argv[0], "ad_select", call->argv[1]);
}

int
cmd_bonding_config(struct app *app, const struct command_call *call)
{
	struct bond_view *v;
	struct text *t = call->reply;
	int rc = app_bond_view(app, call->argv[0], &v, call->why);

	if (rc != 0)
		return rc;
	text_printf(
		t,
		"  - Dev basic:\n\tBonding mode: %s(%d)\n",
		bond_mode_names[v->settings.mode],
		v->settings.mode
	);
	if (v->settings.mode == BOND_MODE_XOR || v->settings.mode == BOND_MODE_8023AD)
		text_printf(
			t, "\tBalance Xmit Policy: %s\n", bond_policy_names[v->settings.policy]
		);
	if (v->settings.mode == BOND_MODE_8023AD)
		text_printf(
			t,
			"\tIEEE802.3AD Aggregator Mode: %s\n",
			bond_ad_select_names[v->settings.ad_select]
		);
	text_printf(t, "\tMembers (%u): [", v->nb_members);
	for (uint16_t i = 0; i < v->nb_members; i++)
		text_printf(t, "%s%u", i != 0 ? " " : "", v->members[i].port_id);
	text_puts(t, "]\n\tActive Members: [");
	for (uint16_t i = 0, n = 0; i < v->nb_members; i++)
		if (v->members[i].link_up)
			text_printf(t, "%s%u", n++ != 0 ? " " : "", v->members[i].port_id);
	text_puts(t, "]\n");
	if (bond_mode_has_active(v->settings.mode))
		text_printf(t, "\tPrimary: [%s]\n", v->active[0] != '\0' ? v->active : "none");
	text_printf(
		t,
		"\tMAC: " RTE_ETHER_ADDR_PRT_FMT "\n\tLink polling period: %u ms\n",
		RTE_ETHER_ADDR_BYTES(&v->mac),
		v->settings.miimon_ms
	);
	free(v);
	return 0;
}
