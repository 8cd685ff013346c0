/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Options that are lists: probe targets, the bond's addresses, members, and values of members.
 * Used by the option table.
 */
#include "option_priv.h"
#include "parse.h"
#include "reason.h"
#include "text.h"

#include <rte_common.h>
#include <rte_string_fns.h>

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

/* The longest item of all lists: PORT@N. */
enum { ITEM_BYTES = BOND_PORT_WORD_BYTES + 16 };

/*
 * Cut the item at *@p of a comma-separated list into @ret, and advance *@p behind its comma, to
 * NULL after the last one.
 */
static int
next_item(const char **p, char ret[ITEM_BYTES], struct reason *why)
{
	size_t len = strcspn(*p, ",");

	if (len == 0)
		return reason_set(
			why, -EINVAL, "a list is A,B: before or after a comma is nothing"
		);
	if (len >= ITEM_BYTES)
		return reason_set(why, -EINVAL, "\"%.40s...\" is too long", *p);
	memcpy(ret, *p, len);
	ret[len] = '\0';
	*p = (*p)[len] == ',' ? *p + len + 1 : NULL;
	return 0;
}

/*
 * Targets are kept as addresses without a prefix and a VLAN while a list is changed: one code for
 * all three lists.
 */
struct addresses {
	unsigned n, max;
	struct bond_address items[BOND_MAX_ADDRESSES];
};

typedef int address_read(const char *word, struct bond_address *ret, struct reason *why);

static bool
is_v6_any(const struct bond_ip6 *a)
{
	static const struct bond_ip6 any;

	return memcmp(a, &any, sizeof(any)) == 0;
}

static bool
is_v6_loopback(const struct bond_ip6 *a)
{
	static const struct bond_ip6 loopback = {.bytes = {[15] = 1}};

	return memcmp(a, &loopback, sizeof(loopback)) == 0;
}

/* An address of one host: bond_is_ip_target_ok, bond_is_ip6_target_ok. */
static int
check_host(const struct bond_address *a, const char *word, struct reason *why)
{
	if (a->is_v6 && (is_v6_any(&a->v6) || is_v6_loopback(&a->v6) || a->v6.bytes[0] == 0xff))
		return reason_set(why, -EINVAL, "%s is unspecified, loopback or multicast", word);
	if (!a->is_v6 && (rte_be_to_cpu_32(a->v4) >> 24 == 0 || a->v4 == RTE_BE32(UINT32_MAX)))
		return reason_set(why, -EINVAL, "%s is in 0.0.0.0/8 or broadcast", word);
	return 0;
}

static int
read_arp_target(const char *word, struct bond_address *ret, struct reason *why)
{
	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, word, &ret->v4) != 1)
		return reason_set(why, -EINVAL, "\"%s\" is no IPv4 address", word);
	return check_host(ret, word, why);
}

static int
read_ns_target(const char *word, struct bond_address *ret, struct reason *why)
{
	memset(ret, 0, sizeof(*ret));
	ret->is_v6 = true;
	if (inet_pton(AF_INET6, word, &ret->v6) != 1)
		return reason_set(why, -EINVAL, "\"%s\" is no IPv6 address", word);
	return check_host(ret, word, why);
}

/* ADDR/LEN[@VLAN] */
static int
read_address(const char *word, struct bond_address *ret, struct reason *why)
{
	char copy[ITEM_BYTES], *vlan, *prefix;
	uint16_t bits, max_bits;
	void *ip;

	memset(ret, 0, sizeof(*ret));
	rte_strscpy(copy, word, sizeof(copy));
	vlan = strchr(copy, '@');
	if (vlan != NULL)
		*vlan++ = '\0';
	prefix = strchr(copy, '/');
	if (prefix == NULL)
		return reason_set(why, -EINVAL, "\"%s\" has no prefix length, as /24", word);
	*prefix++ = '\0';
	ret->is_v6 = strchr(copy, ':') != NULL;
	ip = ret->is_v6 ? (void *)&ret->v6 : (void *)&ret->v4;
	max_bits = ret->is_v6 ? 128 : 32;
	if (inet_pton(ret->is_v6 ? AF_INET6 : AF_INET, copy, ip) != 1)
		return reason_set(why, -EINVAL, "\"%s\" is no IPv4 or IPv6 address", copy);
	if (parse_u16(prefix, 0, max_bits, &bits) != 0)
		return reason_set(why, -EINVAL, "\"%s\": a prefix length is 0..%u", word, max_bits);
	ret->prefix_bits = (uint8_t)bits;
	if (vlan != NULL && parse_u16(vlan, 1, 4094, &ret->vlan_id) != 0)
		return reason_set(why, -EINVAL, "\"%s\": a VLAN is 1..4094", word);
	if (!ret->is_v6 && rte_be_to_cpu_32(ret->v4) >> 28 == 0xe)
		return reason_set(why, -EINVAL, "%s is multicast", copy);
	return check_host(ret, copy, why);
}

