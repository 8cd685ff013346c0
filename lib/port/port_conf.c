/* SPDX-License-Identifier: BSD-3-Clause */
/* See port_conf.h. Used by port.c; tested without any device. */
#include "port_conf.h"

#include "reason.h"

#include <errno.h>
#include <string.h>

enum {
	L2_HEADER_BYTES = RTE_ETHER_HDR_LEN,
	L2_OVERHEAD_BYTES = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN
};

/* Headers that dev_info's longest frame includes: as rte_ethdev computes it. */
static uint32_t
dev_overhead(const struct rte_eth_dev_info *info)
{
	if (info->max_mtu != UINT16_MAX && info->max_rx_pktlen > info->max_mtu)
		return info->max_rx_pktlen - info->max_mtu;
	return L2_OVERHEAD_BYTES;
}

uint32_t
port_conf_mtu_max(const struct rte_eth_dev_info *info, const struct port_limits *limits)
{
	uint32_t mtu = info->max_mtu != 0 ? info->max_mtu : PORT_MAX_MTU_BYTES;
	uint32_t overhead = dev_overhead(info);

	if (info->max_rx_pktlen > overhead)
		mtu = RTE_MIN(mtu, info->max_rx_pktlen - overhead);
	if (limits->frame_max_bytes > L2_HEADER_BYTES)
		mtu = RTE_MIN(mtu, limits->frame_max_bytes - L2_HEADER_BYTES);
	if ((info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) == 0 &&
	    limits->mbuf_room_bytes > L2_OVERHEAD_BYTES)
		mtu = RTE_MIN(mtu, limits->mbuf_room_bytes - L2_OVERHEAD_BYTES);
	return mtu;
}

static int
fit_queues(uint16_t *ret, uint16_t want, uint16_t max, const char *kind, struct reason *why)
{
	uint16_t limit = RTE_MIN(max, (uint16_t)PORT_MAX_QUEUES);

	if (want > limit)
		return reason_set(
			why, -ERANGE, "%u %s queues asked, but it has 1..%u", want, kind, limit
		);
	*ret = want != 0 ? want : 1;
	return 0;
}

static int
fit_descriptors(
	uint16_t *ret,
	uint16_t want,
	uint16_t preferred,
	const struct rte_eth_desc_lim *lim,
	const char *kind,
	struct reason *why
)
{
	/* A PMD that leaves the limits at 0 has none. */
	uint16_t max = lim->nb_max != 0 ? lim->nb_max : UINT16_MAX;
	uint16_t align = lim->nb_align != 0 ? lim->nb_align : 1;
	uint32_t n = want;

	if (want != 0) {
		if (want < lim->nb_min || want > max || want % align != 0)
			return reason_set(
				why,
				-ERANGE,
				"%u %s descriptors asked, but it takes %u..%u in steps of %u",
				want,
				kind,
				lim->nb_min,
				max,
				align
			);
	} else {
		n = preferred != 0 ? preferred : PORT_DEFAULT_DESCRIPTORS;
		n = RTE_MAX(n, lim->nb_min);
		n = (n + align - 1) / align * align;
		if (n > max)
			n = max / align * align;
	}
	*ret = (uint16_t)n;
	return 0;
}

static int
fit_mtu(struct port_conf *conf,
        uint32_t want,
        const struct rte_eth_dev_info *info,
        const struct port_limits *limits,
        struct reason *why)
{
	uint32_t max = port_conf_mtu_max(info, limits);
	uint32_t min = RTE_MAX(info->min_mtu, (uint16_t)PORT_MIN_MTU_BYTES);

	if (want != 0 && (want > max || want < min))
		return reason_set(
			why,
			-ERANGE,
			"MTU %u asked, but it takes %u..%u%s",
			want,
			min,
			max,
			limits->mbuf_room_bytes != 0 &&
					max + L2_OVERHEAD_BYTES == limits->mbuf_room_bytes
				? " (a larger --mbuf-size gives more)"
				: ""
		);
	conf->mtu_max_bytes = (uint16_t)max;
	conf->mtu_bytes = (uint16_t)(want != 0 ? want : RTE_MIN(max, (uint32_t)RTE_ETHER_MTU));
	return 0;
}

int
port_conf_fit(
	struct port_conf *ret,
	const struct port_settings *want,
	const struct rte_eth_dev_info *info,
	const struct port_limits *limits,
	struct reason *why
)
{
	struct port_conf conf;
	int rc;

	memset(&conf, 0, sizeof(conf));
	if ((rc = fit_queues(&conf.nb_rxq, want->nb_rxq, info->max_rx_queues, "receive", why)) !=
	            0 ||
	    (rc = fit_queues(&conf.nb_txq, want->nb_txq, info->max_tx_queues, "transmit", why)) !=
	            0 ||
	    (rc = fit_descriptors(
		     &conf.nb_rxd,
		     want->nb_rxd,
		     info->default_rxportconf.ring_size,
		     &info->rx_desc_lim,
		     "receive",
		     why
	     )) != 0 ||
	    (rc = fit_descriptors(
		     &conf.nb_txd,
		     want->nb_txd,
		     info->default_txportconf.ring_size,
		     &info->tx_desc_lim,
		     "transmit",
		     why
	     )) != 0 ||
	    (rc = fit_mtu(&conf, want->mtu_bytes, info, limits, why)) != 0)
		return rc;

	conf.eth.rxmode.mtu = conf.mtu_bytes;
	if ((uint32_t)conf.mtu_bytes + L2_OVERHEAD_BYTES > limits->mbuf_room_bytes &&
	    (info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) != 0)
		conf.eth.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
	if ((info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) != 0)
		conf.eth.txmode.offloads |= RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	if (conf.nb_rxq > 1) {
		uint64_t types = (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP) &
		                 info->flow_type_rss_offloads;

		if (types != 0) {
			conf.eth.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
			conf.eth.rx_adv_conf.rss_conf.rss_hf = types;
		}
	}
	*ret = conf;
	return 0;
}
