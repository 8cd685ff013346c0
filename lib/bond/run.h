/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bond whose frames we move ourselves (io_path=direct), while it is up: what joins the pure parts
 * (engine, balancing, memories) with ports and workers. For the files of lib/bond; control thread.
 */
#pragma once

#include "bond_priv.h"
#include "direct.h"
#include "engine.h"
#include "igmp_memory.h"
#include "lacp.h"
#include "learn.h"
#include "rlb.h"
#include "tlb.h"

struct bond_run {
	struct bonds *bonds;
	struct bond *bond;
	struct engine engine; /* its members stand in the order of bond->members */
	struct bond_direct *direct;
	bool plan_wanted; /* something that the plan depends on changed */

	/* When the devices are looked at, addresses and filters set right, and so on. */
	uint64_t poll_due_ns, keep_due_ns, forget_due_ns;
	/* Of each member when it was last looked at. */
	struct {
		uint64_t rx_packets, tx_packets;
	} seen[BOND_MAX_MEMBERS];

	/* Modes 5 and 6. */
	struct tlb tlb;
	uint16_t nb_tlb_ports, tlb_ports[BOND_MAX_MEMBERS]; /* that the buckets refer to */
	uint64_t tlb_since_ns, tlb_due_ns, learning_due_ns;
	/* Mode 6. */
	struct rlb *rlb;
	uint64_t rlb_due_ns;
	uint64_t promisc_until_ns; /* the active member hears all; 0: it need not */

	/* Mode 4; else NULL. */
	struct lacp *lacp;
	bool lacp_carrier; /* as last reported to the operator */

	/* What stands behind the bond. */
	struct learn *learn;
	struct igmp_memory *igmp;
	uint64_t events; /* changes of the active member since it was set up */
};

/* run.c: life, time and events. */
int run_start(struct bonds *bonds, struct bond *bond, struct reason *why);
/* Workers have let go of the bond. */
void run_stop(struct bond *bond);
/* Returns when the engine wants to be called again. */
uint64_t run_tick(struct bond *bond);
/* A device of a member changed: look at it now. */
void run_device_event(struct bond *bond, struct bond_member *m);
/* Workers use only the members that the plan names: they receive from them, not from the PMD. */
bool run_polls_members(const struct bond *bond);
/*
 * Let the switches flood a frame of the active member: a member that hears them receives it. What
 * it says is true, as RARP after a failover.
 */
void run_provoke(struct bond *bond);
/* Its port will be stopped, and was started again: out of the plan, and back. */
void run_member_away(struct bond *bond, struct bond_member *m);
void run_member_back(struct bond *bond, struct bond_member *m);
/*
 * With the ARP monitor: 1 when nothing is heard by a member that has its link, 0 when it is, -1
 * when that is not known.
 */
int run_monitor_deaf(const struct bond *bond, const struct bond_member *m);
void run_member_added(struct bond *bond, struct bond_member *m);
/* Before the record of the member is forgotten; its frames go elsewhere afterwards. */
void run_member_leaves(struct bond *bond, struct bond_member *m);
/* Settings changed as BOND_EFFECT_* bits say. */
void run_settings_changed(struct bond *bond, uint32_t effects);
/* The bond goes down, workers have let go of it: partners hear of it. */
void run_goes_down(struct bond *bond);
/* It did not come to that. */
void run_stays_up(struct bond *bond);
/* While workers are parked: send what they would have sent for control. */
void run_flush(struct bond *bond);
int run_set_active(struct bond *bond, const struct bond_member *m, struct reason *why);
/* Do what the engine asks for since the last call. */
void run_react(struct bond_run *run);
uint64_t run_now_ns(const struct bond_run *run);
/* The record of the engine's member @index. */
struct bond_member *run_member(const struct bond_run *run, int index);

/* run_plan.c: from state to plan. */
void run_publish(struct bond_run *run);

/* run_mac.c: which address each member carries. */
/* The bond has another address than @was by the user's word. */
void run_macs_bond_changed(struct bond_run *run, const struct rte_ether_addr *was);
/* The active member is another one: decide, so that the next plan is right. */
void run_macs_active_changed(struct bond_run *run);
void run_macs_member_leaves(struct bond_run *run, struct bond_member *m);
/* Give the devices the addresses decided upon. */
void run_macs_apply(struct bond_run *run);

/* run_control.c: frames of the control plane. */
void run_read_shown(struct bond_run *run);
/* The id of a VLAN tag that stands in the mbuf and not in the frame; 0: none. */
uint16_t run_vlan_in_mbuf(const struct rte_mbuf *m);
void run_probe(void *ctx, int index); /* engine_ops.probe */
void run_notify_peers(struct bond_run *run);
void run_resend_igmp(struct bond_run *run);
void run_send_learning(struct bond_run *run, const struct bond_member *m);

/* run_lacp.c: mode 4; in other modes these do nothing. */
int run_lacp_new(struct bond_run *run); /* -ENOMEM */
void run_lacp_member_added(struct bond_run *run, const struct bond_member *m, uint64_t now_ns);
void run_lacp_member_leaves(struct bond_run *run, const struct bond_member *m);
/* All ports leave and tell their partners; and all of them join. */
void run_lacp_farewell(struct bond_run *run);
void run_lacp_rejoin(struct bond_run *run);
void run_lacp_settings_changed(struct bond_run *run);
/* Slow frames that workers diverted. */
void run_lacp_read(struct bond_run *run, uint64_t now_ns);
/* Links to the machines, and what they decide to the plan that is to be published. */
void run_lacp_turn(struct bond_run *run, uint64_t now_ns);
/* LACPDUs, once the plan is in force. Returns when to call again. */
uint64_t run_lacp_send(struct bond_run *run, uint64_t now_ns);

/* run_balance.c: modes 5 and 6. */
void run_balance_start(struct bond_run *run);
void run_balance_members_changed(struct bond_run *run);
/* Whether the active member must receive what is sent to members that are lost; NULL: no. */
bool run_hears_all(const struct bond_run *run);
void run_balance_tick(struct bond_run *run, uint64_t now_ns);
void run_balance_arp_sent(struct bond_run *run, struct rte_mbuf *m);
void run_balance_arp_received(struct bond_run *run, const struct rlb_arp *arp);
