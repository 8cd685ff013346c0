/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands that show ports and their counters. */
#include "app.h"
#include "app_priv.h"
#include "command.h"
#include "command_table.h"
#include "loop.h"
#include "port_meters.h"
#include "table.h"

#include <rte_ethdev.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* The ports that a word names: one, or all. */
static int
list_ports(
	struct app *app,
	const char *word,
	uint16_t ids[static RTE_MAX_ETHPORTS],
	uint16_t *ret_n,
	struct reason *why
)
{
	if (strcmp(word, "all") == 0) {
		*ret_n = ports_list(app->ports, ids, RTE_MAX_ETHPORTS);
		return 0;
	}
	*ret_n = 1;
	return app_port_find(app, word, &ids[0], why);
}

static bool
closed(const struct app *app, uint16_t id)
{
	return port_state(app->ports, id) == PORT_CLOSED;
}

static void
put_link(struct text *t, uint16_t id)
{
	struct rte_eth_link link;

	if (rte_eth_link_get_nowait(id, &link) != 0)
		text_puts(t, "unknown");
	else if (link.link_status != RTE_ETH_LINK_UP)
		text_puts(t, "down");
	else if (link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN)
		text_puts(t, "up, speed unknown");
	else
		text_printf(
			t,
			"up, %u Mbps, %s duplex",
			link.link_speed,
			link.link_duplex == RTE_ETH_LINK_FULL_DUPLEX ? "full" : "half"
		);
}

static void
put_info(struct app *app, uint16_t id, struct text *t)
{
	const struct bond *of = bonds_find_member(app->bonds, id);
	const struct port_conf *conf = port_conf(app->ports, id);
	struct rte_ether_addr mac = {{0}};
	struct rte_eth_dev_info info;
	uint32_t mtu_max = 0;

	text_printf(
		t,
		"Port %u: %s\n  device: %s\n  driver: %s\n  state: %s\n",
		id,
		app_port_name(app, id),
		port_name(app->ports, id),
		port_driver(app->ports, id),
		port_state_names[port_state(app->ports, id)]
	);
	if (closed(app, id) || rte_eth_dev_info_get(id, &info) != 0)
		return;
	(void)rte_eth_macaddr_get(id, &mac);
	(void)port_mtu_max(app->ports, id, &mtu_max);
	if (of != NULL)
		text_printf(t, "  member of: %s\n", bond_name(of));
	text_printf(
		t,
		"  MAC address: " RTE_ETHER_ADDR_PRT_FMT "\n  node: %d\n  link: ",
		RTE_ETHER_ADDR_BYTES(&mac),
		rte_eth_dev_socket_id(id)
	);
	put_link(t, id);
	text_printf(
		t,
		"\n  promiscuous: %s\n  all multicast: %s\n",
		rte_eth_promiscuous_get(id) == 1 ? "on" : "off",
		rte_eth_allmulticast_get(id) == 1 ? "on" : "off"
	);
	if (conf != NULL)
		text_printf(
			t,
			"  MTU: %u\n  rx queues: %u of %u descriptors\n"
			"  tx queues: %u of %u descriptors\n",
			conf->mtu_bytes,
			conf->nb_rxq,
			conf->nb_rxd,
			conf->nb_txq,
			conf->nb_txd
		);
	text_printf(
		t,
		"  largest MTU: %u\n  largest number of queues: rx %u, tx %u\n",
		mtu_max,
		info.max_rx_queues,
		info.max_tx_queues
	);
	if (info.if_index != 0)
		text_printf(t, "  kernel device: index %u\n", info.if_index);
}

int
cmd_show_port_info(struct app *app, const struct command_call *call)
{
	uint16_t ids[RTE_MAX_ETHPORTS], n;
	int rc = list_ports(app, call->argv[0], ids, &n, call->why);

	for (uint16_t i = 0; rc == 0 && i < n; i++)
		put_info(app, ids[i], call->reply);
	return rc;
}

enum { ST_PORT, ST_NAME, ST_RX, ST_TX, ST_RX_B, ST_TX_B, ST_MISSED, ST_ERRORS, ST_NOMBUF, ST_PPS };

static int
put_stats(struct app *app, const uint16_t *ids, uint16_t n, struct text *ret, struct reason *why)
{
	static const struct table_column columns[] = {
		{"PORT", "port", TABLE_RIGHT, false},
		{"NAME", "name", TABLE_LEFT, false},
		{"RX-packets", "rx_packets", TABLE_RIGHT, false},
		{"TX-packets", "tx_packets", TABLE_RIGHT, false},
		{"RX-bytes", "rx_bytes", TABLE_RIGHT, false},
		{"TX-bytes", "tx_bytes", TABLE_RIGHT, false},
		{"RX-missed", "rx_missed", TABLE_RIGHT, false},
		{"errors", "errors", TABLE_RIGHT, false},
		{"no-mbuf", "rx_no_mbuf", TABLE_RIGHT, false},
		{"RX-pps", "rx_pps", TABLE_RIGHT, false},
		{"TX-pps", "tx_pps", TABLE_RIGHT, false},
		{"RX-Mbps", "rx_mbps", TABLE_RIGHT, false},
		{"TX-Mbps", "tx_mbps", TABLE_RIGHT, false},
	};
	struct table *table;
	int rc = table_new(&table, columns, RTE_DIM(columns));

	if (rc != 0)
		return reason_set(why, rc, "out of memory");
	for (uint16_t i = 0; i < n && rc == 0; i++) {
		struct stats_port_counters c;
		struct stats_rate rate;

		if (closed(app, ids[i]))
			continue;
		rc = port_meters_read(app->meters, ids[i], loop_now_ns(), &c, &rate, why);
		if (rc != 0)
			break;
		table_row(table);
		table_set_u64(table, ST_PORT, ids[i]);
		table_set(table, ST_NAME, app_port_name(app, ids[i]));
		table_set_u64(table, ST_RX, c.rx.packets);
		table_set_u64(table, ST_TX, c.tx.packets);
		table_set_u64(table, ST_RX_B, c.rx.bytes);
		table_set_u64(table, ST_TX_B, c.tx.bytes);
		table_set_u64(table, ST_MISSED, c.rx_missed);
		table_set_u64(table, ST_ERRORS, c.rx_errors + c.tx_errors);
		table_set_u64(table, ST_NOMBUF, c.rx_no_mbuf);
		table_set_u64(table, ST_PPS, rate.rx.pps);
		table_set_u64(table, ST_PPS + 1, rate.tx.pps);
		table_set_u64(table, ST_PPS + 2, rate.rx.wire_bps / 1000000);
		table_set_u64(table, ST_PPS + 3, rate.tx.wire_bps / 1000000);
	}
	if (rc == 0 && table_text(table, ret) != 0)
		rc = reason_set(why, -ENOMEM, "out of memory");
	table_free(table);
	return rc;
}

