/* SPDX-License-Identifier: BSD-3-Clause */
/* See bond_option.h. Used by bond.c and by the command line. */
#include "bond_option.h"

#include "names.h"
#include "parse.h"
#include "reason.h"
#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ALL_MODES ((1u << BOND_MODE_COUNT) - 1)
#define ACTIVE_MODES (1u << BOND_MODE_AB | 1u << BOND_MODE_TLB | 1u << BOND_MODE_ALB)

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
};

const char *const bond_ad_select_names[BOND_AD_SELECT_COUNT] = {
	[BOND_AD_STABLE] = "stable",
	[BOND_AD_BANDWIDTH] = "bandwidth",
	[BOND_AD_COUNT] = "count",
};

/* A name of @names or its number. */
static int
parse_enum(
	const char *value,
	const char *const *names,
	unsigned count,
	unsigned *ret,
	struct reason *why
)
{
	char all[256];
	int index = name_index(names, count, value);
	uint32_t number;

	if (index < 0) {
		if (parse_u32(value, 0, count - 1, &number) != 0)
			return reason_set(
				why,
				-EINVAL,
				"\"%s\" is none of %s, nor 0..%u",
				value,
				names_join(all, sizeof(all), names, count),
				count - 1
			);
		index = (int)number;
	}
	*ret = (unsigned)index;
	return 0;
}

static int
parse_mode(struct bond_settings *s, const char *value, struct reason *why)
{
	unsigned v;
	int rc = parse_enum(value, bond_mode_names, BOND_MODE_COUNT, &v, why);

	if (rc == 0)
		s->mode = (enum bond_mode)v;
	return rc;
}

static void
show_mode(const struct bond_settings *s, struct text *ret)
{
	text_puts(ret, bond_mode_names[s->mode]);
}

static int
parse_policy(struct bond_settings *s, const char *value, struct reason *why)
{
	unsigned v;
	int rc = parse_enum(value, bond_policy_names, BOND_POLICY_COUNT, &v, why);

	if (rc == 0)
		s->policy = (enum bond_policy)v;
	return rc;
}

static void
show_policy(const struct bond_settings *s, struct text *ret)
{
	text_puts(ret, bond_policy_names[s->policy]);
}

static int
parse_ad_select(struct bond_settings *s, const char *value, struct reason *why)
{
	unsigned v;
	int rc = parse_enum(value, bond_ad_select_names, BOND_AD_SELECT_COUNT, &v, why);

	if (rc == 0)
		s->ad_select = (enum bond_ad_select)v;
	return rc;
}

static void
show_ad_select(const struct bond_settings *s, struct text *ret)
{
	text_puts(ret, bond_ad_select_names[s->ad_select]);
}

static int
parse_dedicated(struct bond_settings *s, const char *value, struct reason *why)
{
	if (parse_on_off(value, &s->dedicated_queues) != 0)
		return reason_set(why, -EINVAL, "\"%s\" is neither on nor off", value);
	return 0;
}

static void
show_dedicated(const struct bond_settings *s, struct text *ret)
{
	text_puts(ret, s->dedicated_queues ? "on" : "off");
}

static int
parse_miimon(struct bond_settings *s, const char *value, struct reason *why)
{
	if (parse_u32(value, 1, INT32_MAX, &s->miimon_ms) != 0)
		return reason_set(
			why,
			-EINVAL,
			"\"%s\" is no period in ms, 1..%d (0 would end the bond PMD's link polling "
			"for good)",
			value,
			INT32_MAX
		);
	return 0;
}

static void
show_miimon(const struct bond_settings *s, struct text *ret)
{
	text_printf(ret, "%u", s->miimon_ms);
}

static int
parse_mac_option(struct bond_settings *s, const char *value, struct reason *why)
{
	struct rte_ether_addr mac;

	if (strcmp(value, "pair") == 0) {
		s->mac_kind = BOND_MAC_PAIR;
		return 0;
	}
	if (parse_mac(value, mac.addr_bytes) != 0 || !rte_is_valid_assigned_ether_addr(&mac))
		return reason_set(
			why, -EINVAL, "\"%s\" is no unicast MAC address, and not \"pair\"", value
		);
	s->mac_kind = BOND_MAC_GIVEN;
	s->mac = mac;
	return 0;
}

