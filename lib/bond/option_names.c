/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The names of what options can be, as in the value tables of Linux's bond_options.c. Used by the
 * table of options and by whoever shows a setting.
 */
#include "option.h"

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
