/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Options that are one value: numbers, names, delays, ports, the MAC address; with what a value
 * changes besides itself. Used by the option table.
 */
#include "names.h"
#include "option_priv.h"
#include "parse.h"
#include "reason.h"
#include "text.h"

#include <rte_common.h>
#include <rte_string_fns.h>

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

static int
read_name(const struct option_scalar *sc, const char *value, uint32_t *ret, struct reason *why)
{
	char all[256];
	int index = name_index(sc->names, sc->nb_names, value);

	if (index >= 0) {
		*ret = (uint32_t)index;
		return 0;
	}
	if (sc->nb_numbers != 0 && parse_u32(value, 0, sc->nb_numbers - 1, ret) == 0)
		return 0;
	names_join(all, sizeof(all), sc->names, sc->nb_names);
	if (sc->nb_numbers == 0)
		return reason_set(why, -EINVAL, "\"%.80s\" is none of %s", value, all);
	return reason_set(
		why, -EINVAL, "\"%.80s\" is none of %s, nor 0..%u", value, all, sc->nb_numbers - 1
	);
}

/* The words are those of bond_intmax_tbl and the other value tables in bond_options.c. */
static int
read_number(const struct option_scalar *sc, const char *value, uint32_t *ret, struct reason *why)
{
	if (sc->off_is_0 && strcmp(value, "off") == 0)
		*ret = 0;
	else if ((sc->min != 0 || sc->minval_is_0) && strcmp(value, "minval") == 0)
		*ret = sc->min;
	else if (strcmp(value, "maxval") == 0)
		*ret = sc->max;
	else if (parse_u32(value, sc->min, sc->max, ret) != 0)
		return reason_set(
			why, -EINVAL, "\"%.80s\" is no number in %u..%u", value, sc->min, sc->max
		);
	return 0;
}

int
option_scalar_read(
	const struct option_scalar *sc, const char *value, uint32_t *ret, struct reason *why
)
{
	if (strcmp(value, "default") == 0 && !sc->has_no_default) {
		*ret = sc->initial;
		return 0;
	}
	return sc->names != NULL ? read_name(sc, value, ret, why)
	                         : read_number(sc, value, ret, why);
}

uint32_t
option_field_get(const struct bond_option *o, const struct bond_settings *s)
{
	const char *field = (const char *)s + o->offset;
	uint32_t u32;
	uint16_t u16;
	uint8_t u8;

	switch (o->bytes) {
	case sizeof(u8):
		memcpy(&u8, field, sizeof(u8));
		return u8;
	case sizeof(u16):
		memcpy(&u16, field, sizeof(u16));
		return u16;
	default:
		memcpy(&u32, field, sizeof(u32));
		return u32;
	}
}

void
option_field_set(const struct bond_option *o, struct bond_settings *s, uint32_t value)
{
	char *field = (char *)s + o->offset;
	uint16_t u16 = (uint16_t)value;
	uint8_t u8 = (uint8_t)value;

	switch (o->bytes) {
	case sizeof(u8):
		memcpy(field, &u8, sizeof(u8));
		break;
	case sizeof(u16):
		memcpy(field, &u16, sizeof(u16));
		break;
	default:
		memcpy(field, &value, sizeof(value));
		break;
	}
}

int
option_parse_scalar(
	const struct bond_option *o, struct bond_settings *s, const char *value, struct reason *why
)
{
	uint32_t v;
	int rc = option_scalar_read(o->scalar, value, &v, why);

	if (rc == 0)
		option_field_set(o, s, v);
	return rc;
}

void
option_show_scalar(const struct bond_option *o, const struct bond_settings *s, struct text *ret)
{
	uint32_t v = option_field_get(o, s);

	if (o->scalar->names != NULL)
		text_puts(ret, o->scalar->names[v]);
	else
		text_printf(ret, "%u", v);
}