void
app_render_port_stats(struct app *app, struct text *ret)
{
	uint16_t ids[RTE_MAX_ETHPORTS];
	uint16_t n = ports_list(app->ports, ids, RTE_MAX_ETHPORTS);
	struct reason why;

	if (put_stats(app, ids, n, ret, &why) != 0)
		text_puts(ret, why.text);
}

int
cmd_show_port_stats(struct app *app, const struct command_call *call)
{
	uint16_t ids[RTE_MAX_ETHPORTS], n;
	int rc = list_ports(app, call->argv[0], ids, &n, call->why);

	return rc != 0 ? rc : put_stats(app, ids, n, call->reply, call->why);
}

static int
find_meter(struct app *app, uint16_t id, struct stats_port **ret, struct reason *why)
{
	*ret = port_meters_get(app->meters, id);
	if (*ret == NULL)
		return reason_set(
			why, -ENODEV, "%s: its counters cannot be read", app_port_name(app, id)
		);
	return 0;
}

int
cmd_show_port_xstats(struct app *app, const struct command_call *call)
{
	uint16_t ids[RTE_MAX_ETHPORTS], n;
	int rc = list_ports(app, call->argv[0], ids, &n, call->why);

	for (uint16_t i = 0; rc == 0 && i < n; i++) {
		const struct stats_xstat *x;
		struct stats_port *meter;
		unsigned count;

		if (closed(app, ids[i]))
			continue;
		rc = find_meter(app, ids[i], &meter, call->why);
		if (rc != 0)
			break;
		rc = stats_port_read_xstats(meter, &x, &count, call->why);
		text_printf(call->reply, "Port %u: %s\n", ids[i], app_port_name(app, ids[i]));
		for (unsigned k = 0; rc == 0 && k < count; k++)
			if (x[k].value != 0)
				text_printf(
					call->reply, "  %s: %" PRIu64 "\n", x[k].name, x[k].value
				);
	}
	return rc;
}

int
cmd_show_port_summary(struct app *app, const struct command_call *call)
{
	static const struct table_column columns[] = {
		{"PORT", "port", TABLE_RIGHT, false},
		{"MAC", "mac", TABLE_LEFT, false},
		{"NAME", "name", TABLE_LEFT, false},
		{"DRIVER", "driver", TABLE_LEFT, false},
		{"STATE", "state", TABLE_LEFT, false},
		{"MEMBER-OF", "member_of", TABLE_LEFT, false},
		{"LINK", "link", TABLE_LEFT, false},
	};
	uint16_t ids[RTE_MAX_ETHPORTS], n;
	struct table *table;
	int rc = list_ports(app, call->argv[0], ids, &n, call->why);

	if (rc != 0)
		return rc;
	rc = table_new(&table, columns, RTE_DIM(columns));
	for (uint16_t i = 0; rc == 0 && i < n; i++) {
		const struct bond *of = bonds_find_member(app->bonds, ids[i]);
		struct rte_ether_addr mac = {{0}};
		struct text link = TEXT_EMPTY;

		table_row(table);
		table_set_u64(table, 0, ids[i]);
		if (!closed(app, ids[i])) {
			(void)rte_eth_macaddr_get(ids[i], &mac);
			table_printf(table, 1, RTE_ETHER_ADDR_PRT_FMT, RTE_ETHER_ADDR_BYTES(&mac));
			put_link(&link, ids[i]);
		}
		table_set(table, 2, app_port_name(app, ids[i]));
		table_set(table, 3, port_driver(app->ports, ids[i]));
		table_set(table, 4, port_state_names[port_state(app->ports, ids[i])]);
		if (of != NULL)
			table_set(table, 5, bond_name(of));
		if (link.len != 0)
			table_set(table, 6, text_str(&link));
		text_fini(&link);
	}
	if (rc == 0)
		rc = table_text(table, call->reply);
	table_free(table);
	return rc == 0 ? 0 : reason_set(call->why, rc, "out of memory");
}

int
cmd_clear_port(struct app *app, const struct command_call *call)
{
	bool xstats = strcmp(call->argv[0], "xstats") == 0;
	uint16_t ids[RTE_MAX_ETHPORTS], n;
	int rc = list_ports(app, call->argv[1], ids, &n, call->why);

	for (uint16_t i = 0; rc == 0 && i < n; i++) {
		struct stats_port *meter;

		if (closed(app, ids[i]))
			continue;
		rc = find_meter(app, ids[i], &meter, call->why);
		if (rc != 0)
			break;
		rc = xstats ? stats_port_clear_xstats(meter, call->why)
		            : stats_port_clear(meter, call->why);
	}
	return rc;
}