/* Index of the same address in the same VLAN, or -1. */
static int
address_find(const struct addresses *list, const struct bond_address *a)
{
	for (unsigned i = 0; i < list->n; i++) {
		const struct bond_address *b = &list->items[i];

		if (a->is_v6 == b->is_v6 && a->vlan_id == b->vlan_id && a->v4 == b->v4 &&
		    memcmp(&a->v6, &b->v6, sizeof(a->v6)) == 0)
			return (int)i;
	}
	return -1;
}

static int
address_add(struct addresses *list, const char *word, address_read *read, struct reason *why)
{
	struct bond_address a;
	int rc = read(word, &a, why);

	if (rc != 0)
		return rc;
	if (address_find(list, &a) >= 0)
		return reason_set(why, -EINVAL, "%s is there already", word);
	if (list->n == list->max)
		return reason_set(why, -EINVAL, "%s is one more than %u", word, list->max);
	list->items[list->n++] = a;
	return 0;
}

static int
address_remove(struct addresses *list, const char *word, address_read *read, struct reason *why)
{
	struct bond_address a;
	int rc = read(word, &a, why), i;

	if (rc != 0)
		return rc;
	i = address_find(list, &a);
	if (i < 0 || list->items[i].prefix_bits != a.prefix_bits)
		return reason_set(why, -EINVAL, "%s is not there", word);
	list->n--;
	memmove(&list->items[i], &list->items[i + 1], (list->n - i) * sizeof(list->items[0]));
	return 0;
}

/* "a,b" replaces, "+a" adds, "-a" removes, "none" clears; a list that is refused is no more used.
 */
static int
addresses_change(struct addresses *list, const char *value, address_read *read, struct reason *why)
{
	char item[ITEM_BYTES];
	int rc = 0;

	if (value[0] == '+' || value[0] == '-') {
		const char *p = value + 1;

		rc = next_item(&p, item, why);
		if (rc == 0 && p != NULL)
			rc = reason_set(why, -EINVAL, "+ and - take one address");
		if (rc != 0)
			return rc;
		return value[0] == '+' ? address_add(list, item, read, why)
		                       : address_remove(list, item, read, why);
	}
	list->n = 0;
	if (strcmp(value, "none") == 0)
		return 0;
	for (const char *p = value; rc == 0 && p != NULL;) {
		rc = next_item(&p, item, why);
		if (rc == 0)
			rc = address_add(list, item, read, why);
	}
	return rc;
}

int
option_parse_arp_targets(
	const struct bond_option *o, struct bond_settings *s, const char *value, struct reason *why
)
{
	struct addresses list = {.n = s->nb_arp_targets, .max = BOND_MAX_TARGETS};
	int rc;

	(void)o;
	for (unsigned i = 0; i < list.n; i++)
		list.items[i].v4 = s->arp_targets[i];
	rc = addresses_change(&list, value, read_arp_target, why);
	if (rc != 0)
		return rc;
	s->nb_arp_targets = (uint8_t)list.n;
	for (unsigned i = 0; i < BOND_MAX_TARGETS; i++)
		s->arp_targets[i] = i < list.n ? list.items[i].v4 : 0;
	return 0;
}