/* Modes whose links the ARP monitor cannot watch (Linux: !bond_mode_uses_arp). */
static bool
mode_needs_miimon(enum bond_mode mode)
{
	return mode == BOND_MODE_8023AD || mode == BOND_MODE_TLB || mode == BOND_MODE_ALB;
}

/*
 * The delays keep their ticks and so get longer or shorter with the period: bond_option_miimon_set.
 * Their product, which there may pass what the options take, or an int, is kept below that here.
 */
static void
set_miimon(struct bond_settings *s, uint32_t ms)
{
	s->miimon_ms = ms;
	if (ms == 0)
		return;
	s->updelay_ticks = RTE_MIN(s->updelay_ticks, INT32_MAX / ms);
	s->downdelay_ticks = RTE_MIN(s->downdelay_ticks, INT32_MAX / ms);
	s->peer_notif_delay_ticks =
		RTE_MIN(s->peer_notif_delay_ticks, OPTION_NOTIFY_DELAY_MAX_MS / ms);
}

/* What a mode changes besides: bond_option_mode_set. */
int
option_parse_mode(
	const struct bond_option *o, struct bond_settings *s, const char *value, struct reason *why
)
{
	uint32_t mode;
	int rc = option_scalar_read(o->scalar, value, &mode, why);

	if (rc != 0)
		return rc;
	s->mode = (enum bond_mode)mode;
	if (mode_needs_miimon(s->mode)) {
		s->arp_interval_ms = 0;
		if (s->miimon_ms == 0)
			set_miimon(s, BOND_DEFAULT_MIIMON_MS);
	}
	if (s->mode == BOND_MODE_ALB)
		s->tlb_dynamic_lb = true;
	s->arp_validate = BOND_ARP_VALIDATE_NONE;
	s->broadcast_neighbor = false;
	return 0;
}

/* The other monitor ends: bond_option_miimon_set. */
int
option_parse_miimon(
	const struct bond_option *o, struct bond_settings *s, const char *value, struct reason *why
)
{
	uint32_t ms;
	int rc = option_scalar_read(o->scalar, value, &ms, why);

	if (rc != 0)
		return rc;
	set_miimon(s, ms);
	if (ms != 0 && s->arp_interval_ms != 0) {
		s->arp_interval_ms = 0;
		s->arp_validate = BOND_ARP_VALIDATE_NONE;
	}
	return 0;
}

/* The other monitor ends: bond_option_arp_interval_set. */
int
option_parse_arp_interval(
	const struct bond_option *o, struct bond_settings *s, const char *value, struct reason *why
)
{
	int rc = option_parse_scalar(o, s, value, why);

	if (rc == 0 && s->arp_interval_ms != 0)
		s->miimon_ms = 0;
	return rc;
}

/* Rounded down to whole periods: _bond_option_delay_set. */
int
option_parse_delay(
	const struct bond_option *o, struct bond_settings *s, const char *value, struct reason *why
)
{
	uint32_t ms;
	int rc = option_scalar_read(o->scalar, value, &ms, why);

	if (rc != 0)
		return rc;
	if (s->miimon_ms == 0)
		return reason_set(
			why, -EPERM, "it is counted in periods of miimon, which must be set first"
		);
	option_field_set(o, s, ms / s->miimon_ms);
	return 0;
}

void
option_show_delay(const struct bond_option *o, const struct bond_settings *s, struct text *ret)
{
	text_printf(ret, "%" PRIu64, bond_delay_ms(s, option_field_get(o, s)));
}

/* Blanks, quotes and commas would end the word where commands and lists are read back. */
int
option_port_word_check(const char *word, size_t len, struct reason *why)
{
	bool ok = len != 0 && strchr("+-", word[0]) == NULL;

	if (len >= BOND_PORT_WORD_BYTES)
		return reason_set(
			why,
			-EINVAL,
			"\"%.40s...\" is too long for a port (1..%d bytes)",
			word,
			BOND_PORT_WORD_BYTES - 1
		);
	for (size_t i = 0; ok && i < len; i++)
		ok = isascii(word[i]) && isgraph((unsigned char)word[i]) &&
		     strchr(",\"'\\", word[i]) == NULL;
	if (!ok)
		return reason_set(why, -EINVAL, "\"%.*s\" is no port", (int)len, word);
	return 0;
}

