/* SPDX-License-Identifier: BSD-3-Clause */
/* See learn.h. Entries are found by a scan over their keys, which are a page of memory. */
#include "learn.h"

#include "frames.h"
#include "units.h"

#include <rte_ether.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct address {
	uint64_t seen_ns;
	struct bond_address address;
};

struct entry {
	uint64_t seen_ns;
	bool has_advertised, is_router;
	uint16_t nb_addresses;
	struct address addresses[LEARN_MAX_ADDRESSES];
};

struct learn {
	uint64_t keys[LEARN_ENTRIES]; /* key_of; 0: the entry is free */
	struct entry entries[LEARN_ENTRIES];
};

int
learn_new(struct learn **ret)
{
	struct learn *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return -ENOMEM;
	*ret = l;
	return 0;
}

struct learn *
learn_free(struct learn *l)
{
	free(l);
	return NULL;
}

static uint64_t
key_of(const struct rte_ether_addr *mac, uint16_t vlan_id)
{
	uint64_t key = 0;

	for (int i = 0; i < RTE_ETHER_ADDR_LEN; i++)
		key = key << 8 | mac->addr_bytes[i];
	return key << 16 | vlan_id;
}

/* The index of @key, or -1. */
static int
find(const struct learn *l, uint64_t key)
{
	for (int i = 0; i < LEARN_ENTRIES; i++)
		if (l->keys[i] == key)
			return i;
	return -1;
}

static struct entry *
take(struct learn *l, uint64_t key)
{
	int index = find(l, key);

	if (index >= 0)
		return &l->entries[index];
	index = find(l, 0);
	if (index < 0) {
		index = 0;
		for (int i = 1; i < LEARN_ENTRIES; i++)
			if (l->entries[i].seen_ns < l->entries[index].seen_ns)
				index = i;
	}
	l->keys[index] = key;
	l->entries[index] = (struct entry){0};
	return &l->entries[index];
}

static bool
is_same_address(const struct bond_address *a, const struct bond_address *b)
{
	if (a->is_v6 != b->is_v6)
		return false;
	return a->is_v6 ? memcmp(&a->v6, &b->v6, sizeof(a->v6)) == 0 : a->v4 == b->v4;
}

static void
drop_address(struct entry *e, uint16_t i)
{
	e->addresses[i] = e->addresses[--e->nb_addresses];
}

/* Nobody else in the VLAN has the address any more. */
static void
take_from_others(struct learn *l, const struct entry *owner, const struct bond_address *a)
{
	for (int k = 0; k < LEARN_ENTRIES; k++) {
		struct entry *e = &l->entries[k];

		if (l->keys[k] == 0 || e == owner || (l->keys[k] & 0xffff) != a->vlan_id)
			continue;
		for (uint16_t i = 0; i < e->nb_addresses; i++)
			if (is_same_address(&e->addresses[i].address, a)) {
				drop_address(e, i);
				break;
			}
	}
}

static void
learn_address(struct learn *l, struct entry *e, const struct bond_address *a, uint64_t now_ns)
{
	uint16_t oldest = 0, i;

	for (i = 0; i < e->nb_addresses; i++) {
		if (is_same_address(&e->addresses[i].address, a)) {
			e->addresses[i].seen_ns = now_ns;
			return;
		}
		if (e->addresses[i].seen_ns < e->addresses[oldest].seen_ns)
			oldest = i;
	}
	take_from_others(l, e, a);
	if (e->nb_addresses < LEARN_MAX_ADDRESSES)
		i = e->nb_addresses++;
	else
		i = oldest;
	e->addresses[i] = (struct address){.seen_ns = now_ns, .address = *a};
}

