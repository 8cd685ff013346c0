/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See rlb.h. Differences to Linux's driver: the VLAN is part of what identifies a client; a request
 * of ours does not make forget the client's address; gratuitous ARP and probes take no place in the
 * table; the delay between rounds runs also while nobody has to be told anything; and requests put
 * a round off for a limited time only, where a busy host would never come to tell anybody.
 */
#include "rlb.h"

#include "units.h"

#include <rte_config.h>
#include <rte_ether.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NO_PORT = RTE_MAX_ETHPORTS };

static const uint64_t not_waiting = UINT64_MAX;

/* struct rlb_client_info of Linux. */
struct client {
	bool assigned;
	bool ntt; /* need to transmit: it has to be told */
	rte_be32_t our_ip, client_ip;
	struct rte_ether_addr our_mac; /* that the frame was from, before it was changed */
	struct rte_ether_addr client_mac;
	uint16_t port_id; /* of its member, or NO_PORT */
	uint16_t vlan_id;
};

struct rlb {
	struct client clients[RLB_CLIENTS]; /* by hash of client_ip */
	uint16_t last_port;                 /* that was given a client: the next one is behind it */
	bool rebalance;

	/* Clients that gave way to others: told at once to turn to the active member. */
	int nb_moved;
	struct client moved[RLB_CLIENTS];

	int round;              /* the client to be looked at next; RLB_CLIENTS: between rounds */
	unsigned retries;       /* rounds that leave ntt set */
	uint64_t next_round_ns; /* not before */
	uint64_t waiting_since_ns; /* that somebody has to be told, or not_waiting */

	int nb_known; /* members as of the last rlb_members_changed */
	struct rlb_member known[BOND_MAX_MEMBERS];
};

int
rlb_new(struct rlb **ret)
{
	struct rlb *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return -ENOMEM;
	r->last_port = NO_PORT;
	r->round = RLB_CLIENTS;
	r->waiting_since_ns = not_waiting;
	*ret = r;
	return 0;
}

struct rlb *
rlb_free(struct rlb *r)
{
	free(r);
	return NULL;
}

/* _simple_hash of four bytes. */
static struct client *
client_at(struct rlb *r, rte_be32_t ip)
{
	uint8_t bytes[sizeof(ip)];

	memcpy(bytes, &ip, sizeof(ip));
	return &r->clients[bytes[0] ^ bytes[1] ^ bytes[2] ^ bytes[3]];
}

static int
find_port(const struct rlb_member *members, int n, uint16_t port_id)
{
	for (int i = 0; i < n; i++)
		if (members[i].port_id == port_id)
			return i;
	return -1;
}

static int
find_usable(const struct rlb_view *v, uint16_t port_id)
{
	int index = find_port(v->members, v->nb_members, port_id);

	return index >= 0 && v->members[index].usable ? index : -1;
}

static bool
is_ours(const struct rlb_view *v, const struct rte_ether_addr *mac)
{
	if (rte_is_same_ether_addr(mac, &v->bond_mac))
		return true;
	for (int i = 0; i < v->nb_members; i++)
		if (rte_is_same_ether_addr(mac, &v->members[i].mac))
			return true;
	return false;
}

/* Whether @i is faster than the candidate @best, which may be none. */
static bool
is_faster(const struct rlb_view *v, int i, int best)
{
	return best < 0 || v->members[i].speed_mbps > v->members[best].speed_mbps;
}

/*
 * The next member to be given a client, or -1: the fastest usable one, those of equal speed in turn
 * (rlb_choose_channel and what it calls).
 */
static int
next_member(struct rlb *r, const struct rlb_view *v)
{
	int before = -1, behind = -1; /* the best ones up to the last, and behind it */
	bool passed = false;

	for (int i = 0; i < v->nb_members; i++) {
		int *best = passed ? &behind : &before;

		if (!v->members[i].usable)
			continue;
		if (is_faster(v, i, *best))
			*best = i;
		if (v->members[i].port_id == r->last_port)
			passed = true;
	}
	if (behind < 0 || (before >= 0 && is_faster(v, before, behind)))
		behind = before;
	if (behind >= 0)
		r->last_port = v->members[behind].port_id;
	return behind;
}

/* The client's member or the member's address changed: it has to be told, if it is known. */
static bool
request_update(struct client *c)
{
	c->ntt = rte_is_valid_assigned_ether_addr(&c->client_mac);
	return c->ntt;
}

/* Another client needs the place of @c (rlb_choose_channel). */
static void
give_way(struct rlb *r, const struct rlb_view *v, const struct client *c)
{
	if (v->active < 0 || c->port_id == v->members[v->active].port_id ||
	    !rte_is_valid_assigned_ether_addr(&c->client_mac) || r->nb_moved == RLB_CLIENTS)
		return;
	r->moved[r->nb_moved++] = *c;
}

