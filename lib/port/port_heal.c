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
	*h = (struct port_heal){
		.started_ns = now_ns,
		.deaf_wait_ms = h->deaf_wait_ms,
		.deaf_due_ns = h->deaf_due_ns,
		/* Until it receives something, or may be silent. */
		.watches = h->watches,
	};
}

void
port_heal_done(struct port_heal *h, uint64_t now_ns)
{
	port_heal_started(h, now_ns);
	h->watched = true;
	h->watch_due_ns = now_ns + ((uint64_t)PORT_HEAL_WATCH_MS << h->watches) * NSEC_PER_MSEC;
}

void
port_heal_link(struct port_heal *h, bool up, uint64_t now_ns)
{
	if (!up && now_ns >= h->started_ns + PORT_HEAL_SETTLE_MS * NSEC_PER_MSEC)
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
port_heal_due(struct port_heal *h, bool link_up, uint64_t now_ns)
{
	if (!link_up)
		h->link_since_ns = 0;
	else if (h->link_since_ns == 0)
		h->link_since_ns = now_ns;
	if (h->kind == PORT_HEAL_NONE || port_heal_given_up(h) || now_ns < h->due_ns)
		return false;
	return h->kind == PORT_HEAL_RESET ||
	       (link_up && now_ns >= h->link_since_ns + PORT_HEAL_STEADY_MS * NSEC_PER_MSEC);
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

static void
watch(struct port_heal *h, bool heard, uint64_t now_ns)
{
	if (!h->watched || h->kind != PORT_HEAL_NONE)
		return;
	if (heard) {
		h->watched = false;
		h->watches = 0;
	} else if (now_ns >= h->watch_due_ns) {
		h->watched = false;
		/* A network may be silent: that is accepted in the end. */
		if (h->watches < PORT_HEAL_WATCHES - 1) {
			h->watches++;
			ask(h, PORT_HEAL_RESTART, now_ns);
		} else {
			h->watches = 0;
		}
	}
}

void
port_heal_counters(
	struct port_heal *h,
	const uint64_t counters[4],
	unsigned packet_bits,
	unsigned byte_bits,
	uint64_t now_ns
)
{
	bool known = h->counts[0].known, reset = false;
	uint64_t received = h->counts[0].total;

	for (unsigned i = 0; i < 4; i++)
		reset |= stats_count_read(
			&h->counts[i], counters[i], i < 2 ? packet_bits : byte_bits
		);
	if (reset)
		ask(h, PORT_HEAL_RESTART, now_ns);
	watch(h, known && h->counts[0].total != received, now_ns);
}

void
port_heal_look(struct port_heal *h, uint16_t port_id, uint64_t now_ns)
{
	const struct pmd_traits *traits;
	struct rte_eth_dev_info info;
	struct rte_eth_stats e;

	if (rte_eth_dev_info_get(port_id, &info) != 0)
		return;
	traits = pmd_traits_get(info.driver_name);
	if (traits->restart_after_link_loss && rte_eth_stats_get(port_id, &e) == 0)
		port_heal_counters(
			h,
			(const uint64_t[]){e.ipackets, e.opackets, e.ibytes, e.obytes},
			traits->packet_counter_bits,
			traits->byte_counter_bits,
			now_ns
		);
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
