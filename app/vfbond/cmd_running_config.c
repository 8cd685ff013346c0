/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * show running-config: the commands that bring a program which was started with the same devices to
 * the present state. What no command sets stands in a comment.
 */
#include "app.h"
#include "app_priv.h"
#include "bond_view.h"
#include "command.h"
#include "command_table.h"
#include "vf.h"

#include <rte_ethdev.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A word as the console reads it back. */
static void
put_word(struct text *ret, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_.,:;=/@+-%";

	if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
		text_puts(ret, word);
		return;
	}
	text_puts(ret, "'");
	for (const char *s = word; *s != '\0'; s++)
		text_printf(ret, *s == '\'' ? "'\\''" : "%c", *s);
	text_puts(ret, "'");
}

static void
put_number_option(struct text *ret, const char *name, uint32_t value)
{
	if (value != 0)
		text_printf(ret, " --%s %u", name, value);
}

/* VFs: those of the command line are an option, the others a command. */
static void
put_vfs(const struct app *app, bool by_command, struct text *ret)
{
	for (unsigned i = 0; i < vfs_count(app->vfs); i++) {
		const struct vf *vf = vfs_at(app->vfs, i);

		if (vf->by_command != by_command)
			continue;
		text_printf(ret, by_command ? "claim vf %s" : " --vf '%s", vf->pci);
		if (!vf_settings_empty(&vf->settings))
			text_puts(ret, " ");
		vf_settings_text(&vf->settings, ret);
		text_puts(ret, by_command ? "\n" : "'");
	}
}

/* The options of the command line that no command stands for. */
static void
put_options(const struct app *app, struct text *ret)
{
	const struct options *o = &app->options;

	text_printf(
		ret,
		"# vfbond " VFBOND_VERSION ", started with --port-topology %s",
		fwd_topology_names[o->topology]
	);
	put_number_option(ret, "rxq", o->ports.port.nb_rxq);
	put_number_option(ret, "txq", o->ports.port.nb_txq);
	put_number_option(ret, "rxd", o->ports.port.nb_rxd);
	put_number_option(ret, "txd", o->ports.port.nb_txd);
	put_number_option(ret, "mbuf-size", o->ports.mbuf_bytes);
	put_number_option(ret, "total-num-mbufs", o->ports.total_mbufs);
	for (unsigned i = 0; i < o->nb_pairs; i++)
		text_printf(ret, " --pair %s,%s", o->pairs[i].a, o->pairs[i].b);
	for (unsigned i = 0; i < o->nb_peers; i++)
		text_printf(
			ret,
			" --eth-peer %s," RTE_ETHER_ADDR_PRT_FMT,
			o->peers[i].port,
			RTE_ETHER_ADDR_BYTES(&o->peers[i].mac)
		);
	put_vfs(app, false, ret);
	text_puts(ret, "\n");
}

static void
put_forwarding(const struct app *app, struct text *ret)
{
	const struct options *o = &app->options;

	text_printf(ret, "set verbose %u\n", app->verbose);
	text_printf(ret, "set fwd %s\nset burst %u\n", o->engine->name, o->burst);
	text_printf(ret, "set nbcore %u\n", o->nb_cores);
	text_printf(ret, "set txpkts %u\nset flows %u\n", o->txpkt_bytes, o->flows);
}

/* The devices plugged in while the program ran; a device with several ports once. */
static void
put_attached(const struct app *app, struct text *ret)
{
	for (unsigned i = 0; i < RTE_MAX_ETHPORTS; i++) {
		if (app->attached[i] == NULL)
			continue;
		text_puts(ret, "port attach ");
		put_word(ret, app->attached[i]);
		text_puts(ret, "\n");
	}
}

/* MTU, promiscuous mode and multicast of a port or bond, where they are not what it begins with. */
static void
put_port_modes(const struct app *app, uint16_t id, struct text *ret)
{
	const struct port_conf *conf = port_conf(app->ports, id);
	const char *name = app_port_name(app, id);

	if (conf != NULL && conf->mtu_bytes != RTE_MIN(conf->mtu_max_bytes, RTE_ETHER_MTU))
		text_printf(ret, "port config %s mtu %u\n", name, conf->mtu_bytes);
	if (rte_eth_promiscuous_get(id) == 1)
		text_printf(ret, "set promisc %s on\n", name);
	if (rte_eth_allmulticast_get(id) == 1)
		text_printf(ret, "set allmulti %s on\n", name);
}

static void
put_ports(const struct app *app, struct text *ret)
{
	uint16_t ids[RTE_MAX_ETHPORTS];
	uint16_t n = ports_list(app->ports, ids, RTE_MAX_ETHPORTS);

	for (uint16_t i = 0; i < n; i++) {
		enum port_state state = port_state(app->ports, ids[i]);
		const char *name = app_port_name(app, ids[i]);

		if (bonds_find_port(app->bonds, ids[i]) != NULL ||
		    bonds_find_member(app->bonds, ids[i]) != NULL)
			continue;
		if (state == PORT_CLOSED) {
			text_printf(ret, "port close %s\n", name);
			continue;
		}
		put_port_modes(app, ids[i], ret);
		if (state != PORT_STARTED)
			text_printf(ret, "port stop %s\n", name);
	}
}

struct creation_word {
	const struct bond_option *option;
	const char *value;
	size_t bytes; /* "KEY=VALUE" and the blank before it */
	bool later;   /* a command of its own says it */
};

/* The words of `create bond`. */
struct creation_words {
	struct text line; /* the words lie in it */
	int nb;
	struct creation_word words[COMMAND_MAX_TOKENS];
};

