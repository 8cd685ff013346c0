/* SPDX-License-Identifier: BSD-3-Clause */
/* See vf_settings.h. */
#include "vf_settings.h"

#include "names.h"
#include "parse.h"
#include "reason.h"
#include "sriov_host.h"
#include "text.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
	VLAN_MAX = 4094, /* IEEE 802.1Q reserves 4095 */
	QOS_MAX = 7,
	RATE_MAX_MBPS = INT32_MAX, /* drivers take an int (ndo_set_vf_rate) */
	KEY_BYTES = 16,
};

static const char *
proto_name(uint16_t proto)
{
	return proto == ETH_P_8021AD ? "802.1ad" : "802.1Q";
}

/* Each reader sets its field and returns NULL, or says what is wrong with the value. */

static const char *
read_mac(struct vf_settings *s, const char *value)
{
	static const uint8_t zero[6];

	if (parse_mac(value, s->mac) != 0)
		return "an address like 02:00:00:00:00:01 is wanted";
	if ((s->mac[0] & 1) != 0)
		return "it is a group address; a VF needs that of one station";
	if (memcmp(s->mac, zero, sizeof(zero)) == 0)
		return "a VF cannot use the zero address";
	return NULL;
}

static const char *
read_vlan(struct vf_settings *s, const char *value)
{
	return parse_u16(value, 0, VLAN_MAX, &s->vlan) == 0 ? NULL
	                                                    : "0 (none) or 1..4094 is wanted";
}

static const char *
read_qos(struct vf_settings *s, const char *value)
{
	uint16_t qos;

	if (parse_u16(value, 0, QOS_MAX, &qos) != 0)
		return "a priority, 0..7, is wanted";
	s->qos = (uint8_t)qos;
	return NULL;
}

static const char *
read_proto(struct vf_settings *s, const char *value)
{
	if (strcasecmp(value, proto_name(ETH_P_8021Q)) == 0)
		s->proto = ETH_P_8021Q;
	else if (strcasecmp(value, proto_name(ETH_P_8021AD)) == 0)
		s->proto = ETH_P_8021AD;
	else
		return "802.1Q or 802.1ad is wanted";
	return NULL;
}

static const char *
read_switch(const char *value, bool *ret)
{
	return parse_on_off(value, ret) == 0 ? NULL : "on or off is wanted";
}

static const char *
read_spoofchk(struct vf_settings *s, const char *value)
{
	return read_switch(value, &s->spoofchk);
}

static const char *
read_trust(struct vf_settings *s, const char *value)
{
	return read_switch(value, &s->trust);
}

static const char *
read_link_state(struct vf_settings *s, const char *value)
{
	int i = name_index(vf_link_state_names, VF_LINK_COUNT, value);

	if (i < 0)
		return "auto, enable or disable is wanted";
	s->link_state = (enum vf_link_state)i;
	return NULL;
}

static const char *
read_rate(const char *value, uint32_t *ret)
{
	return parse_u32(value, 0, RATE_MAX_MBPS, ret) == 0
	               ? NULL
	               : "0 (no limit) or a rate in Mbit/s, below 2147483648, is wanted";
}

static const char *
read_min_rate(struct vf_settings *s, const char *value)
{
	return read_rate(value, &s->min_tx_rate_mbps);
}

static const char *
read_max_rate(struct vf_settings *s, const char *value)
{
	return read_rate(value, &s->max_tx_rate_mbps);
}

