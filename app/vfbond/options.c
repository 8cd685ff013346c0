/* SPDX-License-Identifier: BSD-3-Clause */
/* See options.h. Used by main.c before EAL starts. */
#include "options.h"

#include "fwd_engine.h"
#include "names.h"
#include "options_table.h"
#include "options_vf.h"
#include "parse.h"
#include "reason.h"
#include "text.h"
#include "units.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_MBUF_BYTES = RTE_PKTMBUF_HEADROOM + RTE_ETHER_MIN_LEN };

static int
want_u32(
	const char *name,
	const char *value,
	uint32_t min,
	uint32_t max,
	uint32_t *ret,
	struct reason *why
)
{
	if (parse_u32(value, min, max, ret) != 0)
		return reason_set(
			why, -EINVAL, "--%s: \"%s\" is no number in %u..%u", name, value, min, max
		);
	return 0;
}

static int
want_u16(
	const char *name,
	const char *value,
	uint16_t min,
	uint16_t max,
	uint16_t *ret,
	struct reason *why
)
{
	uint32_t v;
	int rc = want_u32(name, value, min, max, &v, why);

	if (rc == 0)
		*ret = (uint16_t)v;
	return rc;
}

/* Seconds with a fraction, above 0. */
static int
want_seconds(const char *name, const char *value, uint64_t *ret_ns, struct reason *why)
{
	char *end;
	double s = strtod(value, &end);

	if (end == value || *end != '\0' || !(s > 0 && s <= 1e9))
		return reason_set(
			why, -EINVAL, "--%s: \"%s\" is no number of seconds above 0", name, value
		);
	*ret_ns = (uint64_t)(s * (double)NSEC_PER_SEC);
	return 0;
}

/* "A,B" into two words; -EINVAL when it has another form. */
static int
split_two(const char *value, char a[BOND_PORT_WORD_BYTES], char b[BOND_PORT_WORD_BYTES])
{
	size_t len = strcspn(value, ",");

	if (len == 0 || len >= BOND_PORT_WORD_BYTES || value[len] != ',' ||
	    value[len + 1] == '\0' || strlen(value + len + 1) >= BOND_PORT_WORD_BYTES ||
	    strchr(value + len + 1, ',') != NULL)
		return -EINVAL;
	memcpy(a, value, len);
	a[len] = '\0';
	strcpy(b, value + len + 1);
	return 0;
}

static int
add_pair(struct options *o, const char *value, struct reason *why)
{
	struct options_pair *p = &o->pairs[o->nb_pairs];

	if (o->nb_pairs == OPTIONS_MAX_PAIRS)
		return reason_set(why, -EINVAL, "--pair: more than %d pairs", OPTIONS_MAX_PAIRS);
	if (split_two(value, p->a, p->b) != 0)
		return reason_set(why, -EINVAL, "--pair: \"%s\" is not two ports, as A,B", value);
	o->nb_pairs++;
	return 0;
}

static int
add_peer(struct options *o, const char *value, struct reason *why)
{
	struct options_peer *p = &o->peers[o->nb_peers];
	char mac[BOND_PORT_WORD_BYTES];

	if (o->nb_peers == OPTIONS_MAX_PEERS)
		return reason_set(
			why, -EINVAL, "--eth-peer: more than %d peers", OPTIONS_MAX_PEERS
		);
	if (split_two(value, p->port, mac) != 0 || parse_mac(mac, p->mac.addr_bytes) != 0)
		return reason_set(
			why,
			-EINVAL,
			"--eth-peer: \"%s\" is not a port and a MAC address, as PORT,MAC",
			value
		);
	o->nb_peers++;
	return 0;
}

static int
add_bond(struct options *o, const char *value, struct reason *why)
{
	int rc;

	if (o->nb_bonds == OPTIONS_MAX_BONDS)
		return reason_set(why, -EINVAL, "--bond: more than %d bonds", OPTIONS_MAX_BONDS);
	rc = bond_settings_parse_line(&o->bonds[o->nb_bonds], value, why);
	if (rc == 0)
		o->nb_bonds++;
	return rc;
}