int
option_parse_ns_targets(
	const struct bond_option *o, struct bond_settings *s, const char *value, struct reason *why
)
{
	struct addresses list = {.n = s->nb_ns_targets, .max = BOND_MAX_TARGETS};
	int rc;

	(void)o;
	for (unsigned i = 0; i < list.n; i++) {
		list.items[i].is_v6 = true;
		list.items[i].v6 = s->ns_targets[i];
	}
	rc = addresses_change(&list, value, read_ns_target, why);
	if (rc != 0)
		return rc;
	s->nb_ns_targets = (uint8_t)list.n;
	for (unsigned i = 0; i < BOND_MAX_TARGETS; i++)
		s->ns_targets[i] = i < list.n ? list.items[i].v6 : (struct bond_ip6){{0}};
	return 0;
}

int
option_parse_addresses(
	const struct bond_option *o, struct bond_settings *s, const char *value, struct reason *why
)
{
	struct addresses list = {.n = s->nb_addresses, .max = BOND_MAX_ADDRESSES};
	int rc;

	(void)o;
	memcpy(list.items, s->addresses, list.n * sizeof(list.items[0]));
	rc = addresses_change(&list, value, read_address, why);
	if (rc != 0)
		return rc;
	s->nb_addresses = (uint16_t)list.n;
	memset(s->addresses, 0, sizeof(s->addresses));
	memcpy(s->addresses, list.items, list.n * sizeof(list.items[0]));
	return 0;
}

static void
show_comma(unsigned i, struct text *ret)
{
	if (i != 0)
		text_puts(ret, ",");
}

static void
show_none(unsigned n, struct text *ret)
{
	if (n == 0)
		text_puts(ret, "none");
}

static void
show_ip(int family, const void *ip, struct text *ret)
{
	char word[INET6_ADDRSTRLEN];

	text_puts(ret, inet_ntop(family, ip, word, sizeof(word)));
}

void
option_show_arp_targets(
	const struct bond_option *o, const struct bond_settings *s, struct text *ret
)
{
	(void)o;
	show_none(s->nb_arp_targets, ret);
	for (unsigned i = 0; i < s->nb_arp_targets; i++) {
		show_comma(i, ret);
		show_ip(AF_INET, &s->arp_targets[i], ret);
	}
}

void
option_show_ns_targets(const struct bond_option *o, const struct bond_settings *s, struct text *ret)
{
	(void)o;
	show_none(s->nb_ns_targets, ret);
	for (unsigned i = 0; i < s->nb_ns_targets; i++) {
		show_comma(i, ret);
		show_ip(AF_INET6, &s->ns_targets[i], ret);
	}
}

void
option_show_addresses(const struct bond_option *o, const struct bond_settings *s, struct text *ret)
{
	(void)o;
	show_none(s->nb_addresses, ret);
	for (unsigned i = 0; i < s->nb_addresses; i++) {
		const struct bond_address *a = &s->addresses[i];

		show_comma(i, ret);
		show_ip(a->is_v6 ? AF_INET6 : AF_INET,
		        a->is_v6 ? (const void *)&a->v6 : (const void *)&a->v4,
		        ret);
		text_printf(ret, "/%u", a->prefix_bits);
		if (a->vlan_id != 0)
			text_printf(ret, "@%u", a->vlan_id);
	}
}

static bool
is_member(const char members[][BOND_PORT_WORD_BYTES], unsigned n, const char *port)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(members[i], port) == 0)
			return true;
	return false;
}

int
option_parse_members(
	const struct bond_option *o, struct bond_settings *s, const char *value, struct reason *why
)
{
	char members[BOND_MAX_MEMBERS][BOND_PORT_WORD_BYTES] = {{0}}, item[ITEM_BYTES];
	unsigned n = 0;

	(void)o;
	for (const char *p = strcmp(value, "none") != 0 ? value : NULL; p != NULL;) {
		int rc = next_item(&p, item, why);

		if (rc == 0)
			rc = option_port_word_check(item, strlen(item), why);
		if (rc != 0)
			return rc;
		if (is_member(members, n, item))
			return reason_set(why, -EINVAL, "%s is there already", item);
		if (n == BOND_MAX_MEMBERS)
			return reason_set(why, -EINVAL, "%s is one more than %u", item, n);
		rte_strscpy(members[n++], item, sizeof(members[0]));
	}
	s->nb_members = (uint16_t)n;
	memcpy(s->members, members, sizeof(s->members));
	return 0;
}