/* What can be asked for, in the order in which it is written. */
static const struct setting {
	const char *key;
	size_t has_offset; /* of the bool has_... */
	enum vf_attr attr; /* the one of the kernel that it belongs to */
	const char *(*read)(struct vf_settings *s, const char *value);
} settings[] = {
	{"mac", offsetof(struct vf_settings, has_mac), VF_ATTR_MAC, read_mac},
	{"vlan", offsetof(struct vf_settings, has_vlan), VF_ATTR_VLAN, read_vlan},
	{"qos", offsetof(struct vf_settings, has_qos), VF_ATTR_VLAN, read_qos},
	{"proto", offsetof(struct vf_settings, has_proto), VF_ATTR_VLAN, read_proto},
	{"spoofchk", offsetof(struct vf_settings, has_spoofchk), VF_ATTR_SPOOFCHK, read_spoofchk},
	{"trust", offsetof(struct vf_settings, has_trust), VF_ATTR_TRUST, read_trust},
	{"link-state",
         offsetof(struct vf_settings, has_link_state),
         VF_ATTR_LINK_STATE,
         read_link_state},
	{"min-tx-rate", offsetof(struct vf_settings, has_min_rate), VF_ATTR_RATE, read_min_rate},
	{"max-tx-rate", offsetof(struct vf_settings, has_max_rate), VF_ATTR_RATE, read_max_rate},
};

enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };

static bool *
has(struct vf_settings *s, const struct setting *setting)
{
	return (bool *)((char *)s + setting->has_offset);
}

static bool
is_asked(const struct vf_settings *s, const struct setting *setting)
{
	return *(const bool *)((const char *)s + setting->has_offset);
}

/* The setting whose key is the @len bytes at @word. NULL: there is none. */
static const struct setting *
find_setting(const char *word, size_t len)
{
	char key[KEY_BYTES];

	if (len >= sizeof(key))
		return NULL;
	for (size_t i = 0; i < len; i++)
		key[i] = word[i] == '_' ? '-' : word[i];
	key[len] = '\0';
	for (size_t i = 0; i < SETTINGS; i++)
		if (strcmp(settings[i].key, key) == 0)
			return &settings[i];
	return NULL;
}

static int
no_such_setting(const char *word, size_t len, struct reason *why)
{
	const char *keys[SETTINGS];
	char list[128];

	for (size_t i = 0; i < SETTINGS; i++)
		keys[i] = settings[i].key;
	return reason_set(
		why,
		-ENOENT,
		"%.*s: no such setting of a VF; there are %s",
		len < 64 ? (int)len : 64,
		word,
		names_join(list, sizeof(list), keys, SETTINGS)
	);
}

int
vf_settings_word(struct vf_settings *s, const char *word, struct reason *why)
{
	const char *equals = strchr(word, '=');
	const struct setting *setting;
	struct vf_settings with = *s;
	const char *wrong;

	if (equals == NULL)
		return reason_set(why, -EINVAL, "%.64s: a setting is KEY=VALUE", word);
	setting = find_setting(word, (size_t)(equals - word));
	if (setting == NULL)
		return no_such_setting(word, (size_t)(equals - word), why);
	if (is_asked(s, setting))
		return reason_set(why, -EINVAL, "%s is given twice", setting->key);
	wrong = setting->read(&with, equals + 1);
	if (wrong != NULL)
		return reason_set(why, -EINVAL, "%s=%.64s: %s", setting->key, equals + 1, wrong);
	*has(&with, setting) = true;
	*s = with;
	return 0;
}

/* Priority and protocol are parts of the tag, which a VF without a VLAN does not have. */
static int
check_vlan(const struct vf_settings *s, const struct vf_state *now, struct reason *why)
{
	bool given = s->has_vlan || now != NULL;
	uint16_t vlan = s->has_vlan ? s->vlan : now != NULL ? now->vlan : 0;
	const char *where = s->has_vlan ? "vlan is 0" : "the VF has none";

	if (!given || vlan != 0)
		return 0;
	if (s->has_qos && s->qos != 0)
		return reason_set(
			why, -EINVAL, "qos=%u needs a VLAN, vlan=1..4094, and %s", s->qos, where
		);
	if (s->has_proto && s->proto != ETH_P_8021Q)
		return reason_set(
			why,
			-EINVAL,
			"proto=%s needs a VLAN, vlan=1..4094, and %s",
			proto_name(s->proto),
			where
		);
	return 0;
}

