/* SPDX-License-Identifier: BSD-3-Clause */
/* See port_heal.h. */
#include "port_heal.h"

#include "pmd_traits.h"
#include "port.h"
#include "units.h"

#include <rte_ethdev.h>

#include <errno.h>

const char *const port_heal_names[] = {
	[PORT_HEAL_NONE] = "",
	[PORT_HEAL_RESTART] = "restart",
	[PORT_HEAL_RESET] = "reset",
};

static void
ask(struct port_heal *h, enum port_heal_kind kind, uint64_t now_ns)
{
	if (h->kind >= kind && !port_heal_given_up(h))
		return;
	h->kind = RTE_MAX(h->kind, kind);
	h->due_ns = now_ns;
	h->wait_ms = PORT_HEAL_MIN_WAIT_MS;
	h->failures = 0;
}

void
port_heal_started(struct port_heal *h, uint64_t now_ns)
{
	const struct port_heal was = *h;

	*h = (struct port_heal){
		.started_ns = now_ns,
		.deaf_wait_ms = was.deaf_wait_ms,
		.deaf_due_ns = was.deaf_due_ns,
	};
}

void
port_heal_link(struct port_heal *h, bool up, uint64_t now_ns)
{
	if (!up && now_ns >= h->started_ns + PORT_HEAL_SETTLE_MS * NSEC_PER_MSEC)
		ask(h, PORT_HEAL_RESTART, now_ns);
}

void
port_heal_restart(struct port_heal *h, uint64_t now_ns)
{
	ask(h, PORT_HEAL_RESTART, now_ns);
}

void
port_heal_reset(struct port_heal *h, uint64_t now_ns)
{
	ask(h, PORT_HEAL_RESET, now_ns);
}

void
port_heal_deaf(struct port_heal *h, bool deaf, uint64_t now_ns)
{
	if (!deaf) {
		h->deaf_wait_ms = 0;
		h->deaf_due_ns = 0;
		return;
	}
	if (h->kind != PORT_HEAL_NONE || now_ns < h->deaf_due_ns)
		return;
	h->deaf_wait_ms = h->deaf_wait_ms == 0
	                          ? PORT_HEAL_DEAF_MIN_MS
	                          : RTE_MIN(h->deaf_wait_ms * 2, (uint32_t)PORT_HEAL_DEAF_MAX_MS);
	h->deaf_due_ns = now_ns + h->deaf_wait_ms * NSEC_PER_MSEC;
	ask(h, PORT_HEAL_RESTART, now_ns);
}

bool
port_heal_due(const struct port_heal *h, bool link_up, uint64_t now_ns)
{
	if (h->kind == PORT_HEAL_NONE || port_heal_given_up(h) || now_ns < h->due_ns)
		return false;
	return link_up || h->kind == PORT_HEAL_RESET;
}

bool
port_heal_failed(struct port_heal *h, uint64_t now_ns)
{
	h->failures++;
	h->due_ns = now_ns + h->wait_ms * NSEC_PER_MSEC;
	h->wait_ms = RTE_MIN(h->wait_ms * 2, (uint32_t)PORT_HEAL_MAX_WAIT_MS);
	return h->failures == 1 || port_heal_given_up(h);
}

bool
port_heal_given_up(const struct port_heal *h)
{
	return h->failures >= PORT_HEAL_TRIES;
}

void
port_heal_look(struct port_heal *h, uint16_t port_id, uint64_t now_ns)
{
	const struct pmd_traits *traits;
	struct rte_eth_dev_info info;
	struct rte_eth_stats e;
	bool reset = false;

	if (rte_eth_dev_info_get(port_id, &info) != 0)
		return;
	traits = pmd_traits_get(info.driver_name);
	if (!traits->restart_after_link_loss || traits->packet_counter_bits == 0 ||
	    rte_eth_stats_get(port_id, &e) != 0)
		return;
	reset |= stats_count_read(&h->counts[0], e.ipackets, traits->packet_counter_bits);
	reset |= stats_count_read(&h->counts[1], e.opackets, traits->packet_counter_bits);
	reset |= stats_count_read(&h->counts[2], e.ibytes, traits->byte_counter_bits);
	reset |= stats_count_read(&h->counts[3], e.obytes, traits->byte_counter_bits);
	if (reset)
		port_heal_restart(h, now_ns);
}

int
port_heal_reset_device(struct ports *ports, uint16_t port_id, struct reason *why)
{
	int rc = port_reset(ports, port_id, why);

	/* igbvf asks for it and cannot do it: a stop and a start is what it has (igb_ethdev.c). */
	return rc == -ENOTSUP ? 0 : rc;
}

int
port_heal_do(
	struct ports *ports,
	uint16_t port_id,
	enum port_heal_kind kind,
	bool start,
	struct reason *why
)
{
	int rc = port_stop(ports, port_id, why);

	if (rc == 0 && kind == PORT_HEAL_RESET)
		rc = port_heal_reset_device(ports, port_id, why);
	return rc == 0 && start ? port_start(ports, port_id, why) : rc;
}