static bool
is_client_of(const struct client *c, const struct rlb_arp *arp)
{
	return c->assigned && c->our_ip == arp->src_ip && c->client_ip == arp->dst_ip &&
	       c->vlan_id == arp->vlan_id;
}

/* The member of the client that a frame of ours is for; it gets one if it has none. */
static int
choose_member(struct rlb *r, const struct rlb_view *v, const struct rlb_arp *arp)
{
	struct client *c = client_at(r, arp->dst_ip);
	struct rte_ether_addr client_mac = arp->dst_mac;
	int index;

	if (is_client_of(c, arp)) {
		/* A request does not know the address that it asks for. */
		if (!rte_is_valid_assigned_ether_addr(&client_mac))
			client_mac = c->client_mac;
		c->client_mac = client_mac;
		c->our_mac = arp->src_mac;
		index = find_usable(v, c->port_id);
		if (index >= 0)
			return index;
	} else if (c->assigned) {
		give_way(r, v, c);
	}
	index = next_member(r, v);
	if (index < 0)
		return -1;
	*c = (struct client){
		.assigned = true,
		.our_ip = arp->src_ip,
		.client_ip = arp->dst_ip,
		.our_mac = arp->src_mac,
		.client_mac = client_mac,
		.port_id = v->members[index].port_id,
		.vlan_id = arp->vlan_id,
	};
	request_update(c);
	return index;
}

/*
 * Whoever hears a request of ours takes the bond's address from it: those who were told another one
 * are told again (rlb_req_update_subnet_clients).
 */
static void
request_was_heard(struct rlb *r, const struct rlb_view *v, rte_be32_t our_ip, uint16_t vlan_id)
{
	for (int i = 0; i < RLB_CLIENTS; i++) {
		struct client *c = &r->clients[i];
		int index;

		if (!c->assigned || c->our_ip != our_ip || c->vlan_id != vlan_id)
			continue;
		index = find_port(v->members, v->nb_members, c->port_id);
		if (index >= 0 && !rte_is_same_ether_addr(&v->members[index].mac, &v->bond_mac))
			request_update(c);
	}
}

int
rlb_tx(struct rlb *r,
       const struct rlb_view *v,
       const struct rlb_arp *arp,
       uint64_t now_ns,
       struct rte_ether_addr *ret_src_mac)
{
	int index = -1;

	if (!is_ours(v, &arp->src_mac) || arp->src_ip == 0)
		return -1;
	if (arp->src_ip != arp->dst_ip)
		index = choose_member(r, v, arp);
	if (!arp->is_reply) {
		r->next_round_ns = now_ns + RLB_UPDATE_DELAY_MS * NSEC_PER_MSEC;
		request_was_heard(r, v, arp->src_ip, arp->vlan_id);
	}
	if (index >= 0)
		*ret_src_mac = arp->is_reply ? v->members[index].mac : arp->src_mac;
	return index;
}

void
rlb_rx(struct rlb *r, const struct rlb_view *v, const struct rlb_arp *arp)
{
	struct client *c = client_at(r, arp->src_ip);

	if (is_ours(v, &arp->src_mac))
		return;
	for (int i = 0; i < RLB_CLIENTS; i++) {
		struct client *other = &r->clients[i];

		if (other->assigned && other->our_ip == arp->src_ip &&
		    other->vlan_id == arp->vlan_id &&
		    !rte_is_same_ether_addr(&other->our_mac, &arp->src_mac))
			*other = (struct client){0};
	}
	if (!arp->is_reply || !rte_is_valid_assigned_ether_addr(&arp->src_mac) || !c->assigned ||
	    c->client_ip != arp->src_ip || c->our_ip != arp->dst_ip || c->vlan_id != arp->vlan_id ||
	    rte_is_same_ether_addr(&c->client_mac, &arp->src_mac))
		return;
	c->client_mac = arp->src_mac;
	request_update(c);
}

/* A member is lost: its clients go to the others. */
static void
clear_member(struct rlb *r, const struct rlb_view *v, uint16_t port_id)
{
	for (int i = 0; i < RLB_CLIENTS; i++) {
		struct client *c = &r->clients[i];
		int index;

		if (!c->assigned || c->port_id != port_id)
			continue;
		index = next_member(r, v);
		c->port_id = index >= 0 ? v->members[index].port_id : NO_PORT;
		if (index >= 0 && request_update(c))
			r->retries = RLB_UPDATE_RETRY;
	}
}

static void
update_clients_of(struct rlb *r, uint16_t port_id)
{
	for (int i = 0; i < RLB_CLIENTS; i++) {
		struct client *c = &r->clients[i];

		if (c->assigned && c->port_id == port_id && request_update(c))
			r->retries = RLB_UPDATE_RETRY;
	}
}

