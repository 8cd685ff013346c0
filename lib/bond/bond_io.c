/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a worker does with a bond's queues by the bond PMD's own functions (io_path=pmd), and what
 * these functions leave undone: see the comments of each. Called by workers through struct fwd_io.
 */
#include "bond_priv.h"
#include "run.h"

#include <rte_ether.h>
#include <rte_mbuf.h>

enum { DRAIN_BURST = 32 };

/* Six bytes of a word: an address, or a frame's first ones. */
static inline uint64_t
mac_word(const void *bytes)
{
	uint64_t word;

	/* A frame in an mbuf always has the two bytes more; struct bond_member's addresses too. */
	memcpy(&word, bytes, sizeof(word));
	return rte_cpu_to_le_64(word) << 16;
}

static uint16_t
rx_pmd(const struct fwd_io *io, uint16_t queue, struct rte_mbuf **pkts, uint16_t n)
{
	return rte_eth_rx_burst(io->port_id, queue, pkts, n);
}

static uint16_t
tx_pmd(const struct fwd_io *io, uint16_t queue, struct rte_mbuf **pkts, uint16_t n)
{
	return rte_eth_tx_burst(io->port_id, queue, pkts, n);
}

/* Frames of one member whose address of its own is @own: theirs to the bond's. */
static inline void
rewrite(const struct bond_io_ctx *ctx, struct rte_mbuf **pkts, uint16_t n, uint64_t own)
{
	for (uint16_t i = 0; i < n; i++) {
		struct rte_ether_hdr *eth = rte_pktmbuf_mtod(pkts[i], struct rte_ether_hdr *);

		if (unlikely(mac_word(eth) == own))
			eth->dst_addr = ctx->mac;
	}
}

/*
 * Mode 6 answers ARP with the members' own addresses, so that peers send to them; whoever stands
 * behind the bond knows only the bond's. Linux does the same below a bridge (bond_handle_frame).
 * The PMD asks one member after the other, so the frames of each stand together.
 */
static uint16_t
rx_alb(const struct fwd_io *io, uint16_t queue, struct rte_mbuf **pkts, uint16_t n)
{
	const struct bond_io_ctx *ctx = io->ctx;
	uint16_t got = rte_eth_rx_burst(io->port_id, queue, pkts, n);

	for (uint16_t begin = 0, end; begin < got; begin = end) {
		uint16_t port = pkts[begin]->port;
		uint64_t own = ctx->rewrite_mac[port % RTE_MAX_ETHPORTS];

		end = got;
		if (unlikely(pkts[got - 1]->port != port))
			for (end = begin + 1; pkts[end]->port == port; end++)
				;
		if (own != 0)
			rewrite(ctx, pkts + begin, (uint16_t)(end - begin), own);
	}
	return got;
}

/* Whether the type, behind up to two tags as the PMD looks, is that of ARP. */
static bool
is_tagged_arp(const struct rte_ether_hdr *eth)
{
	const struct rte_vlan_hdr *vlan = (const struct rte_vlan_hdr *)(eth + 1);
	rte_be16_t type = eth->ether_type;

	for (int tags = 0; tags < 2; tags++) {
		if (type != RTE_BE16(RTE_ETHER_TYPE_VLAN) && type != RTE_BE16(RTE_ETHER_TYPE_QINQ))
			break;
		type = vlan->eth_proto;
		vlan++;
	}
	return type == RTE_BE16(RTE_ETHER_TYPE_ARP);
}

/*
 * Whether the PMD's mode 6 takes the frame for ARP. A frame too short for that is not sent by
 * itself, which is all that matters here.
 */
static bool
is_arp(const struct rte_mbuf *m)
{
	return is_tagged_arp(rte_pktmbuf_mtod(m, const struct rte_ether_hdr *));
}

/* Nothing but untagged IPv4, the usual burst: one load and one xor for each frame. */
static inline bool
all_ipv4(struct rte_mbuf *const *pkts, uint16_t n)
{
	rte_be16_t other = 0;

	for (uint16_t i = 0; i < n; i++)
		other |= rte_pktmbuf_mtod(pkts[i], const struct rte_ether_hdr *)->ether_type ^
		         RTE_BE16(RTE_ETHER_TYPE_IPV4);
	return other == 0;
}

/* One ARP frame by itself. Without an active member the PMD divides by their number: not then. */
static uint16_t
tx_one_arp(const struct fwd_io *io, uint16_t queue, struct rte_mbuf **pkt)
{
	uint16_t active[BOND_PMD_MAX_MEMBERS];

	if (bond_pmd_active_members(io->port_id, active) <= 0)
		return 0;
	return rte_eth_tx_burst(io->port_id, queue, pkt, 1);
}

/*
 * Mode 6. When the PMD cannot send all of a burst that mixes ARP with other frames, the tail that
 * it hands back holds pointers that were never the caller's (bond_ethdev_tx_burst_alb indexes its
 * own arrays wrongly). With one ARP frame alone, or none, its indexes are right: so a burst is cut
 * before and behind each ARP frame, and ends at the first cut that was not sent whole.
 */
