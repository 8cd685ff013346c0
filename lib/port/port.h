/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ports of the program: one record per ethdev, its life from attach to close, and the packet
 * pools. Knows nothing of bonding: a bond is a port like others here. Control thread only; a port
 * that workers poll must be taken out of their layout before it is stopped or configured.
 */
#pragma once

#include "port_conf.h"

#include <rte_ether.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PORT_ALIAS_BYTES = 16 };

struct ports; /* opaque */
struct reason;
struct rte_mempool;
struct text;

enum port_state {
	PORT_ABSENT,     /* no such port */
	PORT_FOUND,      /* known, not configured */
	PORT_CONFIGURED, /* configured or stopped */
	PORT_STARTED,
	PORT_CLOSED, /* closed; its device can still be detached or attached again */
};
extern const char *const port_state_names[];

struct ports_settings {
	struct port_settings port; /* for every port */
	uint32_t mbuf_bytes;       /* data room with headroom, of every mbuf; 0: 2176 */
	uint32_t total_mbufs;      /* per pool; 0: from the number of ports and queues */
	uint16_t nb_workers;       /* sizes the default pool */
};

int ports_new(struct ports **ret, const struct ports_settings *s, struct reason *why);

/* Stop and close every port. Frames that workers hold must have been freed. NULL is fine. */
void ports_close_all(struct ports *ports);

/*
 * "pool NAME: FREE of SIZE mbufs free" per pool, and the number of mbufs missing in all. Exact
 * only while nobody takes or gives mbufs.
 */
uint64_t ports_pool_report(struct ports *ports, struct text *ret);

/* Free the pools and the records. NULL is fine; returns NULL. */
struct ports *ports_free(struct ports *ports);

/* Take up every ethdev that is not known yet. How many were new. */
int ports_scan(struct ports *ports);

/* Whether every known port would take the mbufs of --mbuf-size, before any is touched. */
int ports_check_mbufs(const struct ports *ports, struct reason *why);

/* Ports in ascending order of id; how many were written. */
uint16_t ports_list(const struct ports *ports, uint16_t *ret, uint16_t max);

/* By device name, alias or number. -ENODEV or -EINVAL, with the reason. */
int ports_find(const struct ports *ports, const char *word, uint16_t *ret, struct reason *why);

/*
 * A second name that finds a port, until the port is gone; @alias is short and no number. -EEXIST
 * when another port has it.
 */
int port_alias_set(struct ports *ports, uint16_t id, const char *alias, struct reason *why);
const char *port_alias(const struct ports *ports, uint16_t id); /* "" for none */

enum port_state port_state(const struct ports *ports, uint16_t id);
const char *port_name(const struct ports *ports, uint16_t id);   /* "?" for none */
const char *port_device(const struct ports *ports, uint16_t id); /* the name of what it is of */
const char *port_driver(const struct ports *ports, uint16_t id);
uint32_t port_if_index(const struct ports *ports, uint16_t id); /* kernel netdev behind it; 0 */

/* The configuration in force; NULL before the first. */
const struct port_conf *port_conf(const struct ports *ports, uint16_t id);

/* Configure, with queues; starts from @want, or the settings of all ports when NULL. */
int port_configure(
	struct ports *ports, uint16_t id, const struct port_settings *want, struct reason *why
);
int port_start(struct ports *ports, uint16_t id, struct reason *why);
int port_stop(struct ports *ports, uint16_t id, struct reason *why);
int port_close(struct ports *ports, uint16_t id, struct reason *why);
/* Reset the device and configure it as it was; it ends stopped. */
int port_reset(struct ports *ports, uint16_t id, struct reason *why);

/* Probe a device; how many ports it brought (their ids in @ret), or -errno. */
int port_attach(
	struct ports *ports, const char *devargs, uint16_t *ret, uint16_t max, struct reason *why
);
int port_detach(struct ports *ports, uint16_t id, struct reason *why);

/* Another part started, stopped or removed the port (a bond does so with its members). */
void port_note_state(struct ports *ports, uint16_t id, enum port_state state);

/* The largest MTU of a port with the present pool. */
int port_mtu_max(const struct ports *ports, uint16_t id, uint32_t *ret);
int port_mtu_set(struct ports *ports, uint16_t id, uint32_t mtu_bytes, struct reason *why);

/* Each reads back what it set. -ENOTSUP when the device has no such function. */
int port_promisc_set(uint16_t id, bool on, struct reason *why);
int port_allmulti_set(uint16_t id, bool on, struct reason *why);
int port_mac_set(uint16_t id, const struct rte_ether_addr *mac, struct reason *why);

/* The pool for frames of a port, on its node; made at the first call. */
struct rte_mempool *port_pool(struct ports *ports, uint16_t id, struct reason *why);
