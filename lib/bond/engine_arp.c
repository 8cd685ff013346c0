/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ARP monitor of a bond: link states from frames seen, probes to targets, and what of ARP and
 * neighbour discovery counts as a sign of life. Linux's bond_main.c, 6.12, from bond_validate_arp
 * to bond_activebackup_arp_mon; a part of the engine (engine.h).
 */
#include "engine_priv.h"
#include "units.h"

#include <string.h>

/* Bits of arp_validate: of which members frames are validated, and that others count ARP only. */
enum { VALIDATE_ACTIVE = 1 << 0, VALIDATE_BACKUP = 1 << 1, VALIDATE_FILTER = 1 << 2 };

static int64_t
interval_ns(const struct engine *e)
{
	return (int64_t)(e->s->arp_interval_ms * NSEC_PER_MSEC);
}

/*
 * bond_time_in_interval: at most @intervals ago and half an interval more, for the way of probe and
 * reply. Differences wrap: times before the clock began are as good as any.
 */
static bool
is_recent(const struct engine *e, uint64_t then_ns, int intervals, uint64_t now_ns)
{
	int64_t ago_ns = (int64_t)(now_ns - then_ns);

	return ago_ns >= -interval_ns(e) &&
	       ago_ns <= intervals * interval_ns(e) + interval_ns(e) / 2;
}

/*
 * The opposite of Linux's bond_is_active_slave: in mode 1 who neither is active nor is tried, else
 * who is down (bond_slave_state_change).
 */
static bool
is_backup(const struct engine *e, int index)
{
	if (e->s->mode == BOND_MODE_AB)
		return index != e->current && index != e->arp_current;
	return e->members[index].link == BOND_LINK_DOWN;
}

static bool
is_validated(const struct engine *e, int index)
{
	return (e->s->arp_validate & (is_backup(e, index) ? VALIDATE_BACKUP : VALIDATE_ACTIVE)) !=
	       0;
}

static bool
has_targets(const struct engine *e)
{
	return e->targets.nb_arp != 0 || e->targets.nb_ns != 0;
}

static uint64_t
earlier(uint64_t a_ns, uint64_t b_ns)
{
	return (int64_t)(a_ns - b_ns) < 0 ? a_ns : b_ns;
}

/*
 * slave_last_rx: with arp_all_targets=all the reply of the target that is silent for longest. Only
 * where frames are validated, as bonding.rst has it: the driver looks at replies that it never
 * notes otherwise, and takes every member down. ARP and NS targets have times of their own here.
 */
static uint64_t
last_rx(const struct engine *e, int index)
{
	const struct engine_member *m = &e->members[index];
	uint64_t oldest_ns;

	if (e->s->arp_all_targets != BOND_ARP_TARGETS_ALL || !is_validated(e, index) ||
	    !has_targets(e))
		return m->last_rx_ns;
	oldest_ns = e->targets.nb_arp != 0 ? m->target_rx_ns[0] : m->ns_target_rx_ns[0];
	for (unsigned i = 0; i < e->targets.nb_arp; i++)
		oldest_ns = earlier(oldest_ns, m->target_rx_ns[i]);
	for (unsigned i = 0; i < e->targets.nb_ns; i++)
		oldest_ns = earlier(oldest_ns, m->ns_target_rx_ns[i]);
	return oldest_ns;
}

/*
 * bond_enslave: an interval and a jiffy ago, which for half an interval is recent enough to come up
 * by. Not so here for a member that has no carrier.
 */
void
engine_arp_join(const struct engine *e, struct engine_member *m, uint64_t now_ns)
{
	uint64_t ago_ns = (uint64_t)interval_ns(e);

	ago_ns += m->link == BOND_LINK_DOWN ? ago_ns : NSEC_PER_MSEC;
	m->last_rx_ns = now_ns - ago_ns;
	m->last_tx_ns = m->last_rx_ns;
	for (int i = 0; i < BOND_MAX_TARGETS; i++) {
		m->target_rx_ns[i] = m->last_rx_ns;
		m->ns_target_rx_ns[i] = m->last_rx_ns;
	}
}

