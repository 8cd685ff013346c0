/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When a VF that its PF has left behind must be restarted or reset, and how often that is tried.
 * Pure but for port_heal_look and what comes after it; used by lib/bond for members and by the
 * program for other ports. Control thread only.
 */
#pragma once

#include "stats_count.h"

#include <stdbool.h>
#include <stdint.h>

struct ports;
struct reason;

/* In the order of what the greater one includes. */
enum port_heal_kind {
	PORT_HEAL_NONE,
	PORT_HEAL_RESTART, /* stop and start, once its link is there */
	PORT_HEAL_RESET,   /* reset the device, configure and start it */
};
extern const char *const port_heal_names[]; /* "", "restart", "reset" */

enum {
	PORT_HEAL_SETTLE_MS = 500, /* a link that is down so shortly after a start is not lost */
	PORT_HEAL_MIN_WAIT_MS = 250,
	PORT_HEAL_MAX_WAIT_MS = 10000,
	PORT_HEAL_TRIES = 20,      /* about 2.5 minutes; then something new must happen */
	PORT_HEAL_STEADY_MS = 300, /* a PF is busy with its VFs when its link comes up */
	PORT_HEAL_SLOW_MS = 500,   /* a start that took so long has had no answer of the PF */
	/* So long it may hear nothing afterwards, then longer; after so many times that is
	   accepted. */
	PORT_HEAL_WATCH_MS = 1000,
	PORT_HEAL_WATCHES = 3,
	PORT_HEAL_DEAF_MIN_MS = 1000,
	PORT_HEAL_DEAF_MAX_MS = 60000,
};

/* Zeroed: nothing is known of the port. */
struct port_heal {
	enum port_heal_kind kind; /* what it needs before it may be used */
	uint64_t due_ns;
	uint32_t wait_ms; /* after the next failure */
	unsigned failures;
	uint64_t started_ns;
	uint64_t link_since_ns; /* 0: its link is down */
	/* It was restarted and has received nothing yet: it may still be deaf. */
	bool watched;
	unsigned watches; /* times that this ended without a frame */
	uint64_t watch_due_ns;
	uint32_t deaf_wait_ms;
	uint64_t deaf_due_ns;
	struct stats_count counts[4];
};

/* The port was started: it needs nothing. */
void port_heal_started(struct port_heal *h, uint64_t now_ns);
/* It was restarted or reset, and started: it is watched until it receives something. */
void port_heal_done(struct port_heal *h, uint64_t now_ns);
/* Its link is up or not, for a PMD with the trait restart_after_link_loss. */
void port_heal_link(struct port_heal *h, bool up, uint64_t now_ns);
/* RTE_ETH_EVENT_INTR_RESET. */
void port_heal_reset(struct port_heal *h, uint64_t now_ns);
/*
 * It has its link, but a monitor hears nothing by it (@deaf) or hears it: restarted while it is so,
 * less and less often. For a PMD with the trait.
 */
void port_heal_deaf(struct port_heal *h, bool deaf, uint64_t now_ns);

/* Whether to do now what h->kind says. To be asked often: it notes how long the link is there. */
bool port_heal_due(struct port_heal *h, bool link_up, uint64_t now_ns);

/* That has failed. Returns whether an operator is to be told: of the first time, and of the last.
 */
bool port_heal_failed(struct port_heal *h, uint64_t now_ns);
bool port_heal_given_up(const struct port_heal *h);

/*
 * What the port received and sent, as the device counts it. With registers of @packet_bits and
 * @byte_bits a device that began again at 0 was reset, which a poll of the link may have missed.
 * Ends a watch, or asks for another restart.
 */
void port_heal_counters(
	struct port_heal *h,
	const uint64_t counters[4], /* packets received, sent, bytes received, sent */
	unsigned packet_bits,
	unsigned byte_bits,
	uint64_t now_ns
);
/* Read these of a port whose PMD has the trait. */
void port_heal_look(struct port_heal *h, uint16_t port_id, uint64_t now_ns);

/* Reset a stopped device and configure it as it was, where its PMD can. */
int port_heal_reset_device(struct ports *ports, uint16_t port_id, struct reason *why);
/* For a port that is no member: nobody polls it. @start: it was started before. */
int port_heal_do(
	struct ports *ports,
	uint16_t port_id,
	enum port_heal_kind kind,
	bool start,
	struct reason *why
);