static int
split_words(const struct bond_settings *s, struct creation_words *ret)
{
	char *save = NULL;

	bond_settings_show(s, &ret->line);
	if (ret->line.no_mem)
		return -ENOMEM;
	if (ret->line.len == 0)
		return 0;
	for (char *w = strtok_r(ret->line.s, " ", &save); w != NULL && ret->nb < COMMAND_MAX_TOKENS;
	     w = strtok_r(NULL, " ", &save)) {
		struct creation_word *word = &ret->words[ret->nb++];
		char *eq = strchr(w, '=');

		word->bytes = 1 + strlen(w);
		*eq = '\0';
		word->option = bond_option_find(w);
		word->value = eq + 1;
	}
	return 0;
}

/* Whether a change of an existing bond with members can say it, whatever else is set. */
static bool
can_be_later(const struct bond_option *o)
{
	return o->scalar == NULL && (o->flags & (BOND_OPTION_NO_MEMBERS | BOND_OPTION_DOWN |
	                                         BOND_OPTION_AT_CREATION)) == 0;
}

/* Take words out of the line until it fits, the longest ones first. */
static void
shorten(struct creation_words *w, const char *name)
{
	size_t bytes = strlen("create bond ") + strlen(name);

	for (int i = 0; i < w->nb; i++)
		bytes += w->words[i].bytes;
	while (bytes > COMMAND_LINE_MAX) {
		struct creation_word *longest = NULL;

		for (int i = 0; i < w->nb; i++)
			if (!w->words[i].later && can_be_later(w->words[i].option) &&
			    (longest == NULL || w->words[i].bytes > longest->bytes))
				longest = &w->words[i];
		if (longest == NULL)
			return;
		longest->later = true;
		bytes -= longest->bytes;
	}
}

/* Of a BOND_OPTION_MEMBER option each member's value, else the one for the bond. */
static void
put_later(const struct bond_view *v, const struct creation_word *w, struct text *ret)
{
	const char *name = v->settings.name;

	if ((w->option->flags & BOND_OPTION_MEMBER) == 0) {
		text_printf(ret, "set bond %s %s %s\n", name, w->option->name, w->value);
		return;
	}
	for (uint16_t i = 0; i < v->nb_members; i++) {
		int32_t value = app_member_value(w->option, &v->members[i]);

		if (value != 0)
			text_printf(
				ret,
				"set bond %s member %s %s %d\n",
				name,
				v->members[i].name,
				w->option->name,
				value
			);
	}
}

/* A bond that EAL makes is there already: what can be said of it is changed. */
static void
put_adopted(const struct bond_view *v, struct creation_words *w, struct text *ret)
{
	const unsigned not_now =
		BOND_OPTION_NO_MEMBERS | BOND_OPTION_DOWN | BOND_OPTION_AT_CREATION;

	text_printf(ret, "# %s is made by EAL (--vdev, port attach)\n", v->settings.name);
	for (int i = 0; i < w->nb; i++)
		if ((w->words[i].option->flags & not_now) == 0)
			put_later(v, &w->words[i], ret);
	if (!v->up)
		text_printf(ret, "set bond %s down\n", v->settings.name);
}

static void
put_created(const struct bond_view *v, struct creation_words *w, struct text *ret)
{
	shorten(w, v->settings.name);
	text_printf(ret, "create bond %s", v->settings.name);
	for (int i = 0; i < w->nb; i++)
		if (!w->words[i].later)
			text_printf(ret, " %s=%s", w->words[i].option->name, w->words[i].value);
	text_puts(ret, "\n");
	for (int i = 0; i < w->nb; i++)
		if (w->words[i].later)
			put_later(v, &w->words[i], ret);
}

static int
put_bond(const struct app *app, const struct bond *bond, struct bond_view *v, struct text *ret)
{
	struct creation_words w = {.line = TEXT_EMPTY};
	int rc;

	bond_view(app->bonds, bond, v);
	v->settings.up = v->up;
	/* Which member is active follows from the links; a command for it fails without one. */
	v->settings.active[0] = '\0';
	rc = split_words(&v->settings, &w);
	if (rc == 0) {
		if (strcmp(v->settings.name, v->dev_name) == 0)
			put_adopted(v, &w, ret);
		else
			put_created(v, &w, ret);
		put_port_modes(app, bond_port(bond), ret);
	}
	text_fini(&w.line);
	return rc;
}

static void
put_portlist(const struct app *app, struct text *ret)
{
	if (!app->portlist_given || app->nb_portlist == 0)
		return;
	text_puts(ret, "set portlist ");
	for (uint16_t i = 0; i < app->nb_portlist; i++)
		text_printf(ret, "%s%s", i != 0 ? "," : "", app_port_name(app, app->portlist[i]));
	text_puts(ret, "\n");
}

int
cmd_show_running_config(struct app *app, const struct command_call *call)
{
	struct bond_view *v = malloc(sizeof(*v));
	int rc = v == NULL ? -ENOMEM : 0;

	put_options(app, call->reply);
	put_forwarding(app, call->reply);
	put_attached(app, call->reply);
	put_vfs(app, true, call->reply);
	for (struct bond *b = bonds_next(app->bonds, NULL); rc == 0 && b != NULL;
	     b = bonds_next(app->bonds, b))
		rc = put_bond(app, b, v, call->reply);
	free(v);
	if (rc != 0)
		return reason_set(call->why, rc, "out of memory");
	put_ports(app, call->reply);
	put_portlist(app, call->reply);
	if (app->forwarding)
		text_puts(call->reply, "start\n");
	return 0;
}
