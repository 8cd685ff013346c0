/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Readers and writers of option values, one pair for each kind of value. Used by the option table
 * (option_table.c) and by what applies it (option.c); everybody else includes option.h.
 */
#pragma once

#include "option.h"

enum {
	OPTION_COUNT_MAX = 64,               /* options in the table, at most */
	OPTION_NOTIFY_DELAY_MAX_MS = 300000, /* delay_range in bond_netlink.c */
};

/* Whether option @o is the one that is kept in @field of struct bond_settings. */
#define OPTION_IS(o, field) ((o)->offset == offsetof(struct bond_settings, field))

/* The values of an option that is one number, which may have names. */
struct option_scalar {
	/* An enumeration: its names, of which the first nb_numbers go by their index as well. */
	const char *const *names;
	uint32_t nb_names, nb_numbers;
	/* Otherwise a number, or a word for one as in the kernel's value tables. */
	uint32_t min;        /* "minval", where it is not 0 */
	uint32_t max;        /* "maxval" */
	bool off_is_0;       /* "off" */
	bool minval_is_0;    /* "minval", where it is 0 */
	bool has_no_default; /* the word "default" is none of its values */
	uint32_t initial;    /* "default", and what a new bond has */
};

/* @value as a number of @sc. -EINVAL, @why then says what is wrong with it. */
int option_scalar_read(
	const struct option_scalar *sc, const char *value, uint32_t *ret, struct reason *why
);

/* The field of option @o, which has a scalar. */
uint32_t option_field_get(const struct bond_option *o, const struct bond_settings *s);
void option_field_set(const struct bond_option *o, struct bond_settings *s, uint32_t value);

/* Whether the first @len bytes of @word can name a port: 1..BOND_PORT_WORD_BYTES - 1 of them. */
int option_port_word_check(const char *word, size_t len, struct reason *why);

/* A value of the BOND_OPTION_MEMBER option @o for one member. -EINVAL outside of its range. */
int option_member_read(
	const struct bond_option *o, const char *value, int32_t *ret, struct reason *why
);

/* option_values.c */
bond_option_parse option_parse_scalar, option_parse_mode, option_parse_miimon;
bond_option_parse option_parse_arp_interval;
bond_option_parse option_parse_delay; /* in ms, kept in ticks of miimon */
bond_option_parse option_parse_port;  /* the word of one port, or none */
bond_option_parse option_parse_mac;
bond_option_parse option_parse_system; /* a unicast address, or all zero */
bond_option_show option_show_scalar, option_show_delay, option_show_port, option_show_mac;
bond_option_show option_show_system;

/* option_lists.c */
bond_option_parse option_parse_arp_targets, option_parse_ns_targets, option_parse_addresses;
bond_option_parse option_parse_members, option_parse_prios, option_parse_queue_ids;
bond_option_parse option_parse_port_prios;
bond_option_show option_show_arp_targets, option_show_ns_targets, option_show_addresses;
bond_option_show option_show_members, option_show_prios, option_show_queue_ids;
bond_option_show option_show_port_prios;