static int
want_engine(struct options *o, const char *value, struct reason *why)
{
	o->engine = fwd_engine_find(value);
	if (o->engine == NULL)
		return reason_set(
			why,
			-EINVAL,
			"--forward-mode: \"%s\" is none of io, mac, macswap, rxonly, txonly, "
			"icmpecho",
			value
		);
	return 0;
}

static int
want_topology(struct options *o, const char *value, struct reason *why)
{
	int index = name_index(fwd_topology_names, FWD_TOPOLOGY_COUNT, value);

	if (index < 0)
		return reason_set(
			why,
			-EINVAL,
			"--port-topology: \"%s\" is none of paired, chained, loop",
			value
		);
	o->topology = (enum fwd_topology)index;
	return 0;
}

/* The values getopt_long returns; 'h' and 'i' besides. */
enum {
	OPT_AUTO_START = 256,
	OPT_FORWARD_MODE,
	OPT_PORTLIST,
	OPT_TOPOLOGY,
	OPT_PAIR,
	OPT_BOND,
	OPT_VF,
	OPT_NETCONF,
	OPT_STATE_DIR,
	OPT_RXQ,
	OPT_TXQ,
	OPT_RXD,
	OPT_TXD,
	OPT_BURST,
	OPT_NB_CORES,
	OPT_MBUF_SIZE,
	OPT_TOTAL_MBUFS,
	OPT_ETH_PEER,
	OPT_TXPKTS,
	OPT_FLOWS,
	OPT_CMDLINE_FILE,
	OPT_KEEP_GOING,
	OPT_SOCKET,
	OPT_STATS_PERIOD,
	OPT_DURATION,
};

static const struct option long_options[] = {
	{"help", no_argument, NULL, 'h'},
	{"interactive", no_argument, NULL, 'i'},
	{"auto-start", no_argument, NULL, OPT_AUTO_START},
	{"forward-mode", required_argument, NULL, OPT_FORWARD_MODE},
	{"portlist", required_argument, NULL, OPT_PORTLIST},
	{"port-topology", required_argument, NULL, OPT_TOPOLOGY},
	{"pair", required_argument, NULL, OPT_PAIR},
	{"bond", required_argument, NULL, OPT_BOND},
	{"vf", required_argument, NULL, OPT_VF},
	{"netconf", required_argument, NULL, OPT_NETCONF},
	{"state-dir", required_argument, NULL, OPT_STATE_DIR},
	{"rxq", required_argument, NULL, OPT_RXQ},
	{"txq", required_argument, NULL, OPT_TXQ},
	{"rxd", required_argument, NULL, OPT_RXD},
	{"txd", required_argument, NULL, OPT_TXD},
	{"burst", required_argument, NULL, OPT_BURST},
	{"nb-cores", required_argument, NULL, OPT_NB_CORES},
	{"mbuf-size", required_argument, NULL, OPT_MBUF_SIZE},
	{"total-num-mbufs", required_argument, NULL, OPT_TOTAL_MBUFS},
	{"eth-peer", required_argument, NULL, OPT_ETH_PEER},
	{"txpkts", required_argument, NULL, OPT_TXPKTS},
	{"flows", required_argument, NULL, OPT_FLOWS},
	{"cmdline-file", required_argument, NULL, OPT_CMDLINE_FILE},
	{"keep-going", no_argument, NULL, OPT_KEEP_GOING},
	{"socket", required_argument, NULL, OPT_SOCKET},
	{"stats-period", required_argument, NULL, OPT_STATS_PERIOD},
	{"duration", required_argument, NULL, OPT_DURATION},
	{NULL, 0, NULL, 0},
};