void
rlb_members_changed(struct rlb *r, const struct rlb_view *v)
{
	for (int k = 0; k < r->nb_known; k++) {
		uint16_t port_id = r->known[k].port_id;

		/* Whoever is removed takes the turn with it (bond_alb.c). */
		if (find_port(v->members, v->nb_members, port_id) < 0)
			r->last_port = NO_PORT;
		if (r->known[k].usable && find_usable(v, port_id) < 0)
			clear_member(r, v, port_id);
	}
	for (int i = 0; i < v->nb_members; i++) {
		const struct rlb_member *m = &v->members[i];
		int k = find_port(r->known, r->nb_known, m->port_id);

		if (m->usable && (k < 0 || !r->known[k].usable))
			r->rebalance = true;
		if (k >= 0 && !rte_is_same_ether_addr(&m->mac, &r->known[k].mac))
			update_clients_of(r, m->port_id);
	}
	r->nb_known = v->nb_members;
	for (int i = 0; i < v->nb_members; i++)
		r->known[i] = v->members[i];
}

/* A member has become usable: all clients are dealt anew (rlb_rebalance). */
static void
rebalance(struct rlb *r, const struct rlb_view *v)
{
	for (int i = 0; i < RLB_CLIENTS; i++) {
		struct client *c = &r->clients[i];
		int index;

		if (!c->assigned)
			continue;
		index = next_member(r, v);
		if (index < 0 || v->members[index].port_id == c->port_id)
			continue;
		c->port_id = v->members[index].port_id;
		request_update(c);
	}
}

static struct rlb_update
update_of(const struct rlb_view *v, const struct client *c, int index)
{
	return (struct rlb_update){
		.member = index,
		.vlan_id = c->vlan_id,
		.src_mac = v->members[index].mac,
		.dst_mac = c->client_mac,
		.src_ip = c->our_ip,
		.dst_ip = c->client_ip,
	};
}

static int
tell_moved(struct rlb *r, const struct rlb_view *v, struct rlb_update *ret, int max)
{
	int n = 0;

	if (v->active < 0)
		return 0;
	while (n < r->nb_moved && n < max) {
		ret[n] = update_of(v, &r->moved[n], v->active);
		n++;
	}
	r->nb_moved -= n;
	memmove(r->moved, r->moved + n, (size_t)r->nb_moved * sizeof(r->moved[0]));
	return n;
}

static bool
somebody_has_to_be_told(const struct rlb *r)
{
	for (int i = 0; i < RLB_CLIENTS; i++)
		if (r->clients[i].ntt)
			return true;
	return false;
}

/* Whether a round is under way or begins now. */
static bool
round_is_due(struct rlb *r, uint64_t now_ns)
{
	if (r->round < RLB_CLIENTS)
		return true;
	if (!somebody_has_to_be_told(r)) {
		r->waiting_since_ns = not_waiting;
		return false;
	}
	if (r->waiting_since_ns == not_waiting)
		r->waiting_since_ns = now_ns;
	if (now_ns < r->next_round_ns &&
	    now_ns - r->waiting_since_ns < RLB_LONGEST_WAIT_MS * NSEC_PER_MSEC)
		return false;
	r->round = 0;
	return true;
}

int
rlb_tick(struct rlb *r, const struct rlb_view *v, uint64_t now_ns, struct rlb_update *ret, int max)
{
	int n = tell_moved(r, v, ret, max);

	if (r->rebalance) {
		r->rebalance = false;
		rebalance(r, v);
	}
	if (!round_is_due(r, now_ns))
		return n;
	for (; r->round < RLB_CLIENTS; r->round++) {
		struct client *c = &r->clients[r->round];
		int index = find_usable(v, c->port_id);

		if (!c->ntt)
			continue;
		if (index >= 0) {
			if (n == max)
				return n;
			ret[n++] = update_of(v, c, index);
		}
		c->ntt = r->retries != 0;
	}
	r->next_round_ns = now_ns + RLB_UPDATE_DELAY_MS * NSEC_PER_MSEC;
	r->waiting_since_ns = not_waiting;
	if (r->retries != 0)
		r->retries--;
	return n;
}

int
rlb_clients(const struct rlb *r, struct rlb_client_view *ret, int max)
{
	int n = 0;

	for (int i = 0; i < RLB_CLIENTS && n < max; i++) {
		const struct client *c = &r->clients[i];

		if (!c->assigned)
			continue;
		ret[n++] = (struct rlb_client_view){
			.client_ip = c->client_ip,
			.our_ip = c->our_ip,
			.client_mac = c->client_mac,
			.port_id = c->port_id,
			.vlan_id = c->vlan_id,
		};
	}
	return n;
}