static void
show_mac(const struct bond_settings *s, struct text *ret)
{
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

static int
parse_primary(struct bond_settings *s, const char *value, struct reason *why)
{
	if (strlen(value) >= sizeof(s->primary))
		return reason_set(why, -EINVAL, "\"%.40s...\" is too long for a port", value);
	if (strcmp(value, "none") == 0)
		s->primary[0] = '\0';
	else
		rte_strscpy(s->primary, value, sizeof(s->primary));
	return 0;
}

static void
show_primary(const struct bond_settings *s, struct text *ret)
{
	text_puts(ret, s->primary[0] != '\0' ? s->primary : "none");
}

static int
parse_members(struct bond_settings *s, const char *value, struct reason *why)
{
	const char *p = value;

	if (value[0] == '\0')
		return reason_set(why, -EINVAL, "no port is given");
	s->nb_members = 0;
	while (*p != '\0') {
		size_t len = strcspn(p, ",");

		if (len == 0 || len >= BOND_PORT_WORD_BYTES)
			return reason_set(
				why,
				-EINVAL,
				"\"%s\" is no list of ports, as A,B (names of 1..%d bytes)",
				value,
				BOND_PORT_WORD_BYTES - 1
			);
		if (s->nb_members == BOND_MAX_MEMBERS)
			return reason_set(why, -EINVAL, "more than %d members", BOND_MAX_MEMBERS);
		memcpy(s->members[s->nb_members], p, len);
		s->members[s->nb_members++][len] = '\0';
		p += len;
		if (*p == ',' && *++p == '\0')
			return reason_set(why, -EINVAL, "\"%s\" ends in a comma", value);
	}
	return 0;
}

static void
show_members(const struct bond_settings *s, struct text *ret)
{
	for (unsigned i = 0; i < s->nb_members; i++)
		text_printf(ret, "%s%s", i != 0 ? "," : "", s->members[i]);
}

static int
parse_up(struct bond_settings *s, const char *value, struct reason *why)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return reason_set(why, -EINVAL, "\"%s\" is neither yes nor no", value);
	s->up = strcmp(value, "yes") == 0;
	return 0;
}

static void
show_up(const struct bond_settings *s, struct text *ret)
{
	text_puts(ret, s->up ? "yes" : "no");
}

static int
parse_io_path(struct bond_settings *s, const char *value, struct reason *why)
{
	(void)s;
	if (strcmp(value, "pmd") != 0)
		return reason_set(
			why,
			-EINVAL,
			"\"%s\" is not \"pmd\", the one path that this version has",
			value
		);
	return 0;
}

static void
show_io_path(const struct bond_settings *s, struct text *ret)
{
	(void)s;
	text_puts(ret, "pmd");
}

const struct bond_option bond_options[] = {
	{"mode",
         "balance-rr|active-backup|balance-xor|broadcast|802.3ad|balance-tlb|balance-alb|0..6",
         ALL_MODES,
         BOND_OPTION_NO_MEMBERS | BOND_OPTION_DOWN,
         parse_mode,
         show_mode},
	{"members",
         "PORT,PORT,...",
         ALL_MODES,
         BOND_OPTION_AT_CREATION,
         parse_members,
         show_members},
	{"primary", "PORT|none", ACTIVE_MODES, 0, parse_primary, show_primary},
	{"mac", "MAC|pair", ALL_MODES, 0, parse_mac_option, show_mac},
	{"xmit_hash_policy",
         "layer2|layer3+4|layer2+3|0..2",
         ALL_MODES,
         0,
         parse_policy,
         show_policy},
	{"miimon", "1..2147483647 (ms)", ALL_MODES, 0, parse_miimon, show_miimon},
	{"ad_select",
         "stable|bandwidth|count|0..2",
         ALL_MODES,
         BOND_OPTION_DOWN,
         parse_ad_select,
         show_ad_select},
	{"dedicated_queues",
         "on|off",
         1u << BOND_MODE_8023AD,
         BOND_OPTION_DOWN,
         parse_dedicated,
         show_dedicated},
	{"io_path", "pmd", ALL_MODES, 0, parse_io_path, show_io_path},
	{"up", "yes|no", ALL_MODES, BOND_OPTION_AT_CREATION, parse_up, show_up},
};
const size_t bond_options_count = RTE_DIM(bond_options);

const struct bond_option *
bond_option_find(const char *name)
{
	for (size_t i = 0; i < bond_options_count; i++)
		if (strcmp(bond_options[i].name, name) == 0)
			return &bond_options[i];
	return NULL;
}