/*
 * Linux looks at times of long ago, when nobody probed, and takes all members down first. What is
 * going down is no state to begin with: the current member stays, others have to show life.
 */
void
engine_arp_start(struct engine *e, uint64_t now_ns)
{
	for (int i = 0; i < e->nb_members; i++) {
		struct engine_member *m = &e->members[i];

		if (m->link == BOND_LINK_FAIL)
			engine_set_link(e, i, i == e->current ? BOND_LINK_UP : BOND_LINK_DOWN);
		if (m->link != BOND_LINK_UP)
			continue;
		m->last_tx_ns = now_ns;
		m->last_rx_ns = now_ns;
		m->last_link_up_ns = now_ns;
	}
	engine_set_carrier(e);
}

static void
probe(struct engine *e, int index, uint64_t now_ns)
{
	if (!has_targets(e))
		return;
	e->members[index].last_tx_ns = now_ns;
	e->ops.probe(e->ops.ctx, index);
}

/* Modes 0, 2 and 3 (bond_loadbalance_arp_mon). */
static enum bond_link
inspect_balanced(const struct engine *e, const struct engine_member *m, uint64_t now_ns)
{
	int intervals = m->link == BOND_LINK_UP ? e->s->arp_missed_max : 1;

	if (!m->phy.present)
		return BOND_LINK_DOWN;
	if (is_recent(e, m->last_tx_ns, intervals, now_ns) &&
	    is_recent(e, m->last_rx_ns, intervals, now_ns))
		return BOND_LINK_UP;
	return m->link == BOND_LINK_UP ? BOND_LINK_DOWN : m->link;
}

static void
tick_balanced(struct engine *e, uint64_t now_ns)
{
	enum bond_link links[BOND_MAX_MEMBERS];

	for (int i = 0; i < e->nb_members; i++) {
		links[i] = inspect_balanced(e, &e->members[i], now_ns);
		if (engine_phy_up(&e->members[i]))
			probe(e, i, now_ns);
	}
	engine_commit(e, links, now_ns);
}

/* Mode 1 (bond_ab_arp_inspect). A backup has an interval more, and all when one is sought. */
static enum bond_link
inspect_backed_up(const struct engine *e, int index, uint64_t now_ns)
{
	const struct engine_member *m = &e->members[index];
	uint64_t rx_ns = last_rx(e, index);
	int missed_max = e->s->arp_missed_max;
	bool alive;

	if (!m->phy.present)
		return BOND_LINK_DOWN;
	if (m->link != BOND_LINK_UP) {
		if (is_recent(e, rx_ns, 1, now_ns))
			return BOND_LINK_UP;
		return m->link == BOND_LINK_BACK ? BOND_LINK_FAIL : m->link;
	}
	/* Times of reception need a whole round of probes to be worth something. */
	if (is_recent(e, m->last_link_up_ns, 2, now_ns))
		return BOND_LINK_UP;
	if (is_backup(e, index))
		alive = e->arp_current != ENGINE_NO_MEMBER ||
		        is_recent(e, rx_ns, missed_max + 1, now_ns);
	else
		alive = is_recent(e, m->last_tx_ns, missed_max, now_ns) &&
		        is_recent(e, rx_ns, missed_max, now_ns);
	return alive ? BOND_LINK_UP : BOND_LINK_DOWN;
}

/* The next one behind @after that can be probed, itself at last. */
static int
next_candidate(const struct engine *e, int after)
{
	for (int n = 1; n <= e->nb_members; n++) {
		int i = (after + n) % e->nb_members;

		if (engine_phy_up(&e->members[i]))
			return i;
	}
	return ENGINE_NO_MEMBER;
}

