/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of lib/bond share and nobody else sees. */
#pragma once

#include "bond.h"
#include "bond_pmd.h"
#include "engine.h"
#include "port.h"
#include "port_heal.h"
#include "reason.h"

#include <rte_ethdev.h>

#include <sys/queue.h>

enum { BOND_KEEP_MS = 100 }; /* how often what the PMD forgets is set right */

struct bond_run;

/* What workers read of a bond with io_path=pmd. Written by control while they are parked. */
struct bond_io_ctx {
	uint16_t port_id;
	uint16_t nb_members;
	uint16_t members[BOND_MAX_MEMBERS];
	struct rte_ether_addr mac; /* the bond's */
	/*
	 * By port id: the address that a member of a mode-6 bond has for itself, as one word; 0
	 * when it is the bond's.
	 */
	uint64_t rewrite_mac[RTE_MAX_ETHPORTS];
};

struct bond_member {
	uint16_t port_id;
	struct rte_ether_addr own_mac; /* before it became a member */
	/*
	 * io_path=pmd: what it carries in modes 1, 5 and 6 while it is not the active one; see
	 * bond_member.c.
	 */
	struct rte_ether_addr idle_mac;
	struct rte_ether_addr want_mac; /* io_path=direct: what it is to carry; see run_mac.c */
	int32_t prio;
	uint16_t queue_id;
	uint16_t port_prio;     /* actor_port_prio */
	enum bond_link link;    /* io_path=direct: as last reported to the operator */
	uint32_t if_index;      /* kernel netdev whose carrier counts; 0: the PMD reports */
	bool was_started;       /* as a port of its own, before it became a member */
	bool attached;          /* in the PMD's list */
	bool entered;           /* io_path=direct: it was, in this mode: want_mac is its own */
	bool present;           /* its netdev exists */
	bool carrier;           /* its netdev has carrier; true without one */
	bool link_up;           /* as last reported to the operator */
	uint32_t link_failures; /* times the link went down */
	bool strips_tags;       /* its PMD takes VLAN tags off unasked */
	bool from_device;       /* as in struct fwd_io */
	bool mac_wrong;         /* reported already that its MAC cannot be set */
	uint16_t mac_wait;      /* rounds until it is tried again */
	bool hears_slow;        /* mode 4, io_path=direct: it was told to pass LACPDUs */
	bool hears_slow_asked;  /* that since its link came up */
	bool deaf_to_multicast; /* it cannot receive all multicast */
	bool loses_pf;          /* its PMD has the trait restart_after_link_loss */
	bool away;              /* it is being restarted: in no plan */
	struct port_heal heal;
	uint64_t heal_look_ns; /* when it is looked at again */
	bool mac_unverified;   /* its PMD has that trait */
	uint16_t pf_wait;      /* rounds until its PF is asked again what address it passes */
	bool pf_differs;       /* reported already that it is another one */
	struct rte_ether_addr pf_mac;
};

struct bond {
	TAILQ_ENTRY(bond) entry;
	struct bond_settings settings;
	char dev_name[RTE_ETH_NAME_MAX_LEN];
	uint16_t port_id;
	bool up;
	bool mac_set; /* the PMD has been given an address of its own */
	struct rte_ether_addr mac;
	uint16_t nb_members;
	struct bond_member members[BOND_MAX_MEMBERS];
	bool promisc_wanted, allmulti_wanted; /* by the user */
	bool promisc_forced;                  /* by mode 4 or a pair, where nothing else serves */
	bool preferred_known;
	uint16_t preferred; /* modes 5 and 6: the member that the PMD was last told to prefer */
	bool active_known;
	uint16_t active; /* as last reported to the operator */
	bool paired;
	uint16_t pair_port;
	/* Addresses of the paired port's kernel device. */
	uint16_t nb_followed;
	struct bond_address followed[BOND_MAX_ADDRESSES];
	struct bond_run *run; /* io_path=direct and up; else NULL */
	struct bond_io_ctx io;
};

struct bonds {
	struct ports *ports;
	struct bond_host host;
	TAILQ_HEAD(, bond) list;
	uint64_t keep_due_ns; /* of the bonds with io_path=pmd */
};

