/* SPDX-License-Identifier: BSD-3-Clause */
/* The program's own options, those behind "--": what the user asked, checked as far as it can be
 * without a device. */
#pragma once

#include "fwd_layout.h"
#include "option.h"
#include "pci_addr.h"
#include "port.h"
#include "vf_settings.h"

#include <stdbool.h>
#include <stdint.h>

struct fwd_engine;
struct reason;
struct text;

enum {
	OPTIONS_MAX_BONDS = 16,
	OPTIONS_MAX_PAIRS = 32,
	OPTIONS_MAX_PEERS = 32,
	OPTIONS_MAX_VFS = 64,
};

struct options_pair {
	char a[BOND_PORT_WORD_BYTES], b[BOND_PORT_WORD_BYTES];
};

struct options_peer {
	char port[BOND_PORT_WORD_BYTES];
	struct rte_ether_addr mac;
};

/* A --vf, or the VF of a --netconf. */
struct options_vf {
	char from[96];     /* the option and its value, for messages */
	const char *words; /* as vfs_claim wants them; NULL: addr */
	char addr[PCI_ADDR_BYTES];
	struct vf_settings settings; /* of the --netconf */
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
	const char *state_dir;                 /* of claims; NULL: the default */
	unsigned nb_bonds, nb_pairs, nb_peers, nb_vfs;
	struct bond_settings bonds[OPTIONS_MAX_BONDS];
	struct options_pair pairs[OPTIONS_MAX_PAIRS];
	struct options_peer peers[OPTIONS_MAX_PEERS];
	struct options_vf vfs[OPTIONS_MAX_VFS];
	/* Of a bond that a --netconf brought: its members are so many VFs, in their order; else 0.
	 */
	unsigned bond_links[OPTIONS_MAX_BONDS];
	uint32_t bond_mtu_bytes[OPTIONS_MAX_BONDS]; /* of a --netconf; 0: not said */
};

/*
 * Read @argv (argv[0] is skipped). 0, or -EINVAL with the reason. @ret holds pointers into @argv.
 */
int options_parse(struct options *ret, int argc, char **argv, struct reason *why);

/* The text of --help. */
void options_usage(struct text *ret);
