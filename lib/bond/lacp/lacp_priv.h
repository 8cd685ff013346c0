/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the machines share. Each is one file with one function that takes at most one transition and
 * says whether it did; lacp.c calls them until none does. Tests step them one by one.
 */
#pragma once

#include "lacp.h"
#include "units.h"

/* Timers of 6.4.4. */
#define LACP_FAST_PERIODIC_NS (1 * NSEC_PER_SEC)
#define LACP_SLOW_PERIODIC_NS (30 * NSEC_PER_SEC)
#define LACP_SHORT_TIMEOUT_NS (3 * LACP_FAST_PERIODIC_NS)
#define LACP_LONG_TIMEOUT_NS (3 * LACP_SLOW_PERIODIC_NS)
#define LACP_CHURN_DETECTION_NS (60 * NSEC_PER_SEC)
#define LACP_AGGREGATE_WAIT_NS (2 * NSEC_PER_SEC)

/* After what silence on a link that is up something must be wrong with it. */
#define LACP_SILENCE_NS (3 * LACP_LONG_TIMEOUT_NS)

enum {
	LACP_TX_PER_PERIOD = 3, /* LACPDUs in one fast period at most (6.4.16) */
	MARKER_TX_PER_PERIOD = 100,
	/* No state diagram needs as many; a bound, so that a mistake cannot hang the program. */
	LACP_TURNS_MAX = 64,
	LACP_PORT_PRIORITY = 255, /* Linux's default, and that of a partner not heard of */
};

/* A deadline; LACP_NEVER: the timer does not run. */
#define LACP_NEVER UINT64_MAX

enum lacp_rx_state {
	LACP_RX_INITIALIZE,
	LACP_RX_PORT_DISABLED,
	LACP_RX_LACP_DISABLED,
	LACP_RX_EXPIRED,
	LACP_RX_DEFAULTED,
	LACP_RX_CURRENT,
	LACP_RX_COUNT
};
extern const char *const lacp_rx_names[LACP_RX_COUNT];

enum lacp_periodic_state {
	LACP_NO_PERIODIC,
	LACP_FAST_PERIODIC,
	LACP_SLOW_PERIODIC,
	LACP_PERIODIC_TX,
	LACP_PERIODIC_COUNT
};
extern const char *const lacp_periodic_names[LACP_PERIODIC_COUNT];

enum lacp_mux_state {
	LACP_MUX_DETACHED,
	LACP_MUX_WAITING,
	LACP_MUX_ATTACHED,
	LACP_MUX_COLLECTING_DISTRIBUTING, /* coupled control */
	LACP_MUX_COLLECTING,              /* independent control */
	LACP_MUX_DISTRIBUTING,            /* independent control */
	LACP_MUX_COUNT
};
extern const char *const lacp_mux_names[LACP_MUX_COUNT];

enum lacp_selected { LACP_UNSELECTED, LACP_STANDBY, LACP_SELECTED, LACP_SELECTED_COUNT };
extern const char *const lacp_selected_names[LACP_SELECTED_COUNT];

/* The standard's NO_..., ..._MONITOR and ..._CHURN, in the words of Linux's /proc. */
enum lacp_churn_state { LACP_CHURN_MONITOR, LACP_CHURN, LACP_NO_CHURN, LACP_CHURN_COUNT };
extern const char *const lacp_churn_names[LACP_CHURN_COUNT];

struct lacp_churn {
	enum lacp_churn_state state;
	uint64_t timer_ns;
	uint32_t churned; /* times it came to LACP_CHURN */
};

/*
 * Every port brings one, as in Linux; ports of other ports may stand in it, and its own in another.
 * One without ports is free.
 */
struct lacp_aggregator {
	unsigned id;
	bool is_active;
	bool individual; /* takes one port only */
	uint16_t actor_key, partner_key, partner_priority;
	struct rte_ether_addr partner_system; /* zero: no partner answers */
};

struct lacp_port {
	uint16_t port_id;
	struct rte_ether_addr source;

	/* From outside. */
	bool begin;        /* BEGIN: the machines start anew */
	bool enabled;      /* port_enabled: its link is up */
	bool lacp_enabled; /* LACP_Enabled: full duplex */
	uint32_t speed_mbps;

	/* Variables of 6.4.7 and 6.4.8. */
	struct lacp_side actor, partner; /* Actor_Oper_..., Partner_Oper_... */
	enum lacp_selected selected;
	bool ntt;        /* need to transmit */
	bool port_moved; /* its partner was heard on another port */