int
bond_option_check_mode(
	const struct bond_option *o, const struct bond_settings *s, struct reason *why
)
{
	char names[256];
	size_t len = 0;

	if ((o->modes >> s->mode & 1) != 0)
		return 0;
	names[0] = '\0';
	for (unsigned m = 0; m < BOND_MODE_COUNT; m++)
		if ((o->modes >> m & 1) != 0)
			len += (size_t)snprintf(
				names + len,
				sizeof(names) - len,
				"%s%s",
				len != 0 ? ", " : "",
				bond_mode_names[m]
			);
	return reason_set(
		why,
		-EACCES,
		"%s: option %s is not for mode %s, only for %s",
		s->name,
		o->name,
		bond_mode_names[s->mode],
		names
	);
}

int
bond_name_check(const char *name, struct reason *why)
{
	size_t len = strlen(name);
	bool ok = len >= 1 && len < BOND_NAME_BYTES && isalpha((unsigned char)name[0]) &&
	          strcmp(name, "all") != 0;

	for (size_t i = 1; ok && i < len; i++)
		ok = isalnum((unsigned char)name[i]) || strchr("_.-", name[i]) != NULL;
	if (!ok)
		return reason_set(
			why,
			-EINVAL,
			"bond \"%.40s\": a name is a letter and up to %d letters, digits, _ . or "
			"-, "
			"and not \"all\"",
			name,
			BOND_NAME_BYTES - 2
		);
	return 0;
}

static void
options_join(char *buf, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < bond_options_count && len < size; i++)
		len += (size_t
		)snprintf(buf + len, size - len, "%s%s", i != 0 ? ", " : "", bond_options[i].name);
}

static int
parse_word(
	struct bond_settings *s,
	const char *word,
	const struct bond_option **ret,
	struct reason *why
)
{
	const char *eq = strchr(word, '=');
	const struct bond_option *o;
	char key[32], all[256];
	struct reason what;
	int rc;

	if (eq == NULL || eq == word)
		return reason_set(
			why, -EINVAL, "%s: \"%.80s\" is not of the form key=value", s->name, word
		);
	snprintf(key, sizeof(key), "%.*s", (int)(eq - word), word);
	o = bond_option_find(key);
	if (o == NULL) {
		options_join(all, sizeof(all));
		return reason_set(
			why, -EINVAL, "%s: unknown option \"%s\" (there are %s)", s->name, key, all
		);
	}
	rc = o->parse(s, eq + 1, &what);
	if (rc != 0)
		return reason_set(
			why,
			rc,
			"%s: option %s: %s (allowed: %s)",
			s->name,
			o->name,
			what.text,
			o->values
		);
	*ret = o;
	return 0;
}

int
bond_settings_parse(
	struct bond_settings *ret, const char *name, int n, char *const *words, struct reason *why
)
{
	struct bond_settings s = {
		.mode = BOND_MODE_RR,
		.miimon_ms = BOND_DEFAULT_MIIMON_MS,
		.mac_kind = BOND_MAC_FIRST,
		.up = true,
	};
	const struct bond_option *given[RTE_DIM(bond_options)];
	unsigned nb_given = 0;
	int rc = bond_name_check(name, why);

	if (rc != 0)
		return rc;
	strcpy(s.name, name);
	for (int i = 0; i < n; i++) {
		const struct bond_option *o = NULL;

		rc = parse_word(&s, words[i], &o, why);
		if (rc != 0)
			return rc;
		for (unsigned k = 0; k < nb_given; k++)
			if (given[k] == o)
				return reason_set(
					why,
					-EINVAL,
					"%s: option %s is given twice",
					s.name,
					o->name
				);
		given[nb_given++] = o;
	}
	/* Only now, as the mode may stand behind the options. */
	for (unsigned k = 0; k < nb_given; k++) {
		rc = bond_option_check_mode(given[k], &s, why);
		if (rc != 0)
			return rc;
	}
	*ret = s;
	return 0;
}

int
bond_settings_parse_line(struct bond_settings *ret, const char *line, struct reason *why)
{
	enum { MAX_WORDS = RTE_DIM(bond_options) * 2 };
	char copy[4096], *words[MAX_WORDS], *save = NULL;
	int n = 0;

	if (strlen(line) >= sizeof(copy))
		return reason_set(why, -EINVAL, "--bond: longer than %zu bytes", sizeof(copy) - 1);
	strcpy(copy, line);
	for (char *w = strtok_r(copy, " \t", &save); w != NULL; w = strtok_r(NULL, " \t", &save)) {
		if (n == MAX_WORDS)
			return reason_set(why, -EINVAL, "--bond: more than %d words", MAX_WORDS);
		words[n++] = w;
	}
	if (n == 0)
		return reason_set(why, -EINVAL, "--bond: a name is missing, as in 'bond0 mode=1'");
	return bond_settings_parse(ret, words[0], n - 1, words + 1, why);
}
