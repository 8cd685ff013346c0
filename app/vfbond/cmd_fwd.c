/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about forwarding: start, stop, its settings and what it did. */
#include "app.h"
#include "command.h"
#include "command_table.h"
#include "parse.h"
#include "table.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>

int
cmd_start(struct app *app, const struct command_call *call)
{
	return app_start(app, call->why);
}

int
cmd_stop(struct app *app, const struct command_call *call)
{
	return app_stop(app, call->why);
}

/* Settings of a layout change between runs only, as in testpmd. */
static int
must_be_stopped(const struct app *app, const struct command_call *call, const char *what)
{
	if (!app->forwarding)
		return 0;
	return reason_set(call->why, -EBUSY, "%s: forwarding is started; stop first", what);
}

int
cmd_set_fwd(struct app *app, const struct command_call *call)
{
	const struct fwd_engine *engine = fwd_engine_find(call->argv[0]);
	char names[128] = "";

	if (engine == NULL) {
		for (unsigned i = 0; fwd_engines[i] != NULL; i++) {
			if (i != 0)
				strcat(names, ", ");
			strcat(names, fwd_engines[i]->name);
		}
		return reason_set(
			call->why, -EINVAL, "set fwd: \"%s\" is none of %s", call->argv[0], names
		);
	}
	if (must_be_stopped(app, call, "set fwd") != 0)
		return -EBUSY;
	app->options.engine = engine;
	return 0;
}

static int
set_u16(const struct command_call *call, const char *what, uint16_t min, uint16_t max, uint16_t *ret
)
{
	if (parse_u16(call->argv[0], min, max, ret) != 0)
		return reason_set(
			call->why,
			-EINVAL,
			"%s: \"%s\" is no number in %u..%u",
			what,
			call->argv[0],
			min,
			max
		);
	return 0;
}

int
cmd_set_burst(struct app *app, const struct command_call *call)
{
	int rc = must_be_stopped(app, call, "set burst");

	return rc != 0 ? rc : set_u16(call, "set burst", 1, FWD_MAX_BURST, &app->options.burst);
}

int
cmd_set_nbcore(struct app *app, const struct command_call *call)
{
	int rc = must_be_stopped(app, call, "set nbcore");

	if (rc == 0)
		rc = set_u16(
			call, "set nbcore", 1, fwd_nb_workers(app->fwd), &app->options.nb_cores
		);
	return rc != 0 ? rc : app_apply(app, call->why);
}

int
cmd_set_txpkts(struct app *app, const struct command_call *call)
{
	int rc = must_be_stopped(app, call, "set txpkts");

	return rc != 0 ? rc
	               : set_u16(call,
	                         "set txpkts",
	                         FWD_TXONLY_MIN_BYTES,
	                         FWD_TXONLY_MAX_BYTES,
	                         &app->options.txpkt_bytes);
}

int
cmd_set_flows(struct app *app, const struct command_call *call)
{
	int rc = must_be_stopped(app, call, "set flows");

	return rc != 0 ? rc : set_u16(call, "set flows", 1, UINT16_MAX, &app->options.flows);
}

int
cmd_set_portlist(struct app *app, const struct command_call *call)
{
	uint16_t ports[FWD_MAX_PORTS], n;
	int rc = must_be_stopped(app, call, "set portlist");

	if (rc == 0)
		rc = app_portlist_parse(app, call->argv[0], ports, &n, call->why);
	if (rc != 0)
		return rc;
	memcpy(app->portlist, ports, n * sizeof(ports[0]));
	app->nb_portlist = n;
	app->portlist_given = true;
	return app_apply(app, call->why);
}

int
cmd_set_verbose(struct app *app, const struct command_call *call)
{
	uint16_t level;
	int rc = set_u16(call, "set verbose", 0, 1, &level);

	if (rc == 0)
		app->verbose = level;
	return rc;
}

static void
config_fwd(struct app *app, struct text *t)
{
	const struct options *o = &app->options;

	text_printf(
		t,
		"%s packet forwarding - %s - ports: %s - cores: %u - streams: %u - burst: %u\n",
		o->engine->name,
		app->forwarding ? "started" : "stopped",
		fwd_topology_names[o->topology],
		o->nb_cores,
		fwd_nb_streams(app->fwd),
		o->burst
	);
	for (uint16_t i = 0; i < fwd_nb_streams(app->fwd); i++) {
		struct fwd_stream_view v;

		fwd_stream_view(app->fwd, i, &v);
		text_printf(
			t,
			"  lcore %u: %s queue %u -> ",
			fwd_worker_lcore(app->fwd, v.worker),
			app_port_name(app, v.rx_port),
			v.rx_queue
		);
		if (v.tx_port == FWD_NO_PORT)
			text_puts(t, "nowhere (frames are freed)\n");
		else
			text_printf(t, "%s queue %u\n", app_port_name(app, v.tx_port), v.tx_queue);
	}
}

