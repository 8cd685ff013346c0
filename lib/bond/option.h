/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a user can ask of a bond: the settings, and the table of options that fills them from words.
 * Names, numbers, defaults and refusals are those of Linux's bonding driver, 6.12. Pure: no DPDK
 * call. Used by lib/bond, the command line and the console.
 */
#pragma once

#include <rte_byteorder.h>
#include <rte_ethdev.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reason;
struct text;

enum {
	BOND_NAME_BYTES = 16,  /* with the NUL; Linux's IFNAMSIZ */
	BOND_MAX_MEMBERS = 31, /* RTE_MAX_ETHPORTS less the bond itself */
	BOND_PORT_WORD_BYTES = RTE_ETH_NAME_MAX_LEN,
	BOND_DEFAULT_MIIMON_MS = 100,
	BOND_MAX_TARGETS = 16, /* BOND_MAX_ARP_TARGETS, BOND_MAX_NS_TARGETS */
	BOND_MAX_ADDRESSES = 64,
	BOND_MAX_QUEUE_ID = 16,       /* the driver's default of tx_queues */
	BOND_DEFAULT_PORT_PRIO = 255, /* actor_port_prio: ad_initialize_port */
};

/* Numbered as in Linux and in librte_net_bond. */
enum bond_mode {
	BOND_MODE_RR,
	BOND_MODE_AB,
	BOND_MODE_XOR,
	BOND_MODE_BROADCAST,
	BOND_MODE_8023AD,
	BOND_MODE_TLB,
	BOND_MODE_ALB,
	BOND_MODE_COUNT
};
extern const char *const bond_mode_names[BOND_MODE_COUNT]; /* "balance-rr", ... */

/* Modes with one member that carries the traffic in (Linux: bond_uses_primary). */
static inline bool
bond_mode_has_active(enum bond_mode mode)
{
	return mode == BOND_MODE_AB || mode == BOND_MODE_TLB || mode == BOND_MODE_ALB;
}

/* Modes whose other members transmit too, each with an address of its own (Linux: bond_is_lb). */
static inline bool
bond_mode_is_lb(enum bond_mode mode)
{
	return mode == BOND_MODE_TLB || mode == BOND_MODE_ALB;
}

/* Numbered as in Linux (bond_xmit_hashtype_tbl) but for the last, which is ours. */
enum bond_policy {
	BOND_POLICY_L2,
	BOND_POLICY_L34,
	BOND_POLICY_L23,
	BOND_POLICY_ENCAP23,
	BOND_POLICY_ENCAP34,
	BOND_POLICY_VLAN_SRCMAC,
	BOND_POLICY_RSS, /* the hash that the NIC computed on reception; no number of Linux's */
	BOND_POLICY_COUNT
};
extern const char *const bond_policy_names[BOND_POLICY_COUNT];

enum bond_ad_select { BOND_AD_STABLE, BOND_AD_BANDWIDTH, BOND_AD_COUNT, BOND_AD_SELECT_COUNT };
extern const char *const bond_ad_select_names[BOND_AD_SELECT_COUNT];

enum bond_lacp_rate { BOND_LACP_SLOW, BOND_LACP_FAST, BOND_LACP_RATE_COUNT };
extern const char *const bond_lacp_rate_names[BOND_LACP_RATE_COUNT];

enum bond_fail_over_mac { BOND_FOM_NONE, BOND_FOM_ACTIVE, BOND_FOM_FOLLOW, BOND_FOM_COUNT };
extern const char *const bond_fail_over_mac_names[BOND_FOM_COUNT];

enum bond_reselect {
	BOND_RESELECT_ALWAYS,
	BOND_RESELECT_BETTER,
	BOND_RESELECT_FAILURE,
	BOND_RESELECT_COUNT
};
extern const char *const bond_reselect_names[BOND_RESELECT_COUNT];

/* Numbered as in Linux: bit 0 active, bit 1 backup, bit 2 filter. */
enum bond_arp_validate {
	BOND_ARP_VALIDATE_NONE,
	BOND_ARP_VALIDATE_ACTIVE,
	BOND_ARP_VALIDATE_BACKUP,
	BOND_ARP_VALIDATE_ALL,
	BOND_ARP_VALIDATE_FILTER,
	BOND_ARP_VALIDATE_FILTER_ACTIVE,
	BOND_ARP_VALIDATE_FILTER_BACKUP,
	BOND_ARP_VALIDATE_COUNT
};
extern const char *const bond_arp_validate_names[BOND_ARP_VALIDATE_COUNT];

enum bond_arp_all_targets { BOND_ARP_TARGETS_ANY, BOND_ARP_TARGETS_ALL, BOND_ARP_TARGETS_COUNT };
extern const char *const bond_arp_all_targets_names[BOND_ARP_TARGETS_COUNT];

/* Who decides what the bond does with frames: we, or the bond PMD. */
enum bond_io_path { BOND_IO_DIRECT, BOND_IO_PMD, BOND_IO_COUNT };
extern const char *const bond_io_path_names[BOND_IO_COUNT];