void bond_event(const struct bonds *bonds, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* bond.c */

/* For bond_changed: to be called before a change. */
uint64_t bonds_parked_ns(const struct bonds *bonds);
/* Tell the operator what was changed and what the workers had to wait for it. */
void bond_changed(
	const struct bonds *bonds,
	const struct bond *bond,
	uint64_t parked_before_ns,
	const char *fmt,
	...
) __attribute__((format(printf, 4, 5)));

enum bond_pmd_policy bond_policy_to_pmd(enum bond_policy policy);
enum bond_pmd_agg bond_ad_select_to_pmd(enum bond_ad_select select);
/* Period of the PMD's own link polling. */
uint32_t bond_pmd_poll_ms(const struct bond_settings *s);
/* Let the workers see who polls what now. */
int bonds_relayout(struct bonds *bonds, struct reason *why);
/* Tell the PMD of the primary that the settings name, if it is a member. */
int bond_primary_apply(struct bonds *bonds, struct bond *bond, struct reason *why);
/* The first member's address, or the one asked for, becomes the bond's. */
int bond_mac_apply(struct bond *bond, struct reason *why);
struct bond_member *bond_find_member(struct bond *bond, uint16_t port_id);

/* bond_member.c */

/* Write to @why that the port cannot be added, and @what for; returns @rc. */
int bond_member_refused(
	const struct bonds *bonds,
	const struct bond *bond,
	uint16_t port_id,
	int rc,
	const struct reason *what,
	struct reason *why
);

/*
 * A step with a port has failed with @rc and @what (0: none yet): where its network device is gone
 * that is the reason, whatever the PMD said. Returns the error.
 */
int bond_member_failure(const struct bonds *bonds, uint16_t port_id, int rc, struct reason *what);
/* Why @port_id cannot become a member of @bond, before anything is touched. */
int bond_member_check(
	struct bonds *bonds, const struct bond *bond, uint16_t port_id, struct reason *why
);
/* Append a record for @port_id, with the carrier of its netdev. */
struct bond_member *bond_member_record(struct bonds *bonds, struct bond *bond, uint16_t port_id);
void bond_member_forget(struct bond *bond, uint16_t port_id);
/*
 * Work out what address a member carries while it is not the active one, with @current active
 * (NULL: nobody). True when it is another than before.
 */
bool bond_member_choose_idle_mac(
	const struct bond *bond, struct bond_member *m, const struct bond_member *current
);
/* Ask the kernel how the member's device is now. True when something changed. */
bool bond_member_read_carrier(struct bonds *bonds, struct bond_member *m);
/* The record moves behind the others; pointers to members are another one's afterwards. */
void bond_member_to_end(struct bond *bond, struct bond_member *m);
/* io_path=direct: the address that a member carries while nothing has happened yet. */
void bond_member_choose_mac(struct bond *bond, struct bond_member *m);
/* Give the member the MAC address it must have before the PMD takes it. */
int bond_member_prepare_mac(
	struct bonds *bonds, struct bond *bond, struct bond_member *m, struct reason *why
);
/* Put a member into the PMD's list, or take it out; workers parked when the bond is up. */
int bond_member_attach(
	struct bonds *bonds, struct bond *bond, struct bond_member *m, struct reason *why
);
int bond_member_detach(
	struct bonds *bonds, struct bond *bond, struct bond_member *m, struct reason *why
);
/* After it left the bond: its own address, no promiscuous mode. */
void bond_member_restore(struct bonds *bonds, struct bond_member *m);
/* After that, when adding it has failed: started again if it was before. */
void bond_member_resume(struct bonds *bonds, const struct bond_member *m);
/*
 * Detach the members whose network devices are gone: with one of them in its list the PMD neither
 * starts the bond nor gives it another address. True when one left now, or vanished since the
 * kernel was last asked.
 */
bool bond_members_drop_vanished(struct bonds *bonds, struct bond *bond);
/* Detach what has no carrier, attach what has it again. */
void bond_member_sync_carrier(struct bonds *bonds, struct bond *bond);

/* bond_keep.c */

/* See bonds_tick, for one bond. */
void bond_keep(struct bonds *bonds, struct bond *bond);

/* Set @mac on a member where it differs, and believe it only when the kernel's device shows it. */
void bond_keep_mac(
	struct bonds *bonds,
	struct bond *bond,
	struct bond_member *m,
	const struct rte_ether_addr *mac
);
/* Promiscuous mode and multicast: of the active member alone in modes 1, 5, 6, else of all. */
void bond_keep_filters(struct bonds *bonds, struct bond *bond, bool has_active, uint16_t current);

/* bond_heal.c */

/* What members need that were left behind by their PF; to be called every tick. */
void bond_heal(struct bonds *bonds, struct bond *bond);
/* A member's port was started as a part of the bond. */
void bond_heal_started(struct bonds *bonds, struct bond_member *m);
/*
 * Whether its link counts: not before it was restarted where that is needed, and while there are
 * others not before it has received something.
 */
bool bond_heal_link(struct bonds *bonds, const struct bond *bond, struct bond_member *m, bool up);

/* bond_change.c */

/* The bond's address changed: the paired port and the workers' streams follow. */
int bond_mac_follow(struct bonds *bonds, struct bond *bond, struct reason *why);

/* bond_io.c */

/* Write what workers read; they are parked or do not know the bond yet. */
void bond_io_update(struct bond *bond);