static void
config_rxtx(struct app *app, struct text *t)
{
	uint16_t ids[RTE_MAX_ETHPORTS];
	uint16_t n = ports_list(app->ports, ids, RTE_MAX_ETHPORTS);

	for (uint16_t i = 0; i < n; i++) {
		const struct port_conf *c = port_conf(app->ports, ids[i]);

		if (c == NULL)
			continue;
		text_printf(
			t,
			"port %u %s: rx queues %u of %u descriptors, tx queues %u of %u "
			"descriptors, "
			"mtu %u, rx offloads 0x%" PRIx64 ", tx offloads 0x%" PRIx64 "\n",
			ids[i],
			app_port_name(app, ids[i]),
			c->nb_rxq,
			c->nb_rxd,
			c->nb_txq,
			c->nb_txd,
			c->mtu_bytes,
			c->eth.rxmode.offloads,
			c->eth.txmode.offloads
		);
	}
}

static void
config_cores(struct app *app, struct text *t)
{
	for (uint16_t w = 0; w < fwd_nb_workers(app->fwd); w++) {
		struct fwd_worker_view v;

		fwd_worker_view(app->fwd, w, &v);
		text_printf(
			t,
			"lcore %u node %u: %s, loops %" PRIu64 ", busy loops %" PRIu64
			", busy %.1f %%, longest gap %.3f ms\n",
			v.lcore,
			rte_lcore_to_socket_id(v.lcore),
			w < app->options.nb_cores ? "forwards" : "idle",
			v.loops,
			v.busy_loops,
			v.cycles != 0 ? 100.0 * (double)v.busy_cycles / (double)v.cycles : 0.0,
			(double)v.max_gap_ns / 1e6
		);
	}
}

int
cmd_show_config(struct app *app, const struct command_call *call)
{
	if (strcmp(call->argv[0], "fwd") == 0)
		config_fwd(app, call->reply);
	else if (strcmp(call->argv[0], "rxtx") == 0)
		config_rxtx(app, call->reply);
	else
		config_cores(app, call->reply);
	return 0;
}

enum { COL_PORT, COL_QUEUE, COL_TO, COL_RX, COL_TX, COL_DROPS };

int
cmd_show_fwd_stats(struct app *app, const struct command_call *call)
{
	static const struct table_column columns[COL_DROPS + FWD_DROP_COUNT + 1] = {
		{"RX-PORT", "rx_port", TABLE_LEFT, false},
		{"QUEUE", "queue", TABLE_RIGHT, false},
		{"TX-PORT", "tx_port", TABLE_LEFT, false},
		{"RX-PACKETS", "rx_packets", TABLE_RIGHT, false},
		{"TX-PACKETS", "tx_packets", TABLE_RIGHT, false},
		{"TX_FULL", "tx_full", TABLE_RIGHT, false},
		{"STOPPED", "stopped", TABLE_RIGHT, false},
		{"NO_PEER", "no_peer", TABLE_RIGHT, false},
		{"CONSUMED", "consumed", TABLE_RIGHT, false},
		{"BAD", "bad", TABLE_RIGHT, false},
		{"VLAN", "vlan", TABLE_RIGHT, false},
		{"NO-MBUF", "no_mbuf", TABLE_RIGHT, false},
	};
	uint64_t rx = 0, tx = 0, drops = 0;
	struct table *table;
	int rc = table_new(&table, columns, RTE_DIM(columns));

	if (rc != 0)
		return reason_set(call->why, rc, "out of memory");
	for (uint16_t i = 0; i < fwd_nb_streams(app->fwd); i++) {
		struct fwd_stream_view v;

		fwd_stream_view(app->fwd, i, &v);
		table_row(table);
		table_set(table, COL_PORT, app_port_name(app, v.rx_port));
		table_set_u64(table, COL_QUEUE, v.rx_queue);
		if (v.tx_port != FWD_NO_PORT)
			table_set(table, COL_TO, app_port_name(app, v.tx_port));
		table_set_u64(table, COL_RX, v.counters.rx_packets);
		table_set_u64(table, COL_TX, v.counters.tx_packets);
		for (unsigned d = 0; d < FWD_DROP_COUNT; d++) {
			table_set_u64(table, COL_DROPS + d, v.counters.drops[d]);
			drops += v.counters.drops[d];
		}
		table_set_u64(table, COL_DROPS + FWD_DROP_COUNT, v.counters.no_mbuf);
		rx += v.counters.rx_packets;
		tx += v.counters.tx_packets;
	}
	rc = table_text(table, call->reply);
	table_free(table);
	text_printf(
		call->reply,
		"all: RX-packets %" PRIu64 " TX-packets %" PRIu64 " dropped %" PRIu64 "\n",
		rx,
		tx,
		drops
	);
	for (struct bond *b = bonds_next(app->bonds, NULL); b != NULL;
	     b = bonds_next(app->bonds, b))
		text_printf(
			call->reply,
			"%s: drained from backups %" PRIu64 "\n",
			bond_name(b),
			fwd_housekeep_drops(app->fwd, bond_port(b))
		);
	return rc;
}

int
cmd_clear_fwd_stats(struct app *app, const struct command_call *call)
{
	(void)call;
	fwd_counters_clear(app->fwd);
	return 0;
}