static uint16_t
tx_alb(const struct fwd_io *io, uint16_t queue, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t done = 0;

	if (likely(all_ipv4(pkts, n)))
		return rte_eth_tx_burst(io->port_id, queue, pkts, n);
	while (done < n) {
		uint16_t end = done, sent;

		while (end < n && !is_arp(pkts[end]))
			end++;
		if (end == done) {
			sent = tx_one_arp(io, queue, pkts + done);
			end++;
		} else {
			sent = rte_eth_tx_burst(
				io->port_id, queue, pkts + done, (uint16_t)(end - done)
			);
		}
		done = (uint16_t)(done + sent);
		if (done < end)
			break;
	}
	return done;
}

/*
 * Modes 1 and 5. The PMD polls the current member only; what waits in the others would come out
 * as stale frames after a failover. Linux drops such frames on arrival, so they go here.
 */
static uint16_t
rx_drain_backups(const struct fwd_io *io, uint16_t queue)
{
	const struct bond_io_ctx *ctx = io->ctx;
	struct rte_mbuf *pkts[DRAIN_BURST];
	uint16_t current, n, total = 0;

	if (bond_pmd_current(io->port_id, &current) != 0)
		return 0;
	for (uint16_t i = 0; i < ctx->nb_members; i++) {
		if (ctx->members[i] == current)
			continue;
		n = rte_eth_rx_burst(ctx->members[i], queue, pkts, DRAIN_BURST);
		rte_pktmbuf_free_bulk(pkts, n);
		total = (uint16_t)(total + n);
	}
	return total;
}

/*
 * LACPDUs in mode 4 and the ARP updates of clients in mode 6 leave only from inside the bond's
 * transmit function, also an empty one.
 */
static uint16_t
tx_nothing(const struct fwd_io *io, uint16_t queue)
{
	struct rte_mbuf *nothing[1];

	(void)rte_eth_tx_burst(io->port_id, queue, nothing, 0);
	return 0;
}

struct mode_io {
	fwd_rx_fn rx;
	fwd_tx_fn tx;
	fwd_housekeep_fn rx_housekeep, tx_housekeep;
	/*
	 * Whether sending waits for one header after another, and whether receiving has asked for
	 * them all. Modes 0 and 1 look at headers too, but wait for none; prefetching gained
	 * nothing there.
	 */
	bool tx_by_headers, rx_reads_headers;
};

static const struct mode_io mode_io[BOND_MODE_COUNT] = {
	[BOND_MODE_RR] = {rx_pmd, tx_pmd, NULL, NULL, false, false},
	[BOND_MODE_AB] = {rx_pmd, tx_pmd, rx_drain_backups, NULL, false, false},
	[BOND_MODE_XOR] = {rx_pmd, tx_pmd, NULL, NULL, true, false},
	[BOND_MODE_BROADCAST] = {rx_pmd, tx_pmd, NULL, NULL, false, false},
	[BOND_MODE_8023AD] = {rx_pmd, tx_pmd, NULL, tx_nothing, true, true},
	[BOND_MODE_TLB] = {rx_pmd, tx_pmd, rx_drain_backups, NULL, true, false},
	[BOND_MODE_ALB] = {rx_alb, tx_alb, NULL, tx_nothing, true, true},
};

void
bond_io(const struct bond *bond, struct fwd_io *ret)
{
	const struct mode_io *m = &mode_io[bond->settings.mode];

	*ret = (struct fwd_io){
		.port_id = bond->port_id,
		.rx = m->rx,
		.tx = m->tx,
		.rx_housekeep = m->rx_housekeep,
		.tx_housekeep = m->tx_housekeep,
		.by_headers = m->tx_by_headers,
		/* Workers only read it. */
		.ctx = (void *)(uintptr_t)&bond->io,
	};
	if (bond->run != NULL)
		direct_io(bond->run->direct, ret);
	for (uint16_t i = 0; i < bond->nb_members; i++) {
		const struct bond_member *member = &bond->members[i];

		ret->strips_tags = ret->strips_tags || member->strips_tags;
		ret->from_device =
			ret->from_device || (member->from_device && !m->rx_reads_headers);
	}
}

void
bond_io_update(struct bond *bond)
{
	struct bond_io_ctx *ctx = &bond->io;

	memset(ctx, 0, sizeof(*ctx));
	ctx->port_id = bond->port_id;
	ctx->mac = bond->mac;
	for (uint16_t i = 0; i < bond->nb_members; i++) {
		const struct bond_member *m = &bond->members[i];

		if (!m->attached)
			continue;
		ctx->members[ctx->nb_members++] = m->port_id;
		if (!rte_is_same_ether_addr(&m->idle_mac, &bond->mac))
			ctx->rewrite_mac[m->port_id] = mac_word(&m->idle_mac);
	}
}
