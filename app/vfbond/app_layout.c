/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who polls what: the present ports, bonds and settings put into a layout and given to the workers.
 * Every started port that is not a member has its queues served, whether it forwards or not.
 */
#include "app.h"
#include "app_priv.h"
#include "parse.h"
#include "pmd_traits.h"
#include "reason.h"

#include <rte_ethdev.h>
#include <rte_lcore.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Everything a layout is made from. */
struct inputs {
	struct fwd_layout_port ports[FWD_MAX_PORTS];
	struct fwd_port_io io[FWD_MAX_PORTS];
	uint16_t nb_ports;
	struct fwd_layout_settings settings;
};

/* testpmd's default peers, 02:00:00:00:00:PP. */
static void
peer_mac(struct app *app, uint16_t port_id, struct rte_ether_addr *ret)
{
	*ret = (struct rte_ether_addr){{0x02, 0, 0, 0, 0, (uint8_t)port_id}};
	for (unsigned i = 0; i < app->options.nb_peers; i++) {
		uint16_t id;

		if (app_port_find(app, app->options.peers[i].port, &id, NULL) == 0 && id == port_id)
			*ret = app->options.peers[i].mac;
	}
}

static int
add_port(struct app *app, struct inputs *in, uint16_t id, struct reason *why)
{
	const struct port_conf *conf = port_conf(app->ports, id);
	const struct bond *bond = bonds_find_port(app->bonds, id);
	struct fwd_layout_port *p = &in->ports[in->nb_ports];
	struct fwd_port_io *io = &in->io[in->nb_ports];

	if (port_state(app->ports, id) != PORT_STARTED || conf == NULL || id == app->idle_port ||
	    bonds_find_member(app->bonds, id) != NULL || in->nb_ports == FWD_MAX_PORTS)
		return 0;
	if (bond != NULL && !bond_usable(bond))
		return 0;
	p->port_id = id;
	p->nb_rxq = conf->nb_rxq;
	p->nb_txq = conf->nb_txq;
	if (bond != NULL)
		bond_io(bond, &io->io);
	else if (pmd_traits_get(port_driver(app->ports, id))->strips_vlan)
		io->io = fwd_io_plain_untag(id);
	else
		io->io = fwd_io_plain(id);
	io->io.from_device = io->io.from_device || pmd_is_of_a_bus(id);
	(void)rte_eth_macaddr_get(id, &io->mac);
	peer_mac(app, id, &io->peer_mac);
	io->txonly.pool = port_pool(app->ports, id, why);
	io->txonly.frame_bytes = app->options.txpkt_bytes;
	io->txonly.flows = app->options.flows;
	if (io->txonly.pool == NULL)
		return -ENOMEM;
	in->nb_ports++;
	return 0;
}

static int
gather(struct app *app, struct inputs *in, struct reason *why)
{
	uint16_t ids[FWD_MAX_PORTS];
	uint16_t n = ports_list(app->ports, ids, FWD_MAX_PORTS);

	memset(in, 0, sizeof(*in));
	for (uint16_t i = 0; i < n; i++) {
		int rc = add_port(app, in, ids[i], why);

		if (rc != 0)
			return rc;
	}
	return 0;
}

/*
 * Without a port list from the user: every port that is neither a member nor paired. It is drawn up
 * while forwarding is stopped; a port that is plugged in later waits for the next start.
 */
static void
default_portlist(struct app *app, const struct fwd_layout_settings *s)
{
	uint16_t ids[FWD_MAX_PORTS];
	uint16_t n = ports_list(app->ports, ids, FWD_MAX_PORTS);

	app->nb_portlist = 0;
	for (uint16_t i = 0; i < n; i++) {
		bool elsewhere = bonds_find_member(app->bonds, ids[i]) != NULL;

		for (uint16_t k = 0; k < s->nb_pairs; k++)
			elsewhere = elsewhere || ids[i] == s->pairs[k].a || ids[i] == s->pairs[k].b;
		if (!elsewhere)
			app->portlist[app->nb_portlist++] = ids[i];
	}
}

static void
fill_settings(struct app *app, struct inputs *in)
{
	struct fwd_layout_settings *s = &in->settings;

	s->topology = app->options.topology;
	s->nb_workers = RTE_MIN(app->options.nb_cores, fwd_nb_workers(app->fwd));
	s->needs_tx_peer = app->options.engine->needs_tx_peer;
	for (unsigned i = 0; i < app->options.nb_pairs; i++) {
		const struct options_pair *p = &app->options.pairs[i];
		struct fwd_pair pair;

		if (app_port_find(app, p->a, &pair.a, NULL) == 0 &&
		    app_port_find(app, p->b, &pair.b, NULL) == 0)
			s->pairs[s->nb_pairs++] = pair;
	}
	if (!app->portlist_given && !app->forwarding)
		default_portlist(app, s);
	s->nb_portlist = app->nb_portlist;
	memcpy(s->portlist, app->portlist, sizeof(s->portlist));
}