/* While nobody is active one member after the other is tried, from the second on. */
static void
try_next(struct engine *e, uint64_t now_ns)
{
	int next = next_candidate(e, e->arp_current != ENGINE_NO_MEMBER ? e->arp_current : 0);

	if (next == ENGINE_NO_MEMBER)
		return;
	engine_set_link(e, next, BOND_LINK_BACK);
	e->members[next].last_link_up_ns = now_ns;
	e->arp_current = next;
	probe(e, next, now_ns);
}

/* bond_activebackup_arp_mon: inspect, commit, bond_ab_arp_probe. */
static void
tick_backed_up(struct engine *e, uint64_t now_ns)
{
	enum bond_link links[BOND_MAX_MEMBERS];

	for (int i = 0; i < e->nb_members; i++)
		links[i] = inspect_backed_up(e, i, now_ns);
	engine_commit(e, links, now_ns);
	if (e->current != ENGINE_NO_MEMBER) {
		e->arp_current = ENGINE_NO_MEMBER;
		probe(e, e->current, now_ns);
	} else {
		try_next(e, now_ns);
	}
}

void
engine_arp_tick(struct engine *e, uint64_t now_ns)
{
	engine_count_notification(e);
	if (e->s->mode == BOND_MODE_AB)
		tick_backed_up(e, now_ns);
	else
		tick_balanced(e, now_ns);
}

void
engine_note_tx(struct engine *e, int index, uint64_t now_ns)
{
	e->members[index].last_tx_ns = now_ns;
}

void
engine_note_rx(struct engine *e, int index, uint64_t now_ns)
{
	if (!is_validated(e, index) && (e->s->arp_validate & VALIDATE_FILTER) == 0)
		e->members[index].last_rx_ns = now_ns;
}

/* How a frame of the monitor is to be read on the member that received it. */
enum reading {
	READ_NOT,     /* it tells nothing */
	READ_REPLY,   /* a target says something to us */
	READ_REQUEST, /* a switch brings what we say to a target */
	READ_ANY,     /* not validated: it counts as it is */
};

/*
 * The three cases of bond_arp_rcv: (a) what the active member, or the one being tried, receives is
 * from a target. (b) A backup hears the active member's own requests, which is worth something
 * while that one has replies. (c) Replies to the member being tried may come in on any, as long as
 * a switch has not learnt where it is. One thing is ours: modes 0, 2 and 3 with all members down
 * accept (a), where Linux's never come up again.
 */
static enum reading
reading_of(const struct engine *e, int index, bool is_reply, uint64_t now_ns)
{
	int current = e->current, tried = e->arp_current;

	if (!is_validated(e, index))
		return READ_ANY;
	if (!is_backup(e, index))
		return READ_REPLY;
	if (current == ENGINE_NO_MEMBER && e->s->mode != BOND_MODE_AB)
		return READ_REPLY;
	if (current != ENGINE_NO_MEMBER &&
	    (int64_t)(last_rx(e, current) - e->members[current].last_link_up_ns) > 0)
		return READ_REQUEST;
	if (tried != ENGINE_NO_MEMBER && is_reply &&
	    is_recent(e, e->members[tried].last_tx_ns, 1, now_ns))
		return READ_REPLY;
	return READ_NOT;
}

static int
find_target(const struct engine *e, rte_be32_t ip)
{
	for (int i = 0; i < e->targets.nb_arp; i++)
		if (e->targets.arp[i] == ip)
			return i;
	return -1;
}

void
engine_arp_rx(
	struct engine *e,
	int index,
	const struct engine_arp *arp,
	bool (*is_our_ip)(void *ctx, rte_be32_t ip),
	void *ctx,
	uint64_t now_ns
)
{
	struct engine_member *m = &e->members[index];
	enum reading reading = reading_of(e, index, arp->is_reply, now_ns);
	bool swapped = reading == READ_REQUEST;
	rte_be32_t theirs = swapped ? arp->target_ip : arp->sender_ip;
	rte_be32_t ours = swapped ? arp->sender_ip : arp->target_ip;
	int target = find_target(e, theirs);

	if (reading == READ_ANY) {
		m->last_rx_ns = now_ns;
		return;
	}
	if (reading == READ_NOT || !arp->is_broadcast_or_ours || target < 0 ||
	    !is_our_ip(ctx, ours))
		return;
	m->last_rx_ns = now_ns;
	m->target_rx_ns[target] = now_ns;
}

