/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Link aggregation control of one bond in mode 802.3ad: the machines of IEEE 802.1AX-2014, clause
 * 6, with one active aggregator as Linux's driver has it. Pure: time, frames and the state of links
 * come from the caller, frames and decisions go to him. Control thread only.
 *
 * A turn of the caller: report what happened (lacp_port_link, lacp_receive), lacp_run, bring what
 * changed to those who send and receive, and then lacp_send: so a port has left the traffic before
 * its partner hears of it.
 */
#pragma once

#include "lacp_pdu.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lacp; /* opaque */
struct reason;

enum { LACP_MAX_PORTS = 31 }; /* BOND_MAX_MEMBERS */

/* As enum bond_ad_select. */
enum lacp_ad_select { LACP_AD_STABLE, LACP_AD_BANDWIDTH, LACP_AD_COUNT };

/* What the user wants; the options of the same names in Linux. */
struct lacp_settings {
	bool active;          /* lacp_active: speak without being spoken to */
	bool fast;            /* lacp_rate: ask the partner for an LACPDU every second */
	bool coupled_control; /* collecting and distributing in one step */
	enum lacp_ad_select ad_select;
	uint16_t system_priority;     /* ad_actor_sys_prio, 1..65535 */
	struct rte_ether_addr system; /* ad_actor_system, or the bond's address */
	uint16_t user_key;            /* ad_user_port_key, 0..1023 */
	uint32_t min_links;           /* usable ports below which the bond has no carrier */
};

/* One transition of one machine, for the log. */
struct lacp_change {
	uint16_t port_id;
	const char *machine, *from, *to; /* the standard's words */
	const char *cause;
};

/* Something that keeps LACP from working, found by looking. */
enum lacp_trouble {
	LACP_TROUBLE_NONE,
	LACP_TROUBLE_SILENCE, /* link up, and no LACPDU for 3 long timeouts */
	LACP_TROUBLE_LOOP,    /* the partner is this system itself */
	LACP_TROUBLE_PARTNER, /* another partner than the active aggregator's */
	LACP_TROUBLE_COUNT
};
extern const char *const lacp_trouble_texts[LACP_TROUBLE_COUNT];

struct lacp_ops {
	/* From lacp_send only: give @frame to port @port_id. */
	void (*send)(void *ctx, uint16_t port_id, const uint8_t frame[static LACP_FRAME_BYTES]);
	/* From lacp_receive, lacp_port_link and lacp_run. May be NULL. */
	void (*changed)(void *ctx, const struct lacp_change *c);
	/* From lacp_run: something new is wrong with a port, or no more. May be NULL. */
	void (*trouble)(void *ctx, uint16_t port_id, enum lacp_trouble trouble);
	void *ctx;
};

/* -ENOMEM. */
int lacp_new(struct lacp **ret, const struct lacp_settings *s, const struct lacp_ops *ops);
struct lacp *lacp_free(struct lacp *l); /* NULL is fine; returns NULL */

/* Other settings: ports keep their states, and tell their partners. */
void lacp_set(struct lacp *l, const struct lacp_settings *s);

/*
 * A port joins, its link down. @source: the address that its frames come from. There are never more
 * than LACP_MAX_PORTS. Its number and that of its aggregator are the last ones plus 1, from 1 on.
 */
void lacp_port_add(
	struct lacp *l,
	uint16_t port_id,
	const struct rte_ether_addr *source,
	uint16_t port_priority,
	uint64_t now_ns
);

/*
 * A port leaves. @farewell, unless NULL, becomes the LACPDU that tells its partner (out of sync and
 * not aggregatable, as bond_3ad_unbind_slave says it); false when there is none to be sent. Ports
 * that stood in its aggregator move on to another.
 */
bool lacp_port_remove(struct lacp *l, uint16_t port_id, uint8_t farewell[LACP_FRAME_BYTES]);

void lacp_port_source(struct lacp *l, uint16_t port_id, const struct rte_ether_addr *source);
void lacp_port_priority(struct lacp *l, uint16_t port_id, uint16_t priority);

/*
 * The link of a port: whether it is up, its speed (0: unknown) and duplex. Only a full-duplex port
 * speaks LACP (as in Linux). Another key than before begins the port's machines anew.
 */
void lacp_port_link(
	struct lacp *l,
	uint16_t port_id,
	bool up,
	uint32_t speed_mbps,
	bool full_duplex,
	uint64_t now_ns
);

/* A frame with the ethertype of slow protocols came in; what is none of ours is left alone. */
void
lacp_receive(struct lacp *l, uint16_t port_id, const uint8_t *frame, size_t bytes, uint64_t now_ns);

/* Let all machines but the transmit machine do what they can. */
void lacp_run(struct lacp *l, uint64_t now_ns);

/* Send what is due. */
void lacp_send(struct lacp *l, uint64_t now_ns);

/* When the next timer runs out that is not out at @now_ns, or a frame may leave that waits. */
uint64_t lacp_next_ns(const struct lacp *l, uint64_t now_ns);

/*
 * Who carries traffic: ports whose link is up, of the active aggregator, that collect or
 * distribute; and one where no partner answers, all of the active aggregator's (as in Linux, so
 * that a link to somebody without LACP works).
 */
bool lacp_collects(const struct lacp *l, uint16_t port_id);
bool lacp_distributes(const struct lacp *l, uint16_t port_id);

/* Whether the answer of any of these, or of lacp_carrier, changed since the last call. */
bool lacp_take_changed(struct lacp *l);

/* Whether the bond has carrier: an active aggregator with at least min_links usable ports. */
bool lacp_carrier(const struct lacp *l);

/* In a sentence why a port does not distribute; "" when it does. */
const char *lacp_why_idle(const struct lacp *l, uint16_t port_id);

struct lacp_counters {
	uint64_t rx, rx_bad, rx_loop, tx;
	uint64_t expired, defaulted; /* times the receive machine got there */
	uint64_t carrier_changes;
	uint64_t marker_rx, marker_tx, marker_limited; /* limited: not answered, too many */
	uint32_t actor_churned, partner_churned;
};

struct lacp_port_view {
	uint16_t port_id;
	bool up;
	const char *receive, *periodic, *mux, *selected; /* states in the standard's words */
	const char *actor_churn, *partner_churn;         /* in Linux's */
	unsigned aggregator_id;                          /* 0: none */
	bool in_active_aggregator;
	bool collects, distributes;
	struct lacp_side actor, partner;
	enum lacp_trouble trouble;
	struct lacp_counters counters;
};

/* Linux's AdInfo, and what else is the bond's. */
struct lacp_view {
	unsigned aggregator_id; /* the active one; 0: none */
	unsigned nb_ports;      /* of its ports those whose link is up */
	uint16_t actor_key, partner_key;
	struct rte_ether_addr partner_system;
	struct rte_ether_addr system;
	uint16_t system_priority;
};

void lacp_view(const struct lacp *l, struct lacp_view *ret);
/* False when there is no such port. */
bool lacp_port_view(const struct lacp *l, uint16_t port_id, struct lacp_port_view *ret);
