/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bonds: from ports to a bond port and back, members that come and go, and what the bond PMD
 * forgets. Control thread only, except for the functions behind struct fwd_io, which workers call.
 */
#pragma once

#include "fwd_io.h"
#include "option.h"

#include <stdbool.h>
#include <stdint.h>

struct bonds; /* opaque */
struct bond;  /* opaque */
struct ports;
struct reason;

/* What bonds need from the program. */
struct bond_host {
	void *ctx;
	/* Park the workers; 0 or -errno with the reason. */
	int (*park)(void *ctx, struct reason *why);
	/*
	 * Let the workers run again. @relayout: ports joined or left a bond, or a bond became
	 * usable or unusable (bonds_port_role says what each port is now).
	 */
	void (*release)(void *ctx, bool relayout);
	/* Whether frames are being forwarded from or to a port right now. */
	bool (*port_forwards)(void *ctx, uint16_t port_id);
	/* Carrier of a kernel network device now; -ENODEV when there is none. */
	int (*carrier)(void *ctx, uint32_t if_index, bool *ret, struct rte_ether_addr *ret_mac);
	/*
	 * The IP addresses of a kernel network device and of the VLAN devices on it; how many were
	 * written, at most @max. NULL: none are known.
	 */
	int (*addresses)(void *ctx, uint32_t if_index, struct bond_address *ret, int max);
	/* Time that only grows. */
	uint64_t (*now_ns)(void *ctx);
	/* See fwd_grace_start; NULL when nobody reads plans but while it is parked. */
	uint64_t (*grace_start)(void *ctx);
	bool (*grace_over)(void *ctx, uint64_t token);
	/* How long workers have been parked in all, in ns. NULL: not known. */
	uint64_t (*parked_ns)(void *ctx);
	/*
	 * The MAC address that the PF of a VF has in its table for it; -ENODATA when that is not
	 * known. It may not block. NULL: it is known of none.
	 */
	int (*pf_mac)(void *ctx, uint16_t port_id, struct rte_ether_addr *ret);
	/* Something happened that an operator wants to read, as one line. */
	void (*event)(void *ctx, const char *text);
};

int bonds_new(struct bonds **ret, struct ports *ports, const struct bond_host *host);
/* Delete every bond, then free. NULL is fine; returns NULL. */
struct bonds *bonds_free(struct bonds *bonds);

/*
 * Make a bond in six steps: member ports checked and configured, members started, bond device
 * made, members added, bond configured and started. A step that fails undoes those before it.
 */
int bond_create(struct bonds *bonds, const struct bond_settings *s, struct reason *why);

/* Take up a bond that EAL made from --vdev net_bonding..., with its members, and start it. */
int bond_adopt(struct bonds *bonds, uint16_t port_id, struct reason *why);

/* Stop and remove a bond; its members become ports again, with their own MAC addresses. */
int bond_delete(struct bonds *bonds, struct bond *bond, struct reason *why);

int bond_member_add(struct bonds *bonds, struct bond *bond, uint16_t port_id, struct reason *why);
int
bond_member_remove(struct bonds *bonds, struct bond *bond, uint16_t port_id, struct reason *why);

/* Start and stop the bond port. Both are fine when it is so already. */
int bond_up(struct bonds *bonds, struct bond *bond, struct reason *why);
int bond_down(struct bonds *bonds, struct bond *bond, struct reason *why);

/*
 * Change one option; errors are those of bond_option_set, and -ENOTSUP when the bond PMD would have
 * to honour it and cannot (io_path=pmd). The bond is as before then. @force: change the mode of a
 * stopped bond with its members, as testpmd does.
 */
int bond_set_option(
	struct bonds *bonds,
	struct bond *bond,
	const char *option,
	const char *value,
	bool force,
	struct reason *why
);

/* The same for an option of one member (prio, queue_id). */
int bond_set_member_option(
	struct bonds *bonds,
	struct bond *bond,
	uint16_t port_id,
	const char *option,
	const char *value,
	struct reason *why
);

/* By bond name, NULL when there is none. */
struct bond *bonds_find(const struct bonds *bonds, const char *name);
struct bond *bonds_find_port(const struct bonds *bonds, uint16_t port_id);
/* The bond that @port_id is a member of, or NULL. */
struct bond *bonds_find_member(const struct bonds *bonds, uint16_t port_id);
/* In the order of creation; NULL ends. */
struct bond *bonds_next(const struct bonds *bonds, const struct bond *after);

const char *bond_name(const struct bond *bond);
uint16_t bond_port(const struct bond *bond);
const struct bond_settings *bond_settings(const struct bond *bond);

/* Up, with at least one member in the PMD's hands: workers may receive and transmit. */
bool bond_usable(const struct bond *bond);

/* How workers use the bond. The functions and their context live until the bond is deleted. */
void bond_io(const struct bond *bond, struct fwd_io *ret);

/*
 * Join a bond and a port: both carry one MAC address. @port_id follows the bond, or with mac=pair
 * the bond takes the port's. When neither can be set the bond becomes promiscuous and says so.
 * Done again when either changes.
 */
int bond_pair(struct bonds *bonds, struct bond *bond, uint16_t port_id, struct reason *why);
/* The port is gone or the pair is dissolved. */
void bonds_unpair(struct bonds *bonds, uint16_t port_id);

/* The user's promiscuous mode and reception of all multicast for a bond; kept by bonds_tick. */
int bond_promisc_set(struct bonds *bonds, struct bond *bond, bool on, struct reason *why);
int bond_allmulti_set(struct bonds *bonds, struct bond *bond, bool on, struct reason *why);

/*
 * A kernel network device changed: members that live on it and whose PMD does not report link loss
 * are taken out of their bond or put back. The event is a hint only, as it may be old by now: the
 * host's carrier function is asked.
 */
void bonds_carrier(struct bonds *bonds, uint32_t if_index);

/* The addresses of a kernel network device changed, or of a VLAN device on it. */
void bonds_addresses(struct bonds *bonds, uint32_t if_index);

/* The link of a member or bond changed (from the program's event queue, not EAL's thread). */
void bonds_link_event(struct bonds *bonds, uint16_t port_id);

/*
 * The PF of a member asks for its reset (RTE_ETH_EVENT_INTR_RESET): it leaves the plan, is reset
 * and comes back, with its settings, at the next ticks. False when the port is no member.
 */
bool bonds_reset_event(struct bonds *bonds, uint16_t port_id);

/*
 * The device of a member is being removed: it leaves its bond for good, and nothing is said to the
 * device but to stop. -ENOENT when the port is no member.
 */
int bonds_member_gone(struct bonds *bonds, uint16_t port_id, struct reason *why);

/*
 * Run what is due: monitors, balancing, frames of the control plane; set right what the PMD left
 * wrong (MAC addresses, promiscuous mode, reception of all multicast); report what changed.
 * Returns in how many ns to call it again: BONDS_TICK_MS at most.
 */
enum { BONDS_TICK_MS = 10 };
uint64_t bonds_tick(struct bonds *bonds);