	enum lacp_rx_state rx;
	uint64_t current_while_ns;
	enum lacp_periodic_state periodic;
	uint64_t periodic_timer_ns;
	enum lacp_mux_state mux;
	uint64_t wait_while_ns; /* passed: Ready_N */
	struct lacp_churn actor_churn, partner_churn;

	/* When the last LACPDUs left, the oldest at tx_oldest; 0: none yet. */
	uint64_t tx_ns[LACP_TX_PER_PERIOD];
	unsigned tx_oldest;
	uint64_t marker_since_ns; /* begin of the period that marker_count counts in */
	unsigned marker_count;
	bool marker_waits; /* the response that lacp_send is to send */
	struct marker_pdu marker;

	/* What was last told to those who send and receive. */
	bool collects, distributes;

	uint64_t heard_ns; /* its last LACPDU, or when its link came up */
	uint64_t loop_ns;  /* its last LACPDU that was our own; 0: none */
	enum lacp_trouble trouble;
	struct lacp_counters counters;

	struct lacp_aggregator own; /* the aggregator that it brought */
	unsigned aggregator_id;     /* that it stands in; 0: none */
};

struct lacp {
	struct lacp_settings s;
	struct lacp_ops ops;
	bool reselect; /* the active aggregator is to be chosen anew */
	bool changed;  /* lacp_take_changed */
	bool carrier;
	int turns; /* of all machines in the last lacp_run; tests see that it was not the bound */
	int nb_ports; /* in the order in which they came */
	struct lacp_port ports[LACP_MAX_PORTS];
	unsigned last_aggregator_id;
};

/* What nobody has told yet of a partner (Partner_Admin_...; bond_3ad.c, ad_initialize_port). */
extern const struct lacp_side lacp_partner_default;

static inline bool
lacp_state_has(const struct lacp_side *side, uint8_t bits)
{
	return (side->state & bits) == bits;
}

static inline bool
lacp_runs_out(uint64_t timer_ns, uint64_t now_ns)
{
	return timer_ns != LACP_NEVER && now_ns >= timer_ns;
}

/* Tell the log of a transition. */
void lacp_changed(
	struct lacp *l,
	const struct lacp_port *p,
	const char *machine,
	const char *from,
	const char *to,
	const char *cause
);

/* 6.4.12, receive machine. @pdu: one that just came in, or NULL. */
bool
lacp_receive_step(struct lacp *l, struct lacp_port *p, const struct lacp_pdu *pdu, uint64_t now_ns);

/* 6.4.13, periodic transmission machine. */
bool lacp_periodic_step(struct lacp_port *p, uint64_t now_ns);

/* 6.4.14, selection logic: the aggregator of a port. True when the port got another one. */
bool lacp_select_step(struct lacp *l, struct lacp_port *p);
/* Which aggregator is the active one, by ad_select; its ports are SELECTED, others STANDBY. */
void lacp_choose_active(struct lacp *l);
/* The aggregator that port @p stands in, or the active one; NULL: none. */
struct lacp_aggregator *lacp_aggregator_of(struct lacp *l, const struct lacp_port *p);
struct lacp_aggregator *lacp_active_aggregator(struct lacp *l);
/* Ports of an aggregator whose link is up. */
unsigned lacp_usable_ports(const struct lacp *l, const struct lacp_aggregator *a);
bool lacp_has_partner(const struct lacp_aggregator *a);
/* Port @p is about to leave: who stands in its aggregator moves to a free one. */
void lacp_aggregator_leaves(struct lacp *l, struct lacp_port *p);

/* 6.4.15, mux machine, coupled or independent control. */
bool lacp_mux_step(struct lacp *l, struct lacp_port *p, uint64_t now_ns);

/* 6.4.16, transmit machine. True when an LACPDU left. */
bool lacp_transmit_step(struct lacp *l, struct lacp_port *p, uint64_t now_ns);
/* When it may send again. */
uint64_t lacp_transmit_ns(const struct lacp_port *p);
void lacp_pdu_of(const struct lacp_port *p, struct lacp_pdu *ret);

/* 6.4.17, churn detection. True when a state changed. */
bool lacp_churn_step(struct lacp *l, struct lacp_port *p, uint64_t now_ns);

/* 6.5.4.2, marker responder. */
void lacp_marker_receive(struct lacp_port *p, const struct marker_pdu *pdu, uint64_t now_ns);
void lacp_marker_send(struct lacp *l, struct lacp_port *p);

/* The operational key of a port: user key, speed and duplex as Linux encodes them. */
uint16_t lacp_key(uint16_t user_key, uint32_t speed_mbps, bool full_duplex);
