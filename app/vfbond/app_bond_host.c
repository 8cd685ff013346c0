/* SPDX-License-Identifier: BSD-3-Clause */
/* What bonds ask of the program (struct bond_host in lib/bond). */
#include "app.h"
#include "app_priv.h"
#include "fwd.h"
#include "kernel_addr.h"
#include "kernel_link.h"
#include "units.h"
#include "vf.h"

#include <string.h>
#include <time.h>

static int
host_park(void *ctx, struct reason *why)
{
	struct app *app = ctx;

	return app->fwd != NULL ? fwd_park(app->fwd, PARK_TIMEOUT_US, why) : 0;
}

static void
host_release(void *ctx, bool relayout)
{
	struct app *app = ctx;

	if (app->fwd == NULL)
		return;
	if (relayout)
		app_relayout(app);
	fwd_release(app->fwd);
}

static bool
host_port_forwards(void *ctx, uint16_t port_id)
{
	return app_port_forwards(ctx, port_id);
}

static int
host_carrier(void *ctx, uint32_t if_index, bool *ret, struct rte_ether_addr *ret_mac)
{
	struct app *app = ctx;
	struct kernel_link_state state;
	int rc = kernel_link_get(app->kernel_link, if_index, &state);

	if (rc != 0)
		return rc;
	*ret = state.admin_up && state.carrier;
	memcpy(ret_mac->addr_bytes, state.mac, sizeof(state.mac));
	return 0;
}

static int
host_addresses(void *ctx, uint32_t if_index, struct bond_address *ret, int max)
{
	struct kernel_addr_entry entries[BOND_MAX_ADDRESSES];
	struct app *app = ctx;
	int n = kernel_addr_list(
		app->kernel_addr, if_index, entries, RTE_MIN(max, BOND_MAX_ADDRESSES)
	);

	for (int i = 0; i < n; i++) {
		const struct kernel_addr_entry *e = &entries[i];

		ret[i] = (struct bond_address){
			.is_v6 = e->is_v6,
			.prefix_bits = e->prefix_bits,
			.vlan_id = e->vlan_id,
		};
		if (e->is_v6)
			memcpy(ret[i].v6.bytes, e->bytes, sizeof(ret[i].v6.bytes));
		else
			memcpy(&ret[i].v4, e->bytes, sizeof(ret[i].v4));
	}
	return n;
}

static int
host_pf_mac(void *ctx, uint16_t port_id, struct rte_ether_addr *ret)
{
	struct app *app = ctx;

	return vfs_pf_mac(app->vfs, port_id, ret);
}

static uint64_t
host_now_ns(void *ctx)
{
	struct timespec now;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

static uint64_t
host_parked_ns(void *ctx)
{
	struct app *app = ctx;
	struct fwd_park_stats stats = {0};

	if (app->fwd != NULL)
		fwd_park_stats(app->fwd, &stats);
	return stats.total_ns;
}

static uint64_t
host_grace_start(void *ctx)
{
	struct app *app = ctx;

	return app->fwd != NULL ? fwd_grace_start(app->fwd) : 0;
}

static bool
host_grace_over(void *ctx, uint64_t token)
{
	struct app *app = ctx;

	return app->fwd == NULL || fwd_grace_over(app->fwd, token);
}

static void
host_event(void *ctx, const char *text)
{
	struct app *app = ctx;

	if (app->verbose != 0)
		app_print(app, "%s", text);
}

void
app_bond_host(struct app *app, struct bond_host *ret)
{
	*ret = (struct bond_host){
		.ctx = app,
		.park = host_park,
		.release = host_release,
		.port_forwards = host_port_forwards,
		.carrier = host_carrier,
		.addresses = host_addresses,
		.now_ns = host_now_ns,
		.pf_mac = host_pf_mac,
		.parked_ns = host_parked_ns,
		.grace_start = host_grace_start,
		.grace_over = host_grace_over,
		.event = host_event,
	};
}
