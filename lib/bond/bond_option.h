/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a user can ask of a bond: the settings, and the table of options that fills them from words.
 * Names, numbers and refusals are those of Linux's bonding driver. Pure: no DPDK call.
 */
#pragma once

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

/* Numbered as in Linux (xmit_hashtype_tbl); the others of Linux's are not the bond PMD's. */
enum bond_policy { BOND_POLICY_L2, BOND_POLICY_L34, BOND_POLICY_L23, BOND_POLICY_COUNT };
extern const char *const bond_policy_names[BOND_POLICY_COUNT];

enum bond_ad_select { BOND_AD_STABLE, BOND_AD_BANDWIDTH, BOND_AD_COUNT, BOND_AD_SELECT_COUNT };
extern const char *const bond_ad_select_names[BOND_AD_SELECT_COUNT];

enum bond_mac { BOND_MAC_FIRST, BOND_MAC_GIVEN, BOND_MAC_PAIR };

/* What the user wants. */
struct bond_settings {
	char name[BOND_PORT_WORD_BYTES]; /* longer than BOND_NAME_BYTES only for a bond of EAL's */
	enum bond_mode mode;
	enum bond_policy policy;
	enum bond_ad_select ad_select;
	bool dedicated_queues; /* mode 4: queues of its own for LACP */
	uint32_t miimon_ms;    /* 1..INT32_MAX */
	enum bond_mac mac_kind;
	struct rte_ether_addr mac; /* BOND_MAC_GIVEN */
	bool up;
	char primary[BOND_PORT_WORD_BYTES]; /* "" for none */
	uint16_t nb_members;
	char members[BOND_MAX_MEMBERS][BOND_PORT_WORD_BYTES];
};

/* When an option may be changed; Linux's BOND_OPTFLAG_*. */
enum {
	BOND_OPTION_NO_MEMBERS = 1 << 0,  /* else -ENOTEMPTY */
	BOND_OPTION_DOWN = 1 << 1,        /* else -EBUSY */
	BOND_OPTION_AT_CREATION = 1 << 2, /* not by `set bond`: a command of its own does it */
};

struct bond_option {
	const char *name;
	const char *values; /* for help and refusals */
	uint8_t modes;      /* bit per mode in which it is valid */
	uint8_t flags;
	/* Write the value into @s, or refuse it: -EINVAL, @why says only what is wrong with it. */
	int (*parse)(struct bond_settings *s, const char *value, struct reason *why);
	/* The value in force, as a user would type it. */
	void (*show)(const struct bond_settings *s, struct text *ret);
};

extern const struct bond_option bond_options[];
extern const size_t bond_options_count;

/* By name, or NULL. */
const struct bond_option *bond_option_find(const char *name);

/*
 * Whether @name can name a bond: [A-Za-z][A-Za-z0-9_.-]{0,14}, not "all". Not whether it is taken.
 */
int bond_name_check(const char *name, struct reason *why);

/*
 * Settings from a name and @n words "key=value". Order does not matter. -EINVAL with a reason that
 * names the bond, the key and the values allowed; -EACCES when an option does not go with the mode.
 */
int bond_settings_parse(
	struct bond_settings *ret, const char *name, int n, char *const *words, struct reason *why
);

/* The same from one string, "NAME key=value key=value", as --bond has it. */
int bond_settings_parse_line(struct bond_settings *ret, const char *line, struct reason *why);

/* -EACCES when option @o does not go with the mode of @s. */
int bond_option_check_mode(
	const struct bond_option *o, const struct bond_settings *s, struct reason *why
);