static int
make_layout(struct app *app, struct inputs *in, struct fwd_layout **ret, struct reason *why)
{
	int rc = gather(app, in, why);

	if (rc != 0)
		return rc;
	fill_settings(app, in);
	return fwd_layout_new(ret, in->ports, in->nb_ports, &in->settings, why);
}

int
app_layout_check(struct app *app, struct reason *why)
{
	struct fwd_layout *layout = NULL;
	struct inputs in;
	int rc = make_layout(app, &in, &layout, why);

	fwd_layout_free(layout);
	return rc;
}

void
app_relayout(struct app *app)
{
	struct fwd_layout *layout = NULL;
	struct inputs in;
	struct reason why;
	int rc = make_layout(app, &in, &layout, &why);

	if (rc != 0) {
		/* Queues keep their owners even so; only nothing is forwarded. */
		app_print(app, "forwarding suspended: %s", why.text);
		in.settings.nb_pairs = 0;
		in.settings.nb_portlist = 0;
		rc = fwd_layout_new(&layout, in.ports, in.nb_ports, &in.settings, &why);
	}
	if (rc == 0)
		rc = fwd_publish(
			app->fwd,
			layout,
			in.io,
			in.nb_ports,
			app->forwarding ? app->options.engine : NULL,
			app->options.burst,
			&why
		);
	if (rc != 0)
		app_print(app, "queues are not served: %s", why.text);
	fwd_layout_free(layout);
}

int
app_apply(struct app *app, struct reason *why)
{
	int rc;

	if (app->fwd == NULL)
		return 0;
	rc = fwd_park(app->fwd, PARK_TIMEOUT_US, why);
	if (rc != 0)
		return rc;
	app_relayout(app);
	fwd_release(app->fwd);
	return 0;
}

static void
warn_far_lcores(struct app *app)
{
	for (uint16_t i = 0; i < fwd_nb_streams(app->fwd); i++) {
		struct fwd_stream_view v;
		unsigned lcore;
		int port_node;

		fwd_stream_view(app->fwd, i, &v);
		lcore = fwd_worker_lcore(app->fwd, v.worker);
		port_node = rte_eth_dev_socket_id(v.rx_port);
		if (port_node >= 0 && (unsigned)port_node != rte_lcore_to_socket_id(lcore))
			app_print(
				app,
				"warning: lcore %u of node %u polls %s of node %d",
				lcore,
				rte_lcore_to_socket_id(lcore),
				app_port_name(app, v.rx_port),
				port_node
			);
	}
}

int
app_start(struct app *app, struct reason *why)
{
	int rc;

	if (app->forwarding)
		return reason_set(why, -EALREADY, "forwarding has been started already");
	rc = app_layout_check(app, why);
	if (rc != 0)
		return rc;
	app->forwarding = true;
	rc = app_apply(app, why);
	if (rc != 0)
		app->forwarding = false;
	else
		warn_far_lcores(app);
	return rc;
}

int
app_stop(struct app *app, struct reason *why)
{
	int rc;

	if (!app->forwarding)
		return reason_set(why, -EALREADY, "forwarding is not started");
	app->forwarding = false;
	rc = app_apply(app, why);
	if (rc != 0)
		app->forwarding = true;
	return rc;
}

static int
append_port(
	struct app *app,
	uint16_t id,
	uint16_t ret[static FWD_MAX_PORTS],
	uint16_t *n,
	struct reason *why
)
{
	const struct bond *bond = bonds_find_member(app->bonds, id);

	if (bond != NULL)
		return reason_set(
			why,
			-EINVAL,
			"port %s is a member of %s: forward on %s instead",
			app_port_name(app, id),
			bond_name(bond),
			bond_name(bond)
		);
	for (uint16_t i = 0; i < *n; i++)
		if (ret[i] == id)
			return reason_set(
				why,
				-EINVAL,
				"port %s stands in the list twice",
				app_port_name(app, id)
			);
	if (*n == FWD_MAX_PORTS)
		return reason_set(why, -EINVAL, "more than %d ports", FWD_MAX_PORTS);
	ret[(*n)++] = id;
	return 0;
}