static int
port_option(struct options *o, int opt, const char *value, struct reason *why)
{
	struct port_settings *p = &o->ports.port;

	switch (opt) {
	case OPT_RXQ:
		return want_u16("rxq", value, 1, PORT_MAX_QUEUES, &p->nb_rxq, why);
	case OPT_TXQ:
		return want_u16("txq", value, 1, PORT_MAX_QUEUES, &p->nb_txq, why);
	case OPT_RXD:
		return want_u16("rxd", value, 1, UINT16_MAX, &p->nb_rxd, why);
	case OPT_TXD:
		return want_u16("txd", value, 1, UINT16_MAX, &p->nb_txd, why);
	case OPT_MBUF_SIZE:
		return want_u32(
			"mbuf-size", value, MIN_MBUF_BYTES, UINT16_MAX, &o->ports.mbuf_bytes, why
		);
	case OPT_TOTAL_MBUFS:
		return want_u32(
			"total-num-mbufs", value, 1024, 1u << 26, &o->ports.total_mbufs, why
		);
	default:
		return reason_set(why, -EINVAL, "unknown option");
	}
}

static int
one_option(struct options *o, int opt, char *value, struct reason *why)
{
	switch (opt) {
	case 'h':
		o->help = true;
		return 0;
	case 'i':
		o->interactive = true;
		return 0;
	case OPT_AUTO_START:
		o->auto_start = true;
		return 0;
	case OPT_KEEP_GOING:
		o->keep_going = true;
		return 0;
	case OPT_FORWARD_MODE:
		return want_engine(o, value, why);
	case OPT_PORTLIST:
		o->portlist = value;
		return 0;
	case OPT_TOPOLOGY:
		return want_topology(o, value, why);
	case OPT_PAIR:
		return add_pair(o, value, why);
	case OPT_BOND:
		return add_bond(o, value, why);
	case OPT_VF:
		return options_vf_add(o, value, why);
	case OPT_NETCONF:
		return options_netconf_add(o, value, why);
	case OPT_STATE_DIR:
		o->state_dir = value;
		return 0;
	case OPT_ETH_PEER:
		return add_peer(o, value, why);
	case OPT_BURST:
		return want_u16("burst", value, 1, FWD_MAX_BURST, &o->burst, why);
	case OPT_NB_CORES:
		return want_u16("nb-cores", value, 1, FWD_MAX_WORKERS, &o->nb_cores, why);
	case OPT_TXPKTS:
		return want_u16(
			"txpkts",
			value,
			FWD_TXONLY_MIN_BYTES,
			FWD_TXONLY_MAX_BYTES,
			&o->txpkt_bytes,
			why
		);
	case OPT_FLOWS:
		return want_u16("flows", value, 1, UINT16_MAX, &o->flows, why);
	case OPT_CMDLINE_FILE:
		o->cmdline_file = value;
		return 0;
	case OPT_SOCKET:
		o->socket_path = value;
		return 0;
	case OPT_STATS_PERIOD:
		return want_seconds("stats-period", value, &o->stats_period_ns, why);
	case OPT_DURATION:
		return want_seconds("duration", value, &o->duration_ns, why);
	default:
		return port_option(o, opt, value, why);
	}
}

int
options_parse(struct options *ret, int argc, char **argv, struct reason *why)
{
	int opt, rc;

	*ret = (struct options){
		.engine = fwd_engines[0],
		.topology = FWD_PAIRED,
		.burst = 32,
		.nb_cores = 1,
		.txpkt_bytes = 64 - RTE_ETHER_CRC_LEN,
		.flows = 256,
	};
	/* 0, not 1: glibc then also forgets what an earlier scan of EAL's left behind. */
	optind = 0;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+:hi", long_options, NULL)) != -1) {
		if (opt == ':')
			return reason_set(why, -EINVAL, "%s needs a value", argv[optind - 1]);
		if (opt == '?')
			return reason_set(
				why,
				-EINVAL,
				"unknown option %s (--help lists them)",
				argv[optind - 1]
			);
		rc = one_option(ret, opt, optarg, why);
		if (rc != 0)
			return rc;
	}
	if (optind < argc)
		return reason_set(
			why, -EINVAL, "\"%s\" is no option (--help lists them)", argv[optind]
		);
	ret->ports.nb_workers = ret->nb_cores;
	return 0;
}

void
options_usage(struct text *ret)
{
	text_puts(ret, "usage: vfbond [EAL options] -- [options]\n\n");
	options_help_text(options_help, options_help_count, ret);
}
