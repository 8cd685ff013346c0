/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of options, with names and values as in Linux's bond_options.c (bond_opts and its value
 * tables). Used by option.c, help and manual.
 */
#include "option_priv.h"

#include <rte_common.h>

#define BIT(mode) (1u << (mode))
#define ALL_MODES (BIT(BOND_MODE_COUNT) - 1)
#define ACTIVE_MODES (BIT(BOND_MODE_AB) | BIT(BOND_MODE_TLB) | BIT(BOND_MODE_ALB))
#define ARP_MODES \
	(BIT(BOND_MODE_RR) | BIT(BOND_MODE_AB) | BIT(BOND_MODE_XOR) | BIT(BOND_MODE_BROADCAST))

const char *const bond_mode_names[BOND_MODE_COUNT] = {
	[BOND_MODE_RR] = "balance-rr",
	[BOND_MODE_AB] = "active-backup",
	[BOND_MODE_XOR] = "balance-xor",
	[BOND_MODE_BROADCAST] = "broadcast",
	[BOND_MODE_8023AD] = "802.3ad",
	[BOND_MODE_TLB] = "balance-tlb",
	[BOND_MODE_ALB] = "balance-alb",
};

const char *const bond_policy_names[BOND_POLICY_COUNT] = {
	[BOND_POLICY_L2] = "layer2",
	[BOND_POLICY_L34] = "layer3+4",
	[BOND_POLICY_L23] = "layer2+3",
	[BOND_POLICY_ENCAP23] = "encap2+3",
	[BOND_POLICY_ENCAP34] = "encap3+4",
	[BOND_POLICY_VLAN_SRCMAC] = "vlan+srcmac",
	[BOND_POLICY_RSS] = "rss",
};

const char *const bond_ad_select_names[BOND_AD_SELECT_COUNT] = {
	[BOND_AD_STABLE] = "stable",
	[BOND_AD_BANDWIDTH] = "bandwidth",
	[BOND_AD_COUNT] = "count",
};

const char *const bond_fail_over_mac_names[BOND_FOM_COUNT] = {
	[BOND_FOM_NONE] = "none",
	[BOND_FOM_ACTIVE] = "active",
	[BOND_FOM_FOLLOW] = "follow",
};

const char *const bond_reselect_names[BOND_RESELECT_COUNT] = {
	[BOND_RESELECT_ALWAYS] = "always",
	[BOND_RESELECT_BETTER] = "better",
	[BOND_RESELECT_FAILURE] = "failure",
};

const char *const bond_arp_validate_names[BOND_ARP_VALIDATE_COUNT] = {
	[BOND_ARP_VALIDATE_NONE] = "none",
	[BOND_ARP_VALIDATE_ACTIVE] = "active",
	[BOND_ARP_VALIDATE_BACKUP] = "backup",
	[BOND_ARP_VALIDATE_ALL] = "all",
	[BOND_ARP_VALIDATE_FILTER] = "filter",
	[BOND_ARP_VALIDATE_FILTER_ACTIVE] = "filter_active",
	[BOND_ARP_VALIDATE_FILTER_BACKUP] = "filter_backup",
};

const char *const bond_arp_all_targets_names[BOND_ARP_TARGETS_COUNT] = {
	[BOND_ARP_TARGETS_ANY] = "any",
	[BOND_ARP_TARGETS_ALL] = "all",
};

const char *const bond_lacp_rate_names[BOND_LACP_RATE_COUNT] = {
	[BOND_LACP_SLOW] = "slow",
	[BOND_LACP_FAST] = "fast",
};

const char *const bond_io_path_names[BOND_IO_COUNT] = {
	[BOND_IO_DIRECT] = "direct",
	[BOND_IO_PMD] = "pmd",
};

static const char *const off_on[] = {"off", "on"};
static const char *const no_yes[] = {"no", "yes"};

/* Names with Linux's numbers, and ours without. */
#define NAMES(table) .names = (table), .nb_names = RTE_DIM(table), .nb_numbers = RTE_DIM(table)
#define OUR_NAMES(table) .names = (table), .nb_names = RTE_DIM(table)