/* One item of a port list: a name, a number, or as in testpmd a range of numbers. */
static int
append_item(
	struct app *app,
	char *item,
	uint16_t ret[static FWD_MAX_PORTS],
	uint16_t *n,
	struct reason *why
)
{
	char *dash = strchr(item, '-');
	uint16_t id, last;
	int rc;

	if (app_port_find(app, item, &id, why) == 0)
		return append_port(app, id, ret, n, why);
	if (dash == NULL)
		return -ENODEV;
	*dash = '\0';
	if (parse_u16(item, 0, RTE_MAX_ETHPORTS - 1, &id) != 0 ||
	    parse_u16(dash + 1, 0, RTE_MAX_ETHPORTS - 1, &last) != 0 || id > last)
		return reason_set(
			why,
			-EINVAL,
			"\"%s-%s\" is neither a port nor a range of ports in 0..%u",
			item,
			dash + 1,
			RTE_MAX_ETHPORTS - 1
		);
	for (; id <= last; id++) {
		if (port_state(app->ports, id) == PORT_ABSENT)
			return reason_set(why, -ENODEV, "port %u: no such port", id);
		rc = append_port(app, id, ret, n, why);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
app_portlist_parse(
	struct app *app,
	const char *list,
	uint16_t ret[static FWD_MAX_PORTS],
	uint16_t *ret_n,
	struct reason *why
)
{
	uint16_t ports[FWD_MAX_PORTS], n = 0;
	char *copy = strdup(list), *save = NULL;
	int rc = 0;

	if (copy == NULL)
		return reason_set(why, -ENOMEM, "out of memory");
	for (char *item = strtok_r(copy, ",", &save); item != NULL && rc == 0;
	     item = strtok_r(NULL, ",", &save))
		rc = append_item(app, item, ports, &n, why);
	if (rc == 0 && n == 0)
		rc = reason_set(why, -EINVAL, "\"%s\" names no port", list);
	free(copy);
	if (rc == 0) {
		memcpy(ret, ports, n * sizeof(ports[0]));
		*ret_n = n;
	}
	return rc;
}

static int
apply_pair(struct app *app, const struct options_pair *p, bool must_exist, struct reason *why)
{
	uint16_t ports[2];
	struct bond *bond;
	int rc = app_port_find(app, p->a, &ports[0], why);

	if (rc == 0)
		rc = app_port_find(app, p->b, &ports[1], why);
	if (rc != 0)
		return must_exist ? rc : 0;
	if (ports[0] == ports[1])
		return reason_set(why, -EINVAL, "%s is paired with itself", p->a);
	for (int i = 0; i < 2; i++) {
		bond = bonds_find_member(app->bonds, ports[i]);
		if (bond != NULL)
			return reason_set(
				why,
				-EINVAL,
				"port %s is a member of %s: pair %s instead",
				app_port_name(app, ports[i]),
				bond_name(bond),
				bond_name(bond)
			);
	}
	/* Of two bonds the second takes the first one's address. */
	for (int i = 0; i < 2; i++) {
		bond = bonds_find_port(app->bonds, ports[i]);
		if (bond != NULL)
			return bond_pair(app->bonds, bond, ports[1 - i], why);
	}
	return 0;
}

int
app_pairs_apply(struct app *app, bool all_must_exist, struct reason *why)
{
	for (unsigned i = 0; i < app->options.nb_pairs; i++) {
		const struct options_pair *p = &app->options.pairs[i];
		struct reason what;
		int rc = apply_pair(app, p, all_must_exist, &what);

		if (rc != 0)
			return reason_set(why, rc, "--pair %s,%s: %s", p->a, p->b, what.text);
	}
	return 0;
}

bool
app_port_forwards(const struct app *app, uint16_t port_id)
{
	if (!app->forwarding)
		return false;
	for (uint16_t i = 0; i < fwd_nb_streams(app->fwd); i++) {
		struct fwd_stream_view v;

		fwd_stream_view(app->fwd, i, &v);
		if (v.tx_port != FWD_NO_PORT && (v.rx_port == port_id || v.tx_port == port_id))
			return true;
	}
	return false;
}

int
app_with_port_idle(
	struct app *app,
	uint16_t port_id,
	int (*fn)(struct ports *ports, uint16_t id, struct reason *why),
	struct reason *why
)
{
	int rc;

	/* Left out of the layout first, so that nobody stays parked while the device takes its
	 * time. */
	app->idle_port = port_id;
	rc = app_apply(app, why);
	if (rc == 0)
		rc = fn(app->ports, port_id, why);
	app->idle_port = FWD_NO_PORT;
	(void)app_apply(app, rc == 0 ? why : NULL);
	return rc;
}