/* ff02::1:ffXX:XXXX, with the last three bytes of the address (RFC 4291, 2.7.1). */
static struct bond_ip6
solicited_node(const struct bond_ip6 *ip)
{
	struct bond_ip6 group = {{0xff, 0x02, [11] = 0x01, [12] = 0xff}};

	memcpy(group.bytes + 13, ip->bytes + 13, 3);
	return group;
}

static bool
is_same(const struct bond_ip6 *a, const struct bond_ip6 *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* bond_get_targets_ip6: the address itself, or where solicitations for it are sent to. */
static int
find_ns_target(const struct engine *e, const struct bond_ip6 *ip)
{
	for (int i = 0; i < e->targets.nb_ns; i++) {
		struct bond_ip6 group = solicited_node(&e->targets.ns[i]);

		if (is_same(&e->targets.ns[i], ip) || is_same(&group, ip))
			return i;
	}
	return -1;
}

void
engine_nd_rx(
	struct engine *e,
	int index,
	const struct engine_nd *nd,
	bool (*is_our_ip)(void *ctx, const struct bond_ip6 *ip),
	void *ctx,
	uint64_t now_ns
)
{
	static const struct bond_ip6 all_nodes = {{0xff, 0x02, [15] = 0x01}};
	struct engine_member *m = &e->members[index];
	enum reading reading = reading_of(e, index, true, now_ns);
	bool swapped = reading == READ_REQUEST;
	const struct bond_ip6 *theirs = swapped ? &nd->daddr : &nd->saddr;
	const struct bond_ip6 *ours = swapped ? &nd->saddr : &nd->daddr;
	int target = find_ns_target(e, theirs);

	if (reading == READ_ANY) {
		m->last_rx_ns = now_ns;
		return;
	}
	if (reading == READ_NOT || target < 0 ||
	    (!is_same(ours, &all_nodes) && !is_our_ip(ctx, ours)))
		return;
	m->last_rx_ns = now_ns;
	m->ns_target_rx_ns[target] = now_ns;
}

/* The times of member @m under the targets of before become those under @now. */
static void
follow_targets(
	struct engine_member *m,
	const struct engine_targets *was,
	const struct engine_targets *now,
	uint64_t now_ns
)
{
	struct engine_member before = *m;

	for (int i = 0; i < now->nb_arp; i++) {
		m->target_rx_ns[i] = now_ns;
		for (int j = 0; j < was->nb_arp; j++)
			if (was->arp[j] == now->arp[i])
				m->target_rx_ns[i] = before.target_rx_ns[j];
	}
	for (int i = 0; i < now->nb_ns; i++) {
		m->ns_target_rx_ns[i] = now_ns;
		for (int j = 0; j < was->nb_ns; j++)
			if (is_same(&was->ns[j], &now->ns[i]))
				m->ns_target_rx_ns[i] = before.ns_target_rx_ns[j];
	}
}

void
engine_arp_targets_changed(struct engine *e, uint64_t now_ns)
{
	struct engine_targets now = {
		.nb_arp = e->s->nb_arp_targets,
		.nb_ns = e->s->nb_ns_targets,
	};

	memcpy(now.arp, e->s->arp_targets, sizeof(now.arp));
	memcpy(now.ns, e->s->ns_targets, sizeof(now.ns));
	for (int i = 0; i < e->nb_members; i++)
		follow_targets(&e->members[i], &e->targets, &now, now_ns);
	e->targets = now;
}