static const struct option_scalar mode = {NAMES(bond_mode_names)};
static const struct option_scalar arp_validate = {NAMES(bond_arp_validate_names)};
static const struct option_scalar arp_all_targets = {NAMES(bond_arp_all_targets_names)};
static const struct option_scalar reselect = {NAMES(bond_reselect_names)};
static const struct option_scalar fail_over_mac = {NAMES(bond_fail_over_mac_names)};
static const struct option_scalar ad_select = {NAMES(bond_ad_select_names)};
static const struct option_scalar lacp_rate = {NAMES(bond_lacp_rate_names)};
static const struct option_scalar off = {NAMES(off_on)};
static const struct option_scalar on = {NAMES(off_on), .initial = 1};
static const struct option_scalar policy = {
	.names = bond_policy_names,
	.nb_names = BOND_POLICY_COUNT,
	.nb_numbers = BOND_POLICY_RSS,
};
static const struct option_scalar io_path = {OUR_NAMES(bond_io_path_names)};
static const struct option_scalar our_off = {OUR_NAMES(off_on)};
static const struct option_scalar yes = {OUR_NAMES(no_yes), .initial = 1};

static const struct option_scalar intmax = {.max = INT32_MAX, .off_is_0 = true};
/* The value table says 0, bonding.rst 100: so that no bond is without a monitor unasked. */
static const struct option_scalar miimon = {
	.max = INT32_MAX,
	.off_is_0 = true,
	.initial = BOND_DEFAULT_MIIMON_MS,
};
static const struct option_scalar notify_delay = {
	.max = OPTION_NOTIFY_DELAY_MAX_MS,
	.off_is_0 = true,
};
static const struct option_scalar u8_1 = {.max = UINT8_MAX, .off_is_0 = true, .initial = 1};
static const struct option_scalar lp_interval = {.min = 1, .max = INT32_MAX, .initial = 1};
static const struct option_scalar packets = {.max = UINT16_MAX, .initial = 1};
static const struct option_scalar sys_prio = {.min = 1, .max = UINT16_MAX, .initial = UINT16_MAX};
static const struct option_scalar user_key = {.max = 1023};
static const struct option_scalar missed_max = {.min = 1, .max = UINT8_MAX, .initial = 2};

#define FIELD(f) \
	.offset = offsetof(struct bond_settings, f), .bytes = sizeof(((struct bond_settings *)0)->f)

