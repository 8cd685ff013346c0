/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of engines. Used by the console to look one up and to list them. */
#include "fwd_engine.h"

#include "engines.h"

#include <string.h>

const char *const fwd_drop_names[FWD_DROP_COUNT] = {
	[FWD_DROP_TX_FULL] = "tx_full",
	[FWD_DROP_STOPPED] = "stopped",
	[FWD_DROP_NO_PEER] = "no_peer",
	[FWD_DROP_CONSUMED] = "consumed",
	[FWD_DROP_BAD] = "bad",
	[FWD_DROP_VLAN] = "vlan",
};

const struct fwd_engine *const fwd_engines[] = {
	&fwd_engine_io,
	&fwd_engine_mac,
	&fwd_engine_macswap,
	&fwd_engine_rxonly,
	&fwd_engine_txonly,
	&fwd_engine_icmpecho,
	NULL,
};

const struct fwd_engine *
fwd_engine_find(const char *name)
{
	for (size_t i = 0; fwd_engines[i] != NULL; i++)
		if (strcmp(fwd_engines[i]->name, name) == 0)
			return fwd_engines[i];
	return NULL;
}