/* The IP address that the sender of a frame says is its own; false: it says none. */
static bool
own_address(const struct frame_view *v, struct bond_address *ret)
{
	static const struct bond_ip6 unspecified;

	*ret = (struct bond_address){.vlan_id = v->vlan_id};
	switch (v->kind) {
	case FRAME_ARP:
		ret->v4 = v->arp.sender_ip;
		return ret->v4 != 0 && rte_is_same_ether_addr(&v->arp.sender_mac, &v->src);
	case FRAME_NS:
	case FRAME_NA:
		ret->is_v6 = true;
		ret->v6 = v->kind == FRAME_NA ? v->target : v->saddr;
		if (v->has_lladdr && !rte_is_same_ether_addr(&v->lladdr, &v->src))
			return false;
		return memcmp(&ret->v6, &unspecified, sizeof(unspecified)) != 0;
	default:
		return false;
	}
}

void
learn_frame(struct learn *l, const struct frame_view *v, uint64_t now_ns)
{
	struct bond_address address;
	struct entry *e;

	if (!rte_is_valid_assigned_ether_addr(&v->src) || v->nb_tags > 1 ||
	    v->tpid == RTE_ETHER_TYPE_QINQ)
		return;
	e = take(l, key_of(&v->src, v->vlan_id));
	e->seen_ns = now_ns;
	if (!own_address(v, &address))
		return;
	if (v->kind == FRAME_NA) {
		e->has_advertised = true;
		e->is_router = v->is_router;
	}
	learn_address(l, e, &address, now_ns);
}

void
learn_forget(struct learn *l, const struct rte_ether_addr *mac, uint16_t vlan_id)
{
	int index = find(l, key_of(mac, vlan_id));

	if (index >= 0)
		l->keys[index] = 0;
}

static bool
is_too_old(uint64_t seen_ns, uint64_t now_ns)
{
	return now_ns > seen_ns && now_ns - seen_ns >= LEARN_AGE_MS * NSEC_PER_MSEC;
}

void
learn_age(struct learn *l, uint64_t now_ns)
{
	for (int k = 0; k < LEARN_ENTRIES; k++) {
		struct entry *e = &l->entries[k];

		if (l->keys[k] == 0)
			continue;
		if (is_too_old(e->seen_ns, now_ns)) {
			l->keys[k] = 0;
			continue;
		}
		for (uint16_t i = e->nb_addresses; i-- > 0;)
			if (is_too_old(e->addresses[i].seen_ns, now_ns))
				drop_address(e, i);
	}
}

static bool
has_address(const struct learn *l, const struct bond_address *a)
{
	for (int k = 0; k < LEARN_ENTRIES; k++) {
		const struct entry *e = &l->entries[k];

		if (l->keys[k] == 0)
			continue;
		for (uint16_t i = 0; i < e->nb_addresses; i++)
			if (is_same_address(&e->addresses[i].address, a))
				return true;
	}
	return false;
}

bool
learn_has_ip4(const struct learn *l, rte_be32_t ip)
{
	return has_address(l, &(struct bond_address){.v4 = ip});
}

bool
learn_has_ip6(const struct learn *l, const struct bond_ip6 *ip)
{
	return has_address(l, &(struct bond_address){.is_v6 = true, .v6 = *ip});
}

static void
show_entry(struct learn_entry *ret, uint64_t key, const struct entry *e)
{
	*ret = (struct learn_entry){.vlan_id = (uint16_t)key, .is_router = e->is_router};
	for (int i = RTE_ETHER_ADDR_LEN - 1; i >= 0; i--) {
		key >>= i == RTE_ETHER_ADDR_LEN - 1 ? 16 : 8;
		ret->mac.addr_bytes[i] = (uint8_t)key;
	}
	for (uint16_t i = 0; i < e->nb_addresses; i++) {
		const struct bond_address *a = &e->addresses[i].address;

		if (!a->is_v6 || e->has_advertised)
			ret->addresses[ret->nb_addresses++] = *a;
	}
}

void
learn_walk(const struct learn *l, void (*visit)(void *ctx, const struct learn_entry *e), void *ctx)
{
	for (int k = 0; k < LEARN_ENTRIES; k++) {
		struct learn_entry shown;

		if (l->keys[k] == 0)
			continue;
		show_entry(&shown, l->keys[k], &l->entries[k]);
		visit(ctx, &shown);
	}
}