const struct bond_option bond_options[] = {
	{
		.name = "mode",
		.values = "balance-rr|active-backup|balance-xor|broadcast|802.3ad|balance-tlb|"
			  "balance-alb|0..6",
		.help = "how frames are spread over the members",
		.modes = ALL_MODES,
		.flags = BOND_OPTION_NO_MEMBERS | BOND_OPTION_DOWN,
		.effects = BOND_EFFECT_MODE | BOND_EFFECT_PLAN | BOND_EFFECT_MONITOR,
		.parse = option_parse_mode,
		.show = option_show_scalar,
		FIELD(mode),
		.scalar = &mode,
	},
	{
		.name = "miimon",
		.values = "0..2147483647 (ms)",
		.help = "how often links are looked at; switches arp_interval off",
		.pmd = "0 ends the bond PMD's link polling for good",
		.modes = ALL_MODES,
		.effects = BOND_EFFECT_MONITOR,
		.parse = option_parse_miimon,
		.show = option_show_scalar,
		FIELD(miimon_ms),
		.scalar = &miimon,
	},
	{
		.name = "updelay",
		.values = "0..2147483647 (ms)",
		.help = "how long a link is up before it is used, in whole periods of miimon",
		.pmd = "the bond PMD uses a member as soon as its link is up",
		.modes = ALL_MODES,
		.effects = BOND_EFFECT_MONITOR,
		.parse = option_parse_delay,
		.show = option_show_delay,
		FIELD(updelay_ticks),
		.scalar = &intmax,
	},
	{
		.name = "downdelay",
		.values = "0..2147483647 (ms)",
		.help = "how long a link is down before it is left, in whole periods of miimon",
		.pmd = "the bond PMD leaves a member as soon as its link is down",
		.modes = ALL_MODES,
		.effects = BOND_EFFECT_MONITOR,
		.parse = option_parse_delay,
		.show = option_show_delay,
		FIELD(downdelay_ticks),
		.scalar = &intmax,
	},
	{
		.name = "peer_notif_delay",
		.alias = "peer_notify_delay",
		.values = "0..300000 (ms)",
		.help = "time between announcements, in whole periods of miimon",
		.pmd = "the bond PMD announces nothing",
		.modes = ALL_MODES,
		.effects = BOND_EFFECT_MONITOR,
		.parse = option_parse_delay,
		.show = option_show_delay,
		FIELD(peer_notif_delay_ticks),
		.scalar = &notify_delay,
	},
	{
		.name = "use_carrier",
		.values = "off|on|0|1",
		.help = "take the carrier that a driver last reported, and do not ask it anew",
		.pmd = "the bond PMD asks no driver",
		.modes = ALL_MODES,
		.effects = BOND_EFFECT_MONITOR,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(use_carrier),
		.scalar = &on,
	},
	{
		.name = "arp_interval",
		.values = "0..2147483647 (ms)",
		.help = "how often targets are probed; switches miimon off",
		.pmd = "the bond PMD has no ARP monitor",
		.modes = ARP_MODES,
		.effects = BOND_EFFECT_MONITOR,
		.parse = option_parse_arp_interval,
		.show = option_show_scalar,
		FIELD(arp_interval_ms),
		.scalar = &intmax,
	},
	{
		.name = "arp_ip_target",
		.values = "A,B,...|+A|-A|none (IPv4 addresses, up to 16)",
		.help = "whom the ARP monitor asks",
		.pmd = "the bond PMD has no ARP monitor",
		.modes = ALL_MODES,
		.effects = BOND_EFFECT_MONITOR,
		.parse = option_parse_arp_targets,
		.show = option_show_arp_targets,
		FIELD(arp_targets),
	},
	{
		.name = "ns_ip6_target",
		.values = "A,B,...|+A|-A|none (IPv6 addresses, up to 16)",
		.help = "whom the monitor asks by neighbour solicitation",
		.pmd = "the bond PMD has no ARP monitor",
		.modes = ALL_MODES,
		.effects = BOND_EFFECT_MONITOR,
		.parse = option_parse_ns_targets,
		.show = option_show_ns_targets,
		FIELD(ns_targets),
	},
	{
		.name = "arp_validate",
		.values = "none|active|backup|all|filter|filter_active|filter_backup|0..6",
		.help = "which frames prove to the ARP monitor that a member receives",
		.pmd = "the bond PMD has no ARP monitor",
		.modes = ARP_MODES,
		.effects = BOND_EFFECT_MONITOR,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(arp_validate),
		.scalar = &arp_validate,
	},
	{
		.name = "arp_all_targets",
		.values = "any|all|0..1",
		.help = "how many targets must answer a member whose answers are validated",
		.pmd = "the bond PMD has no ARP monitor",
		.modes = ALL_MODES,
		.effects = BOND_EFFECT_MONITOR,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(arp_all_targets),
		.scalar = &arp_all_targets,
	},
	{
		.name = "primary",
		.values = "PORT|none",
		.help = "the member that is active whenever it can be",
		.modes = ACTIVE_MODES,
		.effects = BOND_EFFECT_RESELECT,
		.parse = option_parse_port,
		.show = option_show_port,
		FIELD(primary),
	},
	{
		.name = "primary_reselect",
		.values = "always|better|failure|0..2",
		.help = "when a primary that came back becomes active again",
		.pmd = "the bond PMD always goes back to the primary",
		.modes = ALL_MODES,
		.effects = BOND_EFFECT_RESELECT,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(primary_reselect),
		.scalar = &reselect,
	},
	{
		.name = "fail_over_mac",
		.values = "none|active|follow|0..2",
		.help = "whose MAC address bond and members have in active-backup",
		.pmd = "the bond PMD gives the bond's address to the active member its own way",
		.modes = ALL_MODES,
		.flags = BOND_OPTION_NO_MEMBERS,
		.effects = BOND_EFFECT_MAC,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(fail_over_mac),
		.scalar = &fail_over_mac,
	},
	{
		.name = "xmit_hash_policy",
		.values = "layer2|layer3+4|layer2+3|encap2+3|encap3+4|vlan+srcmac|0..5|rss",
		.help = "what of a frame decides which member sends it",
		.pmd = "the bond PMD has layer2, layer2+3 and layer3+4",
		.modes = ALL_MODES,
		.effects = BOND_EFFECT_PLAN,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(policy),
		.scalar = &policy,
	},
	{
		.name = "resend_igmp",
		.values = "0..255",
		.help = "IGMP reports after a failover",
		.pmd = "the bond PMD sends no IGMP reports",
		.modes = ALL_MODES,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(resend_igmp),
		.scalar = &u8_1,
	},
	{
		.name = "num_grat_arp",
		.alias = "num_unsol_na",
		.values = "0..255",
		.help = "announcements of the bond's addresses after a failover",
		.pmd = "the bond PMD announces nothing",
		.modes = ALL_MODES,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(num_peer_notif),
		.scalar = &u8_1,
	},
	{
		.name = "all_slaves_active",
		.alias = "all_members_active",
		.values = "off|on|0|1",
		.help = "deliver what inactive members receive",
		.pmd = "in the bond PMD the mode decides about such frames",
		.modes = ALL_MODES,
		.effects = BOND_EFFECT_PLAN,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(all_members_active),
		.scalar = &off,
	},
	{
		.name = "min_links",
		.values = "0..2147483647",
		.help = "members that 802.3ad must be able to use for the bond to have a carrier",
		.pmd = "the bond PMD has a carrier as soon as one member has",
		.modes = ALL_MODES,
		.effects = BOND_EFFECT_LACP,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(min_links),
		.scalar = &intmax,
	},
	{
		.name = "lp_interval",
		.values = "1..2147483647 (s)",
		.help = "time between learning packets of balance-tlb and balance-alb",
		.pmd = "the bond PMD sends no learning packets",
		.modes = ALL_MODES,
		.effects = BOND_EFFECT_MONITOR,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(lp_interval_s),
		.scalar = &lp_interval,
	},
	{
		.name = "packets_per_slave",
		.alias = "packets_per_member",
		.values = "0..65535 (0: at random)",
		.help = "frames in a row on one member",
		.pmd = "the bond PMD takes the next member for each frame",
		.modes = BIT(BOND_MODE_RR),
		.effects = BOND_EFFECT_PLAN,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(packets_per_member),
		.scalar = &packets,
	},
	{
		.name = "lacp_active",
		.values = "off|on|0|1",
		.help = "speak LACP without being spoken to",
		.pmd = "the bond PMD always speaks",
		.modes = BIT(BOND_MODE_8023AD),
		.flags = BOND_OPTION_DOWN,
		.effects = BOND_EFFECT_LACP,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(lacp_active),
		.scalar = &on,
	},
	{
		.name = "lacp_rate",
		.values = "slow|fast|0..1",
		.help = "how often the partner is asked for an LACPDU: every 30 s or every second",
		.pmd = "the bond PMD always asks for slow ones",
		.modes = BIT(BOND_MODE_8023AD),
		.flags = BOND_OPTION_DOWN,
		.effects = BOND_EFFECT_LACP,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(lacp_rate),
		.scalar = &lacp_rate,
	},
	{
		.name = "ad_select",
		.values = "stable|bandwidth|count|0..2",
		.help = "which aggregator of 802.3ad is the active one",
		.modes = ALL_MODES,
		.flags = BOND_OPTION_DOWN,
		.effects = BOND_EFFECT_LACP,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(ad_select),
		.scalar = &ad_select,
	},
	{
		.name = "ad_actor_sys_prio",
		.values = "1..65535",
		.help = "the system priority in LACPDUs",
		.pmd = "the bond PMD's is 65535",
		.modes = BIT(BOND_MODE_8023AD),
		.effects = BOND_EFFECT_LACP,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(ad_actor_sys_prio),
		.scalar = &sys_prio,
	},
	{
		.name = "ad_user_port_key",
		.values = "0..1023",
		.help = "the upper ten bits of the ports' keys; the lower ones are speed and "
			"duplex",
		.pmd = "the bond PMD makes keys of speed and duplex alone",
		.modes = BIT(BOND_MODE_8023AD),
		.flags = BOND_OPTION_DOWN,
		.effects = BOND_EFFECT_LACP,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(ad_user_port_key),
		.scalar = &user_key,
	},
	{
		.name = "ad_actor_system",
		.values = "MAC (00:00:00:00:00:00: the bond's)",
		.help = "the system's address in LACPDUs",
		.pmd = "the bond PMD's is the bond's address",
		.modes = BIT(BOND_MODE_8023AD),
		.effects = BOND_EFFECT_LACP,
		.parse = option_parse_system,
		.show = option_show_system,
		FIELD(ad_actor_system),
	},
	{
		.name = "tlb_dynamic_lb",
		.values = "off|on|0|1",
		.help = "balance by measured load, not by hash",
		.pmd = "the bond PMD always balances by load",
		.modes = BIT(BOND_MODE_TLB) | BIT(BOND_MODE_ALB),
		.flags = BOND_OPTION_DOWN,
		.effects = BOND_EFFECT_PLAN,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(tlb_dynamic_lb),
		.scalar = &on,
	},
	{
		.name = "arp_missed_max",
		.alias = "missed_max",
		.values = "1..255",
		.help = "probes without an answer after which a member is down",
		.pmd = "the bond PMD has no ARP monitor",
		.modes = ARP_MODES,
		.effects = BOND_EFFECT_MONITOR,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(arp_missed_max),
		.scalar = &missed_max,
	},
	{
		.name = "coupled_control",
		.values = "off|on|0|1",
		.help = "begin to collect and to distribute in one step",
		.pmd = "the bond PMD always does",
		.modes = BIT(BOND_MODE_8023AD),
		.flags = BOND_OPTION_DOWN,
		.effects = BOND_EFFECT_LACP,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(coupled_control),
		.scalar = &on,
	},
	{
		.name = "broadcast_neighbor",
		.values = "off|on|0|1",
		.help = "send ARP and neighbour discovery on every active member",
		.pmd = "the bond PMD sends such a frame on one member",
		.modes = BIT(BOND_MODE_8023AD),
		.effects = BOND_EFFECT_PLAN,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(broadcast_neighbor),
		.scalar = &off,
	},
	{
		.name = "io_path",
		.values = "direct|pmd",
		.help = "who decides about frames: vfbond or the bond PMD",
		.modes = ALL_MODES,
		.flags = BOND_OPTION_OURS | BOND_OPTION_DOWN,
		.effects = BOND_EFFECT_MODE | BOND_EFFECT_PLAN | BOND_EFFECT_MONITOR,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(io_path),
		.scalar = &io_path,
	},
	{
		.name = "mac",
		.values = "MAC|pair|none",
		.help = "the bond's MAC address; none: its first member's",
		.modes = ALL_MODES,
		.flags = BOND_OPTION_OURS,
		.effects = BOND_EFFECT_MAC,
		.parse = option_parse_mac,
		.show = option_show_mac,
		FIELD(mac),
	},
	{
		.name = "ip",
		.values = "ADDR/LEN[@VLAN],...|+A|-A|none (up to 64)",
		.help = "the bond's addresses, for probes and announcements",
		.pmd = "the bond PMD neither probes nor announces",
		.modes = ALL_MODES,
		.flags = BOND_OPTION_OURS,
		.effects = BOND_EFFECT_ADDRESSES,
		.parse = option_parse_addresses,
		.show = option_show_addresses,
		FIELD(addresses),
	},
	{
		.name = "tx_retries",
		.values = "0..255",
		.help = "how often a member that is full is offered a frame again",
		.pmd = "the bond PMD offers a frame once",
		.modes = ALL_MODES,
		.flags = BOND_OPTION_OURS,
		.effects = BOND_EFFECT_PLAN,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(tx_retries),
		.scalar = &u8_1,
	},
	{
		.name = "dedicated_queues",
		.values = "on|off",
		.help = "queues of its own for LACP, with io_path=pmd",
		.modes = BIT(BOND_MODE_8023AD),
		.flags = BOND_OPTION_OURS | BOND_OPTION_DOWN,
		.effects = BOND_EFFECT_MODE,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(dedicated_queues),
		.scalar = &our_off,
	},
	{
		.name = "members",
		.alias = "slaves",
		.values = "PORT,PORT,...|none",
		.help = "the ports of the bond, in order",
		.modes = ALL_MODES,
		.flags = BOND_OPTION_OURS | BOND_OPTION_AT_CREATION,
		.parse = option_parse_members,
		.show = option_show_members,
		FIELD(members),
	},
	{
		.name = "queue_id",
		.values = "PORT@N,...|none (N 0..16)",
		.help = "frames of this transmit queue leave on this member",
		.pmd = "the bond PMD knows no queues of single members",
		.modes = ALL_MODES,
		.flags = BOND_OPTION_MEMBER,
		.effects = BOND_EFFECT_PLAN,
		.parse = option_parse_queue_ids,
		.show = option_show_queue_ids,
		FIELD(queue_ids),
		.member_min = 0,
		.member_max = BOND_MAX_QUEUE_ID,
	},
	{
		.name = "prio",
		.values = "PORT@N,...|none (N -2147483648..2147483647)",
		.help = "the member with the highest number becomes active",
		.pmd = "the bond PMD knows one primary only",
		.modes = ACTIVE_MODES,
		.flags = BOND_OPTION_MEMBER,
		.effects = BOND_EFFECT_RESELECT,
		.parse = option_parse_prios,
		.show = option_show_prios,
		FIELD(prios),
		.member_min = INT32_MIN,
		.member_max = INT32_MAX,
	},
	{
		.name = "actor_port_prio",
		.values = "PORT@N,...|none (N 0..65535)",
		.help = "the priority of the member's port in LACPDUs, 255 by default",
		.pmd = "the bond PMD's is 255",
		.modes = BIT(BOND_MODE_8023AD),
		.flags = BOND_OPTION_MEMBER,
		.effects = BOND_EFFECT_LACP,
		.parse = option_parse_port_prios,
		.show = option_show_port_prios,
		FIELD(port_prios),
		.member_min = 0,
		.member_max = UINT16_MAX,
		.member_initial = BOND_DEFAULT_PORT_PRIO,
	},
	{
		.name = "active_slave",
		.alias = "active_member",
		.values = "PORT|none",
		.help = "the member that becomes active now, once",
		.modes = ACTIVE_MODES,
		.flags = BOND_OPTION_NEEDS_MEMBER,
		.effects = BOND_EFFECT_ACTIVE,
		.parse = option_parse_port,
		.show = option_show_port,
		FIELD(active),
	},
	{
		.name = "up",
		.values = "yes|no",
		.help = "whether the bond is started",
		.modes = ALL_MODES,
		.flags = BOND_OPTION_OURS | BOND_OPTION_AT_CREATION,
		.parse = option_parse_scalar,
		.show = option_show_scalar,
		FIELD(up),
		.scalar = &yes,
	},
};
const size_t bond_options_count = RTE_DIM(bond_options);
_Static_assert(RTE_DIM(bond_options) <= OPTION_COUNT_MAX, "creation has a value for each");
_Static_assert(sizeof(struct bond_settings) <= UINT16_MAX, "offset and bytes hold every field");
