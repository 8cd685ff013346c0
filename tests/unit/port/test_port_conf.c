/* SPDX-License-Identifier: BSD-3-Clause */
/* What a port is configured to, from what was asked and what the device says. */
#include "port_conf.h"
#include "reason.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Needs setjmp.h, stdarg.h, stddef.h and stdint.h before it. */
#include <cmocka.h>

/* A device like net_null: no preferences, hardly a limit. */
static struct rte_eth_dev_info
plain_device(void)
{
	return (struct rte_eth_dev_info){
		.max_rx_queues = 4,
		.max_tx_queues = 4,
		.max_rx_pktlen = UINT32_MAX,
		.max_mtu = UINT16_MAX,
	};
}

static const struct port_limits plain_limits = {0, 2048};

static void
defaults_are_taken(void **state)
{
	struct rte_eth_dev_info info = plain_device();
	struct port_settings want = {0};
	struct port_conf conf;
	struct reason why;

	(void)state;
	assert_int_equal(port_conf_fit(&conf, &want, &info, &plain_limits, &why), 0);
	assert_int_equal(conf.nb_rxq, 1);
	assert_int_equal(conf.nb_txq, 1);
	assert_int_equal(conf.nb_rxd, PORT_DEFAULT_DESCRIPTORS);
	assert_int_equal(conf.mtu_bytes, 1500);
	assert_int_equal(conf.eth.rxmode.mq_mode, RTE_ETH_MQ_RX_NONE);
}

static void
default_descriptors_are_clamped(void **state)
{
	struct rte_eth_dev_info info = plain_device();
	struct port_settings want = {0};
	struct port_conf conf;
	struct reason why;

	(void)state;
	info.rx_desc_lim = (struct rte_eth_desc_lim){.nb_max = 250, .nb_min = 32, .nb_align = 32};
	info.tx_desc_lim = (struct rte_eth_desc_lim){.nb_max = 4096, .nb_min = 1024, .nb_align = 8};
	assert_int_equal(port_conf_fit(&conf, &want, &info, &plain_limits, &why), 0);
	assert_int_equal(conf.nb_rxd, 224);
	assert_int_equal(conf.nb_txd, 1024);
	info.default_rxportconf.ring_size = 100;
	assert_int_equal(port_conf_fit(&conf, &want, &info, &plain_limits, &why), 0);
	assert_int_equal(conf.nb_rxd, 128);
}

static void
given_descriptors_are_refused(void **state)
{
	struct rte_eth_dev_info info = plain_device();
	struct port_settings want = {.nb_rxd = 100};
	struct port_conf conf = {.nb_rxd = 7};
	struct reason why;

	(void)state;
	info.rx_desc_lim = (struct rte_eth_desc_lim){.nb_max = 4096, .nb_min = 32, .nb_align = 32};
	assert_int_equal(port_conf_fit(&conf, &want, &info, &plain_limits, &why), -ERANGE);
	assert_string_equal(
		why.text, "100 receive descriptors asked, but it takes 32..4096 in steps of 32"
	);
	assert_int_equal(conf.nb_rxd, 7);
}

static void
too_many_queues_are_refused(void **state)
{
	struct rte_eth_dev_info info = plain_device();
	struct port_settings want = {.nb_txq = 5};
	struct port_conf conf;
	struct reason why;

	(void)state;
	assert_int_equal(port_conf_fit(&conf, &want, &info, &plain_limits, &why), -ERANGE);
	assert_string_equal(why.text, "5 transmit queues asked, but it has 1..4");
}

static void
rss_asks_only_for_what_is_offered(void **state)
{
	struct rte_eth_dev_info info = plain_device();
	struct port_settings want = {.nb_rxq = 2};
	struct port_conf conf;
	struct reason why;

	(void)state;
	assert_int_equal(port_conf_fit(&conf, &want, &info, &plain_limits, &why), 0);
	assert_int_equal(conf.eth.rxmode.mq_mode, RTE_ETH_MQ_RX_NONE);
	info.flow_type_rss_offloads = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_ETH;
	assert_int_equal(port_conf_fit(&conf, &want, &info, &plain_limits, &why), 0);
	assert_int_equal(conf.eth.rxmode.mq_mode, RTE_ETH_MQ_RX_RSS);
	assert_true(conf.eth.rx_adv_conf.rss_conf.rss_hf == RTE_ETH_RSS_IPV4);
}

static void
mtu_is_the_least_of_all(void **state)
{
	struct rte_eth_dev_info info = plain_device();
	struct port_limits limits = {0, 2048};

	(void)state;
	/* The mbuf, as long as the device cannot scatter. */
	assert_int_equal(port_conf_mtu_max(&info, &limits), 2048 - 18);
	info.rx_offload_capa = RTE_ETH_RX_OFFLOAD_SCATTER;
	assert_int_equal(port_conf_mtu_max(&info, &limits), UINT16_MAX);
	/* The PMD's own frame. */
	limits.frame_max_bytes = 2016;
	assert_int_equal(port_conf_mtu_max(&info, &limits), 2002);
	/* The longest frame of the device, with the overhead that it implies. */
	info.max_rx_pktlen = 1518;
	assert_int_equal(port_conf_mtu_max(&info, &limits), 1500);
	info.max_mtu = 1496;
	assert_int_equal(port_conf_mtu_max(&info, &limits), 1496);
}

static void
mtu_given_is_refused_and_default_clamped(void **state)
{
	struct rte_eth_dev_info info = plain_device();
	struct port_limits limits = {1000, 2048};
	struct port_settings want = {0};
	struct port_conf conf;
	struct reason why;

	(void)state;
	assert_int_equal(port_conf_fit(&conf, &want, &info, &limits, &why), 0);
	assert_int_equal(conf.mtu_bytes, 986);
	want.mtu_bytes = 1400;
	assert_int_equal(port_conf_fit(&conf, &want, &info, &limits, &why), -ERANGE);
	assert_non_null(strstr(why.text, "MTU 1400 asked, but it takes 68..986"));
	want.mtu_bytes = 67;
	assert_int_equal(port_conf_fit(&conf, &want, &info, &limits, &why), -ERANGE);
}

static void
scattering_is_used_where_needed_only(void **state)
{
	struct rte_eth_dev_info info = plain_device();
	struct port_settings want = {.mtu_bytes = 9000};
	struct port_conf conf;
	struct reason why;

	(void)state;
	assert_int_equal(port_conf_fit(&conf, &want, &info, &plain_limits, &why), -ERANGE);
	assert_non_null(strstr(why.text, "--mbuf-size"));
	info.rx_offload_capa = RTE_ETH_RX_OFFLOAD_SCATTER;
	assert_int_equal(port_conf_fit(&conf, &want, &info, &plain_limits, &why), 0);
	assert_true((conf.eth.rxmode.offloads & RTE_ETH_RX_OFFLOAD_SCATTER) != 0);
	want.mtu_bytes = 1500;
	assert_int_equal(port_conf_fit(&conf, &want, &info, &plain_limits, &why), 0);
	assert_true((conf.eth.rxmode.offloads & RTE_ETH_RX_OFFLOAD_SCATTER) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_taken),
		cmocka_unit_test(default_descriptors_are_clamped),
		cmocka_unit_test(given_descriptors_are_refused),
		cmocka_unit_test(too_many_queues_are_refused),
		cmocka_unit_test(rss_asks_only_for_what_is_offered),
		cmocka_unit_test(mtu_is_the_least_of_all),
		cmocka_unit_test(mtu_given_is_refused_and_default_clamped),
		cmocka_unit_test(scattering_is_used_where_needed_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
