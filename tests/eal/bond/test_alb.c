/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mode 6 when a member takes nothing: what the bond's transmit function hands back are the caller's
 * own frames, each once. Two net_tap members in a network namespace of the test; a tap that is down
 * refuses frames while the bond PMD still believes in its link.
 */
#include "bench.h"

#include <rte_arp.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

enum { BURST = 16 };

static void
set_netdev(const char *name, bool up)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {0};

	assert_true(fd >= 0);
	strcpy(ifr.ifr_name, name);
	assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &ifr), 0);
	if (up)
		ifr.ifr_flags |= IFF_UP;
	else
		ifr.ifr_flags &= ~IFF_UP;
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &ifr), 0);
	close(fd);
}

/* An ARP reply from the bond (the PMD assigns a member for each), or an IPv4 frame. */
static void
fill(struct rte_mbuf *m, const struct rte_ether_addr *mac, bool arp, uint8_t n)
{
	struct rte_ether_hdr *eth;

	assert_non_null(rte_pktmbuf_append(m, 60));
	eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	memset(eth, 0, 60);
	eth->src_addr = *mac;
	eth->dst_addr = (struct rte_ether_addr){{2, 0, 0, 0, 1, n}};
	eth->ether_type = rte_cpu_to_be_16(arp ? RTE_ETHER_TYPE_ARP : RTE_ETHER_TYPE_IPV4);
	if (arp) {
		struct rte_arp_hdr *a = (struct rte_arp_hdr *)(eth + 1);

		a->arp_opcode = rte_cpu_to_be_16(RTE_ARP_OP_REPLY);
		a->arp_data.arp_sha = *mac;
		a->arp_data.arp_sip = rte_cpu_to_be_32(RTE_IPV4(198, 18, 0, 1));
		a->arp_data.arp_tha = eth->dst_addr;
		a->arp_data.arp_tip = rte_cpu_to_be_32(RTE_IPV4(198, 18, 1, n));
	}
}

/*
 * Send a burst of ARP and IPv4 in the pattern of @mix's bits. The frames sent and those handed back
 * must be the caller's own, each once; handed-back ones are freed.
 */
static uint16_t
send_mix(const struct fwd_io *io, struct rte_mempool *pool, unsigned mix)
{
	struct rte_mbuf *mine[BURST], *pkts[BURST];
	struct rte_ether_addr mac;
	uint16_t sent;

	assert_int_equal(rte_eth_macaddr_get(io->port_id, &mac), 0);
	assert_int_equal(rte_pktmbuf_alloc_bulk(pool, mine, BURST), 0);
	for (uint8_t i = 0; i < BURST; i++)
		fill(mine[i], &mac, (mix >> i & 1) != 0, i);
	memcpy(pkts, mine, sizeof(pkts));
	sent = io->tx(io, 0, pkts, BURST);
	assert_true(sent <= BURST);
	for (uint16_t i = sent; i < BURST; i++) {
		bool own = false;

		for (uint16_t k = 0; k < BURST; k++)
			own = own || pkts[i] == mine[k];
		assert_true(own);
		for (uint16_t k = sent; k < i; k++)
			assert_ptr_not_equal(pkts[i], pkts[k]);
	}
	rte_pktmbuf_free_bulk(pkts + sent, BURST - sent);
	return sent;
}

static void
unsent_frames_are_the_callers(void **state)
{
	static const unsigned mixes[] = {0x0000, 0xffff, 0x00ff, 0xff00, 0x5555, 0x1248, 0x8001};
	struct bench b;
	struct bond *bond;
	struct fwd_io io;
	struct reason why;
	struct rte_mempool *pool;

	(void)state;
	bench_new(&b);
	if (bench_bond(&b, "b mode=6 io_path=pmd members=net_tap0,net_tap1 miimon=10", &why) != 0)
		fail_msg("%s", why.text);
	bond = bonds_find(b.bonds, "b");
	bench_wait_active(bond, 2);
	bond_io(bond, &io);
	pool = port_pool(b.ports, bond_port(bond), &why);
	for (size_t m = 0; m < sizeof(mixes) / sizeof(mixes[0]); m++)
		assert_int_equal(send_mix(&io, pool, mixes[m]), BURST);
	/* One member refuses, then both. The PMD is not told. */
	set_netdev("alb1", false);
	for (size_t m = 0; m < sizeof(mixes) / sizeof(mixes[0]); m++)
		(void)send_mix(&io, pool, mixes[m]);
	set_netdev("alb0", false);
	for (size_t m = 0; m < sizeof(mixes) / sizeof(mixes[0]); m++)
		assert_int_equal(send_mix(&io, pool, mixes[m]), 0);
	assert_int_equal(bench_free(&b), 0);
}

/* Members are active within a millisecond: here the PMD says none is. */
static bool nobody_active;

int __real_bond_pmd_active_members(uint16_t bond, uint16_t ret[static BOND_PMD_MAX_MEMBERS]);
int __wrap_bond_pmd_active_members(uint16_t bond, uint16_t ret[static BOND_PMD_MAX_MEMBERS]);
int
__wrap_bond_pmd_active_members(uint16_t bond, uint16_t ret[static BOND_PMD_MAX_MEMBERS])
{
	return nobody_active ? 0 : __real_bond_pmd_active_members(bond, ret);
}

static void
no_arp_is_sent_without_an_active_member(void **state)
{
	struct bench b;
	struct bond *bond;
	struct fwd_io io;
	struct reason why;
	struct rte_mempool *pool;

	(void)state;
	bench_new(&b);
	assert_int_equal(bench_bond(&b, "b mode=6 io_path=pmd members=net_null0", &why), 0);
	bond = bonds_find(b.bonds, "b");
	bench_wait_active(bond, 1);
	bond_io(bond, &io);
	pool = port_pool(b.ports, bond_port(bond), &why);
	assert_int_equal(send_mix(&io, pool, 0xffff), BURST);
	nobody_active = true;
	assert_int_equal(send_mix(&io, pool, 0xffff), 0);
	nobody_active = false;
	assert_int_equal(bench_free(&b), 0);
}

int
main(void)
{
	static const char *const vdevs[] = {
		"net_tap0,iface=alb0",
		"net_tap1,iface=alb1",
		"net_null0",
		NULL,
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unsent_frames_are_the_callers),
		cmocka_unit_test(no_arp_is_sent_without_an_active_member),
	};

	if (unshare(CLONE_NEWNET) != 0 || access("/dev/net/tun", R_OK | W_OK) != 0) {
		printf("1..0 # SKIP no network namespace or no /dev/net/tun: %s\n",
		       strerror(errno));
		return 0;
	}
	bench_start("alb", vdevs);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
