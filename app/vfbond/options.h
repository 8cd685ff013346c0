/* SPDX-License-Identifier: BSD-3-Clause */
/* The program's own options, those behind "--": what the user asked, checked as far as it can be
 * without a device. */
#pragma once

#include "fwd_layout.h"
#include "option.h"
#include "port.h"

#include <stdbool.h>
#include <stdint.h>

struct fwd_engine;
struct reason;
struct text;

enum {
	OPTIONS_MAX_BONDS = 16,
	OPTIONS_MAX_PAIRS = 32,
	OPTIONS_MAX_PEERS = 32,
};

struct options_pair {
	char a[BOND_PORT_WORD_BYTES], b[BOND_PORT_WORD_BYTES];
};

struct options_peer {
	char port[BOND_PORT_WORD_BYTES];
	struct rte_ether_addr mac;
};

struct options {
	bool help;
	bool interactive, auto_start, keep_going;
	const struct fwd_engine *engine;
	enum fwd_topology topology;
	const char *portlist; /* NULL: every port that is no member */
	uint16_t burst, nb_cores;
	uint16_t txpkt_bytes, flows;
	struct ports_settings ports;
	const char *cmdline_file, *socket_path;
	uint64_t stats_period_ns, duration_ns; /* 0: none */
	unsigned nb_bonds, nb_pairs, nb_peers;
	struct bond_settings bonds[OPTIONS_MAX_BONDS];
	struct options_pair pairs[OPTIONS_MAX_PAIRS];
	struct options_peer peers[OPTIONS_MAX_PEERS];
};

/*
 * Read @argv (argv[0] is skipped). 0, or -EINVAL with the reason. @ret holds pointers into @argv.
 */
int options_parse(struct options *ret, int argc, char **argv, struct reason *why);

/* The text of --help. */
void options_usage(struct text *ret);