enum bond_mac { BOND_MAC_FIRST, BOND_MAC_GIVEN, BOND_MAC_PAIR };

struct bond_ip6 {
	uint8_t bytes[16];
};

/* An address of the bond: for probes and announcements. */
struct bond_address {
	bool is_v6;
	uint8_t prefix_bits; /* 0..32, 0..128 */
	uint16_t vlan_id;    /* 0: untagged; 1..4094 */
	rte_be32_t v4;       /* !is_v6 */
	struct bond_ip6 v6;  /* is_v6 */
};

/* An option of one member, by the word that names its port. */
struct bond_member_value {
	char port[BOND_PORT_WORD_BYTES];
	int32_t value;
};

/* What the user wants. */
struct bond_settings {
	char name[BOND_PORT_WORD_BYTES]; /* longer than BOND_NAME_BYTES only for a bond of EAL's */
	enum bond_mode mode;
	enum bond_io_path io_path;
	bool up;

	/* Members, in order; then what is said of single ones. */
	uint16_t nb_members;
	char members[BOND_MAX_MEMBERS][BOND_PORT_WORD_BYTES];
	uint16_t nb_prios, nb_queue_ids, nb_port_prios;
	struct bond_member_value prios[BOND_MAX_MEMBERS];      /* prio, Linux's s32 */
	struct bond_member_value queue_ids[BOND_MAX_MEMBERS];  /* 1..BOND_MAX_QUEUE_ID */
	struct bond_member_value port_prios[BOND_MAX_MEMBERS]; /* actor_port_prio, 0..65535 */

	/* Link monitoring. The three delays are multiples of miimon, as the kernel keeps them. */
	uint32_t miimon_ms; /* 0: no MII monitor */
	uint32_t updelay_ticks, downdelay_ticks, peer_notif_delay_ticks;
	bool use_carrier;
	uint32_t arp_interval_ms; /* 0: no ARP monitor */
	uint8_t nb_arp_targets, nb_ns_targets;
	rte_be32_t arp_targets[BOND_MAX_TARGETS];
	struct bond_ip6 ns_targets[BOND_MAX_TARGETS];
	enum bond_arp_validate arp_validate;
	enum bond_arp_all_targets arp_all_targets;
	uint8_t arp_missed_max; /* 1.. */

	/* Selection and failover. */
	char active[BOND_PORT_WORD_BYTES];  /* what active_member last said; "" for none */
	char primary[BOND_PORT_WORD_BYTES]; /* "" for none */
	enum bond_reselect primary_reselect;
	enum bond_fail_over_mac fail_over_mac;
	uint8_t resend_igmp, num_peer_notif;
	enum bond_mac mac_kind;
	struct rte_ether_addr mac; /* BOND_MAC_GIVEN */
	uint16_t nb_addresses;
	struct bond_address addresses[BOND_MAX_ADDRESSES];

	/* Transmission and reception. */
	enum bond_policy policy;
	uint16_t packets_per_member; /* mode 0; 0: a random member for each frame */
	bool all_members_active;
	bool tlb_dynamic_lb;
	bool broadcast_neighbor;
	uint32_t lp_interval_s;
	uint8_t tx_retries; /* how often a member that is full is offered a frame again */

	/* Mode 4. */
	uint32_t min_links;
	bool lacp_active;
	enum bond_lacp_rate lacp_rate;
	enum bond_ad_select ad_select;
	uint16_t ad_actor_sys_prio;            /* 1.. */
	uint16_t ad_user_port_key;             /* 0..1023 */
	struct rte_ether_addr ad_actor_system; /* zero: the bond's address */
	bool coupled_control;
	bool dedicated_queues; /* io_path=pmd: queues of its own for LACP */
};

/* Whether the bond PMD decides what happens to frames. */
static inline bool
bond_settings_by_pmd(const struct bond_settings *s)
{
	return s->io_path == BOND_IO_PMD;
}

/* When an option may be changed (Linux's BOND_OPTFLAG_*), and what kind it is. */
enum {
	BOND_OPTION_NO_MEMBERS = 1 << 0,  /* else -ENOTEMPTY */
	BOND_OPTION_DOWN = 1 << 1,        /* else -EBUSY */
	BOND_OPTION_AT_CREATION = 1 << 2, /* not by `set bond`: a command of its own does it */
	BOND_OPTION_OURS = 1 << 3,        /* no option of Linux's */
	BOND_OPTION_MEMBER = 1 << 4, /* of one member: set bond NAME member PORT OPTION VALUE */
	BOND_OPTION_NEEDS_MEMBER = 1 << 5 /* names a port that must be a member now */
};

/* What must follow when the option changes; the bits of several options may be joined. */
enum {
	BOND_EFFECT_PLAN = 1 << 0,     /* how frames are sent and received */
	BOND_EFFECT_MONITOR = 1 << 1,  /* periods, targets and delays of the monitors */
	BOND_EFFECT_RESELECT = 1 << 2, /* the active member is chosen anew at once */
	BOND_EFFECT_ACTIVE = 1 << 3, /* this member becomes the active one, or none is preferred */
	BOND_EFFECT_MAC = 1 << 4,    /* addresses of bond and members */
	BOND_EFFECT_MODE = 1 << 5,   /* the mode itself, or who moves the frames */
	BOND_EFFECT_ADDRESSES = 1 << 6, /* the bond's IP addresses */
	BOND_EFFECT_LACP = 1 << 7,      /* what LACP says of us and asks for */
};