void
option_show_members(const struct bond_option *o, const struct bond_settings *s, struct text *ret)
{
	(void)o;
	show_none(s->nb_members, ret);
	for (unsigned i = 0; i < s->nb_members; i++) {
		show_comma(i, ret);
		text_puts(ret, s->members[i]);
	}
}

/* PORT@N; the last @ counts, as a port's name may have one. */
static int
read_member_value(
	const struct bond_option *o,
	const struct bond_settings *s,
	char *item,
	struct bond_member_value *ret,
	struct reason *why
)
{
	char *at = strrchr(item, '@');

	if (at == NULL)
		return reason_set(why, -EINVAL, "\"%s\" is not PORT@NUMBER", item);
	*at = '\0';
	if (!is_member(s->members, s->nb_members, item))
		return reason_set(why, -EINVAL, "%s is no member", item);
	memset(ret, 0, sizeof(*ret));
	rte_strscpy(ret->port, item, sizeof(ret->port));
	return option_member_read(o, at + 1, &ret->value, why);
}

/* What a member has that nothing is said of is not kept. */
static unsigned
drop_initial(struct bond_member_value *values, unsigned n, int32_t initial)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++)
		if (values[i].value != initial)
			values[kept++] = values[i];
	memset(&values[kept], 0, (n - kept) * sizeof(values[0]));
	return kept;
}

/* The list of all members' values into @ret; with @unique no two members have one but 0. */
static int
read_member_values(
	const struct bond_option *o,
	const struct bond_settings *s,
	const char *value,
	bool unique,
	struct bond_member_value ret[BOND_MAX_MEMBERS],
	uint16_t *ret_n,
	struct reason *why
)
{
	struct bond_member_value values[BOND_MAX_MEMBERS] = {{.value = 0}}, v;
	char item[ITEM_BYTES];
	unsigned n = 0;

	for (const char *p = strcmp(value, "none") != 0 ? value : NULL; p != NULL;) {
		int rc = next_item(&p, item, why);

		if (rc == 0)
			rc = read_member_value(o, s, item, &v, why);
		if (rc != 0)
			return rc;
		for (unsigned i = 0; i < n; i++) {
			if (strcmp(values[i].port, v.port) == 0)
				return reason_set(why, -EINVAL, "%s is there twice", v.port);
			if (unique && v.value != 0 && values[i].value == v.value)
				return reason_set(
					why, -EINVAL, "%s has %d already", values[i].port, v.value
				);
		}
		values[n++] = v;
	}
	*ret_n = (uint16_t)drop_initial(values, n, o->member_initial);
	memcpy(ret, values, sizeof(values));
	return 0;
}

int
option_parse_prios(
	const struct bond_option *o, struct bond_settings *s, const char *value, struct reason *why
)
{
	return read_member_values(o, s, value, false, s->prios, &s->nb_prios, why);
}

/* No two members for one queue: bond_option_queue_id_set. */
int
option_parse_queue_ids(
	const struct bond_option *o, struct bond_settings *s, const char *value, struct reason *why
)
{
	return read_member_values(o, s, value, true, s->queue_ids, &s->nb_queue_ids, why);
}

int
option_parse_port_prios(
	const struct bond_option *o, struct bond_settings *s, const char *value, struct reason *why
)
{
	return read_member_values(o, s, value, false, s->port_prios, &s->nb_port_prios, why);
}

static void
show_member_values(const struct bond_member_value *items, unsigned n, struct text *ret)
{
	show_none(n, ret);
	for (unsigned i = 0; i < n; i++) {
		show_comma(i, ret);
		text_printf(ret, "%s@%d", items[i].port, items[i].value);
	}
}

void
option_show_prios(const struct bond_option *o, const struct bond_settings *s, struct text *ret)
{
	(void)o;
	show_member_values(s->prios, s->nb_prios, ret);
}

void
option_show_queue_ids(const struct bond_option *o, const struct bond_settings *s, struct text *ret)
{
	(void)o;
	show_member_values(s->queue_ids, s->nb_queue_ids, ret);
}

void
option_show_port_prios(const struct bond_option *o, const struct bond_settings *s, struct text *ret)
{
	(void)o;
	show_member_values(s->port_prios, s->nb_port_prios, ret);
}
