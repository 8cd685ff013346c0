/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker that forwards between two net_null ports, for no_system_call to look at: prints the
 * engine and the name of the worker's thread, and runs that engine until a line comes in.
 */
#include "fwd.h"
#include "reason.h"

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PORTS = 2, TIMEOUT_US = 10000000 };

static void
must(int err, const char *what)
{
	if (err < 0) {
		fprintf(stderr, "%s: %d\n", what, err);
		exit(EXIT_FAILURE);
	}
}

static void
open_port(struct fwd_port_io *io, struct rte_mempool *pool, unsigned index)
{
	const struct rte_eth_conf conf = {.rxmode = {.mtu = RTE_ETHER_MTU}};
	char name[32];
	uint16_t port;

	snprintf(name, sizeof(name), "net_null%u", index);
	must(rte_eth_dev_get_port_by_name(name, &port), name);
	must(rte_eth_dev_configure(port, 1, 1, &conf), "configure");
	must(rte_eth_rx_queue_setup(port, 0, 64, 0, NULL, pool), "receive queue");
	must(rte_eth_tx_queue_setup(port, 0, 64, 0, NULL), "transmit queue");
	must(rte_eth_dev_start(port), "start");
	*io = (struct fwd_port_io){
		.io = fwd_io_plain(port),
		.txonly = {.pool = pool, .frame_bytes = 60, .flows = 64},
	};
}

static void
wait_line(void)
{
	int c;

	do {
		c = getchar();
	} while (c != '\n' && c != EOF);
}

int
main(int argc, char **argv)
{
	const char *args[] = {
		argv[0],
		"--no-huge",
		"--no-shconf",
		"--no-pci",
		"--no-telemetry",
		"--log-level=error",
		"-m",
		"128",
		"--lcores",
		"0@(0-1),1@(0-1)",
		"--vdev=net_null0",
		"--vdev=net_null1",
	};
	struct fwd_layout_port ports[PORTS];
	struct fwd_layout_settings settings = {.nb_workers = 1, .nb_portlist = PORTS};
	struct fwd_port_io io[PORTS];
	struct rte_mempool *pool;
	struct reason why = {""};
	struct fwd *f;

	(void)argc;
	must(rte_eal_init((int)RTE_DIM(args), (char **)args), "EAL");
	pool = rte_pktmbuf_pool_create("pool", 2047, 250, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	must(pool == NULL ? -1 : 0, "pool");
	for (unsigned i = 0; i < PORTS; i++) {
		open_port(&io[i], pool, i);
		ports[i] = (struct fwd_layout_port){io[i].io.port_id, 1, 1};
		settings.portlist[i] = io[i].io.port_id;
	}
	must(fwd_new(&f, &why), why.text);
	for (unsigned e = 0; fwd_engines[e] != NULL; e++) {
		struct fwd_layout *l = NULL;

		settings.needs_tx_peer = fwd_engines[e]->needs_tx_peer;
		must(fwd_layout_new(&l, ports, PORTS, &settings, &why), "layout");
		must(fwd_park(f, TIMEOUT_US, &why), "park");
		must(fwd_publish(f, l, io, PORTS, fwd_engines[e], 32, &why), "publish");
		fwd_release(f);
		fwd_layout_free(l);
		printf("%s %s\n", fwd_engines[e]->name, "rte-worker-1");
		fflush(stdout);
		wait_line();
	}
	fwd_free(f);
	return EXIT_SUCCESS;
}