struct bond_option;
struct option_scalar;

/*
 * Write @value into @s, or refuse it, @s then as before: -EINVAL, or -EPERM when another option
 * must be set first. @why says only what is wrong with it. What the kernel changes besides
 * (arp_interval switches miimon off) is changed too. For BOND_OPTION_MEMBER the list PORT@N,... of
 * all members, as at creation.
 */
typedef int bond_option_parse(
	const struct bond_option *o, struct bond_settings *s, const char *value, struct reason *why
);

/* The value in force, as a user would type it. */
typedef void
bond_option_show(const struct bond_option *o, const struct bond_settings *s, struct text *ret);

struct bond_option {
	const char *name;   /* the kernel's */
	const char *alias;  /* accepted too, NULL for none */
	const char *values; /* for help and refusals */
	const char *help;   /* one line, for help and the manual */
	const char *pmd;    /* why io_path=pmd has not every value of it; NULL: it has */
	uint8_t modes;      /* bit per mode in which it is valid, else -EACCES */
	uint8_t flags;
	uint8_t effects;
	bond_option_parse *parse;
	bond_option_show *show;
	/* For parse and show: the field in struct bond_settings, and the values it can have. */
	uint16_t offset, bytes;
	const struct option_scalar *scalar; /* NULL: no name or number */
	/* BOND_OPTION_MEMBER: the range of its value, and what a member has at first. */
	int32_t member_min, member_max, member_initial;
};

/*
 * In the order in which options are applied at creation: the kernel's (bond_changelink), then ours,
 * and what speaks of members behind the members.
 */
extern const struct bond_option bond_options[];
extern const size_t bond_options_count;

/* By name or alias, or NULL. */
const struct bond_option *bond_option_find(const char *name);

/* -EINVAL; @why says that @bond has no such option, and which names resemble it. */
int bond_option_unknown(const char *bond, const char *option, struct reason *why);

/* The settings of a bond that nobody has said anything about; a longer name is cut. */
void bond_settings_default(struct bond_settings *ret, const char *name);

/*
 * Whether @name can name a bond: [A-Za-z][A-Za-z0-9_.-]{0,14}, not "all". Not whether it is taken.
 */
int bond_name_check(const char *name, struct reason *why);

/*
 * Settings from a name and @n words "key=value", applied in the kernel's order, whatever order they
 * are written in. The error is that of the first option refused in that order, with a reason that
 * names the bond, the option and the values allowed; @ret is untouched then.
 */
int bond_settings_parse(
	struct bond_settings *ret, const char *name, int n, char *const *words, struct reason *why
);

/* The same from one string, "NAME key=value key=value", as --bond has it. */
int bond_settings_parse_line(struct bond_settings *ret, const char *line, struct reason *why);

/*
 * The words "key=value" that make these settings from the default ones, joined by blanks. Left out
 * is what has no effect now and cannot be said at creation: values of options that the mode does
 * not have, delays without miimon, arp_validate beside a miimon that is not the default, prio,
 * queue_id, actor_port_prio and active_member of ports that are no members.
 */
void bond_settings_show(const struct bond_settings *s, struct text *ret);

/* What the option engine must know of a bond beside its settings. */
struct bond_option_state {
	bool up;
	uint16_t nb_members;
	/* Whether @word names a member; NULL: nobody is one. */
	bool (*is_member)(void *ctx, const char *word);
	void *ctx;
};

/*
 * Change one option of an existing bond, as the kernel's __bond_opt_set does: -EINVAL unknown
 * option, -EACCES not in this mode, -ENOTEMPTY, -EBUSY, then the value: -EINVAL, -EPERM. Not
 * refused for io_path=pmd: see bond_settings_check_path. @s is untouched on failure.
 */
int bond_option_set(
	struct bond_settings *s,
	const struct bond_option_state *state,
	const char *option,
	const char *value,
	struct reason *why
);

/*
 * A value of a BOND_OPTION_MEMBER option for one member. Checks mode (-EACCES) and range (-EINVAL)
 * only: that no two members have one queue_id is the caller's to see to, as in the kernel.
 */
int bond_option_member_parse(
	const struct bond_option *o,
	const struct bond_settings *s,
	const char *value,
	int32_t *ret,
	struct reason *why
);

/*
 * -ENOTSUP when bond_settings_by_pmd and an option has a value that the bond PMD cannot honour, the
 * reason names the option and what the PMD does instead; or when an option is the PMD's alone.
 */
int bond_settings_check_path(const struct bond_settings *s, struct reason *why);

/* The delays in ms, as shown. */
static inline uint64_t
bond_delay_ms(const struct bond_settings *s, uint32_t ticks)
{
	return (uint64_t)ticks * s->miimon_ms;
}