int
option_parse_port(
	const struct bond_option *o, struct bond_settings *s, const char *value, struct reason *why
)
{
	char *field = (char *)s + o->offset;
	int rc;

	if (value[0] == '\0' || strcmp(value, "none") == 0) {
		memset(field, 0, o->bytes);
		return 0;
	}
	rc = option_port_word_check(value, strlen(value), why);
	if (rc == 0)
		rte_strscpy(field, value, o->bytes);
	return rc;
}

void
option_show_port(const struct bond_option *o, const struct bond_settings *s, struct text *ret)
{
	const char *field = (const char *)s + o->offset;

	text_puts(ret, field[0] != '\0' ? field : "none");
}

int
option_parse_mac(
	const struct bond_option *o, struct bond_settings *s, const char *value, struct reason *why
)
{
	struct rte_ether_addr mac = {{0}};
	enum bond_mac kind = BOND_MAC_GIVEN;

	(void)o;
	if (strcmp(value, "none") == 0)
		kind = BOND_MAC_FIRST;
	else if (strcmp(value, "pair") == 0)
		kind = BOND_MAC_PAIR;
	else if (parse_mac(value, mac.addr_bytes) != 0 || !rte_is_valid_assigned_ether_addr(&mac))
		return reason_set(
			why, -EINVAL, "\"%.80s\" is no unicast MAC address, and not \"pair\"", value
		);
	s->mac_kind = kind;
	s->mac = mac;
	return 0;
}

void
option_show_mac(const struct bond_option *o, const struct bond_settings *s, struct text *ret)
{
	(void)o;
	switch (s->mac_kind) {
	case BOND_MAC_GIVEN:
		text_printf(ret, RTE_ETHER_ADDR_PRT_FMT, RTE_ETHER_ADDR_BYTES(&s->mac));
		break;
	case BOND_MAC_PAIR:
		text_puts(ret, "pair");
		break;
	case BOND_MAC_FIRST:
		text_puts(ret, "none");
		break;
	}
}

/* As in the kernel (mac_pton) only with two digits for each byte, and colons. */
int
option_parse_system(
	const struct bond_option *o, struct bond_settings *s, const char *value, struct reason *why
)
{
	struct rte_ether_addr mac;

	(void)o;
	if (strlen(value) != RTE_ETHER_ADDR_FMT_SIZE - 1 || strchr(value, '-') != NULL ||
	    parse_mac(value, mac.addr_bytes) != 0 || rte_is_multicast_ether_addr(&mac))
		return reason_set(
			why, -EINVAL, "\"%.80s\" is no unicast MAC address XX:XX:XX:XX:XX:XX", value
		);
	s->ad_actor_system = mac;
	return 0;
}

void
option_show_system(const struct bond_option *o, const struct bond_settings *s, struct text *ret)
{
	(void)o;
	text_printf(
		ret, "%02x:%02x:%02x:%02x:%02x:%02x", RTE_ETHER_ADDR_BYTES(&s->ad_actor_system)
	);
}

int
option_member_read(const struct bond_option *o, const char *value, int32_t *ret, struct reason *why)
{
	bool minus = value[0] == '-';
	uint32_t size;
	int64_t v;

	if (parse_u32(value + minus, 0, (uint32_t)INT32_MAX + 1, &size) == 0) {
		v = minus ? -(int64_t)size : size;
		if (v >= o->member_min && v <= o->member_max) {
			*ret = (int32_t)v;
			return 0;
		}
	}
	return reason_set(
		why,
		-EINVAL,
		"\"%.80s\" is no number in %d..%d",
		value,
		o->member_min,
		o->member_max
	);
}