static int
check_rates(const struct vf_settings *s, const struct vf_state *now, struct reason *why)
{
	struct vf_state with, before = {0};

	if (!(s->has_min_rate || s->has_max_rate) ||
	    (now == NULL && !(s->has_min_rate && s->has_max_rate)))
		return 0;
	vf_settings_apply(s, now != NULL ? now : &before, &with);
	if (with.max_tx_rate_mbps == 0 || with.min_tx_rate_mbps <= with.max_tx_rate_mbps)
		return 0;
	return reason_set(
		why,
		-EINVAL,
		"min-tx-rate=%u%s is more than max-tx-rate=%u%s; 0 means no limit",
		with.min_tx_rate_mbps,
		s->has_min_rate ? "" : " of the VF",
		with.max_tx_rate_mbps,
		s->has_max_rate ? "" : " of the VF"
	);
}

int
vf_settings_check(const struct vf_settings *s, const struct vf_state *now, struct reason *why)
{
	int rc = check_vlan(s, now, why);

	return rc < 0 ? rc : check_rates(s, now, why);
}

bool
vf_settings_empty(const struct vf_settings *s)
{
	return vf_settings_attrs(s) == 0;
}

uint32_t
vf_settings_attrs(const struct vf_settings *s)
{
	uint32_t attrs = 0;

	for (size_t i = 0; i < SETTINGS; i++)
		if (is_asked(s, &settings[i]))
			attrs |= 1u << settings[i].attr;
	return attrs;
}

static void
apply_vlan(const struct vf_settings *s, struct vf_state *ret)
{
	if (s->has_vlan)
		ret->vlan = s->vlan;
	if (s->has_qos || ret->vlan == 0)
		ret->qos = s->has_qos ? s->qos : 0;
	if (s->has_proto)
		ret->vlan_proto = s->proto;
	if (ret->vlan == 0)
		ret->vlan_proto = 0;
	else if (ret->vlan_proto == 0)
		ret->vlan_proto = ETH_P_8021Q;
}

void
vf_settings_apply(const struct vf_settings *s, const struct vf_state *now, struct vf_state *ret)
{
	struct vf_state with = *now;
	uint32_t attrs = vf_settings_attrs(s);

	with.known |= attrs;
	if (s->has_mac)
		memcpy(with.mac, s->mac, sizeof(with.mac));
	if (attrs & 1u << VF_ATTR_VLAN)
		apply_vlan(s, &with);
	if (s->has_min_rate)
		with.min_tx_rate_mbps = s->min_tx_rate_mbps;
	if (s->has_max_rate)
		with.max_tx_rate_mbps = s->max_tx_rate_mbps;
	if (s->has_spoofchk)
		with.spoofchk = s->spoofchk;
	if (s->has_trust)
		with.trust = s->trust;
	if (s->has_link_state)
		with.link_state = s->link_state;
	*ret = with;
}

/* The one that counts: none beside no VLAN, and a driver that tells none means 802.1Q. */
static uint16_t
effective_proto(const struct vf_state *s)
{
	if (s->vlan == 0)
		return 0;
	return s->vlan_proto != 0 ? s->vlan_proto : ETH_P_8021Q;
}

bool
vf_state_same(enum vf_attr attr, const struct vf_state *a, const struct vf_state *b)
{
	switch (attr) {
	case VF_ATTR_MAC:
		return memcmp(a->mac, b->mac, sizeof(a->mac)) == 0;
	case VF_ATTR_VLAN:
		return a->vlan == b->vlan && a->qos == b->qos &&
		       effective_proto(a) == effective_proto(b);
	case VF_ATTR_RATE:
		return a->min_tx_rate_mbps == b->min_tx_rate_mbps &&
		       a->max_tx_rate_mbps == b->max_tx_rate_mbps;
	case VF_ATTR_SPOOFCHK:
		return a->spoofchk == b->spoofchk;
	case VF_ATTR_TRUST:
		return a->trust == b->trust;
	case VF_ATTR_LINK_STATE:
		return a->link_state == b->link_state;
	case VF_ATTR_COUNT:
		break;
	}
	return true;
}

static int
print_mac(const uint8_t mac[6], char *buf, size_t size)
{
	return snprintf(
		buf,
		size,
		"mac=%02x:%02x:%02x:%02x:%02x:%02x",
		mac[0],
		mac[1],
		mac[2],
		mac[3],
		mac[4],
		mac[5]
	);
}

const char *
vf_state_text(enum vf_attr attr, const struct vf_state *s, char buf[static VF_STATE_TEXT_BYTES])
{
	const size_t size = VF_STATE_TEXT_BYTES;

	buf[0] = '\0';
	switch (attr) {
	case VF_ATTR_MAC:
		print_mac(s->mac, buf, size);
		break;
	case VF_ATTR_VLAN:
		if (s->vlan == 0 && s->qos == 0)
			snprintf(buf, size, "vlan=0");
		else
			snprintf(
				buf,
				size,
				"vlan=%u qos=%u proto=%s",
				s->vlan,
				s->qos,
				proto_name(effective_proto(s))
			);
		break;
	case VF_ATTR_RATE:
		snprintf(
			buf,
			size,
			"min-tx-rate=%u max-tx-rate=%u",
			s->min_tx_rate_mbps,
			s->max_tx_rate_mbps
		);
		break;
	case VF_ATTR_SPOOFCHK:
		snprintf(buf, size, "spoofchk=%s", s->spoofchk ? "on" : "off");
		break;
	case VF_ATTR_TRUST:
		snprintf(buf, size, "trust=%s", s->trust ? "on" : "off");
		break;
	case VF_ATTR_LINK_STATE:
		snprintf(buf, size, "link-state=%s", vf_link_state_names[s->link_state]);
		break;
	case VF_ATTR_COUNT:
		break;
	}
	return buf;
}

static void add_word(struct text *ret, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
add_word(struct text *ret, const char *fmt, ...)
{
	char word[VF_STATE_TEXT_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(word, sizeof(word), fmt, ap);
	va_end(ap);
	text_printf(ret, "%s%s", ret->len != 0 ? " " : "", word);
}

void
vf_settings_text(const struct vf_settings *s, struct text *ret)
{
	char mac[VF_STATE_TEXT_BYTES];
	struct text words = TEXT_EMPTY;

	if (s->has_mac) {
		print_mac(s->mac, mac, sizeof(mac));
		add_word(&words, "%s", mac);
	}
	if (s->has_vlan)
		add_word(&words, "vlan=%u", s->vlan);
	if (s->has_qos)
		add_word(&words, "qos=%u", s->qos);
	if (s->has_proto)
		add_word(&words, "proto=%s", proto_name(s->proto));
	if (s->has_spoofchk)
		add_word(&words, "spoofchk=%s", s->spoofchk ? "on" : "off");
	if (s->has_trust)
		add_word(&words, "trust=%s", s->trust ? "on" : "off");
	if (s->has_link_state)
		add_word(&words, "link-state=%s", vf_link_state_names[s->link_state]);
	if (s->has_min_rate)
		add_word(&words, "min-tx-rate=%u", s->min_tx_rate_mbps);
	if (s->has_max_rate)
		add_word(&words, "max-tx-rate=%u", s->max_tx_rate_mbps);
	text_puts(ret, text_str(&words));
	ret->no_mem |= words.no_mem;
	text_fini(&words);
}

int
vf_random_mac(const struct sriov_host *h, uint8_t ret[6])
{
	uint8_t mac[6];
	int rc = h->random_bytes(h->ctx, mac, sizeof(mac));

	if (rc < 0)
		return rc;
	mac[0] = (uint8_t)((mac[0] & 0xfc) | 0x02);
	memcpy(ret, mac, sizeof(mac));
	return 0;
}
